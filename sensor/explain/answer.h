// sensor/explain/answer.h — from what was kept of a rule in a flow to what is said of it
#pragma once
#include <string>
#include <vector>

#include "sensor/explain/watch.h"

namespace picket::explain {

/// What of a flow the rule was not held against, so that "it did not match" is not the whole story.
struct Limit {
  std::string_view name;  ///< "encryption", "gap", "depth", "midstream", "snap_length" ...
  std::string text;
};

struct Answer {
  Stage stage = Stage::kHeader;
  std::string by;        ///< kHeldBack: "threshold", "suppress", "pass" ...; else what stopped it
  std::string headline;  ///< one line
  std::vector<std::string> more;
  std::vector<Limit> limits;
  bool contradiction = false;  ///< evaluator and detector differ: an error of this program
};

/// `limits_met`: the detector's own limits cut something somewhere in this run.
[[nodiscard]] Answer answer(const Book&, const Question&, const FlowAccount&, const Account&,
                            bool limits_met);

}  // namespace picket::explain
