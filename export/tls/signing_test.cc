#include "export/tls/signing.h"

#include <gtest/gtest.h>

#include <ctime>
#include <optional>

#include "export/proto/picket/v1/collector.pb.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;

/// ECDSA with SHA-256 of a text, as it stands.
std::string raw_signature(const Certificate& by, std::string_view text) {
  const DigestPtr context(EVP_MD_CTX_new());
  std::string signature(256, '\0');
  std::size_t size = signature.size();
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, by.key.get());
  EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                           as_bytes(text).data(), text.size()),
            1);
  signature.resize(size);
  return signature;
}

class Signing : public testing::Test {
 protected:
  /// A batch without records, as a gap is, signed with what stands in the sensor's files.
  v1::Batch signed_batch(const std::string& sensor = "plant-7") {
    v1::Batch batch;
    batch.set_sensor(sensor);
    batch.set_boot(1);
    batch.set_first_seq(1);
    batch.set_count(5);
    batch.set_lane(v1::LANE_ALERT);
    batch.mutable_gap()->set_reason(v1::GAP_NO_ROOM);
    batch.set_sealed_at(static_cast<std::uint64_t>(std::time(nullptr)) * 1'000'000'000);
    seal_batch({}, {}, false, batch);
    sign_batch(make_signer(site.keyring(Side::kSensor)), batch);
    return batch;
  }
  std::string verdict(const v1::Batch& batch) {
    TrustOptions o = site.options(Side::kCollector).trust;
    o.crl = crl;
    o.allow = allow;
    const auto trust = Trust::load(o);
    EXPECT_TRUE(trust);
    const auto who = verify_signature(batch, trust.value());
    return who ? "from " + who.value().name : who.error().message;
  }
  void use(const Certificate& c) { site.write_sensor(c); }

  Site site;
  std::string crl, allow;
};

TEST_F(Signing, FitsForEachKindOfKey) {
  for (const char* kind : {"P-256", "P-384", "ED25519", "RSA"}) {
    CertificateSpec spec = site.sensor_spec("plant-7");
    spec.key = kind;
    use(make_certificate(spec, &site.ca));
    v1::Batch batch = signed_batch();
    EXPECT_EQ(verdict(batch), "from plant-7") << kind;
    EXPECT_TRUE(open_batch(batch, {})) << kind;
    batch.mutable_signature()->back() ^= 1;
    EXPECT_EQ(verdict(batch), "its signature is not that of its hash") << kind;
  }
}

TEST_F(Signing, AKeyThatSignsNoBatchesIsNotTaken) {
  CertificateSpec spec = site.sensor_spec("plant-7");
  spec.key = "P-521";
  use(make_certificate(spec, &site.ca));
  const auto sensor = Credentials::load(site.options(Side::kSensor));
  ASSERT_FALSE(sensor);
  EXPECT_NE(sensor.error().message.find("export.tls.key: "), std::string::npos) << sensor.error().message;
  EXPECT_NE(sensor.error().message.find("take Ed25519, P-256"), std::string::npos) << sensor.error().message;
}

TEST_F(Signing, KeyAndCertificateAreOfOneSnapshot) {
  const auto ring = site.keyring(Side::kSensor);
  const SignHash sign = make_signer(ring);
  v1::Batch batch = signed_batch();
  sign_batch(sign, batch);
  EXPECT_EQ(batch.certificate(), site.sensor.der());
  const Certificate renewed = make_certificate(site.sensor_spec("plant-7"), &site.ca);
  use(renewed);
  ASSERT_TRUE(ring->reload_if_changed());
  sign_batch(sign, batch);
  EXPECT_EQ(batch.certificate(), renewed.der());
  EXPECT_EQ(verdict(batch), "from plant-7");
}

TEST_F(Signing, IsOfTheHash) {
  v1::Batch batch = signed_batch();
  batch.mutable_hash()->front() ^= 1;
  EXPECT_EQ(verdict(batch), "its signature is not that of its hash");
  batch.mutable_hash()->pop_back();
  EXPECT_EQ(verdict(batch), "its hash or its key is none that batches are signed with");
}

TEST_F(Signing, IsNotOneOfTheBareHash) {
  v1::Batch batch = signed_batch();
  batch.set_signature(raw_signature(site.sensor, batch.hash()));
  EXPECT_EQ(verdict(batch), "its signature is not that of its hash");
}

TEST_F(Signing, MissingOrBrokenPartsAreSaid) {
  v1::Batch batch = signed_batch();
  batch.clear_signature();
  EXPECT_EQ(verdict(batch), "it is not signed");
  batch = signed_batch();
  batch.clear_certificate();
  EXPECT_EQ(verdict(batch), "it is not signed");
  batch = signed_batch();
  const std::string der = batch.certificate();
  for (std::size_t n = 1; n < der.size(); n += 31) {
    batch.set_certificate(der.substr(0, n));
    EXPECT_EQ(verdict(batch), "its certificate cannot be read") << n;
  }
  batch.set_certificate(der + "x");
  EXPECT_EQ(verdict(batch), "its certificate cannot be read");
  batch.set_certificate(std::string(20'000, 'x'));
  EXPECT_EQ(verdict(batch), "its certificate is too long");
}

TEST_F(Signing, TheCertificateIsJudgedAsInAHandshake) {
  const v1::Batch good = signed_batch();
  crl = site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  EXPECT_EQ(verdict(good).find("its certificate is revoked"), 0U);
  crl.clear();
  allow = site.folder.write("allow", "plant-8\n");
  EXPECT_EQ(verdict(good).find("it is not on the allow-list"), 0U);
  allow.clear();
  EXPECT_EQ(verdict(signed_batch("plant-8")),
            "it is signed by sensor 'plant-7', and says that it is from another");

  const Certificate other_ca = make_certificate({.is_ca = true, .common_name = "Other CA"}, nullptr);
  use(make_certificate(site.sensor_spec("plant-7"), &other_ca));
  EXPECT_EQ(verdict(signed_batch()).find("its certificate does not come from the CA"), 0U);
  use(make_certificate(site.sensor_spec("plant-7"), nullptr));
  EXPECT_EQ(verdict(signed_batch()).find("its certificate does not come from the CA"), 0U)
      << "signed by itself";
  v1::Batch forged = signed_batch();
  forged.set_certificate(site.sensor.der());
  EXPECT_EQ(verdict(forged), "its signature is not that of its hash") << "somebody else's certificate";
  v1::Batch by_collector = signed_batch();
  by_collector.set_certificate(site.collector.der());
  EXPECT_EQ(verdict(by_collector).find("its certificate is made for another purpose"), 0U);
}

TEST_F(Signing, ACertificateThatHasExpiredSinceIsGood) {
  // The CA is a day old.
  CertificateSpec spec = site.sensor_spec("plant-7");
  v1::Batch batch = signed_batch();
  spec.from_s = -kDay * 3 / 4;
  spec.to_s = -kDay / 4;
  const Certificate expired = make_certificate(spec, &site.ca);
  const auto sealed = [&](std::int64_t ago_s) {
    batch.set_sealed_at(static_cast<std::uint64_t>(std::time(nullptr) - ago_s) * 1'000'000'000);
    seal_batch({}, {}, false, batch);
    batch.set_certificate(expired.der());
    batch.set_signature(raw_signature(expired, std::string("picket batch 1\0", 15) + batch.hash()));
    return verdict(batch);
  };
  EXPECT_EQ(sealed(kDay / 2), "from plant-7") << "it was good when the batch was sealed";
  EXPECT_EQ(sealed(0).find("its certificate is expired"), 0U);
  EXPECT_EQ(sealed(kDay * 7 / 8).find("its certificate is expired"), 0U) << "it was not there yet";
  crl = site.folder.write("crl", make_crl(site.ca, {}));
  EXPECT_EQ(sealed(kDay / 2), "from plant-7") << "the list is newer than the batch";
  site.folder.write("crl", make_crl(site.ca, {&expired}));
  EXPECT_EQ(sealed(kDay / 2).find("its certificate is revoked"), 0U);
}

class Verifying : public Signing {
 protected:
  void SetUp() override {
    site.folder.write("crl", make_crl(site.ca, {}));
    ring = site.keyring(Side::kCollector, [&](auto& o) {
      o.trust.crl = site.folder.path("crl");
      o.trust_only = true;
      o.certificate = o.key = "/nowhere";
    });
    verifier.emplace(ring);
  }
  std::string verify(const v1::Batch& batch) {
    const auto who = verifier->verify(batch);
    return who ? "from " + who.value().name : who.error().message;
  }
  std::shared_ptr<Keyring> ring;
  std::optional<Verifier> verifier;
};

TEST_F(Verifying, EachSignatureIsLookedAtAlsoOfACertificateThatIsKnown) {
  v1::Batch batch = signed_batch();
  EXPECT_EQ(verify(batch), "from plant-7");
  EXPECT_EQ(verify(batch), "from plant-7");
  batch.mutable_hash()->front() ^= 1;
  EXPECT_EQ(verify(batch), "its signature is not that of its hash");
  batch = signed_batch("plant-8");
  EXPECT_EQ(verify(batch), "it is signed by sensor 'plant-7', and says that it is from another");
  batch.clear_signature();
  EXPECT_EQ(verify(batch), "it is not signed");
}

TEST_F(Verifying, WhatIsRevokedIsForgotten) {
  const v1::Batch batch = signed_batch();
  EXPECT_EQ(verify(batch), "from plant-7");
  site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  EXPECT_TRUE(eventually([&] { return verify(batch).find("its certificate is revoked") == 0; }))
      << "it looks at the files by itself";
}

}  // namespace
}  // namespace picket::tls
