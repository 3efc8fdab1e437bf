// sensor/nearest_name.h — which of many words a misspelt one was meant to be
//
// Cost    up to kMaxLength^2 steps a candidate; no allocation
#pragma once
#include <string_view>

namespace picket {

/// The candidate nearest to a misspelt word, if it is near enough to be worth naming: at most a third of it
/// is wrong, by no more than `most` slips (a letter changed, missing, too many; two neighbours swapped).
/// Borrows all words.
class NearestName {
 public:
  explicit NearestName(std::string_view wanted, unsigned most = 2) noexcept
      : wanted_(wanted), distance_(most + 1) {}
  void consider(std::string_view candidate) noexcept;
  /// Empty when nothing was near.
  [[nodiscard]] std::string_view best() const noexcept { return best_; }

 private:
  static constexpr std::size_t kMaxLength = 80;
  std::string_view wanted_, best_;
  unsigned distance_;  // of the best; before there is one: beyond the furthest that counts
};

}  // namespace picket
