#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(Check, BuffersAgainstTheHeader) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"alert dns any any -> any any", R"(http.uri; content:"a";)", "'http.uri' does not exist in dns"},
      {"alert udp any any -> any any", R"(http.uri; content:"a";)",
       "'http.uri' belongs to a protocol that the header's transport does not carry"},
      {"alert icmp any any -> any any", R"(dns.query; content:"a";)",
       "'dns.query' belongs to a protocol that the header's transport does not carry"},
      {"alert tcp any any -> any any", R"(http.uri; content:"a"; tls.sni; content:"b";)",
       "'tls.sni' and 'http.uri' belong to different protocols, so the rule can never match"},
      {"alert tcp any any -> any any", R"(http.uri; content:"a"; dns.opcode:1;)",
       "'dns.opcode' and 'http.uri' belong to different protocols, so the rule can never match"},
      {"alert udp any any -> any any", R"(dns.query; content:"a";)", ""},
      {"alert tcp any any -> any any", R"(dns.query; content:"a";)", ""},
      {"alert ip any any -> any any", R"(http.uri; content:"a";)", ""},
      {"alert http any any -> any any", R"(file.data; content:"a"; http.stat_code; content:"200";)", ""},
  };
  for (const auto& [header, options, want] : cases)
    EXPECT_EQ(reason(options, header), want) << header << ' ' << options;
}

TEST(Check, DirectionFollowsFromBuffers) {
  EXPECT_TRUE(with(R"(http.uri; content:"a";)")->flow.to_server);
  EXPECT_TRUE(with(R"(http.stat_code; content:"a";)")->flow.to_client);
  const auto both = with(R"(http.header; content:"a";)");
  EXPECT_FALSE(both->flow.to_server || both->flow.to_client);
  EXPECT_EQ(reason(R"(flow:to_client; http.uri; content:"a";)"), "'http.uri' never exists to_client");
  EXPECT_EQ(reason(R"(flow:to_server; http.stat_code; content:"a";)"),
            "'http.stat_code' never exists to_server");
  EXPECT_EQ(reason(R"(http.uri; content:"a"; http.stat_code; content:"b";)"),
            "'http.uri' is the client's and 'http.stat_code' the server's, so the rule can never match; use "
            "=> to look at both sides of a transaction");
  EXPECT_EQ(reason(R"(http.uri; content:"a"; http.stat_code; content:"b";)", "alert http any any => any any"),
            "");
}

TEST(Check, LowerCaseBuffers) {
  EXPECT_EQ(reason(R"(http.host; content:"Example";)"),
            "'http.host' is always lower case and can never hold 'Example'; write the content in lower case");
  EXPECT_EQ(reason(R"(http.host; content:"Example"; nocase;)"), "");
  EXPECT_EQ(reason(R"(http.host; content:"example";)"), "");
  EXPECT_EQ(reason(R"(http.host.raw; content:"Example";)"), "");
}

TEST(Check, Others) {
  EXPECT_EQ(OneRule("alert ip any any -> any any (msg:\"x\";)").error(),
            "t.rules:1:1: the rule has no sid; every rule needs a number of its own, as in sid:1000001;");
  EXPECT_EQ(reason("flow:only_stream;", "alert udp any any -> any any"), "only TCP has a stream");
}

TEST(Check, WarnsOfWhatCanNeverMatch) {
  const std::string_view tcp = "alert tcp any any -> any any";
  EXPECT_EQ(with(R"(dsize:<4; content:"abcd";)", tcp).warnings(),
            "t.rules:1:31: warning: the rule can never match: its contents need 4 bytes, and 3 are the most "
            "it lets pass\n");
  EXPECT_EQ(with(R"(dsize:4; content:"abcd";)", tcp).warnings(), "");
  EXPECT_EQ(with(R"(dsize:6; content:"abcd"; offset:3;)", tcp).warnings(),
            "t.rules:1:31: warning: the rule can never match: its contents need 7 bytes, and 6 are the most "
            "it lets pass\n");
  EXPECT_EQ(with(R"(http.uri; content:"abcd"; bsize:3;)", tcp).warnings(),
            "t.rules:1:57: warning: the rule can never match: its contents need 4 bytes, and 3 are the most "
            "it lets pass\n");
  EXPECT_EQ(with(R"(http.uri; content:!"abcd"; bsize:3;)", tcp).warnings(), "");
  EXPECT_EQ(with(R"(dsize:!3; content:"abcd";)", tcp).warnings(), "");
}

TEST(Check, WarnsOfTheWrongDirection) {
  const auto warned = [](std::string_view header, std::string_view options) {
    return !with(options, header).warnings().empty();
  };
  EXPECT_TRUE(warned("alert tcp any 80 -> any any", R"(flow:to_server; content:"abc";)"));
  EXPECT_TRUE(warned("alert tcp any 80 -> any any", R"(http.uri; content:"abc";)"));
  EXPECT_TRUE(warned("alert tcp any any -> any [80,443]", R"(flow:to_client; content:"abc";)"));
  EXPECT_FALSE(warned("alert tcp any any -> any 80", R"(flow:to_server; content:"abc";)"));
  EXPECT_FALSE(warned("alert tcp any 80 -> any any", R"(flow:to_client; content:"abc";)"));
  EXPECT_FALSE(warned("alert tcp any 1024: -> any any", R"(flow:to_server; content:"abc";)"));
  EXPECT_FALSE(warned("alert udp any 123 -> any 123", R"(flow:to_server; content:"abc";)"));
  EXPECT_FALSE(warned("alert tcp any 80 <> any any", R"(flow:to_server; content:"abc";)"));
}

TEST(Check, PlacesPointAtTheName) {
  EXPECT_EQ(OneRule("alert dns any any -> any any (http.uri; content:\"a\"; sid:1;)").error(),
            "t.rules:1:31: 'http.uri' does not exist in dns");
  EXPECT_EQ(OneRule("alert dns any any -> any any (content:\"a\"; http_uri; sid:1;)").error(),
            "t.rules:1:44: 'http.uri' does not exist in dns");
}

}  // namespace
}  // namespace picket::rules
