#include "export/delivery/outlet.h"

namespace picket::delivery {

void OutletThread::start(std::function<void(Lock&)> run) {
  thread_ = std::thread([this, run = std::move(run)] {
    Lock lock(mutex_);
    run(lock);
  });
}

void OutletThread::wake() {
  const std::lock_guard lock(mutex_);
  event();
}

void OutletThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::string OutletThread::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void OutletThread::wait_until(Lock& lock, Clock::time_point then) {
  changed_.wait_until(lock, then, [this] { return event_ || stopping_; });
}

void OutletThread::rest(Lock& lock, Clock::duration time) {
  changed_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace picket::delivery
