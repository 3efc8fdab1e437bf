// parsers/core/crc.h — cyclic redundancy checks of 16 and 32 bits, eight bytes at a time
//
// A byte's share of the sum depends on how many bytes stand behind it, and shares add up: eight bytes take eight look-ups
// that do not wait for each other, in tables that are made from the polynomial when this is compiled.
//
// Cost    about three instructions a byte; 4 KiB of tables a polynomial of 16 bits, 8 KiB one of 32
#pragma once
#include <array>
#include <concepts>

#include "parsers/core/bytes.h"

namespace picket {

/// kPolynomial without its highest bit, as catalogues write it. kReflected: the lowest bit of a byte comes first.
template <std::unsigned_integral Word, Word kPolynomial, bool kReflected>
class Crc {
  static_assert(sizeof(Word) == 2 || sizeof(Word) == 4);

 public:
  /// Goes on from `crc`. What it starts from, and whether the end is turned around, is each protocol's.
  [[nodiscard]] static Word add(Word crc, Bytes bytes) noexcept {
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
  static constexpr unsigned kBits = 8 * sizeof(Word);
  using Table = std::array<Word, 256>;

  /// The sum so far is added to the first bytes.
  template <std::size_t kSize>
  static Word add_block(Word crc, const std::uint8_t* b) noexcept {
    Word sum = 0;
    for (unsigned i = 0; i < sizeof(Word); ++i) {
      const unsigned share = crc >> (kReflected ? 8 * i : kBits - 8 - 8 * i) & 0xffU;
      sum ^= kTables[kSize - 1 - i][b[i] ^ share];
    }
    for (std::size_t i = sizeof(Word); i < kSize; ++i) sum ^= kTables[kSize - 1 - i][b[i]];
    return sum;
  }

  static constexpr Word step(const Table& of_byte, Word crc, std::uint8_t b) noexcept {
    return static_cast<Word>(kReflected ? crc >> 8U ^ of_byte[(crc ^ b) & 0xffU]
                                        : crc << 8U ^ of_byte[crc >> (kBits - 8) ^ b]);
  }
  static constexpr Word shift(Word crc) noexcept {
    constexpr Word kTurned = [] {
      Word t = 0;
      for (unsigned i = 0; i < kBits; ++i) t |= static_cast<Word>((kPolynomial >> i & 1U) << (kBits - 1 - i));
      return t;
    }();
    if (kReflected) return static_cast<Word>(crc >> 1U ^ ((crc & 1U) != 0 ? kTurned : 0U));
    return static_cast<Word>(crc << 1U ^ (crc >> (kBits - 1) != 0 ? kPolynomial : 0U));
  }

  /// [n][b]: the sum of b and n bytes of zero behind it.
  static constexpr std::array<Table, kMostAtOnce> kTables = [] {
    std::array<Table, kMostAtOnce> t{};
    for (unsigned b = 0; b < 256; ++b) {
      auto crc = static_cast<Word>(kReflected ? b : b << (kBits - 8));
      for (unsigned bit = 0; bit < 8; ++bit) crc = shift(crc);
      t[0][b] = crc;
    }
    for (std::size_t n = 1; n < kMostAtOnce; ++n) {
      for (unsigned b = 0; b < 256; ++b) t[n][b] = step(t[0], t[n - 1][b], 0);
    }
    return t;
  }();
};

template <std::uint16_t kPolynomial, bool kReflected>
using Crc16 = Crc<std::uint16_t, kPolynomial, kReflected>;
template <std::uint32_t kPolynomial, bool kReflected>
using Crc32 = Crc<std::uint32_t, kPolynomial, kReflected>;

}  // namespace picket
