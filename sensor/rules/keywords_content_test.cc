#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(Content, Plain) {
  const auto rule = with(R"(content:"a|0d 0a|b"; nocase; content:!"x"; offset:3; depth:10;)");
  ASSERT_EQ(rule->groups.size(), 1U);
  EXPECT_EQ(rule->groups[0].place, Place::kPayload);
  EXPECT_EQ(rule.clause<Content>(0, 0).bytes, "a\r\nb");
  EXPECT_TRUE(rule.clause<Content>(0, 0).nocase);
  EXPECT_FALSE(rule.clause<Content>(0, 0).negated);
  const auto& second = rule.clause<Content>(0, 1);
  EXPECT_TRUE(second.negated);
  EXPECT_EQ(second.offset->value, 3);
  EXPECT_EQ(second.depth->value, 10);
  EXPECT_FALSE(second.relative());
}

TEST(Content, SpacesAndEscapesAroundTheArgument) {
  EXPECT_EQ(with(R"(content: "a";)").clause<Content>(0, 0).bytes, "a");
  EXPECT_EQ(with(R"(content : ! "a" ;)").clause<Content>(0, 0).bytes, "a");
  EXPECT_TRUE(with(R"(content : ! "a" ;)").clause<Content>(0, 0).negated);
  EXPECT_EQ(with(R"(content:"a\;b\"c\\d\:e";)").clause<Content>(0, 0).bytes, R"(a;b"c\d:e)");
  EXPECT_EQ(with(R"(content:"a:b|3b|c";)").clause<Content>(0, 0).bytes, "a:b;c");
  EXPECT_EQ(with(R"~(content:"(x)";)~").clause<Content>(0, 0).bytes, "(x)");
  EXPECT_EQ(with(R"(content:" a ";)").clause<Content>(0, 0).bytes, " a ");
}

TEST(Content, RelativeAndFlags) {
  const auto rule = with(
      R"(content:"a"; content:"b"; distance:-3; within:20; content:"cd"; startswith; endswith; rawbytes;)");
  EXPECT_EQ(rule.clause<Content>(0, 1).distance->value, -3);
  EXPECT_EQ(rule.clause<Content>(0, 1).within->value, 20);
  EXPECT_TRUE(rule.clause<Content>(0, 1).relative());
  EXPECT_TRUE(rule.clause<Content>(0, 2).startswith);
  EXPECT_TRUE(rule.clause<Content>(0, 2).endswith);
  EXPECT_TRUE(rule.clause<Content>(0, 2).rawbytes);
}

TEST(Content, FastPattern) {
  EXPECT_EQ(with(R"(content:"abc"; fast_pattern;)").clause<Content>(0, 0).fast_pattern, FastPattern::kWanted);
  EXPECT_EQ(with(R"(content:"abc"; fast_pattern:only;)").clause<Content>(0, 0).fast_pattern,
            FastPattern::kOnly);
  const auto chopped = with(R"(content:"abcdef"; fast_pattern:1,3;)");
  EXPECT_EQ(chopped.clause<Content>(0, 0).chop_offset, 1);
  EXPECT_EQ(chopped.clause<Content>(0, 0).chop_length, 3);
}

TEST(Content, Variables) {
  const auto rule = with(
      R"(byte_extract:1,0,len; content:"a"; offset:len; depth:len; content:"b"; within:len; distance:len;)");
  EXPECT_EQ(rule->variables, std::vector<std::string>{"len"});
  EXPECT_EQ(rule.clause<Content>(0, 1).offset->variable, 0);
  EXPECT_EQ(rule.clause<Content>(0, 2).within->variable, 0);
}

TEST(Content, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"(content:"";)", "an empty content"},
      {R"(content:abc;)", "the argument of 'content' must stand in quotation marks"},
      {R"(content:"abc;)", "the argument of 'content' has no closing quotation mark"},
      {R"(content;)", "keyword 'content' needs an argument"},
      {R"(content:"|4|";)", "an odd number of hex digits"},
      {R"(content:"|zz|";)", "not a hex digit between | and |"},
      {R"(content:"|41";)", "| is not closed"},
      {R"(nocase;)", "'nocase' needs a content before it"},
      {R"(content:"a"; nocase:1;)", "keyword 'nocase' takes no argument"},
      {R"(content:"abc"; depth:2;)", "depth 2 is smaller than the content (3 bytes), so it can never match"},
      {R"(content:"a"; content:"abc"; within:2;)",
       "within 2 is smaller than the content (3 bytes), so it can never match"},
      {R"(content:"a"; offset:1; distance:1;)",
       "a content takes either offset and depth or distance and within, not both"},
      {R"(content:"a"; within:1; depth:1;)",
       "a content takes either offset and depth or distance and within, not both"},
      {R"(content:"a"; offset:1; offset:2;)", "a second 'offset' for the same content"},
      {R"(content:"a"; offset:-1;)", "'-1' is out of range for offset"},
      {R"(content:"a"; offset:65536;)", "'65536' is out of range for offset"},
      {R"(content:"a"; distance:1048577;)", "'1048577' is out of range for distance"},
      {R"(content:"a"; startswith; depth:3;)", "'startswith' cannot go with depth"},
      {R"(content:"a"; depth:3; startswith;)",
       "'startswith' cannot go with offset, depth, distance or within"},
      {R"(content:"a"; endswith; endswith;)", "a second 'endswith' for the same content"},
      {R"(content:"a"; fast_pattern:2;)", "fast_pattern takes nothing, 'only', or offset,length"},
      {R"(content:"abc"; fast_pattern:2,2;)", "fast_pattern 2,2 reaches behind the content (3 bytes)"},
      {R"(content:!"abc"; offset:2; fast_pattern;)",
       "a negated content with offset, depth, distance or within cannot be the fast pattern"},
      {R"(content:!"abc"; fast_pattern:only;)",
       "'fast_pattern:only' cannot go with !, offset, depth, distance or within"},
      {R"(content:"a"; offset:nope;)",
       "'nope' is neither a number nor a variable that byte_extract or byte_math filled before"},
      {R"(byte_extract:1,0,length; content:"a"; offset:lenght;)",
       "'lenght' is neither a number nor a variable that byte_extract or byte_math filled before; did you "
       "mean 'length'?"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
}

TEST(Pcre, PatternFlagsAndCaptures) {
  const auto rule =
      with(R"(pcre:"/a\/b\;[^\x22]/ismxAEGRO"; pcre:!"/x/"; pcre:/y/i; pcre:"/(a)(b)/, pkt:one, flow:two";)");
  const auto& p = rule.clause<Pcre>(0, 0);
  EXPECT_EQ(p.pattern, R"(a\/b\;[^\x22])");
  EXPECT_TRUE(p.caseless && p.dotall && p.multiline && p.extended && p.anchored && p.dollar_endonly &&
              p.ungreedy && p.relative && p.no_match_limit);
  EXPECT_TRUE(rule.clause<Pcre>(0, 1).negated);
  EXPECT_EQ(rule.clause<Pcre>(0, 2).pattern, "y");
  ASSERT_EQ(rule.clause<Pcre>(0, 3).captures.size(), 2U);
  EXPECT_EQ(rule.clause<Pcre>(0, 3).captures[1].scope, Pcre::Capture::Scope::kFlow);
  EXPECT_EQ(rule.clause<Pcre>(0, 3).captures[1].name, "two");
}

TEST(Pcre, FlagsSendItToHttpBuffers) {
  const std::pair<char, std::string_view> cases[] = {
      {'U', "http.uri"},           {'I', "http.uri.raw"},    {'P', "http.request_body"},
      {'Q', "http.response_body"}, {'H', "http.header"},     {'D', "http.header.raw"},
      {'M', "http.method"},        {'C', "http.cookie"},     {'S', "http.stat_code"},
      {'Y', "http.stat_msg"},      {'V', "http.user_agent"}, {'W', "http.host"},
      {'Z', "http.host.raw"},
  };
  for (const auto& [flag, buffer] : cases) {
    const auto rule = with(std::string("pcre:\"/x/") + flag + "\";", "alert http any any -> any any");
    ASSERT_EQ(rule->groups.size(), 1U) << flag;
    EXPECT_EQ(rule->groups[0].name, buffer);
  }
  const auto rule = with(R"(content:"a"; http_uri; pcre:"/b/UR"; content:"c"; distance:0; http_uri;)");
  ASSERT_EQ(rule->groups.size(), 1U);
  EXPECT_EQ(rule->groups[0].clauses.size(), 3U) << "all in the URI, in order";
  EXPECT_EQ(with(R"(http.uri; content:"a"; pcre:"/b/U";)")->groups.size(), 1U)
      << "the flag names the buffer that is entered";
}

TEST(Pcre, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"(pcre:"abc";)", "a pcre is written \"/pattern/flags\""},
      {R"(pcre:"/abc";)", "the pattern has no closing /"},
      {R"(pcre:"//";)", "an empty pattern"},
      {R"(pcre:"/a/q";)",
       "unknown pcre flag 'q'; flags are ismxAEGRBO and those of HTTP buffers UIPQHDMCSYVWZ"},
      {R"(pcre:"/a/UH";)", "pcre flags 'U' and 'H' name two buffers"},
      {R"(http.uri; pcre:"/a/H";)",
       "pcre flag 'H' cannot be used behind a sticky buffer; leave the flag out, or put pkt_data; before "
       "pcre"},
      {R"(pcre:"/(a)/, x:y";)", "a capture is named pkt:x, flow:x or alert:x"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
  EXPECT_EQ(with("pcre:/a/i\";").warnings(),
            "t.rules:1:39: warning: a quotation mark closes here that was never opened\n");
}

}  // namespace
}  // namespace picket::rules
