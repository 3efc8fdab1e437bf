#include "export/collector/orders/order_desk.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "export/batch.h"
#include "export/collector/whole_message.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"
#include "export/wire_fields.h"

namespace picket::collector {
namespace {

constexpr std::chrono::seconds kLook{1};
constexpr unsigned kMaxCalls = 2;  // of a sensor: one, and one that ends while the next begins

constexpr std::size_t kMaxSets = 4 * OrderLimits::kSets;  // a sensor tells of three quarters of that
/// A set with a reason and problems of full length is of 2.5 KiB and 17 fields.
constexpr std::size_t kMaxStatus = std::size_t{1} << 20, kMaxFields = 32 * kMaxSets;

class Desk;

/// False, before objects are made of it: it is none, or of more fields than any sensor has to tell.
bool read_status(const grpc::Slice& message, v1::SensorStatus& status) {
  const Bytes bytes = bytes_of(message);
  std::size_t left = kMaxFields;
  const bool few = take_fields(bytes, left, [&](const WireField& f) {
    return f.number != v1::SensorStatus::kSetsFieldNumber || take_fields(f.bytes, left);
  });
  return few && status.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

class Call final : public OrderDesk::Reactor, public std::enable_shared_from_this<Call> {
 public:
  Call(Desk& desk, OrderBook& book, std::string peer, std::optional<std::string> identity)
      : desk_(desk), book_(book), peer_(std::move(peer)), identity_(std::move(identity)) {}

  void start() {
    self_ = shared_from_this();
    StartRead(&in_);
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    pump();
  }
  void end(grpc::StatusCode code, const std::string& why) {
    const std::lock_guard lock(mutex_);
    fail(code, why);
  }

  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    if (!ok) return fail(grpc::StatusCode::OK, "");
    if (in_.Length() > kMaxStatus)
      return fail(grpc::StatusCode::INVALID_ARGUMENT, "a status of more than 1 MiB");
    if (!read_status(take_whole(in_), incoming_))
      return fail(grpc::StatusCode::INVALID_ARGUMENT, "a message that is no SensorStatus");
    take();
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) return fail(grpc::StatusCode::CANCELLED, "the sensor is gone");
    pump();
  }
  void OnCancel() override { end(grpc::StatusCode::CANCELLED, "the sensor is gone"); }
  void OnDone() override;
  /// Whose call it is: the sensor that the certificate names, else the connection.
  [[nodiscard]] const std::string& whose() const noexcept { return identity_ ? *identity_ : peer_; }

 private:
  // With mutex_ held:
  void take();
  void pump();
  bool send_next();
  void fail(grpc::StatusCode code, const std::string& why) {
    if (!status_) status_ = grpc::Status(code, why);
    pump();
  }

  Desk& desk_;
  OrderBook& book_;
  const std::string peer_;
  const std::optional<std::string> identity_;
  std::shared_ptr<Call> self_;
  std::mutex mutex_;
  grpc::ByteBuffer in_, out_;
  v1::SensorStatus incoming_, known_;
  v1::Order part_;
  OrderFile file_;  ///< that is read, or was last
  std::optional<OrderReader> reader_;
  std::optional<v1::OrderHead> sent_;  ///< of which the sensor has still to say what became of it
  std::optional<grpc::Status> status_;
  bool writing_ = false, finished_ = false;
};

class Desk final : public OrderDesk {
 public:
  Desk(OrderBook& book, int max_sensors)
      : book_(book), max_sensors_(static_cast<std::size_t>(max_sensors)), watcher_([this] { watch(); }) {}
  ~Desk() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    stopped_.notify_all();
    watcher_.join();
  }

  Reactor* call(const std::string& peer, std::optional<std::string> identity) override {
    auto call = std::make_shared<Call>(*this, book_, peer, std::move(identity));
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return refuse(grpc::StatusCode::UNAVAILABLE, "the collector is ending");
      if (calls_.size() >= max_sensors_)
        return refuse(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many sensors wait for orders (max-sensors)");
      if (const auto at = calls_of_.find(call->whose()); at != calls_of_.end() && at->second >= kMaxCalls) {
        return refuse(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      fmt::format("a sensor has at most {} calls for orders", kMaxCalls));
      }
      ++calls_of_[call->whose()];
      calls_.insert(call.get());
    }
    call->start();
    return call.get();
  }
  void end_all() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    for (const auto& call : calls()) call->end(grpc::StatusCode::UNAVAILABLE, "the collector is ending");
  }
  void gone(Call* call) {
    const std::lock_guard lock(mutex_);
    calls_.erase(call);
    if (const auto at = calls_of_.find(call->whose()); --at->second == 0) calls_of_.erase(at);
  }

 private:
  std::vector<std::shared_ptr<Call>> calls() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Call>> all;
    for (Call* c : calls_) all.push_back(c->shared_from_this());
    return all;
  }
  void watch() {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, kLook, [this] { return stop_; })) {
      lock.unlock();
      std::vector<std::string> notes;
      const bool changed = book_.look(notes);
      for (const std::string& n : notes) spdlog::warn("orders: {}", n);
      if (changed) {
        for (const auto& call : calls()) call->wake();
      }
      lock.lock();
    }
  }

  OrderBook& book_;
  const std::size_t max_sensors_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::unordered_set<Call*> calls_;
  std::unordered_map<std::string, unsigned> calls_of_;  ///< by whose they are
  std::thread watcher_;                                 // last: it uses the others
};

void Call::take() {
  const std::string& sensor = incoming_.sensor();
  if (sensor.empty() || sensor.size() > BatchLimits{}.max_sensor_name ||
      incoming_.sets_size() > static_cast<int>(kMaxSets))
    return fail(grpc::StatusCode::INVALID_ARGUMENT, "a status without a sensor's name, or of too many sets");
  if ((identity_ && *identity_ != sensor) || (!known_.sensor().empty() && known_.sensor() != sensor))
    return fail(grpc::StatusCode::PERMISSION_DENIED, "a status under another sensor's name");
  known_ = std::move(incoming_);
  incoming_.Clear();
  if (const Status s = book_.keep(known_); !s) spdlog::error("orders: {}", s.error().message);
  if (sent_) {
    for (const v1::SetState& s : known_.sets()) {
      if (s.kind() != sent_->kind() || s.name() != sent_->name() || s.id() < sent_->id()) continue;
      if (s.refused().empty())
        spdlog::info("orders: sensor '{}' has order {} of {} '{}' in use", known_.sensor(), sent_->id(),
                     order_kind_name(sent_->kind()), sent_->name());
      else
        spdlog::warn("orders: sensor '{}' refused order {} of {} '{}'; picket-collector orders says why",
                     known_.sensor(), sent_->id(), order_kind_name(sent_->kind()), sent_->name());
      sent_.reset();
      reader_.reset();  // of a refused set the rest stays here
      break;
    }
  }
  StartRead(&in_);
  pump();
}

/// The next part of the order that is under way, or the first of the next one. False: there is none.
bool Call::send_next() {
  if (!reader_) {
    if (sent_ || known_.sensor().empty()) return false;
    const auto next = book_.pending(known_);
    if (!next) return false;
    spdlog::info("orders: order {} of {} '{}' goes to sensor '{}'", next->head.id(),
                 order_kind_name(next->head.kind()), next->head.name(), known_.sensor());
    sent_ = next->head;
    file_ = *next;
    reader_.emplace(file_.path);
  }
  const auto more = reader_->next(part_);
  if (more && more.value()) return true;
  reader_.reset();
  if (!more) {  // the sensor forgets what it has of it with the call, and comes again for the next one
    spdlog::error("orders: {}", more.error().message);
    book_.damaged(file_);
    fail(grpc::StatusCode::UNAVAILABLE, "the file of an order is damaged");
  }
  return false;
}

void Call::pump() {
  if (finished_ || writing_) return;
  if (!status_ && send_next()) {
    writing_ = true;
    bool own_buffer = false;
    out_.Clear();  // gRPC writes into an empty one alone
    (void)grpc::SerializationTraits<v1::Order>::Serialize(part_, &out_, &own_buffer);
    return StartWrite(&out_);
  }
  if (!status_ || finished_) return;
  finished_ = true;
  Finish(*status_);
}

void Call::OnDone() {
  { const std::lock_guard lock(mutex_); }  // who called Finish() may still hold it
  desk_.gone(this);
  const auto last = std::move(self_);
}

}  // namespace

std::unique_ptr<OrderDesk> OrderDesk::start(OrderBook& book, int max_sensors) {
  return std::make_unique<Desk>(book, max_sensors);
}

OrderDesk::Reactor* OrderDesk::refuse(grpc::StatusCode code, const std::string& why) {
  class Refused final : public Reactor {
   public:
    explicit Refused(const grpc::Status& status) { Finish(status); }
    void OnDone() override { delete this; }
  };
  return new Refused({code, why});
}

}  // namespace picket::collector
