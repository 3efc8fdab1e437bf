// sensor/rules/threshold_file.h — threshold.config: what a site says of alerts without touching the rules
//
//   threshold gen_id 1, sig_id 2001, type limit, track by_src, count 1, seconds 60
//   suppress gen_id 1, sig_id 2002, track by_either, ip [10.0.0.0/8,!10.1.1.1]
//   rate_filter gen_id 1, sig_id 2003, track by_rule, count 100, seconds 60, new_action pass, timeout 300
//
// sig_id 0 means every rule, gen_id 0 every generator. A threshold for one rule takes the place of the rule's
// own; one for all leaves those alone that have their own. A line that ends in a backslash goes on.
//
// Refuses a line it does not understand: a warning with file and line, the others hold
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/rules/load.h"
#include "sensor/rules/threshold.h"

namespace picket::rules {

struct ThresholdFile {
  /// One line: exactly one of the two.
  struct Order {
    std::uint32_t gid = 0, sid = 0;  ///< 0: all
    std::optional<Threshold> threshold;
    std::optional<Suppression> suppression;
  };
  std::vector<Order> orders;
  std::vector<std::string> warnings;  ///< "threshold.config:3: ..."

  /// Adds what the file says of the rule.
  void apply(Judgement&) const;
};

[[nodiscard]] ThresholdFile read_thresholds(std::string_view name, std::string_view text,
                                            const RuleVariables&);
/// An unreadable file is a warning.
[[nodiscard]] ThresholdFile read_threshold_file(const std::string& path, const RuleVariables&);

}  // namespace picket::rules
