// export/collector/sink.h — a place that records go to: what every sink of a collector promises
//
//   connections, files ──> Router: checks batch, chain and ledger ──> each Sink's queue ──> store()
//                             └<── acknowledged when every durable sink has it ───┘
//
// A sink keeps, together with the records, where each chain stands in it (ChainHead): both or neither are there after a
// crash, so a batch that is sent again, by the sensor or by the router, is stored once. Which sink is behind which is the
// router's business: it gives a sink only what that sink does not have.
//
// Threads  each sink has one thread of the router's, which alone calls head() and store()
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "export/batch.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::collector {

/// A row of numbers: the records of one lane of one boot of one sensor.
struct ChainId {
  std::string sensor;
  std::uint64_t boot = 0;
  v1::Lane lane = v1::LANE_ALL;
  auto operator<=>(const ChainId&) const = default;
};

using TypeCounts = std::map<std::string, std::uint64_t, std::less<>>;  ///< by event_type

/// How far a chain is.
struct ChainHead {
  std::uint64_t through = 0;    ///< the last number that is here, or known to be missing
  BatchHash hash{};             ///< that the next batch has as its previous_hash
  TypeCounts made;              ///< records up to `through`, here and missing, by type
  std::uint64_t newest_ns = 0;  ///< the latest sealed_at
};

/// Numbers that will not come.
struct Missing {
  std::uint64_t first = 0, last = 0;
  v1::GapReason reason = v1::GAP_UNKNOWN;
  TypeCounts types;        ///< less is known where the sum is smaller than the numbers
  bool is_signed = false;  ///< the sensor's key stands for it; else it is what this collector concludes
};

/// A batch that was checked and belongs behind the head of its chain.
struct Delivery {
  ChainId chain;
  std::uint64_t first_seq = 0;   ///< of `records`
  std::uint32_t count = 0;       ///< 0: a gap alone
  std::string records;           ///< delimited
  std::vector<Missing> missing;  ///< before the records
  ChainHead after;               ///< where the chain stands with it
  BatchHash hash{};              ///< the batch's own: the same whenever it is sent again
};

/// A record that this sink will never take, and why.
struct Rejected {
  ChainId chain;
  std::uint64_t seq = 0;
  std::string reason;
  std::string record;
};

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

  /// Stores these, in order, with the heads of their chains; all are durable on return. Each follows what the sink holds
  /// of its chain, maybe after a hole that `missing` explains. An error stores none of them, and says what stands in the
  /// way: the router calls again with the same and later ones. Records that can never be stored are put into `rejected`,
  /// and count as stored.
  [[nodiscard]] virtual Status store(std::span<const std::shared_ptr<const Delivery>> deliveries,
                                     std::vector<Rejected>& rejected) = 0;

  /// Now and then, between store()s: retention, rotation, files that changed.
  virtual void tick() {}

 private:
  std::string name_;
};

}  // namespace picket::collector
