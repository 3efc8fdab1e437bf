// What banners tell of the two hosts.
#include <string>

#include "export/assets/clues.h"
#include "parsers/ssh/ssh.pb.h"

namespace picket::ssh {
namespace {

using S = v1::Ssh;
using Side = v1::SshSide;

/// "OpenSSH_9.2p1 Debian-2+deb12u3".
void read_side(const WireField& f, const AssetClue& c, AssetTeller& to) {
  std::string text(text_field(f.bytes, Side::kSoftwareVersionFieldNumber));
  if (const auto more = text_field(f.bytes, Side::kCommentsFieldNumber); !more.empty())
    text.append(" ").append(more);
  to.tell(c.end, AssetKind::kSoftware, text, c.confidence);
  to.tell(c.end, AssetKind::kOs, os_in(text), confidence::kNamed);
}

constexpr AssetClue kClues[] = {
    {{S::kClientFieldNumber}, AssetEnd::kClient, AssetKind::kSoftware, confidence::kStated, read_side},
    {{S::kServerFieldNumber}, AssetEnd::kServer, AssetKind::kSoftware, confidence::kStated, read_side},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues};

}  // namespace picket::ssh
