#include "sensor/export_tls.h"

#include <gtest/gtest.h>

#include "export/proto/picket/v1/collector.pb.h"
#include "export/tls/signing.h"
#include "export/tls/test_support.h"

namespace picket {
namespace {

class ExportTls : public testing::Test {
 protected:
  Config config(const std::string& name = {}) {
    Config c = default_config();
    c.sensor_name = name;
    c.exporter.collectors = {"192.0.2.1:5514"};
    c.export_tls.credentials = site.options(tls::Side::kSensor);
    return c;
  }
  tls::test::Site site;
};

TEST_F(ExportTls, TheSensorIsWhomItsCertificateNames) {
  for (const char* name : {"", "plant-7"}) {
    Config c = config(name);
    const Status known = identify(c);
    ASSERT_TRUE(known) << known.error().message;
    EXPECT_EQ(c.sensor_name, "plant-7");
    EXPECT_EQ(c.export_tls.credentials.own_name, "plant-7") << "renewed, it stays that one";
  }
  Config other = config("ward-3");
  const Status refused = identify(other);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is that of sensor 'plant-7', and this one is 'ward-3'"),
            std::string::npos);
}

TEST_F(ExportTls, WhatIsMissingIsNamed) {
  Config c = config();
  c.export_tls.credentials.key.clear();
  const Status refused = identify(c);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("export.tls.key: is not set"), 0U) << refused.error().message;
}

TEST_F(ExportTls, WithAnExpiredCertificateASensorStartsAndNothingLeavesUntilItIsRenewed) {
  using tls::test::kDay;
  tls::test::CertificateSpec old = site.sensor_spec("plant-7");
  old.from_s = -2 * kDay;
  old.to_s = -kDay;
  site.write_sensor(tls::test::make_certificate(old, &site.ca));
  Config c = config();
  const Status refused = identify(c);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("expired at"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(c.warnings.empty());

  ASSERT_TRUE(identify(c, true));
  EXPECT_EQ(c.sensor_name, "plant-7");
  ASSERT_EQ(c.warnings.size(), 1U);
  EXPECT_NE(c.warnings[0].find("expired at"), std::string::npos) << c.warnings[0];
  const auto channels = open_channels(c);
  ASSERT_TRUE(channels) << channels.error().message;
  const tls::Counters& counters = channels.value()->keyring()->counters();
  const auto dialled = c.exporter.dial({"192.0.2.1", 5514});
  ASSERT_FALSE(dialled);
  EXPECT_NE(dialled.error().message.find("expired at"), std::string::npos) << dialled.error().message;
  EXPECT_EQ(counters.failed(tls::Failure::kExpired), 1U);
  EXPECT_FALSE(c.exporter.ready()) << "nor into files";

  site.write_sensor(tls::test::make_certificate(site.sensor_spec("plant-7"), &site.ca));
  EXPECT_TRUE(c.exporter.ready());
  EXPECT_TRUE(c.exporter.dial({"192.0.2.1", 5514}));
  EXPECT_EQ(counters.failed(tls::Failure::kExpired), 1U);
}

TEST_F(ExportTls, WhatCannotBeUsedIsRefusedAtAnyTime) {
  site.folder.write("sensor.key", site.collector.key_pem());
  Config c = config();
  EXPECT_FALSE(identify(c, true)) << "another's key";
  c = config();
  c.export_tls.credentials.certificate = "/nowhere/c";
  EXPECT_FALSE(identify(c, true));
}

TEST_F(ExportTls, WithoutItNothingChanges) {
  Config c = config("ward-3");
  c.export_tls = {};
  EXPECT_TRUE(identify(c));
  EXPECT_EQ(c.sensor_name, "ward-3");
  const auto channels = open_channels(c);
  ASSERT_TRUE(channels);
  EXPECT_EQ(channels.value(), nullptr);
  EXPECT_EQ(c.exporter.dial, nullptr) << "loopback alone";
  EXPECT_EQ(c.exporter.sign, nullptr);
}

TEST_F(ExportTls, CollectorsAreDialledAndBatchesSignedWithIt) {
  Config c = config();
  c.export_tls.server_name = "localhost";
  ASSERT_TRUE(identify(c));
  const auto channels = open_channels(c);
  ASSERT_TRUE(channels) << channels.error().message;
  EXPECT_TRUE(c.exporter.dial({"192.0.2.1", 5514})) << "no loopback, and no complaint";
  EXPECT_EQ(c.exporter.trouble({"192.0.2.1", 5514}), channels.value()->trouble({"192.0.2.1", 5514}));
  v1::Batch batch;
  batch.set_sensor("plant-7");
  batch.mutable_gap()->set_reason(v1::GAP_NO_ROOM);
  seal_batch({}, {}, false, batch);
  sign_batch(c.exporter.sign, batch);
  const auto trust = tls::Trust::load(site.options(tls::Side::kCollector).trust);
  ASSERT_TRUE(trust);
  const auto who = tls::verify_signature(batch, trust.value());
  ASSERT_TRUE(who) << who.error().message;
  EXPECT_EQ(who.value().name, "plant-7");
}

}  // namespace
}  // namespace picket
