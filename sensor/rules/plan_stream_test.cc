// Rules on TCP streams and on transactions.
#include <gtest/gtest.h>

#include "dataplane/detect/tx_state.h"
#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

std::string tcp(std::string_view options, unsigned sid = 1,
                std::string_view header = "alert tcp any any -> any any") {
  return std::string(header) + " (" + std::string(options) + " sid:" + std::to_string(sid) + ";)\n";
}
std::string http(std::string_view options, unsigned sid = 1) {
  return tcp(options, sid, "alert http any any -> any any");
}

TEST(Stream, FindsAPatternHoweverSegmentsFall) {
  const std::string text = "0123456789needle in a stack0123456789";
  for (std::size_t a = 1; a < text.size(); ++a) {
    for (std::size_t b = a; b < text.size(); b += 5) {
      Bench bench(tcp("content:\"needle\"; content:\"stack\"; distance:6; within:5;"));
      bench.to_server(text.substr(0, a)).to_server(text.substr(a, b - a)).to_server(text.substr(b)).end();
      ASSERT_EQ(bench.fired(), "1") << a << ' ' << b;
    }
  }
}

TEST(Stream, FindsAPatternAcrossInspections) {
  for (std::size_t before = 2540; before < 2580; ++before) {
    Bench b(tcp("content:\"needle\";"));
    const std::string filler(before, 'x');
    for (std::size_t at = 0; at < filler.size(); at += 500) b.to_server(filler.substr(at, 500));
    b.to_server("nee").to_client("reply").to_server("dle").end();
    ASSERT_EQ(b.fired(), "1") << before;
  }
}

TEST(Stream, ALargeChunkIsInspectedWhereItLies) {
  std::string big(6000, 'x');
  big.replace(5997, 3, "nee");
  Bench b(tcp("content:\"needle\";"));
  b.to_server(big).to_server("dle").end();
  EXPECT_EQ(b.fired(), "1");
  EXPECT_EQ(b.detector().stats().no_memory, 0U);
}

TEST(Stream, OneMatchIsToldOnce) {
  Bench b(tcp("content:\"needle\";"));
  b.to_server("needle").to_client("a").to_server("hay").to_client("b").to_server("hay").end();
  EXPECT_EQ(b.fired(), "1");
  b.to_server("needle").to_client("a").to_server("another needle").end();
  EXPECT_EQ(b.fired(), "1") << "one window, though it was looked at in between";
  b.to_server("needle").to_server(std::string(3000, 'x')).to_client("a").to_server("another needle").end();
  EXPECT_EQ(b.fired(), "1 1") << "the second one lies in the next window";
}

TEST(Stream, EncryptedPayloadIsNotSearched) {
  Bench b(tcp("content:\"needle\";") + tcp("content:\"needle\"; offset:0; depth:6;", 2) +
          tcp("flow:to_server; ttl:64;", 3));
  b.to_server("hello").flow.flags |= flow_flag::kNoPayloadInspect;
  static_cast<void>(b.fired());
  b.to_server("needle").to_client("needle").end();
  EXPECT_EQ(b.fired(), "3") << "headers still count";
}

TEST(Stream, DirectionsAreApart) {
  Bench b(tcp("content:\"needle\"; flow:to_client;"));
  b.to_server("nee").to_client("needle").to_server("dle").end();
  EXPECT_EQ(b.fired(), "1");
  b.to_server("nee").to_client("dle").end();
  EXPECT_EQ(b.fired(), "");
}

TEST(Stream, OffsetAndDepthCountFromItsStartAndFromPackets) {
  Bench b(tcp("content:\"abc\"; depth:3;"));
  b.to_server("ab").to_server("c").end();
  EXPECT_EQ(b.fired(), "1");  // in the stream
  b.to_server("xx").to_server("abc").end();
  EXPECT_EQ(b.fired(), "1");  // in the second packet
  b.to_server("abc").end();
  EXPECT_EQ(b.fired(), "1 1");  // in both: told for both
  b.to_server("xab").to_server("c").end();
  EXPECT_EQ(b.fired(), "");
}

TEST(Stream, OffsetAndDepthCountFromAWindowsStart) {
  constexpr std::string_view kStream = "alert tcp-stream any any -> any any";
  Bench b(tcp("content:\"abc\"; depth:3;", 1, kStream) + tcp("content:\"abc\"; startswith;", 2, kStream) +
          tcp("content:\"abc\"; offset:3; depth:3;", 3, kStream) + tcp("content:\"xabc\";", 4, kStream) +
          tcp("pcre:\"/^abc/\";", 5, kStream) + tcp("content:\"abc\"; isdataat:!3;", 6, kStream));
  b.to_server(std::string(3000, 'x')).to_client("y").to_server("abc").end();
  EXPECT_EQ(b.fired(), "1 2 4 5 6") << "a chunk ended the first window";
  b.to_server("xxx").to_client("y").to_server("abc").end();
  EXPECT_EQ(b.fired(), "3 4") << "a reply alone does not";
}

TEST(Stream, ATransactionEndsAWindow) {
  Bench b(http("content:\"abc\"; depth:3;"));
  b.protocol(kBenchHttp);
  BenchTx tx;
  b.to_server("xyz").advance(tx, Direction::kToServer, kComplete).to_server("abc").done(tx).end();
  EXPECT_EQ(b.fired(), "1 1") << "in the packet, and at the start of its window";
}

TEST(Stream, APacketOfAConnectionThatIsNotFollowedStandsAlone) {
  Bench b(tcp("content:\"abc\";"));
  b.flow.tcp_state = TcpState::kNone;
  b.packet(b.make(Direction::kToServer, "abc"));
  EXPECT_EQ(b.fired(), "1");
}

TEST(Stream, PacketAndStreamOnly) {
  Bench b(tcp("content:\"abc\";", 1, "alert tcp-pkt any any -> any any") +
          tcp("content:\"abc\";", 2, "alert tcp-stream any any -> any any") +
          tcp("content:\"abc\"; flow:no_stream;", 3) + tcp("content:\"abc\"; flow:only_stream;", 4) +
          tcp("content:\"abc\"; dsize:3;", 5));
  b.to_server("ab").to_server("c").end();
  EXPECT_EQ(b.fired(), "2 4");
  b.to_server("abc").end();
  EXPECT_EQ(b.fired(), "1 3 5 2 4");
}

TEST(Stream, RepeatsInRepeatsAreGivenUpAndCounted) {
  const std::string bad = std::string(200, 'a') + "!";
  for (const char* flags : {"", "O"}) {
    Bench b(tcp("pcre:\"/^(a|aa|a+)+$/" + std::string(flags) + "\"; flow:no_stream;"));
    b.to_server(std::string(40, 'a'));
    EXPECT_EQ(b.fired(), "1") << "what matches soon does";
    EXPECT_EQ(b.detector().stats().pcre_limit, 0U);
    b.to_server(bad).to_server(bad);
    EXPECT_EQ(b.fired(), "");
    EXPECT_EQ(b.detector().stats().pcre_limit, 2U) << flags;
  }
}

TEST(Stream, NothingMatchesAcrossAGap) {
  Bench b(tcp("content:\"needle\";"));
  b.to_server("nee");
  b.detector().on_stream_gap(b.flow, Direction::kToServer, nullptr);
  b.flow.side[0].delivered += 100;
  b.to_server("dle").end();
  EXPECT_EQ(b.fired(), "");
}

TEST(Stream, FlowbitsCrossDirections) {
  Bench b(tcp("content:\"ask\"; flow:to_server; flowbits:set,asked; noalert;", 1) +
          tcp("content:\"reply\"; flow:to_client; flowbits:isset,asked;", 2));
  b.to_server("ask").to_client("reply").end();
  EXPECT_EQ(b.fired(), "2");
  b.to_client("reply").to_server("ask").end();
  EXPECT_EQ(b.fired(), "");
}

TEST(Stream, PortsOfRulesChooseTheScan) {
  Bench b(tcp("content:\"abc\";", 1, "alert tcp any any -> any 25") +
          tcp("content:\"abc\";", 2, "alert tcp any any -> any [80,8080]") +
          tcp("content:\"abc\";", 3, "alert tcp any 80 -> any any"));
  b.to_server("abc").end();
  EXPECT_EQ(b.fired(), "2");
  b.to_client("abc").end();
  EXPECT_EQ(b.fired(), "3");
}

TEST(Stream, RulesOfAProtocolWithoutBufferLookAtTheStream) {
  Bench b(http("content:\"abc\";"));
  b.to_server("abc").end();
  EXPECT_EQ(b.fired(), "");
  b.protocol(kBenchHttp).to_server("abc").end();
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, FiresWhenItsBufferIsReady) {
  Bench b(http("http.uri; content:\"/evil\";"));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil.php"});
  b.advance(tx, Direction::kToServer, kStarted);
  EXPECT_EQ(b.fired(), "");
  b.advance(tx, Direction::kToServer, kLine);
  EXPECT_EQ(b.fired(), "1");
  EXPECT_TRUE(b.last_had_tx);
  b.advance(tx, Direction::kToServer, kHeaders).advance(tx, Direction::kToServer, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "");
}

TEST(Transaction, WaitsForAllItsBuffers) {
  Bench b(http("http.uri; content:\"/evil\"; http.request_header; content:\"curl\";", 1) +
          http("http.uri; content:\"/evil\"; http.request_body; content:!\"x\";", 2));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil.php"}).request("http.request_header", {"Host: a", "User-Agent: curl"});
  b.advance(tx, Direction::kToServer, kLine);
  EXPECT_EQ(b.fired(), "");
  b.advance(tx, Direction::kToServer, kHeaders);
  EXPECT_EQ(b.fired(), "1");
  b.advance(tx, Direction::kToServer, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "");  // a buffer that does not exist matches nothing, not even negated
  BenchTx other;
  other.request("http.uri", {"/evil.php"}).request("http.request_body", {"abc"});
  b.whole(other);
  EXPECT_EQ(b.fired(), "2");
}

TEST(Transaction, DoneIsTheLastLook) {
  Bench b(http("http.uri; content:\"/evil\"; http.request_header; content:\"curl\";"));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"}).request("http.request_header", {"curl"});
  b.advance(tx, Direction::kToServer, kLine).done(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, OneInstanceMustPassTheWholeChain) {
  Bench b(http("http.request_header; content:\"a\"; content:\"b\"; distance:0;"));
  b.protocol(kBenchHttp);
  BenchTx apart, together;
  apart.request("http.request_header", {"xa", "xb"});
  together.request("http.request_header", {"x", "a..b"});
  b.whole(apart);
  EXPECT_EQ(b.fired(), "");
  b.whole(together);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, Absent) {
  Bench b(http("http.request_body; absent; http.uri; content:\"/\";", 1) +
          http("http.request_body; absent:or_else; content:\"ok\"; http.uri; content:\"/\";", 2));
  b.protocol(kBenchHttp);
  BenchTx none, ok, other;
  none.request("http.uri", {"/"});
  ok.request("http.uri", {"/"}).request("http.request_body", {"ok"});
  other.request("http.uri", {"/"}).request("http.request_body", {"no"});
  b.whole(none);
  EXPECT_EQ(b.fired(), "1 2");
  b.whole(ok);
  EXPECT_EQ(b.fired(), "2");
  b.whole(other);
  EXPECT_EQ(b.fired(), "");
}

TEST(Transaction, SizesAndPatternsWithoutContent) {
  Bench b(http("urilen:<5;", 1) + http("http.uri; bsize:6; pcre:\"/^.a/\";", 2) +
          http("http.uri; pcre:\"/x$/\";", 3));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/ax"});
  b.whole(tx);
  EXPECT_EQ(b.fired(), "1 3");
  BenchTx other;
  other.request("http.uri", {"/abcde"});
  b.whole(other);
  EXPECT_EQ(b.fired(), "2");
}

TEST(Transaction, RepliesAndBuffersOfBothSides) {
  Bench b(http("http.stat_code; content:\"404\";", 1) +
          http("file.data; content:\"MZ\"; startswith; flow:to_client;", 2) +
          http("http.protocol; content:\"HTTP/1.0\";", 3));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.protocol", {"HTTP/1.0"})
      .request("file.data", {"MZ"})
      .reply("http.stat_code", {"404"})
      .reply("file.data", {"MZ.."})
      .reply("http.protocol", {"HTTP/1.0"});
  b.whole(tx);
  EXPECT_EQ(b.fired(), "3 1 3 2");
}

TEST(Transaction, TransformsBeforeContent) {
  Bench b(http("http.uri; to_lowercase; content:\"/evil\";", 1) +
          http("http.uri; to_md5; content:\"|90 01 50 98|\"; startswith;", 2) +
          http("http.uri; strip_whitespace; content:\"abc\";", 3) +
          http("http.uri; url_decode; content:\"a b\";", 4) +
          http("http.uri; xor:\"20\"; content:\"ABC\";", 5) +
          http("http.uri; dotprefix; content:\".abc\";", 6) +
          http("http.uri; from_base64; subslice:0,4; dotprefix; content:\".ABCD\";", 7) +
          http("http.uri; xor:offset 2, extract 1 1; content:\"PATH\"; bsize:4;", 8));
  b.protocol(kBenchHttp);
  const auto fired = [&](const char* uri) {
    BenchTx tx;
    tx.request("http.uri", {uri});
    b.whole(tx);
    return b.fired();
  };
  EXPECT_EQ(fired("/EvIl"), "1");
  EXPECT_EQ(fired("abc"), "2 3 5 6");  // MD5 of "abc" begins with 900150983cd24fb0 (RFC 1321, A.5)
  EXPECT_EQ(fired("a b c"), "3 4");
  EXPECT_EQ(fired("a%20b+c"), "4");
  EXPECT_EQ(fired("/!q`ui"), "8");  // the key stands in the buffer, before what it hides
  EXPECT_EQ(fired("/"), "") << "no key";
  EXPECT_EQ(fired("QUJDREVGR0g="), "7");  // a part of what one transform wrote, into the next
}

TEST(Transaction, DomainsAndPublicSuffixes) {
  Bench b(http("http.uri; domain; content:\"example.co.uk\"; startswith; endswith;", 1) +
          http("http.uri; tld; content:\"co.uk\"; startswith; endswith;", 2) +
          http("http.uri; domain; content:\"a\";", 3) + http("http.uri; tld; content:\"com\"; bsize:3;", 4));
  b.protocol(kBenchHttp);
  const auto fired = [&](const std::string& name) {
    BenchTx tx;
    tx.request("http.uri", {name});
    b.whole(tx);
    return b.fired();
  };
  EXPECT_EQ(fired("www.sub.Example.co.UK"), "1 2 3");
  EXPECT_EQ(fired("example.co.uk"), "1 2 3");
  EXPECT_EQ(fired("co.uk"), "2") << "nobody registered that";
  EXPECT_EQ(fired("a.com"), "3 4");
  EXPECT_EQ(fired("a.\xc3\xa9.com"), "");
  EXPECT_EQ(fired(std::string("a.com\0x", 7)), "");
  EXPECT_EQ(fired(std::string(300, 'a') + ".com"), "");
  EXPECT_EQ(fired(""), "");
  EXPECT_EQ(fired("..."), "");
}

/// "needle" and 2000 times 'x' behind it, packed: made with zlib 1.3 (RFC 1950 and RFC 1952).
TEST(Transaction, InflatesBuffers) {
  const std::string zlib_needle = std::string(
      "\170\001\312\113\115\115\311\111\005\000\000\000\377\377\253\250\030\005\243\041\060\032\002\243\041"
      "\060\032\002\243\041\060\032\002\103\075\004\000\314\175\254\033",
      41);
  const std::string gzip_abc = std::string(
      "\037\213\010\000\000\000\000\000\002\003\113\114\112\006\000\302\101\044\065\003\000\000\000", 23);
  Bench b(http("http.uri; zlib_deflate; content:\"needle\"; startswith;", 1) +
          http("http.uri; zlib_deflate:max-size 3; content:\"nee\"; bsize:3;", 2) +
          http("http.uri; gunzip; content:\"abc\"; bsize:3;", 3) +
          http("http.uri; zlib_deflate; bsize:>1000; content:\"xx\";", 4));
  b.protocol(kBenchHttp);
  const auto fired = [&](std::string packed) {
    BenchTx tx;
    tx.request("http.uri", {std::move(packed)});
    b.whole(tx);
    return b.fired();
  };
  EXPECT_EQ(fired(zlib_needle), "1 2 4");
  EXPECT_EQ(fired(zlib_needle.substr(0, 14)), "1 2") << "what is there of it";
  EXPECT_EQ(fired(gzip_abc), "3");
  EXPECT_EQ(fired("plain"), "");
  EXPECT_EQ(fired(""), "");
}

TEST(Transaction, RelativeKeywordsFollowTheContentThatAModifierMoved) {
  Bench b(http("content:\"id=\"; http_uri; isdataat:3,relative;", 1) +
          http("content:\"id=\"; http_uri; byte_test:1,=,7,0,relative,string,dec;", 2) +
          http("content:\"id=\"; http_uri; base64_decode:relative; base64_data; content:\"secret\";", 3));
  b.protocol(kBenchHttp);
  BenchTx tx, other;
  tx.request("http.uri", {"/x?id=7"});
  other.request("http.uri", {"/x?id=c2VjcmV0"});
  b.to_server("id=......").whole(tx);
  EXPECT_EQ(b.fired(), "2");
  b.whole(other);
  EXPECT_EQ(b.fired(), "1 3");
}

TEST(Transaction, MixedWithPayload) {
  Bench b(http("http.uri; content:\"/evil\"; pkt_data; content:\"raw\";", 1));
  b.protocol(kBenchHttp);
  BenchTx tx, other;
  tx.request("http.uri", {"/evil"});
  other.request("http.uri", {"/evil"});
  b.whole(other);
  EXPECT_EQ(b.fired(), "");
  b.to_server("GET /evil raw").whole(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, PlacesInPayloadCountFromTheStartOfTheWindowThatItCloses) {
  Bench b(http("content:\"GET \"; startswith; http.uri; content:\"/evil\";", 1) +
          http("content:\"raw\"; offset:10; http.uri; content:\"/evil\";", 2) +
          http("content:\"raw\"; depth:5; http.uri; content:\"/evil\";", 3) +
          http("pcre:\"/^GET /\"; http.uri; content:\"/evil\";", 4));
  b.protocol(kBenchHttp);
  BenchTx first, second;
  first.request("http.uri", {"/evil"});
  second.request("http.uri", {"/evil"});
  b.to_server("GET /evil raw").whole(first);
  EXPECT_EQ(b.fired(), "1 2 4");
  b.to_server("GET /evil raw").whole(second);
  EXPECT_EQ(b.fired(), "1 2 4");
}

TEST(Transaction, FlowbitsOfStreamsComeFirst) {
  Bench b(http("http.uri; content:\"/evil\"; flowbits:isset,raw;", 1) +
          tcp("content:\"raw\"; flowbits:set,raw; noalert;", 2));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"});
  b.to_server("raw").whole(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, EventsFireOnce) {
  Bench b(http("app-layer-event:http.missing_host_header;", 1));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/"});
  b.advance(tx, Direction::kToServer, kLine);
  EXPECT_EQ(b.fired(), "");
  tx.events = 2;
  b.advance(tx, Direction::kToServer, kHeaders).advance(tx, Direction::kToServer, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "1");
  b.detector().on_app_event(b.flow, kBenchHttp, Direction::kToServer, "missing_host_header", nullptr);
  b.detector().on_app_event(b.flow, kBenchHttp, Direction::kToServer, "odd_thing", nullptr);
  b.end();
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, EventsFireOnceInEachDirection) {
  Bench b(http("app-layer-event:http.missing_host_header;", 1) +
          http("flow:to_client; app-layer-event:http.missing_host_header;", 2));
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/"});
  tx.has_request = tx.has_reply = true;
  tx.events = 2;
  b.advance(tx, Direction::kToServer, kComplete);
  EXPECT_EQ(b.fired(), "1");
  b.advance(tx, Direction::kToClient, kComplete).done(tx);
  EXPECT_EQ(b.fired(), "1 2");
}

TEST(Transaction, ConfigRulesDoNotAlert) {
  Bench b(http("http.uri; content:\"/quiet\"; config:logging disable, type tx, scope tx;", 1) +
          tcp("http.uri; content:\"/\"; config:logging disable, type tx, scope tx;", 2,
              "config http any any -> any any"));
  b.protocol(kBenchHttp);
  BenchTx tx, other;
  tx.request("http.uri", {"/quiet"});
  b.advance(tx, Direction::kToServer, kComplete);
  EXPECT_EQ(b.fired(), "1");
  EXPECT_TRUE(detect::tx_state(tx).unlogged);
  b.done(tx);
  other.request("http.uri", {"loud"});
  b.advance(other, Direction::kToServer, kComplete);
  EXPECT_FALSE(detect::tx_state(other).unlogged);
  b.done(other);
}

TEST(Transaction, IntegersOnUdp) {
  Bench b(tcp("dns.opcode:4;", 1, "alert dns any any -> any any") +
          tcp("dns.query; content:\"evil\"; nocase;", 2, "alert dns any any -> any any") +
          tcp("dns.query; content:\"evil\"; content:!\"good\";", 3, "alert udp any any -> any any"));
  b.udp().protocol(kBenchDns);
  BenchTx tx;
  tx.request("dns.query", {"a.example", "EVIL.example"});
  tx.numbers[0]["dns.opcode"] = {4};
  b.whole(tx);
  EXPECT_EQ(b.fired(), "1 2");
  BenchTx other;
  other.request("dns.query", {"evil.example"});
  b.whole(other);
  EXPECT_EQ(b.fired(), "2 3");
}

TEST(Transaction, PassHoldsForTheFlow) {
  Bench b(tcp("http.uri; content:\"/fine\";", 1, "pass http any any -> any any") +
          http("http.uri; content:\"evil\";", 2));
  b.protocol(kBenchHttp);
  BenchTx first, second;
  first.request("http.uri", {"/fine/evil"});
  second.request("http.uri", {"/evil"});
  b.whole(first).whole(second);
  EXPECT_EQ(b.fired(), "");
}

TEST(Transaction, BothSidesOfOne) {
  Bench b(tcp("http.uri; content:\"/evil\"; http.stat_code; content:\"200\";", 1,
              "alert http any any => any any"));
  b.protocol(kBenchHttp);
  BenchTx tx, other;
  tx.request("http.uri", {"/evil"}).reply("http.stat_code", {"200"});
  other.request("http.uri", {"/evil"}).reply("http.stat_code", {"404"});
  b.whole(other);
  EXPECT_EQ(b.fired(), "");
  b.whole(tx);
  EXPECT_EQ(b.fired(), "1");
}

TEST(Transaction, ManyRulesMayWait) {
  std::string rules;
  for (unsigned i = 1; i <= 100; ++i)
    rules +=
        http("http.uri; content:\"/evil\"; http.request_header; content:\"h" + std::to_string(i) + "h\";", i);
  Bench b(rules);
  b.protocol(kBenchHttp);
  BenchTx tx;
  tx.request("http.uri", {"/evil"}).request("http.request_header", {"h7h", "h93h"});
  b.advance(tx, Direction::kToServer, kLine);
  EXPECT_GT(b.pool().in_use_bytes(), 0U);
  b.advance(tx, Direction::kToServer, kHeaders).done(tx);
  EXPECT_EQ(b.fired(), "7 93");
}

TEST(Protocol, RulesThatOnlyNameIt) {
  Bench b(tcp("app-layer-protocol:http;", 1) + tcp("app-layer-protocol:!http;", 2) +
          http("flow:to_server;", 3));
  b.protocol(kBenchHttp).to_server("a").to_server("b").to_client("c");
  EXPECT_EQ(b.fired(), "1 3 3");
  b.end().to_server("a").to_client("b");  // given up: nothing picket knows
  EXPECT_EQ(b.fired(), "2");
}

TEST(Protocol, OfASideOrBefore) {
  Bench b(tcp("content:\"x\"; app-layer-protocol:http;", 1) +
          tcp("content:\"x\"; app-layer-protocol:dns;", 2) +
          tcp("content:\"x\"; app-layer-protocol:dns,either;", 3) +
          tcp("content:\"x\"; app-layer-protocol:dns,to_client;", 4) +
          tcp("content:\"x\"; app-layer-protocol:dns,final;", 5) +
          tcp("content:\"x\"; app-layer-protocol:dns,original;", 6));
  b.protocol(kBenchHttp);
  b.flow.other_protocol = kBenchDns;
  b.flow.flags |= flow_flag::kOtherIsReply;
  b.to_server("x").end();
  EXPECT_EQ(b.fired(), "1 3 4");
  b.protocol(kBenchHttp);
  b.flow.other_protocol = kBenchDns;
  b.flow.flags |= flow_flag::kOtherIsReply;
  b.to_client("x").end();
  EXPECT_EQ(b.fired(), "2 3 4");
  b.protocol(kBenchHttp);
  b.flow.first_protocol = kBenchDns;
  b.to_server("x").end();
  EXPECT_EQ(b.fired(), "1 6");
}

TEST(Protocol, WhatIsOddOfIt) {
  Bench b(tcp("flow:established; app-layer-event:applayer_mismatch_protocol_both_directions;", 1,
              "alert ip any any -> any any") +
          tcp("app-layer-event:applayer_no_tls_after_starttls;", 2));
  b.to_server("a");
  EXPECT_EQ(b.fired(), "");
  b.detector().on_odd_protocol(AppEvent::kMismatchBothDirections);
  b.to_client("b");
  EXPECT_EQ(b.fired(), "1");
}

}  // namespace
}  // namespace picket::rules
