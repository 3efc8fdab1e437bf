#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/core/ot_match.h"
#include "sensor/rules/test_protocols.h"
#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

using ::testing::HasSubstr;

/// Operations that a test of operations admits, by protocol: "modbus: write single coil".
std::string admits(std::string_view options, std::string_view header = "alert ip any any -> any any") {
  const OneRule rule = with(options, header);
  EXPECT_EQ(rule.error(), "");
  if (!rule.loaded()) return "";
  std::string out;
  for (const auto& c : std::get<KeywordMatch>(rule->transaction_tests.at(0)).any_of) {
    for (const auto& set : static_cast<const OtOperationMatcher&>(*c.matcher).sets) {
      for (std::size_t i = 0; i < set.operations.size(); ++i) {
        if (!set.operations[i]) continue;
        out += (out.empty() ? "" : ", ") + std::string(set.protocol->name) + ": " +
               std::string(set.protocol->operations[i].name);
      }
    }
  }
  return out;
}

template <class Matcher>
std::vector<typename Matcher::Test> tests_of(std::string_view options) {
  const OneRule rule = with(options);
  EXPECT_EQ(rule.error(), "");
  if (!rule.loaded()) return {};
  return static_cast<const Matcher&>(
             *std::get<KeywordMatch>(rule->transaction_tests.at(0)).any_of.at(0).matcher)
      .tests;
}

TEST(Ot, ClassesAndOperationsAreSettledWhenTheRuleLoads) {
  EXPECT_EQ(admits("ot.class:write,control;"),
            "modbus: write single register, modbus: write single coil, umas: PLC stop, dnp3: cold restart");
  EXPECT_EQ(admits("ot.class:!read;"),
            "modbus: write single register, modbus: write single coil, umas: PLC stop, dnp3: cold restart");
  EXPECT_EQ(admits("ot.operation:\"PLC stop\";"), "umas: PLC stop");
  EXPECT_EQ(admits("ot.operation:plc stop, cold restart;"), "umas: PLC stop, dnp3: cold restart");
  EXPECT_EQ(admits("ot.operation:\"write*\";"), "modbus: write single register, modbus: write single coil");
  EXPECT_EQ(admits("ot.protocol:umas;"), "umas: PLC stop");
  EXPECT_EQ(admits("ot.protocol:!modbus;"), "umas: PLC stop, dnp3: read, dnp3: cold restart");
  EXPECT_EQ(admits("ot.class:control;", "alert dnp3 any any -> any any"), "dnp3: cold restart");
}

TEST(Ot, OnlyProtocolsThatCanDoItRemain) {
  const OneRule rule = with("ot.operation:\"PLC stop\";");
  EXPECT_EQ(std::get<KeywordMatch>(rule->transaction_tests.at(0)).any_of.size(), 1U);
  EXPECT_EQ(with("ot.class:read;", "alert udp any any -> any any").error(), "") << "dnp3 is on UDP, too";
}

TEST(Ot, WithoutAnArgumentTheyAreBuffers) {
  const OneRule rule = with(
      "ot.operation; content:\"stop\"; nocase; ot.address; content:\"DB1\"; ot.address; content:\"DB2\";");
  ASSERT_TRUE(rule.loaded()) << rule.error();
  ASSERT_EQ(rule->groups.size(), 3U) << "each use asks for an address of its own";
  EXPECT_EQ(rule->groups[0].name, "ot.operation");
  EXPECT_EQ(rule->groups[0].fields.size(), 2U);
  EXPECT_EQ(with("ot.class:to_client; content:\"x\";", "alert modbus any any => any any").error(), "");
  EXPECT_THAT(reason("ot.value;"), HasSubstr("needs an argument"));
}

TEST(Ot, Addresses) {
  using Test = OtAddressMatcher::Test;
  const auto range = [](std::string_view argument) {
    const auto all = tests_of<OtAddressMatcher>("ot.address:" + std::string(argument) + ";");
    return all.empty() ? Test{} : all[0];
  };
  constexpr auto kMost = ~std::uint64_t{0};
  for (const auto& [text, first, last] :
       std::vector<std::tuple<const char*, std::uint64_t, std::uint64_t>>{{"100", 100, 100},
                                                                          {"100-200", 100, 200},
                                                                          {"100<>200", 101, 199},
                                                                          {">100", 101, kMost},
                                                                          {">=100", 100, kMost},
                                                                          {"<100", 0, 99},
                                                                          {"<=100", 0, 100},
                                                                          {"0x10", 16, 16}}) {
    EXPECT_EQ(range(text).first, first) << text;
    EXPECT_EQ(range(text).last, last) << text;
  }
  const auto mixed = tests_of<OtAddressMatcher>("ot.address:!\"DB1.*\", 7;");
  ASSERT_EQ(mixed.size(), 2U);
  EXPECT_EQ(mixed[0].glob, "DB1.*");
  EXPECT_EQ(mixed[1].first, 7U);
}

TEST(Ot, Values) {
  const auto one = [](std::string_view argument) {
    const auto all = tests_of<OtValueMatcher>("ot.value:" + std::string(argument) + ";");
    return all.empty() ? OtValueMatcher::Test{} : all[0];
  };
  EXPECT_TRUE(one(">10.5").low_open);
  EXPECT_EQ(one(">10.5").low, 10.5);
  EXPECT_EQ(one("-5<>5").low, -5);
  EXPECT_EQ(one("-5<>5").high, 5);
  EXPECT_TRUE(one("-5<>5").high_open);
  EXPECT_EQ(one("<=-1e3").high, -1000);
  EXPECT_EQ(one("=3").high, 3);
  EXPECT_EQ(one("0x10").low, 16);
  EXPECT_EQ(one("\"on\"").glob, "on");
}

TEST(Ot, RefusesWithAReason) {
  EXPECT_THAT(reason("ot.class:wirte;"),
              HasSubstr("'wirte' is not a class of operations; did you mean 'write'?"));
  EXPECT_THAT(reason("ot.class:everything;"), HasSubstr("there are none, read, diagnostic"));
  EXPECT_THAT(reason("ot.operation:\"PLC stpo\";"), HasSubstr("did you mean 'PLC stop'?"));
  EXPECT_THAT(reason("ot.operation:\"PLC stop\";", "alert dnp3 any any -> any any"),
              HasSubstr("'PLC stop' is not an operation"));
  EXPECT_THAT(reason("ot.operation:\"*firmware*\";"), HasSubstr("nor does it fit one"));
  EXPECT_THAT(reason("ot.protocol:mobdus;"), HasSubstr("did you mean 'modbus'?"));
  EXPECT_THAT(reason("ot.class:program;"), HasSubstr("no operation that picket knows is left"));
  EXPECT_THAT(reason("ot.class:write;", "alert http any any -> any any"),
              HasSubstr("does not exist in http"));
  EXPECT_THAT(reason("ot.operation:\"PLC stop\";", "alert udp any any -> any any"),
              HasSubstr("belongs to a protocol that the header's transport does not carry"));
  EXPECT_THAT(reason("ot.address:12x;"), HasSubstr("is no range of addresses"));
  EXPECT_THAT(reason("ot.address:200-100;"), HasSubstr("no address lies in '200-100'"));
  EXPECT_THAT(reason("ot.address:5<>6;"), HasSubstr("no address lies in"));
  EXPECT_THAT(reason("ot.address:DB1;"), HasSubstr("with quotation marks"));
  EXPECT_THAT(reason("ot.value:high;"), HasSubstr("is no number, nor a test of one"));
  EXPECT_THAT(reason("ot.value:5<>5;"), HasSubstr("no number lies in"));
  EXPECT_THAT(reason("ot.value:\"on;"), HasSubstr("no closing quotation mark"));
  EXPECT_THAT(reason("ot.class:write,;"), HasSubstr("empty argument"));
  EXPECT_THAT(reason("ot.clas:write;"), HasSubstr("did you mean 'ot.class'?"));
}

}  // namespace
}  // namespace picket::rules
