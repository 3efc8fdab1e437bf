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

}  // namespace picket::rules
