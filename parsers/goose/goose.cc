#include "parsers/goose/goose.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "parsers/core/ber.h"
#include "parsers/core/names.h"

namespace picket::goose {
namespace {

constexpr std::uint32_t kGoosePdu = 0x61;

/// Tags of Data; 0xa1 array and 0xa2 structure have others inside.
struct Tag {
  std::uint32_t number;
  Type type;
};
constexpr std::uint32_t kFirstTag = 0x83, kLastTag = 0x91;
constexpr Tag kTags[] = {
    {0x83, Type::kBoolean},       {0x84, Type::kBitString},       {0x85, Type::kInteger},
    {0x86, Type::kUnsigned},      {0x87, Type::kFloat},           {0x89, Type::kOctetString},
    {0x8a, Type::kVisibleString}, {0x8b, Type::kGeneralizedTime}, {0x8c, Type::kTimeOfDay},
    {0x8d, Type::kBcd},           {0x8e, Type::kBooleanArray},    {0x8f, Type::kObjectId},
    {0x90, Type::kMmsString},     {0x91, Type::kUtcTime},
};

/// The same by number.
constexpr auto kTypes = [] {
  std::array<Type, kLastTag - kFirstTag + 1> types;
  types.fill(Type::kUnknown);
  for (const Tag& t : kTags) types[t.number - kFirstTag] = t.type;
  return types;
}();

/// An INTEGER that fits 32 bits without a sign.
bool number(Bytes content, std::uint32_t& out) noexcept {
  std::int64_t v = 0;
  if (!ber::read_integer(content, v) || v < 0 || v > std::numeric_limits<std::uint32_t>::max()) return false;
  out = static_cast<std::uint32_t>(v);
  return true;
}

bool boolean(Bytes content, bool& out) noexcept {
  if (content.size() != 1) return false;
  out = content[0] != 0;
  return true;
}

/// FloatingPoint: the width of the exponent, then IEEE 754.
bool floating(Bytes content, double& out) noexcept {
  Cursor c(content);
  const std::uint8_t exponent = c.u8();
  if (exponent == 8 && c.left() == 4) return out = double{std::bit_cast<float>(c.u32be())}, true;
  if (exponent == 11 && c.left() == 8) return out = std::bit_cast<double>(c.u64be()), true;
  return false;
}

bool interpret(Value& v) noexcept {
  switch (v.type) {
    case Type::kBoolean: {
      bool b = false;
      if (!boolean(v.content, b)) return false;
      v.number = b ? 1 : 0;
      return true;
    }
    case Type::kInteger: {
      std::int64_t n = 0;
      if (!ber::read_integer(v.content, n)) return false;
      v.number = static_cast<double>(n);
      return true;
    }
    case Type::kUnsigned: {
      // With or without the octet of zeros that keeps a two's complement positive.
      if (v.content.empty() || v.content.size() > 9 || (v.content.size() == 9 && v.content[0] != 0))
        return false;
      std::uint64_t n = 0;
      for (const std::uint8_t octet : v.content) n = n << 8 | octet;
      v.number = static_cast<double>(n);
      return true;
    }
    case Type::kFloat:
      return floating(v.content, v.number);
    case Type::kBitString:
      return !v.content.empty() && v.content[0] < 8 && (v.content.size() > 1 || v.content[0] == 0);
    case Type::kUtcTime:
      return read_iec61850_time(v.content, v.time);
    default:
      return true;
  }
}

constexpr std::array<std::string_view, 16> kNibbles = {"0000", "0001", "0010", "0011", "0100", "0101",
                                                       "0110", "0111", "1000", "1001", "1010", "1011",
                                                       "1100", "1101", "1110", "1111"};

constexpr std::string_view kTypeNames[] = {
    "boolean",        "bit-string",       "integer",     "unsigned", "float",         "octet-string",
    "visible-string", "generalized-time", "time of day", "bcd",      "boolean array", "object id",
    "mms-string",     "utc-time",         "nested",      "unknown"};
static_assert(std::size(kTypeNames) == static_cast<std::size_t>(Type::kUnknown) + 1);

constexpr NumberName kStatusNames[] = {
    {0, "first"}, {1, "changed"}, {2, "repeated"}, {3, "restarted"}, {4, "replayed"}};

}  // namespace

std::string_view type_name(Type t) noexcept { return kTypeNames[static_cast<std::size_t>(t)]; }
std::string_view status_name(Status s) noexcept {
  return name_of(kStatusNames, static_cast<std::uint32_t>(s));
}
bool status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kStatusNames, name, out);
}

bool parse(Bytes in, Pdu& out, Event& wrong) noexcept {
  out = {};
  wrong = Event::kInvalidLength;
  if (!read_iec61850(in, out.frame)) return false;
  wrong = Event::kInvalidPdu;
  Cursor c(out.frame.apdu);
  ber::Element pdu;
  if (!ber::read(c, pdu) || pdu.identifier != kGoosePdu) return false;
  Cursor fields(pdu.content);
  std::uint16_t seen = 0;
  bool sound = true;
  ber::Element e;
  while (!fields.empty()) {
    if (!ber::read(fields, e)) return false;
    if (e.identifier == 0xab) {
      out.all_data = e.content;
      seen |= 1U << 11;
      continue;
    }
    if (e.identifier < 0x80 || e.identifier > 0x8c || e.identifier == 0x8b)
      continue;  // what a later edition may add
    seen |= static_cast<std::uint16_t>(1U << (e.identifier - 0x80));
    switch (e.identifier) {
      case 0x80:
        out.gocb_ref = e.content;
        break;
      case 0x81:
        sound = number(e.content, out.time_allowed_to_live_ms) && sound;
        break;
      case 0x82:
        out.dat_set = e.content;
        break;
      case 0x83:
        out.go_id = e.content;
        out.has_go_id = true;
        break;
      case 0x84:
        sound = read_iec61850_time(e.content, out.t) && sound;
        break;
      case 0x85:
        sound = number(e.content, out.st_num) && sound;
        break;
      case 0x86:
        sound = number(e.content, out.sq_num) && sound;
        break;
      case 0x87:
        sound = boolean(e.content, out.simulation) && sound;
        break;
      case 0x88:
        sound = number(e.content, out.conf_rev) && sound;
        break;
      case 0x89:
        sound = boolean(e.content, out.nds_com) && sound;
        break;
      case 0x8a:
        sound = number(e.content, out.entries) && sound;
        break;
      default:
        out.security = e.content;
        out.has_security = true;
        break;
    }
  }
  // All but goID, simulation, ndsCom and security are mandatory.
  constexpr std::uint16_t kMandatory = 0b1101'0111'0111;
  if ((seen & kMandatory) != kMandatory || !sound) return false;
  wrong = Event::kInvalidReference;
  return !out.gocb_ref.empty() && out.gocb_ref.size() <= kMaxReference;
}

Shape shape_of(Bytes all_data) noexcept {
  Shape s;
  Values values(all_data);
  for (Value v; values.next(v); ++s.values) {
    s.entries = v.path[0];
    s.sound = s.sound && v.type != Type::kUnknown && v.type != Type::kNested;
  }
  s.broken = values.broken();
  return s;
}

Bytes bits_text(Bytes content, std::span<char> room) noexcept {
  if (content.empty() || content[0] > 7) return {};
  std::size_t bits = (content.size() - 1) * 8;
  bits = std::min(bits - std::min<std::size_t>(bits, content[0]), room.size());
  const auto bit = [content](std::size_t i) noexcept { return content[1 + i / 8] >> (7 - i % 8) & 1; };
  std::size_t i = 0;
  for (; i + 4 <= bits; i += 4)
    std::memcpy(room.data() + i, kNibbles[content[1 + i / 8] >> (4 - i % 8) & 15].data(), 4);
  for (; i < bits; ++i) room[i] = bit(i) != 0 ? '1' : '0';
  return as_bytes({room.data(), bits});
}

bool Values::next(Value& out) noexcept {
  constexpr std::uint32_t kArray = 0xa1, kStructure = 0xa2;
  ber::Element e;
  for (;;) {
    Cursor& c = level_[depth_];
    if (c.empty()) {
      broken_ = broken_ || !c.ok();
      if (depth_ == 0) return false;
      --depth_;
      continue;
    }
    if (!ber::read(c, e)) continue;  // it is empty now
    ++place_[depth_];
    out.content = e.content;
    out.depth = static_cast<std::uint8_t>(depth_ + 1);
    out.path = place_;
    out.number = 0;
    if (e.identifier == kArray || e.identifier == kStructure) {
      if (depth_ + 1U == kMaxDepth) return out.type = Type::kNested, true;
      ++depth_;
      level_[depth_] = Cursor(e.content);
      place_[depth_] = 0;
      continue;
    }
    const bool known = e.identifier >= kFirstTag && e.identifier <= kLastTag;
    out.type = known ? kTypes[e.identifier - kFirstTag] : Type::kUnknown;
    if (!interpret(out)) out.type = Type::kUnknown;
    return true;
  }
}

bool value_at(const Message& m, bool (*wanted)(const Value&) noexcept, unsigned n, Value& out) noexcept {
  if (wanted != m.walked_for || n < m.walked) {
    m.walk = Values(m.pdu.all_data);
    m.walked = 0;
    m.walked_for = wanted;
  }
  while (m.walk.next(out)) {
    if (wanted(out) && m.walked++ == n) return true;
  }
  m.walked_for = nullptr;
  return false;
}

Probe probe(Transport t, Direction, Bytes) noexcept {
  return t == Transport::kEthernet ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::goose
