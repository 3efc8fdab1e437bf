// sensor/ending.h — how a run ends: by itself, by a signal in good order, or by a second one at once
//
//   first signal   the source is asked to stop; what was received is worked on, records are delivered
//   drain time     live: what still stands in the queues then is left there, and counted
//   stop-timeout   or the second signal: whatever is not delivered yet is lost, and counted; exit status 1
//   kHopeless      after that, should a write hang in the kernel: no thread is waited for any more
#pragma once
#include <chrono>
#include <functional>

#include "sensor/options.h"
#include "sensor/pipeline.h"
#include "sensor/stop_signal.h"

namespace picket {

struct EndingConfig {
  std::chrono::seconds stop_timeout{10};
  std::chrono::milliseconds drain_time{};  ///< with leave_queues
  std::function<void()> hangup;            ///< at SIGHUP; returns at once. nullptr: nothing to do
  std::function<void()> stop_source;       ///< at the first signal; returns at once
  std::function<void()> leave_queues;      ///< nullptr: it never leaves any. The pipeline is stopped after it
  std::function<bool()> source_finished;   ///< nullptr: a source that ends by a signal alone
};

class Ending {
 public:
  /// How long a cut run may take to end its threads.
  static constexpr std::chrono::seconds kHopeless{5};

  /// Borrows both.
  Ending(const StopSignal& stop, Pipeline& pipeline, EndingConfig config);

  /// Waits for at most `time`, and acts on signals and time-outs. True when all is over, or nothing more can
  /// be hoped for.
  [[nodiscard]] bool wait(std::chrono::milliseconds time);

  [[nodiscard]] bool asked() const noexcept { return asked_; }  ///< by a signal
  [[nodiscard]] bool cut() const noexcept { return cut_; }      ///< records were given up
  [[nodiscard]] bool hung() const noexcept { return hung_; }    ///< a thread does not end: do not join it

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool over() const;
  void on_signal();
  void leave();
  void cut_short(const char* why);

  const StopSignal& stop_;
  Pipeline& pipeline_;
  EndingConfig config_;
  bool asked_ = false, left_ = false, cut_ = false, hung_ = false;
  Clock::time_point asked_at_, cut_at_;
};

/// The end of a command whose threads hang: prints what is known and ends the process with status 1.
[[noreturn]] void end_hung(const Options&, const Totals&);

}  // namespace picket
