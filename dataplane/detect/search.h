// dataplane/detect/search.h — finds a short needle in a buffer, as it stands or in any case of letters
//
// Cost    sixteen positions at a step by their first and last byte (SSE2), then a comparison
// Takes   a needle of at least one byte, in lower case when `nocase`
#pragma once
#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "parsers/core/bytes.h"

namespace picket::detect {

inline bool same_bytes(const std::uint8_t* at, const std::uint8_t* needle, std::size_t n,
                       bool nocase) noexcept {
  if (!nocase) return std::memcmp(at, needle, n) == 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (to_lower(at[i]) != needle[i]) return false;
  }
  return true;
}

inline constexpr std::size_t kNotFound = static_cast<std::size_t>(-1);

/// Where `needle` first stands in `hay`, or kNotFound.
inline std::size_t find_bytes(Bytes hay, Bytes needle, bool nocase) noexcept {
  const std::size_t n = hay.size(), m = needle.size();
  if (m == 0 || n < m) return kNotFound;
  const std::uint8_t* h = hay.data();
  std::size_t i = 0;
  const std::size_t last = n - m;
#if defined(__SSE2__)
  // A letter in lower case is what its upper case becomes with bit 0x20 set, and nothing else does.
  const auto fold = [nocase](std::uint8_t c) noexcept { return nocase && c >= 'a' && c <= 'z' ? 0x20 : 0; };
  const __m128i head = _mm_set1_epi8(static_cast<char>(needle[0])),
                tail = _mm_set1_epi8(static_cast<char>(needle[m - 1]));
  const __m128i head_fold = _mm_set1_epi8(static_cast<char>(fold(needle[0])));
  const __m128i tail_fold = _mm_set1_epi8(static_cast<char>(fold(needle[m - 1])));
  for (; i + 15 <= last; i += 16) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(h + i));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(h + i + m - 1));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(
        _mm_cmpeq_epi8(_mm_or_si128(a, head_fold), head), _mm_cmpeq_epi8(_mm_or_si128(b, tail_fold), tail))));
    for (; mask != 0; mask &= mask - 1) {
      const std::size_t at = i + static_cast<std::size_t>(__builtin_ctz(mask));
      if (same_bytes(h + at, needle.data(), m, nocase)) return at;
    }
  }
#endif
  for (; i <= last; ++i) {
    if (same_bytes(h + i, needle.data(), m, nocase)) return i;
  }
  return kNotFound;
}

}  // namespace picket::detect
