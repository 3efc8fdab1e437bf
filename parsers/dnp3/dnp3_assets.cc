// What an outstation says of itself: device attributes, group 0 (IEEE 1815-2012, 11.3).
#include <algorithm>

#include "export/assets/clues.h"
#include "parsers/dnp3/dnp3.pb.h"

namespace picket::dnp3 {
namespace {

using D = v1::Dnp3;
using A = v1::Dnp3Application;
using O = v1::Dnp3Object;
using P = v1::Dnp3Point;

constexpr struct {
  std::uint8_t variation;
  AssetKind kind;
} kAttributes[] = {
    {242, AssetKind::kFirmware}, {243, AssetKind::kHardware}, {247, AssetKind::kName},
    {248, AssetKind::kSerial},   {250, AssetKind::kModel},    {252, AssetKind::kVendor},
};

void read_object(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (f.type != 2 || number_field(f.bytes, O::kGroupFieldNumber) != 0) return;
  const std::uint64_t variation = number_field(f.bytes, O::kVariationFieldNumber);
  const auto* const at = std::find_if(std::begin(kAttributes), std::end(kAttributes),
                                      [variation](const auto& a) { return a.variation == variation; });
  if (at == std::end(kAttributes)) return;
  WireReader in(f.bytes);
  for (WireField point; in.next(point);) {
    if (point.number == O::kPointsFieldNumber)
      to.tell(c.end, at->kind, text_field(point.bytes, P::kTextFieldNumber), c.confidence);
  }
}

constexpr AssetClue kClues[] = {
    {{D::kApplicationFieldNumber, A::kObjectsFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kIdentified,
     read_object},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues,
                                       .client_role = {"SCADA", confidence::kNamed},
                                       .server_role = {"RTU", confidence::kNamed}};

}  // namespace picket::dnp3
