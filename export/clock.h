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

}  // namespace picket
