// dataplane/detect/reached_limits.h — limits of rules that are reached, so that workers need not write the alerts they turn
// down
//
//   export thread: a limit's last alert of its window is out ──> reached() ──> holds() <── worker, before it writes an alert
//
// The export thread alone decides, in the order of the capture. What stands here it has decided already: whatever comes
// with that key before the window's end is no alert, and no worker can have something that comes before what was decided.
// A worker that asks too early, or whose key had to give way to another, writes the alert, and it is turned down behind the
// merge: what is told is the same. Without this a flood of matches of one rule with a limit fills the rings with what
// nobody is to see, and takes the room of alerts that somebody is.
//
// Cost     a cache line or two where a rule with such a limit matches, nothing elsewhere
// Limits   kSlots keys, each in one place: the last that was reached has it
// Threads  reached() from one; holds() from any
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "dataplane/packet.h"

namespace picket::detect {

/// What a threshold counts by.
enum class Track : std::uint8_t { kBySource, kByDestination, kByBoth, kByRule, kByFlow };

/// Those matches that a threshold counts together.
struct TrackKey {
  Address a, b;
  std::uint64_t flow = 0;
  std::uint32_t gid = 0, sid = 0;
  std::uint64_t what = 0;  ///< which threshold of the rule; or another thing that is counted by the same ends
  friend bool operator==(const TrackKey&, const TrackKey&) noexcept = default;

  void track(Track by, const Address& src, const Address& dst, std::uint64_t flow_id) noexcept;
  [[nodiscard]] std::uint64_t hash() const noexcept;
};

/// `threshold: type limit` or `both`, where nothing else is decided about a match of the rule: after `count` alerts in
/// `seconds`, from the first match on, there are no more.
struct Limit {
  std::uint32_t count = 0;  ///< 0: the rule has none
  std::uint32_t seconds = 0;
  Track track = Track::kBySource;
};

class ReachedLimits {
 public:
  static constexpr std::size_t kSlots = 4096;

  /// In the window that began at `since_ns` the key had `count` alerts, and has no more.
  void reached(const TrackKey&, std::uint64_t since_ns, std::uint32_t count) noexcept;
  /// Is a match at that time turned down for certain?
  [[nodiscard]] bool holds(const TrackKey&, const Limit&, std::uint64_t time_ns) const noexcept;

 private:
  static constexpr std::size_t kKeyWords = sizeof(TrackKey) / sizeof(std::uint64_t);
  static_assert(std::has_unique_object_representations_v<TrackKey>);
  using KeyWords = std::array<std::uint64_t, kKeyWords>;
  struct Slot {
    std::atomic<std::uint64_t> sequence{0};  ///< a seqlock: odd while the words change; 0: never used
    std::array<std::atomic<std::uint64_t>, kKeyWords> key{};
    std::atomic<std::uint64_t> since_ns{0}, count{0};
  };
  [[nodiscard]] std::size_t place(const TrackKey& k) const noexcept { return k.hash() % kSlots; }

  std::unique_ptr<Slot[]> slots_{new Slot[kSlots]};
};

}  // namespace picket::detect
