#include "export/collector/metrics.h"

#include <gtest/gtest.h>

#include "export/metrics/test_support.h"

namespace picket::collector {
namespace {

using metrics::Format;

Figures figures() {
  constexpr std::uint64_t kNow = 1'700'000'001'000'000'000;
  Tally t;
  const ChainId flows{"pl\"ant", 7, v1::LANE_FLOW};
  t.batch(flows, BatchFate::kStored, 10, 1000, kNow - 1'500'000'000, kNow);
  t.batch(flows, BatchFate::kKnown, 10, 1000, 0, kNow);
  t.batch(flows, BatchFate::kChain, 10, 1000, 0, kNow);
  t.batch(flows, BatchFate::kMalformed, 10, 1000, 0, kNow);
  t.batch(flows, BatchFate::kWrongSensor, 10, 1000, 0, kNow);
  t.missing(flows, v1::GAP_NO_ROOM, 3);
  t.found(flows, 2);
  t.refused_call();
  t.connected();
  t.connected();
  t.joined("pl\"ant");
  t.joined("pl\"ant");
  Figures f;
  f.version = "1.2.3";
  f.tally = t.state();
  LineState& line = f.sinks.emplace_back();
  line.name = "sqlite";
  line.queued_batches = 11;
  line.queued_bytes = 12;
  line.stored_batches = 13;
  line.stored_records = 14;
  line.rejected_records = 15;
  line.left_out_records = 16;
  line.expired_records = 26;
  line.failures = 17;
  line.stored_at_ns = kNow;
  f.held_bytes = 18;
  f.store_bytes = 4096;
  f.dead_letters = 27;
  f.dead_letters_lost = 28;
  f.intake = IntakeState{.taken = 19,
                         .refused = 20,
                         .late = 21,
                         .removed = 22,
                         .waiting = 23,
                         .missing = 24,
                         .others = 25,
                         .oldest = std::chrono::milliseconds(2500),
                         .trouble = ""};
  return f;
}

TEST(CollectorMetrics, KeepTheirNames) {
  EXPECT_EQ(metrics::test::faults("collector", metric_families()), "");
}

// What increases from nothing is a series that begins: no increase() of Prometheus sees it.
TEST(CollectorMetrics, HaveEachReasonOfALaneBeforeAnythingIsMissing) {
  Tally t;
  t.batch({"plant", 7, v1::LANE_FLOW}, BatchFate::kStored, 10, 1000, 0, 1);
  Figures f;
  f.tally = t.state();
  const std::string all = metrics_text(f, Format::kOpenMetrics);
  for (const char* reason :
       {"unknown", "no_room", "spool_full", "spool_damaged", "sensor_ended", "refused", "acknowledged"}) {
    const std::string sample =
        std::string("picket_collector_missing_records_total{sensor=\"plant\",lane=\"flow\",reason=\"") +
        reason + "\"}";
    EXPECT_EQ(metrics::test::value_of(all, sample), "0") << sample;
  }
}

TEST(CollectorMetrics, SayNothingOfWhatASinkDoesNotDropItself) {
  Figures f;
  f.sinks.emplace_back().name = "kafka";
  EXPECT_EQ(metrics_text(f, Format::kOpenMetrics).find("picket_collector_sink_expired"), std::string::npos);
}

TEST(CollectorMetrics, SayWhatWasCounted) {
  tls::Counters counters;
  metrics::test::fill(counters);
  Figures f = figures();
  f.tls = &counters;
  const std::string all = metrics_text(f, Format::kOpenMetrics);
  EXPECT_EQ(metrics::test::lacks_tls(all), "");
  EXPECT_EQ(metrics::test::misplaced(all), "");
  const std::string sensor = "sensor=\"pl\\\"ant\"", lane = "{" + sensor + ",lane=\"flow\"}",
                    sink = "{sink=\"sqlite\"}";
  const std::pair<std::string, std::string> kExpected[] = {
      {"picket_collector_build_info{version=\"1.2.3\"}", "1"},
      {"picket_collector_batches_total{fate=\"stored\"}", "1"},
      {"picket_collector_batches_total{fate=\"known\"}", "1"},
      {"picket_collector_batches_total{fate=\"chain\"}", "1"},
      {"picket_collector_batches_total{fate=\"malformed\"}", "1"},
      {"picket_collector_batches_total{fate=\"wrong_sensor\"}", "1"},
      {"picket_collector_batches_total{fate=\"signature\"}", "0"},
      {"picket_collector_records_total" + lane, "10"},
      {"picket_collector_received_bytes_total" + lane, "1000"},
      {"picket_collector_missing_records_total{" + sensor + ",lane=\"flow\",reason=\"no_room\"}", "3"},
      {"picket_collector_lag_seconds" + lane, "1.5"},
      {"picket_collector_last_seen_seconds{" + sensor + "}", "1700000001"},
      {"picket_collector_sensors", "1"},
      {"picket_collector_other_batches_total", "0"},
      {"picket_collector_connected", "1"},
      {"picket_collector_connections_total", "2"},
      {"picket_collector_sink_queued_batches" + sink, "11"},
      {"picket_collector_sink_queued_bytes" + sink, "12"},
      {"picket_collector_sink_stored_batches_total" + sink, "13"},
      {"picket_collector_sink_stored_records_total" + sink, "14"},
      {"picket_collector_sink_rejected_records_total" + sink, "15"},
      {"picket_collector_sink_left_out_records_total" + sink, "16"},
      {"picket_collector_sink_expired_records_total" + sink, "26"},
      {"picket_collector_dead_letter_records_total{fate=\"kept\"}", "27"},
      {"picket_collector_dead_letter_records_total{fate=\"lost\"}", "28"},
      {"picket_collector_sink_failures_total" + sink, "17"},
      {"picket_collector_sink_last_success_seconds" + sink, "1700000001"},
      {"picket_collector_store_bytes", "4096"},
      {"picket_collector_held_bytes", "18"},
      {"picket_collector_found_records_total" + lane, "2"},
      {"picket_collector_refused_calls_total", "1"},
      {"picket_collector_intake_files_total{fate=\"stored\"}", "19"},
      {"picket_collector_intake_files_total{fate=\"refused\"}", "20"},
      {"picket_collector_intake_files_total{fate=\"late\"}", "21"},
      {"picket_collector_intake_files_total{fate=\"removed\"}", "22"},
      {"picket_collector_intake_waiting_files", "23"},
      {"picket_collector_intake_missing_files", "24"},
      {"picket_collector_intake_other_files", "25"},
      {"picket_collector_intake_oldest_seconds", "2.5"},
  };
  for (const auto& [sample, value] : kExpected)
    EXPECT_EQ(metrics::test::value_of(all, sample), value) << sample;
  for (const metrics::Family& family : metric_families())
    EXPECT_NE(all.find("\n# HELP " + std::string(family.name) + " "), std::string::npos)
        << family.name << " has no sample";
}

}  // namespace
}  // namespace picket::collector
