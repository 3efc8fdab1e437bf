#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

std::string groups(const OneRule& rule) {
  std::string all;
  for (const auto& g : rule->groups)
    all += (all.empty() ? "" : " ") + std::string(g.place == Place::kPayload ? "payload" : g.name) + ":" +
           std::to_string(g.clauses.size());
  return all;
}
std::string groups(std::string_view options) { return groups(with(options)); }

TEST(Buffers, BothSpellingsOfAStickyBuffer) {
  EXPECT_EQ(groups(R"(dns.query; content:"a";)"), "dns.query:1");
  EXPECT_EQ(groups(R"(dns_query; content:"a";)"), "dns.query:1");
  EXPECT_EQ(groups(R"(tls_sni; content:"a";)"), "tls.sni:1");
  EXPECT_EQ(groups(R"(file_data; content:"a";)"), "file.data:1");
  EXPECT_EQ(groups(R"(file.data; content:"a";)"), "file.data:1");
  EXPECT_EQ(groups(R"(http_header_names; content:"a";)"), "http.header_names:1");
}

TEST(Buffers, EveryLegacyModifier) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"http_uri", "http.uri"},
      {"http_raw_uri", "http.uri.raw"},
      {"http_header", "http.header"},
      {"http_raw_header", "http.header.raw"},
      {"http_cookie", "http.cookie"},
      {"http_method", "http.method"},
      {"http_client_body", "http.request_body"},
      {"http_server_body", "http.response_body"},
      {"http_stat_code", "http.stat_code"},
      {"http_stat_msg", "http.stat_msg"},
      {"http_user_agent", "http.user_agent"},
      {"http_host", "http.host"},
      {"http_raw_host", "http.host.raw"},
  };
  for (const auto& [modifier, buffer] : cases) {
    EXPECT_EQ(groups("content:\"a\"; " + std::string(modifier) + ";"), std::string(buffer) + ":1")
        << modifier;
  }
  EXPECT_EQ(groups(R"(uricontent:"a";)"), "http.uri:1");
  EXPECT_EQ(groups(R"(uricontent:!"a"; nocase;)"), "http.uri:1");
}

TEST(Buffers, ModifiersMoveOneContentAndKeepItsOptions) {
  const auto rule = with(
      R"(content:"p"; content:"a"; nocase; http_uri; content:"b"; distance:2; http_uri; content:"h"; http_host;)");
  EXPECT_EQ(groups(rule), "payload:1 http.uri:2 http.host:1");
  EXPECT_TRUE(rule.clause<Content>(1, 0).nocase);
  EXPECT_EQ(rule.clause<Content>(1, 1).distance->value, 2);
  const auto after = with(R"(content:"a"; http_uri; nocase; depth:5;)");
  EXPECT_TRUE(after.clause<Content>(0, 0).nocase)
      << "modifiers behind the buffer's name still change the content";
  EXPECT_EQ(after.clause<Content>(0, 0).depth->value, 5);
}

TEST(Buffers, SingleValuedOnesAreOneGroupManyValuedOnesAreNot) {
  EXPECT_EQ(groups(R"(http.uri; content:"a"; http.method; content:"GET"; http.uri; content:"b";)"),
            "http.uri:2 http.method:1");
  EXPECT_EQ(groups(R"(dns.query; content:"a"; content:"b"; dns.query; content:"c";)"),
            "dns.query:2 dns.query:1");
}

TEST(Buffers, PktDataGoesBackToThePayload) {
  EXPECT_EQ(groups(R"(file_data; content:"a"; pkt_data; content:"b"; content:"c"; http_uri;)"),
            "file.data:1 payload:1 http.uri:1");
}

TEST(Buffers, HeadersAndAddresses) {
  for (const char* name : {"tcp.hdr", "udp.hdr", "ipv4.hdr", "ipv6.hdr", "icmpv4.hdr", "icmpv6.hdr",
                           "ether.hdr", "igmp.hdr", "ip.src", "ip.dst"}) {
    EXPECT_EQ(groups(std::string(name) + "; content:\"a\";"), std::string(name) + ":1");
  }
  EXPECT_EQ(with(R"(tcp.hdr; content:"a";)")->groups[0].place, Place::kTcpHeader);
}

TEST(Buffers, SizeIsAClause) {
  const auto rule = with(R"(http.uri; bsize:<10; content:"a";)");
  EXPECT_EQ(rule.clause<BufferSize>(0, 0).test.hi, 9U);
  EXPECT_EQ(groups(R"(urilen:>20;)"), "http.uri:1");
  EXPECT_EQ(groups(R"(urilen:5<>20,norm;)"), "http.uri:1");
  EXPECT_EQ(groups(R"(urilen:5,raw;)"), "http.uri.raw:1");
  EXPECT_EQ(groups(R"(content:"a"; http_uri; urilen:1;)"), "http.uri:2");
}

TEST(Buffers, Absent) {
  EXPECT_FALSE(with("http.referer; absent;").clause<Absent>(0, 0).or_else);
  EXPECT_TRUE(with(R"(http.referer; absent:or_else; content:"a";)").clause<Absent>(0, 0).or_else);
}

TEST(Buffers, Transforms) {
  const auto rule =
      with(R"(http.uri; to_lowercase; url_decode; xor:"0d0a"; content:"a"; http.uri; content:"b";)");
  ASSERT_EQ(rule->groups.size(), 2U) << "the same buffer, transformed or not, is two things";
  ASSERT_EQ(rule->groups[0].transforms.size(), 3U);
  EXPECT_EQ(rule->groups[0].transforms[0].kind, Transform::Kind::kToLowercase);
  EXPECT_EQ(rule->groups[0].transforms[2].argument, "\r\n");
  const auto behind = with(R"(http.uri; content:"a"; to_md5; content:"b";)");
  ASSERT_EQ(behind->groups.size(), 2U);
  EXPECT_TRUE(behind->groups[0].transforms.empty());
  EXPECT_EQ(behind->groups[1].transforms.size(), 1U);
  for (const char* name : {"compress_whitespace",
                           "strip_whitespace",
                           "to_lowercase",
                           "to_uppercase",
                           "to_md5",
                           "to_sha1",
                           "to_sha256",
                           "dotprefix",
                           "url_decode",
                           "header_lowercase",
                           "strip_pseudo_headers",
                           "domain",
                           "tld",
                           "gunzip",
                           "zlib_deflate",
                           "from_base64",
                           "from_base64:bytes 8, offset 2, mode strict",
                           "gunzip:max-size 8",
                           "pcrexform:\"a(.*)\"",
                           "xor:extract 1 0",
                           "xor:offset 2,extract 4 0",
                           "subslice:2",
                           "subslice:-4,2"}) {
    EXPECT_EQ(reason("http.uri; " + std::string(name) + "; content:\"a\";"), "") << name;
  }
}

TEST(Buffers, Base64) {
  const auto rule =
      with(R"(content:"a"; base64_decode:bytes 10, offset 1, relative; base64_data; content:"b";)");
  EXPECT_EQ(groups(rule), "payload:2 base64_data:1");
  EXPECT_EQ(rule->groups[1].place, Place::kBase64);
  EXPECT_EQ(rule.clause<Base64Decode>(0, 1).bytes, 10U);
  EXPECT_TRUE(rule.clause<Base64Decode>(0, 1).relative);
}

TEST(Buffers, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"(http.uri; http.method; content:"a";)",
       "nothing is asked of buffer 'http.uri'; put a content, pcre or the like behind it"},
      {R"(content:"a"; http.uri;)",
       "nothing is asked of buffer 'http.uri'; put a content, pcre or the like behind it"},
      {R"(http.uri; pkt_data; content:"a";)",
       "nothing is asked of buffer 'http.uri'; put a content, pcre or the like behind it"},
      {R"(http_uri; content:"a";)", "content modifier 'http_uri' needs a content before it"},
      {R"(file_data; content:"a"; http_uri;)",
       "content modifier 'http_uri' cannot be used behind a sticky buffer; put pkt_data; before the content, "
       "or use the sticky buffer http.uri"},
      {R"(content:"a"; http_uri; http_header;)",
       "the content before 'http_header' looks at another buffer already"},
      {R"(content:"a"; rawbytes; http_uri;)", "'http_uri' cannot go with rawbytes"},
      {R"(file_data; uricontent:"a";)",
       "'uricontent' cannot follow a sticky buffer; put pkt_data; before it"},
      {R"(http.uri:3; content:"a";)", "buffer 'http.uri' takes no argument"},
      {R"(file.data:to_client; content:"a";)",
       "buffer 'file.data' takes no argument; only rules with => may name a direction here"},
      {R"(bsize:3;)", "'bsize' needs a sticky buffer before it"},
      {R"(absent;)", "'absent' needs a sticky buffer before it"},
      {R"(http.uri; absent:maybe;)", "absent takes nothing or or_else"},
      {R"(to_md5; content:"a";)",
       "transform 'to_md5' needs a sticky buffer before it; as in http.uri; to_lowercase; content:\"x\";"},
      {R"(http.uri; to_md5;)",
       "nothing is asked of buffer 'http.uri'; put a content, pcre or the like behind it"},
      {R"(http.uri; xor:"abc"; content:"a";)", "xor takes a key of whole bytes in hex, as in xor:\"0d0a\""},
      {R"(http.uri; xor:"zz"; content:"a";)", "xor takes a key in hex, as in xor:\"0d0a\""},
      {R"(http.uri; from_base64:mode x; content:"a";)",
       "from_base64 takes bytes N, offset N and mode rfc4648, rfc2045 or strict"},
      {R"(http.uri; gunzip:7; content:"a";)", "gunzip takes nothing or max-size N"},
      {R"(http.uri; pcrexform:"";)", "pcrexform needs a pattern"},
      {R"(urilen:3,cooked;)", "behind urilen's number only norm or raw may stand"},
      {R"(base64_data; content:"a";)", "'base64_data' needs a base64_decode before it"},
      {R"(http.uri2; content:"a";)",
       "keyword 'http.uri2': picket's http does not offer it yet; did you mean 'http.uri'?"},
      {R"(smb.share; content:"a";)", "keyword 'smb.share': picket does not parse smb yet"},
      {R"(ssh_proto; content:"a";)", "keyword 'ssh_proto': picket does not parse ssh yet"},
      {R"(krb5_msg_type:10;)", "keyword 'krb5_msg_type': picket does not parse krb5 yet"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
}

TEST(Buffers, ATransactionRuleMayNameTheDirection) {
  const auto rule =
      with(R"(http.uri; content:"a"; file.data:to_client; content:"b";)", "alert http any any => any any");
  EXPECT_EQ(rule->groups[1].only, Direction::kToClient);
}

}  // namespace
}  // namespace picket::rules
