#include "sensor/rules/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/rules/test_protocols.h"

namespace picket::rules {
namespace {

LoadOptions options() {
  LoadOptions o;
  o.protocols = test_protocols();
  return o;
}
RuleSet load(std::string_view text) { return load_rules_text("t.rules", text, options()); }

std::string errors(const RuleSet& set) {
  std::string all;
  for (const auto& status : set.statuses) {
    for (const auto& d : status.diagnostics) all += to_string(d) + "\n";
  }
  return all;
}

TEST(Load, SkipsCommentsBlanksAndKeepsLines) {
  const auto set = load(
      "# one\n\n   \nalert ip any any -> any any (sid:1;)\r\n  #alert\nalert ip any any -> any any (sid:2;) "
      "# trailing\n;alert\nalert ip any any -> any any (sid:3;)");
  ASSERT_EQ(set.rules.size(), 3U) << errors(set);
  EXPECT_EQ(set.rules[0].line, 4U);
  EXPECT_EQ(set.rules[1].line, 6U);
  EXPECT_EQ(set.rules[2].line, 8U);
  EXPECT_EQ(set.files[0].found, 3U);
  EXPECT_EQ(set.files[0].loaded, 3U);
}

TEST(Load, ByteOrderMarkAndUtf8) {
  const auto set = load(
      "\xef\xbb\xbf"
      "alert ip any any -> any any (msg:\"h\xc3\xa9llo\"; content:\"\xc3\xa9\"; sid:1;)\nalert ip any any -> "
      "any any (msg:\"\xc3\xa9\"; nocas; sid:2;)");
  ASSERT_EQ(set.rules.size(), 1U);
  EXPECT_EQ(set.rules[0].msg, "h\xc3\xa9llo");
  EXPECT_EQ(errors(set), "t.rules:2:39: unknown keyword 'nocas'; did you mean 'nocase'?\n")
      << "columns count characters, not bytes";
}

TEST(Load, ContinuationLines) {
  const auto set = load(
      "alert ip any any -> any any ( \\\n  msg:\"x\"; \\\r\n  content:\"ab\\\ncd\"; \\\n  sid:1;)\nalert ip "
      "any any -> any any (\\\n  contnet:\"a\"; sid:2;)\n");
  ASSERT_EQ(set.rules.size(), 1U) << errors(set);
  EXPECT_EQ(set.rules[0].line, 1U);
  EXPECT_EQ(std::get<Content>(set.rules[0].groups.at(0).clauses.at(0)).bytes, "abcd");
  const auto one_line = load("alert ip any any -> any any (   msg:\"x\";   content:\"abcd\";   sid:1;)");
  EXPECT_EQ(set.rules[0].text_hash, one_line.rules.at(0).text_hash) << "another break of lines is no change";
  EXPECT_EQ(errors(set), "t.rules:7:3: unknown keyword 'contnet'; did you mean 'content'?\n")
      << "the place in the file, not in the joined line";
  EXPECT_EQ(set.statuses[1].line, 6U) << "where the rule begins";
}

TEST(Load, TheLaterRevisionWins) {
  const auto set = load(
      "alert ip any any -> any any (msg:\"old\"; sid:1; rev:1;)\nalert ip any any -> any any (msg:\"new\"; "
      "sid:1; rev:2;)\nalert ip any any -> any any (sid:1; rev:2;)\nalert ip any any -> any any (gid:2; "
      "sid:1;)");
  ASSERT_EQ(set.rules.size(), 2U);
  EXPECT_EQ(set.rules[0].msg, "new");
  EXPECT_EQ(errors(set),
            "t.rules:1:1: sid 1 is replaced by a newer revision at t.rules:2 (rev 2)\n"
            "t.rules:3:1: sid 1 is already taken by t.rules:2 (rev 2)\n");
  EXPECT_FALSE(set.statuses[0].loaded());
  EXPECT_EQ(set.statuses[1].rule, 0U);
  EXPECT_EQ(set.statuses[3].rule, 1U);
  EXPECT_EQ(set.files[0].rejected, 2U);
}

TEST(Load, ARejectedRuleStillShowsItsNumbers) {
  const auto set = load("alert smb any any -> any any (msg:\"x\"; sid:77; rev:3;)");
  ASSERT_EQ(set.statuses.size(), 1U);
  EXPECT_EQ(set.statuses[0].sid, 77U);
  EXPECT_EQ(set.statuses[0].rev, 3U);
  EXPECT_FALSE(set.statuses[0].loaded());
}

TEST(Load, PlannerMayReject) {
  auto set = load("alert ip any any -> any any (sid:1;)\nalert ip any any -> any any (sid:2;)");
  set.reject(0, "no engine takes this pattern");
  EXPECT_FALSE(set.statuses[0].loaded());
  EXPECT_TRUE(set.statuses[1].loaded());
  EXPECT_EQ(set.rules.size(), 2U) << "places stay";
  EXPECT_EQ(set.files[0].rejected, 1U);
  EXPECT_EQ(errors(set), "t.rules:1:1: no engine takes this pattern\n");
}

TEST(Load, MovingTheSetKeepsWhatRulesBorrow) {
  auto set = load("alert ip any any -> any any (classtype:trojan-activity; reference:cve,1; sid:1;)");
  const RuleSet moved = std::move(set);
  EXPECT_EQ(moved.rules[0].classtype, "trojan-activity");
  EXPECT_EQ(moved.rules[0].references[0].system, "cve");
  EXPECT_EQ(moved.rules[0].file, "t.rules");
}

TEST(Load, EqualListsAreShared) {
  const auto set =
      load("alert ip $HOME_NET any -> any any (sid:1;)\nalert ip $HOME_NET any -> any any (sid:2;)");
  EXPECT_EQ(set.rules[0].src, set.rules[1].src);
  EXPECT_EQ(set.rules[0].dst_port, set.rules[1].src_port);
}

/// As in the configuration that Suricata comes with.
TEST(Load, GroupsThatNobodySetsLieWhereSuricataHasThem) {
  const auto set = load(
      "alert tcp $AIM_SERVERS any -> $HOME_NET any (sid:1;)\n"
      "alert tcp $EXTERNAL_NET any -> $HTTP_SERVERS any (sid:2;)\n");
  ASSERT_EQ(set.rules.size(), 2U) << errors(set);
  EXPECT_EQ(set.rules[0].src->ranges, set.rules[1].src->ranges);
  EXPECT_EQ(set.rules[0].dst->ranges, set.rules[1].dst->ranges);
}

TEST(Load, EventNamesAreHeldAgainstTheEngine) {
  auto o = options();
  constexpr std::string_view kDecode[] = {"ipv4.pkt_too_small", "ipv4.trunc_pkt"},
                             kStream[] = {"reassembly_seq_gap"};
  o.decode_events = kDecode;
  o.stream_events = kStream;
  const auto set = load_rules_text(
      "t.rules",
      "alert pkthdr any any -> any any (decode-event:ipv4.trunc_pkt; sid:1;)\nalert pkthdr any any -> any "
      "any (decode-event:ipv4.trunk_pkt; sid:2;)\nalert tcp any any -> any any (stream-event:zork; sid:3;)",
      o);
  EXPECT_EQ(set.rules.size(), 1U);
  EXPECT_EQ(errors(set),
            "t.rules:2:47: picket has no decode event 'ipv4.trunk_pkt'; did you mean "
            "'ipv4.trunc_pkt'?\nt.rules:3:44: picket has no stream event 'zork'\n");
}

class LoadFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("picket-rules-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::filesystem::path folder_;
};

TEST_F(LoadFiles, PatternsInOrderEachFileOnce) {
  const auto b = write("b.rules", "alert ip any any -> any any (sid:2;)\n");
  const auto a = write("a.rules", "alert ip any any -> any any (sid:1;)\n");
  const std::string paths[] = {(folder_ / "*.rules").string(), a};
  const auto set = load_rules(paths, options());
  ASSERT_EQ(set.files.size(), 2U);
  EXPECT_EQ(set.files[0].path, a);
  EXPECT_EQ(set.files[1].path, b);
  EXPECT_EQ(set.rules.size(), 2U);
  EXPECT_TRUE(set.diagnostics.empty());
}

TEST_F(LoadFiles, WhatCannotBeReadIsSaid) {
  const std::string paths[] = {(folder_ / "none.rules").string(), (folder_ / "no*.rules").string(),
                               folder_.string()};
  const auto set = load_rules(paths, options());
  ASSERT_EQ(set.diagnostics.size(), 3U);
  EXPECT_EQ(to_string(set.diagnostics[0]), paths[0] + ": cannot be opened: No such file or directory");
  EXPECT_EQ(to_string(set.diagnostics[1]), paths[1] + ": no file matches this pattern");
  EXPECT_EQ(to_string(set.diagnostics[2]),
            paths[2] + ": is a folder; name the files in it, as in " + paths[2] + "/*.rules");
}

TEST_F(LoadFiles, ClassificationAndReferenceFilesReplaceTheBuiltinTables) {
  auto o = options();
  o.classification_file = write("classification.config", "config classification: mine,My class,2\n");
  o.reference_file = write("reference.config", "config reference: wiki https://wiki.example/\n");
  const auto set = load_rules_text(
      "t.rules", "alert ip any any -> any any (classtype:mine; reference:wiki,Page; sid:1;)", o);
  ASSERT_EQ(set.rules.size(), 1U);
  EXPECT_EQ(set.rules[0].classification, "My class");
  EXPECT_EQ(set.rules[0].priority, 2);
  EXPECT_EQ(set.rules[0].references[0].url, "https://wiki.example/Page");
}

}  // namespace
}  // namespace picket::rules
