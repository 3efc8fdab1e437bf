// What a device says of itself: device identification (function 43/14), report server id (17), and UMAS's read PLC ID
// (90), which only Schneider Electric's PLCs answer. Who takes a reservation says its computer's name.
#include <algorithm>
#include <optional>

#include "export/assets/clues.h"
#include "parsers/modbus/modbus.pb.h"

namespace picket::modbus {
namespace {

using M = v1::Modbus;
using P = v1::ModbusMessage;
using D = v1::ModbusDevice;
using O = v1::ModbusObject;
using U = v1::ModbusUmas;
using L = v1::ModbusUmasPlc;
using J = v1::ModbusUmasProject;

/// MODBUS Application Protocol V1.1b3, 6.21: basic and regular objects.
std::optional<AssetKind> meaning(std::uint64_t object) noexcept {
  switch (object) {
    case 0:
      return AssetKind::kVendor;
    case 1:
    case 4:
    case 5:
      return AssetKind::kModel;
    case 2:
      return AssetKind::kFirmware;
    case 6:
      return AssetKind::kSoftware;
    default:
      return std::nullopt;
  }
}

void read_object(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::uint64_t id = number_field(f.bytes, O::kIdFieldNumber);
  // The product's code stands behind its names.
  const std::uint8_t sure = id == 1 ? static_cast<std::uint8_t>(c.confidence - 5) : c.confidence;
  if (const auto kind = meaning(id); kind)
    to.tell(c.end, *kind, text_field(f.bytes, O::kValueFieldNumber), sure);
}

/// Its form is the device's own: what of it is text, up to the first octet that is none.
void read_server_id(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view all = as_text(f.bytes);
  const auto printable = [](char x) { return x >= 0x20 && x < 0x7f; };
  const auto first = std::find_if(all.begin(), all.end(), printable);
  const auto last = std::find_if_not(first, all.end(), printable);
  constexpr std::ptrdiff_t kShortest = 4;
  if (last - first >= kShortest) to.tell(c.end, c.kind, std::string_view(first, last), c.confidence);
}

void read_plc_name(const WireField& f, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, AssetKind::kVendor, "Schneider Electric", c.confidence);
  to.tell(c.end, AssetKind::kModel, as_text(f.bytes), c.confidence);
}

constexpr AssetClue kClues[] = {
    {{M::kResponseFieldNumber, P::kDeviceFieldNumber, D::kObjectsFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kIdentified,
     read_object},
    {{M::kResponseFieldNumber, P::kServerIdFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kNamed,
     read_server_id},
    {{M::kResponseFieldNumber, P::kUmasFieldNumber, U::kPlcFieldNumber, L::kNameFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kIdentified,
     read_plc_name},
    {{M::kResponseFieldNumber, P::kUmasFieldNumber, U::kProjectFieldNumber, J::kNameFieldNumber},
     AssetEnd::kServer,
     AssetKind::kSoftware,
     confidence::kIdentified},
    {{M::kRequestFieldNumber, P::kUmasFieldNumber, U::kNameFieldNumber},
     AssetEnd::kClient,
     AssetKind::kName,
     confidence::kStated},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"PLC", confidence::kHint}};

}  // namespace picket::modbus
