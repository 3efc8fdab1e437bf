// parsers/mqtt/mqtt.h — MQTT 3.1, 3.1.1 and 5 (OASIS mqtt-v3.1.1, mqtt-v5.0; 3.1 as IBM published it), Sparkplug B
//
//      0               1
//      | type | flags  | remaining length: 1..4 | variable header ...  | payload ...
//        4 bits 4 bits   7 bits a byte, low first
//
//      CONNECT    | 00 04 "MQTT" | level | flags | keep alive: 2 | properties* | client id | will*, topic, message | user | password
//      PUBLISH    | topic | packet id: 2 (QoS 1, 2) | properties* | message       text: a length of 2 bytes, then UTF-8
//      PUBACK ... | packet id: 2 | reason* | properties* |                        * version 5 only
//      SUBSCRIBE  | packet id: 2 | properties* | topic filter, options: 1 | ...
//
// In      bytes of one direction of a TCP stream, standing at the start of a packet
// Out     Messages; what they point to is borrowed from the input. Lists (properties, topics, reason codes, metrics) are
//         walked when somebody asks
// Cost    O(bytes); no allocation
// Limits  the first kWindow bytes of a packet are looked into, or max-msg-length if that is less; the rest is passed over
// Leaves  pairing to mqtt_parser.cc; MQTT over WebSocket, which has no layer here yet; MQTT-SN
#pragma once
#include "parsers/core/ot.h"

namespace picket::mqtt {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:mqtt.<name>`. Suricata's come first.
enum class Event : std::uint8_t {
  kMissingConnect,
  kMissingPublish,
  kMissingSubscribe,
  kMissingUnsubscribe,
  kDoubleConnect,
  kUnintroducedMessage,
  kInvalidQosLevel,
  kMissingMsgId,
  kUnassignedMsgType,
  kTooManyTransactions,
  kMalformedTraffic,
  kInvalidFlags,
  kInvalidLength,
  kInvalidProtocol,
  kInvalidConnectFlags,
  kInvalidTopic,
  kInvalidTopicFilter,
  kInvalidOptions,
  kInvalidProperty,
  kInvalidReasonCode,
  kUnknownTopicAlias,
  kDuplicateMsgId,
  kSubscriptionMismatch,
  kMissingPing,
  kNoAcknowledgement,
  kAfterDisconnect,
  kLongMessage,
  kInterruptedMessage,
  kLostSync,
  kGap,
  kInvalidSparkplug,
  kOutOfMemory,
};
constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }

inline constexpr std::size_t kMaxHeader = 5;
inline constexpr std::size_t kWindow = 65536;   ///< bytes of a packet behind its header that are looked into
inline constexpr unsigned kMaxProperties = 64;  ///< of a list, that are looked at
inline constexpr unsigned kMaxTopics =
    256;  ///< of a SUBSCRIBE or UNSUBSCRIBE, that a record tells; reason codes likewise
inline constexpr unsigned kMaxMetrics = 128;  ///< of a Sparkplug payload, that are looked at
inline constexpr std::size_t kMaxValueText =
    256;  ///< of a payload that is not a number, as a value of ot.value

enum class Type : std::uint8_t {
  kUnassigned,
  kConnect,
  kConnack,
  kPublish,
  kPuback,
  kPubrec,
  kPubrel,
  kPubcomp,
  kSubscribe,
  kSuback,
  kUnsubscribe,
  kUnsuback,
  kPingreq,
  kPingresp,
  kDisconnect,
  kAuth,
};

/// Flags of a PUBLISH.
inline constexpr std::uint8_t kDup = 8, kRetain = 1;
/// Flags of a CONNECT.
enum ConnectFlag : std::uint8_t {
  kReserved = 1,
  kCleanSession = 2,
  kWill = 4,
  kWillRetain = 32,
  kPassword = 64,
  kUsername = 128
};

inline constexpr std::uint8_t kVersion31 = 3, kVersion311 = 4, kVersion5 = 5;

/// A first byte that a well-formed packet may have.
constexpr bool may_begin(std::uint8_t b) noexcept {
  const unsigned type = b >> 4, flags = b & 15;
  if (type == 3) return (flags & 6) != 6;
  if (type == 6 || type == 8 || type == 10) return (flags & 7) == 2;
  return type != 0 && flags == 0;
}

/// The fixed header.
struct Header {
  Type type{};
  std::uint8_t flags = 0;
  std::uint32_t length = 0;  ///< remaining length
};
/// done: `in` stands behind it. malformed: kUnassignedMsgType, or kInvalidLength (of more than four bytes, or one that such a
/// packet of that version cannot have), nothing changed.
[[nodiscard]] ParseResult read_header(Cursor& in, std::uint8_t version, Header&) noexcept;

/// What all packets have. Which lists there are follows from the type.
struct Message {
  Type type{};
  std::uint8_t flags = 0, reason = 0;
  bool has_id = false, has_reason = false;
  bool session_present = false;  ///< CONNACK
  bool cut = false;              ///< longer than what is looked into
  std::uint16_t id = 0;          ///< packet identifier
  std::uint32_t length = 0;      ///< remaining length
  Bytes properties;              ///< without their length
  Bytes list;                    ///< SUBSCRIBE, UNSUBSCRIBE: topic filters; SUBACK, UNSUBACK: a code each

  [[nodiscard]] std::uint8_t qos() const noexcept { return flags >> 1 & 3; }
  [[nodiscard]] bool is(Type t) const noexcept { return type == t; }
};

struct Connect {
  Bytes protocol, client_id, will_properties, will_topic, will_message, username, password;
  std::uint8_t level = 0;  ///< without the bit that tells a bridge
  std::uint8_t flags = 0;
  std::uint16_t keep_alive_s = 0;
  bool bridge = false;
};

struct Publish {
  Bytes topic;    ///< also where an alias stood for it
  Bytes message;  ///< as much of it as is looked into
  std::uint32_t message_length = 0;
  std::uint16_t alias = 0;
  bool resolved = false;  ///< the topic is what the alias stands for
};

/// Reads what stands behind the fixed header, `body` being all of it or its beginning (Message::cut). `version`: of the
/// CONNECT before, 0 when none was seen; a CONNECT's own is in `connect`. Gives what is odd as bits of Event; with
/// kMalformedTraffic the packet is none.
[[nodiscard]] std::uint64_t interpret(const Header&, Bytes body, std::uint8_t version, Message&, Connect&,
                                      Publish&) noexcept;

// Properties of version 5 (5.0 §2.2.2).

enum class Property : std::uint8_t {
  kPayloadFormat = 1,
  kMessageExpiry = 2,
  kContentType = 3,
  kResponseTopic = 8,
  kCorrelationData = 9,
  kSubscriptionId = 11,
  kSessionExpiry = 17,
  kAssignedClientId = 18,
  kServerKeepAlive = 19,
  kAuthMethod = 21,
  kAuthData = 22,
  kRequestProblem = 23,
  kWillDelay = 24,
  kRequestResponse = 25,
  kResponseInformation = 26,
  kServerReference = 28,
  kReasonString = 31,
  kReceiveMaximum = 33,
  kTopicAliasMaximum = 34,
  kTopicAlias = 35,
  kMaximumQos = 36,
  kRetainAvailable = 37,
  kUserProperty = 38,
  kMaximumPacketSize = 39,
  kWildcardAvailable = 40,
  kSubscriptionIdAvailable = 41,
  kSharedAvailable = 42,
};
struct PropertyValue {
  Property id{};
  bool is_number = false;
  std::uint32_t number = 0;
  Bytes text;  ///< of kUserProperty the value
  Bytes name;  ///< kUserProperty
};
/// The next one of a list. False at its end and where it is broken; then `in` has failed.
[[nodiscard]] bool next_property(Cursor& in, PropertyValue&) noexcept;
/// Bits of Event: kInvalidProperty for one that is unknown, stands twice, does not belong into such a packet or has a value that
/// may not be. `will`: those of the will.
[[nodiscard]] std::uint64_t check_properties(Bytes list, Type, bool will) noexcept;
/// False when there is none.
[[nodiscard]] bool find_property(Bytes list, Property, PropertyValue&) noexcept;

// Topics.

struct Filter {
  Bytes topic;
  std::uint8_t options =
      0;  ///< SUBSCRIBE: QoS in bits 0-1, no local 4, retain as published 8, retain handling in bits 4-5
};
/// The next topic filter of a list. False at its end.
[[nodiscard]] bool next_filter(Cursor& in, Type, Filter&) noexcept;
/// It takes all that is published: "#", "+/#", or so of a shared subscription.
[[nodiscard]] bool takes_everything(Bytes filter) noexcept;

// Sparkplug B (Eclipse Sparkplug 3.0): namespace/group/message type/edge node[/device], and a Protobuf payload.

enum class Sparkplug : std::uint8_t {
  kNone,
  kNodeBirth,
  kNodeDeath,
  kNodeData,
  kNodeCommand,
  kDeviceBirth,
  kDeviceDeath,
  kDeviceData,
  kDeviceCommand,
  kState
};
struct SparkplugTopic {
  Sparkplug type = Sparkplug::kNone;
  Bytes name_space, group, message_type, edge_node, device;  ///< of kState edge_node is the host
};
[[nodiscard]] SparkplugTopic sparkplug_topic(Bytes topic) noexcept;

struct SparkplugMetric {
  Bytes name;
  bool has_alias = false, has_timestamp = false, has_datatype = false;
  bool is_historical = false, is_transient = false, is_null = false;
  std::uint64_t alias = 0;
  std::uint64_t timestamp_ms = 0;
  std::uint32_t datatype = 0;
  enum class Kind : std::uint8_t {
    kNone,
    kNumber,
    kBoolean,
    kText,
    kBytes,
    kDataset,
    kTemplate
  } kind = Kind::kNone;
  double number = 0;  ///< a float may be anything
  Bytes text;         ///< kText, kBytes
};
struct SparkplugPayload {
  bool has_timestamp = false, has_seq = false, broken = false;
  std::uint64_t timestamp_ms = 0, seq = 0;
  std::uint32_t metrics = 0;  ///< all that are there
  Bytes uuid;
};
[[nodiscard]] SparkplugPayload sparkplug_payload(Bytes message) noexcept;
/// The next metric of a payload; false when there are no more.
[[nodiscard]] bool next_metric(Cursor& payload, SparkplugMetric&) noexcept;

/// What a flow's limits say of its transactions.
struct Settings {
  std::size_t max_message = 0, subscribe_topics = 0, unsubscribe_topics = 0, logged_message = 0;
  bool passwords = true;
};

/// A packet with its acknowledgements, or one that stands alone.
struct Exchange : OtTransaction {
  static constexpr unsigned kMaxMessages = 4;  ///< PUBLISH, PUBREC, PUBREL, PUBCOMP
  static constexpr std::size_t kReplyRoom = 64;

  Direction from{};  ///< who opened it, or said what stands alone
  std::uint8_t version = 0;
  std::uint8_t count = 0;  ///< of messages
  std::uint64_t opened_ns = 0, ended_ns = 0;
  std::array<Message, kMaxMessages> messages;  ///< as they came
  Connect connect;
  Publish publish;
  const Settings* settings = nullptr;
  // The parser's own: what waits keeps its bytes, in a list by age.
  Exchange *older = nullptr, *newer = nullptr;
  void* kept = nullptr;
  std::size_t kept_bytes = 0;
  std::array<std::array<std::uint8_t, kReplyRoom>, 2> reply_rooms;
  // What was found last, for those who ask for one after the other.
  mutable Cursor metric_at;
  mutable unsigned metric_n = 0;
  mutable SparkplugMetric metric;
  mutable Cursor filter_at;
  mutable unsigned filter_n = 0;
  mutable unsigned named_n = 0,
                   named_at = 0;  ///< the named_n-th metric with a name stands before metric named_at

  [[nodiscard]] const Message& first() const noexcept { return messages[0]; }
  [[nodiscard]] std::span<const Message> all() const noexcept { return {messages.data(), count}; }
};

/// The n-th topic filter of a SUBSCRIBE or UNSUBSCRIBE; false when there is none.
[[nodiscard]] bool filter_of(const Exchange&, unsigned n, Filter&) noexcept;
/// The n-th metric of a Sparkplug PUBLISH; nullptr when there is none.
[[nodiscard]] const SparkplugMetric* metric_of(const Exchange&, unsigned n) noexcept;
/// The message is a number as text: "42.5", " -1e3 ".
[[nodiscard]] bool as_number(Bytes message, double& out) noexcept;

/// What `x` does, to which topics, with which values: before it is first shown to anybody.
void set_operation(Exchange& x) noexcept;
extern const OtProtocol kOt;

/// Could this flow be MQTT? kYes is a CONNECT, or several packets that are well-formed in each respect.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Do packets start here, beyond doubt? Asked at each byte where the stream is searched for the next one.
[[nodiscard]] Probe frame_starts(Bytes stream, std::uint8_t version) noexcept;
/// Do packets stand within the body of another, beyond doubt? In a message only such as tell themselves are a proof.
[[nodiscard]] bool holds_packets(Bytes body, Type outer, std::uint8_t version) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view type_name(Type) noexcept;  ///< "CONNECT"
[[nodiscard]] std::string_view reason_name(Type, std::uint8_t version, std::uint8_t code) noexcept;
[[nodiscard]] std::string_view version_name(std::uint8_t level) noexcept;
[[nodiscard]] std::string_view retain_handling_name(std::uint8_t options) noexcept;
[[nodiscard]] std::string_view sparkplug_name(Sparkplug) noexcept;     ///< "node birth"
[[nodiscard]] std::string_view datatype_name(std::uint32_t) noexcept;  ///< "Double"
// For rules.
bool type_by_name(std::string_view, std::uint64_t& out) noexcept;
bool reason_by_name(std::string_view, std::uint64_t& out) noexcept;
bool truth_by_name(std::string_view, std::uint64_t& out) noexcept;
Result<std::unique_ptr<TxMatcher>> parse_flags(std::string_view argument);
Result<std::unique_ptr<TxMatcher>> parse_connect_flags(std::string_view argument);

extern const ProtocolSpec kSpec;

}  // namespace picket::mqtt
