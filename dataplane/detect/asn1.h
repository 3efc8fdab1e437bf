// dataplane/detect/asn1.h — a walk over BER (X.690) that looks for lengths no honest encoder writes
//
//   | identifier 1 or more | length 1 or more | contents |     constructed contents are elements themselves
//
// Elements are taken in the order of their bytes, without a stack: into a constructed one, past a primitive
// one.
//
// Cost    O(elements), at most kMaxAsn1Elements; contents are not touched
#pragma once
#include "parsers/core/cursor.h"

namespace picket::detect {

inline constexpr unsigned kMaxAsn1Elements = 256;

struct Asn1Checks {
  bool bitstring_overflow = false;    ///< a BIT STRING that leaves out more bits than it has
  bool double_overflow = false;       ///< a REAL in ASCII of more than 256 bytes
  std::uint32_t oversize_length = 0;  ///< an element longer than this; 0: not asked
};

/// Does an element of what begins at `ber` fail one of the checks? An element whose contents are cut off is
/// the last.
[[nodiscard]] bool asn1_fails(Bytes ber, const Asn1Checks& checks) noexcept;

}  // namespace picket::detect
