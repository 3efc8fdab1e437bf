// sensor/rules/report.h — what `picket check` prints about rules: a table for people, a JSON object a line
// for programs
#pragma once
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "sensor/rules/load.h"

namespace picket::rules {

/// What the planner adds, for the rule of the same place in RuleSet::rules.
struct PlanNote {
  /// How the packet path comes to look at the rule.
  enum class FoundBy : std::uint8_t {
    kNothing,  ///< it looks each time that there is something to look at
    kPattern,
    kPorts,   ///< each time on its ports: it has no pattern, or one that tells too little
    kHeader,  ///< it asks for no bytes: held against each packet, or each for its addresses or flags
    kEvent,
  };
  FoundBy found_by = FoundBy::kNothing;
  std::string fast_pattern;  ///< bytes as they are; the report escapes them
  std::string_view
      buffer;  ///< where it is searched: "http.uri", "payload"; empty: the rule has no fast pattern
  bool nocase = false;
  std::uint32_t group = 0;  ///< of the pattern, in Rule::groups
  std::string weak;         ///< the content that would be the pattern, but tells too little
  double cost = 0.0;        ///< the planner's estimate; only order matters
};

struct ReportOptions {
  bool loaded_too = true;  ///< false: only rules that were rejected or warned about
};

/// `notes` may be empty, or hold one entry for each of set.rules.
void write_table(std::ostream& out, const RuleSet& set, std::span<const PlanNote> notes,
                 const ReportOptions& options = {});
/// Keys: sid, gid, rev, file, line, status, and error_line, column, reason, suggestion (rejected), warnings
/// and deprecated (if any), msg, found_by, fast_pattern, buffer, ports, weak_pattern (those that it has) and cost (loaded, when
/// notes are given).
void write_json(std::ostream& out, const RuleSet& set, std::span<const PlanNote> notes);
/// How often each deprecated form occurs, most frequent first.
void write_deprecated(std::ostream& out, const RuleSet& set);
/// How often each reason to reject occurs, most frequent first.
void write_reasons(std::ostream& out, const RuleSet& set);
/// "19468 rules in 1 file: 19329 loaded, 139 rejected, 12 with warnings, 8100 in deprecated forms"
[[nodiscard]] std::string summary(const RuleSet& set);

/// How the packet path comes to look at a rule: "pattern", "ports", "nothing", "header", "event".
[[nodiscard]] std::string_view name_of(PlanNote::FoundBy) noexcept;
/// The same in words: "looked at for all payload on port 443: it has no content to search for".
[[nodiscard]] std::string how_found(const Rule&, const PlanNote&);

/// A JSON string with its quotation marks; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view s);
/// Content as a rule would write it: "ab|0d 0a|"; behind `most` bytes "...".
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t most = std::string_view::npos);
/// Control characters never reach a terminal.
[[nodiscard]] std::string one_line(std::string_view s);

}  // namespace picket::rules
