// What rules fire on: from text to alerts. The expected outcomes are read from the Suricata 8 user guide's
// description of each keyword.
#include "sensor/rules/plan.h"

#include <gtest/gtest.h>

#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

std::string rule(std::string_view options, unsigned sid = 1,
                 std::string_view header = "alert udp any any -> any any") {
  return std::string(header) + " (" + std::string(options) + " sid:" + std::to_string(sid) + ";)\n";
}

/// Does a UDP rule with these options fire on this payload?
bool fires(std::string_view options, std::string_view payload) {
  Bench b(rule(options));
  b.udp().to_server(payload);
  return b.fired() == "1";
}

struct Case {
  const char* options;
  std::string payload;
  bool expected;
};

class Contents : public ::testing::TestWithParam<Case> {};

TEST_P(Contents, FireAsDescribed) {
  EXPECT_EQ(fires(GetParam().options, GetParam().payload), GetParam().expected)
      << GetParam().options << " on " << GetParam().payload;
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Keywords, Contents,
    ::testing::Values(
        // plain, case, negation
        Case{"content:\"abc\";", "xxabcxx", true}, Case{"content:\"abc\";", "xxaBcxx", false},
        Case{"content:\"aBc\"; nocase;", "xxAbCxx", true}, Case{"content:\"|00 ff|\";", "x\x00\xffy"s, true},
        Case{"content:\"a\"; content:!\"b\";", "xax", true},
        Case{"content:\"a\"; content:!\"b\";", "xabx", false}, Case{"content:!\"b\";", "abc", false},
        Case{"content:!\"b\";", "acd", true},
        Case{"content:!\"b\";", "", false},  // without payload there is nothing to look at
        // offset, depth
        Case{"content:\"abc\"; offset:2;", "xxabc", true}, Case{"content:\"abc\"; offset:3;", "xxabc", false},
        Case{"content:\"abc\"; depth:3;", "abcx", true}, Case{"content:\"abc\"; depth:3;", "xabc", false},
        Case{"content:\"abc\"; offset:2; depth:3;", "xxabc", true},
        Case{"content:\"abc\"; offset:2; depth:3;", "xxxabc", false},
        Case{"content:\"abc\"; depth:5; offset:1;", "xxxabc", true},
        Case{"content:!\"abc\"; depth:3;", "xabc", true},
        Case{"content:\"x\"; content:!\"abc\"; offset:1; depth:3;", "xabc", false},
        // startswith, endswith, bsize stand for positions
        Case{"content:\"abc\"; startswith;", "abcd", true},
        Case{"content:\"abc\"; startswith;", "xabc", false},
        Case{"content:\"abc\"; endswith;", "abcabc", true}, Case{"content:\"abc\"; endswith;", "abcx", false},
        Case{"content:\"abc\"; startswith; endswith;", "abc", true},
        Case{"content:\"abc\"; startswith; endswith;", "abcc", false},
        Case{"content:\"a\"; content:!\"bc\"; endswith;", "abc", false},
        Case{"content:\"a\"; content:!\"bc\"; endswith;", "bca", true},
        // distance, within
        Case{"content:\"a\"; content:\"b\"; distance:1;", "axb", true},
        Case{"content:\"a\"; content:\"b\"; distance:1;", "ab", false},
        Case{"content:\"a\"; content:\"b\"; within:1;", "ab", true},
        Case{"content:\"a\"; content:\"b\"; within:1;", "axb", false},
        Case{"content:\"a\"; content:\"b\"; distance:1; within:1;", "axb", true},
        Case{"content:\"a\"; content:\"b\"; distance:1; within:1;", "axxb", false},
        Case{"content:\"abc\"; content:\"b\"; distance:-2; within:1;", "abc", true},
        Case{"content:\"b\"; content:\"a\"; distance:0;", "ab", false},
        Case{"content:\"a\"; content:!\"b\"; within:3;", "axxxb", true},
        Case{"content:\"a\"; content:!\"b\"; within:3;", "axxb", false},
        // an earlier match that leads nowhere is given up for the next one
        Case{"content:\"a\"; content:\"b\"; within:1;", "axaxab", true},
        Case{"content:\"a\"; content:\"b\"; distance:0; content:\"c\"; within:1;", "abxbc", true},
        Case{"content:\"a\"; content:\"b\"; within:2; content:\"c\"; within:1;", "abab__abc", true},
        Case{"content:\"aa\"; content:\"b\"; within:1;", "aaab", true},
        Case{"content:\"a\"; content:!\"b\"; within:1;", "abac", true},
        Case{"content:\"a\"; content:!\"b\"; within:1;", "abab", false},
        // isdataat
        Case{"content:\"a\"; isdataat:2,relative;", "axx", true},
        Case{"content:\"a\"; isdataat:2,relative;", "ax", false},
        Case{"content:\"a\"; isdataat:!1,relative;", "xxa", true},
        Case{"content:\"a\"; isdataat:!1,relative;", "xxax", false},
        Case{"content:\"a\"; isdataat:3;", "axxx", true}, Case{"content:\"a\"; isdataat:3;", "axx", false},
        Case{"content:\"a\"; isdataat:!1,relative;", "axxa", true}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Contents,
    ::testing::Values(
        Case{"content:\"L\"; byte_test:2,=,258,0,relative;", "xL\x01\x02"s, true},
        Case{"content:\"L\"; byte_test:2,=,258,0,relative,little;", "xL\x02\x01"s, true},
        Case{"content:\"L\"; byte_test:2,>,258,0,relative;", "xL\x01\x02"s, false},
        Case{"content:\"L\"; byte_test:2,!>,258,0,relative;", "xL\x01\x02"s, true},
        Case{"content:\"L\"; byte_test:1,&,0x80,0;", "\x81L"s, true},
        Case{"content:\"L\"; byte_test:1,&,0x80,0;", "\x01L"s, false},
        Case{"content:\"L\"; byte_test:4,=,1234,1,relative,string,dec;", "L 1234", true},
        Case{"content:\"L\"; byte_test:4,=,0xbeef,0,relative,string,hex;", "Lbeef", true},
        Case{"content:\"L\"; byte_test:4,=,1,0,relative;", "L\x00\x00\x01"s, false},
        Case{"content:\"L\"; byte_jump:1,0,relative; content:\"b\"; within:1;", "L\x02xxb"s, true},
        Case{"content:\"L\"; byte_jump:1,0,relative; content:\"b\"; within:1;", "L\x03xxb"s, false},
        Case{"content:\"L\"; byte_jump:1,0,relative,multiplier 2; content:\"b\"; within:1;", "L\x01xxb"s,
             true},
        Case{"content:\"L\"; byte_jump:1,0,relative,align; content:\"b\"; within:1;", "L\x03xxxxb"s, true},
        Case{"content:\"L\"; byte_jump:1,0,from_beginning; content:\"b\"; within:1;", "\x02Lb"s, true},
        Case{"content:\"L\"; byte_jump:1,0,relative,post_offset -1; content:\"b\"; within:1;", "L\x02xb"s,
             true},
        Case{"content:\"L\"; byte_jump:1,0,relative; isdataat:1,relative;", "L\xff"s, false},
        Case{"content:\"L\"; byte_extract:1,0,n,relative; content:\"b\"; distance:n; within:1;", "L\x02xxb"s,
             true},
        Case{"content:\"L\"; byte_extract:1,0,n,relative; content:\"b\"; distance:n; within:1;", "L\x01xxb"s,
             false},
        Case{"content:\"L\"; byte_extract:1,0,n,relative; byte_test:1,=,n,0,relative;", "L\x07\x07"s, true},
        Case{"content:\"L\"; byte_extract:1,0,n,relative; byte_test:1,=,n,0,relative;", "L\x07\x08"s, false},
        Case{"content:\"cd\"; byte_jump:0,0,relative,post_offset -9; content:\"ab\"; within:2;", "abcd",
             true},
        Case{"content:\"cd\"; byte_jump:0,0,relative,post_offset 9; content:\"ab\";", "abcdab", false},
        // the extraction after the first L leads nowhere, that after the second does
        Case{"content:\"L\"; byte_extract:1,0,n,relative; content:\"b\"; distance:n; within:1;",
             "L\x09xL\x01xb"s, true},
        Case{"content:\"L\"; byte_math:bytes 1,offset 0,oper +,rvalue 1,result m,relative; content:\"b\"; "
             "distance:m; within:1;",
             "L\x01xxb"s, true},
        Case{"content:\"L\"; byte_extract:1,0,n,relative; byte_math:bytes 1,offset 0,oper /,rvalue n,result "
             "m,relative; content:\"b\"; distance:m;",
             "L\x02\x04xxb"s, true},
        Case{"content:\"L\"; byte_extract:1,0,n,relative; byte_math:bytes 1,offset 0,oper /,rvalue n,result "
             "m,relative; content:\"b\"; distance:m;",
             "L\x00\x04xxb"s, false}));

INSTANTIATE_TEST_SUITE_P(
    Patterns, Contents,
    ::testing::Values(
        Case{"content:\"a\"; pcre:\"/b+c/\";", "xabbbc", true},
        Case{"content:\"a\"; pcre:\"/b+c/\";", "xabbb", false},
        Case{"content:\"a\"; pcre:\"/B+C/i\";", "xabbbc", true},
        Case{"content:\"a\"; pcre:!\"/b+c/\";", "xabbbc", false},
        Case{"content:\"a\"; pcre:\"/^b/R\";", "xab", true},
        Case{"content:\"a\"; pcre:\"/^b/R\";", "xaxb", false},
        Case{"content:\"a\"; pcre:\"/^b/R\";", "xaxab", true}, Case{"pcre:\"/^abc$/\";", "abc", true},
        Case{"content:\"a\"; pcre:\"/b/R\"; content:\"c\"; within:1;", "abxbc", true},
        Case{"content:\"a\"; base64_decode:relative; base64_data; content:\"secret\";", "xac2VjcmV0", true},
        Case{"content:\"a\"; base64_decode:relative; base64_data; content:\"secret\";", "xac2VjcmV1", false},
        Case{"asn1:bitstring_overflow;", "\x03\x01\x08", true},
        Case{"asn1:bitstring_overflow;", "x\x03\x01\x08", false},
        Case{"asn1:bitstring_overflow, absolute_offset 1;", "x\x03\x01\x08", true},
        Case{"asn1:bitstring_overflow, absolute_offset 9;", "x\x03\x01\x08", false},
        Case{"content:\"ab\"; asn1:oversize_length 4, relative_offset 1;", "xab_\x04\x05", true},
        Case{"content:\"ab\"; asn1:oversize_length 4, relative_offset 1;", "xab_\x04\x04", false},
        Case{"content:\"ab\"; asn1:oversize_length 4, relative_offset 1;",
             "ab_\x04\x04"
             "ab_\x04\x05",
             true},
        Case{"content:\"abcdef\"; fast_pattern:2,3;", "xabcdefx", true},
        Case{"content:\"abcdef\"; fast_pattern:2,3;", "xxxcdexx", false},
        Case{"content:\"abc\"; fast_pattern:only;", "xABCabc", true},
        Case{"content:\"abc\"; dsize:3;", "abc", true}, Case{"content:\"abc\"; dsize:>3;", "abc", false}));

TEST(Plan, HeadersDecide) {
  Bench b(rule("content:\"abc\";", 1, "alert udp 10.0.0.0/8 any -> any 53") +
          rule("content:\"abc\";", 2, "alert udp ![10.0.0.0/8] any -> any 53") +
          rule("content:\"abc\";", 3, "alert udp any any -> any !53") +
          rule("content:\"abc\";", 4, "alert tcp any any -> any any") +
          rule("content:\"abc\";", 5, "alert udp any 53 <> any any") +
          rule("content:\"abc\";", 6, "alert ip any any -> 192.0.2.7 any") +
          rule("content:\"abc\";", 7, "alert udp any any -> any [50:60,!53]"));
  b.udp().ports(4000, 53).to_server("abc");
  EXPECT_EQ(b.fired(), "1 5 6");
  b.to_client("abc");
  EXPECT_EQ(b.fired(), "3 5");
}

TEST(Plan, Ipv6AndAddressFamilies) {
  Bench b(rule("content:\"abc\";", 1, "alert udp 2001:db8::/32 any -> any any") +
          rule("content:\"abc\";", 2, "alert udp !2001:db8::/32 any -> any any") +
          rule("content:\"abc\";", 3, "alert ip6 any any -> any any") +
          rule("content:\"abc\";", 4, "alert ip4 any any -> any any"));
  b.udp().addresses("2001:db8::1", "2001:db9::1").to_server("abc");
  EXPECT_EQ(b.fired(), "1 3");
}

TEST(Plan, HeaderOnlyRules) {
  Bench b(rule("flags:S;", 1, "alert tcp any any -> any any") +
          rule("flags:SA;", 2, "alert tcp any any -> any any") +
          rule("flags:A+;", 3, "alert tcp any any -> any any") +
          rule("ttl:<10;", 4, "alert ip any any -> any any") +
          rule("dsize:0; flags:A,12;", 5, "alert tcp any any -> any any"));
  Packet p = b.make(Direction::kToServer, "");
  p.tcp_flags = tcp_flag::kSyn;
  b.packet(p);
  EXPECT_EQ(b.fired(), "1");
  p.tcp_flags = tcp_flag::kSyn | tcp_flag::kAck;
  b.packet(p);
  EXPECT_EQ(b.fired(), "2 3");
  p.tcp_flags = tcp_flag::kAck;
  p.ttl = 3;
  b.packet(p);
  EXPECT_EQ(b.fired(), "3 4 5");
}

TEST(Plan, DsizeNotAsksForAPayload) {
  Bench b(rule("dsize:!3;", 1) + rule("dsize:<3;", 2));
  b.udp().to_server("");
  EXPECT_EQ(b.fired(), "2");
  b.to_server("abc");
  EXPECT_EQ(b.fired(), "");
  b.to_server("abcd");
  EXPECT_EQ(b.fired(), "1");
}

TEST(Plan, AddressesOnlyFireOncePerDirection) {
  Bench b(rule("", 1, "alert ip 10.0.0.1 any -> any any") + rule("", 2, "alert tcp any any -> any 80"));
  b.to_server("a").to_server("b").to_client("c").to_client("d");
  EXPECT_EQ(b.fired(), "1 2 2");
}

TEST(Plan, LongAddressListsAreFoundByAddress) {
  const std::string list = "[1.1.1.1,2.2.2.2,3.3.3.0/24,4.4.4.4,5.5.5.5,6.6.6.6,7.7.7.7,8.8.8.8,10.0.0.1]";
  Bench b(rule("flags:S;", 1, "alert tcp " + list + " any -> any any") +
          rule("", 2, "alert ip any any -> " + list + " any") +
          rule("ttl:64;", 3, "alert tcp " + list + " any -> any any"));
  Packet p = b.make(Direction::kToServer, "");
  p.tcp_flags = tcp_flag::kSyn;
  b.packet(p);
  EXPECT_EQ(b.fired(), "1 3");
  b.to_client("x");
  EXPECT_EQ(b.fired(), "2");
  b.end().addresses("3.3.3.77", "192.0.2.1");
  p = b.make(Direction::kToServer, "");
  p.tcp_flags = tcp_flag::kSyn;
  b.packet(p);
  EXPECT_EQ(b.fired(), "1 3");
  b.end().addresses("3.3.4.77", "192.0.2.1").packet(b.make(Direction::kToServer, ""));
  EXPECT_EQ(b.fired(), "");
}

/// Patterns that say next to nothing, and rules without one: their ports find them.
TEST(Plan, WeakPatternsAreFoundByPort) {
  Bench b(R"(
    alert tcp any any -> any 502 (content:"|00 01|"; sid:1;)
    alert tcp any 502 <> any any (content:"|00 01|"; sid:2;)
    alert tcp any [1000:1002,502] -> any any (content:"|00|"; dsize:3; sid:3;)
    alert tcp any any -> any any (content:"|00 00 00|"; sid:4;))");
  b.ports(30000, 502).to_server(std::string_view("x\0\1", 3)).end();
  EXPECT_EQ(b.fired(), "1 2");
  b.ports(502, 30000).to_server(std::string_view("x\0\1", 3)).end();
  EXPECT_EQ(b.fired(), "3 2") << "packets before streams";
  b.ports(1001, 80).to_server(std::string_view("x\0\1", 3)).end();
  EXPECT_EQ(b.fired(), "3");
  b.ports(1003, 80).to_server(std::string_view("x\0\0\0", 4)).end();
  EXPECT_EQ(b.fired(), "4");
  EXPECT_EQ(b.detector().stats().scans, 0U) << "nothing was searched for";
}

TEST(Plan, Icmp) {
  Bench b(rule("itype:8; icode:0;", 1, "alert icmp any any -> any any") +
          rule("itype:>8;", 2, "alert icmp any any -> any any") +
          rule("content:\"abc\";", 3, "alert icmp any any -> any any"));
  b.icmp(8, 0, "abc");
  EXPECT_EQ(b.fired(), "1 3");
}

TEST(Plan, FlowOptions) {
  const std::string tcp = "alert tcp any any -> any any";
  Bench b(rule("flow:to_server; content:\"abc\";", 1, tcp) +
          rule("flow:to_client; content:\"abc\";", 2, tcp) +
          rule("flow:established; content:\"abc\";", 3, tcp) +
          rule("flow:not_established; content:\"abc\";", 4, tcp) +
          rule("flow:stateless; content:\"abc\";", 5, tcp));
  b.to_server("abc").end();
  EXPECT_EQ(b.fired(), "1 3 5");
  b.to_client("abc").end();
  EXPECT_EQ(b.fired(), "2 3 5");
}

TEST(Plan, OrderIsActionFlowbitsPrioritySid) {
  const std::string h = "alert udp any any -> any any";
  Bench b(rule("content:\"a\"; priority:2;", 10, h) + rule("content:\"a\"; priority:1;", 11, h) +
          rule("content:\"a\"; flowbits:isset,x; priority:1;", 12, h) +
          rule("content:\"a\"; flowbits:set,x; priority:3;", 13, h));
  b.udp().to_server("a");
  EXPECT_EQ(b.fired(), "13 12 11 10");
}

TEST(Plan, Flowbits) {
  const std::string h = "alert udp any any -> any any";
  Bench b(rule("content:\"set\"; flowbits:set,x; noalert;", 1, h) +
          rule("content:\"ask\"; flowbits:isset,x;", 2, h) +
          rule("content:\"ask\"; flowbits:isnotset,x;", 3, h) +
          rule("content:\"clear\"; flowbits:unset,x;", 4, h) +
          rule("content:\"flip\"; flowbits:toggle,x; flowbits:noalert;", 5, h) +
          rule("content:\"ask\"; flowbits:isset,y|x;", 6, h));
  b.udp().to_server("ask");
  EXPECT_EQ(b.fired(), "3");
  b.to_server("set").to_client("ask");
  EXPECT_EQ(b.fired(), "2 6");
  b.to_server("clear").to_server("ask");
  EXPECT_EQ(b.fired(), "4 3");
  b.to_server("flip").to_server("ask");
  EXPECT_EQ(b.fired(), "2 6");
  b.end().to_server("ask");
  EXPECT_EQ(b.fired(), "3");
}

TEST(Plan, Flowints) {
  const std::string h = "alert udp any any -> any any";
  Bench b(rule("content:\"login\"; flowint:n,+,1; noalert;", 1, h) +
          rule("content:\"login\"; flowint:n,isset; flowint:n,>,2;", 2, h));
  b.udp().to_server("login").to_server("login").to_server("login");
  EXPECT_EQ(b.fired(), "2");
}

TEST(Plan, PassSuppressesThePacket) {
  Bench b(rule("content:\"good\";", 1, "pass udp any any -> any any") + rule("content:\"abc\";", 2));
  b.udp().to_server("abc good");
  EXPECT_EQ(b.fired(), "");
  b.to_server("abc");
  EXPECT_EQ(b.fired(), "2");
}

TEST(Plan, PassOfAStreamHoldsForTheFlow) {
  Bench b(rule("content:\"good\";", 1, "pass tcp any any -> any any") +
          rule("content:\"abc\";", 2, "alert tcp any any -> any any"));
  b.to_server("good").to_client("x").to_server("abc").end();
  EXPECT_EQ(b.fired(), "");
  b.to_server("abc").end();
  EXPECT_EQ(b.fired(), "2");
}

TEST(Plan, RejectsWhatCannotRun) {
  LoadOptions options;
  options.protocols = bench_protocols();
  auto loaded = load_rules_text("t", rule("pcre:\"/a(b/\";", 1) + rule("content:\"a\";", 2), options);
  PlanOptions plan_options;
  plan_options.protocols = bench_protocols();
  auto planned = plan(loaded, plan_options);
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(planned.value().planned, 1U);
  EXPECT_EQ(planned.value().rejected, 1U);
  EXPECT_FALSE(loaded.statuses[0].loaded());
  EXPECT_NE(loaded.statuses[0].error()->reason.find("parenthes"), std::string::npos)
      << loaded.statuses[0].error()->reason;
  EXPECT_TRUE(loaded.statuses[1].loaded());
}

TEST(Plan, NotesNameTheFastPattern) {
  Bench b(rule("content:\"GET\"; http_method; content:\"/longer\"; http_uri;", 1,
               "alert http any any -> any any") +
          rule("content:\"ab\"; content:\"xy\"; fast_pattern;", 2) + rule("pcre:\"/a/\";", 3));
  EXPECT_EQ(b.plan.notes[0].fast_pattern, "/longer");
  EXPECT_EQ(b.plan.notes[0].buffer, "http.uri");
  EXPECT_EQ(b.plan.notes[1].fast_pattern, "xy");
  EXPECT_EQ(b.plan.notes[1].buffer, "payload");
  EXPECT_EQ(b.plan.notes[2].buffer, "");
  EXPECT_LT(b.plan.notes[0].cost, b.plan.notes[2].cost);
}

TEST(PlanFlow, ThePacketThatEndsTheHandshakeComesBeforeEstablished) {
  Bench b(
      "alert tcp any any -> any any (flow:established; tcp.flags:A; sid:1;)\n"
      "alert tcp any any -> any any (flow:not_established; tcp.flags:A; sid:2;)\n");
  Packet p = b.make(Direction::kToServer, "");
  p.tcp_flags = tcp_flag::kAck;
  p.completes_handshake = true;
  b.packet(p);
  EXPECT_EQ(b.fired(), "2");
  p.completes_handshake = false;
  b.packet(p);
  EXPECT_EQ(b.fired(), "1");
}

TEST(PlanFlow, BitsThatNameTrafficAreListedByName) {
  Bench b(
      "alert tcp any any -> any any (flowbits:set,traffic/label/z; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:set,traffic/id/b; flowbits:set,other; sid:2;)\n"
      "alert tcp any any -> any any (flowbits:isset,traffic/id/a; sid:3;)\n");
  std::string all;
  for (const TrafficBit& t : b.plan.rules->traffic_bits)
    all += (t.is_label ? "label " : "id ") + t.name + " ";
  EXPECT_EQ(all, "id a id b label z ");
}

// A rule of both sides whose only content is too short to be searched for is looked at all the same.
TEST(Plan, BothSidesWithoutAPatternWorthSearching) {
  Bench b(R"(alert http any any => any any (http.uri; content:"/"; http.stat_code; content:"2"; sid:1;))");
  EXPECT_EQ(b.plan.notes[0].found_by, PlanNote::FoundBy::kNothing);
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/x"}).reply("http.stat_code", {"200"});
  b.whole(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Plan, NotesSayHowARuleIsFound) {
  using FoundBy = PlanNote::FoundBy;
  const std::tuple<std::string_view, std::string_view, FoundBy, std::string_view> cases[] = {
      {"alert tcp any any -> any any", R"(content:"abcdef";)", FoundBy::kPattern, "payload"},
      {"alert http any any -> any any", R"(http.uri; content:"abcdef";)", FoundBy::kPattern, "http.uri"},
      {"alert tcp any any -> any 4000", R"(content:"|00|";)", FoundBy::kPorts, ""},
      {"alert tcp any any -> any any", R"(pcre:"/abc/";)", FoundBy::kNothing, ""},
      {"alert tcp any any -> any any", R"(flags:S;)", FoundBy::kHeader, ""},
      {"alert http any any -> any any", R"(app-layer-event:http.odd_thing;)", FoundBy::kEvent, ""},
  };
  for (const auto& [header, options, by, buffer] : cases) {
    const Bench b(rule(options, 1, header));
    EXPECT_EQ(b.plan.notes[0].found_by, by) << options;
    EXPECT_EQ(b.plan.notes[0].buffer, buffer) << options;
  }
}

}  // namespace
}  // namespace picket::rules
