// dataplane/io/clock.h — a counter's ticks (the CPU's TSC, a NIC's clock) as UTC, kept in step by
// observations
//
// Cost    utc_ns(): a multiplication and two loads, no system call; observe(): about once a second, off the
//         packet path
// Steps   a drift is slewed away within about a second, so time runs on. A difference above kStepNs (someone
//         set the clock) is jumped over at once, forwards or backwards: right for the time that a record
//         shows, wrong for timeouts. Those need a line that is observed with steady_ns(), which nobody sets.
// Threads one observes, any number read
#pragma once
#include <atomic>
#include <cstdint>

namespace picket {

class TickClock {
 public:
  static constexpr std::int64_t kStepNs = 100'000'000;

  /// From now on `ticks` is `utc_ns`, at `hz` ticks a second.
  void start(std::uint64_t ticks, std::uint64_t utc_ns, double hz) noexcept;
  /// At `ticks` it was `utc_ns`.
  void observe(std::uint64_t ticks, std::uint64_t utc_ns) noexcept;
  [[nodiscard]] std::uint64_t utc_ns(std::uint64_t ticks) const noexcept;

 private:
  struct Line {
    std::uint64_t ticks, utc_ns, ns_per_tick;  // the last is 32.32 fixed point
  };
  static std::uint64_t at(const Line& line, std::uint64_t ticks) noexcept;
  void publish(const Line& line) noexcept;

  Line line_{0, 0, 1ULL << 32};                     // the observer's own
  std::uint64_t seen_ticks_ = 0, seen_utc_ns_ = 0;  // last observation
  alignas(64) std::atomic<std::uint32_t> sequence_{0};
  std::atomic<std::uint64_t> ticks_{0}, utc_ns_{0}, ns_per_tick_{1ULL << 32};
};

/// The system's UTC: NTP or a person may set it, so it jumps.
[[nodiscard]] std::uint64_t system_utc_ns() noexcept;
/// Since some moment: NTP keeps its rate, and nobody sets it.
[[nodiscard]] std::uint64_t steady_ns() noexcept;

}  // namespace picket
