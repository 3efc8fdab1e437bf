#include "sensor/rules/pattern.h"

#include <gtest/gtest.h>

namespace picket::rules {
namespace {

using std::string_view_literals::operator""sv;

TEST(Pattern, RunsAndZerosSayLittle) {
  EXPECT_LT(information("\0\0\0\0\0"sv, false), kTooWeak);
  EXPECT_LT(information("\0\1"sv, false), kTooWeak);
  EXPECT_LT(information("\1\0\0\0"sv, false), kTooWeakForPorts);
  EXPECT_GE(information("\xffSMB"sv, false), kTooWeakForPorts);
  EXPECT_GE(information("eval("sv, false), kTooWeakForPorts);
  EXPECT_LT(information("AAAAAAAA"sv, false), information("ABCDEFGH"sv, false));
  EXPECT_LT(information("QUIT"sv, true), information("QUIT"sv, false)) << "any case is likelier than one";
}

TEST(Pattern, EndsInRareBytesButSaysNearlyAsMuch) {
  // Spaces stand everywhere: the search would stop at each.
  const std::string_view padded = "X7-Qz!kW9                "sv;
  const std::string_view end = best_ending(padded, false);
  EXPECT_LT(end.size(), padded.size());
  EXPECT_TRUE(padded.starts_with(end));
  EXPECT_GE(information(end, false) * 100, information(padded, false) * 70);
}

TEST(Pattern, WhatEndsWellStaysWhole) {
  for (const std::string_view s : {"unescape(%Z7Q"sv, "ab"sv, ""sv, "0297D24A-F425-47EE"sv})
    EXPECT_EQ(best_ending(s, false), s);
}

TEST(Pattern, NothingIsLeftThatIsShorterThanTheMatcherLooksAt) {
  const std::string_view s = "!Q$W%E^R\0\0\0\0\0\0\0\0\0\0"sv;
  EXPECT_GE(best_ending(s, false).size(), 8U);
}

TEST(Pattern, CommonStarts) {
  EXPECT_TRUE(is_common_start("GET /"));
  EXPECT_TRUE(is_common_start("HTTP/1.1"));
  EXPECT_TRUE(is_common_start("aaaa"));
  EXPECT_FALSE(is_common_start("GET /cgi-bin"));
}

}  // namespace
}  // namespace picket::rules
