// sensor/rules/text.h — cutting rule text into words, numbers and bytes
//
// Every function works on views into the rule, so that a complaint can point at the exact column. Nothing
// allocates but decode_content() and from_hex(); nothing reads a locale.
#pragma once
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/core/bytes.h"
#include "sensor/nearest_name.h"

namespace picket::rules {

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr std::string_view trim_left(std::string_view s) noexcept {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  return s;
}
constexpr std::string_view trim(std::string_view s) noexcept {
  s = trim_left(s);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

/// Takes the part before `separator` off `rest`, trimmed; `rest` becomes what stands behind it.
constexpr std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const auto at = rest.find(separator);
  const auto part = trim(rest.substr(0, at));
  rest = at == std::string_view::npos ? rest.substr(rest.size()) : rest.substr(at + 1);
  return part;
}

/// Takes the first word, up to white space; `rest` begins with the next one.
constexpr std::string_view take_word(std::string_view& rest) noexcept {
  rest = trim_left(rest);
  std::size_t n = 0;
  while (n < rest.size() && !is_space(rest[n])) ++n;
  const auto word = rest.substr(0, n);
  rest = trim_left(rest.substr(n));
  return word;
}

/// Takes a leading character (and the space behind it) off when it is there.
constexpr bool take_char(std::string_view& s, char c) noexcept {
  if (s.empty() || s.front() != c) return false;
  s = trim_left(s.substr(1));
  return true;
}

/// Takes a leading mark such as "<=" off when it is there.
constexpr bool take_prefix(std::string_view& s, std::string_view mark) noexcept {
  if (!s.starts_with(mark)) return false;
  s = trim_left(s.substr(mark.size()));
  return true;
}

/// The whole of `s` as a number, decimal or 0x hexadecimal.
template <class T>
[[nodiscard]] bool parse_number(std::string_view s, T& out) noexcept {
  bool minus = false;
  if constexpr (std::is_signed_v<T>) {
    minus = s.starts_with('-');
    if (minus || s.starts_with('+')) s.remove_prefix(1);
    if (s.empty() || !is_digit(s.front())) return false;
  }
  int base = 10;
  if (s.size() > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) s.remove_prefix(2), base = 16;
  T v{};
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v, base);
  if (error != std::errc{} || end != s.data() + s.size() || s.empty()) return false;
  if constexpr (std::is_signed_v<T>) {
    if (minus) v = static_cast<T>(-v);
  }
  out = v;
  return true;
}

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The bytes that pairs of hex digits, and nothing else, stand for.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view);

/// A word that stands for a value: one line of a small table.
template <class T>
struct Named {
  std::string_view name;
  T value;
};
template <class T, std::size_t N>
[[nodiscard]] constexpr const T* find_named(const Named<T> (&table)[N], std::string_view name) noexcept {
  for (const auto& entry : table) {
    if (equals_nocase(entry.name, name)) return &entry.value;
  }
  return nullptr;
}
/// The table's words, for a message: "a, b or c".
template <class T, std::size_t N>
[[nodiscard]] std::string list_names(const Named<T> (&table)[N]) {
  std::string all;
  for (std::size_t i = 0; i < N; ++i) {
    if (i != 0) all += i + 1 == N ? " or " : ", ";
    all += table[i].name;
  }
  return all;
}

/// Decodes `ab|0d 0a|\;c`. On failure `at` is where and the text says what.
[[nodiscard]] std::optional<std::string_view> decode_content(std::string_view text, std::string& out,
                                                             std::size_t& at);

}  // namespace picket::rules
