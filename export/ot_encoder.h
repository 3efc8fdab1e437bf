// export/ot_encoder.h — Event.ot: what protocols of plants have in common, written on workers
//
// Cost    each address and each value is made once; no allocation
// Limits  so many addresses, numbers and texts stand in a record; where there are more, it says how many
#pragma once
#include "dataplane/record_encoder.h"
#include "export/ot_summaries.h"
#include "export/wire_writer.h"
#include "parsers/core/ot.h"

namespace picket {

inline constexpr unsigned kMaxOtRecordAddresses = 16, kMaxOtRecordNumbers = 64, kMaxOtRecordTexts = 16;
inline constexpr std::size_t kMaxOtRecordText = 256;  ///< bytes of one; the rest is left out

void encode_ot(const OtTransaction&, WireWriter&) noexcept;

/// OtNote of a transaction that may be told with others of its kind; 0: it goes out by itself.
std::size_t encode_ot_note(const RecordContext&, const Flow&, ProtocolId, const OtTransaction&, OtDetail,
                           std::span<std::uint8_t> out) noexcept;

}  // namespace picket
