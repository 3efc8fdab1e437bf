#include "dataplane/decode/defrag.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dataplane/decode/decode_testing.h"
#include "dataplane/decode/shard.h"

namespace picket {
namespace {

using namespace testing_frames;
using Outcome = Defragmenter::Outcome;

constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kMore = 0x2000;
constexpr std::uint64_t kSecond = 1'000'000'000;

/// A core's defragmenter, fed frame by frame.
class Defrag : public testing::Test {
 protected:
  explicit Defrag(const DefragConfig& config = {}) : defrag_(config, 0, 1) {}

  /// Decodes `f` at `clock_ns`, of shard 0 unless told otherwise.
  const Packet& feed(const Frame& f, std::uint64_t clock_ns = kSecond, std::uint8_t shard = 0) {
    Decoded& d = kept_.emplace_back(packet_of(f));
    d.p.at = {clock_ns, ++number_};
    d.p.shard = shard;
    decode(Decoder(), defrag_, d.p);
    return d.p;
  }
  /// Every fragment was counted once, and nothing waits.
  void expect_settled(std::uint64_t fragments) {
    const DefragStats& s = defrag_.stats();
    EXPECT_EQ(s.used + s.incomplete + s.lost, fragments);
    EXPECT_EQ(s.waiting, 0U);
    defrag_.recycle();
    EXPECT_EQ(defrag_.in_use_bytes(), 0U);
  }

  Defragmenter defrag_;
  std::vector<Decoded> kept_ = [] {
    std::vector<Decoded> v;
    v.reserve(20'000);  // feed() gives references
    return v;
  }();
  std::uint64_t number_ = 0;
};

/// Numbered bytes, so that a misplaced one shows.
Frame counted(std::size_t n) {
  Frame f(n);
  for (std::size_t i = 0; i < n; ++i) f[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return f;
}
Frame slice(const Frame& f, std::size_t from, std::size_t to) {
  return {f.begin() + static_cast<std::ptrdiff_t>(from),
          f.begin() + static_cast<std::ptrdiff_t>(std::min(to, f.size()))};
}

/// `whole` (from its UDP header on) in pieces of `step` bytes.
std::vector<Frame> pieces(const Frame& whole, std::size_t step, bool six, std::uint16_t id = 7) {
  std::vector<Frame> out;
  for (std::size_t at = 0; at < whole.size(); at += step) {
    const bool more = at + step < whole.size();
    const Frame part = slice(whole, at, at + step);
    out.push_back(
        six ? eth(0x86dd, ip6_fragment(kUdp, static_cast<std::uint16_t>(at | (more ? 1 : 0)), id, part))
            : eth(0x0800, ip4(kUdp, part, static_cast<std::uint16_t>(at / 8 | (more ? kMore : 0)), {}, id)));
  }
  return out;
}

TEST_F(Defrag, AnyOrderGivesTheWhole) {
  const Frame data = counted(1000);
  std::mt19937 random(1);
  std::size_t fragments = 0;
  for (int round = 0; round < 40; ++round) {
    const bool six = round % 2 == 1;
    auto parts =
        pieces(udp(40000, 53, data), 8 * (1 + random() % 12), six, static_cast<std::uint16_t>(round));
    std::shuffle(parts.begin(), parts.end(), random);
    fragments += parts.size();
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const Packet& p = feed(parts[i]);
      EXPECT_EQ(p.verdict, Verdict::kFragmentHeld);
      EXPECT_TRUE(p.is_fragment && !p.has_l4);
    }
    const Packet& p = feed(parts.back());
    EXPECT_EQ(p.verdict, Verdict::kInspected) << events_of(p);
    EXPECT_EQ(events_of(p), "");
    EXPECT_TRUE(p.reassembled && p.has_l4 && !p.is_fragment && p.has_mac);
    EXPECT_EQ(p.layers, 1);
    EXPECT_EQ(p.dst_port, 53);
    EXPECT_EQ(Frame(p.payload.begin(), p.payload.end()), data);
    EXPECT_TRUE(ip_checksum_ok(p));
    defrag_.recycle();
  }
  EXPECT_EQ(defrag_.stats().datagrams, 40U);
  expect_settled(fragments);
}

TEST_F(Defrag, LargestDatagram) {
  const Frame data = counted(65535 - 20 - 8);
  const auto parts = pieces(udp(1, 2, data), 1480, false);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) feed(parts[i]);
  const Packet& p = feed(parts.back());
  ASSERT_EQ(p.verdict, Verdict::kInspected) << events_of(p);
  EXPECT_EQ(Frame(p.payload.begin(), p.payload.end()), data);
}

TEST_F(Defrag, HeadersOfTheWhole) {
  // IPv4 options of the first fragment stay; IPv6 extension headers before the fragment header lead to what
  // it carried.
  const Frame whole = udp(40000, 53, counted(24));
  const Frame options = hex("94 04 0000");
  feed(eth(0x0800, ip4(kUdp, slice(whole, 0, 16), kMore, options)));
  const Packet& p = feed(eth(0x0800, ip4(kUdp, slice(whole, 16, 99), 2)));
  EXPECT_EQ(Frame(p.ip_options.begin(), p.ip_options.end()), options);
  EXPECT_EQ(p.payload.size(), 24U);

  const auto six = [](std::uint16_t offset_more, const Frame& part) {
    return eth(0x86dd, ip6(0, hex("3c 00 05 02 0000 01 00") + hex("2c 00 04 01 00 01 01 00") +
                                  Frame{kUdp, 0} + be16(offset_more) + hex("00000009") + part));
  };
  feed(six(1, slice(whole, 0, 16)));
  const Packet& q = feed(six(16, slice(whole, 16, 99)));
  EXPECT_EQ(q.verdict, Verdict::kInspected) << events_of(q);
  EXPECT_EQ(q.proto, kUdp);
  EXPECT_EQ(q.ip_header.size(), 56U);
  EXPECT_EQ(q.payload.size(), 24U);
}

TEST_F(Defrag, FirstBytesWinAndOverlapIsTold) {
  for (const bool six : {false, true}) {
    const auto piece = [&](std::uint16_t at, bool more, const Frame& part) {
      return six ? eth(0x86dd, ip6_fragment(kUdp, static_cast<std::uint16_t>(at | (more ? 1 : 0)), 5, part))
                 : eth(0x0800,
                       ip4(kUdp, part, static_cast<std::uint16_t>(at / 8 | (more ? kMore : 0)), {}, 5));
    };
    const std::string event = six ? "ipv6.frag_overlap" : "ipv4.frag_overlap";
    feed(piece(16, true, Frame(16, 'B')));
    feed(piece(0, true, udp(1, 2, Frame(48, 'H'))));  // its bytes 16 to 31 come too late; 32 to 55 are new
    EXPECT_EQ(events_of(kept_.back().p), event);
    EXPECT_EQ(kept_.back().p.verdict, Verdict::kFragmentHeld);
    EXPECT_EQ(feed(piece(24, true, Frame(8, 'X'))).verdict, Verdict::kFragmentLost) << "nothing of it is new";
    const Packet& p = feed(piece(48, false, Frame(8, 'Z')));  // covered, but it says where the end is
    ASSERT_EQ(p.verdict, Verdict::kInspected) << events_of(p);
    EXPECT_EQ(std::string(as_text(p.payload)),
              std::string(8, 'H') + std::string(16, 'B') + std::string(24, 'H'));
    defrag_.recycle();
  }
  expect_settled(8);
}

TEST_F(Defrag, ContradictingEnds) {
  feed(eth(0x0800, ip4(kUdp, Frame(16, 1), 4)));                                             // ends at 48
  EXPECT_EQ(feed(eth(0x0800, ip4(kUdp, Frame(16, 2), 6))).verdict, Verdict::kFragmentLost);  // ends at 64
  EXPECT_EQ(feed(eth(0x0800, ip4(kUdp, Frame(16, 3), 6 | kMore))).verdict, Verdict::kFragmentLost);
  EXPECT_EQ(events_of(kept_.back().p), "ipv4.frag_overlap");
  const Packet& p =
      feed(eth(0x0800, ip4(kUdp, udp(1, 2, Frame(32 + 8, 0)), 0, {})));  // whole: no fragment at all
  EXPECT_FALSE(p.reassembled);
  defrag_.finish();
  expect_settled(3);
}

TEST_F(Defrag, TimeoutIsByCaptureTime) {
  const auto parts = pieces(udp(1, 2, counted(24)), 16, false);
  // A minute and a bit later the first half is forgotten, though nothing ran in between.
  feed(parts[0], kSecond);
  EXPECT_EQ(feed(parts[1], 62 * kSecond).verdict, Verdict::kFragmentHeld);
  EXPECT_EQ(defrag_.stats().expired, 1U);
  EXPECT_EQ(defrag_.stats().incomplete, 1U);
  EXPECT_EQ(feed(parts[0], 63 * kSecond).verdict, Verdict::kInspected);
  // Just within the timeout.
  feed(parts[0], 100 * kSecond);
  EXPECT_EQ(feed(parts[1], 160 * kSecond).verdict, Verdict::kInspected);
  expect_settled(5);
}

TEST_F(Defrag, WhatTellsDatagramsApart) {
  const Frame whole = udp(1, 2, counted(24));
  const auto first = [&](std::uint8_t proto, std::uint16_t id) {
    return ip4(proto, slice(whole, 0, 16), kMore, {}, id);
  };
  feed(eth(0x0800, first(kUdp, 1)));
  const Frame last = ip4(kUdp, slice(whole, 16, 99), 2, {}, 1);
  EXPECT_EQ(feed(eth(0x8100, vlan_tag(5, 0x0800, last))).verdict, Verdict::kFragmentHeld) << "another VLAN";
  EXPECT_EQ(feed(eth(0x0800, ip4(6, slice(whole, 16, 99), 2, {}, 1))).verdict, Verdict::kFragmentHeld)
      << "protocol";
  EXPECT_EQ(feed(eth(0x0800, ip4(kUdp, slice(whole, 16, 99), 2, {}, 2))).verdict, Verdict::kFragmentHeld)
      << "id";
  EXPECT_EQ(feed(eth(0x0800, ip4(4, last))).verdict, Verdict::kFragmentHeld) << "in a tunnel";
  EXPECT_EQ(feed(eth(0x0800, last), kSecond, 9).verdict, Verdict::kFragmentHeld) << "another shard";
  EXPECT_EQ(feed(eth(0x0800, last)).verdict, Verdict::kInspected);
  // IPv6 identifications differ in their upper half, too.
  feed(eth(0x86dd, ip6_fragment(kUdp, 1, 0x00010007, slice(whole, 0, 16))));
  EXPECT_EQ(feed(eth(0x86dd, ip6_fragment(kUdp, 16, 0x00020007, slice(whole, 16, 99)))).verdict,
            Verdict::kFragmentHeld);
  EXPECT_EQ(feed(eth(0x86dd, ip6_fragment(kUdp, 16, 0x00010007, slice(whole, 16, 99)))).verdict,
            Verdict::kInspected);
  defrag_.finish();
  expect_settled(10);
}

TEST_F(Defrag, TooLarge) {
  const Packet& p = feed(eth(0x0800, ip4(kUdp, Frame(64, 0), 0x1fff)));
  EXPECT_EQ(p.verdict, Verdict::kFragmentLost);
  EXPECT_EQ(events_of(p), "ipv4.frag_pkt_too_large");
  const Packet& q = feed(eth(0x86dd, ip6_fragment(kUdp, 0xfff8, 1, Frame(64, 0))));
  EXPECT_EQ(events_of(q), "ipv6.frag_pkt_too_large");
  expect_settled(2);
}

TEST_F(Defrag, UnevenSizes) {
  const Packet& q = feed(eth(0x86dd, ip6_fragment(kUdp, 1, 1, Frame(15, 0))));
  EXPECT_EQ(q.verdict, Verdict::kFragmentLost);
  EXPECT_EQ(events_of(q), "ipv6.frag_invalid_length");
  // IPv4: what does not fill eight bytes has no place, as the next offset counts eights.
  feed(eth(0x0800, ip4(kUdp, udp(1, 2, Frame(11, 'a')), kMore)));
  EXPECT_EQ(as_text(feed(eth(0x0800, ip4(kUdp, Frame(8, 'b'), 2))).payload), "aaaaaaaabbb");
  EXPECT_TRUE(feed(eth(0x0800, ip4(kUdp, Frame(7, 0), kMore))).verdict == Verdict::kFragmentLost)
      << "nothing left";
  expect_settled(4);
}

TEST_F(Defrag, CutBySnapLength) {
  const Frame f = eth(0x0800, ip4(kUdp, Frame(64, 1), kMore));
  Decoded d = packet_of(slice(f, 0, f.size() - 8), LinkType::kEthernet, f.size());
  decode(Decoder(), defrag_, d.p);
  EXPECT_EQ(d.p.verdict, Verdict::kTruncated);
  expect_settled(1);
}

TEST_F(Defrag, NestedDatagrams) {
  // A fragmented IPIP packet whose inside is one of two fragments itself.
  const auto inner = pieces(udp(1, 2, counted(40)), 24, false, 3);
  const Frame inside = slice(inner[0], 14, inner[0].size());
  feed(eth(0x0800, ip4(4, slice(inside, 0, 16), kMore, {}, 1)));
  EXPECT_EQ(feed(eth(0x0800, ip4(4, slice(inside, 16, 99), 2, {}, 1))).verdict, Verdict::kFragmentHeld);
  const Packet& p = feed(eth(0x0800, ip4(4, slice(inner[1], 14, 99))));
  EXPECT_EQ(p.verdict, Verdict::kInspected) << events_of(p);
  EXPECT_EQ(p.layers, 2);
  EXPECT_EQ(p.payload.size(), 40U);
  expect_settled(4);
}

class SmallDefrag : public Defrag {
 protected:
  SmallDefrag() : Defrag(DefragConfig{.trackers = 1, .memcap_bytes = 1, .max_pieces = 4}) {}
};

TEST_F(SmallDefrag, FullTableGivesUpTheOldest) {
  const Frame whole = udp(1, 2, counted(24));
  for (std::uint16_t id = 0; id < 9; ++id) feed(eth(0x0800, ip4(kUdp, slice(whole, 0, 16), kMore, {}, id)));
  EXPECT_EQ(events_of(kept_[7].p), "");
  EXPECT_EQ(events_of(kept_[8].p), "ipv4.frag_ignored");
  EXPECT_EQ(defrag_.stats().evicted, 1U);
  EXPECT_EQ(feed(eth(0x0800, ip4(kUdp, slice(whole, 16, 99), 2, {}, 8))).verdict, Verdict::kInspected);
  EXPECT_EQ(feed(eth(0x0800, ip4(kUdp, slice(whole, 16, 99), 2, {}, 0))).verdict, Verdict::kFragmentHeld)
      << "given up";
  defrag_.finish();
  expect_settled(11);
}

TEST_F(SmallDefrag, FullMemoryGivesUpTheOldest) {
  // 512 KiB for the shard: eight datagrams of 60 KiB (in blocks of 64 KiB) do not fit beside a ninth.
  const Frame half(60 * 1024, 1);
  for (std::uint16_t id = 0; id < 9; ++id) feed(eth(0x0800, ip4(kUdp, half, kMore, {}, id)));
  EXPECT_GE(defrag_.stats().evicted, 1U);
  EXPECT_LE(defrag_.in_use_bytes(), 512U * 1024);
  EXPECT_EQ(kept_.back().p.verdict, Verdict::kFragmentHeld);
  EXPECT_EQ(events_of(kept_.back().p), "ipv4.frag_ignored");
  defrag_.finish();
  expect_settled(9);
}

TEST_F(SmallDefrag, TooManyPieces) {
  for (std::uint16_t i = 0; i < 6; ++i)
    feed(eth(0x0800, ip4(kUdp, Frame(8, 1), static_cast<std::uint16_t>(2 * i + 1) | kMore)));
  EXPECT_EQ(kept_[3].p.verdict, Verdict::kFragmentHeld);
  EXPECT_EQ(kept_[4].p.verdict, Verdict::kFragmentLost);
  EXPECT_EQ(events_of(kept_[4].p), "ipv4.frag_ignored");
  defrag_.finish();
  expect_settled(6);
}

TEST(DefragWorkers, OutcomeDoesNotDependOnTheirNumber) {
  // Floods of several shards through small tables: one worker for all, or one for each shard.
  std::mt19937 random(7);
  const DefragConfig config{.trackers = 8, .memcap_bytes = 1};
  Defragmenter one(config, 0, 1);
  std::vector<std::unique_ptr<Defragmenter>> many;
  for (unsigned w = 0; w < 4; ++w) many.push_back(std::make_unique<Defragmenter>(config, w, 4));
  std::uint64_t whole = 0;
  for (std::uint64_t n = 1; n < 5000; ++n) {
    const auto id = static_cast<std::uint16_t>(random() % 12);
    const bool more = random() % 3 != 0;
    const auto flags = static_cast<std::uint16_t>(more ? (random() % 2) | kMore : 2U);
    const Frame f = eth(0x0800, ip4(89, Frame(more ? 8 : 4, 1), flags, {}, id));
    const auto shard = static_cast<std::uint8_t>(random() % 16);
    Decoded a = packet_of(f), b = packet_of(f);
    a.p.shard = b.p.shard = shard;
    a.p.at = b.p.at = {n * kSecond / 20, n};
    decode(Decoder(), one, a.p);
    decode(Decoder(), *many[shard % 4], b.p);
    ASSERT_EQ(a.p.verdict, b.p.verdict) << n;
    ASSERT_EQ(events_of(a.p), events_of(b.p)) << n;
    ASSERT_EQ(a.p.payload.size(), b.p.payload.size());
    whole += a.p.reassembled;
    one.recycle();
    for (auto& d : many) d->recycle();
  }
  EXPECT_GT(whole, 100U);
  EXPECT_GT(one.stats().expired + one.stats().evicted, 100U);
}

}  // namespace
}  // namespace picket
