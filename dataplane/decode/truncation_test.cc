// Whole frames, cut at every byte: by the snap length (the wire had more) and by their sender (it had not).
#include <gtest/gtest.h>

#include "dataplane/decode/decode_testing.h"
#include "dataplane/decode/shard.h"

namespace picket {
namespace {

using namespace testing_frames;

struct Sample {
  std::string_view name;
  Frame frame;
  LinkType link = LinkType::kEthernet;
};

std::vector<Sample> samples() {
  const Frame segment =
      tcp(40000, 80, 0x18, hex("02 04 05b4 01 03 03 07 01 01 08 0a 00000001 00000002"), text("hello"));
  const Frame ip = ip4(6, segment, 0, hex("94 04 0000 07 07 04 00000000 00"));
  const Frame six = ip6(0, Frame{60, 0} + hex("05 02 0000 01 00") + Frame{17, 0} + hex("01 04 00000000") +
                               udp(40000, 53, text("hello")));
  const auto over4 = [](std::uint8_t proto, const Frame& f) { return eth(0x0800, ip4(proto, f)); };
  return {
      {"tcp", eth(0x0800, ip)},
      {"udp6", eth(0x86dd, six)},
      {"sctp", over4(132, Frame(32, 1))},
      {"icmp", over4(1, hex("03 01 0000 00000000") + ip)},
      {"icmp6", eth(0x86dd, ip6(58, hex("01 00 0000 00000000") + six))},
      {"esp", over4(50, Frame(32, 1))},
      {"qinq", eth(0x88a8, vlan_tag(1, 0x8100, vlan_tag(2, 0x0800, ip)))},
      {"mpls", eth(0x8847, hex("00064040 00065140") + ip)},
      {"pseudowire", eth(0x8847, hex("00065140 00000000") + eth(0x0800, ip))},
      {"pppoe", eth(0x8864, hex("11 00 0001") + be16(ip.size() + 2) + hex("0021") + ip)},
      {"padi", eth(0x8863, hex("11 09 0000 0008 0101 0000 0103 0000"))},
      {"arp", eth(0x0806, hex("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"))},
      {"gre", over4(47, hex("b000 6558 00000000 00000001 00000002") + eth(0x86dd, six))},
      {"pptp", over4(47, hex("3081 880b 000d0001 00000001 00000002 ff03 0021") + ip)},
      {"erspan1", over4(47, hex("0000 88be") + eth(0x0800, ip))},
      {"erspan2", over4(47, hex("1000 88be 00000001 1017 0864 00000000") + eth(0x0800, ip))},
      {"erspan3",
       over4(47, hex("1000 22eb 00000001 2017 0864 00000000 0000 0001 0000000000000000") + eth(0x0800, ip))},
      {"ipip", over4(4, ip)},
      {"6in4", over4(41, six)},
      {"4in6", eth(0x86dd, ip6(4, ip))},
      {"vxlan", over4(17, udp(1, 4789, hex("08000000 00002a00") + eth(0x0800, ip)))},
      {"geneve", over4(17, udp(1, 6081, hex("0100 6558 00002a00 01020300") + eth(0x0800, ip)))},
      {"teredo",
       over4(17, udp(1, 3544, hex("0001 02 01 aabb cc 0102030405060708 00 0000 1234 f5fffffe") + six))},
      {"gtp",
       over4(17,
             udp(1, 2152, hex("36 ff") + be16(ip.size() + 8) + hex("00000001 0001 00 85 01 0000 00") + ip))},
      {"nsh", eth(0x894f, hex("0fc60103 00000a00") + Frame(16, 0) + eth(0x0800, ip))},
      {"raw", ip, LinkType::kRawIp},
      {"null", hex("02000000") + ip, LinkType::kNull},
      {"loop", hex("00000018") + six, LinkType::kLoop},
      {"sll", hex("0000 0001 0006 020000000001 0000 0800") + ip, LinkType::kLinuxSll},
      {"sll2", hex("86dd 0000 00000002 0001 00 06 020000000001 0000") + six, LinkType::kLinuxSll2},
      {"ppp", hex("ff03 0021") + ip, LinkType::kPpp},
      {"chdlc", hex("0f00 0800") + ip, LinkType::kCiscoHdlc},
      {"fragment", eth(0x0800, ip4(17, Frame(64, 1), 0x2000))},
      {"fragment6", eth(0x86dd, ip6_fragment(17, 9, 1, Frame(64, 1)))},
  };
}

TEST(Truncation, WholeSamplesAreFine) {
  for (const Sample& s : samples()) {
    Decoded d = packet_of(s.frame, s.link);
    Decoder().decode(d.p);
    EXPECT_EQ(d.p.verdict, Verdict::kInspected) << s.name << ' ' << events_of(d.p);
  }
}

TEST(Truncation, BySnapLengthIsNeverTheSendersFault) {
  for (const Sample& s : samples()) {
    for (std::size_t n = 0; n < s.frame.size(); ++n) {
      const Frame front(s.frame.begin(), s.frame.begin() + static_cast<std::ptrdiff_t>(n));
      Decoded d = packet_of(front, s.link, s.frame.size());
      Decoder().decode(d.p);
      EXPECT_EQ(what_is_wrong(d.p, {d.p.data, d.p.size}), "") << s.name << " cut to " << n;
      EXPECT_NE(d.p.verdict, Verdict::kDecodeError) << s.name << " cut to " << n << ' ' << events_of(d.p);
      EXPECT_NE(d.p.verdict, Verdict::kDecodeTooDeep) << s.name << " cut to " << n;
    }
  }
}

TEST(Truncation, BySenderIsNeverTheSnapLengths) {
  for (const Sample& s : samples()) {
    for (std::size_t n = 0; n < s.frame.size(); ++n) {
      const Frame front(s.frame.begin(), s.frame.begin() + static_cast<std::ptrdiff_t>(n));
      Decoded d = packet_of(front, s.link);
      Decoder().decode(d.p);
      EXPECT_EQ(what_is_wrong(d.p, {d.p.data, d.p.size}), "") << s.name << " cut to " << n;
      EXPECT_NE(d.p.verdict, Verdict::kTruncated) << s.name << " cut to " << n;
    }
  }
}

TEST(Truncation, SnapLengthLeavesAddressesPortsAndAShorterPayload) {
  const Frame f = eth(0x0800, ip4(6, tcp(40000, 80, 0x18, {}, text("hello"))));
  const Frame front(f.begin(), f.end() - 3);
  Decoded d = packet_of(front, LinkType::kEthernet, f.size());
  Decoder().decode(d.p);
  EXPECT_EQ(d.p.verdict, Verdict::kInspected);
  EXPECT_EQ(events_of(d.p), "");
  EXPECT_EQ(as_text(d.p.payload), "he");
  EXPECT_EQ(l4_checksum(d.p), L4Checksum::kAbsent);
}

/// What shard.h promises, on samples and all their truncations.
TEST(Truncation, ShardAgreesWithDecode) {
  for (const Sample& s : samples()) {
    for (std::size_t n = 0; n <= s.frame.size(); ++n) {
      const Frame front(s.frame.begin(), s.frame.begin() + static_cast<std::ptrdiff_t>(n));
      for (const std::size_t wire : {n, s.frame.size()}) {
        Decoded d = packet_of(front, s.link, wire);
        Decoder().decode(d.p);
        if (d.p.verdict != Verdict::kInspected) continue;
        for (const ShardMode mode : {ShardMode::kIpPair, ShardMode::kFiveTuple}) {
          EXPECT_EQ(shard_of(d.p.data, d.p.size, s.link, mode), shard_of(d.p, mode))
              << s.name << " cut to " << n;
        }
      }
    }
  }
}

}  // namespace
}  // namespace picket
