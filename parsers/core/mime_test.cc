#include "parsers/core/mime.h"

#include <gtest/gtest.h>

#include <string>

#include "parsers/core/multipart.h"

namespace picket {
namespace {

using Coding = TransferDecoder::Coding;

struct Decoded {
  std::string text;
  bool bad = false, long_line = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(Coding c, std::string_view in, std::size_t cut) {
  TransferDecoder d(c);
  Decoded out;
  const auto put = [&](Bytes b) { out.text += as_text(b); };
  for (std::size_t at = 0; at < in.size(); at += cut) d.feed(as_bytes(in.substr(at, cut)), put);
  d.finish(put);
  out.bad = d.bad();
  out.long_line = d.long_line();
  return out;
}

/// In whatever pieces it comes.
Decoded decode(Coding c, std::string_view in) {
  const Decoded whole = decode(c, in, in.size() + 1);
  for (std::size_t cut = 1; cut <= in.size(); ++cut)
    EXPECT_EQ(decode(c, in, cut), whole) << cut << " of " << in;
  return whole;
}

std::string base64(std::string_view in) { return decode(Coding::kBase64, in).text; }
std::string quoted_text(std::string_view in) { return decode(Coding::kQuotedPrintable, in).text; }

TEST(TransferDecoder, Base64) {
  // RFC 4648, §10
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("Zg=="), "f");
  EXPECT_EQ(base64("Zm8="), "fo");
  EXPECT_EQ(base64("Zm9v"), "foo");
  EXPECT_EQ(base64("Zm9vYg=="), "foob");
  EXPECT_EQ(base64("Zm9vYmE="), "fooba");
  EXPECT_EQ(base64("Zm9v\r\nYmFy\r\n"), "foobar");
  EXPECT_EQ(base64("//+A"), std::string_view("\xff\xff\x80"));
}

TEST(TransferDecoder, Base64ThatIsBent) {
  EXPECT_EQ(base64("Zm9vYg"), "foob") << "without padding";
  EXPECT_EQ(base64("NA=\n=Mg\n==\n"), "42") << "two texts, put together";
  const Decoded junk = decode(Coding::kBase64, "Z*m9v");
  EXPECT_EQ(junk.text, "foo");
  EXPECT_TRUE(junk.bad);
  EXPECT_TRUE(decode(Coding::kBase64, "Zm9vY").bad);
  EXPECT_FALSE(decode(Coding::kBase64, "Zm9v\r\n").bad);
}

TEST(TransferDecoder, QuotedPrintable) {
  EXPECT_EQ(quoted_text("caf=C3=A9 =3d"), "caf\xc3\xa9 =");
  EXPECT_EQ(quoted_text("soft=\r\n break= \t\r\n again=\nend="), "soft break againend");
  EXPECT_EQ(quoted_text("blanks  \t\r\nat the end \n"), "blanks\r\nat the end\n");
  EXPECT_EQ(quoted_text("a b"), "a b");
  EXPECT_EQ(quoted_text("x" + std::string(200, ' ') + "y"), "x" + std::string(200, ' ') + "y");
}

TEST(TransferDecoder, QuotedPrintableThatIsBent) {
  const Decoded d = decode(Coding::kQuotedPrintable, "1=2 =ZZ =4G =\rx= y");
  EXPECT_EQ(d.text, "1=2 =ZZ =4G x= y");
  EXPECT_TRUE(d.bad);
  EXPECT_EQ(decode(Coding::kQuotedPrintable, "=4").text, "=4");
  EXPECT_FALSE(decode(Coding::kQuotedPrintable, "=41").bad);
}

TEST(TransferDecoder, TellsOfLongLines) {
  const std::string line(76, 'A');
  EXPECT_FALSE(decode(Coding::kBase64, line + "\r\n" + line + "\r\n").long_line);
  EXPECT_TRUE(decode(Coding::kBase64, line + "A\r\n").long_line);
  EXPECT_TRUE(decode(Coding::kQuotedPrintable, line + "A").long_line);
}

TEST(TransferDecoder, KnowsItsNames) {
  EXPECT_EQ(TransferDecoder::coding(" BASE64 "), Coding::kBase64);
  EXPECT_EQ(TransferDecoder::coding("base64 (really)"), Coding::kBase64);
  EXPECT_EQ(TransferDecoder::coding("Quoted-Printable"), Coding::kQuotedPrintable);
  EXPECT_EQ(TransferDecoder::coding("8bit"), Coding::kIdentity);
  EXPECT_EQ(TransferDecoder::coding(""), Coding::kIdentity);
}

TEST(Parameter, Plain) {
  EXPECT_EQ(parameter("attachment; filename=\"a b.txt\"; x=y", "filename"), "a b.txt");
  EXPECT_EQ(parameter("attachment; filename=a.txt", "FileName"), "a.txt");
  EXPECT_EQ(parameter("attachment; filename=\"a;b\"", "filename"), "a;b");
  EXPECT_EQ(parameter("attachment; filename=\"a\\\";b\"; c=d", "c"), "d");
  EXPECT_EQ(parameter("attachment", "filename"), "");
  EXPECT_EQ(parameter("m/m;\r\n boundary=\"x\"", "boundary"), "x");
}

std::string name(std::string_view header, std::size_t room = 255) {
  std::array<std::uint8_t, 255> out;
  bool cut = false;
  const std::size_t n = decoded_parameter(header, "filename", std::span(out).first(room), cut);
  return std::string(as_text(Bytes(out).first(n))) + (cut ? "<cut>" : "");
}

TEST(Parameter, Decoded) {
  EXPECT_EQ(name("attachment; filename=\"a.txt\""), "a.txt");
  EXPECT_EQ(name("attachment; filename=\"a \\\"b\\\".txt\""), "a \"b\".txt");
  EXPECT_EQ(name("attachment; filename=\"long\r\n name\""), "long name");
  EXPECT_EQ(name("attachment"), "");
  EXPECT_EQ(name("attachment; filename=abcdef", 3), "abc<cut>");
  // RFC 2231, §3 and §4
  EXPECT_EQ(name("a; filename*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"), "This is ***fun***");
  EXPECT_EQ(name("a; filename*0=\"one \"; filename*1=two; filename*2=.zip"), "one two.zip");
  EXPECT_EQ(name("a; filename*0*=utf-8''caf%C3%A9%20; filename*1=noir; filename*2*=%2Epdf"),
            "caf\xc3\xa9 noir.pdf");
  std::string many = "a";
  for (int i = 0; i < 12; ++i) many += "; filename*" + std::to_string(i) + "=" + std::to_string(i);
  EXPECT_EQ(name(many), "01234567891011");
}

TEST(Parameter, EncodedWords) {
  // RFC 2047, §8: blanks between words are none
  EXPECT_EQ(name("a; filename=\"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?_b?=\""), "a b");
  EXPECT_EQ(name("a; filename=\"=?utf-8?B?Y2Fmw6k=?=\r\n =?utf-8?b?LnBkZg==?=\""), "caf\xc3\xa9.pdf");
  EXPECT_EQ(name("a; filename=\"=?utf-8?x?no?=\""), "=?utf-8?x?no?=");
  EXPECT_EQ(name("a; filename=\"=?utf-8?Q?half"), "\"=?utf-8?Q?half");
  EXPECT_EQ(name("a; filename=\"x =?utf-8?Q?=41=4?= y\""), "x A=4 y");
}

struct Seen final : Multipart::Sink {
  std::string log;
  bool open = false;
  void part(std::string_view headers, bool) noexcept override {
    log += "{" + std::string(part_header(headers, "a")) + "|";
  }
  void bytes(Bytes b) noexcept override { log += as_text(b); }
  void part_ends(bool complete) noexcept override { log += complete ? "}" : "}!"; }
};

TEST(Multipart, WithoutABoundaryIsOneEntity) {
  for (const std::string_view text : {"a: 1\r\nb: 2\r\n\r\nbody\n--x\n", "a: 1", "", "\r\nbody\n--x\n"}) {
    std::string first;
    for (std::size_t cut = 1; cut <= text.size() + 1; ++cut) {
      Pool pool(1 << 20);
      Multipart m(pool);
      Seen seen;
      for (std::size_t at = 0; at < text.size(); at += cut)
        EXPECT_TRUE(m.feed(as_bytes(text.substr(at, cut)), seen));
      EXPECT_TRUE(m.finish(seen, true));
      if (cut == 1) first = seen.log;
      EXPECT_EQ(seen.log, first);
    }
    const std::string want = text.empty()     ? ""
                             : text == "a: 1" ? "{1|}"
                             : text[0] == 'a' ? "{1|body\n--x\n}"
                                              : "{|body\n--x\n}";
    EXPECT_EQ(first, want);
  }
}

}  // namespace
}  // namespace picket
