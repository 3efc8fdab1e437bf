#include "export/assets/asset_state.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "export/new_file.h"
#include "parsers/core/digest.h"

namespace picket {
namespace {

constexpr std::string_view kMagic("picket\0A", 8);
constexpr std::size_t kHash = 32, kHead = kMagic.size() + 4 + kHash;

std::string sha256(std::string_view data) {
  const Sha256::Value hash = Sha256::of(as_bytes(data));
  return {hash.begin(), hash.end()};
}

Error damaged(const std::filesystem::path& file, const std::string& why) {
  return Error{"assets.state: '" + file.string() + "' " + why +
               "; the inventory begins afresh, and writes over it"};
}

}  // namespace

std::string asset_state_bytes(const v1::AssetState& state) {
  const std::string body = state.SerializeAsString();
  std::string out(kMagic);
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(kAssetStateVersion >> (8 * i) & 0xff);
  return out + sha256(body) + body;
}

Status write_asset_state(const std::filesystem::path& file, const std::string& bytes) {
  NewFile fresh(file.string() + ".new", file.string());
  Status done = fresh.write(bytes);
  if (done) done = fresh.commit();
  if (done) return done;
  return Error{"assets.state: " + done.error().message +
               "; name a file in a folder that exists and may be written to"};
}

Result<v1::AssetState> read_asset_state(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    if (std::error_code ignored; !std::filesystem::exists(file, ignored)) return v1::AssetState();
    return damaged(file, std::string("cannot be read: ") + std::strerror(errno));
  }
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  if (all.size() < kHead || std::string_view(all).substr(0, kMagic.size()) != kMagic)
    return damaged(file, "is no inventory of picket's");
  std::uint32_t version = 0;
  for (unsigned i = 0; i < 4; ++i)
    version |= std::uint32_t{static_cast<unsigned char>(all[kMagic.size() + i])} << (8 * i);
  if (version != kAssetStateVersion)
    return damaged(file, "is of version " + std::to_string(version) + ", and this picket reads version " +
                             std::to_string(kAssetStateVersion));
  const std::string_view body = std::string_view(all).substr(kHead);
  v1::AssetState state;
  if (std::string_view(all).substr(kMagic.size() + 4, kHash) != sha256(body) ||
      body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !state.ParseFromArray(body.data(), static_cast<int>(body.size())))
    return damaged(file, "is damaged");
  return state;
}

}  // namespace picket
