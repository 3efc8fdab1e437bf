// sensor/rules/alert_metadata.h — the fields of picket.v1.Alert that are the same for every match of a rule,
// encoded once
#pragma once
#include <cstdint>
#include <vector>

#include "sensor/rules/rule.h"

namespace picket::rules {

/// `metadata`, the values of a key in one entry, and `references`; empty when the rule has neither.
[[nodiscard]] std::vector<std::uint8_t> encode_alert_metadata(const Rule&);

}  // namespace picket::rules
