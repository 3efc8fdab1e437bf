#include "parsers/dnp3/dnp3_objects.h"

#include "parsers/dnp3/dnp3.h"

namespace picket::dnp3 {
namespace {

constexpr std::uint32_t kAllOnes = 0xffffffff;

/// Octets of an index or size, by prefix code.
constexpr std::uint8_t kPrefixSize[8] = {0, 1, 2, 4, 1, 2, 4, 0};

std::uint32_t read_number(Cursor& c, unsigned size) noexcept {
  return size == 0 ? 0 : size == 1 ? c.u8() : size == 2 ? c.u16le() : c.u32le();
}
std::uint64_t u48le(Cursor& c) noexcept {
  const std::uint64_t low = c.u32le();
  return low | std::uint64_t{c.u16le()} << 32;
}

/// Do headers of this function have values behind them? Those that ask, freeze, or name points do not; what stands
/// behind a size is there in any case.
bool carries_values(std::uint8_t function, const ObjectHeader& h) noexcept {
  if (h.range_code() == 6) return false;
  if (h.size_prefixed()) return true;
  switch (static_cast<Function>(function)) {
    case Function::kConfirm:
    case Function::kRead:
    case Function::kFreeze:
    case Function::kFreezeNr:
    case Function::kFreezeClear:
    case Function::kFreezeClearNr:
    case Function::kEnableUnsolicited:
    case Function::kDisableUnsolicited:
    case Function::kAssignClass:
    case Function::kInitializeData:
    case Function::kSaveConfiguration:
      return h.group == 120;  // aggressive mode puts its objects before and behind the others
    case Function::kFreezeAtTime:
    case Function::kFreezeAtTimeNr:
      return h.group == 50 || h.group == 120;
    default:
      return true;
  }
}

unsigned bits_of(Form form) noexcept { return form == Form::kBits ? 1 : form == Form::kPairs ? 2 : 0; }

std::size_t fixed_size(const ObjectHeader& h) noexcept {
  return h.type->form == Form::kSized ? h.variation : h.type->size;
}
bool has_fixed_size(const ObjectHeader& h) noexcept {
  return h.type->form == Form::kSized || h.type->form == Form::kEmpty || h.type->size != 0;
}

/// Past the points of a header, which stand at `c`; fails it when they are not all there. False: their end cannot be told.
bool skip_points(const ObjectHeader& h, Cursor& c) noexcept {
  const unsigned prefix = kPrefixSize[h.prefix_code()];
  // Each round reads at least one octet, or fails.
  if (h.size_prefixed()) {
    for (std::uint32_t i = 0; i < h.count && c.ok(); ++i) c.skip(read_number(c, prefix));
    return true;
  }
  if (!h.has_values) {
    c.skip(std::uint64_t{h.count} * prefix);
    return true;
  }
  if (h.type == nullptr) return false;
  if (h.type->form == Form::kAttribute) {
    for (std::uint32_t i = 0; i < h.count && c.ok(); ++i) {
      c.skip(prefix + 1U);
      c.skip(c.u8());
    }
    return true;
  }
  if (const unsigned bits = bits_of(h.type->form); bits != 0) {
    c.skip(prefix == 0 ? (std::uint64_t{h.count} * bits + 7) / 8 : std::uint64_t{h.count} * (prefix + 1U));
    return true;
  }
  if (!has_fixed_size(h)) return false;
  c.skip(std::uint64_t{h.count} * (prefix + fixed_size(h)));
  return true;
}

void read_range(ObjectHeader& h, Cursor& c) noexcept {
  const unsigned code = h.range_code();
  if (code <= 2) {
    const unsigned size = 1U << code;
    h.start = read_number(c, size);
    h.stop = read_number(c, size);
    if (h.stop < h.start || h.stop - h.start == kAllOnes) {
      h.problem = Problem::kInvalid;
    } else if (c.ok()) {
      h.count = h.stop - h.start + 1;
    }
  } else if (code >= 7 && code <= 9) {
    h.count = read_number(c, 1U << (code - 7));
  } else if (code == 0x0b) {
    h.count = c.u8();
  } else if (code != 6) {
    h.problem =
        Problem::kInvalid;  // 3 to 5, addresses in a device's memory, are obsolete; others were never given
  }
  if ((h.qualifier & 0x80) != 0 || h.prefix_code() == 7) h.problem = Problem::kInvalid;
}

void read_value(Cursor& c, Value value, Reading& r) noexcept {
  r.has_number = value != Value::kNone;
  r.is_float = value == Value::kF32 || value == Value::kF64;
  switch (value) {
    case Value::kNone:
      break;
    case Value::kU16:
      r.integer = c.u16le();
      break;
    case Value::kU32:
      r.integer = c.u32le();
      break;
    case Value::kI16:
      r.integer = static_cast<std::int16_t>(c.u16le());
      break;
    case Value::kI32:
      r.integer = static_cast<std::int32_t>(c.u32le());
      break;
    case Value::kF32:
      r.real = std::bit_cast<float>(c.u32le());
      break;
    case Value::kF64:
      r.real = std::bit_cast<double>(c.u64le());
      break;
  }
}

void read_flags(Cursor& c, Flags kind, Reading& r) noexcept {
  if (kind == Flags::kNone) return;
  r.flags = c.u8();
  switch (kind) {
    case Flags::kBinary:
    case Flags::kOutput:
      r.state = r.flags >> 7;
      r.has_flags = r.has_state = true;
      break;
    case Flags::kDoubleBit:
      r.state = r.flags >> 6;
      r.has_flags = r.has_state = true;
      break;
    case Flags::kCommand:
      r.state = r.flags >> 7;
      r.status = r.flags & 0x7f;
      r.has_state = r.has_status = true;
      break;
    case Flags::kCommandAnalog:
      r.status = r.flags & 0x7f;
      r.has_status = true;
      break;
    default:
      r.has_flags = true;
      break;
  }
}

}  // namespace

bool ObjectReader::next(ObjectHeader& out) noexcept {
  if (stuck_ || in_.empty()) return false;
  ObjectHeader h;
  h.group = in_.u8();
  h.variation = in_.u8();
  h.qualifier = in_.u8();
  h.type = object_type(h.group, h.variation);
  read_range(h, in_);
  if (!in_.ok() && h.problem == Problem::kNone) h.problem = Problem::kShort;
  if (h.problem != Problem::kNone) {
    stuck_ = true;
    h.known_size = false;
    out = h;
    return true;
  }
  h.has_values = carries_values(function_, h);
  h.has_points = h.count != 0 && (h.has_values || h.prefix_code() != 0);
  // "Any variation" is what a request may ask for; nothing can be of it.
  const bool any = h.variation == 0 && !h.has_values && !group_name(h.group).empty();
  if (h.type == nullptr && !any) h.problem = Problem::kUnknown;
  if (h.has_points) {
    Cursor behind = in_;
    h.known_size = skip_points(h, behind);
    if (!h.known_size) {
      h.problem = Problem::kUnknown;
    } else if (!behind.ok()) {
      h.problem = Problem::kShort;
    }
    stuck_ = !h.known_size || !behind.ok();
    h.points = stuck_ ? in_.rest() : in_.bytes(behind.offset() - in_.offset());
    if (!h.known_size || h.points.empty()) h.has_points = false;
  }
  out = h;
  return true;
}

bool PointReader::next(Point& out) noexcept {
  if (!header_.has_points || done_ >= header_.count) return false;
  Point p;
  p.prefix = read_number(in_, kPrefixSize[header_.prefix_code()]);
  p.index = header_.index_prefixed() ? p.prefix : header_.start + done_;
  if (header_.size_prefixed()) {
    p.data = in_.bytes(p.prefix);
  } else if (header_.has_values) {
    const unsigned bits = bits_of(header_.type->form);
    if (header_.type->form == Form::kAttribute) {
      Cursor head = in_;
      head.skip(1);
      const std::size_t size = std::size_t{head.u8()} + 2;
      p.data = in_.bytes(head.ok() ? size : 2);
    } else if (bits == 0) {
      p.data = in_.bytes(fixed_size(header_));
    } else if (header_.prefix_code() != 0) {
      p.data = in_.bytes(1);
    } else {
      const std::uint64_t bit = std::uint64_t{done_} * bits;
      if (bit / 8 >= header_.points.size()) return false;
      p.data = header_.points.subspan(bit / 8, 1);
      p.shift = static_cast<std::uint8_t>(bit % 8);
    }
  }
  if (!in_.ok()) return false;
  ++done_;
  out = p;
  return true;
}

Reading read_point(const ObjectHeader& h, const Point& p) noexcept {
  Reading r;
  if (!h.has_values || h.type == nullptr || p.data.empty()) return r;
  const ObjectType& t = *h.type;
  Cursor c(p.data);
  switch (t.form) {
    case Form::kBits:
      r.state = c.u8() >> p.shift & 1;
      r.has_state = true;
      break;
    case Form::kPairs:
      r.state = c.u8() >> p.shift & 3;
      r.has_state = true;
      break;
    case Form::kOutput:
      read_value(c, t.value, r);
      r.status = c.u8();
      r.has_status = true;
      break;
    case Form::kRelay:
      r.status = read_relay(p.data).status & 0x7f;
      r.has_status = true;
      break;
    case Form::kDelay:
      read_value(c, Value::kU16, r);
      break;
    case Form::kStatistic:
      r.flags = c.u8();
      r.has_flags = true;
      c.skip(2);
      read_value(c, Value::kU32, r);
      if (t.time == Time::kAbsolute) r.time_ms = u48le(c), r.has_time = true;
      break;
    case Form::kPlain:
    case Form::kTime:
      read_flags(c, t.flags, r);
      read_value(c, t.value, r);
      if (t.time == Time::kAbsolute) r.time_ms = u48le(c), r.has_time = true;
      if (t.time == Time::kRelative) r.delta_ms = c.u16le(), r.has_delta_time = true;
      break;
    default:
      break;
  }
  return c.ok() ? r : Reading{};  // a size prefix may say less than the type needs
}

Relay read_relay(Bytes b) noexcept {
  Cursor c(b);
  Relay r;
  r.code = c.u8();
  r.count = c.u8();
  r.on_ms = c.u32le();
  r.off_ms = c.u32le();
  r.status = c.u8();
  return r;
}

Attribute read_attribute(Bytes b) noexcept {
  Cursor c(b);
  Attribute a;
  a.kind = c.u8();
  a.value = c.bytes(c.u8());
  const std::size_t n = a.value.size();
  Cursor v(a.value);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < n && i < 8; ++i) number |= std::uint64_t{v.u8()} << (8 * i);
  if ((a.kind == 2 || a.kind == 3 || a.kind == 7) && n >= 1 && n <= 8) {
    a.has_number = true;
    a.integer = static_cast<std::int64_t>(number);
    if (a.kind == 3 && n < 8) {  // the sign is that of its last octet
      const unsigned shift = static_cast<unsigned>(64 - 8 * n);
      a.integer = static_cast<std::int64_t>(number << shift) >> shift;
    }
  }
  if (a.kind == 4 && (n == 4 || n == 8)) {
    a.has_number = a.is_float = true;
    a.real =
        n == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(number)) : std::bit_cast<double>(number);
  }
  return a;
}

FileObject read_file(std::uint8_t variation, Bytes b) noexcept {
  FileObject f;
  Cursor c(b);
  const auto names = [&] {
    f.name_offset = c.u16le();
    f.name_size = c.u16le();
  };
  switch (variation) {
    case 2:
      names();
      f.password_offset = c.u16le();
      f.password_size = c.u16le();
      f.key = c.u32le();
      break;
    case 3:
      names();
      f.created_ms = u48le(c);
      f.permissions = c.u16le();
      f.key = c.u32le();
      f.size = c.u32le();
      f.mode = c.u16le();
      f.max_block = c.u16le();
      f.request = c.u16le();
      break;
    case 4:
      f.handle = c.u32le();
      f.size = c.u32le();
      f.max_block = c.u16le();
      f.request = c.u16le();
      f.status = c.u8();
      f.data = c.rest();
      break;
    case 5:
      f.handle = c.u32le();
      f.block = c.u32le();
      f.data = c.rest();
      break;
    case 6:
      f.handle = c.u32le();
      f.block = c.u32le();
      f.status = c.u8();
      f.data = c.rest();
      break;
    case 7:
      names();
      f.type = c.u16le();
      f.size = c.u32le();
      f.created_ms = u48le(c);
      f.permissions = c.u16le();
      f.request = c.u16le();
      break;
    case 8:
      f.name = b;
      break;
    default:
      f.data = b;
      break;
  }
  f.ok = c.ok();
  // Offsets count from the start of the object.
  const auto piece = [&](std::size_t offset, std::size_t size, Bytes& out) {
    if (size == 0) return;
    if (offset + size > b.size()) {
      f.ok = false;
    } else {
      out = b.subspan(offset, size);
    }
  };
  piece(f.name_offset, f.name_size, f.name);
  piece(f.password_offset, f.password_size, f.password);
  return f;
}

AuthObject read_auth(std::uint8_t variation, Bytes b) noexcept {
  AuthObject a;
  Cursor c(b);
  const auto head = [&] {
    a.sequence = c.u32le();
    a.user = c.u16le();
  };
  switch (variation) {
    case 1:
      head();
      a.algorithm = c.u8();
      a.reason = c.u8();
      break;
    case 2:
    case 3:
    case 6:
      head();
      break;
    case 4:
      a.user = c.u16le();
      break;
    case 5:
      head();
      a.key_wrap = c.u8();
      a.key_status = c.u8();
      a.algorithm = c.u8();
      a.challenge_size = c.u16le();
      break;
    case 7:
      head();
      a.association = c.u16le();
      a.error = c.u8();
      a.time_ms = u48le(c);
      break;
    default:
      break;
  }
  a.data = c.rest();
  a.ok = c.ok();
  return a;
}

}  // namespace picket::dnp3
