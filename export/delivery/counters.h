// export/delivery/counters.h — what delivery has done so far, for the metrics and for people
//
// Plain atomics: written by whoever does it, read by any thread at any time. Counts only go up, and begin with the
// process; levels say what is now.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

namespace picket::delivery {

struct LaneCounters {
  // Counts.
  std::atomic<std::uint64_t> made{0};     ///< records that came in, and have a number
  std::atomic<std::uint64_t> spooled{0};  ///< of these, in a sealed batch
  std::atomic<std::uint64_t> batches{0};  ///< sealed, gaps included
  std::atomic<std::uint64_t> acknowledged{
      0};  ///< records, of earlier boots too, that every collector which has to has
  // Levels.
  std::atomic<std::uint64_t> owed{0};  ///< records in the spool: sealed, and not acknowledged
  std::atomic<std::uint64_t> oldest_sealed_at{
      0};  ///< of the oldest batch that is owed, ns since 1970; 0: none is
};

struct DeliveryCounters {
  std::array<LaneCounters, 4> lanes;  ///< in the order of kLanes
  // Counts.
  std::array<std::atomic<std::uint64_t>, 6> missing{};  ///< records that stand in a gap, by v1::GapReason
  std::atomic<std::uint64_t> sent_batches{0}, sent_bytes{0};
  std::atomic<std::uint64_t> connections{0}, failed_connections{0}, refused_batches{0}, write_errors{0};
  std::atomic<std::uint64_t> removed_refused{
      0};  ///< files of refused batches that went for others, by its limit
  // Levels.
  std::atomic<std::uint64_t> spool_bytes{0};  ///< of the spool's files, and of what stands in memory for them
  std::atomic<std::uint64_t> memory_bytes{0};  ///< of these, in memory
  std::atomic<std::uint64_t> connected{0};     ///< collectors that are connected now
};

}  // namespace picket::delivery
