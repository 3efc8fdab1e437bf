// sensor/rules/keywords_flow.cc — the flow's side and state, its protocol, and events
#include <algorithm>

#include "dataplane/app/app_event.h"
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

using FlowFlag = bool FlowOptions::*;
constexpr Named<FlowFlag> kFlowFlags[] = {
    {"established", &FlowOptions::established}, {"not_established", &FlowOptions::not_established},
    {"stateless", &FlowOptions::stateless},     {"to_server", &FlowOptions::to_server},
    {"to_client", &FlowOptions::to_client},     {"from_client", &FlowOptions::to_server},
    {"from_server", &FlowOptions::to_client},   {"only_stream", &FlowOptions::only_stream},
    {"no_stream", &FlowOptions::no_stream},     {"only_frag", &FlowOptions::only_frag},
    {"no_frag", &FlowOptions::no_frag},         {"toserver", &FlowOptions::to_server},
    {"toclient", &FlowOptions::to_client},      {"fromclient", &FlowOptions::to_server},
    {"fromserver", &FlowOptions::to_client},    {"notestablished", &FlowOptions::not_established},
};

bool read_flow(Builder& builder, const Option& option, unsigned) {
  FlowOptions& flow = builder.rule().flow;
  auto rest = option.value;
  while (!rest.empty()) {
    const auto word = take_until(rest, ',');
    const auto* flag = find_named(kFlowFlags, word);
    if (flag == nullptr) {
      NearestName nearest(word);
      for (const auto& entry : kFlowFlags) nearest.consider(entry.name);
      return builder.fail(
          word.empty() ? option.value : word, "unknown flow option " + quoted(word),
          nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
    }
    flow.** flag = true;
  }
  if (flow.to_server && flow.to_client)
    return builder.fail(option.value, "a flow goes to_server or to_client, not both");
  if (int{flow.established} + int{flow.not_established} + int{flow.stateless} > 1)
    return builder.fail(option.value, "established, not_established and stateless exclude each other");
  if (flow.only_stream && flow.no_stream)
    return builder.fail(option.value, "only_stream and no_stream exclude each other");
  if (flow.only_frag && flow.no_frag)
    return builder.fail(option.value, "only_frag and no_frag exclude each other");
  return true;
}

bool read_network_protocol(Builder& builder, const Option& option, unsigned) {
  constexpr Named<std::uint8_t> kVersions[] = {{"ipv4", 4}, {"ip4", 4}, {"ipv6", 6}, {"ip6", 6}};
  const auto* version = find_named(kVersions, option.value);
  if (version == nullptr) return builder.fail(option.value, "l3_proto is " + list_names(kVersions));
  builder.rule().packet_tests.emplace_back(NetworkProtocol{*version});
  return true;
}

bool read_stream_size(Builder& builder, const Option& option, unsigned) {
  constexpr Named<StreamSize::Side> kSides[] = {{"server", StreamSize::Side::kServer},
                                                {"client", StreamSize::Side::kClient},
                                                {"both", StreamSize::Side::kBoth},
                                                {"either", StreamSize::Side::kEither}};
  auto rest = option.value;
  const auto side = take_until(rest, ',');
  const auto* known = find_named(kSides, side);
  if (known == nullptr)
    return builder.fail(side.empty() ? option.value : side, "stream_size begins with " + list_names(kSides));
  StreamSize size;
  size.side = *known;
  // Written client,>,424: without the comma it is an ordinary number test.
  const auto op = take_until(rest, ',');
  const auto number = trim(rest);
  constexpr std::uint64_t kMost = 0xffffffff;
  if (number.empty()) {
    if (!builder.read_integer_test(op, kMost, size.test)) return false;
  } else {
    std::uint64_t n = 0;
    if (!parse_number(number, n) || n > kMost)
      return builder.fail(number, quoted(number) + " is not a number of bytes");
    size.test.hi = kMost;
    if (op == "=" || op == "!=" || op == "!") {
      size.test.lo = size.test.hi = n;
      size.test.negated = op != "=";
    } else if (op == "<" || op == "<=") {
      if (n == 0 && op == "<") return builder.fail(number, "no size is smaller than 0");
      size.test.hi = op == "<" ? n - 1 : n;
    } else if (op == ">" || op == ">=") {
      size.test.lo = op == ">" ? n + 1 : n;
    } else {
      return builder.fail(op.empty() ? option.value : op,
                          quoted(op) + " is no comparison; use < > = != <= or >=");
    }
  }
  builder.rule().packet_tests.emplace_back(size);
  return true;
}

bool read_app_protocol(Builder& builder, const Option& option, unsigned) {
  constexpr Named<AppProtocolIs::Which> kWhich[] = {
      {"final", AppProtocolIs::Which::kFinal},        {"either", AppProtocolIs::Which::kEither},
      {"to_server", AppProtocolIs::Which::kToServer}, {"to_client", AppProtocolIs::Which::kToClient},
      {"toserver", AppProtocolIs::Which::kToServer},  {"toclient", AppProtocolIs::Which::kToClient},
      {"original", AppProtocolIs::Which::kOriginal},  {"direction", AppProtocolIs::Which::kDirection},
  };
  AppProtocolIs is;
  auto rest = option.value;
  is.negated = option.negated;
  const auto name = take_until(rest, ',');
  const auto mode = trim(rest);
  const auto& env = builder.environment();
  if (!mode.empty() && mode != "exact") {
    const auto* which = find_named(kWhich, mode);
    if (which == nullptr)
      return builder.fail(mode, "behind the protocol only exact or " + list_names(kWhich) + " may stand");
    is.which = *which;
  }
  if (name == "failed") {
    is.state = AppProtocolIs::State::kFailed;
  } else if (name == "unknown") {
    is.state = AppProtocolIs::State::kUnknown;
  } else {
    is.any_of = env.protocols_named(name);
    if (is.any_of.empty()) {
      const auto known = language_protocol(name);
      NearestName nearest(name);
      env.each_protocol(nearest);
      return builder.fail(
          name,
          known.empty()
              ? "unknown protocol " + quoted(name)
              : "protocol " + quoted(name) + ": picket does not parse " + std::string(known) + " yet",
          known.empty() && !nearest.best().empty() ? "did you mean '" + std::string(nearest.best()) + "'?"
                                                   : "");
    }
  }
  builder.rule().packet_tests.emplace_back(std::move(is));
  return true;
}

bool read_app_event(Builder& builder, const Option& option, unsigned) {
  auto rest = option.value;
  const auto protocol = take_until(rest, '.');
  const auto event = trim(rest);
  const auto& env = builder.environment();
  for (const AppEventText& known : kAppEvents) {
    if (known.name != option.value) continue;
    builder.rule().packet_tests.emplace_back(
        PacketEvent{PacketEvent::Of::kApplication, std::string(known.name)});
    return true;
  }
  const auto ids = env.protocols_named(protocol);
  if (ids.empty()) {
    const auto known = language_protocol(protocol);
    return builder.fail(protocol, rest.empty() ? "picket has no app-layer event " + quoted(protocol) + " yet"
                                  : known.empty()
                                      ? quoted(protocol) + " is no protocol picket knows"
                                      : "app-layer-event " + quoted(option.value) +
                                            ": picket does not parse " + std::string(known) + " yet");
  }
  NearestName nearest(event);
  for (const ProtocolId id : ids) {
    const auto events = env.spec(id).events;
    for (std::size_t i = 0; i < events.size(); ++i) {
      nearest.consider(events[i].name);
      if (events[i].name != event) continue;
      builder.rule().transaction_tests.emplace_back(EventMatch{{id, static_cast<std::uint16_t>(i)}});
      return true;
    }
  }
  return builder.fail(event.empty() ? option.value : event,
                      "picket's " + std::string(protocol) + " has no event " + quoted(event),
                      nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
}

enum : unsigned { kDecodeEvent, kStreamEvent, kEngineEvent };
bool read_packet_event(Builder& builder, const Option& option, unsigned which) {
  PacketEvent event;
  auto name = option.value;
  const bool stream = which == kStreamEvent || (which == kEngineEvent && take_prefix(name, "stream."));
  if (which == kEngineEvent && !stream) take_prefix(name, "decode.");
  event.of = stream ? PacketEvent::Of::kStream : PacketEvent::Of::kDecode;
  const auto known = stream ? builder.environment().stream_events : builder.environment().decode_events;
  if (!known.empty() && std::find(known.begin(), known.end(), name) == known.end()) {
    NearestName nearest(name);
    for (const auto candidate : known) nearest.consider(candidate);
    return builder.fail(
        name, "picket has no " + std::string(stream ? "stream" : "decode") + " event " + quoted(name),
        nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
  }
  event.name = name;
  builder.rule().packet_tests.emplace_back(std::move(event));
  return true;
}

constexpr Keyword kKeywords[] = {
    {"app-layer-event", Argument::kRequired, read_app_event},
    {"app-layer-protocol", Argument::kNegatable, read_app_protocol},
    {"decode-event", Argument::kRequired, read_packet_event, kDecodeEvent},
    {"engine-event", Argument::kRequired, read_packet_event, kEngineEvent},
    {"flow", Argument::kRequired, read_flow},
    {"l3_proto", Argument::kRequired, read_network_protocol},
    {"stream-event", Argument::kRequired, read_packet_event, kStreamEvent},
    {"stream_size", Argument::kRequired, read_stream_size},
};

}  // namespace

std::span<const Keyword> flow_keywords() { return kKeywords; }

}  // namespace picket::rules
