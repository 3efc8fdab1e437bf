#include "sensor/rules/text.h"

#include <algorithm>
#include <cstdlib>

namespace picket::rules {

std::optional<std::string_view> decode_content(std::string_view text, std::string& out, std::size_t& at) {
  out.clear();
  out.reserve(text.size());
  bool in_hex = false;
  int high = -1;
  for (at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '|') {
      if (high >= 0) return "an odd number of hex digits";
      in_hex = !in_hex;
    } else if (in_hex) {
      if (is_space(c)) continue;
      const int digit = hex_digit(c);
      if (digit < 0) return "not a hex digit between | and |";
      if (high < 0) {
        high = digit;
      } else {
        out += static_cast<char>(high << 4 | digit);
        high = -1;
      }
    } else if (c == '\\') {
      if (at + 1 == text.size()) return "a backslash with nothing behind it";
      const char next = text[++at];
      if (next != '\\' && next != '"' && next != ';' && next != ':')
        return "only \\\\ \\\" \\; and \\: may be escaped";
      out += next;
    } else if (c == '"') {
      return "a quotation mark must be written \\\" or |22|";
    } else {
      out += c;
    }
  }
  if (in_hex) return "| is not closed";
  return std::nullopt;
}

std::optional<std::string> from_hex(std::string_view s) {
  if (s.size() % 2 != 0) return {};
  std::string out;
  out.reserve(s.size() / 2);
  for (std::size_t i = 0; i < s.size(); i += 2) {
    const int high = hex_digit(s[i]), low = hex_digit(s[i + 1]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

void NearestName::consider(std::string_view candidate) noexcept {
  const std::size_t n = wanted_.size(), m = candidate.size();
  if (n > kMaxLength || m > kMaxLength || n < 3 || m + 2 < n || n + 2 < m) return;
  // Damerau-Levenshtein (neighbours swapped count once), three rows.
  std::array<std::array<unsigned, kMaxLength + 1>, 3> rows{};
  for (std::size_t j = 0; j <= m; ++j) rows[0][j] = static_cast<unsigned>(j);
  for (std::size_t i = 1; i <= n; ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = static_cast<unsigned>(i);
    unsigned least = row[0];
    for (std::size_t j = 1; j <= m; ++j) {
      const bool same = wanted_[i - 1] == candidate[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && wanted_[i - 1] == candidate[j - 2] && wanted_[i - 2] == candidate[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least >= distance_ + 1) return;
  }
  const unsigned distance = rows[n % 3][m];
  if (distance < distance_ && distance * 3 <= n) {
    distance_ = distance;
    best_ = candidate;
  }
}

}  // namespace picket::rules
