// sensor/rules/plan.h — rules that hold, made into what the packet path runs
//
// Each rule becomes a header (one cache line), at most one fast pattern in one buffer, and a program for the
// rest. The fast patterns of a buffer become one Hyperscan database, taken from the cache when it is there
// (cache.h).
//
// Refuses what picket cannot run yet, by rules::RuleSet::reject(): with a reason, never in silence
// Cost    control plane; some seconds cold for twenty thousand rules, on all cores; a fraction of one with
// the cache
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "parsers/core/result.h"
#include "sensor/rules/datasets.h"
#include "sensor/rules/load.h"
#include "sensor/rules/report.h"
#include "sensor/rules/threshold.h"
#include "sensor/rules/threshold_file.h"

namespace picket::rules {

/// Names of flowbits, flowints and host bits to numbers. Keep one for the life of the program, so that what
/// flows remember stays true over a reload.
class StateNames {
 public:
  std::uint32_t bit(const std::string& name) { return number(bits_, name); }
  std::uint32_t integer(const std::string& name) { return number(ints_, name); }
  std::uint32_t host_bit(const std::string& name) { return number(host_bits_, name); }
  /// Every bit of a flow, in the order of names.
  template <class F>
  void each_bit(F&& f) const {
    const std::map<std::string_view, std::uint32_t> sorted(bits_.begin(), bits_.end());
    for (const auto& [name, id] : sorted) f(name, id);
  }
  [[nodiscard]] std::uint32_t bits() const noexcept { return static_cast<std::uint32_t>(bits_.size()); }
  [[nodiscard]] std::uint32_t integers() const noexcept { return static_cast<std::uint32_t>(ints_.size()); }

 private:
  using Table = std::unordered_map<std::string, std::uint32_t>;
  static std::uint32_t number(Table& t, const std::string& name) {
    return t.try_emplace(name, static_cast<std::uint32_t>(t.size())).first->second;
  }
  Table bits_, ints_, host_bits_;
};

struct PlanOptions {
  std::string cache_dir;                           ///< where databases are kept; empty: nowhere
  std::span<const ProtocolSpec* const> protocols;  ///< those the rules were loaded with
  std::uint32_t epoch = 1;                         ///< of the snapshot; differs from the one in use
  StateNames* names = nullptr;                     ///< nullptr: fresh ones
  std::string data_dir;                            ///< where data sets are kept; empty: nowhere
  const ThresholdFile* thresholds = nullptr;       ///< nullptr: those of the rules alone
  unsigned threads = 0;                            ///< 0: as many as there are cores
};

struct Plan {
  std::unique_ptr<detect::RuleSet> rules;
  std::vector<std::uint32_t> sources;  ///< by RuleIndex: place in rules::RuleSet::rules
  std::vector<Judgement> judgements;   ///< by RuleIndex
  std::vector<DynamicSet> sets;        ///< data sets that rules change
  std::vector<PlanNote> notes;         ///< by place in rules::RuleSet::rules
  std::size_t planned = 0, rejected = 0;
  std::size_t databases = 0, from_cache = 0;
  std::vector<std::string> warnings;  ///< the cache could not be written, and the like
};

/// Rules that cannot be run are rejected in `loaded`; fails only when nothing at all can be built.
[[nodiscard]] Result<Plan> plan(RuleSet& loaded, const PlanOptions& options);

}  // namespace picket::rules
