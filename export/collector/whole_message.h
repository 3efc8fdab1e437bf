// export/collector/whole_message.h — a message that came over gRPC, in one piece and before anybody parses it
#pragma once
#include <grpcpp/support/byte_buffer.h>

#include "parsers/core/bytes.h"

namespace picket::collector {

/// Empties `in`. Copies what came in several pieces.
inline grpc::Slice take_whole(grpc::ByteBuffer& in) {
  grpc::Slice whole;
  if (!in.TrySingleSlice(&whole).ok()) (void)in.DumpToSingleSlice(&whole);
  in.Clear();
  return whole;
}
/// Lives as long as the slice.
inline Bytes bytes_of(const grpc::Slice& s) noexcept { return {s.begin(), s.size()}; }

}  // namespace picket::collector
