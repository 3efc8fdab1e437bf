// dataplane/counters.h — what one worker counts; read by other threads while it runs
//
// One writer, relaxed: an increment is a plain add. Totals over workers are made by whoever reads.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "dataplane/app/app_event.h"
#include "dataplane/decode/decode_event.h"
#include "dataplane/detect/detect_stats.h"
#include "dataplane/event.h"
#include "dataplane/flow/stream_event.h"
#include "dataplane/verdict.h"
#include "parsers/core/protocol.h"

namespace picket {

class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The steps of the loop whose cycles are counted when `measure_stages` is set.
enum class Stage : std::uint8_t { kReceive, kDecode, kFindFlows, kReassembleParse, kMatch, kReport, kCount };
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Stage::kCount)> kStageNames = {
    "receive", "decode", "find_flows", "reassemble_parse", "match", "report"};

struct Counters {
  Counter clock_ns;  ///< the source's, as far as this worker has come
  Counter received, received_bytes;
  std::array<Counter, kVerdictCount> verdicts;
  std::array<Counter, kDecodeEventCount> decode_events;
  std::array<Counter, kStreamEventCount> stream_events;
  std::array<Counter, kAppEventCount> app_events;
  /// By ProtocolId.
  struct Protocol {
    Counter flows, transactions, events;
    Counter records_lost;  ///< as the ones below, of its transactions
  };
  std::unique_ptr<Protocol[]> protocols{new Protocol[picket::protocols().size()]};
  /// Records that found no room in the event ring or were larger than one can be; transactions count by
  /// protocol.
  std::array<Counter, static_cast<std::size_t>(RecordType::kCount)> records_lost;
  Counter alerts_limited;  ///< matches that no alert was written of: the limit of their rule was reached
  Counter flows_created, flows_active, flows_peak, flows_evicted;
  Counter pool_peak_bytes, pool_refused;
  Counter files, files_refused, files_cut;  ///< as in FileStats
  Counter frames, frames_refused;           ///< as in FrameStats
  Counter defrag_complete, defrag_incomplete;
  std::array<Counter, detect::kDetectStats.size()> detection;  ///< in the order of kDetectStats
  std::array<Counter, static_cast<std::size_t>(Stage::kCount)> stage_cycles;
};

}  // namespace picket
