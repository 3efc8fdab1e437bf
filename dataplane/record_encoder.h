// dataplane/record_encoder.h — how a worker's findings become records; export/ implements it
//
// The packet path knows what happened, export/ knows the schema. Each call writes one encoded record into
// `out` and says how many bytes it took; 0 when it did not fit, which the caller counts as a lost record of
// that type.
//
// Cost    no allocation, no lock; called on worker cores, one encoder shared by all: implementations hold no
// state
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/decode/arp.h"
#include "dataplane/flow/flow.h"
#include "dataplane/packet.h"

namespace picket {

/// What records carry only where it is asked for: it takes room.
struct RecordDetail {
  bool payload = false, payload_printable = false, payload_length = false;  ///< of alerts
  bool packet = false;                                                      ///< of alerts
  bool anomaly_packet = false;
  bool ethernet = false;
  std::uint32_t payload_bytes = 4096;  ///< at most so many from the front
};

/// A flowbit that names what a flow is: traffic/id/NAME or traffic/label/NAME.
struct TrafficBit {
  std::uint32_t bit = 0;
  bool is_label = false;
  std::string name;
};

/// What a rule took from a packet: pcre:"/(x)/, pkt:name".
struct PacketVariable {
  std::uint32_t name = 0;  ///< in RecordContext::variables
  Bytes value;
};

/// What was worked out for a flow's record and is the same in its next one. Each worker has its own, so encoders can share
/// a state that they must not have.
struct RecordMemory {
  static constexpr std::size_t kFlows = 64;
  struct FlowText {
    std::uint64_t flow = ~std::uint64_t{0};  ///< flow_id(), which is never all ones
    std::array<char, 30> text{};
  };
  std::array<FlowText, kFlows> community_ids;  ///< by flow_id() modulo kFlows
};

/// What every record carries beside its content.
struct RecordContext {
  std::uint64_t time_ns = 0;        ///< capture time of the packet (or of the timeout) that made it
  std::uint64_t packet_number = 0;  ///< 0: no packet
  std::uint32_t rules_epoch = 0;    ///< the snapshot of rules and configuration that was in force
  std::uint64_t tx_id = 0;
  RecordMemory* memory = nullptr;                      ///< of the worker; nullptr: nothing is kept
  std::span<const TrafficBit> traffic;                 ///< what rules can say of a flow
  std::span<const std::string> bits, ints, variables;  ///< by their number; of flowbits and flowints, ...
};

/// What a data set knows of a value a rule met: a JSON object under a key.
struct AlertContext {
  std::string_view key, json;
};

/// The frame that a rule looked at.
struct FrameInfo {
  std::string_view type;  ///< FrameDef::name
  std::uint64_t id = 0;   ///< among those of its direction that rules ask for, from 1
  std::uint64_t offset = 0, length = 0;
  bool of_stream = false;  ///< `offset` counts in the stream
  bool complete = false;   ///< its end was seen
  bool has_tx = false;
  std::uint64_t tx_id = 0;
  Bytes payload;                          ///< the beginning of what the rule looked at
  std::uint64_t before = 0, missing = 0;  ///< bytes of it before `payload`, and lost behind it
};

/// A rule that matched. Text belongs to the rule set snapshot.
struct AlertInfo {
  std::uint32_t gid = 1, sid = 0, rev = 0, severity = 3;
  std::string_view signature, category, action;  ///< action: "allowed"
  Bytes metadata;  ///< encoded once at load: picket.v1.Alert's metadata and reference fields
  bool from_transaction = false, from_stream = false;
  bool target_is_source = false, target_is_dest = false;
  Direction direction = Direction::kToServer;  ///< of the packet that made it fire
  const File* file = nullptr;                  ///< that the rule fits; nullptr: it asks of none
  Bytes payload;                               ///< what the rule looked at, as far as it is still there
  const FrameInfo* frame = nullptr;            ///< that the rule fits; nullptr: it asks of none
  std::span<const AlertContext> contexts;
  std::span<const PacketVariable> variables;
  Bytes notes;                        ///< values that correlate holds against sets before it is an alert
  std::uint64_t payload_missing = 0;  ///< so many bytes were lost right before it
};

/// How EVE spells an event's name.
enum class EventSpelling : std::uint8_t { kPlain, kDecoder, kStream, kCapitals };

/// An anomaly: a decode, stream or application-layer event.
struct AnomalyInfo {
  std::string_view type;       ///< "decode", "stream", "applayer"
  std::string_view event;      ///< its name, e.g. "ipv4.trunc_pkt"
  std::string_view layer;      ///< applayer: "proto_parser"
  std::string_view app_proto;  ///< applayer: the protocol's name
  const Transaction* tx = nullptr;
  EventSpelling spelling = EventSpelling::kPlain;
};

class RecordEncoder {
 public:
  virtual ~RecordEncoder() = default;
  virtual std::size_t flow(const RecordContext&, const Flow&, FlowEnd,
                           std::span<std::uint8_t> out) const noexcept = 0;
  /// `tx` of `protocol`, complete. Its direction (which end stands as src) is the client's, unless only a
  /// reply was seen.
  virtual std::size_t transaction(const RecordContext&, const Flow&, ProtocolId protocol,
                                  const Transaction& tx, std::span<std::uint8_t> out) const noexcept = 0;
  /// What the export thread has to know of that record beside what stands in it, to tell many of a kind as
  /// one; 0: nothing, it goes out by itself. Behind the record; what does not fit into `out` is none.
  virtual std::size_t note(const RecordContext&, const Flow&, ProtocolId, const Transaction&,
                           std::span<std::uint8_t> /*out*/) const noexcept {
    return 0;
  }
  /// `flow` and `tx` may be nullptr; with `tx` the record also holds its fields, under the protocol's key,
  /// and what its files, or the one that the rule fits, were by then.
  virtual std::size_t alert(const RecordContext&, const Packet&, const Flow* flow, ProtocolId protocol,
                            const Transaction* tx, const AlertInfo&,
                            std::span<std::uint8_t> out) const noexcept = 0;
  /// A file of `tx`, which ended; from the side that sent it.
  virtual std::size_t file(const RecordContext&, const Flow&, ProtocolId protocol, const Transaction& tx,
                           const File&, std::span<std::uint8_t> out) const noexcept = 0;
  /// A packet that follows a match of a rule with `tag`.
  virtual std::size_t packet(const RecordContext&, const Packet&, const Flow* flow,
                             std::span<std::uint8_t> out) const noexcept = 0;
  virtual std::size_t arp(const RecordContext&, const Packet&, const Arp&,
                          std::span<std::uint8_t> out) const noexcept = 0;
  virtual std::size_t anomaly(const RecordContext&, const Packet&, const Flow* flow, const AnomalyInfo&,
                              std::span<std::uint8_t> out) const noexcept = 0;
};

}  // namespace picket
