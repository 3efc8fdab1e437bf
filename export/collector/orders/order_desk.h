// export/collector/orders/order_desk.h — the collector's end of Collector.Command: sends each sensor what it lacks
//
//   status ──> OrderBook::keep ──> pending ──> parts of one order ──> the status that tells
//                                                                  what became of it ──> pending ...
//
// Memory    a part of one order and a status, of at most 1 MiB and 8192 fields, for each call
// Threads   gRPC's, and one that looks into the folder every second
// Limits    2 calls of a sensor, or of a connection without a certificate: RESOURCE_EXHAUSTED beyond. So none takes
//           the places of the others
// Refuses   what is no status ends the call: INVALID_ARGUMENT
// Identity  a status under another name than the connection's ends the call: PERMISSION_DENIED
#pragma once
#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "export/collector/orders/order_book.h"

namespace picket::collector {

class OrderDesk {
 public:
  /// Borrows `book`. At most `max_sensors` calls: RESOURCE_EXHAUSTED beyond.
  static std::unique_ptr<OrderDesk> start(OrderBook& book, int max_sensors);
  /// After end_all(), and when the server has let go of every call.
  virtual ~OrderDesk() = default;

  /// Bytes both ways: gRPC takes what it cannot read for the sensor's last word.
  using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;
  /// A call, which frees itself. `identity`: the sensor that the connection's certificate names, where one does.
  virtual Reactor* call(const std::string& peer, std::optional<std::string> identity) = 0;
  /// Ends every call: UNAVAILABLE.
  virtual void end_all() = 0;

  /// What there is without a desk: UNIMPLEMENTED.
  static Reactor* refuse(grpc::StatusCode code, const std::string& why);
};

}  // namespace picket::collector
