// sensor/reloader.h — new rules while traffic goes on: at SIGHUP, at an order, when a rule file changed
//
//   order ──> load (this thread, which gives way to others) ──> every worker takes it between two bursts ──>
//   the old rules are freed
//
// A set that is worse than the one in use does not take its place: when a file cannot be read, or a rule is
// wrong that was not before, the log says where, and the rules in use stay.
#pragma once
#include <chrono>
#include <string>

#include "parsers/core/result.h"
#include "sensor/pipeline.h"
#include "sensor/reload_loop.h"
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
  using Done = ReloadLoop::Done;

  /// Borrows both; `in_use`: what was wrong with the rules that the pipeline began with. Starts its thread.
  Reloader(RuleLoader& loader, Pipeline& pipeline, RuleBase::Rejections in_use, const ReloadConfig&);
  /// Gives up what is under way.
  ~Reloader();

  /// Any thread: see ReloadLoop. `why` goes into the log.
  void order(const std::string& why, Done done = nullptr) { loop_.order(why, std::move(done)); }

 private:
  [[nodiscard]] Result<std::uint32_t> reload(const std::string& why);

  RuleLoader& loader_;
  Pipeline& pipeline_;
  RuleBase::Rejections rejections_;
  const ReloadConfig config_;
  ReloadLoop loop_;  // last: its thread uses the others
};

}  // namespace picket
