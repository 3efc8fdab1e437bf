// parsers/http/http_message.h — what the readers of HTTP's versions do alike once they have a line or a header
//
// Cost    O(bytes); merge_repeated() compares each name with all behind it, O(headers^2), and stops where that
//         has come to kMostCompared
#pragma once
#include "parsers/http/http.h"

namespace picket::http {

/// Sets Tx::uri and Tx::uri_host from its raw_uri. `doubled`: escapes were escaped. False: no memory, the URI
/// stands as it was sent.
[[nodiscard]] bool set_uri(Tx&, bool& doubled) noexcept;
/// Sets Tx::host. `host` stands within `from`; in lower case it is that place, or a copy. False: no memory.
[[nodiscard]] bool set_host(Tx&, const Ref& from, std::string_view host) noexcept;
/// Puts `h` behind the headers of `s`. False: no memory.
[[nodiscard]] bool append_header(Side& s, Pool& pool, Header h) noexcept;

enum class Repeated : std::uint8_t {
  kLength,     ///< Content-Length
  kOther,      ///< another header
  kOtherHost,  ///< Host, and not the same one
  kTooMany,    ///< a limit: from this header on, what is repeated stands as it came
  kNoMemory,
};

/// By merge_repeated(): headers, and bytes of names whose hash is the same.
inline constexpr std::size_t kMostCompared = 131072;

/// Values of one name are read as one, with ", " between them (RFC 9110, §5.3; Cookie in HTTP/2 with "; ", RFC
/// 9113, §8.2.3); of Content-Length the first counts. `each(Repeated, const Header& first)` hears of what is
/// found. At most 64 names are put together.
template <class Each>
void merge_repeated(Side& s, Each&& each, std::string_view between_cookies = ", ") noexcept {
  constexpr unsigned kMostNames = 64;
  std::size_t compared = 0;
  const auto same = [&](const Header& a, const Header& b) {
    ++compared;
    if (a.hash != b.hash || a.merged) return false;
    compared += b.name.size;
    return equals_nocase(as_text(s.view(a.name)), as_text(s.view(b.name)));
  };
  unsigned names = 0;
  for (std::size_t i = 0; i < s.header_count; ++i) {
    Header& h = s.headers[i];
    if (h.merged || h.name.size == 0) continue;
    if (names == kMostNames || compared >= kMostCompared) return each(Repeated::kTooMany, h);
    const std::string_view between = h.id == Name::kCookie ? between_cookies : ", ";
    std::size_t size = h.value.size, others = 0;
    for (std::size_t k = i + 1; k < s.header_count; ++k) {
      const Header& o = s.headers[k];
      if (!same(o, h)) continue;
      size += between.size() + o.value.size;
      ++others;
    }
    if (others == 0) continue;
    ++names;
    s.as_sent = false;
    h.repeated = true;
    each(h.id == Name::kContentLength ? Repeated::kLength : Repeated::kOther, h);
    const auto at = static_cast<std::uint32_t>(s.extra.size());
    if (!s.extra.reserve(s.extra.size() + size)) return each(Repeated::kNoMemory, h);
    const auto add = [&](Bytes b) { return s.extra.append(b); };
    bool fits = add(s.view(h.value));
    for (std::size_t k = i + 1; k < s.header_count; ++k) {
      Header& o = s.headers[k];
      if (!same(o, h)) continue;
      o.merged = true;
      if (h.id == Name::kHost && as_text(s.view(o.value)) != as_text(s.view(h.value)))
        each(Repeated::kOtherHost, h);
      if (h.id != Name::kContentLength) fits = fits && add(as_bytes(between)) && add(s.view(o.value));
    }
    if (fits) h.value = {at, static_cast<std::uint32_t>(s.extra.size()) - at, Ref::kExtra};
  }
}

}  // namespace picket::http
