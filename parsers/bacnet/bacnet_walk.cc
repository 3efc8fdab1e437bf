#include "parsers/bacnet/bacnet_walk.h"

#include "parsers/core/text_writer.h"

namespace picket::bacnet {
namespace {

constexpr bool is_constructed(Syntax s) noexcept { return s == Syntax::kAny || s == Syntax::kList; }
constexpr std::uint8_t number_of(Syntax s) noexcept { return static_cast<std::uint8_t>(s); }

bool fits(const Rule& r, const Tag& t) noexcept {
  if (r.context < 0) return !t.context && !t.opening && t.number == number_of(r.syntax);
  return t.context && t.number == static_cast<std::uint8_t>(r.context) &&
         t.opening == is_constructed(r.syntax);
}

}  // namespace

bool read_tag(Cursor& in, Tag& out) noexcept {
  if (in.empty()) return false;
  Tag t;
  const std::uint8_t first = in.u8();
  t.number = first >> 4;
  if (t.number == 15) t.number = in.u8();
  t.context = (first & 8) != 0;
  std::size_t length = first & 7;
  if (t.context && length >= 6) {
    t.opening = length == 6;
    t.closing = length == 7;
    length = 0;
  } else if (!t.context && t.number == number_of(Syntax::kBoolean)) {
    t.inside = static_cast<std::uint8_t>(length);
    if (length > 1) in.fail();
    length = 0;
  } else if (length == 5) {
    length = in.u8();
    if (length == 254) length = in.u16be();
    if (length == 255) length = in.u32be();
  } else if (length > 5) {
    in.fail();
  }
  t.content = in.bytes(length);
  if (!in.ok()) return false;
  out = t;
  return true;
}

Bytes inside_of(Cursor& in, bool& too_deep) noexcept {
  const Bytes all = in.rest();
  const std::size_t start = in.offset();
  unsigned open = 1;
  Tag t;
  for (;;) {
    const std::size_t before = in.offset() - start;
    if (!read_tag(in, t)) return in.fail(), all;
    if (t.opening && ++open > kMaxNesting) return too_deep = true, in.fail(), Bytes{};
    if (t.closing && --open == 0) return all.first(before);
  }
}

std::uint64_t Part::number() const noexcept {
  return syntax == Syntax::kBoolean && content.empty() ? inside : read_unsigned(content);
}

const Rule* Walk::find(const Tag& t) noexcept {
  Frame& f = stack_[depth_];
  if (f.schema == nullptr) return nullptr;
  const Schema& s = *f.schema;
  for (std::uint8_t i = f.at; i < s.count; ++i) {
    if (!fits(s.rules[i], t)) continue;
    f.at = static_cast<std::uint8_t>(s.rules[i].many ? i : i + 1);
    return &s.rules[i];
  }
  for (std::uint8_t i = 0; s.repeats && i < f.at; ++i) {
    if (!fits(s.rules[i], t)) continue;
    f.at = static_cast<std::uint8_t>(i + 1);
    return &s.rules[i];
  }
  return nullptr;
}

bool Walk::next(Part& out) noexcept {
  if (broken_) return false;
  for (Tag t; read_tag(in_, t);) {
    if (t.closing) {
      if (depth_ == 0 || stack_[depth_].closing != t.number) return fail();
      --depth_;
      continue;
    }
    const Rule* r = find(t);
    if (r != nullptr && r->syntax == Syntax::kList && depth_ + 1U < kDepth) {
      stack_[++depth_] = {r->inner, 0, t.number};
      continue;
    }
    Bytes content = t.content;
    if (t.opening) {
      content = inside_of(in_, too_deep_);
      // What it breaks off behind is told.
      broken_ = !in_.ok();
      if (broken_ && (too_deep_ || r == nullptr)) return false;
    }
    if (r == nullptr) {
      const Schema* s = stack_[depth_].schema;
      unexpected_ = unexpected_ || s == nullptr || !s->open;
      continue;
    }
    if (r->field == Field::kNone) continue;
    out = {r->field, r->syntax, t.inside, content, r->context};
    return true;
  }
  if (!in_.ok() || depth_ != 0) return fail();
  return false;
}

bool ItemReader::next(Item& out) noexcept {
  Item item;
  Walk before = walk_;
  for (Part p; walk_.next(p); before = walk_) {
    if (!of_item(p.field)) continue;
    const bool starts = p.field == Field::kObject ? item.part_count != 0
                                                  : (p.field == Field::kProperty && item.has_property) ||
                                                        (p.field == Field::kChannel && item.part_count != 0);
    if (starts) {
      walk_ = before;
      return out = item, true;
    }
    if (item.part_count++ == 0) {
      item.parts = before;
      item.has_object = has_object_;
      item.object = object_;
    }
    const std::uint64_t n = p.number();
    switch (p.field) {
      case Field::kObject:
        item.has_object = has_object_ = true;
        item.object = object_ = static_cast<std::uint32_t>(n);
        break;
      case Field::kProperty:
        item.has_property = true;
        item.property = static_cast<std::uint32_t>(n);
        break;
      case Field::kIndex:
        item.has_index = true;
        item.index = static_cast<std::uint32_t>(n);
        break;
      case Field::kPriority:
        item.has_priority = true;
        item.priority = static_cast<std::uint8_t>(n);
        break;
      case Field::kValue:
        item.has_value = true;
        item.value = p.content;
        break;
      case Field::kPlainValue:
        item.has_value = item.is_plain = true;
        item.plain = p;
        break;
      case Field::kChannel:
        item.has_channel = true;
        item.channel = static_cast<std::uint32_t>(n);
        break;
      case Field::kItemErrorClass:
        item.error_class = static_cast<std::uint32_t>(n);
        break;
      case Field::kItemErrorCode:
        item.has_error = true;
        item.error_code = static_cast<std::uint32_t>(n);
        break;
      default:
        break;
    }
  }
  if (item.part_count == 0) return false;
  return out = item, true;
}

namespace {

/// Of a record of a trend log (clause 21, BACnetLogRecord): its status flags, and what was logged by its kind.
Syntax logged(std::uint8_t number, std::uint8_t depth, std::uint8_t outermost) noexcept {
  constexpr std::uint8_t kStatus = 2, kDatum = 1;
  constexpr Syntax kKinds[] = {Syntax::kBits,     Syntax::kBoolean, Syntax::kReal, Syntax::kEnumerated,
                               Syntax::kUnsigned, Syntax::kSigned,  Syntax::kBits, Syntax::kNull,
                               Syntax::kUnknown,  Syntax::kReal};
  if (depth == 0) return number == kStatus ? Syntax::kBits : Syntax::kUnknown;
  return depth == 1 && outermost == kDatum && number < std::size(kKinds) ? kKinds[number] : Syntax::kUnknown;
}

}  // namespace

bool ValueReader::next(Value& out) noexcept {
  if (is_plain_) return is_plain_ = false, out = plain_, true;
  if (broken_) return false;
  for (Tag t; read_tag(in_, t);) {
    if (t.closing) {
      if (depth_ == 0 || inside_[depth_ - 1] != t.number) return broken_ = true, false;
      --depth_;
      continue;
    }
    if (t.opening) {
      if (depth_ == kMaxNesting) return broken_ = true, false;
      inside_[depth_++] = t.number;
      continue;
    }
    Value v;
    v.depth = depth_;
    v.inside = t.inside;
    v.content = t.content;
    if (t.context) {
      v.syntax = log_ ? logged(t.number, depth_, inside_[0]) : Syntax::kUnknown;
      v.context = t.number;
      if (v.syntax == Syntax::kBoolean) v.inside = read_unsigned(t.content) != 0;
    } else {
      v.syntax = t.number <= number_of(Syntax::kObject) ? static_cast<Syntax>(t.number) : Syntax::kUnknown;
      if (depth_ != 0) v.context = inside_[depth_ - 1];
    }
    return out = v, true;
  }
  if (!in_.ok() || depth_ != 0) broken_ = true;
  return false;
}

bool content_fits(Syntax s, Bytes b) noexcept {
  switch (s) {
    case Syntax::kNull:
      return b.empty();
    case Syntax::kBoolean:
      return b.size() <= 1;  // with an application tag it stands in the tag
    case Syntax::kUnsigned:
    case Syntax::kSigned:
      return !b.empty() && b.size() <= 8;
    case Syntax::kEnumerated:
      return !b.empty() && b.size() <= 4;
    case Syntax::kReal:
    case Syntax::kDate:
    case Syntax::kTime:
    case Syntax::kObject:
      return b.size() == 4;
    case Syntax::kDouble:
      return b.size() == 8;
    case Syntax::kText:
      return !b.empty();
    case Syntax::kBits:
      return !b.empty() && b[0] <= 7 && (b.size() > 1 || b[0] == 0);
    default:
      return true;
  }
}

std::uint64_t read_unsigned(Bytes b) noexcept {
  std::uint64_t n = 0;
  for (const std::uint8_t c : b.last(std::min<std::size_t>(b.size(), 8))) n = n << 8 | c;
  return n;
}

std::int64_t read_signed(Bytes b) noexcept {
  std::uint64_t n = !b.empty() && (b[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t c : b.last(std::min<std::size_t>(b.size(), 8))) n = n << 8 | c;
  return static_cast<std::int64_t>(n);
}

double read_real(Syntax s, Bytes b) noexcept {
  Cursor c(b);
  return s == Syntax::kReal ? static_cast<double>(std::bit_cast<float>(c.u32be()))
                            : std::bit_cast<double>(c.u64be());
}

namespace {

/// What is no character becomes U+FFFD.
bool append_utf8(std::uint32_t c, std::span<char> room, std::size_t& size) noexcept {
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
  std::array<char, 4> out;
  std::size_t n = 0;
  const auto tail = [&](unsigned shift) noexcept {
    out[n++] = static_cast<char>(0x80 | (c >> shift & 0x3f));
  };
  if (c < 0x80) {
    out[n++] = static_cast<char>(c);
  } else if (c < 0x800) {
    out[n++] = static_cast<char>(0xc0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out[n++] = static_cast<char>(0xe0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    out[n++] = static_cast<char>(0xf0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
  if (room.size() - size < n) return false;
  std::copy_n(out.data(), n, room.data() + size);
  size += n;
  return true;
}

}  // namespace

Bytes read_text(Bytes b, std::span<char> room, bool& whole) noexcept {
  whole = true;
  if (b.empty()) return {};
  Cursor in(b);
  const std::uint8_t charset = in.u8();
  if (charset == 1) in.skip(2);  // its code page
  if (charset < 3 || charset > 5) return in.rest();
  std::size_t size = 0;
  while (whole && !in.empty()) {
    std::uint32_t c = 0;
    if (charset == 5) c = in.u8();
    if (charset == 3) c = in.u32be();
    if (charset == 4) {
      c = in.u16be();
      Cursor second = in;
      // What some write as UCS-2 is UTF-16.
      if (c >= 0xd800 && c < 0xdc00) {
        const std::uint32_t low = second.u16be();
        if (second.ok() && low >= 0xdc00 && low < 0xe000) {
          c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
          in = second;
        }
      }
    }
    if (!in.ok()) break;
    whole = append_utf8(c, room, size);
  }
  return as_bytes({room.data(), size});
}

namespace {

TextWriter& two(TextWriter& w, unsigned n) noexcept {
  if (n < 10) w << "0";
  return w << n;
}
/// 255: any.
TextWriter& two_or_any(TextWriter& w, std::uint8_t n) noexcept { return n == 255 ? w << "*" : two(w, n); }

}  // namespace

std::size_t write_date(Bytes b, std::span<char> room) noexcept {
  TextWriter w(room);
  if (b.size() != 4) return 0;
  if (b[0] == 255) {
    w << "*";
  } else {
    w << 1900U + b[0];
  }
  w << "-";
  if (b[1] == 13 || b[1] == 14) {
    w << (b[1] == 13 ? "odd" : "even");
  } else {
    two_or_any(w, b[1]);
  }
  w << "-";
  if (b[2] == 32) {
    w << "last";
  } else if (b[2] == 33 || b[2] == 34) {
    w << (b[2] == 33 ? "odd" : "even");
  } else {
    two_or_any(w, b[2]);
  }
  // The day of the week follows from a date; of one that is not said in full it says more.
  constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
  const bool full = b[0] != 255 && b[1] <= 12 && b[2] <= 31;
  if (!full && b[3] >= 1 && b[3] <= 7) w << " " << kDays[b[3] - 1];
  return w.size();
}

std::size_t write_time(Bytes b, std::span<char> room) noexcept {
  TextWriter w(room);
  if (b.size() != 4) return 0;
  two_or_any(w, b[0]) << ":";
  two_or_any(w, b[1]) << ":";
  two_or_any(w, b[2]) << ".";
  two_or_any(w, b[3]);
  return w.size();
}

std::size_t write_bits(Bytes b, std::span<char> room) noexcept {
  if (b.empty() || b[0] > 7) return 0;
  const std::size_t bits = (b.size() - 1) * 8;
  const std::size_t n = std::min(bits < b[0] ? 0 : bits - b[0], room.size());
  for (std::size_t i = 0; i < n; ++i) room[i] = (b[1 + i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  return n;
}

std::size_t write_object(std::uint32_t id, std::span<char> room) noexcept {
  TextWriter w(room);
  const std::string_view name = object_type_name(object_type(id));
  if (name.empty()) {
    w << object_type(id);
  } else {
    w << name;
  }
  w << "," << object_instance(id);
  return w.size();
}

}  // namespace picket::bacnet
