#include "parsers/lldp/lldp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::lldp {
namespace {

using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::run;
using picket::testing::to_server;
using ::testing::ElementsAre;

constexpr std::string_view kChassis = "0207 04 001122334455 ", kPort = "0405 05 65746830 ",
                           kTtl = "0602 0078 ", kEnd = "0000";

std::string frame(std::initializer_list<std::string_view> tlvs) {
  std::string all;
  for (const std::string_view t : tlvs) all += t;
  return from_hex(all);
}

HarnessOptions told(bool all = false) {
  HarnessOptions o;
  o.transport = Transport::kEthernet;
  if (all) return o;
  o.describe = [](const Transaction& tx) {
    const auto& m = static_cast<const Message&>(tx);
    return std::string(status_name(m.status)) + " ttl " + std::to_string(m.ttl);
  };
  return o;
}

const std::string kFull =
    frame({kChassis, kPort, kTtl, "0804 75706c6b ", "0a03 737731 ", "0c05 4c696e7578 ", "0e04 0014 0004 ",
           "100c 05 01 0a000001 02 00000003 00 ", "fe06 0080c2 01 0064 ", "fe09 00120f 01 03 6c01 0010 ",
           "fe07 0012bb 01 0033 03 ", "fe08 0012bb 02 01 40c96e ", "fe06 0012bb 08 5331 ",
           "fe06 0012bb 0a 4d31 ", "fe06 abcdef 01 0102 ", kEnd, "000000000000"});

TEST(Lldp, ReadsWhatStationsSay) {
  EXPECT_THAT(run(kSpec, {to_server(kFull)}, told(true)),
              ElementsAre(::testing::AllOf(
                  ::testing::StartsWith(
                      "tx 0 req lldp.chassis_id=00:11:22:33:44:55 lldp.port_id=eth0 "
                      "lldp.port_description=uplk lldp.system_name=sw1 lldp.system_description=Linux "
                      "lldp.capability=bridge lldp.management_address=10.0.0.1 lldp.serial_number=S1 "
                      "lldp.model=M1 lldp.pdu="),
                  ::testing::EndsWith(" lldp.ttl=120 lldp.status=0 lldp.tlv_count=15 lldp.port_vlan=100"))));
}

TEST(Lldp, TellsWhatChanged) {
  const std::string first = frame({kChassis, kPort, kTtl, kEnd}),
                    renamed = frame({kChassis, kPort, kTtl, "0a01 78", kEnd}),
                    other = frame({kChassis, "0405 05 65746831 ", kTtl, kEnd}),
                    gone = frame({kChassis, kPort, "0602 0000", kEnd});
  EXPECT_THAT(run(kSpec,
                  {to_server(first), to_server(first), to_server(renamed), to_server(other), to_server(gone),
                   to_server(first)},
                  told()),
              ElementsAre("tx 0 req new ttl 120", "tx 1 req refreshed ttl 120", "tx 2 req changed ttl 120",
                          "tx 3 req events=identity_changed changed ttl 120", "tx 4 req shutdown ttl 0",
                          "tx 5 req new ttl 120"));
}

TEST(Lldp, TellsWhatIsThereDespiteOfWhatIsWrong) {
  EXPECT_THAT(
      run(kSpec,
          {to_server(frame({kChassis, kPort, kTtl, "0aff 41"})),  // a name longer than the frame
           to_server(frame({kChassis, kTtl, kPort, kEnd})),       // out of order
           to_server(frame({kChassis, kPort, "0a01 41", kEnd})),  // no time to live
           to_server(frame({kChassis, kPort, kTtl, kTtl})),       // twice, and no end
           to_server(frame({"0204 04 001122", kPort, kTtl, "0e02 0014", kEnd})),  // half a MAC address
           to_server("\x02")},
          told()),
      ElementsAre("tx 0 req events=invalid_tlv new ttl 120", "tx 1 req events=wrong_order changed ttl 120",
                  "tx 2 req events=missing_tlv changed ttl 0",
                  "tx 3 req events=wrong_order,duplicate_tlv,no_end changed ttl 120",
                  "tx 4 req events=invalid_value,identity_changed changed ttl 120",
                  "tx 5 req events=invalid_tlv,missing_tlv changed ttl 0"));
}

TEST(Lldp, WritesIds) {
  std::array<char, 64> room;
  const auto id = [&](std::string_view hex, bool of_port) {
    const std::string bytes = from_hex(hex);
    return std::string(as_text(id_text(as_bytes(bytes), of_port, room)));
  };
  EXPECT_EQ(id("05 01 c0a80001", false), "192.168.0.1");
  EXPECT_EQ(id("05 02 fe80000000000000 0000000000000001", false), "fe80:0:0:0:0:0:0:1");
  EXPECT_EQ(id("03 0a0b0c0d0e0f", true), "0a:0b:0c:0d:0e:0f");
  EXPECT_EQ(id("07 706f7274", true), "port");
  EXPECT_EQ(id("04", true), "");
}

TEST(Lldp, EndsWhereBytesEnd) {
  EXPECT_EQ(check_every_truncation(kSpec, {to_server(kFull), to_server(kFull)}, told()), "");
}

}  // namespace
}  // namespace picket::lldp
