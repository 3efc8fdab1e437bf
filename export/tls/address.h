// export/tls/address.h — sockets' addresses: found by name, written as text
#pragma once
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "export/endpoint.h"
#include "parsers/core/result.h"

namespace picket::tls {

struct SocketAddress {
  sockaddr_storage at{};
  socklen_t size = 0;
};

/// All addresses of a host, by getaddrinfo(3), which may take as long as the resolver does. `listen`: to bind to.
Result<std::vector<SocketAddress>> find_addresses(const HostPort& host, bool listen);

/// "192.0.2.1:41234", "[2001:db8::1]:41234"
std::string address_text(const sockaddr_storage& at);

/// `prefix` and 128 bits from the kernel: of an abstract socket. Nobody can foretell it, and bind it before us.
std::string secret_name(std::string_view prefix);

/// Who is counted as one: an IPv4 address, an IPv6 network of 64 bits.
std::string address_source(const sockaddr_storage& at);

}  // namespace picket::tls
