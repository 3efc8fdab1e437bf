// export/tls/dialer.h — a sensor's way to its collectors: a socket, behind which the right collector is
//
// What breaks is not dialled again by itself (see gate.h). Certificates that were renewed in
// the meantime are used when it is.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "export/endpoint.h"
#include "export/tls/tunnel.h"

namespace picket::tls {

struct Dialed {
  Fd end;  ///< does not block
  Peer peer;
};

/// How long one of so many addresses that are left may take to connect: not the first, which may be a black hole,
/// at the cost of the others.
constexpr std::chrono::nanoseconds share_of(std::chrono::nanoseconds left, std::size_t addresses) noexcept {
  if (addresses <= 1) return left;
  const std::chrono::nanoseconds even = left / addresses, most = std::chrono::seconds(2);
  return even < most ? even : most;
}

class Dialer {
 public:
  static Result<std::unique_ptr<Dialer>> start(std::shared_ptr<Keyring> keyring, const TunnelLimits& limits);

  /// Connects, shakes hands and waits for the collector's first byte: then it has let this sensor in. Tries each
  /// address of the host, for `patience` in all (a resolver may take longer). With `near`, a connected socket that
  /// does not block, its bytes are carried and there is no end to be had. `server_name`: what the collector's
  /// certificate has to bear; empty: the host. `interrupted` is asked every 50 ms; true gives up. The error says who
  /// refused whom, and why. Any thread, several at a time.
  Result<Dialed> dial(const HostPort& to, const std::string& server_name, std::chrono::milliseconds patience,
                      const std::function<bool()>& interrupted = nullptr, Fd near = Fd());

 private:
  explicit Dialer(std::unique_ptr<Tunnel> tunnel) : tunnel_(std::move(tunnel)) {}
  std::unique_ptr<Tunnel> tunnel_;
};

}  // namespace picket::tls
