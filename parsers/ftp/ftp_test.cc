#include "parsers/ftp/ftp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::ftp {

extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

std::string describe(const Transaction& t) {
  const Tx& tx = as_tx(t);
  std::string out = "[" + printable(tx.command) + "|" + printable(tx.argument) + "]";
  for (std::size_t i = 0; i < tx.code_count; ++i) out += " " + printable(tx.code(i));
  for (std::size_t i = 0; i < tx.reply_count(); ++i) out += " '" + printable(tx.reply(i)) + "'";
  if (tx.dynamic_port != 0) out += " port=" + std::to_string(tx.dynamic_port);
  if (tx.mode != Mode::kNone) out += tx.mode == Mode::kActive ? " active" : " passive";
  return out + (tx.bounce ? " bounce" : "") + (tx.command_truncated ? " cut" : "") +
         (tx.reply_truncated ? " reply-cut" : "") + (tx.reply_received ? "" : " unanswered");
}
HarnessOptions described() {
  HarnessOptions o;
  o.describe = describe;
  o.client = std::string("\x0a\x00\x00\x02", 4);
  return o;
}
std::vector<std::string> told(const Conversation& talk) { return run(kSpec, talk, described()); }

const Conversation kTalk = {
    to_client("220-Hello\r\n 220 no end\r\n220 FTP ready\r\n"),
    to_server("user bob\r\nPASS x y\r\n"),
    to_client("331 Password\r\n230 In\r\n"),
    to_server("EPSV\r\n"),
    to_client("229 Go (|||5000|)\r\n"),
    to_server("RETR a b.txt\r\n"),
    to_client("150 Soon\r\n"),
    to_client("226 Done\r\n"),
    to_server("QUIT\r\n"),
};

TEST(Ftp, PairsCommandsWithTheirReplies) {
  EXPECT_THAT(
      told(kTalk),
      ElementsAre("tx 0 rep [|] 220 'Hello' ' 220 no end' 'FTP ready'",
                  "tx 1 req rep [USER|bob] 331 'Password'", "tx 2 req rep [PASS|x y] 230 'In'",
                  "tx 3 req rep [EPSV|] 229 'Go (|||5000|)' port=5000 passive",
                  "expect ftp-data to server:5000 [\\x05a b.txt]",
                  "tx 4 req rep [RETR|a b.txt] 150 226 'Soon' 'Done'", "tx 5 req [QUIT|] unanswered"));
  EXPECT_EQ(run(kSpec, {kTalk[1], kTalk[2]})[0],
            "tx 0 req rep ftp.command=USER ftp.command_data=bob ftp.completion_code=331 ftp.reply=Password");
}

TEST(Ftp, DoesNotCareHowSegmentsFall) {
  EXPECT_EQ(check_every_split(kSpec, kTalk, described()), "");
  EXPECT_EQ(check_every_truncation(kSpec, kTalk, described()), "");
  const Conversation odd = {to_server("\xff\xf4\xff\xf2"
                                      "ABOR\n\r\nRETR " +
                                      std::string(100, 'A') + "\r\n"),
                            to_client("226 \nnone\n550 " + std::string(90, 'B') + "\r\n200\r\n"),
                            to_server("AUTH TLS\r\n"), to_client("234 Go\r\n")};
  HarnessOptions o = described();
  o.limits["max-line-length"] = 64;
  EXPECT_EQ(check_every_split(kSpec, odd, o), "");
  EXPECT_EQ(check_every_truncation(kSpec, odd, o), "");
}

TEST(Ftp, LinesAreCutAtTheirLimit) {
  const std::string a(5000, 'A');
  EXPECT_THAT(told({to_server("RETR " + a + "\r\nNOOP\r\n"), to_client("550 " + a + "\r\n200\r\n")}),
              ElementsAre("tx 0 req rep events=request_command_too_long,response_command_too_long [RETR|" +
                              a.substr(0, 4091) + "] 550 '" + a.substr(0, 4092) + "' cut reply-cut",
                          "tx 1 req rep [NOOP|] 200 ''"));
}

TEST(Ftp, ExpectsDataWhereTheCommandsSay) {
  const auto expected = [](const Conversation& talk) {
    std::string found;
    for (const std::string& l : told(talk)) {
      if (l.starts_with("expect")) found += l;
    }
    return found;
  };
  EXPECT_EQ(expected({to_server("PORT 10,0,0,2,200,10\r\nSTOR x\r\n")}),
            "expect ftp-data to client:51210 [\\x06x]");
  EXPECT_EQ(expected({to_server("EPRT |1|10.0.0.2|51210|\r\nLIST\r\n")}),
            "expect ftp-data to client:51210 [\\x02]");
  EXPECT_EQ(expected({to_server("PASV\r\n"), to_client("227 =10,0,0,1,4,1.\r\n"), to_server("MLSD /\r\n")}),
            "expect ftp-data to server:1025 [\\x03/]");
  EXPECT_EQ(expected({to_server("RETR x\r\n")}), "") << "nobody said where";
  EXPECT_EQ(expected({to_server("PORT 10,0,0,2,200,10\r\nSTOR x\r\nSTOR y\r\n")}),
            "expect ftp-data to client:51210 [\\x06x]")
      << "once";
}

TEST(Ftp, ABounceNamesAnotherHost) {
  EXPECT_THAT(told({to_server("PORT 10,0,0,2,0,80\r\n")}),
              ElementsAre("tx 0 req [PORT|10,0,0,2,0,80] port=80 active unanswered"));
  EXPECT_THAT(told({to_server("PORT 10,0,0,3,0,80\r\n")}),
              ElementsAre("tx 0 req [PORT|10,0,0,3,0,80] port=80 active bounce unanswered"));
  EXPECT_THAT(told({to_server("EPRT |1|10.0.0.3|80|\r\n")}),
              ElementsAre("tx 0 req [EPRT||1|10.0.0.3|80|] port=80 active bounce unanswered"));
}

TEST(Ftp, HandsOverToTls) {
  EXPECT_THAT(told({to_server("AUTH TLS\r\n"), to_client("234 Go\r\n")}),
              ElementsAre("tx 0 req rep [AUTH|TLS] 234 'Go'", "hand over to 'tls'"));
  EXPECT_THAT(told({to_server("AUTH TLS\r\nUSER x\r\n"), to_client("530 No\r\n331 Go on\r\n")}),
              ElementsAre("tx 0 req rep [AUTH|TLS] 530 'No'", "tx 1 req rep [USER|x] 331 'Go on'"));
}

TEST(Ftp, NamesWhatIsWrong) {
  EXPECT_THAT(told({to_server("NOOP\r\n"), to_client("no code\r\n200 Done\r\n")}),
              ElementsAre("tx 0 req rep events=invalid_reply [NOOP|] 200 'no code' 'Done'"));
  EXPECT_THAT(told({to_server("PORT 1,2,3\r\nEPRT |1|999.0.0.1|70000|\r\nPASV\r\n"),
                    to_client("501 ?\r\n501 ?\r\n227 Where\r\n")}),
              ElementsAre("tx 0 req rep events=invalid_port [PORT|1,2,3] 501 '?' active",
                          "tx 1 req rep events=invalid_port [EPRT||1|999.0.0.1|70000|] 501 '?' active",
                          "tx 2 req rep events=invalid_port [PASV|] 227 'Where'"));
}

TEST(Ftp, ALineThatBelongsToNothingTakesNoCommandsReply) {
  EXPECT_THAT(
      told({to_client("220 Hello\nsecond line\r\n"), to_server("NOOP\r\n"), to_client("200 Done\r\n")}),
      ElementsAre("tx 0 rep [|] 220 'Hello'", "event < invalid_reply", "tx 1 req rep [NOOP|] 200 'Done'"));
}

TEST(Ftp, LimitsHold) {
  HarnessOptions o = described();
  o.limits["max-tx"] = 2;
  EXPECT_THAT(run(kSpec, {to_server("A\nB\nC\n")}, o),
              ElementsAre("tx 0 req events=too_many_transactions [A|] unanswered", "tx 1 req [B|] unanswered",
                          "tx 2 req [C|] unanswered"));
  o = described();
  o.limits["max-reply-lines"] = 2;
  EXPECT_THAT(run(kSpec, {to_client("211-a\nb\nc\n211 d\n")}, o),
              ElementsAre("tx 0 rep events=too_many_reply_lines [|] 211 'a' 'b' reply-cut"));
  o = described();
  o.limits["max-reply-bytes"] = 64;
  EXPECT_THAT(run(kSpec, {to_client("211-" + std::string(60, 'x') + "\n12345\n211 d\n")}, o),
              ElementsAre("tx 0 rep events=too_many_reply_lines [|] 211 '" + std::string(60, 'x') +
                          "' 'd' reply-cut"));
  // Of ten preliminary replies, the last code is kept.
  std::string many;
  for (int i = 0; i < 10; ++i) many += "150 x\n";
  EXPECT_EQ(run(kSpec, {to_server("RETR x\n"), to_client(many + "226 y\n")}, described())[0].substr(0, 53),
            "tx 0 req rep [RETR|x] 150 150 150 150 150 150 150 226");
}

TEST(Ftp, GapsEndWhatIsOpen) {
  EXPECT_THAT(told({to_server("NOOP\r\n"), gap(Direction::kToClient, 20),
                    to_client("d of a reply\r\n220 x\r\n"), to_server("PWD\r\n"), to_client("257 /\r\n")}),
              ElementsAre("tx 0 req events=gap [NOOP|] unanswered", "tx 1 rep [|] 220 'x'",
                          "tx 2 req rep [PWD|] 257 '/'"));
  EXPECT_THAT(told({gap(Direction::kToServer, 3), to_server("ER x\r\nPWD\r\n")}),
              ElementsAre("event > gap", "tx 0 req [PWD|] unanswered"));
}

TEST(Ftp, MemoryThatRunsOutIsNamed) {
  HarnessOptions o = described();
  o.pool_bytes = 256 << 10;
  ParserRun r(kSpec, o);
  for (int i = 0; i < 200; ++i) r.feed(Direction::kToServer, "RETR " + std::string(3000, 'x') + "\n");
  r.close();
  EXPECT_TRUE(r.violations().empty());
  EXPECT_GE(r.events().at("memory_full"), 1u);
}

TEST(Ftp, ReadsEndpoints) {
  Endpoint e;
  EXPECT_TRUE(parse_port(as_bytes("1,2,3,4,5,6"), e));
  EXPECT_EQ(e.port, 5 * 256 + 6);
  EXPECT_EQ(e.size, 4);
  for (const char* bad : {"", "1,2,3,4,5", "1,2,3,4,5,256", "1.2.3.4.5.6", "1,2,3,4,0,0", "x"})
    EXPECT_FALSE(parse_port(as_bytes(bad), e)) << bad;
  EXPECT_TRUE(parse_eprt(as_bytes("|2|fd77::2|51210|"), e));
  EXPECT_EQ(e.size, 16);
  EXPECT_EQ(e.address[0], 0xfd);
  for (const char* bad : {"", "|", "|1", "|1|", "|1|10.0.0.2", "|1|10.0.0.2|", "|1|10.0.0.2|0|",
                          "|3|10.0.0.2|1|", "|2|10.0.0.2|1|"}) {
    EXPECT_FALSE(parse_eprt(as_bytes(bad), e)) << bad;
  }
  EXPECT_TRUE(find_pasv(as_bytes("Entering 2 Passive (10,0,0,1,212,20)"), e));
  EXPECT_EQ(e.port, 54292);
  EXPECT_FALSE(find_pasv(as_bytes("10,0,0,1,212"), e));
  EXPECT_TRUE(find_epsv(as_bytes("(!!!80!)"), e));
  EXPECT_EQ(e.port, 80);
  EXPECT_EQ(e.size, 0);
  for (const char* bad : {"", "(", "(|||80", "(|||80)", "(|||0|)", "(|||70000|)", "|||80|"})
    EXPECT_FALSE(find_epsv(as_bytes(bad), e)) << bad;
}

TEST(Ftp, ProbesTheServer) {
  const auto p = [](std::string_view s) { return probe(Transport::kTcp, Direction::kToClient, as_bytes(s)); };
  EXPECT_EQ(p("220"), Probe::kUnsure);
  EXPECT_EQ(p("220 (vsFTPd 3.0.3)\r\n"), Probe::kYes);
  EXPECT_EQ(p("220-Hello\r\n220 My ftp\r\n"), Probe::kYes);
  EXPECT_EQ(p("220 mail.lab.test ESMTP\r\n"), Probe::kNo);
  EXPECT_EQ(p("220 Hello\r\n"), Probe::kUnsure);
  EXPECT_EQ(p("220 Hello\r\n250-x\r\n"), Probe::kNo);
  EXPECT_EQ(p("220 Hello\r\n530 No\r\n331 Password\r\n"), Probe::kYes);
  EXPECT_EQ(p("+OK POP3"), Probe::kNo);
  EXPECT_EQ(p("200 NNTP"), Probe::kNo);
  EXPECT_EQ(p("331 Password\r\n"), Probe::kYes);
  EXPECT_EQ(p("HTTP/1.1 200"), Probe::kNo);
}

TEST(Ftp, ProbesTheClient) {
  const auto p = [](std::string_view s) { return probe(Transport::kTcp, Direction::kToServer, as_bytes(s)); };
  EXPECT_EQ(p("US"), Probe::kUnsure);
  EXPECT_EQ(p("USER bob\r\n"), Probe::kUnsure) << "POP3 says so, too";
  EXPECT_EQ(p("USER bob\r\nPASS x\r\nSYST\r\n"), Probe::kYes);
  EXPECT_EQ(p("USER bob\r\nPASS x\r\nUIDL\r\n"), Probe::kNo);
  EXPECT_EQ(p("feat\r\n"), Probe::kYes);
  EXPECT_EQ(p("AUTH TLS\r\n"), Probe::kYes);
  EXPECT_EQ(p("AUTH PLAIN\r\n"), Probe::kNo);
  EXPECT_EQ(p("RETR 1\r\n"), Probe::kNo);
  EXPECT_EQ(p("RETR AAAA"), Probe::kYes);
  EXPECT_EQ(p("EHLO x\r\n"), Probe::kNo);
  EXPECT_EQ(p("GET / HTTP/1.1"), Probe::kNo);
}

const KeywordDef& keyword(std::string_view name) {
  for (const KeywordDef& k : kKeywords) {
    if (k.name == name) return k;
  }
  std::abort();
}

TEST(Ftp, Keywords) {
  Pool pool(1 << 20);
  Tx tx(pool, 0);
  tx.mode = Mode::kPassive;
  const auto matches = [&](std::string_view name, std::string_view argument) {
    return keyword(name).parse(argument).value()->match(tx, Direction::kToServer);
  };
  EXPECT_TRUE(matches("ftp.mode", "passive"));
  EXPECT_FALSE(matches("ftp.mode", "active"));
  EXPECT_TRUE(matches("ftp.reply_received", "no"));
  tx.reply_received = true;
  EXPECT_TRUE(matches("ftp.reply_received", "Yes"));
  EXPECT_FALSE(matches("ftpbounce", ""));
  EXPECT_FALSE(keyword("ftp.mode").parse("").has_value());
  EXPECT_FALSE(keyword("ftp.reply_received").parse("maybe").has_value());
  EXPECT_FALSE(keyword("ftpbounce").parse("x").has_value());
}

}  // namespace
}  // namespace picket::ftp
