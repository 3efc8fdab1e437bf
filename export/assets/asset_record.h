// export/assets/asset_record.h — an asset as its record tells it, and as it is kept between runs
#pragma once
#include <optional>

#include "export/assets/asset_table.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {

/// Of each kind the best: by confidence, then by how late it was seen; of the asset and its parts
/// (AssetTable::parts_of) alike. Without time and sensor.
[[nodiscard]] v1::Event asset_event(const Asset&, const AssetScope&, std::string_view reason,
                                    std::span<const Asset* const> parts = {});

/// Address, times and evidence.
[[nodiscard]] v1::Asset asset_kept(const Asset&);
/// Nothing where it has no address. Evidence of kinds and sources that this build has not is left out.
[[nodiscard]] std::optional<Asset> read_asset_kept(const v1::Asset&);

}  // namespace picket
