// parsers/snmp/snmp.h — SNMP version 1 (RFC 1157), 2c (RFC 1901, 3416) and 3 (RFC 3412, USM: RFC 3414), in BER
//
//      1, 2c   SEQUENCE { version, community, PDU }
//      3       SEQUENCE { version, { msgID, msgMaxSize, msgFlags, msgSecurityModel }, security parameters,
//                         { contextEngineID, contextName, PDU } or OCTET STRING: the same encrypted }
//      PDU     [n] { request-id, error-status, error-index, { { OBJECT IDENTIFIER, value } ... } }
//      trap 1  [4] { enterprise, agent address, generic, specific, time stamp, variable bindings }
//      USM     OCTET STRING { { engine ID, boots, time, user name, authentication, privacy } }
//
// In      a datagram; of TCP (RFC 3430) the bytes of one direction, standing at the start of a message
// Out     a Message; what it points to is borrowed from the input. Variable bindings are walked when somebody asks
// Cost    O(bytes); no allocation, no state
// Limits  over TCP kMaxMessage bytes a message; kMaxVariables of a message are told
// Leaves  pairing to snmp_parser.cc; decryption; MIBs, but for the names of kObjects
#pragma once
#include "parsers/core/ber.h"
#include "parsers/core/ot.h"

namespace picket::snmp {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:snmp.<name>`. Suricata's come first.
enum class Event : std::uint8_t {
  kMalformedData,
  kUnknownSecurityModel,
  kVersionMismatch,
  kUnknownVersion,
  kInvalidFlags,
  kInvalidErrorStatus,
  kInvalidErrorIndex,
  kInvalidVariable,
  kUnsolicitedResponse,
  kVariableMismatch,
  kTooManyRequests,
  kTrailingData,
  kLostSync,
  kGap,
};
constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }

inline constexpr std::size_t kMaxMessage = 65535;
inline constexpr unsigned kMaxVariables = 256;      ///< of a message, that are looked at
inline constexpr std::size_t kMaxValueBytes = 256;  ///< of a value, that a record tells
inline constexpr std::size_t kOidText = ber::kOidText;

/// PDU types; the numbers are their tags (RFC 3416 §3).
enum class Pdu : std::uint8_t {
  kGet,
  kGetNext,
  kResponse,
  kSet,
  kTrap1,
  kGetBulk,
  kInform,
  kTrap2,
  kReport,
  kEncrypted = 0xfe,
  kNone = 0xff
};

/// What an engine ID says (RFC 3411 §5, SnmpEngineID).
struct EngineId {
  Bytes all;
  std::uint32_t enterprise = 0;
  std::uint8_t format =
      0;  ///< 1 IPv4, 2 IPv6, 3 MAC, 4 text, 5 octets, from 128 on the enterprise's own; 0: of the old form
  Bytes data;
  bool known = false;
};
[[nodiscard]] EngineId engine_id(Bytes) noexcept;

/// The user-based security model's parameters.
struct Usm {
  bool there = false;
  Bytes engine, user;
  std::uint32_t boots = 0, time_s = 0;
  std::size_t authentication_bytes = 0, privacy_bytes = 0;
};

struct Message {
  std::uint8_t version = 0;  ///< 1, 2 or 3, as Suricata counts them
  Pdu pdu = Pdu::kNone;
  Bytes community;  ///< 1 and 2c
  // Version 3.
  std::int64_t message_id = 0, max_size = 0;
  std::uint8_t flags = 0;  ///< 1 authenticated, 2 encrypted, 4 reportable
  std::int64_t security_model = 0;
  Usm usm;
  Bytes context_engine, context_name;
  std::size_t encrypted_bytes = 0;
  // The PDU; of GetBulk the error fields are non-repeaters and max-repetitions.
  std::int64_t request_id = 0, error_status = 0, error_index = 0;
  // A trap of version 1.
  Bytes enterprise, agent;
  std::int64_t generic_trap = 0, specific_trap = 0;
  std::uint64_t time_stamp = 0;  ///< hundredths of a second
  Bytes variables;               ///< the list of variable bindings
  std::uint32_t variable_count = 0;

  [[nodiscard]] bool has_error_fields() const noexcept {
    return pdu != Pdu::kTrap1 && pdu != Pdu::kEncrypted && pdu != Pdu::kNone && pdu != Pdu::kGetBulk;
  }
  [[nodiscard]] bool is_request() const noexcept {
    return pdu == Pdu::kGet || pdu == Pdu::kGetNext || pdu == Pdu::kSet || pdu == Pdu::kGetBulk ||
           pdu == Pdu::kInform;
  }
};
inline constexpr std::uint8_t kAuth = 1, kPriv = 2, kReportable = 4;
inline constexpr std::int64_t kUsmModel = 3;

/// Reads a message; gives what is odd as bits of Event. With kMalformedData only what stands before the damage is there, and
/// `version` is 0 where that is not even a message of SNMP.
[[nodiscard]] std::uint64_t interpret(Bytes whole, Message&) noexcept;

/// Syntax of a value: universal tags, application tags + 64, context tags + 128 (RFC 2578 §7.1, RFC 3416 §3).
enum Syntax : std::uint16_t {
  kIntegerValue = 2,
  kOctetString = 4,
  kNull = 5,
  kOid = 6,
  kIpAddress = 64,
  kCounter32 = 65,
  kGauge32 = 66,
  kTimeTicks = 67,
  kOpaque = 68,
  kCounter64 = 70,
  kUnsigned32 = 71,
  kNoSuchObject = 128,
  kNoSuchInstance = 129,
  kEndOfMibView = 130,
};
struct Variable {
  Bytes oid;  ///< as encoded
  std::uint16_t syntax = 0;
  Bytes value;
  bool is_number = false;
  double number = 0;
  std::int64_t integer = 0;  ///< of a Counter64 above 2^63 as two's complement
};
/// The next variable binding of a list. False at its end, and where it is broken: then `in` has failed.
[[nodiscard]] bool next_variable(Cursor& in, Variable&) noexcept;

/// An object of the well-known MIBs (SNMPv2-MIB, IF-MIB, ENTITY-MIB, USM and others).
struct ObjectName {
  std::string_view oid;   ///< dotted
  std::string_view name;  ///< "sysDescr"
};
/// The object whose identifier `dotted` begins with; nullptr when it is none of them. `rest` gets what stands behind, without dot.
[[nodiscard]] const ObjectName* object_name(std::string_view dotted, std::string_view& rest) noexcept;

/// A message on its way one way. Requests and responses are transactions of their own, as Suricata has them.
struct Exchange : OtTransaction {
  Direction from{};
  Message message;
  Pdu answers = Pdu::kNone;  ///< of a response: the request that was seen
  bool paired = false;
  std::uint64_t response_us = 0;
  bool log_community = true;
  // What was found last, for those who ask for one after the other.
  mutable Cursor at;
  mutable unsigned n = 0;
  mutable Variable variable;
  mutable std::array<char, kOidText> oid_room;
};
/// The n-th variable binding; nullptr when there is none. Good until the next call.
[[nodiscard]] const Variable* variable_of(const Exchange&, unsigned n) noexcept;

/// What `x` does, to which objects, with which values: before it is first shown to anybody.
void set_operation(Exchange& x) noexcept;
extern const OtProtocol kOt;

/// Could this flow be SNMP? kYes is a whole message whose parts fit each other.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view pdu_name(Pdu) noexcept;               ///< "get_request": Suricata's words
[[nodiscard]] std::string_view version_name(std::uint8_t) noexcept;  ///< "v2c"
[[nodiscard]] std::string_view error_name(std::int64_t status) noexcept;
[[nodiscard]] std::string_view trap_name(std::int64_t generic) noexcept;
[[nodiscard]] std::string_view syntax_name(std::uint16_t) noexcept;
[[nodiscard]] bool syntax_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] std::string_view security_model_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view engine_format_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view enterprise_name(std::uint32_t) noexcept;
// For rules.
bool pdu_by_name(std::string_view, std::uint64_t& out) noexcept;
bool error_by_name(std::string_view, std::uint64_t& out) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::snmp
