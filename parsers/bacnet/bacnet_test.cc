#include "parsers/bacnet/bacnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::bacnet {
namespace {

using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// By hand, from annex J and clause 20.
std::string bvlc(unsigned function, std::string_view body, unsigned type = 0x81) {
  const std::size_t n = body.size() + 4;
  return std::string{static_cast<char>(type), static_cast<char>(function), static_cast<char>(n >> 8),
                     static_cast<char>(n)} +
         std::string(body);
}
std::string unicast(std::string_view npdu_hex, std::string_view apdu) {
  return bvlc(0x0a, from_hex(npdu_hex) + std::string(apdu));
}
/// A message of the local network.
std::string apdu(std::string_view hex, bool reply_wanted = false) {
  return unicast(reply_wanted ? "0104" : "0100", from_hex(hex));
}
std::string ask(std::string_view hex) { return apdu(hex, true); }

std::string told(const Transaction& tx) {
  const auto& x = static_cast<const Exchange&>(tx);
  std::string out(x.operation->name);
  OtAddress a;
  for (unsigned n = 0; x.ot->address(x, n, a); ++n)
    out += (n == 0 ? " [" : "; ") + std::string(as_text(a.text));
  if (out.find('[') != std::string::npos) out += "]";
  for (const Direction dir : {x.asked, reverse(x.asked)}) {
    OtValue v;
    for (unsigned n = 0; x.ot->value(x, dir, n, v); ++n, v = {}) {
      char number[32];
      std::snprintf(number, sizeof number, "%g", v.number);
      out += (n == 0 ? (dir == x.asked ? " = " : " -> ") : ",") + (v.is_number ? number : printable(v.text));
    }
  }
  if (x.station >= 0) out += " @" + std::to_string(x.station);
  return out + (x.failed ? " failed" : "");
}
HarnessOptions options() {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  return o;
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = options()) {
  o.describe = told;
  return run(kSpec, talk, o);
}

const std::string kRead = "00 05 01 0c 0c 00000003 19 55";  // analog-input,3 present-value
const std::string kReadAck = "30 01 0c 0c 00000003 19 55 3e 44 42c80000 3f";

TEST(Bacnet, ReadPropertyAndAnswer) {
  EXPECT_THAT(
      run(kSpec, {to_server(ask(kRead)), to_client(apdu(kReadAck))}, options()),
      ElementsAre(
          "tx 0 req rep bacnet.data=\\x0c\\x00\\x00\\x00\\x03\\x19U bacnet.bvlc_function=10 "
          "bacnet.network_priority=0 bacnet.apdu_type=0 bacnet.confirmed_service=12 bacnet.invoke_id=1 "
          "bacnet.items=1 bacnet.object_type=0 bacnet.object_instance=3 bacnet.property=85 "
          "bacnet.array_index=18446744073709551615 bacnet.write_priority=18446744073709551615 "
          "bacnet.data=\\x0c\\x00\\x00\\x00\\x03\\x19U>DB\\xc8\\x00\\x00? bacnet.value=B\\xc8\\x00\\x00 "
          "bacnet.text= bacnet.bvlc_function=10 bacnet.network_priority=0 bacnet.apdu_type=3 "
          "bacnet.confirmed_service=12 bacnet.invoke_id=1 bacnet.items=1 bacnet.object_type=0 "
          "bacnet.object_instance=3 bacnet.property=85 bacnet.array_index=18446744073709551615 "
          "bacnet.write_priority=18446744073709551615"));
  EXPECT_THAT(brief({to_server(ask(kRead)), to_client(apdu(kReadAck))}),
              ElementsAre("tx 0 req rep read property [analog-input,3 present-value] -> 100"));
  // An error, a reject, an abort; and what another waits for is not theirs.
  EXPECT_THAT(brief({to_server(ask(kRead)), to_server(ask("00 05 02 0c 0c 00000004 19 55")),
                     to_client(apdu("50 02 0c 91 01 91 1f")), to_client(apdu("60 01 09"))}),
              ElementsAre("tx 1 req rep read property [analog-input,4 present-value] failed",
                          "tx 0 req rep read property [analog-input,3 present-value] failed"));
  EXPECT_THAT(brief({to_server(ask(kRead)), to_client(apdu("71 01 04"))}),
              ElementsAre("tx 0 req rep read property [analog-input,3 present-value] failed"));
  // The server of the flow may ask as well: both have the same port.
  EXPECT_THAT(brief({to_client(ask(kRead)), to_server(apdu(kReadAck))}),
              ElementsAre("tx 0 req rep read property [analog-input,3 present-value] -> 100"));
}

TEST(Bacnet, ReadsAndWritesManyProperties) {
  // Two properties of one object, a third that has an error, and another object.
  EXPECT_THAT(
      brief({to_server(ask("00 05 07 0e 0c 00000001 1e 09 55 09 75 09 67 1f 0c 02000008 1e 09 4d 1f")),
             to_client(
                 apdu("30 07 0e 0c 00000001 1e 29 55 4e 44 41a00000 4f 29 75 4e 91 3e 4f 29 67 5e 91 02 91 "
                      "20 5f 1f 0c 02000008 1e 29 4d 4e 75 04 00 41 48 55 4f 1f"))}),
      ElementsAre("tx 0 req rep read identity [analog-input,1 present-value; analog-input,1 units; "
                  "analog-input,1 reliability; device,8 object-name] -> 20,62,AHU"));
  EXPECT_THAT(brief({to_server(ask("00 05 08 0f 0c 01000002 19 55 3e 91 01 3f 49 08"))}),
              ElementsAre("tx 0 req command output [binary-output,2 present-value] = 1"));
  EXPECT_THAT(brief({to_server(ask("00 05 08 0f 0c 01000002 19 55 3e 00 3f 49 08"))}),
              ElementsAre("tx 0 req relinquish command [binary-output,2 present-value] = null"));
  // The gravest of several.
  EXPECT_THAT(
      brief({to_server(ask("00 05 09 10 0c 00800001 1e 09 1c 2e 75 03 00 61 62 2f 1f 0c 01000002 1e 09 55 2e "
                           "91 01 2f 39 05 1f"))}),
      ElementsAre("tx 0 req command output [analog-value,1 description; binary-output,2 present-value] = "
                  "ab,1"));
  const struct {
    std::string object, property, value;
    std::string_view operation;
  } writes[] = {
      {"00800001", "19 55", "44 41a00000", "write value"},
      {"00000001", "19 55", "44 41a00000", "override input"},
      {"00000001", "19 51", "11", "set out of service"},
      {"00000001", "19 2d", "44 41a00000", "change alarm setting"},
      {"03c00001", "19 66", "", "change alarm recipients"},
      {"04400001", "19 7b", "", "change schedule"},
      {"04000001", "19 5a", "91 02", "change program state"},
      {"05400001", "19 a0", "91 01", "change life safety mode"},
      {"02000001", "19 0b", "22 1770", "change communication setting"},
      {"0e000001", "1a 0190", "64 0a000001", "change communication setting"},
      {"02000001", "19 4d", "74 00 61 62 63", "write property"},
  };
  for (const auto& w : writes) {
    EXPECT_THAT(brief({to_server(ask("00 05 08 0f 0c " + w.object + w.property + "3e" + w.value + "3f"))})[0],
                HasSubstr("req " + std::string(w.operation)))
        << w.property;
  }
}

TEST(Bacnet, NamesWhatServicesDo) {
  const struct {
    std::string hex;
    std::string_view want;
  } said[] = {
      {"10 08", "find devices"},
      {"10 08 09 3d 19 40", "find devices [device,61-64]"},
      {"10 00 c4 0200003d 22 0400 91 00 21 05", "announce device [device,61]"},
      {"10 07 2c 0200003d", "find object [device,61]"},
      {"10 07 3d 04 00 464344", "find object"},
      {"10 01 c4 0200003d c4 00000001 74 00 464344", "announce object [analog-input,1]"},
      {"10 06 a4 7e0b1607 b4 11 1e 00 00", "set clock = 2026-11-22,17:30:00.00"},
      {"10 02 09 01 1c 0200003d 2c 00000001 39 3c 4e 09 55 2e 44 41a00000 2f 09 6f 2e 82 04 40 2f 4f",
       "report change of value [analog-input,1 present-value; analog-input,1 status-flags] = 20,0100"},
      {"10 03 09 01 1c 0200003d 2c 00000001 3e 2e a4 7e0b1607 b4 111e0000 2f 3f 49 05 59 64 69 05 7d 04 00 "
       "686f74 89 00 "
       "99 01 a9 00 b9 03 ce 5e 0c 42a00000 1a 04 80 2c 3f800000 3c 42960000 5f cf",
       "report alarm [analog-input,1] = hot,high-limit,80"},
      {"10 0d 21 05 74 00 464344 73 00 3132", "ask for identity"},
      {"10 0a 09 01 19 08 2e 09 03 44 41a00000 2f", "write group [channel 3] = 20"},
      {"00 05 01 05 09 12 1c 00000001 29 01 39 3c", "subscribe to changes [analog-input,1]"},
      {"00 05 01 05 09 12 1c 00000001", "cancel subscription [analog-input,1]"},
      {"00 05 01 1c 09 12 1c 00000001 29 00 4e 09 55 4f",
       "subscribe to changes [analog-input,1 present-value]"},
      {"00 05 01 00 09 01 1c 00000001 29 03 3e 19 07 3f 4c 00 626f62 5e 19 08 5f",
       "acknowledge alarm [analog-input,1]"},
      {"00 05 01 06 c4 02800001 0e 31 00 22 0100 0f", "read file [file,1]"},
      {"00 05 01 07 c4 02800001 0e 31 00 63 616263 0f", "write file [file,1]"},
      {"00 05 01 08 0c 03c00001 19 66 3e 21 01 3f",
       "change alarm recipients [notification-class,1 recipient-list] = 1"},
      {"00 05 01 09 0c 01800001 19 17 3e 21 01 3f", "remove list element [calendar,1 date-list] = 1"},
      {"00 05 01 0a 0e 09 02 0f", "create object"},
      {"00 05 01 0b c4 00800001", "delete object [analog-value,1]"},
      {"00 05 01 1a 0c 05000001 19 83 3e 21 01 31 0a 3f", "read range [trend-log,1 log-buffer]"},
      {"00 05 01 14 09 00 1d 04 00 616263", "events=password_in_clear cold start = coldstart"},
      {"00 05 01 14 09 01", "warm start = warmstart"},
      {"00 05 01 14 09 04", "start restore = start-restore"},
      {"00 05 01 11 09 05 19 01", "disable communication = disable"},
      {"00 05 01 11 19 02", "disable initiation = disable-initiation"},
      {"00 05 01 11 19 00", "enable communication = enable"},
      {"00 05 01 1b 09 01 1c 00 626f62 29 01", "silence alarm = silence"},
      {"00 05 01 1b 09 01 1c 00 626f62 29 05", "reset alarm = reset-alarm"},
      {"00 05 01 12 09 05 19 07 2e 21 01 2f", "private transfer"},
      {"00 05 01 13 0c 02000001 29 01 3d 03 00 6869", "text message [device,1] = hi"},
      {"00 05 01 03", "get alarm summary"},
      {"00 05 01 1d", "get event information"},
      {"00 05 01 0c 0c 02000001 19 46", "read identity [device,1 model-name]"},
      {"00 05 01 0c 0c 02000001 19 4c 29 00", "read object list [device,1 object-list[0]]"},
  };
  for (const auto& s : said) {
    const auto lines = brief({to_server(apdu(s.hex))});
    ASSERT_EQ(lines.size(), 1U) << s.hex;
    EXPECT_EQ(lines[0], "tx 0 req " + std::string(s.want)) << s.hex;
  }
}

TEST(Bacnet, SummariesAreLists) {
  EXPECT_THAT(brief({to_server(ask("00 05 01 03")),
                     to_client(apdu("30 01 03 c4 00000001 91 03 82 05 60 c4 00000002 91 01 82 05 e0"))}),
              ElementsAre("tx 0 req rep get alarm summary"));
  const std::string events =
      "30 01 1d 0e 0c 00000001 19 03 2a 05 60 3e 0c 11000000 19 05 2e a4 7e0b1607 b4 111e0000 2f 3f 49 00 5a "
      "05 e0 6e "
      "21 0f 21 0f 21 14 6f 0f 19 00";
  EXPECT_THAT(run(kSpec, {to_server(ask("00 05 01 1d")), to_client(apdu(events))}, options())[0],
              HasSubstr("bacnet.items=1 bacnet.object_type=0 bacnet.object_instance=1"));
}

TEST(Bacnet, BelowTheApplication) {
  EXPECT_THAT(brief({to_server(bvlc(5, from_hex("003c"))), to_client(bvlc(0, from_hex("0000")))}),
              ElementsAre("tx 0 req rep register foreign device"));
  EXPECT_THAT(brief({to_server(bvlc(5, from_hex("003c"))), to_client(bvlc(0, from_hex("0030")))}),
              ElementsAre("tx 0 req rep register foreign device failed"));
  EXPECT_THAT(brief({to_server(bvlc(2, "")),
                     to_client(bvlc(3, from_hex("0a000001 bac0 ffffffff 0a000002 bac0 ffffffff")))}),
              ElementsAre("tx 0 req rep read broadcast table"));
  EXPECT_THAT(
      brief({to_server(bvlc(1, from_hex("0a000001 bac0 ffffffff"))), to_client(bvlc(0, from_hex("0010")))}),
      ElementsAre("tx 0 req rep write broadcast table [10.0.0.1:47808] failed"));
  EXPECT_THAT(brief({to_server(bvlc(6, "")), to_client(bvlc(7, from_hex("0a000001 bac0 003c 0021")))}),
              ElementsAre("tx 0 req rep read foreign device table"));
  EXPECT_THAT(brief({to_server(bvlc(8, from_hex("0a000001 bac0"))), to_client(bvlc(0, from_hex("0050")))}),
              ElementsAre("tx 0 req rep delete foreign device failed"));
  // Forwarded: who sent it stands in it.
  const std::string whois = bvlc(4, from_hex("0a000005 bac0 0120 ffff 00 ff 10 08"));
  EXPECT_THAT(brief({to_server(whois)}), ElementsAre("tx 0 req find devices"));
  Pdu p;
  interpret(Transport::kUdp, as_bytes(whois), p);
  EXPECT_EQ(p.npdu.dnet, 0xffff);
  EXPECT_EQ(p.npdu.hops, 255);
  EXPECT_EQ(p.bvlc.origin.size(), 6U);
  // The network layer.
  EXPECT_THAT(brief({to_server(unicast("0180 00 07d1", ""))}),
              ElementsAre("tx 0 req find router [network 2001]"));
  EXPECT_THAT(brief({to_server(unicast("0180 01 07d1 07d2", ""))}),
              ElementsAre("tx 0 req announce router [network 2001; network 2002]"));
  EXPECT_THAT(brief({to_server(unicast("0180 03 01 07d1", ""))}),
              ElementsAre("tx 0 req reject message to network [network 2001]"));
  EXPECT_THAT(brief({to_server(unicast("0184 06 00", "")), to_client(unicast("0180 07 01 07d1 01 00", ""))}),
              ElementsAre("tx 0 req rep read routing table"));
  EXPECT_THAT(
      brief({to_server(unicast("0184 06 01 07d1 01 02 aabb", "")), to_client(unicast("0180 07", ""))}),
      ElementsAre("tx 0 req rep change routing table [network 2001]"));
  // IPv6: virtual addresses.
  EXPECT_THAT(brief({to_server(bvlc(1, from_hex("000001 000002 0104") + from_hex(kRead), 0x82)),
                     to_client(bvlc(1, from_hex("000002 000001 0100") + from_hex(kReadAck), 0x82))}),
              ElementsAre("tx 0 req rep read property [analog-input,3 present-value] -> 100"));
  EXPECT_THAT(brief({to_server(bvlc(3, from_hex("000001 000002"), 0x82)),
                     to_client(bvlc(5, from_hex("000002 000001"), 0x82))}),
              ElementsAre("tx 0 req rep resolve address"));
}

TEST(Bacnet, StationsBehindRouters) {
  // Two stations of network 2001 are asked with the same invoke id.
  const auto to = [](unsigned mac) {
    return unicast("0124 07d1 01 0" + std::to_string(mac) + " ff", from_hex(kRead));
  };
  const auto from = [](unsigned mac) {
    return unicast("0108 07d1 01 0" + std::to_string(mac), from_hex(kReadAck));
  };
  EXPECT_THAT(
      brief({to_server(to(5)), to_server(to(6)), to_client(from(6)), to_client(from(5))}),
      ElementsAre("tx 1 req rep read property [2001:6 analog-input,3 present-value] -> 100 @2001006",
                  "tx 0 req rep read property [2001:5 analog-input,3 present-value] -> 100 @2001005"));
  EXPECT_THAT(
      brief({to_server(to(5)), to_client(from(7))}),
      ElementsAre("tx 1 rep events=unsolicited_response answer [2001:7 analog-input,3 present-value] -> 100 "
                  "@2001007",
                  "tx 0 req read property [2001:5 analog-input,3 present-value] @2001005"));
}

TEST(Bacnet, PutsSegmentsTogether) {
  const std::string request = ask("02 75 01 0e 0c 02000001 1e 09 4c 1f");
  const std::string first = "0c 02000001 1e 29 4c 4e c4 02000001", second = "c4 000000", third = "01 4f 1f";
  const auto segment = [](unsigned n, bool more, std::string_view hex) {
    char head[32];
    std::snprintf(head, sizeof head, "%s 01 %02x 04 0e ", more ? "3c" : "38", n);
    return apdu(head + std::string(hex));
  };
  const std::string ack = apdu("40 01 00 04"), last_ack = apdu("40 01 02 04");
  const std::string want = "tx 0 req rep read object list [device,1 object-list] -> device,1,analog-input,1";
  const std::string silent = "req segment acknowledgement";
  EXPECT_THAT(
      brief({to_server(request), to_client(segment(0, true, first)), to_server(ack),
             to_client(segment(1, true, second)), to_client(segment(2, false, third)), to_server(last_ack)}),
      ElementsAre("tx 1 " + silent, want, "tx 2 " + silent));
  // One comes again, and says nothing new.
  EXPECT_THAT(
      brief({to_server(request), to_client(segment(0, true, first)), to_client(segment(1, true, second)),
             to_client(segment(1, true, second)), to_client(segment(2, false, third))}),
      ElementsAre("tx 0 req rep events=segment_repeated read object list [device,1 object-list] -> "
                  "device,1,analog-input,1"));
  // One is missing: what stands before it is told.
  EXPECT_THAT(
      brief({to_server(request), to_client(segment(0, true, first)), to_client(segment(2, false, third))}),
      ElementsAre("tx 0 req rep events=segment_missing read object list [device,1 object-list] -> device,1"));
  // It breaks off.
  EXPECT_THAT(
      brief({to_server(request), to_client(segment(0, true, first))}),
      ElementsAre("tx 0 req rep events=segment_missing read object list [device,1 object-list] -> device,1"));
  // It is sent again, with what came behind it.
  EXPECT_THAT(
      brief({to_server(request), to_client(segment(0, true, first)), to_client(segment(2, false, third)),
             to_client(segment(1, true, second)), to_client(segment(2, false, third))}),
      ElementsAre("tx 0 req rep events=segment_missing read object list [device,1 object-list] -> "
                  "device,1,analog-input,1"));
  // It is aborted.
  EXPECT_THAT(
      brief({to_server(request), to_client(segment(0, true, first)), to_client(apdu("71 01 0a"))}),
      ElementsAre("tx 0 req rep events=segment_missing read object list [device,1 object-list] failed"));
  // Out of order, says who receives.
  EXPECT_THAT(brief({to_server(apdu("42 09 00 04"))}),
              ElementsAre("tx 0 req events=negative_segment_ack segment acknowledgement"));
  HarnessOptions small = options();
  small.limits["message-limit"] = 12;
  EXPECT_THAT(brief({to_server(request), to_client(segment(0, true, first)),
                     to_client(segment(1, true, second)), to_client(segment(2, false, third))},
                    small),
              ElementsAre("tx 0 req rep events=too_large read object list [device,1 object-list]"));
  // A request in segments.
  EXPECT_THAT(brief({to_server(ask("0c 05 02 00 04 0f 0c 02000001 19 4d 3e")),
                     to_server(ask("08 05 02 01 04 0f 74 00 616263 3f")), to_client(apdu("20 02 0f"))}),
              ElementsAre("tx 0 req rep write property [device,1 object-name] = abc"));
  // Segments of which the request was not seen.
  EXPECT_THAT(brief({to_client(segment(0, true, first)), to_client(segment(1, true, second))}),
              ElementsAre("tx 0 rep answer [device,1 object-list] -> device,1", "tx 1 rep answer"));
}

TEST(Bacnet, ValuesOfEveryType) {
  const auto shown = [](std::string_view values) {
    const auto lines =
        brief({to_client(apdu("30 01 0c 0c 02000001 19 57 3e " + std::string(values) + " 3f"))});
    return lines.empty() ? "" : lines[0].substr(lines[0].find("->"));
  };
  EXPECT_EQ(shown("00 10 11"), "-> null,0,1");
  EXPECT_EQ(shown("21 ff 22 0400 25 08 ffffffffffffffff"), "-> 255,1024,1.84467e+19");
  EXPECT_EQ(shown("31 ff 32 ff38 34 80000000"), "-> -1,-200,-2.14748e+09");
  EXPECT_EQ(shown("44 c2c80000 55 08 400921fb54442d18"), "-> -100,3.14159");
  EXPECT_EQ(shown("63 000102 82 04 a0 91 02"), "-> \\x00\\x01\\x02,1010,2");
  EXPECT_EQ(shown("a4 ff0dff01 a4 ffff20ff b4 ffffffff"), "-> *-odd-* Monday,*-*-last,*:*:*.*");
  EXPECT_EQ(shown("c4 023fffff c4 20000001"), "-> device,4194303,128,1");
  // Character sets: UTF-8, ISO 8859-1, UCS-2, UCS-4, DBCS with its code page.
  EXPECT_EQ(shown("73 00 c3a4"), "-> \\xc3\\xa4");
  EXPECT_EQ(shown("72 05 e4"), "-> \\xc3\\xa4");
  EXPECT_EQ(shown("75 05 04 00e4 20ac"), "-> \\xc3\\xa4\\xe2\\x82\\xac");
  EXPECT_EQ(shown("75 05 04 d83d de00"), "-> \\xf0\\x9f\\x98\\x80");
  EXPECT_EQ(shown("75 05 03 0001f600"), "-> \\xf0\\x9f\\x98\\x80");
  EXPECT_EQ(shown("74 01 03 52 41"), "-> A");
  // Constructed ones, as of a log: 0 { date, time }, 1 { 2 real }.
  EXPECT_EQ(shown("0e a4 7e0b1607 b4 111e0000 0f 1e 2c 41a00000 1f"),
            "-> 2026-11-22,17:30:00.00,A\\xa0\\x00\\x00");
  // Lengths in one, two and four more bytes.
  EXPECT_EQ(shown("65 06 000000000000").size(), std::string("-> ").size() + 6 * 4);
  EXPECT_EQ(shown("65 fe 0002 4142"), "-> AB");
  EXPECT_EQ(shown("65 ff 00000002 4142"), "-> AB");
}

TEST(Bacnet, NamesWhatIsOdd) {
  const auto events = [](std::string_view datagram) { return brief({to_server(datagram)}); };
  EXPECT_THAT(events("garbage"), ElementsAre("event > invalid_bvlc"));
  EXPECT_THAT(events(bvlc(0x20, "")), ElementsAre("tx 0 req events=unknown_function other message"));
  EXPECT_THAT(events(bvlc(5, from_hex("00")))[0], HasSubstr("events=invalid_length"));
  EXPECT_THAT(events(ask(kRead).substr(0, 15))[0],
              HasSubstr("events=invalid_length read property [analog-input,3]"));
  EXPECT_THAT(events(ask(kRead) + "x")[0], HasSubstr("events=trailing_data read property"));
  EXPECT_THAT(events(unicast("0204", from_hex(kRead)))[0], HasSubstr("events=invalid_npdu invalid message"));
  EXPECT_THAT(events(unicast("0108 0000 01 05", from_hex(kRead)))[0], HasSubstr("events=invalid_npdu"));
  EXPECT_THAT(events(unicast("0120 07d1 ff 05", from_hex(kRead)))[0], HasSubstr("events=invalid_npdu"));
  EXPECT_THAT(events(unicast("0120 07d1 01 05 ff", ""))[0], HasSubstr("events=invalid_apdu"));
  EXPECT_THAT(events(unicast("0180 7f", ""))[0], HasSubstr("events=unknown_network_message"));
  EXPECT_THAT(events(unicast("0180 03 01", ""))[0], HasSubstr("events=invalid_network_message"));
  EXPECT_THAT(events(unicast("0180 07 02 07d1 01 00", ""))[0], HasSubstr("events=invalid_network_message"));
  EXPECT_THAT(events(apdu("90 01"))[0], HasSubstr("events=invalid_apdu"));
  EXPECT_THAT(events(apdu("00 05"))[0], HasSubstr("events=invalid_apdu"));
  EXPECT_THAT(events(apdu("00 05 01 63 09 01"))[0], HasSubstr("events=unknown_service other message"));
  EXPECT_THAT(events(apdu("10 63"))[0], HasSubstr("events=unknown_service other message"));
  EXPECT_THAT(events(ask("00 05 01 0c 0c 00000003 19"))[0], HasSubstr("events=invalid_parameters"));
  EXPECT_THAT(events(ask("00 05 01 0f 0c 00000003 19 55 3e 44 42c80000"))[0],
              HasSubstr("events=invalid_parameters"));
  EXPECT_THAT(events(ask("00 05 01 0f 0c 00000003 19 55 3e 2e 3f"))[0],
              HasSubstr("events=invalid_parameters"));
  EXPECT_THAT(events(ask("00 05 01 0c 0c 00000003 19 55 99 01"))[0],
              HasSubstr("events=unexpected_parameter read property [analog-input,3 present-value]"));
  EXPECT_THAT(events(ask("00 05 01 0c 0a 0003 19 55"))[0], HasSubstr("events=invalid_value"));
  EXPECT_THAT(events(ask("00 05 01 0f 0c 00000003 19 55 3e 42 42c8 3f"))[0],
              HasSubstr("events=invalid_value"));
  std::string deep = "00 05 01 0f 0c 00000003 19 55 3e ";
  for (int i = 0; i < 20; ++i) deep += "0e ";
  for (int i = 0; i < 20; ++i) deep += "0f ";
  EXPECT_THAT(events(ask(deep + "3f"))[0], HasSubstr("too_deep"));
  std::string many = "00 05 01 0e 0c 00000003 1e ";
  for (int i = 0; i < 300; ++i) many += "09 55 ";
  EXPECT_THAT(events(ask(many + "1f"))[0], HasSubstr("events=too_many_items read multiple"));
  EXPECT_THAT(brief({to_server(ask(kRead)), to_client(apdu("30 01 0e"))}),
              ElementsAre("tx 0 req rep events=mismatch read property [analog-input,3 present-value]"));
  // A datagram that is none ends nothing.
  EXPECT_THAT(
      brief({to_server("garbage"), to_server(ask(kRead)), to_client("\x81"), to_client(apdu(kReadAck))}),
      ElementsAre("event > invalid_bvlc", "event < invalid_bvlc",
                  "tx 0 req rep read property [analog-input,3 present-value] -> 100"));
}

/// A notification of an event of binary output 1, by the type of its values.
std::string event_of(const std::string& type, const std::string& values) {
  return apdu("10 03 09 01 1c 0200003d 2c 01000001 3e 2e a4 7e0b1607 b4 111e0000 2f 3f 49 05 59 64 69 " +
              type + " 89 00 99 01 a9 00 b9 02 ce " + values + " cf");
}

TEST(Bacnet, ValuesOfEventsAndLogs) {
  // A command that failed: the value stands in tags of its own. A state: its kind is its context tag.
  EXPECT_THAT(brief({to_server(event_of("03", "3e 0e 91 01 0f 1a 0480 2e 91 00 2f 3f"))}),
              ElementsAre("tx 0 req report alarm [binary-output,1] = offnormal,1"));
  EXPECT_THAT(brief({to_server(event_of("01", "1e 0e 19 01 0f 1a 0480 1f"))}),
              ElementsAre("tx 0 req report alarm [binary-output,1] = offnormal,1"));
  EXPECT_THAT(brief({to_server(event_of("01", "1e 0e 09 01 0f 1a 0480 1f"))}),
              ElementsAre("tx 0 req report alarm [binary-output,1] = offnormal,1"));
  EXPECT_THAT(brief({to_server(event_of("01", "1e 0e be 44 3f800000 bf 0f 1a 0480 1f"))}),
              ElementsAre("tx 0 req report alarm [binary-output,1] = offnormal"));
  // What a trend log has stands by its kind in context tags; in any other list nobody says what they are.
  const std::string record = "0e a4 7e0b1607 b4 111e0000 0f 1e ";
  const auto log = [&](std::string_view object, const std::string& datum) {
    const std::string head = "1a 0c " + std::string(object) + " 19 83";
    return brief({to_server(ask("00 05 01 " + head)), to_client(apdu("30 01 " + head + " 39 00 49 01 5e " +
                                                                     record + datum + " 1f 2a 0400 5f"))})[0];
  };
  const std::string start = "tx 0 req rep read range [trend-log,1 log-buffer] -> 2026-11-22,17:30:00.00,";
  EXPECT_EQ(log("05000001", "0a 05a0"), start + "101,0000");
  EXPECT_EQ(log("05000001", "19 01"), start + "1,0000");
  EXPECT_EQ(log("05000001", "2c 41a40000"), start + "20.5,0000");
  EXPECT_EQ(log("05000001", "39 02"), start + "2,0000");
  EXPECT_EQ(log("05000001", "49 07"), start + "7,0000");
  EXPECT_EQ(log("05000001", "59 fe"), start + "-2,0000");
  EXPECT_EQ(log("05000001", "78"), start + "null,0000");
  EXPECT_EQ(log("06400001", "39 02"),
            "tx 0 req rep read range [event-log,1 log-buffer] -> 2026-11-22,17:30:00.00,\\x02,\\x04\\x00");
}

TEST(Bacnet, ChannelsOfAGroup) {
  EXPECT_THAT(
      brief({to_server(apdu("10 0a 09 03 19 08 2e 09 01 44 42480000 09 02 19 05 00 09 03 11 2f 39 01"))}),
      ElementsAre("tx 0 req write group [channel 1; channel 2; channel 3] = 50,null,1"));
}

TEST(Bacnet, OnEthernet) {
  HarnessOptions o = options();
  o.transport = Transport::kEthernet;
  const std::string read = from_hex("0104" + kRead), answer = from_hex("0100" + kReadAck);
  EXPECT_THAT(brief({to_server(read), to_client(answer)}, o),
              ElementsAre("tx 0 req rep read property [analog-input,3 present-value] -> 100"));
  EXPECT_THAT(run(kSpec, {to_server(from_hex("0100 1008"))}, o),
              ElementsAre("tx 0 req bacnet.data= bacnet.network_priority=0 bacnet.apdu_type=1 "
                          "bacnet.unconfirmed_service=8 bacnet.items=0"));
  EXPECT_THAT(brief({to_server(from_hex("0180 01 07d1"))}, o),
              ElementsAre("tx 0 req announce router [network 2001]"));
  EXPECT_THAT(brief({to_server(ask(kRead)), to_server(""), to_server(read)}, o),
              ElementsAre("tx 0 req events=invalid_npdu invalid message",
                          "tx 1 req events=invalid_npdu invalid message",
                          "tx 2 req read property [analog-input,3 present-value]"));
  EXPECT_EQ(probe(Transport::kEthernet, Direction::kToServer, as_bytes(answer)), Probe::kYes);
  EXPECT_EQ(check_every_truncation(kSpec, {to_server(read), to_client(answer)}, o), "");
}

TEST(Bacnet, RequestsThatWait) {
  HarnessOptions o = options();
  o.limits["request-flood"] = 2;
  EXPECT_THAT(brief({to_server(ask(kRead)), to_server(ask("00 05 02 0c 0c 00000004 19 55")),
                     to_server(ask("00 05 03 0c 0c 00000005 19 55"))},
                    o),
              ElementsAre("tx 0 req events=too_many_requests read property [analog-input,3 present-value]",
                          "tx 1 req read property [analog-input,4 present-value]",
                          "tx 2 req read property [analog-input,5 present-value]"));
  EXPECT_THAT(brief({to_server(ask(kRead)), to_server(ask(kRead)), to_client(apdu(kReadAck))}),
              ElementsAre("tx 0 req events=repeated_request read property [analog-input,3 present-value]",
                          "tx 1 req rep read property [analog-input,3 present-value] -> 100"));
  HarnessOptions slow = options();
  slow.step_ns = 61'000'000'000;
  EXPECT_THAT(
      brief({to_server(ask(kRead)), to_client(apdu(kReadAck))}, slow),
      ElementsAre("tx 0 req events=no_reply read property [analog-input,3 present-value]",
                  "tx 1 rep events=unsolicited_response answer [analog-input,3 present-value] -> 100"));
}

TEST(Bacnet, IsRecognisedByContent) {
  const auto p = [](std::string_view bytes) {
    return probe(Transport::kUdp, Direction::kToServer, as_bytes(bytes));
  };
  for (const std::string& yes :
       {ask(kRead), apdu(kReadAck), apdu("10 08"), bvlc(5, from_hex("003c")), bvlc(2, ""),
        unicast("0180 12", ""), bvlc(3, from_hex("000001 000002"), 0x82)})
    EXPECT_EQ(p(yes), Probe::kYes) << printable(as_bytes(yes));
  // What is damaged says nothing of the next datagram.
  for (const std::string& unsure :
       {ask(kRead).substr(0, 15), ask(kRead) + "x", unicast("0204", from_hex(kRead)),
        unicast("0144", from_hex(kRead)), apdu("00 05 01 63")})
    EXPECT_EQ(p(unsure), Probe::kUnsure) << printable(as_bytes(unsure));
  EXPECT_EQ(p("\x81\x0a"), Probe::kNo);
  EXPECT_EQ(p(bvlc(0x20, "")), Probe::kNo);
  EXPECT_EQ(p(from_hex("8300 0004")), Probe::kNo);
  // RTP begins alike: version 2, a source, dynamic payload types.
  EXPECT_NE(p(from_hex("8160 1234 00000001 deadbeef 00000000")), Probe::kYes);
}

TEST(Bacnet, EveryTruncation) {
  const Conversation talk = {
      to_server(ask(kRead)),
      to_client(apdu(kReadAck)),
      to_server(bvlc(1, from_hex("0a000001 bac0 ffffffff"))),
      to_client(bvlc(0, from_hex("0010"))),
      to_server(unicast("0184 06 01 07d1 01 02 aabb", "")),
      to_server(ask("00 05 09 10 0c 00800001 1e 09 1c 2e 75 03 00 61 62 2f 1f 0c 01000002 1e 09 55 2e 91 01 "
                    "2f 39 05 1f")),
      to_client(apdu("3c 09 00 04 0e 0c 02000001 1e 29 4c 4e c4 02000001")),
      to_client(apdu("38 09 01 04 0e c4 00000001 4f 1f")),
      to_server(
          apdu("10 03 09 01 1c 0200003d 2c 00000001 3e 2e a4 7e0b1607 b4 111e0000 2f 3f 49 05 59 64 69 05 7d "
               "04 00 "
               "686f74 89 00 99 01 a9 00 b9 03 ce 5e 0c 42a00000 1a 04 80 2c 3f800000 3c 42960000 5f cf")),
  };
  EXPECT_EQ(check_every_truncation(kSpec, talk, options()), "");
}

}  // namespace
}  // namespace picket::bacnet
