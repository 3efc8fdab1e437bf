// sensor/stop_signal.h — SIGINT and SIGTERM as something to wait for
#pragma once
#include <chrono>
#include <csignal>

namespace picket {

/// Blocks both signals for this thread and those it starts, and takes them by waiting. Make it before any
/// thread that stays; until then a signal ends the process as it ends any other.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// True when a signal came within `time`.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds time) const {
    const timespec t{time.count() / 1000, (time.count() % 1000) * 1'000'000};
    return sigtimedwait(&set_, nullptr, &t) > 0;
  }
  /// From now on a signal ends the process as it ends any other; what has come is forgotten.
  void release() const {
    while (wait_for(std::chrono::milliseconds(0))) {
    }
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }
  /// A signal has come and was not taken yet.
  [[nodiscard]] bool pending() const {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
  }

 private:
  sigset_t set_{};
};

}  // namespace picket
