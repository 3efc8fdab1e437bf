// What is said: commands and their replies, envelopes, where messages end, what becomes of a connection.
#include "parsers/smtp/smtp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/smtp/smtp_parser.h"
#include "tests/support/parser_harness.h"

namespace picket::smtp {
extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kUp = Direction::kToServer;
constexpr auto kDown = Direction::kToClient;

/// helo, sender > recipients, bytes of the message, last code.
std::string describe(const Transaction& t) {
  const Tx& tx = as_tx(t);
  std::string out = printable(tx.view(tx.helo)) + " " + printable(tx.view(tx.mail_from)) + " >";
  for (std::uint32_t i = 0; i < tx.rcpt_count(); ++i) out += " " + printable(tx.view(tx.rcpt(i)));
  if (tx.has_message) {
    out += " message " + std::to_string(tx.message->bytes());
    if (tx.message->truncated()) out += " truncated";
    Bytes subject;
    if (tx.message->field(FieldName::kSubject, 0, subject)) out += " '" + printable(subject) + "'";
  }
  for (std::uint32_t i = 0; i < std::min(tx.refusal_count, kMaxRefusals); ++i) {
    const Refusal& r = tx.refusals[i];
    out += " refused " + std::string(command_name(r.command)) + printable(tx.view(r.what)) + " " +
           std::to_string(r.code);
  }
  if (tx.auth_mechanism.size != 0) {
    out += " auth " + printable(tx.view(tx.auth_mechanism)) + "/" + printable(tx.view(tx.auth_user));
    if (tx.auth != AuthResult::kNone) out += tx.auth == AuthResult::kAccepted ? " ok" : " no";
  }
  if (tx.tls) out += " tls";
  if (tx.chunked) out += " chunked";
  return out + " " + std::to_string(tx.reply_code) + " " + printable(tx.reply.view());
}

HarnessOptions options() {
  HarnessOptions o;
  o.files = true;
  o.describe = describe;
  return o;
}

std::vector<std::string> said(const Conversation& talk, HarnessOptions o = options()) {
  return run(kSpec, talk, o);
}

const Conversation kGreeting = {to_client("220 mx.test ESMTP\r\n"), to_server("EHLO pump\r\n"),
                                to_client("250-mx.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n")};

Conversation behind_greeting(const Conversation& more) {
  Conversation all = kGreeting;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Conversation kMail = behind_greeting({
    to_server("MAIL FROM:<a@x> SIZE=10\r\n"),
    to_client("250 2.1.0 Ok\r\n"),
    to_server("RCPT TO:<b@y>\r\n"),
    to_client("250 2.1.5 Ok\r\n"),
    to_server("rcpt to: <c@z>\r\n"),
    to_client("550 5.1.1 who?\r\n"),
    to_server("DATA\r\n"),
    to_client("354 go\r\n"),
    to_server("Subject: hi\r\n\r\n..dot\r\ntext\r\n.\r\n"),
    to_client("250 2.0.0 queued\r\n"),
    to_server("QUIT\r\n"),
    to_client("221 bye\r\n"),
    end(kDown),
    end(kUp),
});

TEST(Smtp, AMail) {
  EXPECT_THAT(
      said(kMail),
      ElementsAre(
          "tx 0 req rep pump <a@x> > <b@y> <c@z> message 27 'hi' refused RCPT<c@z> 550 250 2.0.0 queued",
          "tx 1 req rep pump  > 221 bye"));
}

TEST(Smtp, PathsAreReadAsTheyStand) {
  const auto from = [](std::string_view line) {
    const auto lines = said(behind_greeting({to_server("MAIL " + std::string(line) + "\r\n")}));
    return lines.size() == 1 ? lines[0].substr(13) : "";
  };
  EXPECT_EQ(from("FROM:<>"), "pump <> > 250 mx.test");
  EXPECT_EQ(from("FROM:a@b BODY=8BITMIME"), "pump a@b > 250 mx.test");
  EXPECT_EQ(from("from : <\"a b>\"@c> X=1"), "pump <\"a b>\"@c> > 250 mx.test");
  EXPECT_EQ(from("FROM:<a@b"), "pump <a@b > 250 mx.test");
}

const Conversation kPipelined = behind_greeting({
    to_server("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"),
    to_client("250 ok\r\n250 ok\r\n354 go\r\n"),
    to_server("Subject: 1\r\n\r\n1\r\n.\r\nMAIL FROM:<d@x>\r\nRCPT TO:<e@y>\r\nDATA\r\n"),
    to_client("250 one\r\n250 ok\r\n250 ok\r\n"),
    to_client("354 go\r\n"),
    to_server("Subject: 2\r\n\r\n2\r\n.\r\nQUIT\r\n"),
    to_client("250 two\r\n221 bye\r\n"),
});

TEST(Smtp, PipelinedCommandsHaveTheirReplies) {
  EXPECT_THAT(said(kPipelined), ElementsAre("tx 0 req rep pump <a@x> > <b@y> message 17 '1' 250 one",
                                            "tx 1 req rep pump <d@x> > <e@y> message 17 '2' 250 two",
                                            "tx 2 req rep pump  > 221 bye"));
}

const Conversation kChunks = behind_greeting({
    to_server("MAIL FROM:<a@x> BODY=BINARYMIME\r\nRCPT TO:<b@y>\r\nBDAT 15\r\nSubject: hi\r\n\r\n"),
    to_client("250 ok\r\n250 ok\r\n250 15\r\n"),
    to_server(std::string_view("BDAT 7 LAST\r\n.\r\n\0a\nbMAIL FROM:<c@x>\r\n", 37)),
    to_client("250 queued\r\n"),
    to_client("250 ok\r\n"),
    to_server("BDAT 0 LAST\r\n"),
    to_client("250 empty\r\n"),
});

TEST(Smtp, ChunksAreCounted) {
  EXPECT_THAT(said(kChunks), ElementsAre("tx 0 req rep pump <a@x> > <b@y> message 22 'hi' chunked 250 queued",
                                         "tx 1 req rep pump <c@x> > chunked 250 empty"));
}

TEST(Smtp, ChunksThatAreNone) {
  EXPECT_THAT(said(behind_greeting({to_server("BDAT 5 X\r\nBDAT\r\nBDAT -1\r\nNOOP\r\n")})),
              ElementsAre("tx 0 req rep events=invalid_bdat pump  > 250 mx.test"));
  EXPECT_THAT(said(behind_greeting({to_server("BDAT 99999999999999999999 LAST\r\n")})),
              ElementsAre("tx 0 req rep events=bdat_chunk_len_exceeded,invalid_bdat pump  > 250 mx.test"));
  EXPECT_THAT(said(behind_greeting({to_server("BDAT 2\r\nabcdef\r\n")})),
              ElementsAre(HasSubstr("events=bdat_chunk_len_exceeded")));
}

TEST(Smtp, ResetGivesAnEnvelopeUp) {
  EXPECT_THAT(said(behind_greeting({to_server("MAIL FROM:<a@x>\r\nRSET\r\nMAIL FROM:<b@x>\r\n"),
                                    to_client("250 ok\r\n250 reset\r\n250 ok\r\n")})),
              ElementsAre("tx 0 req rep pump <a@x> > 250 reset", "tx 1 req rep pump <b@x> > 250 ok"));
  EXPECT_THAT(said(behind_greeting({to_server("RSET\r\n"), to_client("250 reset\r\n"),
                                    to_server("MAIL FROM:<b@x>\r\n"), to_client("250 ok\r\n")})),
              ElementsAre("tx 0 req rep pump <b@x> > 250 ok"));
}

TEST(Smtp, HelloInTheMidstGivesItUpIfAccepted) {
  const auto talk = [](std::string_view reply) {
    return behind_greeting({to_server("MAIL FROM:<a@x>\r\n"), to_client("250 ok\r\n"),
                            to_server("EHLO other\r\n"), to_client(reply), to_server("MAIL FROM:<b@x>\r\n"),
                            to_client("250 ok\r\n")});
  };
  EXPECT_THAT(said(talk("250 mx\r\n")),
              ElementsAre("tx 0 req rep events=duplicate_fields pump <a@x> > 250 mx",
                          "tx 1 req rep other <b@x> > 250 ok"));
  EXPECT_THAT(said(talk("501 no\r\n")),
              ElementsAre("tx 0 req rep events=duplicate_fields pump <a@x> > refused HELO 501 250 ok"));
}

TEST(Smtp, ARefusedSenderMayTryAgain) {
  EXPECT_THAT(said(behind_greeting({to_server("MAIL FROM:<a@x>\r\n"), to_client("550 no\r\n"),
                                    to_server("MAIL FROM:<b@x>\r\n"), to_client("250 ok\r\n")})),
              ElementsAre("tx 0 req rep pump <a@x> > refused MAIL<a@x> 550 550 no",
                          "tx 1 req rep pump <b@x> > 250 ok"));
}

TEST(Smtp, RefusedDataIsFollowedByCommands) {
  EXPECT_THAT(
      said(behind_greeting({to_server("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"),
                            to_client("250 ok\r\n550 no\r\n554 no\r\n"), to_server("RSET\r\nQUIT\r\n"),
                            to_client("250 ok\r\n221 bye\r\n")})),
      ElementsAre(
          "tx 0 req rep events=data_command_rejected pump <a@x> > <b@y> refused RCPT<b@y> 550 refused "
          "DATA 554 250 ok",
          "tx 1 req rep pump  > 221 bye"));
}

TEST(Smtp, DataTwice) {
  EXPECT_THAT(
      said(behind_greeting({to_server("MAIL FROM:<a@x>\r\nDATA\r\n"), to_client("250 ok\r\n503 no\r\n"),
                            to_server("RCPT TO:<b@y>\r\nDATA\r\n"), to_client("250 ok\r\n354 go\r\n"),
                            to_server("A: b\r\n\r\n.\r\n"), to_client("250 queued\r\n")})),
      ElementsAre("tx 0 req rep events=data_command_rejected,unparsable_content pump <a@x> > <b@y> message 8 "
                  "refused DATA 503 250 queued"));
}

TEST(Smtp, OnlyTheClientIsSeen) {
  EXPECT_THAT(said({to_server("EHLO pump\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"),
                    to_server("Subject: hi\r\n\r\n.\r\nQUIT\r\n")}),
              ElementsAre("tx 0 req events=no_server_welcome_message pump <a@x> > <b@y> message 15 'hi' 0 ",
                          "tx 1 req events=no_server_welcome_message pump  > 0 "));
}

TEST(Smtp, BytesBeforeTheReplyToData) {
  EXPECT_THAT(
      said(behind_greeting({to_server("MAIL FROM:<a@x>\r\nDATA\r\nSubject: hi\r\n\r\n.\r\n"),
                            to_client("250 ok\r\n354 go\r\n250 queued\r\n")})),
      ElementsAre("tx 0 req rep events=invalid_pipelined_sequence pump <a@x> > message 15 'hi' 250 queued"));
}

const Conversation kTls = behind_greeting({
    to_server("STARTTLS\r\n"),
    to_client("220 ready\r\n"),
    to_server("\x16\x03\x01..."),
});

TEST(Smtp, HandsOverToTls) {
  EXPECT_THAT(said(kTls), ElementsAre("hand over to 'tls'", "tx 0 req rep pump  > tls 220 ready"));
  EXPECT_THAT(
      said(behind_greeting({to_server("STARTTLS\r\n"), to_client("454 no\r\n"), to_server("QUIT\r\n")})),
      ElementsAre("tx 0 req rep events=tls_rejected pump  > refused STARTTLS 454 454 no"));
  // TLS is seen before the reply: it waits.
  EXPECT_THAT(said(behind_greeting(
                  {to_server("STARTTLS\r\n"), to_server("\x16\x03\x01..."), to_client("220 go\r\n")})),
              ElementsAre("hand over to 'tls'", "tx 0 req rep pump  > tls 220 go"));
  EXPECT_THAT(said({to_server("EHLO pump\r\nSTARTTLS\r\n"), to_server("\x16" + std::string(20000, 'x'))}),
              ElementsAre("hand over to 'tls'", "tx 0 req events=no_server_welcome_message pump  > 0 "));
}

TEST(Smtp, CommandsBehindStartTls) {
  EXPECT_THAT(said(behind_greeting({to_server("STARTTLS\r\nMAIL FROM:<a@x>\r\n"), to_client("220 go\r\n")})),
              ElementsAre("hand over to 'tls'",
                          "tx 0 req rep events=invalid_pipelined_sequence pump <a@x> > tls 220 go"));
}

TEST(Smtp, AuthKeepsTheUserAndNoPassword) {
  EXPECT_THAT(said(behind_greeting({to_server("AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n"), to_client("235 ok\r\n")})),
              ElementsAre("tx 0 req rep pump  > auth PLAIN/bob ok 235 ok"));
  EXPECT_THAT(said(behind_greeting({to_server("AUTH PLAIN\r\n"), to_client("334 \r\n"),
                                    to_server("AGJvYgBzZWNyZXQ=\r\n"), to_client("535 no\r\n")})),
              ElementsAre("tx 0 req rep pump  > refused AUTH 535 auth PLAIN/bob no 535 no"));
  EXPECT_THAT(said(behind_greeting({to_server("AUTH LOGIN\r\n"), to_client("334 VXNlcm5hbWU6\r\n"),
                                    to_server("Ym9i\r\n"), to_client("334 UGFzc3dvcmQ6\r\n"),
                                    to_server("c2VjcmV0\r\n"), to_client("235 ok\r\n")})),
              ElementsAre("tx 0 req rep pump  > auth LOGIN/bob ok 235 ok"));
  // RFC 2195, §2
  EXPECT_THAT(said(behind_greeting({to_server("AUTH CRAM-MD5\r\n"), to_client("334 PDE4OTY=\r\n"),
                                    to_server("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n"),
                                    to_client("235 ok\r\n")})),
              ElementsAre("tx 0 req rep pump  > auth CRAM-MD5/tim ok 235 ok"));
  // What answers 334 may look like a command.
  EXPECT_THAT(said(behind_greeting({to_server("AUTH NTLM\r\n"), to_client("334 ntlm\r\n"),
                                    to_server("DATA\r\n"), to_client("535 no\r\n"), to_server("QUIT\r\n")})),
              ElementsAre("tx 0 req rep pump  > refused AUTH 535 auth NTLM/ no 535 no"));
}

TEST(Smtp, RepliesThatAreNone) {
  EXPECT_THAT(said(behind_greeting({to_server("NOOP\r\n"), to_client("what?\r\n250 ok\r\n")})),
              ElementsAre("tx 0 req rep events=invalid_reply pump  > 250 ok"));
  EXPECT_THAT(said(behind_greeting({to_server("NOOP\r\n"), to_client("472 strange\r\n")})),
              ElementsAre("tx 0 req rep events=invalid_reply pump  > refused  472 472 strange"));
  EXPECT_THAT(said(behind_greeting({to_client("250 nobody asked\r\n"), to_client("421 closing\r\n")})),
              ElementsAre("tx 0 req rep events=unable_to_match_reply_with_request pump  > 250 mx.test"));
  EXPECT_THAT(said(behind_greeting({to_server("HELP\r\n"), to_client("214-a\r\n215 b\r\n")})),
              ElementsAre("tx 0 req rep events=invalid_reply pump  > 215 a"));
}

TEST(Smtp, LongLinesAreCut) {
  HarnessOptions o = options();
  o.limits["command-line-limit"] = 512;
  o.limits["reply-line-limit"] = 512;
  const auto lines =
      said(behind_greeting({to_server("MAIL FROM:<" + std::string(2000, 'a') + "@x>\r\nNOOP\r\n"),
                            to_client("250 " + std::string(2000, 'b') + "\r\n250 ok\r\n")}),
           o);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("events=max_command_line_len_exceeded,max_reply_line_len_exceeded"));
  EXPECT_THAT(lines[0], HasSubstr(" 250 ok"));
}

std::vector<std::string> message(std::string_view bytes, std::string_view line_end = "\r\n") {
  return said({to_client("220 mx.test ESMTP\r\n"), to_server("HELO pump" + std::string(line_end)),
               to_client("250 ok\r\n"), to_server("MAIL FROM:<a@x>" + std::string(line_end)),
               to_client("250 ok\r\n"), to_server("DATA" + std::string(line_end)), to_client("354 go\r\n"),
               to_server(bytes), to_client("250 queued\r\n"), to_server("QUIT" + std::string(line_end)),
               to_client("221 bye\r\n")});
}

TEST(Smtp, OneLoneDotBetweenCrlfsEndsAMessage) {
  const std::string head = "Subject: hi\r\n\r\n";
  const auto whole = [](int size) {
    return "tx 0 req rep pump <a@x> > message " + std::to_string(size) + " 'hi' 250 queued";
  };
  EXPECT_EQ(message(head + ".\r\n")[0], whole(15));
  EXPECT_EQ(message(head + "..\r\n.\r\n")[0], whole(18));
  EXPECT_EQ(message(head + ".x\r\n.\r\n")[0], whole(18));
  EXPECT_EQ(message(head + ".\rx\r\n.\r\n")[0], whole(19));
  EXPECT_EQ(message("Subject: hi\n\n..\n.x\n.\n", "\n")[0], whole(17));
}

TEST(Smtp, TwoReadersMayDisagreeOnTheEnd) {
  for (const std::string_view odd : {"a\n.\r\n", "a\n.\n", "a\r\n.\n"}) {
    const auto lines = message("Subject: hi\r\n\r\n" + std::string(odd) + "MAIL FROM:<smuggled@x>\r\n.\r\n");
    EXPECT_THAT(lines[0], HasSubstr("events=odd_end_of_data")) << odd;
    EXPECT_THAT(lines[0], HasSubstr("<a@x> > message ")) << odd;
  }
  // The server takes it for the end, and so do we then.
  EXPECT_THAT(message("Subject: hi\r\n\r\na\n.\r\n"),
              ElementsAre("tx 0 req rep events=odd_end_of_data pump <a@x> > message 20 'hi' 250 queued",
                          "tx 1 req rep pump  > 221 bye"));
}

TEST(Smtp, GapsAreBridged) {
  Conversation talk = kMail;
  talk[10] = gap(kDown, 8);  // 354
  EXPECT_THAT(said(talk), ElementsAre(HasSubstr("message 27 'hi'"), "tx 1 req rep pump  > 221 bye"));
  // In a message.
  EXPECT_THAT(
      said(behind_greeting({to_server("MAIL FROM:<a@x>\r\nDATA\r\n"), to_client("250 ok\r\n354 go\r\n"),
                            to_server("Subject: hi\r\n\r\nab"), gap(kUp, 100),
                            to_server("cd\r\n.\r\nQUIT\r\n"), to_client("250 queued\r\n221 bye\r\n")})),
      ElementsAre("tx 0 req rep events=gap pump <a@x> > message 121 truncated 'hi' 250 queued",
                  "tx 1 req rep pump  > 221 bye"));
  // In a chunk, and over its end.
  EXPECT_THAT(
      said(behind_greeting({to_server("BDAT 10 LAST\r\nab"), gap(kUp, 3), to_server("cdefgNOOP\r\n")})),
      ElementsAre("tx 0 req rep events=gap pump  > message 10 truncated chunked 250 mx.test",
                  "tx 1 req pump  > 0 "));
  EXPECT_THAT(said(behind_greeting(
                  {to_server("BDAT 10 LAST\r\nab"), gap(kUp, 30), to_server("efgNOOP\r\nNOOP\r\n")})),
              ElementsAre(HasSubstr("truncated chunked"), "tx 1 req pump  > 0 "));
}

TEST(Smtp, TablesHaveLimits) {
  HarnessOptions o = options();
  o.limits["max-pending-commands"] = 16;
  std::string noops;
  for (int i = 0; i < 40; ++i) noops += "NOOP\r\n";
  EXPECT_THAT(said(behind_greeting({to_server(noops)}), o),
              ElementsAre(HasSubstr("too_many_pending_commands")));
  std::string mails;
  for (int i = 0; i < 10; ++i) mails += "MAIL FROM:<a@x>\r\nRSET\r\n";
  o = options();
  o.limits["max-tx"] = 4;
  const auto lines = said(behind_greeting({to_server(mails)}), o);
  EXPECT_EQ(lines.size(), 10U);
  EXPECT_THAT(lines[0], HasSubstr("too_many_transactions"));
  std::string recipients = "MAIL FROM:<a@x>\r\n";
  for (unsigned i = 0; i < kMaxRecipients + 2; ++i) recipients += "RCPT TO:<b>\r\n";
  EXPECT_THAT(said(behind_greeting({to_server(recipients)})), ElementsAre(HasSubstr("too_many_recipients")));
}

TEST(Smtp, APoolThatIsUsedUp) {
  for (const std::size_t pool : {std::size_t{256} << 10}) {
    HarnessOptions o = options();
    o.pool_bytes = pool;
    const std::string big = "X: " + std::string(300000, 'x') + "\r\n";
    const auto lines =
        said(behind_greeting({to_server("MAIL FROM:<a@x>\r\nDATA\r\n"), to_client("250 ok\r\n354 go\r\n"),
                              to_server(big + "\r\n.\r\nQUIT\r\n")}),
             o);
    for (const std::string& l : lines) EXPECT_THAT(l, ::testing::Not(HasSubstr("VIOLATION")));
  }
}

TEST(Smtp, DoesNotCareHowSegmentsFall) {
  for (const Conversation& talk : {kMail, kPipelined, kChunks, kTls}) {
    EXPECT_EQ(check_every_split(kSpec, talk, options()), "");
    EXPECT_EQ(check_every_truncation(kSpec, talk, options()), "");
  }
  for (const std::string_view odd : {"a\n.\r\n", "a\r\n.\n", "a\r\n.\rb\r\n..\r\n"}) {
    const Conversation talk = behind_greeting({to_server("DATA\r\n"), to_client("354 go\r\n"),
                                               to_server("A: b\r\n\r\n" + std::string(odd) + "x\r\n.\r\n")});
    EXPECT_EQ(check_every_split(kSpec, talk, options()), "");
  }
}

TEST(SmtpReply, IsRead) {
  EXPECT_EQ(read_reply("250-a b\r\n").code, 250U);
  EXPECT_TRUE(read_reply("250-a b\r\n").more);
  EXPECT_EQ(read_reply("250-a b\r\n").text, "a b");
  EXPECT_EQ(read_reply("250\r\n").code, 250U);
  EXPECT_FALSE(read_reply("250\r\n").more);
  for (const std::string_view none : {"", "25\r\n", "2500 x\r\n", "abc\r\n", "25x y\r\n"})
    EXPECT_EQ(read_reply(none).code, 0U) << none;
  EXPECT_TRUE(is_known_reply(354));
  EXPECT_FALSE(is_known_reply(0));
  EXPECT_FALSE(is_known_reply(472));
}

TEST(SmtpProbe, SaysWhatItIs) {
  const auto up = [](std::string_view s) { return probe(Transport::kTcp, kUp, as_bytes(s)); };
  const auto down = [](std::string_view s) { return probe(Transport::kTcp, kDown, as_bytes(s)); };
  EXPECT_EQ(up("EHLO a\r\n"), Probe::kYes);
  EXPECT_EQ(up("helo a\r\n"), Probe::kYes);
  EXPECT_EQ(up("MAIL FROM:<>\r\n"), Probe::kYes);
  EXPECT_EQ(up("EH"), Probe::kUnsure);
  EXPECT_EQ(up("USER a\r\n"), Probe::kNo);
  EXPECT_EQ(up("GET / HTTP/1.1\r\n"), Probe::kNo);
  EXPECT_EQ(up("MAIL\r\n"), Probe::kNo);
  EXPECT_EQ(down("220 a ESMTP b\r\n"), Probe::kYes);
  EXPECT_EQ(down("220-a smtp\r\n"), Probe::kYes);
  EXPECT_EQ(down("554 no SMTP service here\r\n"), Probe::kYes);
  EXPECT_EQ(down("220 (vsFTPd 3.0.3)\r\n"), Probe::kNo);
  EXPECT_EQ(down("220 a"), Probe::kUnsure);
  EXPECT_EQ(down("220"), Probe::kUnsure);
  EXPECT_EQ(down("354 go\r\n"), Probe::kYes);
  EXPECT_EQ(down("HTTP/1.1 200 OK\r\n"), Probe::kNo);
}

}  // namespace
}  // namespace picket::smtp
