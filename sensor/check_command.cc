// picket check: what becomes of the configuration and of each rule; touches no traffic
#include <iostream>

#include "sensor/commands.h"
#include "sensor/rules/report.h"
#include "sensor/setup.h"

namespace picket {

int check_command(const Options& o) {
  const auto setup = make_setup(o);
  if (!setup) return 2;
  if (setup->rules == nullptr)
    return complain("nothing to check: no rules; give --rules FILE or rule-files in the configuration"), 2;
  const RuleBase& base = *setup->rules;
  if (o.json) {
    rules::write_json(std::cout, base.source, base.plan.notes);
  } else {
    rules::write_table(std::cout, base.source, base.plan.notes);
    rules::write_reasons(std::cout, base.source);
    for (const std::string& w : base.plan.warnings) std::cout << w << '\n';
    std::cout << rules::summary(base.source) << '\n';
  }
  return std::cout.flush() ? 0 : 1;
}

}  // namespace picket
