// dataplane/event.h — what a worker hands to the export thread: encoded records, each with its place in the
// order
//
// Place: by (clock_ns, kind, number, ordinal). kTimer events (a flow's timeout) happen between packets:
// `clock_ns` is the moment of the timeout and `number` the flow's first packet. So the order does not depend
// on when a worker came to run its timers, nor on how many workers there are.
#pragma once
#include <compare>
#include <cstdint>

namespace picket {

enum class EventKind : std::uint8_t { kTimer = 0, kPacket = 1, kEnd = 2 };

struct Place {
  std::uint64_t clock_ns = 0;
  EventKind kind = EventKind::kPacket;
  std::uint64_t number = 0;
  std::uint32_t ordinal = 0;
  friend auto operator<=>(const Place&, const Place&) noexcept = default;
};

/// Record types, as counted in records.made. The order is that of EventType in
/// export/proto/picket/v1/event.proto.
enum class RecordType : std::uint8_t {
  kFlow,
  kAlert,
  kAnomaly,
  kTransaction,
  kStats,
  kFile,
  kPacket,
  kArp,
  kAsset,
  kIntel,
  kCount
};

namespace heard {
inline constexpr std::uint8_t kClient = 1, kServer = 2;
}

/// What stands before each encoded record in the ring.
struct EventHeader {
  std::uint32_t size = 0;  ///< bytes of the record that follow the header, and of the notes behind it
  /// Of these, what the export thread alone is told: kAlert: AlertInfo::notes; kTransaction: RecordEncoder::note();
  /// kFlow: FlowEnds
  std::uint32_t notes = 0;
  RecordType type = RecordType::kFlow;
  std::uint8_t heard = 0;           ///< kTransaction: which sides were seen, bits of heard::
  std::uint16_t protocol = 0xffff;  ///< kTransaction: ProtocolId
  std::uint32_t rule = 0;  ///< kAlert: index in the rule set, for thresholds; the epoch says of which
  std::uint32_t epoch = 0;
  Place place;
  std::uint64_t flow_id = 0;  ///< kAlert: for thresholds by flow; 0: no flow
  // kAlert: the two ends as the packet had them, for thresholds by source or destination.
  std::uint8_t src[16]{}, dst[16]{};
  std::uint16_t src_port = 0, dst_port = 0;
};

}  // namespace picket
