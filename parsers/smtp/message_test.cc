// The mail: header fields, entities and the files among them, URLs; through the parser, as it comes.
#include "parsers/smtp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/smtp/smtp.h"
#include "tests/support/parser_harness.h"

namespace picket::smtp {
extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Conversation mail(std::string_view bytes) {
  return {to_client("220 mx ESMTP\r\n"), to_server("MAIL FROM:<a@x>\r\nDATA\r\n"),
          to_client("250 ok\r\n354 go\r\n"), to_server(std::string(bytes) + ".\r\n"),
          to_client("250 queued\r\n")};
}

/// What the rule buffers of `email` hold, and the files.
std::string describe(const Transaction& t) {
  std::string out;
  for (const BufferDef& b : kSpec.buffers) {
    if (!b.name.starts_with("email.")) continue;
    Bytes value;
    for (unsigned i = 0; b.get(t, Direction::kToServer, i, value); ++i)
      out += " " + std::string(b.name.substr(6)) + "=" + printable(value);
  }
  return out.empty() ? out : out.substr(1);
}

HarnessOptions options() {
  HarnessOptions o;
  o.files = true;
  o.describe = describe;
  return o;
}

/// Lines of files, then what the message said behind "tx 0 req rep".
std::vector<std::string> read(std::string_view bytes, HarnessOptions o = options()) {
  std::vector<std::string> lines = run(kSpec, mail(bytes), o);
  for (std::string& l : lines) {
    if (l.starts_with("tx 0 req rep")) l = l.substr(12);
    while (!l.empty() && l.front() == ' ') l.erase(0, 1);
    while (!l.empty() && l.back() == ' ') l.pop_back();
  }
  return lines;
}

TEST(Message, KeepsTheFieldsThatHaveNames) {
  EXPECT_THAT(
      read(
          "Received: from a\r\n\tby b;\r\n  now\r\nreceived:from c\r\nFROM: Ann <a@x>\r\nTo: b@y,\r\n c@z\r\n"
          "X-Other: none\r\nSubject:  =?utf-8?Q?x?= \r\nMessage-ID: <1@x>\r\nDate: now\r\nX-Mailer: m\r\nCc: "
          "\r\n\r\nbody\r\n"),
      ElementsAre("from=Ann <a@x> subject==?utf-8?Q?x?= to=b@y, c@z cc= date=now message_id=<1@x> x_mailer=m "
                  "received=from a\\x09by b;  now received=from c"));
}

TEST(Message, OddHeadersAreNamed) {
  EXPECT_THAT(read("no colon\r\n\r\n"), ElementsAre("events=mime_malformed_msg"));
  EXPECT_THAT(read(std::string(76, 'n') + ": v\r\n\r\n"), ElementsAre("events=mime_long_header_name"));
  const auto lines = read("Subject: " + std::string(2001, 's') + "\r\n\r\n");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "events=mime_long_line,mime_long_header_value subject=" + std::string(2000, 's'));
  std::string many;
  for (std::size_t i = 0; i < Message::kMaxFields + 1; ++i) many += "Received: x\r\n";
  EXPECT_THAT(read(many + "\r\n"),
              ElementsAre(HasSubstr("events=mime_too_many_fields received=x received=x")));
  // A field longer than is read ends where the next begins.
  std::string folded = "To: a";
  while (folded.size() < 2 * Message::kMaxField) folded += ",\r\n " + std::string(900, 'b');
  EXPECT_THAT(read(folded + "\r\nSubject: s\r\n\r\n"), ElementsAre(HasSubstr("subject=s")));
}

TEST(Message, HeadersAlone) {
  EXPECT_THAT(read("Subject: only\r\n"), ElementsAre("subject=only"));
  EXPECT_THAT(read("Subject: a\r\n b\r\nFrom: c\r\n"), ElementsAre("from=c subject=a b"));
  EXPECT_THAT(read("\r\nbody\r\n"), ElementsAre(""));
  EXPECT_THAT(read(""), ElementsAre(""));
}

constexpr std::string_view kMixed =
    "From: a@x\r\n"
    "Content-Type: multipart/mixed;\r\n boundary=\"out; er\"\r\n\r\n"
    "preamble\r\n"
    "--out; er\r\n"
    "Content-Type: multipart/alternative; boundary=in\r\n\r\n"
    "--in\r\nContent-Type: text/plain\r\n\r\nsee http://plain.test/a b\r\n"
    "--in\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<a href=3D\"http://ht=\r\nml.test/x\">x</a>\r\n"
    "--in--\r\nepilogue\r\n"
    "--out; er\r\n"
    "Content-Type: application/zip; name=\"in-type.zip\"\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment;\r\n filename*0=\"a\";\r\n filename*1=\".zip\"\r\n\r\n"
    "UEsD\r\nBAo=\r\n\r\n"
    "--out; er\r\n"
    "Content-Disposition: attachment; filename=\"n.txt\"\r\n\r\n"
    "line\r\n-- \r\n--out\r\n"
    "\r\n--out; er\r\n"
    "Content-Type: image/png\r\n\r\nPNG\r\n"
    "--out; er--\r\n";

TEST(Message, TakesMultipartApart) {
  EXPECT_THAT(read(kMixed),
              ElementsAre("file > a.zip [PK\\x03\\x04\\x0a] complete",
                          "file > n.txt [line\\x0d\\x0a-- \\x0d\\x0a--out\\x0d\\x0a] complete",
                          "file >  [PNG] complete", "from=a@x url=plain.test/a url=html.test/x"));
}

TEST(Message, AMessageInAMessage) {
  constexpr std::string_view kForward =
      "Subject: fwd\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
      "--o\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=in.eml\r\n\r\n"
      "Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
      "--i\r\nContent-Disposition: attachment; filename=x.bin\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\nQUI=\r\n"
      "--o--\r\n";
  EXPECT_THAT(
      read(kForward),
      ElementsAre("file > in.eml [Subject: inner\\x0d\\x0aContent-Type: multipart/mixed; boundary=i\\x0d\\x0a"
                  "\\x0d\\x0a--i\\x0d\\x0aContent-Disposition: attachment; filename=x.bin\\x0d\\x0a"
                  "Content-Transfer-Encoding: base64\\x0d\\x0a\\x0d\\x0aQUI=] complete",
                  "file > x.bin [AB] truncated", "events=mime_no_closing_boundary subject=fwd"));
}

TEST(Message, OneEntityMayBeAFile) {
  EXPECT_THAT(read("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"),
              ElementsAre("file >  [%PDF] complete", ""));
  EXPECT_THAT(read("Content-Type: text/plain; name=\"=?utf-8?B?w6kudHh0?=\"\r\n\r\nx\r\n"),
              ElementsAre("file > \\xc3\\xa9.txt [x\\x0d\\x0a] complete", ""));
}

TEST(Message, NestingHasAnEnd) {
  std::string deep;
  for (int i = 0; i < 40; ++i) {
    const std::string b = "b" + std::to_string(i);
    deep += "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n";
  }
  EXPECT_THAT(read(deep), ElementsAre("events=mime_too_deep,mime_no_closing_boundary"));
  HarnessOptions o = options();
  o.limits["mime.max-depth"] = 1;
  EXPECT_THAT(read(kMixed, o), ElementsAre("events=mime_too_deep from=a@x"));
}

TEST(Message, OddBodiesAreNamed) {
  EXPECT_THAT(read("Content-Type: multipart/mixed\r\n\r\nx\r\n"), ElementsAre("events=mime_malformed_msg"));
  EXPECT_THAT(read("Content-Type: multipart/mixed; boundary=" + std::string(255, 'b') + "\r\n\r\nx\r\n"),
              ElementsAre("events=mime_long_boundary"));
  EXPECT_THAT(read("Content-Transfer-Encoding: base64\r\n\r\nQ!==\r\n"),
              ElementsAre("events=mime_invalid_base64"));
  EXPECT_THAT(read("Content-Transfer-Encoding: quoted-printable\r\n\r\n=XX\r\n"),
              ElementsAre("events=mime_invalid_qp"));
  EXPECT_THAT(read("Content-Transfer-Encoding: base64\r\n\r\n" + std::string(80, 'A') + "\r\n"),
              ElementsAre("events=mime_long_enc_line"));
  EXPECT_THAT(read("\r\n" + std::string(998, 'A') + "\r\n"), ElementsAre(""));
  EXPECT_THAT(read("\r\n" + std::string(1000, 'A') + "\r\n"), ElementsAre("events=mime_long_line"));
  const auto lines =
      read("Content-Disposition: attachment; filename=" + std::string(300, 'f') + "\r\n\r\nx\r\n");
  EXPECT_THAT(lines, ElementsAre("file > " + std::string(255, 'f') + " [x\\x0d\\x0a] complete",
                                 "events=mime_long_filename"));
}

TEST(Message, FindsUrls) {
  EXPECT_THAT(read("\r\nHTTP://a.test/x?y=1#z, \"http://b\"<http://c>http:/no xhttp://d https://e "
                   "ftp://f\r\nhttp://\r\n"),
              ElementsAre("url=a.test/x?y=1#z, url=b url=c url=d"));
  HarnessOptions o = options();
  o.limits["mime.url-schemes"] = 15;
  EXPECT_THAT(read("\r\nhttp://a https://b ftp://c mailto:d@e\r\n", o),
              ElementsAre("url=a url=https://b url=ftp://c url=mailto:d@e"));
  o.limits["mime.max-urls"] = 1;
  EXPECT_THAT(read("\r\nhttp://a http://b\r\n", o), ElementsAre("events=mime_too_many_urls url=a"));
}

TEST(Message, TellsKindsOfUrls) {
  const auto kinds = [](std::string_view urls) {
    std::string out;
    HarnessOptions o;
    o.describe = [&](const Transaction& t) {
      const auto& k = as_tx(t).message->url_kinds();
      out = std::string(k.executable ? "exe " : "") + (k.ipv4 ? "4 " : "") + (k.ipv6 ? "6" : "");
      return std::string();
    };
    run(kSpec, mail("\r\n" + std::string(urls) + "\r\n"), o);
    return out;
  };
  EXPECT_EQ(kinds("http://a.test/b.EXE?c=d"), "exe ");
  EXPECT_EQ(kinds("http://10.0.0.1:80/"), "4 ");
  EXPECT_EQ(kinds("http://[2001:db8::1]/x"), "6");
  EXPECT_EQ(kinds("http://exe.test/a.exe.html http://1.2.3/"), "");
}

TEST(Message, HashesTheBody) {
  HarnessOptions o = options();
  o.limits["mime.body-md5"] = 1;
  EXPECT_THAT(read("A: b\r\n\r\nabc", o),
              ElementsAre(""));  // no line end: the dot belongs to the line
  EXPECT_THAT(read("A: b\r\n\r\nabc\r\n", o), ElementsAre("body_md5=c13b6afecf97ea6b38d21a8f5167fa1e"));
}

TEST(Message, AGapEndsWhatIsOpen) {
  Conversation talk = mail(kMixed);
  const std::string bytes = talk[3].bytes;
  const std::size_t at = bytes.find("BAo=");
  talk[3] = to_server(bytes.substr(0, at));
  talk.insert(talk.begin() + 4, {gap(Direction::kToServer, 4), to_server(bytes.substr(at + 4))});
  EXPECT_THAT(run(kSpec, talk, options()), ElementsAre("file > a.zip [PK\\x03<4 missing>] truncated",
                                                       HasSubstr("tx 0 req rep events=gap")));
}

TEST(Message, DoesNotCareHowSegmentsFall) {
  for (const std::string_view m :
       {kMixed, std::string_view("Subject: a\r\n b\r\nContent-Transfer-Encoding: "
                                 "quoted-printable\r\n\r\n=41= \r\nhttp://x.y \t\r\n=")}) {
    const Conversation talk = mail(m);
    EXPECT_EQ(check_every_split(kSpec, talk, options()), "");
    EXPECT_EQ(check_every_truncation(kSpec, talk, options()), "");
  }
}

}  // namespace
}  // namespace picket::smtp
