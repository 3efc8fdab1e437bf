// sensor/explain/evaluate.h — holds one rule against one occasion, all of it, and says where it ended
//
// The order is that of an explanation: header, state, fast pattern, then the options. What is asked is asked
// of the packet path's own functions, so that there is no second opinion of what a rule means; only their
// order, and the words, are of this folder.
//
// Cost    off the packet path of replay and run: it may allocate
#pragma once
#include <memory>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/program.h"
#include "sensor/explain/finding.h"
#include "sensor/explain/question.h"

namespace picket::explain {

/// What is held against the rule.
struct Occasion {
  const detect::Subject& subject;
  const detect::Buffer* payload = nullptr;  ///< nullptr: the rule looks at none
  bool of_packet = true;                    ///< the payload is a packet's, not a stream's
  const Transaction* tx = nullptr;
};

class Evaluator {
 public:
  explicit Evaluator(const Book& book);

  /// How far the rule's header fits a packet: kNone when all of it does. Direction included, state not.
  [[nodiscard]] Finding header(const Question&, const detect::Subject&);
  /// `best`: words are found only for what came further; else stage and score alone are set.
  [[nodiscard]] Finding evaluate(const Question&, detect::RuleIndex, const Occasion&, const Finding& best);
  /// The finding of a header that fits.
  static constexpr unsigned kHeaderFits = 100;

 private:
  struct Work;
  bool header_part(const Question&, const detect::RuleHeader&, const detect::Subject&, Finding&);
  bool state_holds(Work&);
  bool pattern_seen(Work&);
  bool options_hold(Work&);
  bool tx_group_holds(Work&, const detect::Group&, const rules::Group&);
  bool payload_group_holds(Work&, const detect::Group&, const rules::Group&);
  void miss(Work&, const detect::Group&, const rules::Group&, const detect::Buffer&,
            const detect::GroupTrace&, unsigned instance);

  const Book& book_;
  const detect::RuleSet& set_;
  std::unique_ptr<detect::CoreMemory> memory_;
  detect::DetectStats stats_;
};

/// The bytes around `at`.
[[nodiscard]] Window window_of(Bytes data, std::int64_t at);

}  // namespace picket::explain
