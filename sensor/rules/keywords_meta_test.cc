#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(Meta, WhatARuleSaysOfItself) {
  const auto rule = with(
      R"(msg:"a \"b\"\; c:\\d"; gid:3; rev:7; classtype:trojan-activity; reference:url,example.com/x; reference:cve,2014-0160; metadata:created_at 2013_10_28, policy balanced-ips drop; target:dest_ip; noalert; prefilter; tag:session,5,packets;)");
  EXPECT_EQ(rule->msg, R"(a "b"; c:\d)");
  EXPECT_EQ(rule->sid, 1U);
  EXPECT_EQ(rule->gid, 3U);
  EXPECT_EQ(rule->rev, 7U);
  EXPECT_EQ(rule->classtype, "trojan-activity");
  EXPECT_EQ(rule->priority, 1);
  ASSERT_EQ(rule->references.size(), 2U);
  EXPECT_EQ(rule->references[0].url, "https://example.com/x");
  EXPECT_EQ(rule->references[1].system, "cve");
  ASSERT_EQ(rule->metadata.size(), 2U);
  EXPECT_EQ(rule->metadata[1].key, "policy");
  EXPECT_EQ(rule->metadata[1].value, "balanced-ips drop");
  EXPECT_EQ(rule->target, Target::kDestination);
  EXPECT_TRUE(rule->noalert && rule->prefilter);
  ASSERT_EQ(rule->tags.size(), 1U);
  EXPECT_EQ(rule->tags[0].count, 5U);
  EXPECT_EQ(rule->line, 1U);
  EXPECT_EQ(rule->file, "t.rules");
}

TEST(Meta, PriorityOutranksClasstypeInEitherOrder) {
  EXPECT_EQ(with("priority:5; classtype:trojan-activity;")->priority, 5);
  EXPECT_EQ(with("classtype:trojan-activity; priority:5;")->priority, 5);
  EXPECT_EQ(with("classtype:Trojan-Activity;")->priority, 1);
  EXPECT_EQ(with("msg:\"x\";")->priority, 3);
}

TEST(Meta, RequiresIsHeldAgainstTheLanguageVersion) {
  for (const char* fine :
       {"version >= 7", "version >= 8.0.0", "version < 9", "version >= 7.0.3 < 8 | >= 8.0.0",
        "version > 7 <= 8", "keyword content", "keyword http.uri", "version >= 7, keyword pcre"}) {
    EXPECT_EQ(reason("requires:" + std::string(fine) + ";"), "") << fine;
  }
  EXPECT_EQ(reason("requires:version >= 10;"),
            "the rule requires 'version >= 10'; picket speaks the language of version 8.0.0");
  EXPECT_EQ(reason("requires:version >= 7 < 8;"),
            "the rule requires 'version >= 7 < 8'; picket speaks the language of version 8.0.0");
  EXPECT_EQ(reason("requires:keyword foobar;"),
            "the rule requires keyword 'foobar', which picket does not have");
  EXPECT_EQ(reason("requires:feature geoip;"),
            "the rule requires 'feature geoip', which picket does not have");
  EXPECT_EQ(reason("requires:version 7;"), "a version is demanded as in version >= 7.0.3");
}

TEST(Meta, Config) {
  const auto rule = with("config: logging disable, type tx, scope tx;", "config dns any any -> any any");
  EXPECT_EQ(rule->action, Action::kConfig);
  EXPECT_TRUE(rule->config->disable);
  EXPECT_EQ(reason("msg:\"x\";", "config dns any any -> any any"), "action config needs the keyword config");
  EXPECT_EQ(reason("config:logging enable;"), "config can only disable");
}

TEST(Meta, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"msg:x;", "the argument of 'msg' must stand in quotation marks"},
      {"rev:x;", "'x' is not a rev; it must be a number from 0 to 4294967295"},
      {"sid:0;", "'0' is not a sid; it must be a number from 1 to 4294967295"},
      {"sid:4294967296;", "'4294967296' is not a sid; it must be a number from 1 to 4294967295"},
      {"priority:0;", "'0' is not a priority from 1 to 255"},
      {"reference:url;", "a reference is written system,value; as in reference:url,example.com/advisory;"},
      {"target:both;", "target must be src_ip or dest_ip"},
      {"tag:flow;", "a tag begins with session or host"},
      {"tag:host,3,packets;", "tag:host ends with src or dst"},
      {"tag:session,3,lines;", "a tag counts packets, seconds or bytes"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
  EXPECT_EQ(with("classtype:trojan-activty;").warnings(),
            "t.rules:1:40: warning: unknown classtype 'trojan-activty'; priority 3 is used; did you mean "
            "'trojan-activity'?\n");
  EXPECT_EQ(with("reference:zork,1;").warnings(),
            "t.rules:1:40: warning: unknown reference system 'zork'; the reference is left out\n");
}

}  // namespace
}  // namespace picket::rules
