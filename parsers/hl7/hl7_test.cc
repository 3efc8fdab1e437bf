#include "parsers/hl7/hl7.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::hl7 {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string block(const std::string& message) { return "\x0b" + message + "\x1c\r"; }
std::string msh(const std::string& type, const std::string& id, const std::string& more = "") {
  return "MSH|^~\\&|ADT1|WARD|LAB|HOSPITAL|20261122104517||" + type + "|" + id + "|P|2.5.1" + more + "\r";
}
std::string ack(const std::string& code, const std::string& id, const std::string& more = "") {
  return block("MSH|^~\\&|LAB|HOSPITAL|ADT1|WARD|20261122104518||ACK^A01^ACK|R" + id + "|P|2.5.1\rMSA|" +
               code + "|" + id + "\r" + more);
}
const std::string kPid = "PID|1||4711^^^HOSPITAL^MR~999^^^SS||DOE^JANE^Q||19700101|F\r";
const std::string kAdmit =
    block(msh("ADT^A01^ADT_A01", "M1") + "EVN|A01|20261122104500\r" + kPid + "PV1|1|I|ICU^1^A\r");
const std::string kResult = block(msh("ORU^R01^ORU_R01", "M2") + kPid +
                                  "ORC|RE|P7^WARD|F9^LAB||CM\r"
                                  "OBR|1|P7^WARD|F9^LAB|2345-7^Glucose^LN|||||||||||||||||||||F\r"
                                  "OBX|1|NM|2345-7^Glucose^LN||182|mg/dL|||||F|||||||ANALYZER^SN9\r"
                                  "OBX|2|NM|718-7^Hemoglobin^LN||12|g/dL|||||P\r");

std::string text(const Exchange& x) {
  std::string out(x.operation->name);
  OtAddress a;
  for (unsigned n = 0; x.ot->address(x, n, a); ++n) out += " @" + printable(a.text);
  if (x.failed) out += " failed";
  if (x.commit[0] != 0) out += " commit";
  Acknowledgement k;
  if (x.has_answer && read_acknowledgement(x.answer, k)) out += " -> " + printable(k.code);
  return out;
}
HarnessOptions brief_options(HarnessOptions o = {}) {
  o.describe = [](const Transaction& t) { return text(static_cast<const Exchange&>(t)); };
  return o;
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  return run(kSpec, talk, brief_options(std::move(o)));
}

TEST(Hl7, AMessageAndItsAcknowledgement) {
  EXPECT_THAT(brief({to_server(kAdmit), to_client(ack("AA", "M1"))}),
              ElementsAre("tx 0 req rep admit patient @LAB -> AA"));
  // Two at a time, answered the other way round; orders are what it is about.
  EXPECT_THAT(brief({to_server(kAdmit + kResult), to_client(ack("AA", "M2") + ack("AE", "M1"))}),
              ElementsAre("tx 1 req rep report result @P7 @P7 -> AA",
                          "tx 0 req rep events=negative_acknowledgement admit patient @LAB failed -> AE"));
}

TEST(Hl7, WhatRulesSee) {
  const auto lines =
      run(kSpec, {to_server(kResult), to_client(ack("AR", "M2", "ERR||PID^1^3|207^Application error|E\r"))});
  ASSERT_EQ(lines.size(), 1U);
  for (const char* part :
       {" hl7.type=ORU hl7.trigger=R01 hl7.structure=ORU_R01 hl7.control_id=M2",
        " hl7.processing_id=P hl7.version=2.5.1",
        " hl7.sending_application=ADT1 hl7.sending_facility=WARD hl7.receiving_application=LAB",
        " hl7.order_control=RE", " hl7.placer_order=P7 hl7.placer_order=P7 hl7.filler_order=F9",
        " hl7.service=2345-7 hl7.result_status=F",
        " hl7.observation=2345-7 hl7.observation=718-7 hl7.observation_value=182 hl7.observation_value=12",
        " hl7.equipment=ANALYZER^SN9",
        " hl7.patient_id=4711^^^HOSPITAL^MR~999^^^SS hl7.patient_name=DOE^JANE^Q",
        " hl7.ack_code=AR hl7.acked_control_id=M2", " hl7.error_code=207", " hl7.segment=PID|1||4711"}) {
    EXPECT_THAT(lines[0], HasSubstr(part));
  }
}

TEST(Hl7, SeparatorsAndEscapesAreTheMessagesOwn) {
  const auto lines =
      run(kSpec, {to_server(block("MSH$%*!?$A!F!B$C$D$E$2026$$ADT%A03%ADT_A03$7$T$2.3\rPID$1$$12%X\r"))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0],
              AllOf(HasSubstr(" hl7.type=ADT hl7.trigger=A03"), HasSubstr(" hl7.sending_application=A!F!B"),
                    HasSubstr(" hl7.patient_id=12%X")));
  Separators s;
  std::array<char, 32> room;
  const auto plain = [&](std::string_view t) { return printable(unescape(as_bytes(t), s, room)); };
  EXPECT_EQ(plain("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"), "a|b^c&d~e\\x5cf");
  EXPECT_EQ(plain("\\X4142\\\\.br\\ \\H\\bold\\N\\"), "AB\\x5c.br\\x5c \\x5cH\\x5cbold\\x5cN\\x5c");
  EXPECT_EQ(plain("\\X4\\ \\XZZ\\ \\unended"), "\\x5cX4\\x5c \\x5cXZZ\\x5c \\x5cunended");
  EXPECT_EQ(plain(std::string(100, 'x')).size(), 32U);
}

TEST(Hl7, Times) {
  std::array<char, 40> room;
  const auto time = [&](std::string_view t) { return std::string(time_text(as_bytes(t), room)); };
  EXPECT_EQ(time("20261122104517.1234+0100"), "2026-11-22T10:45:17.1234+01:00");
  EXPECT_EQ(time("202611221045-0330"), "2026-11-22T10:45-03:30");
  EXPECT_EQ(time("20261122"), "2026-11-22");
  EXPECT_EQ(time("2026"), "2026");
  EXPECT_EQ(time(""), "");
  EXPECT_EQ(time("DOE^JANE"), "");
  EXPECT_EQ(time("202611x"), "");
  EXPECT_EQ(time("20261122104517+01"), "");
}

TEST(Hl7, FramesThatAreNotAsTheyShouldBe) {
  const std::string bare = kAdmit.substr(1, kAdmit.size() - 3);
  EXPECT_THAT(brief({to_server(bare + "\x1c\r")}),
              ElementsAre("tx 0 req events=missing_start admit patient @LAB"));
  EXPECT_THAT(
      brief({to_server("\x0b" + bare + kResult)}),
      ElementsAre("tx 0 req events=missing_end admit patient @LAB", "tx 1 req report result @P7 @P7"));
  EXPECT_THAT(
      brief({to_server("\x0b" + bare + "\x1c" + kResult)}),
      ElementsAre("event > missing_cr", "tx 0 req admit patient @LAB", "tx 1 req report result @P7 @P7"));
  EXPECT_THAT(brief({to_server("\x0b" + bare + "\x1c\r\n" + kResult)}),
              ElementsAre("tx 0 req admit patient @LAB", "tx 1 req report result @P7 @P7"));
  EXPECT_THAT(
      brief({to_server(kAdmit + "HTTP/1.1 400\r\n" + kResult)}),
      ElementsAre("event > stray_bytes", "tx 0 req admit patient @LAB", "tx 1 req report result @P7 @P7"));
  EXPECT_THAT(brief({to_server("\x0b\x1c\r" + kAdmit)}),
              ElementsAre("event > empty_block", "tx 0 req admit patient @LAB"));
  std::string lines = kAdmit;
  for (char& c : lines) c = c == '\r' ? '\n' : c;
  lines.back() = '\r';
  EXPECT_THAT(brief({to_server(lines)}), ElementsAre("tx 0 req events=wrong_segment_end admit patient @LAB"));
  EXPECT_THAT(brief({to_server(kAdmit.substr(0, 90)), end(Direction::kToServer)}),
              ElementsAre(HasSubstr("tx 0 req events=incomplete admit patient")));
}

TEST(Hl7, GoesOnBehindAGap) {
  EXPECT_THAT(brief({to_server(kAdmit.substr(0, 90)), gap(Direction::kToServer, 20),
                     to_server("E|JANE\r\x1c\r" + kResult), to_client(ack("AA", "M2"))}),
              ElementsAre("event > gap", "tx 1 req rep report result @P7 @P7 -> AA",
                          HasSubstr("tx 0 req events=incomplete admit patient")));
}

TEST(Hl7, NamesWhatIsWrong) {
  const auto event = [](const Conversation& talk, const char* name, HarnessOptions o = {}) {
    ParserRun r(kSpec, std::move(o));
    for (const auto& t : talk) {
      r.play(t);
      r.next_turn();
    }
    r.close();
    EXPECT_TRUE(r.violations().empty()) << name;
    return r.events().contains(name) ? r.events().at(name) : 0U;
  };
  EXPECT_EQ(event({to_server(block("PID|1\r"))}, "invalid_header"), 1U);
  EXPECT_EQ(event({to_server(block("MSH|\r"))}, "invalid_header"), 1U);
  EXPECT_EQ(event({to_server(block(msh("ADT^A01", "1") + "note for JANE\r"))}, "invalid_segment"), 1U);
  EXPECT_EQ(event({to_server(block(msh("ADT^A01", "")))}, "missing_control_id"), 1U);
  EXPECT_EQ(event({to_server(kAdmit + kAdmit)}, "duplicate_control_id"), 1U);
  EXPECT_EQ(event({to_server(kAdmit), to_client(ack("OK", "M1"))}, "unknown_acknowledgement"), 1U);
  EXPECT_EQ(event({to_server(kAdmit), to_client(ack("CR", "M1"))}, "negative_acknowledgement"), 1U);
  EXPECT_EQ(event({to_server(kAdmit), to_client(ack("AA", "M9"))}, "unsolicited_acknowledgement"), 1U);
  EXPECT_EQ(event({to_client(ack("AA", "M9"))}, "unsolicited_acknowledgement"), 0U)
      << "one direction is seen";
  HarnessOptions few;
  few.limits["request-flood"] = 1;
  EXPECT_EQ(event({to_server(kAdmit + kResult)}, "flooded", few), 1U);
  HarnessOptions slow;
  slow.step_ns = 130'000'000'000;
  EXPECT_EQ(event({to_server(kAdmit), to_server(kResult)}, "no_acknowledgement", slow), 1U);
  HarnessOptions small;
  small.limits["message-limit"] = 1024;
  EXPECT_EQ(event({to_server(block(msh("ADT^A01", "1") + "NTE|1||" + std::string(2000, 'x') + "\r"))},
                  "message_too_large", small),
            1U);
  std::string kinds = msh("ADT^A01", "1");
  for (char a = 'A'; a <= 'C'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) kinds += std::string("Z") + a + b + "|\r";
  }
  EXPECT_EQ(event({to_server(block(kinds))}, "too_many_segments"), 1U);
  HarnessOptions poor;
  poor.pool_bytes = 512 * 1024;
  poor.limits["request-flood"] = 1024;
  std::string flood;
  for (unsigned i = 0; i < 1000; ++i) flood += block(msh("ADT^A01", std::to_string(i)));
  EXPECT_GE(event({to_server(flood)}, "out_of_memory", poor), 1U);
}

TEST(Hl7, WhatIsBehindTheLimitIsCounted) {
  HarnessOptions o;
  o.limits["message-limit"] = 1024;
  std::string m = msh("ORU^R01", "5");
  for (int i = 0; i < 500; ++i) m += "OBX|1|ED|PDF||JVBERi0xLjQ\r";
  const auto lines = run(kSpec, {to_server(block(m)), to_client(ack("AA", "5"))}, o);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr(" hl7.size=" + std::to_string(m.size()) + " hl7.segment_count=501"));
  EXPECT_THAT(lines[0], HasSubstr("tx 0 req rep events=message_too_large"));
}

TEST(Hl7, AcknowledgementsInSteps) {
  // Enhanced mode: first that it was received, then what came of it.
  const std::string asks = block(msh("ORM^O01", "M5", "|||AL|AL"));
  EXPECT_THAT(brief({to_server(asks), to_client(ack("CA", "M5")), to_client(ack("AA", "M5"))}),
              ElementsAre("tx 1 rep acknowledge @ADT1 -> CA", "tx 0 req rep order @LAB commit -> AA"));
  EXPECT_THAT(brief({to_server(block(msh("ORM^O01", "M5", "|||AL|NE"))), to_client(ack("CA", "M5"))}),
              ElementsAre("tx 0 req rep order @LAB commit -> CA"));
  // Release 2 of MLLP: the block, then the message.
  EXPECT_THAT(brief({to_server(kAdmit), to_client("\x0b\x06\x1c\r"), to_client(ack("AA", "M1"))}),
              ElementsAre("tx 0 req rep admit patient @LAB commit -> AA"));
  EXPECT_THAT(brief({to_server(kAdmit), to_client("\x0b\x15\x1c\r")}),
              ElementsAre("tx 0 req rep events=negative_acknowledgement admit patient @LAB failed commit"));
}

TEST(Hl7, EveryKindHasItsName) {
  const auto named = [](const std::string& type) {
    const auto lines = brief({to_server(block(msh(type, "1")))});
    return lines.size() == 1 ? lines[0].substr(9, lines[0].find(" @") - 9) : "lines";
  };
  EXPECT_EQ(named("ADT^A03"), "discharge patient");
  EXPECT_EQ(named("ADT^A29"), "delete person");
  EXPECT_EQ(named("ADT^Z99"), "other patient administration");
  EXPECT_EQ(named("ORM^O01"), "order");
  EXPECT_EQ(named("RGV^O15"), "give medication");
  EXPECT_EQ(named("ORU^R40"), "report alarm");
  EXPECT_EQ(named("QBP^Q22"), "find candidates");
  EXPECT_EQ(named("MFN^M02"), "update master file");
  EXPECT_EQ(named("ACK"), "acknowledge");
  EXPECT_EQ(named("ZZZ^Z01"), "other message");
}

TEST(Hl7, Batches) {
  const std::string file =
      "FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + msh("ORU^R01", "1") + msh("ORU^R01", "2") + "BTS|2\rFTS|1\r";
  const auto lines = run(kSpec, {to_server(block(file))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr(" hl7.type=ORU hl7.trigger=R01 hl7.control_id=1"));
  EXPECT_THAT(lines[0], HasSubstr(" hl7.segment_count=6"));
}

TEST(Hl7, IsToldFromWhatLooksLikeIt) {
  const auto says = [](std::string_view first) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(first));
  };
  EXPECT_EQ(says(kAdmit), Probe::kYes);
  EXPECT_EQ(says("MSH|^~\\&|A"), Probe::kYes);
  EXPECT_EQ(says("\x0b"
                 "FHS|^~\\&|A"),
            Probe::kYes);
  for (std::size_t n = 0; n < 10; ++n) EXPECT_EQ(says(kAdmit.substr(0, n)), Probe::kUnsure) << n;
  EXPECT_EQ(says("\x0bHELO"), Probe::kNo);
  EXPECT_EQ(says("MSHELL IS A NAME"), Probe::kNo);
  EXPECT_EQ(says("MSH| is a table"), Probe::kNo);
  EXPECT_EQ(says("MSH||"), Probe::kNo);
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(kAdmit)), Probe::kNo);
}

TEST(Hl7, DoesNotCareHowSegmentsFall) {
  // Short ones: each byte of them is a place to cut.
  const std::string admit = block("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.3\rPID|1||47||DOE\r");
  const std::string order = block("MSH|^~\\&|A|B|C|D|2026||ORM^O01|2|P|2.3\rORC|NW|7\r");
  const std::string done = block("MSH|^~\\&|C|D|A|B|2026||ACK|3|P|2.3\rMSA|AA|1\r");
  const Conversation talks[] = {
      {to_server(admit + order), to_client(done)},
      {to_server(admit + "stray" + order.substr(1)), to_client("\x0b\x06\x1c\r" + done)},
  };
  for (const Conversation& talk : talks) {
    EXPECT_EQ(check_every_split(kSpec, talk), "");
    EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  }
}

}  // namespace
}  // namespace picket::hl7
