// sensor/pipeline.h — workers and the export thread, put together, started and ended in the right order
//
//   source 0 ──> worker 0 ──> ring ─┐
//   source 1 ──> worker 1 ──> ring ─┴─> export thread: merge, correlate, number ──> sinks
#pragma once
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "dataplane/worker.h"
#include "export/encoder.h"
#include "export/recorder.h"
#include "sensor/rules/rule_base.h"
#include "sensor/telemetry/totals.h"

namespace picket {

struct PipelineConfig {
  WorkerConfig worker;  ///< id and count are set by the pipeline
  EncoderOptions encoder;
  bool statistics = true;                    ///< a record of the ledger at the end
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
  /// Returns when every worker has ended and every record has gone out or is counted as lost.
  void join();

  /// Any thread; exact after join().
  [[nodiscard]] Totals totals() const;

 private:
  bool admit(const EventHeader&);
  void export_loop(const std::stop_token&);
  void count_lost_before() noexcept;

  Encoder encoder_;
  std::string sensor_;
  bool statistics_;
  const RuleBase* rules_;
  std::vector<int> cores_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<RingStream>> streams_;
  std::optional<rules::Thresholds> thresholds_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<std::thread> threads_;
  std::jthread export_thread_;
};

}  // namespace picket
