// parsers/s7comm/s7comm_export.h — what the two halves of the encoder share
#pragma once
#include "export/wire_writer.h"
#include "parsers/s7comm/s7comm.h"

namespace picket::s7comm {

/// `S7commMessage.userdata`.
void write_userdata(WireWriter&, const Message&) noexcept;
/// An S7commBlockInfo in `field`; `whole`: with what only block information has.
void write_block_info(WireWriter&, int field, const BlockInfo&, bool whole) noexcept;
/// "DB1" in `field`.
void write_block_name(WireWriter&, int field, Bytes raw) noexcept;
void write_address(WireWriter&, int field, const Item&) noexcept;
/// The name if there is one.
inline void write_name(WireWriter& w, int field, std::string_view name) noexcept {
  if (!name.empty()) w.text(field, name);
}
/// Without the blanks and zeros that fill it up.
[[nodiscard]] Bytes unpadded(Bytes) noexcept;

}  // namespace picket::s7comm
