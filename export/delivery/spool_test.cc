// What is owed: kept, refused, found damaged, and accounted for to the record.
#include "export/delivery/spool.h"

#include <fstream>

#include "export/clock.h"
#include "export/delivery/test_support.h"
#include "tests/support/bad_disk.h"
#include "tests/support/failing_readdir.h"

namespace picket::delivery {
namespace {

namespace fs = std::filesystem;
using test::files_of;
using test::Ledger;
using test::Sensor;

TEST(Spool, GivesEverythingOnceInOrderOfEachLane) {
  DeliveryCounters counters;
  Sensor s("", counters);
  s.make_many(1, 500);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), s.made_);
  EXPECT_EQ(ledger.gaps() + ledger.duplicates(), 0U);
  EXPECT_TRUE(s.spool().empty());
  EXPECT_EQ(s.delivered_, 500U);
  EXPECT_EQ(counters.lanes[0].acknowledged, ledger.delivered()["alert"]);
  EXPECT_EQ(counters.lanes[2].owed, 0U);
}

TEST(Spool, WhatWasNotAcknowledgedGoesAgain) {
  DeliveryCounters counters;
  Sensor s("", counters);
  s.make_many(1, 100);
  Ledger ledger;
  const std::size_t lane = lane_of(test::kFlow);
  const auto first = s.spool().next(0, lane), second = s.spool().next(0, lane);
  ASSERT_TRUE(second);
  s.spool().acknowledge(0, 1, lane, first->last());
  s.spool().acknowledge(0, 1, lane, 1'000'000);  // of what was never sent, nothing is taken as there
  s.spool().rewind(0, lane);
  ledger.take(first->batch);
  ledger.take(second->batch);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), s.made_);
}

TEST(Spool, IsThereAfterARestartTheOlderBootFirst) {
  test::Folder folder;
  DeliveryCounters counters;
  TypeCounts made;
  Ledger ledger;
  {
    Sensor s(folder.path(), counters, {}, 1);
    s.make_many(1, 300);
    made = s.made_;
    const auto frame = s.spool().next(0, 2);
    ledger.take(frame->batch);
    s.spool().acknowledge(0, 1, 2, frame->last());
  }
  Sensor s(folder.path(), counters, {}, 2);
  s.make_many(1000, 1100);
  for (const auto& [type, n] : s.made_) made[type] += n;
  std::vector<std::uint64_t> boots;
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    while (const auto frame = s.spool().next(0, lane)) {
      ledger.take(frame->batch);
      if (lane == 2) boots.push_back(frame->batch.boot());
      s.spool().acknowledge(0, frame->batch.boot(), lane, frame->last());
    }
  }
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_EQ(ledger.duplicates(), 0U) << "what was acknowledged does not go again";
  EXPECT_TRUE(std::is_sorted(boots.begin(), boots.end()));
  s.spool().close(s.file());
  EXPECT_EQ(files_of(folder.path(), ".boot").size(), 2U) << "what is left of them is where they ended";
  EXPECT_TRUE(files_of(folder.path(), ".batches").empty());
}

TEST(Spool, NothingLeavesBeforeItIsSafeWhereThatIsAskedFor) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.fsync = Fsync::kAlways;
  Sensor s(folder.path(), counters, o);
  s.make_many(1, 100);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.delivered(), s.made_);
}

TEST(Spool, AFolderIsForOneSensor) {
  test::Folder folder;
  DeliveryCounters counters;
  Sensor s(folder.path(), counters);
  SpoolOptions o;
  o.folder = folder.path();
  const auto second = Spool::open(o, counters);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("in use"), std::string::npos);
}

TEST(Spool, AFolderThatCannotBeListedIsNotStartedWith) {
  test::Folder folder;
  DeliveryCounters counters;
  { const Sensor before(folder.path(), counters); }
  SpoolOptions o;
  o.folder = folder.path();
  {
    const picket::test::FailingReaddir failing(o.folder);
    const auto spool = Spool::open(o, counters);
    ASSERT_FALSE(spool);
    EXPECT_NE(spool.error().message.find(o.folder), std::string::npos) << spool.error().message;
  }
  EXPECT_TRUE(Spool::open(o, counters)) << "nothing of it was touched";
}

TEST(Spool, EachPlaceHasAPositionOfItsOwn) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.places = {"a:1", "b:2"};
  Ledger a, b;
  TypeCounts made;
  {
    Sensor s(folder.path(), counters, o, 1);
    s.make_many(1, 300);
    drain(s.spool(), a, 0);
    EXPECT_EQ(a.all(), s.made_);
    EXPECT_EQ(s.delivered_, 0U) << "b has nothing yet";
    made = s.made_;
  }
  Sensor s(folder.path(), counters, o, 2);
  drain(s.spool(), a, 0);
  EXPECT_EQ(a.duplicates(), 0U) << "what it has is known after a restart";
  EXPECT_FALSE(s.spool().empty());
  drain(s.spool(), b, 1);
  EXPECT_EQ(b.fault(), "");
  EXPECT_EQ(b.all(), made);
  EXPECT_TRUE(s.spool().empty());
}

TEST(Spool, ARefusedBatchIsAGapThatIsExactAndTheOthersGoOn) {
  test::Folder folder;
  DeliveryCounters counters;
  Sensor s(folder.path(), counters);
  s.make_many(1, 200);
  const std::size_t lane = lane_of(test::kFlow);
  s.spool().next(0, lane);
  const auto bad = s.spool().next(0, lane);
  ASSERT_TRUE(bad);
  s.spool().refuse(0, *bad, "poison");
  s.spool().rewind(0, lane);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_EQ(ledger.missing(v1::GAP_REFUSED), bad->batch.count());
  ASSERT_EQ(files_of(folder.file("refused"), ".batch").size(), 1U);
  std::ifstream kept(files_of(folder.file("refused"), ".batch")[0], std::ios::binary);
  v1::Batch batch;
  ASSERT_TRUE(batch.ParseFromIstream(&kept));
  EXPECT_TRUE(open_batch(batch, {}));
  EXPECT_EQ(batch.hash(), bad->batch.hash());
}

TEST(Spool, RefusedBatchesAreKeptAsFarAsThereIsRoom) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions options;
  options.max_refused_bytes = 3000;
  Sensor s(folder.path(), counters, options);
  s.make_many(1, 400);
  const std::size_t lane = lane_of(test::kFlow);
  while (const auto frame = s.spool().next(0, lane)) s.spool().refuse(0, *frame, "poison");
  EXPECT_GT(counters.refused_batches, 10U);
  EXPECT_GT(counters.removed_refused, 0U);
  std::uint64_t bytes = 0, files = 0;
  for (const auto& e : fs::directory_iterator(folder.file("refused"))) bytes += e.file_size(), ++files;
  EXPECT_GT(bytes, 0U);
  EXPECT_LE(bytes, 3000U);
  EXPECT_EQ(files + counters.removed_refused, 2 * counters.refused_batches) << "each is there, or counted";
}

TEST(Spool, BootsThatAreDeliveredLeaveNoBatchBehind) {
  test::Folder folder;
  DeliveryCounters counters;
  for (std::uint64_t boot = 1; boot <= 6;
       ++boot) {  // every second one ends with records in hand, as by kill -9
    Sensor s(folder.path(), counters, {}, boot);
    s.make_many(boot * 1000, boot * 1000 + 40);
    if (boot % 2 == 0) {
      ASSERT_TRUE(s.make(boot * 1000 + 41, test::kFlow));
    }
    Ledger ledger;
    drain(s.spool(), ledger);
    if (boot % 2 != 0) s.spool().close(s.file());
  }
  DeliveryCounters last_counters;
  Sensor last(folder.path(), last_counters, {}, 7);
  Ledger ledger;
  drain(last.spool(), ledger);
  last.spool().close(last.file());
  EXPECT_TRUE(files_of(folder.path(), ".batches").empty());
}

/// Each page of each file, one after the other, is not what was written: nothing of it is believed, nothing else is
/// lost, and what is missing is known to the record.
TEST(Spool, EachPageThatIsDamagedIsAnExactGap) {
  constexpr std::size_t kPage = 4096;
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;  // files of 16 KiB, and room for all
  TypeCounts made;
  Ledger before;
  JournalLimits limits = Sensor::small();
  limits.segments = 6;
  {
    Sensor s(folder.file("spool"), counters, o, 1, limits);
    s.make_many(1, 1500);
    for (int i = 0; i < 5; ++i) {
      const auto frame = s.spool().next(0, 2);
      before.take(frame->batch);
      s.spool().acknowledge(0, 1, 2, frame->last());
    }
    made = s.made_;
  }
  std::vector<std::string> files = files_of(folder.file("spool"), ".batches");
  const std::size_t batches = files.size();
  ASSERT_GE(batches, 6U);
  for (const std::string& f : files_of(folder.file("spool"), ".boot")) files.push_back(f);
  unsigned pages = 0;
  for (const std::string& file : files) {
    const std::string name = fs::path(file).filename();
    const bool is_boot = fs::path(file).extension() == ".boot";
    const std::size_t size = is_boot ? 96 << 10 : fs::file_size(file);  // behind it: segments, which are free
    for (std::size_t at = 0; at < size; at += kPage) {
      for (const bool zero : {false, true}) {
        SCOPED_TRACE(name + " at " + std::to_string(at));
        fs::remove_all(folder.file("copy"));
        fs::copy(folder.file("spool"), folder.file("copy"), fs::copy_options::recursive);
        test::damage(folder.file("copy") + "/" + name, at, kPage, zero);
        ++pages;
        Ledger ledger = before;
        Sensor s(folder.file("copy"), counters, o, 2, limits);
        drain(s.spool(), ledger);
        ASSERT_EQ(ledger.fault(), "");
        ASSERT_EQ(ledger.all(), made);
        ASSERT_TRUE(s.spool().empty());
        ASSERT_EQ(ledger.missing(v1::GAP_SPOOL_FULL), 0U);
        ASSERT_LE(sum(ledger.missing()), is_boot ? 0U : 100U)
            << "a page takes no more than what stands in it";
      }
    }
  }
  EXPECT_GT(pages, 80U);
}

TEST(Spool, AFileThatIsGoneIsAnExactGap) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;
  TypeCounts made;
  {
    Sensor s(folder.file("spool"), counters, o);
    s.make_many(1, 1500);
    made = s.made_;
  }
  for (const std::string& file : files_of(folder.file("spool"), ".batches")) {
    fs::remove_all(folder.file("copy"));
    fs::copy(folder.file("spool"), folder.file("copy"), fs::copy_options::recursive);
    fs::remove(folder.file("copy") + "/" + std::string(fs::path(file).filename()));
    Ledger ledger;
    Sensor s(folder.file("copy"), counters, o, 2);
    drain(s.spool(), ledger);
    ASSERT_EQ(ledger.fault(), "") << file;
    ASSERT_EQ(ledger.all(), made) << file;
    ASSERT_GT(ledger.missing(v1::GAP_SPOOL_DAMAGED), 0U);
  }
}

TEST(Spool, AFileThatGoesWhileItWorksIsAnExactGap) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;
  Sensor s(folder.path(), counters, o);
  s.make_many(1, 3000);
  const auto files = files_of(folder.path(), ".batches");
  ASSERT_GT(files.size(), 5U);
  fs::remove(files.at(1));
  fs::remove(files.back());
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_GT(ledger.missing(v1::GAP_SPOOL_DAMAGED), 0U);
}

std::uint64_t put_aside(const std::string& folder) {
  std::uint64_t n = 0;
  for (const auto& e : fs::directory_iterator(folder))
    n += e.path().string().find("damaged") != std::string::npos;
  return n;
}

TEST(Spool, HoldsMoreFilesThanThereAreDescriptors) {
  test::Folder folder;
  DeliveryCounters counters;
  TypeCounts made;
  Ledger ledger;
  const test::FewDescriptors few(64);
  for (std::uint64_t boot = 1; boot <= 30; ++boot) {
    Sensor s(folder.path(), counters, {}, boot);
    s.make_many(boot * 1000, boot * 1000 + 120);
    for (const auto& [type, n] : s.made_) made[type] += n;
  }
  EXPECT_GE(files_of(folder.path(), ".batches").size(), 120U);
  Sensor s(folder.path(), counters, {}, 31);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), made);
  EXPECT_EQ(put_aside(folder.path()), 0U);
  EXPECT_EQ(counters.write_errors, 0U);
}

TEST(Spool, WritesMoreFilesThanThereAreDescriptors) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;  // files of 16 KiB
  const test::FewDescriptors few(40);
  Sensor s(folder.path(), counters, o);
  s.make_many(1, 6000, 100);
  EXPECT_GT(files_of(folder.path(), ".batches").size(), 40U);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_EQ(counters.write_errors, 0U);
}

TEST(Spool, WhatCannotBeOpenedNowIsReadLater) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  o.max_bytes = 1 << 20;
  Sensor s(folder.path(), counters, o);
  s.make_many(1, 1000, 100);
  {
    const test::FewDescriptors none(0);
    EXPECT_FALSE(s.spool().next(0, lane_of(test::kFlow)));
  }
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), s.made_);
}

TEST(Spool, WhatCannotBeOpenedAtTheStartIsNotTakenForDamaged) {
  test::Folder folder;
  DeliveryCounters counters;
  SpoolOptions o;
  TypeCounts made;
  {
    Sensor s(folder.file("spool"), counters, o);
    s.make_many(1, 100);
    made = s.made_;
  }
  o.folder = folder.file("spool");
  for (const std::string extension : {".batches", ".boot"}) {
    const std::string file = files_of(o.folder, extension).front();
    fs::rename(file, folder.file("away"));
    fs::create_symlink(file, file);  // opening it is an error
    const auto refused = Spool::open(o, counters);
    ASSERT_FALSE(refused) << extension;
    EXPECT_NE(refused.error().message.find("'" + file + "': Too many levels of symbolic links"),
              std::string::npos)
        << refused.error().message;
    EXPECT_EQ(put_aside(o.folder), 0U);
    fs::rename(folder.file("away"), file);
  }
  Ledger ledger;
  Sensor s(o.folder, counters, {}, 2);
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), made);
}

/// Not that of what was written last, though it stands in the same file; and with nobody there to take it.
TEST(Spool, TellsSinceWhenTheOldestBatchIsOwed) {
  test::Folder folder;
  DeliveryCounters counters;
  Sensor s(folder.path(), counters);
  const std::size_t lane = lane_of(test::kFlow);
  const auto oldest = [&] { return counters.lanes[lane].oldest_sealed_at.load(); };
  const auto seal_one = [&](std::uint64_t n) {
    s.make(n, test::kFlow);
    s.flush();
    return now_ns();
  };
  const std::uint64_t begin = now_ns(), first_sealed = seal_one(1);
  for (std::uint64_t n = 2; n <= 4; ++n) seal_one(n);
  EXPECT_GE(oldest(), begin);
  EXPECT_LE(oldest(), first_sealed);
  for (int sent = 1; sent <= 2; ++sent) ASSERT_TRUE(s.spool().next(0, lane));
  s.spool().acknowledge(0, 1, lane, 1);
  EXPECT_GT(oldest(), first_sealed) << "the second is under way";
  s.spool().acknowledge(0, 1, lane, 2);
  const std::uint64_t second = oldest(), fifth_sealed = seal_one(5);
  EXPECT_EQ(oldest(), second) << "no later than the third";
  while (s.spool().next(0, lane)) {
  }
  s.spool().acknowledge(0, 1, lane, 5);
  EXPECT_EQ(oldest(), 0U) << "nothing is owed";
  seal_one(6);
  EXPECT_GT(oldest(), fifth_sealed);
}

/// Of the mixture, that of flows.
std::string largest_batches(const std::string& folder) {
  const auto files = files_of(folder, ".batches");
  return *std::max_element(files.begin(), files.end(), [](const std::string& a, const std::string& b) {
    return fs::file_size(a) < fs::file_size(b);
  });
}

/// Sectors of which the disk gives nothing back are damage like any other: no reason not to start.
TEST(Spool, WhatTheDiskDoesNotGiveBackIsAnExactGap) {
  test::Folder folder;
  DeliveryCounters counters;
  TypeCounts made;
  {
    Sensor s(folder.path(), counters, {}, 1);
    s.make_many(1, 200);
    made = s.made_;
  }
  const std::string flows = largest_batches(folder.path());
  const picket::test::BadSectors bad(flows, 0, fs::file_size(flows));
  Sensor s(folder.path(), counters, {}, 2);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_EQ(ledger.missing(), (TypeCounts{{"flow", made["flow"]}}));
  EXPECT_EQ(put_aside(folder.path()), 1U);
}

/// Each try to read a bad sector may take seconds, in which the spool's lock is held.
TEST(Spool, ABadPageIsTriedAFewTimesAndCostsWhatStandsInIt) {
  test::Folder folder;
  DeliveryCounters counters;
  TypeCounts made;
  {
    Sensor s(folder.path(), counters, {}, 1);
    s.make_many(1, 3000, 100);
    made = s.made_;
  }
  const std::string flows = largest_batches(folder.path());
  ASSERT_GT(fs::file_size(flows), 100'000U);
  const picket::test::BadSectors bad(flows, 81'920, 4096);
  Sensor s(folder.path(), counters, {}, 2);
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_GT(sum(ledger.missing()), 0U);
  EXPECT_LE(sum(ledger.missing()), 60U);
  EXPECT_LE(picket::test::BadSectors::tries(), 12U);
}

/// What stands in the file of a boot's flows: frames, as whole as any.
std::string frames_of(std::uint64_t boot) {
  test::Folder folder;
  DeliveryCounters counters;
  Sensor s(folder.path(), counters, {}, boot);
  for (std::uint64_t n = 900; n < 950; ++n) s.make(n, test::kFlow), s.seal();
  s.flush();
  std::ifstream in(files_of(folder.path(), ".batches").at(0), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Not compressed, a batch holds the bytes of the wire, and whoever sends them may send what looks like a frame.
TEST(Spool, AFrameInARecordIsNoneBehindDamage) {
  constexpr std::uint64_t kRecords = 3;
  for (const std::uint64_t forged : {0x666, 1}) {
    for (const bool restarts : {false, true}) {
      if (restarts && forged == 1) continue;  // a boot's number is not known before it has ended
      SCOPED_TRACE(forged);
      test::Folder folder;
      DeliveryCounters counters;
      const std::size_t lane = lane_of(test::kFlow);
      const auto damage = [&] {
        const std::string file = files_of(folder.path(), ".batches").at(0);
        std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
        std::string all(fs::file_size(file), '\0');
        f.read(all.data(), static_cast<std::streamsize>(all.size()));
        f.seekp(static_cast<std::streamoff>(all.find("pkB1", 4) + 30));
        f.put('\xff');
      };
      Ledger ledger;
      const auto take = [&](Spool& spool) {
        for (int n = 0; n < 10; ++n) {
          const auto frame = spool.next(0, lane);
          if (!frame) break;
          EXPECT_EQ(frame->batch.boot(), 1U);
          ledger.take(frame->batch);
          spool.acknowledge(0, frame->batch.boot(), lane, frame->last());
        }
      };
      {
        Sensor s(folder.path(), counters, {}, 1);
        ChainWriter writer(s.spool(), s.file(), lane, false);
        std::string records;
        for (std::uint64_t n = 1; n <= kRecords; ++n) {
          v1::Event e;
          e.set_event_type("flow");
          e.set_payload(std::string(500, 'x') + frames_of(forged) + std::string(500, 'x'));
          append_delimited(as_bytes(e.SerializeAsString()), records);
        }
        ASSERT_TRUE(writer.seal(kRecords, {{"flow", kRecords}}, as_bytes(records)));
        damage();
        if (!restarts) take(s.spool());
      }
      if (restarts) {
        Sensor s(folder.path(), counters, {}, 2);
        take(s.spool());
      }
      EXPECT_EQ(ledger.fault(), "");
      EXPECT_EQ(ledger.gaps(), 1U);
      EXPECT_EQ(ledger.missing(), (TypeCounts{{"flow", kRecords}}));
      EXPECT_TRUE(ledger.delivered().empty());
    }
  }
}

}  // namespace
}  // namespace picket::delivery
