#include "dataplane/detect/tags.h"

#include <gtest/gtest.h>

namespace picket::detect {
namespace {

using Metric = TagDef::Metric;
using Scope = TagDef::Scope;

Packet packet(std::uint32_t size, std::uint64_t second, std::uint8_t src = 1, std::uint8_t dst = 2) {
  const std::uint8_t a[4] = {10, 0, 0, src}, b[4] = {10, 0, 0, dst};
  Packet p;
  p.has_ip = p.is_v4 = true;
  p.src = Address::v4(a);
  p.dst = Address::v4(b);
  p.wire_size = size;
  p.time_ns = second * 1'000'000'000;
  return p;
}

int taken(FlowTags& tags, int packets, std::uint32_t size) {
  int n = 0;
  for (int i = 0; i < packets; ++i) n += tags.take(packet(size, 1)) ? 1 : 0;
  return n;
}

TEST(TagsTest, ThePacketThatMatchedIsTheFirstOfThem) {
  FlowTags tags;
  tags.add(packet(60, 1), {Scope::kSession, Metric::kPackets, 3}, 7);
  EXPECT_EQ(taken(tags, 10, 60), 2);
  EXPECT_EQ(tags.count, 0U) << "a tag that is used up is gone";
}

TEST(TagsTest, BytesCountWithThatPacket) {
  FlowTags tags;
  tags.add(packet(60, 1), {Scope::kSession, Metric::kBytes, 250}, 7);
  EXPECT_EQ(taken(tags, 10, 60), 3);
}

TEST(TagsTest, SecondsCountFromThatPacket) {
  FlowTags tags;
  tags.add(packet(60, 100), {Scope::kSession, Metric::kSeconds, 5}, 7);
  EXPECT_TRUE(tags.take(packet(60, 105)));
  EXPECT_FALSE(tags.take(packet(60, 106)));
}

TEST(TagsTest, ARuleThatMatchesAgainStartsAnewAndTheOldestGoes) {
  FlowTags tags;
  const TagDef two{Scope::kSession, Metric::kPackets, 2};
  tags.add(packet(60, 1), two, 7);
  tags.add(packet(60, 1), two, 7);
  EXPECT_EQ(tags.count, 1U);
  for (RuleNumber r = 0; r < 10; ++r)
    EXPECT_EQ(tags.add(packet(60, 1), two, r), r < FlowTags::kMost - 1) << "is there room?";
  EXPECT_EQ(tags.count, FlowTags::kMost);
  EXPECT_EQ(tags.tags.back().rule, 9U);
  EXPECT_EQ(taken(tags, 5, 60), 1);
}

TEST(TagsTest, AHostIsFollowedWithThePeerItWasTaggedWith) {
  HostTags tags;
  tags.add(packet(60, 1, 1, 2), {Scope::kHostSource, Metric::kPackets, 4}, 7);
  EXPECT_TRUE(tags.take(packet(60, 1, 1, 2)));
  EXPECT_FALSE(tags.take(packet(60, 1, 1, 3)));
  EXPECT_TRUE(tags.take(packet(60, 1, 2, 1))) << "both directions";
  EXPECT_TRUE(tags.take(packet(60, 1, 2, 1)));
  EXPECT_FALSE(tags.take(packet(60, 1, 1, 2)));
}

TEST(TagsTest, AShardHoldsFewPairsAndTheOldestGoes) {
  HostTags tags;
  for (std::uint8_t i = 1; i <= HostTags::kPerShard + 1; ++i)
    EXPECT_EQ(tags.add(packet(60, 1, i, 100), {Scope::kHostSource, Metric::kPackets, 9}, 7),
              i <= HostTags::kPerShard);
  EXPECT_FALSE(tags.take(packet(60, 1, 1, 100)));
  EXPECT_TRUE(tags.take(packet(60, 1, 2, 100)));
  EXPECT_TRUE(tags.take(packet(60, 1, HostTags::kPerShard + 1, 100)));
}

}  // namespace
}  // namespace picket::detect
