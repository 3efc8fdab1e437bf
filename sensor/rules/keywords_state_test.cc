#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(StateBits, FlowXHost) {
  const auto rule = with(
      "flowbits:set,ET.Evil; flowbits:isset,a|b|c; flowbits:noalert; xbits:set,x,track ip_src,expire 60; "
      "hostbits:isnotset,h,both; flowbits: unset , u;");
  ASSERT_EQ(rule->state_bits.size(), 5U);
  EXPECT_EQ(rule->state_bits[0].names, std::vector<std::string>{"ET.Evil"});
  EXPECT_EQ(rule->state_bits[1].names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(rule->state_bits[1].op, StateBit::Op::kIsSet);
  EXPECT_TRUE(rule->noalert);
  EXPECT_EQ(rule->state_bits[2].scope, StateBit::Scope::kHostSource);
  EXPECT_EQ(rule->state_bits[2].expire_seconds, 60U);
  EXPECT_EQ(rule->state_bits[3].scope, StateBit::Scope::kHostBoth);
  EXPECT_EQ(rule->state_bits[4].names, std::vector<std::string>{"u"});
}

TEST(FlowInt, AllForms) {
  const auto rule = with("flowint:n,+,1; flowint:n,>,m; flowint:n,isset; flowint:n,notset; flowint:n,==,5;");
  ASSERT_EQ(rule->flow_ints.size(), 5U);
  EXPECT_EQ(rule->flow_ints[0].op, FlowInt::Op::kAdd);
  EXPECT_EQ(rule->flow_ints[0].value, 1U);
  EXPECT_EQ(rule->flow_ints[1].other, "m");
  EXPECT_EQ(rule->flow_ints[3].op, FlowInt::Op::kIsNotSet);
}

TEST(Thresholds, AllForms) {
  const auto limit = with("threshold: type limit, track by_src, seconds 60, count 1;");
  EXPECT_EQ(limit->threshold->type, Threshold::Type::kLimit);
  EXPECT_EQ(limit->threshold->seconds, 60U);
  EXPECT_EQ(with("threshold:type both,track by_dst,count 5,seconds 9;")->threshold->track,
            Threshold::Track::kByDestination);
  EXPECT_EQ(with("threshold:type threshold,track by_rule,count 5,seconds 9;")->threshold->type,
            Threshold::Type::kThreshold);
  EXPECT_EQ(with("threshold:type backoff, track by_flow, count 1, multiplier 2;")->threshold->multiplier, 2U);
  const auto filter = with("detection_filter:track by_src, count 15, seconds 2, unique_on dst_port;");
  EXPECT_EQ(filter->detection_filter->type, Threshold::Type::kDetectionFilter);
  EXPECT_EQ(filter->detection_filter->unique_on, Threshold::UniqueOn::kDestinationPort);
  EXPECT_EQ(with("threshold:type limit,track by_src,count 1,seconds 1; threshold:type both,track "
                 "by_src,count 1,seconds 1;")
                ->more_thresholds.size(),
            1U);
}

TEST(State, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"flowbits:sett,a;", "'sett' means nothing to flowbits; did you mean 'set'?"},
      {"flowbits:set;", "flowbits needs a name"},
      {"flowbits:set,a|b;", "only isset and isnotset take several names"},
      {"flowbits:set,a b;", "a bit's name is one word"},
      {"flowbits:set,a,b;", "unexpected text behind the flowbit's name"},
      {"flowbits:noalert,x;", "noalert takes no name"},
      {"xbits:set,a;", "xbits need track ip_src, ip_dst, ip_pair or tx"},
      {"xbits:set,a,track ip;", "xbits track ip_src, ip_dst, ip_pair or tx"},
      {"xbits:set,a,track ip_src,expire 0;", "xbits take track and expire N (seconds)"},
      {"hostbits:set,a,up;", "hostbits are about src, dst or both"},
      {"flowint:n,~,1;", "flowint takes =, +, -, <, <=, ==, !=, >, >=, isset, notset or isnotset"},
      {"flowint:n,+;", "flowint needs a value here"},
      {"flowint:n,+,-1;", "'-1' is not a number from 0 to 4294967295"},
      {"threshold:type limit, track by_src, count 1;", "threshold needs seconds"},
      {"threshold:type limt, track by_src, count 1, seconds 1;",
       "'type limt' is not understood in threshold; as in threshold:type limit, track by_src, count 1, "
       "seconds 60;"},
      {"threshold:type limit, track by_src, count 0, seconds 1;",
       "'count 0' is not understood in threshold; as in threshold:type limit, track by_src, count 1, seconds "
       "60;"},
      {"threshold:type backoff, track by_src, count 1, multiplier 2;",
       "type backoff goes with track by_flow only"},
      {"detection_filter:track by_src, seconds 2;", "detection_filter needs count"},
      {"detection_filter:track by_src,count 1,seconds 2; threshold:type limit,track by_src,count 1,seconds "
       "1;",
       "a rule has one detection_filter, or thresholds, not both"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
}

}  // namespace
}  // namespace picket::rules
