// Padded paths (Volume 1, appendix C-1.4): every segment begins at an even offset.
#include "parsers/core/text_writer.h"
#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

constexpr std::uint8_t kKeySegment = 0x34, kAnsiSymbol = 0x91, kSimpleData = 0x80;

TextWriter& hex(TextWriter& w, std::uint64_t v) noexcept {
  char digits[16];
  const char* end = std::to_chars(digits, digits + sizeof digits, v, 16).ptr;
  return w << "0x" << std::string_view(digits, static_cast<std::size_t>(end - digits));
}

void class_text(TextWriter& w, std::uint32_t id) noexcept {
  const std::string_view name = class_name(id);
  if (name.empty()) {
    w << "class ";
    hex(w, id);
  } else {
    w << name;
  }
}

bool printable(Bytes b) noexcept {
  for (const std::uint8_t c : b) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return !b.empty();
}

}  // namespace

/// Nearly all that paths have.
bool SegmentReader::logical(Segment& out) noexcept {
  static constexpr SegmentKind kKinds[] = {
      SegmentKind::kClass,     SegmentKind::kInstance, SegmentKind::kMember,    SegmentKind::kConnectionPoint,
      SegmentKind::kAttribute, SegmentKind::kOther,    SegmentKind::kServiceId, SegmentKind::kOther};
  out.kind = kKinds[out.type >> 2 & 7];
  if (out.type == kKeySegment) {
    out.kind = SegmentKind::kKey;
    const std::uint8_t format = in_.peek();
    const std::size_t size = format == 4 ? 9 : format == 5 ? 13 : 0;
    out.bytes = in_.bytes(size);
    return size != 0 && in_.ok();
  }
  if (out.kind == SegmentKind::kOther) return false;
  const unsigned format = out.type & 3;
  if (format == 0) {
    out.value = in_.u8();
  } else if (format == 1) {
    in_.skip(1);
    out.value = in_.u16le();
  } else if (format == 2) {
    in_.skip(1);
    out.value = in_.u32le();
  }
  return format != 3 && in_.ok();
}

bool SegmentReader::next(Segment& out) noexcept {
  if (in_.empty() || bad_) return false;
  out = {};
  out.type = in_.u8();
  if (out.type >> 5 == 1) {
    bad_ = !logical(out);
    return !bad_;
  }
  switch (out.type >> 5) {
    case 0: {
      out.kind = SegmentKind::kPort;
      const bool extended = (out.type & 0x10) != 0;
      const std::size_t size = extended ? in_.u8() : 1;
      out.value = out.type & 15;
      if (out.value == 15) out.value = in_.u16le();
      out.bytes = in_.bytes(size);
      // Two bytes and the address, or one byte and the address: to the next even offset.
      if (extended && size % 2 != 0) in_.skip(1);
      break;
    }
    case 2: {
      out.kind = SegmentKind::kNetwork;
      const bool many = (out.type & 0x10) != 0;
      out.bytes = in_.bytes(many ? std::size_t{in_.u8()} * 2 : 1);
      if (!many && !out.bytes.empty()) out.value = out.bytes[0];
      break;
    }
    case 3: {
      out.kind = SegmentKind::kSymbol;
      const std::size_t size = out.type & 31;
      if (size == 0) {
        in_.fail();  // characters of two or three bytes, or numbers: nobody sends them
        break;
      }
      out.bytes = in_.bytes(size);
      if (size % 2 == 0) in_.skip(1);
      break;
    }
    case 4:
      if (out.type == kAnsiSymbol) {
        out.kind = SegmentKind::kSymbol;
        out.bytes = in_.bytes(in_.u8());
        if (out.bytes.size() % 2 != 0) in_.skip(1);
      } else if (out.type == kSimpleData) {
        out.kind = SegmentKind::kData;
        out.bytes = in_.bytes(std::size_t{in_.u8()} * 2);
      } else {
        in_.fail();
      }
      break;
    default:
      in_.fail();
      break;
  }
  bad_ = !in_.ok();
  return !bad_;
}

Target target_of(Bytes path) noexcept {
  Target t{};
  SegmentReader r(path);
  for (Segment s; r.next(s);) {
    const auto value = static_cast<std::uint32_t>(s.value);
    switch (s.kind) {
      case SegmentKind::kClass:
        t = {.class_id = value, .has_class = true, .named = t.named};
        break;
      case SegmentKind::kInstance:
        t.has_instance = true;
        t.instance = value;
        break;
      case SegmentKind::kConnectionPoint:
        t.has_point = true;
        t.point = value;
        break;
      case SegmentKind::kAttribute:
        t.has_attribute = true;
        t.attribute = value;
        break;
      case SegmentKind::kSymbol:
        t.has_symbol = t.named = true;
        break;
      default:
        break;
    }
  }
  t.bad = r.bad();
  return t;
}

std::size_t write_symbol(Bytes path, std::span<char> room) noexcept {
  TextWriter w(room);
  SegmentReader r(path);
  bool any = false, open = false;
  for (Segment s; r.next(s);) {
    if (s.kind == SegmentKind::kMember && any) {
      w << (open ? "," : "[") << s.value;
      open = true;
      continue;
    }
    if (open) w << "]";
    open = false;
    if (s.kind != SegmentKind::kSymbol) continue;
    if (any) w << ".";
    w << s.bytes;
    any = true;
  }
  if (open) w << "]";
  return any ? w.size() : 0;
}

std::size_t write_target(Bytes path, std::span<char> room) noexcept {
  TextWriter w(room);
  SegmentReader r(path);
  bool any = false, nameless = false;
  for (Segment s; r.next(s);) {
    if (s.kind == SegmentKind::kSymbol && !nameless) {
      // A name says it all; an empty one nothing.
      if (const std::size_t n = write_symbol(path, room); n != 0) return n;
      nameless = true;
    }
    const bool logical = s.kind == SegmentKind::kClass || s.kind == SegmentKind::kInstance ||
                         s.kind == SegmentKind::kAttribute || s.kind == SegmentKind::kMember ||
                         s.kind == SegmentKind::kConnectionPoint;
    if (!logical) continue;
    if (any) w << " ";
    any = true;
    switch (s.kind) {
      case SegmentKind::kClass:
        class_text(w, static_cast<std::uint32_t>(s.value));
        break;
      case SegmentKind::kInstance:
        w << s.value;
        break;
      case SegmentKind::kAttribute:
        w << "attribute " << s.value;
        break;
      case SegmentKind::kMember:
        w << "member " << s.value;
        break;
      default:
        w << "point " << s.value;
        break;
    }
  }
  return w.size();
}

std::size_t write_route(Bytes path, std::span<char> room) noexcept {
  TextWriter w(room);
  SegmentReader r(path);
  for (Segment s; r.next(s);) {
    if (s.kind != SegmentKind::kPort) continue;
    if (w.size() != 0) w << ",";
    w << s.value << ",";
    if (s.bytes.size() == 1) {
      w << unsigned{s.bytes[0]};
    } else if (printable(s.bytes)) {
      w << s.bytes;
    }
  }
  return w.size();
}

std::int64_t slot_of(Bytes path) noexcept {
  std::int64_t slot = kNoOtStation;
  SegmentReader r(path);
  for (Segment s; r.next(s);) {
    if (s.kind == SegmentKind::kPort) slot = s.bytes.size() == 1 ? std::int64_t{s.bytes[0]} : kNoOtStation;
  }
  return slot;
}

bool read_key(Bytes b, Key& out) noexcept {
  Cursor c(b);
  c.skip(1);
  out.vendor = c.u16le();
  out.device_type = c.u16le();
  out.product_code = c.u16le();
  const std::uint8_t major = c.u8();
  out.compatible = (major & 0x80) != 0;
  out.major = major & 0x7f;
  out.minor = c.u8();
  return c.ok();
}

}  // namespace picket::enip
