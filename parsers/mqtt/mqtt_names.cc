// parsers/mqtt/mqtt_names.cc — packet types (5.0 §2.1.2), reason codes (5.0 §2.4, 3.1.1 §3.2.2.3), and keywords made of them
#include <charconv>

#include "parsers/core/names.h"
#include "parsers/core/text.h"
#include "parsers/mqtt/mqtt.h"

namespace picket::mqtt {
namespace {

constexpr std::string_view kTypes[] = {
    "UNASSIGNED", "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

constexpr std::uint32_t of(Type t) noexcept { return 1U << static_cast<unsigned>(t); }
constexpr std::uint32_t kCa = of(Type::kConnack), kPa = of(Type::kPuback), kPr = of(Type::kPubrec),
                        kPl = of(Type::kPubrel) | of(Type::kPubcomp), kSa = of(Type::kSuback),
                        kUa = of(Type::kUnsuback), kDi = of(Type::kDisconnect), kAu = of(Type::kAuth);

struct Reason {
  std::uint8_t number;
  std::uint32_t packets;
  std::string_view name;
};
constexpr Reason kReasons[] = {
    {0x00, kCa | kPa | kPr | kPl | kUa | kAu, "Success"},
    {0x00, kDi, "Normal disconnection"},
    {0x00, kSa, "Granted QoS 0"},
    {0x01, kSa, "Granted QoS 1"},
    {0x02, kSa, "Granted QoS 2"},
    {0x04, kDi, "Disconnect with Will Message"},
    {0x10, kPa | kPr, "No matching subscribers"},
    {0x11, kUa, "No subscription existed"},
    {0x18, kAu, "Continue authentication"},
    {0x19, kAu, "Re-authenticate"},
    {0x80, kCa | kPa | kPr | kSa | kUa | kDi, "Unspecified error"},
    {0x81, kCa | kDi, "Malformed Packet"},
    {0x82, kCa | kDi, "Protocol Error"},
    {0x83, kCa | kPa | kPr | kSa | kUa | kDi, "Implementation specific error"},
    {0x84, kCa, "Unsupported Protocol Version"},
    {0x85, kCa, "Client Identifier not valid"},
    {0x86, kCa, "Bad User Name or Password"},
    {0x87, kCa | kPa | kPr | kSa | kUa | kDi, "Not authorized"},
    {0x88, kCa, "Server unavailable"},
    {0x89, kCa | kDi, "Server busy"},
    {0x8a, kCa, "Banned"},
    {0x8b, kDi, "Server shutting down"},
    {0x8c, kCa | kDi, "Bad authentication method"},
    {0x8d, kDi, "Keep Alive timeout"},
    {0x8e, kDi, "Session taken over"},
    {0x8f, kSa | kUa | kDi, "Topic Filter invalid"},
    {0x90, kCa | kPa | kPr | kDi, "Topic Name invalid"},
    {0x91, kPa | kPr | kSa | kUa, "Packet Identifier in use"},
    {0x92, kPl, "Packet Identifier not found"},
    {0x93, kDi, "Receive Maximum exceeded"},
    {0x94, kDi, "Topic Alias invalid"},
    {0x95, kCa | kDi, "Packet too large"},
    {0x96, kDi, "Message rate too high"},
    {0x97, kCa | kPa | kPr | kSa | kDi, "Quota exceeded"},
    {0x98, kDi, "Administrative action"},
    {0x99, kCa | kPa | kPr | kDi, "Payload format invalid"},
    {0x9a, kCa | kDi, "Retain not supported"},
    {0x9b, kCa | kDi, "QoS not supported"},
    {0x9c, kCa | kDi, "Use another server"},
    {0x9d, kCa | kDi, "Server moved"},
    {0x9e, kSa | kDi, "Shared Subscriptions not supported"},
    {0x9f, kCa | kDi, "Connection rate exceeded"},
    {0xa0, kDi, "Maximum connect time"},
    {0xa1, kSa | kDi, "Subscription Identifiers not supported"},
    {0xa2, kSa | kDi, "Wildcard Subscriptions not supported"},
};
/// What a CONNACK says before version 5.
constexpr std::string_view kReturns[] = {"Connection Accepted",       "Unacceptable protocol version",
                                         "Identifier rejected",       "Server unavailable",
                                         "Bad user name or password", "Not authorized"};

struct FlagName {
  std::uint8_t number;
  std::string_view name;
};
constexpr FlagName kFlags[] = {{kDup, "dup"}, {kRetain, "retain"}};
constexpr FlagName kConnectFlags[] = {{kUsername, "username"},
                                      {kPassword, "password"},
                                      {kWill, "will"},
                                      {kWillRetain, "will_retain"},
                                      {kCleanSession, "clean_session"}};

/// Bits that have to be set, and bits that may not be.
template <bool kOfConnect>
struct FlagMatcher final : TxMatcher {
  std::uint8_t mask = 0, value = 0;

  [[nodiscard]] bool match(const Transaction& tx, Direction dir) const noexcept override {
    const auto& x = static_cast<const Exchange&>(tx);
    if (dir != x.from || x.count == 0) return false;
    if constexpr (kOfConnect) return x.first().is(Type::kConnect) && (x.connect.flags & mask) == value;
    for (const Message& m : x.all()) {
      if ((m.flags & mask) == value) return true;
    }
    return false;
  }
};

template <bool kOfConnect, std::size_t N>
Result<std::unique_ptr<TxMatcher>> parse_list(const FlagName (&names)[N], std::string_view argument) {
  auto m = std::make_unique<FlagMatcher<kOfConnect>>();
  const auto bad = [&](std::string_view word) {
    std::string known;
    for (const FlagName& f : names) known += (known.empty() ? "" : ", ") + std::string(f.name);
    return Error{"'" + std::string(word) + "' is no flag; " + known +
                 " are, with ! in front where it may not be set"};
  };
  for (std::string_view rest = argument;;) {
    const std::size_t end = rest.find(',');
    const std::string_view whole = trim(rest.substr(0, end));
    std::string_view word = whole;
    const bool negated = word.starts_with('!');
    if (negated) word = trim(word.substr(1));
    std::uint64_t flag = 0;
    if (!number_of(names, word, flag)) {
      // A number is the byte as it is.
      unsigned v = 0;
      const bool hex = word.starts_with("0x");
      const char* last = word.data() + word.size();
      const auto r = std::from_chars(word.data() + (hex ? 2 : 0), last, v, hex ? 16 : 10);
      if (word.empty() || negated || r.ec != std::errc{} || r.ptr != last || v > 255) return bad(whole);
      m->mask = 0xff;
      m->value = static_cast<std::uint8_t>(v);
      if (!kOfConnect) m->mask = 0x0f;
      if (v > m->mask) return bad(whole);
    } else {
      m->mask |= static_cast<std::uint8_t>(flag);
      if (!negated) m->value |= static_cast<std::uint8_t>(flag);
    }
    if (end == std::string_view::npos) break;
    rest = rest.substr(end + 1);
  }
  return std::unique_ptr<TxMatcher>(std::move(m));
}

}  // namespace

std::string_view type_name(Type t) noexcept { return kTypes[static_cast<unsigned>(t) & 15]; }

std::string_view reason_name(Type t, std::uint8_t version, std::uint8_t code) noexcept {
  if (version != kVersion5) {
    if (t == Type::kConnack) return code < std::size(kReturns) ? kReturns[code] : std::string_view{};
    if (t == Type::kSuback && code == 0x80) return "Failure";
  }
  for (const Reason& r : kReasons) {
    if (r.number == code && (r.packets & of(t)) != 0 &&
        (version == kVersion5 || t != Type::kSuback || code < 3))
      return r.name;
  }
  return {};
}

std::string_view version_name(std::uint8_t level) noexcept {
  return level == kVersion31 ? "3.1" : level == kVersion311 ? "3.1.1" : level == kVersion5 ? "5.0" : "";
}

std::string_view retain_handling_name(std::uint8_t options) noexcept {
  constexpr std::string_view kNames[] = {"send retained", "send retained if new", "do not send retained", ""};
  return kNames[options >> 4 & 3];
}

bool type_by_name(std::string_view name, std::uint64_t& out) noexcept {
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    if (equals_nocase(kTypes[i], name)) return out = i, true;
  }
  return false;
}
bool reason_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kReasons, name, out);
}
bool truth_by_name(std::string_view name, std::uint64_t& out) noexcept {
  out = equals_nocase(name, "yes") || equals_nocase(name, "true") ? 1 : 0;
  return out == 1 || equals_nocase(name, "no") || equals_nocase(name, "false");
}

Result<std::unique_ptr<TxMatcher>> parse_flags(std::string_view argument) {
  return parse_list<false>(kFlags, argument);
}
Result<std::unique_ptr<TxMatcher>> parse_connect_flags(std::string_view argument) {
  return parse_list<true>(kConnectFlags, argument);
}

}  // namespace picket::mqtt
