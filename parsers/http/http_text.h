// parsers/http/http_text.h — characters, numbers, names and URIs as HTTP has them, and as senders bend them
//
// Cost    O(bytes) each; nothing is copied but into what the caller lends
#pragma once
#include "parsers/core/mime.h"
#include "parsers/core/text.h"
#include "parsers/http/http.h"

namespace picket::http {

/// Characters of a token (RFC 9110, §5.6.2).
inline constexpr std::array<bool, 256> kToken = [] {
  std::array<bool, 256> t{};
  for (int c = '0'; c <= '9'; ++c) t[static_cast<std::size_t>(c)] = true;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) t[c] = t[c + 32] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) t[static_cast<std::uint8_t>(c)] = true;
  return t;
}();
[[nodiscard]] inline bool is_token(std::uint8_t c) noexcept { return kToken[c]; }
inline std::uint32_t u32(std::size_t n) noexcept { return static_cast<std::uint32_t>(n); }

/// Where `part`, a view into `whole`, stands.
inline Ref part_of(Ref::Where where, std::string_view whole, std::string_view part,
                   std::uint32_t base = 0) noexcept {
  if (part.empty()) return {base, 0, where};
  return {base + u32(static_cast<std::size_t>(part.data() - whole.data())), u32(part.size()), where};
}
inline std::string_view without_line_end(std::string_view s) noexcept {
  while (!s.empty() && (s.back() == '\n' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

/// A token, perhaps whitespace or NUL, and a colon.
enum class Look : std::uint8_t { kNo, kYes, kOpen };
/// kOpen: so far it could be one.
[[nodiscard]] Look looks_like_header(std::string_view s) noexcept;
/// METHOD SP something, and either "HTTP/" or a method everybody knows.
[[nodiscard]] bool looks_like_request(std::string_view line) noexcept;
[[nodiscard]] bool is_known_method(std::string_view method) noexcept;
/// Where "HTTP/n." and a digit begin in `line`, or npos.
[[nodiscard]] std::size_t find_status_line(std::string_view line) noexcept;
[[nodiscard]] Name header_name(std::string_view name) noexcept;
/// Does `needle` (lower case) stand in `s`, in any case, NULs in `s` not counted?
[[nodiscard]] bool contains_loose(std::string_view s, std::string_view needle) noexcept;

/// Content-Length: the first run of digits.
struct Length {
  std::uint64_t value = 0;
  bool found = false;
  bool clean = false;  ///< nothing but the digits
};
[[nodiscard]] Length read_length(std::string_view s) noexcept;

/// Content-Range: bytes 0-9/100
struct Range {
  std::uint64_t start = 0, end = 0, size = 0;
  bool valid = false;
};
[[nodiscard]] Range read_range(std::string_view s) noexcept;

/// "Host:443" → the host without port and closing dot, and the port.
struct HostPort {
  std::string_view host;
  std::uint32_t port = 0;
  bool port_invalid = false, host_invalid = false;
};
[[nodiscard]] HostPort read_host(std::string_view s) noexcept;

/// scheme://authority/path?query#fragment; a part that is not there is empty.
struct UriParts {
  std::string_view authority, path, rest;  ///< rest: from '?' or '#' on
};
[[nodiscard]] UriParts split_uri(std::string_view uri) noexcept;

/// Is normalize_uri(path + rest) the same bytes?
[[nodiscard]] bool is_normal_uri(std::string_view path, std::string_view rest) noexcept;
/// Percent and %u escapes decoded once, in the path also backslashes turned, slashes squeezed, dot segments
/// removed. `out` has room for path and rest. Gives the size; `doubled` when escapes were escaped.
std::size_t normalize_uri(std::string_view path, std::string_view rest, std::uint8_t* out,
                          bool& doubled) noexcept;

}  // namespace picket::http
