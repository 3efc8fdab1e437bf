// dataplane/flow/flow.h — what is remembered of one conversation; at most 384 bytes
//
// A flow is found by (shard, addresses, ports, protocol, VLANs). Frames without IP whose EtherType a parser knows have
// flows, too: there MAC addresses stand for addresses and the EtherType for both ports. Its sides are kToServer (from
// the side that opened it, as far as can be told) and kToClient. Memory: FlowTable's slots; what hangs off it (parser,
// waiting segments, flowbits) is in the core's Pool and goes back when the flow ends.
#pragma once
#include <array>
#include <cstdint>

#include "dataplane/packet.h"
#include "parsers/core/protocol.h"

namespace picket {

/// Both directions of a conversation have the same key: the lower (address, port) stands first.
struct FlowKey {
  Address low, high;
  /// ICMP: what is asked and who asks, or type and code; without IP: the EtherType.
  std::uint16_t low_port = 0, high_port = 0;
  std::array<std::uint16_t, kMaxVlans>
      vlans{};  ///< of a flow: its first packet's, also where they tell none apart
  std::uint8_t proto = 0;
  std::uint8_t shard = 0;
  friend bool operator==(const FlowKey&, const FlowKey&) noexcept = default;
  /// Without IP. An IP packet may say that it is of that protocol, but then has no ports.
  [[nodiscard]] bool is_link() const noexcept {
    return proto == static_cast<std::uint8_t>(IpProto::kNoIp) && low_port != 0;
  }
  /// Equal but for VLANs.
  [[nodiscard]] bool same_ends(FlowKey other) const noexcept {
    other.vlans = vlans;
    return *this == other;
  }
};

enum class FlowState : std::uint8_t { kNew, kEstablished, kClosed };

/// Why a flow's record was written; names are EVE's flow.reason.
enum class FlowEnd : std::uint8_t { kTimeout, kForced, kShutdown, kReused, kInterim };

enum class TcpState : std::uint8_t {
  kNone,
  kSynSent,
  kSynRecv,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kLastAck,
  kCloseWait,
  kClosing,
  kClosed,
};

struct SegmentList;   // out-of-order segments: dataplane/flow/reassembly.h
struct AppLayer;      // parser and pending bytes: dataplane/app/app_layer.h
struct FlowBits;      // dataplane/detect
struct FlowEnds;      // dataplane/flow/flow_macs.h
struct StreamWindow;  // bytes kept for stream rules: dataplane/detect

/// One direction.
struct FlowSide {
  std::uint64_t packets = 0, bytes = 0;     ///< wire bytes, from the link layer on, as Suricata counts
  std::uint64_t first_ns = 0, last_ns = 0;  ///< capture times; 0: nothing seen
  std::uint64_t last_clock_ns = 0;          ///< source clock at its last packet
  // TCP
  std::uint64_t delivered = 0;  ///< stream bytes handed on or declared missing; offset of next_seq
  std::uint64_t missing = 0;    ///< of these, bytes lost in gaps
  std::uint64_t gap_end = 0;    ///< stream offset behind the last gap
  SegmentList* waiting = nullptr;
  StreamWindow* window = nullptr;
  std::uint32_t next_seq = 0;  ///< the sequence number wanted next
  std::uint32_t last_ack = 0;  ///< highest acknowledgement this side has sent
  std::uint32_t isn = 0;
  std::uint32_t gap_bytes = 0;  ///< of the last gap
  std::uint32_t fin_seq = 0;    ///< sequence number of the FIN, once fin_seen
  std::uint16_t window_size = 0;
  std::uint8_t wscale = 0xff;
  std::uint8_t tcp_flags = 0;  ///< all flags seen, or-ed
  std::uint16_t gaps = 0;
  bool seq_known = false, fin_seen = false, rst_seen = false;
  bool ended = false;          ///< the parser was told that nothing more comes
  bool depth_reached = false;  ///< stream.reassembly.depth: bytes are counted, not delivered
  std::uint8_t attempts = 0;   ///< SYNs with another sequence number than the one before
};

struct Flow {
  FlowKey key;
  std::uint32_t hash = 0;
  std::uint32_t set = 0;  ///< flow table's own: where it is found, and its place in the timer wheel
  std::uint32_t timer_prev = 0, timer_next = 0;
  std::uint32_t timer_slot = 0;
  bool low_is_client = true;  ///< key.low opened the flow
  FlowState state = FlowState::kNew;
  TcpState tcp_state = TcpState::kNone;
  std::uint8_t regions = 0x11;                ///< TCP, by Direction: most pieces of the stream held apart
  std::uint16_t flags = 0;                    ///< bits of flow_flag
  ProtocolId other_protocol = kNoProtocol;    ///< what the other direction speaks, where it is something else
  std::array<std::uint32_t, 2> timestamps{};  ///< TCP, by Direction: the last one that was taken
  std::uint64_t first_packet = 0;    ///< its number: with it a flow's end has a fixed place in the output
  std::uint64_t start_ns = 0;        ///< capture time of the first packet
  std::uint64_t last_clock_ns = 0;   ///< source clock at the last packet; timeouts count from here
  std::uint64_t interim_due_ns = 0;  ///< source clock at which the next interim record is due
  std::array<FlowSide, 2> side;      ///< by Direction
  AppLayer* app = nullptr;
  FlowBits* bits = nullptr;
  FlowEnds* ends = nullptr;                ///< only where it is asked for; a FlowMacs where records show all
  ProtocolId protocol = kNoProtocol;       ///< found by content
  ProtocolId told_protocol = kNoProtocol;  ///< detection: the last one that rules were told of
  std::uint16_t transactions = 0;          ///< that have ended, as far as can be counted
  std::uint16_t tap = 0;
  /// TCP: Zeek's letters (S h A D F ... upper case: from the client), then zeros.
  std::array<char, 10> history{};
  std::uint8_t icmp_type = 0, icmp_code = 0;  ///< of the first packet
  std::uint8_t reply_icmp_type = 0, reply_icmp_code = 0;
  ProtocolId first_protocol = kNoProtocol;  ///< before another took over (STARTTLS, CONNECT, Upgrade)

  [[nodiscard]] const Address& address(Direction from) const noexcept {
    return (from == Direction::kToServer) == low_is_client ? key.low : key.high;
  }
  [[nodiscard]] std::uint16_t port(Direction from) const noexcept {
    return (from == Direction::kToServer) == low_is_client ? key.low_port : key.high_port;
  }
  /// The client's end is where kToServer bytes come from.
  [[nodiscard]] const Address& client() const noexcept { return address(Direction::kToServer); }
  [[nodiscard]] const Address& server() const noexcept { return address(Direction::kToClient); }
  [[nodiscard]] std::uint16_t client_port() const noexcept { return port(Direction::kToServer); }
  [[nodiscard]] std::uint16_t server_port() const noexcept { return port(Direction::kToClient); }
};

namespace flow_flag {
inline constexpr std::uint16_t kMidstream = 0x01, kTimestamps = 0x02, kNoPayloadInspect = 0x04,
                               kPassed = 0x08, kAppDone = 0x10, kSwapped = 0x20, kNoDepth = 0x40;
inline constexpr std::uint16_t kSigned = 0x80;         ///< TCP-AO or MD5 signatures from the start
inline constexpr std::uint16_t kSimultaneous = 0x100;  ///< both sides have sent a SYN
inline constexpr std::uint16_t kAlerted = 0x200;
inline constexpr std::uint16_t kUnlogged = 0x400;      ///< rules want no records of its transactions
inline constexpr std::uint16_t kOtherIsReply = 0x800;  ///< Flow::other_protocol is what the server speaks
inline constexpr std::uint16_t kBothAsked = 0x1000;    ///< each direction was asked what it speaks
inline constexpr std::uint16_t kNoRecord = 0x2000;     ///< rules want no record of the flow itself
}  // namespace flow_flag

static_assert(sizeof(Flow) <= 384, "a flow without parser state costs at most 384 bytes");

/// Ends and protocol of a packet that `from` one side of the flow could send: for what happens without a packet.
void take_ends(Packet&, const Flow&, Direction from) noexcept;

/// A number that names the flow in every record: the same for any number of workers. 53 bits, so that JSON
/// keeps it.
std::uint64_t flow_id(const Flow&) noexcept;

}  // namespace picket
