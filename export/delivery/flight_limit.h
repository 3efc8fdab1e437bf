// export/delivery/flight_limit.h — how much may be on its way to a collector, so that an
// alert does not wait long behind it
//
// What was handed to the connection cannot be overtaken any more. So no more of another lane is given to it than is
// acknowledged within about kQueue, however slow the link: what a batch takes beyond the least that one has taken is
// time spent in queues. Above kQueue the limit is halved, well below it is doubled, once for each round.
//
// A path that becomes slower by itself (a collector's disk, another route) first looks like a queue: at kLeast, where
// there is none, what a batch takes is believed to be the path's own, and the limit grows again.
//
// Cost    a few comparisons an acknowledgement
// Threads one at a time
// Source  the idea of RFC 6817 (LEDBAT), without its constants
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace picket::delivery {

class FlightLimit {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint64_t kLeast = std::uint64_t{16} << 10, kMost = std::uint64_t{32} << 20;
  static constexpr std::chrono::milliseconds kQueue{500};

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Something waits because of it.
  void reached() noexcept { reached_ = true; }
  void acknowledged(Clock::time_point sent, Clock::time_point now) noexcept {
    const Clock::duration took = now - sent;
    least_ = bytes_ == kLeast ? took : std::min(least_, took);
    if (sent < changed_) return;  // under the limit before
    const Clock::duration queued = took - least_;
    if (queued > kQueue) {
      change(bytes_ / 2, now);
    } else if (reached_ && queued < kQueue / 2) {
      change(bytes_ * 2, now);
    }
  }

 private:
  void change(std::uint64_t bytes, Clock::time_point now) noexcept {
    bytes_ = std::clamp(bytes, kLeast, kMost);
    changed_ = now;
    reached_ = false;
  }

  std::uint64_t bytes_ = kLeast;
  bool reached_ = false;
  Clock::duration least_ = Clock::duration::max();
  Clock::time_point changed_{};
};

}  // namespace picket::delivery
