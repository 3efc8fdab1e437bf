#include "parsers/enip/enip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/enip/cip.h"
#include "tests/support/parser_harness.h"

namespace picket::enip {
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
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string u16(std::size_t v) { return {static_cast<char>(v), static_cast<char>(v >> 8)}; }

/// A message: command, session and context in hexadecimal, data.
std::string pdu(unsigned command, const std::string& data, std::string_view session = "01020304",
                std::string_view context = "0000000000000001", std::string_view status = "00000000") {
  return u16(command) + u16(data.size()) + from_hex(session) + from_hex(status) + from_hex(context) +
         from_hex("00000000") + data;
}
std::string unconnected(const std::string& cip, std::string_view context = "0000000000000001") {
  return pdu(0x6f, from_hex("00000000 0a00 0200 0000 0000 b200") + u16(cip.size()) + cip, "01020304",
             context);
}
std::string connected(std::string_view id, unsigned sequence, const std::string& cip) {
  return pdu(0x70,
             from_hex("00000000 0000 0200 a100 0400") + from_hex(id) + from_hex("b100") +
                 u16(cip.size() + 2) + u16(sequence) + cip,
             "01020304", "0000000000000000");
}
std::string multiple(const std::string& head, const std::vector<std::string>& messages) {
  std::string offsets, all;
  for (const std::string& m : messages) {
    offsets += u16(2 + messages.size() * 2 + all.size());
    all += m;
  }
  return head + u16(messages.size()) + offsets + all;
}

const std::string kRegister = pdu(0x65, from_hex("0100 0000"), "00000000");
const std::string kRegistered = pdu(0x65, from_hex("0100 0000"));
const std::string kReadTag = from_hex("4c 04 91 05 4c6576656c00 0100");                  // Level
const std::string kLevel = from_hex("cc 00 00 00 c400 2a000000");                        // DINT 42
const std::string kWriteReal = from_hex("4d 04 91 05 4c6576656c00 ca00 0100 0000ac41");  // 21.5

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

/// "tx 0 req rep events=... operation @address =value": values of the request, else of the reply.
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = [](const Transaction& t) {
    const auto& tx = static_cast<const Exchange&>(t);
    OtValue v;
    const bool asks = tx.ot->value(tx, tx.asked, 0, v);
    std::string out = text(tx, asks ? tx.asked : reverse(tx.asked));
    if (tx.failed) out += " failed";
    return out;
  };
  return run(kSpec, talk, o);
}
/// Of one request and its reply: what stands behind "tx 0 req rep ".
std::string one(const std::string& request, const std::string& reply) {
  const auto lines = brief({to_server(unconnected(request)), to_client(unconnected(reply))});
  return lines.size() == 1 && lines[0].starts_with("tx 0 req rep ") ? lines[0].substr(13)
                                                                    : ::testing::PrintToString(lines);
}

TEST(Enip, PairsAndSaysWhatIsDone) {
  EXPECT_THAT(brief({to_server(kRegister), to_client(kRegistered), to_server(unconnected(kReadTag)),
                     to_client(unconnected(kLevel)), to_server(unconnected(kWriteReal)),
                     to_client(unconnected(from_hex("cd 00 00 00"))), to_server(pdu(0x66, ""))}),
              ElementsAre("tx 0 req rep register session", "tx 1 req rep read tag @Level =42",
                          "tx 2 req rep write tag @Level =21.5", "tx 3 req unregister session"));
}

TEST(Enip, PairsBySenderContextAndSequenceCount) {
  // Two at a time, answered the other way round.
  EXPECT_THAT(brief({to_server(unconnected(kReadTag, "00000000000000aa") +
                               unconnected(kWriteReal, "00000000000000bb")),
                     to_client(unconnected(from_hex("cd 00 00 00"), "00000000000000bb") +
                               unconnected(kLevel, "00000000000000aa"))}),
              ElementsAre("tx 1 req rep write tag @Level =21.5", "tx 0 req rep read tag @Level =42"));
  EXPECT_THAT(brief({to_server(connected("11111111", 7, kReadTag) + connected("11111111", 8, kWriteReal)),
                     to_client(connected("22222222", 8, from_hex("cd 00 00 00")) +
                               connected("22222222", 7, kLevel))}),
              ElementsAre("tx 1 req rep write tag @Level =21.5", "tx 0 req rep read tag @Level =42"));
}

const std::string kOpenHead = "54 02 2006 2401 0a 0e 00000000 44332211 3412 0100 78563412 00 000000 ";
const std::string kOpen = from_hex(kOpenHead + "204e0000 f443 204e0000 f443 a3 03 0100 2002 2401");
const std::string kOpened =
    from_hex("d4 00 00 00 aaaaaaaa 44332211 3412 0100 78563412 204e0000 204e0000 00 00");

TEST(Enip, PairsByConnection) {
  // The same count in two connections: identifiers tell which is which once they were seen to be opened.
  std::string open2 = kOpen, opened2 = kOpened;
  open2.replace(16, 2, from_hex("3512"));
  opened2.replace(4, 4, from_hex("bbbbbbbb"));
  opened2.replace(8, 4, from_hex("55555555"));
  opened2.replace(12, 2, from_hex("3512"));
  const auto lines =
      brief({to_server(unconnected(kOpen)), to_client(unconnected(kOpened)), to_server(unconnected(open2)),
             to_client(unconnected(opened2)), to_server(connected("aaaaaaaa", 1, kReadTag)),
             to_server(connected("bbbbbbbb", 1, kReadTag)), to_client(connected("55555555", 1, kLevel))});
  EXPECT_THAT(lines, ElementsAre("tx 0 req rep open connection @Message Router 1",
                                 "tx 1 req rep open connection @Message Router 1",
                                 "tx 3 req rep read tag @Level =42", "tx 2 req read tag @Level"));
}

TEST(Enip, ForwardOpenSaysHowItWorks) {
  Cip m;
  ForwardOpen f;
  ASSERT_TRUE(read_cip(as_bytes(kOpen), m));
  ASSERT_TRUE(is_forward_open(m));
  ASSERT_TRUE(read_forward_open(m, f));
  EXPECT_EQ(f.tick_ms, 1024U);
  EXPECT_EQ(f.timeout_ms, 14336U);
  EXPECT_EQ(f.serial, 0x1234);
  EXPECT_EQ(f.originator, 0x12345678U);
  EXPECT_EQ(f.to_target.interval_us, 20000U);
  EXPECT_EQ(f.to_target.size, 0x1f4);
  EXPECT_TRUE(f.to_target.variable);
  EXPECT_EQ(f.to_target.type, 2);
  EXPECT_EQ(f.to_target.priority, 0);
  EXPECT_EQ(f.transport_class(), 3);
  EXPECT_EQ(f.trigger(), 2);
  EXPECT_TRUE(f.server());
  // A large one has the same bits higher up.
  const std::string large =
      from_hex("5b" + kOpenHead.substr(2) + "204e0000 a00f0042 204e0000 a00f0042 a3 03 0100 2002 2401");
  ASSERT_TRUE(read_cip(as_bytes(large), m) && read_forward_open(m, f));
  EXPECT_TRUE(f.large);
  EXPECT_EQ(f.to_target.size, 4000);
  EXPECT_EQ(f.to_target.type, 2);
  EXPECT_TRUE(f.to_target.variable);
}

TEST(Enip, UnwrapsWhatIsInside) {
  // A read tag for slot 2 of the backplane; the reply comes without its wrapping.
  const std::string send =
      from_hex("52 02 2006 2401 05 99") + u16(kReadTag.size()) + kReadTag + from_hex("01 00 01 02");
  EXPECT_EQ(one(send, kLevel), "read tag @Level =42");
  EXPECT_EQ(one(send, from_hex("d2 00 01 01 1103")), "read tag @Level failed");
  const std::string many = multiple(from_hex("0a 02 2002 2401"), {kReadTag, kWriteReal});
  EXPECT_EQ(one(many, multiple(from_hex("8a 00 00 00"), {kLevel, from_hex("cd 00 00 00")})),
            "write tag @Level @Level =21.5")
      << "the gravest of several says what it is";
  EXPECT_EQ(one(multiple(from_hex("0a 02 2002 2401"), {kReadTag, kReadTag}),
                multiple(from_hex("8a 00 1e 00"), {kLevel, from_hex("cc 00 05 00")})),
            "read tag @Level @Level =42 failed");
  // Both: several services for a slot.
  const std::string both =
      from_hex("52 02 2006 2401 05 99") + u16(many.size()) + many + from_hex("01 00 01 02");
  EXPECT_EQ(one(both, multiple(from_hex("8a 00 00 00"), {kLevel, from_hex("cd 00 00 00")})),
            "write tag @Level @Level =21.5");
}

TEST(Enip, StationIsTheSlot) {
  const std::string send =
      from_hex("52 02 2006 2401 05 99") + u16(kReadTag.size()) + kReadTag + from_hex("01 00 01 02");
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    return "slot " + std::to_string(static_cast<const Exchange&>(t).station);
  };
  EXPECT_THAT(run(kSpec, {to_server(unconnected(send))}, o), ElementsAre("tx 0 req slot 2"));
}

TEST(Enip, EveryKindOfOperation) {
  const auto asks = [](std::string_view cip) {
    const auto lines = brief({to_server(unconnected(from_hex(cip)))});
    return lines.size() == 1 ? lines[0].substr(9) : ::testing::PrintToString(lines);
  };
  EXPECT_EQ(asks("05 02 2001 2401"), "device reset @Identity 1");
  EXPECT_EQ(asks("05 02 2001 2401 00"), "device reset @Identity 1");
  EXPECT_EQ(asks("05 02 2001 2401 01"), "device reset to factory settings @Identity 1");
  EXPECT_EQ(asks("06 02 208e 2401"), "PLC start @Controller 1");
  EXPECT_EQ(asks("07 02 208e 2401"), "PLC stop @Controller 1");
  EXPECT_EQ(asks("4c 04 208e 2401 2074 2401"), "read program object @Controller 1 class 0x74 1");
  EXPECT_EQ(asks("07 02 2029 2401"), "stop object @Control Supervisor 1");
  EXPECT_EQ(asks("10 03 2004 2464 3003 0100"), "write assembly @Assembly 100 attribute 3");
  EXPECT_EQ(asks("0e 03 2004 2465 3003"), "read assembly @Assembly 101 attribute 3");
  EXPECT_EQ(asks("10 03 20f5 2401 3003 02000000"),
            "write network configuration @TCP/IP Interface 1 attribute 3 =2");
  EXPECT_EQ(asks("01 02 2001 2401"), "read identity @Identity 1");
  EXPECT_EQ(asks("04 02 208b 2401 0100 0600 0000000000000000"), "set clock @Wall Clock Time 1");
  EXPECT_EQ(asks("08 02 2068 2400"), "create program object @Program 0");
  EXPECT_EQ(asks("09 02 206b 2505"), "events=invalid_path delete object @Symbol");
  EXPECT_EQ(asks("4c 02 2037 24c8 10000000 0100 0100"), "begin file download @File 200");
  EXPECT_EQ(asks("50 02 2037 24c8 01 00 00112233"), "file download @File 200");
  EXPECT_EQ(asks("4f 02 2037 24c8 01"), "file upload @File 200");
  EXPECT_EQ(asks("4b 02 20a1 2401"), "begin firmware update @Non-Volatile Storage 1");
  EXPECT_EQ(asks("5a 02 2006 2401 00 02 2004 2464"), "examine connections @Assembly 100");
  EXPECT_EQ(asks("4e 02 2006 2401 0a 0e 3412 0100 78563412 02 00 2004 2464"),
            "close connection @Assembly 100");
  EXPECT_EQ(asks("55 03 206b 2500 0000 0200 0100 0200"), "list tags @Symbol 0");
  EXPECT_EQ(asks("4c 03 206c 2500 3412 00000000 1000"), "read template @Template 4660");
  EXPECT_EQ(asks("4e 04 91 05 4c6576656c00 0200 0100 feff"), "modify bits of tag @Level");
  EXPECT_EQ(asks("60 02 2064 2401"), "CIP service @class 0x64 1");
  EXPECT_EQ(asks("4b 02 2001 2401"), "flash LEDs @Identity 1");
}

TEST(Enip, NamesOfTags) {
  const auto name = [](std::string_view path) {
    char room[kMaxPathText];
    const std::string bytes = from_hex(path);
    return std::string(room, write_target(as_bytes(bytes), room));
  };
  EXPECT_EQ(name("91 0c 50726f6772616d3a4d61696e 91 05 4c6576656c00 28 03"), "Program:Main.Level[3]");
  EXPECT_EQ(name("91 01 4100 28 01 29 00 0201 2a 00 03000100 91 01 4200"), "A[1,258,65539].B");
  EXPECT_EQ(name("20 6b 25 00 3412"), "Symbol 4660");
  EXPECT_EQ(name("21 00 0003 26 00 00000100"), "class 0x300 65536");
  EXPECT_EQ(name("20 04 24 01 2c 64 2c 65"), "Assembly 1 point 100 point 101");
}

TEST(Enip, Routes) {
  const auto route = [](std::string_view path) {
    char room[kMaxPathText];
    const std::string bytes = from_hex(path);
    return std::string(room, write_route(as_bytes(bytes), room));
  };
  EXPECT_EQ(route("01 00"), "1,0");
  EXPECT_EQ(route("01 05 12 08 31302e302e302e39 01 03"), "1,5,2,10.0.0.9,1,3");
  EXPECT_EQ(route("1f 01 1400 02 00 20 02"), "20,2") << "a port with an extended number";
}

TEST(Enip, ValuesByType) {
  const auto read = [](std::string_view data) {
    return one(kReadTag, from_hex("cc 00 00 00 " + std::string(data))).substr(16);
  };
  EXPECT_EQ(read("c100 ff"), "=255");
  EXPECT_EQ(read("c200 ff"), "=-1");
  EXPECT_EQ(read("c300 feff 0100"), "=-2 =1");
  EXPECT_EQ(read("c500 ffffffffffffffff"), "=-1");
  EXPECT_EQ(read("c700 ffff"), "=65535");
  EXPECT_EQ(read("ca00 0000ac41"), "=21.5");
  EXPECT_EQ(read("cb00 0000000000803540"), "=21.5");
  EXPECT_EQ(read("d300 000000f0"), "=4.02653e+09");
  EXPECT_EQ(read("da00 03414243"), "='ABC'");
  EXPECT_EQ(read("a002 ce0f 03000000 414243" + std::string(81 * 2, '0')), "='ABC'");
  EXPECT_EQ(one(kReadTag, from_hex("cc 00 04 00")), "read tag @Level failed");
  EXPECT_EQ(one(from_hex("0e 03 2001 2401 3007"), from_hex("8e 00 00 00 05 4d49584552")),
            "read identity @Identity 1 attribute 7 ='MIXER'");
}

TEST(Enip, Pccc) {
  const std::string head = "4b 02 2067 2401 07 0100 78563412 0f 00 3412 ";
  const std::string ok = "cb 00 00 00 07 0100 78563412 4f 00 3412 ";
  EXPECT_EQ(one(from_hex(head + "a2 04 07 89 00 00"), from_hex(ok + "0100 feff")), "PCCC read @N7:0 =1 =-2");
  EXPECT_EQ(one(from_hex(head + "aa 04 08 8a 05 00 0000ac41"), from_hex(ok)), "PCCC write @F8:5 =21.5");
  EXPECT_EQ(one(from_hex(head + "ab 02 03 85 ff0001 00 0400 0400"), from_hex(ok)), "PCCC write @B3:256 =4");
  EXPECT_EQ(one(from_hex(head + "80 01"), from_hex("cb 00 00 00 07 0100 78563412 4f f0 3412 0b")),
            "PCCC mode change @PCCC 1");
  EXPECT_EQ(one(from_hex(head + "68 0000 0100 00 244e373a3000 0100"), from_hex(ok)), "PCCC read @N7:0");
  EXPECT_EQ(one(from_hex(head + "50"), from_hex(ok)), "PCCC download @PCCC 1");
}

const std::string kIdentityItem = from_hex(
    "0100 0c00 3700 0100 0002 af12 c0a8010a 0000000000000000 0100 0e00 3600 1405 6030 78563412 "
    "15 313735362d4c3631 2f42204c4f474958353536 3120 03");

TEST(Enip, IdentityForRules) {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  const auto lines =
      run(kSpec, {to_server(pdu(0x63, "", "00000000")), to_client(pdu(0x63, kIdentityItem, "00000000"))}, o);
  ASSERT_EQ(lines.size(), 1U);
  for (const char* want :
       {"tx 0 req rep", "enip.product_name=1756-L61/B LOGIX5561 ", "enip.vendor_id=1 ",
        "enip.device_type=14 ", "enip.product_code=54 ", "enip.revision=5125 ", "enip.identity_status=12384 ",
        "enip.serial=305419896 ", "enip.state=3 ", "enip_command=99", "enip.protocol_version=1"}) {
    EXPECT_THAT(lines[0], HasSubstr(want));
  }
}

TEST(Enip, AnswerToABroadcastIsAReply) {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  o.describe = [](const Transaction& t) {
    const auto& x = static_cast<const Exchange&>(t);
    return std::string(x.reply() != nullptr && x.request() == nullptr ? "reply " : "request ") +
           std::string(x.operation->name);
  };
  EXPECT_THAT(run(kSpec, {to_server(pdu(0x63, kIdentityItem, "00000000"))}, o),
              ElementsAre("tx 0 req reply list identity"));
}

TEST(Enip, IdentityByAttributes) {
  const auto identity_of = [](const std::string& request, const std::string& reply) {
    std::string out;
    HarnessOptions o;
    o.describe = [](const Transaction& t) {
      const auto& x = static_cast<const Exchange&>(t);
      Told told;
      Identity i;
      const Pdu* p = x.reply();
      if (p == nullptr || !told_by(x, *p, p->node_count - 1U, told) || !read_identity(told, i))
        return std::string("none");
      return std::to_string(i.has) + " " + printable(i.name) + " " + std::to_string(i.serial);
    };
    return run(kSpec, {to_server(unconnected(request)), to_client(unconnected(reply))}, o).back();
  };
  EXPECT_EQ(identity_of(from_hex("01 02 2001 2401"),
                        from_hex("81 00 00 00 0100 0e00 3600 1405 6030 78563412 03 414243")),
            "tx 0 req rep 127 ABC 305419896");
  EXPECT_EQ(identity_of(from_hex("03 02 2001 2401 0300 0600 0400 0700"),
                        from_hex("83 00 00 00 0300 0600 0000 78563412 0400 0000 1405 0700 0000 03 414243")),
            "tx 0 req rep 104 ABC 305419896");
  EXPECT_EQ(identity_of(multiple(from_hex("0a 02 2002 2401"), {from_hex("0e 03 2001 2401 3006")}),
                        multiple(from_hex("8a 00 00 00"), {from_hex("8e 00 00 00 78563412")})),
            "tx 0 req rep 32  305419896");
}

TEST(Enip, TagLists) {
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    const auto& x = static_cast<const Exchange&>(t);
    Told told;
    std::string out;
    if (x.reply() == nullptr || !told_by(x, *x.reply(), 0, told)) return out;
    TagReader r(told);
    for (Tag tag; r.next(tag);)
      out += std::to_string(tag.instance) + ":" + printable(tag.name) + ":" + std::to_string(tag.type) + ":" +
             std::to_string(tag.dimensions[0]) + " ";
    return out;
  };
  EXPECT_THAT(run(kSpec,
                  {to_server(unconnected(from_hex("55 03 206b 2500 0000 0300 0100 0200 0800"))),
                   to_client(unconnected(
                       from_hex("d5 00 06 00 01000000 0500 4c6576656c c400 000000000000000000000000 "
                                "09000000 0100 41 c320 0a0000000000000000000000")))},
                  o),
              ElementsAre("tx 0 req rep 1:Level:196:0 9:A:8387:10 "));
}

TEST(Enip, NamesWhatIsWrong) {
  const auto events = [](const std::string& bytes) {
    return ::testing::PrintToString(brief({to_server(bytes)}));
  };
  EXPECT_THAT(events(unconnected(from_hex("4c 09 91 05 4c65"))), HasSubstr("events=invalid_cip"));
  EXPECT_THAT(events(unconnected(from_hex("0e 02 2001 ff01"))), HasSubstr("events=invalid_path"));
  EXPECT_THAT(events(unconnected(from_hex("0a 02 2002 2401 0200 0600 ff00 0e00"))),
              HasSubstr("events=invalid_services"));
  EXPECT_THAT(events(unconnected(from_hex("0a 02 2002 2401 ffff 0600"))),
              HasSubstr("events=invalid_services"));
  EXPECT_THAT(events(unconnected(from_hex("54 02 2006 2401 0a 0e 0000"))), HasSubstr("events=invalid_data"));
  EXPECT_THAT(events(unconnected(from_hex("52 02 2006 2401 05 99 ff00 00"))),
              HasSubstr("events=invalid_data"));
  EXPECT_THAT(events(pdu(0x68, "")), HasSubstr("events=unknown_command unknown command"));
  EXPECT_THAT(events(pdu(0x6f, from_hex("00000000 0000 0100 0000 0000 ffff"))),
              HasSubstr("events=trailing_data"));
  std::string options = unconnected(kReadTag);
  options[20] = 1;
  EXPECT_THAT(events(options), HasSubstr("events=unexpected_options read tag @Level"));
  EXPECT_THAT(events("not EtherNet/IP at all, but long enough for a header"),
              HasSubstr("event > invalid_header"));
  EXPECT_THAT(events(pdu(0x65, from_hex("0100 0000 0000"))), HasSubstr("event > invalid_length"));
  // Messages inside of messages, without end.
  std::string deep = kReadTag;
  for (int i = 0; i < 6; ++i) deep = multiple(from_hex("0a 02 2002 2401"), {deep});
  EXPECT_THAT(events(unconnected(deep)), HasSubstr("too_deep"));
  EXPECT_THAT(
      events(unconnected(multiple(from_hex("0a 02 2002 2401"), std::vector<std::string>(200, kReadTag)))),
      HasSubstr("too_many_services"));
  std::string items = from_hex("00000000 0000 0900");
  for (int i = 0; i < 9; ++i) items += from_hex("0000 0000");
  EXPECT_THAT(events(pdu(0x6f, items)), HasSubstr("too_many_items"));
}

TEST(Enip, RepliesThatDoNotFit) {
  EXPECT_THAT(brief({to_server(unconnected(kReadTag)), to_client(unconnected(from_hex("8e 00 00 00")))}),
              ElementsAre("tx 0 req rep events=mismatch read tag @Level"));
  EXPECT_THAT(
      brief({to_server(unconnected(kReadTag)), to_client(unconnected(kLevel, "0000000000000099"))}),
      ElementsAre("tx 1 rep events=unsolicited_response CIP service =42", "tx 0 req read tag @Level"));
  EXPECT_THAT(brief({to_client(unconnected(kLevel))}), ElementsAre("tx 0 rep CIP service =42"))
      << "nobody saw requests";
  EXPECT_THAT(brief({to_server(unconnected(kReadTag)),
                     to_client(pdu(0x6f, "", "01020304", "0000000000000001", "64000000"))}),
              ElementsAre("tx 0 req rep read tag @Level failed"));
}

TEST(Enip, GoesOnAfterDamage) {
  const std::string good = unconnected(kReadTag);
  const auto last = [&](const std::string& bad) {
    const auto lines = brief({to_server(bad + good)});
    return lines.back();
  };
  EXPECT_THAT(last("garbage of any kind, which is no header"), HasSubstr("req read tag @Level"));
  // A length that lies: items are held against it at once, not when so many bytes have come.
  std::string lies = good;
  lies[2] = 20;
  EXPECT_THAT(last(lies), HasSubstr("req read tag @Level"));
  EXPECT_THAT(::testing::PrintToString(brief({to_server(lies + good)})), HasSubstr("events=invalid_pdu"));
  std::string item = good;
  item[38] = static_cast<char>(0xff);
  EXPECT_THAT(last(item), HasSubstr("req read tag @Level"));
  // One that lies the other way: nobody waits for bytes that nobody sends.
  std::string longer = good;
  longer[3] = 0x40;
  EXPECT_THAT(brief({to_server(longer + good)}),
              ElementsAre("event > lost_sync", "tx 0 req events=trailing_data read tag @Level",
                          "tx 1 req read tag @Level"));
  // The other direction, and a gap.
  EXPECT_THAT(
      brief({to_server(good), gap(Direction::kToClient, 100), to_client("rest of it" + unconnected(kLevel))}),
      ElementsAre("event < gap", "tx 0 req rep read tag @Level =42"));
}

TEST(Enip, Limits) {
  HarnessOptions o;
  o.limits = {{"request-flood", 2}};
  const std::string a = unconnected(kReadTag, "0000000000000001"),
                    b = unconnected(kReadTag, "0000000000000002"),
                    c = unconnected(kReadTag, "0000000000000003");
  EXPECT_THAT(brief({to_server(a), to_server(b), to_server(c)}, o),
              ElementsAre("tx 0 req events=too_many_transactions read tag @Level", "tx 1 req read tag @Level",
                          "tx 2 req read tag @Level"));
  o = {};
  o.limits = {{"reply-timeout", 1}};
  o.step_ns = 2'000'000'000;
  EXPECT_THAT(brief({to_server(a), to_server(b)}, o),
              ElementsAre("tx 0 req events=no_reply read tag @Level", "tx 1 req read tag @Level"));
  o = {};
  o.pool_bytes = 512 << 10;  // a page for the parser, one for what waits
  Conversation many;
  for (unsigned i = 0; i < 64; ++i) many.push_back(to_server(a));
  many.push_back(
      to_server(unconnected(from_hex("4d 04 91 05 4c6576656c00 c200 ff7f") + std::string(20000, 'x'))));
  EXPECT_THAT(brief(many, o), Contains("event > out_of_memory"));
}

std::string io(std::string_view connection, std::uint32_t sequence, std::string_view data) {
  const std::string d = from_hex(data);
  return from_hex("0200 0280 0800") + from_hex(connection) + u16(sequence & 0xffff) + u16(sequence >> 16) +
         from_hex("b100") + u16(d.size() + 2) + u16(sequence & 0xffff) + d;
}

TEST(Enip, CyclicIo) {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  o.describe = [](const Transaction& t) {
    const Io& i = static_cast<const Exchange&>(t).io;
    return std::string(t.silent ? "silent" : "told") + " packets " + std::to_string(i.packets) + " lost " +
           std::to_string(i.lost) + " repeated " + std::to_string(i.repeated);
  };
  const Conversation talk = {to_server(io("11111111", 1, "01000000 aa")), to_client(io("22222222", 1, "bb")),
                             to_server(io("11111111", 2, "01000000 ab")),
                             to_server(io("11111111", 5, "01000000 ac")),
                             to_server(io("11111111", 5, "01000000 ac"))};
  EXPECT_THAT(
      run(kSpec, talk, o),
      ElementsAre("tx 0 req told packets 1 lost 0 repeated 0", "tx 1 rep told packets 1 lost 0 repeated 0",
                  "tx 2 req silent packets 0 lost 0 repeated 0",
                  "tx 3 req events=io_sequence silent packets 0 lost 0 repeated 0",
                  "tx 4 req silent packets 0 lost 0 repeated 0",
                  "tx 5 req told packets 3 lost 2 repeated 1"));
  // After the interval one is told with all that came since.
  HarnessOptions slow = o;
  slow.step_ns = 30'000'000'000;
  EXPECT_THAT(
      run(kSpec,
          {to_server(io("11111111", 1, "00")), to_server(io("11111111", 2, "00")),
           to_server(io("11111111", 3, "00"))},
          slow),
      ElementsAre("tx 0 req told packets 1 lost 0 repeated 0", "tx 1 req silent packets 0 lost 0 repeated 0",
                  "tx 2 req told packets 2 lost 0 repeated 0"));
  EXPECT_EQ(check_every_truncation(kSpec, talk, o), "");
}

TEST(Enip, IoEndsInTheOrderOfItsLastPackets) {
  // Whichever came first: that packet may have been lost or damaged an hour ago.
  const auto ends = [](const Conversation& talk) {
    HarnessOptions o;
    o.transport = Transport::kUdp;
    std::vector<std::string> out;
    o.describe = [&out](const Transaction& t) {
      const Io& i = static_cast<const Exchange&>(t).io;
      if (i.kept == 0) out.push_back(std::to_string(i.connection) + " " + std::to_string(i.last));
      return "";
    };
    (void)run(kSpec, talk, o);
    return out;
  };
  const std::string a1 = io("0a000000", 1, "00"), a2 = io("0a000000", 2, "00"), b1 = io("0b000000", 1, "00"),
                    b2 = io("0b000000", 2, "00");
  EXPECT_THAT(ends({to_server(b1), to_client(a1), to_server(b2), to_client(a2)}),
              ElementsAre("11 2", "10 2"));
  EXPECT_THAT(ends({to_client(a1), to_server(b1), to_server(b2), to_client(a2)}),
              ElementsAre("11 2", "10 2"));
  EXPECT_THAT(ends({to_server(b1), to_client(a1), to_client(a2), to_server(b2)}),
              ElementsAre("10 2", "11 2"));
}

TEST(Enip, IoConnectionsAreBounded) {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  o.describe = [](const Transaction&) { return ""; };
  Conversation talk;
  for (unsigned i = 0; i < 66; ++i) {
    char id[9];
    std::snprintf(id, sizeof id, "%08x", i);
    talk.push_back(to_server(io(id, 1, "00")));
    talk.push_back(to_server(io(id, 2, "00")));
  }
  const auto lines = run(kSpec, talk, o);
  // Each packet, what makes room for the last two, and what is told of the other 64 in the end.
  EXPECT_EQ(lines.size(), 1U + 132 + 2 + 64);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "event > io_connection_limit"), 1);
}

TEST(Enip, ProbeIsSureOnlyOfItself) {
  const auto tcp = [](const std::string& b) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(b));
  };
  const auto udp = [](const std::string& b) {
    return probe(Transport::kUdp, Direction::kToServer, as_bytes(b));
  };
  EXPECT_EQ(tcp(kRegister), Probe::kYes);
  EXPECT_EQ(tcp(unconnected(kReadTag)), Probe::kYes);
  EXPECT_EQ(tcp(connected("11111111", 1, kReadTag)), Probe::kYes);
  EXPECT_EQ(tcp(pdu(0x63, "", "00000000")), Probe::kYes);
  EXPECT_EQ(udp(pdu(0x63, "", "00000000")), Probe::kYes);
  EXPECT_EQ(udp(pdu(0x63, kIdentityItem, "00000000")), Probe::kYes);
  EXPECT_EQ(udp(io("11111111", 1, "00")), Probe::kYes);
  for (std::size_t n = 0; n < kRegister.size(); ++n)
    EXPECT_EQ(tcp(kRegister.substr(0, n)), Probe::kUnsure) << n;
  EXPECT_EQ(tcp(std::string(64, '\0')), Probe::kNo) << "a NOP is nothing that only this protocol has";
  EXPECT_EQ(udp(std::string(64, '\0')), Probe::kNo);
  EXPECT_EQ(tcp(pdu(0x65, from_hex("0200 0000"), "00000000")), Probe::kNo) << "version 2";
  EXPECT_EQ(tcp("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Probe::kNo);
  EXPECT_EQ(tcp(from_hex("0004 0000 0006 0103 0000 0001 0000 0000 0000 0000 0000 0000")), Probe::kNo)
      << "Modbus";
  EXPECT_EQ(udp(pdu(0x63, "", "00000000") + "x"), Probe::kNo) << "a datagram has no more than its message";
}

TEST(Enip, ServiceKeyword) {
  const auto fits = [](std::string_view argument, const std::string& request) {
    auto m = parse_service_keyword(argument);
    if (!m.has_value()) return std::string("error");
    HarnessOptions o;
    o.describe = [&](const Transaction& t) {
      return m.value()->match(t, Direction::kToServer) ? "yes" : "no";
    };
    const auto line = run(kSpec, {to_server(unconnected(request))}, o).back();
    return line.substr(line.rfind(' ') + 1);
  };
  const std::string set = from_hex("10 03 20f6 2401 3006 0000");
  EXPECT_EQ(fits("16", set), "yes");
  EXPECT_EQ(fits("16,246", set), "yes");
  EXPECT_EQ(fits(" 16 , 246 , 6 ", set), "yes");
  EXPECT_EQ(fits("16,246,7", set), "no");
  EXPECT_EQ(fits("16,246,!7", set), "yes");
  EXPECT_EQ(fits("16,245", set), "no");
  EXPECT_EQ(fits("16", multiple(from_hex("0a 02 2002 2401"), {set})), "yes");
  EXPECT_EQ(fits("10", multiple(from_hex("0a 02 2002 2401"), {set})), "yes");
  EXPECT_EQ(fits("3,1,7", from_hex("03 02 2001 2401 0200 0600 0700")), "yes");
  EXPECT_EQ(fits("128", set), "error");
  EXPECT_EQ(fits("16,246,6,1", set), "error");
  EXPECT_EQ(fits("x", set), "error");
  EXPECT_EQ(fits("", set), "error");
}

TEST(Enip, DoesNotCareHowSegmentsFall) {
  std::string lies = unconnected(kReadTag);
  lies[2] = 20;
  const Conversation talk = {
      to_server(kRegister),
      to_client(kRegistered),
      to_server(unconnected(kOpen)),
      to_client(unconnected(kOpened)),
      to_server(connected("aaaaaaaa", 1, multiple(from_hex("0a 02 2002 2401"), {kReadTag, kWriteReal}))),
      to_client(
          connected("44332211", 1, multiple(from_hex("8a 00 00 00"), {kLevel, from_hex("cd 00 00 00")}))),
      to_server(lies + unconnected(kWriteReal)),
      to_client("junk" + unconnected(from_hex("cd 00 00 00"))),
      end(Direction::kToServer),
      end(Direction::kToClient)};
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Enip, NamesAreThere) {
  EXPECT_EQ(command_name(0x6f), "send_r_r_data");
  std::uint64_t n = 0;
  EXPECT_TRUE(command_by_name("list_identity", n));
  EXPECT_EQ(n, 99U);
  EXPECT_TRUE(status_by_name("invalid_cmd", n));
  EXPECT_EQ(n, 1U);
  Target t{};
  EXPECT_EQ(service_name(0x52, t), "");
  t.has_class = true;
  t.class_id = 6;
  EXPECT_EQ(service_name(0x52, t), "Unconnected Send");
  t = {};
  t.has_symbol = true;
  EXPECT_EQ(service_name(0x52, t), "Read Tag Fragmented");
  EXPECT_EQ(extended_status_name(1, 0x0315), "invalid segment in connection path");
}

}  // namespace
}  // namespace picket::enip
