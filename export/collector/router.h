// export/collector/router.h — from connections and files to every sink, and back: a batch is answered once every durable
// sink has it
//
//   Source ──> Router: room? open_batch() ──> a SinkLine of each sink: queue, one thread, group commit ──> Sink::store()
//      └<──────────────────────── answer ────────────────────────────────────────┘
//
// Lines    sinks of one name are the lines of one, which waits for its server in several threads at once. Each sensor's lane
//          has its line of each sink, for good: so a chain is in one place, and in order
// Order    batches of a source and lane reach each sink, and are answered, in the order in which they came. After one that was
//          refused nothing of its source is taken any more. Of different origins and chains, alerts go first.
// Fairness who floods with alerts leaves a quarter of each queue's turns, and of the room, to others that wait (alerts_first.h)
// Memory   opened batches take at most max_bytes, what they count by type included, all queues together, the last eighth of it alerts alone. Who finds no
//          room is told when there is some, in turn; until then he keeps his batch and reads no further. A durable sink
//          that is down so stops everybody in the end, and loses nothing; one that is not durable may hold an eighth,
//          and is left out beyond, counted.
// Threads  take() from any; a Source is called from a sink's thread, or from take()
#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "export/collector/alerts_first.h"
#include "export/collector/chain.h"
#include "export/collector/dead_letters.h"
#include "export/collector/sink.h"
#include "export/collector/tally.h"

namespace picket::collector {

/// What became of a batch.
struct Answer {
  enum class Kind : std::uint8_t {
    kDurable,    ///< every durable sink has it
    kMalformed,  ///< by itself it cannot be taken
    kUnproven,  ///< nothing shows that it is the sensor's: sent again with another signature, it may be taken
    kRefused,   ///< it does not belong to what is here
  } kind = Kind::kDurable;
  ChainId chain;
  std::uint64_t through = 0;  ///< number of the batch's last record
  std::string why;            ///< unless kDurable: which batch of whom, and what is wrong with it
};

/// Who brings batches: one connection, or one batch of a file.
class Source {
 public:
  /// `origin`: by which way chains come, where several sources are one way; 0: this one is a way of its own.
  explicit Source(std::uint64_t origin = 0) : origin_(origin != 0 ? origin : new_origin()) {}
  /// No other of this process ever has it.
  static std::uint64_t new_origin() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
  virtual ~Source() = default;
  /// For log lines: "ipv4:127.0.0.1:4711", a file's name.
  [[nodiscard]] virtual std::string text() const = 0;
  /// Of one batch, in order.
  virtual void answer(const Answer& answer) = 0;
  /// take() had no room, and has it now. Called once; not from inside take(). False: it is not needed any more, and
  /// the next in line is told. True: take() is called again soon, or Router::decline().
  virtual bool room() = 0;

 private:
  friend class Item;
  friend class Router;
  friend class SinkLine;
  const std::uint64_t origin_;
  std::atomic<bool> refused_ = false;  ///< one of its batches was
};

struct RouterOptions {
  std::size_t max_bytes = std::size_t{256} << 20;
  std::size_t max_group_bytes =
      std::size_t{4} << 20;  ///< of one store(): nothing of it is answered before all of it is on the disk
  std::chrono::milliseconds first_retry{100}, last_retry{10'000};
  std::chrono::milliseconds tick{1'000};
  BatchLimits batch;
  /// Is the signature of a batch that has one the sensor's? nullptr: nobody can tell, and none counts. Any thread.
  std::function<Status(const v1::Batch&)> verify;
  bool require_signatures = false;  ///< a batch without one is not taken
};

/// A batch on its way: in the queues of sinks, until all have spoken.
class Item;
class SinkLine;

/// How a sink does, all its lines together, for metrics and the log.
struct LineState {
  std::string name;
  bool is_durable = true;
  std::size_t queued_batches = 0, queued_bytes = 0;
  std::uint64_t stored_batches = 0, stored_records = 0, rejected_records = 0, left_out_records = 0;
  std::optional<std::uint64_t> expired_records;  ///< no value: the sink drops none by itself
  std::uint64_t failures = 0;                    ///< attempts that did not succeed and are made again
  /// When something was stored last, since 1970; 0: not yet. Of lines for which batches wait, the one that is furthest behind.
  std::uint64_t stored_at_ns = 0;
  std::string trouble;  ///< what stands in its way; "" when it works

  /// With another line of the same sink.
  LineState& operator+=(const LineState& other);
};

class Router {
 public:
  /// `dead_letters` outlives it.
  Router(std::vector<std::unique_ptr<Sink>> sinks, DeadLetters& dead_letters, const RouterOptions& options);
  ~Router();  ///< stop()
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Checks the batch and hands it on. False: there is no room, nothing was done; room() will be called. After stop()
  /// it is false for ever.
  [[nodiscard]] bool take(const std::shared_ptr<Source>& source, const v1::Batch& batch);

  /// A source said that it needs the room that it was told of, and does not any more: the next in line is told.
  void decline();

  /// Each sink ends with the group at hand; what waits is dropped without an answer.
  void stop();

  /// One of each sink.
  [[nodiscard]] std::vector<LineState> sinks() const;
  [[nodiscard]] std::size_t held_bytes() const;
  /// What came, and what became of it.
  [[nodiscard]] Tally& tally() noexcept { return tally_; }

 private:
  friend class Item;
  void give_back(std::size_t bytes);
  [[nodiscard]] Result<bool> is_signed(const v1::Batch& batch) const;

  RouterOptions options_;
  Tally tally_;
  mutable std::mutex mutex_;
  std::size_t held_bytes_ = 0;
  bool stopped_ = false;
  static constexpr std::size_t kPruneAt = 64;
  struct Waiting {
    std::weak_ptr<Source> source;
    std::size_t bytes;
  };
  [[nodiscard]] bool has_room(std::size_t bytes, bool is_alert) const noexcept;
  [[nodiscard]] bool is_alerts_turn() const noexcept;
  void others_came() noexcept;
  std::deque<Waiting>* next_waiting();
  void wait(const std::shared_ptr<Source>& source, std::size_t bytes, bool is_alert);
  std::deque<Waiting> waiting_alerts_, waiting_others_;
  std::size_t told_others_ = 0;  ///< they have not come yet; until then they wait
  AlertsFirst turns_;
  std::size_t prune_at_ = kPruneAt;  ///< so many wait, and sources that are gone are looked for
  std::vector<std::vector<std::unique_ptr<SinkLine>>> sinks_;  ///< the lines of each
};

}  // namespace picket::collector
