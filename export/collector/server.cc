#include "export/collector/server.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <mutex>
#include <set>

#include "export/collector/orders/order_desk.h"
#include "export/endpoint.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket::collector {
namespace {

constexpr std::chrono::seconds kStopPatience{5};

grpc::StatusCode status_code(Refusal r) {
  switch (r) {
    case Refusal::kMalformed:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case Refusal::kChain:
      return grpc::StatusCode::DATA_LOSS;
    case Refusal::kNotNow:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
  }
  return grpc::StatusCode::INTERNAL;
}

class Service final : public v1::Collector::WithCallbackMethod_Command<v1::Collector::Service> {
 public:
  Service(const ServerOptions& options, Store& store)
      : limits_(options.batch), store_(store), orders_(options.orders) {}

  OrderDesk::Reactor* Command(grpc::CallbackServerContext* context) override {
    if (orders_ == nullptr)
      return OrderDesk::refuse(grpc::StatusCode::UNIMPLEMENTED,
                               "this collector has no orders (key `orders`)");
    return orders_->call(context->peer(), std::nullopt);
  }

  grpc::Status Deliver(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::Ack, v1::Batch>* stream) override {
    v1::Batch batch;
    std::string sensor;
    while (stream->Read(&batch)) {
      if (sensor != batch.sensor()) {
        sensor = batch.sensor();
        spdlog::info("sensor '{}' from {}: boot {:016x}, from record {} on", printable(sensor),
                     context->peer(), batch.boot(), batch.first_seq());
      }
      const auto records = open_batch(batch, limits_);
      if (!records)
        return refuse(context, batch, grpc::StatusCode::INVALID_ARGUMENT, records.error().message);
      if (batch.lane() != v1::LANE_ALL)  // its numbers and gaps are not those of the store's ledger
        return refuse(context, batch, grpc::StatusCode::UNIMPLEMENTED, "this version takes no lanes");
      const Appended done = store_.append(batch, records.value());
      if (done.kind == Appended::Kind::kRefused)
        return refuse(context, batch, status_code(done.refusal), done.why);
      if (!done.remark.empty()) spdlog::warn("{}", done.remark);
      v1::Ack ack;
      ack.set_boot(batch.boot());
      ack.set_durable_through_seq(done.through);
      if (!stream->Write(ack)) break;
    }
    return grpc::Status::OK;
  }

 private:
  /// A name from the network, fit for a log line.
  static std::string printable(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text.substr(0, 128);
  }
  static grpc::Status refuse(grpc::ServerContext* context, const v1::Batch& batch, grpc::StatusCode code,
                             const std::string& why) {
    spdlog::error("batch refused: sensor '{}' from {}, records from {} on: {}", printable(batch.sensor()),
                  context->peer(), batch.first_seq(), why);
    return {code, why};
  }

  BatchLimits limits_;
  Store& store_;
  OrderDesk* orders_;
};

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServerOptions& options, Store& store)
      : orders_(options.orders), service_(options, store) {}
  ~GrpcServer() override { stop(); }

  Status listen(const ServerOptions& options, const HostPort& at) {
    gpr_set_log_function([](gpr_log_func_args* args) { spdlog::debug("grpc: {}", args->message); });
    grpc::ResourceQuota quota("picket-collector");
    quota.SetMaxThreads(options.max_sensors + 4);
    quota.Resize(static_cast<std::size_t>(options.max_message_bytes) * 8);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(options.max_message_bytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                               0);  // two collectors on one port would share the sensors
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    builder.AddListeningPort(at.text(), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ != nullptr && port_ != 0) return Done{};
    return Error{fmt::format(
        "cannot listen at {}: the port is taken or not allowed; choose another (--listen)", at.text())};
  }
  int port() const override { return port_; }
  void stop() override {
    if (server_ == nullptr) return;
    if (orders_ != nullptr) orders_->end_all();
    server_->Shutdown(std::chrono::system_clock::now() + kStopPatience);
    server_->Wait();
    server_.reset();
  }

 private:
  OrderDesk* orders_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Store& store) {
  const auto at = parse_host_port(options.listen, "--listen");
  if (!at) return at.error();
  if (const Status safe = require_loopback(at.value(), "--listen"); !safe) return safe.error();
  auto server = std::make_unique<GrpcServer>(options, store);
  if (const Status s = server->listen(options, at.value()); !s) return s.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace picket::collector
