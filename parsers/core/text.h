// parsers/core/text.h — characters of the text protocols of the Internet: blanks, folds, hexadecimal digits
//
// Cost    O(bytes); nothing is copied
#pragma once
#include "parsers/core/bytes.h"

namespace picket {

/// What passes for whitespace somewhere: SP, HTAB, VT, FF, CR, LF.
constexpr bool is_space(std::uint8_t c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
/// Starts a line that continues the one before: SP, HTAB, and NUL, which some readers drop.
constexpr bool is_fold(std::uint8_t c) noexcept { return c == ' ' || c == '\t' || c == 0; }
/// 0..15, or -1.
constexpr int hex_digit(std::uint8_t c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/// Without whitespace and NUL around it.
[[nodiscard]] inline std::string_view trim(std::string_view s) noexcept {
  const auto blank = [](char c) { return is_space(static_cast<std::uint8_t>(c)) || c == 0; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

}  // namespace picket
