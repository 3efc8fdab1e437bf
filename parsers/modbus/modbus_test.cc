#include "parsers/modbus/modbus_umas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::modbus {
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

/// A frame of unit 1; `pdu` in hexadecimal, function first.
std::string frame(unsigned transaction, std::string_view pdu, unsigned unit = 1) {
  const std::string body = from_hex(pdu);
  const auto u16 = [](std::size_t v) { return std::string{static_cast<char>(v >> 8), static_cast<char>(v)}; };
  return u16(transaction) + u16(0) + u16(body.size() + 1) + static_cast<char>(unit) + body;
}

Message read(Direction dir, std::string_view pdu, unsigned unit = 1) {
  static std::string bytes;  // the message borrows
  bytes = frame(1, pdu, unit);
  Cursor in(as_bytes(bytes));
  Frame f;
  EXPECT_EQ(parse(in, f).kind, ParseResult::Kind::kDone);
  EXPECT_TRUE(in.empty());
  return interpret(f, dir);
}
Message request(std::string_view pdu) { return read(Direction::kToServer, pdu); }
Message reply(std::string_view pdu) { return read(Direction::kToClient, pdu); }
unsigned request_problems(std::string_view pdu) { return request(pdu).problems; }
unsigned reply_problems(std::string_view pdu) { return reply(pdu).problems; }

/// "tx 0 req rep events=... " with only what the tests below look at.
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = [](const Transaction& tx) {
    const auto& x = static_cast<const Exchange&>(tx);
    std::string out =
        "t" + std::to_string(x.has_request ? x.request.frame.transaction : x.reply.frame.transaction);
    if (x.has_request) out += " q" + std::to_string(x.request.frame.function);
    if (x.has_reply) out += " r" + std::to_string(x.reply.frame.function);
    return out;
  };
  return run(kSpec, talk, o);
}

const std::string kAsk = "03 0064 0002";
const std::string kTell = "03 04 1234 5678";

TEST(Modbus, ReplyFindsItsRequest) {
  EXPECT_THAT(
      run(kSpec, {to_server(frame(7, kAsk)), to_client(frame(7, kTell))}),
      ElementsAre("tx 0 req rep modbus.data=\\x00d\\x00\\x02 modbus.unit=1 modbus.transaction_id=7 "
                  "modbus.protocol_id=0 modbus.function=3 modbus.read.address=100 modbus.read.quantity=2 "
                  "modbus.data=\\x04\\x124Vx modbus.unit=1 modbus.transaction_id=7 modbus.protocol_id=0 "
                  "modbus.function=3 modbus.read.value=4660 modbus.read.value=22136"));
  // Out of order, two units under one transaction number, an exception.
  EXPECT_THAT(brief({to_server(frame(1, kAsk) + frame(2, kAsk) + frame(2, kAsk, 9)),
                     to_client(frame(2, kTell, 9) + frame(2, "83 02") + frame(1, kTell))}),
              ElementsAre("tx 2 req rep t2 q3 r3", "tx 1 req rep t2 q3 r131", "tx 0 req rep t1 q3 r3"));
}

TEST(Modbus, WhatIsNotAnsweredIsARecordAllTheSame) {
  EXPECT_THAT(brief({to_server(frame(1, kAsk))}), ElementsAre("tx 0 req t1 q3"));
  EXPECT_THAT(brief({to_server(frame(1, kAsk)), end(Direction::kToClient), to_server(frame(2, kAsk))}),
              ElementsAre("tx 0 req t1 q3", "tx 1 req t2 q3"));
  HarnessOptions slow;
  slow.step_ns = 61'000'000'000;
  EXPECT_THAT(brief({to_server(frame(1, kAsk)), to_client(frame(1, kTell))}, slow),
              ElementsAre("tx 0 req events=no_reply t1 q3", "tx 1 rep events=unsolicited_response t1 r3"));
}

TEST(Modbus, OneSideAloneIsNothingOdd) {
  EXPECT_THAT(brief({to_client(frame(1, kTell) + frame(2, kTell))}),
              ElementsAre("tx 0 rep t1 r3", "tx 1 rep t2 r3"));
  EXPECT_THAT(brief({to_server(frame(1, kAsk)), to_client(frame(2, kTell) + frame(1, "04 04 1234 5678"))}),
              ElementsAre("tx 1 rep events=unsolicited_response t2 r3",
                          "tx 2 rep events=unsolicited_response t1 r4", "tx 0 req t1 q3"));
}

TEST(Modbus, AFloodGivesUpTheOldest) {
  HarnessOptions o;
  o.limits["request-flood"] = 2;
  EXPECT_THAT(
      brief({to_server(frame(1, kAsk) + frame(2, kAsk) + frame(3, kAsk)), to_client(frame(3, kTell))}, o),
      ElementsAre("tx 0 req events=flooded t1 q3", "tx 2 req rep t3 q3 r3", "tx 1 req t2 q3"));
}

/// Requests whose numbers fall together cost a reply no more than a bounded search.
TEST(Modbus, AReplyIsHeldAgainstTheNewestOfItsBucket) {
  std::string asks;
  for (unsigned i = 0; i < 60; ++i) asks += frame(7, kAsk, i < 20 ? 1 : 65);
  const auto lines = brief({to_server(asks), to_client(frame(7, kTell))});
  ASSERT_EQ(lines.size(), 61U);
  EXPECT_EQ(lines[0].substr(0, 33), "tx 60 rep events=unsolicited_resp")
      << "unsolicited: its requests lie behind 32 others";
  const auto near = brief({to_server(asks), to_client(frame(7, kTell, 65))});
  ASSERT_EQ(near.size(), 60U);
  EXPECT_EQ(near[0].substr(0, 13), "tx 28 req rep") << "the oldest of the 32";
}

TEST(Modbus, DoesNotCareHowSegmentsFall) {
  const Conversation talk = {
      to_server(frame(1, kAsk) + frame(2, "10 0001 0002 04 000a 0102")),
      to_client(frame(1, kTell) + frame(2, "10 0001 0002")),
      to_server(from_hex("ffff 0000 0000 01 03") + frame(3, "2b 0e 01 00")),
      to_client(frame(3, "2b 0e 01 01 00 00 02 00 03 414243 01 02 4445") + frame(4, "5a 00 02")),
  };
  EXPECT_THAT(brief(talk),
              ElementsAre("tx 0 req rep t1 q3 r3", "tx 1 req rep t2 q16 r16", "event > invalid_length",
                          "event > lost_sync", "tx 2 req rep t3 q43 r43",
                          "tx 3 rep events=unsolicited_response t4 r90"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Modbus, ABadFrameNeverEndsTheFlow) {
  const std::string good = frame(9, kAsk);
  for (const std::string& bad : {
           from_hex("0001 0000 0001 01 03 0000 0001"),  // length 1
           from_hex("0001 0000 00ff 01 03 0000 0001"),  // length 255
           from_hex("0001 4242 0006 01 63 0000 0001"),  // another protocol, an unknown function
           std::string(40, '\xff'),
           std::string("GET / HTTP/1.0\r\n\r\n"),
       }) {
    EXPECT_THAT(
        brief({to_server(frame(1, kAsk) + bad + good)}),
        ElementsAre(HasSubstr("event > invalid_"), "event > lost_sync", "tx 0 req t1 q3", "tx 1 req t9 q3"))
        << printable(as_bytes(bad));
    EXPECT_EQ(check_every_split(kSpec, {to_server(frame(1, kAsk) + bad + good)}), "");
  }
  // Only the number is wrong: it stays a frame.
  std::string wrong_protocol = frame(1, kAsk);
  wrong_protocol[3] = 1;
  EXPECT_THAT(brief({to_server(wrong_protocol + good)}),
              ElementsAre("tx 0 req events=invalid_protocol_id t1 q3", "tx 1 req t9 q3"));
  // Too short for its function: a record, and the next frame is found by the length.
  EXPECT_THAT(brief({to_server(frame(1, "03 00") + good)}),
              ElementsAre("tx 0 req events=invalid_length t1 q3", "tx 1 req t9 q3"));
}

TEST(Modbus, GoesOnBehindAGap) {
  const Conversation talk = {to_server(frame(1, kAsk)), gap(Direction::kToServer, 3),
                             to_server(frame(2, kAsk).substr(3) + frame(3, kAsk)),
                             to_client(frame(3, kTell))};
  EXPECT_THAT(brief(talk), ElementsAre("event > gap", "tx 1 req rep t3 q3 r3", "tx 0 req t1 q3"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Modbus, ReadsEveryRequest) {
  Message m = request("01 0013 0025");
  EXPECT_EQ(m.form, Form::kReadRequest);
  EXPECT_EQ(m.read_address, 0x13);
  EXPECT_EQ(m.read_quantity, 0x25);
  EXPECT_EQ(m.access, kRead | kCoils);
  m = request("05 00ac ff00");
  EXPECT_EQ(m.form, Form::kWriteOne);
  EXPECT_EQ(m.write_address, 0xac);
  EXPECT_EQ(m.value, 0xff00);
  m = request("0f 0013 000a 02 cd01");
  EXPECT_EQ(m.form, Form::kWriteMany);
  std::uint16_t v = 9;
  std::string coils;
  for (std::size_t i = 0; i < m.write_quantity && m.value_at(i, v); ++i) coils += static_cast<char>('0' + v);
  EXPECT_EQ(coils, "1011001110");  // V1.1b3, §6.11
  m = request("10 0001 0002 04 000a 0102");
  ASSERT_TRUE(m.value_at(1, v));
  EXPECT_EQ(v, 0x0102);
  EXPECT_FALSE(m.value_at(2, v));
  m = request("16 0004 00f2 0025");
  EXPECT_EQ(m.form, Form::kMask);
  EXPECT_EQ(m.and_mask, 0xf2);
  EXPECT_EQ(m.or_mask, 0x25);
  m = request("17 0003 0006 000e 0003 06 00ff 00ff 00ff");
  EXPECT_EQ(m.form, Form::kReadWrite);
  EXPECT_EQ(m.read_address, 3);
  EXPECT_EQ(m.read_quantity, 6);
  EXPECT_EQ(m.write_address, 14);
  EXPECT_EQ(m.write_quantity, 3);
  m = request("08 0000 a537");
  EXPECT_EQ(m.form, Form::kDiagnostic);
  EXPECT_EQ(m.subfunction, 0);
  m = request("2b 0e 01 00");
  EXPECT_EQ(m.form, Form::kMei);
  EXPECT_EQ(m.subfunction, 14);
}

TEST(Modbus, FindsNothingWrongWithTheStandardsExamples) {
  for (const char* pdu : {"01 0013 0013",
                          "02 00c4 0016",
                          "03 006b 0003",
                          "04 0008 0001",
                          "05 00ac ff00",
                          "06 0001 0003",
                          "07",
                          "08 0000 a537",
                          "0b",
                          "0c",
                          "0f 0013 000a 02 cd01",
                          "10 0001 0002 04 000a 0102",
                          "11",
                          "14 0e 06 0004 0001 0002 06 0003 0009 0002",
                          "15 0d 06 0004 0007 0003 06af 04be 100d",
                          "16 0004 00f2 0025",
                          "17 0003 0006 000e 0003 06 00ff 00ff 00ff",
                          "18 04de",
                          "2b 0e 01 00",
                          "2b 0d 00",
                          "41 01 02",
                          "5a 00 02"}) {
    EXPECT_EQ(request_problems(pdu), 0u) << pdu;
  }
  for (const char* pdu : {"01 03 cd6b05",
                          "02 03 acdb35",
                          "03 06 022b 0000 0064",
                          "04 02 000a",
                          "05 00ac ff00",
                          "06 0001 0003",
                          "07 6d",
                          "08 0000 a537",
                          "0b ffff 0108",
                          "0c 08 0000 0108 0121 2000",
                          "0f 0013 000a",
                          "10 0001 0002",
                          "11 03 42ff00",
                          "14 0c 05 06 0dfe 0020 05 06 33cd 0040",
                          "15 0d 06 0004 0007 0003 06af 04be 100d",
                          "16 0004 00f2 0025",
                          "17 0c 00fe 0acd 0001 0003 000d 00ff",
                          "18 0006 0002 01b8 1284",
                          "2b 0e 01 01 00 00 01 00 03 414243",
                          "81 01",
                          "ab 03"}) {
    EXPECT_EQ(reply_problems(pdu), 0u) << pdu;
  }
}

TEST(Modbus, SaysWhatIsWrong) {
  EXPECT_EQ(request_problems("03 0000 0000"), kDataValue);
  EXPECT_EQ(request_problems("03 0000 007d"), 0u);
  EXPECT_EQ(request_problems("03 0000 007e"), kDataValue);
  EXPECT_EQ(request_problems("01 0000 07d0"), 0u);
  EXPECT_EQ(request_problems("01 0000 07d1"), kDataValue);
  EXPECT_EQ(request_problems("03 ffff 0001"), 0u);
  EXPECT_EQ(request_problems("03 ffff 0002"), kDataValue);
  EXPECT_EQ(request_problems("03 0000 00"), kDataLength);
  EXPECT_EQ(request_problems("03 0000 0001 00"), kDataLength);
  EXPECT_EQ(request_problems("05 0000 0001"), kDataValue);
  EXPECT_EQ(request_problems("06 0000 0001"), 0u);
  EXPECT_EQ(request_problems("10 0000 0002 03 000000"), kDataValue);
  EXPECT_EQ(request_problems("10 0000 0002 04 000000"), kDataLength);
  EXPECT_EQ(request_problems("07 00"), kDataLength);
  EXPECT_EQ(request_problems("08 0001 0100"), kDataValue);
  EXPECT_EQ(request_problems("08 000a 0001"), kDataValue);
  EXPECT_EQ(request_problems("08 000a 0000 00"), kDataLength);
  EXPECT_EQ(request_problems("14 07 05 0004 0001 0002"), 0u);  // the type is the server's to judge
  EXPECT_EQ(request_problems("14 08 06 0004 0001 0002"), unsigned{kDataLength} | kDataValue);
  EXPECT_EQ(request_problems("15 09 06 0004 0007 0002 0000"), kDataLength);
  EXPECT_EQ(request_problems("18 04"), kDataLength);
  EXPECT_EQ(request_problems("2b 0e 05 00"), kDataValue);
  EXPECT_EQ(request_problems("00"), kFunctionCode);
  EXPECT_EQ(request_problems("83 02"), kFunctionCode);
  EXPECT_EQ(reply_problems("83 0c"), kExceptionCode);
  EXPECT_EQ(reply_problems("83 08"), kExceptionCode);
  EXPECT_EQ(reply_problems("94 08"), 0u);
  EXPECT_EQ(reply_problems("83"), kDataLength);
  EXPECT_EQ(reply_problems("03 03 000000"), kDataValue);
  EXPECT_EQ(reply_problems("03 04 0000"), kDataLength);
  EXPECT_EQ(reply_problems("18 0006 0003 01b8 1284"), kDataValue);
  EXPECT_EQ(reply_problems("18 0042 0020"), unsigned{kDataLength} | kDataValue);
}

TEST(Modbus, HoldsTheReplyAgainstTheRequest) {
  const auto fits = [](std::string_view q, std::string_view r) {
    const std::string ask = frame(1, q), tell = frame(1, r);
    Cursor a(as_bytes(ask)), b(as_bytes(tell));
    Frame fa, fb;
    EXPECT_EQ(parse(a, fa).kind, ParseResult::Kind::kDone);
    EXPECT_EQ(parse(b, fb).kind, ParseResult::Kind::kDone);
    return answers(interpret(fa, Direction::kToServer), interpret(fb, Direction::kToClient));
  };
  EXPECT_TRUE(fits(kAsk, kTell));
  EXPECT_FALSE(fits(kAsk, "03 02 1234"));
  EXPECT_TRUE(fits(kAsk, "83 02"));
  EXPECT_TRUE(fits("01 0000 0009", "01 02 ffff"));
  EXPECT_FALSE(fits("01 0000 0008", "01 02 ffff"));
  EXPECT_TRUE(fits("05 0001 ff00", "05 0001 ff00"));
  EXPECT_FALSE(fits("05 0001 ff00", "05 0002 ff00"));
  EXPECT_FALSE(fits("06 0001 0001", "06 0001 0002"));
  EXPECT_TRUE(fits("10 0001 0001 02 0000", "10 0001 0001"));
  EXPECT_FALSE(fits("10 0001 0001 02 0000", "10 0001 0002"));
  EXPECT_FALSE(fits("16 0001 0001 0000", "16 0001 0001 0001"));
  EXPECT_FALSE(fits("08 0000 a537", "08 0000 a538"));
  EXPECT_TRUE(fits("08 000b 0000", "08 000b 0017"));
  EXPECT_FALSE(fits("17 0003 0002 000e 0001 02 00ff", "17 02 0001"));
  EXPECT_THAT(brief({to_server(frame(1, kAsk)), to_client(frame(1, "03 02 1234"))}),
              ElementsAre("tx 0 req rep events=value_mismatch t1 q3 r3"));
}

TEST(Modbus, EventsOfUnitsAndMemory) {
  EXPECT_THAT(brief({to_server(frame(1, kAsk, 248))}),
              ElementsAre("tx 0 req events=invalid_unit_identifier t1 q3"));
  EXPECT_THAT(brief({to_server(frame(1, kAsk, 255))}), ElementsAre("tx 0 req t1 q3"));
  HarnessOptions o;
  o.pool_bytes = 512 << 10;
  ParserRun r(kSpec, o);
  std::vector<void*> taken;
  while (void* block = r.pool().allocate(sizeof(Exchange))) taken.push_back(block);
  r.feed(Direction::kToServer, frame(1, kAsk));
  for (void* block : taken) r.pool().release(block, sizeof(Exchange));
  r.feed(Direction::kToServer, frame(2, kAsk));
  r.close();
  EXPECT_EQ(r.events().at("out_of_memory"), 1u);
  EXPECT_EQ(r.lines().size(), 2u);
  EXPECT_THAT(r.violations(), ElementsAre());
}

TEST(ModbusProbe, KnowsItsOwnFromEitherSide) {
  for (const char* pdu :
       {"03 0064 0002", "01 0013 0013", "0f 0013 000a 02 cd01", "2b 0e 01 00", "08 0000 a537"}) {
    const std::string f = frame(5, pdu);
    EXPECT_EQ(probe(Transport::kTcp, Direction::kToServer, as_bytes(f)), Probe::kYes) << pdu;
    for (std::size_t n = 0; n < f.size(); ++n) {
      EXPECT_EQ(probe(Transport::kTcp, Direction::kToServer, as_bytes(std::string_view(f).substr(0, n))),
                Probe::kUnsure)
          << pdu << " " << n;
    }
  }
  for (const char* pdu : {"03 04 1234 5678", "83 02", "10 0001 0002", "2b 0e 01 01 00 00 01 00 03 414243"}) {
    EXPECT_EQ(probe(Transport::kTcp, Direction::kToClient, as_bytes(frame(5, pdu))), Probe::kYes) << pdu;
  }
  const std::string umas = frame(1, "5a 00 02");
  EXPECT_EQ(probe(Transport::kTcp, Direction::kToServer, as_bytes(umas)), Probe::kYes);
  EXPECT_EQ(probe(Transport::kTcp, Direction::kToServer, as_bytes(umas + umas)), Probe::kYes);
  EXPECT_EQ(probe(Transport::kTcp, Direction::kToServer, as_bytes(std::string_view(umas).substr(0, 9))),
            Probe::kUnsure);
  // What proves nothing does not speak against it.
  const auto ask = [](const std::string& bytes) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(bytes));
  };
  const std::string odd = frame(1, "63 00 01") + frame(2, "03 0000 0000") + frame(3, "00 0000 0000");
  EXPECT_EQ(ask(odd), Probe::kUnsure);
  EXPECT_EQ(ask(odd + frame(4, kAsk)), Probe::kYes);
  EXPECT_EQ(ask(odd + "no header"), Probe::kNo);
  std::string many;
  for (int i = 0; i < 16; ++i) many += frame(1, "63 00 01");
  EXPECT_EQ(ask(many), Probe::kNo);
  // The server refuses a function that nobody knows: an exception is proof whatever the request was.
  EXPECT_EQ(probe(Transport::kTcp, Direction::kToClient, as_bytes(frame(1, "e3 01"))), Probe::kYes);
  EXPECT_EQ(probe(Transport::kTcp, Direction::kToClient, as_bytes(frame(1, "e3 77"))), Probe::kUnsure);
}

TEST(ModbusProbe, KnowsWhatIsNot) {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    for (const std::string& other : {
             std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
             std::string("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
             from_hex("16030102000100 01fc0303 a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c"),
             from_hex("0021 1234 0100 0001 0000 0000 0000 0377777707 6578616d706c65 03 6f7267 00 0001 0001"),
             from_hex("0300 0016 11e0 0000 0014 00c1 0201 00c2 0201 02c0 010a"),
             from_hex("0000 0055 ff53 4d42 72 00000000 1853c800 00000000"),
             std::string(64, '\0'),
             std::string(64, '\1'),
             std::string(64, '\xff'),
         }) {
      EXPECT_EQ(probe(Transport::kTcp, d, as_bytes(other)), Probe::kNo) << printable(as_bytes(other));
    }
  }
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(frame(1, kAsk))), Probe::kNo);
}

/// Does the keyword match a request that was seen?
bool matches(std::string_view argument, std::string_view pdu, unsigned unit = 1) {
  auto matcher = parse_keyword(argument);
  EXPECT_TRUE(matcher.has_value()) << (matcher ? "" : matcher.error().message);
  if (!matcher) return false;
  Exchange x;
  x.has_request = true;
  x.request = read(Direction::kToServer, pdu, unit);
  EXPECT_FALSE(matcher.value()->match(x, Direction::kToClient));
  return matcher.value()->match(x, Direction::kToServer);
}

TEST(ModbusKeyword, Functions) {
  EXPECT_TRUE(matches("function 3", kAsk));
  EXPECT_FALSE(matches("function 4", kAsk));
  EXPECT_TRUE(matches("function 8, subfunction 4", "08 0004 0000"));
  EXPECT_FALSE(matches("function 8, subfunction 3", "08 0004 0000"));
  EXPECT_FALSE(matches("function 3, subfunction 0", kAsk));
  EXPECT_TRUE(matches("function assigned", kAsk));
  EXPECT_TRUE(matches("function public", kAsk));
  EXPECT_TRUE(matches("function all", kAsk));
  EXPECT_FALSE(matches("function user", kAsk));
  EXPECT_TRUE(matches("function user", "41 00"));
  EXPECT_TRUE(matches("function user", "64 00"));
  EXPECT_TRUE(matches("function unassigned", "63 00"));
  EXPECT_TRUE(matches("function public", "63 00"));
  EXPECT_TRUE(matches("function reserved", "5a 00 02"));
  EXPECT_TRUE(matches("function reserved", "08 0005 0000"));
  EXPECT_TRUE(matches("function !reserved", kAsk));
  EXPECT_FALSE(matches("function !assigned", kAsk));
  EXPECT_FALSE(matches("function all", "00"));
}

TEST(ModbusKeyword, UnitsAndAccess) {
  EXPECT_TRUE(matches("unit 10", kAsk, 10));
  EXPECT_FALSE(matches("unit <10", kAsk, 10));
  EXPECT_TRUE(matches("unit 9<>11, function 3", kAsk, 10));
  EXPECT_FALSE(matches("unit 10<>12, function 3", kAsk, 10));
  EXPECT_TRUE(matches("unit >9, access read holding, address 101", kAsk, 10));
  EXPECT_TRUE(matches("access read", kAsk));
  EXPECT_FALSE(matches("access write", kAsk));
  EXPECT_TRUE(matches("access read holding", kAsk));
  EXPECT_FALSE(matches("access read coils", kAsk));
  // Rules count from 1: addresses 100 and 101 of the frame are 101 and 102 here.
  EXPECT_FALSE(matches("access read holding, address 100", kAsk));
  EXPECT_TRUE(matches("access read holding, address 102", kAsk));
  EXPECT_FALSE(matches("access read holding, address 103", kAsk));
  EXPECT_TRUE(matches("access read holding, address <102", kAsk));
  EXPECT_FALSE(matches("access read holding, address >102", kAsk));
  EXPECT_TRUE(matches("access read holding, address 101<>103", kAsk));
  EXPECT_TRUE(matches("access read, address 101", kAsk));
}

TEST(ModbusKeyword, ValuesWritten) {
  const std::string registers = "10 0001 0002 04 000a 0102";
  EXPECT_TRUE(matches("access write holding, address 2, value 10", registers));
  EXPECT_TRUE(matches("access write holding, address 3, value >257", registers));
  EXPECT_FALSE(matches("access write holding, address 3, value >258", registers));
  EXPECT_FALSE(matches("access write holding, address 4, value >0", registers));
  EXPECT_TRUE(matches("access write holding, address 2, value 9<>11", "06 0001 000a"));
  EXPECT_TRUE(matches("access write coils, address 173, value 1", "05 00ac ff00"));
  EXPECT_FALSE(matches("access write coils, address 173, value 1", "05 00ac 0000"));
  const std::string coils = "0f 0013 000a 02 cd01";
  EXPECT_TRUE(matches("access write coils, address 20, value 1", coils));
  EXPECT_TRUE(matches("access write coils, address 21, value 0", coils));
  EXPECT_TRUE(matches("access write coils, address 28, value 1", coils));
  EXPECT_TRUE(matches("access write holding, address 15, value 255", "17 0003 0001 000e 0001 02 00ff"));
  EXPECT_FALSE(matches("access write holding, address 5, value <9", "16 0004 00f2 0025"));
}

TEST(ModbusKeyword, RefusesWithAReason) {
  for (const char* bad : {"",
                          "function",
                          "function 0",
                          "function 128",
                          "function 3,",
                          "function 3, subfunction",
                          "function 3 4",
                          "function nosuch",
                          "function !3",
                          "function !all",
                          "unit",
                          "unit 256",
                          "unit 3,",
                          "unit 3 function 3",
                          "access",
                          "access erase",
                          "access write input",
                          "access write discretes",
                          "access read tables",
                          "access read holding, address",
                          "access read holding, address <0",
                          "access read holding, address 5<>6",
                          "access read holding, address 5, value 3",
                          "access write holding, address >5, value 3",
                          "access write holding, address 5, value 65536",
                          "access write holding, value 5",
                          "access read holding, address 5, value 3, more"}) {
    const auto r = parse_keyword(bad);
    EXPECT_FALSE(r.has_value()) << bad;
    if (!r) {
      EXPECT_THAT(r.error().message, HasSubstr("modbus: "));
    }
  }
  EXPECT_TRUE(parse_keyword(" \"function 3\" ").has_value());
}

TEST(ModbusKeyword, LooksAtTheReplyOnlyWhereNoRequestWasSeen) {
  auto matcher = parse_keyword("unit 1, function 3");
  ASSERT_TRUE(matcher.has_value());
  Exchange x;
  x.has_reply = true;
  x.reply = reply(kTell);
  EXPECT_TRUE(matcher.value()->match(x, Direction::kToClient));
  EXPECT_FALSE(matcher.value()->match(x, Direction::kToServer));
}

/// "protocol/class/operation [address first-last]... > value... < value...", of the only transaction there is.
std::string ot(const Conversation& talk) {
  HarnessOptions o;
  o.describe = [](const Transaction& tx) {
    const auto& x = static_cast<const Exchange&>(tx);
    std::string out = std::string(x.ot->name) + "/" + std::string(ot_class_name(x.operation->ot_class)) +
                      "/" + std::string(x.operation->name);
    if (!x.operation->technique.empty()) out += "/" + std::string(x.operation->technique);
    if (x.failed) out += " failed";
    OtAddress a;
    for (unsigned n = 0; x.ot->address(x, n, a); ++n, a = {}) {
      out += " [" + std::string(as_text(a.text));
      if (a.first <= a.last) out += " = " + std::to_string(a.first) + "-" + std::to_string(a.last);
      out += "]";
    }
    for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
      OtValue v;
      for (unsigned n = 0; x.ot->value(x, dir, n, v); ++n, v = {}) {
        if (n == 0) out += dir == Direction::kToServer ? " >" : " <";
        out +=
            " " + (v.is_number ? std::to_string(static_cast<long>(v.number)) : std::string(as_text(v.text)));
      }
    }
    return out;
  };
  const auto lines = run(kSpec, talk, o);
  std::string all;
  for (const std::string& l : lines)
    all += (all.empty() ? "" : " | ") +
           l.substr(l.find('m') == l.npos ? 0 : std::min(l.find("modbus/"), l.find("umas/")));
  return all;
}
std::string ot(std::string_view ask, std::string_view tell) {
  return ot({to_server(frame(1, ask)), to_client(frame(1, tell))});
}

TEST(ModbusOt, SaysWhatIsDoneToWhichPoint) {
  EXPECT_EQ(ot(kAsk, kTell),
            "modbus/read/read holding registers [holding register 100-101 = 100-101] < 4660 22136");
  EXPECT_EQ(ot("01 0013 000a", "01 02 cd01"),
            "modbus/read/read coils [coil 19-28 = 19-28] < 1 0 1 1 0 0 1 1 1 0");
  EXPECT_EQ(ot("02 0000 0001", "82 02"), "modbus/read/read discrete inputs failed [discrete input 0 = 0-0]");
  EXPECT_EQ(ot("05 00ac ff00", "05 00ac ff00"),
            "modbus/control/write single coil/T0855 [coil 172 = 172-172] > 1 < 1");
  EXPECT_EQ(ot("06 0001 0003", "06 0001 0003"),
            "modbus/write/write single register/T0836 [holding register 1 = 1-1] > 3 < 3");
  EXPECT_EQ(ot("0f 0013 000a 02 cd01", "0f 0013 000a"),
            "modbus/control/write multiple coils/T0855 [coil 19-28 = 19-28] > 1 0 1 1 0 0 1 1 1 0");
  EXPECT_EQ(ot("17 0003 0002 000e 0001 02 00ff", "17 04 0001 0002"),
            "modbus/write/read and write registers/T0836 [holding register 3-4 = 3-4] "
            "[holding register 14 = 14-14] > 255 < 1 2");
  EXPECT_EQ(ot("14 0e 06 0004 0001 0002 06 0003 0009 0001", "14 0a 05 06 0dfe 0020 03 06 33cd"),
            "modbus/read/read file record [file 4 record 1-2 = 1-2] [file 3 record 9 = 9-9]");
  EXPECT_EQ(ot("18 04de", "18 0006 0002 01b8 1284"),
            "modbus/read/read FIFO queue [FIFO 1246 = 1246-1246] < 440 4740");
  EXPECT_EQ(ot("08 0004 0000", "08 0004 0000"), "modbus/control/force listen only mode/T0814");
  EXPECT_EQ(ot("2b 0e 01 00", "2b 0e 01 01 00 00 02 00 03 414243 01 02 4445"),
            "modbus/read/read device identification/T0888 < ABC DE");
  EXPECT_EQ(ot("41 00", "41 00"), "modbus/none/user-defined function [function 65 = 65-65]");
}

TEST(ModbusOt, AReplyAloneSaysWhatItCan) {
  EXPECT_EQ(ot({to_client(frame(1, kTell))}), "modbus/read/read holding registers < 4660 22136");
  EXPECT_EQ(ot({to_client(frame(1, "10 0001 0002"))}),
            "modbus/write/write multiple registers/T0836 [holding register 1-2 = 1-2]");
  EXPECT_EQ(ot({to_client(frame(1, "83 02"))}), "modbus/read/read holding registers failed");
}

TEST(ModbusUmas, SaysWhatIsDone) {
  EXPECT_EQ(ot("5a 7a 41 ff00", "5a 7a fe"), "umas/control/PLC stop/T0858");
  EXPECT_EQ(ot("5a 00 40 ff00", "5a 00 fd 83"), "umas/control/PLC start/T0858 failed");
  EXPECT_EQ(ot("5a 00 40 ff00", "da 01"), "umas/control/PLC start/T0858 failed");
  EXPECT_EQ(ot("5a 00 99", "5a 00 fe"), "umas/none/other UMAS request");
  // Client 0x00001ec0, "PC-7", and behind it the hash of a password.
  EXPECT_EQ(ot("5a 00 10 c01e0000 08 50432d37 00 303132", "5a 00 fe 7a"),
            "umas/configure/take PLC reservation > PC-7");
  EXPECT_EQ(ot("5a 00 20 00 1300 6400 0000 9c00", "5a 00 fe 00 0200 1122"),
            "umas/read/read memory block [block 19 offset 100-255 = 19-19]");
  EXPECT_EQ(ot("5a 7a 31 00 01 0200 0300 415058", "5a 7a fe"),
            "umas/program/program download block/T0843 [file 1 block 2 = 2-2]");
  // Two words and a double word: block 44, base 1, offset 16; an array of eight.
  EXPECT_EQ(ot("5a 7a 22 0100feca 02 02 2c00 01 0100 10 11 2c00 01 0000 20 0800", "5a 7a fe 0000"),
            "umas/read/read variables [block 44 offset 17 = 44-44] [block 44 offset 32 = 44-44]");
  EXPECT_EQ(ot("5a 7a 23 0100feca 02 02 2c00 0000 1000 e110 03 2c00 0000 1400 a0860100", "5a 7a fe"),
            "umas/write/write variables/T0836 [block 44 offset 16 = 44-44] [block 44 offset 20 = 44-44] > "
            "4321 100000");
  EXPECT_EQ(ot("5a 00 02", "5a 00 fe 0100 01010106 4002 5002 0700 0501 0102 00000000 0000 03 503334 00"),
            "umas/read/read PLC ID/T0888 < P34");
}

TEST(ModbusUmas, LooksInsideOfASignature) {
  const std::string signature(64, 'a');
  EXPECT_EQ(ot("5a 7a 38 01" + signature + "5a 7a 41 ff00", "5a 7a fe 01" + signature + "5a 7a fe"),
            "umas/control/PLC stop/T0858");
  EXPECT_EQ(ot("5a 7a 38 01" + signature + "5a 7a 41 ff00", "5a 7a fe 01" + signature + "5a 7a fd 83"),
            "umas/control/PLC stop/T0858 failed");
  EXPECT_EQ(ot("5a 7a 38 01 aabb", "5a 7a fe"), "umas/none/signed message");
}

TEST(ModbusUmas, RulesSeeFields) {
  const auto lines =
      run(kSpec, {to_server(frame(1, "5a 00 10 c01e0000 04 50432d37")), to_client(frame(1, "5a 00 fd 81"))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("modbus.umas_name=PC-7"));
  EXPECT_THAT(lines[0], HasSubstr("modbus.umas_error=\\x81"));
  std::uint64_t n = 0;
  EXPECT_TRUE(umas_by_name("plc stop", n) && n == 0x41);
  EXPECT_EQ(umas_name(0x99), "");
}

TEST(ModbusUmas, LongFramesAndDamage) {
  std::string block(2 * 260, '1');
  const std::string write = frame(1, "5a 7a 21 00 1400 0000 0000 0401" + block), done = frame(1, "5a 7a fe");
  for (const std::string& bad : {std::string("no frame"), from_hex("0001 0000 1000 00 5a")}) {
    const Conversation talk = {to_server(write + bad + frame(2, "5a 7a 41 ff00")),
                               to_client(done + bad + frame(2, "5a 7a fe"))};
    EXPECT_THAT(ot(talk), HasSubstr("umas/program/write memory block/T0889 [block 20 offset 0-259 = 20-20]"));
    EXPECT_THAT(ot(talk), ::testing::EndsWith("umas/control/PLC stop/T0858"));
    EXPECT_EQ(check_every_split(kSpec, talk), "");
  }
  EXPECT_EQ(check_every_truncation(kSpec, {to_server(write), to_client(done)}), "");
  // Beyond what a PLC agrees on it is no frame.
  EXPECT_THAT(ot({to_server(from_hex("0001 0000 0500 00 5a 00 02"))}),
              "event > invalid_length | event > lost_sync");
}

TEST(ModbusOt, WhatIsTooShortHasNoPoint) {
  EXPECT_EQ(ot({to_server(frame(1, "03 0064"))}), "modbus/read/read holding registers");
  EXPECT_EQ(ot({to_server(frame(1, "15"))}), "modbus/write/write file record/T0836");
}

TEST(ModbusNames, Tables) {
  EXPECT_EQ(function_info(3)->eve, "RdHoldRegs");
  EXPECT_EQ(function_info(0x5a)->name, "UMAS");
  EXPECT_EQ(function_info(99), nullptr);
  EXPECT_EQ(exception_name(2), "IllegalDataAddr");
  EXPECT_EQ(exception_name(9), "");
  EXPECT_EQ(diagnostic_name(4), "ForceListenOnlyMode");
  EXPECT_EQ(object_name(1), "ProductCode");
  std::uint64_t n = 0;
  EXPECT_TRUE(function_by_name("wrmultregs", n));
  EXPECT_EQ(n, 16u);
}

}  // namespace
}  // namespace picket::modbus
