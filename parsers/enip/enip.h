// parsers/enip/enip.h — EtherNet/IP: encapsulation of CIP over TCP and UDP (44818), cyclic I/O over UDP (2222)
//
//      0         2        4         8        12               20        24
//      | command | length | session | status | sender context | options | data: length bytes |
//      data of SendRRData and SendUnitData, and of replies to List commands (without handle and timeout):
//      | interface handle 4 | timeout 2 | items 2 | type 2 | length 2 | ... | type 2 | length 2 | ... |
//      cyclic I/O:
//      | 0002 | 8002 | 0008 | connection 4 | sequence 4 | 00b1 | length 2 | count 2 | data |          all little-endian
//
// The CIP Networks Library, Volume 2: EtherNet/IP Adaptation of CIP, chapter 2; Volume 1 for CIP itself (cip.h).
//
// In      bytes of one direction of a TCP stream, standing at a header; or one datagram
// Out     a Pdu; its views point into the input and live no longer
// Cost    O(items + services + segments of paths); no allocation, no state. Each path is read here, and not again by who
//         asks what a message is: its Node has what it leads to
// Limits  kMaxItems items and kMaxServices messages of CIP are looked into, the rest counted
// Leaves  pairing, connections and cyclic I/O to enip_parser.h; the messages of CIP to cip.h
#pragma once
#include "parsers/core/ot.h"

namespace picket::enip {

inline constexpr std::size_t kHeaderSize = 24;
inline constexpr std::size_t kMaxPdu = kHeaderSize + 65535;
inline constexpr std::size_t kMaxItems = 8;
inline constexpr std::size_t kMaxServices = 128;  ///< messages of CIP in one of the encapsulation
inline constexpr unsigned kMaxDepth = 4;          ///< messages inside of messages

/// What can be wrong. Each one is a counter and a value of `app-layer-event:enip.<name>`.
enum class Event : std::uint8_t {
  kTooManyTransactions,
  kInvalidPdu,
  kInvalidHeader,
  kInvalidLength,
  kInvalidCip,
  kInvalidPath,
  kInvalidServices,
  kInvalidData,
  kTooManyItems,
  kTooManyServices,
  kTooDeep,
  kTrailingData,
  kUnknownCommand,
  kUnexpectedOptions,
  kUnsolicitedResponse,
  kMismatch,
  kNoReply,
  kTooManyConnections,
  kConnectionLimit,
  kIoSequence,
  kLostSync,
  kGap,
  kOutOfMemory,
};

/// Bits of Pdu::problems; bit i is the Event at place i of kProblemEvents.
enum Problem : std::uint16_t {
  kBadItems = 1,
  kBadCip = 2,
  kBadPath = 4,
  kBadServices = 8,
  kBadData = 16,
  kManyItems = 32,
  kManyServices = 64,
  kDeep = 128,
  kTrailing = 256,
  kUnknown = 512,
  kOptions = 1024,
};
inline constexpr Event kProblemEvents[] = {
    Event::kInvalidPdu,   Event::kInvalidCip,     Event::kInvalidPath,       Event::kInvalidServices,
    Event::kInvalidData,  Event::kTooManyItems,   Event::kTooManyServices,   Event::kTooDeep,
    Event::kTrailingData, Event::kUnknownCommand, Event::kUnexpectedOptions,
};

enum class Command : std::uint16_t {
  kNop = 0x00,
  kListServices = 0x04,
  kListIdentity = 0x63,
  kListInterfaces = 0x64,
  kRegisterSession = 0x65,
  kUnregisterSession = 0x66,
  kSendRrData = 0x6f,
  kSendUnitData = 0x70,
  kIndicateStatus = 0x72,
  kCancel = 0x73,
};

enum class ItemType : std::uint16_t {
  kNull = 0x0000,
  kIdentity = 0x000c,
  kConnectedAddress = 0x00a1,
  kConnectedData = 0x00b1,
  kUnconnectedData = 0x00b2,
  kServices = 0x0100,
  kSocketToTarget = 0x8000,
  kSocketToOriginator = 0x8001,
  kSequencedAddress = 0x8002,
};

struct Item {
  std::uint16_t type = 0;
  Bytes data;
  [[nodiscard]] bool is(ItemType t) const noexcept { return type == static_cast<std::uint16_t>(t); }
};

enum class Class : std::uint32_t;  // of objects, in cip.h

/// What a path leads to: its last class with what follows, or a symbol. Without initial values: it stands in a Node.
struct Target {
  std::uint32_t class_id, instance, attribute, point;
  bool has_class, has_instance, has_attribute, has_point, has_symbol;
  bool named;  ///< a symbol stands anywhere in the path
  bool bad;    ///< a segment is wrong; those in front of it count
  [[nodiscard]] bool is(Class c) const noexcept {
    return has_class && class_id == static_cast<std::uint32_t>(c);
  }
};

/// A message of CIP inside of a Pdu: where it stands in Pdu::cip, those inside of it, which stand behind it, and what is
/// asked of each message more than once. Without initial values: there is room for many, and few are filled.
struct Node {
  std::uint16_t at, size;
  std::uint16_t data;         ///< where its data stand in it; 0: it is too short for what it says
  std::uint8_t code, status;  ///< service with the bit of replies; general status of a reply
  std::uint8_t parent, depth;
  std::uint8_t first, count;  ///< nodes inside: first .. first + count - 1
  std::uint8_t asked;         ///< node of the request that a reply answers, once paired; else kMaxServices
  Target target;              ///< of a request
  [[nodiscard]] std::uint8_t service() const noexcept { return code & 0x7f; }
};
using NodeRoom = std::array<Node, kMaxServices>;

/// A message of the encapsulation. Integers in host order.
struct Pdu {
  std::uint16_t command = 0, length = 0;
  std::uint32_t session = 0, status = 0, options = 0;
  std::uint16_t problems = 0;  ///< bits of Problem
  bool answers = false;        ///< it is a reply, as far as it says
  bool connected = false;      ///< SendUnitData with connected data
  bool has_cip = false;
  bool cut = false;  ///< its items do not fit its length: only the header is believed
  std::uint8_t item_kept = 0, node_count = 0;
  std::uint16_t item_count = 0, sequence = 0, timeout = 0;
  std::uint16_t services = 0;  ///< messages of CIP that are there or said to be
  std::uint32_t interface = 0, connection = 0;
  Bytes context, body;
  Bytes cip;  ///< the message, behind the sequence count of connected data
  std::array<Item, kMaxItems> items;
  Node* nodes = nullptr;  ///< of Pdu::cip, node_count of them; the first is all of it. Borrowed

  [[nodiscard]] bool is(Command c) const noexcept { return command == static_cast<std::uint16_t>(c); }
  [[nodiscard]] bool sends() const noexcept { return is(Command::kSendRrData) || is(Command::kSendUnitData); }
  [[nodiscard]] Bytes node_bytes(std::size_t i) const noexcept {
    return cip.subspan(nodes[i].at, nodes[i].size);
  }
  /// Somebody is to answer it.
  [[nodiscard]] bool asks() const noexcept;
};

/// Reads one message from `in`; its nodes stand in `room`.
///   done       `pdu` is filled; `in` stands after its last item, or, where `pdu.cut`, after its header
///   need_more  nothing changed
///   malformed  nothing changed; the Event says why
[[nodiscard]] ParseResult parse(Cursor& in, Pdu& pdu, NodeRoom& room) noexcept;
/// A copy of `pdu`, which was read from `all`, that borrows from `own` alone. False: no memory was left.
[[nodiscard]] bool keep(const Pdu& pdu, Bytes all, PoolBuffer& own, Pdu& out) noexcept;

/// A packet of cyclic I/O.
struct IoPacket {
  std::uint32_t connection = 0, sequence = 0;
  std::uint16_t count = 0;  ///< sequence count of the data, of transport class 1
  Bytes data;
};
[[nodiscard]] bool read_io(Bytes datagram, IoPacket& out) noexcept;

/// Could this flow be EtherNet/IP? Only kYes where no other protocol begins like that.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Does a message start here? Asked at each byte where the stream is searched for the next.
[[nodiscard]] Probe frame_starts(Bytes stream) noexcept;

// ── what items say ─────────────────────────────────────────────────────────────────────────────────────────────

struct Socket {
  std::uint16_t port = 0;
  Bytes ip;
};
[[nodiscard]] bool read_socket(Bytes, Socket& out) noexcept;

struct ServiceInfo {
  std::uint16_t version = 0, capabilities = 0;
  Bytes name;
};
/// The first that a reply to ListServices tells.
[[nodiscard]] bool read_services(const Pdu&, ServiceInfo& out) noexcept;

/// What a device is. Of a list of attributes only some may be there.
struct Identity {
  enum Has : std::uint16_t {
    kVendor = 1,
    kDeviceType = 2,
    kProductCode = 4,
    kRevision = 8,
    kStatus = 16,
    kSerial = 32,
    kName = 64,
    kState = 128,
    kVersion = 256,  ///< of the encapsulation, and the socket
  };
  std::uint16_t has = 0;  ///< bits of Has
  std::uint16_t version = 0, vendor = 0, device_type = 0, product_code = 0, status = 0;
  std::uint8_t major = 0, minor = 0, state = 0;
  std::uint32_t serial = 0;
  Bytes name;
  Socket socket;
};
/// The first that a reply to ListIdentity tells.
[[nodiscard]] bool read_identity(const Pdu&, Identity& out) noexcept;
/// Attributes 1 to 7 of the Identity object one after the other, and the eighth if it is there.
[[nodiscard]] bool read_identity_attributes(Cursor& in, Identity& out) noexcept;
/// Version and options of RegisterSession.
[[nodiscard]] bool read_register(const Pdu&, std::uint16_t& version, std::uint16_t& options) noexcept;

// ── names (enip_names.cc) ──────────────────────────────────────────────────────────────────────────────────────

[[nodiscard]] std::string_view command_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view status_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view item_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view vendor_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view device_type_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view state_name(std::uint8_t) noexcept;
[[nodiscard]] bool command_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool status_by_name(std::string_view, std::uint64_t& out) noexcept;

// ── transactions ───────────────────────────────────────────────────────────────────────────────────────────────

/// A connection that a Forward_Open made.
struct Connection {
  static constexpr std::size_t kTarget = 48;
  std::uint32_t to_target = 0, to_originator = 0;  ///< identifiers, by direction
  std::uint32_t rpi_to_target = 0, rpi_to_originator = 0;
  std::uint32_t originator = 0;  ///< serial number
  std::uint16_t serial = 0, vendor = 0;
  std::uint8_t transport = 0, target_size = 0;
  std::array<char, kTarget> target{};  ///< in words
};

/// A packet of cyclic I/O, and what came of its connection since the last one that was told, itself included. At the
/// end of a flow there is no packet: `kept` is 0.
struct Io {
  static constexpr std::size_t kKept = 64;
  std::uint32_t connection = 0, first = 0, last = 0;
  std::uint64_t packets = 0, bytes = 0, lost = 0, repeated = 0, since_ns = 0, last_ns = 0;
  std::uint16_t size = 0, kept = 0;
  std::array<std::uint8_t, kKept> data;

  [[nodiscard]] Bytes view() const noexcept { return {data.data(), kept}; }
};

/// A request and its reply, a message alone, or cyclic I/O. Either end may ask.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : own(pool) {}

  Direction asked = Direction::kToServer;  ///< where the request goes, or what stands alone
  bool is_io = false;
  bool stale = false;  ///< bytes of the answers' direction were lost since it was asked
  std::uint64_t question_ns = 0, answer_ns = 0;
  Exchange *older = nullptr, *newer = nullptr;  ///< the parser's own
  /// Where to go on behind the address, or with the value, that was asked for last: `first` is the number of the first
  /// one of `node`.
  struct Seek {
    const Pdu* of = nullptr;
    std::uint16_t node = 0;
    unsigned first = 0;
  };
  mutable Seek address_seek, value_seek;
  Connection connection;          ///< of connected data
  bool connection_known = false;  ///< its Forward_Open was seen
  Io io;
  /// What stands alone is the question, also when it is a reply. Borrowed; of what waits the question is `kept`.
  const Pdu *question = nullptr, *answer = nullptr;
  Pdu kept;
  PoolBuffer own;  ///< what `kept` borrows from

  [[nodiscard]] const Pdu* side(Direction dir) const noexcept { return dir == asked ? question : answer; }
  [[nodiscard]] const Pdu* request() const noexcept {
    return question != nullptr && !question->answers ? question : nullptr;
  }
  [[nodiscard]] const Pdu* reply() const noexcept {
    if (answer != nullptr) return answer;
    return question != nullptr && question->answers ? question : nullptr;
  }
};

extern const OtProtocol kOt;
/// What `x` does, to which points, with which values: before it is first shown to anybody.
void set_operation(Exchange& x) noexcept;
/// Of its reply: that it, or one of its services, was not done.
[[nodiscard]] bool refuses(const Pdu&) noexcept;

/// `cip_service: 16,246,6`
[[nodiscard]] Result<std::unique_ptr<TxMatcher>> parse_service_keyword(std::string_view argument);

extern const ProtocolSpec kSpec;

}  // namespace picket::enip
