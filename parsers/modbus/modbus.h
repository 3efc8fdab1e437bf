// parsers/modbus/modbus.h — Modbus/TCP (Application Protocol V1.1b3; Messaging on TCP/IP V1.0b, §3.1.3)
//
//      0      2      4        6      7      8
//      | txn  | 0000 | length | unit | func | data: length - 2 bytes |
//
// In      bytes of one direction of a TCP stream, standing at the start of a frame
// Out     a Frame, and a Message that says what its data means; `data` points into the input and lives no
//         longer
// Cost    O(frame), at most 260 bytes; no allocation, no state
// Limits  length 2..254 by the standard; anything else is Event::kInvalidLength and the stream is searched
//         for the next header
//         (UMAS, function 90, has longer ones: modbus_umas.h)
// Leaves  pairing of requests and replies to the parser in modbus_spec.cc; RTU over TCP is not recognised
#pragma once
#include <optional>
#include <string_view>

#include "parsers/core/ot.h"
#include "parsers/core/pool.h"

namespace picket::modbus {

/// Functions with data that is looked into; function_info() knows the names of more.
enum class Function : std::uint8_t {
  kReadCoils = 0x01,
  kReadDiscreteInputs = 0x02,
  kReadHoldingRegisters = 0x03,
  kReadInputRegisters = 0x04,
  kWriteSingleCoil = 0x05,
  kWriteSingleRegister = 0x06,
  kReadExceptionStatus = 0x07,
  kDiagnostics = 0x08,
  kGetEventCounter = 0x0b,
  kGetEventLog = 0x0c,
  kWriteMultipleCoils = 0x0f,
  kWriteMultipleRegisters = 0x10,
  kReportServerId = 0x11,
  kReadFileRecord = 0x14,
  kWriteFileRecord = 0x15,
  kMaskWriteRegister = 0x16,
  kReadWriteRegisters = 0x17,
  kReadFifoQueue = 0x18,
  kEncapsulated = 0x2b,
  kUmas = 0x5a,
};

/// What can be wrong. Each one is a counter and a value of `app-layer-event:modbus.<name>`.
enum class Event : std::uint8_t {
  kInvalidProtocolId,
  kUnsolicitedResponse,
  kInvalidLength,
  kInvalidUnitIdentifier,
  kInvalidFunctionCode,
  kInvalidValue,
  kInvalidExceptionCode,
  kValueMismatch,
  kFlooded,
  // picket's own
  kLostSync,
  kGap,
  kNoReply,
  kOutOfMemory,
};

inline constexpr std::size_t kHeaderSize = 8;   ///< up to and with the function
inline constexpr std::size_t kPrefixSize = 6;   ///< what `length` does not count
inline constexpr std::uint16_t kMinLength = 2;  ///< unit and function
inline constexpr std::uint16_t kMaxLength = 254;
inline constexpr std::uint16_t kMaxUmasLength = 1100;  ///< of function 90: PLCs agree on up to 1024 bytes
inline constexpr std::size_t kMaxData = kMaxLength - 2;
inline constexpr std::uint8_t kExceptionBit = 0x80;

/// A whole frame; integers in host order.
struct Frame {
  std::uint16_t transaction = 0, protocol = 0, length = 0;
  std::uint8_t unit = 0;
  std::uint8_t function = 0;  ///< as it came, with the exception bit
  Bytes data;                 ///< borrowed from the input
};

/// Reads one frame from `in`.
///   done       `frame` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed: the length cannot be, or the protocol is another one and neither is the
///   function known
[[nodiscard]] ParseResult parse(Cursor& in, Frame& frame) noexcept;

/// What a function does to which table. Bits as EVE names them.
enum Access : std::uint8_t {
  kRead = 0x01,
  kWrite = 0x02,
  kDiscretes = 0x04,
  kCoils = 0x08,
  kInput = 0x10,
  kHolding = 0x20,
  kSingle = 0x40,
  kMultiple = 0x80,
};
inline constexpr std::uint8_t kTables = kDiscretes | kCoils | kInput | kHolding;

/// Groups of function codes (V1.1b3, §5).
enum Category : std::uint8_t { kPublicAssigned = 1, kPublicUnassigned = 2, kUserDefined = 4, kReserved = 8 };

/// Bits of Message::problems; each is also an Event.
enum Problem : std::uint8_t {
  kDataValue = 1,
  kDataLength = 2,
  kExceptionCode = 4,
  kFunctionCode = 8,
  kProtocolId = 16
};

/// The form that a frame's data has.
enum class Form : std::uint8_t {
  kBytes,        ///< no more is known than that there are bytes; also where it is too short for its function
  kReadRequest,  ///< address, quantity
  kReadReply,    ///< values
  kWriteOne,     ///< address, value: a request or its echo
  kWriteMany,    ///< address, quantity, values
  kWriteEcho,    ///< address, quantity
  kMask,         ///< address, two masks: a request or its echo
  kReadWrite,    ///< both addresses and quantities, values to write
  kException,    ///< code
  kDiagnostic,   ///< subfunction, bytes
  kMei,          ///< type, bytes
};

/// A frame and what it means. Addresses as on the wire, from 0.
struct Message {
  Frame frame;
  Form form = Form::kBytes;
  std::uint8_t access = 0;    ///< bits of Access
  std::uint8_t category = 0;  ///< one bit of Category, or none
  std::uint8_t problems = 0;  ///< bits of Problem
  std::uint8_t exception = 0;
  std::uint16_t read_address = 0, read_quantity = 0;
  std::uint16_t write_address = 0, write_quantity = 0;
  std::uint16_t value = 0;  ///< kWriteOne
  std::uint16_t and_mask = 0, or_mask = 0;
  std::uint16_t subfunction = 0;  ///< kDiagnostic: subfunction; kMei: type
  Bytes values;                   ///< what is read or written, or what follows subfunction or type

  [[nodiscard]] std::uint8_t base_function() const noexcept { return frame.function & ~kExceptionBit; }
  [[nodiscard]] bool is(Function f) const noexcept { return base_function() == static_cast<std::uint8_t>(f); }
  /// A bit or a register of `values`; false when it is not among them.
  [[nodiscard]] bool value_at(std::size_t n, std::uint16_t& out) const noexcept;
  [[nodiscard]] bool values_are_bits() const noexcept { return (access & (kCoils | kDiscretes)) != 0; }
};

/// What a request (kToServer) or a reply says. Any frame becomes a Message; `problems` says what is not as it
/// should.
[[nodiscard]] Message interpret(const Frame&, Direction) noexcept;

/// Does `reply` say what `request` asked for: so many values, the same address, the same subfunction?
[[nodiscard]] bool answers(const Message& request, const Message& reply) noexcept;

/// A request and its reply, or one of them alone.
struct Exchange : OtTransaction {
  Message request, reply;
  std::uint64_t request_ns = 0, reply_ns = 0;
  // The parser's own: a request waits in memory of its own for its reply, in a list by age and in one of its
  // bucket. What `chained_at` points to points here.
  Exchange *older = nullptr, *newer = nullptr, *chained = nullptr;
  Exchange** chained_at = nullptr;
  std::array<std::uint8_t, kMaxData> request_data;
  std::optional<PoolBuffer> long_data;  ///< instead of it, where UMAS has more
};

/// Says what `x` does, once it has its request, or its reply alone.
void set_operation(Exchange& x) noexcept;
/// Of one that has its reply: an exception, or UMAS's own kind of error.
[[nodiscard]] bool refuses(const Exchange& x) noexcept;
extern const OtProtocol kOt;

/// Could this flow be Modbus? kYes is a whole frame of a public function in which nothing is wrong, an
/// exception, or a frame of UMAS. Frames before it only have to be frames: of users' functions, or with
/// something wrong.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

/// Does a frame start here, beyond doubt? Asked at each byte where the stream is searched for the next
/// header.
[[nodiscard]] Probe frame_starts(Direction, Bytes stream) noexcept;

struct FunctionInfo {
  std::uint8_t code = 0;
  std::string_view eve;   ///< "RdHoldRegs", as Suricata writes it
  std::string_view name;  ///< as the specification has it
  std::uint8_t access = 0;
};
/// nullptr for a code without a name. Without the exception bit.
[[nodiscard]] const FunctionInfo* function_info(std::uint8_t code) noexcept;
[[nodiscard]] std::string_view exception_name(std::uint8_t code) noexcept;  ///< "" when unknown
[[nodiscard]] std::string_view diagnostic_name(std::uint16_t subfunction) noexcept;
[[nodiscard]] std::string_view mei_name(std::uint16_t type) noexcept;
[[nodiscard]] std::string_view object_name(std::uint8_t id) noexcept;  ///< of device identification
[[nodiscard]] bool function_by_name(std::string_view name, std::uint64_t& out) noexcept;

/// The `modbus:` keyword: [unit R[,]] (function N[, subfunction N] | function [!]CATEGORY | access read|write
/// [TABLE][, address R[, value R]]), R being N, <N, >N or N<>N. Addresses count from 1 here, as rules write
/// them.
[[nodiscard]] Result<std::unique_ptr<TxMatcher>> parse_keyword(std::string_view argument);

extern const ProtocolSpec kSpec;

}  // namespace picket::modbus
