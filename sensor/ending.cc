#include "sensor/ending.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sensor/setup.h"

namespace picket {
namespace {

constexpr std::chrono::milliseconds kLook{2};  // the end of the threads is looked for this often

}  // namespace

Ending::Ending(const StopSignal& stop, Pipeline& pipeline, EndingConfig config)
    : stop_(stop), pipeline_(pipeline), config_(std::move(config)) {}

bool Ending::over() const {
  return pipeline_.finished() && (!config_.source_finished || config_.source_finished());
}

void Ending::on_signal() {
  if (asked_) {
    if (!cut_) cut_short("a second signal");
    return;
  }
  asked_ = true;
  asked_at_ = Clock::now();
  spdlog::info("stopping: a second signal ends it at once, with what is not delivered yet lost");
  config_.stop_source();
}

void Ending::leave() {
  if (std::exchange(left_, true) || !config_.leave_queues) return;
  config_.leave_queues();
  pipeline_.stop();
}

void Ending::cut_short(const char* why) {
  cut_ = true;
  cut_at_ = Clock::now();
  spdlog::warn("cut short by {}: records that are not delivered yet are lost", why);
  leave();
  pipeline_.cut();
}

bool Ending::wait(std::chrono::milliseconds time) {
  const auto until = Clock::now() + time;
  for (;;) {
    if (over()) return true;
    const Clock::time_point now = Clock::now();
    if (asked_ && config_.leave_queues && now - asked_at_ >= config_.drain_time) leave();
    if (asked_ && !cut_ && now - asked_at_ >= config_.stop_timeout) cut_short("stop-timeout");
    if (cut_ && now - cut_at_ >= kHopeless) return hung_ = true;
    if (now >= until) return false;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    // What only a signal ends needs no look before it came.
    const bool look = asked_ || config_.source_finished;
    const int signal = stop_.wait_for(look ? std::min(left, kLook) : left);
    if (signal == SIGHUP) {
      if (config_.hangup && !asked_) config_.hangup();
    } else if (signal != 0) {
      on_signal();
    }
  }
}

void end_hung(const Options& o, const Totals& totals) {
  complain("a thread hangs, in an output or in a capture that is a FIFO; it is left behind");
  (void)report(o, totals);
  std::_Exit(1);
}

}  // namespace picket
