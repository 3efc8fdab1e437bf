// export/clock.h — the time of day, as batches, files and orders carry it
#pragma once
#include <chrono>
#include <cstdint>

namespace picket {

/// ns since 1970.
inline std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds(1));
}

/// What now_ns() was when the process first asked here, and the time that has passed since. For ages: when somebody
/// sets the clock nothing becomes older.
inline std::uint64_t steady_now_ns() {
  struct Begin {
    std::uint64_t wall = now_ns();
    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  };
  static const Begin begin;
  return begin.wall + static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin.at) /
                                                 std::chrono::nanoseconds(1));
}

}  // namespace picket
