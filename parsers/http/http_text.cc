#include "parsers/http/http_text.h"

#include <algorithm>
#include <cstring>

namespace picket::http {
namespace {

constexpr std::array<std::string_view, 30> kMethods = {
    "ACL",         "BASELINE-CONTROL",
    "CHECKIN",     "CHECKOUT",
    "CONNECT",     "COPY",
    "DELETE",      "GET",
    "HEAD",        "LABEL",
    "LINK",        "LOCK",
    "MERGE",       "MKCOL",
    "MKWORKSPACE", "MOVE",
    "OPTIONS",     "ORDERPATCH",
    "PATCH",       "POST",
    "PROPFIND",    "PROPPATCH",
    "PUT",         "REPORT",
    "SEARCH",      "TRACE",
    "UNLINK",      "UNLOCK",
    "UPDATE",      "VERSION-CONTROL",
};

struct Known {
  std::string_view text;
  Name name;
};
// By length, so that few are compared.
constexpr std::array kNames = {
    Known{"host", Name::kHost},
    Known{"accept", Name::kAccept},
    Known{"cookie", Name::kCookie},
    Known{"server", Name::kServer},
    Known{"referer", Name::kReferer},
    Known{"upgrade", Name::kUpgrade},
    Known{"location", Name::kLocation},
    Known{"connection", Name::kConnection},
    Known{"set-cookie", Name::kSetCookie},
    Known{"user-agent", Name::kUserAgent},
    Known{"content-type", Name::kContentType},
    Known{"authorization", Name::kAuthorization},
    Known{"content-range", Name::kContentRange},
    Known{"content-length", Name::kContentLength},
    Known{"accept-encoding", Name::kAcceptEncoding},
    Known{"accept-language", Name::kAcceptLanguage},
    Known{"x-forwarded-for", Name::kXForwardedFor},
    Known{"content-encoding", Name::kContentEncoding},
    Known{"transfer-encoding", Name::kTransferEncoding},
    Known{"content-disposition", Name::kContentDisposition},
};
constexpr std::size_t kLongestKnown = kNames.back().text.size();
/// Where the names of each length begin in kNames.
constexpr auto kNamesAt = [] {
  std::array<std::uint8_t, kLongestKnown + 2> at{};
  for (std::size_t size = 0; size < at.size(); ++size) {
    while (at[size] < kNames.size() && kNames[at[size]].text.size() < size) ++at[size];
  }
  return at;
}();

constexpr std::uint8_t byte(char c) noexcept { return static_cast<std::uint8_t>(c); }

/// One character of a URI, perhaps escaped, at `s[i]`; `i` moves behind it.
std::uint8_t unescape(std::string_view s, std::size_t& i, bool& escaped) noexcept {
  const std::uint8_t c = byte(s[i]);
  escaped = false;
  if (c == '%') {
    const std::size_t left = s.size() - i;
    const auto hex = [&](std::size_t k) { return hex_digit(byte(s[i + k])); };
    if (left >= 3 && hex(1) >= 0 && hex(2) >= 0) {
      const int v = hex(1) << 4 | hex(2);
      i += 3;
      escaped = true;
      return static_cast<std::uint8_t>(v);
    }
    if (left >= 6 && to_lower(byte(s[i + 1])) == 'u' && hex(2) >= 0 && hex(3) >= 0 && hex(4) >= 0 &&
        hex(5) >= 0) {
      const int high = hex(2) << 4 | hex(3), low = hex(4) << 4 | hex(5);
      i += 6;
      escaped = true;
      if (high == 0) return static_cast<std::uint8_t>(low);
      if (high == 0xff && low <= 0x5e)
        return static_cast<std::uint8_t>(low + 0x20);  // full-width forms of ASCII
      return '?';
    }
  }
  ++i;
  return c;
}

/// RFC 3986, §5.2.4, in place; a path that leaves its root stays in it.
std::size_t remove_dot_segments(std::uint8_t* p, std::size_t n) noexcept {
  std::size_t out = 0, i = 0;
  while (i < n) {
    // A segment with the slash before it.
    std::size_t end = i + 1;
    while (end < n && p[end] != '/') ++end;
    const bool slash = p[i] == '/';
    const std::size_t at = i + (slash ? 1 : 0), size = end - at;
    const bool one = size == 1 && p[at] == '.', two = size == 2 && p[at] == '.' && p[at + 1] == '.';
    if (one || two) {
      if (two) {
        while (out > 0 && p[out - 1] != '/') --out;
        if (out > 0) --out;
      }
      if (end == n && slash) p[out++] = '/';  // "/a/.." names a folder
    } else {
      if (out == 0 && i > 0 && slash && p[0] != '/') {  // "./x": what is left begins without a slash
        std::memmove(p, p + at, size);
        out = size;
      } else {
        std::memmove(p + out, p + i, end - i);
        out += end - i;
      }
    }
    i = end;
  }
  return out;
}

}  // namespace

Look looks_like_header(std::string_view s) noexcept {
  constexpr std::size_t kLongestName = 64;
  std::size_t i = 0;
  while (i < s.size() && is_token(byte(s[i]))) ++i;
  if (i > kLongestName) return Look::kNo;
  if (i == s.size()) return Look::kOpen;
  if (i == 0) return Look::kNo;
  while (i < s.size() && i <= kLongestName && is_fold(byte(s[i]))) ++i;
  if (i == s.size()) return Look::kOpen;
  return s[i] == ':' ? Look::kYes : Look::kNo;
}

bool is_known_method(std::string_view method) noexcept {
  return std::binary_search(kMethods.begin(), kMethods.end(), method);
}

bool looks_like_request(std::string_view line) noexcept {
  constexpr std::size_t kLongestMethod = 32;
  std::size_t i = 0;
  while (i < line.size() && i <= kLongestMethod && is_token(byte(line[i]))) ++i;
  if (i == 0 || i > kLongestMethod || i == line.size() || !is_space(byte(line[i]))) return false;
  return is_known_method(line.substr(0, i)) || contains_loose(line.substr(i), "http/");
}

std::size_t find_status_line(std::string_view line) noexcept {
  for (std::size_t at = 0; (at = line.find("HTTP/", at)) != std::string_view::npos; ++at) {
    const std::string_view v = line.substr(at + 5);
    if (v.size() >= 3 && v[0] >= '0' && v[0] <= '9' && v[1] == '.' && v[2] >= '0' && v[2] <= '9') return at;
  }
  return std::string_view::npos;
}

Name header_name(std::string_view name) noexcept {
  if (name.size() > kLongestKnown) return Name::kOther;
  for (std::size_t i = kNamesAt[name.size()]; i < kNamesAt[name.size() + 1]; ++i) {
    if (equals_nocase(kNames[i].text, name)) return kNames[i].name;
  }
  return Name::kOther;
}

bool contains_loose(std::string_view s, std::string_view needle) noexcept {
  for (std::size_t start = 0; start < s.size(); ++start) {
    std::size_t k = 0;
    for (std::size_t i = start; i < s.size() && k < needle.size(); ++i) {
      if (s[i] == 0 && i > start) continue;
      if (to_lower(byte(s[i])) != byte(needle[k])) break;
      ++k;
    }
    if (k == needle.size()) return true;
  }
  return false;
}

Length read_length(std::string_view s) noexcept {
  Length l;
  std::size_t i = 0;
  const auto digit = [&](std::size_t k) { return s[k] >= '0' && s[k] <= '9'; };
  while (i < s.size() && !digit(i)) ++i;
  l.clean = i == 0;
  for (; i < s.size() && digit(i); ++i) {
    const std::uint64_t d = static_cast<std::uint64_t>(s[i] - '0');
    if (l.value > (UINT64_MAX >> 1) / 10) return Length{};  // no body is that long: the field says nothing
    l.value = l.value * 10 + d;
    l.found = true;
  }
  l.clean = l.clean && l.found && i == s.size();
  return l;
}

Range read_range(std::string_view s) noexcept {
  Range r;
  s = trim(s);
  if (s.size() < 6 || !equals_nocase(s.substr(0, 5), "bytes") || !is_space(byte(s[5]))) return r;
  s = trim(s.substr(6));
  const std::size_t slash = s.find('/'), dash = s.find('-');
  if (slash == std::string_view::npos) return r;
  const std::string_view size = s.substr(slash + 1);
  if (size != "*") {
    const Length l = read_length(size);
    if (!l.clean) return r;
    r.size = l.value;
  }
  if (s.substr(0, slash) == "*") {
    r.valid = true;
    return r;
  }
  if (dash == std::string_view::npos || dash > slash) return r;
  const Length from = read_length(s.substr(0, dash)), to = read_length(s.substr(dash + 1, slash - dash - 1));
  r.start = from.value;
  r.end = to.value;
  r.valid = from.clean && to.clean && from.value <= to.value && (size == "*" || to.value < r.size);
  return r;
}

HostPort read_host(std::string_view s) noexcept {
  HostPort h;
  s = trim(s);
  std::string_view port;
  bool has_port = false;
  const std::size_t close = !s.empty() && s[0] == '[' ? s.find(']') : 0;  // IPv6 literal
  if (close == std::string_view::npos) {
    h.host_invalid = true;
    h.host = s;
    return h;
  }
  const std::size_t colon = s.find(':', close);
  h.host = s.substr(0, colon);
  if (colon != std::string_view::npos) {
    port = trim(s.substr(colon + 1));
    has_port = true;
  }
  h.host = trim(h.host);
  while (h.host.size() > 1 && h.host.back() == '.') h.host.remove_suffix(1);
  if (has_port) {
    const Length n = read_length(port);
    if (n.clean && n.value > 0 && n.value < 65536)
      h.port = static_cast<std::uint32_t>(n.value);
    else
      h.port_invalid = true;
  }
  h.host_invalid = h.host.empty() || h.host.size() > 255;
  std::size_t label = 0;
  for (const char ch : h.host) {
    const std::uint8_t c = to_lower(byte(ch));
    label = c == '.' ? 0 : label + 1;
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                      (close > 0 && (c == ':' || c == '[' || c == ']' || c == '%'));
    if (!fine || label > 63) h.host_invalid = true;
  }
  if (h.host.find("..") != std::string_view::npos || (!h.host.empty() && h.host.front() == '.'))
    h.host_invalid = true;
  return h;
}

UriParts split_uri(std::string_view uri) noexcept {
  UriParts p;
  std::size_t cut = 0;
  while (cut < uri.size() && uri[cut] != '?' && uri[cut] != '#') ++cut;
  p.rest = uri.substr(cut);
  p.path = uri.substr(0, cut);
  if (p.path.empty() || p.path[0] == '/') return p;
  const std::size_t scheme = p.path.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return p;
  for (const char c : p.path.substr(0, scheme)) {
    if (!is_token(byte(c))) return p;
  }
  const std::string_view after = p.path.substr(scheme + 3);
  const std::size_t slash = after.find('/');
  p.authority = after.substr(0, slash);
  const std::size_t user = p.authority.rfind('@');
  if (user != std::string_view::npos) p.authority.remove_prefix(user + 1);
  p.path = slash == std::string_view::npos ? after.substr(after.size()) : after.substr(slash);
  return p;
}

bool is_normal_uri(std::string_view path, std::string_view rest) noexcept {
  std::uint8_t before = 0;
  for (const char ch : path) {
    const std::uint8_t c = byte(ch);
    if (c == '%' || c == '\\') return false;
    if ((c == '/' || c == '.') && before == '/') return false;  // "//" and what may be a dot segment
    before = c;
  }
  if (!path.empty() && path[0] == '.') return false;
  return rest.empty() || std::memchr(rest.data(), '%', rest.size()) == nullptr;
}

std::size_t normalize_uri(std::string_view path, std::string_view rest, std::uint8_t* out,
                          bool& doubled) noexcept {
  doubled = false;
  // A decoded '%' with two hex digits behind it is an escape that was escaped.
  const auto note_double = [&](std::string_view s, std::size_t i, std::uint8_t c, bool escaped) {
    if (!escaped || c != '%' || s.size() - i < 2) return;
    if (hex_digit(byte(s[i])) >= 0 && hex_digit(byte(s[i + 1])) >= 0) doubled = true;
  };
  std::size_t n = 0;
  bool escaped = false;
  for (std::size_t i = 0; i < path.size();) {
    std::uint8_t c = unescape(path, i, escaped);
    note_double(path, i, c, escaped);
    if (c == '\\') c = '/';
    if (c == '/' && n > 0 && out[n - 1] == '/') continue;
    out[n++] = c;
  }
  n = remove_dot_segments(out, n);
  for (std::size_t i = 0; i < rest.size();) {
    const std::uint8_t c = unescape(rest, i, escaped);
    note_double(rest, i, c, escaped);
    out[n++] = c;
  }
  return n;
}

}  // namespace picket::http
