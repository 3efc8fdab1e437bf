#include "parsers/opcua/opcua.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::opcua {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string u16(unsigned v) { return {static_cast<char>(v & 255), static_cast<char>(v >> 8)}; }
std::string u32(std::uint32_t v) { return u16(v & 0xffff) + u16(v >> 16); }
std::string str(std::string_view s) { return u32(static_cast<std::uint32_t>(s.size())) + std::string(s); }
const std::string kNull = u32(0xffffffff);

std::string chunk(std::string_view type, const std::string& rest, char final = 'F') {
  return std::string(type) + final + u32(static_cast<std::uint32_t>(rest.size() + 8)) + rest;
}
std::string msg(unsigned request, const std::string& body, char final = 'F', unsigned sequence = 0,
                unsigned token = 1) {
  return chunk(
      "MSG", u32(7) + u32(token) + u32(sequence == 0 ? 50 + request : sequence) + u32(request) + body, final);
}
/// A service's id, and a header: of a request `handle`, of a response also its result.
std::string ask(unsigned id, unsigned handle, const std::string& rest = "", unsigned timeout = 1000) {
  return from_hex("01 00") + u16(id) + from_hex("0000") + std::string(8, '\0') + u32(handle) + u32(0) +
         kNull + u32(timeout) + from_hex("0000 00") + rest;
}
std::string tell(unsigned id, unsigned handle, const std::string& rest = "", std::uint32_t result = 0) {
  return from_hex("01 00") + u16(id) + std::string(8, '\0') + u32(handle) + u32(result) + from_hex("00") +
         kNull + from_hex("0000 00") + rest;
}

const std::string kHello =
    chunk("HEL", u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0) + str("opc.tcp://plant:4840"));
const std::string kAck = chunk("ACK", u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0));
const std::string kNone = "http://opcfoundation.org/UA/SecurityPolicy#None";
std::string open(unsigned channel, const std::string& body, unsigned sequence = 51, unsigned request = 1) {
  return chunk("OPN", u32(channel) + str(kNone) + kNull + kNull + u32(sequence) + u32(request) + body);
}
const std::string kOpen = open(0, ask(446, 1, u32(0) + u32(0) + u32(1) + kNull + u32(3600000)));
const std::string kOpened =
    open(7, tell(449, 1, u32(0) + u32(7) + u32(1) + std::string(8, '\0') + u32(3600000) + kNull));

const std::string kSpeed = from_hex("03 0200") + str("Speed");  // ns=2;s=Speed
std::string read_of(const std::string& nodes, unsigned n, unsigned handle = 2) {
  return ask(631, handle, std::string(8, '\0') + u32(2) + u32(n) + nodes);
}
std::string read_value(const std::string& node, unsigned attribute = 13) {
  return node + u32(attribute) + kNull + from_hex("0000") + kNull;
}
std::string read_result(const std::string& values, unsigned n, unsigned handle = 2) {
  return tell(634, handle, u32(n) + values + kNull);
}
const std::string kReal = from_hex("01 0b") + from_hex("0000000000803540");  // 21.5

std::string text(const OtTransaction& tx, Direction dir) {
  std::string out(tx.operation->name);
  OtAddress a;
  for (unsigned n = 0; tx.ot->address(tx, n, a); ++n) out += " @" + printable(a.text);
  OtValue v;
  for (unsigned n = 0; tx.ot->value(tx, dir, n, v); ++n) {
    char number[32];
    std::snprintf(number, sizeof number, "%g", v.number);
    out += v.is_number ? std::string(" =") + number : " ='" + printable(v.text) + "'";
  }
  return out + (tx.failed ? " failed" : "");
}

/// "tx 0 req rep events=... operation @address =value", values of the answer if there is one.
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = [](const Transaction& t) {
    const auto& tx = static_cast<const Exchange&>(t);
    const bool writes = tx.question.is("Write") || tx.question.is("AddNodes");
    return text(tx, tx.has_answer && !writes ? reverse(tx.asked) : tx.asked);
  };
  return run(kSpec, talk, o);
}
/// One exchange in an open channel, without its number.
std::string asked(const std::string& request, const std::string& response = "") {
  Conversation talk = {to_server(kOpen), to_client(kOpened), to_server(msg(2, request))};
  if (!response.empty()) talk.push_back(to_client(msg(2, response)));
  const auto lines = brief(talk);
  return lines.size() == 2 ? lines[1].substr(5) : ::testing::PrintToString(lines);
}

TEST(Opcua, OpensReadsAndCloses) {
  const Conversation talk = {
      to_server(kHello),
      to_client(kAck),
      to_server(kOpen),
      to_client(kOpened),
      to_server(msg(2, read_of(read_value(kSpeed) + read_value(from_hex("00 55")), 2))),
      to_client(msg(2, read_result(kReal + from_hex("02") + u32(0x80340000), 2))),
      to_server(chunk("CLO", u32(7) + u32(1) + u32(53) + u32(3) + ask(452, 3)))};
  EXPECT_THAT(brief(talk), ElementsAre("tx 0 req rep open connection", "tx 1 req rep open secure channel",
                                       "tx 2 req rep read values @ns=2;s=Speed @i=85 =21.5",
                                       "tx 3 req close secure channel"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Opcua, NodeIdsInEveryForm) {
  const auto address = [](std::string_view hex) {
    const std::string said = asked(read_of(read_value(from_hex(hex)), 1));
    return said.substr(said.find('@') + 1);
  };
  EXPECT_EQ(address("00 55"), "i=85");
  EXPECT_EQ(address("01 02 0104"), "ns=2;i=1025");
  EXPECT_EQ(address("02 0300 00000100"), "ns=3;i=65536");
  EXPECT_EQ(address("03 0100 03000000 61 62 63"), "ns=1;s=abc");
  EXPECT_EQ(address("04 0100 91 2b 96 72 75 fa e6 4a 8d 28 b4 04 dc 7d af 63"),
            "ns=1;g=72962b91-fa75-4ae6-8d28-b404dc7daf63");
  EXPECT_EQ(address("05 0100 06000000 4d 49 31 32 33 34"), "ns=1;b=TUkxMjM0");
  EXPECT_EQ(address("05 0100 01000000 ff"), "ns=1;b=/w==");
  const std::string wire = from_hex("c2 0000 2a000000") + str("urn:x") + u32(3);
  Cursor c(as_bytes(wire));
  char room[64];
  EXPECT_EQ(as_text(node_text(read_node_id(c, true), room)), "svr=3;nsu=urn:x;i=42");
  EXPECT_TRUE(c.ok() && c.empty());
  Cursor plain(as_bytes(wire));
  (void)read_node_id(plain, false);
  EXPECT_FALSE(plain.ok()) << "flags that only an expanded one has";
}

TEST(Opcua, ValuesOfEveryType) {
  const auto value = [](std::string_view variant) {
    const std::string said =
        asked(read_of(read_value(kSpeed), 1), read_result(from_hex("01") + from_hex(variant), 1));
    return said.substr(said.find("Speed") + 5);
  };
  EXPECT_EQ(value("01 01"), " =1");
  EXPECT_EQ(value("02 f9"), " =-7");
  EXPECT_EQ(value("03 03"), " =3");
  EXPECT_EQ(value("04 50fb"), " =-1200");
  EXPECT_EQ(value("05 b004"), " =1200");
  EXPECT_EQ(value("06 90eefeff"), " =-70000");
  EXPECT_EQ(value("07 70110100"), " =70000");
  EXPECT_EQ(value("08 feffffffffffffff"), " =-2");
  EXPECT_EQ(value("09 0200000000000000"), " =2");
  EXPECT_EQ(value("0a 0000ac41"), " =21.5");
  EXPECT_EQ(value("0c 02000000 4142"), " ='AB'");
  // 2026-11-22 06:30 UTC, in 100 ns since 1601.
  EXPECT_EQ(value("0d 00643ee64a7add01"), " ='2026-11-22T06:30:00.000Z'");
  EXPECT_EQ(value("0d 0000000000000000"), " =''") << "no date";
  EXPECT_EQ(value("0e 912b967275fae64a8d28b404dc7daf63"), " ='72962b91-fa75-4ae6-8d28-b404dc7daf63'");
  EXPECT_EQ(value("0f 02000000 0102"), " ='\\x01\\x02'");
  EXPECT_EQ(value("11 00 55"), " ='i=85'");
  EXPECT_EQ(value("13 00003480"), " ='BadNodeIdUnknown'");
  EXPECT_EQ(value("14 0100 05000000 4d69786572"), " ='1:Mixer'");
  EXPECT_EQ(value("15 03 02000000 656e 02000000 6f6b"), " ='ok'");
  EXPECT_EQ(value("00"), "") << "null";
  EXPECT_EQ(value("86 02000000 01000000 02000000"), " =1 =2");
  EXPECT_EQ(value("c6 02000000 01000000 02000000 02000000 01000000 02000000"), " =1 =2") << "with dimensions";
  EXPECT_EQ(value("98 02000000 0601000000 0b0000000000803540"), " =1 =21.5") << "variants in a variant";
  EXPECT_EQ(value("16 01 00 7603 00"), " ='i=886'") << "an extension object without a body";
  EXPECT_EQ(value("16 01 00 7603 01 10000000 00000000000049c0 0000000000006940"), "")
      << "its fields are no values";
}

TEST(Opcua, Operations) {
  EXPECT_EQ(
      asked(ask(673, 2, u32(1) + kSpeed + u32(13) + kNull + kReal), tell(676, 2, u32(1) + u32(0) + kNull)),
      "req rep write values @ns=2;s=Speed =21.5");
  EXPECT_EQ(asked(ask(673, 2, u32(1) + kSpeed + u32(4) + kNull + kReal),
                  tell(676, 2, u32(1) + u32(0x803b0000) + kNull)),
            "req rep write attributes @ns=2;s=Speed =21.5 failed");
  EXPECT_EQ(asked(read_of(read_value(from_hex("01 00 d208")), 1)), "req read server information @i=2258");
  EXPECT_EQ(asked(read_of(read_value(kSpeed, 3), 1)), "req read attributes @ns=2;s=Speed");
  const std::string call =
      u32(1) + from_hex("01 02 0100") + from_hex("01 02 0200") + u32(1) + from_hex("06 2a000000");
  EXPECT_EQ(asked(ask(712, 2, call)), "req call method @ns=2;i=1 @ns=2;i=2 =42");
  EXPECT_EQ(asked(ask(712, 2, call),
                  tell(715, 2, u32(1) + u32(0) + kNull + kNull + u32(1) + from_hex("01 01") + kNull)),
            "req rep call method @ns=2;i=1 @ns=2;i=2 =1");
  const std::string ack = u32(1) + from_hex("01 02 0100") + from_hex("01 00 9723") + kNull;
  EXPECT_EQ(asked(ask(712, 2, ack)), "req acknowledge alarm @ns=2;i=1 @i=9111");
  EXPECT_EQ(asked(ask(500, 2, u32(1) + kSpeed + from_hex("01"))), "req delete nodes @ns=2;s=Speed");
  const std::string deletes = from_hex("01 00 b002 01") + u32(29) + kSpeed + std::string(1 + 16, '\0');
  EXPECT_EQ(asked(ask(700, 2, u32(1) + deletes)), "req delete history @ns=2;s=Speed");
  EXPECT_EQ(asked(ask(467, 2,
                      kNull + kNull + kNull + kNull + from_hex("01 00 4401 01") + u32(23) + kNull +
                          str("me") + str("pw") + str("") + std::string(3, '\0') + kNull + kNull))
                .substr(0, 46),
            "req events=password_in_clear activate session ");
}

TEST(Opcua, AnUnknownServiceIsNamed) { EXPECT_EQ(asked(ask(1, 2)), "req events=unknown_service service"); }

TEST(Opcua, FaultsAndMismatches) {
  const std::string q = read_of(read_value(kSpeed), 1);
  EXPECT_EQ(asked(q, tell(397, 2, "", 0x80250000)), "req rep read values @ns=2;s=Speed failed");
  EXPECT_EQ(asked(q, tell(676, 2, u32(1) + u32(0) + kNull)),
            "req rep events=mismatch read values @ns=2;s=Speed");
  EXPECT_EQ(asked(q, read_result(kReal, 1, 9)),
            "req rep events=handle_mismatch read values @ns=2;s=Speed =21.5");
  EXPECT_THAT(brief({to_server(kOpen), to_client(kOpened), to_client(msg(9, read_result(kReal, 1)))}),
              ElementsAre("tx 0 req rep open secure channel",
                          HasSubstr("tx 1 rep events=sequence_gap,unsolicited_response read values =21.5")));
}

TEST(Opcua, ErrorsAndReverseHello) {
  EXPECT_THAT(brief({to_server(kHello), to_client(chunk("ERR", u32(0x80830000) + str("no such endpoint")))}),
              ElementsAre("tx 0 req rep open connection failed"));
  // The server connects; its peer is the client all the same.
  EXPECT_THAT(
      brief({to_server(chunk("RHE", str("urn:plant") + str("opc.tcp://plant"))), to_client(kHello),
             to_server(kAck), to_client(kOpen), to_server(kOpened),
             to_client(msg(2, read_of(read_value(kSpeed), 1))), to_server(msg(2, read_result(kReal, 1)))}),
      ElementsAre("tx 0 req offer connection", "tx 1 req rep open connection",
                  "tx 2 req rep open secure channel", "tx 3 req rep read values @ns=2;s=Speed =21.5"));
}

TEST(Opcua, MessagesInChunks) {
  const std::string q = read_of(read_value(kSpeed), 1);
  const auto pieces = [&](std::string_view last_final) {
    return msg(2, q.substr(0, 20), 'C', 52) + msg(2, q.substr(20, 5), 'C', 53) +
           msg(2, q.substr(25), last_final[0], 54);
  };
  const Conversation talk = {to_server(kOpen), to_client(kOpened), to_server(pieces("F")),
                             to_client(msg(2, read_result(kReal, 1)))};
  EXPECT_THAT(brief(talk), ElementsAre("tx 0 req rep open secure channel",
                                       "tx 1 req rep read values @ns=2;s=Speed =21.5"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  // Given up by its sender.
  EXPECT_THAT(brief({to_server(kOpen), to_client(kOpened),
                     to_server(msg(2, q.substr(0, 20), 'C', 52) +
                               msg(2, u32(0x80800000) + str("too large"), 'A', 53))}),
              ElementsAre("tx 0 req rep open secure channel", "tx 1 req events=aborted read values failed"));
  // A limit.
  HarnessOptions o;
  o.limits["message-limit"] = 8192;
  const std::string big(9000, 'x');
  EXPECT_THAT(brief({to_server(kOpen), to_client(kOpened),
                     to_server(msg(2, q + big, 'C', 52) + msg(2, "y", 'F', 53) + msg(3, q, 'F', 54))},
                    o),
              ElementsAre("tx 0 req rep open secure channel", "event > too_large", "tx 1 req read values",
                          "tx 2 req read values @ns=2;s=Speed"));
  // Another message before the end of one.
  EXPECT_THAT(brief({to_server(kOpen), to_client(kOpened),
                     to_server(msg(2, q.substr(0, 20), 'C', 52) + msg(3, q, 'F', 53))}),
              ::testing::Contains("event > incomplete_message"));
}

TEST(Opcua, SequenceNumbersAreFollowed) {
  const std::string q = read_of(read_value(kSpeed), 1);
  const auto third = [&](unsigned first, unsigned second) {
    const auto lines =
        brief({to_server(open(0, ask(446, 1, u32(0) + u32(0) + u32(1) + kNull + u32(1)), first)),
               to_client(kOpened), to_server(msg(2, q, 'F', second))});
    return lines.size() == 2 ? lines[1] : "lines";
  };
  EXPECT_EQ(third(51, 52), "tx 1 req read values @ns=2;s=Speed");
  EXPECT_EQ(third(51, 53), "tx 1 req events=sequence_gap read values @ns=2;s=Speed");
  EXPECT_EQ(third(51, 51), "tx 1 req events=sequence_duplicate read values @ns=2;s=Speed");
  EXPECT_EQ(third(0xfffffbff, 1), "tx 1 req read values @ns=2;s=Speed") << "it begins again";
}

TEST(Opcua, ChannelsAndTokens) {
  const std::string q = read_of(read_value(kSpeed), 1);
  EXPECT_THAT(brief({to_server(kOpen), to_client(kOpened), to_server(msg(2, q, 'F', 52, 9))}),
              ElementsAre("tx 0 req rep open secure channel",
                          "tx 1 req events=unknown_token read values @ns=2;s=Speed"));
  // The old token is good for a while after it was renewed.
  const std::string renew = open(7, ask(446, 5, u32(0) + u32(1) + u32(1) + kNull + u32(3600000)), 52, 5);
  const std::string renewed =
      open(7, tell(449, 5, u32(0) + u32(7) + u32(2) + std::string(8, '\0') + u32(3600000) + kNull), 52, 5);
  EXPECT_THAT(brief({to_server(kOpen), to_client(kOpened), to_server(renew), to_client(renewed),
                     to_server(msg(6, q, 'F', 53, 1) + msg(7, q, 'F', 54, 2))}),
              ElementsAre("tx 0 req rep open secure channel", "tx 1 req rep renew secure channel",
                          "tx 2 req read values @ns=2;s=Speed", "tx 3 req read values @ns=2;s=Speed"));
}

/// Policy Basic256Sha256: OPN cannot be read; the first message shows whether the others can.
TEST(Opcua, SignedAndEncrypted) {
  const std::string uri = str("http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256");
  const std::string cert = str(from_hex("30 03 02 01 01")), thumb = str(std::string(20, 't'));
  const auto opn = [&](unsigned channel) {
    return chunk("OPN", u32(channel) + uri + cert + thumb + std::string(256, '\xe7'));
  };
  const std::string signature(32, 's');
  const Conversation sign = {to_server(opn(0)), to_client(opn(7)),
                             to_server(msg(2, read_of(read_value(kSpeed), 1) + signature)),
                             to_client(msg(2, read_result(kReal, 1) + signature))};
  EXPECT_THAT(brief(sign), ElementsAre("tx 0 req rep open secure channel",
                                       "tx 1 req rep read values @ns=2;s=Speed =21.5"));
  EXPECT_EQ(check_every_split(kSpec, sign), "");
  const std::string hidden = chunk("MSG", u32(7) + u32(1) + std::string(120, '\xa9'));
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    const auto& x = static_cast<const Exchange&>(t);
    return text(x, x.asked) + " " + std::string(x.mode) + " " + std::string(x.policy) + " " +
           std::to_string(x.hidden.chunks[0]) + "/" + std::to_string(x.hidden.bytes[1]);
  };
  const Conversation encrypt = {to_server(opn(0)), to_client(opn(7)), to_server(hidden + hidden),
                                to_client(hidden),
                                to_server(chunk("CLO", u32(7) + u32(1) + std::string(64, '\xb1')))};
  EXPECT_THAT(run(kSpec, encrypt, o),
              ElementsAre("tx 0 req rep open secure channel  Basic256Sha256 0/0",
                          "tx 1 req rep encrypted messages SignAndEncrypt Basic256Sha256 3/136"));
  EXPECT_EQ(check_every_split(kSpec, encrypt), "");
  EXPECT_EQ(check_every_truncation(kSpec, encrypt), "");
}

/// Notifications have numbers of the client's own; which node each is was said when it was asked for.
TEST(Opcua, NotificationsAreToldByNode) {
  const std::string item = read_value(kSpeed) + u32(2) + u32(33) + std::string(8, '\0') +
                           from_hex("0000 00") + u32(1) + from_hex("01");
  const std::string create = ask(751, 2, u32(5) + u32(2) + u32(1) + item);
  const std::string created =
      tell(754, 2, u32(1) + u32(0) + u32(1) + std::string(8, '\0') + u32(1) + from_hex("0000 00") + kNull);
  const auto notification = [](unsigned handle) {
    const std::string data = u32(1) + u32(handle) + kReal + kNull;
    return tell(829, 3,
                u32(5) + kNull + from_hex("00") + u32(1) + std::string(8, '\0') + u32(1) +
                    from_hex("01 00 2b03 01") + str(data) + kNull + kNull);
  };
  EXPECT_THAT(
      brief({to_server(kOpen), to_client(kOpened), to_server(msg(2, create)), to_client(msg(2, created)),
             to_server(msg(3, ask(826, 3, kNull)) + msg(4, ask(826, 3, kNull))),
             to_client(msg(3, notification(33)) + msg(4, notification(34)))}),
      ElementsAre("tx 0 req rep open secure channel", "tx 1 req rep create monitored items @ns=2;s=Speed",
                  "tx 2 req rep publish @ns=2;s=Speed =21.5",
                  "tx 3 req rep publish @client handle 34 =21.5"));
}

TEST(Opcua, NamesWhatIsWrong) {
  const std::string q = read_of(read_value(kSpeed), 1);
  EXPECT_THAT(asked(q.substr(0, q.size() - 1)), HasSubstr("events=invalid_message"));
  EXPECT_THAT(asked(q + "x"), HasSubstr("events=trailing_bytes"));
  EXPECT_THAT(asked(read_of(read_value(kSpeed), 1'000'000)), HasSubstr("events=invalid_message"))
      << "more elements than bytes";
  // Variants inside of variants.
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += from_hex("98 01000000");
  EXPECT_THAT(asked(q, read_result(from_hex("01") + deep + from_hex("01 01"), 1)),
              HasSubstr("events=too_deep"));
  EXPECT_THAT(
      brief({to_server(chunk("HEL", u32(0) + u32(8192) + u32(8192) + u32(0) + u32(0) + str("x") + "y"))}),
      ElementsAre("tx 0 req events=invalid_hello open connection"));
}

TEST(Opcua, GoesOnBehindGarbageAndGaps) {
  const std::string q = read_of(read_value(kSpeed), 1);
  const Conversation garbage = {to_server(kOpen), to_client(kOpened),
                                to_server("MSGX\x10\x20 HEL garbage" + msg(2, q)),
                                to_client("\xff\xfe" + msg(2, read_result(kReal, 1)))};
  EXPECT_THAT(brief(garbage), ElementsAre("tx 0 req rep open secure channel", "event > invalid_header",
                                          "event > lost_sync", "event < invalid_header", "event < lost_sync",
                                          "tx 1 req rep read values @ns=2;s=Speed =21.5"));
  EXPECT_EQ(check_every_split(kSpec, garbage), "");
  EXPECT_THAT(
      brief({to_server(kOpen), to_client(kOpened), to_server(msg(2, q).substr(0, 30)),
             gap(Direction::kToServer, 100), to_server(msg(3, q).substr(40) + msg(4, q))}),
      ElementsAre("tx 0 req rep open secure channel", "event > gap", "tx 1 req read values @ns=2;s=Speed"));
  EXPECT_THAT(brief({to_server(chunk("MSG", std::string(200, 'x')).replace(4, 4, u32(200'000)) + kHello)}),
              ElementsAre("event > invalid_size", "event > lost_sync", "tx 0 req open connection"));
}

TEST(Opcua, LimitsOfWhatWaits) {
  HarnessOptions o;
  o.limits["request-flood"] = 2;
  const std::string q = read_of(read_value(kSpeed), 1);
  EXPECT_THAT(brief({to_server(msg(1, q) + msg(2, q) + msg(3, q))}, o),
              ElementsAre(HasSubstr("tx 0 req events=flooded"), HasSubstr("tx 1"), HasSubstr("tx 2")));
  EXPECT_THAT(brief({to_server(msg(1, q) + msg(1, q, 'F', 52))}),
              ::testing::Contains(HasSubstr("events=reused_request_id")));
  HarnessOptions slow;
  slow.step_ns = 100'000'000'000;
  // Publish waits for ever, a request with a hint for as long as that says.
  EXPECT_THAT(brief({to_server(msg(1, q) + msg(2, ask(826, 3, kNull)) +
                               msg(3, ask(631, 2, std::string(8, '\0') + u32(2) + kNull, 500'000))),
                     to_client(msg(9, read_result(kReal, 1)))},
                    slow),
              ElementsAre(HasSubstr("tx 0 req events=no_reply"), HasSubstr("unsolicited"),
                          HasSubstr("tx 1 req publish"), HasSubstr("tx 2 req read")));
}

TEST(Opcua, ProbeIsSureOrSaysNo) {
  const auto ask_probe = [](std::string_view s) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(s));
  };
  for (const std::string first : {kHello, kAck, kOpen, kOpened, msg(2, read_of(read_value(kSpeed), 1)),
                                  chunk("ERR", u32(0x80010000) + str("no"))}) {
    EXPECT_EQ(ask_probe(first), Probe::kYes);
    Probe last = Probe::kUnsure;
    for (std::size_t n = 0; n <= first.size(); ++n) {
      const Probe p = ask_probe(first.substr(0, n));
      EXPECT_NE(p, Probe::kNo) << n;
      EXPECT_FALSE(last == Probe::kYes && p != Probe::kYes) << "it changed its mind at " << n;
      last = p;
    }
  }
  for (const char* no : {"GET / HTTP/1.1\r\n", "HELO mail.example\r\n", "MSGF hello there, whatever this is",
                         "ERROR 500", "OPNF\x20\0\0\0", "HELF\x10", "MSG 1234"}) {
    const std::string s(no);
    EXPECT_NE(ask_probe(s + std::string(64, ' ')), Probe::kYes) << no;
  }
  EXPECT_EQ(ask_probe("HELO mail.example\r\n"), Probe::kNo);
}

TEST(Opcua, NamesOfNumbers) {
  EXPECT_EQ(status_name(0), "Good");
  EXPECT_EQ(status_name(0x80340000), "BadNodeIdUnknown");
  EXPECT_EQ(status_name(0x80340400), "BadNodeIdUnknown") << "flags do not matter";
  EXPECT_EQ(status_name(0x9fff0000), "Bad");
  std::uint64_t n = 0;
  EXPECT_TRUE(status_by_name("baduseraccessdenied", n));
  EXPECT_EQ(n, 0x801f0000u);
  EXPECT_TRUE(service_by_name("Call", n));
  EXPECT_EQ(n, 712u);
  EXPECT_EQ(policy_of(as_bytes("http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss"))->signature,
            32);
  EXPECT_EQ(policy_of(as_bytes("urn:other#Thing")), nullptr);
}

}  // namespace
}  // namespace picket::opcua
