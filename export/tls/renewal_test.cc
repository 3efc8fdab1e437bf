// Certificates, lists and keys that change while connections are open.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "export/tls/dialer.h"
#include "export/tls/listener.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;
using std::chrono::seconds;

class Renewal : public testing::Test {
 protected:
  void SetUp() override {
    site.folder.write("crl", make_crl(site.ca, {}));
    site.folder.write("allow", "plant-7\nplant-8\n");
    collector_ring = site.keyring(Side::kCollector, [&](auto& o) {
      o.trust.crl = site.folder.path("crl");
      o.trust.allow = site.folder.path("allow");
    });
    sensor_ring = site.keyring(Side::kSensor);
    listen(quick());
    dialer = Dialer::start(sensor_ring, quick()).value();
  }
  void listen(const TunnelLimits& limits) {
    listener = Listener::start(collector_ring, {"127.0.0.1", 0}, limits, peers,
                               [this, answer = echo()](Fd end, const Peer& p) {
                                 {
                                   const std::lock_guard lock(mutex);
                                   fingerprints.push_back(p.who.fingerprint);
                                 }
                                 answer(std::move(end), p);
                               })
                   .value();
  }
  Fd dial() {
    auto dialed = dialer->dial({"127.0.0.1", listener->port()}, {}, seconds(20));
    EXPECT_TRUE(dialed) << dialed.error().message;
    make_blocking(dialed.value().end.get());
    EXPECT_EQ(read_exactly(dialed.value().end.get(), 5), "hello");
    return std::move(dialed.value().end);
  }
  static bool echoes(const Fd& fd) {
    return write_all(fd.get(), "ping") && read_exactly(fd.get(), 4) == "ping";
  }
  std::string last_fingerprint() {
    const std::lock_guard lock(mutex);
    return fingerprints.back();
  }

  Site site;
  std::shared_ptr<Keyring> collector_ring, sensor_ring;
  std::mutex mutex;
  std::vector<std::string> fingerprints;
  std::shared_ptr<Peers> peers = std::make_shared<Peers>();
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Dialer> dialer;
};

TEST_F(Renewal, NewCertificatesAreUsedByWhoComesAndOpenConnectionsStay) {
  const Fd before = dial();
  const Certificate sensor = make_certificate(site.sensor_spec("plant-7"), &site.ca);
  const Certificate collector = make_certificate({.names = "IP:127.0.0.1", .usage = "serverAuth"}, &site.ca);
  site.write_sensor(sensor);
  site.write_collector(collector);
  ASSERT_TRUE(eventually(
      [&] { return sensor_ring->counters().reloads_ok >= 1 && collector_ring->counters().reloads_ok >= 1; }));
  ASSERT_TRUE(eventually([&] {
    return sensor_ring->current()->own().fingerprint == read_identity(*sensor.x509).fingerprint &&
           collector_ring->current()->own().fingerprint == read_identity(*collector.x509).fingerprint;
  }));
  EXPECT_TRUE(echoes(before));
  const Fd after = dial();
  EXPECT_EQ(last_fingerprint(), read_identity(*sensor.x509).fingerprint);
  EXPECT_TRUE(echoes(after));
  EXPECT_TRUE(echoes(before));
}

TEST_F(Renewal, ABrokenOneChangesNothing) {
  const Fd before = dial();
  site.folder.write("collector.crt", "not PEM");
  site.folder.write("crl", "not PEM");
  ASSERT_TRUE(eventually([&] { return collector_ring->counters().reloads_failed >= 1; }));
  EXPECT_TRUE(echoes(before));
  EXPECT_TRUE(echoes(dial()));
}

TEST_F(Renewal, ASensorThatIsRevokedIsPutOutInMidConnection) {
  const Fd connection = dial();
  EXPECT_TRUE(echoes(connection));
  site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  EXPECT_EQ(read_exactly(connection.get(), 1), "") << "closed";
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().failed(Failure::kRevoked) == 1; }));
  const auto again = dialer->dial({"127.0.0.1", listener->port()}, {}, seconds(20));
  EXPECT_FALSE(again) << "and does not come in again";
}

TEST_F(Renewal, ASensorThatIsTakenOffTheAllowListIsPutOutAndOthersStay) {
  const Fd seven = dial();
  site.write_sensor(make_certificate(site.sensor_spec("plant-8"), &site.ca));
  ASSERT_TRUE(eventually([&] { return sensor_ring->current()->own().name == "plant-8"; }));
  const Fd eight = dial();
  site.folder.write("allow", "plant-8\n");
  EXPECT_EQ(read_exactly(seven.get(), 1), "");
  EXPECT_TRUE(echoes(eight));
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().failed(Failure::kNotAllowed) == 1; }));
}

TEST_F(Renewal, ASensorDoesNotBecomeAnotherOne) {
  sensor_ring = site.keyring(Side::kSensor, [](auto& o) { o.own_name = "plant-7"; });
  dialer = Dialer::start(sensor_ring, quick()).value();
  site.write_sensor(make_certificate(site.sensor_spec("plant-8"), &site.ca));
  ASSERT_TRUE(eventually([&] { return sensor_ring->counters().reloads_failed >= 1; }));
  EXPECT_EQ(sensor_ring->current()->own().name, "plant-7") << "the one before stays in use";
  dial();
}

TEST_F(Renewal, ACollectorThatIsRevokedIsLeft) {
  sensor_ring = site.keyring(Side::kSensor, [&](auto& o) { o.trust.crl = site.folder.path("crl"); });
  dialer = Dialer::start(sensor_ring, quick()).value();
  const Fd connection = dial();
  site.folder.write("crl", make_crl(site.ca, {&site.collector}));
  EXPECT_EQ(read_exactly(connection.get(), 1), "");
  EXPECT_TRUE(eventually([&] { return sensor_ring->counters().failed(Failure::kRevoked) == 1; }));
}

TEST_F(Renewal, ACertificateThatExpiresOnTheWayEndsItsConnection) {
  TunnelLimits limits = quick();
  limits.judge_again = std::chrono::milliseconds(20);
  listen(limits);
  CertificateSpec brief = site.sensor_spec("plant-7");
  brief.to_s = 4;
  site.write_sensor(make_certificate(brief, &site.ca));
  ASSERT_TRUE(eventually([&] {
    return sensor_ring->counters().reloads_ok >= 1 &&
           sensor_ring->current()->own().not_after_s < std::time(nullptr) + 60;
  }));
  const Fd connection = dial();
  EXPECT_EQ(read_exactly(connection.get(), 1), "");
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().failed(Failure::kExpired) == 1; }));
}

// ---- a keyring without connections ----

TEST(Keyring, ACertificateWhoseTimeComesIsTakenWithoutATouch) {
  const Site site;
  const auto ring = site.keyring(Side::kSensor);
  CertificateSpec soon = site.sensor_spec("plant-7");
  soon.from_s = 2;
  const Certificate next = make_certificate(soon, &site.ca);
  site.write_sensor(next);
  EXPECT_FALSE(ring->reload_if_changed());
  std::this_thread::sleep_for(seconds(3));
  EXPECT_TRUE(ring->reload_if_changed());
  EXPECT_EQ(ring->current()->own().fingerprint, read_identity(*next.x509).fingerprint);
  EXPECT_FALSE(ring->reload_if_changed()) << "and that was it";
}

TEST(Keyring, WhatCouldNotBeOpenedIsTriedAgain) {
  const Site site;
  const auto ring = site.keyring(
      Side::kCollector, [&](auto& o) { o.trust.crl = site.folder.write("crl", make_crl(site.ca, {})); });
  site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_FALSE(ring->reload_if_changed());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(ring->reload_if_changed()) << "at most once a second";
  EXPECT_EQ(ring->counters().reloads_failed, 1U);
  std::this_thread::sleep_for(seconds(1));
  EXPECT_TRUE(ring->reload_if_changed());
  EXPECT_EQ(ring->current()->trust().judge(*site.sensor.x509, nullptr, Purpose::kSensor).failure,
            Failure::kRevoked);
}

TEST(Keyring, ACollectorWhoseCertificateExpiredStillHearsWhoIsRevoked) {
  const Site site;
  site.write_collector(
      make_certificate({.names = "IP:127.0.0.1", .usage = "serverAuth", .to_s = 3}, &site.ca));
  const auto ring = site.keyring(
      Side::kCollector, [&](auto& o) { o.trust.crl = site.folder.write("crl", make_crl(site.ca, {})); });
  std::this_thread::sleep_for(seconds(4));
  ASSERT_FALSE(ring->current()->in_time());
  site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  EXPECT_TRUE(ring->reload_if_changed());
  EXPECT_EQ(ring->current()->trust().judge(*site.sensor.x509, nullptr, Purpose::kSensor).failure,
            Failure::kRevoked);
}

}  // namespace
}  // namespace picket::tls
