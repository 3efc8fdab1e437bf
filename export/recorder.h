// export/recorder.h — the export thread's work: records of all workers, in order, counted, numbered, to every
// output
//
//   streams ──> Merge ──> correlate (thresholds, on alerts) ──> number ──> each RecordSink
//
// A record that correlate turns down was never made: it has no number and is counted as suppressed. Of those
// made, one is delivered when every output has it, and lost when any output has lost it.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "export/merge.h"
#include "export/record_sink.h"

namespace picket {

struct RecordCount {
  std::uint64_t made = 0, delivered = 0, lost = 0;
};

class Recorder {
 public:
  /// False: the record is not to be made. Called in the order of Place, on the export thread.
  using Correlate = std::function<bool(const EventHeader&)>;

  /// `streams` are borrowed. `held_limit`: see Merge.
  Recorder(const std::vector<EventStream*>& streams, std::vector<std::unique_ptr<RecordSink>> sinks,
           Correlate correlate = nullptr, std::size_t held_limit = Merge::kNoLimit);

  /// Everything that is certain now; true when there was anything.
  bool poll();
  /// Polls until all streams are closed, or stop is asked for; then what is there goes out. Does not close
  /// the sinks.
  void run(const std::stop_token& stop);
  /// A record that comes from no worker: statistics. On the thread that polls.
  void put(RecordType type, Bytes record);
  /// Closes the outputs: afterwards made = delivered + lost for every kind.
  void close();

  /// Records that a worker had to drop before they came here (encoder or ring full): made, and lost. Any
  /// thread.
  void set_lost_before(RecordKind kind, std::uint64_t total) noexcept;

  /// Any thread.
  [[nodiscard]] RecordCount count(RecordKind kind) const noexcept;
  [[nodiscard]] std::uint64_t suppressed() const noexcept {
    return suppressed_.load(std::memory_order_relaxed);
  }
  /// Records that came too late to stand at their place; above 0 is a bug of a worker. The thread that polls,
  /// or after it.
  [[nodiscard]] std::uint64_t late() const noexcept { return merge_.late(); }

 private:
  void out(RecordKind kind, Bytes record);

  Merge merge_;
  std::vector<std::unique_ptr<RecordSink>> sinks_;
  Correlate correlate_;
  std::uint64_t seq_ = 0;
  RecordTally made_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> lost_before_;
  std::atomic<std::uint64_t> suppressed_{0};
};

}  // namespace picket
