#include "parsers/c37118/c37118.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/support/parser_harness.h"

namespace picket::c37118 {
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

char low(unsigned v) { return static_cast<char>(v & 0xff); }
std::string u16(unsigned v) { return {low(v >> 8), low(v)}; }
std::string u32(unsigned v) { return u16(v >> 16) + u16(v); }
std::string padded(std::string name) {
  name.resize(16, ' ');
  return name;
}

/// Of stream 7 at 2023-11-14 22:13:20 UTC and `fraction`. Its CRC by crc(), which KnowsTheCrc holds against the check
/// value that catalogues of CRCs give.
std::string frame(FrameType type, const std::string& body, unsigned fraction = 0, unsigned id = 7) {
  std::string f = "\xaa" + std::string(1, low(static_cast<unsigned>(type) << 4 | 1)) +
                  u16(static_cast<unsigned>(kMinSize + body.size())) + u16(id) + u32(1'700'000'000) +
                  u32(fraction) + body;
  return f + u16(crc(as_bytes(f)));
}
std::string command(unsigned code, const std::string& more = "") {
  return frame(FrameType::kCommand, u16(code) + more);
}

/// Time base 1000, one PMU: two phasors as integers in rectangular form (0.01 V and 0.001 A a step), one analog of 16
/// bits times 3, one word of digitals; 50 Hz, 50 frames a second.
std::string config(unsigned changes = 1) {
  std::string c = u32(1000) + u16(1) + padded("Station A") + u16(7) + u16(0) + u16(2) + u16(1) + u16(1);
  c += padded("VA") + padded("IA") + padded("ANALOG1");
  for (int i = 0; i < 16; ++i) c += padded("BREAKER " + std::to_string(i));
  c += u32(1000) + u32(0x01000064) + u32(3) + u32(0x0000ffff);
  return c + u16(1) + u16(changes) + u16(50);
}
/// (3, 4) x 0.01 V, (0, -1000) x 0.001 A, 50.05 Hz, -0.2 Hz/s, analog -2, digitals 0x0005.
std::string data(unsigned stat = 0) {
  return u16(stat) + from_hex("0003 0004 0000 fc18") + u16(50) + u16(0x10000 - 20) + from_hex("fffe 0005");
}

const std::string kAsk = command(5), kConfig2 = frame(FrameType::kConfig2, config()), kOn = command(2);
std::string at(unsigned ms, unsigned stat = 0) { return frame(FrameType::kData, data(stat), ms); }

std::string told(const Transaction& tx) {
  const auto& x = static_cast<const Exchange&>(tx);
  std::string out(x.operation->name);
  OtAddress a;
  for (unsigned n = 0; x.ot->address(x, n, a); ++n)
    out += (n == 0 ? " [" : ", ") + std::string(as_text(a.text));
  out += "]";
  OtValue v;
  for (unsigned n = 0; x.ot->value(x, x.from, n, v); ++n) {
    char number[32];
    std::snprintf(number, sizeof number, " %g", v.number);
    out += number;
  }
  return out;
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = told;
  return run(kSpec, talk, o);
}

TEST(C37118, KnowsTheCrc) { EXPECT_EQ(crc(as_bytes("123456789")), 0x29b1); }

TEST(C37118, ConfigurationThenData) {
  EXPECT_THAT(brief({to_server(kAsk), to_client(kConfig2), to_server(kOn), to_client(at(0) + at(20))}),
              ElementsAre("tx 0 req rep request configuration 2 [PMU 7 Station A]",
                          "tx 1 req start data transmission [PMU 7]",
                          "tx 2 rep report measurements [PMU 7 Station A] 50.05",
                          "tx 3 rep report measurements [PMU 7 Station A] 50.05"));
  EXPECT_THAT(brief({to_server(command(3)), to_client(frame(FrameType::kHeader, "Substation North")),
                     to_server(command(1)), to_server(command(8, "abc"))}),
              ElementsAre("tx 0 req rep request header [PMU 7]", "tx 1 req stop data transmission [PMU 7]",
                          "tx 2 req extended command [PMU 7]"));
  // What nobody asked for in sight.
  EXPECT_THAT(brief({to_client(kConfig2)}), ElementsAre("tx 0 rep report configuration [PMU 7 Station A]"));
}

TEST(C37118, ReadsMeasurements) {
  Pool pool(1 << 20);
  Layout layout(pool);
  ASSERT_TRUE(layout.make(as_bytes(config()), false)) << "it keeps a copy";
  EXPECT_EQ(layout.time_base(), 1000U);
  EXPECT_EQ(layout.rate(), 50);
  const std::string body = data(0x0804);
  EXPECT_TRUE(layout.fits(as_bytes(body)));
  EXPECT_FALSE(layout.fits(as_bytes(body + "x")));
  EXPECT_FALSE(layout.fits(as_bytes(body).first(body.size() - 1)));
  EXPECT_EQ(layout.size(), body.size());
  ASSERT_EQ(layout.pmus().size(), 1U);
  EXPECT_EQ(as_text(layout.pmus()[0].label()), "PMU 7 Station A");
  const Measurement m(as_bytes(body), layout.pmus()[0]);
  EXPECT_EQ(as_text(m.pmu().name), "Station A");
  EXPECT_EQ(m.status(), 0x0804);
  PhasorReader phasors = m.phasors();
  const Phasor voltage = phasors.next(), current = phasors.next();
  EXPECT_DOUBLE_EQ(voltage.magnitude, 0.05);
  EXPECT_NEAR(voltage.angle, 53.1301, 1e-4);
  EXPECT_FALSE(voltage.is_current);
  EXPECT_DOUBLE_EQ(current.magnitude, 1.0);
  EXPECT_DOUBLE_EQ(current.angle, -90);
  EXPECT_TRUE(current.is_current);
  EXPECT_DOUBLE_EQ(m.frequency(), 50.05);
  EXPECT_DOUBLE_EQ(m.frequency_rate(), -0.2);
  EXPECT_DOUBLE_EQ(m.analog(0), -6);
  EXPECT_EQ(m.digitals(0), 0x0005);
}

TEST(C37118, LayoutsOfManyPmus) {
  const std::string head = u32(1000), pmu = config().substr(6, config().size() - 8), rate = u16(50);
  const auto of = [&](unsigned n) {
    std::string c = head + u16(n);
    for (unsigned i = 0; i < n; ++i) c += pmu;
    return c + rate;
  };
  Pool pool(1 << 20);
  Layout layout(pool);
  ASSERT_TRUE(layout.make(as_bytes(of(3)), false));
  const std::string body = data() + data(1) + data(2);
  ASSERT_TRUE(layout.fits(as_bytes(body)));
  for (unsigned i = 0; i < 3; ++i) {
    const Measurement m(as_bytes(body), layout.pmus()[i]);
    EXPECT_EQ(m.status(), i);
    EXPECT_DOUBLE_EQ(m.frequency(), 50.05);
    EXPECT_EQ(m.digitals(0), 0x0005);
  }
  // What is beyond kMaxPmus is there, and not read.
  ASSERT_TRUE(layout.make(as_bytes(of(kMaxPmus + 1)), false));
  EXPECT_EQ(layout.pmus().size(), kMaxPmus);
  EXPECT_EQ(layout.size(), 0U) << "not known";
  std::string many;
  for (unsigned i = 0; i <= kMaxPmus; ++i) many += data();
  EXPECT_TRUE(layout.fits(as_bytes(many)));
  EXPECT_FALSE(layout.fits(as_bytes(many).first(kMaxPmus * data().size() - 1)));
  layout.clear();
  EXPECT_TRUE(layout.empty());
  EXPECT_EQ(pool.in_use_bytes(), 0U);
  // A pool without room is no loss but of the layout.
  Pool small(1);
  std::vector<void*> taken;
  while (void* block = small.allocate(Pool::kMaxBlock)) taken.push_back(block);
  Layout none(small);
  EXPECT_FALSE(none.make(as_bytes(of(3)), false));
  EXPECT_TRUE(none.empty() && none.pmus().empty());
  for (void* block : taken) small.release(block, Pool::kMaxBlock);
}

TEST(C37118, ReadsFloatsAndConfiguration3) {
  // All floats, polar: 230000 V at pi/2; 60.5 Hz, 0; analog 2.5.
  const std::string f32_230000 = from_hex("48609c00"), half_pi = from_hex("3fc90fdb"),
                    one = from_hex("3f800000"), zero = u32(0);
  std::string c = u16(0) + u32(1'000'000) + u16(1) + "\x09" + "Station B" + u16(9) + std::string(16, 'g') +
                  u16(15) + u16(1) + u16(1) + u16(0) + "\x02" + "VA" + "\x03" + "AN1";
  c += u16(0) + from_hex("09 00") + one + zero;  // PHSCALE: current, positive sequence
  c += from_hex("40000000") + one;               // ANSCALE: times 2, plus 1
  c += from_hex("42400000 41200000 42c80000") + "P" + u32(20000) + u32(10000) + u16(0) + u16(4) + u16(1);
  ConfigReader config(as_bytes(c), true);
  Pmu p;
  ASSERT_TRUE(config.next(p));
  EXPECT_FALSE(config.next(p));
  EXPECT_TRUE(config.right());
  EXPECT_EQ(as_text(p.name), "Station B");
  EXPECT_EQ(p.latitude, 48);
  EXPECT_EQ(p.elevation, 100);
  EXPECT_EQ(p.service_class, 'P');
  EXPECT_EQ(p.window_us, 20000);
  EXPECT_EQ(p.nominal, 60);
  NameReader names(p);
  Bytes name;
  ASSERT_TRUE(names.next(name) && names.next(name));
  EXPECT_EQ(as_text(name), "AN1");
  const std::string d = u16(0) + f32_230000 + half_pi + from_hex("42720000") + zero + from_hex("40200000");
  Pool pool(1 << 20);
  Layout layout(pool);
  ASSERT_TRUE(layout.make(as_bytes(c), true) && layout.fits(as_bytes(d)) && layout.pmus().size() == 1);
  const Measurement m(as_bytes(d), layout.pmus()[0]);
  const Phasor phasor = m.phasors().next();
  EXPECT_DOUBLE_EQ(phasor.magnitude, 230000);
  EXPECT_NEAR(phasor.angle, 90, 1e-5);
  EXPECT_TRUE(phasor.is_current);
  EXPECT_EQ(m.frequency(), 60.5);
  EXPECT_EQ(m.analog(0), 6);
}

TEST(C37118, NamesWhatIsOdd) {
  const auto events = [](const Conversation& talk, HarnessOptions o = {}) {
    std::string out;
    for (const std::string& line : brief(talk, o)) {
      const auto at = line.find("events=");
      if (at != std::string::npos) out += line.substr(at + 7, line.find(' ', at) - at - 7) + " ";
    }
    return out;
  };
  EXPECT_EQ(events({to_client(kConfig2 + at(0) + at(20) + at(40))}), "");
  EXPECT_EQ(events({to_client(at(0) + at(20))}), "unknown_configuration ") << "said once";
  EXPECT_EQ(events({to_client(kConfig2 + at(0) + at(80))}), "lost_frames ");
  EXPECT_EQ(events({to_client(kConfig2 + at(40) + at(20))}), "time_backwards ");
  EXPECT_EQ(events({to_client(kConfig2 + at(1000))}), "invalid_time ");
  EXPECT_EQ(events({to_client(kConfig2 + frame(FrameType::kData, data() + "x"))}), "invalid_data ");
  EXPECT_EQ(events({to_client(kConfig2 + kConfig2)}), "");
  EXPECT_EQ(events({to_client(kConfig2 + frame(FrameType::kConfig2, config(2)))}), "configuration_changed ");
  EXPECT_EQ(events({to_client(frame(FrameType::kConfig2, config().substr(0, 60)))}),
            "invalid_configuration ");
  EXPECT_EQ(events({to_server(command(99))}), "unknown_command ");
  EXPECT_EQ(events({to_server(kAsk + kAsk + kAsk + kAsk + kAsk)}), "flooded ");
  HarnessOptions slow;
  slow.step_ns = 31'000'000'000;
  EXPECT_EQ(events({to_server(kAsk), to_server(kOn)}, slow), "no_reply ");
  std::string streams;
  for (unsigned id = 1; id <= 5; ++id) streams += frame(FrameType::kConfig2, config(), 0, id);
  EXPECT_EQ(events({to_client(streams)}), "too_many_streams ");
}

TEST(C37118, TellsAChangeOfState) {
  // Trigger: frequency high or low. Told as it comes and as it goes, not with each frame.
  EXPECT_THAT(brief({to_client(kConfig2 + at(0) + at(20, 0x0804) + at(40, 0x0804) + at(60))}),
              ElementsAre(HasSubstr("configuration"), HasSubstr("report measurements"),
                          HasSubstr("report change of state"), HasSubstr("report measurements"),
                          HasSubstr("report change of state")));
}

TEST(C37118, ABadFrameEndsNothing) {
  std::string wrong_crc = at(20);
  wrong_crc.back() = static_cast<char>(wrong_crc.back() ^ 1);
  std::string long_data = at(20);
  long_data[2] = '\x7f';
  for (const std::string& bad : {wrong_crc, long_data, std::string("hello"), from_hex("aa 01 00 0f"),
                                 from_hex("aa 01 ff"), std::string(300, '\xaa'), from_hex("aa 71 00 20")}) {
    const Conversation talk = {to_client(kConfig2 + at(0) + bad + at(40) + at(60))};
    const auto lines = brief(talk);
    ASSERT_GE(lines.size(), 6U) << printable(as_bytes(bad));
    EXPECT_THAT(lines[lines.size() - 2], HasSubstr("report measurements [PMU 7 Station A] 50.05"));
    EXPECT_THAT(lines.back(), HasSubstr("report measurements [PMU 7 Station A] 50.05"));
    EXPECT_EQ(check_every_split(kSpec, talk), "");
  }
}

/// What stands within a frame that is not whole.
std::size_t told_of(const Conversation& talk, std::string_view what) {
  std::size_t n = 0;
  for (const std::string& line : brief(talk)) n += line.find(what) != std::string::npos ? 1 : 0;
  return n;
}

TEST(C37118, AWrongSizeHidesNothing) {
  // A command that says it is 61,458 bytes long, and commands behind it.
  std::string wrong = kOn;
  wrong[2] = '\xf0';
  for (const unsigned behind : {3U, 4U, 11U}) {
    std::string more;
    for (unsigned i = 0; i < behind; ++i) more += kOn;
    const Conversation talk = {to_server(wrong + more), to_client(kConfig2), to_server(kOn + kOn)};
    EXPECT_EQ(told_of(talk, "event > interrupted_frame"), 1U);
    EXPECT_EQ(told_of(talk, "event > lost_sync"), 1U);
    EXPECT_EQ(told_of(talk, "start data transmission"), behind + 2);
    EXPECT_EQ(check_every_split(kSpec, talk, {}, 3), "") << behind;
    EXPECT_EQ(check_every_truncation(kSpec, talk, {}, 3), "") << behind;
  }
  // Longer ones take longer to be found: the look after the one that had only a part of the second.
  std::string header = frame(FrameType::kHeader, std::string(300, 'h')), many = wrong;
  for (unsigned i = 0; i < 4; ++i) many += header;
  EXPECT_EQ(told_of({to_server(many)}, "report header"), 4U);
  EXPECT_EQ(check_every_split(kSpec, {to_server(many)}, {}, 11), "");
  // One frame within is no proof; and what is long and right is told, whatever else it has inside.
  const std::string quoting = frame(FrameType::kHeader, std::string(100, ' ') + kOn + std::string(400, ' '));
  EXPECT_EQ(told_of({to_server(quoting)}, "report header"), 1U);
  const std::string noise = frame(FrameType::kHeader, std::string(700, '\xaa'));
  EXPECT_EQ(told_of({to_server(noise)}, "report header"), 1U);
  EXPECT_EQ(check_every_split(kSpec, {to_server(noise)}, {}, 11), "");
}

TEST(C37118, ManyWrongSizesHideNothing) {
  std::string talk;
  unsigned frames = 0;
  for (; talk.size() < 65536; ++frames) talk += kOn + from_hex("aa01 ffff") + "no frame ";
  talk += kOn + kOn + kOn;
  EXPECT_EQ(told_of({to_server(talk)}, "start data transmission"), frames + 3);
}

TEST(C37118, DataOfANewConfigurationThatNobodySaw) {
  // 300 bytes of phasors more than the configuration says: the first such frame is doubted, the others are told.
  std::string c = config(), d = data();
  c[6 + 16 + 2 + 2 + 1] = '\x4c';  // 76 phasors
  c.insert(6 + 26 + 32, std::string(74 * 16, 'P'));
  c.insert(6 + 26 + 79 * 16 + 14 * 16 + 8, std::string(74 * 4, '\0'));
  const auto big = [&](unsigned ms, std::size_t phasors) {
    return frame(FrameType::kData, u16(0) + std::string(phasors * 4, 'v') + d.substr(10), ms);
  };
  EXPECT_EQ(told_of({to_client(frame(FrameType::kConfig2, c) + big(0, 76) + big(20, 76))}, " 50.05"), 2U);
  const Conversation talk = {to_client(frame(FrameType::kConfig2, c) + big(0, 76) + big(20, 80) +
                                       big(40, 80) + big(60, 80) + big(80, 76) + big(100, 76))};
  EXPECT_EQ(told_of(talk, "lost_sync"), 1U);
  EXPECT_EQ(told_of(talk, "report measurements"), 5U);
  EXPECT_EQ(told_of(talk, "invalid_data"), 2U);
  EXPECT_EQ(told_of(talk, " 50.05"), 3U);
  EXPECT_EQ(check_every_split(kSpec, talk, {}, 97), "");
}

TEST(C37118, AClockThatIsSetEndsNothing) {
  // Long frames, a year apart: the first one is doubted.
  const std::string early = frame(FrameType::kHeader, std::string(300, 'h'));
  std::string late = early;
  late[6] = '\x67';
  late.resize(late.size() - kCrcSize);
  late += u16(crc(as_bytes(late)));
  const Conversation talk = {to_client(early + late + late + late)};
  EXPECT_EQ(told_of(talk, "report header"), 3U);
  EXPECT_EQ(told_of(talk, "lost_sync"), 1U);
}

TEST(C37118, GoesOnBehindAGap) {
  const Conversation talk = {to_client(kConfig2 + at(0)), gap(Direction::kToClient, 100),
                             to_client(at(20).substr(9) + at(40))};
  EXPECT_THAT(brief(talk), ElementsAre(HasSubstr("configuration"), HasSubstr("50.05"), "event < gap",
                                       "tx 2 rep report measurements [PMU 7 Station A] 50.05"));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(C37118, DoesNotCareHowSegmentsFall) {
  const Conversation talk = {to_server(kAsk),
                             to_client(kConfig2),
                             to_server(kOn),
                             to_client(at(0) + at(20, 0x8000)),
                             to_server(command(1) + command(3)),
                             to_client(frame(FrameType::kHeader, "text"))};
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(C37118, ProbeIsSure) {
  const auto asked = [](std::string_view b, Transport t = Transport::kTcp) {
    return probe(t, Direction::kToServer, as_bytes(b));
  };
  EXPECT_EQ(asked(kAsk), Probe::kYes);
  EXPECT_EQ(asked(at(0), Transport::kUdp), Probe::kYes);
  EXPECT_EQ(asked(kAsk.substr(0, 17)), Probe::kUnsure);
  EXPECT_EQ(asked(kAsk.substr(0, 17), Transport::kUdp), Probe::kNo);
  std::string wrong = kAsk;
  wrong[16] = '\0';
  wrong[17] = '\0';
  EXPECT_EQ(asked(wrong), Probe::kNo);
  for (const std::string& other :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(64, '\0'), std::string(64, '\xaa'),
        from_hex("aa 00 00 20"), from_hex("aa 01 00 02 00")}) {
    EXPECT_EQ(asked(other), Probe::kNo) << printable(as_bytes(other));
  }
}

}  // namespace
}  // namespace picket::c37118
