#include "export/assets/asset_state.h"

#include <gtest/gtest.h>

#include <fstream>

namespace picket {
namespace {

namespace fs = std::filesystem;

class AssetStateTest : public ::testing::Test {
 protected:
  AssetStateTest() : folder_(fs::temp_directory_path() / ("picket-assets-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    v1::AssetKept& k = *state_.add_assets();
    k.set_tap("eth0");
    k.mutable_asset()->set_address(std::string("\x0a\0\0\1", 4));
    k.mutable_asset()->add_evidence()->set_text("plc1");
  }
  ~AssetStateTest() override { fs::remove_all(folder_); }
  void put(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }
  std::string complaint() const {
    const auto r = read_asset_state(file_);
    return r ? "" : r.error().message;
  }

  const fs::path folder_;
  const fs::path file_ = folder_ / "assets";
  v1::AssetState state_;
};

TEST_F(AssetStateTest, ComesBackAsItWas) {
  EXPECT_TRUE(read_asset_state(file_)) << "none is an empty one";
  ASSERT_TRUE(write_asset_state(file_, asset_state_bytes(state_)));
  const auto r = read_asset_state(file_);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r.value().SerializeAsString(), state_.SerializeAsString());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1)
      << "nothing else is left";
}

TEST_F(AssetStateTest, EveryDamageIsFound) {
  const std::string whole = asset_state_bytes(state_);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    put(bad);
    EXPECT_NE(complaint().find("begins afresh"), std::string::npos) << i;
  }
  for (std::size_t n = 0; n < whole.size(); ++n) {
    put(whole.substr(0, n));
    EXPECT_NE(complaint().find("begins afresh"), std::string::npos) << n;
  }
  put(whole + "x");
  EXPECT_NE(complaint(), "");
}

TEST_F(AssetStateTest, AnotherVersionIsNamed) {
  std::string other = asset_state_bytes(state_);
  other[8] = 9;
  put(other);
  EXPECT_NE(complaint().find("is of version 9, and this picket reads version 1"), std::string::npos)
      << complaint();
}

TEST_F(AssetStateTest, SaysWhereItCannotWrite) {
  const Status s = write_asset_state(folder_ / "no" / "such", "x");
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("No such file or directory"), std::string::npos);
  ASSERT_TRUE(write_asset_state(file_, asset_state_bytes(state_)));
  fs::create_directories(folder_ / "assets.new");  // in the way
  EXPECT_FALSE(write_asset_state(file_, "x"));
  EXPECT_TRUE(read_asset_state(file_)) << "the old one is still whole";
}

}  // namespace
}  // namespace picket
