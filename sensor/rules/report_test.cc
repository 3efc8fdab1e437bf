#include "sensor/rules/report.h"

#include <gtest/gtest.h>

#include <sstream>

#include "sensor/rules/test_protocols.h"

namespace picket::rules {
namespace {

RuleSet load(std::string_view text) {
  LoadOptions o;
  o.protocols = test_protocols();
  return load_rules_text("t.rules", text, o);
}

constexpr std::string_view kTwo =
    "alert ip any any -> any any (msg:\"say \\\"x\\\"\"; content:\"a|0d|b\"; sid:1; rev:4;)\n"
    "alert ip any any -> any any (contnet:\"a\"; sid:2;)\n";

TEST(Report, Json) {
  std::ostringstream out;
  const PlanNote notes[] = {
      {.found_by = PlanNote::FoundBy::kPattern, .fast_pattern = "a\rb", .buffer = "payload", .cost = 1.5}};
  write_json(out, load(kTwo), notes);
  EXPECT_EQ(
      out.str(),
      R"({"sid":1,"gid":1,"rev":4,"file":"t.rules","line":1,"status":"loaded","msg":"say \"x\"","found_by":"pattern","fast_pattern":"a|0d|b","buffer":"payload","cost":1.5})"
      "\n"
      R"({"sid":2,"gid":1,"rev":0,"file":"t.rules","line":2,"status":"rejected","error_line":2,"column":30,"reason":"unknown keyword 'contnet'","suggestion":"did you mean 'content'?"})"
      "\n");
}

TEST(Report, SaysHowARuleWithoutPatternIsFound) {
  std::ostringstream out, table;
  const RuleSet set = load(
      "alert tcp any any -> any [80,8080] (content:\"|00 01|\"; sid:1;)\n"
      "alert tcp any any -> any any (pcre:\"/a/\"; sid:2;)\n"
      "alert tcp any any -> any any (flags:S; sid:3;)\n");
  using FoundBy = PlanNote::FoundBy;
  const PlanNote notes[] = {{.found_by = FoundBy::kPorts, .weak = std::string("\0\1", 2)},
                            {.found_by = FoundBy::kNothing},
                            {.found_by = FoundBy::kHeader}};
  write_json(out, set, notes);
  EXPECT_NE(out.str().find(R"("found_by":"ports","ports":"port [80,8080]","weak_pattern":"|00 01|")"),
            std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find(R"("found_by":"nothing","cost")"), std::string::npos) << out.str();
  write_table(table, set, notes);
  EXPECT_NE(
      table.str().find("(looked at for all payload on port [80,8080]: \"|00 01|\" stands nearly everywhere)"),
      std::string::npos)
      << table.str();
  EXPECT_NE(table.str().find("(looked at each time: it has no content to search for)"), std::string::npos);
  EXPECT_NE(table.str().find("(held against packets: it asks for no bytes)"), std::string::npos);
}

TEST(Report, Table) {
  std::ostringstream out;
  write_table(out, load(kTwo), {}, {.loaded_too = false});
  EXPECT_EQ(out.str(),
            "rejected  2:0           t.rules:2:30: unknown keyword 'contnet'; did you mean 'content'?\n2 "
            "rules in 1 file: 1 loaded, 1 rejected\n");
}

TEST(Report, Reasons) {
  std::ostringstream out;
  write_reasons(out, load("alert smb any any -> any any (sid:1;)\nalert smb any any -> any any "
                          "(sid:2;)\nalert ftp any any -> any any (sid:3;)"));
  EXPECT_EQ(out.str(),
            "       2  protocol 'smb': picket does not parse smb yet\n       1  protocol 'ftp': picket does "
            "not parse ftp yet\n");
}

TEST(Report, DeprecatedFormsAreCountedApart) {
  const RuleSet set = load(
      "alert http any any -> any any (content:\"a\"; http_uri; content:\"b\"; http_uri; sid:1;)\n"
      "alert http any any -> any any (content:\"a\"; http_uri; sid:2;)\n"
      "alert tls any any -> any any (tls_sni; content:\"a\"; sid:3;)\n"
      "alert http any any -> any any (http.uri; content:\"a\"; sid:4;)\n"
      "alert http any any -> any any (content:\"a\"; http_uri; bsize:<2; sid:5;)\n");
  EXPECT_EQ(summary(set), "5 rules in 1 file: 4 loaded, 1 rejected, 3 in deprecated forms");
  std::ostringstream table, json;
  write_table(table, set, {}, {.loaded_too = false});
  EXPECT_EQ(table.str(),
            "rejected  5:0           t.rules:5:55: 'bsize' needs a sticky buffer before it\n"
            "       2  deprecated: 'http_uri' is an older form; write http.uri before the content\n"
            "       1  deprecated: 'tls_sni' is an older form; write tls.sni\n"
            "5 rules in 1 file: 4 loaded, 1 rejected, 3 in deprecated forms\n");
  write_json(json, set, {});
  EXPECT_NE(
      json.str().find("\"status\":\"loaded\",\"deprecated\":[\"'http_uri' is an older form; write http.uri "
                      "before the content\"],\"msg\""),
      std::string::npos)
      << json.str();
  EXPECT_EQ(json.str().find("\"warnings\""), std::string::npos);
}

TEST(Report, JsonStringsAreAlwaysUtf8) {
  EXPECT_EQ(json_string("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
  EXPECT_EQ(json_string("h\xc3\xa9"), "\"h\xc3\xa9\"");
  EXPECT_EQ(json_string("\xff"), "\"\\ufffd\"");
  EXPECT_EQ(json_string("\xc3"), "\"\\ufffd\"");
  EXPECT_EQ(json_string("\xc0\xaf"), "\"\\ufffd\\ufffd\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(json_string("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
}

}  // namespace
}  // namespace picket::rules
