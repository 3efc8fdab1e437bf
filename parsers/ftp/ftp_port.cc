// Where a data connection will go, in the four ways there are to say it.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "parsers/ftp/ftp.h"

#include <arpa/inet.h>

namespace picket::ftp {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Takes a decimal number up to `max` off the front.
bool take_number(std::string_view& s, unsigned max, unsigned& out) noexcept {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  if (error != std::errc() || out > max) return false;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return true;
}

/// Six numbers with commas from the front of `s`; what follows does not matter.
bool take_six(std::string_view s, Endpoint& out) noexcept {
  std::array<unsigned, 6> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    if (i != 0) {
      if (s.empty() || s.front() != ',') return false;
      s.remove_prefix(1);
      while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    }
    if (!take_number(s, 255, n[i])) return false;
  }
  for (std::size_t i = 0; i < 4; ++i) out.address[i] = static_cast<std::uint8_t>(n[i]);
  out.size = 4;
  out.port = static_cast<std::uint16_t>(n[4] << 8 | n[5]);
  return out.port != 0;
}

bool parse_address(int family, std::string_view text, Endpoint& out) noexcept {
  std::array<char, INET6_ADDRSTRLEN> room{};
  if (text.empty() || text.size() >= room.size()) return false;
  std::copy(text.begin(), text.end(), room.begin());
  out.size = family == AF_INET ? 4 : 16;
  return inet_pton(family, room.data(), out.address.data()) == 1;
}

}  // namespace

bool parse_port(Bytes text, Endpoint& out) noexcept { return take_six(as_text(text), out); }

bool find_pasv(Bytes text, Endpoint& out) noexcept {
  std::string_view s = as_text(text);
  // Most servers write it in parentheses, some without: the first number that five others follow.
  while (!s.empty()) {
    if (is_digit(s.front())) {
      if (take_six(s, out)) return true;
      while (!s.empty() && is_digit(s.front())) s.remove_prefix(1);
    } else {
      s.remove_prefix(1);
    }
  }
  return false;
}

bool parse_eprt(Bytes text, Endpoint& out) noexcept {
  std::string_view s = as_text(text);
  if (s.empty()) return false;
  const char mark = s.front();
  const auto part = [&]() noexcept {
    s.remove_prefix(1);
    const auto end = std::min(s.find(mark), s.size());
    const std::string_view p = s.substr(0, end);
    s.remove_prefix(end);
    return p;
  };
  const std::string_view family = part();
  if (s.empty()) return false;
  const std::string_view address = part();
  if (s.empty()) return false;
  std::string_view number = part();
  unsigned port = 0;
  if (!take_number(number, 65535, port) || !number.empty() || port == 0) return false;
  out.port = static_cast<std::uint16_t>(port);
  return (family == "1" && parse_address(AF_INET, address, out)) ||
         (family == "2" && parse_address(AF_INET6, address, out));
}

bool find_epsv(Bytes text, Endpoint& out) noexcept {
  std::string_view s = as_text(text);
  const auto open = s.find('(');
  if (open == s.npos || s.size() - open < 6) return false;
  s.remove_prefix(open + 1);
  const char mark = s.front();
  if (s[1] != mark || s[2] != mark) return false;
  s.remove_prefix(3);
  unsigned port = 0;
  if (!take_number(s, 65535, port) || port == 0 || s.empty() || s.front() != mark) return false;
  out = {};
  out.port = static_cast<std::uint16_t>(port);
  return true;
}

}  // namespace picket::ftp
