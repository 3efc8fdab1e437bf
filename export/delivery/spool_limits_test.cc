// What has no room: given up by policy, or bridged in memory, and accounted for to the record.
#include "export/delivery/spool.h"

#include "export/delivery/test_support.h"
#include "tests/support/bad_disk.h"
#include "tests/support/log.h"

namespace picket::delivery {
namespace {

namespace fs = std::filesystem;
using test::files_of;
using test::FullDisk;
using test::Ledger;
using test::Sensor;

TEST(Spool, WhenFullTheLeastUrgentGoesFirstAndIsCountedByType) {
  for (const bool on_disk : {false, true}) {
    test::Folder folder;
    DeliveryCounters counters;
    SpoolOptions o;
    o.max_bytes = o.max_memory_bytes = 600 << 10;
    Sensor s(on_disk ? folder.path() : "", counters, o);
    s.make_many(1, 6000, 100);
    EXPECT_LT(counters.spool_bytes, (600U << 10) + (32U << 10));
    Ledger ledger;
    drain(s.spool(), ledger);
    EXPECT_EQ(ledger.fault(), "");
    EXPECT_EQ(ledger.unknown(), 0U);
    EXPECT_EQ(ledger.all(), s.made_);
    EXPECT_EQ(ledger.missing()["alert"], 0U);
    EXPECT_GT(ledger.missing()["stats"], ledger.all()["stats"] / 2) << "all that was there went first";
    EXPECT_GT(ledger.missing()["flow"], 0U);
    EXPECT_LT(ledger.missing()["flow"], ledger.all()["flow"]);
    EXPECT_EQ(ledger.missing()["arp"], 0U) << "flows were enough";
    EXPECT_LE(ledger.gaps(), 3U) << "gaps side by side are one";
    EXPECT_EQ(ledger.missing(v1::GAP_SPOOL_FULL), sum(ledger.missing()));
    EXPECT_EQ(counters.missing[v1::GAP_SPOOL_FULL], sum(ledger.missing()));
    EXPECT_EQ(s.lost_, sum(ledger.missing()));
    EXPECT_EQ(s.delivered_ + s.lost_, 6000U);
  }
}

TEST(Spool, AlertsGoLast) {
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_memory_bytes = 64 << 10;
  Sensor s("", counters, o);
  const picket::test::Log log;
  for (std::uint64_t n = 1; n <= 2000; ++n) {
    s.make(n, n % 2 == 0 ? test::kAlert : test::kAnomaly, 100);
    s.seal();
  }
  s.flush();
  s.spool().tick();
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_GT(ledger.missing()["alert"], 0U);
  EXPECT_GE(ledger.missing()["anomaly"], 990U);
  const std::string words = std::to_string(sum(ledger.missing())) + " records were given up";
  EXPECT_NE(log.text().find(words), std::string::npos) << log.text();
}

TEST(Spool, WhatMayBeAtTheCollectorStaysAndItsGapsAreOfWholeBatches) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 64 << 10;
  Ledger ledger;
  TypeCounts made;
  for (std::uint64_t boot = 1; boot <= 3; ++boot) {  // what an earlier process sent, too
    Sensor s(folder.path(), counters, o, boot);
    for (int i = 0; i < 30; ++i) {
      s.make_many(boot * 100'000 + i * 100U, boot * 100'000 + i * 100U + 99, 100);
      for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
        const auto frame = s.spool().next(0, lane);
        if (frame) ledger.take(frame->batch);  // and its acknowledgement is lost
      }
      if (i % 7 == 0) {
        for (std::size_t lane = 0; lane < kLaneCount; ++lane) s.spool().rewind(0, lane);
      }
    }
    for (const auto& [type, n] : s.made_) made[type] += n;
    if (boot == 3) {
      for (std::size_t lane = 0; lane < kLaneCount; ++lane) s.spool().rewind(0, lane);
      drain(s.spool(), ledger);
    }
  }
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_GT(sum(ledger.missing()), 0U);
}

/// Each gets all, and one of them is away: what is given up for it is no damage to the other.
TEST(Spool, WhatIsGivenUpForOnePlaceIsNoDamageToAnother) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 128 << 10;
  o.places = {"there", "away"};
  Sensor s(folder.path(), counters, o);
  Ledger there, away;
  for (std::uint64_t i = 0; i < 40; ++i) {
    s.make_many(i * 50 + 1, i * 50 + 50, 100);
    if (i % 3 == 0) drain(s.spool(), there, 0);
  }
  drain(s.spool(), there, 0);
  drain(s.spool(), away, 1);
  EXPECT_EQ(there.fault(), "");
  EXPECT_EQ(away.fault(), "");
  EXPECT_EQ(there.all(), s.made_);
  EXPECT_EQ(away.all(), s.made_);
  EXPECT_GT(away.missing(v1::GAP_SPOOL_FULL), 0U);
  EXPECT_EQ(there.missing(v1::GAP_SPOOL_DAMAGED), 0U);
  EXPECT_EQ(counters.missing[v1::GAP_SPOOL_DAMAGED], 0U);
}

TEST(Spool, FilesThatAreFullAreSyncedLikeTheLast) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;  // files of 16 KiB
  o.disk_retry = std::chrono::milliseconds(0);
  o.folder = folder.path();
  auto opened = Spool::open(o, counters);
  ASSERT_TRUE(opened);
  Spool& spool = *opened.value();
  BootFile& boot = *spool.begin({.path = "", .sensor = "plant-7", .boot = 1}, {}).value();
  const std::size_t lane = lane_of(test::kFlow);
  ChainWriter writer(spool, boot, lane, false);
  const auto seal_many = [&] {
    for (std::uint64_t n = 1; n <= 100; ++n) {
      std::string records;
      append_delimited(as_bytes(test::record(n, test::kFlow, 1000)), records);
      writer.seal(1, {{"flow", 1}}, as_bytes(records));
    }
  };
  seal_many();
  {
    const FullDisk full;
    seal_many();
  }
  seal_many();
  spool.tick();
  const auto files = files_of(folder.path(), ".batches");
  EXPECT_GE(files.size(), 18U);
  for (const std::string& file : files) EXPECT_TRUE(picket::test::was_synced(file)) << file;
}

TEST(Spool, WhatIsTooOldGoesWhateverItsLane) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_age = std::chrono::hours(24);
  o.max_bytes = 1 << 20;
  TypeCounts made;
  {
    Sensor s(folder.path(), counters, o, 1);
    s.make_many(1, 400);
    made = s.made_;
  }
  for (const std::string& f : files_of(folder.path(), ".batches"))
    fs::last_write_time(f, fs::file_time_type::clock::now() - std::chrono::hours(25));
  Sensor s(folder.path(), counters, o, 2);
  s.spool().tick();
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.missing(), made);
}

TEST(Spool, AFullDiskIsBridgedInMemory) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;
  o.max_memory_bytes = 256 << 10;
  o.disk_retry = std::chrono::milliseconds(0);
  Ledger ledger;
  TypeCounts made;
  {
    Sensor s(folder.path(), counters, o);
    s.make_many(1, 300);
    {
      const FullDisk full;
      s.make_many(301, 600);
      EXPECT_GT(counters.memory_bytes, 0U);
      EXPECT_GT(counters.write_errors, 0U);
      s.spool().tick();
      EXPECT_GT(counters.memory_bytes, 0U) << "still full";
    }
    s.spool().tick();
    EXPECT_EQ(counters.memory_bytes, 0U) << "moved to the disk";
    s.make_many(601, 900);
    EXPECT_EQ(counters.memory_bytes, 0U);
    EXPECT_EQ(s.delivered_, 300U) << "told when they were safe after all";
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) EXPECT_EQ(s.file().unwritten_from(lane), 0U);
    made = s.made_;
  }
  Sensor s(folder.path(), counters, o, 2);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), made);
}

TEST(Spool, AFileThatIsInTheWayDoesNotKeepBatchesInMemory) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.disk_retry = std::chrono::milliseconds(0);
  Sensor s(folder.path(), counters, o);
  {
    const FullDisk full;
    s.make_many(1, 300);
  }
  std::ofstream(folder.file("0000000000000001-3-00000000000000000001.batches")) << "of nobody";
  s.spool().tick();
  EXPECT_EQ(counters.memory_bytes, 0U);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), s.made_);
}

TEST(Spool, AFullDiskTakesBoundedMemoryAndWhatGoesIsCounted) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_memory_bytes = 128 << 10;
  o.disk_retry = std::chrono::milliseconds(0);
  Sensor s(folder.path(), counters, o);
  s.make_many(1, 300);
  {
    const FullDisk full;
    s.make_many(301, 4000, 100);
    EXPECT_LE(counters.memory_bytes, 160U << 10);
    EXPECT_FALSE(s.spool().has_room(64 << 10)) << "neither disk nor memory has any";
  }
  s.make_many(4001, 4100);
  s.spool().tick();
  EXPECT_TRUE(s.spool().has_room(64 << 10));
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_GT(ledger.missing(v1::GAP_SPOOL_FULL), 0U);
  EXPECT_EQ(ledger.missing()["alert"], 0U);
}

TEST(Spool, BatchesInMemoryThatEndWithTheProcessAreAGap) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.disk_retry = std::chrono::milliseconds(0);
  TypeCounts made;
  {
    Sensor s(folder.path(), counters, o);
    s.make_many(1, 300);
    const FullDisk full;
    s.make_many(301, 600);
    made = s.made_;
  }
  Ledger ledger;
  Sensor s(folder.path(), counters, o, 2);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_EQ(ledger.missing(v1::GAP_SENSOR_ENDED), 300U) << "nothing of it was ever on the disk";
  EXPECT_EQ(counters.missing[v1::GAP_SPOOL_DAMAGED], 0U);
}

}  // namespace
}  // namespace picket::delivery
