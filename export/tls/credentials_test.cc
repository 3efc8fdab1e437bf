#include "export/tls/credentials.h"

#include <gtest/gtest.h>

#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;

class CredentialsTest : public testing::Test {
 protected:
  std::string error(Side side, const std::function<void(CredentialsOptions&)>& change = {}) {
    CredentialsOptions o = site.options(side);
    if (change) change(o);
    const auto c = Credentials::load(o);
    return c ? "" : c.error().message;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  Site site;
};

#define EXPECT_HAS(text, part) EXPECT_TRUE(has(text, part)) << (text)

TEST_F(CredentialsTest, AreReadForBothSides) {
  EXPECT_EQ(error(Side::kSensor), "");
  EXPECT_EQ(error(Side::kCollector), "");
  EXPECT_EQ(Credentials::load(site.options(Side::kSensor)).value()->own().name, "plant-7");
}

TEST_F(CredentialsTest, MissingFilesAreNamedWithTheirKey) {
  EXPECT_HAS(error(Side::kSensor, [](auto& o) { o.trust.ca = "/nowhere/ca.crt"; }),
             "export.tls.ca: cannot read /nowhere/ca.crt: No such file");
  EXPECT_HAS(error(Side::kCollector, [](auto& o) { o.certificate = "/nowhere/c"; }),
             "tls.certificate: cannot read /nowhere/c: No such file");
  EXPECT_HAS(error(Side::kCollector, [](auto& o) { o.key = "/nowhere/k"; }),
             "tls.key: cannot read /nowhere/k: No such file");
  EXPECT_HAS(error(Side::kCollector, [](auto& o) { o.trust.crl = "/nowhere/r"; }),
             "tls.crl: cannot read /nowhere/r: No such file");
  EXPECT_HAS(error(Side::kCollector, [](auto& o) { o.trust.allow = "/nowhere/a"; }),
             "tls.allow: cannot read /nowhere/a: No such file");
  EXPECT_HAS(error(Side::kCollector, [](auto& o) { o.trust.ca = ""; }), "tls.ca: is not set");
  EXPECT_HAS(error(Side::kCollector, [](auto& o) { o.certificate = ""; }),
             "tls.certificate: is not set; `picket-ca collector`");
  EXPECT_HAS(error(Side::kSensor, [](auto& o) { o.key = ""; }), "export.tls.key: is not set");
}

TEST_F(CredentialsTest, AnotherSensorsCertificateIsRefused) {
  EXPECT_EQ(error(Side::kSensor, [](auto& o) { o.own_name = "plant-7"; }), "");
  const std::string said = error(Side::kSensor, [](auto& o) { o.own_name = "ward-3"; });
  EXPECT_HAS(said, "export.tls.certificate: ");
  EXPECT_HAS(said, "is that of sensor 'plant-7', and this one is 'ward-3' (sensor-name); `picket-ca sensor`");
}

TEST_F(CredentialsTest, WhatIsNoPemIsRefused) {
  const std::string junk = site.folder.write("junk", "not PEM\n");
  const std::string broken = site.folder.write(
      "broken", site.ca.pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.trust.ca = junk; }), "has no certificate");
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.trust.ca = broken; }), "cannot be read");
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.certificate = junk; }), "has no certificate");
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.key = junk; }), "has no private key");
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.trust.crl = junk; }), "has no revocation list");
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.trust.ca = site.folder.path("sensor.crt"); }),
             "is not the certificate of a CA");
}

TEST_F(CredentialsTest, AKeyThatIsNotTheCertificatesIsRefused) {
  site.folder.write("sensor.key", site.collector.key_pem());
  const std::string said = error(Side::kSensor);
  EXPECT_HAS(said, "export.tls.key: ");
  EXPECT_HAS(said, "is not the key of the certificate in " + site.folder.path("sensor.crt"));
}

TEST_F(CredentialsTest, AKeyThatEverybodyMayReadIsRefused) {
  site.folder.write("sensor.key", site.sensor.key_pem(), 0644);
  EXPECT_HAS(error(Side::kSensor), "chmod 600");
  site.folder.write("sensor.key", site.sensor.key_pem(), 0640);
  EXPECT_EQ(error(Side::kSensor), "") << "a group may";
}

TEST_F(CredentialsTest, OnesOwnExpiredCertificateIsRefused) {
  CertificateSpec old = site.sensor_spec("plant-7");
  old.from_s = -2 * kDay;
  old.to_s = -kDay;
  site.write_sensor(make_certificate(old, &site.ca));
  EXPECT_HAS(error(Side::kSensor), "expired at 2");
  old.from_s = kDay;
  old.to_s = 2 * kDay;
  site.write_sensor(make_certificate(old, &site.ca));
  EXPECT_HAS(error(Side::kSensor), "is the clock right?");
}

TEST_F(CredentialsTest, OutOfItsTimeACertificateIsTakenWhereThatIsAskedFor) {
  CredentialsOptions o = site.options(Side::kSensor);
  o.any_time = true;
  EXPECT_TRUE(Credentials::load(o).value()->in_time());
  CertificateSpec old = site.sensor_spec("plant-7");
  old.from_s = -2 * kDay;
  old.to_s = -kDay;
  site.write_sensor(make_certificate(old, &site.ca));
  const auto ring = Keyring::open(o, std::make_shared<Counters>());
  ASSERT_TRUE(ring) << ring.error().message;
  const auto expired = ring.value()->current();
  EXPECT_EQ(expired->own().name, "plant-7");
  ASSERT_FALSE(expired->in_time());
  EXPECT_HAS(expired->in_time().error().message,
             "export.tls.certificate: " + o.certificate + ": expired at 2");

  old.from_s = kDay;
  old.to_s = 2 * kDay;
  site.write_sensor(make_certificate(old, &site.ca));
  EXPECT_HAS(Credentials::load(o).value()->in_time().error().message, "is the clock right?");
  EXPECT_TRUE(ring.value()->reload_if_changed())
      << "made by a clock that is ahead: it will be good by itself";
  EXPECT_HAS(ring.value()->current()->in_time().error().message, "is the clock right?");

  site.write_sensor(make_certificate(site.sensor_spec("plant-7"), &site.ca));
  EXPECT_TRUE(ring.value()->reload_if_changed());
  const auto good = ring.value()->current();
  EXPECT_TRUE(good->in_time());
  site.write_sensor(make_certificate(old, &site.ca));
  EXPECT_FALSE(ring.value()->reload_if_changed()) << "what is good stays";
  EXPECT_EQ(ring.value()->current(), good);
  site.folder.write("sensor.key", site.collector.key_pem());
  EXPECT_HAS(error(Side::kSensor, [](auto& x) { x.any_time = true; }), "is not the key of the certificate");
}

TEST_F(CredentialsTest, ACertificateForTheOtherSideIsRefused) {
  EXPECT_HAS(error(Side::kSensor, [&](auto& o) { o.certificate = site.folder.path("collector.crt"); }),
             "is not made for a TLS client");
  EXPECT_HAS(error(Side::kCollector, [&](auto& o) { o.certificate = site.folder.path("sensor.crt"); }),
             "is not made for a TLS server");
  site.write_sensor(make_certificate({}, &site.ca));
  EXPECT_HAS(error(Side::kSensor), "names no sensor");
}

TEST_F(CredentialsTest, GroupsThatThisOpenSslLacksAreRefusedWithItsVersion) {
  const std::string said = error(Side::kCollector, [](auto& o) { o.groups = Groups::kRequireHybrid; });
  if (has_hybrid()) {
    EXPECT_EQ(said, "");
  } else {
    EXPECT_EQ(said, "tls.groups: " + openssl_version() +
                        " has no X25519MLKEM768; use 3.5 or set tls.groups: classical");
  }
  EXPECT_EQ(error(Side::kCollector, [](auto& o) { o.groups = Groups::kClassical; }), "");
}

TEST_F(CredentialsTest, GroupsHaveThreeNames) {
  EXPECT_EQ(find_groups("prefer-hybrid")->groups, Groups::kPreferHybrid);
  EXPECT_EQ(find_groups("require-hybrid")->groups, Groups::kRequireHybrid);
  EXPECT_EQ(find_groups("classical")->groups, Groups::kClassical);
  EXPECT_EQ(find_groups("P-256"), nullptr);
}

TEST_F(CredentialsTest, AListOfAnotherCaIsRefused) {
  const Certificate other = make_certificate({.is_ca = true, .common_name = "Site CA"}, nullptr);
  const std::string crl = site.folder.write("crl", make_crl(other, {}));
  EXPECT_HAS(error(Side::kCollector, [&](auto& o) { o.trust.crl = crl; }), "is signed by none of the CAs")
      << "the same name is not the same key";
}

TEST_F(CredentialsTest, AnExpiredCaIsPassedOverWhileThereIsAnother) {
  const Certificate old =
      make_certificate({.from_s = -2 * kDay, .to_s = -kDay, .is_ca = true, .common_name = "Old CA"}, nullptr);
  site.folder.write("ca.crt", old.pem() + site.ca.pem());
  const auto both = Credentials::load(site.options(Side::kCollector));
  ASSERT_TRUE(both);
  ASSERT_EQ(both.value()->warnings().size(), 1U);
  EXPECT_HAS(both.value()->warnings()[0], "the CA 'CN = Old CA' expired at");
  site.folder.write("ca.crt", old.pem());
  EXPECT_HAS(error(Side::kCollector), "nobody can be believed");
}

TEST_F(CredentialsTest, JudgeSaysWhyACertificateIsNotTaken) {
  const Certificate revoked = make_certificate(site.sensor_spec("plant-8"), &site.ca);
  const auto load = [&](std::int64_t crl_to_s, bool accept_stale) {
    CredentialsOptions o = site.options(Side::kCollector);
    o.trust.crl = site.folder.write("crl", make_crl(site.ca, {&revoked}, crl_to_s));
    o.trust.accept_stale_crl = accept_stale;
    return Credentials::load(o).value();
  };
  const auto judge = [](const auto& c, const Certificate& who) {
    return c->trust().judge(*who.x509, nullptr, Purpose::kSensor).failure;
  };
  const auto fresh = load(kDay, false);
  EXPECT_EQ(judge(fresh, site.sensor), Failure::kNone);
  EXPECT_EQ(judge(fresh, revoked), Failure::kRevoked);
  EXPECT_TRUE(fresh->warnings().empty());
  const auto stale = load(-kDay, false);
  EXPECT_EQ(judge(stale, site.sensor), Failure::kStaleCrl);
  ASSERT_EQ(stale->warnings().size(), 1U);
  EXPECT_HAS(stale->warnings()[0], "nobody is let in");
  const auto accepted = load(-kDay, true);
  EXPECT_EQ(judge(accepted, site.sensor), Failure::kNone);
  EXPECT_EQ(judge(accepted, revoked), Failure::kRevoked) << "what it revokes stays revoked";
}

TEST_F(CredentialsTest, OfSeveralListsOfACaTheNewestCounts) {
  const std::string before = make_crl(site.ca, {}, kDay, 1);
  const auto judge = [&](const std::string& lists) {
    CredentialsOptions o = site.options(Side::kCollector);
    o.trust.crl = site.folder.write("crl", lists);
    const auto c = Credentials::load(o).value();
    EXPECT_HAS(c->warnings().at(0), "several lists of 'CN = Site CA'; the newest one alone is used");
    return c->trust().judge(*site.sensor.x509, nullptr, Purpose::kSensor).failure;
  };
  const std::string revokes = make_crl(site.ca, {&site.sensor}, kDay, 2);
  EXPECT_EQ(judge(before + revokes), Failure::kRevoked);
  EXPECT_EQ(judge(revokes + before), Failure::kRevoked);
  EXPECT_NE(judge(before + make_crl(site.ca, {&site.sensor}, -3600, 2)), Failure::kNone)
      << "the older one is not stale, and counts no more";
}

TEST_F(CredentialsTest, TheListOfAnExpiredCaIsPassedOver) {
  const Certificate old =
      make_certificate({.from_s = -2 * kDay, .to_s = -kDay, .is_ca = true, .common_name = "Old CA"}, nullptr);
  site.folder.write("ca.crt", old.pem() + site.ca.pem());
  CredentialsOptions o = site.options(Side::kCollector);
  o.trust.crl = site.folder.write("crl", make_crl(old, {}) + make_crl(site.ca, {}));
  const auto both = Credentials::load(o);
  ASSERT_TRUE(both) << both.error().message;
  ASSERT_EQ(both.value()->warnings().size(), 2U);
  EXPECT_HAS(both.value()->warnings()[1], "the list of 'CN = Old CA' is not used: that CA expired");
}

TEST_F(CredentialsTest, TheWholeChainIsLookedUpInTheLists) {
  const Certificate middle = make_certificate({.is_ca = true, .common_name = "Middle CA"}, &site.ca);
  const Certificate leaf = make_certificate(site.sensor_spec("plant-8"), &middle);
  site.folder.write("ca.crt", site.ca.pem() + middle.pem());
  const auto judge = [&](const std::string& lists) {
    CredentialsOptions o = site.options(Side::kCollector);
    o.trust.crl = site.folder.write("crl", lists);
    return Credentials::load(o).value()->trust().judge(*leaf.x509, nullptr, Purpose::kSensor).failure;
  };
  EXPECT_EQ(judge(make_crl(site.ca, {}) + make_crl(middle, {})), Failure::kNone);
  EXPECT_EQ(judge(make_crl(site.ca, {&middle}) + make_crl(middle, {})), Failure::kRevoked);
  EXPECT_EQ(judge(make_crl(site.ca, {})), Failure::kStaleCrl) << "there is no list of the middle CA";
}

// ---- renewal ----

TEST_F(CredentialsTest, NothingIsReadAgainWhileNothingChanges) {
  const auto ring = site.keyring(Side::kSensor);
  const auto before = ring->current();
  EXPECT_FALSE(ring->reload_if_changed());
  EXPECT_EQ(ring->current(), before);
  EXPECT_GT(ring->counters().certificate_not_after, std::time(nullptr));
}

TEST_F(CredentialsTest, ANewCertificateIsTakenAsAWholeAndABrokenOneToldOnce) {
  const auto ring = site.keyring(Side::kSensor);
  const auto before = ring->current();
  const Certificate next = make_certificate(site.sensor_spec("plant-7"), &site.ca);
  site.folder.write("sensor.crt", next.pem());  // its key is not there yet
  EXPECT_FALSE(ring->reload_if_changed());
  EXPECT_FALSE(ring->reload_if_changed());
  EXPECT_EQ(ring->current(), before);
  EXPECT_EQ(ring->counters().reloads_failed, 1U) << "told once";
  site.folder.write("sensor.key", next.key_pem());
  EXPECT_TRUE(ring->reload_if_changed());
  EXPECT_NE(ring->current(), before);
  EXPECT_EQ(ring->counters().reloads_ok, 1U);
  EXPECT_EQ(before->own().name, "plant-7") << "who still uses the old may do so";
}

TEST_F(CredentialsTest, AFileThatVanishesLeavesTheOldInUse) {
  const auto ring = site.keyring(Side::kCollector,
                                 [&](auto& o) { o.trust.allow = site.folder.write("allow", "plant-7\n"); });
  ASSERT_EQ(::unlink(site.folder.path("allow").c_str()), 0);
  EXPECT_FALSE(ring->reload_if_changed());
  EXPECT_EQ(ring->counters().reloads_failed, 1U);
  site.folder.write("allow", "plant-8\n");
  EXPECT_TRUE(ring->reload_if_changed());
  EXPECT_EQ(ring->current()->trust().judge(*site.sensor.x509, nullptr, Purpose::kSensor).failure,
            Failure::kNotAllowed);
}

}  // namespace
}  // namespace picket::tls
