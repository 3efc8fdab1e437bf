// export/endpoint.h — HOST:PORT as users write it, and whether it stays on this machine
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/core/result.h"

namespace picket {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  /// "192.0.2.1:5514", "[::1]:5514"
  [[nodiscard]] std::string text() const;
  /// localhost, 127.0.0.0/8 or ::1: bytes never leave the machine, so they need no encryption.
  [[nodiscard]] bool is_loopback() const;
};

/// "host:5514", "192.0.2.1:5514", "[2001:db8::1]:5514". `option` names who asked, in the error.
Result<HostPort> parse_host_port(std::string_view text, std::string_view option);

/// Records in clear text go over loopback only; the error says so, and what to do. `remedy`: what `option` has beside
/// an encrypted tunnel of somebody else's, "export.tls.certificate and its key".
Status require_loopback(const HostPort& at, std::string_view option, std::string_view remedy = {});

}  // namespace picket
