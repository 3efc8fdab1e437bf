#include <algorithm>

#include "export/wire_writer.h"
#include "parsers/core/text_writer.h"
#include "parsers/snmp/snmp.h"
#include "parsers/snmp/snmp.pb.h"

namespace picket::snmp {
namespace {

using Room = std::array<char, kOidText>;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
void mark(WireWriter& w, int field, bool v) noexcept {
  if (v) w.boolean(field, true);
}
std::string_view dotted(Bytes oid, Room& room) noexcept { return {room.data(), ber::write_oid(oid, room)}; }

/// "ifDescr.1"; nothing when it is not known.
void object(WireWriter& w, int field, std::string_view oid) noexcept {
  std::string_view rest;
  const ObjectName* o = object_name(oid, rest);
  if (o == nullptr) return;
  std::array<char, kOidText + 64> room;
  TextWriter text(room);
  text << o->name;
  if (!rest.empty()) text << "." << rest;
  w.bytes(field, text.bytes());
}

bool is_text(Bytes b) noexcept {
  return std::all_of(b.begin(), b.end(), [](std::uint8_t c) {
    return c >= 0x20 ? c != 0x7f : c == '\t' || c == '\r' || c == '\n';
  });
}

void value(WireWriter& w, const Variable& v) noexcept {
  using V = v1::SnmpVariable;
  const Bytes shown = v.value.first(std::min(v.value.size(), kMaxValueBytes));
  switch (v.syntax) {
    case kIntegerValue:
      return w.i64(V::kIntegerFieldNumber, v.integer);
    case kTimeTicks:
      w.u64(V::kUnsignedFieldNumber, static_cast<std::uint64_t>(v.integer));
      return w.f64(V::kSecondsFieldNumber, v.number / 100);
    case kCounter32:
    case kGauge32:
    case kCounter64:
    case kUnsigned32:
      return w.u64(V::kUnsignedFieldNumber, static_cast<std::uint64_t>(v.integer));
    case kOid: {
      Room room;
      const std::string_view oid = dotted(v.value, room);
      w.text(V::kOidValueFieldNumber, oid);
      return object(w, V::kOidNameFieldNumber, oid);
    }
    case kIpAddress:
      if (v.value.size() == 4) return w.bytes(V::kIpFieldNumber, v.value);
      break;
    case kNull:
    case kNoSuchObject:
    case kNoSuchInstance:
    case kEndOfMibView:
      return;
    case kOpaque:
      if (v.is_number) w.f64(V::kRealFieldNumber, v.number);
      break;
    default:
      break;
  }
  w.bytes(v.syntax == kOctetString && is_text(v.value) ? V::kTextFieldNumber : V::kDataFieldNumber, shown);
  mark(w, V::kValueTruncatedFieldNumber, shown.size() < v.value.size());
}

void variable(WireWriter& w, const Variable& v) noexcept {
  using V = v1::SnmpVariable;
  const auto s = w.message(v1::Snmp::kVariablesFieldNumber);
  Room room;
  const std::string_view oid = dotted(v.oid, room);
  w.text(V::kOidFieldNumber, oid);
  object(w, V::kNameFieldNumber, oid);
  name(w, V::kSyntaxFieldNumber, syntax_name(v.syntax));
  value(w, v);
}

/// Where in SnmpSystem the value of an object goes; 0: nowhere.
int system_field(std::string_view object) noexcept {
  using S = v1::SnmpSystem;
  struct Place {
    std::string_view object;
    int field;
  };
  constexpr Place kPlaces[] = {
      {"sysDescr", S::kDescrFieldNumber},
      {"sysObjectID", S::kObjectIdFieldNumber},
      {"sysUpTime", S::kUptimeFieldNumber},
      {"sysContact", S::kContactFieldNumber},
      {"sysName", S::kNameFieldNumber},
      {"sysLocation", S::kLocationFieldNumber},
      {"entPhysicalModelName", S::kModelFieldNumber},
      {"entPhysicalSerialNum", S::kSerialFieldNumber},
      {"entPhysicalFirmwareRev", S::kFirmwareFieldNumber},
      {"entPhysicalMfgName", S::kManufacturerFieldNumber},
      {"upsIdentManufacturer", S::kManufacturerFieldNumber},
      {"upsIdentModel", S::kModelFieldNumber},
      {"upsIdentUPSSoftwareVersion", S::kFirmwareFieldNumber},
      {"prtGeneralSerialNumber", S::kSerialFieldNumber},
  };
  for (const Place& p : kPlaces) {
    if (p.object == object) return p.field;
  }
  return 0;
}

/// Enterprise of "1.3.6.1.4.1.N...".
std::uint32_t enterprise_of(std::string_view oid) noexcept {
  constexpr std::string_view kEnterprises = "1.3.6.1.4.1.";
  if (!oid.starts_with(kEnterprises)) return 0;
  std::uint32_t n = 0;
  for (std::size_t i = kEnterprises.size(); i < oid.size() && oid[i] != '.'; ++i)
    n = n * 10 + static_cast<std::uint32_t>(oid[i] - '0');
  return n;
}

/// Of a response, an inventory's part.
void system(WireWriter& w, const Exchange& x) noexcept {
  using S = v1::SnmpSystem;
  std::uint32_t seen = 0;
  const auto each = [&](auto&& tell) noexcept {
    const Variable* v = nullptr;
    for (unsigned n = 0; (v = variable_of(x, n)) != nullptr; ++n) {
      Room room;
      std::string_view rest;
      const ObjectName* o = object_name(dotted(v->oid, room), rest);
      const int field = o == nullptr ? 0 : system_field(o->name);
      const bool there =
          v->syntax == kOctetString ? !v->value.empty() : v->syntax == kOid || v->syntax == kTimeTicks;
      if (field != 0 && there && (seen >> field & 1) == 0) tell(field, *v);
    }
  };
  bool any = false;
  each([&](int, const Variable&) noexcept { any = true; });
  if (!any) return;
  const auto s = w.message(v1::Snmp::kSystemFieldNumber);
  each([&](int field, const Variable& v) noexcept {
    seen |= 1U << field;
    if (field == S::kUptimeFieldNumber) {
      if (v.syntax == kTimeTicks) w.f64(field, v.number / 100);
    } else if (field == S::kObjectIdFieldNumber) {
      if (v.syntax != kOid) return;
      Room room;
      const std::string_view oid = dotted(v.value, room);
      w.text(field, oid);
      name(w, S::kVendorFieldNumber, enterprise_name(enterprise_of(oid)));
    } else if (v.syntax == kOctetString) {
      w.bytes(field, v.value.first(std::min(v.value.size(), kMaxValueBytes)));
    }
  });
}

void engine(WireWriter& w, int field, Bytes id) noexcept {
  using E = v1::SnmpEngine;
  if (id.empty()) return;
  const auto s = w.message(field);
  w.bytes(E::kIdFieldNumber, id);
  const EngineId e = engine_id(id);
  if (!e.known) return;
  w.u64(E::kEnterpriseFieldNumber, e.enterprise);
  name(w, E::kEnterpriseNameFieldNumber, enterprise_name(e.enterprise));
  name(w, E::kIdFormatFieldNumber, engine_format_name(e.format));
  if ((e.format == 1 && e.data.size() == 4) || (e.format == 2 && e.data.size() == 16))
    w.bytes(E::kIpFieldNumber, e.data);
  if (e.format == 3 && e.data.size() == 6) w.bytes(E::kMacFieldNumber, e.data);
  if (e.format == 4) w.bytes(E::kTextFieldNumber, e.data);
}

void v3(WireWriter& w, const Message& m) noexcept {
  using V = v1::SnmpV3;
  const auto s = w.message(v1::Snmp::kV3FieldNumber);
  w.i64(V::kMessageIdFieldNumber, m.message_id);
  w.i64(V::kMaxSizeFieldNumber, m.max_size);
  w.u64(V::kFlagsFieldNumber, m.flags);
  w.boolean(V::kAuthenticatedFieldNumber, (m.flags & kAuth) != 0);
  w.boolean(V::kEncryptedFieldNumber, (m.flags & kPriv) != 0);
  w.boolean(V::kReportableFieldNumber, (m.flags & kReportable) != 0);
  w.i64(V::kSecurityModelFieldNumber, m.security_model);
  name(w, V::kSecurityModelNameFieldNumber, security_model_name(m.security_model));
  if (m.usm.there) {
    engine(w, V::kEngineFieldNumber, m.usm.engine);
    w.u64(V::kEngineBootsFieldNumber, m.usm.boots);
    w.u64(V::kEngineTimeFieldNumber, m.usm.time_s);
    w.u64(V::kAuthenticationBytesFieldNumber, m.usm.authentication_bytes);
  }
  engine(w, V::kContextEngineFieldNumber, m.context_engine);
  if (!m.context_name.empty()) w.bytes(V::kContextNameFieldNumber, m.context_name);
  if (m.pdu == Pdu::kEncrypted) w.u64(V::kEncryptedBytesFieldNumber, m.encrypted_bytes);
}

void trap(WireWriter& w, const Exchange& x) noexcept {
  using v1::Snmp;
  const Message& m = x.message;
  Room room;
  if (m.pdu == Pdu::kTrap1) {
    name(w, Snmp::kTrapTypeFieldNumber, trap_name(m.generic_trap));
    w.text(Snmp::kTrapOidFieldNumber, dotted(m.enterprise, room));
    if (m.agent.size() == 4) w.bytes(Snmp::kTrapAddressFieldNumber, m.agent);
    w.i64(Snmp::kGenericTrapFieldNumber, m.generic_trap);
    w.i64(Snmp::kSpecificTrapFieldNumber, m.specific_trap);
    return w.u64(Snmp::kTrapUptimeFieldNumber, m.time_stamp);
  }
  // sysUpTime and snmpTrapOID come first (RFC 3416 §4.2.6).
  const Variable* v = nullptr;
  for (unsigned n = 0; n < 2 && (v = variable_of(x, n)) != nullptr; ++n) {
    if (v->syntax == kTimeTicks) w.u64(Snmp::kTrapUptimeFieldNumber, static_cast<std::uint64_t>(v->integer));
    if (v->syntax != kOid) continue;
    const std::string_view oid = dotted(v->value, room);
    std::string_view rest;
    const ObjectName* o = object_name(oid, rest);
    w.text(Snmp::kTrapOidFieldNumber, oid);
    if (o != nullptr && rest.empty()) w.text(Snmp::kTrapNameFieldNumber, o->name);
  }
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Snmp;
  const auto& x = static_cast<const Exchange&>(tx);
  const Message& m = x.message;
  w.u64(Snmp::kVersionFieldNumber, m.version);
  name(w, Snmp::kPduTypeFieldNumber, pdu_name(m.pdu));
  if (m.has_error_fields() && m.error_status != 0) {
    const std::string_view known = error_name(m.error_status);
    w.text(Snmp::kErrorFieldNumber, known.empty() ? "unknown" : known);
  }
  if (m.pdu == Pdu::kTrap1 || m.pdu == Pdu::kTrap2 || m.pdu == Pdu::kInform) trap(w, x);
  const Variable* v = nullptr;
  Room room;
  for (unsigned n = 0; (v = variable_of(x, n)) != nullptr; ++n)
    w.text(Snmp::kVarsFieldNumber, dotted(v->oid, room));
  if (m.version < 3 && x.log_community) w.bytes(Snmp::kCommunityFieldNumber, m.community);
  if (m.usm.there) w.bytes(Snmp::kUsmFieldNumber, m.usm.user);
  name(w, Snmp::kVersionNameFieldNumber, version_name(m.version));
  if (m.pdu <= Pdu::kReport && m.pdu != Pdu::kTrap1) w.i64(Snmp::kRequestIdFieldNumber, m.request_id);
  if (m.has_error_fields()) {
    w.i64(Snmp::kErrorStatusFieldNumber, m.error_status);
    w.i64(Snmp::kErrorIndexFieldNumber, m.error_index);
  }
  if (m.pdu == Pdu::kGetBulk) {
    w.i64(Snmp::kNonRepeatersFieldNumber, m.error_status);
    w.i64(Snmp::kMaxRepetitionsFieldNumber, m.error_index);
  }
  w.text(Snmp::kSenderFieldNumber, x.from == Direction::kToServer ? "client" : "server");
  if (x.paired) {
    name(w, Snmp::kInAnswerToFieldNumber, pdu_name(x.answers));
    w.u64(Snmp::kResponseUsFieldNumber, x.response_us);
  }
  if (m.pdu <= Pdu::kReport) {
    w.u64(Snmp::kVariableCountFieldNumber, m.variable_count);
    mark(w, Snmp::kTruncatedFieldNumber, m.variable_count > kMaxVariables);
    for (unsigned n = 0; (v = variable_of(x, n)) != nullptr; ++n) variable(w, *v);
  }
  // What a refused set wanted is not what the agent is.
  if ((m.pdu == Pdu::kResponse && m.error_status == 0) || m.pdu == Pdu::kTrap2 || m.pdu == Pdu::kInform)
    system(w, x);
  if (m.version == 3) v3(w, m);
  if (m.pdu == Pdu::kReport && (v = variable_of(x, 0)) != nullptr) {
    std::string_view rest;
    const ObjectName* o = object_name(dotted(v->oid, room), rest);
    if (o != nullptr) w.text(Snmp::kReportFieldNumber, o->name);
  }
}

}  // namespace picket::snmp
