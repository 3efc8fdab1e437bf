// parsers/dnp3/dnp3.h — DNP3 over TCP and UDP (IEEE 1815-2012: link layer §9, transport §8, application layer §4)
//
//      0    2     3      4      6     8     10        up to 16 octets, then their CRC, up to 250 octets in all
//      | 05 64 | length | control | dst | src | CRC |  block | CRC |  block | CRC | ...
//                  counts from control on, without CRCs
//   the blocks without their CRCs are a segment:       | FIN FIR sequence:6 | part of a fragment |
//   the segments from FIR to FIN are a fragment:       | FIR FIN CON UNS sequence:4 | function | objects |
//   and of a response, with internal indications:      | FIR FIN CON UNS sequence:4 | function | IIN:16 | objects |
//
// In      bytes of one direction of a TCP stream, or a datagram with whole frames
// Out     a Frame; a Message for each fragment and for each frame without one. Views live as long as the call
// Cost    O(bytes); a fragment in one frame is not copied but for its CRCs, a longer one is put together in the
//         pool
// Limits  length 5..255; fragments up to `max-fragment`, associations up to `max-associations`; each has an event
// Leaves  objects to dnp3_objects.h, pairing to Dnp3Parser (dnp3_parser.cc); DNP3 over TLS is TLS
#pragma once
#include <array>
#include <string_view>

#include "parsers/core/ot.h"
#include "parsers/dnp3/dnp3_objects.h"

namespace picket::dnp3 {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:dnp3.<name>`. The first nine are
/// Suricata's.
enum class Event : std::uint8_t {
  kFlooded,
  kLenTooSmall,
  kBadLinkCrc,
  kBadTransportCrc,
  kMalformed,
  kUnknownObject,
  kTooManyPoints,
  kTooManyObjects,
  kTooLongReassembly,
  // picket's own
  kLostSync,
  kGap,
  kTruncatedFrame,
  kUnexpectedLinkData,
  kReservedAddress,
  kWrongDirection,
  kSegmentWithoutFirst,
  kSegmentOutOfOrder,
  kSegmentRepeated,
  kReassemblyAbandoned,
  kFragmentOutOfOrder,
  kUnknownFunction,
  kUnexpectedResponse,
  kUnexpectedConfirm,
  kNoReply,
  kOperateWithoutSelect,
  kOperateMismatch,
  kTooManyAssociations,
  kOutOfMemory,
};

enum class Function : std::uint8_t {
  kConfirm = 0,
  kRead = 1,
  kWrite = 2,
  kSelect = 3,
  kOperate = 4,
  kDirectOperate = 5,
  kDirectOperateNr = 6,
  kFreeze = 7,
  kFreezeNr = 8,
  kFreezeClear = 9,
  kFreezeClearNr = 10,
  kFreezeAtTime = 11,
  kFreezeAtTimeNr = 12,
  kColdRestart = 13,
  kWarmRestart = 14,
  kInitializeData = 15,
  kInitializeApplication = 16,
  kStartApplication = 17,
  kStopApplication = 18,
  kSaveConfiguration = 19,
  kEnableUnsolicited = 20,
  kDisableUnsolicited = 21,
  kAssignClass = 22,
  kDelayMeasure = 23,
  kRecordCurrentTime = 24,
  kOpenFile = 25,
  kCloseFile = 26,
  kDeleteFile = 27,
  kGetFileInfo = 28,
  kAuthenticateFile = 29,
  kAbortFile = 30,
  kActivateConfiguration = 31,
  kAuthenticationRequest = 32,
  kAuthenticationRequestNr = 33,
  kResponse = 129,
  kUnsolicitedResponse = 130,
  kAuthenticationResponse = 131,
};
inline constexpr std::uint8_t kFirstResponse = 128;

inline constexpr std::size_t kHeaderSize = 10;
inline constexpr std::size_t kBlockSize = 16, kCrcSize = 2;
inline constexpr std::uint8_t kMinLength = 5;  ///< control and both addresses
inline constexpr std::size_t kMaxUserData = 250;
inline constexpr std::size_t kMaxFrame = kHeaderSize + kMaxUserData + 16 * kCrcSize;

/// Addresses that are no station's (§9.2.2.3): 65520 to 65531 are reserved.
inline constexpr std::uint16_t kFirstReserved = 0xfff0, kSelfAddress = 0xfffc, kFirstBroadcast = 0xfffd;

/// Header of a frame.
struct Link {
  std::uint8_t length = 0;
  std::uint8_t control = 0;
  std::uint16_t destination = 0, source = 0;

  [[nodiscard]] bool from_master() const noexcept { return (control & 0x80) != 0; }
  [[nodiscard]] bool primary() const noexcept { return (control & 0x40) != 0; }
  [[nodiscard]] bool fcb() const noexcept { return (control & 0x20) != 0; }
  [[nodiscard]] bool fcv() const noexcept { return (control & 0x10) != 0; }  ///< of a secondary station: DFC
  [[nodiscard]] std::uint8_t function() const noexcept { return control & 0x0f; }
  [[nodiscard]] bool carries_data() const noexcept {
    return primary() && (function() == 3 || function() == 4);
  }
  [[nodiscard]] std::uint16_t master() const noexcept { return from_master() ? source : destination; }
  [[nodiscard]] std::uint16_t outstation() const noexcept { return from_master() ? destination : source; }
};

/// A whole frame whose CRCs are right.
struct Frame {
  Link link;
  Bytes blocks;  ///< with their CRCs; borrowed from the input
};

/// The CRC of IEEE 1815, §9.2.6: x^16+x^13+x^12+x^11+x^10+x^8+x^6+x^5+x^2+1, lowest bit first, inverted.
[[nodiscard]] std::uint16_t crc(Bytes) noexcept;

/// From `at` on, where the first header stands whose CRC is right, or what may become one when more has come; else
/// the end.
[[nodiscard]] std::size_t next_header(Bytes, std::size_t at) noexcept;

/// Reads one frame from `in`.
///   done       `frame` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed: kLostSync (no start octets), kBadLinkCrc, kLenTooSmall, kBadTransportCrc
[[nodiscard]] ParseResult parse(Cursor& in, Frame& frame) noexcept;

/// A frame's blocks without their CRCs.
[[nodiscard]] Bytes user_data(Bytes blocks, std::array<std::uint8_t, kMaxUserData>& room) noexcept;

/// What a response knows of the request it answers.
struct Asked {
  std::uint64_t id = 0;  ///< number of the transaction
  std::uint64_t time_ns = 0;
  std::uint8_t function = 0;
  const OtOperation* operation = nullptr;  ///< not null where there is a request
};

enum class MessageType : std::uint8_t { kLink, kRequest, kResponse, kUnsolicited };

/// Bits of Message::indications: the request was not done (function, object or parameters not known).
inline constexpr std::uint16_t kRefusals = 0x0007;
/// Others that an engineer must see: time not set, local control, trouble, restart; buffer overflow, configuration
/// corrupt.
inline constexpr std::uint16_t kTroubles = 0xf028;

/// One fragment on its way one way, or a frame of the link layer.
struct Message : OtTransaction {
  Link link;  ///< of its last frame
  MessageType type = MessageType::kLink;
  std::uint64_t time_ns = 0;
  std::uint16_t frames = 1;        ///< that carried it
  Bytes fragment;                  ///< as it was put together: control, function, indications, objects
  Bytes objects;                   ///< what is behind function and indications
  std::uint8_t control = 0;        ///< FIR, FIN, CON, UNS, sequence
  std::uint8_t function = 0;       ///< as it came
  std::uint16_t indications = 0;   ///< of responses: the first octet (IIN1) is the high one
  std::uint32_t object_count = 0;  ///< object headers
  std::uint64_t point_count = 0;   ///< points that carry something: a value, an index, a name
  bool complete = false;           ///< all of it was understood
  bool again = false;              ///< the same as the one before it: a retry
  std::uint16_t part = 0;          ///< of a response: its number among the fragments, from 1
  bool answers = false;            ///< `asked` is there
  Asked asked;
  mutable HeaderCache headers;  ///< of find_header()
  mutable PointCache cache;     ///< of find_point()

  [[nodiscard]] bool fir() const noexcept { return (control & 0x80) != 0; }
  [[nodiscard]] bool fin() const noexcept { return (control & 0x40) != 0; }
  [[nodiscard]] bool con() const noexcept { return (control & 0x20) != 0; }
  [[nodiscard]] bool uns() const noexcept { return (control & 0x10) != 0; }
  [[nodiscard]] std::uint8_t sequence() const noexcept { return control & 0x0f; }
  [[nodiscard]] bool has_fragment() const noexcept { return type != MessageType::kLink; }
  [[nodiscard]] bool is_response() const noexcept {
    return type == MessageType::kResponse || type == MessageType::kUnsolicited;
  }
  [[nodiscard]] bool is(Function f) const noexcept {
    return has_fragment() && function == static_cast<std::uint8_t>(f);
  }
  [[nodiscard]] ObjectReader read_objects() const noexcept { return ObjectReader(objects, function); }
};

/// Which headers are looked at.
using Wanted = bool (*)(const ObjectHeader&) noexcept;
/// Points, or headers, of a message that rules and `ot` look at.
inline constexpr unsigned kMaxInstances = 2048;
/// The n-th header that is wanted; nullptr: there is none. It stands in m.headers until the next call. O(1) for n = 0, 1,
/// 2 ... one after the other.
[[nodiscard]] const ObjectHeader* find_header(const Message& m, Wanted wanted, unsigned n) noexcept;
/// The n-th point of the headers that are wanted; with `bare`, headers without points count as one each. nullptr: there
/// is none. Header and point stand in m.cache until the next call. O(1) for n = 0, 1, 2 ... one after the other.
[[nodiscard]] const PointCache* find_point(const Message& m, Wanted wanted, unsigned n,
                                           bool bare = false) noexcept;

/// Could this flow be DNP3? kYes is a frame whose CRCs are right and whose direction bit fits: the client is the
/// master. Over TCP two such frames do where the bit does not fit, since outstations connect, too.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

/// The fields of a fragment; false when it is too short. Objects are not looked into.
[[nodiscard]] bool read_fragment(Bytes fragment, Message& m) noexcept;

struct FunctionInfo {
  std::uint8_t code = 0;
  std::string_view keyword;  ///< as rules name it: "direct_operate_nr"
  std::string_view name;     ///< as records do: "direct operate, no response"
  bool silent = false;       ///< no response is due
};
/// nullptr for a code without a name.
[[nodiscard]] const FunctionInfo* function_info(std::uint8_t code) noexcept;
[[nodiscard]] bool function_by_name(std::string_view name, std::uint64_t& out) noexcept;

struct IndicationInfo {
  std::uint16_t bit = 0;  ///< of Message::indications
  std::string_view name;  ///< as rules and records have it: "device_restart"
};
/// From IIN1.7 down to IIN2.0.
[[nodiscard]] std::span<const IndicationInfo> indications() noexcept;

struct CodeName {
  std::uint16_t code = 0;
  std::string_view name;
};
[[nodiscard]] std::string_view link_function_name(const Link&) noexcept;  ///< "" when unknown
[[nodiscard]] bool link_function_by_name(std::string_view name, std::uint64_t& out) noexcept;
/// Secondary functions have the bit 0x10 here, since they share numbers with primary ones.
[[nodiscard]] std::uint8_t link_function(const Link&) noexcept;
[[nodiscard]] std::string_view control_status_name(std::uint8_t) noexcept;
[[nodiscard]] bool control_status_by_name(std::string_view name, std::uint64_t& out) noexcept;
[[nodiscard]] std::string_view operation_type_name(std::uint8_t) noexcept;
[[nodiscard]] bool operation_type_by_name(std::string_view name, std::uint64_t& out) noexcept;
[[nodiscard]] std::string_view trip_close_name(std::uint8_t) noexcept;
[[nodiscard]] bool trip_close_by_name(std::string_view name, std::uint64_t& out) noexcept;
[[nodiscard]] std::string_view file_status_name(std::uint8_t) noexcept;
[[nodiscard]] bool file_status_by_name(std::string_view name, std::uint64_t& out) noexcept;
[[nodiscard]] std::string_view file_mode_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view attribute_name(std::uint8_t variation) noexcept;
[[nodiscard]] std::string_view authentication_error_name(std::uint8_t) noexcept;

/// `dnp3_obj:GROUP,VARIATION`.
[[nodiscard]] Result<std::unique_ptr<TxMatcher>> parse_object_keyword(std::string_view argument);
/// `dnp3_ind:[*+-=]FLAG{,FLAG}`: any of them (also with *), all (+), none (-), these and no others (=).
[[nodiscard]] Result<std::unique_ptr<TxMatcher>> parse_indication_keyword(std::string_view argument);

extern const OtProtocol kOt;
/// What a message does.
[[nodiscard]] const OtOperation& operation_of(const Message&) noexcept;

/// In the order of ProtocolSpec::limits.
enum Limit : std::size_t {
  kRequestFlood,
  kReplyTimeout,
  kMaxFragment,
  kMaxAssociations,
  kMaxPoints,
  kMaxObjects
};

extern const ProtocolSpec kSpec;

}  // namespace picket::dnp3
