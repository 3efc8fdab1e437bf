// What a controller says of itself in system status lists and when a connection opens, and what a connection is for.
#include "export/assets/clues.h"
#include "parsers/s7comm/s7comm.pb.h"

namespace picket::s7comm {
namespace {

using S = v1::S7comm;
using M = v1::S7commMessage;
using U = v1::S7commUserdata;
using Z = v1::S7commSzl;
using L = v1::S7commModule;
using C = v1::S7commComponent;
using P = v1::S7commPlus;
using T = v1::S7commCotp;

/// Order numbers of Siemens' controllers and of its network devices; makers of compatible ones use them, too.
void tell_order_number(AssetEnd end, std::string_view number, AssetTeller& to) {
  to.tell(end, AssetKind::kModel, number, confidence::kIdentified);
  if (number.starts_with("6ES7") || number.starts_with("6GK7"))
    to.tell(end, AssetKind::kVendor, "Siemens", confidence::kNamed);
}

/// List 0x0011: the module itself, its hardware, its firmware.
void read_module(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view version = text_field(f.bytes, L::kVersionFieldNumber);
  switch (number_field(f.bytes, L::kIndexFieldNumber)) {
    case 1:
      return tell_order_number(c.end, text_field(f.bytes, L::kOrderNumberFieldNumber), to);
    case 6:
      return to.tell(c.end, AssetKind::kHardware, version, c.confidence);
    case 7:
      return to.tell(c.end, AssetKind::kFirmware, version, c.confidence);
    default:
      return;
  }
}

/// List 0x001c.
void read_component(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view value = text_field(f.bytes, C::kValueFieldNumber);
  switch (number_field(f.bytes, C::kIndexFieldNumber)) {
    case 1:
    case 2:
      return to.tell(c.end, AssetKind::kName, value, c.confidence);
    case 5:
      return to.tell(c.end, AssetKind::kSerial, value, c.confidence);
    case 7:
      return to.tell(c.end, AssetKind::kModel, value, c.confidence);
    default:
      return;
  }
}

void read_order_number(const WireField& f, const AssetClue& c, AssetTeller& to) {
  tell_order_number(c.end, as_text(f.bytes), to);
}

/// "PG": a programming device asks; "OP": an operator's panel.
void read_connection(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view kind = as_text(f.bytes);
  if (kind == "PG") to.tell(c.end, AssetKind::kRole, "engineering station", c.confidence);
  if (kind == "OP") to.tell(c.end, AssetKind::kRole, "HMI", c.confidence);
}

constexpr AssetEnd kController = AssetEnd::kServer;
constexpr AssetClue kClues[] = {
    {{S::kResponseFieldNumber, M::kUserdataFieldNumber, U::kSzlFieldNumber, Z::kModulesFieldNumber},
     kController,
     AssetKind::kModel,
     confidence::kIdentified,
     read_module},
    {{S::kResponseFieldNumber, M::kUserdataFieldNumber, U::kSzlFieldNumber, Z::kComponentsFieldNumber},
     kController,
     AssetKind::kSerial,
     confidence::kIdentified,
     read_component},
    {{S::kResponseFieldNumber, M::kPlusFieldNumber, P::kOrderNumberFieldNumber},
     kController,
     AssetKind::kModel,
     confidence::kIdentified,
     read_order_number},
    {{S::kResponseFieldNumber, M::kPlusFieldNumber, P::kFirmwareFieldNumber},
     kController,
     AssetKind::kFirmware,
     confidence::kIdentified},
    // Others connect so, too: it is what libraries do where nobody says otherwise.
    {{S::kRequestFieldNumber, M::kCotpFieldNumber, T::kConnectionFieldNumber},
     AssetEnd::kClient,
     AssetKind::kRole,
     confidence::kHint,
     read_connection},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"PLC", confidence::kStated}};

}  // namespace picket::s7comm
