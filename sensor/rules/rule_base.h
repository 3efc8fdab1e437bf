// sensor/rules/rule_base.h — a loaded rule set with all that belongs to it: what workers run, what correlate needs,
// what `picket check` says
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "sensor/rules/load.h"
#include "sensor/rules/threshold.h"

namespace picket {

struct RuleBase {
  rules::RuleSet source;                         ///< statuses of every rule that was found
  std::unique_ptr<detect::RuleSet> plan;         ///< nullptr: no rule was loaded
  std::size_t loaded = 0, rejected = 0;
};

}  // namespace picket
