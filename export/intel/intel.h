// export/intel/intel.h — records looked up among indicators of compromise: what fits gives an Event.intel
//
//   Merge ──> see(): fields of the record that are observables ──> IndicatorSet ──> verified
//         ──> told already? ──> record
//
// Behind the merge, so that every field of every protocol is looked up in one place, in the order of the capture: the
// same for any number of workers, and at no cost to them. A hit stands right before the record that it is of.
//
// Looked up   flows, transactions, files, ARP, anomalies. An alert repeats what its transaction says
// Told once   of a flow each indicator once for each kind of observable; of an indicator at most `per_minute` records
//             in a minute of the source clock; no indicator that has expired by the time of the record
// Cost        without a set nothing; with one a pass over the record's fields and a cache line for each
//             value that is no indicator (tests/bench/intel_bench.cc). No allocation, but for a record
//             that is larger than all before
// Threads     see() from one; offer() and counts() from any
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "dataplane/counters.h"
#include "dataplane/files/file_tracker.h"
#include "export/intel/observables.h"
#include "export/intel/repeats.h"
#include "export/intel/values.h"
#include "export/record_sink.h"

namespace picket {

class Intel final : intel::KeyFinder {
 public:
  struct Config {
    std::uint32_t per_minute = 60;
    std::size_t flows = 65536;       ///< flows with hits that are remembered, about
    std::size_t indicators = 16384;  ///< indicators with hits whose rate is known
  };
  struct Counts {
    Counter lookups, hits, told;
    Counter repeated;  ///< hits that their flow had before
    Counter limited;   ///< that came above `per_minute`
    Counter expired;   ///< of indicators whose time was over
    Counter reloads_failed;
    Counter forgotten;  ///< what was told found no room to be remembered, and may be told again
  };

  explicit Intel(const Config&);
  Intel() : Intel(Config{}) {}

  /// From the next record on this set is used; gives its epoch: 1, 2, 3 ...
  std::uint32_t offer(std::unique_ptr<intel::IndicatorSet>);
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_.load(std::memory_order_relaxed); }
  /// Indicators of the set offered last, by type.
  [[nodiscard]] std::array<std::uint64_t, intel::kTypes> loaded() const;
  /// Of files, what the set offered last is of: for those who make the hashes.
  [[nodiscard]] const AskedHashes& file_hashes() const noexcept { return file_hashes_; }

  void see(const EventHeader&, Bytes record, RecordOut&);
  /// For the statistics; from the thread that loads sets.
  void count_failed_reload() noexcept { counts_.reloads_failed.add(); }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

  /// Records of that type, or that protocol, have fields to be looked up beside their addresses.
  [[nodiscard]] static bool looks_into(RecordType, ProtocolId);

 private:
  /// A message's parts of a URL.
  struct UrlParts {
    const intel::ObservableField* path = nullptr;
    Bytes host, target;
    std::uint64_t port = 0;
  };
  void take_offered();
  void walk(const intel::ObservableNode&, Bytes message, intel::Values&);
  void look_parts(const UrlParts&, intel::Values&);
  void found(intel::IndicatorSet::Range, const intel::Key&, std::string_view seen) override;
  [[nodiscard]] bool may_tell(std::uint64_t row_hash) noexcept;
  void tell(const intel::Row&, std::string_view seen);

  const Config config_;
  const intel::ObservableNode root_;
  mutable std::mutex offered_mutex_;
  std::unique_ptr<intel::IndicatorSet> offered_;
  std::array<std::uint64_t, intel::kTypes> loaded_{};
  std::atomic<bool> waits_{false};
  std::atomic<std::uint32_t> epoch_{0};
  AskedHashes file_hashes_;

  std::unique_ptr<intel::IndicatorSet> set_;
  intel::IndicatorReader reader_;
  intel::Repeats told_, rates_;
  std::vector<std::uint8_t> out_bytes_;
  Counts counts_;
  // Of the record at hand.
  std::uint64_t clock_ns_ = 0, time_ns_ = 0, flow_id_ = 0;
  Bytes record_;
  const intel::ObservableField* field_ = nullptr;
  RecordOut* out_ = nullptr;
};

}  // namespace picket
