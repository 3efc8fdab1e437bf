// Who is let in, and what is said to who is not.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <mutex>
#include <random>
#include <thread>

#include "export/tls/dialer.h"
#include "export/tls/listener.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;
using std::chrono::seconds;

constexpr const char* kHost = "127.0.0.1";

class Handshake : public testing::Test {
 protected:
  void listen(const TunnelLimits& limits = quick(),
              const std::function<void(CredentialsOptions&)>& change = {}) {
    listener.reset();
    ring = site.keyring(Side::kCollector, change);
    auto started = Listener::start(ring, {kHost, 0}, limits, peers, echo());
    ASSERT_TRUE(started) << started.error().message;
    listener = std::move(started).value();
  }
  /// What a sensor with the files that are there now is told; "" when it is let in.
  std::string dial(const std::string& name = {}, const std::string& host = kHost) {
    const auto sensor_ring = site.keyring(Side::kSensor);
    auto dialer = Dialer::start(sensor_ring, quick()).value();
    auto dialed = dialer->dial({host, listener->port()}, name, seconds(20));
    last_counters = sensor_ring;
    if (!dialed) return dialed.error().message;
    peer = dialed.value().peer;
    make_blocking(dialed.value().end.get());
    EXPECT_EQ(read_exactly(dialed.value().end.get(), 5), "hello");
    return "";
  }
  bool counted(Failure f, std::uint64_t times = 1) {
    return eventually([&] { return ring->counters().failed(f) == times; });
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  Site site;
  std::shared_ptr<Keyring> ring, last_counters;
  std::shared_ptr<Peers> peers = std::make_shared<Peers>();
  std::unique_ptr<Listener> listener;
  Peer peer;
};

TEST_F(Handshake, BothSeeWhoTheOtherIs) {
  std::string channel;
  Peer seen;
  std::mutex mutex;
  ring = site.keyring(Side::kCollector);
  const TakeConnection answer = echo();
  listener = Listener::start(ring, {kHost, 0}, quick(), peers, [&](Fd end, const Peer& p) {
               const std::lock_guard lock(mutex);
               seen = p;
               answer(std::move(end), p);
             }).value();
  const auto sensor_ring = site.keyring(Side::kSensor);
  auto dialer = Dialer::start(sensor_ring, quick()).value();
  auto dialed = dialer->dial({kHost, listener->port()}, {}, seconds(20));
  ASSERT_TRUE(dialed) << dialed.error().message;
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(seen.who.name, "plant-7");
    EXPECT_EQ(seen.who.fingerprint, read_identity(*site.sensor.x509).fingerprint);
    EXPECT_EQ(seen.who.not_after_s, read_identity(*site.sensor.x509).not_after_s);
    EXPECT_EQ(seen.address.find("127.0.0.1:"), 0U);
    EXPECT_EQ(seen.cipher, "TLS_AES_256_GCM_SHA384");
    EXPECT_EQ(seen.group, has_hybrid() ? "X25519MLKEM768" : "x25519");
    EXPECT_EQ(seen.group, dialed.value().peer.group);
    ASSERT_NE(peers->find(seen.channel), nullptr);
    EXPECT_EQ(peers->find(seen.channel)->who.name, "plant-7");
    EXPECT_EQ(peers->find("unix-abstract:picket-0-1"), nullptr);
    EXPECT_EQ(peers->find(""), nullptr);
  }
  EXPECT_EQ(dialed.value().peer.who.fingerprint, read_identity(*site.collector.x509).fingerprint);
  dialed.value().end.reset();
  EXPECT_TRUE(eventually([&] { return peers->find(seen.channel) == nullptr; })) << "gone with its connection";
  EXPECT_TRUE(eventually([&] { return ring->counters().connections == 0; }));
  EXPECT_EQ(ring->counters().handshakes_ok, 1U);
}

TEST_F(Handshake, TheCollectorsNameHasToBeTheOneDialled) {
  listen();
  EXPECT_EQ(dial("localhost"), "");
  EXPECT_TRUE(has(dial("soc.example"), "its certificate is not for 'soc.example'"));
  EXPECT_EQ(last_counters->counters().failed(Failure::kWrongName), 1U);
  EXPECT_TRUE(has(dial("127.0.0.2"), "its certificate is not for '127.0.0.2'"));
  // A common name is no name.
  site.write_collector(
      make_certificate({.names = "DNS:other", .usage = "serverAuth", .common_name = "localhost"}, &site.ca));
  listen();
  EXPECT_TRUE(has(dial("localhost"), "its certificate is not for 'localhost'"));
}

TEST_F(Handshake, ACollectorThatAnotherCaMadeIsNotBelieved) {
  const Certificate other_ca = make_certificate({.is_ca = true, .common_name = "Other CA"}, nullptr);
  site.write_collector(make_certificate({.names = "IP:127.0.0.1", .usage = "serverAuth"}, &other_ca));
  listen();
  EXPECT_TRUE(has(dial(), "its certificate does not come from the CA"));
  EXPECT_TRUE(counted(Failure::kRefused)) << "the collector is told";
}

TEST_F(Handshake, ASensorsCertificateMakesNoCollector) {
  // Both purposes in the file of the listener, so that it starts; the client looks at the CA's word for it.
  site.write_collector(make_certificate({.names = "IP:127.0.0.1", .usage = "serverAuth"}, &site.ca));
  listen();
  EXPECT_EQ(dial(), "");
  const Trust trust = Trust::load(site.options(Side::kSensor).trust).value();
  EXPECT_EQ(trust.judge(*site.sensor.x509, nullptr, Purpose::kCollector).failure, Failure::kWrongPurpose);
}

TEST_F(Handshake, ASensorThatAnotherCaMadeIsRefused) {
  listen();
  const Certificate other_ca = make_certificate({.is_ca = true, .common_name = "Site CA"}, nullptr);
  site.write_sensor(make_certificate(site.sensor_spec("plant-7"), &other_ca));
  EXPECT_TRUE(has(dial(), "the collector refuses this sensor"));
  EXPECT_TRUE(counted(Failure::kUntrusted));
}

TEST_F(Handshake, ASensorThatSignedItselfIsRefused) {
  listen();
  site.write_sensor(make_certificate(site.sensor_spec("plant-7"), nullptr));
  EXPECT_TRUE(has(dial(), "the collector refuses this sensor"));
  EXPECT_TRUE(counted(Failure::kUntrusted));
}

TEST_F(Handshake, ASensorWithoutANameIsRefused) {
  listen();
  // The sensor itself would not start with such a certificate: its name is in the way only at the collector.
  site.write_sensor(make_certificate({.names = "DNS:a"}, &site.ca));
  EXPECT_EQ(dial(), "") << "a DNS name is one";
  const Certificate two = make_certificate({.names = "URI:picket:sensor/a,URI:picket:sensor/b"}, &site.ca);
  EXPECT_EQ(ring->current()->trust().judge(*two.x509, nullptr, Purpose::kSensor).failure, Failure::kNoName);
}

TEST_F(Handshake, ARevokedSensorIsRefusedAndTold) {
  const std::string crl = site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  listen(quick(), [&](auto& o) { o.trust.crl = crl; });
  const std::string said = dial();
  EXPECT_TRUE(has(said, "the collector refuses this sensor (ssl/tls alert certificate revoked)") ||
              has(said, "the collector refuses this sensor (sslv3 alert certificate revoked)"))
      << said;
  EXPECT_TRUE(counted(Failure::kRevoked));
}

TEST_F(Handshake, WithAStaleListNobodyIsLetInUnlessThatIsChosen) {
  const std::string crl = site.folder.write("crl", make_crl(site.ca, {}, -3600));
  listen(quick(), [&](auto& o) { o.trust.crl = crl; });
  EXPECT_NE(dial(), "");
  EXPECT_TRUE(counted(Failure::kStaleCrl));
  listen(quick(), [&](auto& o) {
    o.trust.crl = crl;
    o.trust.accept_stale_crl = true;
  });
  EXPECT_EQ(dial(), "");
}

TEST_F(Handshake, OnlyWhoIsOnTheAllowListIsLetIn) {
  const std::string allow = site.folder.write("allow", "plant-8\n");
  listen(quick(), [&](auto& o) { o.trust.allow = allow; });
  EXPECT_TRUE(has(dial(), "the collector refuses this sensor"));
  EXPECT_TRUE(counted(Failure::kNotAllowed));
  site.write_sensor(make_certificate(site.sensor_spec("plant-8"), &site.ca));
  EXPECT_EQ(dial(), "");
}

TEST_F(Handshake, NobodyAnswersAtAPort) {
  listen();
  const auto dialer = Dialer::start(site.keyring(Side::kSensor), quick()).value();
  const std::uint16_t port = listener->port();
  listener.reset();
  const auto dialed = dialer->dial({kHost, port}, {}, seconds(20));
  ASSERT_FALSE(dialed);
  EXPECT_TRUE(has(dialed.error().message, "Connection refused")) << dialed.error().message;
}

TEST_F(Handshake, ADialIsInterrupted) {
  Fd listening(::socket(AF_INET, SOCK_STREAM, 0));  // accepts in the kernel, and never says a word
  ASSERT_EQ(::listen(listening.get(), 4), 0);
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&at), &size);
  const auto port = ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
  const auto dialer = Dialer::start(site.keyring(Side::kSensor), quick()).value();
  int asked = 0;
  const auto dialed = dialer->dial({kHost, port}, {}, std::chrono::hours(1), [&] { return ++asked == 3; });
  ASSERT_FALSE(dialed);
  EXPECT_TRUE(has(dialed.error().message, "interrupted"));
  const auto late = dialer->dial({kHost, port}, {}, std::chrono::milliseconds(60));
  ASSERT_FALSE(late);
  EXPECT_TRUE(has(late.error().message, "no answer in time"));
}

// ---- what is no sensor ----

TEST_F(Handshake, WithoutACertificateNobodyIsLetIn) {
  listen();
  RawClient client(listener->port(), [](SSL_CTX*) {});
  EXPECT_FALSE(client.works());
  EXPECT_TRUE(counted(Failure::kNoCertificate));
}

TEST_F(Handshake, AnExpiredSensorIsRefused) {
  listen();
  CertificateSpec spec = site.sensor_spec("plant-7");
  spec.from_s = -2 * kDay;
  spec.to_s = -kDay;
  const Certificate old = make_certificate(spec, &site.ca);
  RawClient client(listener->port(), [&](SSL_CTX* c) { show_certificate(c, old); });
  EXPECT_FALSE(client.works());
  EXPECT_TRUE(counted(Failure::kExpired));
}

TEST_F(Handshake, ACertificateThatNamesNobodyOrIsForServersIsRefused) {
  listen();
  const Certificate nameless = make_certificate({}, &site.ca);
  EXPECT_FALSE(RawClient(listener->port(), [&](SSL_CTX* c) { show_certificate(c, nameless); }).works());
  EXPECT_TRUE(counted(Failure::kNoName));
  EXPECT_FALSE(RawClient(listener->port(), [&](SSL_CTX* c) { show_certificate(c, site.collector); }).works());
  EXPECT_TRUE(counted(Failure::kWrongPurpose));
}

TEST_F(Handshake, OlderVersionsOfTlsAreRefused) {
  listen();
  RawClient client(listener->port(), [&](SSL_CTX* c) {
    show_certificate(c, site.sensor);
    SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
  });
  EXPECT_FALSE(client.works());
  EXPECT_TRUE(counted(Failure::kVersion));
}

TEST_F(Handshake, AGroupThatIsNotAllowedIsRefused) {
  listen(quick(), [](auto& o) { o.groups = Groups::kClassical; });
  RawClient client(listener->port(), [&](SSL_CTX* c) {
    show_certificate(c, site.sensor);
    ASSERT_EQ(SSL_CTX_set1_groups_list(c, "P-521"), 1);
  });
  EXPECT_FALSE(client.works());
  EXPECT_TRUE(counted(Failure::kGroup));
}

TEST_F(Handshake, HybridGroupsAreRequiredWhereThereAreSome) {
  if (!has_hybrid())
    GTEST_SKIP() << "this OpenSSL has no X25519MLKEM768; CredentialsTest has what is said then";
  listen(quick(), [](auto& o) { o.groups = Groups::kRequireHybrid; });
  EXPECT_EQ(dial(), "");
  EXPECT_EQ(peer.group, "X25519MLKEM768");
  RawClient client(listener->port(), [&](SSL_CTX* c) {
    show_certificate(c, site.sensor);
    ASSERT_EQ(SSL_CTX_set1_groups_list(c, "X25519"), 1);
  });
  EXPECT_FALSE(client.works());
  EXPECT_TRUE(counted(Failure::kGroup));
}

TEST_F(Handshake, InsideIsHttp2AndNothingElse) {
  listen();
  const auto client = [&](const std::string& protocol) {
    return RawClient(listener->port(), [&](SSL_CTX* c) {
      show_certificate(c, site.sensor);
      const std::string list = static_cast<char>(protocol.size()) + protocol;
      if (!protocol.empty())
        SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(list.data()),
                                static_cast<unsigned>(list.size()));
    });
  };
  EXPECT_TRUE(client("h2").works());
  EXPECT_TRUE(client("").works());
  EXPECT_FALSE(client("http/1.1").works());
}

TEST_F(Handshake, NothingIsResumed) {
  listen();
  static int tickets;
  tickets = 0;
  RawClient client(listener->port(), [&](SSL_CTX* c) {
    show_certificate(c, site.sensor);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(c, [](SSL*, SSL_SESSION*) { return ++tickets, 0; });
  });
  ASSERT_TRUE(client.works());
  EXPECT_EQ(tickets, 0) << "a ticket would let somebody in again without a look at the lists";
}

TEST_F(Handshake, PlainTextAndNoiseAreNoTls) {
  listen();
  const auto send = [&](const std::string& text) {
    const Fd fd = connect_local(listener->port());
    write_all(fd.get(), text);
    ::shutdown(fd.get(), SHUT_WR);
    read_exactly(fd.get(), 1000);  // until it is closed
  };
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(counted(Failure::kNotTls));
  send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_TRUE(counted(Failure::kNotTls, 2));
  std::mt19937 random(1);  // NOLINT: the same noise each time
  std::uint64_t refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string noise(random() % 4000 + 10, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    if (i % 2 == 0) noise.replace(0, 3, "\x16\x03\x01");  // as if it were a handshake's record
    send(noise);
  }
  const auto all = [&] {
    refused = 0;
    for (const auto& n : ring->counters().failures) refused += n;
    return refused == 202;
  };
  EXPECT_TRUE(eventually(all)) << refused;
  EXPECT_EQ(dial(), "") << "others are served";
}

TEST_F(Handshake, WhoFallsSilentIsPutOutAtTheDeadline) {
  TunnelLimits limits = quick();
  limits.handshake = std::chrono::milliseconds(100);
  listen(limits);
  const Fd silent = connect_local(listener->port());
  const Fd half = connect_local(listener->port());
  write_all(half.get(), std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_EQ(read_exactly(silent.get(), 1), "");
  EXPECT_EQ(read_exactly(half.get(), 1), "");
  EXPECT_TRUE(counted(Failure::kTimeout, 2));
  EXPECT_TRUE(eventually([&] { return ring->counters().connections == 0; }));
}

TEST_F(Handshake, WhoSendsTooMuchIsPutOut) {
  TunnelLimits limits = quick();
  limits.handshake_bytes = 4096;
  listen(limits);
  Certificate heavy = make_certificate(
      {.names = "URI:picket:sensor/plant-7,URI:https://" + std::string(6000, 'a')}, &site.ca);
  RawClient client(listener->port(), [&](SSL_CTX* c) { show_certificate(c, heavy); });
  EXPECT_FALSE(client.works());
  EXPECT_TRUE(counted(Failure::kTooManyBytes));
}

TEST_F(Handshake, OneAddressHasOnlySoManyUnderWay) {
  TunnelLimits limits = quick();
  limits.handshakes_per_address = 3;
  listen(limits);
  std::vector<Fd> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(connect_local(listener->port()));
  ASSERT_TRUE(eventually([&] { return ring->counters().connections == 3; }));
  EXPECT_NE(dial(), "");
  EXPECT_TRUE(counted(Failure::kTooManyHere));
  silent.clear();
  ASSERT_TRUE(eventually([&] { return ring->counters().connections == 0; }));
  EXPECT_EQ(dial(), "");
}

TEST_F(Handshake, ThereAreOnlySoManyConnections) {
  TunnelLimits limits = quick();
  limits.connections = 2;
  listen(limits);
  const Fd a = connect_local(listener->port()), b = connect_local(listener->port());
  ASSERT_TRUE(eventually([&] { return ring->counters().connections == 2; }));
  EXPECT_NE(dial(), "");
  EXPECT_TRUE(counted(Failure::kFull));
}

TEST_F(Handshake, OneCertificateHasOnlySoManyConnections) {
  TunnelLimits limits = quick();
  limits.connections_per_name = 3;
  listen(limits);
  const auto set_up = [&](SSL_CTX* c) { show_certificate(c, site.sensor); };
  std::vector<std::unique_ptr<RawClient>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<RawClient>(listener->port(), set_up));
    ASSERT_TRUE(open.back()->works());
  }
  EXPECT_FALSE(RawClient(listener->port(), set_up).works()) << "it has three";
  EXPECT_TRUE(counted(Failure::kTooManyOfOne));
  site.write_sensor(make_certificate(site.sensor_spec("plant-8"), &site.ca));
  EXPECT_EQ(dial(), "") << "others have their own";
  open.clear();
  site.write_sensor(site.sensor);
  ASSERT_TRUE(eventually([&] { return ring->counters().connections == 0; }));
  EXPECT_EQ(dial(), "") << "there is room again";
}

TEST_F(Handshake, NobodyForetellsTheNamesOfItsSockets) {
  std::mutex mutex;
  std::vector<std::string> names;
  ring = site.keyring(Side::kCollector);
  listener = Listener::start(ring, {kHost, 0}, quick(), peers, [&](Fd end, const Peer& who) {
               const std::lock_guard lock(mutex);
               names.push_back(who.channel);
               write_all(end.get(), "hello");
             }).value();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(dial(), "");
  listener.reset();
  ASSERT_EQ(names.size(), 3U);
  const std::string before = "unix-abstract:picket-";
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(names[i].starts_with(before)) << names[i];
    EXPECT_EQ(names[i].size(), before.size() + 32) << "128 bits: " << names[i];
    EXPECT_NE(names[i].substr(before.size(), 8), names[(i + 1) % 3].substr(before.size(), 8));
  }
}

TEST_F(Handshake, APortThatIsTakenIsSaid) {
  listen();
  const auto second = Listener::start(ring, {kHost, listener->port()}, quick(), peers, echo());
  ASSERT_FALSE(second);
  EXPECT_TRUE(has(second.error().message, "cannot listen at 127.0.0.1:")) << second.error().message;
  EXPECT_TRUE(has(second.error().message, "in use"));
}

}  // namespace
}  // namespace picket::tls
