// What jobs address, and what that is worth: items of read and write, in the forms of S7-300, -400 and -1200.
//
//      | 12 | length | syntax | ...                                          length counts from `syntax` on
//      | 12 | 0a | 10 | type | count: 2 | DB: 2 | area | address: 3 |         any pointer; address in bits
//      | 12 | .. | b0 | areas | { bytes | DB: 2 | byte: 2 } ...               DBREAD
//      | 12 | .. | b2 | ff | area: 2 | DB or area: 2 | CRC: 4 | path ...      symbolic, of the S7-1200
//      | return code | transport size | length: 2 | data | a byte to fill up to even, but for the last |
#include <algorithm>
#include <bit>
#include <charconv>

#include "parsers/core/text_writer.h"
#include "parsers/s7comm/s7comm.h"

namespace picket::s7comm {
namespace {

constexpr std::uint8_t kVariable = 0x12;
constexpr std::uint16_t kSymbolDb = 0x8a0e;

// Transport sizes of data.
enum Transport : std::uint8_t {
  kNull = 0,
  kBit = 3,
  kByteWord = 4,
  kInteger = 5,
  kDinteger = 6,
  kReal = 7,
  kOctets = 9
};

/// Some count bits, some bytes; what failed has none, whatever its length says.
std::size_t bytes_of(std::uint8_t transport, std::uint16_t length) noexcept {
  if (transport == kNull) return 0;
  const bool bits = transport == kBit || transport == kByteWord || transport == kInteger;
  return bits ? (length + 7U) / 8U : length;
}

bool read_value(Cursor& c, Value& v) noexcept {
  v.return_code = c.u8();
  v.transport = c.u8();
  const std::uint16_t length = c.u16be();
  v.data = c.bytes(bytes_of(v.transport, length));
  return c.ok();
}

/// X, B, W or D, as engineers write a type's size.
std::string_view size_letter(std::uint8_t type) noexcept {
  if (type == static_cast<std::uint8_t>(Type::kBit)) return "X";
  switch (type_size(type)) {
    case 2:
      return "W";
    case 4:
      return "D";
    default:
      return "B";
  }
}

std::string_view area_letter(std::uint8_t area) noexcept {
  switch (static_cast<Area>(area)) {
    case Area::kPeripheral:
      return "P";
    case Area::kInput:
      return "I";
    case Area::kOutput:
      return "Q";
    case Area::kFlag:
      return "M";
    case Area::kDb:
      return "DB";
    case Area::kInstanceDb:
      return "DI";
    case Area::kLocal:
      return "L";
    case Area::kCounter:
      return "C";
    case Area::kTimer:
      return "T";
  }
  switch (area) {
    case 0x03:
      return "SYS";
    case 0x05:
      return "SM";
    case 0x06:
      return "AI";
    case 0x07:
      return "AQ";
    case 0x1e:
      return "C";
    case 0x1f:
      return "T";
    case 0x87:
      return "V";
    default:
      return "?";
  }
}

bool counts(std::uint8_t area) noexcept { return area >= 0x1c && area <= 0x1f; }

/// S5TIME: three BCD digits of a base of 10 ms to 10 s; in milliseconds.
double s5time(std::uint32_t v) noexcept {
  constexpr unsigned kBase[] = {10, 100, 1000, 10000};
  return double((v >> 8 & 15) * 100 + (v >> 4 & 15) * 10 + (v & 15)) * kBase[v >> 12 & 3];
}

double number(std::uint8_t type, Bytes b) noexcept {
  std::uint32_t v = 0;
  for (const std::uint8_t c : b) v = v << 8 | c;
  switch (static_cast<Type>(type)) {
    case Type::kInt:
      return static_cast<std::int16_t>(v);
    case Type::kDint:
    case Type::kTime:
      return static_cast<std::int32_t>(v);
    case Type::kReal:
      return std::bit_cast<float>(v);
    case Type::kS5Time:
    case Type::kTimer:
      return s5time(v);
    case Type::kCounter:  // three BCD digits
      return double((v >> 8 & 15) * 100 + (v >> 4 & 15) * 10 + (v & 15));
    default:
      return v;
  }
}

/// Where no item says it.
std::uint8_t type_of(const Value& v) noexcept {
  const auto of = [](Type t) { return static_cast<std::uint8_t>(t); };
  switch (v.transport) {
    case kBit:
      return of(Type::kBit);
    case kInteger:
      return v.data.size() == 4 ? of(Type::kDint) : of(Type::kInt);
    case kDinteger:
      return of(Type::kDint);
    case kReal:
      return of(Type::kReal);
    case kByteWord:
      return v.data.size() == 2 ? of(Type::kWord) : v.data.size() == 4 ? of(Type::kDword) : of(Type::kByte);
    default:
      return of(Type::kByte);
  }
}

std::uint8_t value_type(const Value& v, const Item* item) noexcept {
  return item != nullptr && item->known && item->type != 0 ? item->type : type_of(v);
}

/// Several bytes are one text, and so is what has no number.
bool is_text(const Value& v, std::uint8_t type) noexcept {
  const unsigned size = type_size(type);
  return size == 0 || size == 8 ||
         (size == 1 && (v.data.size() > 1 || type == static_cast<std::uint8_t>(Type::kChar)));
}

}  // namespace

unsigned type_size(std::uint8_t type) noexcept {
  switch (static_cast<Type>(type)) {
    case Type::kByte:
    case Type::kChar:
      return 1;
    case Type::kWord:
    case Type::kInt:
    case Type::kDate:
    case Type::kS5Time:
    case Type::kCounter:
    case Type::kTimer:
      return 2;
    case Type::kDword:
    case Type::kDint:
    case Type::kReal:
    case Type::kTimeOfDay:
    case Type::kTime:
      return 4;
    case Type::kDateAndTime:
      return 8;
    case Type::kBit:
      return 0;
  }
  return 0;
}

void find_items(Bytes list, unsigned count, Places& places, std::uint8_t& problems) noexcept {
  places.count = static_cast<std::uint16_t>(count);
  Cursor c(list);
  for (unsigned i = 0; i < count; ++i) {
    if (c.offset() % 2 != 0) c.skip(c.empty() ? 0 : 1);  // filled up to even
    const std::size_t at = c.offset();
    if (c.u8() != kVariable && c.ok()) {
      problems |= kBadItem;
      return;
    }
    const std::uint8_t length = c.u8();
    c.skip(length);
    if (!c.ok() || length == 0) {
      problems |= kBadItem;
      return;
    }
    if (i >= kMaxItems) {
      problems |= kManyItems;
      return;
    }
    places.at[places.kept++] = static_cast<std::uint16_t>(at);
  }
}

void find_values(Bytes list, unsigned count, Places& places, std::uint8_t& problems) noexcept {
  places.count = static_cast<std::uint16_t>(count);
  Cursor c(list);
  for (unsigned i = 0; i < count; ++i) {
    if (c.offset() % 2 != 0) c.skip(c.empty() ? 0 : 1);
    const std::size_t at = c.offset();
    Value v;
    if (!read_value(c, v)) {
      problems |= kBadData;
      return;
    }
    if (i >= kMaxItems) {
      problems |= kManyItems;
      return;
    }
    places.at[places.kept++] = static_cast<std::uint16_t>(at);
  }
}

Item item_at(const Message& m, std::size_t n) noexcept {
  Item x;
  if (n >= m.items.kept) return x;
  Cursor c(m.item_bytes.subspan(m.items.at[n]));
  c.skip(1);
  Cursor s(c.bytes(c.u8()));
  x.syntax = s.u8();
  switch (static_cast<Syntax>(x.syntax)) {
    case Syntax::kAny: {
      x.type = s.u8();
      x.count = s.u16be();
      x.db = s.u16be();
      x.area = s.u8();
      const std::uint32_t address = s.u24be();
      x.byte = counts(x.area) ? address : address >> 3;
      x.bit = counts(x.area) ? 0 : address & 7;
      x.known = s.ok();
      return x;
    }
    case Syntax::kDbRead:
      s.skip(1);
      x.area = static_cast<std::uint8_t>(Area::kDb);
      x.type = static_cast<std::uint8_t>(Type::kByte);
      x.count = s.u8();
      x.db = s.u16be();
      x.byte = s.u16be();
      x.known = s.ok();
      x.rest = s.rest();
      return x;
    case Syntax::kSymbolic:
      s.skip(1);
      x.symbol_area = s.u16be();
      if (x.symbol_area == kSymbolDb) {
        x.area = static_cast<std::uint8_t>(Area::kDb);
        x.db = s.u16be();
      } else {
        // 0x50 to 0x54: I, Q, M, C, T
        const std::uint16_t which = s.u16be();
        constexpr Area kAreas[] = {Area::kInput, Area::kOutput, Area::kFlag, Area::kCounter, Area::kTimer};
        if (which >= 0x50 && which <= 0x54) x.area = static_cast<std::uint8_t>(kAreas[which - 0x50]);
      }
      x.symbol_crc = s.u32be();
      x.known = s.ok();
      x.rest = s.rest();
      return x;
    default:
      x.rest = s.rest();
      return x;
  }
}

bool test_item(const Message& m, std::size_t n, Item& out) noexcept {
  constexpr std::size_t kSize = 6;
  const bool lists =
      m.is(Group::kProgrammer, 2) || m.is(Group::kProgrammer, 8) || m.is(Group::kProgrammer, 9);
  if (!lists || m.userdata_type() != UserdataType::kRequest) return false;
  Cursor c(m.payload);
  const std::uint16_t parameters = c.u16be();
  c.skip(2);
  c.skip(parameters);
  if (n >= std::min<std::size_t>(c.u16be(), kMaxItems)) return false;
  c.skip(n * kSize);
  const std::uint8_t what = c.u8(), times = c.u8();
  Item x;
  x.db = c.u16be();
  x.byte = c.u16be();
  if (!c.ok()) return false;
  // High half: flags, inputs, outputs, peripheral, DB; timers and counters have one number of their own.
  constexpr Area kAreas[] = {Area::kFlag, Area::kInput, Area::kOutput, Area::kPeripheral};
  constexpr Type kTypes[] = {Type::kBit, Type::kByte, Type::kWord, Type::kDword};
  const unsigned area = what >> 4, type = what & 15;
  x.syntax = static_cast<std::uint8_t>(Syntax::kAny);
  x.count = times;
  x.known = true;
  if (what == 0x54 || what == 0x64) {
    x.area = static_cast<std::uint8_t>(what == 0x54 ? Area::kTimer : Area::kCounter);
  } else if ((area < 4 || area == 7) && type < 4) {
    x.area = static_cast<std::uint8_t>(area == 7 ? Area::kDb : kAreas[area]);
    x.type = static_cast<std::uint8_t>(kTypes[type]);
    if (type == 0) {
      x.bit = times & 7;
      x.count = 1;
    }
  } else {
    x.known = false;
  }
  out = x;
  return true;
}

Value value_at(const Message& m, std::size_t n) noexcept {
  Value v;
  if (n >= m.values.kept) return v;
  if (m.is(Function::kWriteVar) && !m.is(Rosctr::kJob)) {
    v.return_code = m.value_bytes[n];
    return v;
  }
  Cursor c(m.value_bytes.subspan(m.values.at[n]));
  (void)read_value(c, v);
  return v;
}

std::size_t element_count(const Value& v, const Item* item) noexcept {
  if (v.data.empty()) return 0;
  const std::uint8_t type = value_type(v, item);
  if (type == static_cast<std::uint8_t>(Type::kBit)) return v.data.size();
  return is_text(v, type) ? 1 : v.data.size() / type_size(type);
}

bool element(const Value& v, const Item* item, std::size_t k, OtValue& out) noexcept {
  out = {};
  if (k >= element_count(v, item)) return false;
  const std::uint8_t type = value_type(v, item);
  out.is_number = true;
  if (type == static_cast<std::uint8_t>(Type::kBit)) {
    out.number = v.data[k] & 1;
  } else if (is_text(v, type)) {
    out.is_number = false;
    out.text = v.data;
  } else {
    const unsigned size = type_size(type);
    out.number = number(type, v.data.subspan(k * size, size));
  }
  return true;
}

std::size_t write_address(const Item& x, std::span<char> room) noexcept {
  TextWriter t(room);
  if (!x.known) return t.size();
  if (x.syntax == static_cast<std::uint8_t>(Syntax::kSymbolic)) {
    t << area_letter(x.area);
    if (x.area == static_cast<std::uint8_t>(Area::kDb)) t << std::uint32_t{x.db};
    Cursor path(x.rest);
    for (unsigned i = 0; i < 8 && path.left() >= 4; ++i) t << "." << (path.u32be() & 0x0fffffff);
    return t.size();
  }
  if (counts(x.area)) {
    t << area_letter(x.area) << x.byte;
    if (x.count > 1) t << "-" << (x.byte + x.count - 1);
    return t.size();
  }
  const bool db = x.area == static_cast<std::uint8_t>(Area::kDb) ||
                  x.area == static_cast<std::uint8_t>(Area::kInstanceDb);
  const bool several = x.count > 1;
  if (several) t << "P#";
  if (db) t << area_letter(x.area) << std::uint32_t{x.db} << ".";
  t << area_letter(x.area);
  // Of flags, inputs and outputs a bit has no letter: M10.3.
  const bool bit = several || x.type == static_cast<std::uint8_t>(Type::kBit);
  if (db) {
    t << (several ? std::string_view("X") : size_letter(x.type));
  } else if (!bit) {
    t << size_letter(x.type);
  }
  t << x.byte;
  if (bit) t << "." << std::uint32_t{x.bit};
  if (several)
    t << " " << (type_name(x.type).empty() ? "?" : type_name(x.type)) << " " << std::uint32_t{x.count};
  return t.size();
}

}  // namespace picket::s7comm
