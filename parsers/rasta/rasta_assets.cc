// RaSTA identities, names of SCI, and what a host is by the side it takes: interlocking, controller of points or signals.
#include <string>

#include "export/assets/clues.h"
#include "parsers/rasta/rasta.pb.h"

namespace picket::rasta {
namespace {

using R = v1::Rasta;
using M = v1::RastaMessage;
using S = v1::RastaSci;

AssetEnd sender_of(Bytes message) {
  return text_field(message, R::kSenderFieldNumber) == "client" ? AssetEnd::kClient : AssetEnd::kServer;
}
AssetEnd other(AssetEnd e) { return e == AssetEnd::kClient ? AssetEnd::kServer : AssetEnd::kClient; }

void read_identity(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (f.type != 0) return;
  const AssetEnd sender = sender_of(to.message());
  const bool of_sender = c.path[0] == R::kSenderIdFieldNumber;
  to.tell(of_sender ? sender : other(sender), c.kind, "rasta " + std::to_string(f.value),
          of_sender ? c.confidence : confidence::kNamed);
}

void read_telegram(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (f.type != 2) return;
  const AssetEnd sender = sender_of(to.message());
  const bool named = !text_field(f.bytes, S::kTypeNameFieldNumber).empty();
  to.tell(sender, AssetKind::kName, text_field(f.bytes, S::kSenderFieldNumber), c.confidence);
  // Whoever it is for, it goes to that host.
  if (named)
    to.tell(other(sender), AssetKind::kName, text_field(f.bytes, S::kReceiverFieldNumber),
            confidence::kNamed);
  to.tell(sender, AssetKind::kRole, text_field(f.bytes, S::kSenderRoleFieldNumber), c.confidence);
  to.tell(other(sender), AssetKind::kRole, text_field(f.bytes, S::kReceiverRoleFieldNumber),
          confidence::kNamed);
}

constexpr AssetClue kClues[] = {
    {{R::kSenderIdFieldNumber}, AssetEnd::kServer, AssetKind::kStation, confidence::kStated, read_identity},
    {{R::kReceiverIdFieldNumber}, AssetEnd::kServer, AssetKind::kStation, confidence::kNamed, read_identity},
    {{R::kMessagesFieldNumber, M::kSciFieldNumber},
     AssetEnd::kServer,
     AssetKind::kName,
     confidence::kStated,
     read_telegram},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues};

}  // namespace picket::rasta
