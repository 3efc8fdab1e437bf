// parsers/enip/enip_export.h — what the two halves of the encoder share
#pragma once
#include "export/wire_writer.h"
#include "parsers/enip/cip.h"

namespace picket::enip {

/// An EnipCip in `field`: message `i` of `p`, and those inside of it.
void write_cip(WireWriter&, int field, const Exchange&, const Pdu& p, std::size_t i) noexcept;
/// An EnipIdentity in `field`.
void write_identity(WireWriter&, int field, const Identity&) noexcept;
/// The name if there is one.
inline void write_name(WireWriter& w, int field, std::string_view name) noexcept {
  if (!name.empty()) w.text(field, name);
}
/// The name, or "unknown-123".
void write_known(WireWriter&, int field, std::string_view name, std::uint32_t number) noexcept;
/// What is not empty, up to kMaxRaw bytes.
void write_raw(WireWriter&, int field, Bytes) noexcept;

}  // namespace picket::enip
