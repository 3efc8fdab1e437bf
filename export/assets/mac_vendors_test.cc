#include "export/assets/mac_vendors.h"

#include <gtest/gtest.h>

#include <fstream>

namespace picket {
namespace {

namespace fs = std::filesystem;

class MacVendorsTest : public ::testing::Test {
 protected:
  MacVendorsTest() : folder_(fs::temp_directory_path() / ("picket-oui-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~MacVendorsTest() override { fs::remove_all(folder_); }
  void file(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  const fs::path folder_;
};

TEST_F(MacVendorsTest, TheNarrowestPrefixCounts) {
  file("oui.csv",
       "Registry,Assignment,Organization Name,Organization Address\r\n"
       "MA-L,001B1B,Makers of Controllers AG,Somewhere\r\n"
       "MA-L,F4BD9E,\"Boxes, Inc\",\"1 Road\nTown\"\r\n"
       "MA-L,741AE0,IEEE Registration Authority,x\r\n"
       "MA-L,00D0EF,Private\r\n"
       "MA-L,00D0,too short,x\r\nMA-L,00D0EG,no digits,x\r\nMA-L\r\n");
  file("mam.csv", "Registry,Assignment,Organization Name,Organization Address\nMA-M,741AE09,Smaller Ltd,x\n");
  file("oui36.csv", "MA-S,741AE0912,Smallest Ltd,x\nMA-S,741AE0913,Makers of Controllers AG,x\n");
  const auto v = MacVendors::load(folder_);
  ASSERT_TRUE(v) << v.error().message;
  EXPECT_EQ(v.value().size(), 5U);
  EXPECT_EQ(v.value().find({0x00, 0x1b, 0x1b, 1, 2, 3}), "Makers of Controllers AG");
  EXPECT_EQ(v.value().find({0xf4, 0xbd, 0x9e, 1, 2, 3}), "Boxes, Inc");
  EXPECT_EQ(v.value().find({0x74, 0x1a, 0xe0, 0x90, 0, 0}), "Smaller Ltd");
  EXPECT_EQ(v.value().find({0x74, 0x1a, 0xe0, 0x91, 0x2f, 0}), "Smallest Ltd");
  EXPECT_EQ(v.value().find({0x74, 0x1a, 0xe0, 0x91, 0x3f, 0}), "Makers of Controllers AG");
  EXPECT_EQ(v.value().find({0x74, 0x1a, 0xe0, 0x80, 0, 0}), "")
      << "cut into smaller blocks, this one is nobody's";
  EXPECT_EQ(v.value().find({0x00, 0xd0, 0xef, 0, 0, 0}), "");
  EXPECT_EQ(v.value().find({0x02, 0x1b, 0x1b, 1, 2, 3}), "") << "made up locally";
}

TEST_F(MacVendorsTest, SaysWhichPackageWouldDo) {
  for (const fs::path& path : {folder_, folder_ / "nothing"}) {
    const auto v = MacVendors::load(path);
    ASSERT_FALSE(v);
    EXPECT_NE(v.error().message.find("ieee-data"), std::string::npos);
    EXPECT_NE(v.error().message.find(path.string()), std::string::npos);
  }
}

TEST_F(MacVendorsTest, TakesAnyBytes) {
  std::string noise;
  for (unsigned i = 0; i < 20000; ++i) noise += static_cast<char>((i * 2654435761U) >> 24);
  file("oui.csv", "MA-L,001B1B,A,x\n" + noise + "\"" + noise);
  const auto v = MacVendors::load(folder_ / "oui.csv");
  ASSERT_TRUE(v);
  EXPECT_EQ(v.value().find({0x00, 0x1b, 0x1b, 1, 2, 3}), "A");
}

}  // namespace
}  // namespace picket
