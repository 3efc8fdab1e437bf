// dataplane/flow/reassembly.h — TCP segments into the bytes of each direction, in order
//
// In   a TCP packet and its flow, in the order of the capture
// Out  StreamSink::on_data() with bytes in order, as views: of the packet itself when it is the one wanted
// next, of
//      the held copy otherwise. on_gap() when bytes are known to be lost; on_end() after the last byte (FIN,
//      RST)
// Cost O(1) for a segment in order, no copy; a segment out of order is copied to the pool
// Limits  bytes and segments held per direction (max_held_*), and the depth up to which bytes are handed on;
// each a
//         named stream event. Lost bytes are declared when the receiver has acknowledged past them, when a
//         limit is reached, or when the flow ends
// Overlap the first copy of a byte wins; choose() is the one place where other policies will be added
#pragma once
#include <cstdint>

#include "dataplane/flow/flow.h"
#include "dataplane/flow/stream_event.h"
#include "parsers/core/pool.h"

namespace picket {

class StreamSink {
 public:
  /// `offset`: stream offset of the first byte, from 0 at the first byte after the SYN (or the first one
  /// seen).
  virtual void on_data(Flow&, Direction, Bytes data, std::uint64_t offset) noexcept = 0;
  virtual void on_gap(Flow&, Direction, std::uint64_t missing, std::uint64_t offset) noexcept = 0;
  virtual void on_end(Flow&, Direction) noexcept = 0;
  virtual void on_stream_event(const Flow&, StreamEvent) noexcept = 0;

 protected:
  ~StreamSink() = default;
};

/// The byte that an urgent pointer names (RFC 6093): receivers take it out of the stream unless they ask for it.
enum class UrgentByte : std::uint8_t { kOutOfBand, kInline };

struct ReassemblyConfig {
  std::uint64_t depth_bytes = 1 << 20;        ///< stream.reassembly.depth: of each direction; 0: no limit
  std::uint32_t max_held_bytes = 256 * 1024;  ///< waiting behind a hole, of each direction
  std::uint32_t max_held_segments = 256;
  bool midstream = true;  ///< stream.midstream: follow connections whose start was not seen
  UrgentByte urgent = UrgentByte::kOutOfBand;  ///< stream.reassembly.urgent.policy
  bool one_side = true;  ///< stream.async-oneside: follow connections of which one side is not on the tap
};

/// A segment that waits behind a hole; its bytes follow it in the same block.
struct HeldSegment {
  HeldSegment* next;
  std::uint32_t seq, size;
  bool urgent;  ///< a byte that is not handed on
};
struct SegmentList {
  HeldSegment* head = nullptr;
  std::uint32_t bytes = 0, count = 0;
};

class Reassembler {
 public:
  Reassembler(const ReassemblyConfig& config, Pool& pool) noexcept : config_(config), pool_(pool) {}

  /// True when `p` opens a new connection on the tuple of `f`, which has been used before.
  [[nodiscard]] static bool reuses(const Flow& f, const Packet& p) noexcept;

  /// False when its receiver drops `p` for its timestamp: it is no part of the connection. First of all calls.
  bool is_timely(Flow&, const Packet&, StreamSink&) noexcept;
  /// Follows the connection's state. True when it changed in a way that matters to timeouts.
  bool follow(Flow&, const Packet&, StreamSink&) noexcept;
  /// Then: hands on what became readable.
  void on_segment(Flow&, const Packet&, StreamSink&) noexcept;

  /// The flow ends: hands on what still waits, with its gaps, then ends both directions.
  void flush(Flow&, StreamSink&) noexcept;

 private:
  [[nodiscard]] static bool believes_reset(const Flow&, const Packet&) noexcept;
  void follow_state(Flow&, const Packet&, StreamSink&) noexcept;
  void take(Flow&, Direction, std::uint32_t seq, Bytes, bool urgent, StreamSink&) noexcept;
  void hand_on(Flow&, Direction, Bytes, StreamSink&) noexcept;
  void skip_to(Flow&, Direction, std::uint32_t seq, StreamSink&) noexcept;
  void drain(Flow&, Direction, StreamSink&) noexcept;
  void drain_all(Flow&, Direction, StreamSink&) noexcept;
  bool hold(Flow&, Direction, std::uint32_t seq, Bytes, bool urgent, StreamSink&) noexcept;
  void drop_first(FlowSide&) noexcept;
  void end_side(Flow&, Direction, StreamSink&) noexcept;
  static void count_regions(Flow&, Direction) noexcept;

  const ReassemblyConfig config_;
  Pool& pool_;
};

}  // namespace picket
