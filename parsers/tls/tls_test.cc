#include "parsers/tls/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>

#include "parsers/core/digest.h"
#include "parsers/tls/tls_test_data.h"
#include "tests/support/parser_harness.h"

namespace {

std::size_t allocations = 0;  // of C++ and of OpenSSL

void* counted(std::size_t n) {
  ++allocations;
  return std::malloc(n);
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t n) {
  void* at = counted(n);
  if (at == nullptr) std::abort();
  return at;
}
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace picket::tls {
extern const ProtocolSpec kSpec;
namespace {

using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::to_client;
using testing::to_server;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

Conversation talk(std::span<const test_data::Turn> turns) {
  Conversation c;
  for (const auto& t : turns)
    c.push_back(t.from == '>' ? to_server(from_hex(t.hex)) : to_client(from_hex(t.hex)));
  return c;
}

std::string u16(std::size_t v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string u24(std::size_t v) { return static_cast<char>(v >> 16) + u16(v & 0xffff); }
std::string vec8(const std::string& s) { return static_cast<char>(s.size()) + s; }
std::string vec16(const std::string& s) { return u16(s.size()) + s; }
std::string record(int type, const std::string& body, const std::string& version = "\x03\x03") {
  return static_cast<char>(type) + version + vec16(body);
}
std::string message(int type, const std::string& body) {
  return static_cast<char>(type) + u24(body.size()) + body;
}
std::string ext(std::size_t type, const std::string& data) { return u16(type) + vec16(data); }
std::string client_hello(const std::string& extensions, const std::string& ciphers = "\x13\x01",
                         const std::string& version = "\x03\x03") {
  return message(1, version + std::string(32, 'r') + vec8("") + vec16(ciphers) + vec8(std::string(1, '\0')) +
                        (extensions.empty() ? "" : vec16(extensions)));
}
std::string server_hello(const std::string& cipher, const std::string& extensions = "",
                         const std::string& session = "", const std::string& version = "\x03\x03") {
  return message(2, version + std::string(32, 's') + vec8(session) + cipher + std::string(1, '\0') +
                        (extensions.empty() ? "" : vec16(extensions)));
}
std::string sni(const std::string& name) { return ext(0, vec16(std::string(1, '\0') + vec16(name))); }
const std::string kCcs = record(20, "\x01");
const std::string kData = record(23, std::string(40, 'e'));

/// The few facts most tests ask for, from the transaction when it is done.
std::string facts(const Transaction& t) {
  const Tx& tx = static_cast<const Tx&>(t);
  VersionText room;
  std::string s = "version=" + std::string(version_name(tx.version(), room));
  s += " sni=" + std::string(as_text(tx.client.sni));
  s += " cipher=" + std::string(cipher_name(tx.server.cipher));
  const auto group = tx.server.group != 0 ? tx.server.group : tx.key_exchange.group;
  s += " group=" + std::string(group_name(group));
  if (tx.key_exchange.dh_bits != 0) s += " dh=" + std::to_string(tx.key_exchange.dh_bits);
  if (tx.key_exchange.signature_scheme != 0) {
    s += " signature=" + std::string(signature_scheme_name(tx.key_exchange.signature_scheme));
  }
  s += " chain=" + std::to_string(tx.side(kServer).chain_length);
  if (tx.side(kClient).has_leaf()) s += " mutual";
  if (tx.certificate_requested) s += " requested";
  if (tx.resumed) s += " resumed";
  if (tx.retried) s += " retried";
  if (tx.client.early_data) s += " early";
  if (tx.established) s += " established";
  for (unsigned i = 0; i < tx.alert_count; ++i) {
    s += std::string(" alert=") + (tx.alerts[i].from == kClient ? "client:" : "server:") +
         std::string(alert_name(tx.alerts[i].description));
  }
  return s;
}
HarnessOptions with_facts() {
  HarnessOptions o;
  o.describe = facts;
  o.pool_bytes = 3 << 20;  // mapped, and with AddressSanitizer poisoned, in each of many runs
  return o;
}
std::vector<std::string> run_facts(const Conversation& c) { return testing::run(kSpec, c, with_facts()); }

/// A buffer of the only transaction, as rules see it when it is done; instances joined with '|'.
std::string buffer(const Conversation& c, std::string_view name, Direction dir) {
  HarnessOptions o;
  std::string found = "(no transaction)";
  o.describe = [&](const Transaction& tx) {
    found.clear();
    for (const BufferDef& b : kSpec.buffers) {
      Bytes v;
      for (unsigned i = 0; b.name == name && b.get(tx, dir, i, v); ++i) {
        found += (i == 0 ? "" : "|") + std::string(as_text(v));
      }
    }
    return std::string();
  };
  testing::run(kSpec, c, o);
  return found;
}

// ---------------------------------------------------------------------------------------- recorded
// handshakes

TEST(TlsHandshake, Tls13) {
  EXPECT_THAT(
      run_facts(talk(test_data::kTls13)),
      ElementsAre("tx 0 req rep version=TLS 1.3 sni=pacs.hospital.example cipher=TLS_AES_256_GCM_SHA384 "
                  "group=x25519 chain=0 established"));
}
TEST(TlsHandshake, SaysWhenAllIsEncrypted) {
  struct Quiet final : Sink {
    void advance(Transaction&, Direction, std::uint8_t) noexcept override {}
    void done(Transaction&) noexcept override {}
    void event(Direction, std::uint8_t, Transaction*) noexcept override {}
    void hand_over(std::string_view, Bytes) noexcept override {}
    void encrypted() noexcept override { ++times; }
    [[nodiscard]] std::uint64_t time_ns() const noexcept override { return 1; }
    int times = 0;
  };
  for (const auto& c : {talk(test_data::kTls12), talk(test_data::kTls13)}) {
    Pool pool(std::size_t{3} << 20);
    std::vector<std::uint64_t> limits;
    for (const LimitDef& l : kSpec.limits) limits.push_back(l.initial);
    void* at = pool.allocate(kSpec.parser_size);
    Parser* parser = kSpec.create(at, {pool, limits, Transport::kTcp});
    Quiet sink;
    parser->on_stream(Direction::kToServer, as_bytes(c.front().bytes), sink);
    EXPECT_EQ(sink.times, 0) << "a hello alone";
    for (std::size_t i = 1; i < c.size(); ++i) parser->on_stream(c[i].dir, as_bytes(c[i].bytes), sink);
    EXPECT_GE(sink.times, 1);
    parser->on_close(sink);
    parser->~Parser();
    pool.release(at, kSpec.parser_size);
  }
}
TEST(TlsHandshake, Tls12) {
  EXPECT_THAT(run_facts(talk(test_data::kTls12)),
              ElementsAre("tx 0 req rep version=TLS 1.2 sni=pacs.hospital.example "
                          "cipher=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 group=x25519 "
                          "signature=ecdsa_secp256r1_sha256 chain=2 established"));
}
TEST(TlsHandshake, ClientCertificate) {
  const auto c = talk(test_data::kMutual);
  EXPECT_THAT(run_facts(c), ElementsAre(HasSubstr(" chain=2 mutual requested established")));
  EXPECT_EQ(buffer(c, "tls.cert_subject", kClient), "C=EU, O=Hospital, CN=ct-scanner-3");
  EXPECT_EQ(buffer(c, "tls.subjectaltname", kClient), "ct-scanner-3.hospital.example");
  EXPECT_EQ(buffer(c, "tls.cert_fingerprint", kClient),
            "20:72:dc:a2:d4:3d:1a:6c:8d:b5:29:36:d9:99:92:2a:cd:bd:00:bc");
}
TEST(TlsHandshake, ResumedByTicketOrSessionId) {
  EXPECT_THAT(run_facts(talk(test_data::kTicket)), ElementsAre(HasSubstr(" chain=0 resumed established")));
  EXPECT_THAT(run_facts(talk(test_data::kSessionId)), ElementsAre(HasSubstr(" chain=0 resumed established")));
}
TEST(TlsHandshake, ResumedWithEarlyData) {
  EXPECT_THAT(
      run_facts(talk(test_data::kEarlyData)),
      ElementsAre(HasSubstr("version=TLS 1.3 sni= cipher=TLS_AES_256_GCM_SHA384 group=x25519 chain=0 resumed "
                            "early established")));
}
TEST(TlsHandshake, HelloRetryRequest) {
  EXPECT_THAT(
      run_facts(talk(test_data::kRetry)),
      ElementsAre("tx 0 req rep version=TLS 1.3 sni=pacs.hospital.example cipher=TLS_AES_256_GCM_SHA384 "
                  "group=secp384r1 chain=0 retried established"));
}
TEST(TlsHandshake, Refused) {
  EXPECT_THAT(run_facts(talk(test_data::kRefused)),
              ElementsAre(HasSubstr(" chain=0 alert=server:protocol_version")));
}
TEST(TlsHandshake, Tls10WithFiniteField) {
  EXPECT_THAT(
      run_facts(talk(test_data::kDhe10)),
      ElementsAre("tx 0 req rep version=TLSv1 sni= cipher=TLS_DHE_RSA_WITH_AES_128_CBC_SHA group= dh=2048 "
                  "chain=1 established"));
}
TEST(TlsHandshake, OneSideAloneIsEnough) {
  for (const char side : {'>', '<'}) {
    Conversation half;
    for (const auto& t : test_data::kTls12) {
      if (t.from == side) half.push_back(talk({&t, 1}).front());
    }
    EXPECT_THAT(run_facts(half),
                ElementsAre(side == '>' ? HasSubstr("tx 0 req version=0x0000 sni=pacs.hospital")
                                        : HasSubstr("tx 0 rep version=TLS 1.2 sni= ")));
  }
}
TEST(TlsHandshake, WantsNothingMoreOnceBothSidesEncrypt) {
  ParserRun r(kSpec);
  for (const auto& t : talk(test_data::kTls12)) {
    r.play(t);
    if (!r.lines().empty()) break;
  }
  EXPECT_EQ(r.lines().size(), 1U) << "the record is there as soon as the handshake is over";
  EXPECT_TRUE(r.gave_up(kServer));
  r.feed(kClient, kData);
  EXPECT_TRUE(r.gave_up(kClient));
}

// ---------------------------------------------------------------------------------------- any cut

// Buffers are read at each advance in any case; lines of facts keep the many runs short.
#define CUTS(name)                                                                                 \
  TEST(TlsCuts, name) {                                                                            \
    EXPECT_EQ(testing::check_every_split(kSpec, talk(test_data::k##name), with_facts()), "");      \
    EXPECT_EQ(testing::check_every_truncation(kSpec, talk(test_data::k##name), with_facts()), ""); \
  }
CUTS(Tls13)
CUTS(Tls12)
CUTS(Ticket)
CUTS(EarlyData)
CUTS(Refused)

TEST(TlsCuts, ByteByByte) {  // the rest of the way is Tls12's
  for (const auto& c : {talk(test_data::kMutual), talk(test_data::kDhe10), talk(test_data::kRetry)}) {
    const auto whole = testing::run(kSpec, c);
    ParserRun r(kSpec);
    for (const auto& t : c) {
      for (const char b : t.bytes) r.feed(t.dir, {&b, 1});
    }
    r.close();
    EXPECT_EQ(r.lines(), whole);
    EXPECT_TRUE(r.violations().empty());
  }
}

TEST(TlsCuts, HandshakeInRecordsOfAnySize) {
  const std::string hello = client_hello(sni("a.example"));
  const auto whole = testing::run(kSpec, {to_server(record(22, hello))});
  for (std::size_t size = 1; size < hello.size(); ++size) {
    std::string cut;
    for (std::size_t i = 0; i < hello.size(); i += size) cut += record(22, hello.substr(i, size));
    EXPECT_EQ(testing::run(kSpec, {to_server(cut)}), whole) << size;
  }
}
TEST(TlsCuts, AHelloLargerThanARecord) {
  const std::string hello =
      client_hello(sni("pq.example") + ext(51, vec16(u16(4588) + vec16(std::string(17000, 'k')))));
  const Conversation c = {to_server(record(22, hello.substr(0, 16384)) + record(22, hello.substr(16384)))};
  EXPECT_THAT(run_facts(c), ElementsAre(HasSubstr("sni=pq.example")));
}

// ---------------------------------------------------------------------------------------- fingerprints

// The values are those of an independent script over the same bytes.
TEST(TlsFingerprint, OfRecordedHellos) {
  const auto c = talk(test_data::kTls13);
  EXPECT_EQ(
      buffer(c, "ja3.string", kClient),
      "771,4866-4867-4865-255,0-11-10-35-16-22-23-13-43-45-51,29-23-30-25-24-256-257-258-259-260,0-1-2");
  EXPECT_EQ(buffer(c, "ja3.hash", kClient), "9dffdb8b608a430b774a2ff7d36c1a0c");
  EXPECT_EQ(buffer(c, "ja3s.string", kServer), "771,4866,43-51");
  EXPECT_EQ(buffer(c, "ja3s.hash", kServer), "15af977ce25de452b96affa2addb1036");
  EXPECT_EQ(buffer(c, "ja4.hash", kClient), "t13d0411h2_16476d049b0b_78f1d400d464");
  const auto old = talk(test_data::kDhe10);
  EXPECT_EQ(buffer(old, "ja3.hash", kClient), "5997ff9ef53ec27c9bc3a9f9568a0c56");
  EXPECT_EQ(buffer(old, "ja3s.hash", kServer), "35442d1d8a143f61cc28896a746efa0e");
  EXPECT_EQ(buffer(old, "ja4.hash", kClient), "t10i020300_35db378cb09f_23f7d3b00788");
  EXPECT_EQ(buffer(talk(test_data::kRetry), "ja3s.string", kServer), "771,4866,43-51")
      << "of the hello, not the retry";
}
// The two examples in JA3's own description.
TEST(TlsFingerprint, PublishedJa3) {
  const auto list = [](std::initializer_list<std::size_t> v) {
    std::string s;
    for (const auto i : v) s += u16(i);
    return s;
  };
  const auto first =
      client_hello(ext(0, "") + ext(10, vec16(list({23, 24, 25}))) + ext(11, vec8(std::string(1, '\0'))),
                   list({47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4}), "\x03\x01");
  EXPECT_EQ(buffer({to_server(record(22, first))}, "ja3.hash", kClient), "ada70206e40642a3e4461f35503241d5");
  const auto second = client_hello("", list({4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}), "\x03\x01");
  EXPECT_EQ(buffer({to_server(record(22, second))}, "ja3.string", kClient),
            "769,4-5-10-9-100-98-3-6-19-18-99,,,");
  EXPECT_EQ(buffer({to_server(record(22, second))}, "ja3.hash", kClient), "de350869b8c85de67a350c8d186f11e6");
}
// The example in JA4's own description, with GREASE thrown in.
TEST(TlsFingerprint, PublishedJa4) {
  const std::string ciphers =
      from_hex("2a2a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035");
  const std::string extensions =
      ext(0x3a3a, "") + sni("x.example") + ext(0x17, "") + ext(0xff01, "\x00") +
      ext(0x0a, vec16(from_hex("1a1a 001d"))) + ext(0x0b, vec8(std::string(1, '\0'))) + ext(0x23, "") +
      ext(0x10, vec16(vec8("h2") + vec8("http/1.1"))) + ext(0x05, "") +
      ext(0x0d, vec16(from_hex("0403 0804 0401 0503 0805 0501 0806 0601"))) + ext(0x12, "") + ext(0x33, "") +
      ext(0x2d, "") + ext(0x2b, vec8(from_hex("4a4a 0304 0303"))) + ext(0x1b, "") + ext(0x4469, "") +
      ext(0x5a5a, "") + ext(0x15, "");
  EXPECT_EQ(buffer({to_server(record(22, client_hello(extensions, ciphers)))}, "ja4.hash", kClient),
            "t13d1516h2_8daaf6152771_e5627efa2ab1");
}
TEST(TlsFingerprint, Ja4WithoutAnything) {
  EXPECT_EQ(buffer({to_server(record(22, client_hello("", "")))}, "ja4.hash", kClient),
            "t12i000000_000000000000_000000000000");
}
TEST(TlsFingerprint, Ja4OfAnAlpnThatIsNoText) {
  const auto ja4 = [](const std::string& name) {
    return buffer({to_server(record(22, client_hello(ext(16, vec16(vec8(name))))))}, "ja4.hash", kClient)
        .substr(0, 10);
  };
  EXPECT_EQ(ja4("\xab\xcd"), "t12i0101ad");
  EXPECT_EQ(ja4("x\xcd"), "t12i01017d");
  EXPECT_EQ(ja4("h"), "t12i0101hh");
}
TEST(TlsFingerprint, AListTooLongHasNone) {
  std::string many;
  for (std::size_t i = 0; i <= kMaxListed; ++i) many += u16(i);
  const Conversation c = {to_server(record(22, client_hello(sni("a.example"), many)))};
  EXPECT_EQ(buffer(c, "ja3.string", kClient), "");
  EXPECT_EQ(buffer(c, "ja4.hash", kClient), "");
  EXPECT_THAT(run_facts(c), ElementsAre(HasSubstr("events=hello_list_too_long version")));
}

// ---------------------------------------------------------------------------------------- certificates

TEST(TlsCertificate, WhatRulesSeeOfIt) {
  const auto c = talk(test_data::kTls12);
  EXPECT_EQ(
      buffer(c, "tls.cert_subject", kServer),
      "C=EU, ST=North, L=Haven, O=Hospital, OU=Imaging, CN=pacs.hospital.example, Email=it@hospital.example");
  EXPECT_EQ(buffer(c, "tls.cert_issuer", kServer), "C=EU, O=Hospital, CN=Hospital Root");
  EXPECT_EQ(buffer(c, "tls.cert_serial", kServer), "00:97:E6:47:09:8E:EA:C9:B4");
  EXPECT_EQ(buffer(c, "tls.cert_fingerprint", kServer),
            "cd:0c:ec:49:d5:19:c5:11:7e:ec:60:da:e4:b1:8b:db:f8:82:4d:4f");
  EXPECT_EQ(buffer(c, "tls.subjectaltname", kServer),
            "pacs.hospital.example|*.hospital.example|192.0.2.7|2001:db8::7|it@hospital.example|"
            "https://hospital.example/");
  EXPECT_EQ(buffer(c, "tls.cert_subject", kClient), "");
}
TEST(TlsCertificate, TimesKeysAndAlgorithms) {
  HarnessOptions o;
  o.describe = [](const Transaction& t) {
    const TxSide& s = static_cast<const Tx&>(t).side(kServer);
    std::string out;
    Bytes der;
    for (unsigned i = 0; s.certificate(i, der); ++i) {
      Certificate c;
      EXPECT_EQ(parse_certificate(der, c), 0U);
      TimeText from, to;
      std::array<char, 64> hash;
      to_hex(Sha256::of(der), hash);
      out += std::string(write_time(c.not_before, from)) + " " + std::string(write_time(c.not_after, to)) +
             " " + std::string(signature_algorithm_name(c.signature_algorithm)) + " " +
             std::string(key_algorithm_name(c.key_algorithm)) + " " + std::to_string(c.key_bits) + " " +
             std::string(hash.data(), 16) + "|";
    }
    return out;
  };
  EXPECT_THAT(testing::run(kSpec, talk(test_data::kTls12), o),
              ElementsAre("tx 0 req rep 2026-11-21T22:17:14 2027-11-21T22:17:14 ecdsa-with-SHA256 EC 256 "
                          "c848f30f601965e6|2026-11-21T22:17:14 2036-11-18T22:17:14 ecdsa-with-SHA256 EC 256 "
                          "8f9aa4f72312d333|"));
  EXPECT_THAT(testing::run(kSpec, talk(test_data::kDhe10), o),
              ElementsAre(HasSubstr(" RSA 2048 f8a9810e41bd58c6|")));
}
TEST(TlsCertificate, EveryTruncationAndBitFlipIsRead) {
  HarnessOptions o;
  std::string leaf;
  o.describe = [&](const Transaction& t) {
    Bytes der;
    (void)static_cast<const Tx&>(t).side(kServer).certificate(0, der);
    leaf = as_text(der);
    return std::string();
  };
  testing::run(kSpec, talk(test_data::kTls12), o);
  ASSERT_GT(leaf.size(), 300U);
  unsigned wrong = 0;
  const auto read = [&](const std::string& der) {
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[der.size()]);
    std::memcpy(copy.get(), der.data(), der.size());
    Certificate c;
    wrong += parse_certificate({copy.get(), der.size()}, c) != 0 ? 1 : 0;
    std::array<std::uint8_t, 64> room;
    EXPECT_LE(write_name(c.subject, room), room.size());
    DerReader names(c.alt_names);
    AltNameText text;
    Bytes name;
    while (next_alt_name(names, text, name)) wrong += name.empty() ? 1 : 0;
  };
  for (std::size_t n = 0; n < leaf.size(); ++n) read(leaf.substr(0, n));
  EXPECT_EQ(wrong, leaf.size()) << "each is cut short";
  for (std::size_t i = 0; i < leaf.size() * 8; ++i) {
    std::string flipped = leaf;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << i % 8));
    read(flipped);
  }
}
TEST(TlsCertificate, BrokenListsAreNamed) {
  const std::string hello = record(22, server_hello("\xc0\x2b"));
  const auto events = [&](const std::string& body) {
    return run_facts({to_client(hello + record(22, message(11, body)))}).front();
  };
  EXPECT_THAT(events(u24(0)), Not(HasSubstr("events=")));
  EXPECT_THAT(events(u24(7) + u24(1) + "x"), HasSubstr("certificate_invalid_length"));
  EXPECT_THAT(events(u24(8) + u24(9) + "hello"), HasSubstr("events=invalid_certificate version"));
  EXPECT_THAT(events(u24(8) + u24(5) + "hello"), HasSubstr("events=invalid_certificate,certificate_"));
  EXPECT_THAT(events(u24(7) + u24(4) + from_hex("30023000")),
              HasSubstr("events=invalid_certificate,certificate_missing_element version"));
}
TEST(TlsTime, ThereAndBack) {
  TimeText room;
  EXPECT_EQ(seconds_of(1970, 1, 1, 0, 0, 0), 0);
  EXPECT_EQ(seconds_of(2000, 2, 29, 12, 0, 1), 951825601);
  EXPECT_EQ(write_time(951825601, room), "2000-02-29T12:00:01");
  EXPECT_EQ(write_time(-1, room), "1969-12-31T23:59:59");
  EXPECT_EQ(write_time(seconds_of(9999, 12, 31, 23, 59, 59), room), "9999-12-31T23:59:59");
  for (std::int64_t t = -4'000'000'000; t < 9'000'000'000; t += 86399 * 7) {
    unsigned y, mo, d, h, mi, s;
    ASSERT_EQ(
        std::sscanf(std::string(write_time(t, room)).c_str(), "%u-%u-%uT%u:%u:%u", &y, &mo, &d, &h, &mi, &s),
        6);
    ASSERT_EQ(seconds_of(y, mo, d, h, mi, s), t);
  }
}

// ---------------------------------------------------------------------------------------- hellos

TEST(TlsHello, RandomsByDirection) {
  const Conversation c = {to_server(record(22, client_hello(""))),
                          to_client(record(22, server_hello("\xc0\x2b")))};
  EXPECT_EQ(buffer(c, "tls.random", kClient), std::string(32, 'r'));
  EXPECT_EQ(buffer(c, "tls.random_time", kServer), "ssss");
  EXPECT_EQ(buffer(c, "tls.random_bytes", kServer), std::string(28, 's'));
}
TEST(TlsHello, AlpnByDirection) {
  const Conversation c = talk(test_data::kTls12);
  EXPECT_EQ(buffer(c, "tls.alpn", kClient), "h2|http/1.1");
  EXPECT_EQ(buffer(c, "tls.alpn", kServer), "h2");
}
TEST(TlsHello, OddServerNames) {
  const auto event = [](const std::string& extensions) {
    return run_facts({to_server(record(22, client_hello(extensions)))}).front();
  };
  EXPECT_THAT(event(sni("a.example") + sni("b.example")),
              HasSubstr("events=multiple_sni_extensions version=0x0000 sni=a.ex"));
  EXPECT_THAT(event(ext(0, vec16("\x01" + vec16("a.example")))),
              HasSubstr("events=invalid_sni_type version=0x0000 sni= "));
  EXPECT_THAT(event(ext(0, u16(40) + std::string(1, '\0') + vec16("a.example"))),
              HasSubstr("events=invalid_sni_length"));
  EXPECT_THAT(event(sni("")), HasSubstr("events=invalid_sni_length"));
}
TEST(TlsHello, LengthsThatDoNotFit) {
  std::string hello = client_hello(sni("a.example"));
  hello[3] = static_cast<char>(hello[3] + 3);
  EXPECT_THAT(run_facts({to_server(record(22, hello + "xyz"))}),
              ElementsAre(HasSubstr("events=handshake_invalid_length")));
  EXPECT_THAT(run_facts({to_server(record(22, message(1, "\x03\x03" + std::string(20, 'x'))))}),
              ElementsAre(HasSubstr("events=invalid_handshake_message")));
  EXPECT_THAT(run_facts({to_client(record(22, client_hello("")))}),
              ElementsAre("event < invalid_handshake_message"));
}
TEST(TlsHello, VersionOfTls13Drafts) {
  const std::string offer = ext(43, vec8(from_hex("7f12 0303")));
  const std::string draft = message(2, from_hex("7f12") + std::string(32, 's') + from_hex("1301 0000"));
  EXPECT_THAT(run_facts({to_server(record(22, client_hello(offer))), to_client(record(22, draft) + kData)}),
              ElementsAre(HasSubstr("version=TLS 1.3 draft-18 sni= cipher=TLS_AES_128_GCM_SHA256")));
}
TEST(TlsHello, Sslv2FormAnsweredWithTls) {
  const std::string v2 =
      "\x01\x03\x01" + u16(6) + u16(0) + u16(16) + from_hex("00002f 010080") + std::string(16, 'c');
  const std::string framed = u16(0x8000 + v2.size()) + v2;
  const Conversation c = {to_server(framed),
                          to_client(record(22, server_hello(from_hex("002f"), "", "", "\x03\x01"))),
                          to_server(record(22, message(16, "key")) + kCcs), to_client(kCcs)};
  EXPECT_THAT(run_facts(c), ElementsAre(HasSubstr("version=TLSv1 sni= cipher=TLS_RSA_WITH_AES_128_CBC_SHA")));
  EXPECT_EQ(testing::check_every_split(kSpec, c), "");
  EXPECT_EQ(testing::check_every_truncation(kSpec, c), "");
  EXPECT_EQ(probe(Transport::kTcp, kClient, as_bytes(framed)), Probe::kYes);
  std::string wrong = framed;
  wrong[6] = 7;
  EXPECT_EQ(probe(Transport::kTcp, kClient, as_bytes(wrong)), Probe::kNo);
  EXPECT_THAT(run_facts({to_server(wrong)}), ElementsAre(HasSubstr("events=invalid_sslv2_header")));
}
TEST(TlsHello, Sslv2Server) {
  const std::string v2 =
      from_hex("04 00 01 0002 0003 0003 0010") + "cer" + from_hex("010080") + std::string(16, 'i');
  const std::string framed = u16(0x8000 + v2.size()) + v2;
  EXPECT_EQ(probe(Transport::kTcp, kServer, as_bytes(framed)), Probe::kYes);
  EXPECT_THAT(run_facts({to_client(framed)}), ElementsAre(HasSubstr("rep version=SSLv2")));
  EXPECT_EQ(run_facts({to_client(from_hex("8003 00 0001"))}).front(), "event < error_message_encountered");
}

// ---------------------------------------------------------------------------------------- records

TEST(TlsRecord, BrokenFramesAreNamedAndEndTheSide) {
  const std::string hello = record(22, client_hello(""));
  const auto event = [&](const std::string& bytes) { return run_facts({to_server(hello + bytes)}).front(); };
  EXPECT_THAT(event(record(99, "x")), HasSubstr("events=invalid_record_type "));
  EXPECT_THAT(event(record(22, "x", "\x05\x03")), HasSubstr("events=invalid_record_version "));
  EXPECT_THAT(event(from_hex("17 0303 ffff")), HasSubstr("events=invalid_tls_header "));
  EXPECT_THAT(event("GET / HTTP/1.1\r\n"), HasSubstr("events=invalid_ssl_record "));
  ParserRun r(kSpec);
  r.feed(kClient, "220 mail.example ESMTP\r\n");
  EXPECT_THAT(r.lines(), ElementsAre("event > invalid_ssl_record"));
  EXPECT_TRUE(r.gave_up(kClient));
}
TEST(TlsRecord, TooManyAreNamedButRead) {
  const std::string hello = client_hello(sni("a.example"));
  std::string cut;
  for (const char c : hello) cut += record(22, {c});
  HarnessOptions o = with_facts();
  o.limits["max-records"] = 5;
  EXPECT_THAT(testing::run(kSpec, {to_server(cut)}, o),
              ElementsAre("event > too_many_records_in_packet", HasSubstr("sni=a.example")));
}
TEST(TlsRecord, AlertsBetweenPiecesOfAMessage) {
  const std::string hello = client_hello(sni("a.example"));
  const Conversation c = {to_server(record(22, hello.substr(0, 2)) + record(21, from_hex("0100")) +
                                    record(22, hello.substr(2)) + record(21, from_hex("0100")))};
  EXPECT_THAT(run_facts(c),
              ElementsAre(HasSubstr("sni=a.example cipher=TLS_NULL_WITH_NULL_NULL group= chain=0 "
                                    "alert=client:close_notify")));
}
TEST(TlsRecord, MessagesBeyondTheirLimitArePassedOver) {
  HarnessOptions o = with_facts();
  o.limits["hello-limit"] = 512;
  const std::string large = client_hello(ext(21, std::string(600, '\0')));
  EXPECT_THAT(
      testing::run(kSpec, {to_server(record(22, large)), to_client(record(22, server_hello("\xc0\x2b")))}, o),
      ElementsAre("event > handshake_too_large", HasSubstr("tx 0 rep version=TLS 1.2")));
}

// ---------------------------------------------------------------------------------------- gaps

TEST(TlsGap, InACertificateCostsTheCertificate) {
  auto c = talk(test_data::kTls12);
  const std::string server = c[1].bytes;
  const std::size_t in_certificate = 5 + 4 + 120;  // of the Certificate record, behind ServerHello
  const std::size_t from =
      5 + ((static_cast<std::uint8_t>(server[3]) << 8) | static_cast<std::uint8_t>(server[4])) +
      in_certificate;
  const Conversation lossy = {c[0],
                              to_client(server.substr(0, from)),
                              testing::gap(kServer, 300),
                              to_client(server.substr(from + 300)),
                              c[2],
                              c[3]};
  EXPECT_THAT(run_facts(lossy),
              ElementsAre("tx 0 req rep events=handshake_gap version=TLS 1.2 sni=pacs.hospital.example "
                          "cipher=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 group=x25519 "
                          "signature=ecdsa_secp256r1_sha256 chain=0 established"));
}
TEST(TlsGap, OfUnknownSizeEndsTheSide) {
  auto c = talk(test_data::kTls12);
  const Conversation lossy = {c[0],
                              to_client(c[1].bytes.substr(0, 200)),
                              testing::gap(kServer, 0),
                              to_client(c[1].bytes.substr(700)),
                              c[2],
                              c[3]};
  EXPECT_THAT(run_facts(lossy), ElementsAre(HasSubstr("events=handshake_gap version=TLS 1.2")));
}
TEST(TlsGap, AnywhereBreaksNothing) {
  auto c = talk(test_data::kMutual);
  for (std::size_t turn = 0; turn < c.size(); ++turn) {
    for (std::size_t at = 0; at < c[turn].bytes.size(); at += 29) {
      for (const std::size_t size : {1, 77, 100000}) {
        for (const bool known : {true, false}) {
          Conversation lossy(c.begin(), c.begin() + static_cast<std::ptrdiff_t>(turn));
          const auto& bytes = c[turn].bytes;
          lossy.push_back({testing::Turn::Kind::kBytes, c[turn].dir, bytes.substr(0, at), 0});
          lossy.push_back(testing::gap(c[turn].dir, known ? size : 0));
          lossy.push_back(
              {testing::Turn::Kind::kBytes, c[turn].dir, bytes.substr(std::min(bytes.size(), at + size)), 0});
          lossy.insert(lossy.end(), c.begin() + static_cast<std::ptrdiff_t>(turn) + 1, c.end());
          for (const auto& l : run_facts(lossy)) ASSERT_THAT(l, Not(HasSubstr("VIOLATION")));
        }
      }
    }
  }
}

// ---------------------------------------------------------------------------------------- heartbeats

TEST(TlsHeartbeat, BeforeEncryption) {
  const std::string hello = record(22, client_hello(ext(15, "\x01")));
  const auto events = [&](const std::string& beat) {
    ParserRun r(kSpec);
    r.feed(kClient, hello + beat);
    std::string out;
    for (const auto& [name, n] : r.events()) out += name + " ";
    return out;
  };
  EXPECT_EQ(events(record(24, from_hex("01 0004") + "ping" + std::string(16, 'p'))), "heartbeat_message ");
  EXPECT_EQ(events(record(24, from_hex("01 4000"))), "heartbeat_message overflow_heartbeat_message ");
  EXPECT_EQ(events(record(24, from_hex("01 0000") + std::string(16, 'p'))),
            "heartbeat_message invalid_heartbeat_message ");
  EXPECT_EQ(events(record(24, from_hex("05 0001") + std::string(20, 'p'))),
            "heartbeat_message invalid_heartbeat_message ");
}
TEST(TlsHeartbeat, AnsweredWithMoreThanItSent) {
  for (const bool agreed : {true, false}) {
    const Conversation c = {to_server(record(22, client_hello(ext(15, "\x01")))),
                            to_client(record(22, server_hello("\xc0\x2b", agreed ? ext(15, "\x01") : ""))),
                            to_server(kCcs + kData),
                            to_client(kCcs + kData),
                            to_server(record(24, std::string(60, 'q'))),
                            to_client(record(24, std::string(9000, 'a')))};
    ParserRun r(kSpec);
    for (const auto& t : c) r.play(t);
    EXPECT_EQ(r.events().count("dataleak_heartbeat_mismatch"), agreed ? 1U : 0U);
    EXPECT_EQ(r.gave_up(kServer), !agreed) << "without heartbeats nothing more is wanted";
    if (agreed) {
      EXPECT_EQ(testing::check_every_split(kSpec, {c[0], c[1], c[2], c[3], c[4]}), "");
    }
  }
}

// ---------------------------------------------------------------------------------------- keywords

bool matches(std::string_view keyword, std::string_view argument, const Conversation& c, Direction dir) {
  HarnessOptions o;
  o.start_ns = 1'800'000'000ULL * 1'000'000'000;  // January 2027: the recorded certificates are valid
  bool result = false;
  for (const KeywordDef& k : kSpec.keywords) {
    if (k.name != keyword) continue;
    auto m = k.parse(argument);
    EXPECT_TRUE(m.has_value()) << keyword << ":" << argument << (m ? "" : m.error().message);
    if (!m) return false;
    o.describe = [&](const Transaction& tx) { return result = m.value()->match(tx, dir), std::string(); };
    testing::run(kSpec, c, o);
  }
  return result;
}

TEST(TlsKeyword, Versions) {
  const auto c = talk(test_data::kTls12), d = talk(test_data::kTls13);
  EXPECT_TRUE(matches("tls.version", "1.2", c, kServer));
  EXPECT_TRUE(matches("tls.version", "0x0303", c, kServer));
  EXPECT_FALSE(matches("tls.version", "1.3", c, kServer));
  EXPECT_TRUE(matches("tls.version", "1.3", d, kServer));
  EXPECT_TRUE(matches("ssl_version", "tls1.2", c, kClient));
  EXPECT_TRUE(matches("ssl_version", "sslv3,tls1.2", c, kServer));
  EXPECT_TRUE(matches("ssl_version", "!tls1.3,tls1.1", c, kServer));
  EXPECT_FALSE(matches("ssl_version", "!tls1.2,!tls1.1", c, kServer));
}
TEST(TlsKeyword, States) {
  const auto c = talk(test_data::kTls12);
  EXPECT_TRUE(matches("ssl_state", "client_hello", c, kClient));
  EXPECT_TRUE(matches("ssl_state", "unknown | server_keyx", c, kServer));
  EXPECT_TRUE(matches("ssl_state", "client_keyx", c, kServer));
  EXPECT_FALSE(matches("ssl_state", "!client_hello", c, kServer));
  EXPECT_FALSE(matches("ssl_state", "client_keyx|server_keyx", talk(test_data::kTls13), kServer));
}
TEST(TlsKeyword, Texts) {
  const auto c = talk(test_data::kTls12);
  EXPECT_TRUE(matches("tls.subject", "\"CN=pacs.hospital\"", c, kServer));
  EXPECT_FALSE(matches("tls.subject", "cn=pacs", c, kServer)) << "case matters";
  EXPECT_TRUE(matches("tls.issuerdn", "!\"CN=Elsewhere\"", c, kServer));
  EXPECT_FALSE(matches("tls.issuerdn", "!\"CN=Elsewhere\"", c, kClient))
      << "no certificate, nothing to say of it";
  EXPECT_TRUE(matches("tls.fingerprint", "cd:0c:ec:49", c, kServer));
}
TEST(TlsKeyword, Dates) {
  const auto c = talk(test_data::kTls12);  // 2026-11-21T22:17:14 to 2027-11-21T22:17:14
  EXPECT_TRUE(matches("tls_cert_notbefore", ">2026", c, kServer));
  EXPECT_TRUE(matches("tls_cert_notbefore", "2026-11-21<>2026-11-22", c, kServer));
  EXPECT_TRUE(matches("tls_cert_notbefore", "2026-11-21T22:17:14", c, kServer));
  EXPECT_FALSE(matches("tls_cert_notbefore", "2026-11-21 22:17", c, kServer));
  EXPECT_TRUE(matches("tls_cert_notafter", "<2027-12", c, kServer));
  EXPECT_FALSE(matches("tls_cert_notafter", ">2027-11-22", c, kServer));
  EXPECT_TRUE(matches("tls_cert_valid", "", c, kServer));
  EXPECT_FALSE(matches("tls_cert_expired", "", c, kServer));
}
TEST(TlsKeyword, WrongArgumentsSayWhatWouldDo) {
  for (const auto& [keyword, argument] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"tls.version", "1.4"},
           {"tls.version", "0xzz"},
           {"ssl_version", "tls1.9"},
           {"ssl_state", "hello"},
           {"tls.subject", "\"\""},
           {"tls_cert_notafter", ">2015-13"},
           {"tls_cert_notafter", "2016<>2015"},
           {"tls_cert_notbefore", ""},
           {"tls_cert_valid", "x"}}) {
    for (const KeywordDef& k : kSpec.keywords) {
      if (k.name != keyword) continue;
      const auto m = k.parse(argument);
      ASSERT_FALSE(m.has_value()) << keyword << ":" << argument;
      EXPECT_THAT(m.error().message, HasSubstr(std::string(keyword)));
    }
  }
}

// ---------------------------------------------------------------------------------------- probe

TEST(TlsProbe, RecordedHandshakes) {
  for (const auto& c : {talk(test_data::kTls13), talk(test_data::kTls12), talk(test_data::kRefused),
                        talk(test_data::kDhe10)}) {
    for (std::size_t turn : {std::size_t{0}, std::size_t{1}}) {
      Probe last = Probe::kUnsure;
      for (std::size_t n = 0; n <= c[turn].bytes.size(); ++n) {
        const Probe p =
            probe(Transport::kTcp, c[turn].dir, as_bytes(std::string_view(c[turn].bytes).substr(0, n)));
        ASSERT_TRUE(p == last || last == Probe::kUnsure) << "a verdict is final";
        ASSERT_NE(p, Probe::kNo);
        last = p;
      }
      EXPECT_EQ(last, Probe::kYes);
    }
  }
}
TEST(TlsProbe, OtherThings) {
  const auto p = [](std::string_view s) { return probe(Transport::kTcp, kClient, as_bytes(s)); };
  EXPECT_EQ(p("GET / HTTP/1.1\r\n"), Probe::kNo);
  EXPECT_EQ(p("\x16"), Probe::kUnsure);
  EXPECT_EQ(p("\x16\x04"), Probe::kNo);
  EXPECT_EQ(p(from_hex("1603 01 0005 02 000001")), Probe::kNo);
  EXPECT_EQ(p(from_hex("1603 01 0100 01 0000fc 0403")), Probe::kNo) << "a client hello of version 4.3";
  EXPECT_EQ(p(from_hex("1503 01 0002 07 28")), Probe::kNo);
  EXPECT_EQ(p(from_hex("1703 03 0040")), Probe::kYes)
      << "encrypted data, the handshake was before the capture";
}

// ---------------------------------------------------------------------------------------- tables, memory

TEST(TlsSpec, EventsAreInTheOrderOfTheTable) {
  EXPECT_EQ(kSpec.events[static_cast<std::size_t>(Event::kInvalidSniLength)].name, "invalid_sni_length");
  EXPECT_EQ(kSpec.events[static_cast<std::size_t>(Event::kTooManyRecordsInPacket)].name,
            "too_many_records_in_packet");
  EXPECT_EQ(kSpec.events[static_cast<std::size_t>(Event::kMemoryFull)].name, "memory_full");
  EXPECT_EQ(kSpec.limits[static_cast<std::size_t>(Limit::kRecords)].name, "max-records");
}
TEST(TlsNames, Some) {
  EXPECT_EQ(cipher_name(0x1302), "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(cipher_name(0xcca9), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(cipher_name(0xeeee), "");
  EXPECT_EQ(group_name(4588), "X25519MLKEM768");
  EXPECT_EQ(signature_scheme_name(0x0804), "rsa_pss_rsae_sha256");
  VersionText room;
  EXPECT_EQ(version_name(0xfb1a, room), "TLS 1.3 draft-26-fb");
  EXPECT_EQ(version_name(0x0505, room), "0x0505");
}
class NullSink final : public Sink {
 public:
  void advance(Transaction&, Direction, std::uint8_t) noexcept override {}
  void done(Transaction&) noexcept override { ++transactions; }
  void event(Direction, std::uint8_t, Transaction*) noexcept override {}
  void hand_over(std::string_view, Bytes) noexcept override {}
  [[nodiscard]] std::uint64_t time_ns() const noexcept override { return 1; }
  int transactions = 0;
};
// Hooked in before main(): OpenSSL takes such functions only until it has allocated for the first time.
const bool kCountsOpenSsl =
    CRYPTO_set_mem_functions(
        [](std::size_t n, const char*, int) { return counted(n); },
        [](void* at, std::size_t n, const char*, int) { return ++allocations, std::realloc(at, n); },
        [](void* at, const char*, int) { std::free(at); }) == 1;

TEST(TlsMemory, AHandshakeCostsNoAllocation) {
  ASSERT_TRUE(kCountsOpenSsl);
  Pool pool(4 << 20);
  std::vector<std::uint64_t> limits;
  for (const LimitDef& l : kSpec.limits) limits.push_back(l.initial);
  const auto c = talk(test_data::kMutual);
  NullSink sink;
  const std::size_t before = allocations;
  {
    TlsParser parser(ParserContext{pool, limits, Transport::kTcp});
    for (const auto& t : c) (void)parser.on_stream(t.dir, as_bytes(t.bytes), sink);
    parser.on_close(sink);
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(sink.transactions, 1);
  delete new int;
  void* probe_openssl = OPENSSL_malloc(1);
  OPENSSL_free(probe_openssl);
  EXPECT_EQ(allocations, before + 2) << "the counters count";
}
TEST(TlsMemory, WhenThereIsNone) {
  for (const std::size_t pages : {1, 2, 3, 4}) {
    HarnessOptions o;
    o.pool_bytes = pages * 256 * 1024;
    for (const auto& l : testing::run(kSpec, talk(test_data::kMutual), o))
      EXPECT_THAT(l, Not(HasSubstr("VIOLATION")));
  }
}

}  // namespace
}  // namespace picket::tls
