// parsers/core/iec61850.h — what GOOSE, sampled values and MMS have in common (IEC 61850-8-1 Annex C, 9-2 Annex A)
//
//      0       2        4           6           8
//      | APPID | length | reserved1 | reserved2 | APDU: length - 8 bytes |  padding, PRP's trailer
//                         S: 0x8000 simulated
#pragma once
#include "parsers/core/cursor.h"

namespace picket {

struct Iec61850Frame {
  static constexpr std::size_t kHeader = 8;
  static constexpr std::uint16_t kSimulated = 0x8000;

  std::uint16_t appid = 0, length = 0, reserved1 = 0, reserved2 = 0;
  Bytes apdu;  ///< borrowed
};

/// False: the length is less than the header's, or more than there is.
[[nodiscard]] inline bool read_iec61850(Bytes frame, Iec61850Frame& out) noexcept {
  Cursor c(frame);
  out.appid = c.u16be();
  out.length = c.u16be();
  out.reserved1 = c.u16be();
  out.reserved2 = c.u16be();
  if (!c.ok() || out.length < Iec61850Frame::kHeader) return false;
  out.apdu = c.bytes(out.length - Iec61850Frame::kHeader);
  return c.ok();
}

/// UtcTime (8-1, 8.1.3.6): seconds, a binary fraction of 24 bits, quality.
struct Iec61850Time {
  std::uint64_t ns = 0;  ///< since 1970 UTC
  bool leap_seconds_known = false, clock_failure = false, clock_not_synchronized = false;
  std::uint8_t accuracy_bits = 0;
};

[[nodiscard]] inline bool read_iec61850_time(Bytes content, Iec61850Time& out) noexcept {
  Cursor c(content);
  const std::uint64_t seconds = c.u32be();
  const std::uint64_t fraction = c.u24be();
  const std::uint8_t quality = c.u8();
  if (!c.ok() || !c.empty()) return false;
  out.ns = seconds * 1'000'000'000 + (fraction * 1'000'000'000 >> 24);
  out.leap_seconds_known = (quality & 0x80) != 0;
  out.clock_failure = (quality & 0x40) != 0;
  out.clock_not_synchronized = (quality & 0x20) != 0;
  out.accuracy_bits = quality & 0x1f;
  return true;
}

}  // namespace picket
