// sensor/rules/header.cc — action, protocol, addresses, ports, arrow
#include "sensor/rules/parse.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

constexpr Named<Action> kActions[] = {
    {"alert", Action::kAlert},         {"config", Action::kConfig},       {"drop", Action::kDrop},
    {"pass", Action::kPass},           {"reject", Action::kReject},       {"rejectboth", Action::kRejectBoth},
    {"rejectdst", Action::kRejectDst}, {"rejectsrc", Action::kRejectSrc},
};

constexpr Named<HeaderProtocol> kProtocols[] = {
    {"any", HeaderProtocol::kIp},
    {"arp", HeaderProtocol::kArp},
    {"ether", HeaderProtocol::kEther},
    {"icmp", HeaderProtocol::kIcmp},
    {"icmpv4", HeaderProtocol::kIcmp4},
    {"icmpv6", HeaderProtocol::kIcmp6},
    {"igmp", HeaderProtocol::kIgmp},
    {"ip", HeaderProtocol::kIp},
    {"ip4", HeaderProtocol::kIp4},
    {"ip6", HeaderProtocol::kIp6},
    {"ipv4", HeaderProtocol::kIp4},
    {"ipv6", HeaderProtocol::kIp6},
    {"pkthdr", HeaderProtocol::kPkthdr},
    {"sctp", HeaderProtocol::kSctp},
    {"tcp", HeaderProtocol::kTcp},
    {"tcp-pkt", HeaderProtocol::kTcpPacket},
    {"tcp-stream", HeaderProtocol::kTcpStream},
    {"udp", HeaderProtocol::kUdp},
};

constexpr Named<Arrow> kArrows[] = {
    {"->", Arrow::kToDestination},
    {"<>", Arrow::kBothWays},
    {"=>", Arrow::kTransaction},
};

constexpr std::string_view kPassive =
    "and picket is a passive sensor: it can neither let packets through nor hold them back";

/// "accept:hook", "drop:flow", "accept:flow,pass:flow,alert": actions with scopes, and lists of them.
bool is_of_firewall(std::string_view action) noexcept {
  const auto word = action.substr(0, action.find_first_of(":,"));
  return word == "accept" || (word.size() < action.size() && find_named(kActions, word) != nullptr);
}

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

template <class T, std::size_t N>
std::string did_you_mean(const Named<T> (&table)[N], std::string_view word) {
  NearestName nearest(word);
  for (const auto& entry : table) nearest.consider(entry.name);
  return nearest.best().empty() ? std::string() : "did you mean '" + std::string(nearest.best()) + "'?";
}

/// A word that may hold white space inside brackets: "[10.0.0.1, 10.0.0.2]".
std::string_view take_list(std::string_view& rest) noexcept {
  rest = trim_left(rest);
  std::size_t n = 0;
  int depth = 0;
  for (; n < rest.size(); ++n) {
    const char c = rest[n];
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c == '(' || (depth <= 0 && is_space(c))) break;
  }
  const auto list = trim(rest.substr(0, n));
  rest = trim_left(rest.substr(n));
  return list;
}

/// Hooks of packets. A firewall's stand before flows and streams are known; here all comes after.
bool read_packet_hook(Builder& builder, std::string_view hook) {
  if (hook == "all") return true;
  if (hook == "flow_start") return builder.rule().flow_start = true;
  if (hook == "pre_flow" || hook == "pre_stream")
    return builder.fail(hook, "hook " + quoted(hook) +
                                  " is a firewall's: it decides what flows and streams may see, " +
                                  std::string(kPassive));
  return builder.fail(hook, "unknown hook " + quoted(hook) + " of packets", "there are all and flow_start");
}

/// Where each protocol of the rule has that state.
bool read_hook(Builder& builder, std::string_view hook) {
  struct Everywhere {
    std::string_view name;
    Direction side;
    bool complete;
  };
  static constexpr Everywhere kEverywhere[] = {
      {"request_complete", Direction::kToServer, true},
      {"request_started", Direction::kToServer, false},
      {"response_complete", Direction::kToClient, true},
      {"response_started", Direction::kToClient, false},
  };
  if (hook.starts_with('<'))
    return builder.fail(hook, "hook " + quoted(hook) +
                                  ": < accepts the states before, as only a firewall can; " +
                                  std::string(kPassive));
  Rule& rule = builder.rule();
  HookMatch match;
  NearestName nearest(hook);
  for (const ProtocolId id : rule.app_protocols) {
    const ProtocolSpec& spec = builder.environment().spec(id);
    for (const Everywhere& e : kEverywhere) {
      nearest.consider(e.name);
      if (e.name != hook) continue;
      match.name = e.name;
      match.side = e.side;
      match.fields.push_back({id, e.complete ? spec.complete[index(e.side)] : std::uint8_t{0}});
    }
    for (const HookDef& h : spec.hooks) {
      nearest.consider(h.name);
      if (h.name != hook) continue;
      match.name = h.name;
      match.side = h.side;
      match.again = h.again;
      match.fields.push_back({id, h.progress});
    }
  }
  if (match.fields.empty())
    return builder.fail(hook, "unknown hook " + quoted(hook),
                        nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
  rule.transaction_tests.emplace_back(std::move(match));
  return true;
}

bool read_protocol(Builder& builder, std::string_view word) {
  Rule& rule = builder.rule();
  const auto colon = word.find(':');
  const auto name = word.substr(0, colon);
  const auto hook = colon == std::string_view::npos ? std::string_view{} : word.substr(colon + 1);
  if (colon != std::string_view::npos && hook.empty())
    return builder.fail(word.substr(colon), "behind the colon a hook is missing");
  const auto& env = builder.environment();
  if (const auto* protocol = find_named(kProtocols, name)) {
    rule.protocol = *protocol;
    return hook.empty() || read_packet_hook(builder, hook);
  }
  rule.protocol = HeaderProtocol::kApp;
  rule.app_protocols = env.protocols_named(name);
  if (rule.app_protocols.empty()) {
    // "http1" is http without http2.
    const auto plain = language_protocol(name);
    if (!plain.empty()) rule.app_protocols = env.protocols_named(plain);
    if (rule.app_protocols.empty() && !plain.empty()) {
      return builder.fail(
          name, "protocol " + quoted(name) + ": picket does not parse " + std::string(plain) + " yet");
    }
  }
  if (!rule.app_protocols.empty()) return hook.empty() || read_hook(builder, hook);
  NearestName nearest(name);
  env.each_protocol(nearest);
  for (const auto& entry : kProtocols) nearest.consider(entry.name);
  return builder.fail(name, "unknown protocol " + quoted(name),
                      nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
}

template <class Book, class Set>
bool read_list(Builder& builder, Book& book, std::string_view text, std::string_view what,
               std::string_view rest, Set& out) {
  if (text.empty()) return builder.fail(rest.substr(0, 1), "the rule ends before its " + std::string(what));
  Complaint complaint;
  out = book.get(text, complaint);
  return out != nullptr ||
         builder.fail(complaint.where, std::string(what) + ": " + complaint.reason, complaint.suggestion);
}

}  // namespace

bool parse_header(Builder& builder, std::string_view& text) {
  Rule& rule = builder.rule();
  auto& env = builder.environment();
  const auto action = take_word(text);
  const auto* known = find_named(kActions, action);
  if (known == nullptr && is_of_firewall(action))
    return builder.fail(action, "action " + quoted(action) + " is a firewall's, " + std::string(kPassive),
                        "alert says what it sees");
  if (known == nullptr)
    return builder.fail(action, "unknown action " + quoted(action), did_you_mean(kActions, action));
  rule.action = *known;

  const auto protocol = take_word(text);
  if (protocol.empty())
    return builder.fail(action, "the rule ends behind its action",
                        "as in alert tcp any any -> any any (sid:1;)");
  if (!read_protocol(builder, protocol)) return false;

  if (!read_list(builder, env.addresses, take_list(text), "source address", text, rule.src)) return false;
  if (!read_list(builder, env.ports, take_list(text), "source port", text, rule.src_port)) return false;
  const auto arrow = take_word(text);
  const auto* direction = find_named(kArrows, arrow);
  if (direction == nullptr) {
    return builder.fail(arrow, quoted(arrow) + " is no direction",
                        "use -> or <>" + std::string(arrow == "<-" ? "; swap the two sides" : ""));
  }
  rule.arrow = *direction;
  if (!read_list(builder, env.addresses, take_list(text), "destination address", text, rule.dst))
    return false;
  return read_list(builder, env.ports, take_list(text), "destination port", text, rule.dst_port);
}

}  // namespace picket::rules
