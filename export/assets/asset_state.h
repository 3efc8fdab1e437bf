// export/assets/asset_state.h — the file in which the inventory outlives a run
//
//      0                8         12             44
//      | "picket\0A"    | version | SHA-256 of | AssetState, Protobuf
//      |                | u32 le  | the rest   |
//
// Written beside its place and renamed into it, so that there is always a whole one.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "export/proto/picket/v1/asset.pb.h"
#include "parsers/core/result.h"

namespace picket {

inline constexpr std::uint32_t kAssetStateVersion = 1;

/// What such a file holds.
[[nodiscard]] std::string asset_state_bytes(const v1::AssetState&);
/// To disk before it takes the place. The error names the file and says why.
[[nodiscard]] Status write_asset_state(const std::filesystem::path&, const std::string& bytes);
/// A file that is not there is an empty state. One that is damaged, or of another version, is an error; it says
/// that the inventory begins afresh.
[[nodiscard]] Result<v1::AssetState> read_asset_state(const std::filesystem::path&);

}  // namespace picket
