// sensor/rules/ranges.h — sets of addresses or ports as sorted ranges, and how they merge and subtract
//
// Cost    O(n log n); linear where the input is sorted already
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sensor/rules/rule.h"

namespace picket::rules {

inline Address lowest(const AddressRange&) noexcept { return {}; }
inline Address highest(const AddressRange&) noexcept {
  Address a;
  a.bytes.fill(0xff);
  return a;
}
inline std::uint16_t lowest(const PortRange&) noexcept { return 0; }
inline std::uint16_t highest(const PortRange&) noexcept { return 0xffff; }

inline std::uint16_t next(std::uint16_t p) noexcept { return static_cast<std::uint16_t>(p + 1); }
inline std::uint16_t previous(std::uint16_t p) noexcept { return static_cast<std::uint16_t>(p - 1); }
inline Address next(Address a) noexcept {
  for (std::size_t i = a.bytes.size(); i-- > 0 && ++a.bytes[i] == 0;) {
  }
  return a;
}
inline Address previous(Address a) noexcept {
  for (std::size_t i = a.bytes.size(); i-- > 0 && a.bytes[i]-- == 0;) {
  }
  return a;
}

template <class Range>
[[nodiscard]] Range everything() noexcept {
  return {lowest(Range{}), highest(Range{})};
}

/// Sorts, and joins what overlaps or touches.
template <class Range>
void normalize(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (kept > 0) {
      Range& last = ranges[kept - 1];
      if (last.last == highest(last) || ranges[i].first <= next(last.last)) {
        last.last = std::max(last.last, ranges[i].last);
        continue;
      }
    }
    ranges[kept++] = ranges[i];
  }
  ranges.resize(kept);
}

/// `from` without `minus`; both normalized, so is the outcome.
template <class Range>
[[nodiscard]] std::vector<Range> subtract(const std::vector<Range>& from, const std::vector<Range>& minus) {
  std::vector<Range> out;
  auto m = minus.begin();
  for (Range r : from) {
    while (m != minus.end() && m->last < r.first) ++m;
    bool used_up = false;
    for (auto hole = m; hole != minus.end() && hole->first <= r.last; ++hole) {
      if (hole->first > r.first) out.push_back({r.first, previous(hole->first)});
      if (hole->last >= r.last) {
        used_up = true;
        break;
      }
      r.first = next(hole->last);
    }
    if (!used_up) out.push_back(r);
  }
  return out;
}

}  // namespace picket::rules
