// export/plain_json.h — is it JSON that may stand in a line of EVE as it is?
//
// A record may come from the network, so nothing in it is believed to be JSON because its schema says so.
//
// Takes   any bytes; no recursion
// Refuses what is not one value of RFC 8259 in printable ASCII without space between tokens, or is nested
// deeper
//         than kMaxJsonDepth
#pragma once
#include "parsers/core/bytes.h"

namespace picket {

inline constexpr unsigned kMaxJsonDepth = 64;
[[nodiscard]] bool is_plain_json(Bytes) noexcept;

}  // namespace picket
