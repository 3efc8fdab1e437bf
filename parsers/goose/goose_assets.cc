// Who publishes, by the logical device of its control block.
#include "export/assets/clues.h"
#include "parsers/goose/goose.pb.h"

namespace picket::goose {
namespace {

using G = v1::Goose;

/// "IED1PROT/LLN0$GO$trip": the name of the IED with that of the logical device.
void read_reference(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view text = as_text(f.bytes);
  if (const std::size_t end = text.find('/'); end != std::string_view::npos)
    to.tell(c.end, c.kind, text.substr(0, end), c.confidence);
}

constexpr AssetClue kClues[] = {
    {{G::kGocbRefFieldNumber}, AssetEnd::kServer, AssetKind::kName, confidence::kStated, read_reference},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues,
                                       .server_role = {"IED", confidence::kNamed},
                                       .reversed = sender_serves,
                                       .activity_shows_role = false};

}  // namespace picket::goose
