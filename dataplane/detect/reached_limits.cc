#include "dataplane/detect/reached_limits.h"

#include <algorithm>
#include <bit>

namespace picket::detect {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace

void TrackKey::track(Track by, const Address& src, const Address& dst, std::uint64_t flow_id) noexcept {
  switch (by) {
    case Track::kBySource:
      a = src;
      break;
    case Track::kByDestination:
      a = dst;
      break;
    case Track::kByBoth:  // both directions of a pair are the same pair
      a = std::min(src, dst);
      b = std::max(src, dst);
      break;
    case Track::kByRule:
      break;
    case Track::kByFlow:
      flow = flow_id;
      break;
  }
}

std::uint64_t TrackKey::hash() const noexcept {
  std::uint64_t h = 0;
  for (const std::uint64_t word : std::bit_cast<std::array<std::uint64_t, sizeof(TrackKey) / 8>>(*this)) {
    h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
    h ^= h >> 29;
  }
  return h;
}

void ReachedLimits::reached(const TrackKey& key, std::uint64_t since_ns, std::uint32_t count) noexcept {
  const auto words = std::bit_cast<KeyWords>(key);
  Slot& s = slots_[place(key)];
  const std::uint64_t sequence = s.sequence.load(std::memory_order_relaxed);
  s.sequence.store(sequence + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < kKeyWords; ++i) s.key[i].store(words[i], std::memory_order_relaxed);
  s.since_ns.store(since_ns, std::memory_order_relaxed);
  s.count.store(count, std::memory_order_relaxed);
  s.sequence.store(sequence + 2, std::memory_order_release);
}

bool ReachedLimits::holds(const TrackKey& key, const Limit& limit, std::uint64_t time_ns) const noexcept {
  const auto words = std::bit_cast<KeyWords>(key);
  const Slot& s = slots_[place(key)];
  const std::uint64_t sequence = s.sequence.load(std::memory_order_acquire);
  if (sequence == 0 || (sequence & 1) != 0) return false;
  for (std::size_t i = 0; i < kKeyWords; ++i) {
    if (s.key[i].load(std::memory_order_relaxed) != words[i]) return false;
  }
  const std::uint64_t since_ns = s.since_ns.load(std::memory_order_relaxed),
                      count = s.count.load(std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (s.sequence.load(std::memory_order_relaxed) != sequence) return false;
  // By the limit as it is now: a new rule set may have another one for the same rule.
  return count >= limit.count && time_ns <= since_ns + limit.seconds * kNsPerSecond;
}

}  // namespace picket::detect
