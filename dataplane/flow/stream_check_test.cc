#include "dataplane/flow/stream_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace picket {
namespace {

constexpr auto kC = Direction::kToServer;
constexpr auto kS = Direction::kToClient;
constexpr std::uint8_t kSyn = tcp_flag::kSyn, kAck = tcp_flag::kAck, kFin = tcp_flag::kFin,
                       kRst = tcp_flag::kRst;

class Listener final : public StreamSink {
 public:
  void on_data(Flow&, Direction d, Bytes data, std::uint64_t) noexcept override {
    text[index(d)] += as_text(data);
  }
  void on_gap(Flow&, Direction, std::uint64_t, std::uint64_t) noexcept override {}
  void on_end(Flow&, Direction d) noexcept override { ended[index(d)] = true; }
  void on_stream_event(const Flow&, StreamEvent e) noexcept override {
    names.emplace_back(kStreamEvents[static_cast<std::size_t>(e)].name);
  }
  std::array<std::string, 2> text;
  std::array<bool, 2> ended{};
  std::vector<std::string> names;
};

class StreamCheckTest : public testing::Test {
 protected:
  using Names = std::vector<std::string>;
  struct Options {
    bool timestamp = false;
    std::uint32_t value = 0, echo = 0;
    bool is_signed = false;
  };
  /// The events of one segment.
  Names send(Direction d, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::string_view data,
             const Options& o) {
    Packet p;
    p.direction = d;
    p.tcp_flags = flags;
    p.tcp_seq = seq;
    p.tcp_ack = ack;
    p.tcp_window = 1000;
    p.payload = as_bytes(data);
    p.tcp_has_timestamp = o.timestamp;
    p.tcp_ts_value = o.value;
    p.tcp_ts_echo = o.echo;
    p.tcp_signed = o.is_signed;
    p.at.clock_ns = now += 10'000'000;
    ++flow.side[index(d)].packets;
    out.names.clear();
    if (reassembler.is_timely(flow, p, out)) {
      (void)reassembler.follow(flow, p, out);
      reassembler.on_segment(flow, p, out);
    }
    return out.names;
  }
  Names send(Direction d, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack = 0,
             std::string_view data = {}) {
    return send(d, flags, seq, ack, data, {});
  }
  void half_open() {
    EXPECT_EQ(send(kC, kSyn, 100), Names{});
    EXPECT_EQ(send(kS, kSyn | kAck, 500, 101), Names{});
  }
  void open() {
    half_open();
    EXPECT_EQ(send(kC, kAck, 101, 501), Names{});
  }
  void TearDown() override { reassembler.flush(flow, out); }

  std::uint64_t now = 1;
  Pool pool{1 << 20};
  Flow flow;
  Listener out;
  Reassembler reassembler{ReassemblyConfig{}, pool};
};

TEST_F(StreamCheckTest, AnOrdinaryConnectionHasNoEvents) {
  open();
  EXPECT_EQ(send(kC, kAck, 101, 501, "GET /"), Names{});
  EXPECT_EQ(send(kS, kAck, 501, 106, "answer"), Names{});
  EXPECT_EQ(send(kC, kAck, 106, 507), Names{});
  EXPECT_EQ(send(kC, kAck, 105, 507), Names{}) << "keep-alive";
  EXPECT_EQ(send(kS, kAck, 507, 106), Names{}) << "... and its answer";
  EXPECT_EQ(send(kS, kAck, 510, 106, "ahead"), Names{}) << "out of order";
  EXPECT_EQ(send(kS, kAck, 507, 106, "abc"), Names{});
  EXPECT_EQ(send(kC, kAck | kFin, 106, 515), Names{});
  EXPECT_EQ(flow.tcp_state, TcpState::kCloseWait);
  EXPECT_EQ(send(kS, kAck, 515, 107, "more"), Names{}) << "half closed";
  EXPECT_EQ(send(kS, kAck | kFin, 519, 107), Names{});
  EXPECT_EQ(flow.tcp_state, TcpState::kLastAck);
  EXPECT_EQ(send(kC, kAck, 107, 520), Names{});
  EXPECT_EQ(flow.tcp_state, TcpState::kClosed);
}

TEST_F(StreamCheckTest, WhatComesBeforeAConnection) {
  EXPECT_EQ(send(kC, kRst, 100), Names{"rst_but_no_session"});
}
TEST_F(StreamCheckTest, AFinBeforeAConnection) {
  EXPECT_EQ(send(kC, kFin | kAck, 100, 7), Names{"fin_but_no_session"});
}
TEST_F(StreamCheckTest, SynAndFin) { EXPECT_EQ(send(kC, kSyn | kFin, 100), Names{"fin_syn"}); }

TEST_F(StreamCheckTest, AckNumberWithoutAck) {
  open();
  EXPECT_EQ(send(kC, tcp_flag::kPsh, 101, 501), Names{"pkt_broken_ack"});
}

TEST_F(StreamCheckTest, Unanswered) {
  send(kC, kSyn, 100);
  EXPECT_EQ(send(kC, kSyn | kAck, 100, 7), Names{"3whs_synack_in_wrong_direction"});
}
TEST_F(StreamCheckTest, AFloodOfSyns) {
  send(kC, kSyn, 100);
  for (std::uint32_t i = 1; i < 10; ++i) EXPECT_EQ(send(kC, kSyn, 100 + i), Names{});
  EXPECT_EQ(send(kC, kSyn, 110), Names{"3whs_syn_flood"});
}
TEST_F(StreamCheckTest, OneSideOnly) {
  send(kC, kSyn, 100);
  EXPECT_EQ(send(kC, kAck, 105, 501), Names{"3whs_async_wrong_seq"});
}
TEST_F(StreamCheckTest, FastOpenThatIsNotTaken) {
  send(kC, kSyn, 100, 0, "early");
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 101), Names{"3whs_synack_tfo_data_ignored"});
}
TEST_F(StreamCheckTest, FastOpenThatIsTaken) {
  send(kC, kSyn, 100, 0, "early");
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 106), Names{});
  EXPECT_EQ(send(kS, kAck, 501, 106, "answer"), Names{});
  EXPECT_EQ(out.text[0] + out.text[1], "earlyanswer");
}

TEST_F(StreamCheckTest, AfterTheSynAck) {
  half_open();
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 101), Names{}) << "again";
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 900), Names{"3whs_synack_resend_with_different_ack"});
  EXPECT_EQ(send(kS, kSyn | kAck, 600, 101), Names{"3whs_synack_resend_with_diff_seq"});
  EXPECT_EQ(send(kC, kSyn | kAck, 100, 501), Names{"3whs_synack_toserver_on_syn_recv"});
  EXPECT_EQ(send(kS, kSyn, 500), Names{"3whs_syn_toclient_on_syn_recv"});
  EXPECT_EQ(send(kC, kSyn, 200), Names{"3whs_syn_resend_diff_seq_on_syn_recv"});
  EXPECT_EQ(send(kS, kAck, 501, 101), Names{"3whs_ack_in_wrong_dir"});
}
TEST_F(StreamCheckTest, ManySynAcks) {
  half_open();
  for (std::uint32_t i = 1; i < 5; ++i) send(kS, kSyn | kAck, 500 + i, 101);
  EXPECT_EQ(send(kS, kSyn | kAck, 505, 101),
            (Names{"3whs_synack_resend_with_diff_seq", "3whs_synack_flood"}));
}
TEST_F(StreamCheckTest, ThirdStepWithWrongAck) {
  half_open();
  EXPECT_EQ(send(kC, kAck, 101, 7777), Names{"3whs_right_seq_wrong_ack_evasion"});
}
TEST_F(StreamCheckTest, ThirdStepWithWrongAckAndBytes) {
  half_open();
  EXPECT_EQ(send(kC, kAck, 101, 7777, "x").front(), "3whs_ack_data_inject");
}
TEST_F(StreamCheckTest, ThirdStepAllWrong) {
  half_open();
  EXPECT_EQ(send(kC, kAck, 5000, 7777), Names{"3whs_wrong_seq_wrong_ack"});
}

TEST_F(StreamCheckTest, SimultaneousOpen) {
  send(kC, kSyn, 100);
  EXPECT_EQ(send(kS, kSyn, 500), Names{});
  EXPECT_EQ(send(kC, kSyn | kAck, 100, 501), Names{});
}
TEST_F(StreamCheckTest, SimultaneousOpenWithWrongAck) {
  send(kC, kSyn, 100);
  send(kS, kSyn, 500);
  EXPECT_EQ(send(kC, kSyn | kAck, 100, 777), Names{"4whs_synack_with_wrong_ack"});
}

TEST_F(StreamCheckTest, SynsOfAnOpenConnection) {
  open();
  EXPECT_EQ(send(kC, kSyn, 100), Names{"est_syn_resend"});
  EXPECT_EQ(send(kC, kSyn, 300), Names{"est_syn_resend_diff_seq"});
  EXPECT_EQ(send(kS, kSyn, 500), Names{"est_syn_toclient"});
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 101), Names{"est_synack_resend"});
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 8000), Names{"est_synack_resend_with_different_ack"});
  EXPECT_EQ(send(kS, kSyn | kAck, 501, 101), Names{"est_synack_resend_with_diff_seq"});
  EXPECT_EQ(send(kC, kSyn | kAck, 100, 501), Names{"est_synack_toserver"});
}

TEST_F(StreamCheckTest, OddNumbersOfAnOpenConnection) {
  open();
  send(kC, kAck, 101, 501, "abcdef");
  send(kS, kAck, 501, 107);
  EXPECT_EQ(send(kC, kAck, 107, 501 + 0x40000000), (Names{"pkt_invalid_ack", "est_invalid_ack"}));
  EXPECT_EQ(send(kC, kAck, 107 + 0x20000000, 501, "x").front(), "est_packet_out_of_window");
  EXPECT_EQ(send(kC, kAck, 104, 501, "def"), (Names{"pkt_retransmission", "pkt_spurious_retransmission"}));
  EXPECT_EQ(send(kC, kAck, 101, 501, "abc"),
            (Names{"pkt_retransmission", "pkt_spurious_retransmission", "reassembly_segment_before_base_seq",
                   "est_pkt_before_last_ack"}));
  EXPECT_EQ(send(kC, kAck | kFin, 90, 501), Names{"fin_out_of_window"});
  EXPECT_EQ(send(kC, kAck | kFin, 107, 501 + 0x40000000).at(1), "fin_invalid_ack");
}

TEST_F(StreamCheckTest, OddNumbersOfAClosingConnection) {
  open();
  send(kS, kAck | kFin, 501, 101);
  ASSERT_EQ(flow.tcp_state, TcpState::kFinWait1);
  EXPECT_EQ(send(kC, kAck, 101, 501 + 0x40000000), (Names{"pkt_invalid_ack", "fin1_invalid_ack"}));
  EXPECT_EQ(send(kC, kAck, 101 + 0x20000000, 501, "x").front(), "fin1_ack_wrong_seq");
  EXPECT_EQ(send(kC, kAck | kFin, 101 + 0x20000000, 501), Names{"fin1_fin_wrong_seq"});
  EXPECT_EQ(send(kC, kSyn, 900), Names{"shutdown_syn_resend"});
  send(kC, kAck, 101, 502);
  ASSERT_EQ(flow.tcp_state, TcpState::kFinWait2);
  EXPECT_EQ(send(kC, kAck | kFin, 101 + 0x20000000, 502), Names{"fin2_fin_wrong_seq"});
}

TEST_F(StreamCheckTest, AClientGivesUpAndNobodyHeardTheServer) {
  send(kC, kSyn, 100);
  EXPECT_EQ(send(kC, kRst, 101), Names{});
  EXPECT_EQ(flow.tcp_state, TcpState::kClosed);
}

TEST_F(StreamCheckTest, WhatTheSideThatWasNotHeardMakesOfAFinIsNotKnown) {
  send(kC, kSyn, 100);
  send(kC, kAck, 101, 501, "abc");
  send(kC, kAck | kFin, 104, 501);
  EXPECT_EQ(flow.tcp_state, TcpState::kEstablished);
  EXPECT_TRUE(out.ended[0]);
}

TEST_F(StreamCheckTest, OfAServerThatWasNotHeardNobodyKnowsHowFarItHasCome) {
  send(kC, kSyn, 100);
  send(kC, kAck, 101, 501);
  send(kC, kAck, 101, 501, "abcdef");
  EXPECT_EQ(send(kC, kRst, 100 - 5), Names{"rst_invalid_seq"}) << "before its SYN";
  EXPECT_EQ(send(kC, kRst, 104), Names{}) << "the server may have taken three bytes";
  EXPECT_EQ(flow.tcp_state, TcpState::kClosed);
}

TEST_F(StreamCheckTest, AResetWithAWrongAckIsNotBelieved) {
  open();
  EXPECT_EQ(send(kS, kRst | kAck, 501, 101 + 0x40000000), (Names{"rst_invalid_ack", "rst_invalid_seq"}));
  EXPECT_EQ(flow.state, FlowState::kEstablished);
}

TEST_F(StreamCheckTest, ASignedResetOfAnUnsignedConnectionIsNotBelieved) {
  open();
  EXPECT_EQ(send(kC, kRst | kAck, 101, 501, {}, {.is_signed = true}), Names{"suspected_rst_inject"});
  send(kC, kAck, 101, 501, "GET /");
  EXPECT_EQ(out.text[0], "GET /");
}
TEST_F(StreamCheckTest, AConnectionSignedFromTheStartMayEndSo) {
  send(kC, kSyn, 100, 0, {}, {.is_signed = true});
  send(kS, kSyn | kAck, 500, 101, {}, {.is_signed = true});
  send(kC, kAck, 101, 501, {}, {.is_signed = true});
  EXPECT_EQ(send(kS, kRst | kAck, 501, 101, {}, {.is_signed = true}), Names{});
  EXPECT_EQ(flow.state, FlowState::kClosed);
}

TEST_F(StreamCheckTest, ASegmentWithAnOldTimestampIsNotTaken) {
  send(kC, kSyn, 100, 0, {}, {.timestamp = true, .value = 1000});
  send(kS, kSyn | kAck, 500, 101, {}, {.timestamp = true, .value = 9000, .echo = 1000});
  send(kC, kAck, 101, 501, {}, {.timestamp = true, .value = 1001, .echo = 9000});
  EXPECT_EQ(send(kC, kAck, 101, 501, "evil!", {.timestamp = true, .value = 900, .echo = 9000}),
            Names{"pkt_invalid_timestamp"});
  EXPECT_EQ(send(kC, kAck, 101, 501, "good.", {.timestamp = true, .value = 1002, .echo = 9000}), Names{});
  EXPECT_EQ(out.text[0], "good.");
}
TEST_F(StreamCheckTest, TimestampsOfAConnectionThatDoesNotUseThemSayNothing) {
  send(kC, kSyn, 100, 0, {}, {.timestamp = true, .value = 1000});
  send(kS, kSyn | kAck, 500, 101);
  send(kC, kAck, 101, 501);
  EXPECT_EQ(send(kC, kAck, 101, 501, "abc", {.timestamp = true, .value = 900}), Names{});
  EXPECT_EQ(out.text[0], "abc");
}
TEST_F(StreamCheckTest, AnAnswerThatEchoesNoTimestampThatWasSent) {
  send(kC, kSyn, 100, 0, {}, {.timestamp = true, .value = 1000});
  EXPECT_EQ(send(kS, kRst | kAck, 0, 101, {}, {.timestamp = true, .value = 100, .echo = 100}),
            Names{"pkt_invalid_timestamp"});
  EXPECT_EQ(flow.tcp_state, TcpState::kSynSent);
  EXPECT_EQ(send(kC, kRst, 101), Names{"rst_invalid_seq"}) << "what its stack answers to the forgery";
  EXPECT_EQ(send(kS, kSyn | kAck, 500, 101, {}, {.timestamp = true, .value = 7, .echo = 0}), Names{});
  EXPECT_EQ(flow.tcp_state, TcpState::kSynRecv);
}

TEST_F(StreamCheckTest, TwoCopiesOfBytesThatWaitDiffer) {
  open();
  send(kC, kAck, 110, 501, "later");
  EXPECT_EQ(send(kC, kAck, 110, 501, "later"), Names{});
  EXPECT_EQ(send(kC, kAck, 110, 501, "LATER"), Names{"reassembly_overlap_different_data"});
}

}  // namespace
}  // namespace picket
