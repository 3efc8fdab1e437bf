#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(Asn1, AllForms) {
  const auto rule =
      with("asn1:double_overflow, bitstring_overflow, relative_offset 54, oversize_length 1050;");
  const auto& a = rule.clause<Asn1>(0, 0);
  EXPECT_TRUE(a.double_overflow && a.bitstring_overflow);
  EXPECT_EQ(a.relative_offset, 54);
  EXPECT_EQ(a.oversize_length, 1050U);
  EXPECT_EQ(with("asn1:absolute_offset,0,oversize_length,3;").clause<Asn1>(0, 0).oversize_length, 3U);
}

TEST(Dataset, AllForms) {
  const auto rule = with(
      "dns.query; dataset:isset,bad,type string,load bad.lst,memcap 10mb,hashsize 1024; datarep:rep, >, 200, "
      "load rep.lst, type string;");
  const auto& set = rule.clause<Dataset>(0, 0);
  EXPECT_EQ(set.command, Dataset::Command::kIsSet);
  EXPECT_EQ(set.name, "bad");
  EXPECT_EQ(set.source->load, "bad.lst");
  EXPECT_EQ(set.source->memcap, 10U << 20);
  const auto& rep = rule.clause<Dataset>(0, 1);
  EXPECT_EQ(rep.command, Dataset::Command::kReputation);
  EXPECT_EQ(rep.reputation.lo, 201U);
}

TEST(Entropy, AllForms) {
  const auto rule = with("http.uri; entropy:bytes 256, offset 4, value >= 6.5;");
  EXPECT_EQ(rule.clause<Entropy>(0, 0).bytes, 256U);
  EXPECT_DOUBLE_EQ(rule.clause<Entropy>(0, 0).low, 6.5);
  EXPECT_TRUE(with("entropy:value < 3;").clause<Entropy>(0, 0).high_open);
}

TEST(Data, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"asn1:foo;",
       "'foo' is not understood in asn1; it takes bitstring_overflow, double_overflow, oversize_length N, "
       "absolute_offset N, relative_offset N"},
      {"dataset:isset,a;", "'dataset' needs a sticky buffer before it"},
      {"dns.query; dataset:is,a;", "dataset begins with set, unset, isset or isnotset"},
      {"dns.query; dataset:set,a,type what;", "'type what' is not understood in dataset"},
      {"dns.query; datarep:a,>,1,load f;", "datarep needs a type"},
      {"dns.query; datarep:a,>,x,type string;", "'x' is not a number (largest: 65535)"},
      {"entropy:bytes 4;", "entropy needs a value"},
      {"entropy:value 9;",
       "'value 9' is not understood in entropy; as in entropy:bytes 256, offset 0, value >= 6.5;"},
      {"base64_decode:bytes x;", "base64_decode takes bytes N, offset N and relative"},
      {"rpc:x;", "rpc begins with a program's number, as in rpc:100000,2,3"},
      {"rpc:1,2,x;", "'x' is neither a number nor *"},
      {"rpc:1,2,3,4;", "rpc takes a program, a version and a procedure"},
      {"lua:x.lua;", "keyword 'lua': picket does not run Lua"},
      {"replace:\"x\";", "keyword 'replace': picket is passive and never changes packets"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
  EXPECT_EQ(with("filestore;").warnings(),
            "t.rules:1:30: warning: files are not kept; they are followed, and told by their SHA-256\n");
  for (const char* word : {"tls.store;", "tls_store;"}) {
    EXPECT_EQ(with(word).warnings(),
              "t.rules:1:30: warning: certificates are not kept; records tell each by its fingerprint\n");
    const OneRule rule("alert tcp any any -> any any (" + std::string(word) + " sid:1;)");
    EXPECT_TRUE(std::holds_alternative<AppProtocolIs>(rule->packet_tests.at(0))) << "a rule of TLS";
  }
  EXPECT_EQ(with("bypass;").warnings(),
            "t.rules:1:30: warning: 'bypass' has no effect in picket; the rule loads without it\n");
}

}  // namespace
}  // namespace picket::rules
