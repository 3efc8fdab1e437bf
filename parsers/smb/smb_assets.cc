// What logging on tells of the two hosts.
#include <string>

#include "export/assets/clues.h"
#include "parsers/smb/smb.pb.h"

namespace picket::smb {
namespace {

using S = v1::Smb;
using N = v1::SmbNtlmssp;
using Y = v1::SmbSystem;

/// "6.1 build 7601 rev 15": the version of Windows. Others send what they like, mostly 6.1 build 0.
void read_version(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view text = as_text(f.bytes);
  if (text.find("build 0 ") != std::string_view::npos || text.starts_with("0.")) return;
  to.tell(c.end, c.kind, "Windows " + std::string(text.substr(0, text.find(" rev"))), c.confidence);
}

constexpr AssetClue kClues[] = {
    {{S::kNtlmsspFieldNumber, N::kHostFieldNumber},
     AssetEnd::kClient,
     AssetKind::kName,
     confidence::kStated,
     read_name},
    {{S::kNtlmsspFieldNumber, N::kVersionFieldNumber},
     AssetEnd::kClient,
     AssetKind::kOs,
     confidence::kNamed,
     read_version},
    {{S::kRequestFieldNumber, Y::kNativeOsFieldNumber},
     AssetEnd::kClient,
     AssetKind::kOs,
     confidence::kStated},
    {{S::kRequestFieldNumber, Y::kNativeLmFieldNumber},
     AssetEnd::kClient,
     AssetKind::kSoftware,
     confidence::kStated},
    {{S::kResponseFieldNumber, Y::kNativeOsFieldNumber},
     AssetEnd::kServer,
     AssetKind::kOs,
     confidence::kStated},
    {{S::kResponseFieldNumber, Y::kNativeLmFieldNumber},
     AssetEnd::kServer,
     AssetKind::kSoftware,
     confidence::kStated},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"file server", confidence::kNamed}};

}  // namespace picket::smb
