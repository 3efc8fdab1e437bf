// sensor/pipeline.h — workers and the export thread, put together, started and ended in the right order
//
//   source 0 ──> worker 0 ──> ring ─┐
//   source 1 ──> worker 1 ──> ring ─┴─> export thread: merge, correlate, number ──> sinks
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "dataplane/worker.h"
#include "export/encoder.h"
#include "export/recorder.h"
#include "sensor/correlator.h"
#include "sensor/rules/rule_base.h"
#include "sensor/telemetry/totals.h"

namespace picket {

class AssetKeeper;
class Intel;

struct PipelineConfig {
  WorkerConfig worker;  ///< id and count are set by the pipeline
  EncoderOptions encoder;
  std::size_t ot_memcap_bytes = OtSummaries::Config{}.memcap_bytes;  ///< for records told once in an interval
  AssetKeeper* assets = nullptr;  ///< outlives the pipeline; nullptr: no inventory is kept
  Intel* intel = nullptr;         ///< outlives the pipeline; nullptr: nothing is looked up among indicators
  std::vector<bool> quiet;        ///< by RecordKind: records that are made for these two alone; empty: none
  bool statistics = true;         ///< a record of the ledger at the end
  std::uint64_t statistics_every_ns = 0;  ///< and one at this interval of the source clock; 0: none
  /// Live: adds what is known of packets that no worker saw. Called by totals(), from any thread.
  std::function<void(Totals&)> complete;
  /// Called by the export thread when all workers have ended, before the last statistics.
  std::function<void()> at_end;
  /// Live: what has to be added to the source clock to have UTC.
  std::function<std::int64_t()> utc_offset_ns;
  std::size_t held_limit = Merge::kNoLimit;  ///< bytes that may wait in the merge for other workers: live
  std::vector<int> cores;                    ///< pin worker i to cores[i]; empty: the kernel decides
  bool save_datasets = true;                 ///< at the end, those that rules change and that are to be kept
  // Who listens: `picket explain`.
  /// What workers write records with, in place of the encoder, which it may use; outlives the pipeline.
  std::function<const RecordEncoder&(const RecordEncoder&)> encoder_for_workers;
  /// Called by the export thread for each alert, in the order of the capture.
  std::function<void(const EventHeader&, rules::Admission)> judged;
};

class Pipeline {
 public:
  /// Takes all memory. One worker per source; sources outlive the pipeline. `rules` nullptr: none.
  Pipeline(const PipelineConfig&, std::vector<PacketSource*> sources, std::unique_ptr<RuleBase> rules,
           std::vector<std::unique_ptr<RecordSink>> sinks);
  ~Pipeline();

  void start();
  /// Hands other rules to the workers, and returns when each has taken them, between two of its bursts: no
  /// packet is unseen, and the rules before are freed. Where there were rules from the start; from one thread
  /// at a time, which is not the packet path. Fails when memory is short or the workers have ended.
  Status swap_rules(std::unique_ptr<RuleBase> rules);
  /// For the statistics.
  void count_failed_reload() noexcept { reloads_failed_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t rules_epoch() const noexcept {
    return rules_epoch_.load(std::memory_order_relaxed);
  }
  /// Asks the workers to end: what is in their queues is left, open flows are recorded.
  void stop() noexcept;
  /// stop(), and whatever is not delivered yet is lost: no output makes anyone wait any more.
  void cut();
  /// Every worker has ended, and every record has gone out or is counted as lost: join() returns at once.
  [[nodiscard]] bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }
  /// Returns when every worker has ended and every record has gone out or is counted as lost.
  void join();

  /// Any thread; exact after join().
  [[nodiscard]] Totals totals() const;
  /// For a process that ends although an output hangs: records on their way are lost, workers are where they
  /// are.
  [[nodiscard]] Totals give_up();

 private:
  /// Rules, and how each worker gets them.
  struct Snapshot {
    std::unique_ptr<RuleBase> rules;
    std::vector<RuleHandover> handovers;  // by worker
  };
  [[nodiscard]] std::unique_ptr<Snapshot> make_snapshot(std::unique_ptr<RuleBase>);
  void offer(Snapshot&);
  void export_loop(const std::stop_token&);
  void put_statistics(std::uint64_t clock_ns);
  void count_lost_before() const noexcept;
  [[nodiscard]] std::uint64_t in_utc(std::uint64_t clock_ns) const;

  Encoder encoder_;
  std::string sensor_;
  bool statistics_, save_datasets_;
  std::function<void(Totals&)> complete_;
  std::function<void()> at_end_;
  std::function<std::int64_t()> utc_offset_ns_;
  std::vector<int> cores_;
  // Workers use the last; more than one only while rules are swapped, or when workers ended meanwhile.
  std::vector<std::unique_ptr<Snapshot>> snapshots_;
  std::atomic<std::uint64_t> rules_loaded_{0}, rules_rejected_{0}, reloads_{0}, reloads_failed_{0};
  std::atomic<std::uint32_t> rules_epoch_{0};
  const std::string magic_file_;
  std::optional<Correlator> correlator_;  // where there are rules; workers ask it
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<RingStream>> streams_;
  AssetKeeper* const assets_;
  Intel* const intel_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<std::thread> threads_;
  std::jthread export_thread_;
  std::atomic<bool> finished_{false};
};

}  // namespace picket
