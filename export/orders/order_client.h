// export/orders/order_client.h — the sensor's end of Collector.Command: says what it has, takes what it lacks
//
//   collectors ──parts──> OrderFolder ──staged──> load (the sensor's) ──outcome──> accept or reject
//              ──> status to all of them
//
// One set is loaded at a time, whichever collector sent it. A part is read from a call
// when the one before is on disk.
//
// Broken    a call is tried again after 100 ms, 200 ms ... up to max_backoff; what was half received is forgotten
// Refused   said to the collector that sent it, and for `forget` not asked for again: a key that was missing may come.
//           The log tells of it, and of calls, up to a LogLimit: a collector can bring them about as often as it likes
// Threads   one of its own, which gRPC's threads hand events to; start() and the destructor from any
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "export/delivery/options.h"
#include "export/endpoint.h"
#include "export/orders/counters.h"
#include "export/orders/order_folder.h"

namespace picket {

class OrderClient {
 public:
  struct Outcome {
    std::string refused;  ///< "": it is in use
    OrderFolder::Loaded loaded;
  };
  /// Loads the files of a kind, among which a set was changed. The client waits until it returns; `done` comes once,
  /// from any thread, also after the client is gone.
  using Load =
      std::function<void(v1::OrderKind kind, const std::string& name, std::function<void(Outcome)> done)>;

  struct Options {
    std::vector<HostPort> collectors;
    std::string sensor, version;
    delivery::Dial dial;
    delivery::Trouble trouble;                ///< nullptr: what gRPC says
    std::shared_ptr<OrderCounters> counters;  ///< nullptr: nobody looks at them
    std::chrono::milliseconds max_backoff{10'000};
    std::chrono::milliseconds set_patience{600'000};  ///< from a set's first part to its last
    std::chrono::milliseconds forget{300'000};
  };

  /// Borrows `folder`, which nobody else changes meanwhile. `load` has to be good until the client is gone.
  static std::unique_ptr<OrderClient> start(Options options, OrderFolder& folder, Load load);
  /// Ends the calls, and leaves what is under way.
  virtual ~OrderClient() = default;
  /// Call it when the folder learnt more of its sets than orders brought about: the collectors are told. Good from any thread,
  /// also after the client is gone.
  [[nodiscard]] virtual std::function<void()> teller() const = 0;
};

}  // namespace picket
