#include "dataplane/detect/asn1.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/parser_harness.h"

namespace picket::detect {
namespace {

using picket::testing::from_hex;

bool fails(const std::string& ber, const Asn1Checks& checks) { return asn1_fails(as_bytes(ber), checks); }

constexpr Asn1Checks kBits{true, false, 0}, kReals{false, true, 0};

TEST(Asn1, BitStringsThatLeaveOutMoreThanTheyHave) {
  EXPECT_TRUE(fails(from_hex("03 01 08"), kBits)) << "no byte, eight bits left out";
  EXPECT_TRUE(fails(from_hex("03 02 09 00"), kBits));
  EXPECT_FALSE(fails(from_hex("03 02 08 00"), kBits));
  EXPECT_FALSE(fails(from_hex("03 01 00"), kBits));
  EXPECT_FALSE(fails(from_hex("03 00"), kBits));
  EXPECT_FALSE(fails(from_hex("83 01 08"), kBits)) << "of a context, not universal";
  EXPECT_FALSE(fails(from_hex("03 01 08"), kReals));
}

TEST(Asn1, RealsInTextThatAreLong) {
  EXPECT_TRUE(fails(from_hex("09 82 0101 01"), kReals)) << "cut off, but its length tells";
  EXPECT_FALSE(fails(from_hex("09 82 0100 01"), kReals));
  EXPECT_FALSE(fails(from_hex("09 82 0101 80"), kReals)) << "binary";
  EXPECT_FALSE(fails(from_hex("09 82 0101 40"), kReals)) << "a special value";
}

TEST(Asn1, LengthsOverALimit) {
  const auto longer = [](const char* hex, std::uint32_t limit) {
    return fails(from_hex(hex), {false, false, limit});
  };
  EXPECT_TRUE(longer("04 05 00", 4));
  EXPECT_FALSE(longer("04 05 00", 5));
  EXPECT_TRUE(longer("30 82 0400 02 01 00", 1023));
  EXPECT_TRUE(longer("04 89 01 00 00 00 00 00 00 00 00", 0xffffffff)) << "nine bytes of length";
  EXPECT_TRUE(longer("04 88 ffffffffffffffff", 0xffffffff));
  EXPECT_FALSE(longer("04 89 00 00 00 00 00 00 00 00 05 61", 5));
}

TEST(Asn1, GoesIntoWhatIsConstructedAndPastWhatIsNot) {
  EXPECT_TRUE(fails(from_hex("30 08 30 06 02 01 05 03 01 08"), kBits));
  EXPECT_FALSE(fails(from_hex("30 05 04 03 03 01 08"), kBits)) << "bytes in an OCTET STRING are no elements";
  EXPECT_TRUE(fails(from_hex("30 80 02 01 05 00 00 03 01 08"), kBits))
      << "indefinite, and what follows its end";
  EXPECT_TRUE(fails(from_hex("3f 81 01 03 03 01 08"), kBits)) << "a tag of three bytes";
  EXPECT_FALSE(fails(from_hex("04 80 03 01 08"), kBits)) << "primitive and indefinite is not BER";
  EXPECT_FALSE(fails(from_hex("04 05 00 03 01 08"), kBits)) << "cut off";
}

TEST(Asn1, LooksAtALimitedNumber) {
  std::string nulls;
  for (unsigned i = 0; i < kMaxAsn1Elements - 1; ++i) nulls += from_hex("05 00");
  EXPECT_TRUE(fails(nulls + from_hex("03 01 08"), kBits));
  EXPECT_FALSE(fails(nulls + from_hex("05 00 03 01 08"), kBits));
}

TEST(Asn1, EveryTruncation) {
  const std::string whole = from_hex("30 82 0010 3f 81 01 03 03 02 07 80 09 03 03 31 30 04 01 00");
  for (std::size_t n = 0; n <= whole.size(); ++n)
    EXPECT_FALSE(fails(whole.substr(0, n), {true, true, 16})) << n;
}

}  // namespace
}  // namespace picket::detect
