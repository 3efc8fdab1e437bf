#include "export/endpoint.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <charconv>

namespace picket {

std::string HostPort::text() const {
  return host.find(':') != std::string::npos ? fmt::format("[{}]:{}", host, port)
                                             : fmt::format("{}:{}", host, port);
}

bool HostPort::is_loopback() const {
  if (host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<HostPort> parse_host_port(std::string_view text, std::string_view option) {
  const auto bad = [&] {
    return Error{fmt::format("{}: '{}' is not HOST:PORT; try 127.0.0.1:5514 or [::1]:5514", option, text)};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  HostPort at;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), at.port);
  if (host.empty() || error != std::errc{} || end != port.data() + port.size()) return bad();
  at.host = host;
  return at;
}

Status require_loopback(const HostPort& at, std::string_view option, std::string_view remedy) {
  if (at.is_loopback()) return Done{};
  return Error{fmt::format(
      "{}: {} is not on this machine, and records are sent in clear text; {}{}use 127.0.0.1:{} and an "
      "encrypted tunnel (ssh, WireGuard, stunnel) to the other side",
      option, at.text(), remedy, remedy.empty() ? "" : ", or ", at.port)};
}

}  // namespace picket
