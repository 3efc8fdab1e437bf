#include "export/collector/filter.h"

#include <random>

#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

std::string error_of(std::string_view expression) {
  const auto f = Filter::parse(expression);
  return f ? "" : f.error().message;
}

TEST(Filter, SaysWhatItCannotRead) {
  EXPECT_NE(error_of("src_port").find("expected one of"), std::string::npos);
  EXPECT_NE(error_of("src_port =").find("expected a value"), std::string::npos);
  EXPECT_NE(error_of("src_port = many").find("is a number"), std::string::npos);
  EXPECT_NE(error_of("src_ip = 10.0.0").find("is an address"), std::string::npos);
  EXPECT_NE(error_of("src_ip = 10.0.0.0/33").find("is an address"), std::string::npos);
  EXPECT_NE(error_of("timestamp > yesterday").find("not a time"), std::string::npos);
  EXPECT_NE(error_of("(src_port = 1").find("expected `)`"), std::string::npos);
  EXPECT_NE(error_of("src_port = 1 src_port = 2").find("expected `and`"), std::string::npos);
  EXPECT_NE(error_of("event_type = 'x").find("closing quote"), std::string::npos);
  EXPECT_NE(error_of("nothing = 1").find("no field 'nothing'"), std::string::npos);
  EXPECT_NE(error_of("flow = 1").find("group"), std::string::npos);
  EXPECT_NE(error_of(std::string(100, '(') + "src_port=1").find("too many"), std::string::npos);
  EXPECT_NE(error_of(std::string(5000, 'x')).find("longer than"), std::string::npos);
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "not ";
  EXPECT_NE(error_of(nots + "src_port = 1").find("too many"), std::string::npos);
  EXPECT_EQ(error_of("  "), "") << "nothing lets everything through";
}

TEST(Filter, AnyTextIsReadOrRefused) {
  static const char* const kPieces[] = {"src_port",
                                        "alert.metadata.x",
                                        "=",
                                        "!=",
                                        "<",
                                        "~",
                                        "(",
                                        ")",
                                        "and",
                                        "or",
                                        "not",
                                        "1",
                                        "'a'",
                                        "\"",
                                        "10.0.0.0/8",
                                        " ",
                                        "!",
                                        ".",
                                        "99999999999999999999999",
                                        "\xff"};
  std::mt19937 random(1);
  unsigned good = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (unsigned n = random() % 8; n > 0; --n)
      text += std::string(kPieces[random() % std::size(kPieces)]) + " ";
    good += Filter::parse(text) ? 1U : 0U;
  }
  EXPECT_GT(good, 10U);
}

TEST(Time, IsRead) {
  EXPECT_EQ(parse_time("1970-01-01").value(), 0U);
  EXPECT_EQ(parse_time("2023-11-14T22:13:20").value(), 1'700'000'000'000'000'000U);
  EXPECT_EQ(parse_time("2023-11-14T22:13:20.000001+0000").value(), 1'700'000'000'000'001'000U)
      << "as EVE has it";
  EXPECT_EQ(parse_time("2023-11-14 22:13Z").value(), 1'699'999'980'000'000'000U);
  for (const char* bad : {"", "2023", "2023-13-01", "2023-02-29", "2023-11-14T25:00",
                          "2023-11-14T22:13:20+0100", "2023-11-14x", "1969-12-31"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

TEST(Time, MayBeHowLongAgo) {
  constexpr std::uint64_t kNow = 1'700'000'000'000'000'000U;
  EXPECT_EQ(parse_since("90s", kNow).value(), kNow - 90'000'000'000U);
  EXPECT_EQ(parse_since("15m", kNow).value(), kNow - 900'000'000'000U);
  EXPECT_EQ(parse_since("24h", kNow).value(), kNow - 86'400'000'000'000U);
  EXPECT_EQ(parse_since("7d", kNow).value(), kNow - 7 * 86'400'000'000'000U);
  EXPECT_EQ(parse_since("999999d", kNow).value(), 0U) << "before 1970 is everything";
  EXPECT_EQ(parse_since("2023-11-14", kNow).value(), 1'699'920'000'000'000'000U);
  for (const char* bad : {"", "7", "7w", "d", "-1h"}) EXPECT_FALSE(parse_since(bad, kNow)) << bad;
}

}  // namespace
}  // namespace picket::collector
