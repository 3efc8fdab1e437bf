#include "dataplane/io/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace picket {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStart = 1'700'000'000 * kSecond;

/// A counter that is said to run at 2 GHz and is off by `ppm`.
std::uint64_t ticks_at(std::uint64_t elapsed_ns, double ppm) {
  return 1000 + static_cast<std::uint64_t>(static_cast<double>(elapsed_ns) * 2.0 * (1 + ppm * 1e-6));
}
std::int64_t difference(std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b); }

TEST(TickClock, KeepsInStepWithACounterThatIsOff) {
  for (const double ppm : {-200.0, 0.0, 50.0, 200.0}) {
    TickClock clock;
    clock.start(ticks_at(0, ppm), kStart, 2e9);
    std::uint64_t before = 0;
    for (std::uint64_t s = 1; s <= 30; ++s) {
      for (std::uint64_t ms = 0; ms < 1000; ms += 50) {
        const std::uint64_t elapsed = (s - 1) * kSecond + ms * 1'000'000;
        const std::uint64_t now = clock.utc_ns(ticks_at(elapsed, ppm));
        EXPECT_GE(now, before) << "ran backwards at " << elapsed;
        before = now;
        const std::int64_t allowed = s == 1 ? 250'000 : s < 4 ? 300'000 : 2'000;
        EXPECT_LE(std::abs(difference(now, kStart + elapsed)), allowed) << ppm << " ppm, " << elapsed;
      }
      clock.observe(ticks_at(s * kSecond, ppm), kStart + s * kSecond);
    }
  }
}

TEST(TickClock, JumpsWhenSomeoneSetsTheClock) {
  for (const std::int64_t jump : {std::int64_t{3600}, std::int64_t{-3600}}) {
    TickClock clock;
    clock.start(ticks_at(0, 0), kStart, 2e9);
    const std::uint64_t moved =
        kStart + static_cast<std::uint64_t>(jump * static_cast<std::int64_t>(kSecond));
    clock.observe(ticks_at(kSecond, 0), moved + kSecond);
    EXPECT_LE(std::abs(difference(clock.utc_ns(ticks_at(kSecond + 1000, 0)), moved + kSecond + 1000)), 10);
    clock.observe(ticks_at(2 * kSecond, 0), moved + 2 * kSecond);  // and the rate is what it was
    EXPECT_LE(std::abs(difference(clock.utc_ns(ticks_at(3 * kSecond, 0)), moved + 3 * kSecond)), 2000);
  }
}

TEST(TickClock, ACounterReadJustBeforeTheObservation) {
  TickClock clock;
  clock.start(ticks_at(0, 0), kStart, 2e9);
  clock.observe(ticks_at(kSecond, 0), kStart + kSecond);
  EXPECT_LE(std::abs(difference(clock.utc_ns(ticks_at(kSecond - 1000, 0)), kStart + kSecond - 1000)), 10);
  clock.observe(ticks_at(kSecond, 0), kStart + kSecond);  // no time has passed: nothing to learn
  EXPECT_LE(std::abs(difference(clock.utc_ns(ticks_at(2 * kSecond, 0)), kStart + 2 * kSecond)), 2000);
}

TEST(TickClock, SystemTimeIsOfThisCentury) {
  EXPECT_GT(system_utc_ns(), kStart);
  EXPECT_LT(system_utc_ns(), 4'102'444'800 * kSecond);
}

}  // namespace
}  // namespace picket
