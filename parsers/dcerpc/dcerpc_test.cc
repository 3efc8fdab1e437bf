// DCE/RPC over TCP, and the keywords. Calls over named pipes: parsers/smb/smb_test.cc.
#include "parsers/dcerpc/dcerpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/smb/smb_test_data.h"
#include "tests/support/parser_harness.h"

namespace picket::dcerpc {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using namespace picket::smb::wire;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kUp = Direction::kToServer;
constexpr std::string_view kUuid = "367abb81-9844-35f1-ad32-98f038001003";

const Call& call(const Transaction& tx) { return static_cast<const Message&>(tx).call; }

HarnessOptions options() {
  HarnessOptions o;
  o.describe = [](const Transaction& tx) {
    const Call& c = call(tx);
    std::string out = std::to_string(c.id) + " " +
                      (c.request.seen ? std::string(pdu_name(c.request.type)) : "-") + " " +
                      (c.reply.seen ? std::string(pdu_name(c.reply.type)) : "-");
    if (c.is_request())
      out += " op " + std::to_string(c.opnum) + (c.has_interface && c.interface.accepted() ? " known" : "");
    for (std::size_t i = 0; i < c.interface_count(); ++i)
      out += " v" + std::to_string(c.interface_at(i).major) + " result " +
             std::to_string(c.interface_at(i).result);
    return out + " [" + picket::testing::printable(c.request.stub.view()) + "|" +
           picket::testing::printable(c.reply.stub.view()) + "]";
  };
  return o;
}
std::vector<std::string> lines(const Conversation& talk, HarnessOptions o = options()) {
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk, o), "");
  return run(kSpec, talk, o);
}

const Conversation kTalk = {
    to_server(rpc_bind(1, 0)),
    to_client(rpc_bind_ack(1)),
    to_server(rpc_request(2, 1, 15, "ab") + rpc_request(2, 0, 15, "cd") + rpc_request(2, 2, 15, "ef")),
    to_client(rpc_response(2, "gh", 1) + rpc_response(2, "ij", 2)),
};

TEST(Dcerpc, PairsCallsAndJoinsTheirFragments) {
  EXPECT_THAT(lines(kTalk), ElementsAre("tx 0 req rep 1 BIND BINDACK v2 result 0 [|]",
                                        "tx 1 req rep 2 REQUEST RESPONSE op 15 known [abcdef|ghij]"));
}

TEST(Dcerpc, ByteOrderIsTheSenders) {
  const std::string big = from_hex("0500 00 03 00000000 001a 0000 00000007 00000002 0000 000f 6162");
  EXPECT_THAT(lines({to_server(big)}),
              ElementsAre("tx 0 req events=unknown_context 7 REQUEST - op 15 [ab|]"));
}

TEST(Dcerpc, WhatProvesTheSenderIsNoStub) {
  // Two bytes of padding, then the trailer that says so, then the token.
  const std::string body =
      le(4, 4) + le(0, 2) + le(9, 2) + "stub__" + from_hex("0a05 02 00 01000000") + "TOKN";
  EXPECT_THAT(lines({to_server(rpc(0, 3, 1, body, 4))}),
              ElementsAre("tx 0 req events=unknown_context 1 REQUEST - op 9 [stub|]"));
}

TEST(Dcerpc, ARejectedInterfaceIsNotKnown) {
  EXPECT_THAT(
      lines({to_server(rpc_bind(1, 0)), to_client(rpc_bind_ack(1, 2)), to_server(rpc_request(2, 3, 15, ""))}),
      ElementsAre("tx 0 req rep 1 BIND BINDACK v2 result 2 [|]", "tx 1 req 2 REQUEST - op 15 [|]"));
}

TEST(Dcerpc, ABindWithoutTheFlagOfAFirstFragmentDefinesNothing) {
  EXPECT_THAT(lines({to_server(rpc_bind(1, 0, kSvcctl, 0)), to_client(rpc_bind_ack(1)),
                     to_server(rpc_request(2, 3, 15, ""))}),
              ElementsAre("tx 0 req rep events=bind_without_first_fragment 1 BIND BINDACK [|]",
                          "tx 1 req events=unknown_context 2 REQUEST - op 15 [|]"));
}

TEST(Dcerpc, StubsAreKeptUpToALimit) {
  HarnessOptions o = options();
  o.limits["max-stub-size"] = 1024;
  ParserRun r(kSpec, o);
  r.feed(kUp, rpc_request(1, 1, 3, std::string(1000, 'x')) + rpc_request(1, 2, 3, std::string(1000, 'x')));
  r.close();
  EXPECT_EQ(r.events().at("stub_too_large"), 1U);
  EXPECT_THAT(r.lines(), ElementsAre(HasSubstr("[" + std::string(1024, 'x') + "|]")));
}

TEST(Dcerpc, TooManyOpenCallsGiveTheOldestUp) {
  HarnessOptions o = options();
  o.limits["max-tx"] = 2;
  ParserRun r(kSpec, o);
  for (std::uint32_t i = 0; i < 5; ++i) r.feed(kUp, rpc_request(i, 3, 3, ""));
  EXPECT_EQ(r.events().at("too_many_calls"), 3U);
  r.close();
  EXPECT_THAT(r.violations(), ElementsAre());
  EXPECT_EQ(r.lines().size(), 5U);
}

TEST(Dcerpc, BadFragmentsEndNothing) {
  const Conversation talk = {
      to_server(rpc_bind(1, 0) + "nonsense, not a fragment at all" + rpc_request(2, 3, 15, "x"))};
  EXPECT_THAT(lines(talk), ElementsAre("event > malformed_pdu", "tx 0 req 1 BIND - v2 result 0 [|]",
                                       "tx 1 req 2 REQUEST - op 15 [x|]"));
}

TEST(Dcerpc, BehindAGapTheNextFragmentIsFound) {
  const Conversation talk = {to_server(rpc_request(1, 3, 1, "abcdef").substr(0, 20)), gap(kUp, 3),
                             to_server("??" + rpc_request(2, 3, 15, "x"))};
  EXPECT_THAT(lines(talk),
              ElementsAre("event > gap", "tx 0 req events=unknown_context 2 REQUEST - op 15 [x|]"));
}

TEST(Dcerpc, WrongDirectionsAreNamed) {
  EXPECT_THAT(lines({to_client(rpc_request(1, 3, 1, ""))}), ElementsAre("event < wrong_direction"));
}

TEST(Dcerpc, IsKnownByItsFirstBytes) {
  const auto ask = [](std::string_view first, Direction dir) {
    return probe(Transport::kTcp, dir, as_bytes(first));
  };
  EXPECT_EQ(ask(rpc_bind(1, 0), kUp), Probe::kYes);
  EXPECT_EQ(ask(rpc_bind(1, 0), Direction::kToClient), Probe::kNo);
  EXPECT_EQ(ask(rpc_bind_ack(1), Direction::kToClient), Probe::kYes);
  EXPECT_EQ(ask(std::string_view("\5\0\x0b\3\x10\0\0\0", 8), kUp), Probe::kUnsure);
  EXPECT_EQ(ask(std::string_view("\5\1\0", 3), kUp), Probe::kUnsure) << "SOCKS begins like this, too";
  EXPECT_EQ(ask(std::string_view("\5\0\x0b\3\x10\0\0\0\x0f\0", 10), kUp), Probe::kNo)
      << "shorter than its header";
}

// Keywords.

class Keywords : public ::testing::Test {
 protected:
  Keywords() : pool_(1 << 20), message_(pool_) {
    Call& c = message_.call;
    c.request.seen = true;
    c.request.type = 0;
    c.opnum = 15;
    c.has_interface = true;
    const std::string uuid = from_hex("367abb81984435f1ad3298f038001003");
    std::copy(uuid.begin(), uuid.end(), c.interface.uuid.begin());
    c.interface.major = 2;
    c.interface.answered = true;
  }
  static const Call* of(const Transaction& tx) { return &call(tx); }
  bool iface(const std::string& argument) {
    const auto m = parse_iface(argument, of);
    EXPECT_TRUE(m.has_value()) << argument;
    return m.has_value() && m.value()->match(message_, kUp);
  }
  bool opnum(const std::string& argument) {
    const auto m = parse_opnum(argument, of);
    EXPECT_TRUE(m.has_value()) << argument;
    return m.has_value() && m.value()->match(message_, kUp);
  }

  Pool pool_;
  Message message_;
};

TEST_F(Keywords, InterfacesByUuidAndVersion) {
  const std::string uuid(kUuid);
  EXPECT_TRUE(iface(uuid));
  EXPECT_TRUE(iface(uuid + ",>1"));
  EXPECT_TRUE(iface(uuid + ", =2, any_frag"));
  EXPECT_TRUE(iface(uuid + ",!3,any_frag"));
  EXPECT_FALSE(iface(uuid + ",<2"));
  EXPECT_FALSE(iface("467abb81-9844-35f1-ad32-98f038001003"));
  message_.call.interface.result = 2;
  EXPECT_FALSE(iface(uuid)) << "the server would not have it";
}

TEST_F(Keywords, OperationsByNumberAndRange) {
  EXPECT_TRUE(opnum("15"));
  EXPECT_TRUE(opnum("1, 10-20"));
  EXPECT_FALSE(opnum("14,16-17"));
  message_.call.request.type = static_cast<std::uint8_t>(Pdu::kBind);
  EXPECT_FALSE(opnum("15")) << "a bind has none";
}

TEST_F(Keywords, SayWhatIsWrong) {
  EXPECT_THAT(parse_iface("12", of).error().message, HasSubstr("'12' is no UUID"));
  EXPECT_THAT(parse_iface(std::string(kUuid) + ",2", of).error().message,
              HasSubstr("expected <N, >N, =N, !N"));
  EXPECT_THAT(parse_iface(std::string(kUuid) + ",>70000", of).error().message, HasSubstr("'>70000'"));
  EXPECT_THAT(parse_opnum("", of).error().message, HasSubstr("expected N or N-M"));
  EXPECT_THAT(parse_opnum("20-10", of).error().message, HasSubstr("'20-10'"));
  EXPECT_THAT(parse_opnum("65536", of).error().message, HasSubstr("'65536'"));
}

}  // namespace
}  // namespace picket::dcerpc
