#include "export/collector/tally.h"

#include <gtest/gtest.h>

namespace picket::collector {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'000'000'000;
const ChainId kFlows{"plant", 7, v1::LANE_FLOW}, kAlerts{"plant", 7, v1::LANE_ALERT};

TEST(Tally, CountsWhatIsStoredBySensorAndLane) {
  Tally t;
  t.batch(kFlows, BatchFate::kStored, 10, 1000, kNow - 2'000'000'000, kNow);
  t.batch(kFlows, BatchFate::kStored, 5, 500, kNow + 1'000'000'000, kNow);
  t.batch({"plant", 8, v1::LANE_FLOW}, BatchFate::kStored, 1, 100, kNow + 1'000'000'000, kNow);
  t.batch(kAlerts, BatchFate::kStored, 1, 99, 0, kNow);
  const Tally::State s = t.state();
  ASSERT_EQ(s.sensors.size(), 1U);
  const auto& lanes = s.sensors.at("plant").lanes;
  EXPECT_EQ(lanes.at(v1::LANE_FLOW).records, 16U);
  EXPECT_EQ(lanes.at(v1::LANE_FLOW).bytes, 1600U);
  EXPECT_EQ(lanes.at(v1::LANE_FLOW).lag_ns, -1'000'000'000) << "the sensor's clock is ahead";
  EXPECT_FALSE(lanes.at(v1::LANE_ALERT).has_lag) << "it does not say when it was sealed";
  EXPECT_EQ(s.batches[static_cast<std::size_t>(BatchFate::kStored)], 4U);
}

TEST(Tally, CountsNoRecordTwice) {
  Tally t;
  t.batch(kFlows, BatchFate::kStored, 10, 1000, 0, kNow);
  for (const BatchFate again : {BatchFate::kKnown, BatchFate::kChain})
    t.batch(kFlows, again, 10, 1000, 0, kNow + 5);
  t.batch({"another's", 7, v1::LANE_FLOW}, BatchFate::kWrongSensor, 10, 1000, 0, kNow);
  t.batch({"made up", 7, v1::LANE_FLOW}, BatchFate::kMalformed, 10, 1000, 0, kNow);
  t.batch({"forged", 7, v1::LANE_FLOW}, BatchFate::kSignature, 10, 1000, 0, kNow);
  const Tally::State s = t.state();
  EXPECT_EQ(s.sensors.at("plant").lanes.at(v1::LANE_FLOW).records, 10U);
  EXPECT_EQ(s.sensors.at("plant").seen_at_ns, kNow + 5);
  EXPECT_EQ(s.sensors.size(), 1U) << "names that nothing stands for";
  for (const std::uint64_t n : s.batches) EXPECT_EQ(n, 1U);
}

TEST(Tally, CountsWhatIsMissingByReason) {
  Tally t;
  t.missing(kFlows, v1::GAP_SPOOL_FULL, 3);
  t.missing(kFlows, v1::GAP_SPOOL_FULL, 4);
  t.missing(kFlows, static_cast<v1::GapReason>(99), 5);
  t.found(kFlows, 2);
  EXPECT_EQ(t.state().sensors.at("plant").lanes.at(v1::LANE_FLOW).found, 2U);
  const auto missing = t.state().sensors.at("plant").lanes.at(v1::LANE_FLOW).missing;
  EXPECT_EQ(missing[v1::GAP_SPOOL_FULL], 7U);
  EXPECT_EQ(missing[v1::GAP_UNKNOWN], 5U) << "a reason of a later version";
  EXPECT_EQ(gap_label(v1::GAP_SPOOL_FULL), "spool_full");
  EXPECT_EQ(lane_label(v1::LANE_STATISTICS), "statistics");
}

TEST(Tally, TellsSoManySensorsApartAndNoMore) {
  Tally t;
  for (std::size_t i = 0; i < Tally::kMaxSensors + 25; ++i)
    t.batch({"s" + std::to_string(i), 1, v1::LANE_ALL}, BatchFate::kStored, 1, 10, 0, kNow);
  t.batch({"s0", 1, v1::LANE_ALL}, BatchFate::kStored, 1, 10, 0, kNow);
  const Tally::State s = t.state();
  EXPECT_EQ(s.sensors.size(), Tally::kMaxSensors + 1);
  EXPECT_EQ(s.other_batches, 25U);
  EXPECT_EQ(s.sensors.at("other").lanes.at(v1::LANE_ALL).records, 25U);
  EXPECT_EQ(s.sensors.at("s0").lanes.at(v1::LANE_ALL).records, 2U);
}

TEST(Tally, KnowsWhoIsConnected) {
  Tally t;
  for (int call = 0; call < 3; ++call) t.connected();
  EXPECT_EQ(t.state().connected, 0U) << "nobody has said who it is";
  t.joined("plant-7");
  t.joined("plant-7");  // another lane's call
  t.joined("plant-8");
  EXPECT_EQ(t.state().connected, 2U);
  EXPECT_EQ(t.state().connections, 3U);
  t.left("plant-7");
  EXPECT_EQ(t.state().connected, 2U) << "it has another one";
  t.left("plant-7");
  t.left("plant-7");
  EXPECT_EQ(t.state().connected, 1U);
  t.refused_call();
  EXPECT_EQ(t.state().refused_calls, 1U);
}

}  // namespace
}  // namespace picket::collector
