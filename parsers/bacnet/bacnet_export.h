// parsers/bacnet/bacnet_export.h — parts of a record that several files write
#pragma once
#include "export/wire_writer.h"
#include "parsers/bacnet/bacnet.h"

namespace picket::bacnet {

/// Nothing for a name that is not known.
inline void write_name(WireWriter& w, int field, std::string_view name) noexcept {
  if (!name.empty()) w.text(field, name);
}
inline void write_mark(WireWriter& w, int field, bool v) noexcept {
  if (v) w.boolean(field, true);
}
/// The APDU of a message, with its parameters.
void write_apdu(WireWriter&, int field, const Pdu&) noexcept;
/// What the message tells of a device; nothing where it tells nothing.
void write_device(WireWriter&, int field, const Pdu&, Direction from) noexcept;

}  // namespace picket::bacnet
