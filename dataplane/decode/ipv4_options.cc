// IPv4 options (RFC 791 §3.1, RFC 1108, RFC 2113, RFC 4782, CIPSO in FIPS 188)
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

enum Option : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kRecordRoute = 7,
  kQuickStart = 25,
  kTimestamp = 68,
  kSecurity = 130,
  kLooseRoute = 131,
  kExtendedSecurity = 133,
  kCipso = 134,
  kStreamId = 136,
  kStrictRoute = 137,
  kRouterAlert = 148,
};

/// What its definition says of an option's contents; `c` stands behind type and length.
enum class Fault : std::uint8_t { kNone, kLength, kMalformed, kUnknown };

Fault check_route(Cursor c) noexcept {
  constexpr std::uint8_t kFirstPointer = 4;
  const std::size_t size = c.left() + 2;
  const std::uint8_t pointer = c.u8();
  if (!c.ok() || c.left() % 4 != 0) return Fault::kLength;
  const bool aligned = pointer % 4 == 0;
  return pointer < kFirstPointer || !aligned || pointer > size + 1 ? Fault::kMalformed : Fault::kNone;
}

Fault check_timestamp(Cursor c) noexcept {
  constexpr std::uint8_t kFirstPointer = 5;
  enum : std::uint8_t { kTimesOnly = 0, kWithAddress = 1, kAsked = 3 };
  const std::size_t size = c.left() + 2;
  const std::uint8_t pointer = c.u8();
  const std::uint8_t kind = c.u8() & 0x0f;
  if (!c.ok()) return Fault::kLength;
  if (kind != kTimesOnly && kind != kWithAddress && kind != kAsked) return Fault::kMalformed;
  const std::size_t record = kind == kTimesOnly ? 4 : 8;
  if (pointer < kFirstPointer || pointer > size + 1 || (pointer - kFirstPointer) % record != 0)
    return Fault::kMalformed;
  return Fault::kNone;
}

Fault check_cipso(Cursor c) noexcept {
  c.skip(4);  // domain of interpretation
  if (!c.ok()) return Fault::kLength;
  while (!c.empty()) {  // tags: type, length, data; each turn takes 2 bytes or ends
    c.skip(1);
    const std::uint8_t length = c.u8();
    if (!c.ok() || length < 2) return Fault::kMalformed;
    c.skip(length - 2U);
    if (!c.ok()) return Fault::kMalformed;
  }
  return Fault::kNone;
}

Fault check(std::uint8_t type, Cursor contents) noexcept {
  const auto length_is = [&](std::size_t n) {
    return contents.left() + 2 == n ? Fault::kNone : Fault::kLength;
  };
  switch (type) {
    case kRecordRoute:
    case kLooseRoute:
    case kStrictRoute:
      return check_route(contents);
    case kTimestamp:
      return check_timestamp(contents);
    case kQuickStart:
      return length_is(8);
    case kStreamId:
    case kRouterAlert:
      return length_is(4);
    case kSecurity:
    case kExtendedSecurity:
      return contents.left() + 2 >= 3 ? Fault::kNone : Fault::kLength;
    case kCipso:
      return check_cipso(contents);
    default:
      return Fault::kUnknown;
  }
}

}  // namespace

void ipv4_options(Layers& s, Bytes options) noexcept {
  Cursor c(options);
  std::uint64_t seen[4] = {};
  while (!c.empty()) {  // each turn takes a byte at least; 40 bytes at most
    const std::uint8_t type = c.u8();
    if (type == kEnd) return;
    if (type == kNop) continue;
    if (c.empty()) return s.note(DecodeEvent::kIpv4OptEolRequired);
    const std::uint8_t length = c.u8();
    if (length < 2 || length - 2U > c.left()) return s.note(DecodeEvent::kIpv4OptInvalidLen);
    const Cursor contents(c.bytes(length - 2U));

    const std::uint64_t bit = std::uint64_t{1} << type % 64;
    if ((seen[type / 64] & bit) != 0) {
      s.note(DecodeEvent::kIpv4OptDuplicate);
      continue;
    }
    seen[type / 64] |= bit;
    switch (check(type, contents)) {
      case Fault::kNone:
        break;
      case Fault::kLength:
        s.note(DecodeEvent::kIpv4OptInvalidLen);
        break;
      case Fault::kMalformed:
        s.note(DecodeEvent::kIpv4OptMalformed);
        break;
      case Fault::kUnknown:
        s.note(DecodeEvent::kIpv4OptUnknown);
        break;
    }
  }
}

}  // namespace picket::layers
