// export/collector/server.h — the collector's end of the schema's service: batches in, acknowledgements out
//
// Limits  a message of at most max_message_bytes, max_sensors calls at a time, batches by BatchLimits
// Refuses to listen beyond loopback: there is no encryption and nobody is asked who they are
#pragma once
#include <memory>
#include <string>

#include "export/batch.h"
#include "export/collector/store.h"
#include "parsers/core/result.h"

namespace picket::collector {

class OrderDesk;

struct ServerOptions {
  std::string listen = "127.0.0.1:5514";  ///< port 0: any that is free
  int max_message_bytes = 20 << 20;
  int max_sensors = 256;
  BatchLimits batch;
  OrderDesk* orders = nullptr;  ///< outlives the server; nullptr: sensors get none
};

class Server {
 public:
  /// Listens, and takes batches into `store`, which it borrows. The error says why it cannot, and what would
  /// do.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Store& store);
  virtual ~Server() = default;

  [[nodiscard]] virtual int port() const = 0;
  /// Ends every call after the batch at hand; returns when all have ended.
  virtual void stop() = 0;
};

}  // namespace picket::collector
