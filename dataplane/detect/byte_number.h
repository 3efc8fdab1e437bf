// dataplane/detect/byte_number.h — reads the number that byte_test and its kin ask for
#pragma once
#include <algorithm>
#include <bit>

#include "dataplane/detect/rule_set.h"

namespace picket::detect {

struct ReadNumber {
  bool ok = false;
  std::uint64_t value = 0;
  std::int64_t width = 0;  ///< bytes read; digits: as far as they went
};

inline constexpr std::int64_t kMaxBinaryWidth = 8, kMaxDigits = 23;

/// `width` bytes at `at`, all of which must be there. Digits may follow blanks; they end at the first byte
/// that is none.
inline ReadNumber read_number(Bytes data, std::int64_t at, std::int64_t width, const ByteOp& how) noexcept {
  const auto size = static_cast<std::int64_t>(data.size());
  if (at < 0 || at > size) return {};
  if (width == 0 && how.base != 0) width = std::min(kMaxDigits, size - at);  // as many digits as there are
  if (width <= 0 || width > size - at) return {};
  const std::uint8_t* p = data.data() + at;
  ReadNumber out;
  if (how.base == 0) {
    if (width > kMaxBinaryWidth) return {};
    for (std::int64_t i = 0; i < width; ++i) {
      out.value = how.order == ByteOp::Order::kBig ? out.value << 8 | p[i]
                                                   : out.value | std::uint64_t{p[i]} << (8 * i);
    }
    out.width = width;
  } else {
    if (width > kMaxDigits) return {};
    std::int64_t i = 0;
    while (i < width && (p[i] == ' ' || (p[i] >= '\t' && p[i] <= '\r'))) ++i;
    if (how.base == 16 && i + 1 < width && p[i] == '0' && to_lower(p[i + 1]) == 'x') i += 2;
    const std::int64_t first = i;
    for (; i < width; ++i) {
      const std::uint8_t c = to_lower(p[i]);
      const unsigned digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10U : 99U;
      if (digit >= how.base) break;
      out.value = out.value * how.base + digit;
    }
    if (i == first) return {};
    out.width = i;
  }
  out.ok = true;
  if (how.bitmask != 0) out.value = (out.value & how.bitmask) >> std::countr_zero(how.bitmask);
  return out;
}

}  // namespace picket::detect
