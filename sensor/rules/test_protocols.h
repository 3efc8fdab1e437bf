// sensor/rules/test_protocols.h — a small registry for tests of the rule language, independent of the real
// parsers
#pragma once
#include <span>

#include "parsers/core/protocol.h"

namespace picket::rules {

/// http, dns, tls and modbus, with the names public rules use; no parser behind them.
[[nodiscard]] std::span<const ProtocolSpec* const> test_protocols() noexcept;

}  // namespace picket::rules
