// What application entities say of themselves, what they do for each other, and which device made an image.
#include "export/assets/clues.h"
#include "parsers/dicom/dicom.pb.h"

namespace picket::dicom {
namespace {

using D = v1::Dicom;
using A = v1::DicomAssociation;
using U = v1::DicomUser;
using C = v1::DicomCommand;
using S = v1::DicomDataSet;

constexpr std::string_view kDevice = "imaging device", kArchive = "imaging archive",
                           kWorkstation = "imaging workstation", kScheduler = "radiology information system";

/// Roots of implementation class UIDs of makers of devices. Toolkits and resellers of roots are none.
std::string_view maker(std::string_view uid) noexcept {
  constexpr struct {
    std::string_view root, name;
  } kRoots[] = {
      {"1.2.840.113619.", "GE"},
      {"1.3.12.2.1107.", "Siemens"},
      {"1.3.46.670589.", "Philips"},
      {"1.2.392.200036.9116.", "Canon"},
      {"1.2.392.200036.9125.", "Fujifilm"},
      {"1.3.51.0.", "Agfa"},
      {"1.2.392.200036.9107.", "Hitachi"},
      {"1.2.392.200036.9133.", "Shimadzu"},
  };
  for (const auto& r : kRoots) {
    if (uid.starts_with(r.root)) return r.name;
  }
  return {};
}

/// PS3.7 D.3.3.2: of the software that speaks.
void read_user(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view uid = text_field(f.bytes, U::kImplementationClassFieldNumber),
                         version = text_field(f.bytes, U::kImplementationVersionFieldNumber);
  to.tell(c.end, c.kind, version.empty() ? uid : version, c.confidence);
  to.tell(c.end, AssetKind::kVendor, maker(uid), confidence::kNamed);
}

/// Titles that were accepted: anybody may ask for what is not there.
void read_association(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (text_field(f.bytes, A::kResultFieldNumber) != "accepted") return;
  to.tell(AssetEnd::kClient, c.kind, text_field(f.bytes, A::kCallingAeFieldNumber), c.confidence);
  to.tell(AssetEnd::kServer, c.kind, text_field(f.bytes, A::kCalledAeFieldNumber), c.confidence);
}

/// Service classes of PS3.4 by the names that the record has for them. What is stored because of a C-MOVE comes from an archive.
void read_command(const WireField& f, const AssetClue&, AssetTeller& to) {
  const std::string_view command = text_field(f.bytes, C::kCommandNameFieldNumber),
                         sop_class = text_field(f.bytes, C::kSopClassNameFieldNumber);
  const Bytes response = message_field(to.message(), D::kResponseFieldNumber);
  // PS3.7 C: success, warnings, pending.
  const std::uint64_t status = number_field(response, C::kStatusFieldNumber);
  const bool done = status == 0 || status >> 12 == 0xb || status >> 8 == 0xff;
  if (response.empty() || !done) return;
  const auto roles = [&to](std::string_view client, std::string_view server) {
    to.tell(AssetEnd::kClient, AssetKind::kRole, client, confidence::kNamed);
    to.tell(AssetEnd::kServer, AssetKind::kRole, server, confidence::kNamed);
  };
  const auto has = [](std::string_view text, std::string_view part) { return text.find(part) != text.npos; };
  // Reports and how images are shown are made by people.
  if (command == "C-STORE-RQ" && ((has(sop_class, "SR ") && !has(sop_class, "Dose")) ||
                                  has(sop_class, "Presentation State") || has(sop_class, "Key Object")))
    return roles(kWorkstation, kArchive);
  if (command == "C-STORE-RQ")
    return text_field(f.bytes, C::kMoveOriginatorFieldNumber).empty() ? roles(kDevice, kArchive)
                                                                      : roles(kArchive, kWorkstation);
  if (has(sop_class, "Worklist")) return roles(kDevice, kScheduler);
  if (has(sop_class, "Performed Procedure Step")) return roles(kDevice, kScheduler);
  if (has(sop_class, "Query/Retrieve")) return roles(kWorkstation, kArchive);
  if (has(sop_class, "Storage Commitment")) return roles("", kArchive);
  if (has(sop_class, "Film") || has(sop_class, "Print")) return roles("", "image printer");
}

/// PS3.3 C.7.5.1, General Equipment: the device that made the object. An archive that passes it on is another.
void read_object(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const Bytes request = message_field(to.message(), D::kRequestFieldNumber);
  if (text_field(request, C::kCommandNameFieldNumber) != "C-STORE-RQ" ||
      !text_field(request, C::kMoveOriginatorFieldNumber).empty())
    return;
  const auto tell = [&](AssetKind kind, int number) {
    to.tell(c.end, kind, text_field(f.bytes, number), c.confidence);
  };
  tell(AssetKind::kVendor, S::kManufacturerFieldNumber);
  tell(AssetKind::kModel, S::kModelFieldNumber);
  tell(AssetKind::kSerial, S::kSerialFieldNumber);
  tell(AssetKind::kFirmware, S::kSoftwareFieldNumber);
  tell(AssetKind::kName, S::kStationFieldNumber);
}

constexpr AssetEnd kClient = AssetEnd::kClient, kServer = AssetEnd::kServer;
constexpr auto kStated = confidence::kStated;
constexpr AssetClue kClues[] = {
    {{D::kAssociationFieldNumber}, kClient, AssetKind::kName, kStated, read_association},
    {{D::kAssociationFieldNumber, A::kRequestorFieldNumber},
     kClient,
     AssetKind::kSoftware,
     kStated,
     read_user},
    {{D::kAssociationFieldNumber, A::kAcceptorFieldNumber},
     kServer,
     AssetKind::kSoftware,
     kStated,
     read_user},
    {{D::kRequestFieldNumber}, kClient, AssetKind::kRole, confidence::kNamed, read_command},
    {{D::kRequestDataFieldNumber}, kClient, AssetKind::kModel, kStated, read_object},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .activity_shows_role = false};

}  // namespace picket::dicom
