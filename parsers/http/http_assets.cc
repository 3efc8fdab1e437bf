// What requests and replies tell of the two hosts.
#include "export/assets/clues.h"
#include "parsers/http/http.pb.h"

namespace picket::http {
namespace {

using H = v1::Http;

/// A proxy's requests name the host behind it.
void read_host(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view url = text_field(to.message(), H::kUrlFieldNumber);
  if (text_field(to.message(), H::kHttpMethodFieldNumber) == "CONNECT" || url.find("://") < 8) return;
  read_name(f, c, to);
}

constexpr AssetClue kClues[] = {
    {{H::kHostnameFieldNumber}, AssetEnd::kServer, AssetKind::kName, confidence::kNamed, read_host},
    {{H::kServerFieldNumber}, AssetEnd::kServer, AssetKind::kSoftware, confidence::kStated, read_software},
    {{H::kHttpUserAgentFieldNumber},
     AssetEnd::kClient,
     AssetKind::kSoftware,
     confidence::kNamed,
     read_software},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues};

}  // namespace picket::http
