// What applications say of themselves: BuildInfo and its variables, descriptions, endpoints, certificates.
#include <string>

#include "export/assets/clues.h"
#include "parsers/opcua/opcua.pb.h"

namespace picket::opcua {
namespace {

using O = v1::Opcua;
using M = v1::OpcuaMessage;
using I = v1::OpcuaIdentity;
using A = v1::OpcuaApplication;
using E = v1::OpcuaEndpoint;
using C = v1::OpcuaCertificate;

constexpr auto kStated = confidence::kStated;

/// Part 5, 12.4: of the server's software, which need not be the device's. So a device that answers to a protocol of its own
/// knows better.
void read_identity(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const auto text = [&f](int number) { return text_field(f.bytes, number); };
  const std::string_view product = text(I::kProductNameFieldNumber),
                         version = text(I::kSoftwareVersionFieldNumber),
                         build = text(I::kBuildNumberFieldNumber);
  to.tell(c.end, AssetKind::kVendor, text(I::kManufacturerNameFieldNumber), kStated);
  to.tell(c.end, AssetKind::kModel, product, kStated);
  to.tell(c.end, AssetKind::kFirmware, version, kStated);
  to.tell(c.end, AssetKind::kName, text(I::kApplicationNameFieldNumber), kStated);
  to.tell(c.end, AssetKind::kName, text(I::kApplicationUriFieldNumber), confidence::kNamed);
  if (product.empty()) return to.tell(c.end, AssetKind::kSoftware, text(I::kProductUriFieldNumber), kStated);
  std::string whole(product);
  if (!version.empty()) whole.append(" ").append(version);
  if (!build.empty()) whole.append(" build ").append(build);
  to.tell(c.end, AssetKind::kSoftware, whole, kStated);
}

/// Of the client, as it opens a session.
void read_client(const WireField& f, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, AssetKind::kName, text_field(f.bytes, A::kApplicationNameFieldNumber), kStated);
  to.tell(c.end, AssetKind::kName, text_field(f.bytes, A::kApplicationUriFieldNumber), confidence::kNamed);
  to.tell(c.end, AssetKind::kSoftware, text_field(f.bytes, A::kProductUriFieldNumber), kStated);
}

/// "opc.tcp://plc7:4840/path".
void read_url(const WireField& f, const AssetClue& c, AssetTeller& to) {
  std::string_view text = as_text(f.bytes);
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return;
  text.remove_prefix(scheme + 3);
  if (text.starts_with('[')) return;
  text = text.substr(0, text.find_first_of(":/"));
  if (text != "localhost" && !is_address_text(text)) to.tell(c.end, c.kind, text, c.confidence);
}

/// The application's URI stands among its certificate's names, and is told by itself.
void read_certificate(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view name = common_name(text_field(f.bytes, C::kSubjectFieldNumber));
  if (!is_address_text(name)) to.tell(c.end, c.kind, name, c.confidence);
  WireReader in(f.bytes);
  for (WireField part; in.next(part);) {
    const std::string_view text = as_text(part.bytes);
    if (part.number == C::kAltNamesFieldNumber && text.find(':') == text.npos && text != "localhost" &&
        !is_address_text(text))
      to.tell(c.end, c.kind, text, c.confidence);
  }
}

constexpr AssetEnd kClient = AssetEnd::kClient, kServer = AssetEnd::kServer;
constexpr AssetClue kClues[] = {
    {{O::kIdentityFieldNumber}, kServer, AssetKind::kModel, kStated, read_identity},
    {{O::kRequestFieldNumber, M::kClientFieldNumber}, kClient, AssetKind::kName, kStated, read_client},
    {{O::kResponseFieldNumber, M::kEndpointsFieldNumber, E::kEndpointUrlFieldNumber},
     kServer,
     AssetKind::kName,
     kStated,
     read_url},
    {{O::kResponseFieldNumber, M::kEndpointsFieldNumber, E::kCertificateFieldNumber},
     kServer,
     AssetKind::kName,
     kStated,
     read_certificate},
    {{O::kResponseFieldNumber, M::kServerCertificateFieldNumber},
     kServer,
     AssetKind::kName,
     kStated,
     read_certificate},
    {{O::kResponseFieldNumber, M::kSenderCertificateFieldNumber},
     kServer,
     AssetKind::kName,
     kStated,
     read_certificate},
    {{O::kRequestFieldNumber, M::kClientCertificateFieldNumber},
     kClient,
     AssetKind::kName,
     kStated,
     read_certificate},
    {{O::kRequestFieldNumber, M::kSenderCertificateFieldNumber},
     kClient,
     AssetKind::kName,
     kStated,
     read_certificate},
};

bool reversed(Bytes message, bool) { return text_field(message, O::kInitiatorFieldNumber) == "server"; }

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .reversed = reversed};

}  // namespace picket::opcua
