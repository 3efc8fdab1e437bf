#include "sensor/rules/threshold.h"

#include <gtest/gtest.h>

#include <random>

namespace picket::rules {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

Address host(std::uint8_t last) {
  const std::uint8_t bytes[4] = {10, 0, 0, last};
  return Address::v4(bytes);
}
Match at(std::uint64_t seconds, std::uint8_t src = 1, std::uint8_t dst = 2, std::uint64_t flow = 1) {
  return {1000 * kSecond + seconds * kSecond, host(src), host(dst), flow, 1000, 80};
}
Judgement with(Threshold::Type type, std::uint32_t count, std::uint32_t seconds,
               Threshold::Track track = Threshold::Track::kBySource) {
  Judgement j;
  j.sid = 1;
  Threshold t;
  t.type = type;
  t.track = track;
  t.count = count;
  t.seconds = seconds;
  t.multiplier = 10;
  j.thresholds = {t};
  return j;
}
/// One letter a match, a second apart: y or n.
std::string run(Thresholds& t, const Judgement& j, unsigned matches, std::uint64_t from = 0) {
  std::string out;
  for (unsigned i = 0; i < matches; ++i) out += t.admit(j, at(from + i)) ? 'y' : 'n';
  return out;
}

TEST(Threshold, Limit) {
  Thresholds t;
  EXPECT_EQ(run(t, with(Threshold::Type::kLimit, 2, 10), 14), "yynnnnnnnnnyyn");
}
TEST(Threshold, EveryNth) {
  Thresholds t;
  EXPECT_EQ(run(t, with(Threshold::Type::kThreshold, 3, 60), 7), "nnynnyn");
}
TEST(Threshold, Both) {
  Thresholds t;
  EXPECT_EQ(run(t, with(Threshold::Type::kBoth, 3, 10), 15), "nnynnnnnnnnnnyn");
}
TEST(Threshold, DetectionFilterLetsThroughBeyondTheCount) {
  Thresholds t;
  EXPECT_EQ(run(t, with(Threshold::Type::kDetectionFilter, 3, 60), 6), "nnnyyy");
}
TEST(Threshold, BackoffIsFurtherAndFurtherApart) {
  Thresholds t;
  EXPECT_EQ(run(t, with(Threshold::Type::kBackoff, 1, 0, Threshold::Track::kByFlow), 12), "ynnnnnnnnynn");
}
TEST(Threshold, TracksAreApart) {
  Thresholds t;
  const auto by_src = with(Threshold::Type::kLimit, 1, 60);
  EXPECT_TRUE(t.admit(by_src, at(0, 1)));
  EXPECT_TRUE(t.admit(by_src, at(0, 2)));
  EXPECT_FALSE(t.admit(by_src, at(0, 1, 9)));
  Judgement by_dst = with(Threshold::Type::kLimit, 1, 60, Threshold::Track::kByDestination);
  by_dst.sid = 2;
  EXPECT_TRUE(t.admit(by_dst, at(0, 1, 3)));
  EXPECT_FALSE(t.admit(by_dst, at(0, 2, 3)));
  Judgement by_both = with(Threshold::Type::kLimit, 1, 60, Threshold::Track::kByBoth);
  by_both.sid = 3;
  EXPECT_TRUE(t.admit(by_both, at(0, 1, 2)));
  EXPECT_TRUE(t.admit(by_both, at(0, 1, 3)));
  EXPECT_FALSE(t.admit(by_both, at(0, 2, 1)));
  Judgement by_rule = with(Threshold::Type::kLimit, 1, 60, Threshold::Track::kByRule);
  by_rule.sid = 4;
  EXPECT_TRUE(t.admit(by_rule, at(0, 1, 2)));
  EXPECT_FALSE(t.admit(by_rule, at(0, 7, 8)));
  Judgement by_flow = with(Threshold::Type::kLimit, 1, 60, Threshold::Track::kByFlow);
  by_flow.sid = 5;
  EXPECT_TRUE(t.admit(by_flow, at(0, 1, 2, 1)));
  EXPECT_TRUE(t.admit(by_flow, at(0, 1, 2, 2)));
  EXPECT_FALSE(t.admit(by_flow, at(0, 1, 2, 2)));
}
TEST(Threshold, FullSetsGiveUpTheOldest) {
  Thresholds t(8);
  const auto j = with(Threshold::Type::kThreshold, 2, 3600);
  for (std::uint8_t h = 1; h <= 9; ++h) EXPECT_FALSE(t.admit(j, at(h, h)));
  EXPECT_EQ(t.evicted(), 1U);
  EXPECT_TRUE(t.admit(j, at(20, 9)));
  EXPECT_FALSE(t.admit(j, at(21, 1))) << "its first match was forgotten";
}
TEST(Threshold, LimitsThatAreReachedStayForTheirWindow) {
  Thresholds t(8);
  const auto j = with(Threshold::Type::kLimit, 1, 60);
  for (std::uint8_t h = 1; h <= 8; ++h) EXPECT_TRUE(t.admit(j, at(h, h)));
  EXPECT_TRUE(t.admit(j, at(20, 9)));
  EXPECT_TRUE(t.admit(j, at(21, 9))) << "told too often rather than not at all";
  EXPECT_EQ(t.evicted(), 2U);
  for (std::uint8_t h = 1; h <= 8; ++h) EXPECT_FALSE(t.admit(j, at(30, h)));
  EXPECT_TRUE(t.admit(j, at(62, 9))) << "the window of the first is over";
  EXPECT_FALSE(t.admit(j, at(63, 9)));
}
/// Workers leave matches out, sooner or later, or not: what becomes of all others is the same.
TEST(Threshold, WhatWorkersLeaveOutChangesNothing) {
  std::mt19937 random(7);
  Thresholds all(8), some(8);
  detect::ReachedLimits reached;
  some.tell_to(reached);
  std::vector<Judgement> rules;
  for (const auto type : {Threshold::Type::kLimit, Threshold::Type::kBoth, Threshold::Type::kThreshold}) {
    for (const std::uint32_t count : {1U, 3U}) {
      rules.push_back(with(type, count, 20));
      rules.back().sid = static_cast<std::uint32_t>(rules.size());
    }
  }
  unsigned left_out = 0;
  for (std::uint64_t time = 0; time < 20'000; ++time) {
    const Judgement& j = rules[random() % rules.size()];
    const Match m = at(time / 10, static_cast<std::uint8_t>(1 + random() % 5));
    detect::TrackKey key;
    key.gid = j.gid;
    key.sid = j.sid;
    key.track(j.thresholds[0].track, m.src, m.dst, m.flow_id);
    const bool is_out = j.limit().count != 0 && random() % 2 == 0 && reached.holds(key, j.limit(), m.time_ns);
    const Admission word = all.admit(j, m);
    left_out += is_out ? 1 : 0;
    ASSERT_EQ(static_cast<bool>(word), !is_out && some.admit(j, m)) << time;
  }
  EXPECT_GT(left_out, 1000U);
  EXPECT_GT(all.evicted(), 100U);
  EXPECT_EQ(all.evicted(), some.evicted());
}
TEST(Threshold, HostBits) {
  Thresholds t;
  Judgement set, ask;
  set.bits = {{StateBit::Scope::kHostSource, StateBit::Op::kSet, {7}, 60}};
  set.noalert = true;
  ask.bits = {{StateBit::Scope::kHostDestination, StateBit::Op::kIsSet, {7}, 0}};
  EXPECT_FALSE(t.admit(ask, at(0, 2, 1)));
  EXPECT_FALSE(t.admit(set, at(1, 1, 2)));
  EXPECT_TRUE(t.admit(ask, at(2, 2, 1)));
  EXPECT_FALSE(t.admit(ask, at(2, 2, 3)));
  EXPECT_FALSE(t.admit(ask, at(62, 2, 1)));
}

}  // namespace
}  // namespace picket::rules
