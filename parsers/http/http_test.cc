#include "parsers/http/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "parsers/http/http_text.h"
#include "tests/support/compress.h"
#include "tests/support/parser_harness.h"

namespace picket::http {
extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::gzip;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::raw_deflate;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using picket::testing::zlib;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kUp = Direction::kToServer;
constexpr auto kDown = Direction::kToClient;

std::string buffer(const Transaction& tx, Direction dir, std::string_view name) {
  for (const BufferDef& b : kSpec.buffers) {
    Bytes value;
    if (b.name == name && b.progress[index(dir)] != kNever && b.get(tx, dir, 0, value))
      return printable(value);
  }
  return "-";
}

/// "GET /x 200 [request body] [reply body]"
std::string brief(const Transaction& tx) {
  return buffer(tx, kUp, "http.method") + " " + buffer(tx, kUp, "http.uri") + " " +
         buffer(tx, kDown, "http.stat_code") + " [" + buffer(tx, kUp, "http.request_body") + "] [" +
         buffer(tx, kDown, "http.response_body") + "]";
}

HarnessOptions briefly() {
  HarnessOptions o;
  o.describe = brief;
  return o;
}

std::vector<std::string> short_run(const Conversation& talk, HarnessOptions o = briefly()) {
  o.describe = brief;
  return run(kSpec, talk, o);
}

/// One buffer of the first transaction, however it ends.
std::string one(const Conversation& talk, Direction dir, std::string name, HarnessOptions o = {}) {
  o.describe = [=](const Transaction& tx) { return buffer(tx, dir, name); };
  const auto lines = run(kSpec, talk, o);
  for (const std::string& l : lines) {
    if (l.rfind("tx 0", 0) == 0) return l.substr(l.rfind(' ') + 1);
  }
  return lines.empty() ? "" : lines[0];
}

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h.example\r\n\r\n";

Conversation reply(std::string_view head, std::string_view body) {
  return {to_server(kGet), to_client(std::string(head) + "\r\n\r\n" + std::string(body)), end(kDown)};
}
/// The decoded body of a reply with that Content-Encoding.
std::string decoded(std::string_view encoding, std::string_view body, HarnessOptions o = {}) {
  return one(reply("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                       "\r\nContent-Encoding: " + std::string(encoding),
                   body),
             kDown, "file.data", o);
}

TEST(Http, PairsARequestAndItsReplyAndGivesEveryBuffer) {
  const Conversation talk = {
      to_server(
          "POST /p%61th/./x?q=%41 HTTP/1.1\r\nHost: Www.Example.COM:8080\r\nUser-Agent: ua/1\r\n"
          "Cookie: c=1\r\nReferer: http://r/\r\nAccept: a/b\r\nAccept-Encoding: gzip\r\n"
          "Accept-Language: de\r\nConnection: close\r\nContent-Type: t/x\r\nContent-Length: 4\r\n\r\nbody"),
      to_client("HTTP/1.1 302 Found it\r\nServer: s/2\r\nSet-Cookie: d=2\r\nLocation: /y\r\n"
                "Content-Length: 2\r\n\r\nok"),
  };
  HarnessOptions o;
  o.files = true;
  const auto lines = run(kSpec, talk, o);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "file > /path/x [body] complete");
  EXPECT_EQ(lines[1], "file < /path/x [ok] complete");
  for (const std::string_view want : {
           "tx 0 req rep http.uri=/path/x?q=A http.uri.raw=/p%61th/./x?q=%41 http.method=POST "
           "http.protocol=HTTP/1.1 ",
           " http.request_line=POST /p%61th/./x?q=%41 HTTP/1.1 http.header=Host: "
           "Www.Example.COM:8080\\x0d\\x0aUser-Agent: "
           "ua/1\\x0d\\x0aReferer: http://r/\\x0d\\x0aAccept: a/b\\x0d\\x0a",
           " http.header.raw=Host: Www.Example.COM:8080\\x0d\\x0aUser-Agent: ua/1\\x0d\\x0aCookie: "
           "c=1\\x0d\\x0a",
           " http.header_names=\\x0d\\x0aHost\\x0d\\x0aUser-"
           "Agent\\x0d\\x0aCookie\\x0d\\x0aReferer\\x0d\\x0aAccept\\x0d\\x0a"
           "Accept-Encoding\\x0d\\x0aAccept-Language\\x0d\\x0aConnection\\x0d\\x0aContent-"
           "Type\\x0d\\x0aContent-Length\\x0d"
           "\\x0a\\x0d\\x0a ",
           "Content-Length: 4\\x0d\\x0a\\x0d\\x0a http.request_header=Host: Www.Example.COM:8080 "
           "http.request_header=",
           " http.cookie=c=1 http.user_agent=ua/1 http.host=www.example.com "
           "http.host.raw=Www.Example.COM:8080 "
           "http.referer=http://r/ http.accept=a/b http.accept_lang=de http.accept_enc=gzip "
           "http.connection=close "
           "http.content_type=t/x http.content_len=4 http.request_body=body file.data=body file.name=/path/x "
           "urilen=11 filesize=4 urilen.raw=17 ",
           " http.protocol=HTTP/1.1 http.response_line=HTTP/1.1 302 Found it http.stat_code=302 "
           "http.stat_msg=Found it "
           "http.header=Server: s/2\\x0d\\x0aLocation: /y\\x0d\\x0aContent-Length: 2\\x0d\\x0a ",
           " http.start=HTTP/1.1 302 Found it\\x0d\\x0aServer: s/2\\x0d\\x0aSet-Cookie: d=2\\x0d\\x0a",
           " http.cookie=d=2 http.content_len=2 http.location=/y http.server=s/2 http.response_body=ok "
           "file.data=ok",
       }) {
    EXPECT_THAT(lines[2], HasSubstr(want));
  }
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk, o), "");
}

TEST(Http, TellsProgressOnceForWhatCameTogether) {
  ParserRun r(kSpec);
  r.feed(kUp, kGet);
  EXPECT_THAT(r.steps(), ElementsAre("advance 0 > 5"));
  r.feed(kDown, "HTTP/1.1 200 OK\r\n");
  r.feed(kDown, "Content-Length: 4\r\n\r\nab");
  r.feed(kDown, "cd");
  EXPECT_THAT(r.steps(),
              ElementsAre("advance 0 > 5", "advance 0 < 1", "advance 0 < 2", "advance 0 < 5", "done 0"));
}

TEST(Http, PairsPipelinedRequestsInTheirOrder) {
  const Conversation talk = {
      to_server("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
                "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"),
      to_client("HTTP/1.1 201 A\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 202 B\r\nContent-Length: 0\r\n\r\n"
                "HTTP/1.1 203 C\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n"),
  };
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep GET /1 201 [-] [1]", "tx 1 req rep POST /2 202 [hi] [-]",
                          "tx 2 req rep GET /3 203 [-] [3]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, ReadsChunksWithExtensionsAndTrailersBothWays) {
  const Conversation talk = {
      to_server("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3;x=\"y\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n"
                "GET /n HTTP/1.1\r\nHost: h\r\n\r\n"),
      to_client("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 ; q\r\nab\r\n0\r\n\r\n"
                "HTTP/1.1 204 No\r\n\r\n"),
  };
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep events=request_chunk_extension,response_chunk_extension POST /c 200 "
                          "[abc0123456789] [ab]",
                          "tx 1 req rep GET /n 204 [-] [-]"));
  EXPECT_EQ(one(talk, kUp, "http.trailer"), "2\\x0d\\x0a\\x0d\\x0a");  // the word behind the last space of it
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Http, NamesConflictsAboutTheLengthAndSettlesThem) {
  EXPECT_THAT(short_run(reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
                              "5\r\nhello\r\n0\r\n\r\n")),
              ElementsAre("tx 0 req rep events=content_length_and_chunked GET /a 200 [-] [hello]"));
  EXPECT_THAT(
      short_run(reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9", "abc")),
      ElementsAre("tx 0 req rep events=duplicate_content_length_field_in_response GET /a 200 [-] [abc]"));
  EXPECT_THAT(
      short_run(reply("HTTP/1.1 200 OK\r\nContent-Length: none", "all")),
      ElementsAre("tx 0 req rep events=invalid_content_length_field_in_response GET /a 200 [-] [all]"));
  EXPECT_THAT(
      short_run(reply("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999", "all")),
      ElementsAre("tx 0 req rep events=invalid_content_length_field_in_response GET /a 200 [-] [all]"));
  EXPECT_THAT(
      short_run(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: lalala\r\nContent-Length: 2", "ab")),
      ElementsAre("tx 0 req rep events=invalid_transfer_encoding_value_in_response GET /a 200 [-] [ab]"));
  EXPECT_THAT(
      short_run(reply("HTTP/1.0 200 OK\r\nTransfer-Encoding: x, chunked", "1\r\na\r\n0\r\n\r\n")),
      ElementsAre("tx 0 req rep events=response_abnormal_transfer_encoding,response_chunked_old_proto "
                  "GET /a 200 [-] [a]"));
}

TEST(Http, ReadsABodyAsItIsWhereChunksAreDeclaredButNotThere) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked";
  const std::string events = "tx 0 req rep events=invalid_response_chunk_len GET /a 200 [-] ";
  EXPECT_THAT(short_run(reply(head, "plain text")), ElementsAre(events + "[plain text]"));
  EXPECT_THAT(short_run(reply(head, "\r\n plain text")), ElementsAre(events + "[\\x0d\\x0a plain text]"));
  EXPECT_THAT(short_run(reply(head, "3\r\nabc\r\nzzz")), ElementsAre(events + "[abczzz]"));
  EXPECT_THAT(short_run(reply(head, "fffffffffffffffff\r\nabc")), ElementsAre(events + "[fff\\x0d\\x0aabc]"));
  const Conversation with_length = reply(head + "\r\nContent-Length: 5", "plain");
  EXPECT_THAT(short_run(with_length), ElementsAre(HasSubstr("GET /a 200 [-] [plain]")));
  EXPECT_EQ(check_every_split(kSpec, with_length), "");
}

TEST(Http, TakesAStatusLineInTheTrailersForTheNextReply) {
  const Conversation talk = {to_server(kGet + kGet),
                             to_client("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                                       "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")};
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep GET /a 200 [-] [a]", "tx 1 req rep GET /a 404 [-] [-]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, KnowsRepliesWithoutABody) {
  const Conversation talk = {
      to_server("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 "
                "HTTP/1.1\r\nHost: h\r\n\r\n"),
      to_client("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nHTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n"
                "HTTP/1.1 204 None\r\n\r\n"),
  };
  EXPECT_THAT(short_run(talk), ElementsAre("tx 0 req rep HEAD /h 200 [-] [-]",
                                           "tx 1 req rep events=response_body_unexpected GET /2 304 [-] [-]",
                                           "tx 2 req rep GET /3 204 [-] [-]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  // A browser shows what an announced body behind 204 holds; so must we.
  const Conversation evading =
      reply("HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(short_run(evading),
              ElementsAre("tx 0 req rep events=response_body_unexpected GET /a 204 [-] [abc]"));
  EXPECT_EQ(check_every_split(kSpec, evading), "");
  EXPECT_EQ(check_every_truncation(kSpec, evading), "");
}

TEST(Http, WaitsForTheFinalReplyBehindInterimOnes) {
  const Conversation talk = {
      to_server("POST /u HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
      to_client("HTTP/1.1 100 Continue\r\nX-One: 1\r\n\r\n"),
      to_server("hi"),
      to_client("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
  };
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep events=100_continue_already_seen POST /u 200 [hi] [ok]"));
  EXPECT_EQ(one(talk, kDown, "http.header_names"), "\\x0d\\x0aContent-Length\\x0d\\x0a\\x0d\\x0a");
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_THAT(short_run({to_client("HTTP/1.1 100 Continue\r\n\r\n")}), ElementsAre());
}

TEST(Http, HandsATunnelOver) {
  const std::string connect = "CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n";
  const Conversation open = {to_server(connect), to_client("HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01"),
                             to_server("\x16\x03")};
  EXPECT_THAT(short_run(open), ElementsAre("tx 0 req rep CONNECT - 200 [-] [-]", "hand over to ''"));
  EXPECT_EQ(one(open, kUp, "http.host"), "h.example");
  const Conversation refused = {to_server(connect),
                                to_client("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"), to_server(kGet),
                                to_client("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")};
  EXPECT_THAT(short_run(refused),
              ElementsAre("tx 0 req rep CONNECT - 407 [-] [-]", "tx 1 req rep GET /a 200 [-] [-]"));
  EXPECT_EQ(check_every_split(kSpec, refused), "");
  // One way only: the tunnel's bytes wait for a while, then it is taken for open.
  const Conversation one_way = {to_server(connect), to_server(std::string(20000, '\x17'))};
  EXPECT_THAT(short_run(one_way), ElementsAre("hand over to ''", "tx 0 req CONNECT - - [-] [-]"));
}

TEST(Http, HandsAnUpgradeOver) {
  const std::string get = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  EXPECT_THAT(short_run({to_server(get),
                         to_client("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05hello")}),
              ElementsAre("tx 0 req rep GET /ws 101 [-] [-]", "hand over to ''"));
  EXPECT_THAT(
      short_run({to_server(get), to_client("HTTP/1.1 101 Switching\r\n\r\n")}),
      ElementsAre("tx 0 req rep events=failed_protocol_change GET /ws 101 [-] [-]", "hand over to ''"));
  EXPECT_THAT(short_run({to_server("GET /a HTTP/1.1\r\nHost:h\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"),
                         to_client("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n")}),
              ElementsAre("hand over to 'http2' [GET /a HTTP/1.1\\x0d\\x0aHost: h\\x0d\\x0aUpgrade: "
                          "h2c\\x0d\\x0aHTTP2-Settings: AA\\x0d\\x0a\\x0d\\x0a]",
                          "tx 0 req rep GET /a 101 [-] [-]"))
      << "with the request that HTTP/2 answers";
}

TEST(Http, UnfoldsHeaders) {
  const Conversation talk = {
      to_server("GET / HTTP/1.1\r\nHost: h\r\nX-A: one\r\n  two\r\n\tthree\r\nX-B: b\r\n\r\n")};
  EXPECT_EQ(one(talk, kUp, "http.header_names"),
            "\\x0d\\x0aHost\\x0d\\x0aX-A\\x0d\\x0aX-B\\x0d\\x0a\\x0d\\x0a");
  EXPECT_THAT(run(kSpec, talk)[0],
              HasSubstr("http.request_header=X-A: one two three http.request_header=X-B: b "));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  const Conversation first = {to_server("GET / HTTP/1.1\r\n Host: h\r\n\r\n")};
  EXPECT_THAT(run(kSpec, first)[0], HasSubstr("events=request_header_invalid,invalid_request_field_folding"));
  EXPECT_EQ(one(first, kUp, "http.host"), "h");
}

TEST(Http, TakesAFoldedHeaderOfAReplyForAHeaderAsBrowsersDo) {
  const Conversation talk =
      reply("HTTP/1.1 200 OK\r\nX-Foo: bar\r\n\tTransfer-Encoding: chunked", "2\r\nhi\r\n0\r\n\r\n");
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep events=response_header_invalid,invalid_response_field_folding "
                          "GET /a 200 [-] [hi]"));
}

TEST(Http, EndsLinesAsSendersDo) {
  const std::string want = "tx 0 req rep GET /a 200 [-] [body]";
  for (const std::string_view head : {
           "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
           "HTTP/1.1 200 OK\r\nContent-Length: 4\n\r\nbody",
           "\r\n\n HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
           "HTTP/1.1 200 OK\rContent-Length: 4\r\n\nbody",
           "HTTP/1.1 200 OK\n\rContent-Length: 4\r\n\r\nbody",
           "HTTP/1.1 200 OK\r\nContent-Length: 4\n\r\r\nbody",
           "HTTP/1.1 200 OK\r\nContent-Length: 4\n \nbody",
           "HTTP/1.1 200 OK\r\nContent-Length: 4\n\t\n\nbody",
           "HTTP/1.1 200 OK\r\nX: 1\r\n \r\nContent-Length: 4\r\n\r\nbody",
           "HTTP/1.1 200 OK\r\nContent-Length\r\n :\r\n 4\r\n\r\nbody",
           "HTTP/1.1\t200\vOK\r\nContent-Length : (4)\r\n\r\nbody",
       }) {
    const Conversation talk = {to_server(kGet), to_client(head), end(kDown)};
    EXPECT_THAT(short_run(talk), ElementsAre(::testing::AllOf(::testing::StartsWith("tx 0 req rep"),
                                                              ::testing::EndsWith("GET /a 200 [-] [body]"))))
        << printable(as_bytes(head));
    EXPECT_EQ(check_every_split(kSpec, talk), "") << printable(as_bytes(head));
    EXPECT_EQ(check_every_truncation(kSpec, talk), "") << printable(as_bytes(head));
  }
}

TEST(Http, FindsCodingsBehindNulAndOddSpace) {
  const std::string body = gzip("needle");
  for (const std::string_view name : {"Content-Encoding", "content-encoding ", "Content-Encoding\v"}) {
    for (const std::string& value : {std::string("gzip"), std::string("gz\0ip", 5), std::string("\xa0gzip"),
                                     std::string(",gzip"), std::string("\x7fgzip\f")}) {
      const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(name) + ":" + value;
      EXPECT_EQ(one(reply(head, body), kDown, "file.data"), "needle") << printable(as_bytes(head));
    }
  }
  const std::string nul = std::string("HTTP/1.1 200 OK\r\nContent\0-Encoding: gzip", 40);
  EXPECT_EQ(one(reply(nul, body), kDown, "file.data"), "needle");
}

TEST(Http, MergesRepeatedHeaders) {
  const Conversation talk = {
      to_server("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: SuriTester/0.8\r\nuser-agent: GGGG\r\n\r\n")};
  EXPECT_THAT(run(kSpec, talk)[0], HasSubstr("events=request_header_repetition "));
  EXPECT_THAT(run(kSpec, talk)[0], HasSubstr(" http.user_agent=SuriTester/0.8, GGGG "));
  EXPECT_THAT(run(kSpec, talk)[0],
              HasSubstr(" http.header_names=\\x0d\\x0aHost\\x0d\\x0aUser-Agent\\x0d\\x0a\\x0d\\x0a "));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, ReadsHttp09) {
  const Conversation talk = {to_server("GET /old\r\n"), to_client("<html>hello"), end(kDown)};
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep events=response_invalid_protocol,request_line_missing_protocol "
                          "GET /old - [-] [<html>hello]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, ReadsRepliesNobodyAskedFor) {
  const Conversation talk = {to_client("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
                             to_client("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")};
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 rep events=unable_to_match_response_to_request - - 200 [-] [x]",
                          "tx 1 rep events=unable_to_match_response_to_request - - 404 [-] [-]"));
}

TEST(Http, ReportsRequestsWithoutReplyAtTheEnd) {
  EXPECT_THAT(short_run({to_server(kGet + kGet)}),
              ElementsAre("tx 0 req GET /a - [-] [-]", "tx 1 req GET /a - [-] [-]"));
  EXPECT_THAT(short_run({to_server("GET /cut HTTP/1.1")}),
              ElementsAre("tx 0 req events=missing_host_header,request_line_incomplete GET /cut - [-] [-]"));
}

TEST(Http, SkipsWhatIsNoRequest) {
  const Conversation talk = {to_server("\x01\x02 junk\r\nmore junk\r\n" + kGet + "trailing\r\n" + kGet)};
  EXPECT_THAT(short_run(talk), ElementsAre("event > request_line_invalid", "event > request_body_unexpected",
                                           "tx 0 req GET /a - [-] [-]", "tx 1 req GET /a - [-] [-]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, FindsTheNextReplyBehindBytesThatAreNone) {
  const Conversation talk = {to_server(kGet + kGet),
                             to_client("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxTOO MUCH\nHTTP/1.1 404 "
                                       "No\r\nContent-Length: 0\r\n\r\n")};
  EXPECT_THAT(short_run(talk),
              ElementsAre("tx 0 req rep GET /a 200 [-] [x]", "event < response_body_unexpected",
                          "tx 1 req rep GET /a 404 [-] [-]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, StepsOverAGapInABodyExactly) {
  const Conversation talk = {
      to_server(kGet + kGet), to_client("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"),
      gap(kDown, 80), to_client("abcdefghijHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")};
  EXPECT_THAT(short_run(talk), ElementsAre("tx 0 req rep events=gap GET /a 200 [-] [0123456789]",
                                           "tx 1 req rep GET /a 404 [-] [no]"));
  Conversation whole = talk;
  whole[2] = gap(kDown, 90);
  whole[3] = to_client("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_THAT(short_run(whole), ElementsAre("tx 0 req rep events=gap GET /a 200 [-] [0123456789]",
                                            "tx 1 req rep GET /a 404 [-] [no]"));
  const Conversation in_chunk = {
      to_server(kGet + kGet),
      to_client("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n0123456789"), gap(kDown, 80),
      to_client("abcdefghij\r\n0\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")};
  EXPECT_THAT(short_run(in_chunk), ElementsAre("tx 0 req rep events=gap GET /a 200 [-] [0123456789]",
                                               "tx 1 req rep GET /a 404 [-] [no]"));
}

TEST(Http, FindsTheNextMessageBehindAGap) {
  const Conversation talk = {to_server(kGet + "GET /lost HT"),
                             gap(kUp, 0),
                             to_server("st: h\r\n\r\nGET /found HTTP/1.1\r\nHost: h\r\n\r\n"),
                             to_client("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01"),
                             gap(kDown, 500),
                             to_client("\xff\x01\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")};
  EXPECT_THAT(short_run(talk), ElementsAre("event > gap", "tx 0 req rep events=gap GET /a 200 [-] [01]",
                                           "tx 1 req rep GET /found 404 [-] [no]"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Http, UndoesEveryContentCoding) {
  const std::string text = "the same words again and again and again and again";
  const std::string want = "again";  // the last word
  EXPECT_EQ(decoded("gzip", gzip(text)), want);
  EXPECT_EQ(decoded("x-gzip", gzip(text)), want);
  EXPECT_EQ(decoded("deflate", zlib(text)), want);
  EXPECT_EQ(decoded("deflate", raw_deflate(text)), want);
  EXPECT_EQ(decoded("deflate", from_hex("00 0500 faff 68656c6c6f 00 0000 ffff")), "hello")
      << "flushed, never ended";
  EXPECT_EQ(decoded("deflate", from_hex("00 0500 faff 68656c6c6f")), "\\x00\\x05\\x00\\xfa\\xffhello")
      << "cut off";
  EXPECT_EQ(decoded("gzip", zlib(text)), want);
  EXPECT_EQ(decoded("deflate, gzip", gzip(raw_deflate(text))), want);
  EXPECT_EQ(decoded("gzip, deflate", zlib(gzip(text))), want);
  EXPECT_EQ(decoded("br", from_hex("1b2e00f8c56d6c5dcff6cda221054558b2f05309cc62fc7a84cac429bb0c")),
            "picket");
  EXPECT_EQ(
      decoded("zstd", from_hex("28b52ffd0458bd0000887a73746420736179733a207069636b65740100c59425e3256250")),
      "picket");
  EXPECT_EQ(decoded("gzip", gzip("one") + gzip("two")), "onetwo");
  EXPECT_EQ(decoded("identity", "plain"), "plain");
}

TEST(Http, ReadsABodyAsItIsWhereACodingIsDeclaredButNotThere) {
  for (const std::string_view encoding : {"gzip", "deflate", "br", "zstd", "gzip, gzip", "deflate, gzip"}) {
    for (const std::string_view body :
         {"{\"json\":1}", "[1,2]", "<html>", "X5O!P%@AP", "k=v&l=w", "\x1f\x8b"}) {
      EXPECT_EQ(decoded(encoding, body), printable(as_bytes(body))) << encoding;
    }
  }
  EXPECT_EQ(decoded("gzip, deflate", gzip("inner")), "inner");
  EXPECT_THAT(short_run(reply("HTTP/1.1 200 OK\r\nContent-Encoding: gzip", "plain")),
              ElementsAre("tx 0 req rep events=gzip_decompression_failed GET /a 200 [-] [plain]"));
  EXPECT_THAT(short_run(reply("HTTP/1.1 200 OK\r\nContent-Encoding: rot13", "cynva")),
              ElementsAre("tx 0 req rep events=abnormal_ce_header GET /a 200 [-] [cynva]"));
}

TEST(Http, ReadsOddGzip) {
  std::string g = gzip("odd");
  const std::string deflate_part = g.substr(10, g.size() - 18);
  const auto header = [](char flags) {
    return std::string("\x1f\x8b\x08", 3) + flags + std::string("\0\0\0\0\0\3", 6);
  };
  EXPECT_EQ(decoded("gzip", header('\x80') + deflate_part), "odd");
  EXPECT_EQ(decoded("gzip", header('\x02') + std::string("\0\0", 2) + deflate_part), "odd");
  EXPECT_EQ(decoded("gzip", header('\x08') + std::string("name\0", 5) + deflate_part), "odd");
  EXPECT_EQ(decoded("gzip", header('\x10') + std::string("comment\0", 8) + deflate_part), "odd");
  EXPECT_EQ(decoded("gzip", header('\x04') + std::string("\5\0Ap\1\0\0", 7) + deflate_part), "odd");
  EXPECT_EQ(decoded("gzip", header('\x04') + std::string("\0\0", 2) + deflate_part), "odd");
  EXPECT_EQ(decoded("gzip", header('\x1e') + std::string("\1\0xn\0c\0hh", 9) + deflate_part), "odd");
  g[g.size() - 6] ^= 1;  // CRC
  EXPECT_EQ(decoded("gzip", g), "odd");
}

TEST(Http, DecodesTheSameHoweverItIsCut) {
  const std::string text = "0123456789abcdef 0123456789abcdef";
  for (const std::string& body : {gzip(text), zlib(text), raw_deflate(text), gzip(raw_deflate(text)), text}) {
    for (const std::string_view encoding : {"gzip", "deflate", "deflate, gzip"}) {
      const Conversation talk = reply("HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(encoding), body);
      EXPECT_EQ(check_every_split(kSpec, talk), "");
      EXPECT_EQ(check_every_truncation(kSpec, talk), "");
    }
  }
}

TEST(Http, LimitsLayersOutputAndWork) {
  HarnessOptions o = briefly();
  const std::string twice = gzip(gzip("in"));
  const auto with = [&](std::string_view encoding, const std::string& body) {
    return short_run(reply("HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(encoding), body), o);
  };
  o.limits["response-body-decompress-layer-limit"] = 1;
  EXPECT_THAT(
      with("gzip, gzip", twice),
      ElementsAre(::testing::AllOf(HasSubstr("events=too_many_encoding_layers"), HasSubstr("[\\x1f\\x8b"))));
  o.limits.clear();
  const std::string letters = gzip(std::string(2 << 20, 'a'));
  o.limits["compression-bomb-limit"] = 4096;
  EXPECT_THAT(with("gzip", letters), ElementsAre(HasSubstr("events=compression_bomb ")));
  o.limits.clear();
  o.limits["compression-ratio-limit"] = 500;
  EXPECT_THAT(with("gzip", letters), ElementsAre(HasSubstr("events=compression_bomb ")));
  o.limits.clear();
  o.limits["decompress-budget"] = 65536;
  EXPECT_THAT(with("gzip", letters), ElementsAre(HasSubstr("events=decompression_budget ")));
  o.limits.clear();
  EXPECT_THAT(with("gzip", letters), ElementsAre(Not(HasSubstr("events="))));
}

/// 300,000 letters in 14 bytes: brotli wants a ring larger than the pool's blocks, and the body is shown as
/// it is.
TEST(Http, SaysSoWhenACodecWantsTooMuchMemory) {
  const std::string body = from_hex("5bdf93845f222c1e0b0432170900");
  EXPECT_THAT(
      short_run(reply("HTTP/1.1 200 OK\r\nContent-Encoding: br", body)),
      ElementsAre("tx 0 req rep events=out_of_memory GET /a 200 [-] [" + printable(as_bytes(body)) + "]"));
}

TEST(Http, ShowsABodyAtItsLimitAndOnlyCountsTheRest) {
  HarnessOptions o;
  o.limits["response-body-limit"] = 1000;
  o.describe = [](const Transaction& tx) {
    return std::to_string(as_tx(tx).reply().body.size()) + " of " +
           std::to_string(as_tx(tx).reply().body_bytes);
  };
  ParserRun r(kSpec, o);
  r.feed(kUp, kGet);
  r.feed(kDown, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  r.feed(kDown, std::string(999, 'a'));
  EXPECT_EQ(r.steps().back(), "advance 0 < 2");
  r.feed(kDown, "b");
  EXPECT_EQ(r.steps().back(), "advance 0 < 3");
  const std::size_t memory = r.pool().in_use_bytes();
  for (int i = 0; i < 999; ++i) r.feed(kDown, std::string(1000, 'c'));
  EXPECT_THAT(r.lines(), ElementsAre("tx 0 req rep 1000 of 1000000"));
  EXPECT_LE(r.pool().in_use_bytes(), memory);
  EXPECT_EQ(r.violations(), std::vector<std::string>());
}

TEST(Http, LimitsLinesHeadersAndTransactions) {
  HarnessOptions o = briefly();
  o.limits["field-limit"] = 512;
  EXPECT_THAT(
      short_run({to_server("GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n" + kGet)}, o),
      ElementsAre(::testing::AllOf(HasSubstr("request_field_too_long"), HasSubstr("GET /xxxx")),
                  "tx 1 req GET /a - [-] [-]"));
  o.limits.clear();
  o.limits["header-limit"] = 1024;
  const Conversation much = {
      to_server("GET /m HTTP/1.1\r\nHost: h\r\nX: " + std::string(3000, 'x') + "\r\nY: 1\r\n\r\n" + kGet)};
  EXPECT_THAT(short_run(much, o), ElementsAre("tx 0 req events=request_field_too_long GET /m - [-] [-]",
                                              "tx 1 req GET /a - [-] [-]"));
  o.limits.clear();
  std::string names = "GET /m HTTP/1.1\r\nHost: h\r\n";
  for (int i = 100; i < 800; ++i) names += "N" + std::to_string(i) + ": 1\r\n";
  EXPECT_THAT(
      short_run({to_server(names + "\r\n" + kGet)}, o),
      ElementsAre("tx 0 req events=request_too_many_headers GET /m - [-] [-]", "tx 1 req GET /a - [-] [-]"))
      << "too many to tell which are repeated";
  o.limits["headers-limit"] = 3;
  const Conversation many = {
      to_server("POST /m HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 1\r\nC: 1\r\nContent-Length: 2\r\n\r\nhi" + kGet)};
  EXPECT_THAT(short_run(many, o), ElementsAre("tx 0 req events=request_too_many_headers POST /m - [hi] [-]",
                                              "tx 1 req GET /a - [-] [-]"));
  o.limits.clear();
  o.limits["max-tx"] = 4;
  std::string flood;
  for (int i = 0; i < 6; ++i) flood += kGet;
  const auto lines = short_run({to_server(flood)}, o);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], "tx 0 req events=too_many_transactions GET /a - [-] [-]");
  EXPECT_EQ(lines[2], "tx 2 req GET /a - [-] [-]");
}

TEST(Http, NamesOddRequests) {
  const auto events = [](std::string_view head) {
    const std::string line = short_run({to_server(std::string(head) + "\r\n\r\n")})[0];
    const std::size_t at = line.find("events=");
    return at == std::string::npos ? std::string() : line.substr(at + 7, line.find(' ', at) - at - 7);
  };
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost: h"), "");
  EXPECT_EQ(events("GET / HTTP/1.1"), "missing_host_header");
  EXPECT_EQ(events("GET / HTTP/1.0"), "");
  EXPECT_EQ(events("GET http://a.example/ HTTP/1.1\r\nHost: b.example"), "host_header_ambiguous");
  EXPECT_EQ(events("GET http://a.example/ HTTP/1.1\r\nHost: A.example"), "");
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost: a b"), "request_header_host_invalid");
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost: h:99999"), "invalid_server_port_in_request");
  EXPECT_EQ(events("GET http://a:b/ HTTP/1.1\r\nHost: a"), "invalid_authority_port");
  EXPECT_EQ(events("GET http://a%b/ HTTP/1.1\r\nHost: a%b"),
            "request_uri_host_invalid,request_header_host_invalid");
  EXPECT_EQ(events("GET\t/ HTTP/1.1\r\nHost: h"), "method_delim_non_compliant");
  EXPECT_EQ(events("GET  / HTTP/1.1\r\nHost: h"), "method_delim_non_compliant");
  EXPECT_EQ(events("GET /\tHTTP/1.1\r\nHost: h"), "");  // one delimiter, of another kind: see below
  EXPECT_EQ(events("GET /  HTTP/1.1\r\nHost: h"), "uri_delim_non_compliant");
  EXPECT_EQ(events(" GET / HTTP/1.1\r\nHost: h"), "request_line_leading_whitespace");
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost: h\r\nNoColon"), "request_field_missing_colon");
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost : h"), "request_header_invalid");
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Turbo x"), "request_auth_unrecognized");
  EXPECT_EQ(events("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic x"), "");
  EXPECT_EQ(events("GET /%2541 HTTP/1.1\r\nHost: h"), "double_encoded_uri");
}

TEST(Http, NormalizesUris) {
  const auto normal = [](std::string_view uri) {
    return one({to_server("GET " + std::string(uri) + " HTTP/1.0\r\n\r\n")}, kUp, "http.uri");
  };
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/", "/"},
      {"/a/b", "/a/b"},
      {"/a/./b", "/a/b"},
      {"/a/../b", "/b"},
      {"/a/b/..", "/a/"},
      {"/a/b/.", "/a/b/"},
      {"/../../etc/passwd", "/etc/passwd"},
      {"/a//b///c", "/a/b/c"},
      {"/a\\b", "/a/b"},
      {"/%41%5c%2e%2e/b", "/b"},
      {"/%zz%4", "/%zz%4"},
      {"/%u0041%uff0f", "/A/"},
      {"/A%2fb", "/A/b"},
      {"/x?a=%2e%2e/..//b", "/x?a=../..//b"},
      {"/x?a+b%20", "/x?a+b "},
      {"/x#f%41", "/x#fA"},
      {"http://Host/p/../q?r", "/q?r"},
      {"http://host", "-"},
      {"http://host?q", "?q"},
      {"*", "*"},
      {"./a", "a"},
      {"/.hidden/..x", "/.hidden/..x"},
      {"/%2541", "/%41"},
  };
  for (const auto& [raw, want] : cases) {
    // one() gives the last word: a closing blank is the one thing it cannot show.
    EXPECT_EQ(normal(raw), want == "/x?a+b " ? "" : want) << raw;
  }
}

TEST(Http, ReadsSmallValues) {
  EXPECT_TRUE(read_range("bytes 0-9/100").valid);
  EXPECT_EQ(read_range("bytes 5-9/*").end, 9U);
  EXPECT_TRUE(read_range("bytes */100").valid);
  for (const std::string_view bad :
       {"", "bytes", "bytes 9-5/100", "bytes 0-100/100", "items 0-1/2", "bytes 1-2", "bytes -1/2"}) {
    EXPECT_FALSE(read_range(bad).valid) << bad;
  }
  EXPECT_EQ(parameter("attachment; filename=\"a b.txt\"; x=y", "filename"), "a b.txt");
  EXPECT_EQ(parameter("attachment; filename=a.txt", "FileName"), "a.txt");
  EXPECT_EQ(parameter("attachment", "filename"), "");
  EXPECT_EQ(read_host("[2001:db8::1]:80").host, "[2001:db8::1]");
  EXPECT_EQ(read_host("[2001:db8::1]:80").port, 80U);
  EXPECT_FALSE(read_host("[2001:db8::1]:80").host_invalid);
  EXPECT_TRUE(read_host("[2001").host_invalid);
  EXPECT_EQ(read_host("a.example.").host, "a.example");
}

TEST(Http, ProbesTheFirstLine) {
  const auto up = [](std::string_view s) { return probe(Transport::kTcp, kUp, as_bytes(s)); };
  const auto down = [](std::string_view s) { return probe(Transport::kTcp, kDown, as_bytes(s)); };
  EXPECT_EQ(up("G"), Probe::kUnsure);
  EXPECT_EQ(up("GET / HT"), Probe::kUnsure);
  EXPECT_EQ(up("GET / HTTP/1.1\r\n"), Probe::kYes);
  EXPECT_EQ(up("\r\nFOO /x HTTP/1.0\n"), Probe::kYes);
  EXPECT_EQ(up("GET /old\r\n"), Probe::kYes);
  EXPECT_EQ(up("GET /" + std::string(2000, 'x')), Probe::kYes);
  for (const std::string_view no :
       {"OPTIONS rtsp://h/ RTSP/1.0\r\n", "INVITE sip:a@b SIP/2.0\r\n", "PRI * HTTP/2.0\r\n", "\x16\x03\x01",
        "SSH-2.0-x\r\n", "EHLO mail\r\n", "USER anonymous\r\n", "SOURCE /x ICE/1.0\r\n", "GET key\r\n"}) {
    EXPECT_EQ(up(no), Probe::kNo) << no;
  }
  EXPECT_EQ(down("HTT"), Probe::kUnsure);
  EXPECT_EQ(down("HTTP/1.1 200"), Probe::kYes);
  for (const std::string_view no :
       {"ICY 200 OK\r\n", "RTSP/1.0 200 OK\r\n", "SIP/2.0 200 OK\r\n", "220 mail", "HTTPS"}) {
    EXPECT_EQ(down(no), Probe::kNo) << no;
  }
}

TEST(Http, EventsHaveTheNamesOfTheirNumbers) {
  const auto name = [](Event e) { return kSpec.events[static_cast<std::size_t>(e)].name; };
  EXPECT_EQ(name(Event::kDecompressionFailed), "gzip_decompression_failed");
  EXPECT_EQ(name(Event::kReplyWithoutRequest), "unable_to_match_response_to_request");
  EXPECT_EQ(name(Event::kHostAmbiguous), "host_header_ambiguous");
  EXPECT_EQ(name(Event::kUriHostInvalid), "request_uri_host_invalid");
  EXPECT_EQ(name(Event::kByteRanges), "response_multipart_byteranges");
  EXPECT_EQ(name(Event::kReplyBodyUnexpected), "response_body_unexpected");
  EXPECT_EQ(name(Event::kOutOfMemory), "out_of_memory");
  EXPECT_EQ(name(Event::kFileNameTooLong), "file_name_too_long");
  EXPECT_EQ(kSpec.limits[kBudgetLimit].name, "decompress-budget");
  EXPECT_EQ(kSpec.limits[kDumpHeaders].name, "dump-all-headers");
}

TEST(Http, LivesWithoutMemory) {
  // A few pages serve a few sizes of blocks: something is refused everywhere in turn.
  for (std::size_t pages = 1; pages < 9; ++pages) {
    HarnessOptions o;
    o.pool_bytes = pages * Pool::kMaxBlock;
    const std::string body = gzip(std::string(200000, 'a') + "b");
    ParserRun r(kSpec, o);
    for (int i = 0; i < 3; ++i) {
      r.feed(kUp, "POST /%41 HTTP/1.1\r\nHost: H\r\nA: 1\r\nA: 2\r\nContent-Length: 3000\r\n\r\n" +
                      std::string(3000, 'x'));
      r.feed(kDown, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    r.close();
    EXPECT_EQ(r.violations(), std::vector<std::string>()) << pages;
  }
}

/// Samples with bytes changed, left out and put in: no contract is broken, and cuts still do not matter.
TEST(Http, StandsMutatedSamplesHoweverTheyAreCut) {
  const std::string g = gzip("some text that is not short");
  const Conversation samples[] = {
      {to_server("POST /x%20?y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n" +
                 kGet),
       to_client("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: "
                 "3\r\n\r\nabcHTTP/1.0 304 N\r\nContent-Length: 3\r\n\r\n")},
      {to_server(kGet), to_client("HTTP/1.1 200 OK\nContent-Encoding: deflate, gzip\nX: 1\n \n\n" + g),
       end(kDown)},
      {to_server("CONNECT h:1 HTTP/1.1\r\n\r\n"), to_client("HTTP/1.1 404 N\rContent-Length: 1\r\n\r\nx"),
       to_server("GET / HTTP/1.1\r\n\r\n")},
      {to_server("GET /0.9\r\n" + kGet), gap(kUp, 3), to_server(kGet),
       to_client("hello HTTP/1.1 200 OK\r\n\r\n"), gap(kDown, 7), to_client("HTTP/1.1 200 OK\r\n\r\n")},
  };
  std::mt19937 random(20240229);
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  constexpr std::string_view kInteresting("\r\n \t:\0;0f/HT\x1f\xff", 15);
  for (int round = 0; round < 400; ++round) {
    Conversation talk = samples[pick(std::size(samples))];
    for (std::size_t changes = 1 + pick(4); changes > 0; --changes) {
      std::string& bytes = talk[pick(talk.size())].bytes;
      if (bytes.empty()) continue;
      const std::size_t at = pick(bytes.size());
      switch (pick(4)) {
        case 0:
          bytes[at] = kInteresting[pick(kInteresting.size())];
          break;
        case 1:
          bytes.insert(at, 1, kInteresting[pick(kInteresting.size())]);
          break;
        case 2:
          bytes.erase(at, 1 + pick(6));
          break;
        default:
          bytes.insert(at, bytes.substr(pick(bytes.size()), 1 + pick(20)));
          break;
      }
    }
    // Whole, in two at a random place of each turn, and byte by byte.
    const auto want = run(kSpec, talk);
    for (const std::string& l : want) ASSERT_THAT(l, Not(HasSubstr("VIOLATION"))) << round;
    Conversation cut, bytes;
    for (const auto& t : talk) {
      if (t.kind != picket::testing::Turn::Kind::kBytes || t.bytes.size() < 2) {
        cut.push_back(t);
        bytes.push_back(t);
        continue;
      }
      const std::size_t at = 1 + pick(t.bytes.size() - 1);
      auto part = t;
      part.bytes = t.bytes.substr(0, at);
      cut.push_back(part);
      part.bytes = t.bytes.substr(at);
      cut.push_back(part);
      for (const char c : t.bytes) {
        part.bytes.assign(1, c);
        bytes.push_back(part);
      }
    }
    ASSERT_EQ(run(kSpec, cut), want) << round;
    ASSERT_EQ(run(kSpec, bytes), want) << round;
  }
}

}  // namespace
}  // namespace picket::http
