// What a device says when it is asked to identify itself, and what its names say it is for.
#include "export/assets/clues.h"
#include "parsers/mms/mms.pb.h"

namespace picket::mms {
namespace {

using S = v1::Mms;
using M = v1::MmsMessage;
using I = v1::MmsIdentity;
using L = v1::MmsNameList;
using O = v1::MmsObject;

constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }

/// Names of IEC 61850-8-1 are LN$FC$data; the class is the last four capitals of the logical node: "QA1XCBR1". Of group P are
/// functions of protection (IEC 61850-7-4, 5.2); LLN0 is in each device.
std::string_view role_of(std::string_view item) noexcept {
  std::string_view node = item.substr(0, item.find('$'));
  if (node == "LLN0") return "IED";
  while (!node.empty() && node.back() >= '0' && node.back() <= '9') node.remove_suffix(1);
  if (node.size() < 4) return {};
  node = node.substr(node.size() - 4);
  for (const char c : node) {
    if (!is_upper(c)) return {};
  }
  if (node == "TCTR" || node == "TVTR") return "merging unit";
  constexpr std::string_view kProtection[] = {"PDIF", "PDIR", "PDIS", "PDOP", "PDUP", "PFRC", "PHAR", "PHIZ",
                                              "PIOC", "PMRI", "PMSS", "POPF", "PPAM", "PRTR", "PSCH", "PSDE",
                                              "PTEF", "PTHF", "PTOC", "PTOF", "PTOV", "PTRC", "PTTR", "PTUC",
                                              "PTUF", "PTUV", "PUPF", "PVOC", "PVPH", "PZSU"};
  for (const std::string_view c : kProtection) {
    if (node == c) return "relay";
  }
  return {};
}

void read_item(const WireField& f, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, c.kind, role_of(as_text(f.bytes)), c.confidence);
}

/// Reports and control of objects are IEC 61850's.
void read_model(const WireField&, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, c.kind, "IED", c.confidence);
}

constexpr AssetEnd kDevice = AssetEnd::kServer;
constexpr AssetClue kClues[] = {
    {{S::kResponseFieldNumber, M::kIdentityFieldNumber, I::kVendorFieldNumber},
     kDevice,
     AssetKind::kVendor,
     confidence::kIdentified},
    {{S::kResponseFieldNumber, M::kIdentityFieldNumber, I::kModelFieldNumber},
     kDevice,
     AssetKind::kModel,
     confidence::kIdentified},
    {{S::kResponseFieldNumber, M::kIdentityFieldNumber, I::kRevisionFieldNumber},
     kDevice,
     AssetKind::kFirmware,
     confidence::kIdentified},
    {{S::kResponseFieldNumber, M::kNamesFieldNumber, L::kIdentifiersFieldNumber},
     kDevice,
     AssetKind::kRole,
     confidence::kStated,
     read_item},
    {{S::kResponseFieldNumber, M::kObjectsFieldNumber, O::kItemFieldNumber},
     kDevice,
     AssetKind::kRole,
     confidence::kStated,
     read_item},
    {{S::kResponseFieldNumber, M::kReportFieldNumber},
     kDevice,
     AssetKind::kRole,
     confidence::kStated,
     read_model},
    {{S::kRequestFieldNumber, M::kControlFieldNumber},
     kDevice,
     AssetKind::kRole,
     confidence::kNamed,
     read_model},
};

}  // namespace

extern const AssetClues kAssetClues = {
    .clues = kClues, .client_role = {"SCADA", confidence::kNamed}, .server_role = {"IED", confidence::kHint}};

}  // namespace picket::mms
