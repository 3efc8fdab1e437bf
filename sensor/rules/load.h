// sensor/rules/load.h — rule files in, rules and a word on each of them out
//
// Takes   files or glob patterns, the variables rules may use, the protocols that declare buffers and
//         keywords
// Gives   a RuleSet: the rules that hold, and a RuleStatus for every rule that was found, loaded or not
// Cost    about ten microseconds a rule; linear in the text; no recursion deeper than kMaxNesting
// Refuses nothing: any bytes end in rules or in diagnostics with file, line and column
// Lives   a Rule borrows from its RuleSet (file names, class names), which may be moved but must outlive it;
//         the text is read and let go
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/core/protocol.h"
#include "sensor/rules/diagnostic.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

/// The Suricata version whose language `requires: version` is held against.
inline constexpr unsigned kLanguageVersion[3] = {8, 0, 0};
inline constexpr std::size_t kMaxRuleBytes = 256 * 1024;  ///< lines joined; longer ones are rejected unread
inline constexpr unsigned kMaxNesting = 16;  ///< of brackets and variables in an address or port list

/// What stands for $NAME in a rule's header; values are written as in a rule: "[10.0.0.0/8,!10.1.1.1]".
struct RuleVariables {
  std::map<std::string, std::string, std::less<>> addresses, ports;
};
/// HOME_NET (the private networks), EXTERNAL_NET (the rest) and the server and port groups that public rules
/// expect.
[[nodiscard]] RuleVariables default_variables();

/// What is known of addresses; see reputation.h.
struct KnowledgeFiles {
  std::string categories;               ///< reputation-categories-file; "": none
  std::vector<std::string> reputation;  ///< reputation-files
  std::string countries;                ///< geoip-database; "": none
};

struct LoadOptions {
  RuleVariables variables = default_variables();
  std::span<const ProtocolSpec* const> protocols;  ///< in the program: picket::protocols()
  /// The names decode-event and stream-event may use; empty: any name passes.
  std::span<const std::string_view> decode_events, stream_events;
  std::string classification_file;  ///< classification.config; empty: the built-in classes
  std::string reference_file;       ///< reference.config; empty: the built-in systems
  std::string data_dir;             ///< where data sets are kept; empty: nowhere. For RuleLoader
  std::string threshold_file;       ///< threshold.config; empty: none. For RuleLoader
  KnowledgeFiles knowledge;         ///< iprep's and geoip's files. For RuleLoader
};

/// What became of one rule.
struct RuleStatus {
  static constexpr std::uint32_t kNoRule = 0xffffffff;

  std::uint32_t sid = 0, gid = 1, rev = 0;  ///< sid 0: not readable
  std::string_view file;
  std::uint32_t line = 0;
  std::uint32_t rule = kNoRule;  ///< place in RuleSet::rules when loaded
  std::vector<Diagnostic> diagnostics;

  [[nodiscard]] bool loaded() const noexcept { return rule != kNoRule; }
  /// The first error; nullptr for a loaded rule.
  [[nodiscard]] const Diagnostic* error() const noexcept;
};

struct RuleFileReport {
  std::string_view path;
  std::uint32_t found = 0, loaded = 0, rejected = 0;
};

struct RuleSet {
  std::vector<Rule> rules;
  std::vector<RuleStatus> statuses;  ///< in the order of files and lines
  std::vector<RuleFileReport> files;
  std::vector<Diagnostic> diagnostics;  ///< of files as a whole: not readable, pattern without a match

  /// For the planner: a rule that passed the checks but cannot be run (a pattern no engine takes). Keeps the
  /// places of other rules: the rule stays in `rules`, its status becomes rejected.
  void reject(std::uint32_t rule, std::string reason);
  /// The rules go; what became of each (statuses, diagnostics, files) stays.
  void forget_rules();

  /// What the views in here point into; nobody else's business.
  struct Storage;
  std::shared_ptr<Storage> storage;
};

/// Reads files; `paths` may hold glob patterns. A missing file is a diagnostic, not the end.
[[nodiscard]] RuleSet load_rules(std::span<const std::string> paths, const LoadOptions& options);
/// The same for rules in memory; `name` stands in for the path.
[[nodiscard]] RuleSet load_rules_text(std::string_view name, std::string_view text,
                                      const LoadOptions& options);
/// The files that a pattern names, in the order of their names; a path without wildcards stands for itself.
[[nodiscard]] std::vector<std::string> matching_files(const std::string& pattern);
/// Which files `paths` name, and the size and time of change of each: another text when one was changed.
[[nodiscard]] std::string file_state(std::span<const std::string> paths);

}  // namespace picket::rules
