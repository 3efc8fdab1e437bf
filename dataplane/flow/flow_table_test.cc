#include "dataplane/flow/flow_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace picket {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

struct Ended {
  std::uint64_t first_packet;
  FlowEnd why;
  Place place;
};

class Listener final : public FlowListener {
 public:
  void flow_ended(Flow& f, FlowEnd why, const Place& place) noexcept override {
    ended.push_back({f.first_packet, why, place});
  }
  void flow_interim(Flow& f, const Place& place) noexcept override {
    interim.push_back({f.first_packet, FlowEnd::kInterim, place});
  }
  std::vector<Ended> ended, interim;
};

Packet udp(std::uint8_t host, std::uint16_t port, std::uint64_t clock_ns, std::uint64_t number,
           std::uint8_t shard = 0) {
  Packet p;
  const std::uint8_t src[4] = {10, 0, 0, host}, dst[4] = {10, 0, 0, 200};
  p.has_ip = p.has_l4 = p.is_v4 = true;
  p.proto = static_cast<std::uint8_t>(IpProto::kUdp);
  p.src = Address::v4(src);
  p.dst = Address::v4(dst);
  p.src_port = port;
  p.dst_port = 53;
  p.time_ns = p.at.clock_ns = clock_ns;
  p.at.number = number;
  p.shard = shard;
  return p;
}

class FlowTableTest : public testing::Test {
 protected:
  Flow& see(FlowTable& t, const Packet& p) {
    t.advance(p.at.clock_ns);
    FlowTable::Lookup l;
    EXPECT_TRUE(t.prepare(p, l));
    return t.find(l, p, {p.at.clock_ns, EventKind::kPacket, p.at.number, 0}, created);
  }
  bool created = false;
  Listener out;
  FlowTableConfig config{.flows = kShards * 8, .timeouts = {}, .interim_s = 100, .vlan_in_key = true};
};

Packet link(std::uint8_t src, std::uint8_t dst, std::uint64_t clock_ns, std::uint64_t number,
            std::uint16_t type = 0x88b8) {
  Packet p;
  p.proto = static_cast<std::uint8_t>(IpProto::kNoIp);
  p.src = Address::mac({0, 0x30, 0x4f, 0, 0, src});
  p.dst = Address::mac({0, 0x30, 0x4f, 0, 0, dst});
  p.src_port = p.dst_port = p.ethertype = type;
  p.time_ns = p.at.clock_ns = clock_ns;
  p.at.number = number;
  return p;
}

TEST_F(FlowTableTest, FramesWithoutIpHaveFlows) {
  FlowTable t(config, 0, 1, out);
  Flow& f = see(t, link(1, 2, kSecond, 1));
  EXPECT_TRUE(created);
  EXPECT_TRUE(f.key.is_link());
  EXPECT_EQ(f.client().mac(), (Mac{0, 0x30, 0x4f, 0, 0, 1}));
  EXPECT_EQ(&see(t, link(2, 1, 2 * kSecond, 2)), &f);
  EXPECT_FALSE(created);
  for (const Packet& other : {link(1, 3, 2 * kSecond, 3), link(1, 2, 2 * kSecond, 4, 0x88ba)}) {
    EXPECT_NE(&see(t, other), &f);
    EXPECT_TRUE(created);
  }
  Packet tagged = link(1, 2, 2 * kSecond, 5);
  tagged.vlan_count = 1;
  tagged.vlans[0] = 7;
  EXPECT_NE(&see(t, tagged), &f);
  // A publisher may keep silent for minutes, and its state is kept.
  EXPECT_EQ(&see(t, link(1, 2, 2 * kSecond + config.timeouts.ethernet.fresh_s * kSecond, 6)), &f);
  // An IP packet that says it is of that protocol is another thing.
  Packet ip = udp(1, 0, 303 * kSecond, 7);
  ip.proto = static_cast<std::uint8_t>(IpProto::kNoIp);
  ip.src_port = ip.dst_port = 0;
  EXPECT_FALSE(see(t, ip).key.is_link());
  Packet made;
  take_ends(made, f, Direction::kToClient);
  EXPECT_TRUE(made.is_link());
  EXPECT_EQ(made.src_mac, (Mac{0, 0x30, 0x4f, 0, 0, 2}));
  EXPECT_EQ(made.ethertype, 0x88b8);
}

Packet icmp(std::uint8_t from, std::uint8_t to, std::uint8_t type, std::uint16_t id, Bytes payload = {}) {
  Packet p = udp(1, 0, 1000, 1);
  const std::uint8_t src[4] = {10, 0, 0, from}, dst[4] = {10, 0, 0, to};
  p.proto = static_cast<std::uint8_t>(IpProto::kIcmp);
  p.src = Address::v4(src);
  p.dst = Address::v4(dst);
  p.src_port = p.dst_port = 0;
  p.icmp_type = type;
  p.icmp_id = id;
  p.payload = payload;
  return p;
}

TEST_F(FlowTableTest, PingsOfOneHostAreOneFlowAndThoseOfTheOtherAnother) {
  FlowTable t(config, 0, 1, out);
  const Flow* f = &see(t, icmp(1, 2, 8, 7));
  EXPECT_EQ(&see(t, icmp(2, 1, 0, 7)), f);
  EXPECT_EQ(&see(t, icmp(1, 2, 8, 9)), f) << "another id";
  const Flow* other = &see(t, icmp(2, 1, 8, 7));
  EXPECT_NE(other, f);
  EXPECT_EQ(&see(t, icmp(1, 2, 0, 7)), other);
  EXPECT_NE(&see(t, icmp(1, 2, 13, 7)), f) << "another question";
  EXPECT_EQ(t.active(), 3U);
}

TEST_F(FlowTableTest, WhoCannotBeReachedSaysSoInTheFlowThatItQuotes) {
  FlowTable t(config, 0, 1, out);
  const Packet asked = udp(1, 1111, 1000, 1);  // 10.0.0.1:1111 to 10.0.0.200:53
  const Flow* f = &see(t, asked);
  const std::string header =
      std::string("\x45\0\0\x1c\0\0\0\0\x40\x11\0\0", 12) + std::string("\x0a\0\0\1\x0a\0\0\xc8", 8);
  const std::string quote = header + std::string("\x04\x57\0\x35", 4);
  FlowTable::Lookup l;
  ASSERT_TRUE(t.prepare_quoted(icmp(200, 1, 3, 0, as_bytes(quote)), l));
  EXPECT_EQ(t.known(l, asked), f);
  FlowTable::Lookup of_asked;
  ASSERT_TRUE(t.prepare(asked, of_asked));
  EXPECT_NE(l.src_is_low, of_asked.src_is_low) << "it goes the other way";
  EXPECT_FALSE(t.prepare_quoted(icmp(9, 1, 3, 0, as_bytes(quote)), l)) << "a router";
  EXPECT_FALSE(t.prepare_quoted(icmp(200, 1, 11, 0, as_bytes(quote)), l)) << "time exceeded";
  EXPECT_FALSE(t.prepare_quoted(icmp(200, 1, 3, 0, as_bytes(std::string_view(quote).substr(0, 22))), l))
      << "cut short";
  const std::string elsewhere = header + std::string("\x04\x58\0\x35", 4);
  ASSERT_TRUE(t.prepare_quoted(icmp(200, 1, 3, 0, as_bytes(elsewhere)), l));
  EXPECT_EQ(t.known(l, asked), nullptr);
}

TEST_F(FlowTableTest, BothDirectionsMeet) {
  FlowTable t(config, 0, 1, out);
  Packet p = udp(1, 1000, kSecond, 1);
  Flow& f = see(t, p);
  EXPECT_TRUE(created);
  std::swap(p.src, p.dst);
  std::swap(p.src_port, p.dst_port);
  EXPECT_EQ(&see(t, p), &f);
  EXPECT_FALSE(created);
  EXPECT_EQ(f.client_port(), 1000);
  EXPECT_EQ(f.server_port(), 53);
}

TEST_F(FlowTableTest, VlansAreInTheKeyUnlessSwitchedOff) {
  FlowTable with(config, 0, 1, out);
  config.vlan_in_key = false;
  FlowTable without(config, 0, 1, out);
  Packet p = udp(1, 1000, kSecond, 1), q = p;
  q.vlans[0] = 7;
  q.vlan_count = 1;
  see(with, p);
  see(with, q);
  EXPECT_TRUE(created);
  see(without, p);
  see(without, q);
  EXPECT_FALSE(created);
}

TEST_F(FlowTableTest, AnIdleFlowIsANewFlowWhetherOrNotItWasSwept) {
  FlowTable t(config, 0, 1, out);
  see(t, udp(1, 1000, kSecond, 1));
  // 30.4 s later, before the tick at which the timer would have come: over all the same.
  see(t, udp(1, 1000, 31 * kSecond + kSecond * 4 / 10, 2));
  EXPECT_TRUE(created);
  ASSERT_EQ(out.ended.size(), 1U);
  EXPECT_EQ(out.ended[0].why, FlowEnd::kTimeout);
}

TEST_F(FlowTableTest, TimeoutsStandAtTheirOwnMomentHoweverLateTheTimerRuns) {
  const auto run = [&](const std::vector<std::uint64_t>& clocks) {
    out.ended.clear();
    FlowTable t(config, 0, 1, out);
    see(t, udp(1, 1000, 10 * kSecond + 5, 1));
    see(t, udp(2, 1000, 10 * kSecond + 6, 2));
    for (const std::uint64_t c : clocks) t.advance(c);
    std::vector<std::string> places;
    for (const Ended& e : out.ended) {
      if (e.why == FlowEnd::kTimeout)
        places.push_back(std::to_string(e.place.clock_ns) + "/" + std::to_string(e.place.number));
    }
    return places;
  };
  const auto late = run({500 * kSecond});
  EXPECT_EQ(late, run({30 * kSecond, 41 * kSecond, 77 * kSecond, 500 * kSecond}));
  EXPECT_EQ(late, (std::vector<std::string>{"41000000000/1", "41000000000/2"}));
}

TEST_F(FlowTableTest, LongFlowsAreRecordedInBetween) {
  FlowTable t(config, 0, 1, out);
  for (std::uint64_t s = 0; s < 250; s += 10) see(t, udp(1, 1000, kSecond * (1000 + s), s + 1));
  ASSERT_EQ(out.interim.size(), 2U);
  EXPECT_TRUE(out.ended.empty());
}

TEST_F(FlowTableTest, AFullSetEvictsAndCounts) {
  FlowTable t(config, 0, 1, out);  // one set of eight a shard
  for (std::uint16_t i = 0; i < 9; ++i) see(t, udp(1, static_cast<std::uint16_t>(1000 + i), kSecond, i + 1U));
  EXPECT_EQ(t.active(), 8U);
  EXPECT_EQ(t.evicted(), 1U);
  ASSERT_EQ(out.ended.size(), 1U);
  EXPECT_EQ(out.ended[0].why, FlowEnd::kForced);
  EXPECT_EQ(out.ended[0].first_packet, 1U) << "the longest idle one goes";
}

TEST_F(FlowTableTest, WhoIsEvictedDoesNotDependOnTheNumberOfWorkers) {
  const auto run = [&](unsigned workers) {
    out.ended.clear();
    std::vector<std::unique_ptr<FlowTable>> tables;
    for (unsigned w = 0; w < workers; ++w)
      tables.push_back(std::make_unique<FlowTable>(config, w, workers, out));
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const auto shard = static_cast<std::uint8_t>(i * 7 % kShards);
      see(*tables[shard % workers],
          udp(static_cast<std::uint8_t>(i % 97), static_cast<std::uint16_t>(i), kSecond + i, i + 1, shard));
    }
    std::vector<std::uint64_t> gone;
    for (const Ended& e : out.ended) gone.push_back(e.first_packet);
    return gone;
  };
  const auto one = run(1);
  EXPECT_GT(one.size(), 1000U);
  EXPECT_EQ(one, run(4));
  EXPECT_EQ(one, run(7));
}

TEST_F(FlowTableTest, TheEndRecordsEveryFlowInOrder) {
  FlowTable t(config, 0, 1, out);
  for (std::uint16_t i = 0; i < 6; ++i) see(t, udp(1, static_cast<std::uint16_t>(5000 - i), kSecond, i + 1U));
  t.end_all(2 * kSecond);
  ASSERT_EQ(out.ended.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(out.ended[i].first_packet, i + 1);
    EXPECT_EQ(out.ended[i].why, FlowEnd::kShutdown);
  }
  EXPECT_EQ(t.active(), 0U);
}

TEST_F(FlowTableTest, ACenturyBetweenTwoPacketsCostsNothing) {
  FlowTable t(config, 0, 1, out);
  see(t, udp(1, 1000, kSecond, 1));
  see(t, udp(2, 1000, std::uint64_t{4'000'000'000} * kSecond, 2));
  EXPECT_EQ(out.ended.size(), 1U);
}

}  // namespace
}  // namespace picket
