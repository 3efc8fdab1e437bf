// sensor/reloader.h — new rules while traffic goes on: at SIGHUP, at an order, when a rule file changed
//
//   order ──> load (this thread, which gives way to others) ──> every worker takes it between two bursts ──>
//   the old rules are freed
//
// A set that is worse than the one in use does not take its place: when a file cannot be read, or a rule is
// wrong that was not before, the log says where, and the rules in use stay. A file counts as changed once it
// has stayed the same from one look to the next, so that none is read while it is written.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "parsers/core/result.h"
#include "sensor/pipeline.h"
#include "sensor/rules/rule_base.h"

namespace picket {

struct ReloadConfig {
  std::chrono::milliseconds watch{0};  ///< between two looks at the files; 0: only orders count
  bool strict = false;                 ///< --rules-strict: any rejected rule keeps the set out
  std::string lenient;                 ///< see RuleBase::refusal(); not with `strict`
  std::function<void(const RuleBase&)>
      seen;  ///< on the reloader's thread: what was read, before it is judged
};

class Reloader {
 public:
  /// With the epoch that is in use now, or why it is still the one before.
  using Done = std::function<void(const Result<std::uint32_t>&)>;

  /// Borrows both; `in_use`: what was wrong with the rules that the pipeline began with. Starts its thread.
  Reloader(RuleLoader& loader, Pipeline& pipeline, RuleBase::Rejections in_use, const ReloadConfig&);
  /// Gives up what is under way.
  ~Reloader();

  /// Any thread; returns at once. Orders that come while one is waiting are one. `why` goes into the log;
  /// `done` is called on the reloader's thread.
  void order(const std::string& why, Done done = nullptr);

 private:
  void run();
  [[nodiscard]] bool changed();
  [[nodiscard]] Result<std::uint32_t> reload(const std::string& why);

  RuleLoader& loader_;
  Pipeline& pipeline_;
  RuleBase::Rejections rejections_;
  const ReloadConfig config_;
  std::string loaded_state_, last_state_;  // of the files
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ordered_ = false, stop_ = false;
  std::string why_;
  std::vector<Done> done_;
  std::thread thread_;
};

}  // namespace picket
