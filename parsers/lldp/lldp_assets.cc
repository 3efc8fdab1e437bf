// What a station says of itself to its neighbour. Nobody asks for it, so the sender is the server.
#include "export/assets/clues.h"
#include "parsers/lldp/lldp.pb.h"

namespace picket::lldp {
namespace {

using L = v1::Lldp;
using I = v1::LldpId;
using A = v1::LldpAddress;
using M = v1::LldpMed;
using P = v1::LldpProfinet;

constexpr auto kStated = confidence::kStated;

/// Subtypes of IEEE 802.1AB, table 8-2. What is locally assigned is the name of station, of PROFINET devices.
void read_chassis(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view id = text_field(f.bytes, I::kIdFieldNumber);
  switch (number_field(f.bytes, I::kSubtypeFieldNumber)) {
    case 4:
      return to.tell(c.end, AssetKind::kMac, id, c.confidence);
    case 5:
      return to.tell(c.end, AssetKind::kAddress, id, c.confidence);
    case 7:
      return to.tell(c.end, AssetKind::kName, id, confidence::kNamed);
    default:
      return;
  }
}

void read_description(const WireField& f, const AssetClue& c, AssetTeller& to) {
  tell_description(c.end, as_text(f.bytes), c.confidence, to);
}

void read_address(const WireField& f, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, AssetKind::kAddress, text_field(f.bytes, A::kAddressFieldNumber), c.confidence);
}

void read_capability(const WireField& f, const AssetClue& c, AssetTeller& to) {
  constexpr struct {
    std::string_view capability, role;
  } kRoles[] = {
      {"bridge", "switch"},
      {"C-VLAN component", "switch"},
      {"S-VLAN component", "switch"},
      {"router", "router"},
      {"WLAN access point", "access point"},
      {"telephone", "telephone"},
      {"DOCSIS cable device", "cable modem"},
      {"repeater", "repeater"},
      {"two-port MAC relay", "repeater"},
  };
  for (const auto& r : kRoles) {
    if (as_text(f.bytes) == r.capability) to.tell(c.end, c.kind, r.role, c.confidence);
  }
}

constexpr AssetEnd kSender = AssetEnd::kServer;
constexpr AssetClue kClues[] = {
    {{L::kChassisFieldNumber}, kSender, AssetKind::kMac, kStated, read_chassis},
    {{L::kSystemNameFieldNumber}, kSender, AssetKind::kName, kStated, read_name},
    {{L::kSystemDescriptionFieldNumber}, kSender, AssetKind::kSoftware, kStated, read_description},
    {{L::kEnabledCapabilitiesFieldNumber}, kSender, AssetKind::kRole, kStated, read_capability},
    {{L::kManagementAddressesFieldNumber}, kSender, AssetKind::kAddress, kStated, read_address},
    {{L::kMedFieldNumber, M::kHardwareRevisionFieldNumber}, kSender, AssetKind::kHardware, kStated},
    {{L::kMedFieldNumber, M::kFirmwareRevisionFieldNumber}, kSender, AssetKind::kFirmware, kStated},
    {{L::kMedFieldNumber, M::kSoftwareRevisionFieldNumber}, kSender, AssetKind::kSoftware, kStated},
    {{L::kMedFieldNumber, M::kSerialNumberFieldNumber}, kSender, AssetKind::kSerial, kStated},
    {{L::kMedFieldNumber, M::kManufacturerFieldNumber}, kSender, AssetKind::kVendor, kStated},
    {{L::kMedFieldNumber, M::kModelFieldNumber}, kSender, AssetKind::kModel, kStated},
    {{L::kProfinetFieldNumber, P::kChassisMacFieldNumber}, kSender, AssetKind::kMac, kStated, read_mac},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .reversed = sender_serves};

}  // namespace picket::lldp
