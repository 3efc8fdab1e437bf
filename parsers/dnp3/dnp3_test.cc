#include "parsers/dnp3/dnp3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::dnp3 {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string with_crc(std::string block) {
  const std::uint16_t c = crc(as_bytes(block));
  return block + static_cast<char>(c & 0xff) + static_cast<char>(c >> 8);
}

/// A frame; its CRCs by crc(), which KnowsTheStandardsCrc holds against frames written by others.
std::string frame(unsigned control, unsigned dst, unsigned src, const std::string& data,
                  unsigned length = 0) {
  const auto byte = [](unsigned v) { return static_cast<char>(v & 0xff); };
  std::string out =
      with_crc(from_hex("0564") + byte(length != 0 ? length : static_cast<unsigned>(data.size()) + 5) +
               byte(control) + byte(dst) + byte(dst >> 8) + byte(src) + byte(src >> 8));
  for (std::size_t at = 0; at < data.size(); at += 16) out += with_crc(data.substr(at, 16));
  return out;
}
/// In hexadecimal, transport octet first. The master is 1, the outstation 10.
std::string ask(std::string_view hex) { return frame(0xc4, 10, 1, from_hex(hex)); }
std::string tell(std::string_view hex) { return frame(0x44, 1, 10, from_hex(hex)); }

/// "request read integrity poll", with what else there is to say.
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = [](const Transaction& tx) {
    const auto& m = static_cast<const Message&>(tx);
    static constexpr const char* kTypes[] = {"link", "request", "response", "unsolicited"};
    std::string out = kTypes[static_cast<int>(m.type)];
    out += " [" + std::string(m.operation->name) + "]";
    if (m.has_fragment()) out += " f" + std::to_string(m.function) + " s" + std::to_string(m.sequence());
    if (m.object_count != 0)
      out += " " + std::to_string(m.object_count) + " objects " + std::to_string(m.point_count);
    if (m.answers) out += " of tx " + std::to_string(m.asked.id);
    if (m.part > 1) out += " part " + std::to_string(m.part);
    if (m.frames > 1) out += " in " + std::to_string(m.frames) + " frames";
    if (m.again) out += " again";
    if (m.silent) out += " silent";
    if (m.has_fragment() && !m.complete) out += " incomplete";
    return out;
  };
  return run(kSpec, talk, o);
}

const std::string kPoll = ask("c0 c0 01 3c 02 06 3c 03 06 3c 04 06 3c 01 06");
const std::string kSelect = ask("c0 c1 03 0c 01 17 01 03 41 01 e8030000 00000000 00");
const std::string kOperate = ask("c1 c2 04 0c 01 17 01 03 41 01 e8030000 00000000 00");

TEST(Dnp3, KnowsTheStandardsCrc) {
  // Frames of other implementations, CRCs as they came.
  for (const char* hex :
       {"0564 12 44 0100 0a00 73c7 d1f58200000201280100000001 d733", "0564 05 c0 0100 0004 e921"}) {
    const std::string bytes = from_hex(hex);
    Cursor in(as_bytes(bytes));
    Frame f;
    if (parse(in, f).kind != ParseResult::Kind::kDone) ADD_FAILURE() << hex;
  }
}

TEST(Dnp3, ReadsTheLinkLayer) {
  const std::string bytes = frame(0xf3, 0x1234, 0xfffd, from_hex("c0c001"));
  Cursor in(as_bytes(bytes));
  Frame f;
  ASSERT_EQ(parse(in, f).kind, ParseResult::Kind::kDone);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(f.link.destination, 0x1234);
  EXPECT_EQ(f.link.source, 0xfffd);
  EXPECT_TRUE(f.link.from_master() && f.link.primary() && f.link.fcb() && f.link.fcv());
  EXPECT_EQ(link_function_name(f.link), "confirmed_user_data");
  EXPECT_EQ(f.blocks.size(), 5U);
}

TEST(Dnp3, SaysWhatIsWrongWithAFrame) {
  const auto event = [](std::string bytes) {
    Cursor in(as_bytes(bytes));
    Frame f;
    const ParseResult r = parse(in, f);
    EXPECT_EQ(r.kind, ParseResult::Kind::kMalformed);
    return static_cast<Event>(r.event);
  };
  std::string bad = kPoll;
  bad[8] ^= 1;
  EXPECT_EQ(event(bad), Event::kBadLinkCrc);
  bad = kPoll;
  bad[12] ^= 1;
  EXPECT_EQ(event(bad), Event::kBadTransportCrc);
  EXPECT_EQ(event("\x05x"), Event::kLostSync);
  EXPECT_EQ(event(frame(0xc4, 10, 1, "", 4)), Event::kLenTooSmall);
}

TEST(Dnp3, PairsResponsesWithRequests) {
  EXPECT_THAT(brief({to_server(kPoll), to_client(tell("c0 c0 81 0000 1e 01 00 00 00 01 d2040000"))}),
              ElementsAre("tx 0 req request [integrity poll] f1 s0 4 objects 0",
                          "tx 1 rep response [integrity poll] f129 s0 1 objects 1 of tx 0"));
  // Another sequence is another request.
  EXPECT_THAT(
      brief({to_server(kPoll), to_client(tell("c0 c5 81 0000"))}),
      ElementsAre(
          "tx 0 req request [integrity poll] f1 s0 4 objects 0",
          "tx 1 rep events=unexpected_response response [response to a request that was not seen] f129 s5"));
  // One side alone is nothing odd.
  EXPECT_THAT(brief({to_client(tell("c0 c5 81 0000"))}),
              ElementsAre("tx 0 rep response [response to a request that was not seen] f129 s5"));
}

TEST(Dnp3, FollowsAResponseInFragments) {
  const Conversation talk = {
      to_server(kPoll),
      to_client(tell("c0 a0 81 0000 01 01 00 00 00 01")),  // FIR, CON
      to_server(ask("c1 c0 00")),
      to_client(tell("c1 21 81 0000 01 01 00 01 01 01")),  // CON
      to_server(ask("c2 c1 00")),
      to_client(tell("c2 42 81 0000 01 01 00 02 02 01") +
                tell("c3 44 81 0000")),  // FIN; and one that does not follow
      to_server(ask("c3 c9 00")),
  };
  EXPECT_THAT(
      brief(talk),
      ElementsAre(
          "tx 0 req request [integrity poll] f1 s0 4 objects 0",
          "tx 1 rep response [integrity poll] f129 s0 1 objects 1 of tx 0",
          "tx 2 req request [confirm] f0 s0 silent",
          "tx 3 rep response [integrity poll] f129 s1 1 objects 1 of tx 0 part 2",
          "tx 4 req request [confirm] f0 s1 silent",
          "tx 5 rep response [integrity poll] f129 s2 1 objects 1 of tx 0 part 3",
          "tx 6 rep events=fragment_out_of_order response [response to a request that was not seen] f129 s4",
          "tx 7 req events=unexpected_confirm request [confirm] f0 s9"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Dnp3, PutsSegmentsTogether) {
  const std::string head = tell("45 c0 81 0000 1e 03 00 00 02"), middle = tell("06 01000000 02000000"),
                    last = tell("87 03000000");
  EXPECT_THAT(
      brief({to_client(head + middle + last)}),
      ElementsAre(
          "tx 0 rep response [response to a request that was not seen] f129 s0 1 objects 3 in 3 frames"));
  // The same segment twice is passed over.
  EXPECT_THAT(brief({to_client(head + middle + middle + last)}),
              ElementsAre("event < segment_repeated", HasSubstr("1 objects 3 in 3 frames")));
  EXPECT_THAT(brief({to_client(head + last)}), ElementsAre("event < segment_out_of_order"));
  EXPECT_THAT(brief({to_client(middle + last)}),
              ElementsAre("event < segment_without_first", "event < segment_without_first"));
  EXPECT_THAT(brief({to_client(head + tell("c0 c1 81 0000"))}),
              ElementsAre("event < reassembly_abandoned", HasSubstr("f129 s1")));
  // Each pair of stations has segments of its own.
  EXPECT_THAT(brief({to_client(head + frame(0x44, 1, 11, from_hex("c0 c1 81 0000")) + middle + last)}),
              ElementsAre(HasSubstr("f129 s1"), HasSubstr("in 3 frames")));
  EXPECT_EQ(check_every_split(kSpec, {to_client(head + middle + middle + last)}), "");
  HarnessOptions small;
  small.limits["max-fragment"] = 2048;
  std::string many;
  for (unsigned i = 0; i < 10; ++i)
    many += frame(0x44, 1, 10, static_cast<char>((i == 0 ? 0x40 : 0) | i) + std::string(249, '\1'));
  EXPECT_THAT(brief({to_client(many)}, small),
              ElementsAre("event < too_long_reassembly", "event < segment_without_first"));
}

TEST(Dnp3, HoldsOperatesAgainstSelects) {
  const std::string other = ask("c1 c2 04 0c 01 17 01 04 41 01 e8030000 00000000 00");
  EXPECT_THAT(brief({to_server(kSelect + kOperate)}),
              ElementsAre("tx 0 req request [select before operate] f3 s1 1 objects 1",
                          "tx 1 req request [operate] f4 s2 1 objects 1"));
  EXPECT_THAT(brief({to_server(kSelect + other)}),
              ElementsAre(HasSubstr("[select"), HasSubstr("events=operate_mismatch")));
  EXPECT_THAT(brief({to_server(kPoll + kOperate)}),
              ElementsAre(HasSubstr("poll"), HasSubstr("events=operate_without_select")));
  // The first message of a connection that was joined, and the same one again.
  EXPECT_THAT(brief({to_server(kOperate + kOperate)}),
              ElementsAre("tx 0 req request [operate] f4 s2 1 objects 1",
                          "tx 1 req request [operate] f4 s2 1 objects 1 again"));
}

TEST(Dnp3, AChallengeDoesNotHideWhatIsAnswered) {
  EXPECT_THAT(
      brief({to_server(kSelect), to_client(tell("c0 c1 83 0000 78 01 5b 01 0800 01000000 0100 03 01")),
             to_server(ask("c1 c1 20 78 02 5b 01 0700 01000000 0100 ff")), to_client(tell("c1 c1 81 0000"))}),
      ElementsAre(HasSubstr("[select before operate]"),
                  HasSubstr("[authentication response] f131 s1 1 objects 1 of tx 0"),
                  HasSubstr("[authenticate]"), "tx 3 rep response [select before operate] f129 s1 of tx 0"));
}

TEST(Dnp3, KnowsUnsolicitedResponses) {
  const std::string report = tell("c0 f1 82 0000 02 01 17 01 03 81");
  EXPECT_THAT(
      brief({to_client(tell("c0 f0 82 8000")), to_server(ask("c0 d0 00")), to_client(report + report),
             to_server(ask("c0 d1 00"))}),
      ElementsAre("tx 0 rep unsolicited [report restart] f130 s0", "tx 1 req request [confirm] f0 s0 silent",
                  "tx 2 rep unsolicited [report events] f130 s1 1 objects 1",
                  "tx 3 rep unsolicited [report events] f130 s1 1 objects 1 again",
                  "tx 4 req request [confirm] f0 s1 silent"));
}

TEST(Dnp3, NamesWhatTheLinkLayerSays) {
  EXPECT_THAT(brief({to_server(frame(0xc0, 10, 1, "")), to_client(frame(0x00, 1, 10, "")),
                     to_server(frame(0xc9, 0xfff0, 1, "")), to_client(frame(0x0b, 1, 10, "x"))}),
              ElementsAre("tx 0 req link [reset link]", "tx 1 rep link [link reply] silent",
                          "tx 2 req events=reserved_address link [test link]",
                          "tx 3 rep events=unexpected_link_data link [link reply]"));
}

/// Whatever stands between good frames, they are all there.
TEST(Dnp3, ABrokenFrameNeverEndsTheFlow) {
  std::string header = kPoll, block = kPoll;
  header[5] ^= 1;
  block[20] ^= 1;
  // A header that is right, with a good frame in what it takes for its data.
  const std::string swallows = frame(0xc4, 10, 1, "", 255);
  for (const std::string& bad :
       {header, block, swallows, std::string("\x05\x64\x05\x64\x05"), std::string(40, '\x05'),
        std::string("GET / HTTP/1.0\r\n\r\n"), kPoll.substr(0, 15)}) {
    const Conversation talk = {to_server(kSelect + bad + kPoll + std::string(300, '\0') + kPoll)};
    unsigned polls = 0;
    for (const std::string& line : brief(talk))
      polls += line.find("[integrity poll]") != std::string::npos ? 1 : 0;
    EXPECT_EQ(polls, 2U) << picket::testing::printable(as_bytes(bad));
    EXPECT_EQ(check_every_split(kSpec, talk), "");
  }
}

TEST(Dnp3, GoesOnBehindAGap) {
  const Conversation talk = {to_server(kPoll), gap(Direction::kToServer, 5),
                             to_server(kPoll.substr(5) + kSelect)};
  EXPECT_THAT(brief(talk), ElementsAre(HasSubstr("poll"), "event > gap", HasSubstr("select")));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Dnp3, ReadsDatagrams) {
  HarnessOptions udp;
  udp.transport = Transport::kUdp;
  const Conversation talk = {to_server(kSelect + kOperate), to_server("junk" + kPoll),
                             to_server(kPoll.substr(0, 20))};
  EXPECT_THAT(brief(talk, udp), ElementsAre(HasSubstr("select"), HasSubstr("[operate]"), "event > lost_sync",
                                            HasSubstr("poll"), "event > truncated_frame"));
  EXPECT_EQ(check_every_truncation(kSpec, talk, udp), "");
}

TEST(Dnp3, NamesWhatIsOdd) {
  EXPECT_THAT(brief({to_server(ask("c0 c0 63"))}), ElementsAre(HasSubstr("unknown_function")));
  EXPECT_THAT(brief({to_server(ask("c0 c0"))}), ElementsAre("event > len_too_small"));
  EXPECT_THAT(brief({to_server(ask("c0"))}), ElementsAre("event > len_too_small"));
  EXPECT_THAT(brief({to_server(tell("c0 c0 01"))}), ElementsAre(HasSubstr("wrong_direction")));
  EXPECT_THAT(brief({to_client(frame(0xc4, 1, 10, from_hex("c0 c0 81 0000")))}),
              ElementsAre(HasSubstr("wrong_direction")));
  EXPECT_THAT(brief({to_server(ask("c0 c0 02 63 09 00 00 00 01"))}),
              ElementsAre(HasSubstr("events=unknown_object")));
  EXPECT_THAT(brief({to_server(ask("c0 c0 02 22 01 00 05 04"))}), ElementsAre(HasSubstr("events=malformed")));
  EXPECT_THAT(brief({to_server(ask("c0 c0 02 22 01 00 00 04 0100"))}),
              ElementsAre(HasSubstr("events=malformed")));
}

TEST(Dnp3, LimitsHaveEvents) {
  HarnessOptions o;
  o.limits["request-flood"] = 2;
  EXPECT_THAT(brief({to_server(kPoll + kSelect + kPoll + kSelect), to_client(tell("c0 c1 81 0000")),
                     to_server(kPoll)},
                    o),
              ElementsAre(HasSubstr("tx 0 req request"), HasSubstr("tx 1 req request"),
                          HasSubstr("tx 2 req events=flooded"), HasSubstr("tx 3 req request"),
                          HasSubstr("tx 4 rep response"), HasSubstr("tx 5 req request")));
  HarnessOptions few;
  few.limits["max-associations"] = 1;
  EXPECT_THAT(brief({to_server(kPoll + frame(0xc4, 11, 1, from_hex("c0 c1 17")))}, few),
              ElementsAre(HasSubstr("poll"), "event > too_many_associations", HasSubstr("delay")));
  HarnessOptions points;
  points.limits["max-points"] = 7;
  points.limits["max-objects"] = 1;
  EXPECT_THAT(brief({to_client(tell("c0 c0 81 0000 01 01 00 00 07 01"))}, points),
              ElementsAre(HasSubstr("too_many_points")));
  EXPECT_THAT(brief({to_server(ask("c0 c0 02 70 00 01 0000 ffff"))}, points),
              ElementsAre(HasSubstr("too_many_points")))
      << "points without octets";
  EXPECT_THAT(brief({to_server(ask("c0 c0 01 1e 01 01 0000 ffff"))}, points),
              ElementsAre("tx 0 req request [read] f1 s0 1 objects 0"));
  EXPECT_THAT(brief({to_client(tell("c0 c0 81 0000 01 01 00 00 06 01 01 01 00 00 06 01"))}, points),
              ElementsAre(HasSubstr("too_many_objects")));
  HarnessOptions slow;
  slow.step_ns = 61'000'000'000;
  EXPECT_THAT(
      brief({to_server(kPoll), to_client(tell("c0 c0 81 0000")), to_server(kSelect), to_server(kOperate)},
            slow),
      ElementsAre(HasSubstr("poll"), HasSubstr("rep"), HasSubstr("select"), "event > no_reply",
                  HasSubstr("operate")));
  // Where the other side is not seen, no reply is nothing odd.
  EXPECT_THAT(brief({to_server(kSelect), to_server(kOperate)}, slow),
              ElementsAre(HasSubstr("select"), HasSubstr("operate")));
}

TEST(Dnp3, IsFoundByContent) {
  const auto tcp = [](Direction d, const std::string& bytes) {
    return probe(Transport::kTcp, d, as_bytes(bytes));
  };
  EXPECT_EQ(tcp(Direction::kToServer, kPoll), Probe::kYes);
  EXPECT_EQ(tcp(Direction::kToClient, tell("c0 c0 81 0000")), Probe::kYes);
  for (std::size_t n = 0; n < kPoll.size(); ++n)
    EXPECT_EQ(tcp(Direction::kToServer, kPoll.substr(0, n)), Probe::kUnsure) << n;
  EXPECT_EQ(tcp(Direction::kToServer, "GET /"), Probe::kNo);
  EXPECT_EQ(tcp(Direction::kToServer, std::string("\x05\x01\x00", 3)), Probe::kNo) << "SOCKS";
  // A broken frame ahead hides nothing; no good one behind it proves nothing.
  std::string bad = kPoll;
  bad[8] ^= 1;
  EXPECT_EQ(tcp(Direction::kToServer, bad + kPoll), Probe::kYes);
  EXPECT_EQ(tcp(Direction::kToServer, bad + bad), Probe::kUnsure);
  // An outstation that connects: its second frame tells.
  const std::string report = tell("c0 f0 82 8000");
  EXPECT_EQ(tcp(Direction::kToServer, report), Probe::kUnsure);
  EXPECT_EQ(tcp(Direction::kToServer, report + report), Probe::kYes);
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(report)), Probe::kYes);
  EXPECT_EQ(probe(Transport::kUdp, Direction::kToServer, as_bytes(report).first(12)), Probe::kNo);
}

TEST(Dnp3, GivesRulesItsFields) {
  EXPECT_THAT(
      run(kSpec, {to_server(kSelect)}),
      ElementsAre(HasSubstr(
          " dnp3_func=3 dnp3.function=3 dnp3.sequence=1 dnp3.link_function=4 dnp3.src=1 dnp3.dst=10 "
          "dnp3.group=12 dnp3.variation=1 dnp3.qualifier=23 dnp3.index=3 dnp3.status=0 dnp3.op_type=1 "
          "dnp3.tcc=1")));
  EXPECT_THAT(
      run(kSpec, {to_server(kPoll), to_client(tell("c0 c0 81 9004 6e 02 00 05 06 41424344"))})[1],
      HasSubstr(
          "dnp3.octet_string=AB dnp3.octet_string=CD dnp3_func=129 dnp3.function=129 dnp3.request_function=1 "
          "dnp3.sequence=0 dnp3.iin=36868 dnp3.link_function=4 dnp3.src=10 dnp3.dst=1 dnp3.group=110 "
          "dnp3.variation=2 "
          "dnp3.qualifier=0 dnp3.start=5 dnp3.stop=6 dnp3.index=5 dnp3.index=6"));
  // Objects of files: open to write, 26 octets and the name.
  EXPECT_THAT(run(kSpec, {to_server(ask("c0 c0 19 46 03 5b 01 1d00 1a00 0300 000000000000 a401 00000000 "
                                        "00010000 0200 0004 0700 2f6677"))}),
              ElementsAre(HasSubstr("dnp3.file_name=/fw")));
}

TEST(Dnp3, KeywordsSayWhatIsWrong) {
  EXPECT_TRUE(parse_object_keyword("12,1"));
  EXPECT_TRUE(parse_object_keyword(" 12 , 1 "));
  for (const char* bad : {"", "12", "12,", "256,1", "a,b", "12,1,3"})
    EXPECT_FALSE(parse_object_keyword(bad)) << bad;
  for (const char* good : {"device_restart", "need_time, local_control", "+need_time,local_control",
                           "=all_stations", "-reserved_1"}) {
    EXPECT_TRUE(parse_indication_keyword(good)) << good;
  }
  for (const char* bad : {"", "restart", "need_time,", "!need_time"})
    EXPECT_FALSE(parse_indication_keyword(bad)) << bad;
  Message m;
  m.has_reply = true;
  m.type = MessageType::kResponse;
  m.indications = 0x9000;
  const auto fits = [&](const char* argument) {
    return parse_indication_keyword(argument).value()->match(m, Direction::kToClient);
  };
  EXPECT_TRUE(fits("device_restart,all_stations"));
  EXPECT_FALSE(fits("all_stations"));
  EXPECT_TRUE(fits("+device_restart,need_time"));
  EXPECT_FALSE(fits("+device_restart,all_stations"));
  EXPECT_TRUE(fits("=device_restart,need_time"));
  EXPECT_FALSE(fits("=device_restart"));
  EXPECT_TRUE(fits("-all_stations"));
  EXPECT_FALSE(fits("-need_time,all_stations"));
}

TEST(Dnp3, NamesOperationsPointsAndValues) {
  const auto ot = [](const Conversation& talk) {
    HarnessOptions o;
    o.describe = [](const Transaction& tx) {
      const auto& m = static_cast<const Message&>(tx);
      std::string out = std::string(m.operation->name) + ":";
      OtAddress a;
      for (unsigned n = 0; m.ot->address(m, n, a); ++n) out += " " + std::string(as_text(a.text));
      OtValue v;
      const Direction dir = m.has_request ? Direction::kToServer : Direction::kToClient;
      for (unsigned n = 0; m.ot->value(m, dir, n, v); ++n) {
        out += " = " + (v.is_number ? std::to_string(v.number) : std::string(as_text(v.text)));
      }
      return out;
    };
    return run(kSpec, talk, o);
  };
  EXPECT_THAT(ot({to_server(kPoll)}),
              ElementsAre("tx 0 req integrity poll: class 1 class 2 class 3 class 0"));
  EXPECT_THAT(ot({to_server(kSelect)}),
              ElementsAre("tx 0 req select before operate: group 12 index 3 = close"));
  EXPECT_THAT(ot({to_server(ask("c0 c0 05 29 02 28 0100 0700 b004 00"))}),
              ElementsAre("tx 0 req direct operate: group 41 index 7 = 1200.000000"));
  EXPECT_THAT(ot({to_server(ask("c0 c0 01 1e 05 00 02 07 14 00 06"))}),
              ElementsAre("tx 0 req read: group 30 index 2-7 group 20"));
  EXPECT_THAT(ot({to_server(ask("c0 c0 01 00 fc 00 00 00"))}),
              ElementsAre("tx 0 req read device attributes: manufacturer"));
  // The harmless does not hide the grave.
  EXPECT_THAT(ot({to_server(ask("c0 c0 02 50 01 00 07 07 00 22 01 00 00 00 0500"))}),
              ElementsAre(HasSubstr("req set deadband:")));
  EXPECT_THAT(ot({to_server(ask("c0 c0 01 3c 02 06 00 fc 00 00 00"))}),
              ElementsAre(HasSubstr("req read device attributes:")));
  EXPECT_THAT(ot({to_server(ask("c0 c0 0d"))}), ElementsAre("tx 0 req cold restart:"));
  EXPECT_THAT(ot({to_client(tell("c0 c0 81 0000 1e 02 00 00 01 01 feff 01 0300"))}),
              ElementsAre("tx 0 rep response to a request that was not seen: group 30 index 0 group 30 index "
                          "1 = -2.000000 = 3.000000"));
}

}  // namespace
}  // namespace picket::dnp3
