// export/wire_fields.h — how many fields a message has, before objects are made of them
//
// A field of two bytes becomes an object of forty and more, so a message of 20 MiB can become half a GiB. Who takes
// messages of strangers counts first. Fields that the schema does not know count, too: Protobuf keeps them.
//
// Cost    a walk over the heads of fields; no allocation
#pragma once
#include <cstddef>

#include "export/wire_reader.h"

namespace picket {

/// Takes the fields of `message` from `left`. `within(field)` is asked of each that may be a message, and takes what is
/// in it. False: there are more than were left, or the bytes are no message.
template <class Within>
[[nodiscard]] bool take_fields(Bytes message, std::size_t& left, Within&& within) {
  WireReader in(message);
  for (WireField f; in.next(f);) {
    if (left == 0) return false;
    --left;
    if (f.type == 2 && !within(f)) return false;
  }
  return in.ok();
}
[[nodiscard]] inline bool take_fields(Bytes message, std::size_t& left) {
  return take_fields(message, left, [](const WireField&) { return true; });
}

}  // namespace picket
