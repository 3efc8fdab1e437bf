// export/tls/listener.h — a collector's port: sensors that have shown who they are, each as a socket for gRPC
//
// gRPC serves a connection from that socket (ExternalConnectionAcceptor), and tells its calls apart by
// ServerContext::peer(), which is Peer::channel: an abstract unix address that this process has drawn and never gives
// out again, so a call that is still at work when its connection is gone finds nobody, rather than somebody else.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "export/endpoint.h"
#include "export/tls/tunnel.h"

namespace picket::tls {

/// Who speaks on which channel. Any thread.
class Peers {
 public:
  /// As long as the connection is there; nullptr: nobody that was let in.
  [[nodiscard]] std::shared_ptr<const Peer> find(std::string_view channel) const;
  void add(const Peer& peer);
  void remove(const std::string& channel);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Peer>, std::less<>> by_channel_;
};

/// Takes the near end of a connection, whose peer can be found by then. In the tunnel's thread, which waits.
using TakeConnection = std::function<void(Fd end, const Peer& peer)>;

class Listener {
 public:
  /// Listens at the first address of `at`; port 0: any that is free.
  static Result<std::unique_ptr<Listener>> start(std::shared_ptr<Keyring> keyring, const HostPort& at,
                                                 const TunnelLimits& limits,
                                                 const std::shared_ptr<Peers>& peers, TakeConnection take);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  Listener() = default;

  std::unique_ptr<Tunnel> tunnel_;
  std::uint16_t port_ = 0;
};

}  // namespace picket::tls
