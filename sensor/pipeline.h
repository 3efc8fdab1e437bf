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
#include "sensor/rules/dynamic_sets.h"
#include "sensor/rules/rule_base.h"
#include "sensor/telemetry/totals.h"

namespace picket {

struct PipelineConfig {
  WorkerConfig worker;  ///< id and count are set by the pipeline
  EncoderOptions encoder;
  bool statistics = true;                 ///< a record of the ledger at the end
  std::uint64_t statistics_every_ns = 0;  ///< and one at this interval of the source clock; 0: none
  /// Live: adds what is known of packets that no worker saw. Called by totals(), from any thread.
  std::function<void(Totals&)> complete;
  /// Called by the export thread when all workers have ended, before the last statistics.
  std::function<void()> at_end;
  /// Live: what has to be added to the source clock to have UTC.
  std::function<std::int64_t()> utc_offset_ns;
  std::size_t held_limit = Merge::kNoLimit;  ///< bytes that may wait in the merge for other workers: live
  std::vector<int> cores;                    ///< pin worker i to cores[i]; empty: the kernel decides
};

class Pipeline {
 public:
  /// Takes all memory. One worker per source; sources and rules (nullptr: none) outlive the pipeline.
  Pipeline(const PipelineConfig&, std::vector<PacketSource*> sources, const RuleBase* rules,
           std::vector<std::unique_ptr<RecordSink>> sinks);
  ~Pipeline();

  void start();
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
  bool admit(const EventHeader&, Bytes notes);
  void export_loop(const std::stop_token&);
  void put_statistics(std::uint64_t clock_ns);
  void count_lost_before() noexcept;

  Encoder encoder_;
  std::string sensor_;
  bool statistics_;
  std::function<void(Totals&)> complete_;
  std::function<void()> at_end_;
  std::function<std::int64_t()> utc_offset_ns_;
  const RuleBase* rules_;
  std::vector<int> cores_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<RingStream>> streams_;
  std::optional<rules::Thresholds> thresholds_;
  std::optional<rules::DynamicSets> sets_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<std::thread> threads_;
  std::jthread export_thread_;
  std::atomic<bool> finished_{false};
};

}  // namespace picket
