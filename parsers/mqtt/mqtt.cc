#include "parsers/mqtt/mqtt.h"

#include <algorithm>

namespace picket::mqtt {
namespace {

/// Seven bits a byte, the low ones first; of four bytes at most.
ParseResult read_length(Cursor& in, std::uint32_t& out) noexcept {
  std::uint32_t v = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    if (in.empty()) return ParseResult::need_more(in.offset() + 1);
    const std::uint8_t b = in.u8();
    v |= (b & 0x7fU) << shift;
    if (b < 0x80) return out = v, ParseResult::done();
  }
  return ParseResult::malformed(Event::kInvalidLength);
}

Bytes text(Cursor& in) noexcept { return in.bytes(in.u16be()); }

Bytes properties(Cursor& in) noexcept {
  std::uint32_t length = 0;
  if (read_length(in, length).kind != ParseResult::Kind::kDone) return in.fail(), Bytes{};
  return in.bytes(length);
}

/// Well-formed UTF-8 without control characters (3.1.1 §1.5.3: a receiver may refuse them).
bool is_text(Bytes b) noexcept {
  for (std::size_t i = 0; i < b.size();) {
    const std::uint8_t c = b[i++];
    if (c < 0x20 || c == 0x7f) return false;
    if (c < 0x80) continue;
    const unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || b.size() - i < more) return false;
    for (unsigned n = 0; n < more; ++n) {
      if ((b[i++] & 0xc0) != 0x80) return false;
    }
  }
  return true;
}

/// Wildcards stand alone in their level, # in the last one only.
bool is_filter(Bytes b) noexcept {
  if (b.empty() || !is_text(b)) return false;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (b[i] != '+' && b[i] != '#') continue;
    const bool alone = (i == 0 || b[i - 1] == '/') && (i + 1 == b.size() || b[i + 1] == '/');
    if (!alone || (b[i] == '#' && i + 1 != b.size())) return false;
  }
  return true;
}
bool is_topic(Bytes b) noexcept {
  return !b.empty() && is_text(b) && as_text(b).find_first_of("+#") == std::string_view::npos;
}

/// Those that the flags of a packet have to be.
bool flags_fit(Type t, std::uint8_t flags) noexcept {
  switch (t) {
    case Type::kPublish:
      return true;
    case Type::kPubrel:
    case Type::kSubscribe:
    case Type::kUnsubscribe:
      return (flags & ~kDup) == 2;  // 3.1 sends them again with DUP
    default:
      return flags == 0;
  }
}

/// Before version 5 most packets are as long as they are.
bool length_fits(Type t, std::uint8_t version, std::uint32_t n) noexcept {
  const bool old = version != 0 && version != kVersion5;
  switch (t) {
    case Type::kConnect:
      return n >= 12;
    case Type::kPublish:
      return n >= 2;
    case Type::kConnack:
    case Type::kPuback:
    case Type::kPubrec:
    case Type::kPubrel:
    case Type::kPubcomp:
      return old ? n == 2 : n >= 2;
    case Type::kUnsuback:
      return old ? n == 2 : version == kVersion5 ? n >= 4 : n >= 2;
    case Type::kSubscribe:
      return n >= 5;
    case Type::kUnsubscribe:
      return n >= 4;
    case Type::kSuback:
      return n >= 3;
    case Type::kDisconnect:
      return old ? n == 0 : true;
    case Type::kPingreq:
    case Type::kPingresp:
      return n == 0;
    case Type::kAuth:
    case Type::kUnassigned:
      break;
  }
  return true;
}

bool known_protocol(const Connect& c) noexcept {
  return (as_text(c.protocol) == "MQTT" && (c.level == kVersion311 || c.level == kVersion5)) ||
         (as_text(c.protocol) == "MQIsdp" && c.level == kVersion31);
}

std::uint64_t read_connect(Cursor& in, Message& m, Connect& c) noexcept {
  std::uint64_t odd = 0;
  c.protocol = text(in);
  const std::uint8_t level = in.u8();
  c.level = level & 0x7f;
  c.bridge = level > 0x7f;
  c.flags = in.u8();
  c.keep_alive_s = in.u16be();
  if (!known_protocol(c)) odd |= bit(Event::kInvalidProtocol);
  if (c.level == kVersion5) m.properties = properties(in);
  c.client_id = text(in);
  const bool will = (c.flags & kWill) != 0;
  if (will) {
    if (c.level == kVersion5) c.will_properties = properties(in);
    c.will_topic = text(in);
    c.will_message = text(in);
    if (in.ok() && !is_topic(c.will_topic)) odd |= bit(Event::kInvalidTopic);
  }
  if ((c.flags & kUsername) != 0) c.username = text(in);
  if ((c.flags & kPassword) != 0) c.password = text(in);
  const unsigned will_qos = c.flags >> 3 & 3;
  const bool password_alone = c.level < kVersion5 && (c.flags & (kUsername | kPassword)) == kPassword;
  if ((c.flags & kReserved) != 0 || will_qos == 3 ||
      (!will && (will_qos != 0 || (c.flags & kWillRetain) != 0)) || password_alone) {
    odd |= bit(Event::kInvalidConnectFlags);
  }
  odd |= check_properties(m.properties, Type::kConnect, false);
  return odd | check_properties(c.will_properties, Type::kConnect, true);
}

std::uint64_t read_publish(Cursor& in, std::uint8_t version, Message& m, Publish& p) noexcept {
  std::uint64_t odd = 0;
  p.topic = text(in);
  if (m.qos() != 0) {
    m.id = in.u16be();
    m.has_id = in.ok();
    if (m.qos() == 3) odd |= bit(Event::kInvalidQosLevel);
    if (in.ok() && m.id == 0) odd |= bit(Event::kMissingMsgId);
  }
  if (version == kVersion5) {
    m.properties = properties(in);
    odd |= check_properties(m.properties, Type::kPublish, false);
    PropertyValue alias;
    if (find_property(m.properties, Property::kTopicAlias, alias))
      p.alias = static_cast<std::uint16_t>(alias.number);
  }
  if (!in.ok()) return odd;
  if (!(p.topic.empty() && p.alias != 0) && !is_topic(p.topic)) odd |= bit(Event::kInvalidTopic);
  p.message_length = m.length - static_cast<std::uint32_t>(in.offset());
  p.message = in.rest();
  in.skip(in.left());
  return odd;
}

/// Reason and properties, which may be left out from the end on; a reason that is not there is success.
void read_outcome(Cursor& in, Message& m) noexcept {
  m.has_reason = true;
  if (in.empty()) return;
  m.reason = in.u8();
  if (!in.empty()) m.properties = properties(in);
}

/// Topic filters, all of them whole.
std::uint64_t read_filters(Cursor& in, std::uint8_t version, Message& m) noexcept {
  std::uint64_t odd = 0;
  m.list = in.rest();
  unsigned n = 0;
  for (Filter f; !in.empty() && next_filter(in, m.type, f); ++n) {
    if (!is_filter(f.topic)) odd |= bit(Event::kInvalidTopicFilter);
    const unsigned reserved = version == kVersion5 ? 0xc0 : 0xfc;
    if ((f.options & reserved) != 0 || (f.options & 3) == 3 || (f.options & 0x30) == 0x30) {
      odd |= bit(Event::kInvalidOptions);
    }
  }
  if (n == 0) in.fail();
  return odd;
}

std::uint64_t read_body(Cursor& in, std::uint8_t version, Message& m, Connect& c, Publish& p) noexcept {
  const bool v5 = version == kVersion5;
  switch (m.type) {
    case Type::kConnect:
      return read_connect(in, m, c);
    case Type::kPublish:
      return read_publish(in, version, m, p);
    case Type::kConnack: {
      const std::uint8_t flags = in.u8();
      m.session_present = (flags & 1) != 0;
      m.reason = in.u8();
      m.has_reason = true;
      // Where the CONNECT was not seen, the length tells: only version 5 has more.
      if (v5 || (version == 0 && !in.empty())) m.properties = properties(in);
      return flags > 1 ? bit(Event::kInvalidFlags) : 0;
    }
    case Type::kPuback:
    case Type::kPubrec:
    case Type::kPubrel:
    case Type::kPubcomp:
      m.id = in.u16be();
      m.has_id = true;
      if (v5 || (version == 0 && !in.empty())) read_outcome(in, m);
      return 0;
    case Type::kSubscribe:
    case Type::kUnsubscribe:
      m.id = in.u16be();
      m.has_id = true;
      if (v5) m.properties = properties(in);
      return read_filters(in, version, m);
    case Type::kSuback:
    case Type::kUnsuback:
      m.id = in.u16be();
      m.has_id = true;
      if (v5) m.properties = properties(in);
      m.list = in.rest();
      if (m.list.empty() == (v5 || m.is(Type::kSuback))) in.fail();
      in.skip(in.left());
      return 0;
    case Type::kDisconnect:
      if (v5 || (version == 0 && !in.empty())) read_outcome(in, m);
      return 0;
    case Type::kAuth:
      read_outcome(in, m);
      return v5 || version == 0 ? 0 : bit(Event::kUnassignedMsgType);
    case Type::kPingreq:
    case Type::kPingresp:
    case Type::kUnassigned:
      break;
  }
  return 0;
}

/// How much a well-formed packet tells by itself; two bytes may be anything.
unsigned weight(const Header& h, const Publish& p) noexcept {
  switch (h.type) {
    case Type::kConnect:
      return 8;
    case Type::kPublish:
      return p.topic.size() >= 3 ? 2 : 1;
    case Type::kConnack:
    case Type::kSubscribe:
    case Type::kUnsubscribe:
      return 2;
    default:
      return 1;
  }
}

/// What is wrong with the beginning of a packet will not become right.
bool could_become(const Header& h, Bytes begun) noexcept {
  if (begun.size() < 2 || (h.type != Type::kPublish && h.type != Type::kConnect)) return true;
  Cursor in(begun);
  const std::uint16_t n = in.u16be();
  const Bytes said = in.rest().first(std::min<std::size_t>(n, in.left()));
  if (h.type == Type::kConnect) {
    const std::string_view name = n == 4 ? "MQTT" : n == 6 ? "MQIsdp" : "";
    return !name.empty() && as_text(said) == name.substr(0, said.size());
  }
  return n + 2U <= h.length &&
         std::none_of(said.begin(), said.end(), [](std::uint8_t c) { return c < 0x20; });
}

constexpr unsigned kSureToBegin = 5, kSureToGoOn = 3;
// A longer packet is not searched for.
constexpr std::uint32_t kSearched = 4096, kSearchedAcks = 256;
// Packets that do not count are not walked for long, so that each place costs the same.
constexpr unsigned kWalked = 16;
constexpr bool tells_itself(Type t) noexcept {
  return t == Type::kConnect || t == Type::kPublish || t == Type::kSubscribe || t == Type::kUnsubscribe;
}

/// Walks packets from `stream` on until they weigh `enough` together. telling_only: those without text, whose few bytes may be
/// anything (acknowledgements, pings), have to be whole and right as well, but weigh nothing.
Probe walk(Bytes stream, std::uint8_t version, unsigned enough, bool telling_only = false) noexcept {
  constexpr std::uint64_t kNotTelling = bit(Event::kUnassignedMsgType);
  Cursor in(stream);
  for (unsigned sum = 0, packets = 0; sum < enough; ++packets) {
    if (packets == kWalked) return Probe::kNo;
    if (in.empty()) return Probe::kUnsure;
    Header h;
    if (!may_begin(in.peek())) return Probe::kNo;
    const ParseResult r = read_header(in, version, h);
    if (r.kind == ParseResult::Kind::kMalformed) return Probe::kNo;
    if (r.kind == ParseResult::Kind::kNeedMore) return Probe::kUnsure;
    if (h.length > (tells_itself(h.type) ? kSearched : kSearchedAcks)) return Probe::kNo;
    Message m;
    Connect c;
    Publish p;
    if (in.left() < h.length) return could_become(h, in.rest()) ? Probe::kUnsure : Probe::kNo;
    const std::uint64_t odd = interpret(h, in.bytes(h.length), version, m, c, p);
    // A CONNECT is known by its name, whatever else is wrong with it.
    const std::uint64_t telling = h.type == Type::kConnect
                                      ? bit(Event::kMalformedTraffic) | bit(Event::kInvalidProtocol)
                                      : ~kNotTelling;
    if ((odd & telling) != 0) return Probe::kNo;
    if (m.has_id && m.id == 0) return Probe::kNo;
    if (h.type == Type::kConnect) version = c.level;
    if (h.type == Type::kConnack && version == 0 && h.length > 2) version = kVersion5;
    if (!telling_only || tells_itself(h.type)) sum += weight(h, p);
  }
  return Probe::kYes;
}

}  // namespace

ParseResult read_header(Cursor& in, std::uint8_t version, Header& h) noexcept {
  Cursor c = in;
  const std::uint8_t first = c.u8();
  if (!c.ok()) return ParseResult::need_more(2);
  h.type = static_cast<Type>(first >> 4);
  h.flags = first & 0x0f;
  if (h.type == Type::kUnassigned) return ParseResult::malformed(Event::kUnassignedMsgType);
  const ParseResult r = read_length(c, h.length);
  if (r.kind != ParseResult::Kind::kDone) return r;
  if (!length_fits(h.type, version, h.length)) return ParseResult::malformed(Event::kInvalidLength);
  in = c;
  return r;
}

std::uint64_t interpret(const Header& h, Bytes body, std::uint8_t version, Message& m, Connect& c,
                        Publish& p) noexcept {
  m.type = h.type;
  m.flags = h.flags;
  m.length = h.length;
  m.cut = body.size() < h.length;
  std::uint64_t odd = flags_fit(h.type, h.flags) ? 0 : bit(Event::kInvalidFlags);
  if (m.cut) odd |= bit(Event::kLongMessage);
  if (m.cut && !m.is(Type::kPublish)) return odd;
  Cursor in(body);
  odd |= read_body(in, version, m, c, p);
  if (!in.ok() || !in.empty()) return odd | bit(Event::kMalformedTraffic);
  if (!m.is(Type::kConnect) && !m.is(Type::kPublish)) odd |= check_properties(m.properties, m.type, false);
  if (m.has_id && m.id == 0) odd |= bit(Event::kMissingMsgId);
  const std::uint8_t spoken = m.is(Type::kConnack) && version == 0 && h.length > 2 ? kVersion5 : version;
  if (m.has_reason && reason_name(m.type, spoken, m.reason).empty()) odd |= bit(Event::kInvalidReasonCode);
  if (m.is(Type::kSuback) || m.is(Type::kUnsuback)) {
    for (const std::uint8_t code : m.list) {
      if (reason_name(m.type, version, code).empty()) odd |= bit(Event::kInvalidReasonCode);
    }
  }
  return odd;
}

bool next_filter(Cursor& in, Type t, Filter& f) noexcept {
  if (in.empty()) return false;
  f.topic = text(in);
  f.options = t == Type::kSubscribe ? in.u8() : 0;
  return in.ok();
}

bool filter_of(const Exchange& x, unsigned n, Filter& f) noexcept {
  const Type t = x.count == 0 ? Type::kUnassigned : x.first().type;
  if (t != Type::kSubscribe && t != Type::kUnsubscribe) return false;
  if (x.filter_n == 0 || n < x.filter_n) {
    x.filter_at = Cursor(x.first().list);
    x.filter_n = 0;
  }
  for (; x.filter_n <= n; ++x.filter_n) {
    if (!next_filter(x.filter_at, t, f)) return x.filter_n = 0, false;
  }
  return true;
}

bool takes_everything(Bytes filter) noexcept {
  std::string_view f = as_text(filter);
  if (f.starts_with("$share/")) {
    const std::size_t end = f.find('/', 7);
    f = end == std::string_view::npos ? std::string_view{} : f.substr(end + 1);
  }
  return f == "#" || f == "+/#" || f == "/#";
}

Probe probe(Transport, Direction, Bytes first) noexcept {
  if (first.empty()) return Probe::kUnsure;
  Cursor in(first);
  Header h;
  if (first[0] == 0x10 && read_header(in, 0, h).kind == ParseResult::Kind::kDone) {
    // The name is enough: what is broken behind it is a broken CONNECT.
    if (!could_become(h, in.rest())) return Probe::kNo;
    const Bytes name = in.bytes(in.u16be());
    return in.ok() && !name.empty() ? Probe::kYes : Probe::kUnsure;
  }
  return walk(first, 0, kSureToBegin);
}

Probe frame_starts(Bytes stream, std::uint8_t version) noexcept { return walk(stream, version, kSureToGoOn); }

bool holds_packets(Bytes body, Type outer, std::uint8_t version) noexcept {
  for (std::size_t n = 0; n < body.size(); ++n) {
    if (may_begin(body[n]) &&
        walk(body.subspan(n), version, kSureToBegin, outer == Type::kPublish) == Probe::kYes)
      return true;
  }
  return false;
}

}  // namespace picket::mqtt
