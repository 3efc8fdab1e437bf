#include "parsers/ftpdata/ftpdata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::ftpdata {

extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

std::string describe(const Transaction& t) {
  const Tx& tx = static_cast<const Tx&>(t);
  return std::string(kCommandNames[static_cast<std::size_t>(tx.command)]) + " " + std::string(tx.name.text());
}
HarnessOptions options(Command c, std::string_view name) {
  HarnessOptions o;
  o.files = true;
  o.hint = std::string(1, static_cast<char>(c)) + std::string(name);
  o.describe = describe;
  return o;
}

const Conversation kDown = {to_client("pump;"), to_client("7"), end(Direction::kToClient),
                            end(Direction::kToServer)};

TEST(FtpData, AFileFromEndToEnd) {
  EXPECT_THAT(run(kSpec, kDown, options(Command::kRetr, "a.csv")),
              ElementsAre("file < a.csv [pump;7] complete", "tx 0 req rep RETR a.csv"));
  EXPECT_THAT(run(kSpec, {to_server("up"), end(Direction::kToServer)}, options(Command::kAppe, "b")),
              ElementsAre("file > b [up] complete", "tx 0 req rep APPE b"));
}

TEST(FtpData, AListingIsNoFile) {
  EXPECT_THAT(run(kSpec, kDown, options(Command::kList, "/pub")), ElementsAre("tx 0 req rep LIST /pub"));
}

TEST(FtpData, WhatDoesNotEndIsTruncated) {
  EXPECT_THAT(run(kSpec, {to_client("pump")}, options(Command::kRetr, "a")),
              ElementsAre("file < a [pump] truncated", "tx 0 req rep RETR a"));
  EXPECT_THAT(run(kSpec, {to_client("pump"), end(Direction::kToServer)}, options(Command::kRetr, "a")),
              ElementsAre("file < a [pump] truncated", "tx 0 req rep RETR a"))
      << "the end of the other side means nothing";
}

TEST(FtpData, GapsAreTheFiles) {
  EXPECT_THAT(run(kSpec, {gap(Direction::kToClient, 9), to_client("x"), end(Direction::kToClient)},
                  options(Command::kRetr, "a")),
              ElementsAre("file < a [<9 missing>x] complete", "tx 0 req rep RETR a"));
}

TEST(FtpData, BothWays) {
  EXPECT_THAT(run(kSpec, {to_client("a"), to_server("b"), to_client("c"), end(Direction::kToClient)},
                  options(Command::kRetr, "f")),
              ElementsAre("file < f [ac] complete", "tx 0 req rep events=data_both_ways RETR f"));
}

TEST(FtpData, NothingWasSent) {
  EXPECT_TRUE(run(kSpec, {end(Direction::kToClient)}, options(Command::kRetr, "a")).empty());
}

TEST(FtpData, DoesNotCareHowSegmentsFall) {
  EXPECT_EQ(check_every_split(kSpec, kDown, options(Command::kRetr, "a.csv")), "");
  EXPECT_EQ(check_every_truncation(kSpec, kDown, options(Command::kRetr, "a.csv")), "");
  EXPECT_EQ(check_every_truncation(kSpec, kDown, HarnessOptions{}), "") << "without a hint";
}

TEST(FtpData, HintsGoThereAndBack) {
  Pool pool(1 << 20);
  PoolBuffer hint(pool);
  const std::string name(2 * Expectation::kMaxHint, 'n');
  ASSERT_TRUE(write_hint(Command::kStor, as_bytes(name), hint));
  EXPECT_EQ(hint.size(), Expectation::kMaxHint);
  Bytes back;
  EXPECT_EQ(read_hint(hint.view(), back), Command::kStor);
  EXPECT_EQ(back.size(), Expectation::kMaxHint - 1);
  EXPECT_EQ(read_hint({}, back), Command::kNone);
  EXPECT_EQ(read_hint(as_bytes("\x7f"), back), Command::kNone);
  EXPECT_EQ(find_command("RETR"), Command::kRetr);
  EXPECT_EQ(find_command(""), Command::kNone);
  EXPECT_EQ(find_command("NOOP"), Command::kNone);
}

TEST(FtpData, KeywordNamesTheCommand) {
  const auto parse = kSpec.keywords[0].parse;
  Pool pool(1 << 20);
  Tx tx(pool);
  tx.command = Command::kRetr;
  EXPECT_TRUE(parse("retr").value()->match(tx, Direction::kToClient));
  EXPECT_FALSE(parse("stor").value()->match(tx, Direction::kToClient));
  EXPECT_FALSE(parse("quit").has_value());
  EXPECT_FALSE(parse("").has_value());
}

}  // namespace
}  // namespace picket::ftpdata
