#include "export/collector/server.h"

#include <fcntl.h>
#include <grpc/support/log.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "export/collector/orders/order_desk.h"
#include "export/collector/whole_message.h"
#include "export/endpoint.h"
#include "export/log_limit.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket::collector {
namespace {

constexpr std::chrono::seconds kStopPatience{5};
constexpr std::size_t kMaxOnTheirWay = 256;
constexpr unsigned kMaxCalls = 8;  // of a connection: a lane each, and one that ends while the next begins
constexpr std::size_t kMaxReason = 512;
constexpr std::size_t kMessagesAtOnce = 8, kConnectionBytes = std::size_t{32} << 10;
constexpr const char* kNobody = "this connection belongs to no sensor that was let in";

grpc::StatusCode status_of(Answer::Kind refusal) {
  return refusal == Answer::Kind::kMalformed  ? grpc::StatusCode::INVALID_ARGUMENT
         : refusal == Answer::Kind::kUnproven ? grpc::StatusCode::UNAUTHENTICATED
                                              : grpc::StatusCode::DATA_LOSS;
}

class Service;

/// One call: reads a batch, hands it on, reads the next. Its own until OnDone(), and of the router's items beyond.
class Call final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                   public Source,
                   public std::enable_shared_from_this<Call> {
 public:
  Call(Service& service, std::string peer, std::optional<std::string> identity)
      : service_(service), peer_(std::move(peer)), identity_(std::move(identity)) {}

  void start() {
    self_ = shared_from_this();
    StartRead(&in_);
  }
  void end(grpc::StatusCode code, const std::string& why) {
    const std::lock_guard lock(mutex_);
    fail(code, why);
  }

  [[nodiscard]] std::string text() const override { return peer_; }
  void answer(const Answer& a) override;
  bool room() override;

  void OnReadDone(bool ok) override {
    if (ok) {
      if (read_batch()) (void)take();
      return;
    }
    const std::lock_guard lock(mutex_);
    half_closed_ = true;
    pump();
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    acks_.pop_front();
    if (!ok) fail(grpc::StatusCode::CANCELLED, "the sensor is gone");
    read_on();
    pump();
  }
  void OnCancel() override { end(grpc::StatusCode::CANCELLED, "the sensor is gone"); }
  void OnDone() override;

 private:
  bool read_batch();
  bool take();
  void retry();
  bool may_come_from_here();
  // With mutex_ held:
  void fail(grpc::StatusCode code, const std::string& why);
  void read_on();
  void pump();

  Service& service_;
  const std::string peer_;
  const std::optional<std::string> identity_;
  std::shared_ptr<Call> self_;
  // Read here, and not by gRPC, which takes what it cannot read for the sensor's last word.
  grpc::ByteBuffer in_, out_;
  v1::Batch batch_;     ///< of the reader: gRPC's thread, or take()
  std::string sensor_;  ///< the last one that was logged, and is counted as connected
  grpc::Alarm retry_;

  std::mutex mutex_;
  std::deque<v1::Ack> acks_;
  std::size_t on_their_way_ = 0;  ///< batches that were taken and not answered
  unsigned taking_ = 0;           ///< in take(), or about to retry(): the call does not end under them
  bool read_waits_ = false, writing_ = false, half_closed_ = false, finished_ = false;
  std::optional<grpc::Status> status_;  ///< that the call is to end with
};

class Service final : public v1::Collector::WithRawCallbackMethod_Deliver<
                          v1::Collector::WithRawCallbackMethod_Command<v1::Collector::Service>> {
 public:
  Service(const ServerOptions& options, Router& router) : options_(options), router_(router) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Deliver(
      grpc::CallbackServerContext* context) override {
    const std::string peer = context->peer();
    std::optional<std::string> identity;
    if (!let_in(peer, identity)) return refuse(grpc::StatusCode::UNAUTHENTICATED, kNobody, peer);
    auto call = std::make_shared<Call>(*this, peer, std::move(identity));
    {
      const std::lock_guard lock(mutex_);
      const auto at = calls_of_.find(peer);
      if (at == calls_of_.end() && calls_of_.size() >= static_cast<std::size_t>(options_.max_sensors)) {
        return refuse(
            grpc::StatusCode::RESOURCE_EXHAUSTED,
            fmt::format("{} sensors are connected, and no more are taken (max-sensors)", calls_of_.size()),
            peer);
      }
      if (at != calls_of_.end() && at->second >= kMaxCalls) {
        return refuse(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      fmt::format("a connection has at most {} calls", kMaxCalls), peer);
      }
      ++calls_of_[peer];
      calls_.insert(call.get());
      router_.tally().connected();
    }
    call->start();
    return call.get();
  }

  OrderDesk::Reactor* Command(grpc::CallbackServerContext* context) override {
    const std::string peer = context->peer();
    std::optional<std::string> identity;
    if (!let_in(peer, identity)) return OrderDesk::refuse(grpc::StatusCode::UNAUTHENTICATED, kNobody);
    if (options_.orders == nullptr)
      return OrderDesk::refuse(grpc::StatusCode::UNIMPLEMENTED,
                               "this collector has no orders (key `orders`)");
    return options_.orders->call(peer, std::move(identity));
  }

  void end_all() {
    if (options_.orders != nullptr) options_.orders->end_all();
    std::vector<std::shared_ptr<Call>> all;
    {
      const std::lock_guard lock(mutex_);
      for (Call* call : calls_) all.push_back(call->shared_from_this());
    }
    for (const auto& call : all) call->end(grpc::StatusCode::UNAVAILABLE, "the collector is ending");
  }
  void gone(Call* call) {
    const std::lock_guard lock(mutex_);
    calls_.erase(call);
    if (const auto at = calls_of_.find(call->text()); --at->second == 0) calls_of_.erase(at);
  }
  Router& router() { return router_; }

  /// A log line for what anybody may bring about, unless there were many.
  template <class... T>
  void log(spdlog::level::level_enum level, fmt::format_string<T...> format, T&&... values) {
    const auto left_out = log_limit_.allow();
    if (!left_out) return;
    spdlog::log(level, "{}{}", fmt::format(format, std::forward<T>(values)...), left_out_words(*left_out));
  }

 private:
  /// `identity`: whom the connection's certificate names; nobody on the loopback port, where there is none.
  bool let_in(const std::string& peer, std::optional<std::string>& identity) const {
    if (!peer.starts_with("unix")) return true;  // nothing but adopted connections has such an address
    if (options_.identity_of) identity = options_.identity_of(peer);
    return identity.has_value();
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* refuse(grpc::StatusCode code,
                                                                      const std::string& why,
                                                                      const std::string& peer) {
    class Refused final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
     public:
      explicit Refused(const grpc::Status& status) { Finish(status); }
      void OnDone() override { delete this; }
    };
    router_.tally().refused_call();
    log(spdlog::level::err, "call from {} refused: {}", peer, why);
    return new Refused({code, why});
  }

  ServerOptions options_;
  Router& router_;
  LogLimit log_limit_;
  std::mutex mutex_;
  std::unordered_set<Call*> calls_;
  std::unordered_map<std::string, unsigned>
      calls_of_;  ///< by peer: a connection is a sensor, whatever lanes it has
};

bool Call::read_batch() {
  const grpc::Slice message = take_whole(in_);
  if (parse_batch(bytes_of(message), {}, batch_)) return true;
  service_.router().tally().batch({}, BatchFate::kMalformed, 0, 0, 0, 0);
  service_.log(spdlog::level::err, "batch refused, from {}: a message that is no Batch", peer_);
  end(grpc::StatusCode::INVALID_ARGUMENT, "a message that is no Batch");
  return false;
}

bool Call::may_come_from_here() {
  if (identity_ && *identity_ != batch_.sensor()) {
    service_.router().tally().batch({}, BatchFate::kWrongSensor, 0, 0, 0, 0);
    const std::string why = fmt::format(
        "{}: comes over the connection of sensor '{}'",
        describe({batch_.sensor(), batch_.boot(), batch_.lane()}, batch_.first_seq()), *identity_);
    service_.log(spdlog::level::err, "batch refused, from {}: {}", peer_, why);
    end(grpc::StatusCode::PERMISSION_DENIED, why);
    return false;
  }
  if (sensor_ == batch_.sensor()) return true;
  service_.router().tally().left(sensor_);
  sensor_ = batch_.sensor();
  service_.router().tally().joined(sensor_);
  service_.log(spdlog::level::info, "sensor '{}' from {}: boot {:016x}, lane {}, from record {} on",
               printable(sensor_), peer_, batch_.boot(), lane_label(batch_.lane()), batch_.first_seq());
  return true;
}

/// False: the call is at its end, and the router was not asked.
bool Call::take() {
  {
    const std::lock_guard lock(mutex_);
    if (finished_ || status_) return false;
    ++taking_;
    ++on_their_way_;
  }
  const bool may = may_come_from_here();
  const bool taken = may && service_.router().take(shared_from_this(), batch_);
  const std::lock_guard lock(mutex_);
  --taking_;
  if (taken) {
    read_waits_ = true;
    read_on();
  } else {
    --on_their_way_;  // room() calls again
  }
  pump();
  return may;
}

bool Call::room() {
  {
    const std::lock_guard lock(mutex_);
    if (finished_ || status_) return false;
    ++taking_;
  }
  // Not in this thread: it is a sink's, or another call's. The alarm keeps what it calls, and is this call's own: were
  // the call in there, it would hold itself for ever.
  retry_.Set(std::chrono::system_clock::now(), [call = weak_from_this()](bool) {
    if (const auto self = call.lock()) self->retry();
  });
  return true;
}

void Call::retry() {
  if (!take()) service_.router().decline();
  const std::lock_guard lock(mutex_);
  --taking_;
  pump();
}

void Call::read_on() {
  if (!read_waits_ || finished_ || status_ || on_their_way_ + acks_.size() >= kMaxOnTheirWay) return;
  read_waits_ = false;
  StartRead(&in_);
}

void Call::answer(const Answer& a) {
  const std::lock_guard lock(mutex_);
  --on_their_way_;
  if (finished_) return;
  if (a.kind != Answer::Kind::kDurable) {
    service_.log(spdlog::level::err, "batch refused, from {}: {}", peer_, a.why);
    return fail(status_of(a.kind), a.why);
  }
  v1::Ack& ack = acks_.emplace_back();
  ack.set_boot(a.chain.boot);
  ack.set_lane(a.chain.lane);
  ack.set_durable_through_seq(a.through);
  pump();
}

void Call::fail(grpc::StatusCode code, const std::string& why) {
  if (!status_) status_ = grpc::Status(code, why.substr(0, kMaxReason));
  pump();
}

/// Writes what is to be acknowledged; ends the call when there is nothing left to say.
void Call::pump() {
  if (finished_ || writing_) return;
  const bool is_gone = status_ && status_->error_code() == grpc::StatusCode::CANCELLED;
  if (!acks_.empty() && !is_gone) {
    writing_ = true;
    bool own_buffer = false;
    out_.Clear();  // gRPC writes into an empty one alone
    (void)grpc::SerializationTraits<v1::Ack>::Serialize(acks_.front(), &out_, &own_buffer);
    StartWrite(&out_);
    return;
  }
  if (taking_ != 0 || (!status_ && !(half_closed_ && on_their_way_ == 0))) return;
  finished_ = true;
  Finish(status_.value_or(grpc::Status::OK));
}

void Call::OnDone() {
  service_.gone(this);
  service_.router().tally().left(sensor_);
  { const std::lock_guard lock(mutex_); }  // whoever called Finish() has let go of it
  const auto last = std::move(self_);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServerOptions& options, Router& router) : service_(options, router) {}
  ~GrpcServer() override { stop(); }

  Status listen(const ServerOptions& options, const std::optional<HostPort>& at) {
    gpr_set_log_function([](gpr_log_func_args* args) { spdlog::debug("grpc: {}", args->message); });
    grpc::ResourceQuota quota("picket-collector");
    // gRPC looks at the size of a message when all of it is here: what holds one that claims a gigabyte is this.
    quota.Resize(static_cast<std::size_t>(options.max_message_bytes) * kMessagesAtOnce +
                 static_cast<std::size_t>(options.max_sensors) * kConnectionBytes);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(options.max_message_bytes);
    const int silence = static_cast<int>(options.silence.count());
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, silence);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, silence / 3);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                               0);  // two collectors on one port would share the sensors
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    if (at) builder.AddListeningPort(at->text(), grpc::InsecureServerCredentials(), &port_);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ != nullptr && (port_ != 0 || !at)) return Done{};
    return Error{
        fmt::format("cannot listen at {}: the port is taken or not allowed; choose another (--listen)",
                    at ? at->text() : "")};
  }
  int port() const override { return port_; }
  void adopt(int fd) override {
    (void)::fcntl(fd, F_SETFL, O_NONBLOCK);
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  }
  void stop() override {
    if (server_ == nullptr) return;
    service_.end_all();
    server_->Shutdown(std::chrono::system_clock::now() + kStopPatience);
    server_->Wait();
    server_.reset();
  }

 private:
  Service service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Router& router) {
  std::optional<HostPort> at;
  if (!options.listen.empty()) {
    const auto parsed = parse_host_port(options.listen, "--listen");
    if (!parsed) return parsed.error();
    if (const Status safe =
            require_loopback(parsed.value(), "--listen", "set tls.listen with certificates instead");
        !safe)
      return safe.error();
    at = parsed.value();
  }
  auto server = std::make_unique<GrpcServer>(options, router);
  if (const Status s = server->listen(options, at); !s) return s.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace picket::collector
