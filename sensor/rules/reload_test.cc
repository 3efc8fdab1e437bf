// What flows and transactions remember of rules, over a reload.
#include <gtest/gtest.h>

#include <algorithm>

#include "sensor/rules/dynamic_sets.h"
#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

std::string rule(std::string_view options, unsigned sid, std::string_view header = "http") {
  return "alert " + std::string(header) + " any any -> any any (" + std::string(options) +
         " sid:" + std::to_string(sid) + ";)\n";
}

/// In front of the rest, so that every rule has another place.
const std::string kMore =
    rule("content:\"zz\"; priority:1;", 90, "tcp") + rule("http.uri; content:\"zz\";", 91);

TEST(Reload, ARuleThatWaitsForItsOtherBufferGoesOn) {
  const std::string both = rule("http.uri; content:\"/evil\"; http.request_header; content:\"bad\";", 1) +
                           rule("http.uri; content:\"/evil\"; http.request_header; content:\"worse\";", 2);
  Bench b(both);
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"}).request("http.request_header", {"bad", "worse"});
  b.advance(tx, Direction::kToServer, kLine);
  b.reload(kMore + both).advance(tx, Direction::kToServer, kHeaders).done(tx);
  EXPECT_EQ(b.fired(), "1 2");
}

TEST(Reload, ItGoesOnOverSeveralAndWhenItWasAwayMeanwhile) {
  const std::string one = rule("http.uri; content:\"/evil\"; http.request_header; content:\"bad\";", 1);
  Bench b(one);
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"}).request("http.request_header", {"bad"});
  b.advance(tx, Direction::kToServer, kLine);
  b.reload(kMore).reload(kMore + one).advance(tx, Direction::kToServer, kHeaders).done(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Reload, ARuleThatWasChangedOrIsNewSeesWhatComesFromNowOn) {
  Bench b(rule("http.uri; content:\"/evil\"; http.request_header; content:\"bad\";", 1));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"}).request("http.request_header", {"bad"});
  b.advance(tx, Direction::kToServer, kLine);
  b.reload(rule("http.uri; content:\"/evil\"; http.request_header; content:\"bad\"; rev:2;", 1) +
           rule("http.uri; content:\"/evil\";", 2) + rule("http.request_header; content:\"bad\";", 3));
  b.advance(tx, Direction::kToServer, kHeaders).done(tx);
  EXPECT_EQ(b.fired(), "3");
  BenchTx next;
  b.whole(next.request("http.uri", {"/evil"}).request("http.request_header", {"bad"}));
  EXPECT_EQ(b.fired(), "2 1 3");
}

TEST(Reload, WhatHasFiredDoesNotFireAgain) {
  const std::string one = rule("http.uri; content:\"/evil\";", 1);
  Bench b(one);
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"}).request("http.request_header", {"x"});
  b.advance(tx, Direction::kToServer, kLine);
  EXPECT_EQ(b.fired(), "1");
  b.reload(kMore + one).advance(tx, Direction::kToServer, kHeaders).done(tx);
  EXPECT_EQ(b.fired(), "");
}

TEST(Reload, APatternThatABorderCutsIsFound) {
  const std::string one = rule("flow:established; content:\"needle-in-a-stream\";", 1, "tcp");
  Bench b(one);
  b.to_server("...needle-in-").reload(kMore + one).to_server("a-stream...").end();
  EXPECT_EQ(b.fired(), "1");
}

TEST(Reload, AStreamIsNotToldAgainWhatItsPacketTold) {
  const std::string one = rule("content:\"needle\";", 1, "tcp");
  Bench b(one);
  b.to_server("a needle").reload(kMore + one).end();
  EXPECT_EQ(b.fired(), "1");
}

TEST(Reload, BitsAndIntegersOfFlowsBelongToTheirNames) {
  Bench b(rule("content:\"login\"; flowbits:set,seen; flowint:n,=,3; noalert;", 1, "udp"));
  b.udp().to_server("login");
  b.reload(rule("content:\"first\"; flowbits:set,other; flowint:m,=,9; noalert;", 5, "udp") +
           rule("content:\"get\"; flowbits:isset,seen; flowint:n,==,3;", 2, "udp") +
           rule("content:\"get\"; flowbits:isset,other;", 3, "udp"));
  b.to_server("get");
  EXPECT_EQ(b.fired(), "2");
  b.reload("")
      .to_server("first")
      .reload(rule("content:\"get\"; flowbits:isset,seen;", 4, "udp"))
      .to_server("get");
  EXPECT_EQ(b.fired(), "4");
}

TEST(Reload, WhatDidNotChangeIsShared) {
  const std::string some =
      rule("content:\"one\"; pcre:\"/a+b/\";", 1, "tcp") + rule("http.uri; content:\"x\";", 2);
  Bench b(some);
  const std::shared_ptr<hs_database> database = b.plan.rules->databases.front();
  const auto expression = b.plan.rules->expressions.front();
  b.reload(some + rule("http.request_header; content:\"new\";", 3));
  const auto& now = *b.plan.rules;
  EXPECT_EQ(std::count(now.databases.begin(), now.databases.end(), database), 1);
  EXPECT_EQ(std::count(now.expressions.begin(), now.expressions.end(), expression), 1);
  EXPECT_EQ(b.plan.databases, b.plan.from_cache + 1);
}

TEST(Reload, DataSetsKeepWhatRulesPutIntoThem) {
  DynamicSet one, two, other;
  one.name = "one", one.memcap = 1000, one.values = {"a"};
  two.name = "two", two.memcap = 1000;
  other = one;
  other.type = detect::DatasetType::kMd5;
  DynamicSets sets;
  const auto first = sets.add(std::vector{one});
  const auto later = sets.add(std::vector{two, one});
  EXPECT_EQ(first, (DynamicSets::Places{0}));
  EXPECT_EQ(later, (DynamicSets::Places{1, 0}));
  EXPECT_EQ(sets.add(std::vector{other}), (DynamicSets::Places{2}));  // another type is another set
}

}  // namespace
}  // namespace picket::rules
