// export/assets/asset_list.h — the inventory for people and for programs: `picket replay --assets FILE`
#pragma once
#include <span>
#include <string>

#include "export/proto/picket/v1/event.pb.h"

namespace picket {

/// A line for each asset below a line of headings, columns aligned. What is only hinted at has a question mark.
[[nodiscard]] std::string asset_text(std::span<const v1::Event>);
/// A JSON array of the assets' records as EVE has them.
[[nodiscard]] std::string asset_json(std::span<const v1::Event>);

}  // namespace picket
