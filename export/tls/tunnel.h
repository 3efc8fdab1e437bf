// export/tls/tunnel.h — all TLS connections of a process, in one thread: what is behind the listener and the dialer
//
// Renewal  looks at the keyring's files every `look_at_files`; when they changed, and once a minute, each
//          connection's certificate is judged again, and who would not be let in now is put out.
// Limits   connections, those that one certificate's name was let in with, handshakes from one address (an IPv6 /64 is one), bytes and time of a handshake; time to wait
//          for the far side's close_notify. Who is above a limit is closed and counted.
// Log      each failure by its reason, at most one line a second of a reason; what is left out is told with the next
// Threads  Events are called in the tunnel's thread, which waits for them
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "export/tls/connection.h"
#include "export/tls/credentials.h"
#include "parsers/core/result.h"

namespace picket::tls {

struct TunnelLimits {
  std::chrono::milliseconds handshake{10'000};
  std::uint64_t handshake_bytes = 128 << 10;
  int connections = 4096;
  int connections_per_name =
      16;  ///< accepted ones: a sensor has a few, and one of before may look open for a minute
  int handshakes_per_address = 64;
  std::chrono::milliseconds linger{2'000};
  std::chrono::milliseconds look_at_files{1'000};
  std::chrono::milliseconds judge_again{60'000};
};

/// What becomes of a connection: opened, then closed; or closed alone.
struct Events {
  std::function<void(Fd end, const Peer& peer)>
      opened;  ///< `end` of the pair is the receiver's, if there is one
  std::function<void(const Peer& peer, Failure failure, const std::string& why)> closed;
};

class Tunnel {
 public:
  static Result<std::unique_ptr<Tunnel>> start(std::shared_ptr<Keyring> keyring, const TunnelLimits& limits);
  virtual ~Tunnel() = default;  ///< closes every connection, each with its event
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  /// Accepts from a listening socket from now on; once.
  virtual void accept_from(Fd listening, Events events) = 0;
  /// Shakes hands as a client over `net`, which is connected. `name`: what the server's certificate has to
  /// say. `near`: a connected socket that does not block, to carry bytes for; without it there will be a pair,
  /// as for those that are accepted.
  virtual void dial_over(Fd net, std::string address, std::string name, Fd near, Events events) = 0;

 protected:
  Tunnel() = default;
};

}  // namespace picket::tls
