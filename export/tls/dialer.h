// export/tls/dialer.h — a sensor's way to its collectors: a socket for gRPC, behind which the right collector is
//
// grpc::CreateCustomInsecureChannelFromFd() makes a channel of the socket. It does not connect again: when it breaks,
// dial() anew. Certificates that were renewed in the meantime are used then.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "export/endpoint.h"
#include "export/tls/tunnel.h"

namespace picket::tls {

struct Dialed {
  Fd end;
  Peer peer;
};

class Dialer {
 public:
  static Result<std::unique_ptr<Dialer>> start(std::shared_ptr<Keyring> keyring, const TunnelLimits& limits);

  /// Connects, shakes hands and waits for the collector's first byte: then it has let this sensor in. Tries each address
  /// of the host, for `patience` in all (a resolver may take longer). `server_name`: what the collector's certificate has
  /// to bear; empty: the host. `interrupted` is asked every 50 ms; true gives up. The error says who refused whom, and why.
  /// Any thread, several at a time.
  Result<Dialed> dial(const HostPort& to, const std::string& server_name, std::chrono::milliseconds patience,
                      const std::function<bool()>& interrupted = nullptr);

 private:
  explicit Dialer(std::unique_ptr<Tunnel> tunnel) : tunnel_(std::move(tunnel)) {}
  std::unique_ptr<Tunnel> tunnel_;
};

}  // namespace picket::tls
