#include "export/encoder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "dataplane/detect/flow_state.h"
#include "dataplane/flow/flow_macs.h"
#include "export/eve.h"
#include "export/proto/picket/v1/event.pb.h"
#include "export/test_support.h"

// ---- counts allocations, in this program and the libraries it uses ----

namespace {
std::atomic<std::uint64_t> allocations{0};
}
#if defined(__SANITIZE_ADDRESS__)
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
namespace {
const int hooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { allocations.fetch_add(1, std::memory_order_relaxed); },
    [](const volatile void*) {});
}
#else
extern "C" {
void* __libc_malloc(std::size_t);
void* malloc(std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(n);
}
}
#endif

namespace picket {

/// The dataplane's is in its own library; here any number that differs by flow will do.
std::uint64_t flow_id(const Flow& f) noexcept { return 1000 + f.first_packet; }

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStart = 1'700'000'000 * kSecond;  // 2023-11-14T22:13:20Z

Address v4(const char* text) {
  std::uint8_t b[4];
  EXPECT_EQ(inet_pton(AF_INET, text, b), 1);
  return Address::v4(b);
}

/// 10.0.0.9:40000 talks to 10.0.0.1:80.
Flow make_flow(std::uint8_t proto = 6) {
  Flow f;
  f.key.low = v4("10.0.0.1");
  f.key.low_port = 80;
  f.key.high = v4("10.0.0.9");
  f.key.high_port = 40000;
  f.key.proto = proto;
  f.low_is_client = false;
  f.first_packet = 7;
  f.start_ns = kStart;
  f.state = FlowState::kEstablished;
  f.tcp_state = TcpState::kTimeWait;
  auto& ts = f.side[index(Direction::kToServer)];
  auto& tc = f.side[index(Direction::kToClient)];
  ts.packets = 5;
  ts.bytes = 500;
  ts.first_ns = kStart;
  ts.last_ns = kStart + 2 * kSecond;
  ts.tcp_flags = 0x1b;
  tc.packets = 4;
  tc.bytes = 4000;
  tc.last_ns = kStart + 3 * kSecond;
  tc.tcp_flags = 0x12;
  return f;
}

Packet make_packet(bool from_server) {
  Packet p;
  p.has_ip = p.is_v4 = p.has_l4 = true;
  p.proto = 6;
  p.src = v4(from_server ? "10.0.0.1" : "10.0.0.9");
  p.dst = v4(from_server ? "10.0.0.9" : "10.0.0.1");
  p.src_port = from_server ? 80 : 40000;
  p.dst_port = from_server ? 40000 : 80;
  p.vlan_count = 2;
  p.vlans = {100, 7, 0};
  return p;
}

class EncoderTest : public ::testing::Test {
 protected:
  EncoderTest() : encoder_({.sensor = "plant-7", .taps = {"eth0", "eth1"}}) {}

  std::string eve(std::size_t n) {
    EXPECT_GT(n, 0U);
    std::string text;
    EXPECT_TRUE(EveWriter().append(Bytes{buffer_.data(), n}, text));
    v1::Event event;
    EXPECT_TRUE(event.ParseFromArray(buffer_.data(), static_cast<int>(n)))
        << "Protobuf's own decoder takes it";
    return text;
  }

  Encoder encoder_;
  RecordContext context_{.time_ns = kStart + 3 * kSecond, .packet_number = 12, .rules_epoch = 3};
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(65536);
};

TEST_F(EncoderTest, FlowStandsFromTheClientsSide) {
  Flow f = make_flow();
  f.tap = 1;
  f.key.vlans = {100, 7, 0};
  f.transactions = 2;
  f.flags = flow_flag::kAppDone | flow_flag::kAlerted;
  f.side[index(Direction::kToClient)].gaps = 1;
  f.side[index(Direction::kToClient)].missing = 1460;
  f.history = {'S', 'h', 'A'};
  EXPECT_EQ(
      eve(encoder_.flow(context_, f, FlowEnd::kTimeout, buffer_)),
      R"({"timestamp":"2023-11-14T22:13:23.000000+0000","flow_id":1007,"in_iface":"eth1","event_type":"flow",)"
      R"("vlan":[100,7],"src_ip":"10.0.0.9","src_port":40000,"dest_ip":"10.0.0.1","dest_port":80,"proto":"TCP",)"
      R"("ip_v":4,"host":"plant-7","app_proto":"failed","community_id":"1:d5bCfgDUXsZNssBGaxPejrTzkcQ=","rules_epoch":3,)"
      R"("flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":500,"bytes_toclient":4000,)"
      R"("start":"2023-11-14T22:13:20.000000+0000","end":"2023-11-14T22:13:23.000000+0000","age":3,)"
      R"("state":"established","reason":"timeout","alerted":true,"tx_cnt":2},)"
      R"("tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"12","syn":true,"fin":true,"psh":true,"ack":true,)"
      R"("state":"time_wait","tc_gap":true,"tc_missing_bytes":1460,"ts_max_regions":1,"tc_max_regions":1,"history":"ShA"}})");
}

TEST_F(EncoderTest, ReasonsAndStatesHaveEvesNames) {
  const Flow f = make_flow(17);
  const std::pair<FlowEnd, const char*> reasons[] = {{FlowEnd::kTimeout, "timeout"},
                                                     {FlowEnd::kForced, "forced"},
                                                     {FlowEnd::kShutdown, "shutdown"},
                                                     {FlowEnd::kReused, "tcp_reuse"},
                                                     {FlowEnd::kInterim, "interim"}};
  for (const auto& [end, name] : reasons) {
    const std::string text = eve(encoder_.flow(context_, f, end, buffer_));
    EXPECT_NE(text.find("\"reason\":\"" + std::string(name) + '"'), std::string::npos) << text;
    EXPECT_EQ(text.find("\"tcp\""), std::string::npos) << "UDP has none";
    EXPECT_NE(text.find("\"proto\":\"UDP\""), std::string::npos);
  }
}

TEST_F(EncoderTest, IcmpHasTypesAndNoPorts) {
  Flow f = make_flow(1);
  f.icmp_type = 8;
  f.reply_icmp_type = 0;
  const std::string text = eve(encoder_.flow(context_, f, FlowEnd::kTimeout, buffer_));
  EXPECT_NE(text.find(R"("proto":"ICMP","ip_v":4,"icmp_type":8,"icmp_code":0)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("response_icmp_type":0,"response_icmp_code":0)"), std::string::npos);
  EXPECT_EQ(text.find("port"), std::string::npos);
}

TEST_F(EncoderTest, ProtocolsWithoutANameShowTheirNumber) {
  const std::string text = eve(encoder_.flow(context_, make_flow(254), FlowEnd::kTimeout, buffer_));
  EXPECT_NE(text.find(R"("proto":"254")"), std::string::npos);
  EXPECT_NE(eve(encoder_.flow(context_, make_flow(61), FlowEnd::kTimeout, buffer_)).find(R"("proto":"061")"),
            std::string::npos);
}

TEST_F(EncoderTest, AlertStandsFromTheSendersSide) {
  const Flow f = make_flow();
  const Packet p = make_packet(true);
  std::uint8_t metadata[64];
  WireWriter w(metadata);
  {
    const auto m = w.message(v1::Alert::kMetadataFieldNumber);
    w.text(v1::Metadata::kKeyFieldNumber, "confidence");
    w.text(v1::Metadata::kValuesFieldNumber, "High");
  }
  AlertInfo info;
  info.sid = 2'000'001;
  info.rev = 4;
  info.severity = 1;
  info.signature = "TEST reply";
  info.category = "Misc activity";
  info.action = "allowed";
  info.metadata = Bytes{metadata, w.size()};
  info.target_is_dest = true;
  info.direction = Direction::kToClient;
  EXPECT_EQ(
      eve(encoder_.alert(context_, p, &f, kNoProtocol, nullptr, info, buffer_)),
      R"({"timestamp":"2023-11-14T22:13:23.000000+0000","flow_id":1007,"in_iface":"eth0","pcap_cnt":12,"event_type":"alert",)"
      R"("vlan":[100,7],"src_ip":"10.0.0.1","src_port":80,"dest_ip":"10.0.0.9","dest_port":40000,"proto":"TCP","ip_v":4,)"
      R"("host":"plant-7","pkt_src":"wire/pcap","community_id":"1:d5bCfgDUXsZNssBGaxPejrTzkcQ=","rules_epoch":3,)"
      R"("alert":{"action":"allowed","gid":1,"signature_id":2000001,"rev":4,"signature":"TEST reply",)"
      R"("category":"Misc activity","severity":1,"source":{"ip":"10.0.0.1","port":80},)"
      R"("target":{"ip":"10.0.0.9","port":40000},"metadata":{"confidence":["High"]}},"direction":"to_client",)"
      R"("flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":500,"bytes_toclient":4000,)"
      R"("start":"2023-11-14T22:13:20.000000+0000","src_ip":"10.0.0.9","dest_ip":"10.0.0.1","src_port":40000,"dest_port":80}})");
}

TEST_F(EncoderTest, AnomalyOfAPacketThatIsNotIp) {
  Packet p;
  p.tap = 9;  // has no name
  EXPECT_EQ(
      eve(encoder_.anomaly(context_, p, nullptr, {.type = "decode", .event = "ethernet.pkt_too_small"},
                           buffer_)),
      R"({"timestamp":"2023-11-14T22:13:23.000000+0000","pcap_cnt":12,"event_type":"anomaly","host":"plant-7",)"
      R"("pkt_src":"wire/pcap","rules_epoch":3,"anomaly":{"type":"decode","event":"ethernet.pkt_too_small"}})");
}

TEST_F(EncoderTest, EventsAreSpeltAsInEve) {
  const auto spelt = [&](std::string_view event, EventSpelling spelling) {
    const std::string all = eve(encoder_.anomaly(
        context_, Packet{}, nullptr, {.type = "t", .event = event, .spelling = spelling}, buffer_));
    return all.substr(all.find("\"event\":\""));
  };
  EXPECT_EQ(spelt("ipv4.trunc_pkt", EventSpelling::kDecoder), R"("event":"decoder.ipv4.trunc_pkt"}})");
  EXPECT_EQ(spelt("gap", EventSpelling::kStream), R"("event":"stream.gap"}})");
  EXPECT_EQ(spelt("bad_length_2", EventSpelling::kCapitals), R"("event":"BAD_LENGTH_2"}})");
}

TEST_F(EncoderTest, WhatIsAskedForGoesWithAnAlert) {
  EncoderOptions options;
  options.detail = {.payload = true,
                    .payload_printable = true,
                    .payload_length = true,
                    .packet = true,
                    .ethernet = true,
                    .payload_bytes = 6};
  const Encoder encoder(options);
  const std::uint8_t frame[] = {1, 2, 3, 4}, datagram[] = {9, 8};
  Packet p = make_packet(false);
  p.data = frame;
  p.size = sizeof frame;
  p.has_mac = true;
  p.src_mac = {2, 0, 0, 0, 0, 1};
  p.dst_mac = {2, 0, 0, 0, 0, 2};
  AlertInfo info{.sid = 1, .signature = "TEST", .category = "c", .action = "allowed"};
  info.payload = as_bytes("ab\r\n\x01\xff rest");
  const auto tail = [&] {
    const std::string all = eve(encoder.alert(context_, p, nullptr, kNoProtocol, nullptr, info, buffer_));
    return all.substr(all.find(",\"ether\":"));
  };
  EXPECT_EQ(tail(),
            R"(,"ether":{"src_mac":"02:00:00:00:00:01","dest_mac":"02:00:00:00:00:02"},"payload":"YWINCgH/",)"
            R"("payload_printable":"ab\r\n..","payload_length":6,"stream":0,"packet":"AQIDBA==",)"
            R"("packet_info":{"linktype":1,"linktype_name":"EN10MB"}})");
  info.from_stream = true;
  info.payload_missing = 4;
  p.reassembled = true;
  p.link_size = 2;
  p.datagram = datagram;
  p.link = LinkType::kLinuxSll2;
  EXPECT_EQ(
      tail().substr(tail().find(",\"payload\"")),
      R"(,"payload":"WzQgYnl0ZXMgbWlzc2luZ11hYg0KAf8=","payload_printable":"[4 bytes missing]ab\r\n..",)"
      R"("payload_length":23,"stream":1,"packet":"AQIJCA==",)"
      R"("packet_info":{"linktype":276,"linktype_name":"LINUX_SLL2"}})");
  Flow f = make_flow();
  p.data = nullptr;  // made up at a flow's end
  p.flow = &f;
  const std::string last = eve(encoder.alert(context_, p, &f, kNoProtocol, nullptr, info, buffer_));
  EXPECT_EQ(last.find("packet_info"), std::string::npos);
  EXPECT_NE(last.find(R"x("pkt_src":"stream (flow timeout)")x"), std::string::npos);
}

TEST_F(EncoderTest, TrafficIsNamedByFlowbits) {
  alignas(8) std::array<std::uint8_t, 64> block{};
  Flow f = make_flow();
  f.bits = ::new (block.data()) FlowBits;
  f.bits->bits = 64;
  const TrafficBit names[] = {{3, true, "known"}, {5, false, "b"}, {7, false, "c"}, {9, false, "not-set"}};
  RecordContext context = context_;
  context.traffic = names;
  const auto record = [&] { return eve(encoder_.flow(context, f, FlowEnd::kTimeout, buffer_)); };
  EXPECT_EQ(record().find("traffic"), std::string::npos);
  for (const std::uint32_t bit : {3U, 5U, 7U}) f.bits->set(bit, true);
  EXPECT_NE(record().find(R"("traffic":{"id":["b","c"],"label":["known"]})"), std::string::npos) << record();
  f.bits = nullptr;
  EXPECT_EQ(record().find("traffic"), std::string::npos);
}

TEST_F(EncoderTest, AFlowShowsAllItsMacs) {
  EncoderOptions options;
  options.detail.ethernet = true;
  Flow f = make_flow();
  FlowMacs macs;
  macs.client.add({2, 0, 0, 0, 0, 1});
  macs.client.add({2, 0, 0, 0, 0, 2});
  macs.client.add({2, 0, 0, 0, 0, 1});
  macs.server.add({2, 0, 0, 0, 0, 9});
  f.ends = &macs;
  const std::string all = eve(Encoder(options).flow(context_, f, FlowEnd::kTimeout, buffer_));
  EXPECT_NE(
      all.find(
          R"("ether":{"src_macs":["02:00:00:00:00:01","02:00:00:00:00:02"],"dest_macs":["02:00:00:00:00:09"]})"),
      std::string::npos)
      << all;
  EXPECT_EQ(eve(encoder_.flow(context_, f, FlowEnd::kTimeout, buffer_)).find("ether"), std::string::npos);
}

TEST_F(EncoderTest, ARecordThatDoesNotFitIsNotWritten) {
  const Flow f = make_flow();
  const std::size_t whole = encoder_.flow(context_, f, FlowEnd::kTimeout, buffer_);
  ASSERT_GT(whole, 0U);
  for (std::size_t room = 0; room < whole; ++room) {
    EXPECT_EQ(encoder_.flow(context_, f, FlowEnd::kTimeout, std::span{buffer_}.first(room)), 0U) << room;
  }
}

TEST_F(EncoderTest, AllocatesNothing) {
  const Flow f = make_flow();
  const Packet p = make_packet(false);
  const AlertInfo info{.sid = 1, .signature = "TEST", .category = "c", .action = "allowed"};
  const auto all = [&] {
    return encoder_.flow(context_, f, FlowEnd::kTimeout, buffer_) +
           encoder_.alert(context_, p, &f, kNoProtocol, nullptr, info, buffer_) +
           encoder_.anomaly(context_, p, &f, {.type = "stream", .event = "gap"}, buffer_);
  };
  std::uint64_t before = allocations;
  free(malloc(1));
  ASSERT_EQ(allocations, before + 1) << "allocations are counted at all";
  EXPECT_GT(all(), 0U);  // OpenSSL may set itself up once
  before = allocations;
  for (int i = 0; i < 100; ++i) (void)all();
  EXPECT_EQ(allocations, before);
}

/// Encodes each transaction that a parser finishes.
class EncodingSink final : public Sink {
 public:
  EncodingSink(const Encoder& encoder, ProtocolId protocol, std::span<std::uint8_t> buffer)
      : encoder_(encoder), protocol_(protocol), buffer_(buffer) {}
  void advance(Transaction&, Direction, std::uint8_t) noexcept override {}
  void done(Transaction& tx) noexcept override {
    size = encoder_.transaction({.time_ns = kStart}, make_flow(17), protocol_, tx, buffer_);
  }
  void event(Direction, std::uint8_t, Transaction*) noexcept override {}
  void hand_over(std::string_view, Bytes) noexcept override {}
  std::uint64_t time_ns() const noexcept override { return kStart; }
  std::size_t size = 0;

 private:
  const Encoder& encoder_;
  ProtocolId protocol_;
  std::span<std::uint8_t> buffer_;
};

TEST_F(EncoderTest, ATransactionStandsUnderItsProtocolsName) {
  const ProtocolId dns = find_protocol("dns");
  ASSERT_NE(dns, kNoProtocol);
  const ProtocolSpec& spec = *protocols()[dns];
  Pool pool(1 << 20);
  std::vector<std::uint64_t> limits;
  for (const auto& l : spec.limits) limits.push_back(l.initial);
  // id 0x1234, a question: example.org A IN
  const std::string query(
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
      "example\x03"
      "org\x00\x00\x01\x00\x01",
      29);
  void* at = pool.allocate(spec.parser_size);
  const ParserContext parser_context{pool, limits, Transport::kUdp};
  Parser* parser = spec.create(at, parser_context);
  EncodingSink sink(encoder_, dns, buffer_);
  parser->on_datagram(Direction::kToServer, as_bytes(query), sink);
  parser->on_close(sink);
  parser->~Parser();
  pool.release(at, spec.parser_size);
  const std::string text = eve(sink.size);
  const auto json = test::parse_json(text);
  ASSERT_TRUE(json) << text;
  EXPECT_EQ(json->find("event_type")->text, "dns");
  EXPECT_EQ(json->find("app_proto")->text, "dns");
  EXPECT_EQ(json->find("tx_id")->text, "0");
  ASSERT_NE(json->find("dns"), nullptr);
  EXPECT_NE(text.find("example.org"), std::string::npos) << text;
}

TEST_F(EncoderTest, EveryProtocolHasAnEncoder) {
  EXPECT_EQ(encode_bodies().size(), protocols().size());
  for (const auto body : encode_bodies()) EXPECT_NE(body, nullptr);
}

}  // namespace
}  // namespace picket
