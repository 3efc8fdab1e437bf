#include "sensor/rules/threshold_file.h"

#include <gtest/gtest.h>

namespace picket::rules {
namespace {

ThresholdFile read(std::string_view text) { return read_thresholds("t.config", text, default_variables()); }
Address host(std::uint8_t last) {
  const std::uint8_t bytes[4] = {10, 0, 0, last};
  return Address::v4(bytes);
}
Judgement rule(std::uint32_t sid) {
  Judgement j;
  j.sid = sid;
  return j;
}

TEST(ThresholdFile, ThresholdTakesThePlaceOfTheRulesOwn) {
  const auto f =
      read("# words\n\nthreshold gen_id 1, sig_id 7, type limit, \\\n track by_rule, count 3, seconds 10\n");
  ASSERT_TRUE(f.warnings.empty()) << f.warnings[0];
  Judgement j = rule(7);
  j.thresholds.resize(2);
  j.thresholds[0].type = Threshold::Type::kDetectionFilter;
  j.thresholds[1].type = Threshold::Type::kBoth;
  f.apply(j);
  ASSERT_EQ(j.thresholds.size(), 2U);
  EXPECT_EQ(j.thresholds[0].type, Threshold::Type::kDetectionFilter);
  EXPECT_EQ(j.thresholds[1].type, Threshold::Type::kLimit);
  EXPECT_EQ(j.thresholds[1].track, Threshold::Track::kByRule);
  EXPECT_EQ(j.thresholds[1].count, 3U);
  Judgement other = rule(8);
  f.apply(other);
  EXPECT_TRUE(other.plain());
}

TEST(ThresholdFile, ForAllRulesMeansThoseWithoutTheirOwn) {
  const auto f = read("event_filter gen_id 0, sig_id 0, type both, track by_src, count 1, seconds 60");
  Judgement bare = rule(1), own = rule(2);
  own.thresholds.resize(1);
  f.apply(bare);
  f.apply(own);
  ASSERT_EQ(bare.thresholds.size(), 1U);
  EXPECT_EQ(bare.thresholds[0].type, Threshold::Type::kBoth);
  EXPECT_EQ(own.thresholds.size(), 1U);
  EXPECT_EQ(own.thresholds[0].type, Threshold::Type::kLimit);
}

TEST(ThresholdFile, SuppressionByEnds) {
  const auto f = read(
      "suppress gen_id 1, sig_id 1\n"
      "suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.0/30,!10.0.0.1]\n"
      "suppress gen_id 1, sig_id 3, track by_dst, ip 10.0.0.2\n"
      "suppress gen_id 1, sig_id 4, track by_either, ip 10.0.0.2\n");
  ASSERT_TRUE(f.warnings.empty()) << f.warnings[0];
  Thresholds t;
  const auto seen = [&](std::uint32_t sid, std::uint8_t src, std::uint8_t dst) {
    Judgement j = rule(sid);
    f.apply(j);
    return t.admit(j, {1, host(src), host(dst), 1, 1, 1});
  };
  EXPECT_FALSE(seen(1, 8, 9));
  EXPECT_FALSE(seen(2, 2, 9));
  EXPECT_TRUE(seen(2, 1, 2));
  EXPECT_TRUE(seen(2, 9, 2));
  EXPECT_FALSE(seen(3, 9, 2));
  EXPECT_TRUE(seen(3, 2, 9));
  EXPECT_FALSE(seen(4, 2, 9));
  EXPECT_FALSE(seen(4, 9, 2));
  EXPECT_TRUE(seen(4, 8, 9));
  EXPECT_TRUE(seen(5, 8, 9));
}

TEST(ThresholdFile, RateFilterSilencesForAWhile) {
  const auto f = read(
      "rate_filter gen_id 1, sig_id 1, track by_src, count 2, seconds 60, new_action pass, timeout 3\n"
      "rate_filter gen_id 1, sig_id 2, track by_src, count 2, seconds 60, new_action drop, timeout 3\n");
  ASSERT_TRUE(f.warnings.empty()) << f.warnings[0];
  Judgement j = rule(1), other = rule(2);
  f.apply(j);
  f.apply(other);
  EXPECT_TRUE(other.plain());  // picket drops nothing
  Thresholds t;
  std::string out;
  for (const unsigned second : {0, 1, 2, 3, 4, 70, 71})
    out +=
        t.admit(j, {(1000 + std::uint64_t{second}) * 1'000'000'000, host(1), host(2), 1, 1, 1}) ? 'y' : 'n';
  EXPECT_EQ(out, "yynnnyy");
}

TEST(ThresholdFile, ABadLineIsNamedAndTheOthersHold) {
  const auto f = read(
      "threshold gen_id 1, sig_id x, type limit, track by_src, count 1, seconds 60\n"
      "threshold gen_id 1, sig_id 1, type never, track by_src, count 1, seconds 60\n"
      "threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 60\n"
      "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.300\n"
      "suppress gen_id 1, sig_id 1, track by_src\n"
      "suppress gen_id 1, sig_id 1, colour red\n"
      "forget gen_id 1, sig_id 1\n"
      "suppress gen_id 1, sig_id 9\n");
  ASSERT_EQ(f.warnings.size(), 7U);
  EXPECT_EQ(f.warnings[0], "t.config:1: gen_id and sig_id have to be numbers");
  EXPECT_EQ(f.warnings[5], "t.config:6: 'colour' means nothing here");
  ASSERT_EQ(f.orders.size(), 1U);
  EXPECT_EQ(f.orders[0].sid, 9U);
}

}  // namespace
}  // namespace picket::rules
