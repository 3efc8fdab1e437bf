// export/collector/store_ledger.h — the store's ledger: for each chain, what was made, and what became of it
//
//   through = numbers held + missing + expired + rejected       of each chain, always
//
// Statements run in the transaction of whoever calls.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "export/collector/db.h"
#include "export/collector/sink.h"

namespace picket::collector {

/// All tables of the ledger; names that no record type can have.
extern const char* const kLedgerTables;

/// What a sensor says of itself in its statistics.
struct SensorState {
  std::string version;  ///< "": it does not say, or in more than kMaxVersion bytes
  std::uint32_t rules_epoch = 0;
  static constexpr std::size_t kMaxVersion = 64;
};

class StoreLedger {
 public:
  /// `db` outlives it, where it is.
  static Result<StoreLedger> open(Db& db);

  Result<std::optional<ChainHead>> head(const ChainId& chain);
  Result<std::optional<Held>> held(const ChainId& chain, std::uint64_t seq);
  /// The chain's number in the tables; made if it is new.
  Result<std::int64_t> number(const ChainId& chain);

  /// What a delivery says: its batch, what is missing, what is no more.
  Status add(std::int64_t chain, const Delivery& delivery);
  Status set_head(std::int64_t chain, const ChainHead& head, std::uint64_t now_ns);
  Status add_rejected(std::int64_t chain, std::uint64_t records);
  Status drop_batch(std::int64_t chain, std::uint64_t first);
  /// Of record `seq`. An earlier one, that comes late, changes nothing.
  Status set_state(std::int64_t chain, std::uint64_t seq, const SensorState& state);
  /// A block went: its numbers, by type. With it go the batches that had any of them.
  Status add_expired(std::int64_t chain, std::uint64_t first, std::uint64_t last, const TypeCounts& types);
  /// What it takes of the file, about. Reads all of it.
  Result<std::uint64_t> bytes();
  /// The transaction was rolled back.
  void forget() { numbers_.clear(); }

 private:
  enum class Count : std::uint8_t { kMade = 0, kMissing = 1, kBeforeHole = 2, kExpired = 3 };

  StoreLedger() = default;
  Status done(Statement& s);
  Result<TypeCounts> counts(std::int64_t chain, Count what, std::uint64_t first);
  Status set_counts(std::int64_t chain, Count what, std::uint64_t first, const TypeCounts& counts,
                    bool add = false);
  Status set_holes(std::int64_t chain, const std::vector<Hole>& holes);

  Db* db_ = nullptr;
  std::map<ChainId, std::int64_t> numbers_;
  Statement find_, insert_, set_, rejected_, held_, add_batch_, drop_batches_, drop_batch_, set_turn_,
      drop_turns_, add_missing_, drop_missing_, holes_, clear_holes_, set_hole_, counts_, clear_counts_,
      drop_counts_, set_count_, add_count_, set_state_, bytes_;
};

/// "spool full" of GAP_SPOOL_FULL.
std::string reason_words(v1::GapReason reason);

/// A chain as the ledger has it, for people and metrics.
struct LedgerRow {
  ChainId chain;
  std::uint64_t through = 0;
  BatchHash hash{};
  std::uint64_t newest_ns = 0;  ///< the latest sealed_at; 0: the sensor does not say
  std::uint64_t seen_ns = 0;    ///< when something was last stored, by the collector's clock
  std::uint64_t rejected = 0;
  TypeCounts made, expired;
  std::map<std::string, TypeCounts> missing;  ///< by reason
  std::map<std::string, std::uint64_t>
      missing_numbers;  ///< by reason: where types are not known, this is more
  std::map<std::string, std::uint64_t> unsigned_numbers;  ///< of them, those that no key stands for
  std::vector<Missing> gaps;                              ///< one by one, by number
  /// Counted from the blocks. Types that this version does not know are called `other` when some of them have expired or were
  /// rejected; else by their names, as in `made`.
  TypeCounts held;
  std::optional<SensorState> state;  ///< by the newest of its statistics; they have a lane of their own
  [[nodiscard]] std::uint64_t missing_sum() const;
};

/// All chains, by sensor, boot, lane. Reads every block's row, not its records.
Result<std::vector<LedgerRow>> read_ledger(Db& db);

}  // namespace picket::collector
