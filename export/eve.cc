#include "export/eve.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "export/eve_format.h"
#include "export/plain_json.h"
#include "export/utf8.h"
#include "export/wire_reader.h"

namespace picket {
namespace {

/// By byte: 0 may stand in a JSON string as it is; 'u' becomes \u00XX; another letter becomes \ and the
/// letter; 1 is a byte from 0x80 on, for which UTF-8 decides.
constexpr auto kEscape = [] {
  std::array<char, 256> t{};
  for (std::size_t i = 0; i < 0x20; ++i) t[i] = 'u';
  t['\b'] = 'b';
  t['\t'] = 't';
  t['\n'] = 'n';
  t['\f'] = 'f';
  t['\r'] = 'r';
  t['"'] = '"';
  t['\\'] = '\\';
  for (std::size_t i = 0x80; i < 0x100; ++i) t[i] = 1;
  return t;
}();

/// Copies the bytes at the front of [in, end) that need no escape; gives how many. Writes up to seven bytes
/// more than that, so `out` has room for end - in + 8.
std::size_t copy_clean(char* out, const std::uint8_t* in, const std::uint8_t* end) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const std::uint8_t* const start = in;
  while (end - in >= 8) {  // eight at a time: a byte's high bit marks < 0x20, '"', '\\' or >= 0x80
    std::uint64_t v;
    std::memcpy(&v, in, 8);
    std::memcpy(out, &v, 8);
    const std::uint64_t quote = v ^ (kOnes * '"');
    const std::uint64_t slash = v ^ (kOnes * '\\');
    const std::uint64_t marks = ((v - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes) | v) & kHigh;
    if (marks != 0) break;
    in += 8;
    out += 8;
  }
  while (in != end && kEscape[*in] == 0) *out++ = static_cast<char>(*in++);
  return static_cast<std::size_t>(in - start);
}

std::int64_t zigzag(std::uint64_t v) noexcept {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

/// The integer that the wire's 64 bits stand for, sign-extended where the type has a sign.
std::int64_t as_signed(EveKind kind, std::uint64_t v) noexcept {
  switch (kind) {
    case EveKind::kInt32:
    case EveKind::kSfixed32:
      return static_cast<std::int32_t>(v);
    case EveKind::kSint32:
      return zigzag(v & 0xffffffffU);
    case EveKind::kSint64:
      return zigzag(v);
    default:
      return static_cast<std::int64_t>(v);
  }
}

bool has_sign(EveKind kind) noexcept {
  switch (kind) {
    case EveKind::kInt32:
    case EveKind::kInt64:
    case EveKind::kSint32:
    case EveKind::kSint64:
    case EveKind::kSfixed32:
    case EveKind::kSfixed64:
      return true;
    default:
      return false;
  }
}

/// What as_signed() gives is shown in hexadecimal as wide as the type is.
std::uint64_t hex_bits(EveKind kind, std::uint64_t v) noexcept {
  const auto bits = static_cast<std::uint64_t>(as_signed(kind, v));
  const bool narrow = kind == EveKind::kInt32 || kind == EveKind::kSint32 || kind == EveKind::kSfixed32;
  return narrow ? bits & 0xffffffffU : bits;
}

constexpr std::size_t kMaxFloat = 32;  // shortest text of a double: 24 characters

/// Infinity and NaN have no JSON: null.
template <class T>
char* put_float(char* p, T v) noexcept {
  if (!std::isfinite(v)) {
    std::memcpy(p, "null", 4);
    return p + 4;
  }
  return std::to_chars(p, p + kMaxFloat, v).ptr;
}

std::uint64_t narrow(const EveField& f, std::uint64_t v) noexcept { return f.is_32bit ? v & 0xffffffffU : v; }

/// A packed field is one length-delimited run of values of this type.
bool is_packable(const EveField& f) noexcept { return f.wire_type != 2; }

bool next_packed(const EveField& f, WireReader& in, std::uint64_t& v) noexcept {
  if (in.empty()) return false;
  v = f.wire_type == 0   ? in.varint()
      : f.wire_type == 1 ? in.fixed<std::uint64_t>()
                         : in.fixed<std::uint32_t>();
  return in.ok();
}

}  // namespace

/// Writes into `out` behind what it holds; out.size() is right only after finish() or drop().
class EveWriter::Json {
 public:
  Json(std::string& out, Second& second) : out_(out), second_(second), start_(out.size()), at_(out.size()) {}

  void finish() { out_.resize(at_); }
  void drop() { out_.resize(start_); }

  [[nodiscard]] bool object(const EveTable& table, Bytes message, unsigned depth) {
    const std::size_t open = at_;
    if (!fields(table, message, depth)) return false;
    close(open, '{', '}');
    return true;
  }

 private:
  /// At least n bytes of room; gives where to write. What is written ends with a call of wrote().
  char* room(std::size_t n) {
    if (out_.size() - at_ < n) out_.resize(at_ + n + 1024);
    return out_.data() + at_;
  }
  void wrote(const char* end) { at_ = static_cast<std::size_t>(end - out_.data()); }
  void raw(std::string_view s) {
    std::memcpy(room(s.size()), s.data(), s.size());
    at_ += s.size();
  }
  void key(const EveField& f) {
    if (f.key.size() > EveField::kShortKey) return raw(f.key);
    std::memcpy(room(EveField::kShortKey), f.short_key.data(), EveField::kShortKey);
    at_ += f.key.size();
  }
  void raw(char c) {
    *room(1) = c;
    ++at_;
  }
  /// Members were written with a comma before each: the first one's place is the opening bracket's.
  void close(std::size_t open, char opening, char closing) {
    if (at_ == open) raw(opening);
    out_[open] = opening;
    raw(closing);
  }

  /// The fields of a message, each as `,"key":value`.
  [[nodiscard]] bool fields(const EveTable& table, Bytes message, unsigned depth) {
    std::array<std::uint64_t, EveTable::kMaxFields / 64> seen{};
    WireReader in(message);
    for (WireField wire; in.next(wire);) {
      const EveField* field = table.find(wire.number);
      if (field == nullptr || !fits(*field, wire)) continue;  // a newer schema's
      std::uint64_t& word = seen[field->index / 64];
      const std::uint64_t bit = std::uint64_t{1} << (field->index % 64);
      if ((word & bit) != 0) continue;
      word |= bit;
      if (field->flatten && field->map) {
        if (depth < kMaxDepth && !entries(*field, wire, in, depth)) return false;
        continue;
      }
      if (field->flatten) {
        if (depth < kMaxDepth && !fields(*field->message, wire.bytes, depth + 1)) return false;
        continue;
      }
      key(*field);
      if (!(field->repeated ? repeated(*field, wire, in, depth) : value(*field, wire, depth))) return false;
    }
    return in.ok();
  }

  /// The entries of a map among the fields of its message.
  [[nodiscard]] bool entries(const EveField& f, WireField piece, WireReader rest, unsigned depth) {
    do {
      if (piece.number == f.number && fits(f, piece) && !entry(*f.message, piece.bytes, depth)) return false;
    } while (rest.next(piece));
    return rest.ok();
  }

  static bool fits(const EveField& f, const WireField& wire) noexcept {
    return wire.type == f.wire_type || (f.repeated && wire.type == 2 && is_packable(f));
  }

  /// `first` and every later piece of the field that `rest` (a copy) holds.
  [[nodiscard]] bool repeated(const EveField& f, WireField piece, WireReader rest, unsigned depth) {
    const std::size_t open = at_;
    do {
      if (piece.number != f.number || !fits(f, piece)) continue;
      if (f.map) {
        if (!entry(*f.message, piece.bytes, depth)) return false;
      } else if (f.pairs) {
        raw(',');
        const std::size_t one = at_;
        if (!entry(*f.message, piece.bytes, depth)) return false;
        close(one, '{', '}');
      } else if (piece.type == 2 && is_packable(f)) {
        WireReader packed(piece.bytes);
        WireField one{f.number, f.wire_type, 0, {}};
        while (next_packed(f, packed, one.value)) {
          raw(',');
          if (!value(f, one, depth)) return false;
        }
        if (!packed.ok()) return false;
      } else {
        raw(',');
        if (!value(f, piece, depth)) return false;
      }
    } while (rest.next(piece));
    close(open, f.map ? '{' : '[', f.map ? '}' : ']');
    return rest.ok();
  }

  /// One entry of a map, as `,"key":value`.
  [[nodiscard]] bool entry(const EveTable& table, Bytes message, unsigned depth) {
    const EveField& key = *table.find(1);
    const EveField& value_field = *table.find(2);
    WireField k{1, key.wire_type, 0, {}};
    WireField v{2, value_field.wire_type, 0, {}};
    bool has_value = false;
    WireReader rest_of_values{Bytes{}};
    WireReader in(message);
    for (WireField wire; in.next(wire);) {
      if (wire.number == 1 && fits(key, wire)) k = wire;
      if (wire.number == 2 && fits(value_field, wire) && !has_value) {
        v = wire;
        has_value = true;
        rest_of_values = in;
      }
    }
    if (!in.ok()) return false;
    raw(',');
    const bool quoted = key.wire_type == 2 ||
                        key.base != EveBase::kDecimal;  // other keys are numbers, and a JSON key is a string
    if (!quoted) raw('"');
    if (!value(key, k, depth)) return false;
    if (!quoted) raw('"');
    raw(':');
    if (value_field.repeated) {
      if (!has_value) return raw("[]"), true;
      return repeated(value_field, v, rest_of_values, depth);
    }
    return value(value_field, v, depth);  // a value that is not on the wire is the type's zero
  }

  [[nodiscard]] bool value(const EveField& f, const WireField& wire, unsigned depth) {
    switch (f.kind) {
      case EveKind::kText:
        text(wire.bytes);
        return true;
      case EveKind::kMessage:
        if (depth >= kMaxDepth) return raw("null"), true;
        return object(*f.message, wire.bytes, depth + 1);
      case EveKind::kUnsigned:
      case EveKind::kFixed32:
      case EveKind::kFixed64:
      case EveKind::kInt32:
      case EveKind::kInt64:
      case EveKind::kSint32:
      case EveKind::kSint64:
      case EveKind::kSfixed32:
      case EveKind::kSfixed64:
        integer(f, wire.value);
        return true;
      case EveKind::kFloat:
        wrote(put_float(room(kMaxFloat), std::bit_cast<float>(static_cast<std::uint32_t>(wire.value))));
        return true;
      case EveKind::kDouble:
        wrote(put_float(room(kMaxFloat), std::bit_cast<double>(wire.value)));
        return true;
      case EveKind::kBool:
        raw(wire.value != 0 ? std::string_view{"true"} : std::string_view{"false"});
        return true;
      case EveKind::kEnum:
        enumeration(f, wire.value);
        return true;
      case EveKind::kTime:
        time(wire.value);
        return true;
      case EveKind::kIp:
      case EveKind::kHexBytes:
      case EveKind::kHexColon:
      case EveKind::kBase64:
        formatted(f.kind, wire.bytes);
        return true;
      case EveKind::kJson:
        // A collector writes records that came from elsewhere: what only claims to be JSON is text.
        is_plain_json(wire.bytes) ? raw(as_text(wire.bytes)) : text(wire.bytes);
        return true;
    }
    return false;
  }

  void integer(const EveField& f, std::uint64_t v) {
    if (f.base == EveBase::kDecimal) {
      char* p = room(eve::kMaxInteger + 1);
      wrote(has_sign(f.kind) ? eve::put_integer(p, as_signed(f.kind, v)) : eve::put_integer(p, narrow(f, v)));
      return;
    }
    char* p = room(20);
    *p++ = '"';
    if (f.base == EveBase::kHex0x) {
      *p++ = '0';
      *p++ = 'x';
    }
    p = eve::put_hex_integer(p, has_sign(f.kind) ? hex_bits(f.kind, v) : narrow(f, v));
    *p++ = '"';
    wrote(p);
  }

  void enumeration(const EveField& f, std::uint64_t v) {
    const auto number = static_cast<std::int32_t>(v);
    const auto it = f.enum_names->find(number);
    if (it == f.enum_names->end()) return wrote(eve::put_integer(room(eve::kMaxInteger + 1), number));
    text(as_bytes(it->second));
  }

  void time(std::uint64_t ns) {
    char* p = room(eve::kMaxTime + 2);
    const std::uint64_t second = ns / 1'000'000'000;
    if (second != second_.value) {
      eve::put_second(second_.text, second);
      second_.value = second;
    }
    *p++ = '"';
    std::memcpy(p, second_.text, eve::kSecondText);
    p = eve::put_fraction(p + eve::kSecondText, ns);
    *p++ = '"';
    wrote(p);
  }

  void formatted(EveKind kind, Bytes b) {
    char* p = room(3 * b.size() + eve::kMaxIp + 4);
    *p++ = '"';
    if (kind == EveKind::kIp && (b.size() == 4 || b.size() == 16)) {
      p = eve::put_ip(p, b);
    } else if (kind == EveKind::kHexColon) {
      p = eve::put_hex_colon(p, b);
    } else if (kind == EveKind::kBase64) {
      p = eve::put_base64(p, b);
    } else {
      p = eve::put_hex(p, b);
    }
    *p++ = '"';
    wrote(p);
  }

  void text(Bytes b) {
    char* p = room(b.size() + 2 + 8);
    *p++ = '"';
    const std::uint8_t* in = b.data();
    const std::uint8_t* const end = in + b.size();
    const std::size_t clean = copy_clean(p, in, end);
    p += clean;
    if (clean < b.size()) {
      wrote(p);
      escaped(in + clean, end);
      p = room(1);
    }
    *p++ = '"';
    wrote(p);
  }

  /// The rest of a string, from the first byte on that may not stand as it is.
  void escaped(const std::uint8_t* in, const std::uint8_t* const end) {
    const bool utf8 = is_utf8(in, end);
    while (in != end) {
      char* p = room(static_cast<std::size_t>(end - in) + 8);
      const std::size_t clean = copy_clean(p, in, end);
      p += clean;
      in += clean;
      if (in != end) {
        const std::uint8_t c = *in;
        const char how = kEscape[c];
        if (how == 1 && utf8) {
          for (std::size_t n = utf8_sequence(in, end); n > 0; --n) *p++ = static_cast<char>(*in++);
          wrote(p);
          continue;
        }
        ++in;
        *p++ = '\\';
        if (how == 1) {  // shown as the four characters \xNN
          *p++ = '\\';
          *p++ = 'x';
          *p++ = "0123456789abcdef"[c >> 4];
          *p++ = "0123456789abcdef"[c & 15];
        } else if (how == 'u') {
          std::memcpy(p, "u00", 3);
          p = eve::put_hex(p + 3, {&c, 1});
        } else {
          *p++ = how;
        }
      }
      wrote(p);
    }
  }

  std::string& out_;
  Second& second_;
  std::size_t start_;
  std::size_t at_;
};

bool EveWriter::append(Bytes record, std::string& out) {
  Json json(out, second_);
  if (!json.object(*table_, record, 0)) {
    json.drop();
    return false;
  }
  json.finish();
  return true;
}

std::string eve_value_text(const EveField& f, std::uint64_t v, Bytes bytes) {
  char text[64];
  char* p = text;
  switch (f.kind) {
    case EveKind::kText:
      return std::string(as_text(bytes));
    case EveKind::kMessage:
      return {};
    case EveKind::kFloat:
      p = put_float(p, std::bit_cast<float>(static_cast<std::uint32_t>(v)));
      break;
    case EveKind::kDouble:
      p = put_float(p, std::bit_cast<double>(v));
      break;
    case EveKind::kBool:
      return v != 0 ? "true" : "false";
    case EveKind::kEnum: {
      const auto it = f.enum_names->find(static_cast<std::int32_t>(v));
      return it != f.enum_names->end() ? it->second : std::to_string(static_cast<std::int32_t>(v));
    }
    case EveKind::kTime:
      p = eve::put_fraction(eve::put_second(p, v / 1'000'000'000), v);
      break;
    case EveKind::kJson:
      return std::string(as_text(bytes));
    case EveKind::kIp:
    case EveKind::kHexBytes:
    case EveKind::kHexColon:
    case EveKind::kBase64: {
      std::string s(3 * bytes.size() + eve::kMaxIp + 4, '\0');
      char* end = nullptr;
      if (f.kind == EveKind::kIp && (bytes.size() == 4 || bytes.size() == 16)) {
        end = eve::put_ip(s.data(), bytes);
      } else if (f.kind == EveKind::kHexColon) {
        end = eve::put_hex_colon(s.data(), bytes);
      } else if (f.kind == EveKind::kBase64) {
        end = eve::put_base64(s.data(), bytes);
      } else {
        end = eve::put_hex(s.data(), bytes);
      }
      s.resize(static_cast<std::size_t>(end - s.data()));
      return s;
    }
    default:
      if (f.base == EveBase::kHex0x) {
        *p++ = '0';
        *p++ = 'x';
      }
      if (f.base != EveBase::kDecimal) {
        p = eve::put_hex_integer(p, has_sign(f.kind) ? hex_bits(f.kind, v) : narrow(f, v));
      } else {
        p = has_sign(f.kind) ? eve::put_integer(p, as_signed(f.kind, v)) : eve::put_integer(p, narrow(f, v));
      }
  }
  return {text, p};
}

std::int64_t eve_integer(const EveField& f, std::uint64_t v) noexcept {
  return has_sign(f.kind) ? as_signed(f.kind, v) : static_cast<std::int64_t>(narrow(f, v));
}

}  // namespace picket
