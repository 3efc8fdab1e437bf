// What detection costs with a rule file (PICKET_RULES=FILE, else a handful of rules): a packet without
// payload, a datagram, a stream, and how long planning takes. Nanoseconds are of one call for each packet,
// end_packet() included.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "dataplane/detect/detector.h"
#include "sensor/rules/load.h"
#include "sensor/rules/plan.h"

namespace picket {
namespace {

constexpr std::string_view kFewRules = R"(
alert tcp any any -> any any (msg:"a"; content:"needle"; sid:1;)
alert tcp any any -> any 80 (msg:"b"; flow:established,to_server; content:"GET /evil"; depth:9; sid:2;)
alert udp any any -> any 53 (msg:"c"; content:"|01 00 00 01|"; offset:2; depth:8; content:"evil"; distance:0; sid:3;)
alert tcp any any -> any any (msg:"d"; flags:S; sid:4;)
)";

struct Silent final : detect::AlertSink {
  void tagged(const Packet&, Flow*) noexcept override {}
  void alert(const AlertInfo&, detect::RuleIndex, const Packet&, Flow*, ProtocolId,
             const Transaction*) noexcept override {
    ++alerts;
  }
  std::uint64_t alerts = 0;
};

rules::RuleSet load() {
  rules::LoadOptions options;
  options.protocols = protocols();
  if (const char* file = std::getenv("PICKET_RULES"))
    return rules::load_rules(std::vector<std::string>{file}, options);
  return rules::load_rules_text("few", kFewRules, options);
}

rules::Plan make_plan(const std::string& cache) {
  auto loaded = load();
  rules::PlanOptions options;
  options.protocols = protocols();
  rules::PlanMemory memory(cache);
  options.memory = &memory;
  return std::move(rules::plan(loaded, options)).value();
}

/// One flow and the detector that looks at it.
struct Setup {
  Setup() : plan(make_plan("/tmp/picket-bench-cache")), detector(pool, sink) {
    detector.set_rules(plan.rules.get());
    const std::uint8_t client[4] = {192, 168, 1, 5}, server[4] = {203, 0, 113, 9};
    flow.key.low = Address::v4(client);
    flow.key.high = Address::v4(server);
    flow.key.low_port = 49152;
    flow.state = FlowState::kEstablished;
    flow.flags = flow_flag::kAppDone;
  }
  ~Setup() { detector.on_flow_end(flow); }
  Packet packet(IpProto proto, std::uint16_t port, Bytes payload) {
    flow.key.proto = static_cast<std::uint8_t>(proto);
    flow.key.high_port = port;
    flow.side[0].packets = flow.side[1].packets = 10;
    Packet p;
    p.has_ip = p.has_l4 = p.is_v4 = true;
    p.proto = flow.key.proto;
    p.ttl = 64;
    p.src = flow.client();
    p.dst = flow.server();
    p.src_port = flow.client_port();
    p.dst_port = port;
    p.tcp_flags = tcp_flag::kAck;
    p.payload = payload;
    return p;
  }
  Pool pool{std::size_t{64} << 20};
  Silent sink;
  rules::Plan plan;
  detect::Detector detector;
  Flow flow;
};

Setup& setup() {
  static Setup s;
  return s;
}

/// Bytes that look like neither text nor zeros, the same in every run.
std::string noise(std::size_t n) {
  std::string s;
  for (std::uint32_t x = 1; s.size() < n; x = x * 1664525 + 1013904223) s += static_cast<char>(x >> 24);
  return s;
}
std::string page(std::size_t n) {
  std::string s =
      "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nConnection: "
      "keep-alive\r\n\r\n";
  while (s.size() < n)
    s += "<div class=\"item\"><a href=\"/index.php?id=" + std::to_string(s.size()) +
         "\">The quick brown fox</a></div>\n";
  s.resize(n);
  return s;
}

void empty_packet(benchmark::State& state) {
  Setup& s = setup();
  const Packet p = s.packet(IpProto::kTcp, 80, {});
  for (auto _ : state) {
    s.detector.on_packet(p, &s.flow);
    s.detector.end_packet(p, &s.flow);
  }
}
BENCHMARK(empty_packet);

void datagram(benchmark::State& state) {
  Setup& s = setup();
  using namespace std::string_literals;
  const std::string query =
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
      "example\x03"
      "com\x00\x00\x01\x00\x01"s;
  const Packet p = s.packet(IpProto::kUdp, static_cast<std::uint16_t>(state.range(0)), as_bytes(query));
  for (auto _ : state) {
    s.detector.on_packet(p, &s.flow);
    s.detector.end_packet(p, &s.flow);
  }
}
BENCHMARK(datagram)->Arg(53)->Arg(5000);

void stream(benchmark::State& state, std::string (*make)(std::size_t), Direction dir) {
  Setup& s = setup();
  const std::string text = make(1460);
  Packet p = s.packet(IpProto::kTcp, 80, as_bytes(text));
  p.direction = dir;
  if (dir == Direction::kToClient) {
    std::swap(p.src, p.dst);
    std::swap(p.src_port, p.dst_port);
  }
  std::uint64_t offset = 1'000'000;
  for (auto _ : state) {
    s.detector.on_packet(p, &s.flow);
    s.detector.on_stream(s.flow, dir, p.payload, offset, p);
    offset += text.size();
    s.detector.end_packet(p, &s.flow);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  const auto& d = s.detector.stats();
  state.counters["candidates"] = static_cast<double>(d.candidates);
  state.counters["programs"] = static_cast<double>(d.programs);
  s.detector.on_flow_end(s.flow);
}
BENCHMARK_CAPTURE(stream, noise_to_server, noise, Direction::kToServer);
BENCHMARK_CAPTURE(stream, noise_to_client, noise, Direction::kToClient);
BENCHMARK_CAPTURE(stream, page_to_client, page, Direction::kToClient);

void planning(benchmark::State& state, const char* cache) {
  for (auto _ : state) {
    auto plan = make_plan(cache);
    state.counters["planned"] = static_cast<double>(plan.planned);
    state.counters["databases"] = static_cast<double>(plan.databases);
    state.counters["from_cache"] = static_cast<double>(plan.from_cache);
  }
}
BENCHMARK_CAPTURE(planning, cold, "")->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK_CAPTURE(planning, cached, "/tmp/picket-bench-cache")->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace picket

BENCHMARK_MAIN();
