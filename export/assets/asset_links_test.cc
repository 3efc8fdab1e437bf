// Assets without IP, and the addresses whose part they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/assets/asset_address.h"
#include "export/assets/asset_record.h"
#include "export/assets/asset_table.h"

namespace picket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
constexpr std::uint64_t kSecond = 1'000'000'000;

struct Noting final : AssetTable::Listener {
  std::vector<Asset*> changes, seen, lost;
  void changed(Asset& a) override { changes.push_back(&a); }
  void seen_again(Asset& a) override { seen.push_back(&a); }
  void gone(Asset& a) override { lost.push_back(&a); }
};

Address ip(std::uint8_t last) {
  const std::uint8_t b[4] = {10, 0, 0, last};
  return Address::v4(b);
}
Mac mac(std::uint8_t last) { return {0x00, 0x1b, 0x1b, 0, 0, last}; }

class AssetLinks : public ::testing::Test {
 protected:
  explicit AssetLinks(std::size_t max = 100) : table(config(max), listener) { scope = *table.scope("", {}); }
  static AssetTable::Config config(std::size_t max) {
    AssetTable::Config c;
    c.max_assets = max;
    return c;
  }
  Asset& at(std::uint8_t last) { return *table.heard(scope, ip(last), ++now * kSecond); }
  Asset& link(std::uint8_t last) { return *table.heard_link(scope, mac(last), ++now * kSecond); }
  void name(Asset& a, std::string_view text) {
    table.add(a, AssetKind::kName, 0, text, confidence::kStated, now * kSecond);
  }
  v1::Asset shown(const Asset& a) {
    return asset_event(a, table.scopes()[a.scope], "end", table.parts_of(a)).asset();
  }

  Noting listener;
  AssetTable table;
  std::uint16_t scope = 0;
  std::uint64_t now = 0;
};
struct SmallAssetLinks : AssetLinks {
  SmallAssetLinks() : AssetLinks(2) {}
};

TEST_F(AssetLinks, StandForThemselvesUntilAnAddressHasTheirMac) {
  Asset& l = link(1);
  name(l, "sw1");
  EXPECT_THAT(table.addresses_of(l), IsEmpty());
  Asset& a = at(1);
  EXPECT_THAT(shown(a).names(), IsEmpty());
  listener.changes.clear();
  table.announced(a, mac(1), now * kSecond);
  EXPECT_THAT(listener.changes, ::testing::Contains(&a));
  EXPECT_THAT(table.addresses_of(l), ElementsAre(&a));
  EXPECT_THAT(shown(a).names(), ElementsAre("sw1"));
  EXPECT_EQ(shown(a).first_seen(), kSecond) << "since the link was";
  listener.changes.clear();
  name(l, "sw2");
  EXPECT_THAT(listener.changes, ::testing::UnorderedElementsAre(&l, &a))
      << "who has a part has changed with it";
}

TEST_F(AssetLinks, WhatIsHeardOfALinkIsHeardOfItsAddresses) {
  Asset& a = at(1);
  table.sent(a, mac(1), 64, now * kSecond);
  a.seen = false;
  listener.seen.clear();
  link(1);
  EXPECT_TRUE(a.seen);
  EXPECT_THAT(listener.seen, ::testing::Contains(&a));
  EXPECT_EQ(a.last_ns, now * kSecond);
}

TEST_F(AssetLinks, ARoutersLinkIsNoPartOfThoseBehindIt) {
  Asset& l = link(1);
  for (std::uint8_t n = 1; n <= AssetTable::kMaxHostV4; ++n) table.sent(at(n), mac(1), 64, now * kSecond);
  EXPECT_THAT(table.addresses_of(l), SizeIs(AssetTable::kMaxHostV4));
  table.sent(at(99), mac(1), 64, now * kSecond);
  EXPECT_THAT(table.addresses_of(l), IsEmpty()) << "five addresses: a router";
  EXPECT_THAT(shown(l).roles(), ElementsAre("router"));
  EXPECT_THAT(table.parts_of(at(1)), IsEmpty());
  table.announced(at(50), mac(1), now * kSecond);
  EXPECT_THAT(table.addresses_of(l), ElementsAre(&at(50))) << "its own, as ARP says";
}

TEST_F(AssetLinks, AProxysLinkIsNoPartOfAll) {
  Asset& l = link(1);
  for (unsigned n = 1; n <= AssetTable::kMaxHostAddresses + 1; ++n)
    table.announced(at(static_cast<std::uint8_t>(n)), mac(1), now * kSecond);
  EXPECT_THAT(table.addresses_of(l), IsEmpty());
}

TEST_F(AssetLinks, AddressesThatTheySayAreTheirs) {
  Asset& l = link(1);
  const auto say = [&](std::string_view text) {
    table.add(l, AssetKind::kAddress, 0, text, confidence::kStated, ++now * kSecond);
  };
  say("10.0.0.7");
  say("10.0.0.7 ");
  say("0.0.0.0");
  say("::1");
  say("nonsense");
  say(std::string_view("\x0a\x00\x00\x08", 4));
  EXPECT_EQ(shown(l).address(), std::string("\x0a\0\0\x08", 4)) << "of equals the latest";
  Asset& a = at(7);
  EXPECT_THAT(table.addresses_of(l), ElementsAre(&a));
  EXPECT_THAT(table.parts_of(a), ElementsAre(&l));
  EXPECT_EQ(shown(a).mac(), "00:1b:1b:00:00:01");
  table.sent(a, mac(5), 64, now * kSecond);
  EXPECT_THAT(table.parts_of(a), IsEmpty()) << "it was seen at another MAC";
  table.add(l, AssetKind::kMac, 0, "00:1b:1b:00:00:05", confidence::kStated, now * kSecond);
  EXPECT_THAT(table.parts_of(a), ElementsAre(&l)) << "of the same device";
  table.add(a, AssetKind::kAddress, 0, "10.0.0.9", confidence::kStated, now * kSecond);
  EXPECT_THAT(table.parts_of(at(9)), IsEmpty()) << "only links have such";
  for (unsigned n = 0; n < 40; ++n)
    table.add(l, AssetKind::kAddress, 0, "10.0.1." + std::to_string(n + 1), confidence::kIdentified,
              now * kSecond);
  EXPECT_LE(table.addresses_of(l).size(), asset_kind(AssetKind::kAddress).most);
  EXPECT_THAT(table.parts_of(a), IsEmpty()) << "surer ones took its place";
}

TEST_F(AssetLinks, NobodysMacsAreNone) {
  EXPECT_EQ(table.heard_link(scope, Mac{}, 1), nullptr);
  EXPECT_EQ(table.heard_link(scope, {1, 0x80, 0xc2, 0, 0, 0x0e}, 1), nullptr);
  EXPECT_EQ(table.counts().known, 0U);
}

TEST_F(AssetLinks, AnAddressThatLooksLikeAMacIsAnother) {
  Asset& l = link(1);
  std::uint8_t six[16] = {0, 0x1b, 0x1b, 0, 0, 1};
  Asset& a = *table.heard(scope, Address::v6(six), kSecond);
  EXPECT_NE(&a, &l);
  EXPECT_EQ(table.find(scope, Address::v6(six)), &a);
  EXPECT_EQ(table.find(scope, Address::mac(mac(1)), true), &l);
}

TEST_F(SmallAssetLinks, GoWhenOthersNeedTheirRoom) {
  Asset& l = link(1);
  table.add(l, AssetKind::kAddress, 0, "10.0.0.7", confidence::kStated, now * kSecond);
  link(2);
  link(3);
  EXPECT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(table.find(scope, Address::mac(mac(1)), true), nullptr);
  EXPECT_THAT(table.parts_of(at(7)), IsEmpty());
}

TEST_F(AssetLinks, AreKept) {
  Asset& l = link(1);
  name(l, "sw1");
  table.add(l, AssetKind::kAddress, 0, "10.0.0.7", confidence::kStated, now * kSecond);
  const auto kept = read_asset_kept(asset_kept(l));
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->link);
  AssetTable after(config(10), listener);
  const auto s = *after.scope("", {});
  ASSERT_TRUE(after.restore(s, Asset(*kept)));
  EXPECT_FALSE(after.restore(s, Asset(*kept))) << "it is there";
  Asset& a = *after.heard(s, ip(7), kSecond);
  ASSERT_THAT(after.parts_of(a), SizeIs(1));
  Asset& b = *after.heard(s, ip(8), kSecond);
  after.announced(b, mac(1), kSecond);
  EXPECT_THAT(after.parts_of(b), SizeIs(1));
  v1::Asset bad;
  bad.set_mac("01:80:c2:00:00:0e");
  const auto group = read_asset_kept(bad);
  ASSERT_TRUE(group);
  EXPECT_FALSE(after.restore(s, Asset(*group))) << "of a group";
  bad.set_mac("nonsense");
  EXPECT_FALSE(read_asset_kept(bad));
}

TEST(AssetAddress, Texts) {
  std::array<char, kAddressRoom> room;
  EXPECT_EQ(host_address_text("fd77:0:0:0:0:0:0:1", room), "fd77::1");
  EXPECT_EQ(host_address_text("10.0.0.1", room), "10.0.0.1");
  EXPECT_EQ(host_address_text(std::string_view("\xc0\xa8\x00\x14", 4), room), "192.168.0.20");
  for (const std::string_view no :
       {"", "127.0.0.1", "0.0.0.0", "239.1.1.1", "ff02::1", "::", "1.2.3", "hosts"})
    EXPECT_EQ(host_address_text(no, room), "") << no;
}

}  // namespace
}  // namespace picket
