// export/delimited.h — records one after another: each its length as a varint, then its bytes
//
// The form of --records files and of a batch's content.
#pragma once
#include <string>

#include "export/wire_reader.h"
#include "parsers/core/bytes.h"

namespace picket {

inline void append_delimited(Bytes record, std::string& out) {
  std::uint64_t n = record.size();
  for (; n >= 0x80; n >>= 7) out.push_back(static_cast<char>(n | 0x80));
  out.push_back(static_cast<char>(n));
  out.append(as_text(record));
}

/// The next record of `in`; false at its end, and on bytes that are no run of records (in.ok() tells which).
inline bool next_delimited(WireReader& in, Bytes& record) noexcept {
  if (in.empty()) return false;
  record = in.bytes(in.varint());
  return in.ok();
}

}  // namespace picket
