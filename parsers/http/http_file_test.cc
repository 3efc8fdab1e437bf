// Files in bodies: which bodies are files, their names, their bytes, where they end; forms taken apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/http/http.h"
#include "tests/support/compress.h"
#include "tests/support/parser_harness.h"

namespace picket::http {
extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::gap;
using picket::testing::gzip;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

constexpr auto kUp = Direction::kToServer;
constexpr auto kDown = Direction::kToClient;

HarnessOptions with_files() {
  HarnessOptions o;
  o.files = true;
  o.describe = [](const Transaction&) { return std::string(); };
  return o;
}

/// The files alone; violations too.
std::vector<std::string> files(const Conversation& talk, HarnessOptions o = with_files()) {
  std::vector<std::string> out;
  for (std::string& line : run(kSpec, talk, o)) {
    if (line.starts_with("file") || line.starts_with("VIOLATION")) out.push_back(std::move(line));
  }
  return out;
}

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string reply(std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
         "\r\n" + std::string(body);
}
std::string post(std::string_view method, std::string_view body, std::string_view headers = "") {
  return std::string(method) + " /up HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

TEST(HttpFile, AReplysBodyIsNamedByThePath) {
  EXPECT_THAT(files({to_server(get("/a/b%20c.exe?x=1")), to_client(reply("MZ"))}),
              ElementsAre("file < /a/b c.exe [MZ] complete"));
}

TEST(HttpFile, ContentDispositionNamesIt) {
  EXPECT_THAT(
      files({to_server(get("/get")),
             to_client(reply("x", "Content-Disposition: attachment; filename=\"a;b.txt\"; size=1\r\n"))}),
      ElementsAre("file < a;b.txt [x] complete"));
}

TEST(HttpFile, AnEmptyBodyIsNone) {
  EXPECT_THAT(files({to_server(get("/")), to_client(reply(""))}), ElementsAre());
  EXPECT_THAT(files({to_server("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
                     to_client("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")}),
              ElementsAre());
}

TEST(HttpFile, ChunksAndCodingsAreUndone) {
  EXPECT_THAT(files({to_server(get("/c")), to_client("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                     "3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n")}),
              ElementsAre("file < /c [abcde] complete"));
  EXPECT_THAT(files({to_server(get("/z")), to_client(reply(gzip("packed"), "Content-Encoding: gzip\r\n"))}),
              ElementsAre("file < /z [packed] complete"));
}

TEST(HttpFile, PostAndPutCarryFilesOthersDoNot) {
  EXPECT_THAT(files({to_server(post("POST", "a=b"))}), ElementsAre("file > /up [a=b] complete"));
  EXPECT_THAT(files({to_server(post("PUT", "data"))}), ElementsAre("file > /up [data] complete"));
  EXPECT_THAT(files({to_server(post("DELETE", "data"))}), ElementsAre());
}

TEST(HttpFile, IsFollowedBeyondWhatRulesLookAt) {
  HarnessOptions o = with_files();
  o.limits["response-body-limit"] = 4;
  const std::string longer(40, 'x');
  EXPECT_THAT(files({to_server(get("/l")), to_client(reply(longer))}, o),
              ElementsAre("file < /l [" + longer + "] complete"));
  EXPECT_THAT(files({to_server(get("/l")), to_client(reply(gzip(longer), "Content-Encoding: gzip\r\n"))}, o),
              ElementsAre("file < /l [" + longer + "] complete"));
}

TEST(HttpFile, TheBudgetEndsIt) {
  HarnessOptions o = with_files();
  o.limits["response-body-limit"] = 4;
  o.limits["decompress-budget"] = 65536;
  ParserRun r(kSpec, o);
  r.feed(kUp, get("/big"));
  r.feed(kDown, reply(gzip(std::string(100000, 'x')), "Content-Encoding: gzip\r\n"));
  r.close();
  ASSERT_EQ(r.lines().size(), 2U);
  EXPECT_TRUE(r.lines()[0].ends_with("] limit")) << r.lines()[0].substr(0, 40);
  EXPECT_EQ(r.events().count("decompression_budget"), 0U) << "rules had seen what they look at";
  EXPECT_THAT(r.violations(), ElementsAre());
}

TEST(HttpFile, CutOffIsTruncated) {
  EXPECT_THAT(
      files({to_server(get("/t")), to_client("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), end(kDown)}),
      ElementsAre("file < /t [abc] truncated"));
  EXPECT_THAT(files({to_server(get("/e")), to_client("HTTP/1.0 200 OK\r\n\r\nabc"), end(kDown)}),
              ElementsAre("file < /e [abc] complete"))
      << "to the end of the connection: that is its end";
}

TEST(HttpFile, AGapIsPartOfIt) {
  EXPECT_THAT(files({to_server(get("/g")), to_client("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
                     gap(kDown, 5), to_client("hi")}),
              ElementsAre("file < /g [ab<5 missing>hi] truncated"));
  EXPECT_THAT(files({to_server(get("/g")), to_client("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
                     gap(kDown, 20)}),
              ElementsAre("file < /g [<9 missing>] truncated"))
      << "all of it is missing, and what follows";
  EXPECT_THAT(files({to_server(get("/z")),
                     to_client("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 90\r\n\r\n" +
                               gzip("abc").substr(0, 12)),
                     gap(kDown, 5), to_client("hi")}),
              ElementsAre("file < /z [a<0 missing>] truncated"));
}

const std::string kForm = "Content-Type: multipart/form-data; boundary=\"-x\"\r\n";

TEST(HttpFile, OfAFormEachPartWithAFileName) {
  const std::string body =
      "preamble\r\n---x\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\ntext\r\n"
      "---x \r\ncontent-disposition: form-data;\r\n name=\"f\"; filename=\"a.csv\"\r\nContent-Type: "
      "text/csv\r\n\r\n"
      "1;2\r\n\r\n---y\r\n\r\n"
      "---x\r\nContent-Disposition: form-data; name=\"g\"; filename=\"b.bin\"\r\n\r\n\r\n---x--\r\nepilogue";
  const Conversation talk = {to_server(post("POST", body, kForm)), to_client(reply("ok"))};
  EXPECT_THAT(files(talk), ElementsAre("file > a.csv [1;2\\x0d\\x0a\\x0d\\x0a---y\\x0d\\x0a] complete",
                                       "file > b.bin [] complete", "file < /up [ok] complete"));
  EXPECT_EQ(check_every_split(kSpec, talk, with_files()), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk, with_files()), "");
  ParserRun r(kSpec, with_files());
  r.feed(kUp, talk[0].bytes);
  EXPECT_EQ(r.events().count("multipart_no_filedata"), 1U);
}

TEST(HttpFile, AFormMayUseLineFeedsAlone) {
  EXPECT_THAT(files({to_server(post(
                  "POST", "---x\nContent-Disposition: form-data; filename=a\n\nb\rc\n\n---x--\n", kForm))}),
              ElementsAre("file > a [b\\x0dc\\x0a] complete"));
}

TEST(HttpFile, AFormThatBreaksOff) {
  ParserRun r(kSpec, with_files());
  r.feed(kUp, post("POST", "---x\r\nContent-Disposition: form-data; filename=a\r\n\r\nbc\r\n--", kForm));
  r.close();
  EXPECT_EQ(r.lines()[0], "file > a [bc\\x0d\\x0a--] truncated");
  EXPECT_EQ(r.events().count("multipart_generic_error"), 1U);
}

TEST(HttpFile, AFormWithoutABoundaryIsABody) {
  ParserRun r(kSpec, with_files());
  r.feed(kUp, post("POST", "---x\r\n", "Content-Type: multipart/form-data\r\n"));
  r.close();
  EXPECT_EQ(r.lines()[0], "file > /up [---x\\x0d\\x0a] complete");
  EXPECT_EQ(r.events().count("multipart_generic_error"), 1U);
}

TEST(HttpFile, HeadersOfAPartAreBounded) {
  ParserRun r(kSpec, with_files());
  const std::string body =
      "---x\r\nContent-Disposition: form-data; filename=a\r\nX: " + std::string(9000, 'h') +
      "\r\n\r\nbytes\r\n---x--";
  r.feed(kUp, post("POST", body, kForm));
  r.close();
  EXPECT_EQ(r.lines()[0], "file > a [bytes] complete");
  EXPECT_EQ(r.events().count("multipart_invalid_header"), 1U);
}

TEST(HttpFile, ANameIsBounded) {
  ParserRun r(kSpec, with_files());
  r.feed(kUp, get("/"));
  r.feed(kDown, reply("x", "Content-Disposition: x; filename=" + std::string(5000, 'n') + "\r\n"));
  r.close();
  EXPECT_EQ(r.events().count("file_name_too_long"), 1U);
  EXPECT_EQ(r.lines()[0], "file < " + std::string(4096, 'n') + " [x] complete");
}

TEST(HttpFile, EverySplitOfCodedChunksGivesTheSame) {
  const std::string packed = gzip("some text that is packed, packed, packed, packed");
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", packed.size());
  HarnessOptions o = with_files();
  o.limits["response-body-limit"] = 7;
  EXPECT_EQ(
      check_every_split(kSpec,
                        {to_server(get("/")), to_client("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                                        "Content-Encoding: gzip\r\n\r\n" +
                                                        std::string(size) + packed + "\r\n0\r\n\r\n")},
                        o),
      "");
}

}  // namespace
}  // namespace picket::http
