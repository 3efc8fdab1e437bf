// dataplane/detect/base64.h — base64 as rules see it: decodes as far as it goes
//
//   kRfc4648  stops at the first byte that is none of the alphabet
//   kRfc2045  skips such bytes
//   kStrict   gives nothing when there is one, or when padding is wrong
#pragma once
#include <span>

#include "parsers/core/base64.h"
#include "parsers/core/bytes.h"

namespace picket::detect {

enum class Base64Mode : std::uint8_t { kRfc4648, kRfc2045, kStrict };

/// Bytes written to `out`, which is never overrun.
inline std::size_t decode_base64(Bytes in, Base64Mode mode, std::span<std::uint8_t> out) noexcept {
  std::uint32_t bits = 0;
  unsigned held = 0, digits = 0;
  std::size_t n = 0, i = 0;
  for (; i < in.size() && n < out.size(); ++i) {
    const int v = base64_value(in[i]);
    if (v < 0) {
      if (in[i] == '=') break;
      if (mode == Base64Mode::kRfc2045) continue;
      if (mode == Base64Mode::kStrict) return 0;
      break;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    held += 6;
    ++digits;
    if (held >= 8) {
      held -= 8;
      out[n++] = static_cast<std::uint8_t>(bits >> held);
    }
  }
  if (mode == Base64Mode::kStrict) {
    std::size_t padding = 0;
    while (i < in.size() && in[i] == '=') ++i, ++padding;
    if (i != in.size() || padding > 2 || (digits + padding) % 4 != 0) return 0;
  }
  return n;
}

}  // namespace picket::detect
