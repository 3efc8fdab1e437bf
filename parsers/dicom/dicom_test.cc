#include "parsers/dicom/dicom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::dicom {
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

// --- PDUs as PS3.8 §9.3 draws them

std::string be16(std::size_t v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string be32(std::size_t v) { return be16(v >> 16) + be16(v & 0xffff); }
std::string le16(std::size_t v) { return {static_cast<char>(v), static_cast<char>(v >> 8)}; }
std::string le32(std::size_t v) { return le16(v & 0xffff) + le16(v >> 16); }

std::string pdu(unsigned type, const std::string& body) {
  return std::string{static_cast<char>(type), 0} + be32(body.size()) + body;
}
std::string item(unsigned type, const std::string& value) {
  return std::string{static_cast<char>(type), 0} + be16(value.size()) + value;
}
std::string pdv(unsigned context, unsigned control, const std::string& bytes) {
  return be32(bytes.size() + 2) + std::string{static_cast<char>(context), static_cast<char>(control)} + bytes;
}
std::string p_data(const std::string& pdvs) { return pdu(4, pdvs); }

const std::string kVerification = "1.2.840.10008.1.1", kCt = "1.2.840.10008.5.1.4.1.1.2";
const std::string kStudyFind = "1.2.840.10008.5.1.4.1.2.2.1", kStudyMove = "1.2.840.10008.5.1.4.1.2.2.2";
const std::string kImplicit = "1.2.840.10008.1.2", kExplicit = "1.2.840.10008.1.2.1",
                  kBig = "1.2.840.10008.1.2.2";

std::string title(std::string s) { return s.append(16 - s.size(), ' '); }
std::string fixed(const std::string& called = "ARCHIVE", const std::string& calling = "CT1") {
  return from_hex("0001 0000") + title(called) + title(calling) + std::string(32, 0);
}
std::string asked(unsigned id, const std::string& abstract, const std::vector<std::string>& syntaxes) {
  std::string in = std::string{static_cast<char>(id), 0, 0, 0} + item(0x30, abstract);
  for (const auto& s : syntaxes) in += item(0x40, s);
  return item(0x20, in);
}
std::string granted(unsigned id, unsigned result, const std::string& syntax) {
  return item(0x21, std::string{static_cast<char>(id), 0, static_cast<char>(result), 0} + item(0x40, syntax));
}
const std::string kContext = item(0x10, "1.2.840.10008.3.1.1.1");
std::string user(unsigned max_pdu, const std::string& more = "") {
  return item(0x50, item(0x51, be32(max_pdu)) + item(0x52, "1.2.3.4") + more + item(0x55, "PICKET_1"));
}
const std::string kRequest =
    pdu(1, fixed() + kContext + asked(1, kVerification, {kImplicit}) + asked(3, kCt, {kExplicit, kImplicit}) +
               asked(5, kStudyFind, {kImplicit}) + asked(7, kStudyMove, {kImplicit}) + user(16384));
const std::string kAccept = pdu(2, fixed() + kContext + granted(1, 0, kImplicit) + granted(3, 0, kExplicit) +
                                       granted(5, 0, kImplicit) + granted(7, 0, kImplicit) + user(32768));
const std::string kReleaseRq = pdu(5, std::string(4, 0)), kReleaseRp = pdu(6, std::string(4, 0));

// --- commands and data sets

std::string element(unsigned group, unsigned number, const std::string& value) {
  return le16(group) + le16(number) + le32(value.size()) + value;
}
std::string ex(unsigned group, unsigned number, const char* vr, std::string value) {
  if (value.size() % 2 != 0) value += ' ';
  return le16(group) + le16(number) + vr + le16(value.size()) + value;
}
std::string us(unsigned number, unsigned value) { return element(0, number, le16(value)); }
std::string even(std::string s) { return s.size() % 2 == 0 ? s : s + std::string(1, '\0'); }

std::string command_set(const std::string& elements) {
  return element(0, 0, le32(elements.size())) + elements;
}
std::string message(unsigned context, const std::string& elements, const std::string& data = "") {
  std::string out = p_data(pdv(context, 3, command_set(elements)));
  return data.empty() ? out : out + p_data(pdv(context, 2, data));
}
std::string request(unsigned field, unsigned id, const std::string& sop, const std::string& more = "",
                    bool data = false) {
  return element(0, 2, even(sop)) + us(0x100, field) + us(0x110, id) + us(0x800, data ? 0 : 0x101) + more;
}
std::string response(unsigned field, unsigned id, unsigned status, const std::string& more = "",
                     bool data = false) {
  return us(0x100, field) + us(0x120, id) + us(0x800, data ? 0 : 0x101) + us(0x900, status) + more;
}
const std::string kEcho = message(1, request(0x30, 1, kVerification));
const std::string kEchoDone = message(1, response(0x8030, 1, 0));

const std::string kImage = ex(8, 0x16, "UI", kCt) + ex(8, 0x18, "UI", "1.2.3.99") + ex(8, 0x60, "CS", "CT") +
                           ex(8, 0x70, "LO", "ACME") + ex(8, 0x1010, "SH", "CTROOM2") +
                           ex(8, 0x1090, "LO", "Tube 9") + ex(0x10, 0x10, "PN", "DOE^JANE") +
                           ex(0x10, 0x20, "LO", "4711") + ex(0x18, 0x1000, "LO", "SN123") +
                           ex(0x18, 0x1020, "LO", "V1.2") + le16(0x7fe0) + le16(0x10) + "OW" +
                           std::string(2, 0) + le32(64) + std::string(64, '\x55');
std::string store(unsigned id, const std::string& data = kImage) {
  return message(3, request(1, id, kCt, us(0x700, 0) + element(0, 0x1000, "1.2.3.99"), true), data);
}
const std::string kStored = message(3, response(0x8001, 2, 0));

std::string text(const Exchange& x) {
  std::string out(x.operation->name);
  OtAddress a;
  if (x.ot->address(x, 0, a)) out += " @" + printable(a.text);
  if (x.has_question && x.kind == Kind::kOperation) out += " " + std::string(command_name(x.question.field));
  if (x.has_answer && x.kind == Kind::kOperation) {
    char status[32];
    std::snprintf(status, sizeof status, " -> %04x", x.answer.status);
    out += status;
  }
  if (x.pending != 0) out += " pending " + std::to_string(x.pending);
  if (x.cancelled) out += " cancelled";
  if (x.failed) out += " failed";
  for (const DataSet* d : {&x.question_data, &x.answer_data}) {
    if (!d->there) continue;
    out += " [" + std::to_string(d->bytes) +
           (d->missing != 0 ? " missing " + std::to_string(d->missing) : "") + (d->truncated ? " cut" : "");
    for (const Bytes& v : d->values) {
      if (!v.empty()) out += " " + printable(v);
    }
    out += "]";
  }
  return out;
}
HarnessOptions brief_options(HarnessOptions o = {}) {
  o.describe = [](const Transaction& t) { return text(static_cast<const Exchange&>(t)); };
  return o;
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  return run(kSpec, talk, brief_options(std::move(o)));
}

TEST(Dicom, AnAssociationFromBeginningToEnd) {
  EXPECT_THAT(brief({to_server(kRequest), to_client(kAccept), to_server(kEcho), to_client(kEchoDone),
                     to_server(kReleaseRq), to_client(kReleaseRp)}),
              ElementsAre("tx 0 req rep open association @ARCHIVE",
                          "tx 1 req rep verify connection @Verification C-ECHO-RQ -> 0000",
                          "tx 2 req rep release association"));
}

TEST(Dicom, WhatRulesSeeOfAnAssociation) {
  const auto lines = run(kSpec, {to_server(kRequest), to_client(kAccept)});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr(" dicom.called_ae=ARCHIVE dicom.calling_ae=CT1 "));
  EXPECT_THAT(lines[0], HasSubstr(" dicom.abstract_syntax=1.2.840.10008.1.1 dicom.abstract_syntax=" + kCt));
  EXPECT_THAT(lines[0],
              HasSubstr(" dicom.offered_syntax=" + kImplicit + " dicom.offered_syntax=" + kExplicit));
  EXPECT_THAT(lines[0],
              HasSubstr(" dicom.accepted_syntax=" + kImplicit + " dicom.accepted_syntax=" + kExplicit));
  EXPECT_THAT(lines[0], HasSubstr(" dicom.implementation_version=PICKET_1"));
  EXPECT_THAT(lines[0], HasSubstr(" dicom.max_pdu_length=16384"));
  EXPECT_THAT(lines[0], HasSubstr(" dicom.context_result=0 dicom.context_result=0 dicom.context_result=0"));
}

TEST(Dicom, RejectionsAndAborts) {
  EXPECT_THAT(run(kSpec, {to_server(kRequest), to_client(pdu(3, from_hex("00 01 01 07")))}),
              ElementsAre(::testing::AllOf(HasSubstr("tx 0 req rep events=rejected"),
                                           HasSubstr("dicom.reject_source=1 dicom.reject_reason=7"))));
  EXPECT_THAT(
      run(kSpec, {to_server(kRequest), to_client(kAccept), to_client(pdu(7, from_hex("00 00 02 06")))})[1],
      ::testing::AllOf(HasSubstr("events=aborted"), HasSubstr("dicom.abort_source=2 dicom.abort_reason=6")));
}

TEST(Dicom, TheUserIsNamedButNothingThatProvesIt) {
  const auto with = [](unsigned type) {
    const std::string id =
        item(0x58, std::string{static_cast<char>(type), 1} + be16(5) + "alice" + be16(6) + "secret");
    const auto lines =
        run(kSpec,
            {to_server(pdu(1, fixed() + kContext + asked(1, kVerification, {kImplicit}) + user(16384, id)))});
    return lines.empty() ? std::string() : lines[0];
  };
  EXPECT_THAT(with(2), HasSubstr(" dicom.user=alice"));
  EXPECT_THAT(with(2), HasSubstr(" dicom.identity_type=2"));
  EXPECT_THAT(with(2), ::testing::Not(HasSubstr("secret")));
  EXPECT_THAT(with(3), ::testing::Not(HasSubstr("alice"))) << "a ticket";
}

TEST(Dicom, AStoredImageTellsOfItsDevice) {
  HarnessOptions o;
  o.files = true;
  const auto lines =
      brief({to_server(kRequest), to_client(kAccept), to_server(store(2)), to_client(kStored)}, o);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[1], HasSubstr("file > 1.2.3.99 ["));
  EXPECT_THAT(lines[1], HasSubstr("] complete"));
  EXPECT_EQ(lines[2], "tx 1 req rep store image @1.2.3.99 C-STORE-RQ -> 0000 [" +
                          std::to_string(kImage.size()) + " CT ACME Tube 9 CTROOM2 SN123 V1.2 " + kCt +
                          " 1.2.3.99]");
}

TEST(Dicom, EveryEncoding) {
  const auto first = [](const std::string& uid, const std::string& data) {
    const auto lines = brief({to_server(pdu(1, fixed() + kContext + asked(3, kCt, {uid}) + user(0))),
                              to_client(pdu(2, fixed() + kContext + granted(3, 0, uid) + user(0))),
                              to_server(store(2, data))});
    return lines.size() == 2 ? lines[1].substr(lines[1].find('[')) : "lines";
  };
  const std::string implicit = element(8, 0x60, "MR") + element(8, 0x70, "ACME");
  EXPECT_EQ(first(kImplicit, implicit), "[22 MR ACME]");
  const std::string big =
      be16(8) + be16(0x60) + "CS" + be16(2) + "MR" + be16(8) + be16(0x70) + "LO" + be16(4) + "ACME";
  EXPECT_EQ(first(kBig, big), "[22 MR ACME]");
  EXPECT_EQ(first(kExplicit, ex(8, 0x60, "CS", "MR")), "[10 MR]");
  EXPECT_EQ(first("1.2.840.10008.1.2.4.70", ex(8, 0x60, "CS", "MR")), "[10 MR]") << "JPEG: explicit";
  EXPECT_EQ(first("1.2.840.10008.1.2.1.99", "\x4b\x4c\x49"), "[3]") << "deflated";
  EXPECT_EQ(first("1.2.3.4.5", ex(8, 0x60, "CS", "MR")), "[10 MR]") << "of somebody's own: explicit";
}

TEST(Dicom, SequencesAreReadThrough) {
  // A modality inside of a sequence is a worklist's; a device's is its own.
  const std::string step = ex(8, 0x60, "CS", "CT") + ex(0x40, 1, "AE", "CT1") + ex(8, 0x70, "LO", "NOT ME");
  const std::string item_head = le16(0xfffe) + le16(0xe000);
  const std::string of_length = le16(0x40) + le16(0x100) + "SQ" + std::string(2, 0) + le32(step.size() + 8) +
                                item_head + le32(step.size()) + step;
  const std::string open = le16(0x40) + le16(0x100) + "SQ" + std::string(2, 0) + le32(0xffffffff) +
                           item_head + le32(0xffffffff) + step + le16(0xfffe) + le16(0xe00d) + le32(0) +
                           le16(0xfffe) + le16(0xe0dd) + le32(0);
  for (const std::string& sequence : {of_length, open}) {
    const std::string data = sequence + ex(0x40, 0x1001, "SH", "P1");
    DataSet d;
    d.head = as_bytes(data);
    d.encoding = Encoding::kExplicitLittle;
    read_head(d);
    EXPECT_EQ(printable(d.value(Attribute::kModality)), "CT");
    EXPECT_EQ(printable(d.value(Attribute::kScheduledAe)), "CT1");
    EXPECT_EQ(printable(d.value(Attribute::kManufacturer)), "");
    EXPECT_EQ(d.elements, 5U);
    EXPECT_FALSE(d.wrong);
  }
  // Deeper than anybody needs.
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += le16(0x40) + le16(0x100) + "SQ" + std::string(2, 0) + le32(0xffffffff);
  DataSet d;
  d.head = as_bytes(deep);
  d.encoding = Encoding::kExplicitLittle;
  read_head(d);
  EXPECT_EQ(d.elements, ElementReader::kMaxDepth);
}

std::string match(unsigned id, const std::string& name) {
  return message(5, response(0x8020, id, 0xff00, "", true),
                 element(8, 0x52, "STUDY ") + element(0x10, 0x10, name));
}
const std::string kQuery =
    message(5, request(0x20, 9, kStudyFind, us(0x700, 2), true),
            element(8, 0x52, "STUDY ") + element(0x10, 0x10, "DOE*") + element(0x10, 0x20, ""));

TEST(Dicom, MatchesOfAQueryAreOneTransaction) {
  EXPECT_THAT(
      brief({to_server(kRequest), to_client(kAccept), to_server(kQuery),
             to_client(match(9, "DOE^JANE") + match(9, "DOE^JIM ")),
             to_client(message(5, response(0x8020, 9, 0)))}),
      ElementsAre("tx 0 req rep open association @ARCHIVE",
                  "tx 1 req rep query studies @Study Root Query/Retrieve - FIND C-FIND-RQ -> 0000 pending 2 "
                  "[34 STUDY] [60 STUDY]"));
  const auto lines = run(kSpec, {to_server(kQuery), to_client(match(9, "DOE^JANE") + match(9, "DOE^JIM ")),
                                 to_client(message(5, response(0x8020, 9, 0)))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], ::testing::AllOf(HasSubstr("DOE^JANE"), HasSubstr("DOE^JIM")))
      << "rules see every match";
}

TEST(Dicom, ManyMatchesStayWithinTheirLimit) {
  std::string matches;
  for (int i = 0; i < 2000; ++i) matches += match(9, "DOE^JANE");
  HarnessOptions o;
  o.limits["dataset-limit"] = 100;
  const auto lines =
      brief({to_server(kQuery), to_client(matches), to_client(message(5, response(0x8020, 9, 0)))}, o);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("pending 2000"));
  EXPECT_THAT(lines[0], HasSubstr("cut"));
}

TEST(Dicom, ARetrievalIsCountedAndCancelled) {
  const std::string move = message(7, request(0x21, 4, kStudyMove, element(0, 0x600, "ELSEWHERE "), true),
                                   element(8, 0x52, "STUDY ") + element(0x20, 0xd, "1.2.3.4 "));
  const std::string counts = us(0x1020, 1) + us(0x1021, 2) + us(0x1022, 0) + us(0x1023, 0);
  const std::string cancel = message(7, us(0x100, 0xfff) + us(0x120, 4) + us(0x800, 0x101));
  EXPECT_THAT(brief({to_server(move), to_client(message(7, response(0x8021, 4, 0xff00, counts))),
                     to_server(cancel), to_client(message(7, response(0x8021, 4, 0xfe00, counts)))}),
              ElementsAre("tx 1 req cancel operation C-CANCEL-RQ",
                          "tx 0 req rep retrieve to another node @ELSEWHERE C-MOVE-RQ -> fe00 pending 1 "
                          "cancelled [30 STUDY 1.2.3.4]"));
  const auto lines =
      run(kSpec, {to_server(move), to_client(message(7, response(0x8021, 4, 0xb000, counts)))});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr(" dicom.move_destination=ELSEWHERE"));
  EXPECT_THAT(lines[0], HasSubstr(" dicom.remaining=1 dicom.completed=2 dicom.failed=0 dicom.warning=0"));
}

TEST(Dicom, EveryOperationHasItsName) {
  const auto named = [](unsigned field, const std::string& sop) {
    const auto lines = brief({to_server(message(1, request(field, 1, sop)))});
    return lines.size() == 1 ? lines[0].substr(9, lines[0].find(" @") - 9) : "lines";
  };
  EXPECT_EQ(named(0x0001, "1.2.840.10008.5.1.4.1.1.88.11"), "store report");
  EXPECT_EQ(named(0x0001, "1.2.840.10008.5.1.4.1.1.481.5"), "store radiotherapy object");
  EXPECT_EQ(named(0x0001, "1.2.840.10008.5.1.4.1.1.9.1.1"), "store waveform");
  EXPECT_EQ(named(0x0001, "1.2.840.10008.5.1.4.1.1.6.1"), "store image");
  EXPECT_EQ(named(0x0010, "1.2.840.10008.5.1.4.1.2.2.3"), "retrieve");
  EXPECT_EQ(named(0x0020, "1.2.840.10008.5.1.4.31"), "query worklist");
  EXPECT_EQ(named(0x0020, "1.2.840.10008.5.1.4.1.2.1.1"), "query patients");
  EXPECT_EQ(named(0x0100, "1.2.840.10008.1.20.1"), "report storage commitment");
  EXPECT_EQ(named(0x0110, "1.2.840.10008.5.1.1.16"), "read attributes");
  EXPECT_EQ(named(0x0120, "1.2.840.10008.3.1.2.3.3"), "report procedure progress");
  EXPECT_EQ(named(0x0130, "1.2.840.10008.1.20.1"), "request storage commitment");
  EXPECT_EQ(named(0x0130, "1.2.840.10008.5.1.1.2"), "print");
  EXPECT_EQ(named(0x0140, "1.2.840.10008.3.1.2.3.3"), "begin procedure step");
  EXPECT_EQ(named(0x0140, "1.2.840.10008.5.1.1.1"), "prepare print");
  EXPECT_EQ(named(0x0150, "1.2.840.10008.5.1.1.1"), "delete object");
}

TEST(Dicom, BothSidesMayAsk) {
  // A C-GET brings its objects by C-STORE on the same association.
  const std::string get = message(7, request(0x10, 4, "1.2.840.10008.5.1.4.1.2.2.3"));
  EXPECT_THAT(
      brief({to_server(kRequest), to_client(kAccept), to_server(get),
             to_client(store(4, ex(8, 0x60, "CS", "CT"))), to_server(message(3, response(0x8001, 4, 0))),
             to_client(message(7, response(0x8010, 4, 0)))}),
      ElementsAre("tx 0 req rep open association @ARCHIVE",
                  "tx 2 req rep store image @1.2.3.99 C-STORE-RQ -> 0000 [10 CT]",
                  "tx 1 req rep retrieve @Study Root Query/Retrieve - GET C-GET-RQ -> 0000"));
}

TEST(Dicom, FragmentsArePutTogether) {
  const std::string set = command_set(request(0x30, 1, kVerification));
  std::string pieces = p_data(pdv(1, 1, set.substr(0, 5)) + pdv(1, 1, set.substr(5, 20)));
  pieces += p_data(pdv(1, 1, "")) + p_data(pdv(1, 3, set.substr(25)));
  EXPECT_EQ(brief({to_server(pieces), to_client(kEchoDone)}),
            brief({to_server(kEcho), to_client(kEchoDone)}));
  // Command and data in one PDU; the data in three fragments.
  const std::string c = command_set(request(1, 2, kCt, element(0, 0x1000, "1.2.3.99"), true));
  const std::string together =
      p_data(pdv(3, 3, c) + pdv(3, 0, kImage.substr(0, 9)) + pdv(3, 0, kImage.substr(9, 30))) +
      p_data(pdv(3, 2, kImage.substr(39)));
  EXPECT_THAT(brief({to_server(together), to_client(kStored)})[0],
              HasSubstr("[" + std::to_string(kImage.size()) + " CT ACME"));
}

TEST(Dicom, AnImageStreamsThrough) {
  ParserRun r(kSpec, brief_options());
  r.feed(Direction::kToServer, message(3, request(1, 2, kCt, element(0, 0x1000, "1.2.3.99"), true)));
  const std::string head = ex(8, 0x60, "CS", "CT") + le16(0x7fe0) + le16(0x10) + "OW" + std::string(2, 0);
  const std::size_t pixels = std::size_t{8} << 20;
  r.feed(Direction::kToServer, std::string{4, 0} + be32(head.size() + 4 + pixels + 6) +
                                   be32(head.size() + 4 + pixels + 2) + std::string{3, 2} + head +
                                   le32(pixels));
  const std::string piece(65536, '\x33');
  for (std::size_t sent = 0; sent < pixels; sent += piece.size()) {
    r.feed(Direction::kToServer, piece);
    ASSERT_EQ(r.pending(Direction::kToServer), 0U);
    ASSERT_LT(r.pool().in_use_bytes(), 65536U);
  }
  r.feed(Direction::kToClient, kStored);
  EXPECT_THAT(r.lines(), ElementsAre("tx 0 req rep store image @1.2.3.99 C-STORE-RQ -> 0000 [" +
                                     std::to_string(head.size() + 4 + pixels) + " cut CT]"));
  r.close();
  EXPECT_TRUE(r.violations().empty());
}

TEST(Dicom, AGapInsideAnImageIsCounted) {
  const std::string all = store(2);
  const std::string front = all.substr(0, all.size() - 50), back = all.substr(all.size() - 20);
  EXPECT_THAT(
      brief({to_server(front), gap(Direction::kToServer, 30), to_server(back + kEcho), to_client(kStored)}),
      ElementsAre("event > gap",
                  HasSubstr("tx 0 req rep store image @1.2.3.99 C-STORE-RQ -> 0000 [" +
                            std::to_string(kImage.size()) + " missing 30 CT"),
                  HasSubstr("tx 1 req verify connection")));
}

TEST(Dicom, GoesOnBehindWhatIsWrong) {
  const std::string noise = "HTTP/1.1 400 Bad Request\r\n\r\n";
  const Conversation talk = {to_server(kEcho + noise + kEcho), to_client(kEchoDone + kEchoDone)};
  EXPECT_THAT(brief(talk),
              ElementsAre("event > invalid_pdu_type", "event > lost_sync", HasSubstr("tx 0 req rep verify"),
                          HasSubstr("tx 1 req rep events=duplicate")));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  // A length that lies does not hide what follows.
  std::string liar = kEcho;
  liar[3] = 1;
  EXPECT_THAT(brief({to_server(liar + kEcho)}),
              ElementsAre("event > invalid_pdv", "event > lost_sync", HasSubstr("tx 0 req verify"),
                          HasSubstr("tx 1 req events=duplicate_message_id verify")));
  // Nor do two of them that lie alike.
  std::string liars = kEcho;
  liars[2] = liars[6] = 0x7f;
  EXPECT_THAT(brief({to_server(liars + kEcho)}),
              ElementsAre("event > invalid_pdv", "event > lost_sync", HasSubstr("tx 0 req verify")));
  // After a gap of unknown length, in the middle of something.
  EXPECT_THAT(
      brief({to_server(kEcho.substr(0, 30)), gap(Direction::kToServer, 0), to_server("rest" + kEcho)}),
      ElementsAre("event > gap", HasSubstr("verify connection")));
}

TEST(Dicom, NamesWhatIsWrong) {
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
  EXPECT_EQ(event({to_server(pdu(9, "xxxx"))}, "invalid_pdu_type"), 1U);
  EXPECT_EQ(event({to_server(pdu(5, "x"))}, "invalid_pdu_length"), 1U);
  EXPECT_EQ(event({to_server(pdu(1, fixed() + item(0x10, "x") + "\x20"))}, "invalid_association"), 1U);
  EXPECT_EQ(event({to_server(p_data(be32(500) + "\x01\x03"))}, "invalid_pdv"), 1U);
  EXPECT_EQ(event({to_server(p_data(pdv(1, 3, "not a command set")))}, "invalid_command"), 1U);
  EXPECT_EQ(event({to_server(message(1, request(0x77, 1, kVerification)))}, "unknown_command"), 1U);
  EXPECT_EQ(event({to_server(message(2, request(0x30, 1, kVerification)))}, "unknown_context"), 1U);
  EXPECT_EQ(
      event({to_server(kRequest), to_client(kAccept), to_server(message(9, request(0x30, 1, kVerification)))},
            "unknown_context"),
      1U);
  EXPECT_EQ(event({to_server(kReleaseRq), to_client(kReleaseRp), to_server(kEcho)}, "no_association"), 1U);
  EXPECT_EQ(event({to_server(p_data(pdv(1, 2, "data")))}, "unexpected_data_set"), 1U);
  EXPECT_EQ(event({to_server(message(3, request(1, 2, kCt, "", true)) + kEcho)}, "missing_data_set"), 1U);
  EXPECT_EQ(event({to_server(kEcho), to_client(message(1, response(0x8030, 7, 0)))}, "unsolicited_response"),
            1U);
  EXPECT_EQ(event({to_client(kEchoDone)}, "unsolicited_response"), 0U) << "only one direction is seen";
  EXPECT_EQ(event({to_server(kEcho), to_client(message(1, response(0x8001, 1, 0)))}, "mismatch"), 1U);
  EXPECT_EQ(event({to_server(kEcho + kEcho)}, "duplicate_message_id"), 1U);
  EXPECT_EQ(event({to_server(kRequest), to_client(kAccept),
                   to_server(store(2, from_hex("0800 6000 0200 0000 4354")))},
                  "invalid_data_set"),
            1U);
  HarnessOptions few;
  few.limits["request-flood"] = 2;
  EXPECT_EQ(event({to_server(kEcho + kEcho + kEcho)}, "flooded", few), 1U);
  HarnessOptions small;
  small.limits["command-limit"] = 256;
  EXPECT_EQ(
      event(
          {to_server(message(1, request(0x30, 1, kVerification, element(0, 0x902, std::string(300, 'x')))))},
          "command_too_large", small),
      1U);
  HarnessOptions slow;
  slow.step_ns = 700'000'000'000;
  EXPECT_EQ(event({to_server(kEcho), to_server(kEcho)}, "no_reply", slow), 1U);
  HarnessOptions poor;
  poor.pool_bytes = 768 * 1024;
  std::string flood;
  for (unsigned i = 0; i < 1000; ++i) flood += message(1, request(0x30, i, kVerification));
  poor.limits["request-flood"] = 1024;
  EXPECT_GE(event({to_server(flood)}, "out_of_memory", poor), 1U);
  // The server said that it takes 32768 bytes at most.
  EXPECT_EQ(event({to_server(kRequest), to_client(kAccept),
                   to_server(message(3, request(1, 2, kCt, "", true), std::string(40000, 'x')))},
                  "pdu_too_long"),
            1U);
}

TEST(Dicom, IsToldFromWhatLooksLikeIt) {
  const auto says = [](const std::string& first) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(first));
  };
  EXPECT_EQ(says(kRequest), Probe::kYes);
  EXPECT_EQ(says(kAccept), Probe::kYes);
  EXPECT_EQ(says(kEcho), Probe::kYes);
  EXPECT_EQ(says(pdu(3, from_hex("00 01 01 07"))), Probe::kYes);
  for (std::size_t n = 0; n < 74; ++n) EXPECT_EQ(says(kRequest.substr(0, n)), Probe::kUnsure) << n;
  EXPECT_EQ(says(kReleaseRq), Probe::kNo) << "ten bytes of which eight are zero";
  EXPECT_EQ(says(p_data(pdv(3, 0, "pixels pixels"))), Probe::kNo);
  EXPECT_EQ(says("GET / HTTP/1.1\r\n"), Probe::kNo);
  EXPECT_EQ(says(from_hex("0300 001611e00000000100c0010ac1020100c2020102")), Probe::kNo) << "TPKT";
  EXPECT_EQ(says(from_hex("01 00 0000 00d0 0001 0000") + std::string(40, '\x01')), Probe::kNo)
      << "titles are text";
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(kRequest)), Probe::kNo);
}

TEST(Dicom, DoesNotCareHowSegmentsFall) {
  const Conversation talks[] = {
      {to_server(kRequest), to_client(kAccept), to_server(store(2)), to_client(kStored), to_server(kQuery),
       to_client(match(9, "DOE^JANE") + match(9, "DOE^JIM ")), to_client(message(5, response(0x8020, 9, 0))),
       to_server(kReleaseRq), to_client(kReleaseRp)},
      {to_server(kRequest), to_client(pdu(3, from_hex("00 01 01 07")))},
      {to_server(kEcho), to_client(pdu(7, from_hex("00 00 02 06")))},
  };
  for (const Conversation& talk : talks) {
    EXPECT_EQ(check_every_split(kSpec, talk), "");
    EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  }
}

}  // namespace
}  // namespace picket::dicom
