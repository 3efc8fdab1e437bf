// export/collector/store.h — the embedded store: one SQLite file that holds every record once, and the ledger
//
//   "flow", "alert" ...  a table a record type, from the schema's descriptors, and "other" for types this version
//                        does not know: a row is a block of records of one chain (record_block.h), with its time
//                        range and a filter of addresses and Community IDs (record_keys.h)
//   "_chain" ...         where each chain stands, its batches, what is missing, expired, rejected, counts by type, and
//                        the sensor's version and rules
//
// Blocks, heads and ledger are written in one transaction, synced to the disk before store() returns (WAL,
// synchronous=FULL). A record's identity is (sensor, boot, lane, number): judge() lets each in once.
//
// Retention  whole blocks, what was stored first goes first: what was stored longer than max_age ago (not what is
//            older: a capture of last year that is replayed today stays), and what is beyond max_bytes. Each record
//            that goes is counted in the ledger as expired. The ledger stays: where it takes so much that blocks
//            would have less than a quarter of max_bytes, they keep that, and the log says so. Half a second at a
//            time, for it is the thread that stores. A clock that is set while the collector runs makes
//            nothing older. Room that is given up is used again; the file does not shrink.
// Cost       tests/bench/store_bench.cc: records/s and bytes a record, beside a row a record
// Refuses    stores of version 0.1, which had a row a record: the text says what to do
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "export/collector/db.h"
#include "export/collector/record_block.h"
#include "export/collector/sink.h"
#include "export/collector/store_ledger.h"

namespace picket::collector {

struct StoreOptions {
  std::string path;
  std::chrono::seconds max_age{0};                ///< 0: for ever
  std::uint64_t max_bytes = 0;                    ///< 0: as much as the disk holds
  std::chrono::milliseconds expire_at_once{500};  ///< of one expire(), while batches wait
};

class Store final : public Sink {
 public:
  /// Makes the file if there is none. The error says what stands in the way, and what would do.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

  Result<std::optional<ChainHead>> head(const ChainId& chain) override;
  Result<std::optional<Held>> held(const ChainId& chain, std::uint64_t seq) override;
  Status store(std::span<const std::shared_ptr<const Delivery>> deliveries, const Bury& bury) override;
  std::optional<std::uint64_t> expired() const override {
    return expired_records_.load(std::memory_order_relaxed);
  }
  void tick() override;
  /// What tick() does once a minute, with a clock of the caller's. False: its time was up, and there is more to drop.
  Result<bool> expire(std::uint64_t now_ns);

 private:
  explicit Store(const StoreOptions& options) : Sink("sqlite"), options_(options) {}
  Status prepare();
  Status in_transaction(const std::function<Status()>& work);
  Status add(std::span<const std::shared_ptr<const Delivery>> deliveries, const Bury& bury);
  Status insert(std::size_t table, std::int64_t chain, const RecordBlock& block, std::uint64_t stored_ns);
  Result<std::uint64_t> used_bytes();
  Result<std::optional<std::size_t>> oldest_table(std::uint64_t& stored_ns);
  /// Adds to `dropped` the records that went.
  Status drop_oldest(std::size_t table, std::uint64_t stored_until_ns, std::uint64_t& dropped);

  StoreOptions options_;
  Db db_;
  std::optional<StoreLedger> ledger_;
  Compressor compressor_;
  std::vector<Statement> insert_, oldest_, read_oldest_, drop_;  ///< by table
  Statement begin_, commit_, rollback_, pages_;
  std::chrono::steady_clock::time_point expired_{};
  std::atomic<std::uint64_t> expired_records_{0};
  bool goes_on_ = false;  ///< the last expire() had more to drop
  std::string trouble_;   ///< of the last expire(), so that it is told once
};

/// Opens an existing store for reading only.
Result<Db> open_store_to_read(const std::string& path);

}  // namespace picket::collector
