// sensor/explain/question.h — a rule that is asked about, as the loader, the planner and the packet path know
// it
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "sensor/rules/plan.h"
#include "sensor/rules/report.h"

namespace picket::explain {

struct Question {
  const rules::Rule* rule = nullptr;
  rules::PlanNote note;
  std::vector<detect::RuleIndex> indexes;   ///< one for each protocol whose transactions it looks at
  std::vector<ProtocolId> protocols;        ///< those
  std::vector<const rules::Group*> groups;  ///< in the order of its programs
  rules::Judgement judgement;               ///< what correlate holds its matches against
  bool asked = true;                        ///< false: a pass rule, which may hold back what is asked about
  bool looks_at_packets_too = false;

  [[nodiscard]] bool transaction() const noexcept { return !protocols.empty(); }
};

/// What does not change while a capture is read.
struct Book {
  const detect::RuleSet* set = nullptr;
  std::span<const ProtocolSpec* const> protocols;
  std::vector<Question> questions;     ///< those asked about first
  std::size_t asked = 0;               ///< how many these are
  std::vector<std::size_t> of_target;  ///< by the probe's target: place in `questions`
  std::vector<rules::Watched> watched;
  std::uint64_t stream_depth = 0;  ///< bytes; 0: no limit
  bool midstream = true;           ///< connections whose start was not seen are followed
  std::uint16_t community_id_seed = 0;
};

/// What is asked about rules of `gid:sid`, of a plan that watches them (and pass rules). Borrows from `source`
/// and `plan.rules`.
[[nodiscard]] Book make_book(const rules::RuleSet& source, const rules::Plan& plan,
                             std::span<const ProtocolSpec* const> protocols,
                             const std::vector<std::pair<std::uint32_t, std::uint32_t>>& asked);

}  // namespace picket::explain
