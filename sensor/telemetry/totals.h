// sensor/telemetry/totals.h — what all workers and outputs counted, added up, and the two ways it is shown
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/counters.h"
#include "export/recorder.h"

namespace picket {

class Inventory;
class Intel;

/// A snapshot; exact once the workers have ended.
struct Totals {
  std::uint64_t clock_ns = 0;  ///< capture time that the workers have reached, in UTC
  std::uint64_t received = 0, received_bytes = 0;
  std::array<std::uint64_t, kVerdictCount> verdicts{};
  /// Live: packets that never reached a worker, by the port's own counters; named as in ledger.port.
  std::uint64_t port_missed = 0, port_errors = 0, port_no_buffer = 0;
  std::vector<RecordCount> records;  ///< by RecordKind
  /// Outputs that lost records, by the name an operator gave them, and how many.
  std::vector<std::pair<std::string, std::uint64_t>> failed_outputs;
  bool given_up = false;         ///< a thread hung: the workers were left where they were
  std::uint64_t suppressed = 0;  ///< alerts that a threshold turned down
  /// Transactions that another's record stands for, by RecordKind; records that no room was found to hold for
  /// that.
  std::vector<std::uint64_t> summarised;
  std::uint64_t not_summarised = 0;
  std::uint64_t late = 0;  ///< records that came too late for their place: a bug, if ever
  std::uint64_t datagrams = 0, fragments_incomplete = 0;
  std::uint64_t flows_created = 0, flows_active = 0, flows_peak = 0, flows_evicted = 0;
  std::uint64_t files = 0, files_refused = 0, files_cut = 0;  ///< as in FileStats
  std::uint64_t frames = 0, frames_refused = 0;               ///< as in FrameStats
  std::vector<std::array<std::uint64_t, 3>> protocols;        ///< by ProtocolId: flows, transactions, events
  std::array<std::uint64_t, kDecodeEventCount> decode_events{};
  std::array<std::uint64_t, kStreamEventCount> stream_events{};
  std::array<std::uint64_t, kAppEventCount> app_events{};
  std::uint64_t pool_peak_bytes = 0, pool_refused = 0;
  std::array<std::uint64_t, detect::kDetectStats.size()> detection{};  ///< in the order of kDetectStats
  std::array<std::uint64_t, static_cast<std::size_t>(Stage::kCount)> stage_cycles{};
  std::uint64_t peak_rss_bytes = 0;
  /// The inventory, where one is kept. `left_out` is evidence, `waiting_dropped` names of addresses that did not come.
  struct Assets {
    bool kept = false;
    std::uint64_t known = 0, told = 0, evicted = 0, outside = 0, left_out = 0, waiting_dropped = 0,
                  scopes_refused = 0;
  } assets;
  /// Indicators, where there are any to look up: what is counted, with its name, in the order in which it is shown.
  std::vector<std::pair<std::string, std::uint64_t>> intel;
  unsigned workers = 0;
  double seconds = 0;                                  ///< of work, start-up apart
  std::uint64_t rules_loaded = 0, rules_rejected = 0;  ///< of the set in use
  std::uint32_t rules_epoch = 0;                       ///< its number; 0: there are no rules
  std::uint64_t reloads = 0, reloads_failed = 0;
  std::vector<std::string> capture_errors;
  std::uint64_t captures_damaged = 0;

  /// received = Σ verdicts, and made = delivered + lost for every type of record.
  [[nodiscard]] bool ledger_exact() const noexcept;
  [[nodiscard]] std::uint64_t records_made() const noexcept;
  [[nodiscard]] std::uint64_t records_lost() const noexcept;
};

void add_worker(Totals&, const Counters&);
void add_recorder(Totals&, const Recorder&);
void add_assets(Totals&, const Inventory&);
void add_intel(Totals&, const Intel&);
/// Each count of the inventory with its name, in the order in which they are shown.
[[nodiscard]] std::vector<std::pair<std::string_view, std::uint64_t>> asset_counts(const Totals&);
/// This process's largest resident size so far, from the kernel.
std::uint64_t peak_rss_bytes() noexcept;

/// One JSON object: ledger, records, flows, protocols, events, memory, stages, build.
std::string stats_json(const Totals&);
/// For people: a few lines and small tables.
std::string summary_text(const Totals&);

}  // namespace picket
