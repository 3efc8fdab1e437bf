#include "export/collector/store.h"

#include <fmt/core.h>

#include "export/collector/layout.h"
#include "export/delimited.h"
#include "export/proto/picket/v1/collector.pb.h"

namespace picket::collector {
namespace {

/// Tables of the collector's own; a name that no record type can have.
constexpr const char* kLedger = R"(
  CREATE TABLE IF NOT EXISTS "_chain" (
    sensor TEXT NOT NULL, boot INTEGER NOT NULL, last_seq INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (sensor, boot)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "_received" (
    sensor TEXT NOT NULL, boot INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    PRIMARY KEY (sensor, boot, first_seq)) WITHOUT ROWID;
)";

std::int64_t sql(std::uint64_t v) { return static_cast<std::int64_t>(v); }

Error cannot_open(const std::string& path, const std::string& why) {
  return Error{fmt::format(
      "store '{}': {}; name a file in a folder that exists and may be written to (--store)", path, why)};
}

}  // namespace

/// The last batch of one sensor's boot.
struct Store::Chain {
  std::uint64_t last_seq = 0;
  BatchHash hash{};
};

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  auto db = Db::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  if (!db) return cannot_open(path, db.error().message);
  std::unique_ptr<Store> store(new Store);
  store->db_ = std::move(db).value();
  if (const Status s = store->prepare(); !s) return cannot_open(path, s.error().message);
  return store;
}

Status Store::prepare() {
  // FULL: a commit returns when its bytes are on the disk. An acknowledgement is a promise.
  for (const char* statement :
       {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "BEGIN IMMEDIATE", kLedger}) {
    if (auto s = db_.run(statement); !s) return s;
  }
  if (auto s = create_tables(db_); !s) return s;
  if (auto s = db_.run("COMMIT"); !s) return s;

  std::vector<std::pair<Statement*, std::string>> wanted = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&chain_, "SELECT last_seq, hash FROM \"_chain\" WHERE sensor = ? AND boot = ?"},
      {&set_chain_, "INSERT OR REPLACE INTO \"_chain\" (sensor, boot, last_seq, hash) VALUES (?, ?, ?, ?)"},
      {&known_,
       "SELECT 1 FROM \"_received\" WHERE sensor = ? AND boot = ? AND first_seq <= ? AND last_seq >= ? LIMIT "
       "1"},
      {&extend_, "UPDATE \"_received\" SET last_seq = ? WHERE sensor = ? AND boot = ? AND last_seq = ?"},
      {&new_range_, "INSERT INTO \"_received\" (sensor, boot, first_seq, last_seq) VALUES (?, ?, ?, ?)"},
  };
  insert_.resize(tables().size());
  for (std::size_t t = 0; t < tables().size(); ++t) wanted.emplace_back(&insert_[t], insert_sql(t));
  for (auto& [statement, text] : wanted) {
    auto s = db_.prepare(text);
    if (!s) return s.error();
    *statement = std::move(s).value();
  }
  return Done{};
}

Appended Store::refused(Refusal refusal, std::string why) {
  (void)rollback_.step();
  rollback_.reset();
  Appended a;
  a.kind = Appended::Kind::kRefused;
  a.refusal = refusal;
  a.why = std::move(why);
  return a;
}

/// False: nothing of this boot is here.
Result<bool> Store::load_chain(const v1::Batch& batch, Chain& chain) {
  chain_.bind(1, std::string_view{batch.sensor()});
  chain_.bind(2, sql(batch.boot()));
  const int code = chain_.step();
  if (code == SQLITE_ROW) {
    chain.last_seq = static_cast<std::uint64_t>(chain_.integer(0));
    read_hash(chain_.text(1), chain.hash);
  }
  chain_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_.error()};
  return code == SQLITE_ROW;
}

Result<bool> Store::is_known(const v1::Batch& batch, std::uint64_t through) {
  known_.bind(1, std::string_view{batch.sensor()});
  known_.bind(2, sql(batch.boot()));
  known_.bind(3, sql(batch.first_seq()));
  known_.bind(4, sql(through));
  const int code = known_.step();
  known_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_.error()};
  return code == SQLITE_ROW;
}

Status Store::insert_records(const v1::Batch& batch, const std::string& records, bool& malformed) {
  Row row;
  std::uint64_t seq = batch.first_seq();
  WireReader in(as_bytes(records));
  for (Bytes record; next_delimited(in, record); ++seq) {
    if (!row.read(record)) {
      malformed = true;
      return Error{fmt::format("record {} is not an Event with a type", seq)};
    }
    Statement& insert = insert_[row.table()];
    row.bind(insert, batch.sensor(), batch.boot(), seq, record);
    const int code = insert.step();
    insert.reset();
    if (code != SQLITE_DONE) return Error{db_.error()};
  }
  return Done{};
}

Status Store::add_to_ledger(const v1::Batch& batch, std::uint64_t through) {
  set_chain_.bind(1, std::string_view{batch.sensor()});
  set_chain_.bind(2, sql(batch.boot()));
  set_chain_.bind(3, sql(through));
  set_chain_.bind(4, as_bytes(batch.hash()));
  int code = set_chain_.step();
  set_chain_.reset();
  if (code != SQLITE_DONE) return Error{db_.error()};

  extend_.bind(1, sql(through));
  extend_.bind(2, std::string_view{batch.sensor()});
  extend_.bind(3, sql(batch.boot()));
  extend_.bind(4, sql(batch.first_seq() - 1));
  code = extend_.step();
  extend_.reset();
  if (code != SQLITE_DONE) return Error{db_.error()};
  if (sqlite3_changes(db_.handle()) > 0) return Done{};

  new_range_.bind(1, std::string_view{batch.sensor()});
  new_range_.bind(2, sql(batch.boot()));
  new_range_.bind(3, sql(batch.first_seq()));
  new_range_.bind(4, sql(through));
  code = new_range_.step();
  new_range_.reset();
  if (code != SQLITE_DONE) return Error{db_.error()};
  return Done{};
}

Appended Store::append(const v1::Batch& batch, const std::string& records) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t through = batch.first_seq() + batch.count() - 1;
  Appended done;
  done.through = through;

  const int began = begin_.step();
  begin_.reset();
  if (began != SQLITE_DONE) return refused(Refusal::kNotNow, db_.error());

  Chain chain;
  const auto known_boot = load_chain(batch, chain);
  if (!known_boot) return refused(Refusal::kNotNow, known_boot.error().message);
  if (known_boot.value() && batch.first_seq() <= chain.last_seq) {
    const auto known = is_known(batch, through);
    if (!known) return refused(Refusal::kNotNow, known.error().message);
    if (!known.value()) {
      return refused(Refusal::kChain,
                     fmt::format("records {} to {} come after {}, and are not what was sent before",
                                 batch.first_seq(), through, chain.last_seq));
    }
    (void)rollback_.step();
    rollback_.reset();
    done.kind = Appended::Kind::kKnown;
    return done;
  }
  BatchHash previous{};
  read_hash(batch.previous_hash(), previous);
  const bool starts_in_the_middle = !known_boot.value() && batch.first_seq() > 1;
  if (previous != chain.hash && !starts_in_the_middle) {
    return refused(
        Refusal::kChain,
        fmt::format("record {}: previous_hash is not the hash of the batch before it", batch.first_seq()));
  }
  if (batch.first_seq() > chain.last_seq + 1) {
    done.missing = batch.first_seq() - chain.last_seq - 1;
    done.remark = fmt::format("records {} to {} of sensor '{}' boot {:016x} are missing", chain.last_seq + 1,
                              batch.first_seq() - 1, batch.sensor(), batch.boot());
  }

  bool malformed = false;
  if (const Status s = insert_records(batch, records, malformed); !s) {
    return refused(malformed ? Refusal::kMalformed : Refusal::kNotNow, s.error().message);
  }
  if (const Status s = add_to_ledger(batch, through); !s) return refused(Refusal::kNotNow, s.error().message);
  const int committed = commit_.step();
  commit_.reset();
  if (committed != SQLITE_DONE) return refused(Refusal::kNotNow, db_.error());
  return done;
}

Result<Db> open_store_to_read(const std::string& path) {
  auto db = Db::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
  if (!db)
    return Error{
        fmt::format("store '{}': {}; name the file that `serve` writes (--store)", path, db.error().message)};
  // The first read tells whether this is a store at all.
  if (const Status s = db.value().run("SELECT 1 FROM \"_chain\" LIMIT 1"); !s) {
    return Error{
        fmt::format("store '{}': {}; name the file that `serve` writes (--store)", path, s.error().message)};
  }
  return db;
}

}  // namespace picket::collector
