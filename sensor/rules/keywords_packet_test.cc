#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(PacketNumbers, EveryKeyword) {
  const std::pair<std::string_view, PacketField> cases[] = {
      {"ttl:1", PacketField::kTtl},
      {"id:13330", PacketField::kIpId},
      {"ip_proto:41", PacketField::kIpProto},
      {"tos:!8", PacketField::kTos},
      {"fragoffset:>0", PacketField::kFragOffset},
      {"dsize:>11", PacketField::kDsize},
      {"itype:8", PacketField::kIcmpType},
      {"icode:0", PacketField::kIcmpCode},
      {"icmp_id:512", PacketField::kIcmpId},
      {"icmp_seq:1", PacketField::kIcmpSeq},
      {"icmpv6.mtu:<1280", PacketField::kIcmp6Mtu},
      {"seq:0", PacketField::kTcpSeq},
      {"tcp.seq:0", PacketField::kTcpSeq},
      {"ack:0", PacketField::kTcpAck},
      {"tcp.ack:5", PacketField::kTcpAck},
      {"window:!55808", PacketField::kTcpWindow},
      {"tcp.window:1", PacketField::kTcpWindow},
      {"tcp.mss:<536", PacketField::kTcpMss},
      {"igmp.type:0x11", PacketField::kIgmpType},
      {"vlan.layers:2", PacketField::kVlanLayers},
      {"flow.age:>20", PacketField::kFlowAgeSeconds},
      {"flow.pkts_toclient:3", PacketField::kFlowPacketsToClient},
      {"flow.bytes_toserver:>1kb", PacketField::kFlowBytesToServer},
      {"flow.pkts:toserver,>3", PacketField::kFlowPacketsToServer},
      {"flow.bytes:both,9", PacketField::kFlowBytes},
  };
  for (const auto& [option, field] : cases)
    EXPECT_EQ(with(std::string(option) + ";").packet_test<PacketNumber>().field, field) << option;
  EXPECT_EQ(with("ip_proto:GRE;").packet_test<PacketNumber>().test.lo, 47U);
  EXPECT_TRUE(with("ip_proto:!tcp;").packet_test<PacketNumber>().test.negated);
}

TEST(TcpFlags, AllForms) {
  struct Case {
    std::string_view text;
    TcpFlags::Mode mode;
    std::uint8_t bits, ignored;
  };
  const Case cases[] = {
      {"S", TcpFlags::Mode::kExactly, 0x02, 0},       {"SA", TcpFlags::Mode::kExactly, 0x12, 0},
      {"S,12", TcpFlags::Mode::kExactly, 0x02, 0xc0}, {" S,12", TcpFlags::Mode::kExactly, 0x02, 0xc0},
      {"RSF*", TcpFlags::Mode::kAnyOf, 0x07, 0},      {"+A", TcpFlags::Mode::kAtLeast, 0x10, 0},
      {"A+", TcpFlags::Mode::kAtLeast, 0x10, 0},      {"!S", TcpFlags::Mode::kNoneOf, 0x02, 0},
      {"0", TcpFlags::Mode::kExactly, 0, 0},          {"S,CE", TcpFlags::Mode::kExactly, 0x02, 0xc0},
      {"FPU", TcpFlags::Mode::kExactly, 0x29, 0},     {"s", TcpFlags::Mode::kExactly, 0x02, 0},
  };
  for (const auto& c : cases) {
    const auto rule = with("flags:" + std::string(c.text) + ";");
    const auto& f = rule.packet_test<TcpFlags>();
    EXPECT_EQ(f.mode, c.mode) << c.text;
    EXPECT_EQ(f.bits, c.bits) << c.text;
    EXPECT_EQ(f.ignored, c.ignored) << c.text;
  }
}

TEST(PacketTests, OtherHeaders) {
  EXPECT_EQ(with("fragbits:MD+;").packet_test<FragBits>().bits, 3);
  EXPECT_EQ(with("fragbits:!R;").packet_test<FragBits>().mode, TcpFlags::Mode::kNoneOf);
  EXPECT_EQ(with("ipopts:lsrr;").packet_test<IpOptions>().type, 131);
  EXPECT_EQ(with("ipopts:any;").packet_test<IpOptions>().type, 0xff);
  EXPECT_EQ(with("sameip;")->packet_tests.size(), 1U);
  EXPECT_FALSE(with("tcpv4-csum:invalid;").packet_test<Checksum>().valid);
  EXPECT_EQ(with("vlan.id:200,1;").packet_test<VlanId>().layer, 1);
  EXPECT_EQ(with("vlan.id:200;").packet_test<VlanId>().layer, -1);
}

TEST(PacketTests, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"flags:X;", "'X' is no TCP flag (F S R P A U E C 0)"},
      {"flags:+S*;", "only one of + * ! may stand here"},
      {"flags:,12;", "which flags?"},
      {"fragbits:S;", "'S' is no fragment bit (M D R)"},
      {"ipopts:zz;",
       "'zz' is no IP option; use rr, lsrr, eol, nop, ts, sec, esec, ssrr, satid, cipso, qs, rtralt or any"},
      {"sameip:1;", "keyword 'sameip' takes no argument"},
      {"ttl:256;", "'256' is not a number (largest: 255)"},
      {"ip_proto:foo;", "'foo' is not a number or a known name (largest: 255)"},
      {"ipv4-csum:maybe;", "ipv4-csum must be valid or invalid"},
      {"vlan.id:1,9;", "vlan.id's layer is any or 0 to 2"},
      {"vlan.id:5000;", "'5000' is not a number (largest: 4095)"},
      {"flow.pkts:up,3;", "expected toserver, toclient or both"},
      {"itype;", "keyword 'itype' needs an argument"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
}

}  // namespace
}  // namespace picket::rules
