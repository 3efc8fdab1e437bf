#include "sensor/reloader.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace picket {
namespace {

/// Workers and the export thread go first: a tenth of a core is enough to compile.
constexpr int kNice = 10;

}  // namespace

Reloader::Reloader(RuleLoader& loader, Pipeline& pipeline, RuleBase::Rejections in_use,
                   const ReloadConfig& config)
    : loader_(loader),
      pipeline_(pipeline),
      rejections_(std::move(in_use)),
      config_(config),
      loaded_state_(loader.file_state()),
      last_state_(loaded_state_),
      thread_([this] { run(); }) {}

Reloader::~Reloader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  loader_.give_up();
  wake_.notify_one();
  thread_.join();
}

void Reloader::order(const std::string& why, Done done) {
  {
    const std::lock_guard lock(mutex_);
    ordered_ = true;
    why_ = why;
    if (done) done_.push_back(std::move(done));
  }
  wake_.notify_one();
}

void Reloader::run() {
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
    if (why.empty() && changed()) why = "a rule file changed";
    if (!why.empty()) {
      const auto outcome = reload(why);
      for (const Done& d : done) d(outcome);
    }
    lock.lock();
  }
}

bool Reloader::changed() {
  std::string now = loader_.file_state();
  const bool settled = now == last_state_;
  last_state_ = std::move(now);
  return settled && last_state_ != loaded_state_;
}

Result<std::uint32_t> Reloader::reload(const std::string& why) {
  const auto begin = std::chrono::steady_clock::now();
  const auto keep = [&](const std::string& reason) {
    pipeline_.count_failed_reload();
    spdlog::error("reload ({}): {}; the rules in use stay, epoch {}", why, reason, pipeline_.rules_epoch());
    return Error{reason};
  };
  loaded_state_ = loader_.file_state();  // before the files are read: what changes then is seen later
  auto loaded = loader_.load(1);
  if (!loaded) return keep(loaded.error().message);
  std::unique_ptr<RuleBase> rules = std::move(loaded).value();
  if (config_.seen) config_.seen(*rules);
  const auto refusal = config_.strict ? rules->refusal({}) : rules->refusal(rejections_, config_.lenient);
  if (refusal) return keep(*refusal);
  for (const std::string& w : rules->plan.warnings) spdlog::warn("{}", w);
  const std::size_t active = rules->loaded(), rejected = rules->rejected();
  RuleBase::Rejections rejections = std::move(rules->rejections);
  rules->forget_source();
  const auto swapped = pipeline_.swap_rules(std::move(rules));
  if (!swapped) return keep(swapped.error().message);
  give_memory_back();  // what the old set had to itself
  rejections_ = std::move(rejections);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  spdlog::info("reload ({}): {} rules active, {} rejected, epoch {}, {} ms", why, active, rejected,
               pipeline_.rules_epoch(), ms.count());
  return pipeline_.rules_epoch();
}

}  // namespace picket
