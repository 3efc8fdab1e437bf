// tests/support/loopback.h — addresses of servers that tests have on this machine
#pragma once
#include <netinet/in.h>

#include <cstdint>

namespace picket::test {

/// 127.0.0.1; port 0: any that is free.
inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  return at;
}

}  // namespace picket::test
