// parsers/core/bytes.h — borrowed bytes, and the few ways picket looks at them as text
//
// Nothing here owns memory; a Bytes lives no longer than what it points into.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace picket {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes b) noexcept {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline Bytes as_bytes(std::string_view s) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

/// ASCII lower case; locale and sign of char do not matter.
constexpr std::uint8_t to_lower(std::uint8_t c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + 32) : c;
}

inline bool equals_nocase(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(static_cast<std::uint8_t>(a[i])) != to_lower(static_cast<std::uint8_t>(b[i]))) return false;
  }
  return true;
}

}  // namespace picket
