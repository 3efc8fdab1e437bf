#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

/// dsize's test as "lo-hi", with ! when negated.
std::string dsize(std::string_view text) {
  const auto options = "dsize:" + std::string(text) + ";";
  const auto wrong = reason(options);
  if (!wrong.empty()) return "error: " + wrong;
  const auto rule = with(options);
  const auto& t = rule.packet_test<PacketNumber>().test;
  if (t.kind == IntegerTest::Kind::kMasked)
    return (t.negated ? "!" : "") + std::string("&") + std::to_string(t.mask) + "=" + std::to_string(t.lo);
  return (t.negated ? "!" : "") + std::to_string(t.lo) + "-" + std::to_string(t.hi);
}

TEST(Integers, EveryForm) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"5", "5-5"},
      {"=5", "5-5"},
      {"!5", "!5-5"},
      {"<5", "0-4"},
      {"<=5", "0-5"},
      {">5", "6-65535"},
      {">=5", "5-65535"},
      {"1<>9", "2-8"},
      {"1-9", "2-8"},
      {"!1-9", "!2-8"},
      {"!1<>9", "!2-8"},
      {" > 5 ", "6-65535"},
      {"13<>32", "14-31"},
      {"0x10", "16-16"},
      {"1kb", "1024-1024"},
      {"2 kib", "2048-2048"},
      {"&0xf0=0x10", "&240=16"},
      {"&0xf0!=0x10", "!&240=16"},
      {"!&0xf0=0x10", "!&240=16"},
      {"1 - 9", "2-8"},
      {"\"5\"", "5-5"},
      {"7<>9", "8-8"},
      {">65534", "65535-65535"},
      {"<1", "0-0"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(dsize(text), want) << text;
}

TEST(Integers, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"x", "error: 'x' is not a number (largest: 65535)"},
      {"65536", "error: '65536' is not a number (largest: 65535)"},
      {">65535", "error: no number is larger than 65535"},
      {"<0", "error: no number is smaller than 0"},
      {"5<>6", "error: no number lies between 5 and 6, ends excluded"},
      {"9<>1", "error: no number lies between 9 and 1, ends excluded"},
      {">", "error: '>' is not a number (largest: 65535)"},
      {"1<>", "error: '1<>' is not a number (largest: 65535)"},
      {"-5", "error: '-5' is not a number (largest: 65535)"},
      {"&x=1", "error: 'x' is not a number (largest: 65535)"},
      {"99999999999999999999", "error: '99999999999999999999' is not a number (largest: 65535)"},
      {"1gb", "error: '1gb' is not a number (largest: 65535)"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(dsize(text), want) << text;
}

TEST(Integers, TestsMatch) {
  const auto test = [](std::string_view text) {
    return with("dsize:" + std::string(text) + ";").packet_test<PacketNumber>().test;
  };
  EXPECT_TRUE(test("1<>9").matches(2));
  EXPECT_FALSE(test("1<>9").matches(1));
  EXPECT_FALSE(test("1<>9").matches(9));
  EXPECT_TRUE(test("!1<>9").matches(9));
  EXPECT_TRUE(test("&0xf0=0x10").matches(0x1f));
  EXPECT_FALSE(test("&0xf0=0x10").matches(0x2f));
}

}  // namespace
}  // namespace picket::rules
