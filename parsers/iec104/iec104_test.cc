#include "parsers/iec104/iec104.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::iec104 {
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

std::string u16(unsigned v) { return {static_cast<char>(v & 0xff), static_cast<char>(v >> 8)}; }
/// An I frame; the ASDU in hexadecimal.
std::string i_frame(unsigned send, unsigned receive, std::string_view asdu) {
  const std::string body = from_hex(asdu);
  return std::string("\x68") + static_cast<char>(4 + body.size()) + u16(send << 1) + u16(receive << 1) + body;
}
std::string s_frame(unsigned receive) { return from_hex("68 04 01 00") + u16(receive << 1); }
std::string u_frame(LinkFunction f) {
  return from_hex("68 04") + static_cast<char>(static_cast<unsigned>(f) | 3) + from_hex("00 00 00");
}

Asdu read(std::string_view asdu) {
  static std::string bytes;  // what is read borrows
  bytes = from_hex(asdu);
  return interpret(as_bytes(bytes));
}
Object object(std::string_view asdu, unsigned n = 0) {
  Object o;
  EXPECT_TRUE(object_at(read(asdu), n, o)) << asdu;
  return o;
}
unsigned problems(std::string_view asdu) { return read(asdu).problems; }
std::string time_text(const Time& t) {
  std::array<char, Time::kTextSize> room;
  return std::string(t.text(room));
}

/// "OPERATION [address] > values < values", of each transaction.
std::string told(const Transaction& tx) {
  const auto& x = static_cast<const Exchange&>(tx);
  std::string out(x.operation->name);
  OtAddress a;
  for (unsigned n = 0; n < 200 && x.ot->address(x, n, a); ++n) {
    out += n == 0 ? " [" : ", ";
    out += as_text(a.text);
  }
  if (x.format == Format::kI) out += "]";
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    OtValue v;
    for (unsigned n = 0; n < 200 && x.ot->value(x, d, n, v); ++n) {
      char number[32];
      std::snprintf(number, sizeof number, "%g", v.number);
      out += n != 0 ? "," : d == Direction::kToServer ? " > " : " < ";
      out += v.is_number ? std::string(number) : printable(v.text);
    }
  }
  if (x.reported_asdus != 0) {
    out += " reported " + std::to_string(x.reported_objects) + "/" + std::to_string(x.reported_asdus);
  }
  return out;
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = told;
  return run(kSpec, talk, o);
}

const std::string kStart_ = u_frame(LinkFunction::kStartAct), kStarted = u_frame(LinkFunction::kStartCon);
// Common address 10, object 0x1388 = 5000: single command on, execute.
const std::string kOn = "2d 01 06 00 0a00 881300 01", kOnCon = "2d 01 07 00 0a00 881300 01",
                  kOnTerm = "2d 01 0a 00 0a00 881300 01", kOnNeg = "2d 01 47 00 0a00 881300 01";
const std::string kPoint = "01 01 03 00 0a00 010000 01";  // single point 1 on, spontaneous

TEST(Iec104, CommandConfirmationTermination) {
  EXPECT_THAT(
      brief({to_server(kStart_), to_client(kStarted), to_server(i_frame(0, 0, kOn)),
             to_client(i_frame(0, 1, kOnCon)), to_client(i_frame(1, 1, kOnTerm)), to_server(s_frame(2))}),
      ElementsAre("tx 0 req rep start data transfer",
                  "tx 1 req rep single command execute [CA 10 IOA 5000] > 1 < 1,1",
                  "tx 2 req acknowledge frames"));
  // Refused: that is the end of it.
  EXPECT_THAT(brief({to_server(kStart_ + i_frame(0, 0, kOn)), to_client(kStarted + i_frame(0, 1, kOnNeg))}),
              ElementsAre("tx 0 req rep start data transfer",
                          "tx 1 req rep single command execute [CA 10 IOA 5000] > 1 < 1"));
  // The station does not know the object (47).
  EXPECT_THAT(brief({to_server(kStart_ + i_frame(0, 0, kOn)),
                     to_client(kStarted + i_frame(0, 1, "2d 01 6f 00 0a00 881300 01"))}),
              ElementsAre("tx 0 req rep start data transfer",
                          "tx 1 req rep single command execute [CA 10 IOA 5000] > 1 < 1"));
}

TEST(Iec104, WhatRulesSee) {
  EXPECT_THAT(
      run(kSpec, {to_server(kStart_ + i_frame(0, 0, kOn)), to_client(kStarted + i_frame(0, 1, kOnNeg))}),
      ElementsAre(
          "tx 0 req rep iec104.format=2 iec104.link=4 iec104.format=2 iec104.link=8",
          "tx 1 req rep iec104.asdu=-\\x01\\x06\\x00\\x0a\\x00\\x88\\x13\\x00\\x01 iec104.format=0 "
          "iec104.send_sequence=0 iec104.receive_sequence=0 iec104.type=45 iec104.sequence=0 iec104.count=1 "
          "iec104.cause=6 iec104.negative=0 iec104.test=0 iec104.originator=0 iec104.common_address=10 "
          "iec104.object=5000 iec104.state=2 iec104.select=0 iec104.qualifier=0 "
          "iec104.asdu=-\\x01G\\x00\\x0a\\x00\\x88\\x13\\x00\\x01 iec104.format=0 "
          "iec104.send_sequence=0 iec104.receive_sequence=1 iec104.type=45 iec104.sequence=0 iec104.count=1 "
          "iec104.cause=7 iec104.negative=1 iec104.test=0 iec104.originator=0 iec104.common_address=10 "
          "iec104.object=5000 iec104.state=2 iec104.select=0 iec104.qualifier=0"));
  // Both answers are on the station's side; qualities come once each; S frames are looked at and make no record.
  const auto lines =
      run(kSpec, {to_server(kStart_ + i_frame(0, 0, kOn)),
                  to_client(kStarted + i_frame(0, 1, kOnCon) + i_frame(1, 1, kOnTerm)),
                  to_client(i_frame(2, 1, "01 02 03 00 0a00 010000 81 020000 d0")), to_server(s_frame(3))});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[1], HasSubstr(" iec104.cause=7 iec104.cause=10 "));
  EXPECT_THAT(lines[2], HasSubstr(" iec104.object=1 iec104.object=2 iec104.state=2 iec104.state=1 "));
  EXPECT_THAT(lines[2], HasSubstr(" iec104.quality=1 iec104.quality=2 iec104.quality=8"));
  EXPECT_EQ(lines[3], "tx 3 req iec104.format=1 iec104.receive_sequence=3");
  ParserRun r(kSpec);
  r.feed(Direction::kToServer, s_frame(3));
  EXPECT_EQ(r.lines().size(), 1U);
}

TEST(Iec104, SelectBeforeOperate) {
  const std::string select = "2e 01 06 00 0a00 0b0000 82", selected = "2e 01 07 00 0a00 0b0000 82";
  const std::string go = "2e 01 06 00 0a00 0b0000 02", gone = "2e 01 07 00 0a00 0b0000 02",
                    over = "2e 01 0a 00 0a00 0b0000 02";
  EXPECT_THAT(
      brief({to_server(i_frame(7, 7, select)), to_client(i_frame(7, 8, selected)),
             to_server(i_frame(8, 8, go)), to_client(i_frame(8, 9, gone) + i_frame(9, 9, over)),
             to_server(i_frame(9, 10, go)), to_client(i_frame(10, 10, gone) + i_frame(11, 10, over))}),
      ElementsAre("tx 0 req rep select before operate: select [CA 10 IOA 11] > 2 < 2",
                  "tx 1 req rep select before operate: double command execute [CA 10 IOA 11] > 2 < 2,2",
                  "tx 2 req rep double command execute [CA 10 IOA 11] > 2 < 2,2"));
  // Called off, it is not selected any more; nor when the select was refused.
  EXPECT_THAT(brief({to_server(i_frame(7, 7, select)), to_client(i_frame(7, 8, "2e 01 47 00 0a00 0b0000 82")),
                     to_server(i_frame(8, 8, go)), to_client(i_frame(8, 9, gone) + i_frame(9, 9, over))}),
              ElementsAre("tx 0 req rep select before operate: select [CA 10 IOA 11] > 2 < 2",
                          "tx 1 req rep double command execute [CA 10 IOA 11] > 2 < 2,2"));
  // The execution of an earlier selection was not seen, and that selection is forgotten by now.
  HarnessOptions slow;
  slow.step_ns = 25'000'000'000;
  EXPECT_THAT(
      brief({to_server(i_frame(7, 7, select)), to_client(i_frame(7, 8, selected)),
             to_server(i_frame(8, 8, select)), to_client(i_frame(8, 9, selected)),
             to_server(i_frame(9, 9, go)), to_client(i_frame(9, 10, gone) + i_frame(10, 10, over))},
            slow),
      ElementsAre("tx 0 req rep select before operate: select [CA 10 IOA 11] > 2 < 2",
                  "tx 1 req rep select before operate: select [CA 10 IOA 11] > 2 < 2",
                  "tx 2 req rep select before operate: double command execute [CA 10 IOA 11] > 2 < 2,2"));
  EXPECT_THAT(brief({to_server(i_frame(7, 7, "2e 01 08 00 0a00 0b0000 82")),
                     to_client(i_frame(7, 8, "2e 01 09 00 0a00 0b0000 82"))}),
              ElementsAre("tx 0 req rep cancel command [CA 10 IOA 11] > 2 < 2"));
}

TEST(Iec104, InterrogationCountsWhatItBrings) {
  const std::string ask = "64 01 06 00 0a00 000000 14", con = "64 01 07 00 0a00 000000 14",
                    term = "64 01 0a 00 0a00 000000 14";
  EXPECT_THAT(brief({to_server(i_frame(5, 5, ask)), to_client(i_frame(5, 6, con)),
                     to_client(i_frame(6, 6, "01 83 14 00 0a00 010000 01 00 01") +
                               i_frame(7, 6, "0d 01 14 00 0a00 640000 0000803f 00") + i_frame(8, 6, kPoint)),
                     to_client(i_frame(9, 6, term))}),
              ElementsAre("tx 1 rep interrogated report [CA 10 IOA 1-3] < 1,0,1",
                          "tx 2 rep interrogated report [CA 10 IOA 100] < 1",
                          "tx 3 rep spontaneous report [CA 10 IOA 1] < 1",
                          "tx 0 req rep general interrogation [CA 10] > 20 < 20,20 reported 4/2"));
  // Two groups side by side.
  EXPECT_THAT(
      brief({to_server(i_frame(5, 5, "64 01 06 00 0a00 000000 15") +
                       i_frame(6, 5, "64 01 06 00 0a00 000000 16")),
             to_client(
                 i_frame(5, 7, "64 01 07 00 0a00 000000 16") + i_frame(6, 7, "64 01 07 00 0a00 000000 15") +
                 i_frame(7, 7, "64 01 0a 00 0a00 000000 15") + i_frame(8, 7, "64 01 0a 00 0a00 000000 16"))}),
      ElementsAre("tx 0 req rep group interrogation [CA 10] > 21 < 21,21",
                  "tx 1 req rep group interrogation [CA 10] > 22 < 22,22"));
  // To all stations: each answers, none is unsolicited.
  const std::string all = "64 01 06 00 ffff 000000 14";
  EXPECT_THAT(brief({to_server(i_frame(5, 5, all)),
                     to_client(i_frame(5, 6, con) + i_frame(6, 6, "64 01 07 00 0b00 000000 14") +
                               i_frame(7, 6, term))}),
              ElementsAre("tx 1 rep general interrogation [CA 11] < 20",
                          "tx 0 req rep general interrogation [CA 65535] > 20 < 20,20"));
}

TEST(Iec104, SystemCommands) {
  EXPECT_THAT(
      brief({to_server(i_frame(0, 5, "67 01 06 00 0a00 000000 c35d 2d 0a 76 0b 1a")),
             to_client(i_frame(5, 1, "67 01 07 00 0a00 000000 0000 2d 0a 76 0b 1a")),
             to_server(i_frame(1, 6, "69 01 06 00 0a00 000000 01")),
             to_client(i_frame(6, 2, "69 01 07 00 0a00 000000 01")),
             to_server(i_frame(2, 7, "69 01 06 00 0a00 000000 02")),
             to_client(i_frame(7, 3, "69 01 07 00 0a00 000000 02")),
             to_server(i_frame(3, 8, "65 01 06 00 0a00 000000 45")),
             to_client(i_frame(8, 4, "65 01 07 00 0a00 000000 45")),
             to_client(i_frame(9, 4, "65 01 0a 00 0a00 000000 45")),
             to_server(i_frame(4, 9, "66 01 05 00 0a00 640000")),
             to_client(i_frame(10, 5, "0b 01 05 00 0a00 640000 2a00 00")),
             to_server(i_frame(5, 10, "66 01 05 00 0a00 650000")),
             to_client(i_frame(11, 6, "66 01 6f 00 0a00 650000")),
             to_server(i_frame(6, 11, "68 01 06 00 0a00 000000 aa55")),
             to_client(i_frame(12, 7, "68 01 07 00 0a00 000000 aa55")),
             to_server(i_frame(7, 12, "6f 01 06 00 0a00 640000 f401 01")),
             to_client(i_frame(13, 8, "6f 01 07 00 0a00 640000 f401 01"))}),
      ElementsAre(
          "tx 0 req rep clock synchronization [CA 10] > 2026-11-22T10:45:24.003 < 2026-11-22T10:45:00.000",
          "tx 1 req rep reset process [CA 10] > 1 < 1", "tx 2 req rep reset pending events [CA 10] > 2 < 2",
          "tx 3 req rep counter freeze [CA 10] > 69 < 69,69", "tx 4 req rep read [CA 10 IOA 100] < 42",
          "tx 5 req rep read [CA 10 IOA 101]", "tx 6 req rep test command [CA 10] > 21930 < 21930",
          "tx 7 req rep parameter of measured value [CA 10 IOA 100] > 500 < 500"));
}

TEST(Iec104, EitherEndCommands) {
  EXPECT_THAT(brief({to_client(i_frame(3, 3, kOn)), to_server(i_frame(3, 4, kOnNeg)),
                     to_client(u_frame(LinkFunction::kTestAct)), to_server(u_frame(LinkFunction::kTestAct)),
                     to_client(u_frame(LinkFunction::kTestCon)), to_server(u_frame(LinkFunction::kTestCon))}),
              ElementsAre("tx 0 req rep single command execute [CA 10 IOA 5000] > 1 < 1",
                          "tx 2 req rep test link", "tx 1 req rep test link"));
}

TEST(Iec104, WhatIsNotAnsweredIsARecordAllTheSame) {
  HarnessOptions slow;
  slow.step_ns = 31'000'000'000;
  EXPECT_THAT(brief({to_server(i_frame(0, 4, kOn)), to_client(i_frame(4, 1, kPoint))}, slow),
              ElementsAre("tx 0 req events=no_confirmation single command execute [CA 10 IOA 5000] > 1",
                          "tx 1 rep spontaneous report [CA 10 IOA 1] < 1"));
  slow.step_ns = 121'000'000'000;
  const std::string ask = "64 01 06 00 0a00 000000 14", con = "64 01 07 00 0a00 000000 14";
  EXPECT_THAT(brief({to_server(i_frame(0, 4, ask)), to_client(i_frame(4, 1, kPoint))}, slow),
              ElementsAre(HasSubstr("tx 0 req events=no_confirmation"),
                          "tx 1 rep spontaneous report [CA 10 IOA 1] < 1"));
  HarnessOptions o = slow;
  o.limits["confirmation-timeout"] = 3600;
  EXPECT_THAT(
      brief({to_server(i_frame(0, 4, ask)), to_client(i_frame(4, 1, con)), to_client(i_frame(5, 1, kPoint))},
            o),
      ElementsAre(HasSubstr("tx 0 req rep events=no_termination general interrogation"),
                  HasSubstr("tx 1 rep")));
  // A station need not report the end of commands.
  EXPECT_THAT(
      brief(
          {to_server(i_frame(0, 4, kOn)), to_client(i_frame(4, 1, kOnCon)), to_client(i_frame(5, 1, kPoint))},
          o),
      ElementsAre("tx 0 req rep single command execute [CA 10 IOA 5000] > 1 < 1", HasSubstr("tx 1 rep")));
  // Where it does not, the next command for the point ends the one before.
  EXPECT_THAT(brief({to_server(i_frame(0, 4, kOn)), to_client(i_frame(4, 1, kOnCon)),
                     to_server(i_frame(1, 5, kOn)), to_client(i_frame(5, 2, kOnCon))}),
              ElementsAre("tx 0 req rep single command execute [CA 10 IOA 5000] > 1 < 1",
                          "tx 1 req rep single command execute [CA 10 IOA 5000] > 1 < 1"));
  EXPECT_THAT(brief({to_server(u_frame(LinkFunction::kTestAct)), to_server(u_frame(LinkFunction::kTestAct))}),
              ElementsAre("tx 0 req events=no_confirmation test link", "tx 1 req test link"));
}

TEST(Iec104, AnswersThatNothingWaitsFor) {
  EXPECT_THAT(brief({to_client(i_frame(4, 1, kOnCon)), to_client(i_frame(5, 1, kOnTerm))}),
              ElementsAre("tx 0 rep single command execute [CA 10 IOA 5000] < 1",
                          "tx 1 rep single command execute [CA 10 IOA 5000] < 1"))
      << "one side alone is nothing odd";
  EXPECT_THAT(
      brief({to_server(kStart_), to_client(kStarted + i_frame(0, 0, kOnCon) + kStarted)}),
      ElementsAre("tx 0 req rep start data transfer",
                  "tx 1 rep events=unsolicited_confirmation single command execute [CA 10 IOA 5000] < 1",
                  "tx 2 rep events=unsolicited_confirmation start data transfer"));
  EXPECT_THAT(brief({to_server(kStart_ + i_frame(0, 0, "64 01 03 00 0a00 000000 14")),
                     to_client(kStarted + i_frame(0, 1, "64 01 6d 00 0a00 000000 14"))}),
              ElementsAre("tx 1 req general interrogation [CA 10] > 20", "tx 0 req rep start data transfer",
                          "tx 2 rep general interrogation [CA 10] < 20"))
      << "spontaneous, refused for its cause";
  EXPECT_THAT(
      brief({to_server(i_frame(4, 4, kOn)),
             to_client(i_frame(4, 5, "2d 01 07 00 0a00 881300 00") + i_frame(5, 5, kOnTerm))}),
      ElementsAre(
          "tx 0 req rep events=confirmation_mismatch single command execute [CA 10 IOA 5000] > 1 < 0,1"));
}

TEST(Iec104, AFloodGivesUpTheOldest) {
  HarnessOptions o;
  o.limits["command-flood"] = 2;
  EXPECT_THAT(
      brief({to_server(i_frame(1, 1, "66 01 05 00 0a00 010000") + i_frame(2, 1, "66 01 05 00 0a00 020000") +
                       i_frame(3, 1, "66 01 05 00 0a00 030000"))},
            o),
      ElementsAre("tx 0 req events=flooded read [CA 10 IOA 1]", "tx 1 req read [CA 10 IOA 2]",
                  "tx 2 req read [CA 10 IOA 3]"));
}

TEST(Iec104, EventsOfMemory) {
  HarnessOptions o;
  o.pool_bytes = 512 << 10;  // a page for the parser, one for what it allocates
  ParserRun r(kSpec, o);
  std::vector<void*> taken;
  while (void* block = r.pool().allocate(1024)) taken.push_back(block);
  r.feed(Direction::kToServer, i_frame(1, 1, kOn));
  for (void* block : taken) r.pool().release(block, 1024);
  r.feed(Direction::kToServer, i_frame(2, 1, kOn));
  r.close();
  EXPECT_EQ(r.events().at("out_of_memory"), 1u);
  EXPECT_EQ(r.lines().size(), 2u);
  EXPECT_THAT(r.violations(), ElementsAre());
}

TEST(Iec104, NumbersOfFrames) {
  const auto points = [](std::initializer_list<unsigned> sends) {
    std::string out;
    for (const unsigned n : sends) out += i_frame(n, 0, kPoint);
    return out;
  };
  const auto events = [](const Conversation& talk, HarnessOptions o = {}) {
    ParserRun r(kSpec, o);
    for (const auto& turn : talk) {
      r.play(turn);
      r.next_turn();
    }
    r.close();
    std::string out;
    for (const auto& [name, times] : r.events()) out += name + "=" + std::to_string(times) + " ";
    return out;
  };
  EXPECT_EQ(events({to_client(points({3, 4, 5}))}), "");
  EXPECT_EQ(events({to_client(points({32766, 32767, 0, 1}))}), "");
  EXPECT_EQ(events({to_client(points({3, 5, 6}))}), "lost_frames=1 ");
  EXPECT_EQ(events({to_client(points({3, 4, 4, 5}))}), "duplicate_frame=1 ");
  EXPECT_EQ(events({to_client(points({9, 3, 10}))}), "out_of_order=1 ");
  // Who begins anew is believed from the second frame on.
  EXPECT_EQ(events({to_client(points({9, 3, 4, 5, 6}))}), "out_of_order=2 ");
  // Numbers of one direction say nothing of the other; a gap forgives.
  EXPECT_EQ(events({to_client(points({9})), to_server(i_frame(77, 10, kOn)), to_client(points({10}))}),
            "unacknowledged_k=1 ")
      << "the station acknowledged none of 78";
  EXPECT_EQ(events({to_client(points({9})), gap(Direction::kToClient, 40), to_client(points({12, 13}))}),
            "gap=1 ");

  // Acknowledgements: of what was not sent, and back.
  EXPECT_EQ(events({to_client(points({3, 4})), to_server(s_frame(5))}), "");
  EXPECT_EQ(events({to_client(points({3, 4})), to_server(s_frame(6))}), "invalid_acknowledgement=1 ");
  EXPECT_EQ(events({to_client(points({3, 4})), to_server(s_frame(5)), to_server(s_frame(4))}),
            "invalid_acknowledgement=1 ");

  // k: thirteen on their way, told once; an acknowledgement makes room.
  std::string twelve = kStarted;
  for (unsigned n = 0; n < 12; ++n) twelve += i_frame(n, 0, kPoint);
  EXPECT_EQ(events({to_server(kStart_), to_client(twelve)}), "");
  EXPECT_EQ(events({to_server(kStart_), to_client(twelve + points({12, 13}))}), "unacknowledged_k=1 ");
  EXPECT_EQ(
      events({to_server(kStart_), to_client(twelve), to_server(s_frame(8)), to_client(points({12, 13}))}),
      "");
  HarnessOptions wide;
  wide.limits["k"] = 20;
  EXPECT_EQ(events({to_server(kStart_), to_client(twelve + points({12, 13}))}, wide), "");
  // w: more than eight for more than a second.
  HarnessOptions slow;
  slow.step_ns = 1'100'000'000;
  EXPECT_EQ(events({to_server(kStart_), to_client(twelve), to_server(s_frame(4))}, slow), "");
  EXPECT_EQ(events({to_server(kStart_), to_client(twelve), to_server(s_frame(3))}, slow),
            "unacknowledged_w=1 ");

  // Data without STARTDT, and after STOPDT.
  EXPECT_EQ(events({to_client(points({0, 1}))}), "not_started=1 ");
  EXPECT_EQ(events({to_server(kStart_), to_client(kStarted + points({0})),
                    to_server(u_frame(LinkFunction::kStopAct)),
                    to_client(u_frame(LinkFunction::kStopCon) + points({1, 2}))}),
            "not_started=1 ");
}

TEST(Iec104, DoesNotCareHowSegmentsFall) {
  const Conversation talk = {
      to_server(kStart_),
      to_client(kStarted + i_frame(0, 0, kPoint) + i_frame(1, 0, "0d 01 03 00 0a00 640000 0000803f 00")),
      to_server(i_frame(0, 2, kOn) + from_hex("68 02 ff") + i_frame(1, 2, "64 01 06 00 0a00 000000 14")),
      to_client(i_frame(2, 1, kOnCon) + i_frame(3, 2, kOnTerm) + from_hex("00 68 04 01") +
                i_frame(4, 2, kPoint)),
      to_client(s_frame(2) + u_frame(LinkFunction::kTestAct)),
      to_server(u_frame(LinkFunction::kTestCon)),
  };
  EXPECT_THAT(
      brief(talk),
      ElementsAre("tx 0 req rep start data transfer", "tx 1 rep spontaneous report [CA 10 IOA 1] < 1",
                  "tx 2 rep spontaneous report [CA 10 IOA 100] < 1", "event > invalid_length",
                  "event > lost_sync", "tx 3 req rep single command execute [CA 10 IOA 5000] > 1 < 1,1",
                  "event < invalid_start", "event < lost_sync",
                  "tx 5 rep spontaneous report [CA 10 IOA 1] < 1", "tx 6 rep acknowledge frames",
                  "tx 7 req rep test link", "tx 4 req general interrogation [CA 10] > 20"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Iec104, ABadFrameNeverEndsTheFlow) {
  for (const std::string& bad : {
           from_hex("68 03 01 00 00"),                                // too short
           from_hex("68 fe 00 00 00 00"),                             // too long
           from_hex("68 04 00 00 00 00"),                             // I without an ASDU
           from_hex("68 04 07 00 01 00"),                             // U with a number
           from_hex("68 04 0f 00 00 00"),                             // two functions
           from_hex("68 05 01 00 00 00 00"),                          // S with more
           from_hex("68 0e 00 00 01 00 2d 01 06 00 0a00 881300 01"),  // N(R) with its lowest bit
           std::string(40, '\xff'),
           std::string("GET / HTTP/1.0\r\n\r\n"),
       }) {
    for (const bool to_station : {true, false}) {
      const std::string bytes = i_frame(3, 3, kPoint) + bad + i_frame(4, 3, kPoint);
      const Conversation talk = {to_station ? to_server(bytes) : to_client(bytes)};
      const auto lines = brief(talk);
      ASSERT_EQ(lines.size(), 4U) << printable(as_bytes(bad));
      EXPECT_THAT(lines[1], HasSubstr(to_station ? "event > " : "event < "));
      EXPECT_THAT(lines[2], HasSubstr("lost_sync"));
      EXPECT_THAT(lines[3], HasSubstr("spontaneous report [CA 10 IOA 1]"));
      EXPECT_EQ(check_every_split(kSpec, talk), "");
    }
    EXPECT_EQ(check_every_split(kSpec, {to_server(kStart_ + bad)}), "") << "nothing comes behind it";
    EXPECT_EQ(check_every_split(kSpec, {to_server(kStart_ + bad.substr(0, 3))}), "");
  }
  // Types of a vendor's own prove nothing by themselves, but one leads to the next.
  const std::string own = "c8 01 03 00 0a00 010000 01 02 03 04";
  const Conversation private_types = {to_client(i_frame(3, 3, kPoint) + std::string(7, '\xff') +
                                                i_frame(4, 3, own) + i_frame(5, 3, own) + s_frame(1))};
  EXPECT_THAT(brief(private_types),
              ElementsAre(HasSubstr("spontaneous report"), "event < invalid_start", "event < lost_sync",
                          HasSubstr("unknown type"), HasSubstr("unknown type"), HasSubstr("acknowledge")));
  EXPECT_EQ(check_every_split(kSpec, private_types), "");
  // A bad ASDU in a good APDU: a record, and the next one is found by the length.
  EXPECT_THAT(brief({to_client(i_frame(3, 3, "01 02 03 00 0a00 010000 01") + i_frame(4, 3, "2d 01") +
                               i_frame(5, 3, kPoint))}),
              ElementsAre("tx 0 rep events=invalid_object_length spontaneous report [CA 10 IOA 1] < 1",
                          "tx 1 rep events=short_asdu unknown type]",
                          "tx 2 rep spontaneous report [CA 10 IOA 1] < 1"));
}

TEST(Iec104, GoesOnBehindAGap) {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    const auto say = [&](std::string_view b) {
      return d == Direction::kToServer ? to_server(b) : to_client(b);
    };
    const std::string cut = i_frame(9, 3, kPoint).substr(5);
    const Conversation talk = {say(i_frame(3, 3, kPoint)), gap(d, 100), say(cut + i_frame(10, 3, kPoint))};
    EXPECT_THAT(brief(talk), ElementsAre(HasSubstr("tx 0 "), HasSubstr("gap"), HasSubstr("tx 1 ")));
    EXPECT_EQ(check_every_split(kSpec, talk), "");
    // What looks like an S frame is one only where an APDU follows.
    const Conversation s = {gap(d, 100), say(s_frame(7) + "??" + s_frame(8) + i_frame(10, 3, kPoint))};
    EXPECT_THAT(brief(s), ElementsAre(HasSubstr("gap"), HasSubstr("tx 0 "), HasSubstr("tx 1 ")));
    EXPECT_EQ(check_every_split(kSpec, s), "");
  }
}

TEST(Iec104Files, SegmentsAreOneFile) {
  const std::string of = "0a00 307500 0200 ";
  // 6 and 3 bytes in two sections; the sums of "abcdef" and "xyz" are 0x55 and 0x6b.
  const Conversation talk = {
      to_server(i_frame(5, 9, "7a 01 0d 00 " + of + "00 01")),
      to_client(i_frame(9, 6, "78 01 0d 00 " + of + "090000 00")),
      to_server(i_frame(6, 10, "7a 01 0d 00 " + of + "01 06")),
      to_client(i_frame(10, 7, "7d 01 0d 00 " + of + "01 04 61626364") +
                i_frame(11, 7, "7d 01 0d 00 " + of + "01 02 6566") +
                i_frame(12, 7, "7b 01 0d 00 " + of + "01 03 55")),
      to_server(i_frame(7, 13, "7c 01 0d 00 " + of + "01 03")),
      to_client(i_frame(13, 8, "7d 01 0d 00 " + of + "02 03 78797a") +
                i_frame(14, 8, "7b 01 0d 00 " + of + "02 03 6c") +
                i_frame(15, 8, "7b 01 0d 00 " + of + "02 01 00")),
      to_server(i_frame(8, 16, "7c 01 0d 00 " + of + "02 01")),
  };
  HarnessOptions o;
  o.files = true;
  EXPECT_THAT(
      brief(talk, o),
      ElementsAre("tx 0 req file transfer: select file [CA 10 IOA 30000] > 1",
                  "tx 2 req file transfer: request section [CA 10 IOA 30000] > 6",
                  "tx 3 rep file transfer: segment [CA 10 IOA 30000] < abcd",
                  "tx 4 rep file transfer: segment [CA 10 IOA 30000] < ef",
                  "tx 5 rep file transfer: last segment [CA 10 IOA 30000] < 3",
                  "tx 6 req file transfer: acknowledge section [CA 10 IOA 30000] > 3",
                  "tx 7 rep file transfer: segment [CA 10 IOA 30000] < xyz",
                  "tx 8 rep events=checksum_mismatch file transfer: last segment [CA 10 IOA 30000] < 3",
                  "tx 9 rep file transfer: last section [CA 10 IOA 30000] < 1",
                  "file < CA 10 IOA 30000 file 2 [abcdefxyz] complete",
                  "tx 1 req rep file transfer: file ready [CA 10 IOA 30000] > 1 < 0"));
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  // A refused section ends it, and so does the end of the flow; a gap is told.
  Conversation part(talk.begin(), talk.begin() + 4);
  part.push_back(gap(Direction::kToClient, 20));
  const auto cut = brief(part, o);
  ASSERT_EQ(cut.size(), 8U);
  EXPECT_EQ(cut[6], "file < CA 10 IOA 30000 file 2 [abcdef<0 missing>] truncated");
  part.back() = to_server(i_frame(7, 13, "7c 01 0d 00 " + of + "01 04"));
  part.push_back(to_server(i_frame(8, 13, "7a 01 0d 00 " + of + "00 03")));
  const auto refused = brief(part, o);
  ASSERT_EQ(refused.size(), 9U);
  EXPECT_EQ(refused[6], "file < CA 10 IOA 30000 file 2 [abcdef] truncated");
}

TEST(Iec104Objects, PointsAndMeasuredValues) {
  Object o = object("01 02 03 00 0a00 010000 01 020000 00", 1);
  EXPECT_EQ(o.address, 2U);
  EXPECT_EQ(o.state, State::kOff);
  EXPECT_EQ(o.quality, 0);
  o = object("03 01 03 00 0a00 010000 f2");
  EXPECT_EQ(o.state, State::kOn);
  EXPECT_EQ(o.quality, kInvalid | kNotTopical | kSubstituted | kBlocked);
  EXPECT_EQ(object("03 01 03 00 0a00 010000 00").state, State::kIntermediate);
  EXPECT_EQ(object("03 01 03 00 0a00 010000 03").state, State::kIndeterminate);
  // SQ: the third of three.
  o = object("05 83 14 00 0a00 fe0000 8100 3f00 c001", 2);
  EXPECT_EQ(o.address, 0x100U);
  EXPECT_EQ(o.value, -64);
  EXPECT_TRUE(o.transient);
  EXPECT_EQ(o.quality, kOverflow);
  EXPECT_EQ(object("05 83 14 00 0a00 fe0000 8100 3f00 c001", 1).value, 63);
  EXPECT_EQ(object("05 83 14 00 0a00 fe0000 8100 3f00 c001", 0).value, 1);
  EXPECT_EQ(object("07 01 03 00 0a00 010000 78563412 00").value, 0x12345678);
  EXPECT_EQ(object("09 01 03 00 0a00 010000 0040 00").value, 0.5);
  EXPECT_EQ(object("09 01 03 00 0a00 010000 0080 00").value, -1);
  EXPECT_EQ(object("15 01 03 00 0a00 010000 0040").value, 0.5);
  EXPECT_FALSE(object("15 01 03 00 0a00 010000 0040").has_quality);
  EXPECT_EQ(object("0b 01 03 00 0a00 010000 feff 00").value, -2);
  EXPECT_EQ(object("0d 01 03 00 0a00 010000 000020c1 00").value, -10);
  o = object("0f 01 03 00 0a00 010000 ffffffff e3");
  EXPECT_EQ(o.value, -1);
  EXPECT_EQ(o.counter_sequence, 3);
  EXPECT_EQ(o.quality, kInvalid | kAdjusted | kCarry);
  o = object("14 01 03 00 0a00 010000 0180 0100 01");
  EXPECT_EQ(o.value, 0x8001);
  EXPECT_EQ(o.changes, 1);
  EXPECT_EQ(o.quality, kOverflow);
}

TEST(Iec104Objects, ProtectionEvents) {
  Object o = object("11 01 03 00 0a00 010000 8a e803 50c3 0a");
  EXPECT_EQ(o.state, State::kOn);
  EXPECT_EQ(o.quality, kInvalid | kElapsedInvalid);
  EXPECT_EQ(o.elapsed_ms, 1000);
  EXPECT_EQ(time_text(o.time), "10:50.000");
  o = object("27 01 03 00 0a00 010000 3f 08 e803 c35d 2d 0a 76 0b 1a");
  EXPECT_EQ(o.value, 0x3f);
  EXPECT_EQ(o.quality, kElapsedInvalid);
  EXPECT_EQ(time_text(o.time), "2026-11-22T10:45:24.003");
  EXPECT_EQ(object("28 01 03 00 0a00 010000 0f 00 e803 c35d 2d 0a 76 0b 1a").value, 15);
}

TEST(Iec104Objects, TimesAndTheirFlags) {
  const Time t = object("1e 01 03 00 0a00 010000 01 c35d ed 8a d6 0b 1a").time;
  EXPECT_TRUE(t.invalid);
  EXPECT_TRUE(t.substituted);
  EXPECT_TRUE(t.summer);
  EXPECT_EQ(t.weekday, 6);
  EXPECT_EQ(time_text(t), "2026-11-22T10:45:24.003");
  EXPECT_EQ(problems("1e 01 03 00 0a00 010000 01 c35d 2d 0a 76 0d 1a"), unsigned{kTime});
  EXPECT_EQ(problems("1e 01 03 00 0a00 010000 01 c35d ad 0a 76 0d 1a"), 0U)
      << "it says itself that it is invalid";
  EXPECT_EQ(problems("1e 01 03 00 0a00 010000 01 60ea 2d 0a 76 0b 1a"), unsigned{kTime});
  EXPECT_EQ(problems("02 01 03 00 0a00 010000 01 0000 3c"), unsigned{kTime});
  EXPECT_EQ(time_text(object("1e 01 03 00 0a00 010000 01 c35d 2d 0a 76 0b 63").time).substr(0, 4), "1999");
  EXPECT_EQ(time_text(object("1e 01 03 00 0a00 010000 01 c35d 2d 0a 76 0b 6d").time).substr(0, 4), "2009");
  EXPECT_EQ(problems("1e 01 03 00 0a00 010000 01 c35d 2d 0a 76 0b 6d"), unsigned{kTime});
}

TEST(Iec104Objects, Commands) {
  Object o = object("2d 01 06 00 0a00 010000 85");
  EXPECT_TRUE(o.select);
  EXPECT_EQ(o.state, State::kOn);
  EXPECT_EQ(qualifier_name(o.qualifier_part, o.qualifier), "short pulse");
  o = object("2f 01 06 00 0a00 010000 09");
  EXPECT_FALSE(o.select);
  EXPECT_EQ(state_name(o.state, o.value_part), "lower");
  EXPECT_EQ(qualifier_name(o.qualifier_part, o.qualifier), "long pulse");
  o = object("30 01 06 00 0a00 010000 00c0 81");
  EXPECT_EQ(o.value, -0.5);
  EXPECT_TRUE(o.select);
  EXPECT_EQ(o.qualifier, 1);
  o = object("3f 01 06 00 0a00 010000 0000803f 00 c35d 2d 0a 76 0b 1a");
  EXPECT_EQ(o.value, 1);
  EXPECT_EQ(time_text(o.time), "2026-11-22T10:45:24.003");
  EXPECT_EQ(object("33 01 06 00 0a00 010000 ffffffff").value, 4294967295.0);
  EXPECT_FALSE(object("33 01 06 00 0a00 010000 ffffffff").has_select);
  EXPECT_EQ(qualifier_name(Part::kCoi, object("46 01 04 00 0a00 000000 81").qualifier), "local manual reset");
  EXPECT_EQ(qualifier_name(Part::kQpm, object("6e 01 06 00 0a00 010000 0040 44").qualifier), "high limit");
}

TEST(Iec104Objects, Files) {
  Object o = object("78 01 0d 00 0a00 307500 0200 001000 80");
  EXPECT_EQ(o.file.name, 2);
  EXPECT_EQ(o.file.length, 0x1000U);
  EXPECT_EQ(qualifier_name(o.qualifier_part, o.qualifier), "refused");
  o = object("7d 01 0d 00 0a00 307500 0100 02 03 616263");
  EXPECT_EQ(o.file.section, 2);
  EXPECT_EQ(as_text(o.file.segment), "abc");
  o = object("7e 82 03 00 0a00 307500 0100 050000 00 c35d2d0a760b1a 0200 060000 a0 c35d2d0a760b1a", 1);
  EXPECT_EQ(o.address, 30001U);
  EXPECT_EQ(o.file.name, 2);
  EXPECT_EQ(o.file.length, 6U);
  EXPECT_EQ(o.file.status, 0xa0);
  o = object("7f 01 0d 00 0a00 307500 0100 c35d2d0a760b1a c35d2e0a760b1a");
  EXPECT_EQ(time_text(o.time), "2026-11-22T10:45:24.003");
  EXPECT_EQ(time_text(o.until), "2026-11-22T10:46:24.003");
  const auto does = [](std::string_view asdu, Direction d = Direction::kToServer) {
    return std::string(operation_of(read(asdu), d, false).name);
  };
  EXPECT_EQ(does("7a 01 05 00 0a00 000000 0000 00 00"), "file transfer: call directory");
  EXPECT_EQ(does("7a 01 0d 00 0a00 000000 0100 00 01"), "file transfer: select file");
  EXPECT_EQ(does("7a 01 0d 00 0a00 000000 0100 00 04"), "file transfer: delete file");
  EXPECT_EQ(does("7a 01 0d 00 0a00 000000 0100 01 06"), "file transfer: request section");
  EXPECT_EQ(does("7b 01 0d 00 0a00 000000 0100 01 03 00"), "file transfer: last segment");
  EXPECT_EQ(does("7b 01 0d 00 0a00 000000 0100 01 01 00"), "file transfer: last section");
  EXPECT_EQ(does("7c 01 0d 00 0a00 000000 0100 01 01"), "file transfer: acknowledge file");
  EXPECT_EQ(does("7d 01 0d 00 0a00 307500 0100 02 01 61", Direction::kToClient), "file transfer: segment");
  EXPECT_EQ(does("7d 01 0d 00 0a00 307500 0100 02 01 61"), "file transfer: segment to station");
}

TEST(Iec104Objects, SaysWhatIsWrong) {
  EXPECT_EQ(problems(kOn), 0U);
  EXPECT_EQ(problems("01 00 03 00 0a00"), unsigned{kCount});
  EXPECT_EQ(problems("2d 02 06 00 0a00 010000 01 020000 01"), unsigned{kCount});
  EXPECT_EQ(problems("01 01 03 00 0a00 010000 01 00"), unsigned{kLength});
  EXPECT_EQ(problems("01 01 03 00 0a00 0100"), unsigned{kLength});
  EXPECT_EQ(problems("01 85 03 00 0a00 010000 01 00"), unsigned{kLength});
  EXPECT_EQ(problems("01 01 03 00 0000 010000 01"), unsigned{kAddress});
  EXPECT_EQ(problems("01 01 3f 00 0a00 010000 01"), unsigned{kCause} | kCauseOfType);
  EXPECT_EQ(problems("01 01 06 00 0a00 010000 01"), unsigned{kCauseOfType});
  EXPECT_EQ(problems("2d 01 03 00 0a00 010000 01"), unsigned{kCauseOfType});
  EXPECT_EQ(problems("16 01 03 00 0a00 010000 01"), unsigned{kType});
  EXPECT_EQ(problems("80 01 03 00 0a00 010000 01"), 0U) << "a private type";
  EXPECT_EQ(problems("2e 01 06 00 0a00 010000 03"), unsigned{kValue});
  EXPECT_EQ(problems("2f 01 06 00 0a00 010000 00"), unsigned{kValue});
  EXPECT_EQ(problems("32 01 06 00 0a00 010000 0000c07f 00"), unsigned{kValue}) << "not a number";
  EXPECT_EQ(problems("64 01 06 00 0a00 000000 01"), unsigned{kValue});
  EXPECT_EQ(problems("7d 01 0d 00 0a00 307500 0100 02 03 6162"), unsigned{kLength});
  EXPECT_EQ(problems("2d 01 06"), unsigned{kShort});
  EXPECT_EQ(read("01 05 03 00 0a00 010000 01 020000").objects, 1) << "whole ones";
  EXPECT_EQ(as_text(rest_of(read("01 05 03 00 0a00 010000 01 616263"))), "abc");
  EXPECT_EQ(as_text(rest_of(read("01 85 03 00 0a00 010000 00 61"))), "");
  EXPECT_EQ(as_text(rest_of(read("0d 85 03 00 0a00 010000 00000000 00 61"))), "a");
  EXPECT_EQ(as_text(rest_of(read("c8 01 03 00 0a00 6162"))), "ab");
}

TEST(Iec104Probe, KnowsItsOwnFromEitherSide) {
  const auto ask = [](const std::string& b) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(b));
  };
  for (const std::string& f : {kStart_, i_frame(0, 0, kOn),
                               i_frame(3, 9, "0d 02 03 00 0a00 640000 0000803f 00 650000 00000000 00")}) {
    EXPECT_EQ(ask(f), Probe::kYes);
    for (std::size_t n = 0; n < f.size(); ++n) EXPECT_EQ(ask(f.substr(0, n)), Probe::kUnsure) << n;
  }
  // Who scans tries causes; the objects are as long as the type says.
  EXPECT_EQ(ask(i_frame(0, 0, "01 01 2b 00 0100 000000 00")), Probe::kYes);
  EXPECT_EQ(ask(i_frame(0, 0, "01 01 03 00 0100 000000 00 00")), Probe::kNo);
  EXPECT_EQ(ask(i_frame(0, 0, "80 01 2b 00 0100 000000 00")), Probe::kNo);
  // What proves nothing does not speak against it.
  EXPECT_EQ(ask(s_frame(4)), Probe::kUnsure);
  EXPECT_EQ(ask(s_frame(4) + i_frame(0, 0, "80 01 03 00 0a00 010000") + kStart_), Probe::kYes);
  EXPECT_EQ(ask(s_frame(4) + "GET"), Probe::kNo);
  std::string many;
  for (int i = 0; i < 16; ++i) many += s_frame(4);
  EXPECT_EQ(ask(many), Probe::kNo);
}

TEST(Iec104Probe, KnowsWhatIsNot) {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    for (const std::string& other : {
             std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
             std::string("hello world, this is text"),
             std::string("h\x04mailbox"),
             from_hex("68 09 09 68 08 01 01 01 06 01 00 00 14 26 16"),  // 5-101 over TCP
             from_hex("68 1f 1f 68 08 02 72 45 58 57 03 b4 05 34 04"),  // M-Bus
             from_hex("16030102000100 01fc0303 a1b2c3d4e5f60718293a4b5c6d7e8f90"),
             from_hex("0300 0016 11e0 0000 0014 00c1 0201 00c2 0201 02c0 010a"),
             std::string(64, '\0'),
             std::string(64, '\x68'),
             std::string(64, '\xff'),
         }) {
      EXPECT_EQ(probe(Transport::kTcp, d, as_bytes(other)), Probe::kNo) << printable(as_bytes(other));
    }
  }
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(kStart_)), Probe::kNo);
}

TEST(Iec104Names, Tables) {
  EXPECT_EQ(type_info(45)->name, "C_SC_NA_1");
  EXPECT_EQ(type_info(22), nullptr);
  unsigned known = 0;
  for (unsigned t = 0; t < 256; ++t) known += type_info(static_cast<std::uint8_t>(t)) != nullptr ? 1 : 0;
  EXPECT_EQ(known, 21U + 12 + 7 + 7 + 1 + 13 + 8 + 4 + 8);
  std::uint64_t n = 0;
  EXPECT_TRUE(type_by_name("c_sc_na_1", n));
  EXPECT_EQ(n, 45U);
  EXPECT_TRUE(cause_by_name("actcon", n));
  EXPECT_EQ(n, 7U);
  EXPECT_TRUE(cause_by_name("activation_termination", n));
  EXPECT_EQ(n, 10U);
  EXPECT_FALSE(cause_by_name("", n));
  EXPECT_TRUE(link_by_name("stopdt_act", n));
  EXPECT_EQ(n, 16U);
  EXPECT_TRUE(quality_by_name("blocked", n));
  EXPECT_EQ(n, 8U);
  EXPECT_TRUE(state_by_name("higher", n));
  EXPECT_EQ(n, 2U);
  EXPECT_EQ(cause_name(42), "");
  EXPECT_EQ(link_name(LinkFunction::kTestCon), "TESTFR con");
  for (const OtOperation& o : kOt.operations) EXPECT_TRUE(o.technique.empty() || o.technique[0] == 'T');
}

}  // namespace
}  // namespace picket::iec104
