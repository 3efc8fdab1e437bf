// sensor/explain/report.h — what `picket explain` prints: for people, or one JSON object a line
#pragma once
#include <ostream>
#include <string>
#include <vector>

#include "sensor/explain/answer.h"

namespace picket::explain {

/// A rule that cannot be explained by traffic: it is not in use.
struct NotLoaded {
  std::uint32_t gid = 1, sid = 0;
  std::string file;  ///< "": it stands in no file
  std::uint32_t line = 0, column = 0;
  std::string reason, suggestion;
};

struct Explanation {
  const Book* book = nullptr;
  std::vector<FlowAccount> flows;
  std::vector<std::uint64_t> fired;  ///< by question
  std::uint64_t flows_left_out = 0, flows_given_up = 0, packets = 0;
  std::vector<NotLoaded> not_loaded;
  std::vector<std::string> limits_met;  ///< counters of the detector that say that something was cut
  std::string asked_flow;               ///< community id; "": all
};

/// False: explanation and detection differ somewhere, which is an error of picket.
bool write_text(std::ostream&, const Explanation&);
/// Objects by "type": not_loaded, rule, flow, summary.
bool write_json(std::ostream&, const Explanation&);

}  // namespace picket::explain
