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
  std::string fast_pattern;  ///< bytes as they are; the report escapes them
  std::string_view
      buffer;         ///< where it is searched: "http.uri", "payload"; empty: the rule has no fast pattern
  double cost = 0.0;  ///< the planner's estimate; only order matters
};

struct ReportOptions {
  bool loaded_too = true;  ///< false: only rules that were rejected or warned about
};

/// `notes` may be empty, or hold one entry for each of set.rules.
void write_table(std::ostream& out, const RuleSet& set, std::span<const PlanNote> notes,
                 const ReportOptions& options = {});
/// Keys: sid, gid, rev, file, line, status, and error_line, column, reason, suggestion (rejected), warnings
/// (if any), msg, fast_pattern, buffer and cost (loaded, when notes are given).
void write_json(std::ostream& out, const RuleSet& set, std::span<const PlanNote> notes);
/// How often each reason to reject occurs, most frequent first.
void write_reasons(std::ostream& out, const RuleSet& set);
/// "19468 rules in 1 file: 19329 loaded, 139 rejected, 12 with warnings"
[[nodiscard]] std::string summary(const RuleSet& set);

/// A JSON string with its quotation marks; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view s);

}  // namespace picket::rules
