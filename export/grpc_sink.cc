#include "export/grpc_sink.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "export/batch.h"
#include "export/delimited.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kLastWord{1000};

/// Records of one batch, from the first one on until it is acknowledged.
struct Pending {
  std::uint64_t first_seq = 0;
  std::uint32_t count = 0;
  std::string records;         ///< delimited; empty once sealed
  std::size_t held_bytes = 0;  ///< counted against max_unacked_bytes
  bool sealed = false;
  v1::Batch batch;

  [[nodiscard]] std::uint64_t last_seq() const { return first_seq + count - 1; }
};

/// Will the same bytes be refused again, whenever they are sent?
bool is_final(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::UNIMPLEMENTED:
      return true;
    default:
      return false;
  }
}

std::shared_ptr<grpc::Channel> open_channel(const HostPort& to, milliseconds max_backoff) {
  gpr_set_log_function([](gpr_log_func_args* args) { spdlog::debug("grpc: {}", args->message); });
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // a proxy in the environment is for the web, not for records
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);  // notices a collector that vanished without a word
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, static_cast<int>(kFirstBackoff.count()));
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(kFirstBackoff.count()));
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(max_backoff.count()));
  return grpc::CreateCustomChannel(to.text(), grpc::InsecureChannelCredentials(), args);
}

class GrpcSink final : public RecordSink {
 public:
  GrpcSink(const GrpcSinkOptions& options, HostPort to)
      : RecordSink("--export " + to.text()),
        options_(options),
        to_(std::move(to)),
        channel_(open_channel(to_, options.max_backoff)) {
    while (options_.boot == 0)
      options_.boot = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();
    stub_ = v1::Collector::NewStub(channel_);
  }
  ~GrpcSink() override { close(); }

  [[nodiscard]] bool wait_connected(milliseconds patience) {
    const auto until = Clock::now() + patience;
    do {
      if (channel_->WaitForConnected(std::chrono::system_clock::now() + milliseconds(100))) return true;
    } while (Clock::now() < until && !(options_.interrupted && options_.interrupted()));
    return false;
  }
  void start() {
    thread_ = std::thread([this] {
      deliver();
      const std::lock_guard lock(mutex_);
      over_ = true;
      changed_.notify_all();
    });
  }

  void write(const OutRecord& r) override;
  void tick() override;
  void close() override;
  void abandon() override;

 private:
  using Stream = grpc::ClientReaderWriter<v1::Batch, v1::Ack>;

  void enqueue();  // export thread
  void deliver();  // the sink's thread
  grpc::Status one_stream();
  void send_all(Stream&);
  void read_acks(Stream&);  // the reader's thread
  template <class Done>
  void wait_with_patience(std::unique_lock<std::mutex>& lock, Done done);
  void give_up(std::unique_lock<std::mutex>& lock, const std::string& why);  // any thread, with mutex_ held

  GrpcSinkOptions options_;
  HostPort to_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Collector::Stub> stub_;
  std::thread thread_;

  // The export thread's own: the batch that is being filled.
  std::unique_ptr<Pending> open_;
  Clock::time_point opened_;

  // The sink's thread's own.
  BatchHash chain_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Pending>> queue_;  ///< not acknowledged, oldest first
  std::size_t sent_ = 0;                        ///< how many of them went over the present connection
  std::size_t held_bytes_ = 0;
  bool stream_over_ = false, over_ = false, closing_ = false, gave_up_ = false, said_unreachable_ = false;
  grpc::ClientContext* context_ = nullptr;  ///< of the present connection
  Clock::time_point progress_ =
      Clock::now();  ///< the last acknowledgement, or when there was none to wait for
};

// ---- export thread ----

/// Until `done`, or nothing was acknowledged for too long and the collector is given up.
template <class Done>
void GrpcSink::wait_with_patience(std::unique_lock<std::mutex>& lock, Done done) {
  while (!done() && !gave_up_) {
    const Clock::time_point until = progress_ + options_.patience;
    if (Clock::now() >= until) {
      return give_up(lock, fmt::format("collector at {} has acknowledged nothing for {} ms", to_.text(),
                                       options_.patience.count()));
    }
    changed_.wait_until(lock, until);
  }
}

void GrpcSink::write(const OutRecord& r) {
  if (open_ != nullptr && open_->last_seq() + 1 != r.seq) enqueue();  // a gap ends a batch
  {
    std::unique_lock lock(mutex_);
    const auto room = [&] { return gave_up_ || held_bytes_ < options_.max_unacked_bytes; };
    if (!room() && options_.wait) {
      lock.unlock();
      if (open_ != nullptr) enqueue();
      lock.lock();
      wait_with_patience(lock, room);
    }
    if (gave_up_ || !room()) return settle(r.seq, 1, false);
    held_bytes_ += r.bytes.size();
  }
  if (open_ == nullptr) {
    open_ = std::make_unique<Pending>();
    open_->first_seq = r.seq;
    opened_ = Clock::now();
  }
  append_delimited(r.bytes, open_->records);
  open_->held_bytes += r.bytes.size();
  if (++open_->count >= options_.max_batch_records || open_->records.size() >= options_.max_batch_bytes)
    enqueue();
}

void GrpcSink::tick() {
  if (open_ != nullptr && Clock::now() - opened_ >= options_.max_batch_age) enqueue();
}

void GrpcSink::enqueue() {
  const std::lock_guard lock(mutex_);
  if (gave_up_) {
    settle(open_->first_seq, open_->count, false);
    open_.reset();
    return;
  }
  if (queue_.empty()) progress_ = Clock::now();
  queue_.push_back(std::move(open_));
  changed_.notify_all();
}

void GrpcSink::close() {
  if (!thread_.joinable()) return;
  if (open_ != nullptr) enqueue();
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
    wait_with_patience(lock, [&] { return queue_.empty(); });
    // Everything is acknowledged: the call ends with the collector's last word, which it may never say.
    if (!changed_.wait_for(lock, kLastWord, [&] { return over_; }) && context_ != nullptr)
      context_->TryCancel();
  }
  thread_.join();
}

void GrpcSink::abandon() {
  std::unique_lock lock(mutex_);
  give_up(lock, fmt::format("delivery to the collector at {} was cut short", to_.text()));
}

// ---- the sink's thread ----

void GrpcSink::give_up(std::unique_lock<std::mutex>&, const std::string& why) {
  if (gave_up_) return;
  gave_up_ = true;
  std::uint64_t records = 0;
  for (const auto& p : queue_) {
    records += p->count;
    settle(p->first_seq, p->count, false);
  }
  queue_.clear();
  sent_ = 0;
  held_bytes_ = 0;
  spdlog::error("{}; {} records that wait and all further ones are counted as lost there", why, records);
  if (context_ != nullptr) context_->TryCancel();
  changed_.notify_all();
}

void GrpcSink::deliver() {
  milliseconds backoff = kFirstBackoff;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !queue_.empty() || closing_ || gave_up_; });
      if (gave_up_ || queue_.empty()) return;
    }
    const Clock::time_point before = Clock::now();
    const grpc::Status status = one_stream();
    const std::string reason = status.ok() ? "it ended the call" : status.error_message();
    std::unique_lock lock(mutex_);
    if (gave_up_ || (closing_ && queue_.empty())) return;
    if (progress_ > before) backoff = kFirstBackoff;
    if (is_final(status.error_code())) {
      return give_up(lock, fmt::format("collector at {} refuses the records: {}", to_.text(), reason));
    }
    if (options_.wait && Clock::now() - progress_ >= options_.patience) {
      return give_up(
          lock,
          fmt::format("collector at {} cannot be reached ({}); is `picket-collector serve` running there?",
                      to_.text(), reason));
    }
    if (!said_unreachable_) {
      said_unreachable_ = true;
      spdlog::warn(
          "collector at {} cannot be reached ({}); trying again, is `picket-collector serve` running there?",
          to_.text(), status.error_message());
    }
    changed_.wait_for(lock, backoff, [&] { return closing_ || gave_up_; });
    if (closing_) {  // a last try, unhurried: close() watches the time
      lock.unlock();
      std::this_thread::sleep_for(kFirstBackoff);
    }
    backoff = std::min(2 * backoff, options_.max_backoff);
  }
}

grpc::Status GrpcSink::one_stream() {
  grpc::ClientContext context;
  auto stream = stub_->Deliver(&context);
  {
    const std::lock_guard lock(mutex_);
    context_ = &context;
    stream_over_ = false;
    sent_ = 0;
    if (gave_up_) context.TryCancel();
  }
  std::thread reader([&] { read_acks(*stream); });
  send_all(*stream);
  stream->WritesDone();
  reader.join();
  grpc::Status status = stream->Finish();
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
  return status;
}

void GrpcSink::send_all(Stream& stream) {
  for (;;) {
    std::shared_ptr<Pending> next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return sent_ < queue_.size() || stream_over_ || gave_up_ || (closing_ && queue_.empty());
      });
      if (stream_over_ || gave_up_ || sent_ >= queue_.size()) return;
      next = queue_[sent_++];
    }
    if (!next->sealed) {  // in the order of the queue, so the chain follows it
      next->batch.set_sensor(options_.sensor);
      next->batch.set_boot(options_.boot);
      next->batch.set_first_seq(next->first_seq);
      next->batch.set_count(next->count);
      chain_ = seal_batch(chain_, as_bytes(next->records), options_.compress, next->batch);
      std::string().swap(next->records);
      next->sealed = true;
    }
    if (!stream.Write(next->batch)) return;
  }
}

void GrpcSink::read_acks(Stream& stream) {
  v1::Ack ack;
  while (stream.Read(&ack)) {
    const std::lock_guard lock(mutex_);
    while (ack.boot() == options_.boot && sent_ > 0 &&
           queue_.front()->last_seq() <= ack.durable_through_seq()) {
      const Pending& done = *queue_.front();
      settle(done.first_seq, done.count, true);
      held_bytes_ -= done.held_bytes;
      queue_.pop_front();
      --sent_;
    }
    progress_ = Clock::now();
    if (said_unreachable_) {
      said_unreachable_ = false;
      spdlog::info("collector at {} takes records again", to_.text());
    }
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  stream_over_ = true;
  changed_.notify_all();
}

}  // namespace

Result<std::unique_ptr<RecordSink>> open_grpc_sink(const GrpcSinkOptions& options) {
  auto to = parse_host_port(options.collector, "--export");
  if (!to) return to.error();
  if (const Status safe = require_loopback(to.value(), "--export"); !safe) return safe.error();
  auto sink = std::make_unique<GrpcSink>(options, to.value());
  if (options.wait && !sink->wait_connected(options.patience)) {
    return Error{
        fmt::format("--export: no collector answers at {}; start one there with `picket-collector serve`, or "
                    "write to a file with --records",
                    to.value().text())};
  }
  sink->start();
  return std::unique_ptr<RecordSink>(std::move(sink));
}

}  // namespace picket
