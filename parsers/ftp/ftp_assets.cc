// What the greeting and SYST tell of the server.
#include "export/assets/clues.h"
#include "parsers/ftp/ftp.pb.h"

namespace picket::ftp {
namespace {

using F = v1::Ftp;

/// The greeting answers no command, and SYST says "UNIX Type: L8".
void read_reply(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view command = text_field(to.message(), F::kCommandFieldNumber);
  const std::string_view code = text_field(to.message(), F::kCompletionCodeFieldNumber);
  if (command.empty() && code == "220") read_software(f, c, to);
  if (command == "SYST" && code == "215")
    to.tell(c.end, AssetKind::kOs, os_in(as_text(f.bytes)), confidence::kHint);
}

constexpr AssetClue kClues[] = {
    {{F::kReplyFieldNumber}, AssetEnd::kServer, AssetKind::kSoftware, confidence::kStated, read_reply},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"file server", confidence::kNamed}};

}  // namespace picket::ftp
