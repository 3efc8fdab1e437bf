// URLs in the texts of a mail, whatever they are cut into.
#include <algorithm>
#include <cstring>

#include "parsers/smtp/message.h"
#include "parsers/smtp/smtp.h"

namespace picket::smtp {
namespace {

enum : unsigned { kHttp = 1, kHttps = 2, kFtp = 4, kMailto = 8 };  // bits of mime.url-schemes

struct Scheme {
  unsigned bit;
  std::string_view text;
};
constexpr Scheme kSchemes[] = {{kHttp, "http"}, {kHttps, "https"}, {kFtp, "ftp"}, {kMailto, "mailto"}};

constexpr std::array<bool, 256> kUrlCharacter = [] {
  std::array<bool, 256> t{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) t[c] = true;
  for (const char c : std::string_view("\"<>\\^`{|}")) t[static_cast<std::uint8_t>(c)] = false;
  return t;
}();

bool has_only(std::string_view s, std::string_view of) noexcept {
  return !s.empty() && s.find_first_not_of(of) == std::string_view::npos;
}

/// host, host:port, [v6]:port in front of a path.
std::string_view host_of(std::string_view url) noexcept {
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return url.substr(0, url.find(']'));
  return url.substr(0, url.find(':'));
}

bool is_ipv4(std::string_view host) noexcept {
  return has_only(host, "0123456789.") && std::count(host.begin(), host.end(), '.') == 3;
}
bool is_ipv6(std::string_view host) noexcept {
  return host.size() > 2 && host.front() == '[' && has_only(host.substr(1), "0123456789abcdefABCDEF:.");
}

bool is_executable(std::string_view url) noexcept {
  const std::string_view path = url.substr(0, url.find_first_of("?#"));
  return path.size() > 4 && equals_nocase(path.substr(path.size() - 4), ".exe");
}

}  // namespace

/// The schemes (bits) whose name ends before in[colon]; what stands before `in` is in tail_.
unsigned Message::scheme_before_colon(Bytes in, std::size_t colon) const noexcept {
  const auto at = [&](std::size_t back) noexcept -> std::uint8_t {
    if (back < colon) return in[colon - 1 - back];
    const std::size_t in_tail = back - colon;
    return in_tail < tail_.size() ? tail_[tail_.size() - 1 - in_tail] : std::uint8_t{0};
  };
  for (const Scheme& s : kSchemes) {
    if ((limits_[kUrlSchemes] & s.bit) == 0) continue;
    std::size_t i = 0;
    while (i < s.text.size() && to_lower(at(i)) == static_cast<std::uint8_t>(s.text[s.text.size() - 1 - i]))
      ++i;
    if (i == s.text.size()) return s.bit;
  }
  return 0;
}

void Message::scan_urls(Bytes in, Host& host) noexcept {
  std::size_t i = 0;
  while (i < in.size()) {
    switch (url_state_) {
      case UrlState::kText: {
        const auto* colon = static_cast<const std::uint8_t*>(std::memchr(in.data() + i, ':', in.size() - i));
        if (colon == nullptr) {
          i = in.size();
          break;
        }
        i = static_cast<std::size_t>(colon - in.data());
        url_scheme_ = static_cast<std::uint8_t>(scheme_before_colon(in, i));
        if (url_scheme_ != 0) url_state_ = url_scheme_ == kMailto ? UrlState::kUrl : UrlState::kColon;
        ++i;
        break;
      }
      case UrlState::kColon:
      case UrlState::kSlash:
        if (in[i] != '/') {
          url_state_ = UrlState::kText;
          break;
        }
        url_state_ = url_state_ == UrlState::kColon ? UrlState::kSlash : UrlState::kUrl;
        ++i;
        break;
      case UrlState::kUrl: {
        std::size_t end = i;
        while (end < in.size() && kUrlCharacter[in[end]]) ++end;
        const std::size_t room = kMaxUrl - std::min(kMaxUrl, url_.size());
        if (!url_.append(in.subspan(i, std::min(end - i, room)))) host.mime_event(Event::kOutOfMemory);
        i = end;
        if (end < in.size()) end_url(host);
        break;
      }
    }
  }
  const std::size_t n = std::min(in.size(), tail_.size());
  std::memmove(tail_.data(), tail_.data() + n, tail_.size() - n);
  std::memcpy(tail_.data() + tail_.size() - n, in.data() + in.size() - n, n);
}

/// Of http the scheme is left off, as in Suricata's records.
void Message::end_url(Host& host) noexcept {
  if (url_state_ != UrlState::kUrl) return;
  url_state_ = UrlState::kText;
  if (url_.empty()) return;
  std::string_view prefix;
  if (url_scheme_ == kHttps) prefix = "https://";
  if (url_scheme_ == kFtp) prefix = "ftp://";
  if (url_scheme_ == kMailto) prefix = "mailto:";
  const std::size_t n = prefix.size() + url_.size();
  const std::array<std::uint8_t, 2> size = {static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)};
  if (url_count_ >= limits_[kMaxUrls] || urls_.size() + n + 2 > Pool::kMaxBlock) {
    host.mime_event(Event::kMimeTooManyUrls);
  } else if (!urls_.reserve(urls_.size() + n + 2) || !urls_.append(size) || !urls_.append(as_bytes(prefix)) ||
             !urls_.append(url_.view())) {
    host.mime_event(Event::kOutOfMemory);
  } else {
    ++url_count_;
    url_kinds_.executable = url_kinds_.executable || is_executable(url_.text());
    url_kinds_.ipv4 = url_kinds_.ipv4 || is_ipv4(host_of(url_.text()));
    url_kinds_.ipv6 = url_kinds_.ipv6 || is_ipv6(host_of(url_.text()));
  }
  url_.clear();
}

}  // namespace picket::smtp
