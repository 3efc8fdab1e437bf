// export/collector/sink_line.h — one sink's queue and thread: judges each batch against what the sink holds, stores many at
// once, tries again for ever what fails
//
// Heads    what the sink says of a chain is believed as long as it comes from one origin. Another one is another connection,
//          or another look at a folder of files: the sensor, or its files, may have been at another collector meanwhile,
//          which writes to the same server
//
// Alerts   go before what came earlier, unless it is of their own origin or chain; others that wait have a quarter all
//          the same (alerts_first.h)
// Log      that the sink does not work, with its reason, once; that it works again, once
#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "export/collector/alerts_first.h"
#include "export/collector/router.h"
#include "export/log_limit.h"

namespace picket::collector {

class Item {
 public:
  /// Gives `bytes` back to the router at its end.
  Item(Router& router, std::shared_ptr<Source> source, CheckedBatch batch, std::size_t bytes,
       unsigned durable_lines);
  ~Item();
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;

  [[nodiscard]] const CheckedBatch& batch() const noexcept { return batch_; }
  [[nodiscard]] bool is_alert() const noexcept { return batch_.chain.lane == v1::LANE_ALERT; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::shared_ptr<Source>& source() const noexcept { return source_; }
  /// `made` with the records in it; the same object for sinks that need the same.
  std::shared_ptr<const Delivery> delivery(std::shared_ptr<Delivery> made);
  /// A durable sink has it; `is_new`: it has it from this item.
  void stored(bool is_new);
  /// A sink will not have it: the source is told, unless it was.
  void refuse(const std::string& why);

 private:
  Router& router_;
  std::shared_ptr<Source> source_;
  CheckedBatch batch_;
  std::size_t bytes_;
  void count();

  std::atomic<unsigned> left_;  ///< durable sinks that have not spoken
  std::atomic<bool> is_new_{false};
  std::mutex mutex_;
  std::shared_ptr<const Delivery> delivery_;
};

class SinkLine {
 public:
  SinkLine(std::unique_ptr<Sink> sink, DeadLetters& dead_letters, const RouterOptions& options);
  ~SinkLine();  ///< stop()

  [[nodiscard]] const std::string& name() const noexcept { return sink_->name(); }
  [[nodiscard]] bool is_durable() const noexcept { return sink_->is_durable(); }
  void put(std::shared_ptr<Item> item);
  /// Ends with the group at hand; what waits is dropped. begin_stop() does not wait for that.
  void begin_stop();
  void stop();
  [[nodiscard]] LineState state() const;

 private:
  static constexpr std::size_t kMaxHeads = 16'384;  ///< kept; others are asked for
  struct Known {
    std::uint64_t origin = 0;  ///< of who brought the chain last
    std::optional<ChainHead> head;
  };
  using Heads = std::map<ChainId, Known>;

  void run();
  bool next_group(std::vector<std::shared_ptr<Item>>& group);
  std::deque<std::shared_ptr<Item>>& next_queue();
  std::shared_ptr<Item> pop();
  Status store(const std::vector<std::shared_ptr<Item>>& group);
  Status bury(std::span<const Rejected> rejected);
  Result<std::optional<ChainHead>*> head(const Item& item, Heads& touched);
  bool pause();
  void fails(const std::string& why);
  void works();

  std::unique_ptr<Sink> sink_;
  DeadLetters& dead_letters_;
  RouterOptions options_;

  // The line's thread's own.
  Heads heads_;
  /// Numbers of the group that failed, in order: not buried again with it.
  std::map<ChainId, std::vector<std::uint64_t>> buried_;
  std::chrono::milliseconds retry_{0};  ///< 0: the sink works
  LogLimit remarks_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Item>> alerts_, queue_;
  AlertsFirst turns_;
  std::map<std::uint64_t, std::size_t> in_queue_;  ///< items of queue_ by their origin
  struct Places {
    std::size_t in_alerts = 0, in_queue = 0;
  };
  std::map<ChainId, Places> alert_chains_;  ///< where their items are: those in queue_ came later
  LineState state_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace picket::collector
