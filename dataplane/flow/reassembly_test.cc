#include "dataplane/flow/reassembly.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace picket {
namespace {

/// Writes down what it is told: bytes as text, gaps as <n>, the end as $.
class Listener final : public StreamSink {
 public:
  void on_data(Flow&, Direction d, Bytes data, std::uint64_t offset) noexcept override {
    EXPECT_EQ(offset, next_[index(d)]) << "offsets must be contiguous";
    next_[index(d)] = offset + data.size();
    text[index(d)] += as_text(data);
  }
  void on_gap(Flow&, Direction d, std::uint64_t missing, std::uint64_t offset) noexcept override {
    EXPECT_EQ(offset, next_[index(d)]);
    next_[index(d)] = offset + missing;
    text[index(d)] += "<" + std::to_string(missing) + ">";
  }
  void on_end(Flow&, Direction d) noexcept override { text[index(d)] += "$"; }
  void on_stream_event(const Flow&, StreamEvent e) noexcept override { events.push_back(e); }
  [[nodiscard]] int count(StreamEvent e) const {
    return static_cast<int>(std::count(events.begin(), events.end(), e));
  }

  std::array<std::string, 2> text;
  std::vector<StreamEvent> events;

 private:
  std::array<std::uint64_t, 2> next_{};
};

constexpr auto kC = Direction::kToServer;
constexpr auto kS = Direction::kToClient;

class ReassemblyTest : public testing::Test {
 protected:
  void send(Direction d, std::uint32_t seq, std::string_view data, std::uint8_t flags = tcp_flag::kAck,
            std::uint32_t ack = 0) {
    Packet p;
    p.direction = d;
    p.tcp_seq = seq;
    p.tcp_ack = ack;
    p.tcp_flags = flags;
    p.payload = as_bytes(data);
    p.tcp_urgent = urgent;
    p.time_ns = utc_ns;
    p.at.clock_ns = now_ns;
    ++flow.side[index(d)].packets;
    (void)reassembler.follow(flow, p, out);
    reassembler.on_segment(flow, p, out);
    flow.side[index(d)].last_ns = std::max(flow.side[index(d)].last_ns, utc_ns);
    flow.side[index(d)].last_clock_ns = now_ns;
    now_ns += 10'000'000;
    utc_ns += 10'000'000;
  }
  void open(std::uint32_t client_isn = 100, std::uint32_t server_isn = 500) {
    send(kC, client_isn, "", tcp_flag::kSyn);
    send(kS, server_isn, "", tcp_flag::kSyn | tcp_flag::kAck, client_isn + 1);
    send(kC, client_isn + 1, "", tcp_flag::kAck, server_isn + 1);
  }
  void TearDown() override {
    reassembler.flush(flow, out);
    EXPECT_EQ(pool.in_use_bytes(), 0U) << "held segments must go back";
  }
  std::uint16_t urgent = 0;  ///< of the next segments
  std::uint64_t now_ns = 1;  ///< the source clock
  std::uint64_t utc_ns = 1'700'000'000'000'000'000;
  ReassemblyConfig config{
      .depth_bytes = 1000, .max_held_bytes = 40, .max_held_segments = 4, .midstream = true};
  Pool pool{1 << 20};
  Flow flow;
  Listener out;
  Reassembler reassembler{config, pool};
};

TEST_F(ReassemblyTest, InOrderWithHandshakeAndEnd) {
  open();
  EXPECT_EQ(flow.state, FlowState::kEstablished);
  send(kC, 101, "GET ");
  send(kC, 105, "/");
  send(kC, 106, "", tcp_flag::kAck | tcp_flag::kFin);
  EXPECT_EQ(out.text[0], "GET /$");
  EXPECT_EQ(std::string(flow.history.data()), "ShADF");
}

TEST_F(ReassemblyTest, OutOfOrderSegmentsWait) {
  open();
  send(kC, 104, "def");
  send(kC, 110, "jk");
  send(kC, 107, "ghi");
  EXPECT_EQ(out.text[0], "");
  send(kC, 101, "abc");
  EXPECT_EQ(out.text[0], "abcdefghijk");
}

TEST_F(ReassemblyTest, TheFirstCopyOfAByteWins) {
  open();
  send(kC, 104, "def");
  send(kC, 103, "XYZW1");  // before, over and behind what is held
  send(kC, 101, "ab");
  EXPECT_EQ(out.text[0], "abXdef1");
  send(kC, 99, "old bytes!");
  EXPECT_EQ(out.text[0], "abXdef1!") << "only what reaches beyond the delivered bytes is new";
}

TEST_F(ReassemblyTest, ARetransmissionOfHeldBytesIsNotKeptTwice) {
  open();
  for (int i = 0; i < 50; ++i) send(kC, 104, "def");
  EXPECT_EQ(out.count(StreamEvent::kHeldLimit), 0);
  send(kC, 101, "abc");
  EXPECT_EQ(out.text[0], "abcdef");
}

TEST_F(ReassemblyTest, AnAcknowledgedHoleIsAGap) {
  open();
  send(kC, 104, "def");
  send(kS, 501, "", tcp_flag::kAck, 107);
  EXPECT_EQ(out.text[0], "<3>def");
  EXPECT_EQ(flow.side[0].missing, 3U);
  EXPECT_EQ(out.count(StreamEvent::kGap), 1);
}

TEST_F(ReassemblyTest, AnAcknowledgementThatOvertakesItsSegmentLosesNothing) {
  open();
  send(kC, 104, "def");
  now_ns -= 10'000'000 - 1'000;  // a microsecond later
  send(kS, 501, "", tcp_flag::kAck, 107);
  send(kC, 101, "abc");
  EXPECT_EQ(out.text[0], "abcdef");
  EXPECT_EQ(out.count(StreamEvent::kGap), 0);
}

TEST_F(ReassemblyTest, AClockThatIsSetBackDoesNotKeepAHoleOpen) {
  open();
  send(kC, 104, "def");
  utc_ns -= 3'600'000'000'000;
  send(kS, 501, "", tcp_flag::kAck, 107);
  EXPECT_EQ(out.text[0], "<3>def");
}

TEST_F(ReassemblyTest, AcknowledgedBytesThatNothingFollowedAreAGapAtTheEnd) {
  open();
  send(kC, 101, "abc");
  send(kS, 501, "", tcp_flag::kAck, 203);
  reassembler.flush(flow, out);
  EXPECT_EQ(out.text[0], "abc<99>$");
}

TEST_F(ReassemblyTest, AHoleThatWasAcknowledgedBeforeIsAGapAtOnce) {
  open();
  send(kS, 501, "", tcp_flag::kAck, 104);
  send(kC, 104, "def");
  EXPECT_EQ(out.text[0], "<3>def");
}

TEST_F(ReassemblyTest, LimitsGiveTheHoleUp) {
  open();
  for (std::uint32_t i = 0; i < 5; ++i) send(kC, 110 + 2 * i, "x");  // five holes, four may wait
  EXPECT_EQ(out.count(StreamEvent::kHeldLimit), 1);
  EXPECT_EQ(out.text[0], "<9>x<1>x<1>x<1>x<1>x");
}

TEST_F(ReassemblyTest, FlushHandsOnWhatWaits) {
  open();
  send(kC, 104, "def");
  reassembler.flush(flow, out);
  EXPECT_EQ(out.text[0], "<3>def$");
}

TEST_F(ReassemblyTest, MidstreamAndOneWayFlowsWork) {
  send(kS, 9000, "HTTP/1.1 200 OK", tcp_flag::kAck, 77);
  send(kS, 9015, "!", tcp_flag::kAck, 77);
  EXPECT_EQ(out.text[1], "HTTP/1.1 200 OK!");
  EXPECT_EQ(out.count(StreamEvent::kMidstream), 1);
  EXPECT_TRUE(flow.flags & flow_flag::kMidstream);
}

TEST_F(ReassemblyTest, SequenceNumbersWrap) {
  open(0xfffffffdU);
  send(kC, 0xfffffffeU, "abc");
  send(kC, 3, "fg");
  send(kC, 1, "de");
  EXPECT_EQ(out.text[0], "abcdefg");
}

TEST_F(ReassemblyTest, DepthEndsDeliveryButNotCounting) {
  open();
  const std::string chunk(600, 'a');
  send(kC, 101, chunk);
  send(kC, 701, chunk);
  send(kC, 1301, chunk);
  EXPECT_EQ(out.text[0], std::string(1000, 'a') + "$") << "whoever reads is told that there is no more";
  EXPECT_EQ(flow.side[0].delivered, 1800U);
  EXPECT_EQ(out.count(StreamEvent::kDepth), 1);
}

TEST_F(ReassemblyTest, DepthDoesNotEndAFlowThatCarriesFiles) {
  open();
  flow.flags |= flow_flag::kNoDepth;
  const std::string chunk(600, 'a');
  for (std::uint32_t i = 0; i < 5; ++i) send(kC, 101 + 600 * i, chunk);
  EXPECT_EQ(out.text[0], std::string(3000, 'a'));
  EXPECT_EQ(out.count(StreamEvent::kDepth), 0);
}

TEST_F(ReassemblyTest, AResetEndsBothSidesAfterWhatWaits) {
  open();
  send(kC, 104, "def");
  send(kS, 501, "", tcp_flag::kRst);
  EXPECT_EQ(out.text[0], "<3>def$");
  EXPECT_EQ(out.text[1], "$");
  EXPECT_EQ(flow.state, FlowState::kClosed);
}

TEST_F(ReassemblyTest, AResetOutsideTheWindowIsNotBelieved) {
  open();
  send(kC, 101, "abc");
  send(kC, 101 + 0x1000000, "", tcp_flag::kRst);
  EXPECT_EQ(out.count(StreamEvent::kRstWrongSeq), 1);
  send(kC, 104, "def");
  EXPECT_EQ(out.text[0], "abcdef");
  EXPECT_EQ(flow.state, FlowState::kEstablished);
}

TEST_F(ReassemblyTest, AChallengeAckOfAnOlderConnectionChangesNothing) {
  send(kC, 100, "", tcp_flag::kSyn);
  send(kS, 77777, "", tcp_flag::kAck, 4242);  // RFC 5961
  send(kC, 4242, "", tcp_flag::kRst);         // meant for the older connection
  send(kC, 100, "", tcp_flag::kSyn);
  send(kS, 500, "", tcp_flag::kSyn | tcp_flag::kAck, 101);
  send(kC, 101, "abc", tcp_flag::kAck, 501);
  send(kS, 501, "def", tcp_flag::kAck, 104);
  EXPECT_EQ(out.text[0], "abc");
  EXPECT_EQ(out.text[1], "def");
  EXPECT_EQ(flow.state, FlowState::kEstablished);
}

TEST_F(ReassemblyTest, ARefusedConnectionIsClosed) {
  send(kC, 100, "", tcp_flag::kSyn);
  send(kS, 0, "", tcp_flag::kRst | tcp_flag::kAck, 101);
  EXPECT_EQ(flow.state, FlowState::kClosed);
}

TEST_F(ReassemblyTest, ASecondSynWithAnotherNumberStartsAnew) {
  send(kC, 100, "", tcp_flag::kSyn);
  send(kC, 9000, "", tcp_flag::kSyn);
  send(kS, 500, "", tcp_flag::kSyn | tcp_flag::kAck, 9001);
  send(kC, 9001, "abc", tcp_flag::kAck, 501);
  EXPECT_EQ(out.text[0], "abc");
}

TEST_F(ReassemblyTest, AnUrgentByteIsNoPartOfTheStream) {
  open();
  urgent = 3;
  send(kC, 101, "abXc", tcp_flag::kAck | tcp_flag::kUrg);
  send(kC, 108, "deXf", tcp_flag::kAck | tcp_flag::kUrg);  // held, behind a hole
  urgent = 0;
  send(kC, 105, "123");
  EXPECT_EQ(out.text[0], "abc123def");
  urgent = 2;
  send(kC, 112, "X", tcp_flag::kAck | tcp_flag::kUrg);  // beyond the segment: not seen yet
  EXPECT_EQ(out.text[0], "abc123defX");
}

TEST_F(ReassemblyTest, AHoleIsAskedForOnceWhereverItsPiecesLie) {
  open();
  send(kC, 104, "near");
  EXPECT_EQ(flow.regions, 0x11);
  config.max_held_bytes = 1 << 20;
  send(kC, 104 + 300 * 1024, "far");
  EXPECT_EQ(flow.regions, 0x12);
}

TEST_F(ReassemblyTest, FinBehindAHoleWaitsForIt) {
  open();
  send(kC, 104, "def", tcp_flag::kAck | tcp_flag::kFin);
  EXPECT_EQ(out.text[0], "");
  send(kC, 101, "abc");
  EXPECT_EQ(out.text[0], "abcdef$");
}

TEST_F(ReassemblyTest, ANewSynOnAClosedConnectionIsANewFlow) {
  open();
  Packet syn;
  syn.direction = kC;
  syn.tcp_flags = tcp_flag::kSyn;
  syn.tcp_seq = 100;
  EXPECT_FALSE(Reassembler::reuses(flow, syn)) << "the same SYN again is a retransmission";
  syn.tcp_seq = 7777;
  EXPECT_FALSE(Reassembler::reuses(flow, syn))
      << "on a living connection it is answered by a challenge, no more";
  send(kC, 101, "", tcp_flag::kAck | tcp_flag::kFin);
  send(kS, 501, "", tcp_flag::kAck | tcp_flag::kFin, 102);
  send(kC, 102, "", tcp_flag::kAck, 502);
  EXPECT_TRUE(Reassembler::reuses(flow, syn));
}

TEST_F(ReassemblyTest, AnOldFinOrFarAheadBytesDoNotBlind) {
  open();
  send(kC, 101, "abcdef");
  send(kS, 501, "", tcp_flag::kAck, 107);
  send(kC, 60, "", tcp_flag::kAck | tcp_flag::kFin);
  for (std::uint32_t i = 0; i < 10; ++i) send(kC, 107 + 0x20000000 + 2 * i, "x");
  EXPECT_EQ(out.count(StreamEvent::kOutOfWindow), 10);
  send(kC, 107, "ghi");
  EXPECT_EQ(out.text[0], "abcdefghi");
}

}  // namespace
}  // namespace picket
