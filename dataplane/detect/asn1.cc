#include "dataplane/detect/asn1.h"

#include <algorithm>
#include <limits>

namespace picket::detect {
namespace {

constexpr std::uint8_t kConstructed = 0x20, kTagMask = 0x1f, kClassMask = 0xc0;
constexpr std::uint8_t kBitString = 3, kReal = 9;
constexpr std::uint8_t kIndefinite = 0x80;
/// A REAL whose first byte has neither of these is text (X.690, 8.5.8).
constexpr std::uint8_t kRealNotText = 0xc0;
constexpr std::uint64_t kLongestReal = 256;

/// The length of contents; of a form longer than eight bytes, more than any.
std::uint64_t read_length(Cursor& c, bool& indefinite) noexcept {
  const std::uint8_t first = c.u8();
  indefinite = first == kIndefinite;
  if (first <= kIndefinite) return indefinite ? 0 : first;
  std::uint64_t length = 0;
  bool beyond = false;
  for (unsigned i = first & 0x7f; i > 0; --i) {
    beyond = beyond || length >> 56 != 0;
    length = length << 8 | c.u8();
  }
  return beyond ? std::numeric_limits<std::uint64_t>::max() : length;
}

}  // namespace

bool asn1_fails(Bytes ber, const Asn1Checks& checks) noexcept {
  Cursor c(ber);
  for (unsigned n = 0; n < kMaxAsn1Elements && !c.empty(); ++n) {
    const std::uint8_t identifier = c.u8();
    if ((identifier & kTagMask) == kTagMask) {
      while ((c.u8() & 0x80) != 0) {
      }
    }
    bool indefinite = false;
    const std::uint64_t length = read_length(c, indefinite);
    if (!c.ok()) return false;
    if (checks.oversize_length != 0 && length > checks.oversize_length) return true;
    if ((identifier & kConstructed) != 0) continue;
    if (indefinite) return false;  // only constructed elements may have no length
    const bool universal = (identifier & kClassMask) == 0;
    const std::uint8_t first = c.peek();
    if (universal && length != 0 && !c.empty()) {
      if (checks.bitstring_overflow && identifier == kBitString && (length - 1) < (first + 7U) / 8)
        return true;
      if (checks.double_overflow && identifier == kReal && (first & kRealNotText) == 0 &&
          length > kLongestReal)
        return true;
    }
    c.skip(static_cast<std::size_t>(std::min<std::uint64_t>(length, ber.size())));
    if (!c.ok()) return false;
  }
  return false;
}

}  // namespace picket::detect
