#include "export/ot_twins.h"

namespace picket {

bool OtTwins::again(std::uint64_t twin, std::uint64_t way, std::uint64_t clock_ns) {
  while (!firsts_.empty() && (firsts_.size() == kMost || clock_ns > firsts_.front().clock_ns + kWindowNs)) {
    ways_.erase(firsts_.front().twin);
    firsts_.pop_front();
  }
  const auto [at, is_new] = ways_.emplace(twin, way);
  if (is_new) firsts_.push_back({twin, clock_ns});
  return !is_new && at->second != way;
}

}  // namespace picket
