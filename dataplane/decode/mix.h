// dataplane/decode/mix.h — a hash of addresses; fixed, as output must not depend on the run
#pragma once
#include "dataplane/packet.h"
#include "parsers/core/cursor.h"

namespace picket {

/// The high half of a product hangs on every bit of both factors.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Odd numbers with about as many ones as zeros.
inline constexpr std::uint64_t kMixA = 0x9e3779b97f4a7c15, kMixB = 0xd6e8feb86659fd93,
                               kMixC = 0xa0761d6478bd642f;

constexpr std::uint64_t mix_words(std::uint64_t high, std::uint64_t low) noexcept {
  return mix(high ^ kMixA, low ^ kMixB);
}
inline std::uint64_t mix_address(const Address& a) noexcept {
  Cursor c{Bytes(a.bytes)};
  const std::uint64_t high = c.u64be();
  return mix_words(high, c.u64be());
}

}  // namespace picket
