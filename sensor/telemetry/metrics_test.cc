#include "sensor/telemetry/metrics.h"

#include <gtest/gtest.h>

#include "export/metrics/test_support.h"

namespace picket {
namespace {

using metrics::Format;

/// Each count is another number.
SensorFigures figures() {
  SensorFigures f;
  Totals& t = f.totals;
  std::uint64_t n = 0;
  const auto fill = [&n](auto&... fields) {
    ((fields = static_cast<std::remove_reference_t<decltype(fields)>>(++n)), ...);
  };
  const auto fill_all = [&n](auto& list) {
    for (auto& v : list) v = ++n;
  };
  fill(t.received, t.received_bytes, t.port_missed, t.port_errors, t.port_no_buffer, t.suppressed,
       t.not_summarised, t.late, t.datagrams, t.fragments_incomplete, t.flows_created, t.flows_active,
       t.flows_peak, t.flows_evicted, t.files, t.files_refused, t.files_cut, t.frames, t.frames_refused,
       t.pool_peak_bytes, t.pool_refused, t.peak_rss_bytes, t.workers, t.rules_loaded, t.rules_rejected,
       t.rules_epoch, t.reloads, t.reloads_failed);
  t.assets.kept = true;
  fill(t.assets.known, t.assets.told, t.assets.evicted, t.assets.outside, t.assets.left_out,
       t.assets.waiting_dropped, t.assets.scopes_refused);
  fill_all(t.verdicts);
  fill_all(t.decode_events);
  fill_all(t.stream_events);
  fill_all(t.app_events);
  fill_all(t.detection);
  fill_all(t.stage_cycles);
  t.records.resize(record_kind_count());
  for (RecordCount& r : t.records) fill(r.made, r.delivered, r.lost);
  t.summarised.resize(record_kind_count());
  fill_all(t.summarised);
  t.protocols.resize(protocols().size());
  for (auto& p : t.protocols) fill_all(p);
  t.intel = {{"loaded", 7}, {"loaded_domain", 5}, {"loaded_url", 2},
             {"epoch", 3},  {"lookups", 900},     {"hits", 8}};
  t.failed_outputs = {{"a.json", ++n}, {"collector \"b\"", ++n}};
  t.clock_ns = 1'700'000'001'500'000'000;
  f.sensor = "plant-7";
  return f;
}

std::string value(std::string_view sample) {
  static const std::string all = sensor_metrics(figures(), Format::kOpenMetrics);
  return metrics::test::value_of(all, sample);
}

template <class Texts, class Counts>
void expect_each(std::string_view name, std::string_view label, const Texts& texts, const Counts& counts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string sample =
        std::string(name) + "{" + std::string(label) + "=\"" + std::string(texts[i].name) + "\"}";
    EXPECT_EQ(value(sample), std::to_string(counts[i])) << sample;
  }
}

TEST(SensorMetrics, KeepTheirNames) { EXPECT_EQ(metrics::test::faults("sensor", sensor_families()), ""); }

TEST(SensorMetrics, EachSampleStandsOnceAndBehindItsHead) {
  for (const Format format : {Format::kOpenMetrics, Format::kPrometheus})
    EXPECT_EQ(metrics::test::misplaced(sensor_metrics(figures(), format)), "");
}

TEST(SensorMetrics, SayWhatTheTotalsSay) {
  const SensorFigures f = figures();
  const Totals& t = f.totals;
  const std::pair<std::string_view, std::uint64_t> kPlain[] = {
      {"picket_packets_received_total", t.received},
      {"picket_received_bytes_total", t.received_bytes},
      {"picket_port_lost_packets_total{reason=\"missed\"}", t.port_missed},
      {"picket_port_lost_packets_total{reason=\"errors\"}", t.port_errors},
      {"picket_port_lost_packets_total{reason=\"no_buffer\"}", t.port_no_buffer},
      {"picket_records_not_summarised_total", t.not_summarised},
      {"picket_records_late_total", t.late},
      {"picket_output_lost_records_total{output=\"a.json\"}", t.failed_outputs[0].second},
      {"picket_output_lost_records_total{output=\"collector \\\"b\\\"\"}", t.failed_outputs[1].second},
      {"picket_rules_loaded", t.rules_loaded},
      {"picket_rules_rejected", t.rules_rejected},
      {"picket_rules_epoch", t.rules_epoch},
      {"picket_rule_reloads_total", t.reloads},
      {"picket_rule_reloads_failed_total", t.reloads_failed},
      {"picket_alerts_suppressed_total", t.suppressed},
      {"picket_flows_total", t.flows_created},
      {"picket_flows_active", t.flows_active},
      {"picket_flows_peak", t.flows_peak},
      {"picket_flows_evicted_total", t.flows_evicted},
      {"picket_datagrams_reassembled_total", t.datagrams},
      {"picket_datagrams_incomplete_total", t.fragments_incomplete},
      {"picket_files_followed_total", t.files},
      {"picket_files_refused_total", t.files_refused},
      {"picket_files_cut_total", t.files_cut},
      {"picket_frames_followed_total", t.frames},
      {"picket_frames_refused_total", t.frames_refused},
      {"picket_assets_known", t.assets.known},
      {"picket_inventory_total{count=\"told\"}", t.assets.told},
      {"picket_inventory_total{count=\"evicted\"}", t.assets.evicted},
      {"picket_inventory_total{count=\"outside\"}", t.assets.outside},
      {"picket_inventory_total{count=\"evidence_left_out\"}", t.assets.left_out},
      {"picket_inventory_total{count=\"waiting_dropped\"}", t.assets.waiting_dropped},
      {"picket_inventory_total{count=\"scopes_refused\"}", t.assets.scopes_refused},
      {"picket_memory_peak_bytes", t.peak_rss_bytes},
      {"picket_pool_peak_bytes", t.pool_peak_bytes},
      {"picket_pool_refused_total", t.pool_refused},
      {"picket_workers", t.workers},
  };
  for (const auto& [sample, n] : kPlain) EXPECT_EQ(value(sample), std::to_string(n)) << sample;
  EXPECT_EQ(value("picket_clock_seconds"), "1700000001.5");
  EXPECT_EQ(value("picket_sensor_info{sensor=\"plant-7\"}"), "1");

  expect_each("picket_packets_total", "verdict", kVerdicts, t.verdicts);
  expect_each("picket_decode_events_total", "event", kDecodeEvents, t.decode_events);
  expect_each("picket_stream_events_total", "event", kStreamEvents, t.stream_events);
  expect_each("picket_app_events_total", "event", kAppEvents, t.app_events);
  expect_each("picket_detection_total", "count", detect::kDetectStats, t.detection);
  for (std::size_t i = 0; i < kStageNames.size(); ++i)
    EXPECT_EQ(value("picket_stage_cycles_total{stage=\"" + std::string(kStageNames[i]) + "\"}"),
              std::to_string(t.stage_cycles[i]));
  for (std::size_t i = 0; i < t.records.size(); ++i) {
    const std::string type = "{type=\"" + std::string(record_kind_name(static_cast<RecordKind>(i))) + "\"}";
    EXPECT_EQ(value("picket_records_made_total" + type), std::to_string(t.records[i].made));
    EXPECT_EQ(value("picket_records_delivered_total" + type), std::to_string(t.records[i].delivered));
    EXPECT_EQ(value("picket_records_lost_total" + type), std::to_string(t.records[i].lost));
    EXPECT_EQ(value("picket_records_summarised_total" + type), std::to_string(t.summarised[i]));
  }
  for (std::size_t i = 0; i < t.protocols.size(); ++i) {
    const std::string protocol = "{protocol=\"" + std::string(protocols()[i]->name) + "\"}";
    EXPECT_EQ(value("picket_protocol_flows_total" + protocol), std::to_string(t.protocols[i][0]));
    EXPECT_EQ(value("picket_protocol_transactions_total" + protocol), std::to_string(t.protocols[i][1]));
    EXPECT_EQ(value("picket_protocol_events_total" + protocol), std::to_string(t.protocols[i][2]));
  }
}

TEST(SensorMetrics, SayWhatBecameOfOrdersAndIndicators) {
  EXPECT_EQ(value("picket_indicators{type=\"domain\"}"), "5");
  EXPECT_EQ(value("picket_indicators{type=\"url\"}"), "2");
  EXPECT_EQ(value("picket_indicators_epoch"), "3");
  EXPECT_EQ(value("picket_intel_total{count=\"lookups\"}"), "900");
  EXPECT_EQ(value("picket_intel_total{count=\"hits\"}"), "8");
  EXPECT_EQ(value("picket_intel_total{count=\"epoch\"}"), "") << "a level is no count";
  EXPECT_EQ(value("picket_orders_total{result=\"applied\"}"), "") << "none are taken";
  OrderCounters c;
  c.applied = 4;
  c.refused = 2;
  c.ended_calls = 1;
  SensorFigures f = figures();
  f.orders = &c;
  const std::string all = sensor_metrics(f, Format::kOpenMetrics);
  EXPECT_EQ(metrics::test::value_of(all, "picket_orders_total{result=\"applied\"}"), "4");
  EXPECT_EQ(metrics::test::value_of(all, "picket_orders_total{result=\"refused\"}"), "2");
  EXPECT_EQ(metrics::test::value_of(all, "picket_orders_ended_calls_total"), "1");
}

TEST(SensorMetrics, SayHowDeliveryDoes) {
  delivery::DeliveryCounters c;
  std::uint64_t n = 100;
  for (delivery::LaneCounters& l : c.lanes) {
    for (auto* field : {&l.made, &l.spooled, &l.batches, &l.acknowledged, &l.owed}) *field = ++n;
    l.oldest_sealed_at = ++n * 1'000'000'000;
  }
  for (auto& m : c.missing) m = ++n;
  for (auto* field :
       {&c.sent_batches, &c.sent_bytes, &c.connections, &c.failed_connections, &c.refused_batches,
        &c.write_errors, &c.removed_refused, &c.connected, &c.spool_bytes, &c.memory_bytes})
    *field = ++n;
  SensorFigures f;
  f.delivery = &c;
  f.collectors = ++n;
  f.spool_limit_bytes = ++n;
  const std::string all = sensor_metrics(f, Format::kOpenMetrics);
  n = 100;
  const auto expect_next = [&](const std::string& sample) {
    EXPECT_EQ(metrics::test::value_of(all, "picket_delivery_" + sample), std::to_string(++n)) << sample;
  };
  for (const char* lane : {"alert", "transaction", "flow", "statistics"}) {
    for (const char* name : {"made_records_total", "spooled_records_total", "batches_total",
                             "acknowledged_records_total", "owed_records", "oldest_seconds"})
      expect_next(name + std::string("{lane=\"") + lane + "\"}");
  }
  for (const char* reason : {"unknown", "no_room", "spool_full", "spool_damaged", "sensor_ended", "refused"})
    expect_next(std::string("missing_records_total{reason=\"") + reason + "\"}");
  for (const char* name :
       {"sent_batches_total", "sent_bytes_total", "connections_total", "failed_connections_total",
        "refused_batches_total", "write_errors_total", "removed_refused_files_total", "connected",
        "spool_bytes", "memory_bytes", "collectors", "spool_limit_bytes"})
    expect_next(name);
}

// Or it would look as if its collector were away for ever.
TEST(SensorMetrics, SayNothingOfCollectorsWhereFilesAreWrittenAlone) {
  const delivery::DeliveryCounters c;
  SensorFigures f;
  f.delivery = &c;
  const std::string all = sensor_metrics(f, Format::kOpenMetrics);
  for (const char* name : {"picket_delivery_connected", "picket_delivery_collectors"})
    EXPECT_EQ(all.find(name), std::string::npos) << name;
  EXPECT_EQ(metrics::test::value_of(all, "picket_delivery_owed_records{lane=\"flow\"}"), "0");
}

TEST(SensorMetrics, SayHowConnectionsDo) {
  tls::Counters counters;
  metrics::test::fill(counters);
  SensorFigures f;
  f.tls = &counters;
  EXPECT_EQ(metrics::test::lacks_tls(sensor_metrics(f, Format::kOpenMetrics)), "");
}

// A scrape of a sensor without inventory, failed outputs and measured stages has no samples of them.
TEST(SensorMetrics, LeaveOutWhatIsNotThere) {
  const std::string all = sensor_metrics({}, Format::kOpenMetrics);
  for (const char* name : {"picket_assets_known", "picket_inventory", "picket_output_lost", "picket_stage",
                           "picket_tls", "picket_delivery"})
    EXPECT_EQ(all.find(name), std::string::npos) << name;
  EXPECT_EQ(all.substr(all.size() - 6), "# EOF\n");
}

}  // namespace
}  // namespace picket
