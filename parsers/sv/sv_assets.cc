// Who samples, by the name of its stream.
#include "export/assets/clues.h"
#include "parsers/sv/sv.pb.h"

namespace picket::sv {
namespace {

constexpr AssetClue kClues[] = {
    {{v1::Sv::kSvIdFieldNumber}, AssetEnd::kServer, AssetKind::kName, confidence::kStated},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues,
                                       .server_role = {"merging unit", confidence::kNamed},
                                       .reversed = sender_serves,
                                       .activity_shows_role = false};

}  // namespace picket::sv
