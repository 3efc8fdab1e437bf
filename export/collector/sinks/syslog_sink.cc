#include "export/collector/sinks/syslog_sink.h"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

#include "export/collector/sinks/block.h"
#include "export/collector/sinks/syslog_link.h"

namespace picket::collector {
namespace {

constexpr int kLongestPause = 30;  ///< of the first
constexpr std::size_t kMaxHeads = 16'384;

class ThreadedSyslog final : public SyslogSink {
 public:
  ThreadedSyslog(const SyslogOptions& options, std::unique_ptr<SyslogDialer> dialer)
      : SyslogSink("syslog"), options_(options), dialer_(std::move(dialer)), thread_([this] { run(); }) {}
  ~ThreadedSyslog() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (!queue_.empty()) spdlog::warn("syslog {}: {} alerts were not sent", options_.server, queue_.size());
  }

  /// Of this run, and the last kMaxHeads chains: what a router sends twice is told once, hardly ever twice.
  Result<std::optional<ChainHead>> head(const ChainId& chain) override {
    const auto at = heads_.find(chain);
    return at == heads_.end() ? std::nullopt : std::optional{at->second};
  }
  Status store(Deliveries deliveries, const Bury& bury) override;
  void tick() override;
  std::uint64_t left_out() const override { return counts().dropped; }
  SyslogCounts counts() const override {
    const std::lock_guard lock(mutex_);
    return {sent_, dropped_, queue_.size()};
  }

 private:
  void run();
  bool send_one(std::unique_ptr<SyslogLink>& link, std::string& trouble);

  SyslogOptions options_;
  std::unique_ptr<SyslogDialer> dialer_;
  std::map<ChainId, ChainHead> heads_;
  std::uint64_t dropped_told_ = 0;
  mutable std::mutex mutex_;  ///< of what follows
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  std::uint64_t sent_ = 0, dropped_ = 0;
  bool stop_ = false;
  std::thread thread_;  ///< last: it uses all of it
};

Status ThreadedSyslog::store(Deliveries deliveries, const Bury& bury) {
  const auto block = new_block(deliveries, [&](const ChainId& chain) { return head(chain); });
  if (!block) return block.error();
  std::vector<std::string> messages;
  Rejects rejected(bury);
  for (const Delivery* d : block.value().deliveries) {
    each_record(*d, rejected, [&](std::uint64_t, Bytes record) -> std::optional<std::string> {
      std::string message = syslog_message(record, d->chain.sensor);
      if (!message.empty()) messages.push_back(std::move(message));
      return std::nullopt;
    });
  }
  if (auto s = rejected.bury(); !s) return s;
  {
    const std::lock_guard lock(mutex_);
    for (std::string& message : messages) {
      if (queue_.size() < options_.queue) {
        queue_.push_back(std::move(message));
      } else {
        ++dropped_;
      }
    }
  }
  changed_.notify_all();
  if (heads_.size() + block.value().heads.size() > kMaxHeads) heads_.clear();
  for (const auto& [chain, after] : block.value().heads) heads_[chain] = *after;
  return Done{};
}

void ThreadedSyslog::tick() {
  const std::uint64_t dropped = counts().dropped;
  if (dropped != dropped_told_)
    spdlog::warn("syslog {}: {} alerts found no room in the queue and were dropped", options_.server,
                 dropped - dropped_told_);
  dropped_told_ = dropped;
}

/// The front of the queue; it stays there until it is sent. False: the link is gone, or there is none.
bool ThreadedSyslog::send_one(std::unique_ptr<SyslogLink>& link, std::string& trouble) {
  if (link == nullptr) {
    auto made = dialer_->dial();
    if (!made) return trouble = made.error().message, false;
    link = std::move(made).value();
  }
  std::string message;
  {
    const std::lock_guard lock(mutex_);
    message = queue_.front();
  }
  if (const Status s = link->send(message); !s) {
    link.reset();
    return trouble = "syslog " + options_.server + ": " + s.error().message, false;
  }
  const std::lock_guard lock(mutex_);
  queue_.pop_front();
  ++sent_;
  return true;
}

void ThreadedSyslog::run() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);  // OpenSSL writes without MSG_NOSIGNAL
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::unique_ptr<SyslogLink> link;
  std::string trouble, told;
  auto pause = options_.first_pause;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
      if (stop_) return;
    }
    if (send_one(link, trouble)) {
      pause = options_.first_pause;
      told.clear();
      continue;
    }
    if (trouble != told) spdlog::error("{}; it is tried again", trouble);
    told = trouble;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [&] { return stop_; });
    pause = std::min(pause * 2, options_.first_pause * kLongestPause);
  }
}

}  // namespace

Result<std::unique_ptr<SyslogSink>> open_syslog_sink(const SyslogOptions& options) {
  auto dialer = SyslogDialer::make(options);
  if (!dialer) return dialer.error();
  if (options.queue == 0) return Error{"syslog.queue is 0; nothing would be sent: try 10000"};
  return std::unique_ptr<SyslogSink>(std::make_unique<ThreadedSyslog>(options, std::move(dialer).value()));
}

}  // namespace picket::collector
