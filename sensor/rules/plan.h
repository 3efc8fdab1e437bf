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
#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "parsers/core/result.h"
#include "sensor/rules/cache.h"
#include "sensor/rules/datasets.h"
#include "sensor/rules/load.h"
#include "sensor/rules/report.h"
#include "sensor/rules/reputation.h"
#include "sensor/rules/threshold.h"
#include "sensor/rules/threshold_file.h"

namespace picket::rules {

/// Names of flowbits, flowints and host bits to numbers, and rules too: by their ids, text and protocol.
class StateNames {
 public:
  std::uint32_t bit(const std::string& name) { return number(bits_, name); }
  std::uint32_t integer(const std::string& name) { return number(ints_, name); }
  std::uint32_t host_bit(const std::string& name) { return number(host_bits_, name); }
  std::uint32_t transaction_bit(const std::string& name) { return number(tx_bits_, name); }
  std::uint32_t variable(const std::string& name) { return number(variables_, name); }
  /// A rule that stands once for each of several protocols has as many numbers.
  detect::RuleNumber rule(const Rule&, ProtocolId);
  /// Every bit of a flow, in the order of names.
  template <class F>
  void each_bit(F&& f) const {
    const std::map<std::string_view, std::uint32_t> sorted(bits_.begin(), bits_.end());
    for (const auto& [name, id] : sorted) f(name, id);
  }
  [[nodiscard]] std::vector<std::string> bit_names() const { return by_number(bits_); }
  [[nodiscard]] std::vector<std::string> integer_names() const { return by_number(ints_); }
  [[nodiscard]] std::vector<std::string> variable_names() const { return by_number(variables_); }
  [[nodiscard]] std::uint32_t bits() const noexcept { return static_cast<std::uint32_t>(bits_.size()); }
  [[nodiscard]] std::uint32_t integers() const noexcept { return static_cast<std::uint32_t>(ints_.size()); }
  [[nodiscard]] std::uint32_t rules() const noexcept { return static_cast<std::uint32_t>(rules_.size()); }

 private:
  using Table = std::unordered_map<std::string, std::uint32_t>;
  static std::uint32_t number(Table& t, const std::string& name) {
    return t.try_emplace(name, static_cast<std::uint32_t>(t.size())).first->second;
  }
  static std::vector<std::string> by_number(const Table& t) {
    std::vector<std::string> names(t.size());
    for (const auto& [name, id] : t) names[id] = name;
    return names;
  }
  struct RuleKey {
    std::uint32_t gid = 0, sid = 0;
    ProtocolId protocol = kNoProtocol;
    std::uint64_t text = 0;  // a hash, beside ids that a text has to share
    friend auto operator<=>(const RuleKey&, const RuleKey&) = default;
  };
  Table bits_, ints_, host_bits_, tx_bits_, variables_;
  std::map<RuleKey, detect::RuleNumber> rules_;
};

/// Regular expressions that a rule set in use has compiled already.
class ExpressionCache {
 public:
  struct Key {
    std::string pattern;
    std::uint32_t options = 0;
    bool limited = true;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  using Expression = std::shared_ptr<pcre2_real_code_8>;
  /// nullptr: nobody has it.
  [[nodiscard]] Expression find(const Key&) const;
  void add(const Key& key, const Expression& e) { in_use_[key] = e; }
  /// Forgets what nobody uses any more.
  void tidy();

 private:
  std::map<Key, std::weak_ptr<pcre2_real_code_8>> in_use_;
};

/// What one plan leaves for the next: keep one for the life of the program, so that what flows remember stays
/// true over a reload, and what did not change is not made again.
struct PlanMemory {
  /// `cache_dir`: where databases are kept; "": nowhere.
  explicit PlanMemory(std::string cache_dir) : databases(std::move(cache_dir)) {}
  StateNames names;
  DatabaseCache databases;
  ExpressionCache expressions;
};

/// Which rules `picket explain` is asked about; empty: none.
using Watch = std::function<bool(const Rule&)>;

struct PlanOptions {
  std::span<const ProtocolSpec* const> protocols;  ///< those the rules were loaded with
  PlanMemory* memory = nullptr;                    ///< nullptr: a fresh one without a cache
  std::string data_dir;                            ///< where data sets are kept; empty: nowhere
  const ThresholdFile* thresholds = nullptr;       ///< nullptr: those of the rules alone
  const AddressKnowledge* addresses = nullptr;     ///< nullptr: nothing is known of addresses
  unsigned threads = 0;                            ///< 0: as many as there are cores
  bool keep_rules = true;                          ///< false: those loaded go before databases are compiled
  Watch watch;                                     ///< rules that get a probe, and every packet too
  const std::atomic<bool>* give_up = nullptr;      ///< when it becomes true, planning fails soon
};

/// A rule behind a probe: see dataplane/detect/probe.h. Its place in Plan::watched is the probe's target.
struct Watched {
  detect::RuleIndex rule = detect::kNone;
  std::uint32_t source = 0;           ///< place in rules::RuleSet::rules
  ProtocolId protocol = kNoProtocol;  ///< whose transactions it looks at
};

struct Plan {
  std::unique_ptr<detect::RuleSet> rules;
  std::vector<std::uint32_t> sources;  ///< by RuleIndex: place in rules::RuleSet::rules
  std::vector<Judgement> judgements;   ///< by RuleIndex
  std::vector<DynamicSet> sets;        ///< data sets that rules change
  std::vector<PlanNote> notes;         ///< by place in rules::RuleSet::rules; with keep_rules alone
  std::vector<Watched> watched;
  std::size_t planned = 0, rejected = 0;
  std::size_t databases = 0, from_cache = 0;
  std::vector<std::string> warnings;  ///< the cache could not be written, and the like
};

/// A rule's groups as its programs have them: the first `payload` look at payload or headers, the others at
/// transactions; base64_data stays behind the group whose base64_decode feeds it.
struct ProgramOrder {
  std::vector<const Group*> groups;
  std::size_t payload = 0;
};
[[nodiscard]] ProgramOrder program_order(const Rule&);
/// Of a rule for streams: places in it count from the start of packets, too, so that these are looked at as
/// well.
[[nodiscard]] bool looks_at_packets_too(const Rule&);

/// Rules that cannot be run are rejected in `loaded`; fails only when nothing at all can be built.
[[nodiscard]] Result<Plan> plan(RuleSet& loaded, const PlanOptions& options);

}  // namespace picket::rules
