#include "parsers/core/pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace picket {
namespace {

TEST(Pool, GivesDistinctBlocksAndTakesThemBack) {
  Pool pool(1 << 20);
  std::vector<void*> blocks;
  for (int i = 0; i < 5000; ++i) {
    void* p = pool.allocate(100);
    ASSERT_NE(p, nullptr);
    std::memset(p, i, 100);
    blocks.push_back(p);
  }
  EXPECT_EQ(pool.in_use_bytes(), 5000U * 128U);
  for (void* p : blocks) pool.release(p, 100);
  EXPECT_EQ(pool.in_use_bytes(), 0U);
}

TEST(Pool, RefusesWhenUsedUpAndServesAgainAfterRelease) {
  Pool pool(Pool::kMaxBlock);
  void* whole = pool.allocate(Pool::kMaxBlock);
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(pool.allocate(64), nullptr);
  EXPECT_EQ(pool.refused(), 1U);
  pool.release(whole, Pool::kMaxBlock);
  void* small = pool.allocate(64);
  EXPECT_NE(small, nullptr) << "an empty page serves another size";
  pool.release(small, 64);
}

TEST(Pool, RefusesBlocksBeyondItsLargest) {
  Pool pool(8 << 20);
  EXPECT_EQ(pool.allocate(Pool::kMaxBlock + 1), nullptr);
}

TEST(PoolBuffer, GrowsKeepsContentAndConsumes) {
  Pool pool(1 << 20);
  PoolBuffer b(pool);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(b.push_back(static_cast<std::uint8_t>(i)));
  EXPECT_EQ(b.size(), 1000U);
  b.consume(998);
  ASSERT_EQ(b.size(), 2U);
  EXPECT_EQ(b.view()[0], 998 % 256);
  PoolBuffer moved = std::move(b);
  EXPECT_EQ(moved.size(), 2U);
  moved.reset();
  EXPECT_EQ(pool.in_use_bytes(), 0U);
}

TEST(PoolBuffer, AppendIsAllOrNothing) {
  Pool pool(Pool::kMaxBlock);
  PoolBuffer b(pool);
  ASSERT_TRUE(b.append(as_bytes("abc")));
  const std::vector<std::uint8_t> large(Pool::kMaxBlock + 1);
  EXPECT_FALSE(b.append(large));
  EXPECT_EQ(b.text(), "abc");
}

}  // namespace
}  // namespace picket
