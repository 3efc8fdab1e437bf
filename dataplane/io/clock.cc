#include "dataplane/io/clock.h"

#include <algorithm>
#include <chrono>

namespace picket {
namespace {

__extension__ using Wide = __int128;
constexpr double kOne = 4294967296.0;  // 1.0 in 32.32
constexpr double kNsPerSecond = 1e9;
/// No crystal is further off; a larger correction is spread over more than a second.
constexpr double kMaxSlew = 500e-6;

}  // namespace

std::uint64_t system_utc_ns() noexcept {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
      duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count());
}

std::uint64_t steady_ns() noexcept {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
      duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

/// Ticks a little before the line's start are fine: a thread may have read the counter before the line was
/// drawn.
std::uint64_t TickClock::at(const Line& line, std::uint64_t ticks) noexcept {
  const auto delta = static_cast<std::int64_t>(ticks - line.ticks);
  return line.utc_ns + static_cast<std::uint64_t>(static_cast<std::int64_t>(
                           (static_cast<Wide>(delta) * static_cast<Wide>(line.ns_per_tick)) >> 32));
}

void TickClock::publish(const Line& line) noexcept {
  line_ = line;
  const std::uint32_t s = sequence_.load(std::memory_order_relaxed);  // a seqlock: odd while the words change
  sequence_.store(s + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  ticks_.store(line.ticks, std::memory_order_relaxed);
  utc_ns_.store(line.utc_ns, std::memory_order_relaxed);
  ns_per_tick_.store(line.ns_per_tick, std::memory_order_relaxed);
  sequence_.store(s + 2, std::memory_order_release);
}

void TickClock::start(std::uint64_t ticks, std::uint64_t utc_ns, double hz) noexcept {
  seen_ticks_ = ticks;
  seen_utc_ns_ = utc_ns;
  publish({ticks, utc_ns, static_cast<std::uint64_t>(kNsPerSecond / hz * kOne)});
}

void TickClock::observe(std::uint64_t ticks, std::uint64_t utc_ns) noexcept {
  const std::uint64_t told = at(line_, ticks);
  const auto error = static_cast<std::int64_t>(utc_ns - told);
  if (ticks <= seen_ticks_) return;
  if (error > kStepNs || error < -kStepNs) {
    publish({ticks, utc_ns, line_.ns_per_tick});
  } else if (utc_ns > seen_utc_ns_) {
    // The rate measured since the last look, and what undoes the error within as much time again.
    const double elapsed = static_cast<double>(utc_ns - seen_utc_ns_);
    const double measured = elapsed / static_cast<double>(ticks - seen_ticks_);
    const double slew = std::clamp(static_cast<double>(error) / elapsed, -kMaxSlew, kMaxSlew);
    publish({ticks, told, static_cast<std::uint64_t>(measured * (1 + slew) * kOne)});
  }
  seen_ticks_ = ticks;
  seen_utc_ns_ = utc_ns;
}

std::uint64_t TickClock::utc_ns(std::uint64_t ticks) const noexcept {
  for (;;) {
    const std::uint32_t s = sequence_.load(std::memory_order_acquire);
    const Line line{ticks_.load(std::memory_order_relaxed), utc_ns_.load(std::memory_order_relaxed),
                    ns_per_tick_.load(std::memory_order_relaxed)};
    std::atomic_thread_fence(std::memory_order_acquire);
    if ((s & 1) == 0 && sequence_.load(std::memory_order_relaxed) == s) return at(line, ticks);
  }
}

}  // namespace picket
