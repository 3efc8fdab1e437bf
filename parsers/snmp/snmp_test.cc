#include "parsers/snmp/snmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::snmp {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// BER by hand; contents are short.
std::string tlv(unsigned tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() > 127) out += "\x81";
  return out + static_cast<char>(content.size()) + std::string(content);
}
std::string integer(unsigned v) {
  return v > 127 ? tlv(2, std::string{static_cast<char>(v >> 8), static_cast<char>(v)})
                 : tlv(2, std::string(1, static_cast<char>(v)));
}
std::string binding(std::string_view oid_hex, std::string_view value) {
  return tlv(0x30, tlv(6, from_hex(oid_hex)) + std::string(value));
}
const std::string kNullValue = from_hex("05 00");
const std::string kSysName = "2b 06 01 02 01 01 05 00", kSysDescr = "2b 06 01 02 01 01 01 00",
                  kOwn = "2b 06 01 04 01 a7 03 01";
std::string pdu(unsigned type, unsigned id, std::string_view bindings, unsigned status = 0,
                unsigned index = 0) {
  return tlv(0xa0 | type, integer(id) + integer(status) + integer(index) + tlv(0x30, bindings));
}
std::string message(unsigned version, std::string_view community, std::string_view p) {
  return tlv(0x30, integer(version) + tlv(4, community) + std::string(p));
}
std::string v3(unsigned id, unsigned flags, std::string_view user, std::string_view scoped,
               unsigned model = 3) {
  const std::string usm = tlv(0x30, tlv(4, from_hex("80001f8803 020000007701")) + integer(2) + integer(77) +
                                        tlv(4, user) + tlv(4, "") + tlv(4, ""));
  return tlv(0x30, integer(3) +
                       tlv(0x30, integer(id) + tlv(2, from_hex("00ffe3")) +
                                     tlv(4, std::string(1, static_cast<char>(flags))) + integer(model)) +
                       tlv(4, usm) + std::string(scoped));
}
std::string scoped(std::string_view p) {
  return tlv(0x30, tlv(4, from_hex("80001f8803 020000007701")) + tlv(4, "ctx") + std::string(p));
}

std::string told(const Transaction& tx) {
  const auto& x = static_cast<const Exchange&>(tx);
  std::string out(x.operation->name);
  OtAddress a;
  for (unsigned n = 0; x.ot->address(x, n, a); ++n)
    out += (n == 0 ? " [" : ", ") + std::string(as_text(a.text));
  if (out.find('[') != std::string::npos) out += "]";
  OtValue v;
  for (unsigned n = 0; x.ot->value(x, x.from, n, v); ++n) {
    char number[32];
    std::snprintf(number, sizeof number, "%g", v.number);
    out += (n == 0 ? " = " : ",") + (v.is_number ? std::string(number) : printable(v.text));
  }
  return out + (x.paired ? " paired" : "") + (x.failed ? " failed" : "");
}
std::vector<std::string> brief(const Conversation& talk, Transport t = Transport::kUdp) {
  HarnessOptions o;
  o.transport = t;
  o.describe = told;
  return run(kSpec, talk, o);
}

TEST(Snmp, GetAndResponse) {
  HarnessOptions udp;
  udp.transport = Transport::kUdp;
  const Conversation talk = {to_server(message(1, "public", pdu(0, 77, binding(kSysName, kNullValue)))),
                             to_client(message(1, "public", pdu(2, 77, binding(kSysName, tlv(4, "pump7")))))};
  EXPECT_THAT(run(kSpec, talk, udp),
              ElementsAre("tx 0 req snmp.community=public snmp.oid=1.3.6.1.2.1.1.5.0 snmp.value= "
                          "snmp.version=2 snmp.pdu_type=0 snmp.request_id=77 "
                          "snmp.error_status=0 snmp.error_index=0 snmp.variables=1 snmp.syntax=5",
                          "tx 1 rep snmp.community=public snmp.oid=1.3.6.1.2.1.1.5.0 snmp.value=pump7 "
                          "snmp.version=2 snmp.pdu_type=2 snmp.request_id=77 "
                          "snmp.error_status=0 snmp.error_index=0 snmp.variables=1 snmp.syntax=4"));
  EXPECT_THAT(brief(talk),
              ElementsAre("tx 0 req get [sysName.0]", "tx 1 rep get [sysName.0] = pump7 paired"));
  // What cannot be said; a set that is refused; values of each kind.
  EXPECT_THAT(brief({to_server(message(0, "private", pdu(3, 5, binding(kSysName, tlv(4, "x"))))),
                     to_client(message(0, "private", pdu(2, 5, binding(kSysName, tlv(4, "x")), 17, 1)))}),
              ElementsAre("tx 0 req set [sysName.0] = x", "tx 1 rep set [sysName.0] = x paired failed"));
  EXPECT_THAT(brief({to_client(message(
                  1, "c",
                  pdu(2, 5,
                      binding(kOwn, from_hex("02 02 ff38")) + binding(kOwn, from_hex("41 05 00ffffffff")) +
                          binding(kOwn, from_hex("43 01 64")) + binding(kOwn, from_hex("40 04 0a4d0001")) +
                          binding(kOwn, tlv(6, from_hex(kSysDescr))) + binding(kOwn, from_hex("81 00")) +
                          binding(kOwn, from_hex("44 07 9f7804 41c80000")))))}),
              ElementsAre("tx 0 rep response [1.3.6.1.4.1.4995.1, 1.3.6.1.4.1.4995.1, 1.3.6.1.4.1.4995.1, "
                          "1.3.6.1.4.1.4995.1, 1.3.6.1.4.1.4995.1, 1.3.6.1.4.1.4995.1, "
                          "1.3.6.1.4.1.4995.1] = -200,4.29497e+09,100,10.77.0.1,1.3.6.1.2.1.1.1.0,,25"));
}

TEST(Snmp, TrapsAndSets) {
  const std::string trap =
      tlv(0xa4, tlv(6, from_hex("2b 06 01 04 01 a7 03")) + tlv(0x40, from_hex("0a4d0001")) + integer(2) +
                    integer(0) + tlv(0x43, from_hex("64")) + tlv(0x30, ""));
  EXPECT_THAT(brief({to_server(message(0, "public", trap))}), ElementsAre("tx 0 req trap: link down"));
  const std::string up =
      binding("2b 06 01 02 01 01 03 00", from_hex("43 01 64")) +
      binding("2b 06 01 06 03 01 01 04 01 00", tlv(6, from_hex("2b 06 01 06 03 01 01 05 04")));
  EXPECT_THAT(brief({to_server(message(1, "public", pdu(7, 1, up)))}),
              ElementsAre("tx 0 req trap: link up [sysUpTime.0, snmpTrapOID.0] = 100,1.3.6.1.6.3.1.1.5.4"));
  EXPECT_THAT(brief({to_server(message(1, "public", pdu(6, 1, up))),
                     to_client(message(1, "public", pdu(2, 1, up)))})[1],
              HasSubstr("rep inform"));
  EXPECT_THAT(brief({to_server(message(
                  1, "p", pdu(3, 1, binding("2b 06 01 02 01 02 02 01 07 03", from_hex("02 01 02")))))}),
              ElementsAre("tx 0 req switch interface [ifAdminStatus.3] = 2"));
  EXPECT_THAT(brief({to_server(message(
                  1, "p", pdu(3, 1, binding("2b 06 01 02 01 21 01 08 02 00", from_hex("02 01 05")))))}),
              ElementsAre("tx 0 req shut down or reboot [upsShutdownAfterDelay.0] = 5"));
}

TEST(Snmp, Version3) {
  EXPECT_THAT(
      brief(
          {to_server(v3(9, 4, "", scoped(pdu(0, 1, "")))),
           to_client(v3(9, 0, "",
                        scoped(pdu(8, 1, binding("2b 06 01 06 03 0f 01 01 04 00", from_hex("41 01 07"))))))}),
      ElementsAre("tx 0 req get", "tx 1 rep report [usmStatsUnknownEngineIDs.0] = 7 paired"));
  EXPECT_THAT(brief({to_server(v3(10, 7, "operator", tlv(4, "secret bytes"))),
                     to_client(v3(10, 3, "operator", tlv(4, "more bytes")))}),
              ElementsAre("tx 0 req encrypted", "tx 1 rep encrypted paired"));
  HarnessOptions udp;
  udp.transport = Transport::kUdp;
  EXPECT_THAT(
      run(kSpec, {to_server(v3(10, 7, "operator", tlv(4, "secret bytes")))}, udp),
      ElementsAre(
          "tx 0 req snmp.usm=operator snmp.engine_id=\\x80\\x00\\x1f\\x88\\x03\\x02\\x00\\x00\\x00w\\x01 "
          "snmp.version=3 snmp.flags=7 snmp.security_model=3 snmp.message_id=10"));
  EXPECT_THAT(brief({to_server(v3(10, 6, "u", tlv(4, "x")))}),
              ElementsAre("tx 0 req events=invalid_flags encrypted"));
  EXPECT_THAT(brief({to_server(v3(10, 4, "u", scoped(pdu(0, 1, "")), 99))}),
              ElementsAre("tx 0 req events=unknown_security_model get"));
  const std::string id = from_hex("80001f8803 020000007701");
  const EngineId e = engine_id(as_bytes(id));
  EXPECT_EQ(e.enterprise, 8072U);
  EXPECT_EQ(e.format, 3);
  EXPECT_EQ(e.data.size(), 6U);
}

TEST(Snmp, NamesWhatIsOdd) {
  const std::string one = binding(kSysName, kNullValue);
  EXPECT_THAT(brief({to_server(message(1, "p", pdu(0, 1, one)).substr(0, 20))}),
              ElementsAre("event > malformed_data"));
  EXPECT_THAT(brief({to_server(message(7, "p", pdu(0, 1, one)))}), ElementsAre("event > unknown_version"));
  EXPECT_THAT(brief({to_server(message(0, "p", pdu(5, 1, one)))})[0], HasSubstr("events=version_mismatch"));
  EXPECT_THAT(brief({to_server(message(1, "p", pdu(2, 1, one, 44)))})[0],
              HasSubstr("events=invalid_error_status"));
  EXPECT_THAT(brief({to_server(message(1, "p", pdu(2, 1, one, 5, 2)))})[0],
              HasSubstr("events=invalid_error_index"));
  EXPECT_THAT(brief({to_server(message(1, "p", pdu(0, 1, tlv(0x30, tlv(4, "x")))))})[0],
              HasSubstr("events=invalid_variable"));
  EXPECT_THAT(brief({to_server(message(1, "p", pdu(0, 1, one)) + "x")})[0],
              HasSubstr("events=trailing_data"));
  EXPECT_THAT(
      brief({to_server(message(1, "p", pdu(0, 1, one))), to_client(message(1, "p", pdu(2, 2, one)))})[1],
      HasSubstr("events=unsolicited_response"));
  EXPECT_THAT(brief({to_server(message(1, "p", pdu(0, 1, one))),
                     to_client(message(1, "p", pdu(2, 1, one + one)))})[1],
              HasSubstr("events=variable_mismatch"));
  EXPECT_THAT(
      brief({to_server(message(1, "p", pdu(0, 1, one))), to_client(message(0, "p", pdu(2, 1, one)))})[1],
      HasSubstr("events=version_mismatch"));
  // A datagram that is none ends nothing.
  EXPECT_THAT(brief({to_server("garbage"), to_server(message(1, "p", pdu(0, 1, one)))}),
              ElementsAre("event > malformed_data", "tx 0 req get [sysName.0]"));
}

TEST(Snmp, IsRecognisedByContent) {
  const auto p = [](std::string_view bytes, Transport t = Transport::kUdp) {
    return probe(t, Direction::kToServer, as_bytes(bytes));
  };
  const std::string get = message(1, "public", pdu(0, 77, binding(kSysName, kNullValue)));
  EXPECT_EQ(p(get), Probe::kYes);
  EXPECT_EQ(p(v3(1, 7, "u", tlv(4, "x"))), Probe::kYes);
  EXPECT_EQ(p(get.substr(0, 20)), Probe::kNo);
  for (std::size_t n = 0; n < get.size(); ++n)
    EXPECT_EQ(p(get.substr(0, n), Transport::kTcp), Probe::kUnsure) << n;
  EXPECT_EQ(p(get, Transport::kTcp), Probe::kYes);
  // LDAP begins alike, and so does MQTT.
  EXPECT_EQ(p(from_hex("30 0c 02 01 01 60 07 02 01 03 04 00 80 00"), Transport::kTcp), Probe::kNo);
  EXPECT_EQ(p(from_hex("30 0a 00 03 61 2f 62 31 32 33 34 35"), Transport::kTcp), Probe::kNo);
}

TEST(Snmp, DoesNotCareHowSegmentsFall) {
  const std::string get = message(1, "public", pdu(0, 77, binding(kSysName, kNullValue)));
  const Conversation talk = {to_server(get + get),
                             to_client(message(1, "public", pdu(2, 77, binding(kSysName, tlv(4, "pump7"))))),
                             to_server("xx" + get), gap(Direction::kToServer, 5),
                             to_server("yy" + get + v3(10, 7, "operator", tlv(4, "secret bytes")))};
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  HarnessOptions udp;
  udp.transport = Transport::kUdp;
  EXPECT_EQ(check_every_truncation(kSpec, talk, udp), "");
  const auto lines = brief(talk, Transport::kTcp);
  EXPECT_THAT(lines.back(), HasSubstr("encrypted"));
  EXPECT_THAT(lines, ::testing::Contains("event > lost_sync"));
}

}  // namespace
}  // namespace picket::snmp
