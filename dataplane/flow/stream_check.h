// dataplane/flow/stream_check.h — what is odd in a TCP segment, held against what its connection is at
//
// In    a segment and its flow as it was before it
// Out   StreamEvents; nothing else: what is believed of a segment is the Reassembler's to say
// Cost  a few comparisons for a segment that is the next one of an open connection, which most are
#pragma once
#include "dataplane/flow/reassembly.h"

namespace picket {

/// a - b on the circle of sequence numbers.
constexpr std::int32_t seq_diff(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b);
}

/// May `seq` be what that side says now? RFC 9293, 3.10.7.4: what lies outside of the receiver's window is
/// not taken.
[[nodiscard]] bool in_window(const Flow&, Direction, std::uint32_t seq) noexcept;
/// Can `ack`, which that side sends, acknowledge what the other side has sent?
[[nodiscard]] bool can_acknowledge(const Flow&, Direction, std::uint32_t ack) noexcept;

void check_segment(const Flow&, const Packet&, StreamSink&) noexcept;

}  // namespace picket
