// What records of Bacnet tell of the two hosts: names, makers, models, versions, roles (export/assets/clues.h).
#include "export/assets/clues.h"
#include "parsers/bacnet/bacnet.pb.h"

namespace picket::bacnet {

// That they speak it is known without a word here. Else: a line for each field that is evidence, such as
//   constexpr AssetClue kClues[] = {
//       {{v1::Bacnet::kProductFieldNumber}, AssetEnd::kServer, AssetKind::kModel, confidence::kIdentified}};
// and `.clues = kClues` below. Nothing to tell: delete this file and its line in meson.build.
extern const AssetClues kAssetClues = {};

}  // namespace picket::bacnet
