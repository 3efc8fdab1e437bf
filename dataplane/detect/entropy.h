// dataplane/detect/entropy.h — Shannon entropy of bytes, in bits a byte: 0 (all the same) to 8 (all alike
// often)
#pragma once
#include <array>
#include <cmath>

#include "parsers/core/bytes.h"

namespace picket::detect {

inline double shannon_entropy(Bytes in) noexcept {
  std::array<std::uint32_t, 256> count{};
  for (const std::uint8_t c : in) ++count[c];
  double sum = 0;
  for (const std::uint32_t n : count) {
    if (n == 0) continue;
    const double p = static_cast<double>(n) / static_cast<double>(in.size());
    sum -= p * std::log2(p);
  }
  return sum;
}

}  // namespace picket::detect
