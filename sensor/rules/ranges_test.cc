#include "sensor/rules/ranges.h"

#include <gtest/gtest.h>

#include <random>

namespace picket::rules {
namespace {

using Ports = std::vector<PortRange>;

TEST(Ranges, JoinWhatTouches) {
  Ports p = {{10, 20}, {5, 9}, {30, 40}, {35, 50}, {0, 0}, {65535, 65535}, {65534, 65534}};
  normalize(p);
  EXPECT_EQ(p, (Ports{{0, 0}, {5, 20}, {30, 50}, {65534, 65535}}));
}

TEST(Ranges, SubtractAtTheEdges) {
  EXPECT_EQ(subtract(Ports{{0, 65535}}, Ports{{0, 0}, {65535, 65535}}), (Ports{{1, 65534}}));
  EXPECT_EQ(subtract(Ports{{0, 65535}}, Ports{{0, 65535}}), Ports{});
  EXPECT_EQ(subtract(Ports{{10, 20}}, Ports{}), (Ports{{10, 20}}));
  EXPECT_EQ(subtract(Ports{{10, 20}, {30, 40}}, Ports{{15, 35}}), (Ports{{10, 14}, {36, 40}}));
}

TEST(Ranges, AgreeWithCountingOneByOne) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Ports sets[2];
    bool want[512] = {};
    for (int s = 0; s < 2; ++s) {
      for (unsigned i = 0; i < 6; ++i) {
        const auto a = static_cast<std::uint16_t>(random() % 512),
                   b = static_cast<std::uint16_t>(a + random() % (512U - a));
        sets[s].push_back({a, b});
        for (unsigned v = a; v <= b && v < 512; ++v) want[v] = s == 0;
      }
      normalize(sets[s]);
    }
    const auto left = subtract(sets[0], sets[1]);
    bool got[512] = {};
    for (const auto r : left) {
      for (unsigned v = r.first; v <= r.last; ++v) got[v] = true;
    }
    for (unsigned v = 0; v < 512; ++v) ASSERT_EQ(got[v], want[v]) << "round " << round << " value " << v;
  }
}

TEST(Ranges, NextAndPreviousCarry) {
  const std::uint8_t a[] = {10, 0, 0, 255};
  const std::uint8_t b[] = {10, 0, 1, 0};
  EXPECT_EQ(next(Address::v4(a)), Address::v4(b));
  EXPECT_EQ(previous(Address::v4(b)), Address::v4(a));
}

}  // namespace
}  // namespace picket::rules
