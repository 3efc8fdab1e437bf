// Which applications speak, and what their messages say they are for.
#include <string>

#include "export/assets/clues.h"
#include "parsers/hl7/hl7.pb.h"

namespace picket::hl7 {
namespace {

using H = v1::Hl7;
using M = v1::Hl7Message;
using W = v1::Hl7Software;
using O = v1::Hl7Observation;

/// The first component of a hierarchic designator: the name; the others are its universal identifier.
std::string_view first(std::string_view text) noexcept { return text.substr(0, text.find_first_of("^&")); }

/// "application@facility".
void tell_name(AssetEnd end, std::string_view application, std::string_view facility, std::uint8_t sure,
               AssetTeller& to) {
  application = first(application);
  facility = first(facility);
  std::string name(application);
  if (!name.empty() && !facility.empty()) name.append("@");
  if (!name.empty()) name.append(facility);
  to.tell(end, AssetKind::kName, name, sure);
}

void tell_names(Bytes message, AssetEnd from, AssetEnd to_end, AssetTeller& to) {
  const auto text = [message](int number) { return text_field(message, number); };
  tell_name(from, text(M::kSendingApplicationFieldNumber), text(M::kSendingFacilityFieldNumber),
            confidence::kStated, to);
  tell_name(to_end, text(M::kReceivingApplicationFieldNumber), text(M::kReceivingFacilityFieldNumber),
            confidence::kNamed, to);
}

/// Who sends messages of a type (HL7 2.x, chapters 3, 4, 7, 9, 10) is the system that makes them, or one that passes them on.
std::string_view role_of(std::string_view type, std::string_view trigger) noexcept {
  if (type == "ADT") return "patient administration";
  if (type == "ORM" || type == "OMG" || type == "OML" || type == "OMI" || type == "OMP" || type == "RDE")
    return "order entry";
  if (type == "ORU" && (trigger == "R40" || trigger == "R42")) return "medical device gateway";
  if (type == "ORU" || type == "OUL") return "results system";
  if (type == "SIU" || type == "SRM") return "scheduling system";
  return type == "MDM" ? "document system" : "";
}

void read_request(const WireField& f, const AssetClue& c, AssetTeller& to) {
  tell_names(f.bytes, AssetEnd::kClient, AssetEnd::kServer, to);
  to.tell(c.end, AssetKind::kRole,
          role_of(text_field(f.bytes, M::kTypeFieldNumber), text_field(f.bytes, M::kTriggerFieldNumber)),
          confidence::kHint);
}

void read_response(const WireField& f, const AssetClue&, AssetTeller& to) {
  tell_names(f.bytes, AssetEnd::kServer, AssetEnd::kClient, to);
}

/// "WardDesk 4.2 (ACME Health)".
void read_product(const WireField& f, const AssetClue& c, AssetTeller& to) {
  std::string text(first(text_field(f.bytes, W::kProductFieldNumber)));
  if (text.empty()) return;
  if (const auto version = text_field(f.bytes, W::kVersionFieldNumber); !version.empty())
    text.append(" ").append(version);
  if (const auto vendor = first(text_field(f.bytes, W::kVendorFieldNumber)); !vendor.empty())
    text.append(" (").append(vendor).append(")");
  to.tell(c.end, c.kind, text, c.confidence);
}

/// OBX-18: the device at the patient whose values a gateway passes on.
void read_equipment(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view device = first(as_text(f.bytes));
  if (device.empty()) return;
  to.tell(c.end, c.kind, std::string("device ").append(device), c.confidence);
  to.tell(c.end, AssetKind::kRole, "medical device gateway", confidence::kNamed);
}

constexpr AssetEnd kClient = AssetEnd::kClient, kServer = AssetEnd::kServer;
constexpr auto kStated = confidence::kStated;
constexpr AssetClue kClues[] = {
    {{H::kRequestFieldNumber}, kClient, AssetKind::kName, kStated, read_request},
    {{H::kResponseFieldNumber}, kServer, AssetKind::kName, kStated, read_response},
    {{H::kRequestFieldNumber, M::kSoftwareFieldNumber}, kClient, AssetKind::kSoftware, kStated, read_product},
    {{H::kResponseFieldNumber, M::kSoftwareFieldNumber},
     kServer,
     AssetKind::kSoftware,
     kStated,
     read_product},
    {{H::kRequestFieldNumber, M::kObservationsFieldNumber, O::kEquipmentFieldNumber},
     kClient,
     AssetKind::kStation,
     kStated,
     read_equipment},
};

}  // namespace

extern const AssetClues kAssetClues = {
    .clues = kClues, .server_role = {"clinical system", confidence::kHint}, .activity_shows_role = false};

}  // namespace picket::hl7
