// sensor/rules/describe.h — what a rule asks, piece by piece, as one would write it in a rule
//
// From the rule as it was understood, not from its text: modifiers stand with the content they belong to, in
// one spelling. For people; bytes that do not print stand in hexadecimal between bars.
#pragma once
#include <span>
#include <string>

#include "sensor/rules/rule.h"

namespace picket::rules {

/// `rule` gives names to variables.
[[nodiscard]] std::string describe(const Clause&, const Rule& rule);
[[nodiscard]] std::string describe(const PacketTest&, std::span<const ProtocolSpec* const>);
[[nodiscard]] std::string describe(const TransactionTest&, std::span<const ProtocolSpec* const>);
[[nodiscard]] std::string describe(const StateBit&);
[[nodiscard]] std::string describe(const VariableTest&);
[[nodiscard]] std::string describe(const FlowInt&);
/// "limit, 1 in 60 s, by source"
[[nodiscard]] std::string describe(const Threshold&);
[[nodiscard]] std::string describe(const AddressSet&);
[[nodiscard]] std::string describe(const PortSet&);
/// "<5", "!3", "1-9", "&0x40=0x40"
[[nodiscard]] std::string describe(const IntegerTest&);
/// "SA", "0" when there is none.
[[nodiscard]] std::string tcp_flags_text(std::uint8_t flags);

/// "10.0.0.1", "2001:db8::1"
[[nodiscard]] std::string address_text(const Address&);

}  // namespace picket::rules
