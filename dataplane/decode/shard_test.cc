#include "dataplane/decode/shard.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "dataplane/decode/decode_testing.h"

namespace picket {
namespace {

using namespace testing_frames;

std::uint8_t shard(const Frame& f, ShardMode mode = ShardMode::kIpPair) {
  return shard_of(f.data(), f.size(), LinkType::kEthernet, mode);
}
/// The same packet the other way round.
Frame reversed(Frame f, std::size_t address_at, std::size_t address_size, std::size_t ports_at) {
  const auto at = f.begin() + static_cast<std::ptrdiff_t>(address_at);
  const auto size = static_cast<std::ptrdiff_t>(address_size);
  std::swap_ranges(at, at + size, at + size);
  const auto ports = f.begin() + static_cast<std::ptrdiff_t>(ports_at);
  std::swap_ranges(ports, ports + 2, ports + 2);
  return f;
}

TEST(Shard, BothDirectionsMeet) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    Frame four = eth(0x0800, ip4(6, tcp(static_cast<std::uint16_t>(random()), 80, 2, {}, {})));
    Frame six = eth(0x86dd, ip6(17, udp(static_cast<std::uint16_t>(random()), 53, {})));
    for (std::size_t b = 26; b < 34; ++b) four[b] = static_cast<std::uint8_t>(random());
    for (std::size_t b = 22; b < 54; ++b) six[b] = static_cast<std::uint8_t>(random());
    for (const ShardMode mode : {ShardMode::kIpPair, ShardMode::kFiveTuple}) {
      EXPECT_EQ(shard(four, mode), shard(reversed(four, 26, 4, 34), mode));
      EXPECT_EQ(shard(six, mode), shard(reversed(six, 22, 16, 54), mode));
    }
  }
}

TEST(Shard, AllOfTwoHostsMeet) {
  const Frame data(64, 1);
  const std::uint8_t expected = shard(eth(0x0800, ip4(6, tcp(1, 2, 2, {}, {}))));
  const Frame inner = ip4(6, tcp(20, 40000, 2, {}, {}));
  for (const Frame& f : {
           eth(0x0800, ip4(6, tcp(21, 4711, 2, {}, {}))),
           eth(0x0800, ip4(17, udp(1, 2, data))),
           eth(0x0800, ip4(17, data, 0x2000)),  // first fragment
           eth(0x0800, ip4(17, data, 0x0010)),  // a later one, which shows no ports
           eth(0x0800, ip4(1, hex("08 00 0000 0001 0001"))),
           eth(0x8100, vlan_tag(5, 0x0800, inner)),
           eth(0x8847, hex("00064140") + inner),
           eth(0x86dd, ip6(4, inner)),
           eth(0x86dd, ip6(17, udp(1, 4789, hex("08000000 00000100") + eth(0x0800, inner)))),
           eth(0x86dd, ip6(47, hex("0000 0800") + inner)),
       }) {
    EXPECT_EQ(shard(f), expected);
  }
}

TEST(Shard, FiveTupleSpreadsOnePairOfHosts) {
  std::array<int, kShards> hits{};
  for (int port = 1024; port < 1024 + 6400; ++port) {
    ++hits[shard(eth(0x0800, ip4(6, tcp(static_cast<std::uint16_t>(port), 443, 2, {}, {}))),
                 ShardMode::kFiveTuple)];
  }
  for (const int n : hits) EXPECT_NEAR(n, 100, 60);
}

TEST(Shard, SpreadsHostsEvenly) {
  // A thousand clients of one server, numbered one after the other, as they are.
  std::array<int, kShards> hits{};
  Frame f = eth(0x0800, ip4(6, tcp(1, 443, 2, {}, {})));
  for (int host = 0; host < 6400; ++host) {
    f[28] = static_cast<std::uint8_t>(host >> 8);
    f[29] = static_cast<std::uint8_t>(host);
    ++hits[shard(f)];
  }
  for (const int n : hits) EXPECT_NEAR(n, 100, 60);
}

/// Requests and answers of a protocol without IP meet on one worker, also from inside of a tunnel and in any mode.
TEST(Shard, MacAddressesStandForWhatHasNoIp) {
  std::array<int, kShards> hits{};
  const Frame station = hex("020000000001"), said = hex("0001 0008 0000 0000");
  for (unsigned n = 0; n < 6400; ++n) {
    Frame device = hex("00304f000000");
    device[4] = static_cast<std::uint8_t>(n >> 8);
    device[5] = static_cast<std::uint8_t>(n);
    const Frame there = device + station + hex("88b8") + said, back = station + device + hex("88b8") + said;
    const std::uint8_t expected = shard(there);
    ++hits[expected];
    EXPECT_EQ(shard(back), expected);
    EXPECT_EQ(shard(back, ShardMode::kFiveTuple), expected);
    EXPECT_EQ(shard(station + device + hex("8100 0005 88b8") + said), expected);
    EXPECT_EQ(shard(eth(0x0800, ip4(17, udp(1, 4789, hex("08000000 00000100") + back)))), expected);
  }
  for (const int n : hits) EXPECT_NEAR(n, 100, 60);
}

TEST(Shard, WithoutIpIsZero) {
  EXPECT_EQ(shard(eth(0x0806, Frame(28, 0))), 0);
  EXPECT_EQ(shard({}), 0);
}

}  // namespace
}  // namespace picket
