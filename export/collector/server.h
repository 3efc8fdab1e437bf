// export/collector/server.h — the collector's end of the schema's service: batches in, acknowledgements out
//
// Each call is a Source of the router: read while there is room, answered with an Ack a
// batch. No thread waits for a sensor.
//
// Status    INVALID_ARGUMENT a batch that is malformed, DATA_LOSS one that does not belong to what is here,
//           PERMISSION_DENIED one of another sensor than the connection's, UNAUTHENTICATED a connection of nobody, or
//           a signature that is not the sensor's, RESOURCE_EXHAUSTED too many sensors or too large a message,
//           UNAVAILABLE the collector ends. The text says what was expected.
// Identity  a connection that adopt() brings belongs to whom identity_of says; on the
//           loopback port anybody may say any name
// Limits    a message of at most max_message_bytes, max_sensors connections at a time with 8 calls each (a lane has
//           one), BatchLimits::max_fields in a batch before it is parsed, 256 batches of a call on their way. Of messages that are not whole, 8 of the largest and 32 KiB a
//           sensor are held, all together; beyond that calls are ended
// Refuses   to listen beyond loopback: there is no encryption and nobody is asked who they are
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "export/collector/router.h"
#include "parsers/core/result.h"

namespace picket::collector {

class OrderDesk;

struct ServerOptions {
  std::string listen = "127.0.0.1:5514";  ///< port 0: any that is free; "": adopted connections alone
  int max_message_bytes = 20 << 20;
  int max_sensors = 4096;
  /// A connection that says nothing for so long is asked whether it is there, and closed when it does not answer for
  /// a third of that: links break without a word.
  std::chrono::milliseconds silence{60'000};
  /// The sensor that a connection's certificate names; no value: nobody that was let in. `peer`
  /// is ServerContext::peer() of an adopted connection, "unix-abstract:NAME" with NAME the
  /// address that its far end is bound to.
  std::function<std::optional<std::string>(const std::string& peer)> identity_of;
  OrderDesk* orders = nullptr;  ///< outlives the server; nullptr: sensors get none
};

class Server {
 public:
  /// Listens, and hands batches to `router`, which outlives it. The error says why it cannot, and what would do.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Router& router);
  virtual ~Server() = default;

  [[nodiscard]] virtual int port() const = 0;
  /// Serves gRPC on a connected stream socket, and owns it. Its far end is bound to an address that no other
  /// connection of this process ever has: calls are told apart by it. From any thread.
  virtual void adopt(int fd) = 0;
  /// Ends every call; returns when all have ended. What was not answered is sent again, another time.
  virtual void stop() = 0;
};

}  // namespace picket::collector
