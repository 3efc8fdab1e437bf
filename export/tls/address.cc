#include "export/tls/address.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

#include "export/random.h"

namespace picket::tls {
namespace {

/// An IPv4 address that came by an IPv6 socket is one of IPv4.
const in_addr* as_v4(const sockaddr_storage& at, in_addr& room) {
  if (at.ss_family == AF_INET) return &reinterpret_cast<const sockaddr_in&>(at).sin_addr;
  if (at.ss_family != AF_INET6) return nullptr;
  const in6_addr& a = reinterpret_cast<const sockaddr_in6&>(at).sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&a)) return nullptr;
  std::memcpy(&room, a.s6_addr + 12, sizeof room);
  return &room;
}

std::string host_of(const sockaddr_storage& at, std::size_t v6_bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  in_addr room{};
  if (const in_addr* v4 = as_v4(at, room); v4 != nullptr) {
    ::inet_ntop(AF_INET, v4, text.data(), text.size());
  } else if (at.ss_family == AF_INET6) {
    in6_addr a = reinterpret_cast<const sockaddr_in6&>(at).sin6_addr;
    std::memset(a.s6_addr + v6_bytes, 0, sizeof a.s6_addr - v6_bytes);
    ::inet_ntop(AF_INET6, &a, text.data(), text.size());
  }
  return text.data();
}

}  // namespace

Result<std::vector<SocketAddress>> find_addresses(const HostPort& host, bool listen) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (listen ? AI_PASSIVE : AI_ADDRCONFIG);
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.host.c_str(), std::to_string(host.port).c_str(), &hints, &found);
  if (error != 0) return Error{fmt::format("'{}' has no address: {}", host.host, ::gai_strerror(error))};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::vector<SocketAddress> all;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    SocketAddress s;
    std::memcpy(&s.at, a->ai_addr, a->ai_addrlen);
    s.size = a->ai_addrlen;
    all.push_back(s);
  }
  return all;
}

std::string address_text(const sockaddr_storage& at) {
  HostPort host;
  host.host = host_of(at, sizeof(in6_addr));
  // sin_port and sin6_port stand at the same place
  host.port = ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
  return host.text();
}

std::string secret_name(std::string_view prefix) {
  return fmt::format("{}{:016x}{:016x}", prefix, random_bits(), random_bits());
}

std::string address_source(const sockaddr_storage& at) { return host_of(at, 8); }

}  // namespace picket::tls
