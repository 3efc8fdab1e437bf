// export/collector/store.h — what the collector keeps: every record once, durable before it is acknowledged
//
// One SQLite file (WAL). A ledger says, per sensor and boot, which numbers are here and where the chain of
// hashes stands; a batch and its ledger are written in one transaction, synced to disk before append()
// returns.
//
//   known number       the batch was sent before: nothing is stored, and it counts as taken
//   next, or after a gap   its previous_hash has to be the hash of the batch before: stored
//   anything else      refused
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "export/batch.h"
#include "export/collector/db.h"

namespace picket::collector {

/// Why a batch was not taken.
enum class Refusal : std::uint8_t {
  kMalformed,  ///< will never be taken
  kChain,      ///< does not follow what is here; will never be taken
  kNotNow,     ///< the store cannot write: disk full, locked; may be taken later
};

struct Appended {
  enum class Kind : std::uint8_t { kStored, kKnown, kRefused } kind = Kind::kStored;
  Refusal refusal = Refusal::kMalformed;
  std::string why;            ///< kRefused
  std::string remark;         ///< worth a line in the log: a gap, a chain that begins in the middle
  std::uint64_t through = 0;  ///< number of the batch's last record
  std::uint64_t missing = 0;  ///< kStored: how many before it never came
};

class Store {
 public:
  /// Makes the file if there is none. The error says what stands in the way, and what would do.
  static Result<std::unique_ptr<Store>> open(const std::string& path);

  /// `records` is what open_batch() gave. Safe from any thread; one batch at a time is written.
  Appended append(const v1::Batch& batch, const std::string& records);

 private:
  struct Chain;

  Store() = default;
  Status prepare();
  Appended refused(Refusal refusal, std::string why);
  Result<bool> load_chain(const v1::Batch& batch, Chain& chain);
  Result<bool> is_known(const v1::Batch& batch, std::uint64_t through);
  Status insert_records(const v1::Batch& batch, const std::string& records, bool& malformed);
  Status add_to_ledger(const v1::Batch& batch, std::uint64_t through);

  std::mutex mutex_;
  Db db_;
  std::vector<Statement> insert_;  ///< by table
  Statement begin_, commit_, rollback_, chain_, set_chain_, known_, extend_, new_range_;
};

/// Opens an existing store for reading only.
Result<Db> open_store_to_read(const std::string& path);

}  // namespace picket::collector
