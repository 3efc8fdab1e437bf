#include "parsers/mms/mms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::mms {
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
using ::testing::IsEmpty;

// ── the layers, each written from its standard ─────────────────────────────────────────────────────────────────

std::string u16(std::size_t v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string tpkt(const std::string& tpdu) { return from_hex("03 00") + u16(tpdu.size() + 4) + tpdu; }
std::string dt(const std::string& data, bool end = true) {
  return tpkt(from_hex(end ? "02 f0 80" : "02 f0 00") + data);
}
/// Tag in hexadecimal, length, content.
std::string tlv(std::string_view tag, const std::string& content) {
  std::string length(1, static_cast<char>(content.size()));
  if (content.size() > 255) {
    length = from_hex("82") + u16(content.size());
  } else if (content.size() > 127) {
    length = from_hex("81") + length;
  }
  return from_hex(tag) + length + content;
}
std::string hex(std::string_view tag, std::string_view content) { return tlv(tag, from_hex(content)); }
std::string text(std::string_view tag, std::string_view content) { return tlv(tag, std::string(content)); }

/// Presentation data of the context 3 of MMS, behind GIVE TOKENS and DATA TRANSFER.
std::string data(const std::string& pdus) {
  return dt(from_hex("01 00 01 00") + tlv("61", tlv("30", from_hex("02 01 03") + tlv("a0", pdus))));
}
std::string confirmed(std::string_view pdu, unsigned invoke, const std::string& service) {
  return tlv(pdu, from_hex("02 02") + u16(invoke) + service);
}
std::string request(unsigned invoke, const std::string& service) {
  return data(confirmed("a0", invoke, service));
}
std::string response(unsigned invoke, const std::string& service) {
  return data(confirmed("a1", invoke, service));
}

std::string domain_name(std::string_view domain, std::string_view item) {
  return tlv("a1", text("1a", domain) + text("1a", item));
}
std::string variable(std::string_view domain, std::string_view item) {
  return tlv("30", tlv("a0", domain_name(domain, item)));
}
std::string read_of(const std::string& variables) { return tlv("a4", tlv("a1", tlv("a0", variables))); }
std::string write_of(const std::string& variables, const std::string& values) {
  return tlv("a5", tlv("a0", variables) + tlv("a0", values));
}
std::string read_result(const std::string& values) { return tlv("a4", tlv("a1", values)); }
std::string report(const std::string& spec, const std::string& values) {
  return data(tlv("a3", tlv("a0", spec + tlv("a0", values))));
}
const std::string kRpt = tlv("a1", text("80", "RPT"));

const std::string kIdentify = hex("82", "");
const std::string kIdentity = tlv("a2", text("80", "ACME") + text("81", "Relay 7") + text("82", "2.10"));
const std::string kPos = variable("LD0", "XCBR1$ST$Pos$stVal");

const std::string kConnect = tpkt(from_hex("11 e0 0000 0001 00 c0010d c2020001 c1020000"));
const std::string kConfirm = tpkt(from_hex("11 d0 0001 0014 00 c0010d c2020001 c1020000"));

std::string initiate(std::string_view pdu) {
  return tlv(pdu,
             hex("80", "00fde8") + hex("81", "05") + hex("82", "05") + hex("83", "0a") +
                 tlv("a4", hex("80", "01") + hex("81", "05f100") + hex("82", "03ee1c00000408000079ef18")));
}
std::string external(const std::string& pdu) {
  return tlv("be", tlv("28", from_hex("06 02 5101 02 01 03") + tlv("a0", pdu)));
}
std::string pdv(std::string_view context, const std::string& apdu) {
  return tlv("61", tlv("30", hex("02", context) + tlv("a0", apdu)));
}
/// A parameter of the session protocol, or an SPDU: a length of one byte, or of two behind ff.
std::string session(std::string_view code, const std::string& content) {
  const bool one = content.size() < 255;
  return from_hex(code) +
         (one ? std::string(1, static_cast<char>(content.size())) : "\xff" + u16(content.size())) + content;
}
/// A session CONNECT, or ACCEPT, around what the presentation says.
std::string association(std::string_view spdu, const std::string& presentation) {
  return dt(session(
      spdu, from_hex("05 06 130100 160102 14 02 0002 33 02 0001 34 02 0001") + session("c1", presentation)));
}
std::string aarq(const std::string& more = "") {
  const std::string apdu =
      tlv("60", hex("a1", "06 05 28ca220203") + hex("a2", "06 04 29018767") + hex("a3", "02 01 0c") +
                    hex("a6", "06 04 29018768") + hex("a7", "02 01 0d") + more + external(initiate("a8")));
  const std::string contexts =
      tlv("a4", tlv("30", from_hex("02 01 01 06 04 52010001") + hex("30", "06 02 5101")) +
                    tlv("30", from_hex("02 01 03 06 05 28ca220201") + hex("30", "06 02 5101")));
  return association(
      "0d", tlv("31", hex("a0", "80 01 01") + tlv("a2", hex("81", "00000001") + hex("82", "00000002") +
                                                            contexts + hex("88", "0600") + pdv("01", apdu))));
}
std::string aare(std::string_view result, std::string_view diagnostic, const std::string& user) {
  const std::string apdu = tlv("61", hex("a1", "06 05 28ca220203") + tlv("a2", hex("02", result)) +
                                         tlv("a3", tlv("a1", hex("02", diagnostic))) + user);
  return association(
      "0e", tlv("31", hex("a0", "80 01 01") +
                          tlv("a2", hex("83", "00000002") +
                                        hex("a5", "30 07 80 01 00 81 02 5101  30 07 80 01 00 81 02 5101") +
                                        pdv("01", apdu))));
}
const Conversation kAssociation = {to_server(kConnect), to_client(kConfirm), to_server(aarq()),
                                   to_client(aare("00", "00", external(initiate("a9"))))};

std::string what(const OtTransaction& tx, Direction dir) {
  std::string out(tx.operation->name);
  OtAddress a;
  for (unsigned n = 0; tx.ot->address(tx, n, a); ++n) out += " @" + printable(a.text);
  OtValue v;
  for (unsigned n = 0; tx.ot->value(tx, dir, n, v); ++n) {
    char number[32];
    std::snprintf(number, sizeof number, "%.12g", v.number);
    out += v.is_number ? std::string(" =") + number : " ='" + printable(v.text) + "'";
  }
  return out + (tx.failed ? " failed" : "");
}

/// "tx 0 req rep events=... operation @address =value", values of the answer if there is one, else of the request.
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = [](const Transaction& t) {
    const auto& tx = static_cast<const Exchange&>(t);
    const bool answer = tx.has_answer && !tx.answer.answers(Service::kWrite);
    return what(tx, answer ? reverse(tx.asked) : tx.asked);
  };
  return run(kSpec, talk, o);
}
/// The same of one line, without "tx 0 req ".
std::string one(const Conversation& talk) {
  const auto lines = brief(talk);
  if (lines.size() != 1) return std::to_string(lines.size()) + " lines";
  const std::size_t at = lines[0].find(' ', 3);
  return lines[0].substr(at + 1);
}

// ── the association ────────────────────────────────────────────────────────────────────────────────────────────

TEST(Mms, Associates) {
  EXPECT_THAT(brief(kAssociation), ElementsAre("tx 0 req rep open connection", "tx 1 req rep associate"));
  EXPECT_EQ(check_every_split(kSpec, kAssociation), "");
  EXPECT_EQ(check_every_truncation(kSpec, kAssociation), "");
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    const auto& x = static_cast<const Exchange&>(t);
    Acse a;
    Initiate i;
    Presentation p;
    if (!read_acse(x.question, a) || !read_initiate(x.question, i)) return std::string("-");
    read_presentation(x.question, p);
    char room[64];
    return std::string(room, ber::write_oid(a.called.oid, room)) + ":" + std::to_string(a.called.qualifier) +
           " " + std::string(room, ber::write_oid(a.calling.oid, room)) + ":" +
           std::to_string(a.calling.qualifier) + " size " + std::to_string(i.local_detail) + " nesting " +
           std::to_string(i.nesting) + " psel " + printable(p.calling) + printable(p.called) +
           (ber::bit(i.services, 4) ? " reads" : "");
  };
  EXPECT_THAT(run(kSpec, {kAssociation[2]}, o),
              ElementsAre("tx 0 req 1.1.1.999:12 1.1.1.1000:13 size 65000 nesting 10 psel "
                          "\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x02 reads"));
}

TEST(Mms, AnAssociationCanFail) {
  EXPECT_THAT(brief({to_server(aarq()), to_client(aare("01", "0d", ""))}),
              ElementsAre("tx 0 req rep associate failed"));
  // A session REFUSE with no more than a reason; an ABORT of the provider (ARP-PPDU).
  EXPECT_THAT(brief({to_server(aarq()), to_client(dt(from_hex("0c 03 32 01 01")))}),
              ElementsAre("tx 0 req rep associate failed"));
  EXPECT_THAT(brief({to_server(aarq()), to_client(dt(from_hex("19 0a 11 01 03 c1 05 30 03 80 01 02")))}),
              ElementsAre("tx 0 req rep events=aborted associate failed"));
  // A password, by the mechanism that sends it as it is; another mechanism may do better.
  const std::string value = tlv("ac", text("80", "secret"));
  EXPECT_THAT(brief({to_server(aarq(hex("8b", "520301") + value))}),
              ElementsAre("tx 0 req events=cleartext_password associate"));
  EXPECT_THAT(brief({to_server(aarq(hex("8b", "520302") + value))}), ElementsAre("tx 0 req associate"));
}

TEST(Mms, AnAssociationEnds) {
  const std::string rlrq = pdv("01", hex("62", "80 01 00")), rlre = pdv("01", hex("63", "80 01 00"));
  const auto spdu = [](std::string_view type, const std::string& user) {
    return dt(session(type, session("c1", user)));
  };
  EXPECT_THAT(brief({to_server(data(hex("8b", ""))), to_client(data(hex("8c", ""))),
                     to_server(spdu("09", rlrq)), to_client(spdu("0a", rlre)),
                     to_server(spdu("19", tlv("a0", pdv("01", hex("64", "80 01 00 81 01 02")))))}),
              ElementsAre("tx 0 req rep conclude", "tx 1 req rep release association",
                          "tx 2 req events=aborted abort association"));
}

TEST(Mms, WithoutSessionAndPresentation) {
  const Conversation talk = {to_server(dt(initiate("a8"))), to_client(dt(initiate("a9"))),
                             to_server(dt(confirmed("a0", 1, kIdentify))),
                             to_client(dt(confirmed("a1", 1, kIdentity)))};
  EXPECT_THAT(brief(talk), ElementsAre("tx 0 req rep associate", "tx 1 req rep identify"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

// ── services ───────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Mms, PairsByInvokeId) {
  const std::string yes = read_result(hex("83", "01")), no = read_result(hex("80", "0a"));
  EXPECT_THAT(brief({to_server(request(5, read_of(kPos)) + request(6, kIdentify)),
                     to_client(response(6, kIdentity) + response(5, yes))}),
              ElementsAre("tx 1 req rep identify", "tx 0 req rep read variables @LD0/XCBR1$ST$Pos$stVal =1"));
  EXPECT_EQ(one({to_server(request(5, read_of(kPos))), to_client(response(5, no))}),
            "req rep read variables @LD0/XCBR1$ST$Pos$stVal failed");
  // An error, a reject, an answer to nothing, an answer of another service, one with a result too few.
  EXPECT_EQ(one({to_server(request(5, read_of(kPos))),
                 to_client(data(tlv("a2", hex("80", "05") + tlv("a2", hex("a0", "87 01 03")))))}),
            "req rep read variables @LD0/XCBR1$ST$Pos$stVal failed");
  EXPECT_EQ(
      one({to_server(request(5, kIdentify)), to_client(data(tlv("a4", hex("80", "05") + hex("81", "01"))))}),
      "req rep events=pdu_rejected identify failed");
  EXPECT_THAT(brief({to_server(request(5, kIdentify)), to_client(response(7, kIdentity))}),
              ElementsAre("tx 1 rep events=unsolicited_response identify", "tx 0 req identify"));
  EXPECT_EQ(one({to_client(response(7, kIdentity))}), "rep identify") << "only answers are seen";
  EXPECT_EQ(one({to_server(request(5, kIdentify)), to_client(response(5, yes))}),
            "req rep events=mismatch identify =1");
  EXPECT_EQ(one({to_server(request(5, read_of(kPos + kPos))), to_client(response(5, yes))}),
            "req rep events=mismatch read variables @LD0/XCBR1$ST$Pos$stVal @LD0/XCBR1$ST$Pos$stVal =1");
  EXPECT_EQ(one({to_server(data(hex("85", "05"))), to_client(data(hex("86", "05")))}),
            "req rep cancel request");
}

TEST(Mms, EveryKindOfValue) {
  const auto value = [](const std::string& v) {
    const std::string s = one({to_server(request(1, read_of(kPos))), to_client(response(1, read_result(v)))});
    return s.substr(s.find("stVal") + 5);
  };
  EXPECT_EQ(value(hex("83", "ff")), " =1");
  EXPECT_EQ(value(hex("84", "06 40")), " ='01'") << "two bits";
  EXPECT_EQ(value(hex("85", "fe")), " =-2");
  EXPECT_EQ(value(hex("86", "00ffffffff")), " =4294967295");
  EXPECT_EQ(value(hex("87", "08 41ac0000")), " =21.5");
  EXPECT_EQ(value(hex("87", "0b 4035800000000000")), " =21.5");
  EXPECT_EQ(value(hex("87", "08 7fc00000")), " ='\\x08\\x7f\\xc0\\x00\\x00'") << "not a number";
  EXPECT_EQ(value(hex("89", "0102")), " ='\\x01\\x02'");
  EXPECT_EQ(value(text("8a", "relay")), " ='relay'");
  EXPECT_EQ(value(hex("8c", "00000000 0001")), " =441849600") << "2 January 1984";
  EXPECT_EQ(value(hex("8d", "07")), " =7");
  EXPECT_EQ(value(text("90", "m")), " ='m'");
  EXPECT_EQ(value(hex("91", "6553f100 800000 0a")), " =1700000000.5");
  // Structures are gone into, and what is in them is told in order; an empty one is nothing.
  EXPECT_EQ(value(tlv("a2", hex("83", "00") + tlv("a1", hex("85", "01") + hex("85", "02")) + tlv("a2", "") +
                                hex("86", "03"))),
            " =0 =1 =2 =3");
}

TEST(Mms, ValuesTooDeepArePassedOver) {
  std::string deep = hex("85", "01");
  for (unsigned i = 0; i < 20; ++i) deep = tlv("a2", deep);
  EXPECT_EQ(one({to_server(request(1, read_of(kPos))), to_client(response(1, read_result(deep)))}),
            "req rep events=too_deep read variables @LD0/XCBR1$ST$Pos$stVal");
}

TEST(Mms, EveryKindOfObject) {
  const auto object = [](const std::string& variables) {
    const std::string s = one({to_server(request(1, read_of(variables)))});
    return s.substr(s.find("variables") + 9);
  };
  EXPECT_EQ(object(tlv("30", tlv("a0", text("80", "clock")))), " @clock");
  EXPECT_EQ(object(tlv("30", tlv("a0", text("82", "own")))), " @@own");
  EXPECT_EQ(object(tlv("30", tlv("a1", hex("80", "012c")))), " @address 300");
  EXPECT_EQ(object(tlv("30", tlv("a1", text("81", "V100")))), " @V100");
  EXPECT_EQ(object(tlv("30", tlv("a2", tlv("a1", hex("80", "01"))))), " @description");
  // Alternate access: the component f of mag, and elements 2 to 4 of an array.
  EXPECT_EQ(object(tlv("30", tlv("a0", domain_name("LD0", "MMXU1$MX$TotW")) +
                                 tlv("a5", tlv("a0", text("80", "mag") + tlv("30", text("81", "f")))))),
            " @LD0/MMXU1$MX$TotW$f");
  EXPECT_EQ(object(tlv("30", tlv("a0", domain_name("LD0", "MHAI1$MX$HA")) +
                                 tlv("a5", tlv("a3", hex("80", "02") + hex("81", "03"))))),
            " @LD0/MHAI1$MX$HA(2-4)");
  EXPECT_EQ(one({to_server(request(1, tlv("a4", tlv("a1", tlv("a1", domain_name("LD0", "LLN0$Events"))))))}),
            "req read data set @LD0/LLN0$Events");
}

TEST(Mms, SplitsNames) {
  const auto split = [](std::string_view item) {
    IecName n;
    if (!split_name(as_bytes(item), n)) return std::string("no");
    return std::string(as_text(n.node)) + " " + std::string(as_text(n.fc)) + " " +
           std::string(as_text(n.data));
  };
  EXPECT_EQ(split("XCBR1$CO$Pos$Oper"), "XCBR1 CO Pos$Oper");
  EXPECT_EQ(split("LLN0$ST"), "LLN0 ST ");
  EXPECT_EQ(split("LLN0"), "no");
  EXPECT_EQ(split("LLN0$Events"), "no");
  EXPECT_EQ(split("LLN0$XX$a"), "no");
  EXPECT_EQ(split("$ST$a"), "no");
}

TEST(Mms, SaysWhatIsDone) {
  const auto does = [](const std::string& service) {
    return one({to_server(request(1, service))}).substr(4);
  };
  EXPECT_EQ(does(hex("80", "00")), "get status");
  EXPECT_EQ(does(tlv("a1", hex("a0", "80 01 09") + hex("a1", "80 00"))), "list names");
  EXPECT_EQ(does(tlv("a6", tlv("a0", domain_name("LD0", "XCBR1$ST")))),
            "get variable attributes @LD0/XCBR1$ST");
  EXPECT_EQ(does(tlv("ab", domain_name("LD0", "LLN0$ds1") + tlv("a0", kPos))),
            "define data set @LD0/LLN0$ds1 @LD0/XCBR1$ST$Pos$stVal");
  EXPECT_EQ(does(tlv("ac", domain_name("LD0", "LLN0$ds1"))), "get data set members @LD0/LLN0$ds1");
  EXPECT_EQ(does(tlv("ad", hex("80", "00") + tlv("a1", domain_name("LD0", "a") + domain_name("LD0", "b")))),
            "delete data set @LD0/a @LD0/b");
  EXPECT_EQ(does(tlv("ba", text("80", "logic") + tlv("a1", "") + hex("82", "00"))), "start download @logic");
  EXPECT_EQ(does(tlv("bf24", "")), "delete domain");
  EXPECT_EQ(does(text("9f24", "logic")), "delete domain @logic");
  EXPECT_EQ(does(tlv("bf28", text("80", "main"))), "start program @main");
  EXPECT_EQ(does(tlv("bf29", text("80", "main"))), "stop program @main");
  EXPECT_EQ(does(tlv("bf2c", text("80", "main"))), "kill program @main");
  EXPECT_EQ(does(tlv("bf48", tlv("a0", text("19", "a.cfg")) + hex("81", "00"))), "open file @a.cfg");
  EXPECT_EQ(does(hex("9f49", "01")), "read file");
  EXPECT_EQ(does(tlv("bf4c", text("19", "old.log"))), "delete file @old.log");
  EXPECT_EQ(does(tlv("bf2e", tlv("a1", text("19", "fw-2.bin")) + tlv("a2", text("19", "x")))),
            "firmware download @fw-2.bin");
  EXPECT_EQ(does(tlv("bf43", tlv("a0", domain_name("LD0", "LLN0$EventLog")))),
            "clear journal @LD0/LLN0$EventLog");
  EXPECT_EQ(one({to_server(request(1, tlv("bf8148", "")))}), "req events=unknown_service unknown service");
  EXPECT_EQ(one({to_server(request(1, tlv("bf5f", "")))}), "req events=unknown_service unknown service");
}

TEST(Mms, ServiceOfTwoBytesWithModifiersAndDetail) {
  EXPECT_EQ(one({to_server(data(tlv("a0", from_hex("02 01 01") + tlv("30", tlv("a0", "")) +
                                              tlv("bf29", text("80", "main")) + tlv("bf4f", ""))))}),
            "req stop program @main");
}

// ── IEC 61850 ──────────────────────────────────────────────────────────────────────────────────────────────────

/// ctlVal, origin remote control "HMI", ctlNum 7, T, Test, Check.
std::string order(const std::string& value) {
  return tlv("a2", value + tlv("a2", hex("85", "03") + text("89", "HMI")) + hex("86", "07") +
                       hex("91", "6553f100 000000 0a") + hex("83", "00") + hex("84", "06 40"));
}

TEST(Mms, Controls) {
  const auto does = [](std::string_view item, const std::string& value) {
    const std::string s = one({to_server(request(1, write_of(variable("LD0", item), value)))});
    return s.substr(4, s.find(" @") - 4);
  };
  const std::string on = hex("83", "01"), off = hex("83", "00");
  EXPECT_EQ(does("XCBR1$CO$Pos$Oper", order(on)), "operate");
  EXPECT_EQ(does("XCBR1$CO$Pos$SBOw", order(on)), "select before operate with value");
  EXPECT_EQ(does("XCBR1$CO$Pos$Cancel", order(on)), "cancel");
  EXPECT_EQ(does("XCBR1$CO$Pos$Oper$ctlVal", on), "operate");
  EXPECT_EQ(does("PTOC1$SP$StrVal$setMag$f", on), "write set point");
  EXPECT_EQ(does("LLN0$SP$SGCB$ActSG", hex("86", "02")), "change settings group");
  EXPECT_EQ(does("LLN0$SP$SGCB$CnfEdit", on), "confirm settings");
  EXPECT_EQ(does("PTOC1$SE$StrVal$setMag$f", on), "edit settings");
  EXPECT_EQ(does("LLN0$BR$brcb1$RptEna", on), "enable reports");
  EXPECT_EQ(does("LLN0$BR$brcb1$RptEna", off), "disable reports");
  EXPECT_EQ(does("LLN0$RP$urcb1$GI", on), "general interrogation");
  EXPECT_EQ(does("LLN0$RP$urcb1$IntgPd", hex("86", "00")), "configure report control block");
  EXPECT_EQ(does("LLN0$GO$gcb1$GoEna", off), "configure GOOSE");
  EXPECT_EQ(does("XCBR1$CF$Pos$ctlModel", hex("85", "01")), "configure");
  EXPECT_EQ(does("temperature", hex("85", "01")), "write variables");
  // Reading SBO selects; an empty name says that it did not.
  const std::string select = request(1, read_of(variable("LD0", "CSWI1$CO$Pos$SBO")));
  EXPECT_EQ(one({to_server(select), to_client(response(1, read_result(text("8a", "LD0/CSWI1$CO$Pos"))))}),
            "req rep select @LD0/CSWI1$CO$Pos$SBO ='LD0/CSWI1$CO$Pos'");
  EXPECT_EQ(one({to_server(select), to_client(response(1, read_result(text("8a", ""))))}),
            "req rep select @LD0/CSWI1$CO$Pos$SBO ='' failed");
  // The gravest of several.
  EXPECT_EQ(one({to_server(request(
                1, write_of(variable("LD0", "a") + variable("LD0", "X1$CO$P$Oper$ctlVal"), on + on)))}),
            "req operate @LD0/a @LD0/X1$CO$P$Oper$ctlVal =1 =1");
  EXPECT_EQ(one({to_server(request(1, write_of(variable("LD0", "X1$CO$P$Oper"), order(on)))),
                 to_client(response(1, hex("a5", "80 01 03")))}),
            "req rep operate @LD0/X1$CO$P$Oper =1 =3 ='HMI' =7 =1700000000 =0 ='01' failed");
}

TEST(Mms, ReadsControls) {
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    Control c;
    const auto& x = static_cast<const Exchange&>(t);
    if (!read_control(x.question, c)) return std::string("-");
    return std::string(action_name(c.action)) + " value " + printable(c.value.content) + " origin " +
           std::to_string(c.origin) + " " + printable(c.origin_id) + " number " + std::to_string(c.number) +
           " time " + std::to_string(c.time_ns) +
           (c.has_operate_time ? " at " + std::to_string(c.operate_ns) : "") + (c.test ? " test" : "") +
           (ber::bit(c.check, 0) ? " synchro" : "") + (ber::bit(c.check, 1) ? " interlock" : "");
  };
  const std::string when = hex("91", "00000001 000000 00");
  // A set point with a time to operate at.
  const std::string timed =
      tlv("a2", tlv("a2", hex("87", "08 41ac0000")) + when + tlv("a2", hex("85", "02") + text("89", "")) +
                    hex("86", "01") + hex("91", "00000002 000000 00") + hex("83", "01") + hex("84", "06 c0"));
  EXPECT_THAT(
      run(kSpec,
          {to_server(request(1, write_of(variable("LD0", "XCBR1$CO$Pos$Oper"), order(hex("83", "01")))) +
                     request(2, write_of(variable("LD0", "ATCC1$CO$SpV$Oper"), timed)))},
          o),
      ElementsAre("tx 0 req operate value \\x01 origin 3 HMI number 7 time 1700000000000000000 interlock",
                  "tx 1 req operate value \\x08A\\xac\\x00\\x00 origin 2  number 1 time 2000000000 at "
                  "1000000000 test "
                  "synchro interlock"));
}

TEST(Mms, Reports) {
  // Sequence number, time, reasons, data set, buffer overflow, entry, revision; members 0 and 2 of 3.
  const std::string head = text("8a", "brcb1") + hex("84", "06 7b80") + hex("86", "2a") +
                           hex("8c", "00000000 0001") + text("8a", "LD0/LLN0$ds1") + hex("83", "00") +
                           hex("89", "0000000000000001") + hex("86", "01") + hex("84", "05 a0");
  const std::string values = hex("83", "01") + tlv("a2", hex("87", "08 41ac0000") + hex("84", "03 0000"));
  const std::string reasons = hex("84", "02 40") + hex("84", "02 04");
  EXPECT_EQ(one({to_client(report(kRpt, head + values + reasons))}),
            "rep report @LD0/LLN0$ds1 =1 =21.5 ='0000000000000'");
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    Report r;
    if (!read_report(static_cast<const Exchange&>(t).question, r)) return std::string("-");
    return printable(r.id) + " " + std::to_string(r.sequence) + " " +
           std::to_string(r.time_ns / 1'000'000'000) + " " + printable(r.data_set) + " " +
           std::to_string(r.conf_rev) + " members " + std::to_string(r.members) + " reasons " +
           std::to_string(r.reasons.size());
  };
  EXPECT_THAT(run(kSpec, {to_client(report(kRpt, head + values + reasons))}, o),
              ElementsAre("tx 0 rep brcb1 42 441849600 LD0/LLN0$ds1 1 members 2 reasons 8"));
  // A value is missing: it is no report any more, but what is there is told.
  EXPECT_THAT(run(kSpec, {to_client(report(kRpt, head + hex("83", "01")))}, o),
              ElementsAre("tx 0 rep events=invalid_service -"));
  // References instead of a data set.
  const std::string named = text("8a", "urcb1") + hex("84", "06 0400") + hex("84", "06 c0") +
                            text("8a", "LD0/X$ST$a") + text("8a", "LD0/X$ST$b") + hex("83", "01") +
                            hex("83", "00");
  EXPECT_EQ(one({to_client(report(kRpt, named))}), "rep report @LD0/X$ST$a @LD0/X$ST$b =1 =0");
}

TEST(Mms, AControlThatFailsSaysWhy) {
  const std::string last = tlv("30", tlv("a0", text("80", "LastApplError")));
  const std::string error =
      tlv("a2", text("8a", "LD0/XCBR1$CO$Pos$Oper") + hex("85", "01") +
                    tlv("a2", hex("85", "03") + text("89", "HMI")) + hex("86", "07") + hex("85", "0a"));
  const std::string why = report(tlv("a0", last), error);
  EXPECT_EQ(one({to_client(why)}),
            "rep control failed @LD0/XCBR1$CO$Pos$Oper ='LD0/XCBR1$CO$Pos$Oper' =1 =3 ='HMI' =7 =10 failed");
  HarnessOptions o;
  EXPECT_THAT(run(kSpec, {to_client(why)}, o), ElementsAre(HasSubstr("mms.origin=3 mms.add_cause=10")));
  // Command termination: what was ordered comes back.
  EXPECT_EQ(one({to_client(report(tlv("a0", variable("LD0", "X1$CO$P$Oper")), order(hex("83", "01"))))}),
            "rep control ended @LD0/X1$CO$P$Oper =1 =3 ='HMI' =7 =1700000000 =0 ='01'");
  EXPECT_EQ(one({to_client(report(tlv("a0", kPos), hex("83", "01")))}),
            "rep report values @LD0/XCBR1$ST$Pos$stVal =1");
}

// ── rules ──────────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Mms, RulesSeeFields) {
  EXPECT_THAT(
      run(kSpec, {to_server(request(258, kIdentify)), to_client(response(258, kIdentity))}),
      ElementsAre(HasSubstr("mms.vendor=ACME mms.model=Relay 7 mms.revision=2.10 mms.pdu=1 mms.invoke_id=258 "
                            "mms.service=2")));
  EXPECT_THAT(
      run(kSpec, {to_server(request(1, write_of(variable("LD0", "X1$CO$P$Oper") + variable("LD1", "y"),
                                                order(hex("83", "01")) + text("8a", "t"))))}),
      ElementsAre(::testing::AllOf(
          HasSubstr(
              "mms.domain=LD0 mms.domain=LD1 mms.item=X1$CO$P$Oper mms.item=y mms.fc=CO mms.fc= mms.text=t "
              "mms.control=operate"),
          HasSubstr("mms.object_count=2 mms.value_count=8 mms.origin=3"))));
  EXPECT_THAT(run(kSpec, {to_server(request(1, read_of(kPos + kPos))),
                          to_client(response(1, read_result(hex("80", "03") + hex("80", "0a"))))}),
              ElementsAre(HasSubstr("mms.access_error=3 mms.access_error=10")));
  const std::string list = tlv("a1", tlv("a0", text("1a", "LD0") + text("1a", "LD1")) + hex("81", "00"));
  EXPECT_THAT(
      run(kSpec, {to_server(request(1, tlv("a1", hex("a0", "80 01 09") + hex("a1", "80 00")))),
                  to_client(response(1, list))}),
      ElementsAre(::testing::AllOf(HasSubstr("mms.object_class=9"), HasSubstr("mms.name=LD0 mms.name=LD1"))));
  EXPECT_THAT(
      run(kSpec, {to_server(aarq())}),
      ElementsAre(::testing::AllOf(HasSubstr("mms.called_ap_title=1.1.1.999 mms.calling_ap_title=1.1.1.1000"),
                                   HasSubstr("mms.max_pdu_size=65000 mms.version=1"))));
  EXPECT_THAT(run(kSpec, {to_client(data(tlv("a2", hex("80", "05") + tlv("a2", hex("a0", "87 01 03")))))}),
              ElementsAre(HasSubstr("mms.error_class=7 mms.error_code=3")));
  std::uint64_t n = 0;
  EXPECT_TRUE(service_by_name("informationreport", n));
  EXPECT_EQ(n, 256U);
  EXPECT_TRUE(add_cause_by_name("blocked by interlocking", n));
  EXPECT_EQ(n, 10U);
  EXPECT_FALSE(pdu_by_name("nothing", n));
}

TEST(Mms, NamesAreTheirNumbers) {
  EXPECT_EQ(service_name(77), "fileDirectory");
  EXPECT_EQ(supported_service_name(79), "informationReport");
  EXPECT_EQ(supported_service_name(84), "cancel");
  EXPECT_EQ(error_code_name(7, 3), "object access denied");
  EXPECT_EQ(error_code_name(11, 7), "file non-existent");
  EXPECT_EQ(reject_reason_name(1, 4), "invalid argument");
  EXPECT_EQ(access_error_name(11), "object value invalid");
  EXPECT_EQ(add_cause_name(27), "locked by other client");
  EXPECT_EQ(file_class(as_bytes("/COMTRADE/a.CFG")), "COMTRADE");
  EXPECT_EQ(error_code_name(7, 32), "") << "not of the next class";
}

// ── bad bytes ──────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Mms, PiecesAreOneMessageAndAMessageHasSeveralPdus) {
  const std::string whole = request(5, read_of(kPos)).substr(7);
  const std::string three =
      dt(from_hex("01 00 01 00") +
         tlv("61", tlv("30", from_hex("02 01 03") + tlv("a0", confirmed("a0", 6, kIdentify))) +
                       tlv("30", from_hex("02 01 03") + tlv("a0", confirmed("a0", 7, kIdentify)))));
  const Conversation talk = {to_server(dt("") + dt(whole.substr(0, 1), false) + dt("", false) +
                                       dt(whole.substr(1, 20), false) + dt(whole.substr(21)) + three),
                             to_client(response(5, read_result(hex("83", "01"))))};
  EXPECT_THAT(brief(talk), ElementsAre("tx 0 req rep read variables @LD0/XCBR1$ST$Pos$stVal =1",
                                       "tx 1 req identify", "tx 2 req identify"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  HarnessOptions o;
  o.limits["message-limit"] = 1024;
  EXPECT_THAT(brief({to_server(dt(std::string(900, 'x'), false) + dt(std::string(900, 'x'), false) +
                               dt("more") + request(3, kIdentify))},
                    o),
              ElementsAre("event > too_large", "tx 0 req identify"));
}

TEST(Mms, ABadMessageNeverEndsTheFlow) {
  const auto with = [&](const std::string& bad) {
    const Conversation talk = {to_server(request(1, read_of(kPos)) + bad + request(9, kIdentify))};
    EXPECT_EQ(check_every_split(kSpec, talk), "") << printable(as_bytes(bad));
    std::string out;
    for (const std::string& l : brief(talk)) {
      if (l.find("tx 0 req read") == std::string::npos) out += (out.empty() ? "" : "; ") + l;
    }
    return out;
  };
  const std::string last = "tx 1 req identify", lost = "event > invalid_tpkt; event > lost_sync; ";
  EXPECT_EQ(with(from_hex("0300 0003 02f080")), lost + last);
  EXPECT_EQ(with(std::string(40, '\xff')), lost + last);
  EXPECT_EQ(with("GET / HTTP/1.0\r\n\r\n"), lost + last);
  EXPECT_EQ(with(from_hex("0300 ffff 02f080 a0")), lost + last);
  EXPECT_EQ(with(dt("hello")), "event > invalid_session; " + last);
  EXPECT_EQ(with(dt(from_hex("01 00 01 00 30 00"))), "event > invalid_presentation; " + last);
  EXPECT_EQ(with(dt(from_hex("01 00 01 00 61 20 30 00"))), "event > invalid_presentation; " + last);
  EXPECT_EQ(with(dt(from_hex("32 01 0000 0001 0002 0000 f0 00"))), "event > invalid_session; " + last)
      << "S7";
  EXPECT_EQ(with(tpkt(from_hex("02 20 80"))), "event > unexpected_tpdu; " + last);
  // From here on it is a message, of which something is wrong.
  EXPECT_EQ(with(data(hex("a0", "30 00"))), "tx 1 req events=invalid_pdu unknown service; tx 2 req identify");
  EXPECT_EQ(with(data(tlv("a0", from_hex("02 01 02")))),
            "tx 1 req events=invalid_pdu unknown service; tx 2 req identify");
  EXPECT_EQ(with(request(2, tlv("a4", hex("a1", "a0 7f 30")))),
            "tx 1 req events=invalid_service read variables; tx 2 req identify");
  EXPECT_EQ(with(request(2, tlv("a5", tlv("a0", kPos)))),
            "tx 1 req events=invalid_service write variables @LD0/XCBR1$ST$Pos$stVal; tx 2 req identify");
  EXPECT_EQ(with(request(2, write_of(kPos, from_hex("85 05 01")))),
            "tx 1 req events=invalid_service write variables @LD0/XCBR1$ST$Pos$stVal; tx 2 req identify");
}

TEST(Mms, GoesOnBehindAGap) {
  EXPECT_THAT(
      brief({to_server(request(1, read_of(kPos))), gap(Direction::kToServer, 30),
             to_server("half of a message" + request(2, kIdentify)), to_client(response(2, kIdentity))}),
      ElementsAre("event > gap", "tx 1 req rep identify", "tx 0 req read variables @LD0/XCBR1$ST$Pos$stVal"));
  // The first answer was lost: the second one is of the request that came behind the gap.
  EXPECT_THAT(
      brief({to_server(request(1, kIdentify)), gap(Direction::kToClient, 30),
             to_server(request(1, read_of(kPos))), to_client(response(1, read_result(hex("83", "01"))))}),
      ElementsAre("event < gap", "tx 1 req rep read variables @LD0/XCBR1$ST$Pos$stVal =1",
                  "tx 0 req identify"));
}

TEST(Mms, WhatWaitsIsBounded) {
  HarnessOptions o;
  o.limits["request-flood"] = 2;
  EXPECT_THAT(brief({to_server(request(1, kIdentify) + request(2, kIdentify) + request(3, kIdentify))}, o),
              ElementsAre("tx 0 req events=flooded identify", "tx 1 req identify", "tx 2 req identify"));
  o = {};
  o.step_ns = 61'000'000'000;
  EXPECT_THAT(brief({to_server(request(1, kIdentify)), to_server(request(2, kIdentify))}, o),
              ElementsAre("tx 0 req events=no_reply identify", "tx 1 req identify"));
  o = {};
  o.pool_bytes = 1;  // a page, which the blocks of one size take
  std::string many;
  for (unsigned i = 0; i < 200; ++i) many += request(i, read_of(kPos));
  o.limits["request-flood"] = 1024;
  EXPECT_THAT(brief({to_server(many)}, o), ::testing::Contains("event > out_of_memory"));
}

// ── the probe ──────────────────────────────────────────────────────────────────────────────────────────────────

Probe asks(const std::string& first) { return probe(Transport::kTcp, Direction::kToServer, as_bytes(first)); }

TEST(Mms, IsFoundByContent) {
  EXPECT_EQ(asks(kConnect), Probe::kUnsure) << "anybody may use COTP";
  EXPECT_EQ(asks(kConnect + aarq()), Probe::kYes);
  EXPECT_EQ(asks(kConnect + dt(initiate("a8"))), Probe::kYes);
  EXPECT_EQ(asks(kConfirm + aare("00", "00", "")), Probe::kYes);
  EXPECT_EQ(asks(request(1, kIdentify)), Probe::kYes) << "in the midst of a connection";
  EXPECT_EQ(asks(report(kRpt, hex("83", "01"))), Probe::kYes);
  EXPECT_EQ(asks(kConnect + dt(from_hex("32 01 0000 0001 0008 0000 f0 00 0001 0001 01e0"))), Probe::kNo)
      << "S7";
  EXPECT_EQ(asks(kConnect + dt("hello, world")), Probe::kNo);
  EXPECT_EQ(asks(dt(from_hex("a0 03 02 01 01"))), Probe::kNo) << "no service";
  EXPECT_EQ(asks(dt(from_hex("a0 06 02 01 01 9f 5f 00"))), Probe::kNo) << "no such service";
  EXPECT_EQ(asks("GET / HTTP/1.1\r\n"), Probe::kNo);
  // Another user of session and presentation: X.500, whose names are of 2.5.
  EXPECT_EQ(asks(association("0d", tlv("31", hex("a0", "80 01 01") + hex("a2", "06 03 550301")))),
            Probe::kNo);
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(request(1, kIdentify))), Probe::kNo);
  // Never anything else than unsure on the way to yes.
  for (const std::string& s : {kConnect + aarq(), kConfirm + aare("00", "00", external(initiate("a9"))),
                               request(1, read_of(kPos)), kConnect + dt(initiate("a8"))}) {
    for (std::size_t n = 1; n < s.size(); ++n) EXPECT_NE(asks(s.substr(0, n)), Probe::kNo) << n;
  }
}

TEST(Mms, AnExchangeIsSmall) {
  EXPECT_LE(sizeof(Exchange), 2048U);
  EXPECT_LE(kSpec.parser_size, 256U);
}

TEST(Mms, DoesNotCareHowSegmentsFall) {
  Conversation talk = kAssociation;
  for (const Conversation::value_type& t :
       {to_server(request(1, kIdentify)), to_client(response(1, kIdentity)),
        to_server(request(2, write_of(variable("LD0", "X1$CO$P$Oper"), order(hex("83", "01"))))),
        to_client(response(2, hex("a5", "81 00"))), to_client(report(kRpt, hex("83", "01"))),
        end(Direction::kToClient)}) {
    talk.push_back(t);
  }
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

}  // namespace
}  // namespace picket::mms
