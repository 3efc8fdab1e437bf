// parsers/core/registry.h — what the table of protocols adds to a protocol's own spec
#pragma once
#include "parsers/core/protocol.h"

namespace picket {

/// `own`, or where it names an OtProtocol, a copy with the names that rules have for all of those behind its
/// own. Called once for each protocol, before any thread, by the generated table; what it gives lives as long
/// as the program.
[[nodiscard]] const ProtocolSpec& whole_spec(const ProtocolSpec& own);

}  // namespace picket
