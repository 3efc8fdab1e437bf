// DCE/RPC in datagrams.
#include "parsers/dcerpc/datagram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::dcerpc {
namespace {

using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

constexpr std::string_view kPnio =
    "0100a0de976cd1118271 00a02442df7d";  // as a little-endian machine sends it

/// A PDU of a little-endian machine, in whose activity only the last byte differs.
std::string pdu(std::uint8_t type, std::uint8_t flags, std::uint32_t sequence, std::string_view body,
                std::uint16_t fragment = 0, std::uint8_t activity = 1) {
  const auto le16 = [](std::uint32_t v) {
    return std::string{static_cast<char>(v), static_cast<char>(v >> 8)};
  };
  const auto one = [](std::uint8_t v) { return std::string(1, static_cast<char>(v)); };
  return from_hex("04") + one(type) + one(flags) + from_hex("00 100000 00") + std::string(16, 'o') +
         from_hex(kPnio) + std::string(15, 'a') + one(activity) + from_hex("00000000 01000200") +
         le16(sequence) + le16(sequence >> 16) + le16(5) + from_hex("ffffffff") +
         le16(static_cast<std::uint32_t>(body.size())) + le16(fragment) + from_hex("0000") +
         std::string(body);
}

HarnessOptions options() {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  o.describe = [](const Transaction& tx) {
    const Call& c = static_cast<const Message&>(tx).call;
    return std::to_string(c.id) + " " + (c.request.seen ? std::string(pdu_name(c.request.type)) : "-") + " " +
           (c.reply.seen ? std::string(pdu_name(c.reply.type)) : "-") + " op " + std::to_string(c.opnum) +
           " v" + std::to_string(c.interface.major) + "." + std::to_string(c.interface.minor) + " [" +
           picket::testing::printable(c.request.stub.view()) + "|" +
           picket::testing::printable(c.reply.stub.view()) + "]";
  };
  return o;
}
std::vector<std::string> lines(const Conversation& talk) {
  EXPECT_EQ(check_every_truncation(kSpec, talk, options()), "");
  return run(kSpec, talk, options());
}

TEST(Datagrams, PairsByActivityAndNumber) {
  EXPECT_THAT(lines({to_server(pdu(0, 0, 7, "one")), to_server(pdu(0, 0, 7, "two", 0, 2)),
                     to_client(pdu(2, 0, 7, "second", 0, 2)), to_client(pdu(3, 0, 7, "first"))}),
              ElementsAre("tx 1 req rep 7 REQUEST RESPONSE op 5 v1.2 [two|second]",
                          "tx 0 req rep 7 REQUEST FAULT op 5 v1.2 [one|first]"));
}

TEST(Datagrams, JoinsFragmentsInTheirOrder) {
  EXPECT_THAT(
      lines({to_server(pdu(0, 4, 1, "ab", 0)), to_server(pdu(0, 4, 1, "ef", 2)),
             to_server(pdu(0, 4, 1, "ab", 0)), to_server(pdu(0, 4, 1, "cd", 1)),
             to_client(pdu(9, 0, 1, "", 1)), to_server(pdu(0, 6, 1, "ef", 2)), to_client(pdu(2, 0, 1, "r"))}),
      ElementsAre("tx 0 req rep events=missing_fragment 1 REQUEST RESPONSE op 5 v1.2 [abcdef|r]"));
}

TEST(Datagrams, MaybeAndPingsWaitForNothing) {
  EXPECT_THAT(lines({to_server(pdu(1, 0, 1, "")), to_server(pdu(0, 0x10, 2, "x"))}),
              ElementsAre("tx 0 req 2 REQUEST - op 5 v1.2 [x|]"));
}

TEST(Datagrams, ASideIsToldByTypeAlone) {
  EXPECT_THAT(lines({to_server(pdu(0, 0, 3, "q")), to_server(pdu(2, 0, 3, "a"))}),
              ElementsAre("tx 0 req rep 3 REQUEST RESPONSE op 5 v1.2 [q|a]"));
}

TEST(Datagrams, ByteOrderIsTheSendersButForTheActivity) {
  std::string big = from_hex("04 00 00 00 000000 00") + std::string(16, 'o') +
                    from_hex("dea000016c9711d1827100a02442df7d 000102030405060708090a0b0c0d0e0f") +
                    from_hex("00000000 00020001 00000009 0003 ffffffff 0002 0000 0000") + "hi";
  HarnessOptions o = options();
  std::string activity, interface;
  o.describe = [&](const Transaction& tx) {
    const Call& c = static_cast<const Message&>(tx).call;
    activity.assign(c.activity.begin(), c.activity.end());
    interface.assign(c.interface.uuid.begin(), c.interface.uuid.end());
    return std::to_string(c.id) + " op " + std::to_string(c.opnum) + " v" +
           std::to_string(c.interface.major) + "." + std::to_string(c.interface.minor);
  };
  EXPECT_THAT(run(kSpec, {to_server(big)}, o), ElementsAre("tx 0 req 9 op 3 v1.2"));
  EXPECT_EQ(interface, from_hex("dea000016c9711d1827100a02442df7d"));
  EXPECT_EQ(activity, from_hex("030201000504070608090a0b0c0d0e0f"));
}

TEST(Datagrams, TheOldestCallGoesAtTheLimit) {
  HarnessOptions o = options();
  o.limits["max-tx"] = 2;
  ParserRun r(kSpec, o);
  for (std::uint32_t i = 0; i < 4; ++i) r.feed(Direction::kToServer, pdu(0, 0, i, ""));
  EXPECT_EQ(r.events().at("too_many_calls"), 2U);
  r.close();
  EXPECT_THAT(r.violations(), ElementsAre());
  EXPECT_EQ(r.lines().size(), 4U);
}

TEST(Datagrams, AreKnownByTheirHeader) {
  const auto ask = [](std::string d, Direction dir) { return probe(Transport::kUdp, dir, as_bytes(d)); };
  const std::string request = pdu(0, 0, 1, "body");
  EXPECT_EQ(ask(request, Direction::kToServer), Probe::kYes);
  EXPECT_EQ(ask(request, Direction::kToClient), Probe::kNo);
  EXPECT_EQ(ask(pdu(2, 0, 1, ""), Direction::kToClient), Probe::kYes);
  EXPECT_EQ(ask(request.substr(0, request.size() - 1), Direction::kToServer), Probe::kNo) << "cut short";
  EXPECT_EQ(ask(request.substr(0, 79), Direction::kToServer), Probe::kNo);
  for (const auto& [at, value] :
       {std::pair{0U, '\5'}, {1U, '\x0b'}, {2U, '\x80'}, {3U, '\x04'}, {4U, '\x20'}, {5U, '\x04'}}) {
    std::string bad = request;
    bad[at] = value;
    EXPECT_EQ(ask(bad, Direction::kToServer), Probe::kNo) << at;
  }
}

TEST(Datagrams, WhatOnlyBeginsLikeOneIsNone) {
  const auto ask = [](std::string d) { return probe(Transport::kUdp, Direction::kToServer, as_bytes(d)); };
  const std::string request = pdu(0, 0, 1, "body");
  EXPECT_EQ(ask(request + "more"), Probe::kNo) << "bytes behind the body, and no verifier";
  std::string verified = request + "more";
  verified[78] = '\x0a';
  EXPECT_EQ(ask(verified), Probe::kYes);
  EXPECT_EQ(ask(pdu(0, 0, 1, "body", 3)), Probe::kNo) << "a number of a fragment, in no fragment";
  EXPECT_EQ(ask(pdu(0, 4, 1, "body", 3)), Probe::kYes);
  for (const std::size_t at : {24U, 40U}) {
    std::string nothing = request;
    nothing.replace(at, 16, std::string(16, '\0'));
    EXPECT_EQ(ask(nothing), Probe::kNo) << at;
  }
  std::string reserved = request;
  reserved[6] = '\1';
  EXPECT_EQ(ask(reserved), Probe::kNo);
}

}  // namespace
}  // namespace picket::dcerpc
