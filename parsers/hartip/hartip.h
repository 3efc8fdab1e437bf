// parsers/hartip/hartip.h — HART-IP (FieldComm Group TS20081, 10.3): messages, and the HART commands that they carry
//
//      0         1        2    3        4          6        8
//      | version | 0 type | id | status | sequence | length | body: length - 8 bytes |
//
//   session initiate    | master type | inactivity timer, ms: 4 |
//   token-passing PDU   | delimiter | address: 1 or 5 | expansion: 0..3 | command | count | data: count | check |
//                       data of a device begins with response code and device status
//   direct PDU          | device status | extended status | (command: 2 | count | data: count) ...
//                       data of a device begins with a response code                     (version 2)
//   audit log           who had sessions with the server                                  (version 2)
//
// What commands carry is in hartip_commands.h. Commands 77 and 78 carry others, for devices behind this one.
//
// In      bytes of one direction of a TCP stream standing at the start of a message, or a datagram
// Out     a Frame; a Message that says what its body means. All Bytes point into the input
// Cost    O(bytes); no allocation
// Limits  length by message (max_length()); kMaxCommands of a message, kMaxDepth inside of one another
// Leaves  pairing to the parser in hartip_spec.cc; version 2 inside of TLS and DTLS is not read
#pragma once
#include "parsers/core/ot.h"

namespace picket::hartip {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:hartip.<name>`.
enum class Event : std::uint8_t {
  kInvalidHeader,
  kInvalidLength,
  kLostSync,
  kGap,
  kUnknownMessage,
  kInvalidBody,
  kInvalidPdu,
  kInvalidCheckByte,
  kInvalidCommand,
  kTooManyCommands,
  kUnsolicitedResponse,
  kReplyMismatch,
  kWrongDirection,
  kNoReply,
  kFlooded,
  kOutOfMemory,
};

enum class MessageType : std::uint8_t { kRequest = 0, kResponse = 1, kPublish = 2, kNak = 15 };
enum class MessageId : std::uint8_t {
  kSessionInitiate = 0,
  kSessionClose = 1,
  kKeepAlive = 2,
  kTokenPassing = 3,
  kDirect = 4,
  kAuditLog = 5,
  kDiscovery = 128,
};

inline constexpr std::size_t kHeaderSize = 8;
inline constexpr std::size_t kMaxLength = 16384;  ///< of any message: an audit log is the longest
inline constexpr std::size_t kMaxKept = 1024;     ///< bytes of a request's body that wait for the response
inline constexpr unsigned kMaxCommands = 32;      ///< of a message, those inside of others among them
inline constexpr unsigned kMaxDepth = 2;          ///< of commands inside of commands

struct Frame {
  std::uint8_t version = 0;
  MessageType type{};
  MessageId id{};
  std::uint8_t status = 0;
  std::uint16_t sequence = 0, length = 0;
  Bytes body;  ///< borrowed from the input
};

/// Reads one message from `in`.
///   done       `frame` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed; the Event says why
[[nodiscard]] ParseResult parse(Cursor& in, Frame& frame) noexcept;

/// HART's frame of the data link layer (TS20081, 5).
struct Pdu {
  enum Type : std::uint8_t { kBack = 1, kStx = 2, kAck = 6 };
  std::uint8_t preambles = 0;  ///< bytes 0xff in front
  std::uint8_t delimiter = 0, command = 0, count = 0, check = 0;
  bool check_right = true;  ///< what a frame for a sub-device has none of is right
  bool has_check = false;
  Bytes address, expansion;
  Bytes data;  ///< `count` bytes

  [[nodiscard]] std::uint8_t type() const noexcept { return delimiter & 7; }
  [[nodiscard]] bool is_long() const noexcept { return (delimiter & 0x80) != 0; }
  /// Of a device: it begins with two bytes of status.
  [[nodiscard]] bool of_device() const noexcept { return type() == kAck || type() == kBack; }
  /// The polling address; or the unique address, 38 bits: expanded device type and device id.
  [[nodiscard]] std::uint64_t device() const noexcept;
};
/// `body` from its start: false where it is no frame. `rest` is what stands behind it.
[[nodiscard]] bool read_pdu(Bytes body, Pdu& out, Bytes& rest) noexcept;

/// One command, or a device's answer to it.
struct Command {
  std::uint16_t number = 0;  ///< that of command 31 stands in its data
  std::uint8_t depth = 0;    ///< inside of how many others
  bool reply = false;
  bool has_code = false, has_device_status = false, has_pdu = false;
  std::uint8_t code = 0, device_status = 0;
  Bytes data;  ///< behind the status
  Pdu pdu;

  /// Bit 7 of the code: the device could not read the request, and the rest of it says why.
  [[nodiscard]] bool communication_error() const noexcept { return has_code && (code & 0x80) != 0; }
};

struct Message;

/// The commands of a message, in its order; those inside of one right behind it.
class CommandReader {
 public:
  explicit CommandReader(const Message&) noexcept;
  [[nodiscard]] bool next(Command&) noexcept;
  /// After next() said no: there was more than is read; something did not fit.
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  enum class Form : std::uint8_t { kNone, kToken, kList, kSubDevice };
  struct Level {
    Cursor in;
    Form form = Form::kNone;
  };
  void look_inside(const Command&) noexcept;
  [[nodiscard]] bool read(Level&, Command&) noexcept;
  static void take_status(Command&) noexcept;

  std::array<Level, kMaxDepth + 1> levels_{};
  Pdu pdu_;
  std::uint8_t depth_ = 0, given_ = 0;
  bool reply_ = false, truncated_ = false, malformed_ = false;
};

/// A frame and what it means.
struct Message {
  Frame frame;
  bool has_session = false, has_pdu = false, has_direct = false;
  std::uint8_t problems = 0;  ///< bits of Problem
  std::uint8_t master_type = 0;
  std::uint32_t inactivity_ms = 0;
  std::uint8_t device_status = 0, extended_status = 0;  ///< of a direct PDU
  Pdu pdu;
  Bytes list;  ///< of a direct PDU: its commands

  [[nodiscard]] bool of_device() const noexcept { return frame.type != MessageType::kRequest; }
};
/// Each is also an Event.
enum Problem : std::uint8_t {
  kBadBody = 1,
  kBadPdu = 2,
  kBadCheck = 4,
  kBadCommand = 8,
  kManyCommands = 16,
  kUnknownId = 32,
};
[[nodiscard]] Message interpret(const Frame&) noexcept;
/// The first command of a message; false: it has none.
[[nodiscard]] bool first_command(const Message&, Command&) noexcept;

/// A status of the header, or a response code: was it not done?
[[nodiscard]] bool status_refuses(std::uint8_t status) noexcept;
[[nodiscard]] bool code_refuses(std::uint8_t code) noexcept;

/// Text in HART's six bits a character. `out` takes 4 characters for 3 bytes; gives how many there are without the
/// blanks at the end.
std::size_t unpack_ascii(Bytes packed, std::span<char> out) noexcept;

/// Texts that rules ask for, unpacked when the message came.
struct Texts {
  std::array<char, 8> tag;
  std::array<char, 16> descriptor;
  std::array<char, 32> message;
  std::uint8_t tag_size = 0, descriptor_size = 0, message_size = 0;
  bool has_tag = false, has_descriptor = false, has_message = false;
};
void read_texts(const Message&, Texts&) noexcept;

/// A request and its response, or a message that stands alone.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : kept(pool) {}
  Message request, reply;  ///< by the direction in which they went
  Texts request_texts, reply_texts;
  std::uint64_t request_ns = 0, reply_ns = 0;
  PoolBuffer kept;   ///< the request's body, while it waits
  bool cut = false;  ///< that was longer than kMaxKept
  // The parser's own: by age, while it waits.
  Exchange *older = nullptr, *newer = nullptr;
};

/// Could this flow be HART-IP? kYes is a message that proves itself, by its check byte or by what it has to hold; in front
/// of it may stand some that only look like one.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Does a message start here, as far as can be told in a flow of them? Asked where a stream is searched.
[[nodiscard]] Probe message_starts(Bytes stream) noexcept;

[[nodiscard]] std::string_view type_name(MessageType) noexcept;
[[nodiscard]] bool type_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] std::string_view id_name(MessageId) noexcept;
[[nodiscard]] bool id_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] std::string_view status_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view response_code_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view frame_type_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view master_type_name(std::uint8_t) noexcept;
[[nodiscard]] bool master_type_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] bool manufacturer_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] bool unit_by_name(std::string_view, std::uint64_t&) noexcept;

/// What it does, to which points, with which values: before it is first shown to anybody.
void set_operation(Exchange&) noexcept;
extern const OtProtocol kOt;

extern const ProtocolSpec kSpec;

}  // namespace picket::hartip
