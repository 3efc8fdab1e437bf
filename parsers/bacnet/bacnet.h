// parsers/bacnet/bacnet.h — Bacnet (name the standard and the section here)
//
//      0        2
//      | length | data: length bytes |          draw the frame as it stands on the wire
//
// In      bytes of one direction of a TCP stream, standing at the start of a frame
// Out     a Frame; `data` points into the input and lives no longer than it
// Cost    O(1); no allocation, no state
// Limits  length up to kMaxLength; anything else is Event::kInvalidLength
// Leaves  what this parser does not do, and who does
#pragma once
#include "parsers/core/ot.h"

namespace picket::bacnet {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:bacnet.<name>`.
enum class Event : std::uint8_t { kInvalidLength };

inline constexpr std::size_t kHeaderSize = 2;
inline constexpr std::uint16_t kMaxLength = 1024;

struct Frame {
  Bytes data;  ///< borrowed from the input
};

/// Reads one frame from `in`.
///   done       `frame` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed; the Event says why
[[nodiscard]] ParseResult parse(Cursor& in, Frame& frame) noexcept;

/// A frame on its way one way. Pair requests with replies where the protocol does.
struct Message : OtTransaction {
  Direction direction = Direction::kToServer;
  Frame frame;
};

/// Could this flow be Bacnet? kNo is final, kUnsure asks for more bytes, kYes binds the flow. It is asked on every
/// port: it has to be sure, from either side, and may not change its mind when it sees more.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

/// What `m` does, to which points, with which values: before it is first shown to anybody.
void set_operation(Message& m) noexcept;
extern const OtProtocol kOt;

extern const ProtocolSpec kSpec;

}  // namespace picket::bacnet
