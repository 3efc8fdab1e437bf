// parsers/snmp/snmp_ot.cc — what is done with SNMP, to which objects, with which values
//
// A response bears the operation of the request that was seen: a set and whether it was done are found by one word.
// Techniques are those of MITRE ATT&CK for ICS.
#include "parsers/core/text_writer.h"
#include "parsers/snmp/snmp.h"

namespace picket::snmp {
namespace {

using C = OtClass;

/// In the order of kOperations.
enum class Does : std::uint8_t {
  kGet,
  kGetNext,
  kGetBulk,
  kSet,
  kReboot,
  kInterface,
  kTrap,
  kColdStart,
  kLinkDown,
  kLinkUp,
  kAuthenticationFailure,
  kInform,
  kReport,
  kResponse,
  kEncrypted,
  kOther,
};

constexpr OtOperation kOperations[] = {
    {C::kRead, "get", ""},
    {C::kRead, "get next", "T0888"},
    {C::kRead, "get bulk", "T0888"},
    {C::kConfigure, "set", "T0836"},
    {C::kControl, "shut down or reboot", "T0816"},
    {C::kConfigure, "switch interface", "T0814"},
    {C::kAlarm, "trap", ""},
    {C::kAlarm, "trap: restart", ""},
    {C::kAlarm, "trap: link down", ""},
    {C::kAlarm, "trap: link up", ""},
    {C::kAlarm, "trap: authentication failure", ""},
    {C::kAlarm, "inform", ""},
    {C::kDiagnostic, "report", ""},
    {C::kRead, "response", ""},
    {C::kNone, "encrypted", ""},
    {C::kNone, "message without PDU", "", true},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kOther) + 1);

std::string_view dotted(const Exchange& x, Bytes oid) noexcept {
  return {x.oid_room.data(), ber::write_oid(oid, x.oid_room)};
}

/// What a set does, by the object.
Does set_does(const Exchange& x) noexcept {
  const Variable* v = nullptr;
  for (unsigned n = 0; (v = variable_of(x, n)) != nullptr; ++n) {
    std::string_view rest;
    const ObjectName* o = object_name(dotted(x, v->oid), rest);
    if (o == nullptr) continue;
    if (o->name.starts_with("upsShutdown") || o->name.starts_with("upsReboot")) return Does::kReboot;
    if (o->name == "ifAdminStatus") return Does::kInterface;
  }
  return Does::kSet;
}

Does of_standard_trap(std::int64_t generic) noexcept {
  constexpr Does kStandard[] = {Does::kColdStart, Does::kColdStart, Does::kLinkDown, Does::kLinkUp,
                                Does::kAuthenticationFailure};
  return generic >= 0 && generic < 5 ? kStandard[generic] : Does::kTrap;
}

/// Of version 2 the trap's identity is the value of snmpTrapOID.
Does trap2_does(const Exchange& x) noexcept {
  const Variable* v = nullptr;
  for (unsigned n = 0; n < 3 && (v = variable_of(x, n)) != nullptr; ++n) {
    constexpr std::string_view kTrapOid = "1.3.6.1.6.3.1.1.4.1", kStandard = "1.3.6.1.6.3.1.1.5.";
    if (v->syntax != kOid || !dotted(x, v->oid).starts_with(kTrapOid)) continue;
    const std::string_view what = dotted(x, v->value);
    if (what.starts_with(kStandard) && what.size() == kStandard.size() + 1)
      return of_standard_trap(what.back() - '1');
  }
  return Does::kTrap;
}

Does does(const Exchange& x, Pdu pdu) noexcept {
  switch (pdu) {
    case Pdu::kGet:
      return Does::kGet;
    case Pdu::kGetNext:
      return Does::kGetNext;
    case Pdu::kGetBulk:
      return Does::kGetBulk;
    case Pdu::kSet:
      return set_does(x);
    case Pdu::kTrap1:
      return of_standard_trap(x.message.generic_trap);
    case Pdu::kTrap2:
      return trap2_does(x);
    case Pdu::kInform:
      return Does::kInform;
    case Pdu::kReport:
      return Does::kReport;
    case Pdu::kResponse:
      return x.paired ? does(x, x.answers) : Does::kResponse;
    case Pdu::kEncrypted:
      return Does::kEncrypted;
    case Pdu::kNone:
      break;
  }
  return Does::kOther;
}

/// Objects by name where they have one: "sysName.0", else dotted.
bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Variable* v = variable_of(x, n);
  if (v == nullptr) return false;
  const std::string_view oid = dotted(x, v->oid);
  std::string_view rest;
  const ObjectName* o = object_name(oid, rest);
  TextWriter w(x.text_room);
  if (o != nullptr) {
    w << o->name;
    if (!rest.empty()) w << "." << rest;
    out.text = w.bytes();
  } else {
    out.text = as_bytes(oid.empty() ? std::string_view("0") : oid);
  }
  return true;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  // A get names objects, and has NULL for their values.
  const Pdu p = x.message.pdu;
  if (dir != x.from || p == Pdu::kGet || p == Pdu::kGetNext || p == Pdu::kGetBulk) return false;
  const Variable* v = variable_of(x, n);
  if (v == nullptr) return false;
  out.is_number = v->is_number;
  out.number = v->number;
  if (v->syntax == kOid) {
    out.text = as_bytes(dotted(x, v->value));
  } else if (v->syntax == kIpAddress && v->value.size() == 4) {
    out.text = (TextWriter(x.text_room)
                << v->value[0] << "." << v->value[1] << "." << v->value[2] << "." << v->value[3])
                   .bytes();
  } else if (!v->is_number) {
    out.text = v->value.first(std::min(v->value.size(), kMaxValueBytes));
  }
  return true;
}

}  // namespace

const OtProtocol kOt = {"snmp", kOperations, address, value};

void set_operation(Exchange& x) noexcept {
  x.ot = &kOt;
  x.operation = &kOperations[static_cast<std::size_t>(does(x, x.message.pdu))];
  const Message& m = x.message;
  x.failed = m.has_error_fields() && m.pdu == Pdu::kResponse && m.error_status != 0;
  // A report says why a message of version 3 was not taken.
  x.apart = m.pdu == Pdu::kReport;
}

}  // namespace picket::snmp
