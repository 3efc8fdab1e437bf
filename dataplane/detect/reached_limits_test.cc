#include "dataplane/detect/reached_limits.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace picket::detect {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

TrackKey key_of(std::uint32_t sid, Track by = Track::kBySource, std::uint8_t src = 1, std::uint8_t dst = 2) {
  const std::uint8_t a[] = {10, 0, 0, src}, b[] = {10, 0, 0, dst};
  TrackKey key;
  key.gid = 1;
  key.sid = sid;
  key.track(by, Address::v4(a), Address::v4(b), 7);
  return key;
}

/// Another key that has the same place.
TrackKey rival_of(const TrackKey& key) {
  TrackKey other = key;
  do {
    ++other.sid;
  } while (other.hash() % ReachedLimits::kSlots != key.hash() % ReachedLimits::kSlots);
  return other;
}

TEST(ReachedLimits, HoldUntilTheWindowEnds) {
  ReachedLimits limits;
  const Limit limit{2, 60, Track::kBySource};
  EXPECT_FALSE(limits.holds(key_of(5), limit, 100 * kSecond));
  limits.reached(key_of(5), 100 * kSecond, 2);
  EXPECT_TRUE(limits.holds(key_of(5), limit, 100 * kSecond));
  EXPECT_TRUE(limits.holds(key_of(5), limit, 160 * kSecond));
  EXPECT_FALSE(limits.holds(key_of(5), limit, 160 * kSecond + 1));
  EXPECT_FALSE(limits.holds(key_of(6), limit, 100 * kSecond)) << "another rule's";
  EXPECT_FALSE(limits.holds(key_of(5, Track::kBySource, 3), limit, 100 * kSecond)) << "another host's";
}

TEST(ReachedLimits, AKeyThatWasNeverReachedHoldsNothing) {
  const ReachedLimits limits;
  EXPECT_FALSE(limits.holds(TrackKey(), {1, 60, Track::kByRule}, 0));
}

TEST(ReachedLimits, TheLimitIsThatOfTheRuleSetInUse) {
  ReachedLimits limits;
  limits.reached(key_of(5), 100 * kSecond, 2);
  EXPECT_FALSE(limits.holds(key_of(5), {2, 10, Track::kBySource}, 120 * kSecond)) << "a shorter window now";
  EXPECT_FALSE(limits.holds(key_of(5), {3, 60, Track::kBySource}, 120 * kSecond)) << "more alerts now";
}

TEST(ReachedLimits, BothWaysOfAPairAreOne) {
  EXPECT_EQ(key_of(5, Track::kByBoth, 1, 2), key_of(5, Track::kByBoth, 2, 1));
  EXPECT_NE(key_of(5, Track::kBySource, 1, 2), key_of(5, Track::kBySource, 2, 1));
  EXPECT_EQ(key_of(5, Track::kByRule, 1, 2), key_of(5, Track::kByRule, 3, 4));
  EXPECT_EQ(key_of(5, Track::kByFlow).flow, 7U);
}

TEST(ReachedLimits, TheLastThatWasReachedHasThePlace) {
  ReachedLimits limits;
  const Limit limit{1, 60, Track::kBySource};
  const TrackKey key = key_of(5), rival = rival_of(key);
  limits.reached(key, 0, 1);
  limits.reached(rival, 0, 1);
  EXPECT_FALSE(limits.holds(key, limit, 1));
  EXPECT_TRUE(limits.holds(rival, limit, 1));
}

/// What is written while it is read is no answer.
TEST(ReachedLimits, NeverMixTwoKeys) {
  ReachedLimits limits;
  const Limit limit{1, 60, Track::kBySource};
  const TrackKey key = key_of(5), rival = rival_of(key);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      limits.reached(key, 0, 1);
      limits.reached(rival, 1000 * kSecond, 1);
    }
  });
  // Both are seen a thousand times, so the two threads did run side by side.
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (unsigned held = 0, not_held = 0;
       (held < 1000 || not_held < 1000) && std::chrono::steady_clock::now() < until;) {
    EXPECT_FALSE(limits.holds(key, limit, 1000 * kSecond)) << "the window is the rival's";
    ++(limits.holds(rival, limit, 1000 * kSecond) ? held : not_held);
  }
  EXPECT_LT(std::chrono::steady_clock::now(), until);
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace picket::detect
