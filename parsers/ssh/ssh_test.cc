#include "parsers/ssh/ssh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::ssh {

extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

std::string u32(std::size_t n) {
  std::string s;
  for (int shift = 24; shift >= 0; shift -= 8) s.push_back(static_cast<char>(n >> shift));
  return s;
}
std::string field(std::string_view s) { return u32(s.size()) + std::string(s); }
std::string packet(std::string_view payload, std::size_t padding = 4) {
  std::string s = u32(1 + payload.size() + padding);
  s.push_back(static_cast<char>(padding));
  return s + std::string(payload) + std::string(padding, 'p');
}
/// Ten lists, in the order of the standard.
std::string kexinit(const std::vector<std::string>& lists, bool guess = false) {
  std::string s = "\x14" + std::string(16, 'c');
  for (const std::string& l : lists) s += field(l);
  s.push_back(guess ? 1 : 0);
  return s + std::string(4, '\0');
}

const std::string kClientKex =
    kexinit({"k1,k2,kex-strict-c-v00@openssh.com", "ssh-rsa,ssh-ed25519", "aes-a,aes-b", "aes-c,aes-d",
             "mac-a", "mac-b", "none,zlib", "zlib", "", ""});
const std::string kServerKex = kexinit({"k2,k1,kex-strict-s-v00@openssh.com", "ssh-ed25519", "aes-b", "aes-d",
                                        "mac-x,mac-a", "mac-b", "none", "none", "", ""});
const std::string kKey = field(field("ssh-ed25519") + field(std::string(32, 'K')));
const std::string kNewKeys = "\x15";

const Conversation kTalk = {
    to_client("SSH-2.0-srv_1.0 Debian-3\r\n"),
    to_server("SSH-2.0-cli_2.0\r\n" + packet(kClientKex)),
    to_client(packet(kServerKex)),
    to_server(packet("\x1e" + field("e"))),
    to_client(packet("\x1f" + kKey + field("f") + field("signature")) + packet(kNewKeys)),
    to_server(packet(kNewKeys) + "encrypted from here on"),
    to_client("encrypted, too"),
};

std::string describe(const Transaction& t) {
  const Tx& tx = static_cast<const Tx&>(t);
  std::string out;
  for (const TxSide& s : tx.sides) {
    out += "[" + std::string(as_text(s.proto)) + "|" + std::string(as_text(s.software)) + "|" +
           std::string(as_text(s.comments)) + "|" + (s.has_kex() ? "kex" : "") + "]";
  }
  out += " key=" + std::to_string(tx.host_key.size());
  if (tx.disconnect.present) {
    out += " disconnect=" + std::to_string(tx.disconnect.reason) + ":" +
           std::string(tx.disconnect.message.text());
  }
  return out + (tx.encrypted ? " encrypted" : "");
}
HarnessOptions described() {
  HarnessOptions o;
  o.describe = describe;
  return o;
}

TEST(Ssh, ReadsWhatComesBeforeEncryption) {
  EXPECT_THAT(
      run(kSpec, kTalk),
      ElementsAre("tx 0 req rep ssh.hassh=f57bf35dea2a48c90c06ecf3a07e4300 "
                  "ssh.hassh.string=k1,k2,kex-strict-c-v00@openssh.com;aes-a,aes-b;mac-a;none,zlib "
                  "ssh.proto=2.0 ssh.software=cli_2.0 ssh.hassh.server=8411494c9e19b023dbad5e6d3f45c128 "
                  "ssh.hassh.server.string="
                  "k2,k1,kex-strict-s-v00@openssh.com;aes-d;mac-b;none ssh.proto=2.0 ssh.software=srv_1.0"));
  EXPECT_THAT(run(kSpec, kTalk, described()),
              ElementsAre("tx 0 req rep [2.0|cli_2.0||kex][2.0|srv_1.0|Debian-3|kex] key=51 encrypted"));
}

TEST(Ssh, WantsNothingOnceEncrypted) {
  ParserRun r(kSpec);
  for (const auto& turn : kTalk) r.play(turn);
  EXPECT_TRUE(r.gave_up(Direction::kToServer));
  EXPECT_TRUE(r.gave_up(Direction::kToClient));
  EXPECT_EQ(r.lines().size(), 1u) << "done before the flow ends";
}

TEST(Ssh, DoesNotCareHowSegmentsFall) {
  EXPECT_EQ(check_every_split(kSpec, kTalk), "");
  EXPECT_EQ(check_every_truncation(kSpec, kTalk), "");
  const Conversation odd = {to_client("Hello\r\nthere\nSSH-1.99-s\n"),
                            to_server("SSH-2.0-" + std::string(300, 'x') + "\r\n"),
                            to_server(packet("\x02" + field(std::string(100, 'i')))),
                            to_server(packet(kClientKex)), to_server(packet("\x01" + u32(2) + field("bye")))};
  EXPECT_EQ(check_every_split(kSpec, odd, described()), "");
  EXPECT_EQ(check_every_truncation(kSpec, odd), "");
}

TEST(Ssh, ServerMayGreetBeforeItsBanner) {
  EXPECT_THAT(run(kSpec, {to_client("Hello\r\n\nSSH-2.0-s\r\n")}, described()),
              ElementsAre("tx 0 rep [|||][2.0|s||] key=0"));
  // But not for ever, and a client not at all.
  HarnessOptions two = described();
  two.limits["banner-lines"] = 2;
  EXPECT_THAT(run(kSpec, {to_client("1\n2\nSSH-2.0-s\n")}, two),
              ElementsAre("tx 0 rep [|||][2.0|s||] key=0"));
  ParserRun r(kSpec, two);
  r.feed(Direction::kToClient, "1\n2\n3\nSSH-2.0-s\n");
  r.feed(Direction::kToServer, "hello\nSSH-2.0-c\n");
  r.close();
  EXPECT_EQ(r.events().at("invalid_banner"), 1u) << "told once a flow";
  EXPECT_TRUE(r.violations().empty());
  EXPECT_TRUE(r.gave_up(Direction::kToClient));
}

TEST(Ssh, LongLinesAreCut) {
  const std::string x(300, 'x');
  EXPECT_THAT(run(kSpec, {to_server("SSH-2.0-" + x + "\r\n"), to_server(packet(kClientKex))}, described()),
              ElementsAre("tx 0 req events=long_banner [2.0|" + x.substr(0, 248) + "||kex][|||] key=0"));
  // Up to the limit nothing is wrong: 248 + 7 + LF.
  EXPECT_THAT(run(kSpec, {to_server("SSH-2.0-" + x.substr(0, 247) + "\n")}, described()),
              ElementsAre("tx 0 req [2.0|" + x.substr(0, 247) + "||][|||] key=0"));
  EXPECT_THAT(run(kSpec, {to_client(x + "\nSSH-2.0-s\n")}, described()),
              ElementsAre("tx 0 rep [|||][2.0|s||] key=0"));
}

TEST(Ssh, BannersThatAreNone) {
  EXPECT_THAT(run(kSpec, {to_server("SSH-nothing\r\n")}, described()),
              ElementsAre("tx 0 req events=invalid_banner [|||][|||] key=0"));
  EXPECT_THAT(run(kSpec, {to_server("SSH-2.0-\r\n")}, described()),
              ElementsAre("tx 0 req [2.0|||][|||] key=0"));
}

TEST(Ssh, Version1IsNotRead) {
  EXPECT_THAT(
      run(kSpec, {to_server("SSH-1.5-old\n"), to_client("SSH-1.99-new\n"), to_client(std::string(8, '\0'))},
          described()),
      ElementsAre("tx 0 req rep [1.5|old||][1.99|new||] key=0"));
}

TEST(Ssh, NamesWhatIsWrongWithPackets) {
  const auto after = [](const std::string& bytes) {
    return run(kSpec, {to_server("SSH-2.0-c\n" + bytes)}, described());
  };
  const std::string plain = " [2.0|c||][|||] key=0";
  EXPECT_THAT(after(std::string(8, '\0')), ElementsAre("tx 0 req events=invalid_record" + plain));
  EXPECT_THAT(after("GET / HTTP/1.1"), ElementsAre("tx 0 req events=invalid_record" + plain));
  EXPECT_THAT(after(u32(6) + "\x05\x14"), ElementsAre("tx 0 req events=invalid_record" + plain))
      << "nothing but padding";
  EXPECT_THAT(after(packet(kClientKex.substr(0, 40))), ElementsAre("tx 0 req events=invalid_kex" + plain));
  std::string huge = kexinit({std::string(40000, 'k'), "", "", "", "", "", "", "", "", ""});
  EXPECT_THAT(after(packet(huge) + packet(kClientKex)),
              ElementsAre("tx 0 req events=long_kex_record [2.0|c||kex][|||] key=0"))
      << "it is passed over, and what follows is read";
  std::string many;
  for (std::size_t i = 0; i <= kMaxNames; ++i) many += "a,";
  EXPECT_THAT(after(packet(kexinit({many, "", "", "", "", "", "", "", "", ""}))),
              ElementsAre("tx 0 req events=too_many_algorithms [2.0|c||kex][|||] key=0"));
}

TEST(Ssh, TellsWhyASideLeft) {
  EXPECT_THAT(
      run(kSpec, {to_client("SSH-2.0-s\n" + packet("\x01" + u32(3) + field("no cipher")))}, described()),
      ElementsAre("tx 0 rep [|||][2.0|s||] key=0 disconnect=3:no cipher"));
}

TEST(Ssh, TheGroupExchangeHasItsKeyLater) {
  const std::string group = "\x1f" + field(std::string("\x00\xff\x01", 3)) + field("\x02");
  EXPECT_THAT(run(kSpec, {to_client("SSH-2.0-s\n" + packet(group) + packet("\x21" + kKey))}, described()),
              ElementsAre("tx 0 rep [|||][2.0|s||] key=51"));
}

TEST(Ssh, GapsEndASideUnlessItsPacketIsWalkedOver) {
  EXPECT_THAT(
      run(kSpec, {to_server("SSH-2.0-c\n"), gap(Direction::kToServer, 10), to_server(packet(kClientKex))},
          described()),
      ElementsAre("tx 0 req events=gap [2.0|c||][|||] key=0"));
  const std::string debug = packet("\x04" + std::string(100, 'd'));
  EXPECT_THAT(run(kSpec,
                  {to_server("SSH-2.0-c\n" + debug.substr(0, 50)),
                   gap(Direction::kToServer, debug.size() - 50), to_server(packet(kClientKex))},
                  described()),
              ElementsAre("tx 0 req events=gap [2.0|c||kex][|||] key=0"));
}

TEST(Ssh, MemoryThatRunsOutIsNamed) {
  for (std::size_t bytes = 256 << 10; bytes <= 1 << 20; bytes += 256 << 10) {
    HarnessOptions o;
    o.pool_bytes = bytes;
    ParserRun r(kSpec, o);
    for (const auto& turn : kTalk) r.play(turn);
    r.close();
    EXPECT_TRUE(r.violations().empty());
  }
}

TEST(Ssh, ProbesByTheFirstFourBytes) {
  const auto p = [](std::string_view s) { return probe(Transport::kTcp, Direction::kToClient, as_bytes(s)); };
  EXPECT_EQ(p(""), Probe::kUnsure);
  EXPECT_EQ(p("SSH"), Probe::kUnsure);
  EXPECT_EQ(p("SSH-2.0-x"), Probe::kYes);
  EXPECT_EQ(p("SSL"), Probe::kNo);
  EXPECT_EQ(p("220 "), Probe::kNo);
}

TEST(Ssh, ChoosesAsTheStandardSays) {
  EXPECT_EQ(as_text(choose(as_bytes("a,b,c"), as_bytes("c,b"))), "b") << "the client's order counts";
  EXPECT_EQ(as_text(choose(as_bytes("a"), as_bytes("aa,b"))), "");
  EXPECT_EQ(as_text(choose(as_bytes(",a"), as_bytes(",a"))), "a");
  Kex client, server;
  ASSERT_TRUE(parse_kex(as_bytes(kClientKex), client));
  ASSERT_TRUE(parse_kex(as_bytes(kServerKex), server));
  EXPECT_TRUE(is_strict(client, server));
  EXPECT_FALSE(is_strict(server, client));
  EXPECT_FALSE(client.guess_follows);
  ASSERT_TRUE(parse_kex(as_bytes(kexinit(std::vector<std::string>(10), true)), client));
  EXPECT_TRUE(client.guess_follows);
  EXPECT_EQ(count_names(as_bytes("a,b")), 2u);
  EXPECT_EQ(count_names({}), 0u);
}

bool matches(std::string_view keyword, std::string_view argument) {
  for (const KeywordDef& k : kKeywords) {
    if (k.name != keyword) continue;
    const auto m = k.parse(argument);
    if (!m) return false;
    Pool pool(1 << 20);
    Tx tx(pool);
    EXPECT_TRUE(tx.sides[1].banner.append(as_bytes("SSH-1.99-OpenSSH_9.2 x")));
    EXPECT_TRUE(parse_banner(tx.sides[1].banner.view(), tx.sides[1]));
    return m.value()->match(tx, Direction::kToClient);
  }
  return false;
}

TEST(Ssh, KeywordsOfVersionsAreExact) {
  EXPECT_TRUE(matches("ssh.protoversion", "1.99"));
  EXPECT_TRUE(matches("ssh.protoversion", "\"1.99\""));
  EXPECT_TRUE(matches("ssh.protoversion", "2_compat"));
  EXPECT_FALSE(matches("ssh.protoversion", "1.9"));
  EXPECT_FALSE(matches("ssh.protoversion", "2.0"));
  EXPECT_TRUE(matches("ssh.softwareversion", "OpenSSH_9.2"));
  EXPECT_FALSE(matches("ssh.softwareversion", "OpenSSH"));
  for (const KeywordDef& k : kKeywords) EXPECT_FALSE(k.parse("").has_value());
  EXPECT_NE(kKeywords[0].parse("two").error().message.find("2_compat"), std::string::npos);
}

}  // namespace
}  // namespace picket::ssh
