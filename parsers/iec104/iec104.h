// parsers/iec104/iec104.h — IEC 60870-5-104: APCI (5-104 §5) and ASDUs (5-101 §7, with the fixed sizes of 5-104)
//
//      0    1        2         3   4       5         6      7            8               9    10    12
//      | 68 | length | control octets 1 to 4         | type | SQ, number | T, P/N, cause | OA | CA  | objects ...
//                    | I   N(S) << 1     N(R) << 1   |
//                    | S   01 00         N(R) << 1   |   an object: | address: 3 | elements ... |
//                    | U   function | 3  00 00 00    |   with SQ one address, and then elements only
//
// In      bytes of one direction of a TCP stream, standing at the start of an APDU; integers are little-endian
// Out     a Frame, and of an I frame an Asdu whose objects are read on demand; both borrow from the input
// Cost    O(1) an APDU and an object; no allocation, no state
// Limits  length 4..253; anything else is Event::kInvalidLength and the stream is searched for the next APDU
// Leaves  pairing to iec104_parser.cc, numbers of frames to iec104_sequence.h; fields of the sizes that only
//         5-101 allows (one octet of cause or common address) are not recognised
#pragma once
#include <string_view>

#include "parsers/core/ot.h"
#include "parsers/core/protocol.h"

namespace picket::iec104 {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:iec104.<name>`.
enum class Event : std::uint8_t {
  kInvalidStart,
  kInvalidLength,
  kInvalidControl,
  kLostSync,
  kGap,
  kShortAsdu,
  kUnknownType,
  kInvalidObjectCount,
  kInvalidObjectLength,
  kInvalidCause,
  kUnexpectedCause,
  kInvalidCommonAddress,
  kInvalidTime,
  kInvalidValue,
  kLostFrames,
  kDuplicateFrame,
  kOutOfOrder,
  kInvalidAcknowledgement,
  kUnacknowledgedK,
  kUnacknowledgedW,
  kNotStarted,
  kUnsolicitedConfirmation,
  kConfirmationMismatch,
  kChecksumMismatch,
  kNoConfirmation,
  kNoTermination,
  kFlooded,
  kOutOfMemory,
};

inline constexpr std::uint8_t kStart = 0x68;
inline constexpr std::size_t kPrefixSize = 2;  ///< what `length` does not count
inline constexpr std::size_t kControlSize = 4;
inline constexpr std::size_t kMaxLength = 253;
inline constexpr std::size_t kAsduHeader = 6;  ///< up to the first object
inline constexpr std::size_t kMaxAsdu = kMaxLength - kControlSize;
inline constexpr unsigned kMaxObjects = 127;  ///< that the number of an ASDU can say
inline constexpr std::uint16_t kBroadcast = 0xffff;
inline constexpr std::uint32_t kSequenceModulus = 1U << 15;

enum class Format : std::uint8_t { kI, kS, kU };

/// Bits of the first control octet of a U frame; a frame has one of them.
enum class LinkFunction : std::uint8_t {
  kStartAct = 0x04,
  kStartCon = 0x08,
  kStopAct = 0x10,
  kStopCon = 0x20,
  kTestAct = 0x40,
  kTestCon = 0x80,
};

/// A whole APDU.
struct Frame {
  Format format = Format::kI;
  LinkFunction function{};    ///< U
  std::uint16_t send = 0;     ///< I: N(S)
  std::uint16_t receive = 0;  ///< I, S: N(R)
  Bytes asdu;                 ///< I: all of it, borrowed from the input
};

/// Reads one APDU from `in`.
///   done       `frame` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed: no start octet, a length that cannot be, or control octets of no format
[[nodiscard]] ParseResult parse(Cursor& in, Frame& frame) noexcept;

/// Causes that the parser goes by (5-101 §7.2.3); cause_name() knows all.
enum class Cause : std::uint8_t {
  kPeriodic = 1,
  kBackground = 2,
  kSpontaneous = 3,
  kInitialized = 4,
  kRequest = 5,
  kActivation = 6,
  kActivationCon = 7,
  kDeactivation = 8,
  kDeactivationCon = 9,
  kTermination = 10,
  kReturnRemote = 11,
  kReturnLocal = 12,
  kFile = 13,
  kInterrogated = 20,
  kInterrogatedLast = 36,
  kCounter = 37,
  kCounterLast = 41,
  kUnknownType = 44,
  kUnknownObject = 47,
};

/// Groups of type identifications (5-101 §7.2.1).
enum class Group : std::uint8_t { kMonitor, kCommand, kInitialized, kSystem, kParameter, kFile, kSecurity };

/// Information elements (5-101 §7.2.6), and those of 5-101's file transfer.
enum class Part : std::uint8_t {
  kNone,
  kSiq,      ///< single point with quality
  kDiq,      ///< double point with quality
  kVti,      ///< step position, transient
  kBsi,      ///< 32 bits
  kNva,      ///< normalised
  kSva,      ///< scaled
  kR32,      ///< short floating point
  kBcr,      ///< counter reading
  kSep,      ///< single event of protection equipment
  kSpe,      ///< start events
  kOci,      ///< output circuits
  kScd,      ///< 16 states, 16 changes
  kQds,      ///< quality
  kQdp,      ///< quality of protection events
  kSco,      ///< single command
  kDco,      ///< double command
  kRco,      ///< regulating step command
  kQos,      ///< qualifier of set points
  kQoi,      ///< of interrogation
  kQcc,      ///< of counter interrogation
  kQrp,      ///< of reset
  kQpm,      ///< of parameters of measured values
  kQpa,      ///< of parameter activation
  kCoi,      ///< cause of initialization
  kFbp,      ///< fixed test pattern
  kTsc,      ///< test sequence counter
  kCp16,     ///< milliseconds elapsed
  kCp24,     ///< time in the hour
  kCp56,     ///< date and time
  kNof,      ///< name of file
  kNos,      ///< name of section
  kLof,      ///< length of file or section
  kFrq,      ///< file ready
  kSrq,      ///< section ready
  kScq,      ///< select and call
  kLsq,      ///< last section or segment
  kChs,      ///< checksum
  kAfq,      ///< acknowledge
  kSof,      ///< status of file
  kSegment,  ///< length, and so many bytes
};

struct TypeInfo {
  std::uint8_t id = 0;
  Group group{};
  std::string_view name;         ///< "C_SC_NA_1"
  std::string_view description;  ///< "single command"
  std::array<Part, 4> parts{};   ///< none: the objects cannot be told apart
};
/// nullptr for what the standards reserve or leave to their users.
[[nodiscard]] const TypeInfo* type_info(std::uint8_t type) noexcept;

/// Bits of Asdu::problems; each is also an Event.
enum Problem : std::uint16_t {
  kShort = 1,
  kType = 2,
  kCount = 4,
  kLength = 8,
  kCause = 16,
  kCauseOfType = 32,
  kAddress = 64,
  kTime = 128,
  kValue = 256,
};

/// An ASDU as an I frame carries it.
struct Asdu {
  Bytes bytes;  ///< with its header; borrowed
  const TypeInfo* info = nullptr;
  std::uint16_t common_address = 0;
  std::uint16_t problems = 0;  ///< bits of Problem
  std::uint8_t type = 0;
  std::uint8_t cause = 0;
  std::uint8_t originator = 0;
  std::uint8_t number = 0;   ///< of objects, as the header says
  std::uint8_t objects = 0;  ///< that are really there, whole
  bool sequence = false;     ///< SQ: one address, elements follow one another
  bool negative = false;     ///< P/N
  bool test = false;         ///< T

  [[nodiscard]] bool is(Cause c) const noexcept { return cause == static_cast<std::uint8_t>(c); }
  [[nodiscard]] Group group() const noexcept { return info == nullptr ? Group::kMonitor : info->group; }
  /// The answer of a station that does not know type, cause or address: the request comes back.
  [[nodiscard]] bool is_refusal() const noexcept { return cause >= 44 && cause <= 47; }
  [[nodiscard]] std::uint32_t first_address() const noexcept;
};
/// What an ASDU says; `problems` tells what is not as it should be.
[[nodiscard]] Asdu interpret(Bytes asdu) noexcept;

/// CP16Time2a, CP24Time2a and CP56Time2a, as sent.
struct Time {
  std::uint8_t size = 0;  ///< 3 or 7 bytes; 0: there is none
  bool invalid = false, substituted = false, summer = false;
  std::uint8_t minute = 0, hour = 0, day = 0, weekday = 0, month = 0, year = 0;
  std::uint16_t ms = 0;

  [[nodiscard]] bool possible() const noexcept;
  /// "2026-11-22T10:45:17.123" or, of three bytes, "45:17.123". What no clock shows is printed all the same.
  static constexpr std::size_t kTextSize = 32;
  [[nodiscard]] std::string_view text(std::span<char, kTextSize> room) const noexcept;
};

/// Bits of Object::quality.
enum Quality : std::uint16_t {
  kInvalid = 1,          ///< IV
  kNotTopical = 2,       ///< NT
  kSubstituted = 4,      ///< SB
  kBlocked = 8,          ///< BL
  kOverflow = 16,        ///< OV
  kElapsedInvalid = 32,  ///< EI
  kCarry = 64,           ///< CY of a counter
  kAdjusted = 128,       ///< CA of a counter
};
inline constexpr unsigned kQualities = 8;

/// States of points and commands, single and double alike.
enum class State : std::uint8_t { kIntermediate = 0, kOff = 1, kOn = 2, kIndeterminate = 3, kNone = 0xff };

/// What an object of file transfer has.
struct FileFields {
  std::uint16_t name = 0;
  std::uint32_t length = 0;
  std::uint8_t section = 0, qualifier = 0, checksum = 0, status = 0;
  Bytes segment;
  bool has_section = false, has_length = false, has_checksum = false, has_status = false;
};

/// One information object, taken apart. Which fields there are follows from the type.
struct Object {
  std::uint32_t address = 0;
  Part value_part = Part::kNone;      ///< what gave `value`
  Part qualifier_part = Part::kNone;  ///< what gave `qualifier`
  double value = 0;                   ///< a float may be anything
  State state = State::kNone;
  bool has_quality = false, has_elapsed = false, has_select = false;
  bool transient = false;
  bool select = false;  ///< S/E: select; otherwise execute
  std::uint16_t quality = 0;
  std::uint16_t elapsed_ms = 0;
  std::uint16_t qualifier = 0;        ///< without S/E; of QCC and QPM all eight bits
  std::uint8_t counter_sequence = 0;  ///< kBcr
  std::uint16_t changes = 0;          ///< kScd: change detection
  Time time;                          ///< the first one
  Time until;                         ///< the second one of F_SC_NB_1
  FileFields file;                    ///< where info->group is kFile
};
/// The n-th of the `objects` of an ASDU; false when there is none.
[[nodiscard]] bool object_at(const Asdu&, unsigned n, Object& out) noexcept;
/// What stands behind the objects that are there whole; of a type without a form all that follows the header.
[[nodiscard]] Bytes rest_of(const Asdu&) noexcept;
/// All of the qualities of its objects together.
[[nodiscard]] std::uint16_t qualities_of(const Asdu&) noexcept;
/// Bytes of an object without its address; 0 where objects cannot be told apart. `object` stands where its
/// elements begin: a segment says its own length.
[[nodiscard]] std::size_t element_size(const TypeInfo&, Bytes object) noexcept;

/// An I frame.
struct Message {
  std::uint16_t send = 0, receive = 0;
  Asdu asdu;
};

/// A command with its confirmation and termination, a U frame with its confirmation, a file from its announcement to
/// its acknowledgement, or an ASDU alone.
struct Exchange : OtTransaction {
  Format format = Format::kI;
  LinkFunction function{};    ///< U: the act bit
  Direction from{};           ///< who opened it, or said the ASDU that stands alone
  bool opened = false;        ///< `command` (or the act) was seen
  bool confirmed = false;     ///< `confirmation` (or the con) was seen
  bool terminated = false;    ///< `termination` was seen
  bool alone = false;         ///< `command` is no command: data, or a step of a file transfer
  std::uint16_t receive = 0;  ///< S: N(R)
  Message command;            ///< also the ASDU that stands alone
  Message confirmation, termination;
  std::uint64_t opened_ns = 0, confirmed_ns = 0, terminated_ns = 0;
  std::uint32_t reported_asdus = 0, reported_objects = 0;  ///< of an interrogation, before it terminated
  // The parser's own: what waits keeps its bytes, in a list by age.
  Exchange *older = nullptr, *newer = nullptr;
  std::uint64_t touched_ns = 0;  ///< when something of it was seen last
  File* file = nullptr;          ///< while it is carried
  std::uint8_t section_sum = 0;  ///< of the bytes of the section at hand, modulo 256
  std::array<std::uint8_t, kMaxAsdu> command_bytes, confirmation_bytes;
};

/// The ASDUs that went that way, in order; nullptr when there are no more.
[[nodiscard]] const Message* message_of(const Exchange&, Direction, unsigned n) noexcept;

/// What the transaction is about: what opened it, or else what is left of it. nullptr: a link frame.
[[nodiscard]] const Asdu* subject(const Exchange&) noexcept;
/// The operation of an ASDU; `selected`: the command was selected before.
[[nodiscard]] const OtOperation& operation_of(const Asdu&, Direction, bool selected) noexcept;
[[nodiscard]] const OtOperation& operation_of(LinkFunction) noexcept;
[[nodiscard]] const OtOperation& operation_of_acknowledgement() noexcept;
extern const OtProtocol kOt;

/// Could this flow be IEC 104? kYes is a U frame, or an I frame whose objects are as long as their type says.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Does an APDU start here, beyond doubt and with nothing wrong? Asked at each byte where the stream is searched for the next one.
[[nodiscard]] Probe frame_starts(Bytes stream) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view link_name(LinkFunction) noexcept;  ///< "STARTDT act"
[[nodiscard]] std::string_view cause_name(std::uint8_t cause) noexcept;
[[nodiscard]] std::string_view quality_name(std::uint16_t one_bit) noexcept;
[[nodiscard]] std::string_view qualifier_name(Part, std::uint16_t qualifier) noexcept;
[[nodiscard]] std::string_view state_name(State, Part) noexcept;
[[nodiscard]] std::string_view file_name_name(std::uint16_t name) noexcept;  ///< what NOF stands for
// For rules: numbers by name.
bool type_by_name(std::string_view, std::uint64_t& out) noexcept;
bool cause_by_name(std::string_view, std::uint64_t& out) noexcept;
bool link_by_name(std::string_view, std::uint64_t& out) noexcept;
bool format_by_name(std::string_view, std::uint64_t& out) noexcept;
bool quality_by_name(std::string_view, std::uint64_t& out) noexcept;
bool state_by_name(std::string_view, std::uint64_t& out) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::iec104
