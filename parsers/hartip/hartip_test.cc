// Bytes from TS20081 (10.3), TS20127 and TS20151; check bytes worked out by hand as the exclusive or of a frame's octets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "parsers/hartip/hartip_commands.h"
#include "tests/support/parser_harness.h"

namespace picket::hartip {
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

/// A message: version, type, ID, status, sequence; its length is counted here.
std::string message(std::string_view head, std::string_view body) {
  const std::string h = from_hex(head), b = from_hex(body);
  const auto length = static_cast<unsigned>(8 + b.size());
  return h + std::string{static_cast<char>(length >> 8), static_cast<char>(length)} + b;
}
/// A frame of the data link with its check byte.
std::string checked(std::string_view hex) {
  const std::string f = from_hex(hex);
  char sum = 0;
  for (const char c : f) sum = static_cast<char>(sum ^ c);
  std::string out(hex);
  char digits[4];
  std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(sum));
  return out + digits;
}

const std::string kOpen = message("01 00 00 00 0001", "01 00007530"),
                  kOpened = message("01 01 00 00 0001", "01 00007530");
const std::string kAsk0 = message("01 00 03 00 0002", "02 80 00 00 82");
// HART 7, Rosemount (0x26), type 0x2606, revisions 7, 2, 3, hardware 4; device id 0x123456, counter 9, process automation.
const std::string kTell0 =
    message("01 01 03 00 0002", checked("06 80 00 18 00 40"
                                        "fe 2606 05 07 02 03 20 01 123456 05 03 0009 01 0026 0026 01"));
// Long address of that device, by the primary master: 0xa6 06 12 34 56.
const std::string kAsk3 = message("01 00 03 00 0003", checked("82 a606123456 03 00"));
const std::string kTell3 = message("01 01 03 00 0003", checked("86 a606123456 03 10 00 08"
                                                               "41400000 07 3f800000 20 41c80000"));

std::string ot_of(const Transaction& tx) {
  const auto& x = static_cast<const Exchange&>(tx);
  std::string out(ot_class_name(x.operation->ot_class));
  out += "/" + std::string(x.operation->name);
  if (!x.operation->technique.empty()) out += "/" + std::string(x.operation->technique);
  if (x.failed) out += " failed";
  if (x.station != kNoOtStation) out += " @" + std::to_string(x.station);
  OtAddress a;
  for (unsigned n = 0; x.ot->address(x, n, a); ++n, a = {})
    out += (n == 0 ? " [" : ", ") + std::string(as_text(a.text));
  if (x.ot->address(x, 0, a)) out += "]";
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    OtValue v;
    for (unsigned n = 0; x.ot->value(x, dir, n, v); ++n, v = {}) {
      if (n == 0) out += dir == Direction::kToServer ? " >" : " <";
      char number[32];
      std::snprintf(number, sizeof number, " %g", v.number);
      out += v.is_number ? std::string(number) : " " + std::string(as_text(v.text));
    }
  }
  return out;
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = ot_of;
  return run(kSpec, talk, o);
}
/// What a request and its reply do; both are frames of polling address 0 without delimiter, address and check byte.
std::string does(std::string_view ask, std::string_view tell) {
  const auto lines = brief({to_server(message("01 00 03 00 0009", checked("02 80" + std::string(ask)))),
                            to_client(message("01 01 03 00 0009", checked("06 80" + std::string(tell))))});
  return lines.size() == 1 && lines[0].starts_with("tx 0 req rep ") ? lines[0].substr(13)
                                                                    : ::testing::PrintToString(lines);
}

TEST(Hartip, SessionAndCommands) {
  EXPECT_THAT(
      brief({to_server(kOpen), to_client(kOpened), to_server(kAsk0), to_client(kTell0), to_server(kAsk3),
             to_client(kTell3), to_server(message("01 00 02 00 0004", "")),
             to_client(message("01 01 02 00 0004", "")), to_server(message("01 00 01 00 0005", "")),
             to_client(message("01 01 01 00 0005", ""))}),
      ElementsAre(
          "tx 0 req rep none/initiate session > 30000 < 30000",
          "tx 1 req rep read/read unique identifier/T0888 @0 < 1.19305e+06",
          "tx 2 req rep read/read dynamic variables and loop current @163310613590 [PV to QV] < 12 1 25",
          "tx 3 req rep none/keep alive", "tx 4 req rep none/close session"));
}

TEST(Hartip, ReadsAFrame) {
  Pdu p;
  Bytes rest;
  // Two preambles, delimiter with one byte of expansion, long address in burst mode.
  const std::string f = from_hex(
                            "ff ff a2 c606123456 aa 01 02 1122"
                            "00") +
                        "x";
  ASSERT_TRUE(read_pdu(as_bytes(f), p, rest));
  EXPECT_EQ(p.preambles, 2);
  EXPECT_EQ(p.type(), Pdu::kStx);
  EXPECT_TRUE(p.is_long());
  EXPECT_EQ(p.expansion.size(), 1U);
  EXPECT_EQ(p.command, 1);
  EXPECT_EQ(p.data.size(), 2U);
  EXPECT_EQ(p.device(), 0x0606123456U);
  EXPECT_FALSE(p.check_right);
  EXPECT_EQ(as_text(rest), "x");
  // 02 ^ 80 ^ 00 ^ 00 = 82
  EXPECT_TRUE(read_pdu(as_bytes(from_hex("0280000082")), p, rest) && p.check_right && rest.empty());
  for (const char* bad : {"", "02", "0280", "028000", "02800001", "0280000182", "0380000083", "ffff"})
    EXPECT_FALSE(read_pdu(as_bytes(from_hex(bad)), p, rest)) << bad;
}

TEST(Hartip, UnpacksText) {
  std::array<char, 32> room;
  const auto text = [&](std::string_view hex) {
    return std::string(room.data(), unpack_ascii(as_bytes(from_hex(hex)), room));
  };
  // "TAG1" = 010100 000001 000111 110001; "    " = 100000 four times.
  EXPECT_EQ(text("5011f1 820820"), "TAG1");
  EXPECT_EQ(text("820820"), "");
  EXPECT_EQ(text("000000"), "@@@@");
  EXPECT_EQ(text("ffffff"), "????");
}

TEST(Hartip, SaysWhatIsDone) {
  EXPECT_EQ(does("01 00", "01 07 0000 20 41c80000"), "read/read primary variable @0 [PV] < 25");
  EXPECT_EQ(does("02 00", "02 0a 0000 41400000 42480000"),
            "read/read loop current and percent of range @0 [loop current] < 12 50");
  EXPECT_EQ(does("06 02 05 01", "06 04 0000 05 01"), "configure/write polling address/T0836 @0 > 5 1 < 5 1");
  EXPECT_EQ(does("09 02 00 f6", "09 17 0000 00 00 40 20 41c80000 c0 f6 41 07 3f800000 40 00000020"),
            "read/read device variables with status @0 [device variable 0, PV] < 25 1");
  EXPECT_EQ(does("12 15 5011f1820820 820820820820820820820820 1d 02 7c", "12 02 07 00"),
            "configure/write tag descriptor and date/T0836 failed @0 > TAG1 ");
  EXPECT_EQ(does("23 09 07 42c80000 00000000", "23 0b 0000 07 42c80000 00000000"),
            "configure/write range values of PV/T0836 @0 [PV] > 100 0 < 100 0");
  EXPECT_EQ(does("22 04 3f000000", "22 06 0840 3f000000"),
            "configure/write damping of PV/T0836 @0 [PV] > 0.5 < 0.5")
      << "8 is a warning";
  EXPECT_EQ(does("28 04 40800000", "28 06 0000 40800000"),
            "control/fixed current mode/T0832 @0 [loop current] > 4 < 4");
  EXPECT_EQ(does("2a 00", "2a 02 0000"), "control/device reset/T0816 @0");
  EXPECT_EQ(does("26 00", "26 02 0000"), "configure/reset configuration changed flag/T0872 @0");
  EXPECT_EQ(does("47 01 02", "47 03 0000 02"), "configure/lock device/T0892 @0 > 2 < 2");
  EXPECT_EQ(does("4f 08 03 01 20 41c80000 c0", "4f 02 10 00"),
            "control/write device variable/T0832 failed @0 [device variable 3] > 1 25");
  EXPECT_EQ(does("82 01 07", "82 03 0000 07"), "none/device-specific command @0 [command 130]");
  EXPECT_EQ(does("1f 04 0300 1122", "1f 04 0000 0300"), "configure/write join key/T0892 @0")
      << "by the extended number";
  EXPECT_EQ(does("1f 06 021d 73656372", "1f 04 0000 021d"), "configure/write client password/T0892 @0");
  EXPECT_EQ(does("39 00", "39 17 0000 5011f1820820 5011f1820820820820820820 1d 02 7c"),
            "read/read unit tag descriptor and date/T0888 @0 < TAG1 TAG1")
      << "its descriptor is as long as that of the device";
}

TEST(Hartip, NamesOfTheCommonTables) {
  EXPECT_EQ(value_name(Field::kUnits, 145), "inH2O at 60 degF");
  EXPECT_EQ(value_name(Field::kUnits, 239), "mmH2O at 4 degC");
  EXPECT_EQ(value_name(Field::kClassification, 110), "torque");
  EXPECT_EQ(value_name(Field::kTransferFunction, 11), "equal percentage 1:33");
  EXPECT_EQ(value_name(Field::kManufacturer, 24584), "MSA");
  EXPECT_TRUE(holds_secret(963)) << "the key of a session";
  EXPECT_FALSE(holds_secret(962));
}

TEST(Hartip, LooksInsideOfOthers) {
  // Card 1, channel 2, 5 preambles, then a frame for 0x2606123456 that writes its range.
  EXPECT_EQ(does("4d 14 01 02 05 82 a606123456 23 09 07 42c80000 00000000",
                 "4d 17 0000 01 02 86 a606123456 23 0b 0000 07 42c80000 00000000"),
            "configure/write range values of PV/T0836 @163310613590 [card 1 channel 2, PV] > 100 0 < 100 0");
  EXPECT_EQ(does("4d 0b 01 02 05 82 a606123456 2a 00", "4d 0e 0000 01 02 86 a606123456 2a 02 1000"),
            "control/device reset/T0816 failed @163310613590 [card 1 channel 2]");
  EXPECT_EQ(does("4e 07 02 0001 00 0002 00",
                 "4e 19 0000 00 02 0001 06 00 20 41c80000 0002 09 00 41400000 42480000"),
            "read/read aggregated commands @0 [PV, loop current] < 25 12 50");
  // A frame inside that is none.
  EXPECT_THAT(does("4d 05 01 02 05 82 a6", "4d 02 0500"), HasSubstr("invalid_command"));
}

TEST(Hartip, DirectPdus) {
  EXPECT_THAT(
      brief({to_server(message("02 00 04 00 0001", "00 00 0000 00 0028 04 40800000")),
             to_client(message("02 01 04 00 0001",
                               "40 01 0000 17 00 fe 2606 05 07 02 03 20 01 123456 05 03 0009 01 0026 0026 01"
                               "0028 05 00 40800000"))}),
      ElementsAre("tx 0 req rep control/fixed current mode/T0832 [loop current] > 4 < 1.19305e+06 4"));
  EXPECT_THAT(brief({to_server(message("02 00 04 00 0001", "00 00 0000 09"))}),
              ElementsAre(HasSubstr("events=invalid_body")));
}

TEST(Hartip, AuditLog) {
  EXPECT_THAT(
      brief({to_server(message("02 00 05 00 0001", "00 01")),
             to_client(message("02 01 05 00 0001", "00 01 0000000065000000 0000000065000001 0001 003a" +
                                                       std::string(116, '0')))}),
      ElementsAre("tx 0 req rep read/read audit log/T0888"));
  EXPECT_THAT(
      brief({to_client(message("02 01 05 00 0001", "00 02 0000000065000000 0000000065000001 0001 003a"))}),
      ElementsAre(HasSubstr("events=invalid_body")));
}

TEST(Hartip, PublishStandsAlone) {
  const std::string told = message("01 02 03 00 0010", checked("81 e606123456 01 07 0020 20 41c80000"));
  EXPECT_THAT(brief({to_client(told)}),
              ElementsAre("tx 0 rep read/publish burst message @163310613590 [PV] < 25"));
  EXPECT_THAT(brief({to_server(told)}), ElementsAre(HasSubstr("events=wrong_direction")));
}

TEST(Hartip, PairsBySequenceAndId) {
  const std::string ask = "02 80 01 00 83";
  const auto tell = [](unsigned seq, std::string_view pdu) {
    char head[32];
    std::snprintf(head, sizeof head, "01 01 03 00 %04x", seq);
    return message(head, checked(pdu));
  };
  const std::string one = "06 80 01 07 0000 20 41c80000";
  EXPECT_THAT(brief({to_server(message("01 00 03 00 0001", ask) + message("01 00 03 00 0002", ask)),
                     to_client(tell(2, one) + tell(1, one))}),
              ElementsAre("tx 1 req rep read/read primary variable @0 [PV] < 25",
                          "tx 0 req rep read/read primary variable @0 [PV] < 25"));
  EXPECT_THAT(brief({to_server(message("01 00 03 00 0001", ask)), to_client(tell(7, one))}),
              ElementsAre("tx 1 rep events=unsolicited_response read/read primary variable @0 [PV] < 25",
                          "tx 0 req read/read primary variable @0 [PV]"));
  EXPECT_THAT(brief({to_client(tell(7, one))}),
              ElementsAre("tx 0 rep read/read primary variable @0 [PV] < 25"));
  EXPECT_THAT(brief({to_server(message("01 00 03 00 0001", ask)),
                     to_client(tell(1, "06 83 01 07 0000 20 41c80000"))}),
              ElementsAre(HasSubstr("events=reply_mismatch")));
  EXPECT_THAT(brief({to_server(kOpen), to_client(message("01 0f 00 0f 0001", "0f"))}),
              ElementsAre("tx 0 req rep none/initiate session failed > 30000"));
}

TEST(Hartip, NamesWhatIsOdd) {
  const auto events = [](const Conversation& talk, HarnessOptions o = {}) {
    std::string out;
    for (const std::string& line : brief(talk, o)) {
      const auto at = line.find("events=");
      if (at != std::string::npos) out += line.substr(at + 7, line.find(' ', at) - at - 7) + " ";
    }
    return out;
  };
  EXPECT_EQ(events({to_server(message("01 00 03 00 0001", "02 80 00 00 83"))}), "invalid_check_byte ");
  EXPECT_EQ(events({to_server(message("01 00 03 00 0001", "02 80 00 00 82 00"))}), "invalid_pdu ");
  EXPECT_EQ(events({to_server(message("01 00 03 00 0001", checked("06 80 00 02 0000")))}), "invalid_pdu ")
      << "a device's";
  EXPECT_EQ(events({to_server(message("01 00 03 00 0001", checked("02 80 23 08 07 42c80000 000000")))}),
            "invalid_command ");
  EXPECT_EQ(events({to_server(message("01 00 00 00 0001", "01 0000"))}), "invalid_body ");
  EXPECT_EQ(events({to_server(message("01 00 09 00 0001", "01"))}), "unknown_message ");
  EXPECT_EQ(events({to_client(kOpen)}), "wrong_direction ");
  HarnessOptions few;
  few.limits["request-flood"] = 1;
  EXPECT_EQ(events({to_server(kAsk0 + kAsk3)}, few), "flooded ");
  HarnessOptions slow;
  slow.step_ns = 61'000'000'000;
  EXPECT_EQ(events({to_server(kAsk0), to_server(kAsk3)}, slow), "no_reply ");
  std::string many;
  for (int i = 0; i < 33; ++i) many += "000100";
  EXPECT_EQ(events({to_server(message("02 00 04 00 0001", "0000" + many))}), "too_many_commands ");
}

TEST(Hartip, ABadMessageEndsNothing) {
  for (const std::string& bad :
       {std::string("hello"), from_hex("01 00 03 00 0007 ffff"), from_hex("01 00 03 00 0007 0007"),
        from_hex("03 00 03 00 0007 0008"), std::string(40, '\x01'), std::string(40, '\0')}) {
    const Conversation talk = {to_server(kOpen + bad + kAsk0), to_client(kOpened + bad + kTell0),
                               to_server(kAsk3), to_client(kTell3)};
    const auto lines = brief(talk);
    ASSERT_GE(lines.size(), 3U) << printable(as_bytes(bad));
    EXPECT_THAT(lines[lines.size() - 2], HasSubstr("req rep read/read unique identifier"))
        << printable(as_bytes(bad));
    EXPECT_THAT(lines.back(), HasSubstr("[PV to QV] < 12 1 25"));
    EXPECT_EQ(check_every_split(kSpec, talk), "");
  }
}

TEST(Hartip, GoesOnBehindAGap) {
  const Conversation talk = {to_server(kOpen), gap(Direction::kToServer, 10),
                             to_server(kAsk0.substr(5) + kAsk3), to_client(kTell3)};
  EXPECT_THAT(brief(talk),
              ElementsAre("event > gap", HasSubstr("read dynamic variables"), HasSubstr("initiate session")));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Hartip, DoesNotCareHowSegmentsFall) {
  const Conversation talk = {to_server(kOpen), to_client(kOpened), to_server(kAsk0 + kAsk3),
                             to_client(kTell0 + kTell3),
                             to_server(message("02 00 04 00 0006", "00 00 0000 00 0028 04 40800000"))};
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  HarnessOptions udp;
  udp.transport = Transport::kUdp;
  EXPECT_THAT(brief({to_server(kAsk0), to_client(kTell0 + kTell3), to_server(kAsk3.substr(0, 12))}, udp),
              ElementsAre(HasSubstr("read unique identifier"), HasSubstr("events=unsolicited_response"),
                          "event > invalid_length"));
}

TEST(Hartip, RulesSeeFields) {
  const auto lines =
      run(kSpec,
          {to_server(message("01 00 03 00 0002", checked("02 80 0b 06 5011f1820820"))),
           to_client(message(
               "01 01 03 00 0002",
               checked("06 80 0b 18 00 40 fe 2606 05 07 02 03 20 01 123456 05 03 0009 01 0026 0026 01")))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("hartip.tag=TAG1"));
  std::uint64_t n = 0;
  EXPECT_TRUE(command_by_name("Device Reset", n) && n == 42);
  EXPECT_TRUE(manufacturer_by_name("rosemount", n) && n == 38);
  EXPECT_TRUE(unit_by_name("degc", n) && n == 32);
  EXPECT_EQ(command_info(4), nullptr);
}

TEST(Hartip, ProbeIsSure) {
  const auto asked = [](std::string_view b, Transport t = Transport::kTcp) {
    return probe(t, Direction::kToServer, as_bytes(b));
  };
  for (const std::string& m : {kOpen, kAsk0, kTell3, message("02 00 04 00 0001", "00 00 0000 00")}) {
    EXPECT_EQ(asked(m), Probe::kYes);
    EXPECT_EQ(asked(m, Transport::kUdp), Probe::kYes);
    for (std::size_t i = 0; i < m.size(); ++i) EXPECT_EQ(asked(m.substr(0, i)), Probe::kUnsure) << i;
  }
  const std::string alive = message("01 00 02 00 0004", "");
  EXPECT_EQ(asked(alive), Probe::kUnsure);
  EXPECT_EQ(asked(alive + kAsk0), Probe::kYes);
  std::string wrong = kAsk0;
  wrong.back() = '\0';
  for (const std::string& other :
       {wrong, std::string("GET / HTTP/1.1\r\n\r\n"), std::string(64, '\0'), std::string(64, '\x01'),
        from_hex("01 00 09 00 0001 0008"), from_hex("0102 0904")})
    EXPECT_EQ(asked(other), Probe::kNo) << printable(as_bytes(other));
}

}  // namespace
}  // namespace picket::hartip
