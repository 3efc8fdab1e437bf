#include "sensor/nearest_name.h"

#include <algorithm>
#include <array>

namespace picket {

void NearestName::consider(std::string_view candidate) noexcept {
  const std::size_t n = wanted_.size(), m = candidate.size();
  if (n > kMaxLength || m > kMaxLength || n < 3 || m + distance_ <= n || n + distance_ <= m) return;
  // Damerau-Levenshtein (neighbours swapped count once), three rows.
  std::array<std::array<unsigned, kMaxLength + 1>, 3> rows{};
  for (std::size_t j = 0; j <= m; ++j) rows[0][j] = static_cast<unsigned>(j);
  for (std::size_t i = 1; i <= n; ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = static_cast<unsigned>(i);
    unsigned least = row[0];
    for (std::size_t j = 1; j <= m; ++j) {
      const bool same = wanted_[i - 1] == candidate[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && wanted_[i - 1] == candidate[j - 2] && wanted_[i - 2] == candidate[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least > distance_) return;
  }
  const unsigned distance = rows[n % 3][m];
  if (distance < distance_ && distance * 3 <= n) {
    distance_ = distance;
    best_ = candidate;
  }
}

}  // namespace picket
