#include "export/orders/order_client.h"

#include <fmt/core.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "export/clock.h"
#include "export/log_limit.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"
#include "export/random.h"

namespace picket {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{100};
constexpr std::size_t kMaxRefused = OrderLimits::kSets;

class Call;

struct Event {
  enum class Kind : std::uint8_t { kRead, kWritten, kEnded, kOutcome, kNews } kind = Kind::kRead;
  Call* call = nullptr;
  bool ok = false;
  std::string why{};
  OrderClient::Outcome outcome{};
};

/// Where events wait; outlives the client as long as somebody may still hand one in.
struct Events {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Event> waiting;
  bool stop = false;

  void post(Event e) {
    {
      const std::lock_guard lock(mutex);
      waiting.push_back(std::move(e));
    }
    wake.notify_one();
  }
};

/// One call; the client's thread starts everything, gRPC's only tell it what has ended. A hold keeps the call from
/// ending until the client knows that it is broken. Orders are read here: gRPC takes what it cannot read for the
/// collector's last word, and waits for an end that may never come.
class Call final : public grpc::ClientBidiReactor<v1::SensorStatus, grpc::ByteBuffer> {
 public:
  Call(std::shared_ptr<grpc::Channel> channel, std::shared_ptr<Events> events)
      : channel_(std::move(channel)), events_(std::move(events)) {
    grpc::TemplatedGenericStub<v1::SensorStatus, grpc::ByteBuffer>(channel_).PrepareBidiStreamingCall(
        &context_, fmt::format("/{}/Command", v1::Collector::service_full_name()), {}, this);
    AddHold();
    StartCall();
  }

  void read() {
    reading_ = true;
    StartRead(&in_);
  }
  void write(v1::SensorStatus status) {
    if (over_) return;
    next_ = std::move(status);
    wants_ = true;
    if (!writing_) send();
  }
  void written() {
    writing_ = false;
    if (wants_ && !over_) send();
  }
  /// True: there is another part.
  bool read_done(bool ok) {
    reading_ = false;
    if (ok && grpc::SerializationTraits<v1::Order>::Deserialize(&in_, &part).ok()) return true;
    is_nonsense_ = ok;
    if (ok) context_.TryCancel();
    let_go();
    return false;
  }
  void cancel() {
    context_.TryCancel();
    if (!reading_) let_go();
  }

  void OnReadDone(bool ok) override { events_->post({Event::Kind::kRead, this, ok}); }
  void OnWriteDone(bool ok) override { events_->post({Event::Kind::kWritten, this, ok}); }
  void OnDone(const grpc::Status& s) override {
    const auto events = events_;  // the client may free this call before post() returns
    events->post({Event::Kind::kEnded, this, s.ok(),
                  is_nonsense_ ? "it sent what is no order"
                  : s.ok()     ? "it ended the call"
                               : s.error_message()});
  }

  v1::Order part;  ///< of the client's thread, between a read's end and the next

 private:
  void send() {
    wants_ = false;
    writing_ = true;
    sent_ = std::move(next_);
    StartWrite(&sent_);
  }
  void let_go() {
    if (!std::exchange(over_, true)) RemoveHold();
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<Events> events_;
  grpc::ClientContext context_;
  grpc::ByteBuffer in_;
  v1::SensorStatus next_, sent_;
  bool reading_ = false, writing_ = false, wants_ = false, over_ = false;
  bool is_nonsense_ = false;  ///< what came last
};

struct Peer {
  HostPort at;
  std::unique_ptr<Call> call;
  Clock::time_point retry_at{}, set_deadline{}, forget_at{};
  milliseconds backoff = kFirstBackoff;
  bool said = false;   ///< that it cannot be reached
  bool heard = false;  ///< the call brought a whole set
  std::unique_ptr<OrderFolder::Incoming> incoming;
  bool waits = false;  ///< `incoming` is whole; another set is being loaded
  std::vector<v1::SetState> refused;
};

class Client final : public OrderClient {
 public:
  Client(Options options, OrderFolder& folder, Load load)
      : options_(std::move(options)), folder_(folder), load_(std::move(load)) {
    boot_ = random_bits();
    for (const HostPort& at : options_.collectors) peers_.emplace_back().at = at;
    thread_ = std::thread([this] { run(); });
  }
  ~Client() override {
    {
      const std::lock_guard lock(events_->mutex);
      events_->stop = true;
    }
    events_->wake.notify_one();
    thread_.join();
  }
  std::function<void()> teller() const override {
    return [events = events_] { events->post({Event::Kind::kNews}); };
  }

 private:
  void run();
  Clock::time_point look_after(Clock::time_point now);
  void connect(Peer& peer);
  void ended(Peer& peer, const std::string& why);
  void take(Peer& peer);
  void whole(Peer& peer);
  void refuse(Peer& peer, const v1::Order& part, const std::string& why);
  void settle(const Outcome& outcome);
  void tell(Peer& peer);
  void handle(Event& e);
  /// For what a collector can bring about as often as it likes.
  template <class... T>
  void log(LogLimit& limit, spdlog::level::level_enum level, fmt::format_string<T...> format, T&&... values) {
    if (const auto left_out = limit.allow())
      spdlog::log(level, "orders: {}{}", fmt::format(format, std::forward<T>(values)...),
                  left_out_words(*left_out));
  }

  Options options_;
  OrderFolder& folder_;
  const Load load_;
  std::uint64_t boot_ = 0;
  std::uint32_t epoch_ = 0;
  bool loading_ = false;
  v1::OrderHead loading_head_;
  std::deque<Peer> peers_;
  LogLimit refusals_, calls_;  ///< who floods with one hides nothing of the other
  std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::thread thread_;
};

void Client::run() {
  std::unique_lock lock(events_->mutex);
  while (!events_->stop) {
    lock.unlock();
    const Clock::time_point next = look_after(Clock::now());
    lock.lock();
    events_->wake.wait_until(lock, next, [&] { return events_->stop || !events_->waiting.empty(); });
    while (!events_->waiting.empty() && !events_->stop) {
      Event e = std::move(events_->waiting.front());
      events_->waiting.pop_front();
      lock.unlock();
      handle(e);
      lock.lock();
    }
  }
  lock.unlock();
  for (Peer& p : peers_) {
    if (p.call) p.call->cancel();
  }
  // gRPC holds on to a call until it says that it has ended.
  const auto left = [&] {
    return std::any_of(peers_.begin(), peers_.end(), [](const Peer& p) { return p.call != nullptr; });
  };
  lock.lock();
  while (left()) {
    events_->wake.wait(lock, [&] { return !events_->waiting.empty(); });
    const Event e = std::move(events_->waiting.front());
    events_->waiting.pop_front();
    lock.unlock();
    for (Peer& p : peers_) {
      if (e.call == nullptr || p.call.get() != e.call) continue;
      if (e.kind == Event::Kind::kRead) {
        p.call->read_done(false);
      } else if (e.kind == Event::Kind::kEnded) {
        p.call.reset();
      }
    }
    lock.lock();
  }
}

/// Connects, ends what takes too long, forgets; gives when to look again.
Clock::time_point Client::look_after(Clock::time_point now) {
  Clock::time_point next = now + std::chrono::hours(1);
  for (Peer& p : peers_) {
    if (!p.call && now >= p.retry_at) connect(p);
    if (!p.call) next = std::min(next, p.retry_at);
    if (p.call && p.incoming && !p.waits) {
      if (now >= p.set_deadline) {
        log(calls_, spdlog::level::warn,
            "collector at {}: a set of orders does not come to its end; the call is tried again",
            p.at.text());
        p.incoming.reset();
        p.call->cancel();
      } else {
        next = std::min(next, p.set_deadline);
      }
    }
    if (p.refused.empty()) continue;
    if (now >= p.forget_at) {
      p.refused.clear();
      tell(p);
    } else {
      next = std::min(next, p.forget_at);
    }
  }
  return next;
}

void Client::connect(Peer& peer) {
  auto channel = options_.dial(peer.at);
  if (!channel) return ended(peer, channel.error().message);
  peer.heard = false;
  peer.call = std::make_unique<Call>(std::move(channel).value(), events_);
  peer.call->read();
  tell(peer);
}

void Client::ended(Peer& peer, const std::string& why) {
  ++options_.counters->ended_calls;
  peer.call.reset();
  peer.incoming.reset();
  peer.waits = false;
  if (peer.heard) peer.backoff = kFirstBackoff;
  peer.retry_at = Clock::now() + peer.backoff;
  peer.backoff = std::min(2 * peer.backoff, options_.max_backoff);
  if (std::exchange(peer.said, true)) return;
  const std::string trouble = options_.trouble ? options_.trouble(peer.at) : "";
  log(calls_, spdlog::level::warn, "collector at {}: {}; trying again, what is in use stays", peer.at.text(),
      trouble.empty() ? why : trouble);
}

void Client::handle(Event& e) {
  if (e.kind == Event::Kind::kOutcome) return settle(e.outcome);
  if (e.kind == Event::Kind::kNews) {
    for (Peer& p : peers_) tell(p);
    return;
  }
  for (Peer& p : peers_) {
    if (p.call.get() != e.call) continue;
    switch (e.kind) {
      case Event::Kind::kRead:
        if (p.call->read_done(e.ok)) take(p);
        return;
      case Event::Kind::kWritten:
        return p.call->written();
      default:
        return ended(p, e.why);
    }
  }
}

void Client::take(Peer& peer) {
  const v1::Order& part = peer.call->part;
  if (std::exchange(peer.said, false))
    log(calls_, spdlog::level::info, "collector at {} is there again", peer.at.text());
  if (part.part() == 0) {
    peer.incoming.reset();
    auto begun = folder_.begin(part);
    if (!begun) {
      refuse(peer, part, begun.error().message);
      return peer.call->read();
    }
    peer.incoming = std::move(begun).value();
    if (!peer.incoming) tell(peer);
    peer.set_deadline = Clock::now() + options_.set_patience;
  } else if (peer.incoming) {  // else: the rest of what was refused, or is in use
    if (const Status s = peer.incoming->take(part); !s) {
      v1::Order first;
      first.set_head(peer.incoming->head().SerializeAsString());
      peer.incoming.reset();
      refuse(peer, first, s.error().message);
    }
  }
  if (peer.incoming && peer.incoming->whole()) return whole(peer);
  peer.call->read();
}

void Client::whole(Peer& peer) {
  peer.heard = true;
  peer.waits = loading_;
  if (loading_) return;
  v1::Order first;
  const v1::OrderHead head = peer.incoming->head();
  first.set_head(head.SerializeAsString());
  if (const auto staged = folder_.stage(std::move(peer.incoming)); !staged) {
    refuse(peer, first, staged.error().message);
  } else if (!staged.value()) {
    tell(peer);
  } else {
    loading_ = true;
    loading_head_ = head;
    load_(head.kind(), head.name(), [events = events_](Outcome o) {
      events->post({Event::Kind::kOutcome, nullptr, true, "", std::move(o)});
    });
  }
  peer.call->read();
}

/// The collector has to hear of it, signed or not; it is its own word that is said back.
void Client::refuse(Peer& peer, const v1::Order& part, const std::string& why) {
  ++options_.counters->refused;
  v1::OrderHead head;
  if (part.head().size() > OrderLimits::kHead || !head.ParseFromString(part.head()) ||
      !is_set_name(head.name())) {
    log(refusals_, spdlog::level::warn, "collector at {}: order {} refused: {}", peer.at.text(), part.id(),
        why);
    return;
  }
  log(refusals_, spdlog::level::warn, "order {} of {} '{}' refused: {}", head.id(),
      order_kind_name(head.kind()), head.name(), why);
  v1::SetState state;
  state.set_kind(head.kind());
  state.set_name(head.name());
  state.set_id(head.id());
  state.set_sha256(head.sha256().substr(0, 32));
  state.set_at(now_ns());
  state.set_refused(why.substr(0, OrderFolder::Loaded::kProblemBytes));
  if (peer.refused.empty()) peer.forget_at = Clock::now() + options_.forget;
  if (peer.refused.size() == kMaxRefused) peer.refused.erase(peer.refused.begin());
  peer.refused.push_back(std::move(state));
  tell(peer);
}

void Client::settle(const Outcome& outcome) {
  if (!loading_) return;  // the second load, after one that was refused
  loading_ = false;
  const v1::OrderHead& h = loading_head_;
  std::string refused = outcome.refused;
  if (refused.empty()) {
    if (const Status s = folder_.accept(outcome.loaded); !s) refused = s.error().message;
  }
  if (!refused.empty()) {
    folder_.reject(refused, outcome.loaded);
    // Back to what was: it may be in use, or somebody else's reload may have read it before it was put away.
    load_(h.kind(), h.name(), [](const Outcome&) {});
  }
  ++(refused.empty() ? options_.counters->applied : options_.counters->refused);
  if (refused.empty()) {
    if (h.kind() == v1::ORDER_RULES) epoch_ = outcome.loaded.epoch;
    spdlog::info("orders: order {} of {} '{}' is in use: {}, {} rejected, epoch {}", h.id(),
                 order_kind_name(h.kind()), h.name(),
                 h.withdrawn() ? "withdrawn" : fmt::format("{} loaded", outcome.loaded.loaded),
                 outcome.loaded.rejected, outcome.loaded.epoch);
  } else {
    spdlog::error("orders: order {} of {} '{}' refused: {}; what was in use stays", h.id(),
                  order_kind_name(h.kind()), h.name(), refused);
  }
  for (Peer& p : peers_) tell(p);
  for (Peer& p : peers_) {
    if (p.waits && !loading_) whole(p);
  }
}

void Client::tell(Peer& peer) {
  if (!peer.call) return;
  v1::SensorStatus status;
  status.set_sensor(options_.sensor);
  status.set_boot(boot_);
  status.set_version(options_.version);
  status.set_time(now_ns());
  status.set_rules_epoch(epoch_);
  for (auto& s : folder_.states()) *status.add_sets() = std::move(s);
  for (const auto& s : peer.refused) *status.add_sets() = s;
  peer.call->write(std::move(status));
}

}  // namespace

std::unique_ptr<OrderClient> OrderClient::start(Options options, OrderFolder& folder, Load load) {
  if (options.counters == nullptr) options.counters = std::make_shared<OrderCounters>();
  return std::make_unique<Client>(std::move(options), folder, std::move(load));
}

}  // namespace picket
