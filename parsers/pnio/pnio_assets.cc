// What a PROFINET device says of itself when it is looked for, what it is given, and who gives it a name.
#include <array>

#include "export/assets/clues.h"
#include "parsers/core/text_writer.h"
#include "parsers/pnio/pnio.pb.h"

namespace picket::pnio {
namespace {

using P = v1::Pnio;
using M = v1::PnioMessage;
using B = v1::PnioBlock;

/// Identifiers of manufacturers, as PROFIBUS & PROFINET International assigns them: those that GSDML files in public
/// show. Others are told as numbers.
constexpr struct {
  std::uint16_t number;
  std::string_view name;
} kVendors[] = {
    {0x002a, "Siemens"},
    {0x010a, "SEW-EURODRIVE"},
    {0x010c, "HMS"},
};

void tell_vendor(AssetEnd end, std::uint64_t number, AssetTeller& to) {
  for (const auto& v : kVendors) {
    if (v.number == number) return to.tell(end, AssetKind::kVendor, v.name, confidence::kIdentified);
  }
  std::array<char, 48> room;
  TextWriter text(room);
  to.tell(end, AssetKind::kVendor, as_text((text << "PROFINET vendor " << number).bytes()),
          confidence::kWeak);
}

void tell_role(AssetEnd end, std::string_view role, AssetTeller& to) {
  if (role == "IO controller") role = "PLC";
  if (role == "IO supervisor") role = "engineering station";
  if (role == "IO multidevice") role = "IO device";
  to.tell(end, AssetKind::kRole, role, confidence::kStated);
}

void tell_block(const WireField& block, AssetEnd end, std::uint8_t sure, AssetTeller& to) {
  WireReader in(block.bytes);
  for (WireField f; in.next(f);) {
    switch (f.number) {
      case B::kStationNameFieldNumber:
        to.tell(end, AssetKind::kName, as_text(f.bytes), sure);
        break;
      case B::kVendorFieldNumber:  // the type of station, "S7-1500"
        to.tell(end, AssetKind::kModel, as_text(f.bytes), sure);
        break;
      case B::kVendorIdFieldNumber:
        tell_vendor(end, f.value, to);
        break;
      case B::kRolesFieldNumber:
        tell_role(end, as_text(f.bytes), to);
        break;
      case B::kIpFieldNumber:
        to.tell(end, AssetKind::kAddress, as_text(f.bytes), sure);
        break;
      default:
        break;
    }
  }
}

void read_answer(const WireField& f, const AssetClue& c, AssetTeller& to) {
  tell_block(f, c.end, c.confidence, to);
}

/// Does an answer say of each block that it is set?
bool was_done(Bytes answer) noexcept {
  WireReader in(answer);
  bool any = false;
  for (WireField f; in.next(f);) {
    if (f.number != M::kBlocksFieldNumber) continue;
    if (number_field(f.bytes, B::kErrorFieldNumber) != 0) return false;
    any = true;
  }
  return any;
}

/// A Hello says what its sender is; what is set, its receiver is from then on. What an identify asks for, nobody is.
void read_request(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const Bytes request = message_field(to.message(), P::kRequestFieldNumber);
  const std::string_view service = text_field(request, M::kServiceNameFieldNumber);
  if (service == "hello") return tell_block(f, AssetEnd::kClient, c.confidence, to);
  if (service != "set" || !was_done(message_field(to.message(), P::kResponseFieldNumber))) return;
  tell_block(f, AssetEnd::kServer, confidence::kIdentified, to);
  // Controllers give addresses, too.
  if (!text_field(f.bytes, B::kStationNameFieldNumber).empty())
    to.tell(AssetEnd::kClient, AssetKind::kRole, "engineering station", confidence::kNamed);
}

constexpr AssetClue kClues[] = {
    {{P::kResponseFieldNumber, M::kBlocksFieldNumber},
     AssetEnd::kServer,
     AssetKind::kName,
     confidence::kIdentified,
     read_answer},
    {{P::kRequestFieldNumber, M::kBlocksFieldNumber},
     AssetEnd::kClient,
     AssetKind::kName,
     confidence::kStated,
     read_request},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .activity_shows_role = false};

}  // namespace picket::pnio
