#include "export/tls/identity.h"

#include <gtest/gtest.h>

#include "export/tls/counters.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;

std::string name_in(const std::string& alternative_names) {
  const Certificate c = make_certificate({.names = alternative_names, .common_name = "common"}, nullptr);
  return read_identity(*c.x509).name;
}

TEST(Identity, IsTheOneUriElseTheOneDnsName) {
  EXPECT_EQ(name_in("URI:picket:sensor/plant-7"), "plant-7");
  EXPECT_EQ(name_in("DNS:plant-8.example"), "plant-8.example");
  EXPECT_EQ(name_in("DNS:plant-8,DNS:plant-9,URI:picket:sensor/plant-7"), "plant-7");
  EXPECT_EQ(name_in("URI:https://example.org/,DNS:plant-8"), "plant-8");
}

TEST(Identity, IsNothingWhereItIsNotClear) {
  EXPECT_EQ(name_in(""), "") << "the common name is not looked at";
  EXPECT_EQ(name_in("URI:picket:sensor/a,URI:picket:sensor/b"), "");
  EXPECT_EQ(name_in("URI:picket:sensor/a,URI:picket:sensor/b,DNS:c"), "")
      << "two URIs do not become a DNS name";
  EXPECT_EQ(name_in("DNS:a,DNS:b"), "");
  EXPECT_EQ(name_in("URI:picket:sensor/"), "");
  EXPECT_EQ(name_in("URI:picket:sensor/with space"), "");
  EXPECT_EQ(name_in("IP:192.0.2.1"), "");
}

TEST(Identity, HasTheFingerprintThatOpenSslPrints) {
  const Certificate c = make_certificate({}, nullptr);
  const Identity who = read_identity(*c.x509);
  const std::string der = c.der();
  std::array<unsigned char, 32> digest{};
  ASSERT_EQ(EVP_Digest(der.data(), der.size(), digest.data(), nullptr, EVP_sha256(), nullptr), 1);
  ASSERT_EQ(who.fingerprint.size(), 64U);
  for (std::size_t i = 0; i < digest.size(); ++i)
    EXPECT_EQ(std::stoi(who.fingerprint.substr(2 * i, 2), nullptr, 16), digest[i]);
  EXPECT_NEAR(static_cast<double>(who.not_after_s), static_cast<double>(std::time(nullptr) + kDay), 60);
}

TEST(AllowList, LetsInByNameAndByFingerprint) {
  const std::string hex(64, 'a'), other(64, 'b');
  std::string colons;
  for (int i = 0; i < 32; ++i) colons += i == 0 ? "BB" : ":BB";
  const auto list = AllowList::read(
      "# plants\nplant-7\r\n  plant-8 # of the north\n\nsha256:" + hex + "\nsha256:" + colons, "allow");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list.value().size(), 4U);
  EXPECT_TRUE(list.value().admits({.name = "plant-7", .fingerprint = "x"}));
  EXPECT_TRUE(list.value().admits({.name = "plant-8", .fingerprint = "x"}));
  EXPECT_TRUE(list.value().admits({.name = "unknown", .fingerprint = hex}));
  EXPECT_TRUE(list.value().admits({.name = "unknown", .fingerprint = other}));
  EXPECT_FALSE(list.value().admits({.name = "plant-77", .fingerprint = "x"}));
  EXPECT_FALSE(list.value().admits({}));
}

TEST(AllowList, WithoutALineLetsNobodyIn) {
  const auto list = AllowList::read("# nobody yet\n", "allow");
  ASSERT_TRUE(list);
  EXPECT_FALSE(list.value().admits({.name = "plant-7"}));
}

TEST(AllowList, NamesTheLineThatItCannotRead) {
  for (const std::string bad : {"plant 7", "sha256:12", "plänt", "*"}) {
    const auto list = AllowList::read("plant-7\n" + bad + "\n", "tls.allow: sensors");
    ASSERT_FALSE(list) << bad;
    EXPECT_EQ(list.error().message.find("tls.allow: sensors:2: '" + bad + "'"), 0U) << list.error().message;
  }
}

TEST(Failures, EachHasANameOfItsOwnAndAText) {
  std::set<std::string_view> names;
  for (int i = 0; i < static_cast<int>(Failure::kCount); ++i) {
    EXPECT_TRUE(names.insert(failure_name(static_cast<Failure>(i))).second);
    EXPECT_FALSE(failure_text(static_cast<Failure>(i)).empty());
  }
}

}  // namespace
}  // namespace picket::tls
