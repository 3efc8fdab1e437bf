// export/intel/repeats.h — a bounded memory of what was told, and how often
//
// Cost    O(1); taken at once, never grows
// Limits  a set that is full forgets what it was asked for longest ago, counted: that may then be told once more
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace picket::intel {

class Repeats {
 public:
  struct Entry {
    std::uint64_t key = 0;  ///< 0: free
    std::uint64_t used = 0;
    std::uint64_t since_ns = 0;  ///< the caller's, as is `count`
    std::uint32_t count = 0;
  };
  static constexpr std::size_t kWays = 8;

  /// For so many keys, rounded up.
  explicit Repeats(std::size_t keys) : entries_(std::bit_ceil(std::max(keys, kWays))) {}

  [[nodiscard]] Entry* find(std::uint64_t key) noexcept {
    Entry* const set = set_of(key);
    for (Entry* e = set; e != set + kWays; ++e) {
      if (e->key == nonzero(key)) return e->used = ++clock_, e;
    }
    return nullptr;
  }
  /// Of a key that find() does not know.
  Entry& add(std::uint64_t key) noexcept {
    Entry* const set = set_of(key);
    Entry* oldest =
        std::min_element(set, set + kWays, [](const Entry& a, const Entry& b) { return a.used < b.used; });
    if (oldest->key != 0) ++forgotten_;
    *oldest = {nonzero(key), ++clock_, 0, 0};
    return *oldest;
  }
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  static std::uint64_t nonzero(std::uint64_t key) noexcept { return key == 0 ? 1 : key; }
  Entry* set_of(std::uint64_t key) noexcept {
    return &entries_[((key >> 16) & (entries_.size() / kWays - 1)) * kWays];
  }

  std::vector<Entry> entries_;
  std::uint64_t clock_ = 0, forgotten_ = 0;
};

}  // namespace picket::intel
