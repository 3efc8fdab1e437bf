#include "export/collector/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

using Kind = Verdict::Kind;

/// A sink in memory that keeps what the contract asks of it, and checks what it is given.
class MemorySink {
 public:
  Verdict give(const v1::Batch& batch) {
    const CheckedBatch c = test::checked(batch);
    auto result = judge(head, c, [&](std::uint64_t seq) -> Result<std::optional<Held>> {
      for (const auto& [first, h] : batches) {
        if (seq < first || seq > h.last_seq()) continue;
        std::optional<Held> found = h;
        if (const auto turn = turns.find(h.last_seq()); turn != turns.end()) found->turn = turn->second;
        return found;
      }
      return std::optional<Held>();
    });
    EXPECT_TRUE(result);
    const Verdict v = result.value();
    if (v.kind != Kind::kStore) return v;
    const Delivery& d = *v.deliver;
    if (d.fills) {
      const auto it = std::find(missing.begin(), missing.end(), *d.fills);
      EXPECT_NE(it, missing.end()) << "what it fills was told before";
      if (it != missing.end()) missing.erase(it);
    }
    for (std::uint64_t n = d.first_seq; n < d.first_seq + d.count; ++n)
      EXPECT_TRUE(numbers.insert(n).second) << n << " twice";
    if (d.count != 0) batches[d.first_seq] = {d.first_seq, d.count, d.hash, {}};
    if (d.is_turn()) turns[d.after.through] = d.after.hash;
    for (const Missing& m : d.missing) missing.push_back(m);
    head = d.after;
    check();
    return v;
  }
  /// Each number up to the head is here or missing, never both.
  void check() const {
    std::uint64_t gone = 0;
    for (const Missing& m : missing) {
      gone += m.last - m.first + 1;
      for (std::uint64_t n = m.first; n <= m.last; ++n)
        EXPECT_FALSE(numbers.contains(n)) << n << " is here and missing";
    }
    EXPECT_EQ(numbers.size() + gone, head->through);
  }
  TypeCounts missing_types() const {
    TypeCounts all;
    for (const Missing& m : missing) all = plus(all, m.types);
    return all;
  }

  std::optional<ChainHead> head;
  std::map<std::uint64_t, Held> batches;
  std::map<std::uint64_t, BatchHash> turns;
  std::set<std::uint64_t> numbers;
  std::vector<Missing> missing;
};

class ChainTest : public ::testing::Test {
 protected:
  MemorySink sink_;
  test::Sensor sensor_{"plant-7", 1, v1::LANE_FLOW};
};

TEST_F(ChainTest, OneAfterTheOther) {
  EXPECT_EQ(sink_.give(sensor_.batch(1, 10)).kind, Kind::kStore);
  const Verdict v = sink_.give(sensor_.batch(11, 5));
  EXPECT_EQ(v.kind, Kind::kStore);
  EXPECT_EQ(v.remark, "");
  EXPECT_EQ(sink_.head->through, 15U);
  EXPECT_EQ(sink_.head->hash, sensor_.chain());
  EXPECT_EQ(sink_.head->made, test::types(1, 15));
  EXPECT_EQ(sink_.head->newest_ns, 1'700'000'011'000'000'000U);
  EXPECT_TRUE(sink_.missing.empty());
}

TEST_F(ChainTest, WhatWasSentBeforeIsKnown) {
  const auto first = sensor_.batch(1, 10), second = sensor_.batch(11, 5);
  sink_.give(first);
  sink_.give(second);
  EXPECT_EQ(sink_.give(first).kind, Kind::kKnown);
  EXPECT_EQ(sink_.give(second).kind, Kind::kKnown);
}

TEST_F(ChainTest, OtherContentUnderKnownNumbersIsRefused) {
  sink_.give(sensor_.batch(1, 10));
  sink_.give(sensor_.batch(11, 5));
  test::Sensor forger("plant-7", 1, v1::LANE_FLOW);
  Verdict v = sink_.give(forger.seal(1, 10, test::records(101, 10)));
  EXPECT_EQ(v.kind, Kind::kRefused);
  EXPECT_NE(v.why.find("records 1 to 10"), std::string::npos) << v.why;
  EXPECT_NE(v.why.find("not what was sent before"), std::string::npos) << v.why;
  sink_.batches.clear();  // a sink that does not keep them still knows its last hash
  forger.set_chain({7});
  v = sink_.give(forger.seal(11, 5, test::records(111, 5)));
  EXPECT_EQ(v.kind, Kind::kRefused) << "its hash is not the head's";
}

TEST_F(ChainTest, AWrongHashIsRefusedAndTheTrueBatchStillTaken) {
  sink_.give(sensor_.batch(1, 10));
  test::Sensor forger("plant-7", 1, v1::LANE_FLOW);
  forger.set_chain({1, 2, 3});
  const Verdict v = sink_.give(forger.batch(11, 5));
  EXPECT_EQ(v.kind, Kind::kRefused);
  EXPECT_NE(v.why.find("previous_hash is 01020300..., and"), std::string::npos) << v.why;
  EXPECT_EQ(sink_.give(sensor_.batch(11, 5)).kind, Kind::kStore);
}

TEST_F(ChainTest, ABootBeginsWithZeros) {
  sensor_.set_chain({9});
  EXPECT_EQ(sink_.give(sensor_.batch(1, 10)).kind, Kind::kRefused);
}

TEST_F(ChainTest, NumbersThatOverlapAreRefused) {
  sink_.give(sensor_.batch(1, 10));
  for (const bool kept : {true, false}) {
    if (!kept) sink_.batches.clear();
    EXPECT_EQ(sink_.give(sensor_.batch(6, 10)).kind, Kind::kRefused);
  }
}

TEST_F(ChainTest, WhatIsMissingBetweenIsToldByType) {
  sink_.give(sensor_.batch(1, 10));
  sensor_.batch(11, 10);
  const Verdict v = sink_.give(sensor_.batch(21, 5));
  ASSERT_EQ(v.kind, Kind::kStore);
  EXPECT_NE(v.remark.find("records 11 to 20 are missing"), std::string::npos) << v.remark;
  ASSERT_EQ(sink_.missing.size(), 1U);
  EXPECT_EQ(sink_.missing[0], (Missing{11, 20, v1::GAP_UNKNOWN, test::types(11, 10), false}));
  EXPECT_EQ(sink_.head->made, test::types(1, 25));
}

TEST_F(ChainTest, AHoleIsFilledExactly) {
  const auto a = sensor_.batch(1, 10), b = sensor_.batch(11, 10), c = sensor_.batch(21, 10),
             d = sensor_.batch(31, 10), e = sensor_.batch(41, 10);
  for (const auto& batch : {a, e}) EXPECT_EQ(sink_.give(batch).kind, Kind::kStore);
  const Verdict v = sink_.give(c);
  EXPECT_EQ(v.kind, Kind::kStore) << "in the middle of the hole: " << v.why;
  EXPECT_NE(v.remark.find("came late"), std::string::npos);
  EXPECT_EQ(sink_.missing.size(), 2U);
  EXPECT_EQ(sink_.missing_types(), plus(test::types(11, 10), test::types(31, 10)));
  EXPECT_EQ(sink_.give(c).kind, Kind::kKnown);
  EXPECT_EQ(sink_.give(b).kind, Kind::kStore);
  EXPECT_EQ(sink_.give(d).kind, Kind::kStore);
  EXPECT_TRUE(sink_.missing.empty());
  EXPECT_TRUE(sink_.head->holes.empty());
  EXPECT_EQ(sink_.head->made, test::types(1, 50));
  for (const auto& batch : {a, b, c, d, e}) EXPECT_EQ(sink_.give(batch).kind, Kind::kKnown);
}

TEST_F(ChainTest, WhatFillsAHoleHasToFitItsEnds) {
  const auto a = sensor_.batch(1, 10), b = sensor_.batch(11, 10), c = sensor_.batch(21, 10);
  sink_.give(a);
  sink_.give(c);
  test::Sensor forger("plant-7", 1, v1::LANE_FLOW);
  forger.set_chain({5});
  Verdict v = sink_.give(forger.batch(11, 4));
  EXPECT_EQ(v.kind, Kind::kRefused) << "does not follow what stands before the hole";
  v = sink_.give(forger.batch(15, 6));
  EXPECT_EQ(v.kind, Kind::kRefused) << "what stands behind the hole does not follow it";
  EXPECT_NE(v.why.find("the hash behind it"), std::string::npos) << v.why;
  EXPECT_EQ(sink_.give(forger.batch(15, 10)).kind, Kind::kRefused)
      << "half in the hole, half over what is here";
  EXPECT_EQ(sink_.give(b).kind, Kind::kStore);
}

TEST_F(ChainTest, AGapOfTheSensorIsTold) {
  sink_.give(sensor_.batch(1, 10));
  const auto gap = sensor_.gap(11, 1000, v1::GAP_SPOOL_FULL);
  EXPECT_EQ(sink_.give(gap).kind, Kind::kStore);
  EXPECT_EQ(sink_.missing.back(), (Missing{11, 1010, v1::GAP_SPOOL_FULL, test::types(11, 1000), true}));
  EXPECT_TRUE(sink_.head->holes.empty()) << "nobody waits for them";
  EXPECT_EQ(sink_.give(gap).kind, Kind::kKnown);
  EXPECT_EQ(sink_.give(sensor_.batch(1011, 5)).remark, "");
}

TEST_F(ChainTest, AGapLeadsToItsLastHash) {
  sink_.give(sensor_.batch(1, 10));
  auto lost = sensor_;
  lost.batch(11, 5);
  const BatchHash last = lost.chain();
  EXPECT_EQ(sink_.give(sensor_.gap(11, 5, v1::GAP_SPOOL_DAMAGED, &last)).kind, Kind::kStore);
  EXPECT_EQ(sink_.give(lost.batch(16, 5)).kind, Kind::kStore);
}

TEST_F(ChainTest, WhatWasAcknowledgedAndIsNotHereMayStillCome) {
  const auto a = sensor_.batch(1, 10), b = sensor_.batch(11, 10), c = sensor_.batch(21, 10);
  const auto had = sensor_.acknowledged(30);
  sink_.give(a);
  const Verdict v = sink_.give(had);
  ASSERT_EQ(v.kind, Kind::kStore);
  EXPECT_NE(v.remark.find("records 11 to 30 were acknowledged and are not here"), std::string::npos)
      << v.remark;
  ASSERT_EQ(sink_.missing.size(), 1U);
  EXPECT_EQ(sink_.missing[0], (Missing{11, 30, v1::GAP_ACKNOWLEDGED, test::types(11, 20), true}));
  EXPECT_EQ(sink_.give(sensor_.batch(31, 5)).remark, "") << "the chain goes on";
  EXPECT_EQ(sink_.give(b).kind, Kind::kStore) << "from a file, or another copy";
  EXPECT_EQ(sink_.missing[0], (Missing{21, 30, v1::GAP_ACKNOWLEDGED, test::types(21, 10), true}));
  EXPECT_EQ(sink_.give(c).kind, Kind::kStore);
  EXPECT_TRUE(sink_.missing.empty());
  EXPECT_EQ(sink_.head->made, test::types(1, 35));
}

TEST_F(ChainTest, WhatWasAcknowledgedIsNothingNewWhereItIs) {
  sink_.give(sensor_.batch(1, 10));
  const auto early = sensor_.acknowledged(10);
  EXPECT_EQ(sink_.give(early).kind, Kind::kKnown);
  sink_.give(sensor_.batch(11, 10));
  EXPECT_EQ(sink_.give(early).kind, Kind::kKnown) << "its acknowledgements were lost";
  EXPECT_TRUE(sink_.missing.empty());
  test::Sensor other("plant-7", 1, v1::LANE_FLOW);
  other.seal(1, 20, test::records(101, 20));
  const Verdict v = sink_.give(other.acknowledged(20));
  EXPECT_EQ(v.kind, Kind::kRefused) << "it stands elsewhere than what is here";
  EXPECT_NE(v.why.find("the hash behind it"), std::string::npos) << v.why;
}

TEST_F(ChainTest, ACollectorThatLostEverythingLearnsWhatThereWas) {
  sensor_.batch(1, 30);
  EXPECT_EQ(sink_.give(sensor_.acknowledged(30)).kind, Kind::kStore);
  EXPECT_EQ(sink_.missing.at(0), (Missing{1, 30, v1::GAP_ACKNOWLEDGED, test::types(1, 30), true}));
  EXPECT_EQ(sink_.give(sensor_.batch(31, 5)).kind, Kind::kStore);
  EXPECT_EQ(sink_.head->made, test::types(1, 35));
}

TEST_F(ChainTest, AGapThatFillsAHoleGivesTheReason) {
  const auto a = sensor_.batch(1, 10), b = sensor_.gap(11, 10, v1::GAP_NO_ROOM), c = sensor_.batch(21, 10);
  sink_.give(a);
  sink_.give(c);
  EXPECT_EQ(sink_.give(b).kind, Kind::kStore);
  ASSERT_EQ(sink_.missing.size(), 1U);
  EXPECT_EQ(sink_.missing[0].reason, v1::GAP_NO_ROOM);
  EXPECT_TRUE(sink_.missing[0].is_signed);
}

TEST_F(ChainTest, AGapOverWhatIsHereChangesNothingButTheChain) {
  const auto a = sensor_.batch(1, 10);
  auto damaged = sensor_;
  sink_.give(a);
  sink_.give(sensor_.batch(11, 10));  // its acknowledgement was lost, and then the sensor's spool
  EXPECT_EQ(sink_.give(damaged.gap(11, 15, v1::GAP_SPOOL_DAMAGED)).kind, Kind::kStore);
  ASSERT_EQ(sink_.missing.size(), 1U);
  EXPECT_EQ(sink_.missing[0], (Missing{21, 25, v1::GAP_SPOOL_DAMAGED, test::types(21, 5), true}));
  EXPECT_EQ(sink_.give(damaged.batch(26, 5)).kind, Kind::kStore);
  EXPECT_EQ(sink_.head->made, test::types(1, 30));
}

TEST_F(ChainTest, AGapOverExactlyWhatIsHereLetsTheSensorGoOn) {
  const auto a = sensor_.batch(1, 10);
  auto damaged = sensor_;
  sink_.give(a);
  sink_.give(sensor_.batch(11, 10));
  EXPECT_EQ(sink_.give(damaged.gap(11, 10, v1::GAP_SPOOL_DAMAGED)).kind, Kind::kStore);
  EXPECT_TRUE(sink_.missing.empty());
  EXPECT_EQ(sink_.give(damaged.batch(21, 5)).kind, Kind::kStore);
  test::Sensor forger("plant-7", 1, v1::LANE_FLOW);
  forger.set_chain({3});
  EXPECT_EQ(sink_.give(forger.gap(21, 9, v1::GAP_SPOOL_DAMAGED)).kind, Kind::kRefused);
}

TEST_F(ChainTest, AfterASecondDamageTheSensorGoesOnToo) {
  sink_.give(sensor_.batch(1, 10));
  auto damaged = sensor_;
  sink_.give(sensor_.batch(11, 10));  // its acknowledgement was lost, and then the sensor's spool
  EXPECT_EQ(sink_.give(damaged.gap(11, 10, v1::GAP_SPOOL_DAMAGED)).kind, Kind::kStore);
  auto again = damaged;
  EXPECT_EQ(sink_.give(damaged.batch(21, 10)).kind, Kind::kStore);  // and once more
  const Verdict v = sink_.give(again.gap(21, 12, v1::GAP_SPOOL_DAMAGED));
  EXPECT_EQ(v.kind, Kind::kStore) << v.why;
  EXPECT_EQ(sink_.missing_types(), test::types(31, 2));
  EXPECT_EQ(sink_.give(again.batch(33, 5)).kind, Kind::kStore);
  EXPECT_EQ(sink_.head->made, test::types(1, 37));
  test::Sensor forger("plant-7", 1, v1::LANE_FLOW);
  forger.batch(1, 10);
  forger.batch(11, 10);
  EXPECT_EQ(sink_.give(forger.gap(21, 30, v1::GAP_SPOOL_DAMAGED)).kind, Kind::kRefused)
      << "the chain did not go on from there";
}

TEST_F(ChainTest, ABootFromTheMiddleBeginsWithAHole) {
  std::vector<v1::Batch> before;
  for (std::uint64_t n = 1; n < 101; n += 10) before.push_back(sensor_.batch(n, 10));
  const Verdict v = sink_.give(sensor_.batch(101, 5));
  EXPECT_EQ(v.kind, Kind::kStore);
  EXPECT_NE(v.remark.find("records 1 to 100 are missing"), std::string::npos) << v.remark;
  EXPECT_EQ(sink_.missing_types(), test::types(1, 100));
  for (const auto& batch : before) EXPECT_EQ(sink_.give(batch).kind, Kind::kStore);
  EXPECT_TRUE(sink_.missing.empty());
}

TEST_F(ChainTest, ACollectorOfYesterdayLearnsWhatItLacks) {
  sink_.give(sensor_.batch(1, 10));
  const auto yesterday = sink_;
  const auto lost = sensor_.batch(11, 10);
  sink_.give(lost);
  sink_.give(sensor_.batch(21, 10));
  sink_ = yesterday;  // restored from its backup; the sensor does not send again what was acknowledged
  EXPECT_EQ(sink_.give(sensor_.batch(31, 10)).kind, Kind::kStore);
  EXPECT_EQ(sink_.missing_types(), test::types(11, 20));
  EXPECT_EQ(sink_.give(lost).kind, Kind::kStore) << "from the sensor's archive, say";
  EXPECT_EQ(sink_.missing_types(), test::types(21, 10));
}

TEST_F(ChainTest, OfAChainThatGoesOverNumbersNobodyWaits) {
  test::Sensor old;  // LANE_ALL: what finds no room there has no gap of its own
  sink_.give(old.batch(1, 10));
  EXPECT_EQ(sink_.give(old.batch(21, 5)).kind, Kind::kStore);
  EXPECT_TRUE(sink_.head->holes.empty());
  EXPECT_EQ(sink_.missing.size(), 1U);
  EXPECT_TRUE(sink_.missing[0].types.empty()) << "it does not say";
}

TEST_F(ChainTest, ALaneWithoutCountsIsCountedFromItsRecords) {
  test::Sensor old;
  const auto a = old.batch(1, 10), b = old.batch(11, 10), c = old.batch(21, 10);
  sink_.give(a);
  sink_.give(c);
  EXPECT_EQ(sink_.head->made, plus(test::types(1, 10), test::types(21, 10)));
  sink_.give(b);
  EXPECT_EQ(sink_.head->made, test::types(1, 30));
}

TEST_F(ChainTest, CountsThatCannotBeAreRefused) {
  auto batch = sensor_.batch(1, 3);
  batch.mutable_before()->Add()->set_type("flow");
  batch.mutable_before(0)->set_count(1);
  v1::Batch sealed = batch;
  seal_batch({}, as_bytes(test::records(1, 3)), false, sealed);
  EXPECT_EQ(sink_.give(sealed).kind, Kind::kRefused) << "one record before the first";
  sealed.mutable_before(0)->set_count(0);
  sealed.mutable_before(0)->set_type(std::string(kMaxTypeName, 'x'));
  seal_batch({}, as_bytes(test::records(1, 3)), false, sealed);
  EXPECT_EQ(sink_.give(sealed).kind, Kind::kStore) << "a count of nothing is none";
}

TEST_F(ChainTest, HolesAreBounded) {
  std::uint64_t n = 1;
  for (std::size_t i = 0; i < ChainHead::kMaxHoles + 20; ++i, n += 2) {
    sink_.give(sensor_.batch(n, 1));
    sensor_.batch(n + 1, 1);
  }
  EXPECT_EQ(sink_.head->holes.size(), ChainHead::kMaxHoles);
  EXPECT_GT(sink_.head->holes.front().first, 2U) << "the oldest were given up";
}

TEST_F(ChainTest, HolesAreBoundedInBytesToo) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    v1::Batch batch = sensor_.batch(1000 * i + 600, 1);
    batch.clear_before();
    for (int t = 0; t < 500; ++t) {
      v1::TypeCount& c = *batch.add_before();
      c.set_type(fmt::format("a-type-with-a-long-name-{}-{}", i, t));
      c.set_count(1);
    }
    batch.set_previous_hash(std::string(32, static_cast<char>(i)));
    seal_batch({static_cast<std::uint8_t>(i)}, as_bytes(test::records(1000 * i + 600, 1)), true, batch);
    EXPECT_EQ(sink_.give(batch).kind, Kind::kStore);
  }
  EXPECT_LT(sink_.head->holes.size(), 40U);
  EXPECT_GT(sink_.head->holes.size(), 2U);
}

TEST_F(ChainTest, NumbersAndTheirSumsDoNotWrap) {
  test::Sensor far;  // LANE_ALL: it does not count what was before
  EXPECT_EQ(sink_.give(far.batch(kMaxNumber - 1, 9)).kind, Kind::kRefused);
  v1::Batch gap = sensor_.gap(1, 10, v1::GAP_SPOOL_FULL);
  gap.mutable_gap()->clear_missing();
  test::set_counts({{"a", (1ULL << 63) - 1}, {"b", (1ULL << 63) + 1}}, *gap.mutable_gap()->mutable_missing());
  seal_batch({}, {}, false, gap);
  EXPECT_EQ(sink_.give(gap).kind, Kind::kRefused) << "more records than it has numbers";
}

/// Batches and gaps in any order, some twice: in the end everything is here or told, once, and by type.
TEST_F(ChainTest, AnyOrderComesToTheSame) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    test::Sensor sensor("plant-7", seed, v1::LANE_FLOW);
    std::vector<v1::Batch> batches;
    TypeCounts gone;
    std::uint64_t n = 1;
    for (int i = 0; i < 12; ++i) {
      const std::uint32_t count = 1 + random() % 9;
      if (random() % 4 == 0) {
        gone = plus(gone, test::types(n, count));
        batches.push_back(sensor.gap(n, count, v1::GAP_NO_ROOM));
      } else {
        batches.push_back(sensor.batch(n, count));
      }
      n += count;
    }
    auto sent = batches;
    for (const auto& b : batches) {
      if (random() % 3 == 0) sent.push_back(b);
    }
    std::shuffle(sent.begin(), sent.end(), random);
    MemorySink sink;
    for (const auto& b : sent) EXPECT_NE(sink.give(b).kind, Kind::kRefused) << "seed " << seed;
    EXPECT_EQ(sink.head->through, n - 1) << "seed " << seed;
    EXPECT_EQ(sink.missing_types(), gone) << "seed " << seed;
    EXPECT_EQ(sink.head->made, test::types(1, n - 1)) << "seed " << seed;
    EXPECT_TRUE(sink.head->holes.empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace picket::collector
