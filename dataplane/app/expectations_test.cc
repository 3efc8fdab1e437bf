#include "dataplane/app/expectations.h"

#include <gtest/gtest.h>

namespace picket {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

Address host(std::uint8_t last) {
  const std::uint8_t bytes[4] = {10, 0, 0, last};
  return Address::v4(bytes);
}

/// From 10.0.0.`client` to 10.0.0.`server`.
Flow flow(std::uint8_t client, std::uint16_t client_port, std::uint8_t server, std::uint16_t server_port,
          std::uint64_t clock_ns = 100 * kSecond) {
  Flow f;
  f.low_is_client = client < server;
  f.key.low = host(std::min(client, server));
  f.key.high = host(std::max(client, server));
  f.key.low_port = f.low_is_client ? client_port : server_port;
  f.key.high_port = f.low_is_client ? server_port : client_port;
  f.key.shard = 7;
  f.last_clock_ns = clock_ns;
  return f;
}

Expectation to(Direction end, std::uint16_t port, std::string_view hint) {
  return {end, port, "ftp-data", as_bytes(hint)};
}

class ExpectationsTest : public ::testing::Test {
 protected:
  std::string take(const Flow& f) {
    ExpectedFlow out(pool_);
    return table_.take(f, out) ? std::string(out.hint.text()) + "/" + std::to_string(out.protocol) : "";
  }
  Pool pool_{4 << 20};
  Expectations table_{pool_};
  const Flow control_ = flow(2, 40000, 1, 21);
};

TEST_F(ExpectationsTest, ToTheServersPort) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, "a"), 3));
  EXPECT_EQ(take(flow(2, 40001, 1, 5001)), "") << "another port";
  EXPECT_EQ(take(flow(3, 40001, 1, 5000)), "") << "another client";
  EXPECT_EQ(take(flow(1, 40001, 2, 5000)), "") << "the other way round";
  EXPECT_EQ(take(flow(2, 40001, 1, 5000)), "a/3");
  EXPECT_EQ(take(flow(2, 40002, 1, 5000)), "") << "once";
}

TEST_F(ExpectationsTest, ToTheClientsPort) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToClient, 6000, "b"), 3));
  EXPECT_EQ(take(flow(2, 40001, 1, 6000)), "");
  EXPECT_EQ(take(flow(1, 20, 2, 6000)), "b/3");
}

TEST_F(ExpectationsTest, WhoOpenedItMayBeGuessedWrong) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, "a"), 3));
  EXPECT_EQ(take(flow(1, 5000, 2, 40001)), "a/3");
}

TEST_F(ExpectationsTest, VlansAndShardsAreApart) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, "a"), 3));
  Flow other = flow(2, 40001, 1, 5000);
  other.key.vlans[0] = 5;
  EXPECT_EQ(take(other), "");
  other = flow(2, 40001, 1, 5000);
  other.key.shard = 8;
  EXPECT_EQ(take(other), "");
}

TEST_F(ExpectationsTest, WaitsThirtySeconds) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, "a"), 3));
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5001, "b"), 3));
  EXPECT_EQ(take(flow(2, 40001, 1, 5000, 130 * kSecond - 1)), "a/3");
  EXPECT_EQ(take(flow(2, 40001, 1, 5001, 130 * kSecond)), "");
}

TEST_F(ExpectationsTest, ALaterOneReplacesAnEarlier) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, "a"), 3));
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, "b"), 3));
  EXPECT_EQ(take(flow(2, 40001, 1, 5000)), "b/3");
  EXPECT_EQ(take(flow(2, 40001, 1, 5000)), "");
}

TEST_F(ExpectationsTest, TheOldestGoesWhenItIsFull) {
  for (std::uint16_t i = 0; i < Expectations::kPerShard; ++i) {
    EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, static_cast<std::uint16_t>(5000 + i), "x"), 3));
  }
  EXPECT_FALSE(table_.add(control_, to(Direction::kToServer, 6000, "last"), 3));
  EXPECT_EQ(take(flow(2, 40001, 1, 5000)), "");
  EXPECT_EQ(take(flow(2, 40001, 1, 5001)), "x/3");
  EXPECT_EQ(take(flow(2, 40001, 1, 6000)), "last/3");
  // What has waited too long makes room without a word.
  Flow later = control_;
  later.last_clock_ns += Expectations::kTimeoutNs;
  for (std::uint16_t i = 0; i < Expectations::kPerShard; ++i) {
    EXPECT_TRUE(table_.add(later, to(Direction::kToServer, static_cast<std::uint16_t>(7000 + i), "y"), 3));
  }
}

TEST_F(ExpectationsTest, HintsAreBoundedAndMayFindNoMemory) {
  EXPECT_TRUE(table_.add(control_, to(Direction::kToServer, 5000, std::string(9000, 'n')), 3));
  EXPECT_EQ(take(flow(2, 40001, 1, 5000)).size(), Expectation::kMaxHint + 2);
}

}  // namespace
}  // namespace picket
