#include "export/collector/sinks/kafka_heads.h"

#include <fmt/format.h>

#include <algorithm>

namespace picket::collector {

Status read_up_to(std::span<const std::int64_t> end, std::span<std::int64_t> next,
                  std::chrono::milliseconds timeout, const ReadOne& read_one) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timeout;
  for (std::size_t p = 0; p < end.size();) {
    if (next[p] >= end[p]) {
      ++p;
      continue;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return Error{fmt::format(
          "partition {}: read up to {} of {}; a transaction of another collector is open there, or "
          "the broker does not answer",
          p, next[p], end[p])};
    }
    const auto read = read_one(left);
    if (!read) return read.error();
    if (const auto& r = read.value(); r && r->partition < next.size())
      next[r->partition] = std::max(next[r->partition], r->next);
  }
  return Done{};
}

}  // namespace picket::collector
