// tests/bench/intel_bench.cc — what indicators of compromise cost the export thread
//
// A record that fits none, without a set, with 1,000 and with 1,000,000 indicators of all types: a flow, a request of
// HTTP, an answer of DNS, a handshake of TLS. With PICKET_RECORDS=FILE also all records of a file of `picket replay --records`,
// one after the other. `items_per_second` is records. One that fits, told each time, from the block of rows that was read last and from
// another; loading a million, with the size of the set and of the texts it is made of.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "dataplane/decode/mix.h"
#include "export/delimited.h"
#include "export/intel/indicator_file.h"
#include "export/intel/intel.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

struct Nowhere final : RecordOut {
  void write(RecordKind, Bytes) override { ++told; }
  std::uint64_t told = 0;
};

std::string line(std::uint64_t n) {
  const auto hex = [](std::uint64_t seed, std::size_t digits) {
    std::string s;
    for (; s.size() < digits; seed = mix(seed ^ kMixA, kMixB)) s += "0123456789abcdef"[seed & 15];
    return s;
  };
  const std::uint64_t h = mix(n ^ kMixC, kMixA);
  const std::string net =
      std::to_string(11 + h % 200) + "." + std::to_string(h >> 8 & 255) + "." + std::to_string(h >> 16 & 255);
  const std::string name = hex(h, 10) + ".cdn.example";
  std::string text;
  switch (n % 8) {
    case 0:
    case 1:
      text = net + "." + std::to_string(h >> 24 & 255);
      break;
    case 2:
      text = net + ".0/24";
      break;
    case 3:
    case 4:
      text = name;
      break;
    case 5:
      text = "http://" + name + "/" + hex(h, 8) + ".php";
      break;
    case 6:
      text = hex(h, 64);
      break;
    default:
      text = hex(h, 32) + "\tja3";
      break;
  }
  return text + (n % 8 == 7 ? "" : "\t") + "\tfeed\tcampaign " + std::to_string(n / 1000) + "\n";
}

std::string file_of(std::int64_t indicators) {
  std::string text = "indicator\ttype\tsource\tdescription\n";
  for (std::int64_t n = 0; n < indicators; ++n) text += line(static_cast<std::uint64_t>(n));
  return text;
}

std::unique_ptr<intel::IndicatorSet> load(const std::string& text) {
  intel::IndicatorSetBuilder builder;
  intel::IndicatorReport report;
  intel::read_indicators("bench", text, ~std::size_t{0}, builder, report);
  if (report.bad != 0) std::abort();
  return builder.finish();
}

struct Fed {
  EventHeader header;
  std::string record;
};

v1::Event between(const char* type) {
  v1::Event e;
  e.set_timestamp(1'700'000'000'123'456'789);
  e.set_flow_id(77);
  e.set_event_type(type);
  e.set_src_ip(std::string{10, 0, 0, 1});
  e.set_src_port(40000);
  e.set_dest_ip(std::string{10, 0, 1, 2});
  e.set_dest_port(443);
  e.set_proto("TCP");
  e.set_ip_v(4);
  e.set_community_id("1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  e.set_host("sensor-1");
  return e;
}

std::vector<Fed> records(std::int64_t kind) {
  std::vector<Fed> all(1);
  Fed& f = all[0];
  f.header.type = RecordType::kTransaction;
  v1::Event e = between(kind == 0 ? "flow" : kind == 1 ? "http" : kind == 2 ? "dns" : "tls");
  if (kind == 0) {
    f.header.type = RecordType::kFlow;
    e.mutable_flow()->set_pkts_toserver(10);
    e.mutable_flow()->set_pkts_toclient(12);
    e.mutable_flow()->set_state("closed");
    e.mutable_tcp()->set_tcp_flags("1b");
  } else if (kind == 1) {
    auto& h = *e.mutable_http();
    h.set_hostname("www.server.example");
    h.set_url("/shop/index.html?item=7");
    h.set_http_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0");
    h.set_http_refer("http://www.server.example/");
    h.set_http_method("GET");
    h.set_protocol("HTTP/1.1");
    h.set_status(200);
    h.set_server("nginx/1.22.1");
  } else if (kind == 2) {
    e.mutable_dns()->set_type("response");
    e.mutable_dns()->add_queries()->set_rrname("www.server.example");
    for (const char* a : {"198.18.0.7", "198.18.0.8"}) {
      auto& r = *e.mutable_dns()->add_answers();
      r.set_rrname("www.server.example");
      r.set_rrtype("A");
      r.set_rdata(a);
    }
  } else {
    auto& t = *e.mutable_tls();
    t.set_version("TLS 1.3");
    t.set_sni("www.server.example");
    t.mutable_ja3()->set_hash("25d1b1ff4026a741e300c9f1c73f31d3");
    t.mutable_ja3s()->set_hash("32bd4344a88c1f141b7f7eb316c90496");
    t.set_ja4("t13d1516h2_8daaf6152771_b186095e22b6");
  }
  f.record = e.SerializeAsString();
  return all;
}

void see_all(benchmark::State& state, const std::vector<Fed>& fed, std::int64_t indicators) {
  Intel intel;
  Nowhere out;
  if (indicators != 0) {
    auto set = load(file_of(indicators));
    state.counters["set_MB"] = static_cast<double>(set->bytes()) / (1 << 20);
    intel.offer(std::move(set));
  }
  std::size_t n = 0;
  for (auto _ : state) {
    const Fed& f = fed[n++ % fed.size()];
    intel.see(f.header, as_bytes(f.record), out);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["told"] = static_cast<double>(out.told);
}

void no_hit(benchmark::State& state) { see_all(state, records(state.range(0)), state.range(1)); }
BENCHMARK(no_hit)->ArgNames({"record", "indicators"})->ArgsProduct({{0, 1, 2, 3}, {0, 1000, 1'000'000}});

void records_of_a_file(benchmark::State& state) {
  const char* path = std::getenv("PICKET_RECORDS");
  std::vector<Fed> fed;
  if (path != nullptr) {
    std::ifstream in(path, std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(in)), {});
    WireReader reader(as_bytes(all));
    for (Bytes record; next_delimited(reader, record);) {
      Fed f;
      f.header.type = RecordType::kTransaction;  // what it is of says its own event_type
      f.record = as_text(record);
      fed.push_back(std::move(f));
    }
  }
  if (fed.empty()) return state.SkipWithError("PICKET_RECORDS names no file of records");
  see_all(state, fed, state.range(0));
}
BENCHMARK(records_of_a_file)->Arg(0)->Arg(1'000'000);

void a_hit_that_is_told(benchmark::State& state) {
  Intel intel({.per_minute = ~0U});
  Nowhere out;
  intel.offer(load("indicator\n10.0.1.2\n"));
  EventHeader header;
  header.type = RecordType::kFlow;
  v1::Event e = between("flow");
  e.set_flow_id(0);  // not remembered
  const std::string record = e.SerializeAsString();
  for (auto _ : state) intel.see(header, as_bytes(record), out);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(a_hit_that_is_told);

/// Addresses that stand far from one another in a million indicators: each hit reads a row of another block.
void a_hit_in_another_block(benchmark::State& state) {
  Intel intel({.per_minute = ~0U});
  Nowhere out;
  intel.offer(load(file_of(1'000'000)));
  std::vector<std::string> records;
  for (std::uint64_t n = 0; n < 1'000'000; n += 8'000) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (std::sscanf(line(n).c_str(), "%u.%u.%u.%u", &a, &b, &c, &d) != 4) std::abort();
    v1::Event e = between("flow");
    e.set_flow_id(0);  // not remembered
    e.set_dest_ip(
        std::string{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)});
    records.push_back(e.SerializeAsString());
  }
  EventHeader header;
  header.type = RecordType::kFlow;
  std::size_t n = 0;
  for (auto _ : state) intel.see(header, as_bytes(records[n++ * 61 % records.size()]), out);
  if (out.told < n) state.SkipWithError("not every record fits");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(a_hit_in_another_block);

void load_a_million(benchmark::State& state) {
  const std::string text = file_of(1'000'000);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = load(text)->bytes();
  state.SetItemsProcessed(state.iterations() * 1'000'000);
  state.counters["set_MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["texts_MB"] = static_cast<double>(text.size()) / 1e6;
}
BENCHMARK(load_a_million)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace picket

BENCHMARK_MAIN();
