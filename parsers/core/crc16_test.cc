#include "parsers/core/crc16.h"

#include <gtest/gtest.h>

#include <string>

namespace picket {
namespace {

/// Bit by bit, as the definition has it.
template <std::uint16_t kPolynomial, bool kReflected>
std::uint16_t by_bits(std::uint16_t crc, Bytes bytes) {
  for (const std::uint8_t byte : bytes) {
    for (unsigned i = 0; i < 8; ++i) {
      const unsigned in = byte >> (kReflected ? i : 7 - i) & 1U;
      // The register of the reflected form, turned around, is that of the other.
      const unsigned out = crc >> 15U;
      crc = static_cast<std::uint16_t>(crc << 1U ^ ((in ^ out) != 0 ? kPolynomial : 0U));
    }
  }
  return crc;
}
std::uint16_t turned(std::uint16_t v) {
  unsigned t = 0;
  for (unsigned i = 0; i < 16; ++i) t |= (v >> i & 1U) << (15U - i);
  return static_cast<std::uint16_t>(t);
}

/// The check values that catalogues of CRCs give.
TEST(Crc16, KnowsTheCheckValues) {
  const Bytes check = as_bytes("123456789");
  EXPECT_EQ((Crc16<0x1021, false>::add(0xffff, check)), 0x29b1) << "CRC-16/IBM-3740, of C37.118";
  EXPECT_EQ((Crc16<0x1021, false>::add(0, check)), 0x31c3) << "CRC-16/XMODEM";
  EXPECT_EQ(static_cast<std::uint16_t>(~Crc16<0x3d65, true>::add(0, check)), 0xea82) << "CRC-16/DNP";
  EXPECT_EQ((Crc16<0x8005, true>::add(0, check)), 0xbb3d) << "CRC-16/ARC";
}

TEST(Crc16, IsTheSameForEachLengthAndCut) {
  std::string text;
  for (unsigned i = 0; i < 67; ++i) text += static_cast<char>(i * 37 + (i >> 3));
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const Bytes all = as_bytes(std::string_view(text).substr(0, n));
    const auto want = by_bits<0x1021, false>(0xffff, all);
    ASSERT_EQ((Crc16<0x1021, false>::add(0xffff, all)), want) << n;
    ASSERT_EQ((Crc16<0x3d65, true>::add(0, all)), turned(by_bits<0x3d65, true>(0, all))) << n;
    for (std::size_t cut = 0; cut <= n; ++cut) {
      const auto head = Crc16<0x1021, false>::add(0xffff, all.first(cut));
      ASSERT_EQ((Crc16<0x1021, false>::add(head, all.subspan(cut))), want) << cut << " of " << n;
    }
  }
}

}  // namespace
}  // namespace picket
