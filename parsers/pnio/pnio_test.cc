#include "parsers/pnio/pnio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::pnio {
namespace {

using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

const std::string kIdentifyAll = from_hex("fefe 05 00 01000001 0001 0004 ff ff 0000");
// Type of station "ET200", name "pump-1", ids 002a 0301, role IO device, IP 192.168.0.2/24 by way of .1, set.
const std::string kIdentified = from_hex(
    "feff 05 01 01000001 0000 0034 0201 0007 0000 4554323030 00  0202 0008 0000 70756d702d31  0203 0006 0000 "
    "002a 0301"
    " 0102 000e 0001 c0a80002 ffffff00 c0a80001");
const std::string kSetName =
    from_hex("fefd 04 00 01000002 0000 0012 0202 0008 0001 70756d702d32 0502 0002 0001");
const std::string kSetDone =
    from_hex("fefd 04 01 01000002 0000 0010 0504 0003 0202 00 00 0504 0003 0502 00 00");
const std::string kSetIp =
    from_hex("fefd 04 00 01000003 0000 0012 0102 000e 0000 c0a80009 ffffff00 00000000");
const std::string kSetRefused = from_hex("fefd 04 01 01000003 0000 0008 0504 0003 0102 06 00");
const std::string kGet = from_hex("fefd 03 00 01000004 0000 0004 0102 0202");
const std::string kGot = from_hex("fefd 03 01 01000004 0000 000c 0202 0008 0000 70756d702d31");

HarnessOptions told() {
  HarnessOptions o;
  o.transport = Transport::kEthernet;
  o.describe = [](const Transaction& tx) {
    const auto& x = static_cast<const Exchange&>(tx);
    return std::string(x.operation->name) + (x.failed ? ", failed" : "");
  };
  return o;
}

TEST(Pnio, PairsWhatWasAskedOfOneDevice) {
  EXPECT_THAT(
      run(kSpec,
          {to_server(kSetName), to_client(kSetDone), to_server(kGet), to_server(kSetIp),
           to_client(kSetRefused), to_client(kGot), to_client(kGot)},
          told()),
      ElementsAre("tx 0 req rep set name of station", "tx 2 req rep set IP parameter, failed",
                  "tx 1 req rep get parameters", "tx 3 rep events=unsolicited_response get parameters"));
}

TEST(Pnio, LetsMulticastsStandAlone) {
  EXPECT_THAT(run(kSpec, {to_server(kIdentifyAll)}, told()), ElementsAre("tx 0 req identify all devices"));
  EXPECT_THAT(run(kSpec, {to_client(kIdentified)}, told()), ElementsAre("tx 0 rep answer to identify"));
  HarnessOptions all;
  all.transport = Transport::kEthernet;
  EXPECT_THAT(run(kSpec, {to_client(kIdentified)}, all),
              ElementsAre(::testing::HasSubstr("pnio.station_name=pump-1 pnio.vendor=ET200 pnio.data=ET200 "
                                               "pnio.data=pump-1 pnio.data=\\x00*\\x03\\x01")));
}

TEST(Pnio, NamesWhatIsDone) {
  const auto set = [](std::string_view block) {
    std::string s = from_hex("fefd 04 00 00000001 0000 00");
    const std::string b = from_hex(block);
    return to_server(s + static_cast<char>(b.size()) + b);
  };
  EXPECT_THAT(run(kSpec,
                  {set("0503 0004 0000 0100"), set("0506 0002 0008"), set("0505 0002 0000"),
                   set("0501 0002 0000 0206 0004 0001 6162"), set("033d 0003 0001 01 00")},
                  told()),
              ElementsAre("tx 0 req flash signal", "tx 1 req events=duplicate_xid reset to factory settings",
                          "tx 2 req events=duplicate_xid reset to factory settings",
                          "tx 3 req events=duplicate_xid set parameter",
                          "tx 4 req events=duplicate_xid set DHCP options"));
}

TEST(Pnio, GoesOnAfterWhatIsMalformed) {
  std::string long_length = kSetName, long_block = kSetName, odd = kSetIp;
  long_length[11] = 0x7f;
  long_block[15] = 0x7f;
  odd[15] = 0x0c;
  EXPECT_THAT(run(kSpec,
                  {to_server(std::string("\xfe\xfd\x04", 3)), to_server(long_length), to_server(long_block),
                   to_server(odd),
                   to_server(from_hex("8000 0102030405060708090a")),  // cyclic data between
                   to_server(kGet), to_client(kGot)},
                  told()),
              ElementsAre("event > invalid_header", "tx 3 req rep get parameters",
                          "tx 0 req events=invalid_length set name of station",
                          "tx 1 req events=invalid_block,duplicate_xid begin or end of a set",
                          "tx 2 req events=invalid_block,invalid_value set IP parameter"));
}

TEST(Pnio, GivesUpWhatWaitsForTooLong) {
  HarnessOptions o = told();
  o.step_ns = 11'000'000'000;
  EXPECT_THAT(run(kSpec, {to_server(kGet), to_client(kGot)}, o),
              ElementsAre("tx 0 req events=no_response get parameters",
                          "tx 1 rep events=unsolicited_response get parameters"));
  HarnessOptions few = told();
  few.limits["request-flood"] = 1;
  EXPECT_THAT(run(kSpec, {to_server(kGet), to_server(kSetIp)}, few),
              ElementsAre("tx 0 req events=flooded get parameters", "tx 1 req set IP parameter"));
}

TEST(Pnio, KnowsWhoAsks) {
  const auto asked = [](Direction dir, const std::string& s) {
    return probe(Transport::kEthernet, dir, as_bytes(s));
  };
  EXPECT_EQ(asked(Direction::kToServer, kGet), Probe::kYes);
  EXPECT_EQ(asked(Direction::kToServer, kGot), Probe::kNo);
  EXPECT_EQ(asked(Direction::kToClient, kGot), Probe::kYes);
  EXPECT_EQ(asked(Direction::kToServer, "\x80\x01"), Probe::kYes)
      << "cyclic data come first, and hide nothing";
}

TEST(Pnio, EndsWhereBytesEnd) {
  EXPECT_EQ(check_every_truncation(kSpec, {to_server(kSetName), to_client(kSetDone), to_client(kIdentified)},
                                   told()),
            "");
}

}  // namespace
}  // namespace picket::pnio
