#include "parsers/snmp/snmp_parser.h"

#include "parsers/core/text_writer.h"

namespace picket::snmp {
namespace {

/// nullptr: not the side that said it.
const Exchange* said(const Transaction& tx, Direction dir) noexcept {
  const OtTransaction* side = ot_side(tx, dir);
  return side == nullptr ? nullptr : static_cast<const Exchange*>(side);
}

template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool of_message(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = said(tx, dir);
  return n == 0 && x != nullptr && kRead(x->message, out);
}
std::uint64_t bits(std::int64_t v) noexcept { return static_cast<std::uint64_t>(v); }
bool version(const Message& m, std::uint64_t& out) noexcept { return out = m.version, true; }
bool pdu(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(static_cast<std::int64_t>(m.pdu)), m.pdu <= Pdu::kReport;
}
bool request_id(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.request_id) & 0xffffffff, m.pdu <= Pdu::kReport && m.pdu != Pdu::kTrap1;
}
bool error_status(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.error_status), m.has_error_fields();
}
bool error_index(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.error_index), m.has_error_fields();
}
bool repetitions(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.error_index), m.pdu == Pdu::kGetBulk;
}
bool generic_trap(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.generic_trap), m.pdu == Pdu::kTrap1;
}
bool specific_trap(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.specific_trap), m.pdu == Pdu::kTrap1;
}
bool variables(const Message& m, std::uint64_t& out) noexcept {
  return out = m.variable_count, m.pdu <= Pdu::kReport;
}
bool flags(const Message& m, std::uint64_t& out) noexcept { return out = m.flags, m.version == 3; }
bool security_model(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.security_model), m.version == 3;
}
bool message_id(const Message& m, std::uint64_t& out) noexcept {
  return out = bits(m.message_id) & 0xffffffff, m.version == 3;
}
bool syntax(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = said(tx, dir);
  const Variable* v = x == nullptr ? nullptr : variable_of(*x, n);
  return v != nullptr && (out = v->syntax, true);
}

bool community(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = said(tx, dir);
  return n == 0 && x != nullptr && x->message.version < 3 && (out = x->message.community, true);
}
bool usm(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = said(tx, dir);
  return n == 0 && x != nullptr && x->message.usm.there && (out = x->message.usm.user, true);
}
bool engine(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = said(tx, dir);
  return n == 0 && x != nullptr && x->message.usm.there && (out = x->message.usm.engine, true);
}
bool context(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = said(tx, dir);
  return n == 0 && x != nullptr && x->message.version == 3 && x->message.pdu <= Pdu::kReport &&
         (out = x->message.context_name, true);
}
bool oid(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = said(tx, dir);
  const Variable* v = x == nullptr ? nullptr : variable_of(*x, n);
  if (v == nullptr) return false;
  return out = as_bytes({x->oid_room.data(), ber::write_oid(v->oid, x->oid_room)}), true;
}
bool value(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = said(tx, dir);
  const Variable* v = x == nullptr ? nullptr : variable_of(*x, n);
  return v != nullptr && (out = v->value, true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"snmp.community", "", kBoth, community, "community of versions 1 and 2c"},
    {"snmp.usm", "", kBoth, usm, "user name of version 3"},
    {"snmp.engine_id", "", kBoth, engine, "authoritative engine of version 3, as sent"},
    {"snmp.context", "", kBoth, context, "context name of version 3, where it is not encrypted"},
    {"snmp.oid", "", kBoth, oid, "each object identifier, dotted"},
    {"snmp.value", "", kBoth, value, "each value, as encoded"},
};

constexpr IntegerDef kIntegers[] = {
    {"snmp.version", "", kBoth, of_message<version>, nullptr, "1, 2 (2c) or 3"},
    {"snmp.pdu_type", "", kBoth, of_message<pdu>, pdu_by_name,
     "0 or get_request, 2 or response, 3 or set_request, ..."},
    {"snmp.request_id", "", kBoth, of_message<request_id>, nullptr, "request identifier, 32 bits"},
    {"snmp.error_status", "", kBoth, of_message<error_status>, error_by_name, "error status, 5 or genErr"},
    {"snmp.error_index", "", kBoth, of_message<error_index>, nullptr, "which variable the error is about"},
    {"snmp.max_repetitions", "", kBoth, of_message<repetitions>, nullptr,
     "repetitions that a get_bulk_request asks for"},
    {"snmp.generic_trap", "", kBoth, of_message<generic_trap>, nullptr, "generic trap of version 1"},
    {"snmp.specific_trap", "", kBoth, of_message<specific_trap>, nullptr, "specific trap of version 1"},
    {"snmp.variables", "", kBoth, of_message<variables>, nullptr, "number of variable bindings"},
    {"snmp.syntax", "", kBoth, syntax, syntax_by_name,
     "syntax of each value: 2 or INTEGER, 4 or OCTET STRING, 65 or Counter32, ..."},
    {"snmp.flags", "", kBoth, of_message<flags>, nullptr,
     "msgFlags of version 3: 1 authenticated, 2 encrypted, 4 reportable"},
    {"snmp.security_model", "", kBoth, of_message<security_model>, nullptr,
     "msgSecurityModel of version 3; 3 is USM"},
    {"snmp.message_id", "", kBoth, of_message<message_id>, nullptr, "msgID of version 3"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"malformed_data", "not a message, or one that breaks off"},
    {"unknown_security_model", "a security model of version 3 that is not USM"},
    {"version_mismatch",
     "a PDU that this version does not have, or a response of another version than its request"},
    {"unknown_version", "a version that is none"},
    {"invalid_flags",
     "flags of version 3 that contradict the message: encrypted without authentication, or not so"},
    {"invalid_error_status", "an error status that is not defined"},
    {"invalid_error_index", "an error index behind the last variable"},
    {"invalid_variable", "a variable binding that is none"},
    {"unsolicited_response", "a response to a request that was not seen"},
    {"variable_mismatch", "a response with more or fewer variables than its request"},
    {"too_many_requests", "more requests than max-requests wait for their response"},
    {"trailing_data", "bytes behind the end of the message or of one of its parts"},
    {"lost_sync", "bytes that are no message; parsing goes on at the next one that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next message that makes sense"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kGap) + 1);

constexpr std::uint16_t kPorts[] = {161, 162};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "snmp",
    .record = "snmp",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(SnmpParser),
    .create = create_parser<SnmpParser>,
    .whole_streams = true,
    .max_pending_bytes = kMaxMessage + 8,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::snmp
