#include "parsers/s7comm/s7comm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::s7comm {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string u16(std::size_t v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string tpkt(const std::string& tpdu) { return from_hex("03 00") + u16(tpdu.size() + 4) + tpdu; }
std::string dt(const std::string& data, bool end = true) {
  return tpkt(from_hex(end ? "02 f0 80" : "02 f0 00") + data);
}

/// A message: ROSCTR, reference, parameters and data in hexadecimal; of answers class and code.
std::string pdu(unsigned rosctr, unsigned reference, std::string_view param, std::string_view data = "",
                std::string_view error = "") {
  const std::string p = from_hex(param), d = from_hex(data);
  return std::string{'\x32', static_cast<char>(rosctr), 0, 0} + u16(reference) + u16(p.size()) +
         u16(d.size()) + from_hex(error) + p + d;
}
std::string job(unsigned reference, std::string_view param, std::string_view data = "") {
  return dt(pdu(1, reference, param, data));
}
std::string ack(unsigned reference, std::string_view param, std::string_view data = "",
                std::string_view error = "0000") {
  return dt(pdu(3, reference, param, data, error));
}
/// Userdata; `what`: type and group, subfunction, sequence. An answer has four bytes more.
std::string userdata(unsigned reference, std::string_view what, std::string_view data,
                     std::string_view tail = "") {
  const std::string param =
      std::string("000112") + (tail.empty() ? "04" : "08") + (tail.empty() ? "11" : "12");
  return dt(pdu(7, reference, param + std::string(what) + std::string(tail), data));
}

const std::string kConnect = tpkt(from_hex("11 e0 0000 0001 00 c0010a c1020100 c2020102"));
const std::string kConfirm = tpkt(from_hex("11 d0 0001 0014 00 c0010a c1020100 c2020102"));
const std::string kReadReal = "04 01 12 0a 10 08 0001 0005 84 000030";  // DB5.DBD6
const std::string kReal = "04 01", kRealData = "ff 07 0004 41ac0000";   // 21.5

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
  return out;
}

/// "tx 0 req rep events=... operation @address =value", values of the answer if there is one.
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = [](const Transaction& t) {
    const auto& tx = static_cast<const Exchange&>(t);
    const bool both = tx.has_answer && !tx.question.is(Function::kWriteVar);
    return text(tx, both ? reverse(tx.asked) : tx.asked);
  };
  return run(kSpec, talk, o);
}

TEST(S7comm, PairsAndSaysWhatIsDone) {
  EXPECT_THAT(brief({to_server(kConnect), to_client(kConfirm), to_server(job(1, "f0 00 0001 0001 01e0")),
                     to_client(ack(1, "f0 00 0001 0001 00f0")), to_server(job(2, kReadReal)),
                     to_client(ack(2, kReal, kRealData))}),
              ElementsAre("tx 0 req rep open connection", "tx 1 req rep setup communication",
                          "tx 2 req rep read variables @DB5.DBD6 =21.5"));
  // Two jobs at a time, answered the other way round.
  EXPECT_THAT(brief({to_server(job(5, kReadReal) + job(6, "29 0000000000 09 505f50524f4752414d")),
                     to_client(ack(6, "29") + ack(5, kReal, kRealData))}),
              ElementsAre("tx 1 req rep PLC stop", "tx 0 req rep read variables @DB5.DBD6 =21.5"));
}

TEST(S7comm, EveryKindOfVariable) {
  const auto read = [](std::string_view item, std::string_view value) {
    const auto lines =
        brief({to_server(job(1, "04 01" + std::string(item))), to_client(ack(1, "04 01", value))});
    return lines.size() == 1 ? lines[0].substr(lines[0].find("variables") + 10) : "lines";
  };
  EXPECT_EQ(read("120a10 01 0001 0001 84 000013", "ff 03 0001 01"), "@DB1.DBX2.3 =1");
  EXPECT_EQ(read("120a10 02 0001 0000 81 000020", "ff 04 0008 ff"), "@IB4 =255");
  EXPECT_EQ(read("120a10 02 0004 0000 82 000000", "ff 04 0020 41424344"), "@P#Q0.0 BYTE 4 ='ABCD'");
  EXPECT_EQ(read("120a10 04 0002 0000 83 000050", "ff 04 0020 00010002"), "@P#M10.0 WORD 2 =1 =2");
  EXPECT_EQ(read("120a10 05 0001 0000 83 000050", "ff 05 0010 fffe"), "@MW10 =-2");
  EXPECT_EQ(read("120a10 07 0001 0000 86 000020", "ff 04 0020 fffffffe"), "@LD4 =-2");
  EXPECT_EQ(read("120a10 06 0001 0001 85 000020", "ff 04 0020 fffffffe"), "@DI1.DID4 =4.29497e+09");
  EXPECT_EQ(read("120a10 03 0005 0001 84 000020", "ff 09 0005 4d49584552"), "@P#DB1.DBX4.0 CHAR 5 ='MIXER'");
  EXPECT_EQ(read("120a10 0c 0001 0001 84 000020", "ff 04 0010 1050"), "@DB1.DBW4 =5000")
      << "5 s in steps of 100 ms";
  EXPECT_EQ(read("120a10 1d 0001 0000 1d 000005", "ff 09 0002 2123"), "@T5 =123000");
  EXPECT_EQ(read("120a10 1c 0003 0000 1c 000002", "ff 09 0006 001200340056"), "@C2-4 =12 =34 =56");
  EXPECT_EQ(read("120a10 04 0001 0000 80 000800", "ff 04 0010 1234"), "@PW256 =4660");
  EXPECT_EQ(read("120c b0 02 04 0001 0000 02 0007 0010", "ff 04 0030 010203040506"),
            "@P#DB1.DBX0.0 BYTE 4 ='\\x01\\x02\\x03\\x04\\x05\\x06'");
  EXPECT_EQ(read("120e b2 ff 8a0e 0001 8a67df57 4000000a", "ff 04 0010 002a"), "@DB1.10 =42");
  EXPECT_EQ(read("1208 82 41 0001 0001 7f 01", "0a 00 0000"), "@syntax 0x82")
      << "of an NC: addresses are not read";
}

TEST(S7comm, OutputsAreControl) {
  const auto lines =
      brief({to_server(job(1, "05 02 120a10 04 0001 0001 84 000020 120a10 02 0001 0000 82 000020",
                           "00 04 0010 0102  00 04 0008 ff")),
             to_client(ack(1, "05 02", "ff 05"))});
  EXPECT_THAT(lines, ElementsAre("tx 0 req rep write process image @DB1.DBW4 @QB4 =258 =255"));
  EXPECT_THAT(brief({to_server(job(1, "05 01 120a10 04 0001 0001 84 000020", "00 04 0010 0102"))}),
              ElementsAre("tx 0 req write variables @DB1.DBW4 =258"));
}

TEST(S7comm, ServicesOfTheProgram) {
  const auto service = [](std::string_view rest) {
    const auto lines = brief({to_server(job(1, "28 000000000000fd" + std::string(rest)))});
    return lines.size() == 1 ? lines[0].substr(9) : "lines";
  };
  EXPECT_EQ(service("0000 09 505f50524f4752414d"), "PLC hot restart");
  EXPECT_EQ(service("0002 4320 09 505f50524f4752414d"), "PLC cold restart");
  EXPECT_EQ(service("0012 0200 3041303030303142 3038303030333542 05 5f44454c45"), "delete block @DB1 @OB35");
  EXPECT_EQ(service("000a 0100 3045303030313250 05 5f494e5345"), "insert block @FB12");
  EXPECT_EQ(service("0002 4550 05 5f4d4f4455"), "copy RAM to ROM");
  EXPECT_EQ(service("0000 05 5f47415242"), "compress memory");
  EXPECT_EQ(service("0000 05 5f4e574e57"), "start program service");
}

/// A controller fetches the block of a download by itself: its jobs go to the client.
TEST(S7comm, ADownloadIsAskedForFromBothEnds) {
  const std::string file = "09 5f30413030303031 50";
  const Conversation talk = {
      to_server(job(1, "1a 00 0100 00000000" + file + "0d 31 303030313230 303030303336")),
      to_client(ack(1, "1a") + job(0x4001, "1b 00 0100 00000007" + file)),
      to_server(ack(0x4001, "1b 01", "0004 00fb 70700101")),
      to_client(job(0x4002, "1c 00 0000 00000007" + file)),
      to_server(ack(0x4002, "1c")),
      to_server(job(2, "1d 00 0000 00000000" + file)),
      to_client(ack(2, "1d 00 0100 00000008 07 30303030313230")),
  };
  EXPECT_THAT(brief(talk),
              ElementsAre("tx 0 req rep request download @DB1", "tx 1 req rep download block @DB1",
                          "tx 2 req rep end download @DB1", "tx 3 req rep start upload @DB1"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(S7comm, UserdataOfEachGroup) {
  const auto says = [](std::string_view what, std::string_view data) {
    const auto lines = brief({to_server(userdata(1, what, data))});
    return lines.size() == 1 ? lines[0].substr(9) : "lines";
  };
  EXPECT_EQ(says("44 01 00", "ff 09 0004 0011 0000"), "read system status list");
  EXPECT_EQ(says("47 02 00", "ff 09 000a 0019 2611221045071230"), "set clock");
  EXPECT_EQ(says("45 01 00", "ff 09 0008 2534372c1f1b3b3f"), "enter password");
  EXPECT_EQ(says("43 02 00", "ff 09 0002 3041"), "list blocks");
  EXPECT_EQ(says("42 01 00", "ff 09 0010 0001 01 05 120a10 08 0001 0001 84 000030"),
            "subscribe to variables @DB1.DBD6");
  EXPECT_EQ(says("41 02 00",
                 "ff 09 0026 0014 000e 0000000100000012000100010001000100010200 0002 01 06 0000 0000 72 01 "
                 "0005 0014"),
            "monitor variables @P#M0.0 BYTE 6 @DB5.DBW20");
  EXPECT_EQ(
      says("41 09 00", "ff 09 0020 0014 0008 0000000100000012000100010001000100010200 0001 11 01 0000 0002"),
      "force @IB2");
  EXPECT_EQ(says("41 0c 00", ""), "memory reset");
  EXPECT_EQ(says("4f 01 00", ""), "download NC program");
  EXPECT_EQ(says("4e 01 00", ""), "userdata");
  // What comes without being asked for is no answer to anybody.
  EXPECT_THAT(brief({to_server(userdata(1, "44 02 00", "ff 09 0002 8300")),
                     to_client(userdata(1, "00 00 00", "", "00 00 0000") +
                               userdata(2, "02 01 03", "ff 09 000a 0001 ff 07 0004 41ac0000", "00 00 0000")),
                     to_client(userdata(1, "84 02 00", "ff 09 0002 0209", "00 00 0000"))}),
              ElementsAre("tx 1 rep report mode transition", "tx 2 rep report variables =21.5",
                          "tx 0 req rep subscribe to messages"));
}

/// A list in three data units is whole in the last.
TEST(S7comm, ListsArePutTogether) {
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    const auto& x = static_cast<const Exchange&>(t);
    Szl s;
    if (!read_szl(x.answer, s)) return std::string("-");
    return std::to_string(s.id) + ": " + printable(s.entries);
  };
  const Conversation talk = {
      to_server(userdata(1, "44 01 00", "ff 09 0004 0011 0000")),
      to_client(userdata(1, "84 01 05", "ff 09 000a 0011 0000 0002 0004 4142", "09 01 0000")),
      to_server(userdata(2, "44 01 05", "0a 00 0000", "09 00 0000")),
      to_client(userdata(2, "84 01 05", "ff 09 0003 434445", "09 01 0000")),
      to_server(userdata(3, "44 01 05", "0a 00 0000", "09 00 0000")),
      to_client(userdata(3, "84 01 05", "ff 09 0003 464748", "09 00 0000")),
      to_server(userdata(4, "44 01 00", "ff 09 0004 0424 0000")),
      to_client(userdata(4, "84 01 06", "ff 09 000a 0424 0000 0002 0001 5a5a", "00 00 0000")),
  };
  EXPECT_THAT(run(kSpec, talk, o), ElementsAre("tx 0 req rep 17: AB", "tx 1 req rep -",
                                               "tx 2 req rep 17: ABCDEFGH", "tx 3 req rep 1060: ZZ"));
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
  o.limits["message-limit"] = 1024;
  Conversation endless = {talk[0], talk[1]};
  const std::string more(400, 'a');
  for (unsigned i = 0; i < 3; ++i) {
    endless.push_back(to_client(userdata(9, "84 01 05", "ff 09 00c8" + more, "09 01 0000")));
    endless.push_back(to_client(userdata(9, "84 01 05", "ff 09 00c8" + more, "09 01 0000")));
  }
  unsigned large = 0;
  for (const std::string& l : run(kSpec, endless, o))
    large += l.find("too_large") != std::string::npos ? 1 : 0;
  EXPECT_EQ(large, 1U);
}

TEST(S7comm, RulesSeeFields) {
  HarnessOptions o;
  EXPECT_THAT(
      run(kSpec, {to_server(job(2, kReadReal)), to_client(ack(2, kReal, kRealData))}),
      ElementsAre(HasSubstr(
          "s7comm.rosctr=1 s7comm.pdu_reference=2 s7comm.function=4 s7comm.item_count=1 s7comm.area=132 "
          "s7comm.db=5 s7comm.byte=6 s7comm.param=\\x04\\x01 "
          "s7comm.data=\\xff\\x07\\x00\\x04A\\xac\\x00\\x00 "
          "s7comm.rosctr=3 s7comm.pdu_reference=2 s7comm.function=4 s7comm.error=0 s7comm.return_code=255")));
  EXPECT_THAT(run(kSpec, {to_client(ack(2, "04 00", "", "8104"))}),
              ElementsAre(HasSubstr("s7comm.error=33028")));
  EXPECT_THAT(
      run(kSpec, {to_server(userdata(1, "44 01 00", "ff 09 0004 0011 0001"))}),
      ElementsAre(HasSubstr(
          "s7comm.group=4 s7comm.subfunction=1 s7comm.return_code=255 s7comm.szl_id=17 s7comm.szl_index=1")));
  EXPECT_THAT(run(kSpec, {to_server(kConnect)}), ElementsAre("tx 0 req s7comm.called_tsap=\\x01\\x02"));
  std::uint64_t n = 0;
  EXPECT_TRUE(function_by_name("plc stop", n));
  EXPECT_EQ(n, 0x29U);
  EXPECT_TRUE(area_by_name("outputs", n));
  EXPECT_EQ(n, 0x82U);
  EXPECT_FALSE(group_by_name("nothing", n));
}

TEST(S7comm, PiecesAreOneMessage) {
  const std::string m = pdu(1, 2, kReadReal);
  const Conversation talk = {to_server(dt("") + dt(m.substr(0, 1), false) + dt("", false) +
                                       dt(m.substr(1, 9), false) + dt(m.substr(10))),
                             to_client(ack(2, kReal, kRealData))};
  EXPECT_THAT(brief(talk), ElementsAre("tx 0 req rep read variables @DB5.DBD6 =21.5"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  HarnessOptions o;
  o.limits["message-limit"] = 1024;
  EXPECT_THAT(brief({to_server(dt(m + std::string(900, 'x'), false) + dt(std::string(900, 'x'), false) +
                               dt("more") + job(3, kReadReal))},
                    o),
              ElementsAre("event > too_large", "tx 0 req read variables @DB5.DBD6"));
}

TEST(S7comm, ABadMessageNeverEndsTheFlow) {
  const std::string good = job(9, kReadReal);
  const std::string last = "tx 1 req read variables @DB5.DBD6";
  const auto with = [&](const std::string& bad) {
    const Conversation talk = {to_server(job(1, kReadReal) + bad + good)};
    EXPECT_EQ(check_every_split(kSpec, talk), "") << printable(as_bytes(bad));
    auto lines = brief(talk);
    std::string out;
    for (const std::string& l : lines) {
      if (l.find("tx 0 req read") == std::string::npos) out += (out.empty() ? "" : "; ") + l;
    }
    return out;
  };
  EXPECT_EQ(with(from_hex("0300 0003 02f080")), "event > invalid_tpkt; event > lost_sync; " + last);
  EXPECT_EQ(with(std::string(40, '\xff')), "event > invalid_tpkt; event > lost_sync; " + last);
  EXPECT_EQ(with("GET / HTTP/1.0\r\n\r\n"), "event > invalid_tpkt; event > lost_sync; " + last);
  EXPECT_EQ(with(from_hex("0300 ffff 02f080 32")), "event > invalid_tpkt; event > lost_sync; " + last);
  EXPECT_EQ(with(dt("hello")), "event > unknown_protocol; " + last);
  EXPECT_EQ(with(dt(from_hex("32 09 0000 0001 0000 0000"))), "event > invalid_header; " + last);
  EXPECT_EQ(with(dt(from_hex("32 01 0000 00"))), "event > invalid_header; " + last);
  EXPECT_EQ(with(tpkt(from_hex("04 60 0001 01"))), "event > unexpected_tpdu; " + last);
  // A message all the same.
  const std::string bad_then_good = " read variables; tx 2 req read variables @DB5.DBD6";
  EXPECT_EQ(with(job(5, "04")), "tx 1 req events=invalid_length" + bad_then_good);
  EXPECT_EQ(with(dt(from_hex("32 01 0000 0001 00ff 0000 04 00"))),
            "tx 1 req events=invalid_length" + bad_then_good);
  EXPECT_EQ(with(job(5, "04 01 55 0a 10")), "tx 1 req events=invalid_item" + bad_then_good);
  EXPECT_EQ(with(job(5, "04 01 12 0a 10")), "tx 1 req events=invalid_item" + bad_then_good);
  EXPECT_EQ(with(job(5, "05 01", "00 04 0080 01")),
            "tx 1 req events=invalid_item,invalid_data write variables; tx 2 req read variables @DB5.DBD6");
}

TEST(S7comm, WhatDoesNotFitIsNamed) {
  EXPECT_THAT(
      brief({to_server(job(1, kReadReal)), to_client(ack(9, kReal, kRealData) + ack(1, "05 01", "ff"))}),
      ElementsAre("tx 1 rep events=unsolicited_response read variables =21.5",
                  "tx 0 req rep events=mismatch read variables @DB5.DBD6"));
  EXPECT_THAT(brief({to_client(ack(9, kReal, kRealData))}), ElementsAre("tx 0 rep read variables =21.5"))
      << "nobody asked in sight: nothing odd";
  EXPECT_THAT(brief({to_server(kConnect), to_client(tpkt(from_hex("06 80 0001 0000 02")))}),
              ElementsAre("tx 0 req rep open connection"));
  EXPECT_THAT(brief({to_client(tpkt(from_hex("04 70 0001 02")))}),
              ElementsAre("tx 0 rep events=tpdu_rejected reject TPDU"));
  HarnessOptions o;
  o.limits["request-flood"] = 2;
  EXPECT_THAT(brief({to_server(job(1, "29") + job(2, "29") + job(3, "29")), to_client(ack(3, "29"))}, o),
              ElementsAre("tx 0 req events=flooded PLC stop", "tx 2 req rep PLC stop", "tx 1 req PLC stop"));
  HarnessOptions little;
  little.limits["request-memory"] = 25;  // two of these requests
  EXPECT_THAT(brief({to_server(job(1, "29") + job(2, "29") + job(3, "29")), to_client(ack(3, "29"))}, little),
              ElementsAre("tx 0 req events=flooded PLC stop", "tx 2 req rep PLC stop", "tx 1 req PLC stop"));
  HarnessOptions slow;
  slow.step_ns = 61'000'000'000;
  EXPECT_THAT(
      brief({to_server(job(1, "29")), to_client(ack(1, "29"))}, slow),
      ElementsAre("tx 0 req events=no_reply PLC stop", "tx 1 rep events=unsolicited_response PLC stop"));
  std::string items;
  for (int i = 0; i < 70; ++i) items += "120a10 02 0001 0001 84 000008";
  const auto lines = brief({to_server(job(1, "04 46" + items))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].substr(0, 50), "tx 0 req events=too_many_items read variables @DB1");
}

TEST(S7comm, GoesOnBehindAGap) {
  const Conversation talk = {to_server(job(1, kReadReal)), gap(Direction::kToServer, 3),
                             to_server(job(2, "29").substr(5) + job(3, "29")), to_client(ack(3, "29"))};
  EXPECT_THAT(brief(talk),
              ElementsAre("event > gap", "tx 1 req rep PLC stop", "tx 0 req read variables @DB5.DBD6"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  // The answer to the first was lost; the second has its reference.
  EXPECT_THAT(brief({to_server(job(1, kReadReal)), gap(Direction::kToClient, 25), to_server(job(1, "29")),
                     to_client(ack(1, "29"))}),
              ElementsAre("event < gap", "tx 1 req rep PLC stop", "tx 0 req read variables @DB5.DBD6"));
}

TEST(S7comm, Plus) {
  const auto plus = [](std::string_view data, bool last = true) {
    const std::string d = from_hex(data);
    return dt(from_hex("72 02") + u16(d.size()) + d + (last ? from_hex("72 02 0000") : ""));
  };
  const Conversation talk = {
      to_server(plus("31 0000 054c 0000 0002 000003a2 34 00") +
                plus("31 0000 0542 0000 0003 000003a2 34 00")),
      to_client(plus("32 0000 054c 0000 0002 34", false) + plus("01020304") +
                plus("32 0000 0542 0000 0003 34")),
      to_client(plus("33 07000c81 0004 0008 0000 01 07 00")),
      to_server(plus("31 0000 05b3 0000 0004 00000000")),
      to_client(plus("32 0000 05b3 0000 0004 00")),
      to_client(dt(from_hex("160303 0004 02000000"))),
  };
  EXPECT_THAT(brief(talk),
              ElementsAre("tx 0 req rep read variables", "tx 1 req rep write variables",
                          "tx 2 rep report values", "tx 3 req rep start encryption", "event < encrypted"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  Message m;
  const std::string create = from_hex("72 01 002f 32 0000 04ca 0000 0001 36 11 0287a2 a38232 0015 1b") +
                             "1;6ES7 212-1BE31-0XB0 ;V3.0";
  ASSERT_TRUE(interpret(as_bytes(create), false, m));
  EXPECT_EQ(printable(m.identity), "1;6ES7 212-1BE31-0XB0 ;V3.0");
}

TEST(S7comm, ProbeKnowsItByTheFirstData) {
  const auto ask = [](const std::string& b) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(b));
  };
  EXPECT_EQ(ask(kConnect), Probe::kUnsure);
  EXPECT_EQ(ask(kConnect + dt("")), Probe::kUnsure);
  EXPECT_EQ(ask(kConnect + job(1, "29")), Probe::kYes);
  EXPECT_EQ(ask(kConnect + dt(pdu(1, 1, "29").substr(0, 10), false)), Probe::kYes);
  EXPECT_EQ(ask(ack(1, "29")), Probe::kYes) << "from its midst, too";
  EXPECT_EQ(ask(dt(from_hex("72 01 0003 310000 72010000"))), Probe::kYes);
  // A session's connect (MMS), RDP's connect initial, and what else begins with a 3.
  EXPECT_EQ(ask(kConnect + dt(from_hex("0d b2 05 06 13 01 00 16 01 02"))), Probe::kNo);
  EXPECT_EQ(ask(kConnect + dt(from_hex("7f 65 82 01 94 04"))), Probe::kNo);
  EXPECT_EQ(ask(kConnect + dt(from_hex("32 05 0000 0001 0000 0000"))), Probe::kNo);
  EXPECT_EQ(ask(from_hex("0300 0500 00000000")), Probe::kNo);
  EXPECT_EQ(ask(from_hex("0300 0016 11")), Probe::kUnsure);
  EXPECT_EQ(ask("GET / HTTP/1.0\r\n"), Probe::kNo);
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(job(1, "29"))), Probe::kNo);
  // It never changes its mind when it sees more.
  const std::string all = kConnect + dt("") + job(1, kReadReal);
  bool sure = false;
  for (std::size_t n = 0; n <= all.size(); ++n) {
    const Probe p = ask(all.substr(0, n));
    EXPECT_NE(p, Probe::kNo) << n;
    EXPECT_TRUE(!sure || p == Probe::kYes) << n;
    sure = p == Probe::kYes;
  }
  EXPECT_TRUE(sure);
}

TEST(S7comm, EveryOperationIsNamedOnce) {
  for (const OtOperation& a : kOt.operations) {
    EXPECT_FALSE(a.name.empty());
    for (const OtOperation& b : kOt.operations) EXPECT_TRUE(&a == &b || a.name != b.name) << a.name;
    EXPECT_TRUE(a.technique.empty() || (a.technique.size() == 5 && a.technique.starts_with("T0"))) << a.name;
  }
}

TEST(S7comm, BlockInfo) {
  const std::string b =
      from_hex("7070 0101 05 0a 0001 00000078 00000003 00000001 34f1 00000000 0000 0000 0000 0012 0024") +
      "PICKET  LAB     RECIPE7 " + from_hex("13 00 beef 00000000");
  BlockInfo i;
  ASSERT_TRUE(read_block_info(as_bytes(b), i));
  EXPECT_EQ(i.number, 1);
  EXPECT_EQ(block_type_name(i.type), "DB");
  EXPECT_TRUE(i.protected_);
  EXPECT_EQ(i.load, 120U);
  EXPECT_EQ(i.local_data, 18);
  EXPECT_EQ(i.code, 36);
  EXPECT_EQ(i.interface_ns, 441763200ULL * 1'000'000'000) << "1984-01-01";
  EXPECT_EQ(i.code_ns, i.interface_ns + 13553ULL * 86400 * 1'000'000'000 + 1'000'000);
  EXPECT_EQ(printable(i.name), "RECIPE7 ");
  EXPECT_EQ(i.checksum, 0xbeef);
  for (std::size_t n = 0; n < 36; ++n) EXPECT_FALSE(read_block_info(as_bytes(b).first(n), i)) << n;
}

}  // namespace
}  // namespace picket::s7comm
