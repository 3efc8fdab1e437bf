// What the greeting and EHLO tell of the two hosts.
#include "export/assets/clues.h"
#include "parsers/smtp/smtp.pb.h"

namespace picket::smtp {
namespace {

using S = v1::Smtp;

/// RFC 5321, 4.3.1: the greeting's first word is the server's name.
void read_greeting(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view text = as_text(f.bytes);
  read_software(f, c, to);
  if (const auto name = text.substr(0, text.find(' '));
      name.find('.') != std::string_view::npos && !is_address_text(name))
    to.tell(c.end, AssetKind::kName, name, c.confidence);
}

constexpr AssetClue kClues[] = {
    {{S::kServerFieldNumber}, AssetEnd::kServer, AssetKind::kSoftware, confidence::kStated, read_greeting},
    {{S::kHeloFieldNumber}, AssetEnd::kClient, AssetKind::kName, confidence::kStated, read_name},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"mail server", confidence::kNamed}};

}  // namespace picket::smtp
