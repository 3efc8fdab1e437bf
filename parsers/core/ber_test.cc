#include "parsers/core/ber.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/parser_harness.h"

namespace picket::ber {
namespace {

using picket::testing::from_hex;

std::string oid(std::string_view hex) {
  const std::string bytes = from_hex(hex);
  char room[kOidText];
  return {room, write_oid(as_bytes(bytes), room)};
}

TEST(Ber, ReadsElements) {
  const std::string bytes = from_hex("a0 03 020101  9f48 00  bf8148 03 0101ff  04 8200 02 aabb");
  Cursor c(as_bytes(bytes));
  Element e;
  ASSERT_TRUE(read(c, e));
  EXPECT_TRUE(e.context(0));
  EXPECT_TRUE(e.constructed);
  EXPECT_EQ(e.content.size(), 3U);
  EXPECT_EQ(e.all.size(), 5U);
  ASSERT_TRUE(read(c, e));
  EXPECT_TRUE(e.context(0x48));
  EXPECT_FALSE(e.constructed);
  EXPECT_TRUE(e.content.empty());
  EXPECT_EQ(e.all.size(), 3U);
  ASSERT_TRUE(read(c, e));
  EXPECT_TRUE(e.context(0xc8)) << "a tag of two bytes more";
  ASSERT_TRUE(read(c, e));
  EXPECT_TRUE(e.universal(kOctetString));
  EXPECT_EQ(e.content.size(), 2U) << "a length that is longer than it need be";
  EXPECT_FALSE(read(c, e));
  EXPECT_TRUE(c.ok()) << "at the end nothing is wrong";
}

TEST(Ber, RefusesWhatIsNotAllThere) {
  for (const std::string_view hex : {"a0", "a0 03 0201", "9f", "9f ff", "30 80 0000", "04 85 0000000001 00",
                                     "04 84 ffffffff 00", "bf ffffffffff01 00", "04 82 01"}) {
    const std::string bytes = from_hex(hex);
    Cursor c(as_bytes(bytes));
    Element e;
    EXPECT_FALSE(read(c, e)) << hex;
    EXPECT_FALSE(c.ok()) << hex;
  }
}

TEST(Ber, Numbers) {
  const auto integer = [](std::string_view hex) {
    const std::string b = from_hex(hex);
    std::int64_t v = 0;
    return read_integer(as_bytes(b), v) ? v : -99;
  };
  EXPECT_EQ(integer("00"), 0);
  EXPECT_EQ(integer("ff"), -1);
  EXPECT_EQ(integer("00ff"), 255);
  EXPECT_EQ(integer("8000000000000000"), INT64_MIN);
  EXPECT_EQ(integer(""), -99);
  EXPECT_EQ(integer("000000000000000001"), -99);
  const std::string most = from_hex("00ffffffffffffffff"), more = from_hex("01ffffffffffffffff");
  std::uint64_t v = 0;
  EXPECT_TRUE(read_unsigned(as_bytes(most), v));
  EXPECT_EQ(v, UINT64_MAX);
  EXPECT_FALSE(read_unsigned(as_bytes(more), v));
}

TEST(Ber, Bits) {
  const std::string b = from_hex("06 5540"), none = from_hex("00"), odd = from_hex("08 ff");
  EXPECT_EQ(bit_count(as_bytes(b)), 10U);
  EXPECT_FALSE(bit(as_bytes(b), 0));
  EXPECT_TRUE(bit(as_bytes(b), 1));
  EXPECT_TRUE(bit(as_bytes(b), 9));
  EXPECT_FALSE(bit(as_bytes(b), 10));
  EXPECT_EQ(bit_count(as_bytes(none)), 0U);
  EXPECT_EQ(bit_count(as_bytes(odd)), 0U);
}

TEST(Ber, ObjectIdentifiers) {
  EXPECT_EQ(oid("28ca220201"), "1.0.9506.2.1");
  EXPECT_EQ(oid("52010001"), "2.2.1.0.1");
  EXPECT_EQ(oid("8837"), "2.999");
  EXPECT_EQ(oid(""), "");
  EXPECT_EQ(oid("2b ffffffffffffffffff01"), "1.3") << "an arc too large ends it";
  char small[4];
  const std::string b = from_hex("28ca220201");
  EXPECT_EQ(std::string(small, write_oid(as_bytes(b), small)), "1.0.");
  const std::string large = from_hex("2b ffffffffffffffff7f ca22 02 01"),
                    text = "1.3.9223372036854775807.9506.2.1";
  for (std::size_t n = 0; n <= 64; ++n) {
    std::string room(n, '?');
    EXPECT_EQ(room.substr(0, write_oid(as_bytes(large), room)), text.substr(0, n));
  }
}

TEST(Ber, WalksATreeWithoutRecursion) {
  const std::string bytes =
      from_hex("a2 09 8301ff a2 04 850101 ff  8500");  // the inner list ends in half an element
  Walker w(as_bytes(bytes));
  Element e;
  std::string seen;
  while (w.next(e)) {
    seen += std::to_string(w.depth()) + "." + std::to_string(w.index(w.depth())) + ":" +
            std::to_string(e.tag) + " ";
    if (e.constructed) {
      EXPECT_TRUE(w.enter(e));
    }
  }
  EXPECT_EQ(seen, "0.0:2 1.0:3 1.1:2 2.0:5 0.1:5 ");
  EXPECT_TRUE(w.malformed());

  std::string deep;
  for (unsigned i = 0; i < 50; ++i) deep = std::string("\xa2") + static_cast<char>(deep.size()) + deep;
  Walker d(as_bytes(deep));
  unsigned entered = 0;
  while (d.next(e)) entered += d.enter(e) ? 1 : 0;
  EXPECT_EQ(entered, Walker::kMaxDepth - 1);
  EXPECT_FALSE(d.malformed());
}

}  // namespace
}  // namespace picket::ber
