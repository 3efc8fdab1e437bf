// parsers/bacnet/bacnet.h — BACnet/IP (ANSI/ASHRAE 135: annex J, U for IPv6; clause 6 network, 20 application), and the same
// on Ethernet (clause 7)
//
//      BVLC   0x81 | function | length (2) | by function: addresses, tables, a time to live ...
//             0x82 | function | length (2) | virtual source (3) ...                               (IPv6)
//      NPDU   1 | control | [dnet (2) dlen dadr] | [snet (2) slen sadr] | [hops] | network message, or
//      APDU   type, flags | [segments, size] | invoke id | [sequence, window] | service | parameters, tagged
//      tag    number (4) class (1) length (3), longer ones behind it | content; or opening ... closing
//
// In      a datagram; of Ethernet what stands behind LLC: an NPDU, without BVLC
// Out     a Pdu; what it points to is borrowed from the input. Parameters are walked along the tables of
//         bacnet_services.cc when somebody asks (bacnet_walk.h)
// Cost    O(bytes); no allocation, no state
// Limits  kMaxNesting of constructed values; kMaxItems and kMaxValues of a message are told
// Leaves  pairing and segments to bacnet_parser.cc; BACnet/SC and MS/TP; what is inside of secured messages
#pragma once
#include "parsers/bacnet/bacnet_walk.h"
#include "parsers/core/ot.h"

namespace picket::bacnet {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:bacnet.<name>`.
enum class Event : std::uint8_t {
  kInvalidBvlc,
  kInvalidLength,
  kUnknownFunction,
  kTrailingData,
  kInvalidNpdu,
  kUnknownNetworkMessage,
  kInvalidNetworkMessage,
  kInvalidApdu,
  kUnknownService,
  kInvalidParameters,
  kUnexpectedParameter,
  kInvalidValue,
  kTooDeep,
  kTooManyItems,
  kUnsolicitedResponse,
  kMismatch,
  kNoReply,
  kRepeatedRequest,
  kTooManyRequests,
  kSegmentRepeated,
  kSegmentMissing,
  kNegativeSegmentAck,
  kTooLarge,
  kPasswordInClear,
  kOutOfMemory,
};
constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }

inline constexpr std::size_t kBvlcHeader = 4;
inline constexpr unsigned kMaxItems = 256;   ///< objects or properties of a message that a record tells
inline constexpr unsigned kMaxValues = 512;  ///< values of a message that a record tells
inline constexpr std::size_t kMaxValueBytes = 256;  ///< of a value, that a record tells
inline constexpr unsigned kMaxNetworks = 64;        ///< networks, routes or table entries that a record tells

/// Service access point of LLC (IEEE 802.2) of BACnet on Ethernet.
inline constexpr std::uint16_t kLlc = 0x82;

/// BVLC types: what carries it.
inline constexpr std::uint8_t kIpv4 = 0x81, kIpv6 = 0x82;

enum class Function : std::uint8_t {
  kResult,
  kWriteBdt,
  kReadBdt,
  kReadBdtAck,
  kForwarded,
  kRegister,
  kReadFdt,
  kReadFdtAck,
  kDeleteFdt,
  kDistribute,
  kUnicast,
  kBroadcast,
  kSecure,
};
enum class Function6 : std::uint8_t {
  kResult,
  kUnicast,
  kBroadcast,
  kResolve,
  kForwardedResolve,
  kResolveAck,
  kResolveVirtual,
  kResolveVirtualAck,
  kForwarded,
  kRegister,
  kDeleteFdt,
  kSecure,
  kDistribute,
};

struct Bvlc {
  std::uint8_t type = 0;  ///< 0: there is none
  std::uint8_t function = 0;
  std::uint16_t length = 0;
  bool has_result = false, has_ttl = false, has_source = false, has_destination = false;
  std::uint16_t result = 0, ttl = 0;          ///< time to live in seconds
  std::uint32_t source = 0, destination = 0;  ///< virtual addresses of IPv6
  Bytes origin;  ///< who sent what is forwarded, or whom it is about: address and port
  Bytes table;   ///< entries of a broadcast distribution or foreign device table
  Bytes npdu;    ///< none where the function has none
  [[nodiscard]] bool is(Function f) const noexcept {
    return type == kIpv4 && function == static_cast<std::uint8_t>(f);
  }
  [[nodiscard]] bool is(Function6 f) const noexcept {
    return type == kIpv6 && function == static_cast<std::uint8_t>(f);
  }
};

/// An entry of a table; of broadcast distribution tables with a mask, of foreign device tables with times.
struct TableEntry {
  Bytes ip;
  std::uint16_t port = 0;
  Bytes mask;
  std::uint16_t ttl = 0, remaining = 0;
};
inline constexpr std::size_t kTableEntry = 10;
/// False at the end.
[[nodiscard]] bool table_entry(const Bvlc&, std::size_t n, TableEntry&) noexcept;

/// Network layer messages (clause 6.4).
enum class NetMessage : std::uint8_t {
  kWhoIsRouter,
  kIAmRouter,
  kICouldBeRouter,
  kReject,
  kBusy,
  kAvailable,
  kInitialize,
  kInitializeAck,
  kEstablish,
  kDisconnect,
  kChallenge,
  kSecurityPayload,
  kSecurityResponse,
  kRequestKeyUpdate,
  kUpdateKeySet,
  kUpdateDistributionKey,
  kRequestMasterKey,
  kSetMasterKey,
  kWhatIsNumber,
  kNumberIs,
};

struct Npdu {
  bool there = false;
  std::uint8_t version = 0, control = 0;
  bool has_destination = false, has_source = false, is_message = false;
  std::uint16_t dnet = 0, snet = 0;
  Bytes dadr, sadr;
  std::uint8_t hops = 0;
  std::uint8_t message = 0;  ///< is_message
  std::uint16_t vendor = 0;  ///< of a message from 0x80 on
  Bytes data;                ///< behind the header
  [[nodiscard]] bool is(NetMessage m) const noexcept {
    return is_message && message == static_cast<std::uint8_t>(m);
  }
  [[nodiscard]] std::uint8_t priority() const noexcept { return control & 3; }
  [[nodiscard]] bool expects_reply() const noexcept { return (control & 4) != 0; }
};

/// What a network layer message says, beside lists.
struct NetInfo {
  Bytes networks;  ///< two bytes each
  bool has_performance = false, has_reason = false, has_time = false, has_status = false;
  std::uint8_t performance = 0, reason = 0, time_s = 0, status = 0;
  std::uint8_t routes = 0;  ///< of a routing table
  Bytes table;
};
/// False: it is not what its type says.
[[nodiscard]] bool read_network_message(const Npdu&, NetInfo&) noexcept;
struct Route {
  std::uint16_t network = 0;
  std::uint8_t port = 0;
  Bytes info;
};
/// False at the end of NetInfo::table, and where it is broken: then `in` has failed.
[[nodiscard]] bool next_route(Cursor& in, Route&) noexcept;

enum class ApduType : std::uint8_t {
  kConfirmed,
  kUnconfirmed,
  kSimpleAck,
  kComplexAck,
  kSegmentAck,
  kError,
  kReject,
  kAbort,
};

struct Apdu {
  bool there = false;
  std::uint8_t type = 0;
  bool segmented = false, more = false;
  bool accepts_segments = false;                ///< of a confirmed request: a segmented answer will do
  bool negative = false;                        ///< of a segment ack
  bool from_server = false;                     ///< of a segment ack or an abort
  std::uint8_t max_segments = 0, max_size = 0;  ///< as coded
  std::uint8_t invoke_id = 0, sequence = 0, window = 0;
  std::uint8_t service = 0;  ///< confirmed or unconfirmed, by `type`
  std::uint8_t reason = 0;   ///< of a reject or an abort
  Bytes data;                ///< parameters; of what came in segments: of all of them
  [[nodiscard]] bool is(ApduType t) const noexcept { return there && type == static_cast<std::uint8_t>(t); }
  [[nodiscard]] bool is(Confirmed s) const noexcept {
    return is(ApduType::kConfirmed) && service == static_cast<std::uint8_t>(s);
  }
  [[nodiscard]] bool is(Unconfirmed s) const noexcept {
    return is(ApduType::kUnconfirmed) && service == static_cast<std::uint8_t>(s);
  }
  [[nodiscard]] bool has_invoke_id() const noexcept { return there && !is(ApduType::kUnconfirmed); }
  /// It names a confirmed service, as a request or as an answer to one.
  [[nodiscard]] bool has_confirmed_service() const noexcept {
    return is(ApduType::kConfirmed) || is(ApduType::kSimpleAck) || is(ApduType::kComplexAck) ||
           is(ApduType::kError);
  }
  [[nodiscard]] bool answers() const noexcept {
    return there && type >= static_cast<std::uint8_t>(ApduType::kSimpleAck) && !is(ApduType::kSegmentAck);
  }
};
/// Bytes of a maximum APDU as coded; 0: reserved.
[[nodiscard]] std::uint16_t apdu_size(std::uint8_t code) noexcept;

struct Pdu {
  Bvlc bvlc;
  Npdu npdu;
  Apdu apdu;
  std::uint64_t odd = 0;       ///< bits of Event
  std::uint32_t segments = 0;  ///< it came in so many; 0: in one piece
  bool incomplete = false;     ///< not all of them are there
  std::uint32_t items = 0;
};
/// Reads a datagram. What is odd stands in `odd`; with kInvalidBvlc nothing else is there.
void interpret(Transport, Bytes whole, Pdu&) noexcept;
/// Goes once through the parameters: what is odd, how many items. Not of a single segment.
void judge_parameters(Pdu&) noexcept;
/// The walk through its parameters.
[[nodiscard]] Walk parameters(const Pdu&) noexcept;

/// A request, or a message that stands alone, and the answer.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : own(pool), asked_data(pool), answer_data(pool) {}

  Direction asked{};  ///< the direction of `question`
  bool has_question = false, has_answer = false;
  Pdu question, answer;
  std::uint64_t question_ns = 0, answer_ns = 0;
  Exchange *older = nullptr, *newer = nullptr;
  PoolBuffer own;                      ///< the datagram that `question` points into
  PoolBuffer asked_data, answer_data;  ///< of segments that were put together
  struct Gather {
    std::uint8_t last = 0;  ///< sequence number
    bool open = false;
    bool lost = false;  ///< one is missing, or there are too many bytes: nothing more is kept
    std::uint32_t count = 0;
  };
  Gather asking, answering;

  /// What goes that way; nullptr when nothing was seen.
  [[nodiscard]] const Pdu* side(Direction dir) const noexcept {
    if (dir == asked) return has_question ? &question : nullptr;
    return has_answer ? &answer : nullptr;
  }
  // Where an address or value was found last, for those who ask for one after the other.
  struct Seek {
    const Pdu* of = nullptr;
    unsigned next = 0;
    ItemReader items;
    Item item;
    ValueReader values;

    /// The n-th item of a message; nullptr: there is none. Asked for one after the other they cost no more than the
    /// message.
    [[nodiscard]] const Item* find_item(const Pdu&, unsigned n) noexcept;
    /// The n-th value of its items. False: there are `next`.
    [[nodiscard]] bool find_value(const Pdu&, unsigned n, Value& out) noexcept;

   private:
    void start(const Pdu&) noexcept;
  };
  mutable Seek at_item, at_value;
  mutable std::array<char, 256> text;
};

/// What `x` does: before it is first shown to anybody.
void set_operation(Exchange& x) noexcept;
extern const OtProtocol kOt;

/// "2001:5 analog-input,3 present-value[2]"
std::size_t write_address(const Npdu& to, const Item&, std::span<char> room) noexcept;

/// Could this flow be BACnet? kYes is a datagram of which BVLC, NPDU and APDU fit each other. On Ethernet its service access
/// point says what it is.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::bacnet
