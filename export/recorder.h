// export/recorder.h — the export thread's work: records of all workers, in order, counted, numbered, to every
// output
//
//   streams ──> Merge ──> correlate (thresholds, on alerts) ──> number ──> each RecordSink
//                  │              └──> OtSummaries: held until its interval ends ──┤
//                  ├──> Intel: an indicator that fits is told right before ────────┤
//                  └──> Inventory of assets: told when it is due ───────────────────┘
//
// A record that correlate turns down was never made: it has no number and is counted as suppressed; nor was one
// of a transaction that another's record stands for, which is counted as summarised. One that
// was made is delivered when every output took it, and lost, once, when at least one did not, whichever: so
// it is decided record by record (RecordWindow), and made = delivered + lost after close(). A record that no
// output was asked for is delivered.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "export/merge.h"
#include "export/ot_summaries.h"
#include "export/record_sink.h"
#include "export/record_window.h"

namespace picket {

class Intel;
class Inventory;

class Recorder final : private RecordOut {
 public:
  /// False: the record is not to be made. Called in the order of Place, on the export thread.
  using Correlate = std::function<bool(const EventHeader&, Bytes notes)>;

  /// `streams` are borrowed. `held_limit`: see Merge.
  Recorder(const std::vector<EventStream*>& streams, std::vector<std::unique_ptr<RecordSink>> sinks,
           Correlate correlate = nullptr, std::size_t held_limit = Merge::kNoLimit);

  /// Everything that is certain now; true when there was anything.
  bool poll();
  /// Polls until all streams are closed, or stop is asked for; then what is there goes out. Does not close
  /// the sinks.
  void run(const std::stop_token& stop);
  /// Calls `at` for each moment start + n * `every_ns` of the source clock, on the thread that polls: after
  /// all records up to it and before all later ones; once for several moments in which nothing came. The
  /// first record or watermark starts the time. Before poll().
  void set_interval(std::uint64_t every_ns, std::function<void(std::uint64_t clock_ns)> at);
  /// What workers say of records that may be told as one. Before poll().
  void set_summaries(OtSummaries::Config config) { summaries_.emplace(std::move(config)); }
  /// Assets are learned from all records that are made. The inventory is the caller's. `tick` is called now and then,
  /// between records. Before poll().
  void set_inventory(Inventory& inventory, std::function<void()> tick = nullptr);
  /// All records that are made are looked up among indicators, which are the caller's. Before poll().
  void set_intel(Intel& intel) noexcept { intel_ = &intel; }
  /// By RecordKind: records that are made for these two alone, and go no further. Before poll().
  void set_quiet(std::vector<bool> quiet);
  /// A record that comes from no worker: statistics. On the thread that polls.
  void put(RecordType type, Bytes record);
  /// Closes the outputs: afterwards made = delivered + lost for every kind.
  void close();
  /// Any thread: whatever is not delivered yet is lost, and no output makes anyone wait any more.
  void abandon();
  /// Any thread, when the one that polls hangs in an output: counts what waits as lost.
  void give_up() { window_.close(); }

  /// Records that a worker had to drop before they came here (encoder or ring full): made, and lost. Any
  /// thread.
  void set_lost_before(RecordKind kind, std::uint64_t total) noexcept;
  /// Calls set_lost_before() with what workers count: now and then, and before the outputs are closed, which are told
  /// what is new. Before poll().
  void set_loss_count(std::function<void()> count) { count_losses_ = std::move(count); }

  /// Any thread.
  [[nodiscard]] RecordCount count(RecordKind kind) const;
  /// What an output lost: its name and how many records. Only those that lost any. Any thread.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> failed_outputs() const;
  [[nodiscard]] std::uint64_t suppressed() const noexcept {
    return suppressed_.load(std::memory_order_relaxed);
  }
  /// Transactions that another's record stands for. Any thread.
  [[nodiscard]] std::uint64_t summarised(RecordKind kind) const noexcept {
    return summaries_ ? summaries_->summarised(kind) : 0;
  }
  /// Records told in full for want of room to hold them. Any thread.
  [[nodiscard]] std::uint64_t not_summarised() const noexcept {
    return summaries_ ? summaries_->refused() : 0;
  }
  /// Records that came too late to stand at their place; above 0 is a bug of a worker. Any thread.
  [[nodiscard]] std::uint64_t late() const noexcept { return merge_.late(); }

 private:
  void write(RecordKind kind, Bytes record) override;
  void time_is(std::uint64_t clock_ns);
  void flush(std::uint64_t clock_ns);
  void tell_losses();

  Merge merge_;
  RecordWindow window_;
  std::vector<std::unique_ptr<RecordSink>> sinks_;
  Correlate correlate_;
  std::optional<OtSummaries> summaries_;
  Inventory* inventory_ = nullptr;
  Intel* intel_ = nullptr;
  std::vector<bool> quiet_;  // by RecordKind
  std::function<void()> inventory_tick_;
  std::uint64_t every_ns_ = 0, due_ns_ = 0;  // due_ns_ 0: no time has been seen
  std::function<void(std::uint64_t)> at_;
  std::function<void()> count_losses_;
  std::chrono::steady_clock::time_point losses_told_{};
  std::vector<std::uint64_t> told_lost_;  // by RecordKind: what the outputs know of lost_before_
  std::unique_ptr<std::atomic<std::uint64_t>[]> lost_before_;
  std::atomic<std::uint64_t> suppressed_{0};
};

}  // namespace picket
