#include "sensor/rules/datasets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "dataplane/detect/dataset.h"
#include "sensor/rules/dynamic_sets.h"
#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

using detect::DatasetCommand;
using detect::DatasetType;
namespace fs = std::filesystem;

class DatasetsTest : public ::testing::Test {
 protected:
  DatasetsTest() : folder_(fs::path(::testing::TempDir()) / ("picket-sets-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~DatasetsTest() override { fs::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  /// Rules of a file, since sets are files beside it.
  std::string rules(const std::string& text) { return file("t.rules", text); }

  fs::path folder_;
};

TEST_F(DatasetsTest, ValuesReadAsTheyAreWritten) {
  const auto round = [](DatasetType type, const std::string& text) {
    const auto value = parse_dataset_value(type, text);
    return value ? show_dataset_value(type, *value) : "-";
  };
  for (const char* text : {"YQ==", "YWI=", "YWJj", ""}) EXPECT_EQ(round(DatasetType::kString, text), text);
  EXPECT_EQ(*parse_dataset_value(DatasetType::kString, "YWI="), "ab");
  EXPECT_EQ(round(DatasetType::kString, "Y!=="), "-");
  EXPECT_EQ(round(DatasetType::kMd5, "B65D49730D16E5A8A7B2AB95350848B8"), "b65d49730d16e5a8a7b2ab95350848b8");
  EXPECT_EQ(round(DatasetType::kMd5, "b65d"), "-");
  EXPECT_EQ(round(DatasetType::kSha256, std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(round(DatasetType::kIpv4, "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(round(DatasetType::kIpv4, "2001:db8::1"), "-");
  EXPECT_EQ(round(DatasetType::kIp, "2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(parse_dataset_value(DatasetType::kIp, "192.0.2.1"),
            parse_dataset_value(DatasetType::kIp, "::ffff:192.0.2.1"));
}

TEST_F(DatasetsTest, LoadedSetsAreAskedOnThePacketPath) {
  file("bad.csv", "Y3VybC83Lg==\nYmFk\n");  // curl/7. and bad
  file("rep.csv", "Y3VybC83Lg==,200\nYmFk,10\n");
  const std::string head = "alert http any any -> any any (http.uri; ";
  const auto text = head + "dataset:isset,bad,type string,load bad.csv; sid:1;)\n" + head +
                    "dataset:isnotset,bad; sid:2;)\n" + head +
                    "datarep:rep,>,100,load rep.csv,type string; sid:3;)\n" + head +
                    "content:\"x\"; dataset:isset,bad; sid:4;)\n";
  Bench b(text, "", folder_.string());
  ASSERT_EQ(b.plan.planned, 4U);
  EXPECT_TRUE(b.plan.sets.empty());
  const auto fired = [&](const std::string& uri) {
    BenchTx tx;
    b.whole(tx.request("http.uri", {uri}));
    return b.fired();
  };
  EXPECT_EQ(fired("curl/7."), "1 3");
  EXPECT_EQ(fired("bad"), "1");
  EXPECT_EQ(fired("bax"), "2");
}

TEST_F(DatasetsTest, JsonGoesWithTheAlert) {
  file("hosts.json", R"([{"ioc":{"host":"a.test"},"year":2005,"tags":["x",true,null,1.5]},)"
                     R"({"ioc":{"host":"a.test"},"year":2006}])");
  file("hosts.ndjson",
       "{\"host\":\"a.test\",\"who\":\"me \\\"\\n\xc3\xa4\xf0\x9f\x98\x80\"}\n\n{\"host\":\"b.test\"}\n");
  const std::string head = "alert http any any -> any any (http.uri; dataset:isset,";
  Bench b(head +
              "one,type string,load hosts.json,format json,context_key bad,value_key ioc.host,remove_key; "
              "sid:1;)\n" +
              head +
              "two,type string,load hosts.ndjson,format ndjson,context_key it,value_key host; sid:2;)\n",
          "", folder_.string());
  ASSERT_EQ(b.plan.planned, 2U);
  BenchTx tx;
  b.whole(tx.request("http.uri", {"a.test"}));
  EXPECT_EQ(b.fired(), "1 2");
  EXPECT_EQ(
      b.contexts(),
      R"(bad={"ioc":{},"tags":["x",true,null,1.5],"year":2005} it={"host":"a.test","who":"me \"\u000a\u00e4\ud83d\ude00"} )");
}

TEST_F(DatasetsTest, WhatIsWrongRejectsTheRule) {
  file("broken.csv", "YWI=\nnot base64\n");
  const std::string head = "alert http any any -> any any (http.uri; ";
  const std::pair<const char*, const char*> cases[] = {
      {"dataset:isset,a,type string,load none.csv;", "cannot read"},
      {"dataset:isset,a,type string,load broken.csv;",
       "broken.csv:2: 'not base64' is no value of the set's type"},
      {"dataset:set,a,type string,state ../../etc/passwd;", "leads out of the data directory"},
      {"dataset:set,a,type string,save /etc/passwd;", "leads out of the data directory"},
      {"dataset:isset,a,type string; dataset:isset,a,type md5;", "rules give it different types"},
  };
  for (const auto& [options, why] : cases) {
    Bench b(head + options + " sid:1;)", "", folder_.string());
    EXPECT_EQ(b.plan.planned, 0U) << options;
    ASSERT_NE(b.loaded.statuses[0].error(), nullptr) << options;
    EXPECT_NE(b.loaded.statuses[0].error()->reason.find(why), std::string::npos)
        << b.loaded.statuses[0].error()->reason;
  }
}

TEST_F(DatasetsTest, SetsThatRulesChangeAreDecidedInOrder) {
  Bench b(
      "alert http any any -> any any (http.uri; dataset:isnotset,seen; dataset:set,seen,type string; "
      "sid:1;)\n"
      "alert http any any -> any any (http.uri; content:\"u\"; dataset:unset,seen; sid:2;)\n"
      "pass http any any -> any any (http.uri; dataset:isset,seen; sid:3;)\n",
      "", folder_.string());
  EXPECT_EQ(b.plan.planned, 2U);  // a pass rule cannot wait for correlate
  ASSERT_EQ(b.plan.sets.size(), 1U);
  DynamicSets sets;
  const auto places = sets.add(b.plan.sets);
  std::string said;
  for (const char* uri : {"a", "a", "u", "u", "a"}) {
    BenchTx tx;
    b.whole(tx.request("http.uri", {uri}));
    for (const auto& [rule, notes] : b.take_notes())
      said +=
          std::string(uri) + (sets.admit(as_bytes(notes), places) ? "+" : "-") + std::to_string(rule) + " ";
    (void)b.fired();
  }
  EXPECT_EQ(said, "a+1 a-1 u+1 u+2 u+1 u+2 a-1 ");
}

/// What one rule met in a set is not said of the next: neither of a file's rules nor of the protocol's.
TEST_F(DatasetsTest, AMatchTakesNoOtherRulesValuesAlong) {
  Bench b(
      "alert http any any -> any any (file.name; dataset:set,names,type string; sid:1;)\n"
      "alert http any any -> any any (file.name; content:\"x\"; sid:2;)\n"
      "alert ip any any -> any any (ip.src; dataset:set,hosts,type ip; sid:3;)\n"
      "alert tcp any any -> any any (app-layer-protocol:http; sid:4;)\n",
      "", folder_.string());
  ASSERT_EQ(b.plan.planned, 4U);
  BenchTx tx;
  b.protocol(kBenchHttp).to_server("GET");
  b.advance(tx, Direction::kToServer, kComplete);
  b.close(b.file(tx, Direction::kToServer, "x"));
  b.done(tx);
  EXPECT_EQ(b.fired(), "3 4 3 1 2 3 3");  // packet by packet: sid 3 on each, the file's name on the third
  std::string with_notes;
  for (const auto& [sid, notes] : b.take_notes()) with_notes += std::to_string(sid) + " ";
  EXPECT_EQ(with_notes, "3 3 1 3 3 ");
}

TEST_F(DatasetsTest, AFullSetRefuses) {
  DynamicSet s;
  s.memcap = 2 * 65;
  DynamicSets sets;
  const auto places = sets.add(std::span(&s, 1));
  const auto set = [&](std::string_view value) {
    std::uint8_t room[64];
    const auto* end = detect::put_note(room, {DatasetCommand::kSet, 0, as_bytes(value)});
    return sets.admit({room, static_cast<std::size_t>(end - room)}, places);
  };
  EXPECT_TRUE(set("a"));
  EXPECT_TRUE(set("b"));
  EXPECT_FALSE(set("c"));
  EXPECT_EQ(sets.refused(), 1U);
}

TEST_F(DatasetsTest, StateOutlivesTheSensor) {
  DynamicSet s;
  s.name = "seen";
  s.values = {"b", "a"};
  s.memcap = 1000;
  s.save = folder_ / "seen.lst";
  const auto save = [&s] {
    DynamicSets sets;
    (void)sets.add(std::span(&s, 1));
    return sets.save().size();
  };
  EXPECT_EQ(save(), 0U);
  std::ifstream f(s.save);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(f), {}), "YQ==\nYg==\n");
  Dataset d;
  d.name = "seen";
  d.source = std::make_shared<const DatasetSource>(DatasetSource{.state = "seen.lst"});
  d.command = Dataset::Command::kSet;
  DatasetTable table(folder_);
  table.note(d, folder_);
  detect::RuleSet set;
  std::vector<DynamicSet> dynamic;
  std::vector<std::string> warnings;
  table.load(set, dynamic, warnings);
  ASSERT_EQ(dynamic.size(), 1U);
  EXPECT_EQ(dynamic[0].values.size(), 2U);
  EXPECT_EQ(dynamic[0].save, s.save);
  s.save = folder_ / "no-such-folder" / "x";
  EXPECT_EQ(save(), 1U);
}

TEST(DatasetNotes, AreReadAsTheyWereWritten) {
  std::uint8_t room[64];
  auto* end = detect::put_note(room, {DatasetCommand::kIsSet, 70000, as_bytes("abc")});
  end = detect::put_note(end, {DatasetCommand::kUnset, 2, {}});
  Bytes all(room, static_cast<std::size_t>(end - room));
  Bytes cut = all.first(all.size() - 1);
  detect::DatasetNote n{};
  ASSERT_TRUE(take_note(all, n));
  EXPECT_EQ(n.set, 70000U);
  EXPECT_EQ(as_text(n.value), "abc");
  ASSERT_TRUE(take_note(all, n));
  EXPECT_EQ(n.command, DatasetCommand::kUnset);
  EXPECT_FALSE(take_note(all, n));
  ASSERT_TRUE(take_note(cut, n));
  EXPECT_FALSE(take_note(cut, n));
}

}  // namespace
}  // namespace picket::rules
