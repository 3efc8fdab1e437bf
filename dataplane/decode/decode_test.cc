#include "dataplane/decode/decode.h"

#include <gtest/gtest.h>

#include "dataplane/decode/arp.h"
#include "dataplane/decode/decode_testing.h"
#include "dataplane/decode/shard.h"

namespace picket {
namespace {

using namespace testing_frames;

constexpr std::uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kIcmp = 1, kIcmpv6 = 58, kGre = 47, kIpIp = 4,
                       k6in4 = 41;

/// The decoded packet; its bytes live until the end of the test, so that it may be copied.
class Decode : public testing::Test {
 protected:
  Packet decoded(const Frame& f, LinkType link = LinkType::kEthernet, const DecodeConfig& config = {}) {
    Decoded& d = kept_.emplace_back(packet_of(f, link));
    Decoder(config).decode(d.p);
    EXPECT_EQ(what_is_wrong(d.p, {d.p.data, d.p.size}), "");
    return d.p;
  }

 private:
  std::vector<Decoded> kept_;
};

const Frame kHello = text("hello");
const Frame kTcpHello = tcp(40000, 80, 0x18, {}, kHello);
const Frame kUdpHello = udp(40000, 53, kHello);

void expect_hello(const Packet& p, std::uint8_t proto, unsigned layers) {
  EXPECT_EQ(p.verdict, Verdict::kInspected);
  EXPECT_EQ(events_of(p), "");
  EXPECT_TRUE(p.has_ip && p.has_l4);
  EXPECT_EQ(p.proto, proto);
  EXPECT_EQ(p.layers, layers);
  EXPECT_EQ(as_text(p.payload), "hello");
  EXPECT_EQ(p.src_port, 40000);
}

TEST_F(Decode, TcpOverIpv4) {
  const Packet p =
      decoded(eth(0x0800, ip4(kTcp, kTcpHello, 0x4000)) + Frame(6, 0xee));  // padding is no payload
  expect_hello(p, kTcp, 1);
  EXPECT_TRUE(p.is_v4 && p.dont_fragment && p.has_mac);
  EXPECT_EQ(p.src, Address::v4(hex("0a000001").data()));
  EXPECT_EQ(p.dst, Address::v4(hex("0a000002").data()));
  EXPECT_EQ(p.ip_id, 0x1234);
  EXPECT_EQ(p.ttl, 64);
  EXPECT_EQ(p.dst_port, 80);
  EXPECT_EQ(p.tcp_seq, 0x01020304U);
  EXPECT_EQ(p.tcp_ack, 0x05060708U);
  EXPECT_EQ(p.tcp_flags, tcp_flag::kPsh | tcp_flag::kAck);
  EXPECT_EQ(p.tcp_window, 0x2000);
  EXPECT_EQ(p.tcp_wscale, 0xff);
  EXPECT_EQ(p.ethertype, 0x0800);
  EXPECT_EQ(p.dst_mac[5], 2);
  EXPECT_EQ(p.src_mac[5], 1);
}

TEST_F(Decode, TcpOptions) {
  const Frame syn = hex("02 04 05b4  04 02  08 0a 01020304 05060708  01  03 03 07");
  const Packet p = decoded(eth(0x0800, ip4(kTcp, tcp(1, 2, 2, syn, {}))));
  EXPECT_EQ(events_of(p), "");
  EXPECT_EQ(p.tcp_mss, 1460);
  EXPECT_TRUE(p.tcp_sack_ok && p.tcp_has_timestamp);
  EXPECT_EQ(p.tcp_ts_value, 0x01020304U);
  EXPECT_EQ(p.tcp_ts_echo, 0x05060708U);
  EXPECT_EQ(p.tcp_wscale, 7);
  const Packet q = decoded(eth(0x0800, ip4(kTcp, tcp(1, 2, 16, hex("01 01 08 0a 0000000a 0000000b"), {}))));
  EXPECT_TRUE(q.tcp_has_timestamp);
  EXPECT_EQ(q.tcp_ts_value, 10U);
  EXPECT_EQ(q.tcp_ts_echo, 11U);
}

TEST_F(Decode, UdpIcmpSctpOverBothFamilies) {
  expect_hello(decoded(eth(0x0800, ip4(kUdp, kUdpHello))), kUdp, 1);
  expect_hello(decoded(eth(0x86dd, ip6(kUdp, kUdpHello))), kUdp, 1);
  expect_hello(decoded(eth(0x86dd, ip6(kTcp, kTcpHello))), kTcp, 1);
  expect_hello(decoded(eth(0x0800, ip4(kSctp, be16(40000) + be16(7) + hex("00000001 00000000") + kHello))),
               kSctp, 1);

  const Packet echo = decoded(eth(0x0800, ip4(kIcmp, hex("08 00 0000 beef 0007") + kHello)));
  EXPECT_EQ(echo.icmp_type, 8);
  EXPECT_EQ(echo.icmp_id, 0xbeef);
  EXPECT_EQ(echo.icmp_seq, 7);
  EXPECT_EQ(as_text(echo.payload), "hello");
  const Packet echo6 = decoded(eth(0x86dd, ip6(kIcmpv6, hex("80 00 0000 beef 0007") + kHello)));
  EXPECT_EQ(echo6.icmp_type, 128);
  EXPECT_EQ(echo6.icmp_id, 0xbeef);
  EXPECT_EQ(echo6.src, Address::v6(hex("20010db8 00000000 00000000 00000001").data()));
}

TEST_F(Decode, VlansAndMpls) {
  const Frame ip = ip4(kTcp, kTcpHello);
  const Packet q = decoded(eth(0x88a8, vlan_tag(0x2064, 0x8100, vlan_tag(7, 0x0800, ip))));
  expect_hello(q, kTcp, 1);
  ASSERT_EQ(q.vlan_count, 2);
  EXPECT_EQ(q.vlans[0], 100);  // without priority bits
  EXPECT_EQ(q.vlans[1], 7);
  expect_hello(decoded(eth(0x8847, hex("00064040 00065140") + ip)), kTcp, 1);
  expect_hello(decoded(eth(0x8847, hex("00002140") + ip6(kUdp, kUdpHello))), kUdp,
               1);  // explicit null, IPv6
  expect_hello(decoded(eth(0x8847, hex("00065140 00000000") + eth(0x0800, ip))), kTcp, 1);  // pseudowire
  expect_hello(decoded(eth(0x8926, hex("00000000") + be16(0x0800) + ip)), kTcp, 1);         // VN-Tag
  expect_hello(decoded(eth(0x88e7, hex("00001234") + eth(0x0800, ip))), kTcp, 1);           // 802.1ah
  expect_hello(decoded(eth(0x8903, hex("0001") + eth(0x0800, ip))), kTcp, 1);               // FabricPath
  expect_hello(decoded(eth(0x892f, hex("0020 0001") + be16(0x0800) + ip)), kTcp, 1);        // HSR
  expect_hello(decoded(eth(0x894f, hex("0fc20201 00000a00") + ip4(kUdp, kUdpHello))), kUdp,
               1);  // NSH, type 2
  expect_hello(decoded(eth(0x894f, hex("0fc60103 00000a00") + Frame(16, 0) + eth(0x0800, ip))), kTcp, 1);
}

TEST_F(Decode, LinkLayers) {
  const Frame ip = ip4(kTcp, kTcpHello), six = ip6(kUdp, kUdpHello);
  expect_hello(decoded(ip, LinkType::kRawIp), kTcp, 1);
  expect_hello(decoded(six, LinkType::kRawIp), kUdp, 1);
  expect_hello(decoded(hex("02000000") + ip, LinkType::kNull), kTcp, 1);
  expect_hello(decoded(hex("0000001e") + six, LinkType::kNull), kUdp, 1);
  expect_hello(decoded(hex("00000002") + ip, LinkType::kLoop), kTcp, 1);
  expect_hello(decoded(hex("0000 0001 0006 020000000001 0000 0800") + ip, LinkType::kLinuxSll), kTcp, 1);
  expect_hello(decoded(hex("86dd 0000 00000002 0001 00 06 020000000001 0000") + six, LinkType::kLinuxSll2),
               kUdp, 1);
  expect_hello(decoded(hex("ff03 0021") + ip, LinkType::kPpp), kTcp, 1);
  expect_hello(decoded(hex("21") + ip, LinkType::kPpp), kTcp, 1);  // both fields compressed
  expect_hello(decoded(hex("0f00 0800") + ip, LinkType::kCiscoHdlc), kTcp, 1);
  expect_hello(decoded(hex("8f00 86dd") + six, LinkType::kPpp), kUdp, 1);  // HDLC where PPP was promised
  EXPECT_EQ(decoded(ip, LinkType::kUnknown).verdict, Verdict::kUnsupported);
}

TEST_F(Decode, Tunnels) {
  const Frame ip = ip4(kTcp, kTcpHello), six = ip6(kUdp, kUdpHello);
  const auto over4 = [&](std::uint8_t proto, const Frame& f) { return decoded(eth(0x0800, ip4(proto, f))); };
  const auto over_udp = [&](std::uint16_t port, const Frame& f) { return over4(kUdp, udp(5555, port, f)); };
  expect_hello(over4(kGre, hex("0000 0800") + ip), kTcp, 2);
  expect_hello(over4(kGre, hex("b000 6558 00000000 00000001 00000002") + eth(0x86dd, six)), kUdp,
               2);                                                                                 // C, K, S
  expect_hello(over4(kGre, hex("4000 0800 00000000 000a0004 01020304 00000000") + ip), kTcp, 2);   // a route
  expect_hello(over4(kGre, hex("3081 880b 000d0001 00000001 00000002 ff03 0021") + ip), kTcp, 2);  // PPTP
  expect_hello(over4(kIpIp, ip), kTcp, 2);
  expect_hello(over4(k6in4, six), kUdp, 2);
  expect_hello(decoded(eth(0x86dd, ip6(kIpIp, ip))), kTcp, 2);
  expect_hello(decoded(eth(0x86dd, ip6(k6in4, six))), kUdp, 2);
  expect_hello(over_udp(4789, hex("08000000 00002a00") + eth(0x0800, ip)), kTcp, 2);
  expect_hello(over_udp(6081, hex("0100 6558 00002a00 01020300") + eth(0x0800, ip)), kTcp, 2);
  expect_hello(over_udp(6081, hex("0000 86dd 00002a00") + six), kUdp, 2);
  expect_hello(over_udp(3544, six), kUdp, 2);
  expect_hello(over_udp(3544, hex("0001 02 01 aabb cc 0102030405060708 00  0000 1234 f5fffffe") + six), kUdp,
               2);
  expect_hello(over_udp(2152, hex("30 ff") + be16(ip.size()) + hex("00000001") + ip), kTcp, 2);
  expect_hello(
      over_udp(2152, hex("36 ff") + be16(ip.size() + 8) + hex("00000001 0001 00 85  01 0000 00") + ip), kTcp,
      2);

  const Packet one = over4(kGre, hex("0000 88be") + eth(0x8100, vlan_tag(999, 0x0800, ip)));  // ERSPAN I
  expect_hello(one, kTcp, 2);
  EXPECT_EQ(one.vlans[0], 999);
  const Packet two = over4(kGre, hex("1000 88be 00000001  1017 0864 00000000") + eth(0x0800, ip));
  expect_hello(two, kTcp, 2);
  ASSERT_EQ(two.vlan_count, 1);
  EXPECT_EQ(two.vlans[0], 23);
  const Packet three =
      over4(kGre, hex("1000 22eb 00000001  2017 0864 00000000 0000 0001 0000000000000000") + eth(0x0800, ip));
  expect_hello(three, kTcp, 2);
  EXPECT_EQ(three.vlans[0], 23);

  DecodeConfig off{};
  off.erspan = false;
  off.vxlan_ports = {};
  EXPECT_EQ(
      decoded(eth(0x0800, ip4(kGre, hex("0000 88be") + eth(0x0800, ip))), LinkType::kEthernet, off).layers,
      1);
  EXPECT_EQ(decoded(eth(0x0800, ip4(kUdp, udp(1, 4789, hex("08000000 00002a00") + eth(0x0800, ip)))),
                    LinkType::kEthernet, off)
                .dst_port,
            4789);
}

TEST_F(Decode, WhatIsNoTunnelStaysUdp) {
  for (const std::uint16_t port : {4789, 6081, 3544, 2152}) {
    const Packet p = decoded(eth(0x0800, ip4(kUdp, udp(40000, port, kHello))));
    expect_hello(p, kUdp, 1);
    EXPECT_EQ(p.dst_port, port);
  }
}

TEST_F(Decode, InnerThatIsNotIpLeavesTheOuter) {
  const Frame arp = hex("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002");
  const Packet p =
      decoded(eth(0x0800, ip4(kUdp, udp(40000, 4789, hex("08000000 00002a00") + eth(0x0806, arp)))));
  EXPECT_EQ(p.verdict, Verdict::kInspected);
  EXPECT_EQ(p.dst_port, 4789);
  EXPECT_TRUE(p.has_l4);
  EXPECT_EQ(p.payload.size(), 8 + 14 + arp.size());
  // Malformed inside: an error, told with the addresses around it.
  const Packet bad = decoded(eth(0x0800, ip4(kIpIp, hex("45000001"))));
  EXPECT_EQ(bad.verdict, Verdict::kDecodeError);
  EXPECT_EQ(bad.layers, 1);
  EXPECT_EQ(events_of(bad), "ipv4.pkt_too_small");
}

TEST_F(Decode, InnerWithoutL4HasNoPortsOfTheOuter) {
  const Packet p = decoded(
      eth(0x0800, ip4(kUdp, udp(40000, 4789, hex("08000000 00002a00") + eth(0x0800, ip4(89, kHello))))));
  EXPECT_EQ(p.layers, 2);
  EXPECT_EQ(p.proto, 89);
  EXPECT_FALSE(p.has_l4);
  EXPECT_EQ(p.src_port, 0);
  EXPECT_EQ(as_text(p.payload), "hello");
}

TEST_F(Decode, WithoutIp) {
  const Frame arp = hex("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002");
  const Packet d = decoded(eth(0x0806, arp));
  EXPECT_EQ(d.verdict, Verdict::kInspected);
  EXPECT_FALSE(d.has_ip);
  Arp a;
  ASSERT_TRUE(read_arp(d.payload, a));
  EXPECT_EQ(a.operation, 1);
  EXPECT_EQ(Frame(a.target_ip.begin(), a.target_ip.end()), hex("0a000002"));

  const Packet lacp = decoded(eth(0x8809, kHello));
  EXPECT_EQ(lacp.verdict, Verdict::kUnsupported);
  EXPECT_EQ(events_of(lacp), "");
  EXPECT_EQ(lacp.ethertype, 0x8809);
  EXPECT_EQ(as_text(lacp.payload), "hello");
  EXPECT_FALSE(lacp.is_link()) << "no parser knows it";
  EXPECT_EQ(events_of(decoded(eth(0x4242, kHello))), "ethernet.unknown_ethertype");
  EXPECT_EQ(events_of(decoded(eth(0x8100, vlan_tag(1, 0x4242, kHello)))), "vlan.unknown_type");

  const Packet stp = decoded(eth(3, hex("42 42 03") + Frame(43, 0)));  // 802.3, padded
  EXPECT_EQ(stp.verdict, Verdict::kUnsupported);
  EXPECT_EQ(stp.payload.size(), 3U);
  expect_hello(decoded(eth(8 + 45, hex("aa aa 03 000000 0800") + ip4(kTcp, kTcpHello))), kTcp, 1);  // SNAP
  // A parser knows BACnet's service access point: its ends are MAC addresses, and nothing is left of the padding.
  const Packet bacnet = decoded(eth(3 + 4, hex("82 82 03 0100 1008") + Frame(39, 0)));
  EXPECT_TRUE(bacnet.is_link());
  EXPECT_EQ(bacnet.ethertype, 0x82);
  EXPECT_EQ(Frame(bacnet.payload.begin(), bacnet.payload.end()), hex("0100 1008"));
  EXPECT_FALSE(decoded(eth(3 + 4, hex("82 83 03 0100 1008"))).is_link()) << "a response";
  EXPECT_FALSE(decoded(eth(3 + 4, hex("82 82 f3 0100 1008"))).is_link()) << "a test";
  const Packet padi = decoded(eth(0x8863, hex("11 09 0000 0004 0101 0000")));
  EXPECT_EQ(padi.verdict, Verdict::kInspected);
}

TEST_F(Decode, Pppoe) {
  const Frame ip = ip4(kTcp, kTcpHello);
  expect_hello(decoded(eth(0x8864, hex("11 00 0001") + be16(ip.size() + 2) + hex("0021") + ip)), kTcp, 1);
  const Packet lcp = decoded(eth(0x8864, hex("11 00 0001 0006 c021 0901 0004")));
  EXPECT_EQ(lcp.verdict, Verdict::kUnsupported);
  EXPECT_EQ(events_of(lcp), "ppp.unsup_proto");
}

TEST_F(Decode, Ipv6Extensions) {
  const Frame hop = hex("00 00 05 02 0000 01 00"), pad = hex("01 04 00000000");
  const Frame all = Frame{43} + Frame(hop.begin() + 1, hop.end()) + hex("3c 00 04 00 00000000") +
                    Frame{51, 0} + pad + hex("06 04 0000 00000001 00000002 0102030405060708 090a0b0c") +
                    kTcpHello;
  const Packet p = decoded(eth(0x86dd, ip6(0, all)));
  EXPECT_EQ(p.proto, kTcp);
  EXPECT_EQ(p.dst_port, 80);
  EXPECT_EQ(as_text(p.payload), "hello");
  EXPECT_EQ(p.ip_header.size(), 40U + all.size() - kTcpHello.size());
  EXPECT_EQ(p.verdict, Verdict::kInspected);
  EXPECT_EQ(events_of(p), "ipv6.zero_len_padn ipv6.dstopts_only_padding");

  Frame many;
  for (int i = 0; i < 20; ++i) many = many + Frame{60, 0} + pad;
  EXPECT_EQ(decoded(eth(0x86dd, ip6(60, many + kTcpHello))).verdict, Verdict::kDecodeTooDeep);

  const Packet atomic = decoded(eth(0x86dd, ip6_fragment(kUdp, 0, 1, kUdpHello)));
  EXPECT_FALSE(atomic.is_fragment);
  EXPECT_EQ(events_of(atomic), "ipv6.exthdr_useless_fh");
  EXPECT_EQ(as_text(atomic.payload), "hello");
  const Packet piece = decoded(eth(0x86dd, ip6_fragment(kUdp, 1, 1, Frame(16, 1))));
  EXPECT_TRUE(piece.is_fragment && piece.more_fragments && !piece.has_l4);
  EXPECT_EQ(piece.ip_header.size(), 40U);
  EXPECT_EQ(piece.payload.size(), 16U);
}

TEST_F(Decode, NestedTooDeep) {
  Frame f = ip4(kTcp, kTcpHello);
  for (int i = 0; i < 13; ++i) f = ip4(kIpIp, f);
  expect_hello(decoded(eth(0x0800, f)), kTcp, 14);  // 14 IP headers, Ethernet and TCP: 16 in all
  const Packet p = decoded(eth(0x0800, ip4(kIpIp, f)));
  EXPECT_EQ(p.verdict, Verdict::kDecodeTooDeep);
  EXPECT_EQ(events_of(p), "too_many_layers");
  Frame labels;
  for (int i = 0; i < 2000; ++i) labels = labels + hex("00064040");
  EXPECT_EQ(decoded(eth(0x8847, labels)).verdict, Verdict::kDecodeTooDeep);
}

TEST_F(Decode, Checksums) {
  DecodeConfig verify{};
  verify.verify_checksums = true;
  const auto verdict = [&](const Frame& f) { return decoded(f, LinkType::kEthernet, verify).verdict; };
  const Frame off_by_one = eth(0x0800, ip4(kUdp, hex("0001 0002 000a ebd3 0000")));
  EXPECT_EQ(verdict(off_by_one), Verdict::kBadChecksum);
  Frame sum = eth(0x0800, ip4(kUdp, hex("0001 0002 000a 0000 0000")));
  // Worked out by hand: the sum of pseudo header, header and data, complemented.
  // 0a00+0001+0a00+0002 + 0011+000a + 0001+0002+000a = 142b; complement: ebd4
  set16(sum, 14 + 20 + 6, 0xebd4);
  EXPECT_EQ(verdict(sum), Verdict::kInspected);
  sum[14 + 20 + 8] ^= 1;
  EXPECT_EQ(verdict(sum), Verdict::kBadChecksum);
  EXPECT_EQ(verdict(eth(0x0800, ip4(kUdp, kUdpHello))), Verdict::kInspected);    // zero: none was sent
  EXPECT_EQ(verdict(eth(0x86dd, ip6(kUdp, kUdpHello))), Verdict::kBadChecksum);  // which IPv6 does not allow
  EXPECT_EQ(verdict(eth(0x0800, ip4(kTcp, kTcpHello))), Verdict::kBadChecksum);
  EXPECT_EQ(verdict(eth(0x0800, ip4(kIcmp, hex("08 00 f7ff 0000 0000")))), Verdict::kInspected);
  EXPECT_EQ(verdict(eth(0x0800, ip4(kIcmp, hex("08 00 f7fe 0000 0000")))), Verdict::kBadChecksum);
  Frame header = eth(0x0800, ip4(kUdp, kUdpHello));
  header[14 + 8] ^= 1;  // ttl
  const Packet d = decoded(header, LinkType::kEthernet, verify);
  EXPECT_EQ(d.verdict, Verdict::kBadChecksum);
  EXPECT_EQ(as_text(d.payload), "hello") << "rules may still look at it";
  EXPECT_EQ(decoded(header).verdict, Verdict::kInspected);
}

TEST_F(Decode, SctpChecksum) {
  // RFC 3720 B.4 gives CRC32c of 32 zero bytes as aa 36 91 8a; SCTP's covers its own field as zero.
  Frame zeros(32, 0);
  EXPECT_EQ(sctp_crc32c(zeros), 0x8a9136aaU);
  DecodeConfig verify{};
  verify.verify_checksums = true;
  Frame f = hex("0000 0000 00000000 aa36918a") + Frame(20, 0);
  EXPECT_EQ(decoded(eth(0x0800, ip4(kSctp, f)), LinkType::kEthernet, verify).verdict, Verdict::kInspected);
  f[30] = 1;
  EXPECT_EQ(decoded(eth(0x0800, ip4(kSctp, f)), LinkType::kEthernet, verify).verdict, Verdict::kBadChecksum);
}

void expect_link(const Packet& p, const Frame& dst, const Frame& src) {
  EXPECT_EQ(p.verdict, Verdict::kInspected);
  EXPECT_TRUE(p.is_link());
  EXPECT_FALSE(p.has_ip || p.has_l4 || p.is_v4);
  EXPECT_EQ(p.ethertype, 0x88b8);
  EXPECT_EQ(p.src_port, 0x88b8);
  EXPECT_EQ(p.dst_port, 0x88b8);
  EXPECT_EQ(Frame(p.dst_mac.begin(), p.dst_mac.end()), dst);
  EXPECT_EQ(Frame(p.src_mac.begin(), p.src_mac.end()), src);
  EXPECT_EQ(p.src.mac(), p.src_mac);
  EXPECT_EQ(p.dst.mac(), p.dst_mac);
  EXPECT_FALSE(p.src.is_v4() || p.dst.is_v4()) << "not even a broadcast looks like an IP address";
  EXPECT_EQ(as_text(p.payload).substr(0, 5), "hello");
}

TEST_F(Decode, ProtocolsWithoutIpStandOnMacAddresses) {
  const Frame dst = hex("ffffffffffff"), src = hex("020000000007");
  const Frame goose = dst + src + hex("88b8") + kHello;
  expect_link(decoded(goose), dst, src);
  expect_link(decoded(dst + src + hex("8100 8005 88b8") + kHello), dst, src);
  expect_link(decoded(dst + src + hex("892f 0000 0001 88b8") + kHello), dst, src);  // HSR
  // In a tunnel the packet is what the tunnel carries; where its link layer says no addresses, there is nothing to go by.
  expect_link(decoded(eth(0x0800, ip4(17, udp(1, 4789, hex("08000000 00000100") + goose)))), dst, src);
  expect_link(decoded(eth(0x86dd, ip6(47, hex("0000 6558") + goose))), dst, src);
  EXPECT_EQ(decoded(hex("0003 0001 0006 020000000007 0000 88b8") + kHello, LinkType::kLinuxSll).verdict,
            Verdict::kUnsupported);
}

}  // namespace
}  // namespace picket
