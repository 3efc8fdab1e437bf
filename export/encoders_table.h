// export/encoders_table.h — the functions that write a protocol's message, by ProtocolId
#pragma once
#include <span>

#include "export/wire_writer.h"
#include "parsers/core/protocol.h"

namespace picket {

/// Writes the fields of one transaction's message: what stands inside Event.<record>. No allocation, no lock.
using EncodeBody = void (*)(const Transaction&, WireWriter&) noexcept;

/// Same order and size as protocols(). Generated from the table in parsers/meson.build.
std::span<const EncodeBody> encode_bodies() noexcept;

/// Same order and size: writes fields of Event that stand beside the record's (`email` beside `smtp`);
/// nullptr: none.
std::span<const EncodeBody> encode_besides() noexcept;

}  // namespace picket
