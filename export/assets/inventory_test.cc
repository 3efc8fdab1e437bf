#include "export/assets/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/assets/asset_list.h"

namespace picket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
constexpr std::uint64_t kSecond = 1'000'000'000, kDay = 86400 * kSecond;

std::string ip(std::uint8_t last) { return {10, 0, 0, static_cast<char>(last)}; }

struct Told final : RecordOut {
  std::vector<v1::Event> events;
  void write(RecordKind kind, Bytes bytes) override {
    EXPECT_EQ(kind, record_kind(RecordType::kAsset, kNoProtocol));
    EXPECT_TRUE(events.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  }
  /// "60 new 10.0.0.1; ..."
  std::string text() {
    std::string out;
    for (const v1::Event& e : events) {
      out += (out.empty() ? "" : "; ") + std::to_string(e.timestamp() / kSecond) + " " + e.asset().reason() +
             " " + std::to_string(static_cast<unsigned char>(e.asset().address()[3]));
    }
    events.clear();
    return out;
  }
};

void see(Inventory& inventory, RecordType type, const v1::Event& e, std::uint64_t at_s,
         ProtocolId protocol = kNoProtocol, std::uint8_t sides = heard::kClient | heard::kServer,
         Bytes notes = {}) {
  EventHeader h;
  h.type = type;
  h.protocol = protocol;
  h.heard = sides;
  h.place.clock_ns = at_s * kSecond;
  const std::string bytes = e.SerializeAsString();
  inventory.see(h, as_bytes(bytes), notes);
}

v1::Event between(std::uint8_t client, std::uint8_t server, std::uint16_t port, std::uint64_t at_s) {
  v1::Event e;
  e.set_timestamp(at_s * kSecond);
  e.set_src_ip(ip(client));
  e.set_dest_ip(ip(server));
  e.set_src_port(40000);
  e.set_dest_port(port);
  return e;
}

void flow(Inventory& inventory, std::uint8_t client, std::uint8_t server, std::uint64_t at_s,
          std::string app = "", std::uint64_t replies = 1) {
  v1::Event e = between(client, server, 80, at_s);
  if (!app.empty()) e.set_app_proto(app);
  e.mutable_flow()->set_pkts_toserver(1);
  e.mutable_flow()->set_pkts_toclient(replies);
  see(inventory, RecordType::kFlow, e, at_s);
}

TEST(Inventory, TellsWhatIsNewOnceItHasSettled) {
  Inventory inventory({});
  Told told;
  flow(inventory, 1, 2, 100);
  inventory.flush(159 * kSecond, told);
  EXPECT_EQ(told.text(), "");
  flow(inventory, 1, 2, 159, "http");
  inventory.flush(200 * kSecond, told);
  EXPECT_EQ(told.text(), "160 new 1; 160 new 2");
  flow(inventory, 1, 2, 210, "http");
  inventory.flush(400 * kSecond, told);
  EXPECT_EQ(told.text(), "") << "nothing is new";
  flow(inventory, 1, 2, 500, "dns");
  inventory.flush(600 * kSecond, told);
  EXPECT_EQ(told.text(), "560 changed 1; 560 changed 2");
  flow(inventory, 1, 3, 700, "dns");
  inventory.flush_all(told);
  EXPECT_EQ(told.text(), "700 end 1; 700 new 3") << "2 was not seen since";
}

TEST(Inventory, TellsDailyWhatIsStillSeen) {
  Inventory inventory({});
  Told told;
  flow(inventory, 1, 2, 100);
  inventory.flush(200 * kSecond, told);
  told.text();
  flow(inventory, 1, 2, 300);
  inventory.flush(10 * kDay, told);
  EXPECT_EQ(told.text(), "86560 daily 1; 86560 daily 2") << "once, however long nothing came";
  flow(inventory, 1, 1, 20 * 86400);
  inventory.flush(20 * kDay, told);
  EXPECT_EQ(told.text(), "1728000 daily 1");
}

TEST(Inventory, DoesNotDependOnWhenSomebodyAsks) {
  std::string whole[2];
  for (const bool often : {false, true}) {
    Inventory inventory({});
    Told told;
    for (std::uint64_t s = 1; s < 2000; s += 7) {
      flow(inventory, static_cast<std::uint8_t>(s % 5 + 1), static_cast<std::uint8_t>(s % 11 + 1), s,
           s % 3 != 0 ? "http" : "dns");
      // As the Recorder does: up to the next record, at least.
      if (often) inventory.flush((s + 3) * kSecond, told);
      inventory.flush((s + 7) * kSecond, told);
    }
    inventory.flush_all(told);
    for (const v1::Event& e : told.events) whole[often ? 1 : 0] += e.SerializeAsString();
  }
  EXPECT_EQ(whole[0], whole[1]);
}

TEST(Inventory, WhoWasNotHeardIsNoAsset) {
  Inventory inventory({});
  flow(inventory, 1, 2, 100, "", 0);
  ASSERT_EQ(inventory.all().size(), 1U);
  const ProtocolId http = find_protocol("http");
  v1::Event e = between(1, 3, 80, 100);
  e.mutable_http()->set_hostname("three");
  see(inventory, RecordType::kTransaction, e, 100, http, heard::kClient);
  EXPECT_EQ(inventory.all().size(), 1U);
  see(inventory, RecordType::kTransaction, e, 100, http);
  ASSERT_EQ(inventory.all().size(), 2U);
  EXPECT_THAT(inventory.all()[1].asset().names(), ElementsAre("three"));
  EXPECT_THAT(inventory.all()[1].asset().server_of(), ElementsAre("http/80"));
  EXPECT_THAT(inventory.all()[0].asset().client_of(), ElementsAre("http"));
}

TEST(Inventory, AReplyAloneStandsFromTheServersSide) {
  Inventory inventory({});
  v1::Event e = between(1, 2, 40000, 100);
  e.set_src_port(80);
  e.mutable_http()->set_server("nginx");
  see(inventory, RecordType::kTransaction, e, 100, find_protocol("http"), heard::kServer);
  ASSERT_EQ(inventory.all().size(), 1U);
  EXPECT_THAT(inventory.all()[0].asset().server_of(), ElementsAre("http/80"));
  EXPECT_THAT(inventory.all()[0].asset().software(), ElementsAre("nginx"));
}

TEST(Inventory, FramesOfFlowsTellMacAndSystem) {
  Inventory inventory({});
  v1::Event e = between(1, 2, 80, 100);
  e.mutable_flow()->set_pkts_toserver(1);
  e.mutable_flow()->set_pkts_toclient(1);
  FlowEnds ends;
  ends.sent[0] = {{0, 0x1b, 0x1b, 0, 0, 1}, 128, true};
  ends.sent[1] = {{0, 0x1b, 0x1b, 0, 0, 2}, 57, true};
  std::uint8_t notes[sizeof ends];
  std::memcpy(notes, &ends, sizeof ends);
  see(inventory, RecordType::kFlow, e, 100, kNoProtocol, 0, notes);
  const auto all = inventory.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].asset().mac(), "00:1b:1b:00:00:01");
  EXPECT_EQ(all[0].asset().os(), "Windows");
  EXPECT_EQ(all[1].asset().mac(), "") << "seven routers away";
  EXPECT_EQ(all[1].asset().os(), "Linux or Unix");
  EXPECT_EQ(all[1].asset().confidence(), confidence::kWeak);
}

TEST(Inventory, ArpTellsWhoseAnAddressIs) {
  Inventory inventory({});
  v1::Event e;
  e.set_timestamp(kSecond);
  e.add_vlan(7);
  e.mutable_arp()->set_src_ip(ip(9));
  e.mutable_arp()->set_src_mac(std::string("\x00\x1b\x1b\x00\x00\x09", 6));
  see(inventory, RecordType::kArp, e, 1);
  const auto all = inventory.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].asset().mac(), "00:1b:1b:00:00:09");
  EXPECT_THAT(all[0].vlan(), ElementsAre(7U));
}

TEST(Inventory, OperationsTellRolesAndStations) {
  Inventory inventory({});
  const ProtocolId modbus = find_protocol("modbus");
  v1::Event e = between(1, 2, 502, 100);
  auto& device = *e.mutable_modbus()->mutable_response()->mutable_device();
  const std::pair<unsigned, std::string> objects[] = {
      {0, "Maker"}, {1, "P-1"}, {2, "V2.1"}, {5, "Model X"}, {6, "Pumps"}};
  for (const auto& [id, value] : objects) {
    auto& o = *device.add_objects();
    o.set_id(id);
    o.set_value(value);
  }
  e.mutable_ot()->set_class_("write");
  e.mutable_ot()->set_station(5);
  see(inventory, RecordType::kTransaction, e, 100, modbus);
  e.mutable_ot()->set_class_("program");
  e.mutable_ot()->set_failed(true);
  see(inventory, RecordType::kTransaction, e, 101, modbus);
  const auto all = inventory.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0].asset().roles(), ElementsAre("HMI")) << "what was refused was not done";
  const v1::Asset& plc = all[1].asset();
  EXPECT_EQ(plc.vendor(), "Maker");
  EXPECT_EQ(plc.model(), "Model X");
  EXPECT_EQ(plc.firmware(), "V2.1");
  EXPECT_EQ(plc.evidence(0).station(), 5);
  EXPECT_THAT(plc.stations(), ElementsAre("modbus 5"));
  EXPECT_THAT(plc.roles(), ElementsAre("PLC"));
  EXPECT_EQ(plc.confidence(), confidence::kIdentified);
}

TEST(Inventory, Http2SharesTheCluesOfItsMessage) {
  Inventory inventory({});
  v1::Event e = between(1, 2, 443, 100);
  e.mutable_http()->set_server("h2o");
  see(inventory, RecordType::kTransaction, e, 100, find_protocol("http2"));
  EXPECT_THAT(inventory.all()[1].asset().software(), ElementsAre("h2o"));
}

TEST(Inventory, AnswersNameAddresses) {
  Inventory inventory({});
  v1::Event e = between(1, 2, 53, 100);
  auto& a = *e.mutable_dns()->add_answers();
  a.set_rrname("plc7.example");
  a.set_rrtype("A");
  a.set_rdata("10.0.0.7");
  auto& p = *e.mutable_dns()->add_answers();
  p.set_rrname("1.0.0.10.in-addr.arpa");
  p.set_rrtype("PTR");
  p.set_rdata("hmi1.example");
  see(inventory, RecordType::kTransaction, e, 100, find_protocol("dns"));
  flow(inventory, 7, 2, 101);
  const auto all = inventory.all();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_THAT(all[0].asset().names(), ElementsAre("hmi1.example"));
  EXPECT_THAT(all[1].asset().roles(), ElementsAre("name server"));
  EXPECT_THAT(all[2].asset().names(), ElementsAre("plc7.example"));
}

TEST(Inventory, GoesOnAfterARestart) {
  Told told;
  Inventory before({});
  flow(before, 1, 2, 100, "http");
  flow(before, 1, 3, 110, "dns");
  before.flush_all(told);
  const v1::AssetState kept = before.save();
  told.text();

  Inventory after({});
  after.restore(kept);
  EXPECT_EQ(after.save().SerializeAsString(), kept.SerializeAsString()) << "nothing is lost on the way";
  EXPECT_EQ(asset_text(after.all()), asset_text(before.all()));
  flow(after, 1, 2, 1000, "http");
  after.flush(2000 * kSecond, told);
  EXPECT_EQ(told.text(), "") << "it was told already, and nothing is new";
  flow(after, 1, 2, 2000, "ssh");
  after.flush(3000 * kSecond, told);
  EXPECT_EQ(told.text(), "2060 changed 1; 2060 changed 2");
  flow(after, 1, 2, 3000, "ssh");
  after.flush(2 * kDay, told);
  EXPECT_EQ(told.text(), "88460 daily 1; 88460 daily 2");
  EXPECT_EQ(after.all()[0].asset().first_seen(), 100 * kSecond);
}

TEST(Inventory, ARestoredStateIsBounded) {
  v1::AssetState state;
  for (unsigned i = 1; i <= 40; ++i) {
    v1::AssetKept& k = *state.add_assets();
    k.mutable_asset()->set_address(ip(static_cast<std::uint8_t>(i)));
    for (unsigned n = 0; n < 100; ++n) {
      v1::AssetEvidence& e = *k.mutable_asset()->add_evidence();
      e.set_kind(n == 99 ? "no such kind" : "name");
      e.set_source("arp");
      e.set_text("n" + std::to_string(n));
    }
  }
  state.add_assets()->mutable_asset()->set_address("xyz");
  Inventory::Config c;
  c.table.max_assets = 16;
  Inventory inventory(std::move(c));
  inventory.restore(state);
  ASSERT_EQ(inventory.all().size(), 16U);
  EXPECT_EQ(static_cast<std::size_t>(inventory.all()[0].asset().evidence_size()),
            asset_kind(AssetKind::kName).most);
}

TEST(Inventory, BrokenRecordsTellNothing) {
  Inventory inventory({});
  const ProtocolId modbus = find_protocol("modbus");
  v1::Event e = between(1, 2, 502, 100);
  e.mutable_modbus()->mutable_response()->mutable_device()->add_objects()->set_value("x");
  const std::string whole = e.SerializeAsString();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EventHeader h;
    h.type = RecordType::kTransaction;
    h.protocol = modbus;
    h.place.clock_ns = kSecond;
    inventory.see(h, as_bytes(whole).first(n), {});
  }
  SUCCEED();
}

TEST(AssetList, IsReadable) {
  Inventory inventory({});
  flow(inventory, 2, 1, 100, "http");
  const std::string text = asset_text(inventory.all());
  EXPECT_THAT(text, HasSubstr("ADDRESS   TAP  VLAN  MAC"));
  EXPECT_LT(text.find("10.0.0.1 "), text.find("10.0.0.2 ")) << text;
  EXPECT_THAT(text, HasSubstr("http/80"));
  EXPECT_THAT(text, HasSubstr("1970-01-01T00:01:40Z"));
  const std::string json = asset_json(inventory.all());
  EXPECT_THAT(json, HasSubstr(R"("event_type":"asset")"));
  EXPECT_THAT(json, HasSubstr(R"("address":"10.0.0.1")"));
}

}  // namespace
}  // namespace picket
