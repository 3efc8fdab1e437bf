// picket check: what becomes of the configuration and of each rule; touches no traffic
#include <iostream>

#include "sensor/commands.h"
#include "sensor/rules/report.h"
#include "sensor/setup.h"

namespace picket {

int check_command(const Options& o) {
  const auto setup = make_setup(o);
  if (!setup) return 2;
  if (setup->rules == nullptr && !setup->indicators)
    return complain(
               "nothing to check: no rules and no indicators; give --rules FILE, or rule-files or "
               "intel.files "
               "in the configuration"),
           2;
  if (setup->indicators && o.json) write_indicators_json(std::cout, *setup->indicators);
  if (setup->indicators && !o.json) {
    for (const std::string& p : indicator_problems(*setup->indicators)) std::cout << p << '\n';
    std::cout << indicators_summary(*setup->indicators) << '\n';
  }
  if (setup->rules == nullptr) return std::cout.flush() ? 0 : 1;
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
