// A copy of a store that is in use, and what becomes of a collector that begins with it.
#include "export/collector/backup.h"

#include <fstream>

#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

namespace fs = std::filesystem;
using Kind = Verdict::Kind;

class BackupTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Store> open(const std::string& path) {
    auto store = Store::open({path});
    EXPECT_TRUE(store) << store.error().message;
    return std::move(store).value();
  }
  test::Folder folder_;
  std::string path_ = folder_.file("store.db"), copy_ = folder_.file("copy.db");
  test::Sensor sensor_{"plant-7", 7, v1::LANE_FLOW};
};

TEST_F(BackupTest, IsWhatTheStoreHeldWhileItGoesOn) {
  auto store = open(path_);
  test::judge_and_store(*store, sensor_.batch(1, 30));
  ASSERT_TRUE(run_backup({path_, copy_}));
  test::judge_and_store(*store, sensor_.batch(31, 30));
  EXPECT_EQ(test::ledger(copy_).at(0).made, test::types(1, 30));
  EXPECT_EQ(test::lines(test::ask({.store = copy_, .json = true})), 30U);
  EXPECT_EQ(test::ledger(path_).at(0).made, test::types(1, 60));
  EXPECT_FALSE(fs::exists(copy_ + ".part"));
}

TEST_F(BackupTest, ReplacesNothingAndLeavesNothing) {
  EXPECT_FALSE(run_backup({path_, copy_})) << "there is no store";
  { open(path_); }
  std::ofstream(copy_) << "yesterday's";
  const Status taken = run_backup({path_, copy_});
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("it exists"), std::string::npos) << taken.error().message;
  EXPECT_EQ(fs::file_size(copy_), 11U);
  const Status nowhere = run_backup({path_, folder_.file("none/copy.db")});
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("none/copy.db"), std::string::npos) << nowhere.error().message;
}

/// Yesterday's copy takes the place of the store: what the sensor keeps no more is missing,
/// exactly, and nothing comes twice.
TEST_F(BackupTest, TheSensorTellsACollectorThatWentBackWhatItLacks) {
  const auto first = sensor_.batch(1, 30);
  {
    auto store = open(path_);
    test::judge_and_store(*store, first);
    ASSERT_TRUE(run_backup({path_, copy_}));
    test::judge_and_store(*store, sensor_.batch(31, 25));
  }
  auto store = open(copy_);
  const auto had = sensor_.acknowledged(55);
  Verdict v = test::judge_and_store(*store, had);
  EXPECT_EQ(v.kind, Kind::kStore);
  EXPECT_NE(v.remark.find("records 31 to 55 were acknowledged and are not here"), std::string::npos)
      << v.remark;
  EXPECT_EQ(test::judge_and_store(*store, had).kind, Kind::kKnown) << "it is told at each connection";
  EXPECT_EQ(test::judge_and_store(*store, sensor_.batch(56, 5)).kind, Kind::kStore);
  EXPECT_EQ(test::judge_and_store(*store, had).kind, Kind::kKnown);
  EXPECT_EQ(test::judge_and_store(*store, first).kind, Kind::kKnown);
  const LedgerRow row = test::ledger(copy_).at(0);
  EXPECT_EQ(row.made, test::types(1, 60));
  EXPECT_EQ(row.missing.at("acknowledged"), test::types(31, 25));
  ASSERT_EQ(row.gaps.size(), 1U);
  EXPECT_EQ(row.gaps[0], (Missing{31, 55, v1::GAP_ACKNOWLEDGED, test::types(31, 25), true}));
}

}  // namespace
}  // namespace picket::collector
