#include "sensor/reload_loop.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace picket {
namespace {

/// Workers and the export thread go first: a tenth of a core is enough to compile.
constexpr int kNice = 10;

}  // namespace

ReloadLoop::ReloadLoop(Config config, std::function<std::string()> file_state,
                       std::function<Result<std::uint32_t>(const std::string&)> reload)
    : config_(std::move(config)),
      file_state_(std::move(file_state)),
      reload_(std::move(reload)),
      loaded_state_(file_state_()),
      last_state_(loaded_state_),
      thread_([this] { run(); }) {}

ReloadLoop::~ReloadLoop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ReloadLoop::order(const std::string& why, Done done) {
  {
    const std::lock_guard lock(mutex_);
    ordered_ = true;
    why_ = why;
    if (done) done_.push_back(std::move(done));
  }
  wake_.notify_one();
}

void ReloadLoop::run() {
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const auto called = [this] { return stop_ || ordered_; };
    if (config_.watch.count() == 0)
      wake_.wait(lock, called);
    else
      wake_.wait_for(lock, config_.watch, called);
    if (stop_) break;
    std::string why = std::exchange(ordered_, false) ? std::exchange(why_, {}) : std::string();
    const auto done = std::exchange(done_, {});
    lock.unlock();
    if (why.empty() && changed()) why = config_.changed;
    if (!why.empty()) {
      loaded_state_ = file_state_();  // before the files are read: what changes then is seen later
      const auto outcome = reload_(why);
      for (const Done& d : done) d(outcome);
    }
    lock.lock();
  }
}

bool ReloadLoop::changed() {
  std::string now = file_state_();
  const bool settled = now == last_state_;
  last_state_ = std::move(now);
  return settled && last_state_ != loaded_state_;
}

}  // namespace picket
