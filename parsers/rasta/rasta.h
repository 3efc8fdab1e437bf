// parsers/rasta/rasta.h — RaSTA, Rail Safe Transport Application (DIN VDE V 0831-200; over UDP, or TCP)
//
//   redundancy layer          0        2         4          8
//                             | length | reserve | sequence | PDU of the layer above | check code: 0, 2 or 4 bytes |
//   safety and                0        2      4          8        12         16          20     24
//   retransmission, 5.4       | length | type | receiver | sender | sequence | confirmed | time | confirmed time |
//                             28
//                             | payload | safety code: 0, 8 or 16 bytes |
//
// Everything is little-endian; lengths count themselves and the code at the end. A connection request or response carries
// the version (four digits), N_sendmax (16 bits) and eight zeros, a disconnection request its detail and reason, data each
// message of the application with 16 bits of length before it. Which codes a connection uses is agreed beforehand and not
// on the wire: it follows from the lengths (README.md).
//
// In      a datagram; of TCP the bytes of one direction, standing at the start of a redundancy PDU
// Out     a Pdu; what it points to is borrowed from the input
// Cost    O(bytes), also for codes; no allocation, no state
// Limits  kMaxMessages of the application are told of a PDU
// Leaves  what one PDU means after another to supervision.h, telegrams of SCI to sci.h
#pragma once
#include "parsers/core/ot.h"
#include "parsers/rasta/codes.h"
#include "parsers/rasta/sci.h"

namespace picket::rasta {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:rasta.<name>`.
enum class Event : std::uint8_t {
  kMalformedPdu,
  kUnknownType,
  kInvalidPayload,
  kReserveNotZero,
  kWrongCheckCode,
  kWrongSafetyCode,
  kInvalidVersion,
  kChannelGap,
  kSequenceGap,
  kOutOfOrder,
  kRepeatedPdu,
  kReplayedPdu,
  kConfirmsUnsent,
  kConfirmationBack,
  kTimestampBack,
  kLateConfirmation,
  kSilence,
  kJoinedLate,
  kUnexpectedPdu,
  kUnansweredRequest,
  kIdentityChanged,
  kTooManyMessages,
  kMalformedTelegram,
  kUnknownTelegram,
  kTelegramByteOrder,
  kLostSync,
  kGap,
};
constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }

inline constexpr std::size_t kRedundancyHeader = 8, kSafetyHeader = 28;
inline constexpr std::size_t kMinPdu = kRedundancyHeader + kSafetyHeader;
inline constexpr std::size_t kMaxPdu = 65535;
inline constexpr unsigned kMaxMessages = 16;       ///< of a PDU, that are looked at
inline constexpr std::size_t kMaxDataBytes = 256;  ///< of a message that is no telegram, that a record tells

/// Types of PDUs; may be a value not named here.
enum class Type : std::uint16_t {
  kConnectionRequest = 6200,
  kConnectionResponse = 6201,
  kRetransmissionRequest = 6212,
  kRetransmissionResponse = 6213,
  kDisconnectionRequest = 6216,
  kHeartbeat = 6220,
  kData = 6240,
  kRetransmittedData = 6241,
};

struct Pdu {
  // The redundancy layer.
  std::uint16_t length = 0, reserve = 0;
  std::uint32_t channel_sequence = 0;
  Bytes check_code;
  CheckOption option =
      CheckOption::kNone;  ///< the one whose code fits, else the one that the length hints at
  bool check_ok = false;
  // The safety and retransmission layer.
  Type type{};
  std::uint32_t receiver = 0, sender = 0, sequence = 0, confirmed = 0;
  std::uint32_t timestamp_ms = 0, confirmed_timestamp_ms = 0;
  Bytes whole;    ///< from its length to its safety code
  Bytes payload;  ///< between header and safety code
  Bytes safety_code;
  bool safety_ok = false;  ///< it is MD4's with the initial value at hand
  // A connection request or response.
  Bytes version;
  bool has_send_max = false;
  std::uint16_t send_max = 0;
  // A disconnection request.
  bool has_reason = false;
  std::uint16_t reason = 0, detail = 0;
  // Data.
  std::uint32_t message_count = 0;

  [[nodiscard]] bool carries_data() const noexcept {
    return type == Type::kData || type == Type::kRetransmittedData;
  }
  [[nodiscard]] bool opens() const noexcept {
    return type == Type::kConnectionRequest || type == Type::kConnectionResponse;
  }
};

/// What is known of a connection's codes from its PDUs so far.
struct Codes {
  Md4Initial md4 = kMd4Default;
  bool safety_known = false;      ///< safety_bytes is sure
  std::uint8_t safety_bytes = 0;  ///< 0, 8 or 16
  bool md4_fits = false;          ///< a safety code was MD4's: the next has to be
};

/// Reads a PDU of the redundancy layer and what is in it; gives what is odd as bits of Event. With kMalformedPdu nothing
/// is there.
[[nodiscard]] std::uint64_t interpret(Bytes whole, const Codes&, Pdu&) noexcept;

/// Of a stream: do the lengths of both layers fit each other? kUnsure while fewer than kLengthsEnd bytes are there.
[[nodiscard]] Probe lengths_fit(Bytes first) noexcept;
inline constexpr std::size_t kLengthsEnd = kRedundancyHeader + 2;

/// The next message of a data PDU's payload; false at its end, and where it is broken: then `in` has failed.
[[nodiscard]] bool next_message(Cursor& in, Bytes& message) noexcept;

/// What is thought of the connection.
enum class State : std::uint8_t { kClosed, kRequested, kAccepted, kUp, kJoinedLate, kDisconnected };

/// A PDU on its way one way.
struct Message : OtTransaction {
  Direction from{};
  Pdu pdu;
  State state{};
  bool md4 = false;  ///< the connection's safety codes are MD4's
  Type answers{};    ///< of a response: the request that was seen; 0: none
  std::uint64_t response_us = 0;
  std::array<sci::Telegram, kMaxMessages> messages;  ///< as many as messages_told() says
  [[nodiscard]] unsigned messages_told() const noexcept {
    return std::min<unsigned>(pdu.message_count, kMaxMessages);
  }
};

/// What `m` does, to which points, with which values: before it is first shown to anybody.
void set_operation(Message& m) noexcept;
extern const OtProtocol kOt;

/// Could this flow be RaSTA? kYes over UDP is a whole PDU whose lengths, type, payload and check code fit each other; over
/// TCP, a header that does.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view type_name(Type) noexcept;  ///< "connection request"
[[nodiscard]] std::string_view state_name(State) noexcept;
[[nodiscard]] std::string_view reason_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view option_name(CheckOption) noexcept;
// For rules.
bool type_by_name(std::string_view, std::uint64_t& out) noexcept;
bool reason_by_name(std::string_view, std::uint64_t& out) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::rasta
