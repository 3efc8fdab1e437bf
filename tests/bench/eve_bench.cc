// tests/bench/eve_bench.cc — how fast records become EVE JSON on one core
//
// A small record is a flow's start or a DNS answer as sensors see them by the million; a large one is an
// alert with all that goes with it. `items_per_second` is records.
#include <benchmark/benchmark.h>

#include "export/eve.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

v1::Event envelope(const char* type) {
  v1::Event e;
  e.set_timestamp(1'700'000'000'123'456'789);
  e.set_flow_id(1'234'567'890'123'456);
  e.set_event_type(type);
  e.set_src_ip(std::string("\x0a\0\0\x09", 4));
  e.set_src_port(40000);
  e.set_dest_ip(std::string("\xc0\0\2\1", 4));
  e.set_dest_port(443);
  e.set_proto("TCP");
  e.set_ip_v(4);
  e.set_host("plant-7");
  e.set_app_proto("tls");
  e.set_community_id("1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  return e;
}

std::string small_record() {
  v1::Event e = envelope("anomaly");
  e.mutable_anomaly()->set_type("stream");
  e.mutable_anomaly()->set_event("gap");
  return e.SerializeAsString();
}

std::string flow_record() {
  v1::Event e = envelope("flow");
  auto& f = *e.mutable_flow();
  f.set_pkts_toserver(10);
  f.set_pkts_toclient(12);
  f.set_bytes_toserver(1200);
  f.set_bytes_toclient(34567);
  f.set_start(e.timestamp() - 1'000'000'000);
  f.set_end(e.timestamp());
  f.set_age(1);
  f.set_state("closed");
  f.set_reason("timeout");
  auto& t = *e.mutable_tcp();
  t.set_tcp_flags("1b");
  t.set_tcp_flags_ts("1b");
  t.set_tcp_flags_tc("1b");
  t.set_syn(true);
  t.set_fin(true);
  t.set_psh(true);
  t.set_ack(true);
  t.set_state("closed");
  return e.SerializeAsString();
}

std::string alert_record() {
  v1::Event e = envelope("alert");
  auto& a = *e.mutable_alert();
  a.set_action("allowed");
  a.set_gid(1);
  a.set_signature_id(2'000'001);
  a.set_rev(4);
  a.set_signature("TEST a rule with a name of the usual length");
  a.set_category("Potentially Bad Traffic");
  a.set_severity(2);
  for (const char* key :
       {"affected_product", "attack_target", "created_at", "deployment", "signature_severity"}) {
    auto& m = *a.add_metadata();
    m.set_key(key);
    m.add_values("a value of some words");
  }
  return e.SerializeAsString();
}

void run(benchmark::State& state, const std::string& record) {
  EveWriter eve;
  std::string out;
  for (auto _ : state) {
    if (out.size() > 200'000) out.clear();  // as an output's buffer
    benchmark::DoNotOptimize(eve.append(as_bytes(record), out));
  }
  out.clear();
  (void)eve.append(as_bytes(record), out);
  state.SetItemsProcessed(state.iterations());
  state.counters["json_bytes"] = static_cast<double>(out.size());
}

void BM_EveSmall(benchmark::State& state) { run(state, small_record()); }
void BM_EveFlow(benchmark::State& state) { run(state, flow_record()); }
void BM_EveAlert(benchmark::State& state) { run(state, alert_record()); }
BENCHMARK(BM_EveSmall);
BENCHMARK(BM_EveFlow);
BENCHMARK(BM_EveAlert);

}  // namespace
}  // namespace picket

BENCHMARK_MAIN();
