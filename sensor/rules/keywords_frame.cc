// sensor/rules/keywords_frame.cc — frame: runs of bytes that parsers name, as buffers
//
//   frame:request;          in a rule whose header names the protocol
//   frame:http1.request;    in any
//   frame:smb2.hdr;         names may have dots of their own
#include <algorithm>
#include <mutex>
#include <set>

#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

constexpr std::string_view kStream = "stream";

/// Group::name lives as long as the process; there are as many as protocols have frames.
std::string_view static_name(std::string name) {
  static std::mutex guard;
  static std::set<std::string> names;
  const std::lock_guard lock(guard);
  return *names.insert(std::move(name)).first;
}

void look_up(const Environment& env, const std::vector<ProtocolId>& protocols, std::string_view name,
             std::vector<FieldRef>& out) {
  for (const ProtocolId id : protocols) {
    const auto frames = env.spec(id).frames;
    if (name == kStream) out.push_back({id, kStreamFrame});
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (frames[i].name == name) out.push_back({id, static_cast<std::uint16_t>(i)});
    }
  }
}

bool unknown_frame(Builder& builder, std::string_view where, std::string_view name,
                   const std::vector<ProtocolId>& protocols) {
  const auto& env = builder.environment();
  NearestName nearest(name);
  std::string of;
  for (const ProtocolId id : protocols) {
    of += (of.empty() ? "" : "/") + std::string(env.spec(id).name);
    for (const FrameDef& f : env.spec(id).frames) nearest.consider(f.name);
  }
  nearest.consider(kStream);
  return builder.fail(where, "unknown frame '" + std::string(name.substr(0, 60)) + "' of " + of,
                      nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
}

bool read_frame(Builder& builder, const Option& option, unsigned) {
  const auto& env = builder.environment();
  const Rule& rule = builder.rule();
  const std::string_view value = option.value;
  Declared frame;
  std::string_view name = value;
  if (rule.protocol == HeaderProtocol::kApp) look_up(env, rule.app_protocols, name, frame.fields);
  if (frame.fields.empty()) {
    const auto dot = value.find('.');
    const auto word = value.substr(0, dot);
    auto named = dot == std::string_view::npos ? std::vector<ProtocolId>{} : env.protocols_named(word);
    if (named.empty() && rule.protocol == HeaderProtocol::kApp)
      return unknown_frame(builder, value, value, rule.app_protocols);
    if (named.empty()) {
      const auto protocol = dot == std::string_view::npos ? std::string_view{} : language_protocol(word);
      if (!protocol.empty())
        return builder.fail(value, "frame '" + std::string(value.substr(0, 60)) +
                                       "': picket does not parse " + std::string(protocol) + " yet");
      return builder.fail(value, "frame '" + std::string(value.substr(0, 60)) + "' of which protocol?",
                          "as in frame:http1.request; or with the protocol in the rule's header");
    }
    name = value.substr(dot + 1);
    if (rule.protocol == HeaderProtocol::kApp) {
      std::erase_if(named, [&](ProtocolId id) {
        return std::find(rule.app_protocols.begin(), rule.app_protocols.end(), id) ==
               rule.app_protocols.end();
      });
      if (named.empty())
        return builder.fail(value, "frame '" + std::string(value.substr(0, 60)) +
                                       "' is of another protocol than the rule's header names");
    }
    look_up(env, named, name, frame.fields);
    if (frame.fields.empty()) return unknown_frame(builder, name, name, named);
  }
  frame.name = static_name("frame:" + std::string(name));
  return builder.enter(option, {Place::kFrame, frame.name, &frame});
}

constexpr Keyword kKeywords[] = {{"frame", Argument::kRequired, read_frame}};

}  // namespace

std::span<const Keyword> frame_keywords() { return kKeywords; }

}  // namespace picket::rules
