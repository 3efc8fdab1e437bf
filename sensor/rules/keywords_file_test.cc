// Keywords of files: what they become, and when rules of files run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

constexpr auto kUp = Direction::kToServer;
constexpr auto kDown = Direction::kToClient;

struct Tx : BenchTx {
  Tx() { request("http.uri", {"/get"}).request("http.method", {"GET"}).reply("http.stat_code", {"200"}); }
};

TEST(FileRules, AnOlderKeywordRunsWithTheName) {
  Bench b(R"(
    alert http any any -> any any (filename:"FIRM"; sid:1;)
    alert http any any -> any any (fileext:"Bin"; sid:2;)
    alert http any any -> any any (fileext:"firmware"; sid:3;)
    alert http any any -> any any (filename:!"firm"; sid:4;)
    alert http any any -> any any (file.name; content:"firm"; startswith; sid:5;)
    alert http any any -> any any (file.name; content:"FIRM"; sid:6;)
    alert http any any -> any any (file.name; pcre:"/w.re/"; sid:7;))");
  Tx tx;
  b.advance(tx, kDown, kHeaders);
  EXPECT_EQ(b.fired(), "") << "no file yet";
  File* f = b.file(tx, kDown, "firmware.bin");
  EXPECT_EQ(b.fired(), "1 2 5 7");
  b.bytes(f, "x").close(f).advance(tx, kDown, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "") << "once a file";
}

TEST(FileRules, EachFileIsLookedAtOnItsOwn) {
  Bench b(R"(
    alert http any any -> any any (filename:"a"; filesize:3; sid:1;)
    alert http any any -> any any (filename:!"a"; sid:2;))");
  Tx tx;
  b.advance(tx, kUp, kHeaders);
  File* a = b.file(tx, kUp, "a");
  File* c = b.file(tx, kUp, "c");
  File* d = b.file(tx, kUp, "d");
  EXPECT_EQ(b.fired(), "2 2");
  b.bytes(a, "four")
      .bytes(c, "sea")
      .bytes(d, "sea")
      .close(a)
      .close(c)
      .close(d)
      .advance(tx, kUp, kComplete)
      .done(tx);
  EXPECT_EQ(b.fired(), "") << "the name of one and the size of another are no match";
}

TEST(FileRules, WaitForWhatElseTheyAsk) {
  Bench b(R"(alert http any any -> any any (filename:"a"; http.request_body; content:"secret"; sid:1;))");
  Tx tx;
  tx.request("http.request_body", {"a secret"});
  b.advance(tx, kUp, kHeaders);
  File* f = b.file(tx, kUp, "a");
  b.bytes(f, "x").close(f);
  EXPECT_EQ(b.fired(), "") << "the body is not there yet";
  b.advance(tx, kUp, kBody);
  EXPECT_EQ(b.fired(), "1");
  b.advance(tx, kUp, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "");
}

TEST(FileRules, BeginBeforeTheSideIsTold) {
  Bench b(R"(alert http any any -> any any (filename:"a"; sid:1;))");
  Tx tx;
  File* f = b.file(tx, kDown, "a");
  b.close(f);
  EXPECT_EQ(b.fired(), "");
  b.advance(tx, kDown, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(FileRules, DirectionIsTheFiles) {
  Bench b(R"(
    alert http any any -> any any (flow:to_client; filename:"a"; sid:1;)
    alert http any any -> any any (flow:to_server; filename:"a"; sid:2;)
    alert http any any -> any any (http.uri; content:"get"; filename:"a"; sid:3;))");
  Tx tx;
  b.advance(tx, kUp, kComplete).advance(tx, kDown, kHeaders);
  b.close(b.file(tx, kDown, "a"));
  EXPECT_EQ(b.fired(), "1") << "http.uri asks for files of requests";
  b.close(b.file(tx, kUp, "a"));
  EXPECT_EQ(b.fired(), "2 3");
  b.done(tx);
}

TEST(FileRules, SizeIsThatOfTheEnd) {
  Bench b(R"(
    alert http any any -> any any (filesize:<3; sid:1;)
    alert http any any -> any any (filesize:>3; sid:2;)
    alert http any any -> any any (file.size:2<>5; sid:3;))");
  Tx tx;
  b.advance(tx, kDown, kHeaders);
  File* f = b.file(tx, kDown, "a");
  b.bytes(f, "ab");
  EXPECT_EQ(b.fired(), "") << "it may grow";
  b.bytes(f, "cd").close(f, FileEnd::kTruncated).advance(tx, kDown, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "2 3");
}

TEST(FileRules, Magic) {
  Bench b(R"(
    alert http any any -> any any (filemagic:"pdf document"; sid:1;)
    alert http any any -> any any (filemagic:!"PDF"; sid:2;)
    alert http any any -> any any (file.magic; content:"PNG"; sid:3;))");
  Tx tx;
  b.advance(tx, kDown, kHeaders);
  File* f = b.file(tx, kDown, "a");
  b.bytes(f, "%PDF-1.4\n").close(f).done(tx);
  EXPECT_EQ(b.fired(), "1");
}

struct HashLists : ::testing::Test {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "picket_file_lists";
  HashLists() { std::filesystem::create_directories(folder); }
  ~HashLists() override { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; }
  /// Why a rule with this keyword is refused, read from a rule file in the folder; "" when it is not.
  std::string refusal(const std::string& keyword) {
    write("r.rules", "alert http any any -> any any (" + keyword + "; sid:1;)\n");
    LoadOptions options;
    options.protocols = bench_protocols();
    const std::vector<std::string> paths = {(folder / "r.rules").string()};
    const RuleSet set = load_rules(paths, options);
    const Diagnostic* d = set.statuses.at(0).error();
    return d == nullptr ? "" : d->reason;
  }
};

constexpr std::string_view kAbcMd5 = "900150983CD24FB0D6963F7D28E17F72";
constexpr std::string_view kAbcSha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
constexpr std::string_view kAbcSha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(HashLists, AFileIsInTheListOrNot) {
  write("md5", "# samples\nd41d8cd98f00b204e9800998ecf8427e  empty\n" + std::string(kAbcMd5) + "\r\n\n");
  write("sha1", std::string(kAbcSha1) + "\n");
  write("sha256", std::string(kAbcSha256) + "\n");
  const std::string at = folder.string() + "/";
  Bench b("alert http any any -> any any (filemd5:" + at + "md5; sid:1;)\n" +
          "alert http any any -> any any (filesha1:" + at + "sha1; sid:2;)\n" +
          "alert http any any -> any any (filesha256:" + at + "sha256; sid:3;)\n" +
          "alert http any any -> any any (filemd5:!" + at + "md5; sid:4;)\n");
  Tx tx;
  b.advance(tx, kDown, kHeaders);
  File* f = b.file(tx, kDown, "a");
  b.bytes(f, "abc");
  EXPECT_EQ(b.fired(), "");
  b.close(f);
  EXPECT_EQ(b.fired(), "1 2 3");
  f = b.file(tx, kDown, "b");
  b.bytes(f, "other").close(f);
  EXPECT_EQ(b.fired(), "4");
  f = b.file(tx, kDown, "c");
  b.bytes(f, "abc").close(f, FileEnd::kTruncated);
  EXPECT_EQ(b.fired(), "") << "what has no hash is neither in a list nor not in it";
  b.done(tx);
}

TEST_F(HashLists, StandBesideTheRuleFile) {
  write("list", std::string(kAbcMd5) + "\n");
  EXPECT_EQ(refusal("filemd5:list"), "");
  EXPECT_EQ(refusal("filemd5:nowhere"), "filemd5: cannot read '" + (folder / "nowhere").string() + "'");
  EXPECT_EQ(refusal("filesha1:list"), "filesha1: line 1 of '" + (folder / "list").string() +
                                          "' does not begin with 40 hexadecimal digits");
  write("none", "# nothing\n");
  EXPECT_EQ(refusal("filemd5:none"), "filemd5: '" + (folder / "none").string() + "' holds no hash");
}

}  // namespace
}  // namespace picket::rules
