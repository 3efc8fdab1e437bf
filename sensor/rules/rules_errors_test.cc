// What any bytes come to: a status for each rule, a place for each error, and an end.
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "sensor/rules/report.h"
#include "sensor/rules/test_protocols.h"
#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

constexpr std::string_view kSample =
    "alert http [$HOME_NET,!10.0.0.1] [80,!81] -> $EXTERNAL_NET 1024: (msg:\"x\"; "
    "flow:established,to_server; content:\"a|0d 0a|\"; http_uri; nocase; "
    "pcre:\"/a[^b]+/Ui\"; byte_extract:1,0,n,relative; byte_test:2,>,n,0,relative; isdataat:!4,relative; "
    "http.host; dotprefix; content:\".x\"; endswith; "
    "threshold:type limit,track by_src,count 1,seconds 60; flowbits:set,a; reference:url,x; metadata:a b; "
    "classtype:trojan-activity; sid:5; rev:1;)\n";

void check_places(const RuleSet& set) {
  for (const auto& status : set.statuses) {
    EXPECT_EQ(status.loaded(), status.error() == nullptr);
    for (const auto& d : status.diagnostics) {
      EXPECT_GE(d.line, 1U);
      EXPECT_GE(d.column, 1U);
      EXPECT_FALSE(d.reason.empty());
      EXPECT_EQ(d.file, "f.rules");
    }
  }
  std::ostringstream out;
  write_json(out, set, {});
  write_table(out, set, {});
}
RuleSet load(std::string_view text) {
  LoadOptions o;
  o.protocols = test_protocols();
  return load_rules_text("f.rules", text, o);
}

TEST(Hostile, TheSampleLoads) { EXPECT_EQ(OneRule(kSample).error(), ""); }

TEST(Hostile, EveryTruncation) {
  for (std::size_t n = 0; n < kSample.size() - 1; ++n) {
    const auto set = load(kSample.substr(0, n));
    ASSERT_EQ(set.statuses.size(), n > 0 ? 1U : 0U) << n;
    EXPECT_EQ(set.rules.size(), 0U) << n;
    check_places(set);
  }
}

TEST(Hostile, EveryByteReplaced) {
  for (std::size_t n = 0; n < kSample.size(); ++n) {
    for (const char c :
         {'\0', '"', '\\', ';', ':', '!', '|', '[', '(', ')', '\n', '\xff', '/', ',', '-', '9'}) {
      std::string text(kSample);
      text[n] = c;
      check_places(load(text));
    }
  }
}

TEST(Hostile, RandomPiecesOfRules) {
  constexpr std::string_view kPieces[] = {"alert ",
                                          "tcp ",
                                          "any ",
                                          "-> ",
                                          "(",
                                          ")",
                                          ";",
                                          ":",
                                          "\"",
                                          "content:\"a\";",
                                          "http.uri;",
                                          "to_md5;",
                                          "within:",
                                          "-1",
                                          "99999999999",
                                          "!",
                                          "|",
                                          "\\",
                                          "\n",
                                          "\\\n",
                                          "[",
                                          "]",
                                          "$HOME_NET",
                                          "pcre:\"/",
                                          "/",
                                          "byte_test:",
                                          "byte_math:bytes ",
                                          ",",
                                          "relative",
                                          "sid:1;",
                                          "flowbits:isset,",
                                          "requires:version >=",
                                          "#",
                                          "\xff",
                                          "\0"};
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text = round % 2 == 0 ? "alert ip any any -> any any (" : "";
    for (unsigned i = random() % 40; i-- > 0;) text += kPieces[random() % std::size(kPieces)];
    check_places(load(text));
  }
}

TEST(Hostile, LongInputsEndSoon) {
  constexpr std::size_t kMany = 200'000;
  const auto repeat = [](std::string_view s, std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += s;
    return all;
  };
  const std::string head = "alert ip any any -> any any (";
  for (const auto& text :
       {std::string(kMany, '['), std::string(kMany, '('), std::string(kMany, ';'),
        head + std::string(kMany, ';') + ")", head + repeat("content:\"a\";", kMany / 10) + "sid:1;)",
        "alert ip " + repeat("[1.2.3.4,", kMany / 10) + " any -> any any (sid:1;)",
        "alert ip [" + repeat("$EXTERNAL_NET,", kMany / 10) + "1.2.3.4] any -> any any (sid:1;)",
        "alert ip " + std::string(kMany, '!') + "1.2.3.4 any -> any any (sid:1;)",
        head + repeat("http.uri;content:\"a\";", kMany / 20) + "sid:1;)",
        head + repeat("dns.query;content:\"a\";", kMany / 20) + "sid:1;)",
        head + "content:\"" + std::string(kMany, 'a') + "\"; sid:1;)", repeat("\\\n", kMany / 2),
        head + "sid:1; x" + std::string(kMany, 'y') + ";)",
        head + repeat("byte_extract:1,0,v;", kMany / 20) + "sid:1;)", repeat("a\n", kMany / 2),
        head + repeat("http.uri;to_md5;content:\"a\";", kMany / 20) + "sid:1;)",
        head + "content:\"a\\" + repeat("\\;", kMany / 2)}) {
    check_places(load(text));
  }
  EXPECT_EQ(OneRule(head + std::string(kMaxRuleBytes, ' ') + "sid:1;)").error(),
            "t.rules:1:1: a rule of 262180 bytes; the most is 262144");
}

TEST(Options, ErrorsHavePlaces) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"alert ip any any -> any any (sid:1)", "t.rules:1:34: the last option has no closing ;"},
      {"alert ip any any -> any any (sid:1;", "t.rules:1:29: the options have no closing )"},
      {"alert ip any any -> any any (sid:1;) junk", "t.rules:1:38: unexpected text behind the closing )"},
      {"alert ip any any -> any any ()",
       "t.rules:1:30: a rule needs at least a sid; as in (msg:\"...\"; sid:1;)"},
      {"alert ip any any -> any any (;sid:1;)", "t.rules:1:30: an option without a name"},
      {"alert ip any any -> any any (:x; sid:1;)", "t.rules:1:30: an option without a name"},
      {"alert ip any any -> any any (contnet:\"a\"; sid:1;)",
       "t.rules:1:30: unknown keyword 'contnet'; did you mean 'content'?"},
      {"  alert ip any any -> any any (contnet:\"a\"; sid:1;)",
       "t.rules:1:32: unknown keyword 'contnet'; did you mean 'content'?"},
      {"alert ip any any -> any any (content:\"a|0g|\"; sid:1;)",
       "t.rules:1:42: not a hex digit between | and |"},
      {"alert ip any any -> any any (dsize:1,2; sid:1;)",
       "t.rules:1:36: '1,2' is not a number (largest: 65535)"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(OneRule(text).error(), want) << text;
}

}  // namespace
}  // namespace picket::rules
