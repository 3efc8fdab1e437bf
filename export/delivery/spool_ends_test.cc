// What is left of a boot when all of it is acknowledged, and what a kill leaves of files that are being made.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "export/delivery/test_support.h"
#include "tests/support/bad_disk.h"

namespace picket::delivery {
namespace {

namespace fs = std::filesystem;
using test::files_of;
using test::Ledger;
using test::Sensor;

/// Killed as the file that it writes has so many bytes.
template <class Work>
void killed_at(rlim_t bytes, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{bytes, bytes};
    ::signal(SIGXFSZ, SIG_DFL);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    work();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << bytes;
}

/// What a collector learns that comes back with yesterday's store, or with none.
TEST(Spool, TellsWhoConnectsWhatWasAcknowledgedOfEachBoot) {
  test::Folder folder;
  DeliveryCounters counters;
  Ledger ledger;
  TypeCounts made;
  for (std::uint64_t boot = 1; boot <= 3; ++boot) {
    Sensor s(folder.path(), counters, {}, boot);
    s.make_many(1000 * boot, 1000 * boot + 200);
    for (const auto& [type, n] : s.made_) made[type] += n;
    drain(s.spool(), ledger);
    s.spool().close(s.file());
  }
  EXPECT_EQ(ledger.delivered(), made);
  EXPECT_EQ(sum(ledger.missing()), 0U);

  Sensor s(folder.path(), counters, {}, 4);
  Ledger nothing;
  drain(s.spool(), nothing);
  EXPECT_EQ(nothing.fault(), "");
  EXPECT_EQ(nothing.missing(), made);
  EXPECT_EQ(nothing.missing(v1::GAP_ACKNOWLEDGED), sum(made));

  s.make_many(5000, 5100);
  drain(s.spool(), nothing);
  for (const auto& [type, n] : s.made_) made[type] += n;
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) s.spool().rewind(0, lane);  // a new connection
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "") << "nothing is told to who was not there for nothing";
  EXPECT_EQ(ledger.all(), made);
  EXPECT_EQ(ledger.missing(), s.made_) << "of the present boot, too";
  EXPECT_EQ(ledger.duplicates(), 0U);
}

TEST(Spool, NoRecordWaitsForTheEndsOfEarlierBoots) {
  test::Folder folder;
  DeliveryCounters counters;
  Ledger ledger;
  {
    Sensor s(folder.path(), counters, {}, 1);
    s.make_many(1, 100);
    drain(s.spool(), ledger);
    s.spool().close(s.file());
  }
  Sensor s(folder.path(), counters, {}, 2);
  s.make_many(200, 300);
  const std::size_t lane = lane_of(test::kFlow);
  std::uint64_t told = 0, records = 0;
  while (const auto frame = s.spool().next(0, lane)) {
    EXPECT_EQ(frame->batch.boot() == 1, frame->batch.has_gap());
    EXPECT_TRUE(frame->batch.has_gap() || told == 0) << "a record behind the end of another boot";
    ++(frame->batch.has_gap() ? told : records);
    s.spool().acknowledge(0, frame->batch.boot(), lane, frame->last());
  }
  EXPECT_EQ(told, 1U);
  EXPECT_GT(records, 0U);
}

TEST(Spool, RemembersTheEndsOfTheLastBootsOnly) {
  test::Folder folder;
  DeliveryCounters counters;
  for (std::uint64_t boot = 1; boot <= Spool::kEndedBoots + 3; ++boot) {
    Sensor s(folder.path(), counters, {}, boot);
    s.make(boot, test::kFlow);
    s.flush();
    Ledger ledger;
    drain(s.spool(), ledger);
    s.spool().close(s.file());
  }
  Sensor s(folder.path(), counters, {}, 1000);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.missing(v1::GAP_ACKNOWLEDGED), Spool::kEndedBoots);
  EXPECT_EQ(ledger.through(3, v1::LANE_FLOW), 0U) << "the oldest go first";
  EXPECT_EQ(ledger.through(4, v1::LANE_FLOW), 1U);
  EXPECT_EQ(files_of(folder.path(), ".boot").size(), Spool::kEndedBoots + 1);
}

TEST(Spool, WhoRefusesToHearItIsNotToldAgain) {
  DeliveryCounters counters;
  Sensor s("", counters);
  s.make_many(1, 100);
  Ledger ledger;
  drain(s.spool(), ledger);
  const std::size_t lane = lane_of(test::kFlow);
  s.spool().rewind(0, lane);
  const auto told = s.spool().next(0, lane);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->batch.gap().reason(), v1::GAP_ACKNOWLEDGED);
  s.spool().refuse(0, *told, "it stands elsewhere");
  s.spool().rewind(0, lane);
  EXPECT_FALSE(s.spool().next(0, lane)) << "a lane waits for no such thing";
  EXPECT_EQ(counters.missing[v1::GAP_REFUSED], 0U);
}

/// A sensor that was killed with records in hand, and what these are.
TypeCounts killed_with_records_in_hand(const std::string& folder, DeliveryCounters& counters) {
  JournalLimits limits = Sensor::small();
  limits.max_batch_records = 1000;
  Sensor s(folder, counters, {}, 1, limits);
  for (std::uint64_t n = 1; n <= 200; ++n) s.make(n, test::kind_of(n));
  return s.made_;
}

TEST(Spool, WhatWasInHandStaysInItsFileUntilTheDiskTakesIt) {
  test::Folder folder;
  DeliveryCounters counters;
  const TypeCounts made = killed_with_records_in_hand(folder.path(), counters);
  for (std::uint64_t boot = 2; boot <= 3; ++boot) {  // which are killed, too
    const test::FullDisk full;
    Sensor s(folder.path(), counters, {}, boot);
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) EXPECT_FALSE(s.spool().next(0, lane));
    EXPECT_FALSE(s.spool().keep_only("plant-8")) << "they are owed";
  }
  Ledger ledger;
  Sensor s(folder.path(), counters, {}, 4);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), made);
}

TEST(Spool, ASensorThatBeganOnAFullDiskGoesToTheDiskWhenItHasRoom) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.disk_retry = std::chrono::milliseconds(0);
  TypeCounts made = killed_with_records_in_hand(folder.path(), counters);
  {
    std::unique_ptr<Sensor> s;
    {
      const test::FullDisk full;
      s = std::make_unique<Sensor>(folder.path(), counters, o, 2);
      EXPECT_TRUE(s->file().in_memory());
      EXPECT_FALSE(s->spool().place(s->file()));
      s->make_many(1001, 1100);
      s->spool().tick();
      EXPECT_EQ(s->spool().ended().size(), 1U);
      EXPECT_EQ(recover(s->spool(), *s->spool().ended().at(0), true), 0U);
    }
    for (std::uint64_t n = 1101; n <= 1115; ++n) s->make(n, test::kind_of(n));  // in hand while it moves
    EXPECT_TRUE(s->spool().place(s->file()));
    EXPECT_FALSE(s->file().in_memory());
    for (std::uint64_t n = 1116; n <= 1125; ++n) s->make(n, test::kind_of(n));
    EXPECT_EQ(recover(s->spool(), *s->spool().ended().at(0), true), 200U);
    EXPECT_TRUE(s->spool().ended().empty());
    s->spool().tick();
    EXPECT_EQ(counters.memory_bytes, 0U);
    for (const auto& [type, n] : s->made_) made[type] += n;
  }  // killed
  Ledger ledger;
  Sensor s(folder.path(), counters, o, 3);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_EQ(ledger.delivered(), made);
}

TEST(Spool, ABootThatEndsInOrderFindsRoomWithoutItsSegments) {
  test::Folder folder;
  DeliveryCounters counters;
  const test::FullDisk nearly(256 << 10);
  {
    Sensor s(folder.path(), counters);
    EXPECT_TRUE(s.file().in_memory());
    s.make_many(1, 100);
    s.spool().close(s.file());
  }
  EXPECT_EQ(files_of(folder.path(), ".boot").size(), 1U);
}

/// What an earlier process had in hand has lain on the disk for long; its batches have not.
TEST(Spool, WhatWasInHandGoesWhenItsBatchesAreSynced) {
  test::Folder folder;
  DeliveryCounters counters;
  const TypeCounts made = killed_with_records_in_hand(folder.path(), counters);
  const std::string boot = files_of(folder.path(), ".boot").at(0);
  fs::copy(boot, folder.file("before"));
  {
    SpoolOptions o;
    o.folder = folder.path();
    const auto spool = std::move(Spool::open(o, counters)).value();
    EXPECT_EQ(recover(*spool, *spool->ended().at(0), true), 200U);
  }
  const auto batches = files_of(folder.path(), ".batches");
  EXPECT_EQ(batches.size(), kLaneCount);
  for (const std::string& file : batches) EXPECT_TRUE(picket::test::was_synced(file)) << file;
  // Where the disk lied, they are missing, and that is told.
  for (const std::string& file : batches) fs::remove(file);
  const auto size = fs::file_size(boot);
  fs::copy(folder.file("before"), boot, fs::copy_options::overwrite_existing);
  fs::resize_file(boot, size);
  Ledger ledger;
  Sensor s(folder.path(), counters, {}, 2);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.missing(), made);
  EXPECT_TRUE(s.spool().ended().empty());
}

/// A loss of power leaves the pages of a boot's file as they were at different moments.
TEST(Spool, OfTwoCountsThatDisagreeTheLaterOneIsTold) {
  test::Folder folder;
  DeliveryCounters counters;
  const std::size_t lane = lane_of(test::kFlow);
  for (const bool total_is_late : {true, false}) {
    fs::remove_all(folder.file("spool"));
    JournalLimits limits = Sensor::small();
    limits.max_batch_records = 1000;
    {
      Sensor s(folder.file("spool"), counters, {}, 1, limits);
      for (std::uint64_t n = 1; n <= 30; ++n) s.make(n, test::kFlow);
      s.flush();
      for (std::uint64_t n = 31; n <= 50; ++n) s.make(n, test::kFlow);
    }
    {
      const auto boot = std::move(BootFile::load(files_of(folder.file("spool"), ".boot").at(0))).value();
      for (std::uint32_t i = 0; i < boot->segments(); ++i) boot->segment(i).owner = 0;
      total_is_late ? boot->made(lane)[test::kFlow] = 40 : boot->total(lane) = 40;
    }
    Ledger ledger;
    Sensor s(folder.file("spool"), counters, {}, 2);
    drain(s.spool(), ledger);
    EXPECT_EQ(ledger.fault(), "");
    EXPECT_EQ(ledger.through(1, v1::LANE_FLOW), 50U);
    EXPECT_EQ(ledger.missing()["flow"], total_is_late ? 10U : 20U);
    EXPECT_EQ(ledger.unknown(), total_is_late ? 10U : 0U);
  }
}

TEST(Spool, ADamagedHeaderTakesNothingThatWasInHand) {
  for (const std::uint64_t page : {0, 4096}) {
    for (const bool readable : {true, false}) {
      SCOPED_TRACE(page);
      test::Folder folder;
      DeliveryCounters counters;
      const TypeCounts made = killed_with_records_in_hand(folder.path(), counters);
      const std::string boot = files_of(folder.path(), ".boot").at(0);
      std::optional<picket::test::BadSectors> bad;
      readable ? test::damage(boot, page, 4096) : void(bad.emplace(boot, page, 4096));
      Ledger ledger;
      Sensor s(folder.path(), counters, {}, 2);
      drain(s.spool(), ledger);
      EXPECT_EQ(ledger.fault(), "");
      EXPECT_EQ(ledger.delivered(), made);
      if (bad) {
        EXPECT_LE(picket::test::BadSectors::tries(), 4U);
      }
    }
  }
}

/// More than a gap can count, in parts that each are possible and together right.
TEST(ChainPoint, AWayInPartsCountsByTypeWhatTheWholeWayDoes) {
  const ChainPoint from{10, {}, {{"alert", 4}, {"flow", 6}}},
      to{47, {1}, {{"alert", 5}, {"dns", 11}, {"flow", 31}}};
  EXPECT_EQ(part_of_way(from, to, 37), to);
  ChainPoint at = from;
  TypeCounts sums;
  for (int parts = 0; at.through < to.through; ++parts) {
    ASSERT_LT(parts, 4);
    const ChainPoint next = part_of_way(at, to, 10);
    const TypeCounts types = minus(next.made, at.made);
    EXPECT_EQ(sum(types), next.through - at.through);
    for (const auto& [type, n] : types) sums[type] += n;
    at = next;
  }
  EXPECT_EQ(at, to);
  EXPECT_EQ(sums, minus(to.made, from.made));
}

TEST(Spool, AKillWhileItsFilesAreMadeDamagesNothing) {
  test::Folder folder;
  killed_at(1000, [&] {
    (void)BootFile::create({.path = folder.file("0000000000000001.boot"), .sensor = "plant-7", .boot = 1});
  });
  for (const rlim_t bytes : {1, 20})
    killed_at(bytes, [&] {
      (void)SpoolFile::create(folder.file("0000000000000001-3-00000000000000000001.batches"), {},
                              ChainPoint{});
    });
  DeliveryCounters counters;
  Sensor s(folder.path(), counters);  // of the same boot
  s.make_many(1, 20);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), s.made_);
  for (const auto& e : fs::directory_iterator(folder.path())) {
    EXPECT_EQ(e.path().string().find("damaged"), std::string::npos) << e.path();
    EXPECT_NE(e.path().extension(), ".new") << e.path();
  }
}

}  // namespace
}  // namespace picket::delivery
