// Records from a sensor's output to acknowledged, with a collector in the same process that only reads and acknowledges:
// what the sensor's end costs. Each record is 250 bytes, as flows and transactions are.
//
//   BM_ToSpool      write() until sealed in the spool: what the export thread and the sealer take
//   BM_Acknowledged write() until acknowledged
//   BM_Replay       a spool that was filled during an outage, until acknowledged
#include <benchmark/benchmark.h>

#include <thread>

#include "export/delivery/delivery_sink.h"
#include "export/delivery/test_collector.h"

namespace picket::delivery {
namespace {

/// Acknowledges whatever comes.
class Acknowledger final : public v1::Collector::Service {
 public:
  Acknowledger() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    builder.SetMaxReceiveMessageSize(20 << 20);
    server_ = builder.BuildAndStart();
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  grpc::Status Deliver(grpc::ServerContext*, grpc::ServerReaderWriter<v1::Ack, v1::Batch>* stream) override {
    v1::Batch batch;
    while (stream->Read(&batch)) {
      v1::Ack ack;
      ack.set_boot(batch.boot());
      ack.set_lane(batch.lane());
      ack.set_durable_through_seq(batch.first_seq() + batch.count() - 1);
      if (!stream->Write(ack)) break;
    }
    return grpc::Status::OK;
  }
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

const std::vector<std::string>& records() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (std::uint64_t n = 0; n < 4096; ++n) made.push_back(test::record(n, test::kind_of(n), 160));
    return made;
  }();
  return all;
}

Options options_for(const std::string& collector, const std::string& folder) {
  Options o;
  o.collectors = {collector};
  o.spool_folder = folder;
  o.spool_max_bytes = std::uint64_t{64} << 30;
  o.spool_fsync = Fsync::kOff;
  return o;
}

void write_many(RecordSink& sink, std::uint64_t count) {
  for (std::uint64_t n = 1; n <= count; ++n) {
    sink.write({n, test::kind_of(n - 1), as_bytes(records()[(n - 1) % records().size()])});
    if (n % 4096 == 0) sink.tick();
  }
}

constexpr std::uint64_t kRecords = 1'000'000;

void to_spool(benchmark::State& state) {
  for (auto _ : state) {
    test::Folder folder;
    Options o = options_for("127.0.0.1:1", folder.file("spool"));
    o.patience = std::chrono::milliseconds(0);
    o.wait = true;
    auto sink = std::move(open_delivery_sink(o)).value();
    write_many(*sink, kRecords);
    sink->close();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kRecords) * state.iterations());
}

void acknowledged(benchmark::State& state) {
  Acknowledger collector;
  for (auto _ : state) {
    test::Folder folder;
    auto sink = std::move(open_delivery_sink(options_for(collector.address(),
                                                         state.range(0) != 0 ? folder.file("spool") : "")))
                    .value();
    write_many(*sink, kRecords);
    sink->close();
    if (sink->delivered() != kRecords) state.SkipWithError("not all was delivered");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kRecords) * state.iterations());
}

void replay(benchmark::State& state) {
  Acknowledger collector;
  for (auto _ : state) {
    state.PauseTiming();
    test::Folder folder;
    Options o = options_for("127.0.0.1:1", folder.file("spool"));
    o.patience = std::chrono::milliseconds(0);
    {
      auto sink = std::move(open_delivery_sink(o)).value();
      write_many(*sink, kRecords);
      sink->close();
    }
    o = options_for(collector.address(), folder.file("spool"));
    state.ResumeTiming();
    auto sink = std::move(open_delivery_sink(o)).value();
    sink->close();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kRecords) * state.iterations());
}

BENCHMARK(to_spool)->Name("BM_ToSpool")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(acknowledged)
    ->Name("BM_Acknowledged")
    ->ArgName("on_disk")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(replay)->Name("BM_Replay")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace picket::delivery

BENCHMARK_MAIN();
