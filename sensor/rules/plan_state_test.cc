// What rules remember beside flowbits: variables, bits of transactions, tags; and what they keep from records.
#include <gtest/gtest.h>

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
