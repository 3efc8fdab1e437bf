#include "dataplane/decode/decode_event.h"

#include <gtest/gtest.h>

#include <set>

#include "dataplane/decode/decode_testing.h"

namespace picket {
namespace {

using namespace testing_frames;

constexpr std::uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kGre = 47;

struct Case {
  std::string_view event;
  Frame frame;
  LinkType link = LinkType::kEthernet;
};

Frame v4(std::uint8_t proto, const Frame& f) { return eth(0x0800, ip4(proto, f)); }
Frame v4_options(std::string_view options) {
  return eth(0x0800, ip4(kTcp, tcp(1, 2, 2, {}, {}), 0, hex(options)));
}
Frame v6(std::uint8_t next, const Frame& f) { return eth(0x86dd, ip6(next, f)); }
Frame tcp_options(std::string_view options) { return v4(kTcp, tcp(1, 2, 2, hex(options), {})); }
Frame gre(std::string_view header) { return v4(kGre, hex(header) + Frame(4, 0)); }
Frame erspan(std::string_view header) {
  return v4(kGre, hex("1000 88be 00000001") + hex(header) + Frame(14, 0));
}
Frame with(Frame f, std::size_t at, std::uint8_t value) {
  f.at(at) = value;
  return f;
}

const Frame kSyn = tcp(1, 2, 2, {}, {});
const Frame kPad = hex("01 04 00000000");
constexpr std::size_t kIp = 14;  // where IP begins

/// One frame for each event, as its help text describes it.
std::vector<Case> cases() {
  Frame nested = ip4(kTcp, kSyn);
  for (int i = 0; i < 16; ++i) nested = ip4(4, nested);
  const Frame six_syn = ip6(kTcp, kSyn);
  const Frame arp = hex("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002");
  return {
      {"too_many_layers", eth(0x0800, nested)},
      {"ethernet.pkt_too_small", Frame(13, 0)},
      {"ethernet.unknown_ethertype", eth(0x4242, {})},
      {"sll.pkt_too_small", Frame(15, 0), LinkType::kLinuxSll},
      {"sll2.pkt_too_small", Frame(19, 0), LinkType::kLinuxSll2},
      {"ltnull.pkt_too_small", Frame(3, 0), LinkType::kNull},
      {"ltnull.unsupported_type", hex("00000063"), LinkType::kLoop},
      {"ipraw.invalid_ip_version", hex("50"), LinkType::kRawIp},
      {"chdlc.pkt_too_small", hex("0f0008"), LinkType::kCiscoHdlc},

      {"vlan.header_too_small", eth(0x8100, hex("0001 08"))},
      {"vlan.unknown_type", eth(0x8100, vlan_tag(1, 0x4242, {}))},
      {"vlan.too_many_layers",
       eth(0x8100, vlan_tag(1, 0x8100, vlan_tag(2, 0x8100, vlan_tag(3, 0x8100, vlan_tag(4, 0x0800, {})))))},
      {"vntag.header_too_small", eth(0x8926, hex("0000"))},
      {"vntag.unknown_type", eth(0x8926, hex("00000000 4242"))},
      {"ieee8021ah.header_too_small", eth(0x88e7, hex("000000"))},
      {"dce.pkt_too_small", eth(0x8903, hex("00"))},
      {"hsr.header_too_small", eth(0x892f, hex("0000 0000 08"))},
      {"mpls.header_too_small", eth(0x8847, hex("000640"))},
      {"mpls.bad_label_router_alert", eth(0x8847, hex("00001140"))},
      {"mpls.bad_label_implicit_null", eth(0x8847, hex("00003140"))},
      {"mpls.bad_label_reserved", eth(0x8847, hex("0000f140"))},
      {"mpls.unknown_payload_type", eth(0x8847, hex("00064140 a0"))},
      {"pppoe.pkt_too_small", eth(0x8864, hex("11 00 0001"))},
      {"pppoe.wrong_code", eth(0x8863, hex("11 42 0000 0000"))},
      {"pppoe.malformed_tags", eth(0x8863, hex("11 09 0000 0006 0101 0003 0000"))},
      {"ppp.pkt_too_small", hex("ff03 00"), LinkType::kPpp},
      {"ppp.vju_pkt_too_small", hex("ff03 002f 45"), LinkType::kPpp},
      {"ppp.ip4_pkt_too_small", hex("ff03 0021 45"), LinkType::kPpp},
      {"ppp.ip6_pkt_too_small", hex("ff03 0057 60"), LinkType::kPpp},
      {"ppp.wrong_type", hex("ff03 0022"), LinkType::kPpp},
      {"ppp.unsup_proto", hex("ff03 c021"), LinkType::kPpp},
      {"nsh.header_too_small", eth(0x894f, hex("0fc20201 000000"))},
      {"nsh.unsupported_version", eth(0x894f, hex("4fc20201 00000000"))},
      {"nsh.bad_header_length", eth(0x894f, hex("0fc10201 00000000"))},
      {"nsh.reserved_type", eth(0x894f, hex("0fc20001 00000000"))},
      {"nsh.unsupported_type", eth(0x894f, hex("0fc20301 00000000"))},
      {"nsh.unknown_payload", eth(0x894f, hex("0fc202fe 00000000"))},
      {"arp.pkt_too_small", eth(0x0806, Frame(arp.begin(), arp.end() - 1))},
      {"arp.unsupported_hardware", eth(0x0806, with(arp, 1, 6))},
      {"arp.unsupported_protocol", eth(0x0806, with(arp, 2, 0x86))},
      {"arp.invalid_hardware_size", eth(0x0806, with(arp, 4, 5))},
      {"arp.invalid_protocol_size", eth(0x0806, with(arp, 5, 3))},
      {"arp.unsupported_opcode", eth(0x0806, with(arp, 7, 99))},

      {"ipv4.pkt_too_small", eth(0x0800, Frame(19, 0x45))},
      {"ipv4.hlen_too_small", with(v4(kTcp, kSyn), kIp, 0x44)},
      {"ipv4.iplen_smaller_than_hlen", with(v4(kTcp, kSyn), kIp + 3, 19)},
      {"ipv4.trunc_pkt", with(v4(kTcp, kSyn), kIp + 3, 41)},
      {"ipv4.wrong_ip_version", with(v4(kTcp, kSyn), kIp, 0x55)},
      {"ipv4.opt_invalid_len", v4_options("94 09 0000")},
      {"ipv4.opt_invalid_len", v4_options("94 03 00 01")},
      {"ipv4.opt_malformed", v4_options("07 07 05 0a000001 00")},  // a pointer between two addresses
      {"ipv4.opt_eol_required", v4_options("01 01 01 94")},
      {"ipv4.opt_duplicate", v4_options("94 04 0000 94 04 0000")},
      {"ipv4.opt_unknown", v4_options("63 04 0000")},
      {"ipv4.icmpv6", v4(58, Frame(8, 0))},
      {"icmpv4.pkt_too_small", v4(kIcmp, Frame(7, 0))},
      {"icmpv4.unknown_type", v4(kIcmp, hex("63 00 0000 00000000"))},
      {"icmpv4.unknown_code", v4(kIcmp, hex("08 01 0000 00000000"))},
      {"icmpv4.unknown_code", v4(kIcmp, hex("09 08 0000 00000000"))},
      {"icmpv4.ipv4_trunc_pkt", v4(kIcmp, hex("03 00 0000 00000000") + Frame(19, 0x45))},
      {"icmpv4.ipv4_unknown_ver", v4(kIcmp, hex("03 00 0000 00000000") + Frame(20, 0x65))},

      {"ipv6.pkt_too_small", eth(0x86dd, Frame(39, 0x60))},
      {"ipv6.trunc_pkt", with(v6(kTcp, kSyn), kIp + 5, 21)},
      {"ipv6.wrong_ip_version", with(v6(kTcp, kSyn), kIp, 0x50)},
      {"ipv6.trunc_exthdr", v6(60, Frame{kTcp, 1} + kPad)},
      {"ipv6.trunc_exthdr", v6(44, Frame{kTcp, 0, 0, 0, 0, 0, 0, 1})},  // says that TCP follows; nothing does
      {"ipv6.exthdr_dupl_fh", v6(44, hex("2c 00 0000 00000001 06 00 0000 00000001") + kSyn)},
      {"ipv6.exthdr_useless_fh", v6(44, hex("06 00 0000 00000001") + kSyn)},
      {"ipv6.exthdr_dupl_rh", v6(43, hex("2b 00 04 00 00000000 06 00 04 00 00000000") + kSyn)},
      {"ipv6.exthdr_dupl_hh", v6(0, Frame{0, 0} + kPad + Frame{kTcp, 0} + kPad + kSyn)},
      {"ipv6.exthdr_dupl_dh",
       v6(60, Frame{60, 0} + kPad + Frame{60, 0} + kPad + Frame{kTcp, 0} + kPad + kSyn)},
      {"ipv6.exthdr_dupl_ah",
       v6(51, hex("33 01 0000 00000001 00000001 06 01 0000 00000001 00000001") + kSyn)},
      {"ipv6.exthdr_invalid_optlen", v6(60, Frame{kTcp, 0} + hex("01 05 00000000") + kSyn)},
      {"ipv6.exthdr_invalid_optlen", v6(0, Frame{kTcp, 0} + hex("05 04 00000000") + kSyn)},
      {"ipv6.exthdr_ah_res_not_null", v6(51, hex("06 01 0001 00000001 00000001") + kSyn)},
      {"ipv6.hopopts_unknown_opt", v6(0, Frame{kTcp, 0} + hex("1e 04 00000000") + kSyn)},
      {"ipv6.hopopts_only_padding", v6(0, Frame{kTcp, 0} + kPad + kSyn)},
      {"ipv6.dstopts_unknown_opt", v6(60, Frame{kTcp, 0} + hex("1e 04 00000000") + kSyn)},
      {"ipv6.dstopts_only_padding", v6(60, Frame{kTcp, 0} + kPad + kSyn)},
      {"ipv6.rh_type_0", v6(43, hex("06 00 00 00 00000000") + kSyn)},
      {"ipv6.zero_len_padn", v6(0, Frame{kTcp, 0} + hex("05 02 0000 01 00") + kSyn)},
      {"ipv6.fh_non_zero_reserved_field", v6(44, hex("06 00 0002 00000001") + kSyn)},
      {"ipv6.data_after_none_header", v6(59, Frame(1, 0))},
      {"ipv6.unknown_next_header", v6(200, Frame(1, 0))},
      {"ipv6.icmpv4", v6(kIcmp, Frame(8, 0))},
      {"ipv6.frag_invalid_length", eth(0x86dd, ip6_fragment(kUdp, 1, 1, Frame(15, 0)))},
      {"ipv6.ipv4_in_ipv6_too_small", v6(4, Frame(19, 0x45))},
      {"ipv6.ipv4_in_ipv6_wrong_version", v6(4, Frame(20, 0x65))},
      {"ipv6.ipv6_in_ipv6_too_small", v6(41, Frame(39, 0x60))},
      {"ipv6.ipv6_in_ipv6_wrong_version", v6(41, Frame(40, 0x45))},
      {"icmpv6.pkt_too_small", v6(58, Frame(7, 0))},
      {"icmpv6.unknown_type", v6(58, hex("7f 00 0000 00000000"))},
      {"icmpv6.unknown_code", v6(58, hex("80 01 0000 00000000"))},
      {"icmpv6.ipv6_trunc_pkt", v6(58, hex("01 00 0000 00000000") + Frame(39, 0x60))},
      {"icmpv6.ipv6_unknown_version", v6(58, hex("01 00 0000 00000000") + Frame(40, 0x45))},
      {"icmpv6.mld_message_with_invalid_hl", v6(58, hex("83 00 0000 00000000"))},
      {"icmpv6.unassigned_type", v6(58, hex("05 00 0000 00000000"))},
      {"icmpv6.experimentation_type", v6(58, hex("64 00 0000 00000000"))},

      {"tcp.pkt_too_small", v4(kTcp, Frame(kSyn.begin(), kSyn.end() - 1))},
      {"tcp.hlen_too_small", v4(kTcp, with(kSyn, 12, 0x40))},
      {"tcp.invalid_optlen", v4(kTcp, with(kSyn, 12, 0x60))},
      {"tcp.opt_invalid_len", tcp_options("02 05 0000")},
      {"tcp.opt_invalid_len", tcp_options("03 04 0000")},
      {"tcp.opt_duplicate", tcp_options("02 04 0001 02 04 0002")},
      {"udp.pkt_too_small", v4(kUdp, hex("0001 0002 0009 0000"))},
      {"udp.hlen_too_small", v4(kUdp, Frame(7, 0))},
      {"udp.len_invalid", v4(kUdp, hex("0001 0002 0007 0000"))},
      {"sctp.pkt_too_small", v4(132, Frame(11, 0))},
      {"esp.pkt_too_small", v4(50, Frame(7, 0))},
      {"igmp.pkt_too_small", v4(2, Frame(7, 0))},

      {"gre.pkt_too_small", v4(kGre, Frame(3, 0))},
      {"gre.wrong_version", gre("0002 0800")},
      {"gre.version0_recur", gre("0100 0800")},
      {"gre.version0_flags", gre("0008 0800")},
      {"gre.version0_hdr_too_big", gre("3000 0800")},
      {"gre.version0_malformed_sre_hdr", v4(kGre, hex("4000 0800 00000000 0001 00 09"))},
      {"gre.version1_chksum", gre("a001 880b")},
      {"gre.version1_route", gre("6001 880b")},
      {"gre.version1_ssr", gre("2801 880b")},
      {"gre.version1_recur", gre("2101 880b")},
      {"gre.version1_flags", gre("2009 880b")},
      {"gre.version1_no_key", gre("0001 880b")},
      {"gre.version1_wrong_protocol", gre("2001 0800")},
      {"gre.version1_hdr_too_big", gre("3001 880b")},
      {"vxlan.unknown_payload_type", v4(kUdp, udp(1, 4789, hex("08000000 00000100") + eth(0x4242, {})))},
      {"geneve.unknown_payload_type", v4(kUdp, udp(1, 6081, hex("0000 4242 00000100")))},
      {"erspan.header_too_small", v4(kGre, hex("1000 88be 00000001 1001"))},
      {"erspan.unsupported_version", erspan("3001 0000 00000000")},
      {"erspan.too_many_vlan_layers",
       eth(0x8100, vlan_tag(1, 0x8100,
                            vlan_tag(2, 0x8100,
                                     vlan_tag(3, 0x0800,
                                              ip4(kGre, hex("1000 88be 00000001 1001 0000 00000000") +
                                                            Frame(14, 0))))))},
  };
}

TEST(DecodeEvents, EachHasAFrameThatSetsIt) {
  std::set<std::string_view> seen;
  for (const Case& c : cases()) {
    Decoded d = packet_of(c.frame, c.link);
    Decoder().decode(d.p);
    const std::size_t event = find_decode_event(c.event);
    ASSERT_NE(event, kDecodeEventCount) << c.event;
    EXPECT_TRUE(has_event(d.p, static_cast<DecodeEvent>(event))) << c.event << ": has " << events_of(d.p);
    EXPECT_EQ(what_is_wrong(d.p, {d.p.data, d.p.size}), "") << c.event;
    if (c.event == "too_many_layers") {
      EXPECT_EQ(d.p.verdict, Verdict::kDecodeTooDeep);
    } else if (kDecodeEvents[event].drops) {
      EXPECT_EQ(d.p.verdict, Verdict::kDecodeError) << c.event;
      unsigned dropping = 0;
      for (unsigned i = 0; i < d.p.event_count; ++i) dropping += kDecodeEvents[d.p.events[i]].drops;
      EXPECT_EQ(dropping, 1U) << c.event << ": " << events_of(d.p);
    }
    seen.insert(c.event);
  }
  // Set by the defragmenter (defrag_test.cc), or never: Suricata's rules name them, no packet can have them.
  const std::set<std::string_view> elsewhere = {
      "ipv4.frag_pkt_too_large",
      "ipv4.frag_overlap",
      "ipv4.frag_ignored",
      "ipv6.frag_pkt_too_large",
      "ipv6.frag_overlap",
      "ipv6.frag_ignored",
      "ipv4.opt_pad_required",
      "ipv4.opt_invalid",
      "ipv6.exthdr_dupl_eh",
      "udp.hlen_invalid",
      "gre.version1_malformed_sre_hdr",
  };
  for (const DecodeEventText& e : kDecodeEvents)
    EXPECT_NE(seen.contains(e.name), elsewhere.contains(e.name)) << e.name;
}

TEST(DecodeEvents, NamesAreUniqueAndExplained) {
  std::set<std::string_view> names;
  for (const DecodeEventText& e : kDecodeEvents) {
    EXPECT_TRUE(names.insert(e.name).second) << e.name;
    EXPECT_GE(e.help.size(), 10U) << e.name;
  }
  EXPECT_EQ(find_decode_event("no.such_event"), kDecodeEventCount);
}

TEST(DecodeEvents, EveryTruncationOfEveryCase) {
  for (const Case& c : cases()) {
    for (std::size_t n = 0; n <= c.frame.size(); ++n) {
      const Frame front(c.frame.begin(), c.frame.begin() + static_cast<std::ptrdiff_t>(n));
      Decoded d = packet_of(front, c.link);
      Decoder().decode(d.p);
      EXPECT_EQ(what_is_wrong(d.p, {d.p.data, d.p.size}), "") << c.event << " cut to " << n;
    }
  }
}

TEST(DecodeEvents, NoMoreThanThereIsRoomFor) {
  Packet p;
  for (unsigned i = 0; i < 2 * kMaxDecodeEvents; ++i) add_event(p, static_cast<DecodeEvent>(i));
  EXPECT_EQ(p.event_count, kMaxDecodeEvents);
  Packet q;
  for (int i = 0; i < 5; ++i) add_event(q, DecodeEvent::kTcpTooSmall);
  EXPECT_EQ(q.event_count, 1);
}

}  // namespace
}  // namespace picket
