// parsers/core/ber.h — reads elements of the Basic Encoding Rules (ITU-T X.690, 8.1), one at a time
//
//      | identifier: 1 to 4 octets | length: 1, or 1 + up to 4 octets | content |
//
// Out     a BerElement; its tag is the identifier octets as they stand, as one number: 0x61, 0x9f21
// Cost    O(1) an element; whoever goes down into constructed ones bounds how deep
// Refuses indefinite lengths, identifiers of more than four octets, content beyond the end: the cursor has failed then
#pragma once
#include "parsers/core/cursor.h"

namespace picket {

struct BerElement {
  std::uint32_t tag = 0;
  Bytes content;  ///< borrowed from the input
};

[[nodiscard]] inline bool read_ber(Cursor& c, BerElement& out) noexcept {
  constexpr unsigned kMaxIdentifier = 4, kMaxLengthOctets = 4;
  out.tag = c.u8();
  if ((out.tag & 0x1f) == 0x1f) {
    bool more = true;
    for (unsigned i = 1; i < kMaxIdentifier && more; ++i) {
      const std::uint8_t octet = c.u8();
      out.tag = out.tag << 8 | octet;
      more = (octet & 0x80) != 0;
    }
    if (more) c.fail();
  }
  std::uint32_t length = c.u8();
  if (length >= 0x80) {
    const unsigned octets = length & 0x7f;
    if (octets == 0 || octets > kMaxLengthOctets) c.fail();
    length = 0;
    for (unsigned i = 0; i < octets && c.ok(); ++i) length = length << 8 | c.u8();
  }
  out.content = c.bytes(length);
  return c.ok();
}

/// An INTEGER of up to eight octets, two's complement. False: none, or too long.
[[nodiscard]] inline bool ber_integer(Bytes content, std::int64_t& out) noexcept {
  if (content.empty() || content.size() > 8) return false;
  std::uint64_t v = (content[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t octet : content) v = v << 8 | octet;
  out = static_cast<std::int64_t>(v);
  return true;
}

}  // namespace picket
