// What rules remember beside flowbits: variables, bits of transactions, tags; and what they keep from records.
#include <gtest/gtest.h>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/flow_state.h"
#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

TEST(PlanVariables, WhatARegularExpressionTakesFromAFlowIsKept) {
  Bench b(
      "alert tcp any any -> any any (content:\"user=\"; pcre:\"/user=(\\w+)&id=(\\d+)/, flow:name, pkt:id\"; "
      "sid:1;)\n"
      "alert tcp any any -> any any (content:\"go\"; flowvar:name,\"oo\"; sid:2;)\n"
      "alert tcp any any -> any any (content:\"go\"; flowvar:name,\"bar\"; sid:3;)\n"
      "alert tcp any any -> any any (content:\"go\"; flowvar:other,\"oo\"; sid:4;)\n");
  b.to_server("go early").end();
  EXPECT_EQ(b.fired(), "");
  b.to_server(std::string(3000, '.') + "user=foo&id=42");
  EXPECT_EQ(b.fired(), "1");
  EXPECT_EQ(b.last_variables, "id=42 ");
  b.to_server(std::string(3000, '.') + "go");
  EXPECT_EQ(b.fired(), "2");
  b.to_server(std::string(3000, '.') + "user=bar&id=1").to_server(std::string(3000, '.') + "go");
  EXPECT_EQ(b.fired(), "1 3") << "the last value counts";
}

TEST(PlanVariables, AFlowKeepsSoManyOfSoManyBytes) {
  std::string rules;
  for (int i = 0; i < 20; ++i)
    rules += "alert udp any any -> any any (content:\"k" + std::to_string(i) + "=\"; pcre:\"/k" +
             std::to_string(i) + "=(.+)/s, flow:v" + std::to_string(i) + "\"; sid:" + std::to_string(i + 1) +
             ";)\n";
  Bench b(rules);
  b.udp();
  for (int i = 0; i < 20; ++i) b.to_server("k" + std::to_string(i) + "=" + std::string(1400, 'x'));
  unsigned count = 0;
  for (const FlowVariable* v = b.flow.bits->variables; v != nullptr; v = v->next, ++count)
    EXPECT_EQ(v->size, FlowVariable::kMaxSize);
  EXPECT_EQ(count, FlowVariable::kMost);
  EXPECT_EQ(b.detector().stats().capture_limit, 4U);
  b.end();
  EXPECT_EQ(b.pool().in_use_bytes(), 0U);
}

TEST(PlanVariables, OfThePacketAtHand) {
  Bench b(
      "alert udp any any -> any any (content:\"k=\"; pcre:\"/k=(\\w+)/, pkt:k\"; sid:1;)\n"
      "alert udp any any -> any any (content:\"k=\"; pktvar:k,\"v\"; sid:2;)\n");
  b.udp().to_server("k=v");
  EXPECT_EQ(b.fired(), "1 2");
  b.to_server("nothing").to_server("k=w");
  EXPECT_EQ(b.fired(), "1");
}

TEST(PlanVariables, WhoReadsComesBehindWhoSets) {
  Bench b(
      "alert udp any any -> any any (content:\"k=\"; pktvar:k,\"v\"; sid:1;)\n"
      "alert udp any any -> any any (content:\"k=\"; flowvar:k,\"v\"; sid:2;)\n"
      "alert udp any any -> any any (content:\"k=\"; pcre:\"/k=(\\w+)/, pkt:k\"; sid:3;)\n"
      "alert udp any any -> any any (content:\"k=\"; pcre:\"/k=(\\w+)/, flow:k\"; sid:4;)\n");
  b.udp().to_server("k=v");
  EXPECT_EQ(b.fired(), "4 2 3 1") << "variables of flows come before those of packets";
}

TEST(PlanVariables, APacketNeedsNoFlow) {
  Bench b(
      "alert udp any any -> any any (content:\"k=\"; pcre:\"/k=(\\w+)/, pkt:k\"; sid:1;)\n"
      "alert udp any any -> any any (content:\"k=\"; pktvar:k,\"v\"; sid:2;)\n"
      "alert udp any any -> any any (content:\"k=\"; flowbits:isnotset,x; sid:3;)\n");
  b.udp();
  const Packet p = b.make(Direction::kToServer, "k=v");
  b.detector().on_packet(p, nullptr);
  b.detector().end_packet(p, nullptr);
  EXPECT_EQ(b.fired(), "1 2") << "bits belong to flows: without one there is nothing to ask";
}

TEST(PlanVariables, AnAttemptThatFailsLeavesNothing) {
  Bench b(
      "alert udp any any -> any any (content:\"id\"; pcre:\"/id=(\\d)/, pkt:id\"; content:\"!\"; within:1; "
      "sid:1;)\n");
  b.udp().to_server("id=1. id=2. id=3! id=4.");
  EXPECT_EQ(b.fired(), "1");
  EXPECT_EQ(b.last_variables, "id=3 ");
}

TEST(PlanTxBits, BelongToTheirTransaction) {
  Bench b(
      "alert http any any -> any any (http.uri; content:\"/admin\"; xbits:set,admin,track tx; noalert; "
      "sid:1;)\n"
      "alert http any any -> any any (http.stat_code; content:\"200\"; xbits:isset,admin,track tx; sid:2;)\n"
      "alert http any any -> any any (http.stat_code; content:\"200\"; xbits:isnotset,admin,track tx; "
      "sid:3;)\n");
  b.protocol(kBenchHttp);
  BenchTx one, two;
  one.request("http.uri", {"/admin"}).reply("http.stat_code", {"200"});
  two.request("http.uri", {"/"}).reply("http.stat_code", {"200"});
  b.whole(one);
  EXPECT_EQ(b.fired(), "2");
  b.whole(two);
  EXPECT_EQ(b.fired(), "3");
}

TEST(PlanConfig, ARuleMayWantNoRecordOfATransaction) {
  Bench b(
      "config http any any -> any any (http.uri; content:\"/health\"; config:logging disable, type tx, "
      "scope tx; sid:1;)\n");
  b.protocol(kBenchHttp);
  BenchTx one, two;
  one.request("http.uri", {"/health"});
  two.request("http.uri", {"/"});
  b.whole(one);
  EXPECT_FALSE(b.last_logged);
  EXPECT_EQ(b.fired(), "") << "it tells nobody";
  b.whole(two);
  EXPECT_TRUE(b.last_logged);
}

TEST(PlanConfig, OrOfAllThatFollowInTheFlow) {
  Bench b(
      "alert http any any -> any any (http.uri; content:\"/health\"; config:logging disable, type tx, "
      "scope flow; sid:1;)\n");
  b.protocol(kBenchHttp);
  BenchTx one, two;
  one.request("http.uri", {"/health"});
  two.request("http.uri", {"/"});
  b.whole(one);
  EXPECT_EQ(b.fired(), "1") << "an alert may say so, too";
  b.whole(two);
  EXPECT_FALSE(b.last_logged);
}

TEST(PlanConfig, OrOfTheFlow) {
  Bench b(
      "config tcp any any -> any any (content:\"probe\"; config:logging disable, type flow, scope flow; "
      "sid:1;)\n");
  b.to_server("hello").end();
  EXPECT_EQ(b.flow.flags & flow_flag::kNoRecord, 0);
  b.to_server("probe");
  b.detector().on_stream_end(b.flow, Direction::kToServer, nullptr);
  EXPECT_NE(b.flow.flags & flow_flag::kNoRecord, 0);
  EXPECT_EQ(b.flow.flags & flow_flag::kUnlogged, 0) << "its transactions are told";
}

TEST(PlanTags, WhatMakesRoomForOthersIsCounted) {
  std::string rules;
  for (int i = 1; i <= 6; ++i)
    rules +=
        "alert udp any any -> any any (content:\"start\"; tag:session,3,packets; sid:" + std::to_string(i) +
        ";)\n";
  Bench b(rules);
  b.udp().to_server("start");
  EXPECT_EQ(b.detector().stats().tag_limit, 2U);
}

TEST(PlanTags, PacketsBehindAMatchAreTold) {
  Bench b("alert udp any any -> any any (content:\"start\"; tag:session,3,packets; sid:1;)\n");
  b.udp().to_server("before").to_server("start");
  EXPECT_EQ(b.tagged_packets, 0);
  b.to_client("a").to_server("b").to_server("c");
  EXPECT_EQ(b.tagged_packets, 2);
  b.end();
  EXPECT_EQ(b.pool().in_use_bytes(), 0U);
}

TEST(PlanTags, OfAHostInItsNextFlowToo) {
  Bench b(
      "alert udp any any -> any any (content:\"start\"; tag:host,100,packets,src; tag:session,2,packets; "
      "sid:1;)\n");
  b.udp().to_server("start").to_client("a");
  EXPECT_EQ(b.tagged_packets, 1) << "a packet is told once";
  b.end();
  b.to_server("b");
  EXPECT_EQ(b.tagged_packets, 2);
}

TEST(PlanPacket, NetworkProtocol) {
  Bench b(
      "alert udp any any -> any any (l3_proto:ipv4; content:\"x\"; sid:1;)\n"
      "alert udp any any -> any any (l3_proto:ipv6; content:\"x\"; sid:2;)\n");
  b.udp().to_server("x");
  EXPECT_EQ(b.fired(), "1");
}

TEST(PlanPacket, CallsOfSunRpc) {
  Bench b(
      "alert udp any any -> any any (rpc:100000; sid:1;)\n"
      "alert udp any any -> any any (rpc:100000,2,3; sid:2;)\n"
      "alert udp any any -> any any (rpc:100000,*,4; sid:3;)\n"
      "alert udp any any -> any any (rpc:100000,3,*; sid:4;)\n"
      "alert tcp any any -> any any (rpc:100000,2,3; sid:5;)\n");
  const auto call = [](std::string_view type) {
    // transaction, type, version 2 of RPC, portmapper (100000 = 0x186a0), its version 2, GETPORT
    return std::string("\x12\x34\x56\x78\0\0\0", 7) + std::string(type) +
           std::string("\0\0\0\2\0\1\x86\xa0\0\0\0\2\0\0\0\3", 16);
  };
  const std::string asks = call(std::string(1, '\0')), answers = call("\1");
  b.udp().to_server(asks);
  EXPECT_EQ(b.fired(), "1 2");
  b.to_server(answers).to_server(asks.substr(0, asks.size() - 1));
  EXPECT_EQ(b.fired(), "") << "replies and half calls are none";
  Bench tcp("alert tcp any any -> any any (rpc:100000,2,3; sid:5;)\n");
  tcp.to_server(asks);
  EXPECT_EQ(tcp.fired(), "") << "behind a record mark";
  tcp.to_server(std::string("\x80\0\0\x18", 4) + asks);
  EXPECT_EQ(tcp.fired(), "5");
}

TEST(PlanPacket, TheSizeOfAStreamIsThatOfItsSequenceNumbers) {
  std::string rules;
  for (int i = 0; i < 10; ++i)
    rules += "alert tcp any any -> any any (stream_size:client,=," + std::to_string(i) +
             "; sid:" + std::to_string(i + 100) + ";)\n";
  Bench b(rules);
  b.flow.tcp_state = TcpState::kNone;
  Packet p = b.make(Direction::kToServer, "");
  b.packet(p);
  EXPECT_EQ(b.fired(), "") << "no connection";
  FlowSide& client = b.flow.side[0];
  b.flow.tcp_state = TcpState::kSynSent;
  client.seq_known = true;
  client.isn = 500;
  client.next_seq = 501;
  b.packet(p);
  EXPECT_EQ(b.fired(), "101") << "the SYN";
  p = b.make(Direction::kToServer, "abcde");
  p.tcp_seq = 501;
  b.packet(p);
  EXPECT_EQ(b.fired(), "106") << "the bytes of the packet at hand count";
  client.next_seq = client.fin_seq = 506;
  client.fin_seen = true;
  p = b.make(Direction::kToServer, "");
  b.packet(p);
  EXPECT_EQ(b.fired(), "106");
  b.flow.side[1].last_ack = 507;
  b.packet(p);
  EXPECT_EQ(b.fired(), "107") << "the FIN, once it is acknowledged";
}

TEST(PlanEvents, MayAskForBytesBeside) {
  Bench b(
      "alert tcp any any -> any any (content:\"evil\"; stream-event:pkt_retransmission; sid:1;)\n"
      "alert tcp any any -> any any (content:\"evil\"; "
      "app-layer-event:applayer_detect_protocol_only_one_direction; "
      "sid:2;)\n");
  b.to_server("evil");
  EXPECT_EQ(b.fired(), "") << "nothing was odd";
  b.detector().on_stream_event(StreamEvent::kRetransmission);
  b.to_server("evil");
  EXPECT_EQ(b.fired(), "1");
  b.detector().on_odd_protocol(AppEvent::kOnlyOneDirection);
  b.to_server("good");
  EXPECT_EQ(b.fired(), "2") << "in the stream";
  b.detector().on_stream_event(StreamEvent::kRetransmission);
  b.to_client("good");
  EXPECT_EQ(b.fired(), "");
}

TEST(PlanHooks, EachSideHasAnAcknowledgementOfItsOwn) {
  Bench b(
      "alert http:request_body any any -> any any (sid:1;)\n"
      "alert http:response_body any any -> any any (sid:2;)\n");
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.has_request = tx.has_reply = true;
  b.flow.side[0].last_ack = 100;
  b.flow.side[1].last_ack = 500;
  b.advance(tx, Direction::kToServer, kBody).advance(tx, Direction::kToClient, kBody);
  EXPECT_EQ(b.fired(), "1 2");
  b.advance(tx, Direction::kToServer, kBody).advance(tx, Direction::kToClient, kBody);
  EXPECT_EQ(b.fired(), "") << "neither side has acknowledged more";
  b.flow.side[1].last_ack = 600;
  b.advance(tx, Direction::kToServer, kBody).advance(tx, Direction::kToClient, kBody);
  EXPECT_EQ(b.fired(), "1") << "the server has";
  b.done(tx);
}

/// A frame that is looked at in windows, as FrameTracker shows it.
struct LongFrame {
  Bench& b;
  FrameRefusals refusals;
  FrameLook look{};
  void window(std::string_view bytes, bool last) {
    look.data = as_bytes(bytes);
    look.last = look.complete = last;
    look.refusals = &refusals;
    const Packet p = b.make(Direction::kToServer, "");
    b.detector().on_packet(p, &b.flow);
    b.detector().on_frame(b.flow, kBenchHttp, look, &p);
    b.detector().end_packet(p, &b.flow);
    look.at += bytes.size();
  }
};

TEST(PlanFrames, WhatMustNotStandInALongOneStandsInNoWindow) {
  const std::string rules =
      "alert http any any -> any any (frame:http.pdu; content:!\"bad\"; sid:1;)\n"
      "alert http any any -> any any (frame:http.pdu; content:!\"worse\"; sid:2;)\n"
      "alert http any any -> any any (frame:http.pdu; content:\"begin\"; sid:3;)\n"
      "alert http any any -> any any (frame:http.pdu; content:\"go\"; content:!\"on\"; within:4; sid:4;)\n";
  Bench b(rules);
  b.protocol(kBenchHttp);
  LongFrame frame{b, {}, {}};
  frame.window("begin bad go away", false);
  EXPECT_EQ(b.fired(), "3 4") << "what the bytes at hand can answer is told at once";
  frame.window("the end, go on", true);
  EXPECT_EQ(b.fired(), "2");
}

TEST(PlanFrames, WhatNeedsAllOfALongOneIsCounted) {
  Bench b(
      "alert http any any -> any any (frame:http.pdu; to_md5; content:\"|00|\"; sid:1;)\n"
      "alert http any any -> any any (frame:http.pdu; entropy:value >= 0; sid:2;)\n");
  b.protocol(kBenchHttp);
  LongFrame frame{b, {}, {}};
  frame.window("one half", false);
  frame.window("the other", true);
  EXPECT_EQ(b.fired(), "");
  EXPECT_GE(b.detector().stats().frame_limit, 1U);
  LongFrame small{b, {}, {}};
  small.window("all of it", true);
  EXPECT_EQ(b.fired(), "2");
}

TEST(PlanFrames, AnAlertShowsTheFirstBytesAndTheRestIsCounted) {
  Bench b("alert http any any -> any any (frame:http.pdu; content:\"end\"; sid:1;)\n");
  b.protocol(kBenchHttp);
  LongFrame whole{b, {}, {}};
  whole.window(std::string(detect::kMaxFramePayload - 3, '.') + "end", true);
  EXPECT_EQ(b.fired(), "1");
  EXPECT_EQ(b.detector().stats().frame_payload_cut, 0U);
  LongFrame cut{b, {}, {}};
  cut.window(std::string(detect::kMaxFramePayload - 2, '.') + "end", true);
  EXPECT_EQ(b.fired(), "1");
  EXPECT_EQ(b.detector().stats().frame_payload_cut, 1U);
}

TEST(PlanFrames, KnowWhatTheirTransactionRemembers) {
  Bench b(
      "alert http any any -> any any (http.uri; content:\"/admin\"; xbits:set,admin,track tx; noalert; "
      "sid:1;)\n"
      "alert http any any -> any any (frame:http.pdu; content:\"x\"; xbits:isset,admin,track tx; sid:2;)\n");
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/admin"});
  b.advance(tx, Direction::kToServer, kLine);
  LongFrame frame{b, {}, {}};
  frame.look.tx = &tx;
  frame.window("x", true);
  EXPECT_EQ(b.fired(), "2");
  b.done(tx);
}

TEST(PlanEvents, OfFindingOutWhatAFlowSpeaks) {
  Bench b(
      "alert tcp any any -> any any (app-layer-event:applayer_mismatch_protocol_both_directions; sid:1;)\n");
  b.detector().on_odd_protocol(AppEvent::kOnlyOneDirection);
  b.to_server("a");
  EXPECT_EQ(b.fired(), "");
  b.detector().on_odd_protocol(AppEvent::kMismatchBothDirections);
  b.to_server("a");
  EXPECT_EQ(b.fired(), "1");
}

TEST(PlanEvents, ABytesOutsideOfTheStreamAreLookedAtInTheirPacket) {
  Bench b("alert tcp any any -> any any (content:\"evil\"; sid:1;)\n");
  const Packet p = b.make(Direction::kToServer, "so evil");
  b.detector().on_packet(p, &b.flow, true);
  b.detector().end_packet(p, &b.flow);
  EXPECT_EQ(b.fired(), "1");
}

}  // namespace
}  // namespace picket::rules
