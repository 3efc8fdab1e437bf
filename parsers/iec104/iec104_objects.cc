// parsers/iec104/iec104_objects.cc — information objects, taken apart by the parts of their type (5-101 §7.2.6)
#include <algorithm>
#include <bit>
#include <cstdio>

#include "parsers/iec104/iec104.h"

namespace picket::iec104 {
namespace {

/// By Part.
constexpr std::uint8_t kSizes[] = {
    0, 1, 1, 1, 4, 2, 2, 4, 5, 1, 1, 1, 4,  // none to SCD
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,     // QDS to COI
    2, 2, 2, 3, 7,                          // FBP to CP56
    2, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1,        // NOF to SOF; of a segment its length
};
static_assert(std::size(kSizes) == static_cast<std::size_t>(Part::kSegment) + 1);

constexpr std::size_t size_of(Part p) noexcept { return kSizes[static_cast<std::size_t>(p)]; }

/// IV, NT, SB, BL are the four highest bits of each octet that has them.
std::uint16_t quality_bits(std::uint8_t octet) noexcept {
  return static_cast<std::uint16_t>(
      ((octet & 0x80) != 0 ? kInvalid : 0) | ((octet & 0x40) != 0 ? kNotTopical : 0) |
      ((octet & 0x20) != 0 ? kSubstituted : 0) | ((octet & 0x10) != 0 ? kBlocked : 0));
}

Time read_time(Cursor& c, std::uint8_t size) noexcept {
  Time t;
  t.size = size;
  t.ms = c.u16le();
  const std::uint8_t minute = c.u8();
  t.minute = minute & 0x3f;
  t.substituted = (minute & 0x40) != 0;
  t.invalid = (minute & 0x80) != 0;
  if (size == 3) return t;
  const std::uint8_t hour = c.u8(), day = c.u8();
  t.hour = hour & 0x1f;
  t.summer = (hour & 0x80) != 0;
  t.day = day & 0x1f;
  t.weekday = day >> 5;
  t.month = c.u8() & 0x0f;
  t.year = c.u8() & 0x7f;
  return t;
}

/// Reads the elements of one object, front to back.
class Reader {
 public:
  Reader(Cursor& c, Object& o) noexcept : c_(c), o_(o) {}

  void read(Part p) noexcept {
    switch (p) {
      case Part::kNone:
        return;
      case Part::kSiq:
      case Part::kDiq:
        return point(p);
      case Part::kVti: {
        const std::uint8_t v = c_.u8();
        o_.transient = (v & 0x80) != 0;
        return number(p, (v & 0x40) != 0 ? (v & 0x7f) - 128 : v & 0x7f);
      }
      case Part::kBsi:
        return number(p, c_.u32le());
      case Part::kNva:
        return number(p, static_cast<std::int16_t>(c_.u16le()) / 32768.0);
      case Part::kSva:
        return number(p, static_cast<std::int16_t>(c_.u16le()));
      case Part::kR32:
        return number(p, std::bit_cast<float>(c_.u32le()));
      case Part::kBcr:
        return counter();
      case Part::kSep: {
        const std::uint8_t v = c_.u8();
        o_.state = static_cast<State>(v & 3);
        number(p, v & 3);
        return protection_quality(v);
      }
      case Part::kSpe:
      case Part::kOci:
        return number(p, c_.u8() & (p == Part::kSpe ? 0x3f : 0x0f));
      case Part::kScd:
        number(p, c_.u16le());
        o_.changes = c_.u16le();
        return;
      case Part::kQds: {
        const std::uint8_t v = c_.u8();
        return quality(static_cast<std::uint16_t>(quality_bits(v) | ((v & 1) != 0 ? kOverflow : 0)));
      }
      case Part::kQdp:
        return protection_quality(c_.u8());
      case Part::kSco:
      case Part::kDco:
      case Part::kRco:
        return command(p);
      case Part::kQos: {
        const std::uint8_t v = c_.u8();
        selects(v);
        return qualifier(p, v & 0x7f);
      }
      case Part::kCp16:
        o_.elapsed_ms = c_.u16le();
        o_.has_elapsed = true;
        return;
      case Part::kCp24:
        o_.time = read_time(c_, 3);
        return;
      case Part::kCp56:
        (o_.time.size == 0 ? o_.time : o_.until) = read_time(c_, 7);
        return;
      case Part::kFbp:
      case Part::kTsc:
        return qualifier(p, c_.u16le());
      case Part::kQoi:
      case Part::kQcc:
      case Part::kQrp:
      case Part::kQpm:
      case Part::kQpa:
      case Part::kCoi:
        return qualifier(p, c_.u8());
      default:
        return file(p);
    }
  }

 private:
  void number(Part p, double v) noexcept {
    o_.value_part = p;
    o_.value = v;
  }
  void qualifier(Part p, std::uint16_t v) noexcept {
    o_.qualifier_part = p;
    o_.qualifier = v;
  }
  void quality(std::uint16_t bits) noexcept {
    o_.has_quality = true;
    o_.quality = bits;
  }
  void selects(std::uint8_t v) noexcept {
    o_.has_select = true;
    o_.select = (v & 0x80) != 0;
  }
  void protection_quality(std::uint8_t v) noexcept {
    quality(static_cast<std::uint16_t>(quality_bits(v) | ((v & 8) != 0 ? kElapsedInvalid : 0)));
  }

  void point(Part p) noexcept {
    const std::uint8_t v = c_.u8();
    const std::uint8_t bits = v & (p == Part::kSiq ? 1 : 3);
    number(p, bits);
    o_.state = static_cast<State>(p == Part::kSiq ? bits + 1 : bits);
    quality(quality_bits(v));
  }

  void command(Part p) noexcept {
    const std::uint8_t v = c_.u8();
    const std::uint8_t bits = v & (p == Part::kSco ? 1 : 3);
    number(p, bits);
    o_.state = static_cast<State>(p == Part::kSco ? bits + 1 : bits);
    selects(v);
    qualifier(p, v >> 2 & 0x1f);
  }

  void counter() noexcept {
    number(Part::kBcr, static_cast<std::int32_t>(c_.u32le()));
    const std::uint8_t v = c_.u8();
    o_.counter_sequence = v & 0x1f;
    quality(static_cast<std::uint16_t>(((v & 0x80) != 0 ? kInvalid : 0) | ((v & 0x40) != 0 ? kAdjusted : 0) |
                                       ((v & 0x20) != 0 ? kCarry : 0)));
  }

  void file(Part p) noexcept {
    FileFields& f = o_.file;
    switch (p) {
      case Part::kNof:
        f.name = c_.u16le();
        return;
      case Part::kNos:
        f.section = c_.u8();
        f.has_section = true;
        return;
      case Part::kLof:
        f.length = c_.u24le();
        f.has_length = true;
        return;
      case Part::kChs:
        f.checksum = c_.u8();
        f.has_checksum = true;
        return;
      case Part::kSof:
        f.status = c_.u8();
        f.has_status = true;
        return;
      case Part::kSegment:
        f.segment = c_.bytes(c_.u8());
        return;
      default:  // FRQ, SRQ, SCQ, LSQ, AFQ
        f.qualifier = c_.u8();
        return qualifier(p, f.qualifier);
    }
  }

  Cursor& c_;
  Object& o_;
};

}  // namespace

std::size_t element_size(const TypeInfo& info, Bytes object) noexcept {
  std::size_t size = 0;
  for (const Part p : info.parts) {
    size += size_of(p);
    if (p == Part::kSegment && object.size() >= size) size += object[size - 1];
  }
  return size;
}

bool object_at(const Asdu& a, unsigned n, Object& out) noexcept {
  if (n >= a.objects) return false;
  Cursor c(a.bytes);
  c.skip(kAsduHeader);
  const std::size_t size = element_size(*a.info, c.rest().size() < 3 ? Bytes{} : c.rest().subspan(3));
  c.skip(a.sequence ? 0 : n * (3 + size));
  out = Object{};
  out.address = c.u24le();
  if (a.sequence) {
    out.address += n;
    c.skip(n * size);
  }
  Reader reader(c, out);
  for (const Part p : a.info->parts) reader.read(p);
  return c.ok();
}

Bytes rest_of(const Asdu& a) noexcept {
  const Bytes behind = a.bytes.subspan(std::min(a.bytes.size(), kAsduHeader));
  if (a.objects == 0) return behind;
  const std::size_t size = element_size(*a.info, behind.subspan(3));
  return behind.subspan(a.sequence ? 3 + a.objects * size : a.objects * (3 + size));
}

std::uint16_t qualities_of(const Asdu& a) noexcept {
  std::uint16_t all = 0;
  Object o;
  for (unsigned i = 0; i < a.objects && object_at(a, i, o); ++i) all |= o.quality;
  return all;
}

bool Time::possible() const noexcept {
  if (ms > 59999 || minute > 59) return false;
  return size == 3 || (hour < 24 && day >= 1 && month >= 1 && month <= 12 && year < 100);
}

std::string_view Time::text(std::span<char, kTextSize> room) const noexcept {
  int n = 0;
  if (size == 3) {
    n = std::snprintf(room.data(), room.size(), "%02u:%02u.%03u", minute, ms / 1000U, ms % 1000U);
  } else {
    // Years have two digits, and are of this century up to 69: the protocol is younger than 1970. Stations that count
    // on behind 99 mean years since 1900.
    n = std::snprintf(room.data(), room.size(), "%u-%02u-%02uT%02u:%02u:%02u.%03u",
                      (year < 70 ? 2000U : 1900U) + year, month, day, hour, minute, ms / 1000U, ms % 1000U);
  }
  return {room.data(), static_cast<std::size_t>(std::clamp(n, 0, static_cast<int>(room.size()) - 1))};
}

}  // namespace picket::iec104
