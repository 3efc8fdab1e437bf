// export/collector/sink.h — a place that records go to: what every sink of a collector promises
//
//   connections, files ──> Router: checks batch, chain and ledger ──> each Sink's queue ──> store()
//                             └<── acknowledged when every durable sink has it ───┘
//
// A sink keeps, together with the records, where each chain stands in it (ChainHead): both or neither are there after
// a crash, so a batch that is sent again, by the sensor or by the router, is stored once. Which sink is behind which
// is the router's business: it gives a sink only what that sink does not have.
//
// Threads  each sink has one thread of the router's, which alone calls its functions
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "export/batch.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/type_counts.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::collector {

/// Numbers of which nobody said that they are not coming: they may come late (files in another order, a second way).
/// All that is needed to take them then, exactly.
struct Hole {
  std::uint64_t first = 0, last = 0;
  BatchHash before{};                      ///< that a batch which begins at `first` has as its previous_hash
  BatchHash after{};                       ///< that chain_after() of a batch which ends at `last` is
  TypeCounts made;                         ///< records before `first`, by type
  TypeCounts types;                        ///< of these numbers; less is known where the sum is smaller
  v1::GapReason reason = v1::GAP_UNKNOWN;  ///< with it they are missing until they come
  bool is_signed = false;                  ///< the sensor's key stands for that
  bool operator==(const Hole&) const = default;
};

/// How far a chain is. A sink keeps all of it.
struct ChainHead {
  static constexpr std::size_t kMaxHoles = 256;
  static constexpr std::size_t kMaxHoleBytes = 256 << 10;  ///< of all holes: heads are copied, and sent

  std::uint64_t through = 0;    ///< the last number that is here, or known to be missing
  BatchHash hash{};             ///< that the next batch has as its previous_hash
  TypeCounts made;              ///< records up to `through`, here and missing, by type
  std::uint64_t newest_ns = 0;  ///< the latest sealed_at
  std::vector<Hole> holes;      ///< by number; beyond either limit, the oldest stays missing for good
  bool operator==(const ChainHead&) const = default;
};

/// Numbers that will not come.
struct Missing {
  std::uint64_t first = 0, last = 0;
  v1::GapReason reason = v1::GAP_UNKNOWN;
  TypeCounts types;        ///< less is known where the sum is smaller than the numbers
  bool is_signed = false;  ///< the sensor's key stands for it; else it is what this collector concludes
  bool operator==(const Missing&) const = default;
};

/// A batch that was checked, and that the sink does not have. It belongs behind the head of its chain; or,
/// with `fills`, into a hole of it.
struct Delivery {
  ChainId chain;
  std::uint64_t first_seq = 0;  ///< of `records`
  std::uint32_t count = 0;      ///< 0: a gap alone
  std::string records;          ///< delimited
  std::vector<Missing>
      missing;  ///< numbers that are missing from now on, beside the records: never any of theirs
  std::optional<Missing>
      fills;        ///< was given as missing before, and is no more: `missing` and the records take its place
  ChainHead after;  ///< where the chain stands with it
  BatchHash hash{};             ///< the batch's own: the same whenever it is sent again
  TypeCounts types;             ///< of the records
  std::uint64_t newest_ns = 0;  ///< the batch's sealed_at; 0: the sensor does not say

  /// A gap over numbers that are all here: nothing is missing, and the chain goes on from another hash, after.hash.
  [[nodiscard]] bool is_turn() const noexcept { return count == 0 && missing.empty(); }
};

/// What a sink holds of a batch that was stored.
struct Held {
  std::uint64_t first_seq = 0;
  std::uint32_t count = 0;
  BatchHash hash{};
  std::optional<BatchHash>
      turn;  ///< that the chain went on from behind it, when that is not `hash`: Delivery::is_turn()
  [[nodiscard]] std::uint64_t last_seq() const noexcept { return first_seq + count - 1; }
};

/// A record that this sink will never take, and why.
struct Rejected {
  ChainId chain;
  std::uint64_t seq = 0;
  std::string reason;
  std::string record;
};

/// Keeps such records where they can be looked at (dead_letters.h); durable on return. The error: not yet, try again.
using Bury = std::function<Status(std::span<const Rejected>)>;

class Sink {
 public:
  explicit Sink(std::string name) : name_(std::move(name)) {}
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// As the configuration and the log call it: "sqlite", "clickhouse" ...
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// False: what it holds is acknowledged by nobody (syslog), and never waited for.
  [[nodiscard]] virtual bool is_durable() const noexcept { return true; }

  /// Where the chain stands here; no value: nothing of it is here.
  [[nodiscard]] virtual Result<std::optional<ChainHead>> head(const ChainId& chain) = 0;

  /// The batch with this number among its records, for telling one that is sent again from another with its numbers.
  /// No value: none is here, or this sink does not keep that.
  [[nodiscard]] virtual Result<std::optional<Held>> held(const ChainId& chain, std::uint64_t seq) {
    (void)chain, (void)seq;
    return std::optional<Held>();
  }

  /// Stores these, in order, with the heads of their chains; all are durable on return. Each follows what the sink
  /// holds of its chain, maybe after a hole that `missing` explains, or lies in a hole of it (`fills`). An error
  /// stores none of them, and says what stands in the way: the router calls again with the same and later ones.
  /// Records that can never be stored count as stored. They are given to `bury` before the others are, some at a time
  /// (rejects.h): an answer that is lost, or a death in between, leaves them buried twice rather than nowhere.
  [[nodiscard]] virtual Status store(std::span<const std::shared_ptr<const Delivery>> deliveries,
                                     const Bury& bury) = 0;

  /// Records that it took and will not hold, for it was too slow: only of one that is not durable. Any thread.
  [[nodiscard]] virtual std::uint64_t left_out() const { return 0; }

  /// Records that it held and dropped since it was opened, because of their age or for want of room. No value: it drops
  /// none by itself. Any thread.
  [[nodiscard]] virtual std::optional<std::uint64_t> expired() const { return std::nullopt; }

  /// Now and then, between store()s: retention, rotation, files that changed.
  virtual void tick() {}

 private:
  std::string name_;
};

}  // namespace picket::collector
