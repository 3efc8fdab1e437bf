// export/orders/counters.h — what became of the sets that collectors ordered, for the metrics
#pragma once
#include <atomic>
#include <cstdint>

namespace picket {

/// Written by the client's thread, read by any. Counts begin with the process.
struct OrderCounters {
  std::atomic<std::uint64_t> applied{0}, refused{0};  ///< orders; a withdrawal that was followed is applied
  std::atomic<std::uint64_t> ended_calls{0};          ///< of a collector, each made again
};

}  // namespace picket
