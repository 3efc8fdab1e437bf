// What devices say of themselves: who they are in i-Am, and properties of their device objects as somebody reads them.
#include "export/assets/clues.h"
#include "parsers/bacnet/bacnet.pb.h"
#include "parsers/core/text_writer.h"

namespace picket::bacnet {
namespace {

using D = v1::BacnetDevice;

/// Either end of a flow may be the device, or a router that a device stands behind: of that only its number is evidence.
void read_device(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const AssetEnd end =
      text_field(f.bytes, D::kOfFieldNumber) == "client" ? AssetEnd::kClient : AssetEnd::kServer;
  const std::string_view object = text_field(f.bytes, D::kObjectFieldNumber);
  if (!object.empty()) {
    std::array<char, 64> room;
    to.tell(end, AssetKind::kStation, as_text((TextWriter(room) << "bacnet " << object).bytes()),
            c.confidence);
  }
  if (number_field(f.bytes, D::kRoutedFieldNumber) != 0) return;
  constexpr struct {
    int field;
    AssetKind kind;
  } kTells[] = {
      {D::kNameFieldNumber, AssetKind::kName},         {D::kVendorFieldNumber, AssetKind::kVendor},
      {D::kModelFieldNumber, AssetKind::kModel},       {D::kFirmwareFieldNumber, AssetKind::kFirmware},
      {D::kSoftwareFieldNumber, AssetKind::kSoftware}, {D::kSerialFieldNumber, AssetKind::kSerial},
  };
  for (const auto& t : kTells) to.tell(end, t.kind, text_field(f.bytes, t.field), c.confidence);
  to.tell(end, AssetKind::kRole, "building controller", confidence::kHint);
}

constexpr AssetClue kClues[] = {
    {{v1::Bacnet::kDeviceFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kIdentified,
     read_device},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues};

}  // namespace picket::bacnet
