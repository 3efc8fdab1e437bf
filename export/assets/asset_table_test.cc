#include "export/assets/asset_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/assets/asset_address.h"
#include "export/assets/asset_record.h"

namespace picket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr std::uint64_t kSecond = 1'000'000'000;

struct Deaf final : AssetTable::Listener {
  unsigned changes = 0;
  void changed(Asset&) override { ++changes; }
  void seen_again(Asset&) override {}
  void gone(Asset&) override {}
};

Address ip(std::uint8_t last) {
  const std::uint8_t b[4] = {10, 0, 0, last};
  return Address::v4(b);
}
Mac mac(std::uint8_t last) { return {0x00, 0x1b, 0x1b, 0, 0, last}; }

class AssetTableTest : public ::testing::Test {
 protected:
  explicit AssetTableTest(std::size_t max = 100) : table(config(max), listener) {
    scope = *table.scope("", {});
  }
  static AssetTable::Config config(std::size_t max) {
    AssetTable::Config c;
    c.max_assets = max;
    return c;
  }
  Asset& at(std::uint8_t last, std::uint64_t time = kSecond) { return *table.heard(scope, ip(last), time); }
  v1::Asset shown(const Asset& a) { return asset_event(a, table.scopes()[a.scope], "end").asset(); }

  Deaf listener;
  AssetTable table;
  std::uint16_t scope = 0;
};
class SmallAssetTable : public AssetTableTest {
 protected:
  SmallAssetTable() : AssetTableTest(2) {}
};

TEST_F(AssetTableTest, OnlyHostsThatWereHeardAreAssets) {
  const std::uint8_t group[4] = {224, 0, 0, 1}, nobody[4] = {0, 0, 0, 0}, all[4] = {255, 255, 255, 255};
  EXPECT_EQ(table.heard(scope, Address::v4(group), 1), nullptr);
  EXPECT_EQ(table.heard(scope, Address::v4(nobody), 1), nullptr);
  EXPECT_EQ(table.heard(scope, Address::v4(all), 1), nullptr);
  std::uint8_t six[16] = {0xff, 2};
  EXPECT_EQ(table.heard(scope, Address::v6(six), 1), nullptr);
  EXPECT_EQ(table.find(scope, ip(1)), nullptr);
  EXPECT_NE(table.heard(scope, ip(1), 1), nullptr);
  EXPECT_EQ(table.counts().known, 1U);
}

TEST_F(AssetTableTest, OnlyWantedNetworks) {
  AssetTable::Config c;
  c.wanted = [](const Address& a) { return a == ip(1); };
  AssetTable t(std::move(c), listener);
  const auto s = *t.scope("", {});
  EXPECT_NE(t.heard(s, ip(1), 1), nullptr);
  EXPECT_EQ(t.heard(s, ip(2), 1), nullptr);
  EXPECT_EQ(t.counts().outside, 1U);
}

TEST_F(AssetTableTest, VlansAndTapsAreScopesOfTheirOwn) {
  const std::uint16_t v10[] = {10}, v20[] = {20}, both[] = {10, 20};
  const auto a = *table.scope("", v10), b = *table.scope("", v20), c = *table.scope("eth1", v10),
             d = *table.scope("", both);
  EXPECT_EQ(*table.scope("", v10), a);
  EXPECT_EQ((std::set<int>{a, b, c, d}.size()), 4U);
  table.heard(a, ip(1), 1);
  EXPECT_EQ(table.find(b, ip(1)), nullptr);
}

TEST_F(AssetTableTest, ConflictingEvidenceStandsSideBySide) {
  Asset& a = at(1);
  for (unsigned i = 0; i < 3; ++i)
    table.add(a, AssetKind::kModel, kSourceEthernet, "old", confidence::kNamed, (i + 1) * kSecond);
  table.add(a, AssetKind::kModel, kSourceArp, "sure", confidence::kIdentified, 2 * kSecond);
  table.add(a, AssetKind::kModel, kSourceEthernet, "new", confidence::kNamed, 9 * kSecond);
  const v1::Asset m = shown(a);
  EXPECT_EQ(m.model(), "sure");
  ASSERT_EQ(m.evidence_size(), 3);
  EXPECT_EQ(m.evidence(1).text(), "new") << "of the same confidence the later one";
  EXPECT_EQ(m.evidence(2).text(), "old");
  EXPECT_EQ(m.evidence(2).count(), 3U);
  EXPECT_EQ(m.evidence(2).first(), 1 * kSecond);
  EXPECT_EQ(m.evidence(2).last(), 3 * kSecond);
  EXPECT_EQ(m.confidence(), confidence::kIdentified);
}

TEST_F(AssetTableTest, TextsAreCleanedAndCut) {
  Asset& a = at(1);
  table.add(a, AssetKind::kName, kSourceArp, " plc\x01\n.example. ", confidence::kNamed, 1);
  table.add(a, AssetKind::kSoftware, kSourceArp, std::string(500, 'x'), confidence::kNamed, 1);
  table.add(a, AssetKind::kModel, kSourceArp, std::string("\0 \0", 3), confidence::kNamed, 1);
  EXPECT_EQ(shown(a).names(0), "plc...example");
  EXPECT_EQ(shown(a).software(0).size(), AssetTable::kMaxText);
  EXPECT_EQ(shown(a).model(), "");
}

TEST_F(AssetTableTest, AKindHoldsSoMuchAndCountsTheRest) {
  Asset& a = at(1);
  const std::size_t most = asset_kind(AssetKind::kName).most;
  for (std::size_t i = 0; i < most + 5; ++i)
    table.add(a, AssetKind::kName, kSourceArp, "n" + std::to_string(i), confidence::kNamed, kSecond + i);
  EXPECT_EQ(a.evidence.size(), most);
  EXPECT_EQ(a.left_out, 5U);
  EXPECT_EQ(table.counts().left_out, 5U);
  table.add(a, AssetKind::kName, kSourceArp, "surer", confidence::kStated, 2 * kSecond);
  EXPECT_EQ(a.evidence.size(), most);
  EXPECT_TRUE(a.has(AssetKind::kName, kSourceArp, "surer"));
  EXPECT_FALSE(a.has(AssetKind::kName, kSourceArp, "n0")) << "the weakest that was seen longest ago went";
  table.add(a, AssetKind::kName, kSourceArp, "later", confidence::kNamed, 2 * kSecond + AssetTable::kStaleNs);
  EXPECT_TRUE(a.has(AssetKind::kName, kSourceArp, "later")) << "what was not seen for a day makes room";
}

TEST_F(AssetTableTest, TheFrameOfAHostGivesItsMac) {
  table.sent(at(1), mac(1), 64, kSecond);
  EXPECT_EQ(shown(at(1)).mac(), "00:1b:1b:00:00:01");
  table.sent(at(2), mac(2), 63, kSecond);
  EXPECT_EQ(shown(at(2)).mac(), "") << "a router has taken one off its TTL";
  table.sent(at(3), {0x01, 0, 0x5e, 0, 0, 1}, 64, kSecond);
  EXPECT_EQ(shown(at(3)).mac(), "") << "a group's";
}

TEST_F(AssetTableTest, AMacWithManyAddressesIsARouters) {
  table.announced(at(254), mac(9), kSecond);
  for (std::uint8_t i = 1; i <= AssetTable::kMaxHostV4; ++i) table.sent(at(i), mac(9), 64, kSecond);
  EXPECT_EQ(shown(at(1)).mac(), "00:1b:1b:00:00:09");
  EXPECT_THAT(shown(at(254)).roles(), IsEmpty());
  table.sent(at(100), mac(9), 64, kSecond);
  for (const std::uint8_t i : {1, 2, 3, 4, 100}) EXPECT_EQ(shown(at(i)).mac(), "") << int{i};
  EXPECT_EQ(shown(at(254)).mac(), "00:1b:1b:00:00:09") << "ARP said so";
  EXPECT_THAT(shown(at(254)).roles(), ElementsAre("router"));
  table.sent(at(101), mac(9), 64, kSecond);
  EXPECT_EQ(shown(at(101)).mac(), "");
}

TEST_F(AssetTableTest, ManyAddressesThatArpAnnouncesAreOneHosts) {
  for (std::uint8_t i = 1; i <= 20; ++i) {
    table.announced(at(i), mac(9), kSecond);
    table.sent(at(i), mac(9), 64, kSecond);
  }
  for (std::uint8_t i = 1; i <= 20; ++i) EXPECT_EQ(shown(at(i)).mac(), "00:1b:1b:00:00:09");
}

TEST_F(AssetTableTest, ArpCountsMoreThanFrames) {
  table.announced(at(1), mac(1), kSecond);
  table.sent(at(1), mac(2), 64, 2 * kSecond);
  const v1::Asset m = shown(at(1));
  EXPECT_EQ(m.mac(), "00:1b:1b:00:00:01");
  EXPECT_EQ(m.evidence_size(), 2);
}

TEST_F(AssetTableTest, AMacThatIsSprayedIsBounded) {
  for (unsigned i = 0; i < 100; ++i) table.announced(at(1), mac(static_cast<std::uint8_t>(i)), kSecond);
  EXPECT_EQ(at(1).evidence.size(), asset_kind(AssetKind::kMac).most);
  EXPECT_EQ(at(1).left_out, 100 - asset_kind(AssetKind::kMac).most);
}

TEST_F(AssetTableTest, RolesFollowFromWhatIsDone) {
  AssetSource source = kNoSource;
  const auto does = [&](Asset& a, OtClass c, unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i)
      table.add(a, AssetKind::kDoes, source, ot_class_name(c), confidence::kStated, kSecond);
  };
  source = find_asset_source("dicom");
  does(at(9), OtClass::kWrite);
  EXPECT_THAT(shown(at(9)).roles(), IsEmpty()) << "who stores images operates nothing";
  source = find_asset_source("modbus");
  does(at(1), OtClass::kProgram);
  EXPECT_THAT(shown(at(1)).roles(), ElementsAre("engineering station"));
  does(at(2), OtClass::kControl);
  EXPECT_THAT(shown(at(2)).roles(), ElementsAre("HMI"));
  does(at(3), OtClass::kRead, AssetTable::kPolls - 1);
  EXPECT_THAT(shown(at(3)).roles(), IsEmpty());
  does(at(3), OtClass::kRead);
  EXPECT_THAT(shown(at(3)).roles(), ElementsAre("historian"));
  does(at(3), OtClass::kWrite);
  EXPECT_THAT(shown(at(3)).roles(), ElementsAre("HMI")) << "a historian does not write";
  table.add(at(4), AssetKind::kIsDone, source, "program", confidence::kStated, kSecond);
  EXPECT_THAT(shown(at(4)).roles(), ElementsAre("PLC"));
}

TEST_F(AssetTableTest, WhatIsSaidOfAnAddressWaitsForIt) {
  table.add_of(scope, ip(7), AssetKind::kName, kSourceArp, "plc7", confidence::kNamed, kSecond);
  table.add_of(scope, ip(7), AssetKind::kName, kSourceArp, "plc7", confidence::kNamed, kSecond);
  EXPECT_EQ(table.find(scope, ip(7)), nullptr);
  EXPECT_THAT(shown(at(7)).names(), ElementsAre("plc7"));
  for (unsigned i = 0; i < AssetTable::kMaxWaiting + 10; ++i) {
    const std::uint8_t b[4] = {10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    table.add_of(scope, Address::v4(b), AssetKind::kName, kSourceArp, "n", confidence::kNamed, kSecond);
  }
  EXPECT_GE(table.counts().waiting_dropped, 10U);
  EXPECT_LE(table.counts().waiting_dropped, 11U);
}

TEST_F(SmallAssetTable, TheOneUnseenForLongestMakesRoom) {
  at(1), at(2), at(1);
  at(3);
  EXPECT_EQ(table.find(scope, ip(2)), nullptr);
  EXPECT_NE(table.find(scope, ip(1)), nullptr);
  EXPECT_EQ(table.counts().evicted, 1U);
  EXPECT_EQ(table.counts().known, 2U);
}

TEST_F(SmallAssetTable, HostsOfTheSegmentStayLonger) {
  table.announced(at(1), mac(1), kSecond);
  at(2), at(3), at(4);
  EXPECT_NE(table.find(scope, ip(1)), nullptr);
  table.announced(at(4), mac(4), kSecond);
  at(5);
  EXPECT_EQ(table.find(scope, ip(1)), nullptr) << "where all are, the one unseen for longest";
  EXPECT_NE(table.find(scope, ip(4)), nullptr);
}

TEST(AssetMac, Text) {
  EXPECT_EQ(parse_mac("00:1b:1b:0a:ff:09"), (Mac{0, 0x1b, 0x1b, 0x0a, 0xff, 9}));
  EXPECT_EQ(mac_text({0, 0x1b, 0x1b, 0x0a, 0xff, 9}), "00:1b:1b:0a:ff:09");
  for (const std::string_view bad :
       {"", "00:1b:1b:0a:ff", "00:1b:1b:0a:ff:0g", "00-1b-1b-0a-ff-09", "00:1b:1b:0a:ff:091"})
    EXPECT_FALSE(parse_mac(bad)) << bad;
}

TEST(AssetSourceNames, RoundTrip) {
  for (std::size_t i = 0; i < protocols().size(); ++i)
    EXPECT_EQ(find_asset_source(asset_source_name(static_cast<AssetSource>(i))), i);
  for (const AssetSource s : {kSourceArp, kSourceEthernet, kSourceOui, kSourceTtl, kSourceActivity})
    EXPECT_EQ(find_asset_source(asset_source_name(s)), s);
  EXPECT_EQ(find_asset_source("nobody"), kNoSource);
}

}  // namespace
}  // namespace picket
