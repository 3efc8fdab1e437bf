#include "export/plain_json.h"

#include <cstdint>

namespace picket {
namespace {

struct Reader {
  std::string_view s;
  std::size_t i = 0;

  bool take(char c) noexcept {
    if (i == s.size() || s[i] != c) return false;
    ++i;
    return true;
  }
  bool digits() noexcept {
    const std::size_t from = i;
    while (i < s.size() && s[i] >= '0' && s[i] <= '9') ++i;
    return i > from;
  }
  bool string() noexcept {
    if (!take('"')) return false;
    while (i < s.size() && s[i] >= 0x20 && s[i] <= 0x7e) {
      const char c = s[i++];
      if (c == '"') return true;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }
  bool escape() noexcept {
    if (i == s.size()) return false;
    if (s[i++] != 'u') return std::string_view("\"\\/bfnrt").find(s[i - 1]) != std::string_view::npos;
    for (unsigned n = 0; n < 4; ++n, ++i) {
      if (i == s.size() || std::string_view("0123456789abcdefABCDEF").find(s[i]) == std::string_view::npos)
        return false;
    }
    return true;
  }
  bool number() noexcept {
    (void)take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) (void)take('-');
    return digits();
  }
  bool scalar() noexcept {
    if (i < s.size() && s[i] == '"') return string();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (s.substr(i, word.size()) != word) continue;
      i += word.size();
      return true;
    }
    return number();
  }
  bool key() noexcept { return string() && take(':'); }
};

}  // namespace

bool is_plain_json(Bytes b) noexcept {
  Reader r{as_text(b)};
  std::uint64_t objects = 0;  // bit i: what is open at depth i is an object
  static_assert(kMaxJsonDepth <= 64);
  unsigned depth = 0;
  const auto in_object = [&]() noexcept { return (objects >> (depth - 1) & 1) != 0; };
  for (;;) {
    const bool object = r.take('{');
    if (object || r.take('[')) {
      if (depth == kMaxJsonDepth) return false;
      const std::uint64_t bit = std::uint64_t{1} << depth++;
      objects = object ? objects | bit : objects & ~bit;
      if (!r.take(object ? '}' : ']')) {
        if (object && !r.key()) return false;
        continue;
      }
      --depth;
    } else if (!r.scalar()) {
      return false;
    }
    while (depth != 0 && !r.take(',')) {
      if (!r.take(in_object() ? '}' : ']')) return false;
      --depth;
    }
    if (depth == 0) return r.i == r.s.size();
    if (in_object() && !r.key()) return false;
  }
}

}  // namespace picket
