// export/collector/json.h — text as a JSON string
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace picket::collector {

/// With its quotes, in ASCII: valid JSON whatever the bytes are; those above 0x7f stand as \u00XX.
inline std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u > 0x7e) {
      out += fmt::format("\\u{:04x}", u);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

}  // namespace picket::collector
