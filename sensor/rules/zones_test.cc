#include "sensor/rules/zones.h"

#include <gtest/gtest.h>

#include <string>

#include "sensor/rules/lists.h"
#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

using detect::Zones;

/// As many rules as it takes for their addresses to draw a border; none of them fires on what tests send.
std::string crowd(const std::string& header, unsigned first_sid, unsigned rules = 256) {
  std::string out;
  for (unsigned i = 0; i < rules; ++i) {
    const std::string sid = std::to_string(first_sid + i);
    out += "alert " + header + " (content:\"crowd" + sid + "\"; sid:" + sid + ";)\n";
  }
  return out;
}

class ZoneMapTest : public ::testing::Test {
 protected:
  const AddressSet& set(std::string_view text) {
    Complaint complaint;
    kept_.push_back(book_.get(text, complaint));
    EXPECT_NE(kept_.back(), nullptr) << complaint.reason;
    return *kept_.back();
  }
  void count(const AddressSet& s, unsigned rules = 256) {
    for (unsigned i = 0; i < rules; ++i) map.count(s);
  }
  static unsigned zone(const Zones& z, std::initializer_list<std::uint8_t> v4) {
    return z.of(Address::v4(v4.begin()));
  }
  ZoneMap map;

 private:
  AddressBook::Variables variables_{{"HOME_NET", "[10.0.0.0/8,192.168.0.0/16,fd00::/8]"},
                                    {"EXTERNAL_NET", "!$HOME_NET"}};
  AddressBook book_{variables_};
  std::vector<std::shared_ptr<const AddressSet>> kept_;
};

TEST_F(ZoneMapTest, ASetAndItsOppositeAreTwoZones) {
  count(set("$HOME_NET"));
  count(set("$EXTERNAL_NET"));
  map.settle();
  const Zones z = map.zones();
  ASSERT_EQ(z.count, 2U);
  const unsigned home = zone(z, {10, 0, 0, 0});
  EXPECT_EQ(zone(z, {10, 255, 255, 255}), home);
  EXPECT_EQ(zone(z, {192, 168, 0, 0}), home);
  EXPECT_EQ(zone(z, {192, 168, 255, 255}), home);
  EXPECT_NE(zone(z, {9, 255, 255, 255}), home);
  EXPECT_NE(zone(z, {11, 0, 0, 0}), home);
  EXPECT_NE(zone(z, {0, 0, 0, 0}), home);
  EXPECT_NE(zone(z, {255, 255, 255, 255}), home);
  Address v6;
  EXPECT_NE(z.of(v6), home);
  v6.bytes[0] = 0xfd;
  EXPECT_EQ(z.of(v6), home);
  v6.bytes.fill(0xff);
  EXPECT_NE(z.of(v6), home);
}

TEST_F(ZoneMapTest, ASetOfFewRulesDrawsNoBorder) {
  count(set("$HOME_NET"), 255);
  map.settle();
  EXPECT_EQ(map.zones().count, 1U);
}

TEST_F(ZoneMapTest, SetsThatWouldMakeTooManyZonesAreLeftOut) {
  // Each of them cuts what is there in two: 2, 4, then 8.
  const AddressSet& first = set("0.0.0.0-127.255.255.255");
  const AddressSet& second = set("64.0.0.0-191.255.255.255");
  const AddressSet& third = set("32.0.0.0-95.255.255.255");
  count(first, 400);
  count(second, 350);
  count(third, 300);
  map.settle();
  const Zones z = map.zones();
  EXPECT_EQ(z.count, 4U);
  EXPECT_EQ(zone(z, {32, 0, 0, 1}), zone(z, {31, 0, 0, 1}));
  EXPECT_NE(zone(z, {64, 0, 0, 1}), zone(z, {31, 0, 0, 1}));
  EXPECT_NE(zone(z, {64, 0, 0, 1}), zone(z, {128, 0, 0, 1}));
}

/// What rules say must not depend on whether there are enough of them for zones.
TEST(Zones, RulesFireAsTheyWouldWithoutThem) {
  const std::string home = "[10.0.0.0/8,fd00::/8]", outside = "!" + home;
  const std::string rules =
      "alert tcp " + outside + " any -> " + home +
      " any (content:\"evil\"; sid:1;)\n"
      "alert tcp " +
      home + " any -> " + outside +
      " any (content:\"evil\"; sid:2;)\n"
      "alert tcp " +
      home + " any -> " + home +
      " any (content:\"evil\"; sid:3;)\n"
      "alert tcp any any -> any any (content:\"evil\"; sid:4;)\n"
      "alert tcp " +
      home + " any <> " + outside +
      " any (content:\"evil\"; sid:5;)\n"
      "alert tcp 10.0.0.1 any -> any any (content:\"evil\"; sid:6;)\n"
      "alert tcp any any -> " +
      outside +
      " 80 (flags:PA; sid:7;)\n"
      "alert tcp " +
      outside +
      " any -> any any (app-layer-protocol:http; sid:8;)\n"
      "alert http " +
      home + " any -> " + outside +
      " any (http.uri; content:\"evil\"; sid:9;)\n"
      "alert http " +
      outside + " any -> " + home +
      " any (http.uri; content:\"evil\"; sid:10;)\n"
      "alert http " +
      outside + " any -> " + home +
      " any (file.name; content:\"evil\"; sid:11;)\n"
      "alert http any any -> any any (http.method; content:\"GET\"; sid:12;)\n"
      "alert http " +
      home + " any => any any (http.uri; content:\"evil\"; http.stat_code; content:\"200\"; sid:13;)\n";
  Bench plain(rules);
  Bench zoned(rules + crowd("tcp " + outside + " any -> " + home + " any", 1000) +
              crowd("tcp " + home + " any -> " + outside + " any", 2000));
  ASSERT_EQ(plain.plan.rules->zones.count, 1U);
  ASSERT_EQ(zoned.plan.rules->zones.count, 2U);
  std::string all;
  for (const auto& [client, server] :
       {std::pair("10.0.0.1", "10.0.0.2"), std::pair("10.0.0.1", "192.0.2.1"),
        std::pair("192.0.2.1", "10.0.0.1"), std::pair("192.0.2.1", "192.0.2.2"),
        std::pair("fd00::1", "2001:db8::1"), std::pair("2001:db8::1", "fd00::1")}) {
    std::string said[2];
    for (Bench* b : {&plain, &zoned}) {
      BenchTx tx;
      b->addresses(client, server).protocol(kBenchHttp);
      b->to_server("an evil request").to_client("an evil reply");
      tx.request("http.uri", {"/evil"}).request("http.method", {"GET"}).reply("http.stat_code", {"200"});
      b->advance(tx, Direction::kToServer, kComplete);
      File* file = b->file(tx, Direction::kToClient, "evil");
      b->bytes(file, "evil").close(file);
      b->advance(tx, Direction::kToClient, kComplete);
      b->done(tx).end();
      said[b == &zoned] = b->fired();
    }
    EXPECT_EQ(said[1], said[0]) << client << " to " << server;
    EXPECT_FALSE(said[0].empty());
    all += " " + said[0] + " ";
  }
  for (unsigned sid = 1; sid <= 13; ++sid)
    EXPECT_NE(all.find(" " + std::to_string(sid) + " "), std::string::npos) << sid << " never fired";
}

/// That is what they are for: what cannot match is not searched.
TEST(Zones, BetweenTwoZonesOnlyTheirOwnPatternsAreSearched) {
  const std::string home = "10.0.0.0/8", outside = "!10.0.0.0/8";
  Bench b(crowd("tcp " + outside + " any -> " + home + " any", 1000, 300) +
          crowd("tcp " + home + " any -> " + outside + " any", 2000, 400) +
          crowd("tcp any any -> any any", 3000, 50));
  const auto patterns = [&b](const char* client, const char* server) {
    b.addresses(client, server);
    const detect::RuleSet& set = *b.plan.rules;
    unsigned n = 0;
    for (const detect::Scan& s :
         set.plans[Zones::pair(set.zones.of(b.flow.client()), set.zones.of(b.flow.server()))]
             .stream_payload[index(Direction::kToServer)]
             .scans)
      n += s.patterns;
    return n;
  };
  EXPECT_EQ(patterns("192.0.2.1", "10.0.0.1"), 350U);
  EXPECT_EQ(patterns("10.0.0.1", "192.0.2.1"), 450U);
  EXPECT_EQ(patterns("10.0.0.1", "10.0.0.2"), 50U);
  EXPECT_EQ(patterns("192.0.2.1", "192.0.2.2"), 50U);
}

}  // namespace
}  // namespace picket::rules
