#include "sensor/rules/rule_base.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "dataplane/decode/decode_event.h"
#include "dataplane/flow/stream_event.h"

namespace picket {
namespace {

template <class Table>
auto names_of(const Table& table) {
  std::vector<std::string_view> names;
  std::transform(table.begin(), table.end(), std::back_inserter(names), [](const auto& e) { return e.name; });
  return names;
}

}  // namespace

Result<std::unique_ptr<RuleBase>> load_rule_base(std::span<const std::string> paths,
                                                 rules::LoadOptions options, const std::string& cache_dir) {
  static const auto decode_events = names_of(kDecodeEvents);
  static const auto stream_events = names_of(kStreamEvents);
  options.protocols = protocols();
  options.decode_events = decode_events;
  options.stream_events = stream_events;
  auto base = std::make_unique<RuleBase>();
  base->source = rules::load_rules(paths, options);
  rules::PlanOptions plan_options;
  plan_options.cache_dir = cache_dir;
  plan_options.protocols = options.protocols;
  plan_options.names = &base->names;
  rules::ThresholdFile thresholds;
  if (!options.threshold_file.empty())
    thresholds = rules::read_threshold_file(options.threshold_file, options.variables);
  plan_options.data_dir = options.data_dir;
  plan_options.thresholds = &thresholds;
  auto planned = rules::plan(base->source, plan_options);
  if (!planned) return planned.error();
  base->plan = std::move(planned).value();
  base->plan.warnings.insert(base->plan.warnings.begin(), thresholds.warnings.begin(),
                             thresholds.warnings.end());
  return base;
}

std::string default_cache_dir() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg == '/')
    return std::string(xdg) + "/picket";
  if (getuid() == 0) return "/var/cache/picket";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return std::string(home) + "/.cache/picket";
  return "";
}

}  // namespace picket
