// sensor/rules/rule_base.h — a loaded rule set with all that belongs to it: what workers run, what correlate
// needs, what `picket check` says
#pragma once
#include <memory>
#include <span>
#include <string>

#include "sensor/rules/load.h"
#include "sensor/rules/plan.h"

namespace picket {

struct RuleBase {
  rules::RuleSet source;  ///< the status of every rule that was found
  rules::StateNames names;
  rules::Plan plan;

  [[nodiscard]] std::size_t loaded() const noexcept { return plan.planned; }
  [[nodiscard]] std::size_t rejected() const noexcept { return source.statuses.size() - plan.planned; }
};

/// Text, check and plan in one go; `options.protocols` and event names are filled in here. Slow work is
/// compiling databases, which `cache_dir` saves ("": no cache).
Result<std::unique_ptr<RuleBase>> load_rule_base(std::span<const std::string> paths,
                                                 rules::LoadOptions options, const std::string& cache_dir);

/// Where databases are kept when the configuration says nothing: $XDG_CACHE_HOME/picket, /var/cache/picket
/// for root, else ~/.cache/picket; "" when there is no such place.
std::string default_cache_dir();

}  // namespace picket
