#include "sensor/rules/text.h"

#include <gtest/gtest.h>

namespace picket::rules {
namespace {

using namespace std::string_literals;

std::string decoded(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  const auto wrong = decode_content(text, out, at);
  return wrong ? "error at " + std::to_string(at) + ": " + std::string(*wrong) : out;
}

TEST(DecodeContent, TextHexAndEscapes) {
  const std::pair<std::string_view, std::string> cases[] = {
      {"abc", "abc"},      {"|41 42|", "AB"},        {"|4142|", "AB"}, {"a|00|b", "a\0b"s},
      {"|0d 0a|", "\r\n"}, {"\\\"", "\""},           {"\\;", ";"},     {"\\:", ":"},
      {"\\\\", "\\"},      {"a:b", "a:b"},           {"|ff|", "\xff"}, {"|Ff fF|", "\xff\xff"},
      {"||", ""},          {"|3b|x|3B|", ";x;"},     {"|4 1|", "A"},   {" lead", " lead"},
      {"tab\t", "tab\t"},  {"\xc3\xa9", "\xc3\xa9"},
  };
  for (const auto& [text, bytes] : cases) EXPECT_EQ(decoded(text), bytes) << text;
}

TEST(DecodeContent, SaysWhereItIsWrong) {
  EXPECT_EQ(decoded("ab|4|"), "error at 4: an odd number of hex digits");
  EXPECT_EQ(decoded("|4g|"), "error at 2: not a hex digit between | and |");
  EXPECT_EQ(decoded("|41"), "error at 3: | is not closed");
  EXPECT_EQ(decoded("\\n"), "error at 1: only \\\\ \\\" \\; and \\: may be escaped");
  EXPECT_EQ(decoded("a\\"), "error at 1: a backslash with nothing behind it");
  EXPECT_EQ(decoded("a\"b"), "error at 1: a quotation mark must be written \\\" or |22|");
}

TEST(ParseNumber, TakesAllOfItOrNothing) {
  std::uint8_t u8 = 7;
  std::int32_t i32 = 0;
  std::uint64_t u64 = 0;
  EXPECT_TRUE(parse_number("255", u8));
  EXPECT_EQ(u8, 255);
  for (const char* bad : {"256", "-1", "", " 1", "1 ", "1x", "0x", "0x100", "+1"})
    EXPECT_FALSE(parse_number(bad, u8)) << bad;
  EXPECT_EQ(u8, 255) << "a failure changes nothing";
  EXPECT_TRUE(parse_number("0xfF", u8));
  EXPECT_TRUE(parse_number("-17", i32));
  EXPECT_EQ(i32, -17);
  EXPECT_TRUE(parse_number("+5", i32));
  for (const char* bad : {"--1", "+-1", "-", "99999999999"}) EXPECT_FALSE(parse_number(bad, i32)) << bad;
  EXPECT_TRUE(parse_number("18446744073709551615", u64));
  EXPECT_FALSE(parse_number("18446744073709551616", u64));
}

TEST(Take, CutsAndTrims) {
  std::string_view rest = " a , b,c";
  EXPECT_EQ(take_until(rest, ','), "a");
  EXPECT_EQ(take_until(rest, ','), "b");
  EXPECT_EQ(take_until(rest, ','), "c");
  EXPECT_EQ(take_until(rest, ','), "");
  rest = "  one  two ";
  EXPECT_EQ(take_word(rest), "one");
  EXPECT_EQ(take_word(rest), "two");
  EXPECT_EQ(rest, "");
  rest = "! x";
  EXPECT_TRUE(take_char(rest, '!'));
  EXPECT_EQ(rest, "x");
}

TEST(FromHex, PairsOfDigitsAndNothingElse) {
  EXPECT_EQ(from_hex("00fFA9"), "\0\xff\xa9"s);
  EXPECT_EQ(from_hex(""), "");
  for (const auto* wrong : {"0", "0g", "g0", "0 1 ", "0x01"})
    EXPECT_EQ(from_hex(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace picket::rules
