#include "export/delivery/link.h"

#include <fmt/core.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "export/delivery/flight_limit.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket::delivery {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{100}, kQuick{3000}, kLook{50}, kLastWord{1000}, kIdle{500};
constexpr int kMostPatience = 8;
constexpr milliseconds kLongestAway{std::chrono::hours(1)};
/// Of one call, that the link has not looked at: what a window of batches can be worth, many times over. In bytes, of one.
constexpr std::size_t kMaxAcks = 4096, kMaxAckBytes = 256;

/// Will the same bytes be refused again, whenever they are sent?
bool is_refusal(grpc::StatusCode code) {
  return code == grpc::StatusCode::INVALID_ARGUMENT || code == grpc::StatusCode::DATA_LOSS;
}

class Link final : public OutletThread {
 public:
  Link(LinkOptions options, Spool& spool, DeliveryCounters& counters, std::function<void()> progressed)
      : options_(std::move(options)),
        spool_(spool),
        counters_(counters),
        progressed_(std::move(progressed)),
        standing_(options_.collectors.size()) {
    for (Standing& s : standing_) s.patience.fill(s.away = options_.stalled_after);
    start([this](Lock& lock) { run(lock); });
  }
  ~Link() override { stop(); }

  bool connected() const override {
    const std::lock_guard lock(mutex_);
    return connected_;
  }

 private:
  struct InFlight {
    std::uint64_t boot = 0, last = 0, bytes = 0;
    Clock::time_point sent;
    bool is_owed = true;  ///< false: the word of what was acknowledged, which is no progress
  };
  /// A lane's call. What gRPC's threads and the link's share is under the link's mutex.
  struct Call final : grpc::ClientBidiReactor<v1::Batch, grpc::ByteBuffer> {
    Call(Link& owner, const std::shared_ptr<grpc::Channel>& channel) : link(owner) {
      grpc::TemplatedGenericStub<v1::Batch, grpc::ByteBuffer>(channel).PrepareBidiStreamingCall(
          &context, fmt::format("/{}/Deliver", v1::Collector::service_full_name()), {}, this);
      AddHold();  // until the link lets go: it writes when it likes
      StartRead(&in);
      StartCall();
    }
    /// Read here: gRPC takes what it cannot read for the collector's last word, and waits
    /// for an end that may never come.
    void OnReadDone(bool ok) override {
      v1::Ack ack;
      bool is_ack = ok && in.Length() <= kMaxAckBytes &&
                    grpc::SerializationTraits<v1::Ack>::Deserialize(&in, &ack).ok();
      {
        const std::lock_guard lock(link.mutex_);
        is_ack &= acks.size() < kMaxAcks;
        if (is_ack) {
          acks.push_back(std::move(ack));
        } else {
          broken = true;
          nonsense = ok;
        }
        link.event();
      }
      if (is_ack) return StartRead(&in);
      if (ok) context.TryCancel();
    }
    void OnWriteDone(bool ok) override {
      const std::lock_guard lock(link.mutex_);
      writing = false;
      broken |= !ok;
      link.event();
    }
    void OnDone(const grpc::Status& s) override {
      const std::lock_guard lock(link.mutex_);
      status = s;
      done = true;
      link.event();
    }

    Link& link;
    grpc::ClientContext context;
    grpc::ByteBuffer in;
    std::vector<v1::Ack> acks;
    bool writing = false, broken = false, done = false;
    bool nonsense = false;  ///< it sent what is no Ack, or more of them than there can be
    grpc::Status status;
    // The link's own.
    Frame out;
    std::deque<InFlight> flight;
    std::uint64_t flight_bytes = 0;
    Clock::time_point moved;  ///< something was acknowledged, or sent when nothing was on its way
    bool held = true;
  };
  struct Lane {
    std::unique_ptr<Call> call;
    bool careful = false;  ///< one batch at a time: something was refused
    bool said = false;     ///< what keeps it
    milliseconds backoff = kFirstBackoff;
    Clock::time_point not_before{};
    FlightLimit limit;
  };

  void run(Lock& lock);
  bool connect(Lock& lock);
  bool try_collector(Lock& lock, std::size_t i, Clock::time_point until);
  void serve(Lock& lock);
  void take_acks(Lock& lock, std::size_t lane);
  void call_ended(std::size_t lane);
  bool is_stalled();
  [[nodiscard]] bool is_away(std::size_t collector) const {
    return Clock::now() < standing_[collector].away_until;
  }
  [[nodiscard]] std::size_t earlier_from(std::size_t collector) const;
  void pause(Lane& lane);
  bool send_one(Lock& lock);
  bool earlier_is_back(Lock& lock);
  void probe(Lock& lock, std::size_t i);
  void end_calls(Lock& lock);
  void failed(const std::string& why);
  [[nodiscard]] std::string at() const { return options_.collectors[current_].text(); }

  const LinkOptions options_;
  Spool& spool_;
  DeliveryCounters& counters_;
  const std::function<void()> progressed_;
  bool connected_ = false;  ///< under the mutex

  // The link's thread's own.
  std::size_t current_ = 0;
  std::shared_ptr<grpc::Channel> channel_, probe_;
  std::size_t probe_of_ = 0;
  Clock::time_point probed_{};
  /// A collector that may have stalled.
  struct Standing {
    std::array<milliseconds, kLaneCount> patience{};  ///< for something of the lane to be acknowledged
    milliseconds away{};
    std::size_t stalled = kLaneCount;  ///< the lane for which it was left
    Clock::time_point away_until{};
  };
  std::vector<Standing> standing_;  ///< of each collector
  std::array<Lane, kLaneCount> lanes_;
  bool link_failed_ = false;
  bool none_was_quick_ = false;  ///< of several collectors
  std::string said_;             ///< the trouble that stands in the log; "": that it is over does
};

void Link::failed(const std::string& why) {
  trouble_ = why;
  if (said_ == why) return;
  said_ = why;
  spdlog::warn("collector at {}: {}; trying again", at(), why);
}

void Link::run(Lock& lock) {
  milliseconds backoff = kFirstBackoff;
  while (!stopping_) {
    if (!connect(lock)) {
      counters_.failed_connections.fetch_add(1, std::memory_order_relaxed);
      rest(lock, backoff);
      backoff = std::min(2 * backoff, options_.max_backoff);
      continue;
    }
    const auto since = Clock::now();
    connected_ = true;
    counters_.connections.fetch_add(1, std::memory_order_relaxed);
    counters_.connected.fetch_add(1, std::memory_order_relaxed);
    serve(lock);
    end_calls(lock);
    connected_ = false;
    counters_.connected.fetch_sub(1, std::memory_order_relaxed);
    channel_.reset();
    if (Clock::now() - since > milliseconds(1000)) backoff = kFirstBackoff;
    if (!link_failed_) continue;
    rest(lock, backoff);
    backoff = std::min(2 * backoff, options_.max_backoff);
  }
}

/// The first of the collectors that answers; after one that failed, the next. How long one may take its channel knows,
/// which ends each attempt; but a dead one of several shall not keep records from the next until none was quick.
bool Link::connect(Lock& lock) {
  auto probe = std::move(probe_);
  if (probe != nullptr &&
      probe->GetState(false) == GRPC_CHANNEL_READY) {  // an earlier one that is there again
    channel_ = std::move(probe);
    current_ = probe_of_;
    link_failed_ = false;
    return true;
  }
  const std::size_t n = options_.collectors.size(), from = link_failed_ ? current_ + 1 : 0;
  link_failed_ = false;
  const bool wait = n == 1 || none_was_quick_;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < n; ++i) order.push_back((from + i) % n);
  std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return !is_away(i); });
  for (const std::size_t i : order) {
    if (stopping_) return false;
    const auto until = wait ? Clock::time_point::max() : Clock::now() + kQuick;
    none_was_quick_ = !try_collector(lock, i, until);
    if (!none_was_quick_) return true;
  }
  return false;
}

bool Link::try_collector(Lock& lock, std::size_t i, Clock::time_point until) {
  current_ = i;
  auto channel = unlocked(lock, [&] { return options_.dial(options_.collectors[i]); });
  if (!channel) {
    failed(channel.error().message);
    return false;
  }
  while (!stopping_ && Clock::now() < until) {
    const auto state = unlocked(lock, [&] {
      const auto now = channel.value()->GetState(true);
      if (now != GRPC_CHANNEL_READY && now != GRPC_CHANNEL_TRANSIENT_FAILURE)
        channel.value()->WaitForStateChange(now, std::chrono::system_clock::now() + kLook);
      return now;
    });
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) break;
    if (state != GRPC_CHANNEL_READY) continue;
    channel_ = std::move(channel).value();
    return true;
  }
  const std::string why = unlocked(
      lock, [&] { return options_.trouble ? options_.trouble(options_.collectors[i]) : std::string(); });
  if (!stopping_) failed(why.empty() ? "nobody answers" : why);
  return false;
}

void Link::serve(Lock& lock) {
  for (Lane& lane : lanes_) lane.not_before = {}, lane.backoff = kFirstBackoff, lane.limit = {};
  while (!stopping_ && !link_failed_) {
    event_ = false;
    for (std::size_t i = 0; i < kLaneCount; ++i) {
      Lane& lane = lanes_[i];
      if (lane.call == nullptr) continue;
      take_acks(lock, i);
      if (lane.call->broken && lane.call->held) {
        lane.call->held = false;
        unlocked(lock, [&] { lane.call->RemoveHold(); });
      }
      if (lane.call->done) call_ended(i);
    }
    if (stopping_ || link_failed_) break;
    if (earlier_is_back(lock)) break;
    if (is_stalled()) {
      link_failed_ = true;
      break;
    }
    if (send_one(lock)) continue;
    auto until = Clock::now() + kIdle;
    for (const Lane& lane : lanes_) {
      if (lane.not_before > Clock::now()) until = std::min(until, lane.not_before);
    }
    wait_until(lock, until);
  }
}

void Link::take_acks(Lock& lock, std::size_t lane) {
  Call& call = *lanes_[lane].call;
  if (call.acks.empty()) return;
  const std::vector<v1::Ack> acks = std::exchange(call.acks, {});
  bool progress = false;
  lock.unlock();
  for (const v1::Ack& ack : acks) {
    if (ack.lane() != kLanes[lane]) continue;
    spool_.acknowledge(options_.place, ack.boot(), lane, ack.durable_through_seq());
    std::erase_if(call.flight, [&](const InFlight& f) {
      const bool done = f.boot == ack.boot() && f.last <= ack.durable_through_seq();
      if (!done) return false;
      call.flight_bytes -= f.bytes;
      if (f.is_owed) lanes_[lane].limit.acknowledged(f.sent, Clock::now());
      progress |= f.is_owed;
      return true;
    });
  }
  if (progress) progressed_();
  lock.lock();
  if (!progress) return;
  if (!said_.empty()) spdlog::info("collector at {} takes records again", at());
  said_.clear();
  call.moved = Clock::now();
  Standing& its = standing_[current_];
  its.patience[lane] = options_.stalled_after;
  if (its.stalled == lane) its.away = options_.stalled_after;
  lanes_[lane].careful = false;
  lanes_[lane].backoff = kFirstBackoff;
  lanes_[lane].said = false;
}

void Link::pause(Lane& lane) {
  lane.not_before = Clock::now() + lane.backoff;
  lane.backoff = std::min(2 * lane.backoff, options_.max_backoff);
}

void Link::call_ended(std::size_t i) {
  Lane& lane = lanes_[i];
  const std::unique_ptr<Call> call = std::move(lane.call);
  spool_.rewind(options_.place, i);
  const grpc::Status& status = call->status;
  const std::string why = call->nonsense ? "it sent what is no acknowledgement"
                          : status.ok()  ? "it ended the call"
                                         : status.error_message();
  if (is_refusal(status.error_code()) && !call->flight.empty()) {
    trouble_ = why;
    if (!lane.careful) {
      lane.careful = true;
    } else if (!call->out.batch.has_gap() || call->out.batch.gap().reason() == v1::GAP_ACKNOWLEDGED) {
      spool_.refuse(options_.place, call->out, why);
    } else {
      if (!lane.said)
        spdlog::error("collector at {} refuses a gap of {}: {}; the lane waits, and is tried again", at(),
                      v1::Lane_Name(kLanes[i]), why);
      lane.said = true;
      lane.backoff = options_.max_backoff;
      pause(lane);
    }
    return;
  }
  if (status.ok()) return pause(lane);
  trouble_ = why;
  if (lane.backoff != kFirstBackoff) failed(why);  // once may be chance
  // A collector that is there and cannot take records now: another one may; else this lane tries again by itself.
  if (channel_->GetState(false) != GRPC_CHANNEL_READY || options_.collectors.size() > 1) {
    link_failed_ = true;
  } else {
    pause(lane);
  }
}

/// Begins to write one batch, of the most urgent lane that can. False: none can now.
bool Link::send_one(Lock& lock) {
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    Lane& lane = lanes_[i];
    if (Clock::now() < lane.not_before) continue;
    if (lane.call != nullptr) {
      const Call& c = *lane.call;
      const std::size_t batches = lane.careful ? 1 : options_.window_batches;
      if (c.broken || c.writing || c.flight.size() >= batches || c.flight_bytes >= options_.window_bytes)
        continue;
      if (kLanes[i] != v1::LANE_ALERT && c.flight_bytes >= lane.limit.bytes()) {
        lane.limit.reached();
        continue;
      }
    }
    auto frame = unlocked(lock, [&] {
      auto next = spool_.next(options_.place, i);
      if (next && options_.sign) sign_batch(options_.sign, next->batch);
      if (next && lane.call == nullptr) lane.call = std::make_unique<Call>(*this, channel_);
      return next;
    });
    if (!frame) continue;
    Call& call = *lane.call;
    if (call.flight.empty()) call.moved = Clock::now();
    call.out = std::move(*frame);
    const std::uint64_t bytes = call.out.batch.ByteSizeLong();
    call.flight.push_back({call.out.batch.boot(), call.out.last(), bytes, Clock::now(),
                           call.out.batch.gap().reason() != v1::GAP_ACKNOWLEDGED});
    call.flight_bytes += bytes;
    call.writing = true;
    counters_.sent_batches.fetch_add(1, std::memory_order_relaxed);
    counters_.sent_bytes.fetch_add(bytes, std::memory_order_relaxed);
    unlocked(lock, [&] { call.StartWrite(&call.out.batch); });
    return true;
  }
  return false;
}

/// Where another collector may take what this one leaves lying: does it leave anything? Then it stays alone for a while.
bool Link::is_stalled() {
  for (std::size_t i = 0; i < kLaneCount && options_.collectors.size() > 1; ++i) {
    const Call* call = lanes_[i].call.get();
    Standing& its = standing_[current_];
    milliseconds& patience = its.patience[i];
    if (call == nullptr || call->flight.empty() || Clock::now() - call->moved < patience) continue;
    failed(fmt::format("it is there, and has acknowledged nothing of {} for {} s", v1::Lane_Name(kLanes[i]),
                       std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
    patience = std::min(2 * patience, kMostPatience * options_.stalled_after);
    its.stalled = i;
    its.away_until = Clock::now() + its.away;
    its.away = std::min(2 * its.away, kLongestAway);
    return true;
  }
  return false;
}

/// The first before the present one that may be tried, from there on; the present one: there is none.
std::size_t Link::earlier_from(std::size_t collector) const {
  while (collector < current_ && is_away(collector)) ++collector;
  return collector;
}

/// Failover: is a collector that stands before the present one in the list there again?
bool Link::earlier_is_back(Lock& lock) {
  if (current_ == 0) return false;
  if (probe_ == nullptr) {
    if (Clock::now() - probed_ < options_.return_after) return false;
    probed_ = Clock::now();
    if (const std::size_t first = earlier_from(0); first < current_) probe(lock, first);
  }
  if (probe_ == nullptr) return false;
  const auto state = probe_->GetState(true);
  if (state == GRPC_CHANNEL_READY) {
    spdlog::info("collector at {} is there again", options_.collectors[probe_of_].text());
    return true;
  }
  if (state != GRPC_CHANNEL_TRANSIENT_FAILURE) return false;
  probe_ = nullptr;
  if (const std::size_t next = earlier_from(probe_of_ + 1); next < current_) probe(lock, next);
  return false;
}

void Link::probe(Lock& lock, std::size_t i) {
  probe_of_ = i;
  auto channel = unlocked(lock, [&] { return options_.dial(options_.collectors[i]); });
  if (channel) probe_ = std::move(channel).value();
}

/// What is under way gets a moment to end well, when nothing failed.
void Link::end_calls(Lock& lock) {
  const bool cancel = link_failed_;
  for (Lane& lane : lanes_) {
    if (lane.call == nullptr || !lane.call->held) continue;
    Call& call = *lane.call;
    call.held = false;
    const bool may_end = !cancel && !call.writing && !call.broken && call.flight.empty();
    unlocked(lock, [&] {
      may_end ? call.StartWritesDone() : call.context.TryCancel();
      call.RemoveHold();
    });
  }
  const auto all_done = [&] {
    return std::all_of(lanes_.begin(), lanes_.end(),
                       [](const Lane& l) { return l.call == nullptr || l.call->done; });
  };
  if (!changed_.wait_for(lock, kLastWord, all_done)) {
    for (Lane& lane : lanes_) {
      if (lane.call != nullptr) lane.call->context.TryCancel();
    }
    changed_.wait(lock, all_done);
  }
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    if (lanes_[i].call == nullptr) continue;
    take_acks(lock, i);
    lanes_[i].call.reset();
    spool_.rewind(options_.place, i);
  }
}

}  // namespace

std::unique_ptr<Outlet> start_link(LinkOptions options, Spool& spool, DeliveryCounters& counters,
                                   std::function<void()> progressed) {
  return std::make_unique<Link>(std::move(options), spool, counters, std::move(progressed));
}

}  // namespace picket::delivery
