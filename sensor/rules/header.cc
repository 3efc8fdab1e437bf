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

bool read_protocol(Builder& builder, std::string_view word) {
  Rule& rule = builder.rule();
  const auto colon = word.find(':');
  const auto name = word.substr(0, colon);
  if (colon != std::string_view::npos) {
    return builder.fail(word.substr(colon), "hook " + quoted(word.substr(colon + 1)) +
                                                ": picket does not run rules at protocol hooks yet");
  }
  const auto& env = builder.environment();
  if (const auto* protocol = find_named(kProtocols, name)) {
    rule.protocol = *protocol;
    return true;
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
  if (!rule.app_protocols.empty()) return true;
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
