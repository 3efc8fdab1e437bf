// From a sensor's output to the store and back, over gRPC on loopback, all in one process.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <thread>

#include "export/collector/server.h"
#include "export/collector/test_support.h"
#include "export/delivery/delivery_sink.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket::collector {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::lines;

const RecordKind kFlowKind = record_kind(RecordType::kFlow, kNoProtocol);

class DeliverTest : public ::testing::Test {
 protected:
  void start(int port = 0) {
    auto store = Store::open({path_});
    ASSERT_TRUE(store) << store.error().message;
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::move(store).value());
    router_ = std::make_unique<Router>(std::move(sinks), dead_letters_, RouterOptions{});
    ServerOptions options = server_options_;
    options.listen = "127.0.0.1:" + std::to_string(port);
    auto server = Server::start(options, *router_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(server).value();
    port_ = server_->port();
  }
  void stop() {
    server_->stop();
    server_.reset();
    router_.reset();
  }
  delivery::Options options(bool wait = true) const {
    delivery::Options o;
    o.collectors = {"127.0.0.1:" + std::to_string(port_)};
    o.sensor = "plant-7";
    o.wait = wait;
    o.max_batch_age = 20ms;
    o.max_backoff = 200ms;
    o.patience = 5s;
    return o;
  }
  static std::unique_ptr<RecordSink> open(const delivery::Options& o) {
    auto sink = delivery::open_delivery_sink(o);
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(sink).value() : nullptr;
  }
  static void write(RecordSink& sink, std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t n = first; n < first + count; ++n) {
      const std::string record = test::event(n).SerializeAsString();
      sink.write({n, kFlowKind, as_bytes(record)});
    }
  }
  std::size_t stored() const { return lines(ask({.store = path_, .json = true})); }
  /// Waits, with tick()s, until the sink has delivered so many.
  static bool delivered(RecordSink& sink, std::uint64_t n) {
    for (int i = 0; i < 1000 && sink.delivered() < n; ++i) {
      sink.tick();
      std::this_thread::sleep_for(10ms);
    }
    return sink.delivered() == n;
  }
  /// What a sensor of the test's own is told about these batches.
  grpc::Status deliver(const std::vector<v1::Batch>& batches, std::vector<std::uint64_t>& acks) {
    grpc::ChannelArguments local;
    local.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port_),
                                                   grpc::InsecureChannelCredentials(), local);
    const auto stub = v1::Collector::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    auto stream = stub->Deliver(&context);
    for (const auto& b : batches) stream->Write(b);
    stream->WritesDone();
    v1::Ack ack;
    while (stream->Read(&ack)) acks.push_back(ack.durable_through_seq());
    return stream->Finish();
  }

  test::Folder folder_;
  std::string path_ = folder_.file("store.db");
  ServerOptions server_options_;
  DeadLetters dead_letters_{folder_.file("dead"), 1 << 20};
  std::unique_ptr<Router> router_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

TEST_F(DeliverTest, EveryRecordArrivesOnce) {
  start();
  auto o = options();
  o.max_batch_records = 7;
  auto sink = open(o);
  write(*sink, 1, 100);
  sink->close();
  EXPECT_EQ(sink->delivered(), 100U);
  EXPECT_EQ(sink->lost(), 0U);
  EXPECT_EQ(stored(), 100U);
}

TEST_F(DeliverTest, ABatchThatIsOldEnoughGoesOutByItself) {
  start();
  auto sink = open(options());
  write(*sink, 1, 1);
  EXPECT_TRUE(delivered(*sink, 1));
}

TEST_F(DeliverTest, BatchesSentTwiceAreStoredOnce) {
  start();
  test::Sensor sensor;
  const auto first = sensor.batch(1, 10), second = sensor.batch(11, 10);
  std::vector<std::uint64_t> acks;
  EXPECT_TRUE(deliver({first, second, first, second}, acks).ok());
  EXPECT_EQ(acks, (std::vector<std::uint64_t>{10, 20, 10, 20})) << "a known batch is acknowledged, too";
  EXPECT_EQ(stored(), 20U);
}

TEST_F(DeliverTest, SaysWhyABatchIsRefused) {
  start();
  std::vector<std::uint64_t> acks;
  test::Sensor sensor;
  auto changed = sensor.batch(1, 10);
  changed.set_count(9);
  grpc::Status status = deliver({changed}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("whole records"), std::string::npos) << status.error_message();

  test::Sensor good, forged;
  forged.set_chain({1});
  status = deliver({good.batch(1, 10), forged.batch(11, 10)}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(acks, (std::vector<std::uint64_t>{10}));
  EXPECT_EQ(stored(), 10U);
}

TEST_F(DeliverTest, LanesAreAcknowledgedApart) {
  start();
  test::Sensor flows("plant-7", 1, v1::LANE_FLOW), alerts("plant-7", 1, v1::LANE_ALERT);
  std::vector<std::uint64_t> acks;
  EXPECT_TRUE(
      deliver({flows.batch(1, 10), alerts.batch(1, 3), flows.gap(11, 5, v1::GAP_NO_ROOM), flows.batch(16, 5)},
              acks)
          .ok());
  EXPECT_EQ(acks, (std::vector<std::uint64_t>{10, 3, 15, 20}));
  EXPECT_EQ(stored(), 18U);
  EXPECT_EQ(test::ledger(path_).size(), 2U);
}

TEST_F(DeliverTest, SaysWhatItDoesNotKnow) {
  start();
  std::vector<std::uint64_t> acks;
  auto lane = test::Sensor("plant-7", 1, static_cast<v1::Lane>(77)).batch(1, 1);
  grpc::Status status = deliver({lane}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("lane 77 is not known to this version"), std::string::npos)
      << status.error_message();
  auto compression = test::Sensor().batch(1, 1);
  compression.set_compression(static_cast<v1::Compression>(9));
  status = deliver({compression}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("compression 9"), std::string::npos) << status.error_message();
  EXPECT_TRUE(acks.empty());
}

TEST_F(DeliverTest, MoreSensorsThanAllowedAreToldSo) {
  server_options_.max_sensors = 1;
  start();
  auto first = open(options(false));
  write(*first, 1, 1);
  ASSERT_TRUE(delivered(*first, 1)) << "its call goes on";
  std::vector<std::uint64_t> acks;
  const grpc::Status status = deliver({test::Sensor("plant-8").batch(1, 1)}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(status.error_message().find("max-sensors"), std::string::npos) << status.error_message();
}

TEST_F(DeliverTest, ASensorIsOneWhateverLanesItHas) {
  server_options_.max_sensors = 1;
  start();
  auto sink = open(options(false));
  const std::string record = test::event(1).SerializeAsString();
  std::uint64_t n = 0;
  for (const RecordType type :
       {RecordType::kAlert, RecordType::kAnomaly, RecordType::kFlow, RecordType::kStats})
    sink->write({++n, record_kind(type, kNoProtocol), as_bytes(record)});
  EXPECT_TRUE(delivered(*sink, n));
}

TEST_F(DeliverTest, AConnectionHasAFewCallsAndNoMore) {
  start();
  const auto stub = v1::Collector::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                                               grpc::InsecureChannelCredentials()));
  struct Open {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::Batch, v1::Ack>> call;
  };
  const auto call = [&](Open& o, std::uint64_t sensor) {
    o.call = stub->Deliver(&o.context);
    v1::Ack ack;
    return o.call->Write(test::Sensor("plant-" + std::to_string(sensor)).batch(1, 1)) && o.call->Read(&ack);
  };
  std::array<Open, 8> open;
  for (std::size_t i = 0; i < open.size(); ++i) EXPECT_TRUE(call(open[i], i)) << i;
  Open beyond;
  EXPECT_FALSE(call(beyond, 8));
  EXPECT_EQ(beyond.call->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  open[3].context.TryCancel();
  EXPECT_EQ(open[3].call->Finish().error_code(), grpc::StatusCode::CANCELLED);
  bool taken = false;  // the collector hears of it when it does
  for (int i = 0; i < 1000 && !taken; ++i) {
    Open again;
    taken = call(again, 3);
    again.context.TryCancel();
    (void)again.call->Finish();
    if (!taken) std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(taken) << "one that ended makes room";
  for (Open& o : open) o.context.TryCancel();
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (i != 3) (void)open[i].call->Finish();
  }
}

TEST_F(DeliverTest, AMessageThatIsTooLargeIsRefused) {
  start();
  v1::Batch batch;
  batch.set_sensor("plant-7");
  batch.set_records(std::string(std::size_t{21} << 20, 'x'));
  std::vector<std::uint64_t> acks;
  EXPECT_EQ(deliver({batch}, acks).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(DeliverTest, SendsAgainAfterTheCollectorWasAway) {
  start();
  auto o = options(false);
  o.max_batch_records = 5;
  auto sink = open(o);
  write(*sink, 1, 20);
  ASSERT_TRUE(delivered(*sink, 20));
  stop();
  write(*sink, 21, 20);  // nobody listens
  std::this_thread::sleep_for(300ms);
  start(port_);
  ASSERT_TRUE(delivered(*sink, 40));
  write(*sink, 41, 5);
  sink->close();
  EXPECT_EQ(sink->delivered(), 45U);
  EXPECT_EQ(sink->lost(), 0U);
  EXPECT_EQ(stored(), 45U);
}

TEST_F(DeliverTest, SurvivesManyRestartsUnderLoad) {
  start();
  auto o = options(false);
  o.max_batch_records = 20;
  auto sink = open(o);
  std::thread writer([&] {
    for (std::uint64_t n = 0; n < 200; ++n) {
      write(*sink, 1 + n * 10, 10);
      std::this_thread::sleep_for(3ms);
    }
  });
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(120ms);
    stop();
    start(port_);
  }
  writer.join();
  sink->close();
  EXPECT_EQ(sink->delivered(), 2000U);
  EXPECT_EQ(stored(), 2000U);
}

TEST_F(DeliverTest, AReplayWaitsForTheCollector) {
  start();
  auto o = options();
  o.max_unacked_bytes = 2000;  // far less than there is
  o.max_batch_records = 5;
  auto sink = open(o);
  write(*sink, 1, 500);
  sink->close();
  EXPECT_EQ(sink->delivered(), 500U);
  EXPECT_EQ(stored(), 500U);
}

TEST_F(DeliverTest, AReplayGivesUpACollectorThatIsGone) {
  start();
  auto o = options();
  o.patience = 300ms;
  auto sink = open(o);
  write(*sink, 1, 10);
  ASSERT_TRUE(delivered(*sink, 10));
  stop();
  write(*sink, 11, 10);
  sink->close();
  EXPECT_EQ(sink->delivered(), 10U);
  EXPECT_EQ(sink->lost(), 10U);
}

TEST_F(DeliverTest, NamesTheCollectorThatDoesNotAnswer) {
  start();
  auto o = options();
  stop();
  o.patience = 200ms;
  const auto sink = delivery::open_delivery_sink(o);
  ASSERT_FALSE(sink);
  EXPECT_NE(sink.error().message.find(o.collectors[0]), std::string::npos) << sink.error().message;
  EXPECT_NE(sink.error().message.find("picket-collector serve"), std::string::npos);
  o.collectors = {"192.0.2.1:5514"};
  EXPECT_NE(delivery::open_delivery_sink(o).error().message.find("clear text"), std::string::npos);
}

TEST_F(DeliverTest, NamesThePortThatIsTaken) {
  start();
  ServerOptions o;
  o.listen = "127.0.0.1:" + std::to_string(port_);
  const auto second = Server::start(o, *router_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(o.listen), std::string::npos) << second.error().message;
  o.listen = "0.0.0.0:5514";
  EXPECT_NE(Server::start(o, *router_).error().message.find("clear text"), std::string::npos);
}

TEST_F(DeliverTest, ARefusedSensorCountsWhatItCannotDeliver) {
  start();
  auto o = options(false);
  o.boot = 42;
  {
    auto sink = open(o);
    write(*sink, 1, 10);
    sink->close();
  }
  auto again = open(o);  // the same boot again, other content: a copy of the sensor, or a forger
  write(*again, 11, 10);
  again->close();
  EXPECT_EQ(again->delivered(), 0U);
  EXPECT_EQ(again->lost(), 10U);
  EXPECT_EQ(stored(), 10U);
}

}  // namespace
}  // namespace picket::collector
