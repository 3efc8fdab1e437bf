// sensor/stop_signal.h — SIGINT and SIGTERM, and SIGHUP where it is asked for, as something to wait for
#pragma once
#include <algorithm>
#include <chrono>
#include <csignal>

namespace picket {

/// Blocks these signals for this thread and those it starts, and takes them by waiting. Make it before any
/// thread that stays; until then a signal ends the process as it ends any other.
class StopSignal {
 public:
  enum class Hangup { kEnds, kTaken };

  explicit StopSignal(Hangup hangup = Hangup::kEnds) {
    sigemptyset(&set_);
    if (hangup == Hangup::kTaken) sigaddset(&set_, SIGHUP);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// The signal that came within `time`; 0: none.
  [[nodiscard]] int wait_for(std::chrono::milliseconds time) const {
    const timespec t{time.count() / 1000, (time.count() % 1000) * 1'000'000};
    return std::max(sigtimedwait(&set_, nullptr, &t), 0);
  }
  /// From now on a signal ends the process as it ends any other; what has come is forgotten.
  void release() const {
    if (sigismember(&set_, SIGHUP) == 1) std::signal(SIGHUP, SIG_IGN);  // too late for it
    while (wait_for(std::chrono::milliseconds(0)) != 0) {
    }
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }
  /// A signal that ends has come and was not taken yet.
  [[nodiscard]] bool pending() const {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
  }

 private:
  sigset_t set_{};
};

}  // namespace picket
