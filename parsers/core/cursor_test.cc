#include "parsers/core/cursor.h"

#include <gtest/gtest.h>

#include <array>

namespace picket {
namespace {

constexpr std::array<std::uint8_t, 9> kBytes = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(Cursor, ReadsBothByteOrders) {
  Cursor c(kBytes);
  EXPECT_EQ(c.u8(), 1);
  EXPECT_EQ(c.u16be(), 0x0203);
  EXPECT_EQ(c.u16le(), 0x0504);
  EXPECT_EQ(c.u32be(), 0x06070809U);
  EXPECT_TRUE(c.ok());
  EXPECT_TRUE(c.empty());
  Cursor d(kBytes);
  EXPECT_EQ(d.u24be(), 0x010203U);
  EXPECT_EQ(d.u24le(), 0x060504U);
  Cursor e(kBytes);
  EXPECT_EQ(e.u64be(), 0x0102030405060708U);
  Cursor f(kBytes);
  EXPECT_EQ(f.u64le(), 0x0807060504030201U);
}

TEST(Cursor, AReadPastTheEndFailsForGood) {
  Cursor c(kBytes);
  c.skip(8);
  EXPECT_EQ(c.u16be(), 0);
  EXPECT_FALSE(c.ok());
  EXPECT_EQ(c.u8(), 0) << "one byte was left, but a failed cursor stays failed";
  EXPECT_EQ(c.left(), 0U);
  EXPECT_TRUE(c.bytes(0).empty());
  EXPECT_FALSE(c.ok());
}

TEST(Cursor, HugeLengthsDoNotWrap) {
  Cursor c(kBytes);
  c.skip(1);
  EXPECT_TRUE(c.bytes(static_cast<std::size_t>(-1)).empty());
  EXPECT_FALSE(c.ok());
}

}  // namespace
}  // namespace picket
