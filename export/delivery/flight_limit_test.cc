#include "export/delivery/flight_limit.h"

#include <gtest/gtest.h>

namespace picket::delivery {
namespace {

using Clock = FlightLimit::Clock;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A link of one queue, which always has as much to carry as the limit lets it: how long a byte takes from its end to
/// the acknowledgement, after a number of rounds.
milliseconds latency(FlightLimit& limit, std::uint64_t bytes_per_second, milliseconds path, int rounds) {
  Clock::time_point now = Clock::time_point{} + std::chrono::hours(1);
  Clock::duration took{};
  for (int i = 0; i < rounds; ++i) {
    took = path + microseconds(limit.bytes() * 1'000'000 / bytes_per_second);
    limit.reached();
    limit.acknowledged(now, now + took);
    now += took;
  }
  return duration_cast<milliseconds>(took);
}

TEST(FlightLimit, KeepsTheQueueOfASlowLinkShort) {
  for (const std::uint64_t rate : {64'000U, 256'000U, 1'000'000U, 20'000'000U}) {
    FlightLimit limit;
    EXPECT_LE(latency(limit, rate, milliseconds(20), 60), milliseconds(1100)) << rate;
  }
}

TEST(FlightLimit, AFastLinkIsUsed) {
  FlightLimit limit;
  latency(limit, 1'000'000'000, milliseconds(50), 20);
  EXPECT_EQ(limit.bytes(), FlightLimit::kMost);
}

TEST(FlightLimit, ALongPathIsNoQueue) {
  FlightLimit limit;
  latency(limit, 1'000'000'000, milliseconds(900), 20);
  EXPECT_EQ(limit.bytes(), FlightLimit::kMost);
}

TEST(FlightLimit, APathThatBecameLongerIsUsedAgain) {
  FlightLimit limit;
  latency(limit, 1'000'000'000, milliseconds(1), 20);
  latency(limit, 1'000'000'000, milliseconds(900), 40);
  EXPECT_EQ(limit.bytes(), FlightLimit::kMost);
}

TEST(FlightLimit, WithoutNeedItStays) {
  FlightLimit limit;
  const Clock::time_point now = Clock::time_point{} + std::chrono::hours(1);
  limit.acknowledged(now, now + milliseconds(1));
  EXPECT_EQ(limit.bytes(), FlightLimit::kLeast);
}

TEST(FlightLimit, OnceForEachRound) {
  FlightLimit limit;
  const Clock::time_point now = Clock::time_point{} + std::chrono::hours(1);
  for (int i = 0; i < 3; ++i) {
    limit.reached();
    limit.acknowledged(now, now + milliseconds(1));
  }
  EXPECT_EQ(limit.bytes(), 2 * FlightLimit::kLeast);
}

}  // namespace
}  // namespace picket::delivery
