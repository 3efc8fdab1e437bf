// tests/bench/inventory_bench.cc — what a record costs the inventory of assets on the export thread
//
// Records between 256 clients and 16 servers that are known by then, which is what a plant's are, day by day: a flow
// with its frames' MACs, a request with names in it, a poll with an operation. With PICKET_RECORDS=FILE also all records of
// a file of `picket replay --records`, one after the other. `items_per_second` is records.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "export/assets/inventory.h"
#include "export/delimited.h"

namespace picket {
namespace {

struct Fed {
  EventHeader header;
  std::string record, notes;
};

Fed between(unsigned n, RecordType type, const char* protocol, std::uint16_t port) {
  Fed f;
  f.header.type = type;
  f.header.protocol = protocol == nullptr ? kNoProtocol : find_protocol(protocol);
  f.header.heard = heard::kClient | heard::kServer;
  f.header.place.clock_ns = 1'700'000'000'123'456'789;
  v1::Event e;
  e.set_timestamp(f.header.place.clock_ns);
  e.set_flow_id(n);
  e.set_event_type(protocol == nullptr ? "flow" : protocol);
  e.set_src_ip(std::string{10, 0, 0, static_cast<char>(n)});
  e.set_src_port(40000);
  e.set_dest_ip(std::string{10, 0, 1, static_cast<char>(n % 16 + 1)});
  e.set_dest_port(port);
  e.set_proto("TCP");
  e.set_ip_v(4);
  e.set_community_id("1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  const std::string_view name = protocol == nullptr ? "" : protocol;
  if (protocol == nullptr) {
    e.set_app_proto("http");
    e.mutable_flow()->set_pkts_toserver(10);
    e.mutable_flow()->set_pkts_toclient(12);
    FlowEnds ends;
    ends.sent[0] = {{0, 0x1b, 0x1b, 0, 1, static_cast<std::uint8_t>(n)}, 64, true};
    ends.sent[1] = {{0, 0x1b, 0x1b, 0, 2, static_cast<std::uint8_t>(n % 16)}, 128, true};
    f.notes.assign(reinterpret_cast<const char*>(&ends), sizeof ends);
  } else if (name == "http") {
    auto& h = *e.mutable_http();
    h.set_hostname("server.example");
    h.set_url("/index.html");
    h.set_http_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0");
    h.set_http_method("GET");
    h.set_protocol("HTTP/1.1");
    h.set_status(200);
    h.set_length(1234);
    h.set_server("nginx/1.22.1");
  } else {
    auto& m = *e.mutable_modbus();
    m.mutable_request()->set_unit_id(1);
    m.mutable_request()->set_function_raw(3);
    m.mutable_response()->set_unit_id(1);
    m.mutable_response()->mutable_read()->set_data(std::string(20, 'x'));
    e.mutable_ot()->set_protocol("modbus");
    e.mutable_ot()->set_class_("read");
    e.mutable_ot()->set_operation("read holding registers");
    e.mutable_ot()->set_station(1);
    e.mutable_ot()->add_addresses("holding register 100-109");
  }
  f.record = e.SerializeAsString();
  return f;
}

void see(benchmark::State& state, const std::vector<Fed>& all) {
  Inventory inventory({});
  for (auto _ : state) {
    for (const Fed& f : all) inventory.see(f.header, as_bytes(f.record), as_bytes(f.notes));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * all.size()));
}

void known(benchmark::State& state, RecordType type, const char* protocol, std::uint16_t port) {
  std::vector<Fed> all;
  for (unsigned n = 1; n < 256; ++n) all.push_back(between(n, type, protocol, port));
  see(state, all);
}

void file(benchmark::State& state) {
  const char* const path = std::getenv("PICKET_RECORDS");
  if (path == nullptr) return state.SkipWithError("PICKET_RECORDS is not set");
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::vector<Fed> all;
  WireReader records(as_bytes(whole));
  for (Bytes r; next_delimited(records, r);) {
    Fed f;
    v1::Event e;
    if (!e.ParseFromArray(r.data(), static_cast<int>(r.size()))) break;
    f.header.protocol = find_protocol(e.event_type());
    f.header.type = e.event_type() == "flow"           ? RecordType::kFlow
                    : f.header.protocol != kNoProtocol ? RecordType::kTransaction
                                                       : RecordType::kAlert;
    f.header.heard = heard::kClient | heard::kServer;
    f.header.place.clock_ns = e.timestamp();
    f.record = as_text(r);
    all.push_back(std::move(f));
  }
  see(state, all);
}

BENCHMARK_CAPTURE(known, flow, RecordType::kFlow, nullptr, 80);
BENCHMARK_CAPTURE(known, http, RecordType::kTransaction, "http", 80);
BENCHMARK_CAPTURE(known, modbus_poll, RecordType::kTransaction, "modbus", 502);
BENCHMARK(file);

}  // namespace
}  // namespace picket

BENCHMARK_MAIN();
