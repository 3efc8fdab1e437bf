// What handshakes tell of the two hosts: the name that the client asks for, and those in certificates.
#include "export/assets/clues.h"
#include "parsers/tls/tls.pb.h"

namespace picket::tls {
namespace {

using T = v1::Tls;
using C = v1::TlsClientCertificate;

/// A certificate of many hosts says of none which one it is.
void read_certified(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (as_text(f.bytes).find('*') == std::string_view::npos) read_name(f, c, to);
}

/// The common name: "C=DE, O=Example, CN=plc.example".
void read_subject(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view text = common_name(as_text(f.bytes));
  if (text.find('*') == std::string_view::npos && !is_address_text(text))
    to.tell(c.end, c.kind, text, c.confidence);
}

constexpr AssetClue kClues[] = {
    {{T::kSniFieldNumber}, AssetEnd::kServer, AssetKind::kName, confidence::kNamed, read_name},
    {{T::kSubjectFieldNumber}, AssetEnd::kServer, AssetKind::kName, confidence::kStated, read_subject},
    {{T::kSubjectaltnameFieldNumber},
     AssetEnd::kServer,
     AssetKind::kName,
     confidence::kStated,
     read_certified},
    {{T::kClientFieldNumber, C::kSubjectFieldNumber},
     AssetEnd::kClient,
     AssetKind::kName,
     confidence::kStated,
     read_subject},
    {{T::kClientFieldNumber, C::kSubjectaltnameFieldNumber},
     AssetEnd::kClient,
     AssetKind::kName,
     confidence::kStated,
     read_certified},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues};

}  // namespace picket::tls
