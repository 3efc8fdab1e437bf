// parsers/core/crc16.h — cyclic redundancy checks of 16 bits, eight bytes at a time
//
// A byte's share of the sum depends on how many bytes stand behind it, and shares add up: eight bytes take eight look-ups
// that do not wait for each other, in tables that are made from the polynomial when this is compiled.
//
// Cost    about three instructions a byte; 4 KiB of tables a polynomial
#pragma once
#include <array>

#include "parsers/core/bytes.h"

namespace picket {

/// kPolynomial without its highest bit, as catalogues write it. kReflected: the lowest bit of a byte comes first.
template <std::uint16_t kPolynomial, bool kReflected>
class Crc16 {
 public:
  /// Goes on from `crc`. What it starts from, and whether the end is turned around, is each protocol's.
  [[nodiscard]] static std::uint16_t add(std::uint16_t crc, Bytes bytes) noexcept {
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) crc = add_block<8>(crc, bytes.data());
    if (bytes.size() >= 4) {
      crc = add_block<4>(crc, bytes.data());
      bytes = bytes.subspan(4);
    }
    for (const std::uint8_t b : bytes) crc = step(kTables[0], crc, b);
    return crc;
  }

 private:
  static constexpr std::size_t kMostAtOnce = 8;
  using Table = std::array<std::uint16_t, 256>;

  template <std::size_t kSize>
  static std::uint16_t add_block(std::uint16_t crc, const std::uint8_t* b) noexcept {
    const unsigned low = crc & 0xffU, high = crc >> 8U;
    std::uint16_t sum = kTables[kSize - 1][b[0] ^ (kReflected ? low : high)];
    sum ^= kTables[kSize - 2][b[1] ^ (kReflected ? high : low)];
    for (std::size_t i = 2; i < kSize; ++i) sum ^= kTables[kSize - 1 - i][b[i]];
    return sum;
  }

  static constexpr std::uint16_t step(const Table& of_byte, std::uint16_t crc, std::uint8_t b) noexcept {
    return static_cast<std::uint16_t>(kReflected ? crc >> 8U ^ of_byte[(crc ^ b) & 0xffU]
                                                 : crc << 8U ^ of_byte[crc >> 8U ^ b]);
  }
  static constexpr std::uint16_t shift(std::uint16_t crc) noexcept {
    constexpr std::uint16_t kTurned = [] {
      unsigned t = 0;
      for (unsigned i = 0; i < 16; ++i) t |= (kPolynomial >> i & 1U) << (15U - i);
      return static_cast<std::uint16_t>(t);
    }();
    if (kReflected) return static_cast<std::uint16_t>(crc >> 1U ^ ((crc & 1U) != 0 ? kTurned : 0U));
    return static_cast<std::uint16_t>(crc << 1U ^ ((crc & 0x8000U) != 0 ? kPolynomial : 0U));
  }

  /// [n][b]: the sum of b and n bytes of zero behind it.
  static constexpr std::array<Table, kMostAtOnce> kTables = [] {
    std::array<Table, kMostAtOnce> t{};
    for (unsigned b = 0; b < 256; ++b) {
      auto crc = static_cast<std::uint16_t>(kReflected ? b : b << 8U);
      for (unsigned bit = 0; bit < 8; ++bit) crc = shift(crc);
      t[0][b] = crc;
    }
    for (std::size_t n = 1; n < kMostAtOnce; ++n) {
      for (unsigned b = 0; b < 256; ++b) t[n][b] = step(t[0], t[n - 1][b], 0);
    }
    return t;
  }();
};

}  // namespace picket
