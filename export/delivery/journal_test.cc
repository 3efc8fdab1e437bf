// What is in hand, and what is left of it after kill -9.
#include "export/delivery/journal.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <random>

#include "export/delimited.h"
#include "export/delivery/crc32c.h"
#include "export/delivery/test_support.h"

namespace picket::delivery {
namespace {

using test::kind_of;
using test::Ledger;

TEST(Lanes, AlertsAndFlowsAndStatisticsHaveTheirOwn) {
  EXPECT_EQ(kLanes[lane_of(test::kAlert)], v1::LANE_ALERT);
  EXPECT_EQ(kLanes[lane_of(test::kFlow)], v1::LANE_FLOW);
  EXPECT_EQ(kLanes[lane_of(test::kStats)], v1::LANE_STATISTICS);
  const RecordKind intel = record_kind(RecordType::kIntel, kNoProtocol);
  EXPECT_EQ(kLanes[lane_of(intel)], v1::LANE_ALERT) << "an indicator that fits is as urgent";
  for (RecordKind kind = 0; kind < record_kind_count(); ++kind) {
    if (kind == intel || kind == test::kAlert || kind == test::kFlow || kind == test::kStats) continue;
    EXPECT_EQ(kLanes[lane_of(kind)], v1::LANE_TRANSACTION) << record_kind_name(kind);
  }
  EXPECT_LE(record_kind_count(), kMaxTypes);
}

struct InMemory {
  explicit InMemory(JournalLimits l = test::Sensor::small()) : limits(l) {
    BootFile::Options o;
    o.sensor = "plant-7";
    o.boot = 1;
    o.segment_bytes = limits.segment_bytes();
    o.segments = limits.segments;
    file = std::move(BootFile::create(o)).value();
    journal = std::make_unique<Journal>(*file, limits);
  }
  bool put(RecordKind kind) {
    ++n;
    return journal->append(lane_of(kind), kind, n, as_bytes(test::record(n, kind)));
  }
  JournalLimits limits;
  std::unique_ptr<BootFile> file;
  std::unique_ptr<Journal> journal;
  std::uint64_t n = 0;
};

TEST(Journal, EachLaneHasNumbersOfItsOwn) {
  InMemory m;
  for (const RecordKind kind :
       {test::kFlow, test::kAlert, test::kFlow, test::kArp, test::kAnomaly, test::kFlow})
    ASSERT_TRUE(m.put(kind));
  m.journal->flush();
  std::vector<std::pair<std::size_t, std::uint32_t>> got;
  std::vector<delivery::Run> flow_runs;
  while (auto f = m.journal->take(std::chrono::milliseconds(0))) {
    EXPECT_EQ(f->segment->first_seq, 1U);
    got.emplace_back(f->lane, f->segment->count());
    if (f->lane == lane_of(test::kFlow)) flow_runs = f->runs;
  }
  EXPECT_EQ(got, (std::vector<std::pair<std::size_t, std::uint32_t>>{{0, 1}, {1, 2}, {2, 3}}))
      << "the most urgent lane first";
  ASSERT_EQ(flow_runs.size(), 3U);
  EXPECT_EQ(flow_runs[2].first, 6U);
}

TEST(Journal, AlertsAreHandedOverAtOnceAndOthersWhenTheyAreOldEnough) {
  InMemory m;
  m.put(test::kFlow);
  m.put(test::kAlert);
  const auto now = std::chrono::steady_clock::now();
  m.journal->tick(now);
  auto f = m.journal->take(std::chrono::milliseconds(0));
  ASSERT_TRUE(f);
  EXPECT_EQ(f->lane, 0U);
  EXPECT_FALSE(m.journal->take(std::chrono::milliseconds(0)));
  m.journal->tick(now + m.limits.max_batch_age + std::chrono::milliseconds(100));
  EXPECT_TRUE(m.journal->take(std::chrono::milliseconds(0)));
}

TEST(Journal, AlertsThatNobodySealsYetTakeOneSegment) {
  InMemory m;
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(m.put(test::kAlert));
    m.journal->tick(std::chrono::steady_clock::now());
  }
  EXPECT_EQ(m.journal->take(std::chrono::milliseconds(0))->segment->count(), 1U);
  m.journal->tick(std::chrono::steady_clock::now());
  EXPECT_EQ(m.journal->take(std::chrono::milliseconds(0))->segment->count(), 7U);
}

TEST(Journal, WhileNobodySealsNoMoreWaitsThanSegmentsAndLanes) {
  InMemory m;
  auto now = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    (void)m.put(kind_of(m.n + 1));
    m.journal->tick(now += m.limits.max_batch_age * 2);
  }
  std::uint64_t waiting = 0;
  while (m.journal->take(std::chrono::milliseconds(0))) ++waiting;
  EXPECT_LE(waiting, m.limits.segments + kLaneCount);
}

TEST(Journal, AnAlertIsTakenBehindMoreFlowsThanThereIsRoomFor) {
  InMemory m;
  std::uint64_t refused = 0;
  for (int i = 0; i < 500; ++i) refused += m.put(test::kFlow) ? 0 : 1;  // nobody seals
  EXPECT_GT(refused, 0U);
  EXPECT_FALSE(m.journal->ready(lane_of(test::kStats), 40));
  EXPECT_TRUE(m.put(test::kAlert));
}

TEST(Journal, TheLargestRecordFitsAndALargerOneIsMissing) {
  JournalLimits l = test::Sensor::small();
  l.max_batch_bytes = 4096;
  InMemory m(l);
  const std::string largest(256 * 1024, 'x'), larger(256 * 1024 + 20, 'x');
  EXPECT_TRUE(m.journal->append(1, test::kArp, 1, as_bytes(largest)));
  EXPECT_FALSE(m.journal->append(1, test::kArp, 2, as_bytes(larger)));
  EXPECT_TRUE(m.journal->append(1, test::kArp, 3, as_bytes("next")));
  m.journal->flush();
  EXPECT_EQ(m.journal->take(std::chrono::milliseconds(0))->segment->first_seq, 1U);
  EXPECT_EQ(m.journal->take(std::chrono::milliseconds(0))->segment->first_seq, 3U);
}

TEST(Journal, AskingTwiceForARecordLargerThanABatchLeavesNoEmptyOne) {
  JournalLimits l = test::Sensor::small();
  l.max_batch_bytes = 4096;
  InMemory m(l);
  const std::string large(10'000, 'x');
  for (std::uint64_t n = 1; n <= 3; ++n) {
    ASSERT_TRUE(m.journal->ready(1, large.size()));
    ASSERT_TRUE(m.journal->append(1, test::kArp, n, as_bytes(large)));
  }
  m.journal->flush();
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const auto filled = m.journal->take(std::chrono::milliseconds(0));
    ASSERT_TRUE(filled);
    EXPECT_EQ(filled->segment->first_seq, n);
    EXPECT_EQ(filled->segment->count(), 1U);
  }
  EXPECT_FALSE(m.journal->take(std::chrono::milliseconds(0)));
}

TEST(Journal, WhatFindsNoRoomIsAGapWithCountsByType) {
  test::Folder folder;
  DeliveryCounters counters;
  test::Sensor s(folder.path(), counters);
  std::uint64_t refused = 0;
  for (std::uint64_t n = 1; n <= 500; ++n) refused += s.make(n, kind_of(n)) ? 0 : 1;  // nobody seals
  EXPECT_GT(refused, 0U);
  s.seal();
  for (std::uint64_t n = 501; n <= 520; ++n) EXPECT_TRUE(s.make(n, kind_of(n)));
  s.flush();
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_EQ(ledger.missing(v1::GAP_NO_ROOM), refused);
  EXPECT_EQ(counters.missing[v1::GAP_NO_ROOM], refused);
}

TEST(Journal, WhatWorkersLostIsAGapWithCountsByType) {
  test::Folder folder;
  DeliveryCounters counters;
  test::Sensor s(folder.path(), counters);
  s.skip(test::kFlow, 7);  // before any record
  for (std::uint64_t n = 1; n <= 15; ++n) EXPECT_TRUE(s.make(n, test::kFlow));
  s.skip(test::kFlow, 1'000'000);  // in the middle of a batch
  s.skip(test::kArp, 3);
  s.skip(test::kAnomaly, 2);  // of the same lane
  EXPECT_TRUE(s.make(16, test::kFlow));
  s.skip(test::kAlert, 1);  // nothing follows
  s.flush();
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
  EXPECT_EQ(ledger.delivered(), (TypeCounts{{"flow", 16}}));
  EXPECT_EQ(ledger.missing(v1::GAP_NO_ROOM), 1'000'013U);
}

/// The segment that was opened for a record has to begin behind what is lost.
TEST(Journal, ALossBeforeTheFirstRecordOfASegmentIsTold) {
  test::Folder folder;
  DeliveryCounters counters;
  test::Sensor s(folder.path(), counters);
  for (std::uint64_t n = 1; n <= 50; ++n) {
    ASSERT_TRUE(s.journal().ready(lane_of(test::kFlow), 40));
    s.skip(test::kFlow, 2);
    ASSERT_TRUE(s.make(n, test::kFlow)) << "segments come back";
    s.flush();
  }
  Ledger ledger;
  drain(s.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), s.made_);
}

/// A lane without a record has to tell it, too, when time goes on.
TEST(Journal, ALossIsHandedOverThoughNoRecordFollows) {
  InMemory m;
  ASSERT_TRUE(m.journal->ready(lane_of(test::kFlow), 40));
  m.journal->skip(lane_of(test::kFlow), test::kFlow, 5);
  m.journal->tick(std::chrono::steady_clock::now() + m.limits.max_batch_age * 2);
  const auto word = m.journal->take(std::chrono::milliseconds(0));
  ASSERT_TRUE(word);
  EXPECT_EQ(word->segment, nullptr);
  EXPECT_EQ(word->first_seq, 6U);
}

/// What a loss of power leaves: a page that is not what was written, although its records can be read.
class Damaged : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Damaged, ARecordInHandIsAGapThatIsExact) {
  constexpr std::uint64_t kAll = 9;
  test::Folder folder;
  DeliveryCounters counters;
  TypeCounts made;
  {
    test::Sensor s(folder.path(), counters, {}, 1);
    for (std::uint64_t n = 1; n <= kAll; ++n) ASSERT_TRUE(s.make(n, test::kFlow));
    Segment* segment = nullptr;
    for (std::uint32_t i = 0; i < s.file().segments(); ++i) {
      if (s.file().segment(i).owner != 0) segment = &s.file().segment(i);
    }
    ASSERT_NE(segment, nullptr);
    const std::string bytes = test::record(GetParam(), test::kFlow), other = test::record(77, test::kFlow);
    ASSERT_EQ(bytes.size(), other.size()) << "it can be read, and is of the same type";
    const std::string_view all(reinterpret_cast<const char*>(segment->data()), segment->bytes());
    const std::size_t at = all.find(bytes);
    ASSERT_NE(at, std::string_view::npos);
    std::copy(other.begin(), other.end(), segment->data() + at);
    made = s.made_;
  }
  test::Sensor next(folder.path(), counters, {}, 2);
  Ledger ledger;
  drain(next.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.all(), made);
  EXPECT_EQ(ledger.unknown(), 0U);
  EXPECT_EQ(sum(ledger.delivered()), GetParam() - 1);
  EXPECT_EQ(ledger.missing(v1::GAP_SPOOL_DAMAGED), kAll + 1 - GetParam());
  EXPECT_EQ(counters.missing[v1::GAP_SPOOL_DAMAGED], kAll + 1 - GetParam());
}
INSTANTIATE_TEST_SUITE_P(Journal, Damaged, ::testing::Values(1, 2, 5, 9));

TEST(Journal, AChecksumIsOfTheRecordAndItsNumber) {
  const std::string zeros(32, '\0'), digits = "123456789";
  EXPECT_EQ(crc32c(as_bytes(zeros)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(as_bytes(digits)), 0xe3069283U);
  EXPECT_NE(BootFile::expected_check(as_bytes(digits), 1), BootFile::expected_check(as_bytes(digits), 2))
      << "what stood there before, with its checksum, does not pass for it";
}

TEST(Journal, AFullSegmentHasRoomForItsChecksums) {
  JournalLimits limits = test::Sensor::small();
  limits.max_batch_records = 1000;
  limits.max_batch_bytes = 300 << 10;
  InMemory m(limits);
  const std::string record = test::record(1, test::kFlow, 290);
  for (std::uint64_t n = 1; n <= 2000; ++n)
    ASSERT_TRUE(m.journal->append(lane_of(test::kFlow), test::kFlow, n, as_bytes(record)));
  const auto filled = m.journal->take(std::chrono::milliseconds(0));
  ASSERT_TRUE(filled);
  const Segment& s = *filled->segment;
  EXPECT_LE(s.bytes() + s.count() * sizeof(std::uint32_t), m.file->segment_bytes());
  WireReader in(Bytes(s.data(), s.bytes()));
  Bytes one;
  for (std::uint32_t i = 0; i < s.count(); ++i) {
    const std::uint8_t* begin = s.data() + s.bytes() - in.left();
    ASSERT_TRUE(next_delimited(in, one));
    ASSERT_EQ(m.file->check(s, i), BootFile::expected_check(Bytes(begin, one.data() + one.size()), i + 1))
        << i;
  }
}

/// A child makes records until it is killed, and says through shared memory what it began and what it ended.
class Killed : public ::testing::TestWithParam<int> {};

TEST_P(Killed, NothingInHandIsLost) {
  struct Said {
    volatile std::uint64_t begun, done;
    volatile std::uint64_t kinds[kMaxTypes];
  };
  void* map = ::mmap(nullptr, sizeof(Said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(map, MAP_FAILED);
  auto* said = static_cast<Said*>(map);
  test::Folder folder;
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  const std::uint64_t stop_at = random() % 3000;
  const auto extra = random() % 40;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    DeliveryCounters counters;
    test::Sensor s(folder.path(), counters, {}, 7);
    for (std::uint64_t n = 1;; ++n) {
      const RecordKind kind = kind_of(n);
      said->kinds[kind] = said->kinds[kind] + 1;
      said->begun = n;
      [[maybe_unused]] const bool room = s.make(n, kind);
      said->done = n;
      if (n % 3 != 0) s.seal();
    }
  }
  while (said->done < stop_at) {
  }
  for (unsigned i = 0; i < extra * 100; ++i) said->kinds[kMaxTypes - 1] = i;  // somewhere within a record
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";

  DeliveryCounters counters;
  test::Sensor next(folder.path(), counters, {}, 8);
  Ledger ledger;
  drain(next.spool(), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.unknown(), 0U);
  const std::uint64_t all = sum(ledger.all());
  EXPECT_GE(all, said->done) << "records that were handed over are nowhere";
  EXPECT_LE(all, said->begun);
  EXPECT_LE(ledger.missing(v1::GAP_SENSOR_ENDED), 1U) << "at most the one that was being written";
  EXPECT_EQ(sum(ledger.delivered()) + ledger.missing(v1::GAP_NO_ROOM) + ledger.missing(v1::GAP_SENSOR_ENDED),
            all);
  for (RecordKind kind = 0; kind + 1U < kMaxTypes && kind < record_kind_count(); ++kind) {
    const std::string name(record_kind_name(kind));
    const std::uint64_t got = ledger.all().contains(name) ? ledger.all()[name] : 0;
    EXPECT_LE(got, said->kinds[kind]) << name;
    EXPECT_GE(got + 1, said->kinds[kind]) << name;
  }
  EXPECT_TRUE(next.spool().empty());
  ::munmap(map, sizeof(Said));
}

INSTANTIATE_TEST_SUITE_P(AtRandom, Killed, ::testing::Range(0, 20));

}  // namespace
}  // namespace picket::delivery
