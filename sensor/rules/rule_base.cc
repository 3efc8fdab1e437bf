#include "sensor/rules/rule_base.h"

#include <malloc.h>
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

/// Lines move when a file is edited; what is wrong with a rule does not.
std::string without_numbers(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c < '0' || c > '9') out += c;
  }
  return out;
}

std::string key_of(const rules::RuleStatus& s, const rules::Diagnostic& d) {
  return std::string(s.file) + " " + std::to_string(s.gid) + ":" + std::to_string(s.sid) + " " +
         without_numbers(d.reason);
}

}  // namespace

std::optional<std::string> RuleBase::refusal(const Rejections& before, std::string_view lenient) const {
  if (!source.diagnostics.empty()) return rules::to_string(source.diagnostics.front());
  Rejections left = before;
  std::map<std::string_view, std::pair<const rules::Diagnostic*, bool>>
      lenient_files;  // an error; has one that holds
  for (const rules::RuleStatus& s : source.statuses) {
    const rules::Diagnostic* d = s.error();
    if (!lenient.empty() && s.file.starts_with(lenient)) {
      auto& [error, good] = lenient_files[s.file];
      if (error == nullptr) error = d;
      good |= s.loaded();
      continue;
    }
    if (d == nullptr) continue;
    if (unsigned& n = left[key_of(s, *d)]; n != 0)
      --n;
    else
      return rules::to_string(*d);
  }
  for (const auto& [file, outcome] : lenient_files) {
    if (!outcome.second && outcome.first != nullptr) return rules::to_string(*outcome.first);
  }
  return {};
}

void RuleBase::forget_source() {
  source = {};
  plan.notes = {};
  plan.sources = {};
  give_memory_back();
}

void give_memory_back() noexcept { malloc_trim(0); }

RuleLoader::RuleLoader(std::vector<std::string> paths, rules::LoadOptions options,
                       const std::string& cache_dir)
    : paths_(std::move(paths)), options_(std::move(options)), memory_(cache_dir) {
  static const auto decode_events = names_of(kDecodeEvents);
  static const auto stream_events = names_of(kStreamEvents);
  options_.protocols = protocols();
  options_.decode_events = decode_events;
  options_.stream_events = stream_events;
}

Result<std::unique_ptr<RuleBase>> RuleLoader::load(unsigned threads, bool keep_rules, rules::Watch watch) {
  auto base = std::make_unique<RuleBase>();
  base->source = rules::load_rules(paths_, options_);
  base->found = base->source.statuses.size();
  rules::ThresholdFile thresholds;
  if (!options_.threshold_file.empty())
    thresholds = rules::read_threshold_file(options_.threshold_file, options_.variables);
  const auto addresses = rules::AddressKnowledge::load(options_.knowledge);
  rules::PlanOptions plan;
  plan.addresses = &addresses;
  plan.protocols = options_.protocols;
  plan.memory = &memory_;
  plan.data_dir = options_.data_dir;
  plan.thresholds = &thresholds;
  plan.threads = threads;
  plan.keep_rules = keep_rules;
  plan.watch = std::move(watch);
  plan.give_up = &give_up_;
  auto planned = rules::plan(base->source, plan);
  if (!planned) return planned.error();
  base->plan = std::move(planned).value();
  base->plan.warnings.insert(base->plan.warnings.begin(), thresholds.warnings.begin(),
                             thresholds.warnings.end());
  base->plan.warnings.insert(base->plan.warnings.begin(), addresses.warnings.begin(),
                             addresses.warnings.end());
  for (const rules::RuleStatus& s : base->source.statuses) {
    if (const rules::Diagnostic* d = s.error(); d != nullptr) ++base->rejections[key_of(s, *d)];
  }
  return base;
}

std::string RuleLoader::file_state() const {
  std::vector<std::string> all = paths_;
  for (const std::string& file :
       {options_.classification_file, options_.reference_file, options_.threshold_file,
        options_.knowledge.categories, options_.knowledge.countries}) {
    if (!file.empty()) all.push_back(file);
  }
  all.insert(all.end(), options_.knowledge.reputation.begin(), options_.knowledge.reputation.end());
  return rules::file_state(all);
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
