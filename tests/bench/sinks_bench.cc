// tests/bench/sinks_bench.cc — how fast a collector's sinks take records, durable on return
//
//   build/tests/bench/sinks_bench                                       EVE files, in the temporary folder
//   CLICKHOUSE=http://127.0.0.1:8123 build/tests/bench/sinks_bench      and a server that runs, database picket_bench
//
// Kafka is librdkafka's own cluster, in this process: what it takes is in the CPU time.
//
// Flows in deliveries of 1000; the argument is how many deliveries one store() has. `items_per_second` is records,
// `bytes_per_record` what they have before the sink, `cpu_us` the CPU time of this process for a record.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "export/collector/sinks/clickhouse_sink.h"
#include "export/collector/sinks/eve_files_sink.h"
#include "export/collector/sinks/kafka_sink.h"
#include "export/collector/sinks/kafka_test_support.h"
#include "export/delimited.h"
#include "tests/bench/flow_record.h"

namespace picket::collector {
namespace {

constexpr std::uint32_t kPerDelivery = 1000;

/// Deliveries of one chain, made before the clock runs; each round is of a new boot.
class Feed {
 public:
  explicit Feed(std::uint32_t deliveries) {
    for (std::uint32_t i = 0; i < deliveries; ++i) {
      auto d = std::make_shared<Delivery>();
      d->first_seq = std::uint64_t{i} * kPerDelivery + 1;
      d->count = kPerDelivery;
      for (std::uint64_t n = 0; n < kPerDelivery; ++n)
        append_delimited(as_bytes(bench::flow_record(d->first_seq + n)), d->records);
      d->after.through = d->first_seq + kPerDelivery - 1;
      d->after.made["flow"] = d->after.through;
      bytes_ += d->records.size();
      made_.push_back(std::move(d));
    }
  }
  std::vector<std::shared_ptr<const Delivery>> round() {
    ++boot_;
    std::vector<std::shared_ptr<const Delivery>> all;
    for (auto& d : made_) {
      d->chain = {"plant-7", boot_, v1::LANE_FLOW};
      all.push_back(d);
    }
    return all;
  }
  [[nodiscard]] double bytes_per_record() const {
    return static_cast<double>(bytes_) / static_cast<double>(made_.size() * kPerDelivery);
  }

 private:
  std::vector<std::shared_ptr<Delivery>> made_;
  std::uint64_t bytes_ = 0;
  std::uint64_t boot_ = static_cast<std::uint64_t>(::getpid()) << 32;
};

/// Stores rounds; how many records that were.
double run(benchmark::State& state, Sink& sink) {
  Feed feed(static_cast<std::uint32_t>(state.range(0)));
  double records = 0;
  const std::clock_t before = std::clock();
  for (auto _ : state) {
    const auto deliveries = feed.round();
    if (const Status s = sink.store(deliveries, [](auto) { return Status(Done{}); }); !s) {
      state.SkipWithError(s.error().message.c_str());
      break;
    }
    records += static_cast<double>(deliveries.size()) * kPerDelivery;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["bytes_per_record"] = feed.bytes_per_record();
  state.counters["cpu_us"] = 1e6 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / records;
  return records;
}

void eve_files(benchmark::State& state) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("sinks_bench." + std::to_string(::getpid()));
  fs::create_directories(folder);
  auto sink = open_eve_files_sink({.path = folder / "eve.json", .rotate_bytes = 256 << 20, .keep_files = 2});
  if (!sink) return state.SkipWithError(sink.error().message.c_str());
  run(state, *sink.value());
  fs::remove_all(folder);
}
BENCHMARK(eve_files)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();

void clickhouse(benchmark::State& state) {
  const char* url = std::getenv("CLICKHOUSE");
  if (url == nullptr) return state.SkipWithError("name a server: CLICKHOUSE=http://127.0.0.1:8123");
  auto sink = open_clickhouse_sink({.url = url, .database = "picket_bench"});
  if (!sink) return state.SkipWithError(sink.error().message.c_str());
  run(state, *sink.value());
}
BENCHMARK(clickhouse)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();

void kafka(benchmark::State& state) {
  const test::Brokers brokers;
  auto sink = open_kafka_sink({.brokers = brokers.list()});
  if (!sink) return state.SkipWithError(sink.error().message.c_str());
  run(state, *sink.value());
}
BENCHMARK(kafka)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace picket::collector

BENCHMARK_MAIN();
