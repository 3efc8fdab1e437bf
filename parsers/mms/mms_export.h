// parsers/mms/mms_export.h — what the two halves of the encoder share
#pragma once
#include "export/wire_writer.h"
#include "parsers/mms/mms.h"

namespace picket::mms {

/// All of MmsMessage that a service has: objects, values, results, and what it is about.
void write_service(WireWriter&, const Message&) noexcept;
/// The name if there is one.
inline void write_name(WireWriter& w, int field, std::string_view name) noexcept {
  if (!name.empty()) w.text(field, name);
}
inline void write_bytes(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b.first(std::min(b.size(), kMaxText)));
}
inline void write_oid(WireWriter& w, int field, Bytes oid) noexcept {
  char room[ber::kOidText];
  if (!oid.empty()) w.text(field, {room, ber::write_oid(oid, room)});
}
/// What is not there is negative.
inline void write_known(WireWriter& w, int field, std::int64_t v) noexcept {
  if (v >= 0) w.i64(field, v);
}

}  // namespace picket::mms
