// export/delivery/clock.h — the time of day, as batches and files carry it
#pragma once
#include <chrono>
#include <cstdint>

namespace picket::delivery {

/// ns since 1970.
inline std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds(1));
}

}  // namespace picket::delivery
