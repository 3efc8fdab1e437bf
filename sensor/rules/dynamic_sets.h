// sensor/rules/dynamic_sets.h — data sets that rules change, kept in correlate: in the order of the capture
//
// Cost    a hash look-up a value; a set takes no more than its memcap, then it refuses values, which is
// counted
// Lives   over reloads: a set belongs to its name and type, and what rules have put into it stays
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "parsers/core/bytes.h"
#include "sensor/rules/datasets.h"

namespace picket::rules {

class DynamicSets {
 public:
  /// By the places that a plan gives its sets: where they are here.
  using Places = std::vector<std::uint32_t>;
  /// Sets of a plan. One that is there already keeps its values, whatever its file holds by now.
  [[nodiscard]] Places add(std::span<const DynamicSet>);

  /// Does all that a match asked of sets hold? `set` holds for a value that is new, `unset` for one that was
  /// there; one after the other, up to the first that does not.
  [[nodiscard]] bool admit(Bytes notes, const Places& places);
  /// Writes the sets that are to be kept; what could not be written, one line each.
  [[nodiscard]] std::vector<std::string> save() const;

  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  struct Set {
    DynamicSet source;  // without its first values
    std::unordered_set<std::string> values;
    std::uint64_t bytes = 0;
  };
  bool add(Set&, std::string value);

  std::vector<Set> sets_;
  std::uint64_t refused_ = 0;
};

}  // namespace picket::rules
