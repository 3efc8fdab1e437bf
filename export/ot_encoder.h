// export/ot_encoder.h — Event.ot: what protocols of plants have in common, written on workers
//
// Cost    each address and each value is made once; no allocation
// Limits  so many addresses, numbers and texts stand in a record; where there are more, it says how many
#pragma once
#include "export/wire_writer.h"
#include "parsers/core/ot.h"

namespace picket {

inline constexpr unsigned kMaxOtRecordAddresses = 16, kMaxOtRecordNumbers = 64, kMaxOtRecordTexts = 16;
inline constexpr std::size_t kMaxOtRecordText = 256;  ///< bytes of one; the rest is left out

void encode_ot(const OtTransaction&, WireWriter&) noexcept;

}  // namespace picket
