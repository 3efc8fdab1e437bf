// export/utf8.h — is it UTF-8? For texts that come from anywhere and have to stand in JSON or in metrics
#pragma once
#include <cstddef>
#include <cstdint>

namespace picket {

/// Length of the UTF-8 sequence at the front of [p, end) (RFC 3629: shortest form, no surrogates); 0: none.
[[nodiscard]] inline std::size_t utf8_sequence(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  const auto left = static_cast<std::size_t>(end - p);
  const auto tail = [&](std::size_t i) { return (p[i] & 0xc0) == 0x80; };
  const std::uint8_t c = p[0];
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return left >= 2 && tail(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f)) return 0;
    return 3;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

[[nodiscard]] inline bool is_utf8(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  while (p != end) {
    const std::size_t n = utf8_sequence(p, end);
    if (n == 0) return false;
    p += n;
  }
  return true;
}

}  // namespace picket
