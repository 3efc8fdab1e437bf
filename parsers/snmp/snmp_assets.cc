// What an agent says of itself: the system group, ENTITY-MIB, identifications of UPSs and printers, its engine.
#include "export/assets/clues.h"
#include "parsers/snmp/snmp.pb.h"

namespace picket::snmp {
namespace {

using S = v1::Snmp;
using Y = v1::SnmpSystem;
using V = v1::SnmpVariable;
using W = v1::SnmpV3;
using E = v1::SnmpEngine;

constexpr auto kStated = confidence::kStated;

/// Whose message it is: that of the agent, but for requests.
AssetEnd sender(const AssetTeller& to) noexcept {
  return text_field(to.message(), S::kSenderFieldNumber) == "server" ? AssetEnd::kServer : AssetEnd::kClient;
}
/// Values of requests are to be set, or those of somebody whom a manager tells another of: an inform, and its echo.
bool is_of_agent(const AssetTeller& to) noexcept {
  const std::string_view pdu = text_field(to.message(), S::kPduTypeFieldNumber);
  if (pdu == "response") return text_field(to.message(), S::kInAnswerToFieldNumber) != "inform_request";
  return pdu == "trap_v1" || pdu == "trap_v2";
}

/// A toolkit is no maker of devices.
void tell_vendor(AssetEnd end, std::string_view name, std::uint8_t sure, AssetTeller& to) {
  const bool toolkit = name == "net-snmp" || name == "UCD-SNMP";
  to.tell(end, toolkit ? AssetKind::kSoftware : AssetKind::kVendor, name, sure);
}

/// ENTITY-MIB numbers what a device is made of: the first is mostly the whole, and counts more than what is inside.
std::uint8_t how_sure(Bytes message, std::string_view object) noexcept {
  WireReader in(message);
  for (WireField f; in.next(f);) {
    if (f.number != S::kVariablesFieldNumber) continue;
    std::string_view name = text_field(f.bytes, V::kNameFieldNumber);
    if (!name.starts_with(object)) continue;
    name.remove_prefix(object.size());
    return name == ".1" ? confidence::kIdentified : kStated;
  }
  return confidence::kIdentified;  // not of ENTITY-MIB: there is one
}

void read_system(const WireField& f, const AssetClue&, AssetTeller& to) {
  if (!is_of_agent(to)) return;
  const AssetEnd end = sender(to);
  WireReader in(f.bytes);
  for (WireField part; in.next(part);) {
    const std::string_view text = as_text(part.bytes);
    switch (part.number) {
      case Y::kDescrFieldNumber:
        tell_description(end, text, kStated, to);
        break;
      case Y::kVendorFieldNumber:
        tell_vendor(end, text, kStated, to);
        break;
      case Y::kNameFieldNumber:
        to.tell(end, AssetKind::kName, text, kStated);
        break;
      case Y::kModelFieldNumber:
        to.tell(end, AssetKind::kModel, text, how_sure(to.message(), "entPhysicalModelName"));
        break;
      case Y::kSerialFieldNumber:
        to.tell(end, AssetKind::kSerial, text, how_sure(to.message(), "entPhysicalSerialNum"));
        break;
      case Y::kFirmwareFieldNumber:
        to.tell(end, AssetKind::kFirmware, text, how_sure(to.message(), "entPhysicalFirmwareRev"));
        break;
      case Y::kManufacturerFieldNumber:
        to.tell(end, AssetKind::kVendor, text, how_sure(to.message(), "entPhysicalMfgName"));
        break;
      default:
        break;
    }
  }
}

/// Whoever has such objects; sysServices tells a bridge that is nothing else.
void read_variable(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (!is_of_agent(to)) return;
  const std::string_view syntax = text_field(f.bytes, V::kSyntaxFieldNumber);
  if (syntax.starts_with("no") || syntax == "endOfMibView") return;
  const std::string_view name = text_field(f.bytes, V::kNameFieldNumber);
  if (name.starts_with("upsIdent") || name.starts_with("upsBattery"))
    to.tell(sender(to), c.kind, "UPS", c.confidence);
  if (name.starts_with("prtGeneral")) to.tell(sender(to), c.kind, "printer", c.confidence);
  constexpr std::uint64_t kLink = 2, kApplications = 64;
  if (name == "sysServices.0" &&
      (number_field(f.bytes, V::kIntegerFieldNumber) & (kLink | kApplications)) == kLink)
    to.tell(sender(to), c.kind, "switch", confidence::kHint);
}

/// The engine in the head is the agent's, but in what a manager has not yet asked for. Requests name it, too, but so does who
/// guesses.
void read_engine(const WireField& f, const AssetClue&, AssetTeller& to) {
  const std::string_view pdu = text_field(to.message(), S::kPduTypeFieldNumber);
  const AssetEnd end = sender(to);
  if (end == AssetEnd::kClient && pdu != "trap_v2") return;
  WireReader in(f.bytes);
  for (WireField part; in.next(part);) {
    const AssetClue hint{{}, end, AssetKind::kMac, confidence::kHint};
    if (part.number == E::kMacFieldNumber) read_mac(part, hint, to);
    if (part.number == E::kEnterpriseNameFieldNumber)
      tell_vendor(end, as_text(part.bytes), confidence::kNamed, to);
    if (part.number == E::kTextFieldNumber)
      to.tell(end, AssetKind::kName, as_text(part.bytes), confidence::kHint);
  }
}

void read_request(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view pdu = as_text(f.bytes);
  if (pdu.starts_with("get") || pdu.starts_with("set"))
    to.tell(sender(to), c.kind, "network management", c.confidence);
}

constexpr AssetEnd kAgent = AssetEnd::kServer;
constexpr AssetClue kClues[] = {
    {{S::kSystemFieldNumber}, kAgent, AssetKind::kModel, kStated, read_system},
    {{S::kVariablesFieldNumber}, kAgent, AssetKind::kRole, confidence::kNamed, read_variable},
    {{S::kV3FieldNumber, W::kEngineFieldNumber}, kAgent, AssetKind::kMac, confidence::kHint, read_engine},
    {{S::kPduTypeFieldNumber}, kAgent, AssetKind::kRole, confidence::kNamed, read_request},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .activity_shows_role = false};

}  // namespace picket::snmp
