// sensor/explain/wording.h — what stood there instead of what a rule asks, in words
#pragma once
#include <string>

#include "dataplane/detect/header.h"
#include "dataplane/detect/program.h"
#include "sensor/explain/question.h"

namespace picket::explain {

/// Of a clause that failed: machine's word for it, and what was met. `at`: the place to show.
struct Met {
  std::string part, text;
  std::int64_t at = 0;
};
[[nodiscard]] Met met_by_clause(const rules::Clause&, const detect::RuleSet&, const detect::Op&,
                                const detect::GroupTrace&, const detect::Buffer&);
/// What the packet has where a test asks.
[[nodiscard]] std::string met_by_packet(const rules::PacketTest&, const detect::Subject&,
                                        std::span<const ProtocolSpec* const>);
/// What the transaction has where a test asks.
[[nodiscard]] std::string met_by_transaction(const rules::TransactionTest&, const detect::Subject&,
                                             const Transaction&, std::span<const ProtocolSpec* const>);
/// A fast pattern that does not stand in the buffer.
[[nodiscard]] std::string met_by_pattern(std::string_view pattern, bool nocase, const detect::Buffer&);
/// What the flow, the transaction or the packet had in mind when a test of it failed.
[[nodiscard]] std::string met_by_state(const detect::StateOp&, const detect::RuleSet&, const detect::Subject&,
                                       const detect::CoreMemory&);
[[nodiscard]] std::string met_by_app(ProtocolId, const Flow*, std::span<const ProtocolSpec* const>);
/// Machine's word for a test of a packet: "dsize", "flags".
[[nodiscard]] std::string part_of(const std::string& description);

}  // namespace picket::explain
