#include "sensor/rules/classification.h"

#include <gtest/gtest.h>

namespace picket::rules {
namespace {

TEST(Classification, ReadsTheFile) {
  std::vector<Diagnostic> diagnostics;
  const auto table = parse_classification("c.config",
                                          "# comment\n\nconfig classification: Trojan-Activity,A trojan, or "
                                          "so,1\r\nconfig classification:x,y,2\n",
                                          diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table.at("trojan-activity").description, "A trojan, or so");
  EXPECT_EQ(table.at("trojan-activity").priority, 1);
}

TEST(Classification, NamesBadLines) {
  std::vector<Diagnostic> d;
  const auto table = parse_classification("c.config",
                                          "config classification: x,y,0\nconfig clasification: a,b,1\nconfig "
                                          "classification: only\nconfig classification: a,b,1",
                                          d);
  EXPECT_EQ(table.size(), 1U);
  ASSERT_EQ(d.size(), 3U);
  EXPECT_EQ(to_string(d[0]), "c.config:1:28: the priority must be a number from 1 to 255");
  EXPECT_EQ(to_string(d[1]), "c.config:2:1: expected \"config classification: ...\"");
  EXPECT_EQ(to_string(d[2]), "c.config:3:24: expected name,description,priority");
}

TEST(References, ReadsTheFile) {
  std::vector<Diagnostic> d;
  const auto table = parse_references(
      "r.config", "config reference: cve http://cve.example/?name=\nconfig reference: NONE\nnonsense\n", d);
  EXPECT_EQ(table.at("cve"), "http://cve.example/?name=");
  EXPECT_EQ(table.at("none"), "");
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(to_string(d[0]), "r.config:3:1: expected \"config reference: ...\"");
}

TEST(Classification, BuiltinTablesAreSound) {
  for (const auto& [name, info] : builtin_classes()) {
    EXPECT_EQ(name, lower_case(name));
    EXPECT_FALSE(info.description.empty()) << name;
    EXPECT_GE(info.priority, 1) << name;
  }
  EXPECT_GT(builtin_classes().size(), 40U);
  EXPECT_TRUE(builtin_references().contains("url"));
}

}  // namespace
}  // namespace picket::rules
