#include "parsers/core/crc.h"

#include <gtest/gtest.h>

#include <string>

namespace picket {
namespace {

/// Bit by bit, as the definition has it.
template <class Word, Word kPolynomial, bool kReflected>
Word by_bits(Word crc, Bytes bytes) {
  for (const std::uint8_t byte : bytes) {
    for (unsigned i = 0; i < 8; ++i) {
      const unsigned in = byte >> (kReflected ? i : 7 - i) & 1U;
      // The register of the reflected form, turned around, is that of the other.
      const unsigned out = crc >> (8 * sizeof(Word) - 1);
      crc = static_cast<Word>(crc << 1U ^ ((in ^ out) != 0 ? kPolynomial : 0U));
    }
  }
  if (!kReflected) return crc;
  Word turned = 0;
  for (unsigned i = 0; i < 8 * sizeof(Word); ++i) turned = static_cast<Word>(turned << 1U | (crc >> i & 1U));
  return turned;
}

/// From a start that reads the same both ways.
template <class Word, Word kPolynomial, bool kReflected>
void same_for_each_length_and_cut(Word start) {
  using Sum = Crc<Word, kPolynomial, kReflected>;
  std::string text;
  for (unsigned i = 0; i < 67; ++i) text += static_cast<char>(i * 37 + (i >> 3));
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const Bytes all = as_bytes(std::string_view(text).substr(0, n));
    const auto want = by_bits<Word, kPolynomial, kReflected>(start, all);
    ASSERT_EQ(Sum::add(start, all), want) << n;
    for (std::size_t cut = 0; cut <= n; ++cut)
      ASSERT_EQ(Sum::add(Sum::add(start, all.first(cut)), all.subspan(cut)), want) << cut << " of " << n;
  }
}

/// The check values that catalogues of CRCs give.
TEST(Crc, KnowsTheCheckValues) {
  const Bytes check = as_bytes("123456789");
  EXPECT_EQ((Crc16<0x1021, false>::add(0xffff, check)), 0x29b1) << "CRC-16/IBM-3740, of C37.118";
  EXPECT_EQ((Crc16<0x1021, false>::add(0, check)), 0x31c3) << "CRC-16/XMODEM";
  EXPECT_EQ(static_cast<std::uint16_t>(~Crc16<0x3d65, true>::add(0, check)), 0xea82) << "CRC-16/DNP";
  EXPECT_EQ((Crc16<0x8005, true>::add(0, check)), 0xbb3d) << "CRC-16/ARC";
  EXPECT_EQ((Crc16<0x1021, true>::add(0, check)), 0x2189) << "CRC-16/KERMIT";
  EXPECT_EQ((~Crc32<0x04c11db7, false>::add(0xffffffff, check)), 0xfc891918U) << "CRC-32/BZIP2";
  EXPECT_EQ((~Crc32<0x1edc6f41, true>::add(0xffffffff, check)), 0xe3069283U) << "CRC-32/ISCSI";
}

TEST(Crc, IsTheSameForEachLengthAndCut) {
  same_for_each_length_and_cut<std::uint16_t, 0x1021, false>(0xffff);
  same_for_each_length_and_cut<std::uint16_t, 0x3d65, true>(0);
  same_for_each_length_and_cut<std::uint32_t, 0xee5b42fd, false>(0);
  same_for_each_length_and_cut<std::uint32_t, 0x1edc6f41, true>(0xffffffff);
}

}  // namespace
}  // namespace picket
