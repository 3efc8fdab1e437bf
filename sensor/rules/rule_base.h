// sensor/rules/rule_base.h — a loaded rule set with all that belongs to it: what workers run, what correlate
// needs, what `picket check` says; and who loads it, again and again
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sensor/rules/load.h"
#include "sensor/rules/plan.h"

namespace picket {

struct RuleBase {
  /// What was wrong, without the line it stood in, and how often.
  using Rejections = std::map<std::string, unsigned>;

  rules::RuleSet source;  ///< the status of every rule that was found; empty after forget_source()
  rules::Plan plan;
  std::size_t found = 0;
  Rejections rejections;

  [[nodiscard]] std::size_t loaded() const noexcept { return plan.planned; }
  [[nodiscard]] std::size_t rejected() const noexcept { return found - plan.planned; }
  /// Why it may not take the place of a set with these rejections: a file that could not be read, or a rule
  /// that is wrong and was not before. "file:line:column: reason", good until forget_source().
  /// Rules of files whose names begin with `lenient`, unless it is "", may be wrong as long as one of a file's is right.
  [[nodiscard]] std::optional<std::string> refusal(const Rejections& before,
                                                   std::string_view lenient = {}) const;
  /// Text and parsed rules: most of the memory, of no use once all was said about them.
  void forget_source();
};

/// Loading takes several times what stays, and the allocator keeps what is freed: this gives whole free pages
/// to the system. Some milliseconds, in which other threads' allocations wait; workers make none.
void give_memory_back() noexcept;

/// Loads the same files again and again; each set shares with the one in use what did not change. From one
/// thread at a time.
class RuleLoader {
 public:
  /// `options.protocols` and event names are filled in here. `cache_dir`: see DatabaseCache.
  RuleLoader(std::vector<std::string> paths, rules::LoadOptions options, const std::string& cache_dir);

  /// Text, check and plan in one go. Slow work is compiling, by `threads` (0: as many as there are cores).
  /// `keep_rules`: RuleBase::source has its rules, for a report, not just what became of them. `watch`: see
  /// PlanOptions.
  [[nodiscard]] Result<std::unique_ptr<RuleBase>> load(unsigned threads = 0, bool keep_rules = false,
                                                       rules::Watch watch = {});
  /// Differs from what it was when some file that load() reads, but those of data sets, has.
  [[nodiscard]] std::string file_state() const;
  /// Any thread: load() fails soon, now and ever after.
  void give_up() noexcept { give_up_.store(true); }

 private:
  std::vector<std::string> paths_;
  rules::LoadOptions options_;
  rules::PlanMemory memory_;
  std::atomic<bool> give_up_{false};
};

/// Where databases are kept when the configuration says nothing: $XDG_CACHE_HOME/picket, /var/cache/picket
/// for root, else ~/.cache/picket; "" when there is no such place.
std::string default_cache_dir();

}  // namespace picket
