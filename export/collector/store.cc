#include "export/collector/store.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

#include "export/clock.h"
#include "export/collector/chain.h"
#include "export/collector/filter.h"
#include "export/collector/layout.h"
#include "export/collector/rejects.h"
#include "export/delimited.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket::collector {
namespace {

constexpr int kVersion = 2;  // PRAGMA user_version; 0.1 had none
constexpr std::chrono::seconds kExpireEvery{60};
constexpr std::size_t kMaxBlock = std::size_t{8} << 20;  // before compression

/// What does not fit into SQLite's integers is far beyond any time and any number that is taken.
std::int64_t sql(std::uint64_t v) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(v, std::numeric_limits<std::int64_t>::max()));
}

Error cannot_open(const std::string& path, const std::string& why) {
  return Error{fmt::format(
      "store '{}': {}; name a file in a folder that exists and may be written to (--store)", path, why)};
}

Result<std::int64_t> ask(Db& db, const char* text) {
  auto s = db.prepare(text);
  if (!s) return s.error();
  if (s.value().step() != SQLITE_ROW) return Error{db.error()};
  return s.value().integer(0);
}

/// An empty file and one of this version are fine.
Status check_version(Db& db) {
  const auto version = ask(db, "PRAGMA user_version");
  if (!version) return version.error();
  if (version.value() == kVersion) return Done{};
  const auto old = ask(db, "SELECT count(*) FROM sqlite_master WHERE name IN ('_received', '_chain')");
  if (!old) return old.error();
  if (version.value() == 0 && old.value() == 0) return Done{};
  return Error{fmt::format(
      "it was written by {} version of picket-collector, whose form this one does not have; keep the file "
      "for that version's `query`",
      version.value() == 0 ? "the first" : "another")};
}

/// No value: this version cannot read it.
std::optional<SensorState> state_of(Bytes statistics) {
  v1::Event event;
  if (!event.ParseFromArray(statistics.data(), static_cast<int>(statistics.size()))) return std::nullopt;
  SensorState state{event.stats().version(), event.rules_epoch()};
  if (state.version.size() > SensorState::kMaxVersion) state.version.clear();
  return state;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  auto db = Db::open(options.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  if (!db) return cannot_open(options.path, db.error().message);
  std::unique_ptr<Store> store(new Store(options));
  store->db_ = std::move(db).value();
  if (const Status s = store->prepare(); !s) return cannot_open(options.path, s.error().message);
  return store;
}

Status Store::prepare() {
  if (auto s = check_version(db_); !s) return s;
  // FULL: a commit returns when its bytes are on the disk. An acknowledgement is a promise.
  for (const std::string& statement :
       {std::string("PRAGMA page_size=8192"), std::string("PRAGMA journal_mode=WAL"),
        std::string("PRAGMA synchronous=FULL"), std::string("BEGIN IMMEDIATE"), std::string(kLedgerTables),
        fmt::format("PRAGMA user_version={}", kVersion)}) {
    if (auto s = db_.run(statement); !s) return s;
  }
  if (auto s = create_tables(db_); !s) return s;
  if (auto s = db_.run("COMMIT"); !s) return s;
  auto ledger = StoreLedger::open(db_);
  if (!ledger) return ledger.error();
  ledger_.emplace(std::move(ledger).value());

  std::vector<std::pair<Statement*, std::string>> wanted = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&pages_,
       "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), "
       "pragma_page_size()"},
  };
  for (auto* statements : {&insert_, &oldest_, &read_oldest_, &drop_}) statements->resize(tables().size());
  for (std::size_t t = 0; t < tables().size(); ++t) {
    const std::string name = quote_name(tables()[t]);
    wanted.emplace_back(&insert_[t], insert_sql(t));
    wanted.emplace_back(&oldest_[t], fmt::format("SELECT stored FROM {} ORDER BY id LIMIT 1", name));
    wanted.emplace_back(
        &read_oldest_[t],
        fmt::format(
            "SELECT id, stored, chain, first, last, count, size, records FROM {} ORDER BY id LIMIT 64",
            name));
    wanted.emplace_back(&drop_[t], fmt::format("DELETE FROM {} WHERE id = ?", name));
  }
  for (auto& [statement, text] : wanted) {
    auto s = db_.prepare(text);
    if (!s) return s.error();
    *statement = std::move(s).value();
  }
  return Done{};
}

Result<std::optional<ChainHead>> Store::head(const ChainId& chain) { return ledger_->head(chain); }
Result<std::optional<Held>> Store::held(const ChainId& chain, std::uint64_t seq) {
  return ledger_->held(chain, seq);
}

Status Store::in_transaction(const std::function<Status()>& work) {
  const int began = begin_.step();
  begin_.reset();
  if (began != SQLITE_DONE) return Error{db_.error()};
  Status s = work();
  if (s) {
    const int committed = commit_.step();
    commit_.reset();
    if (committed == SQLITE_DONE) return s;
    s = Error{db_.error()};
  }
  (void)rollback_.step();
  rollback_.reset();
  ledger_->forget();
  return s;
}

Status Store::store(std::span<const std::shared_ptr<const Delivery>> deliveries, const Bury& bury) {
  return in_transaction([&] { return add(deliveries, bury); });
}

Status Store::add(std::span<const std::shared_ptr<const Delivery>> deliveries, const Bury& bury) {
  Rejects rejected(bury);
  const std::uint64_t now = now_ns(), stored = steady_now_ns();
  const std::size_t statistics_table = table_of("stats");
  std::map<std::pair<std::int64_t, std::size_t>, RecordBlock> blocks;  // by chain and table
  std::map<std::int64_t, const Delivery*> last;
  std::map<std::int64_t, std::pair<std::uint64_t, Bytes>>
      statistics;  // the newest of each chain, and its number
  for (const auto& d : deliveries) {
    const auto chain = ledger_->number(d->chain);
    if (!chain) return chain.error();
    if (auto s = ledger_->add(chain.value(), *d); !s) return s;
    last[chain.value()] = d.get();
    std::uint64_t rejected_here = 0;
    std::uint64_t seq = d->first_seq;
    RecordBlock* block = nullptr;  // records of a type come in runs
    std::size_t table = tables().size();
    WireReader in(as_bytes(d->records));
    for (Bytes record; next_delimited(in, record); ++seq) {
      RecordKeys keys;
      if (!read_keys(record, keys)) {
        rejected.add(d->chain, seq, "not an Event with a type", record);
        ++rejected_here;
        continue;
      }
      if (block == nullptr || table == tables().size() - 1 || keys.type != tables()[table]) {
        table = table_of(keys.type);
        block = &blocks[{chain.value(), table}];
      }
      // A block's first number is its lowest, though what fills a hole may come behind higher ones.
      const bool is_full = block->records.size() + record.size() > kMaxBlock || seq < block->first;
      if (is_full && block->count != 0) {
        if (auto s = insert(table, chain.value(), *block, stored); !s) return s;
        *block = RecordBlock();
      }
      block->add(seq, record, keys);
      if (table == statistics_table) {
        auto& newest = statistics[chain.value()];
        if (seq > newest.first) newest = {seq, record};
      }
    }
    if (rejected_here != 0) {
      if (auto s = ledger_->add_rejected(chain.value(), rejected_here); !s) return s;
      // Nothing of it lies in a block with which its row would go.
      if (rejected_here == d->count) {
        if (auto s = ledger_->drop_batch(chain.value(), d->first_seq); !s) return s;
      }
    }
  }
  for (const auto& [of, block] : blocks) {
    if (auto s = insert(of.second, of.first, block, stored); !s) return s;
  }
  for (const auto& [chain, newest] : statistics) {
    const auto state = state_of(newest.second);
    if (!state) continue;
    if (auto s = ledger_->set_state(chain, newest.first, *state); !s) return s;
  }
  for (const auto& [chain, d] : last) {
    if (auto s = ledger_->set_head(chain, d->after, now); !s) return s;
  }
  return rejected.bury();
}

Status Store::insert(std::size_t table, std::int64_t chain, const RecordBlock& block,
                     std::uint64_t stored_ns) {
  Statement& s = insert_[table];
  int at = 1;
  for (const std::uint64_t v :
       {static_cast<std::uint64_t>(chain), block.first, block.last, block.count, stored_ns, block.since_ns,
        block.until_ns, std::uint64_t{block.records.size()}}) {
    s.bind(at++, sql(v));
  }
  const std::string keys = block.keys.filter();
  const Bytes records = compressor_.compress(block.records);
  if (records.empty()) return Error{"zstd has no memory"};
  s.bind(at++, as_bytes(keys));
  s.bind(at++, records);
  const int code = s.step();
  s.reset();
  if (code != SQLITE_DONE) return Error{db_.error()};
  return Done{};
}

// ---- retention ----

void Store::tick() {
  const auto now = std::chrono::steady_clock::now();
  if (!goes_on_ && now - expired_ < kExpireEvery) return;
  expired_ = now;
  const auto done = expire(steady_now_ns());
  goes_on_ = done && !done.value();
  if (goes_on_) return;
  const std::string trouble = done ? "" : done.error().message;
  if (trouble != trouble_ && !done)
    spdlog::error("store '{}': what is too old or too much cannot be dropped: {}", options_.path, trouble);
  trouble_ = trouble;
}

Result<bool> Store::expire(std::uint64_t now) {
  const auto until = std::chrono::steady_clock::now() + options_.expire_at_once;
  const auto age = static_cast<std::uint64_t>(options_.max_age / std::chrono::nanoseconds{1});
  const std::uint64_t too_old = age != 0 && now > age ? now - age : 0;
  std::optional<std::uint64_t>
      least;  // that all blocks but a quarter of the limit leave: looked up when it matters
  for (;;) {
    const auto used = used_bytes();
    if (!used) return used.error();
    const bool too_large = options_.max_bytes != 0 && used.value() > options_.max_bytes;
    if (too_large && !least) {
      const auto ledger = ledger_->bytes();
      if (!ledger) return ledger.error();
      least = ledger.value() + options_.max_bytes / 4;
    }
    const bool is_the_ledger = too_large && used.value() <= *least;
    const bool drops_for_size = too_large && !is_the_ledger;
    std::uint64_t stored = 0;
    const auto table = oldest_table(stored);
    if (!table) return table.error();
    if (!table.value() || (!drops_for_size && stored >= too_old)) {
      if (!is_the_ledger) return true;
      return Error{
          "the ledger, which says for good what came and what is missing, takes more than three quarters of "
          "store.max-size; raise it, and see with `picket-collector ledger` whose chains have so many gaps"};
    }
    // Of what is too large, the oldest blocks of one table: then it is measured again.
    const std::uint64_t stored_until = drops_for_size ? std::max(stored + 1, too_old) : too_old;
    std::uint64_t dropped = 0;
    if (auto s = in_transaction([&] { return drop_oldest(*table.value(), stored_until, dropped); }); !s)
      return s.error();
    expired_records_.fetch_add(dropped, std::memory_order_relaxed);
    if (std::chrono::steady_clock::now() >= until) return false;
  }
}

Result<std::uint64_t> Store::used_bytes() {
  const int code = pages_.step();
  const auto bytes = static_cast<std::uint64_t>(code == SQLITE_ROW ? pages_.integer(0) : 0);
  pages_.reset();
  if (code != SQLITE_ROW) return Error{db_.error()};
  return bytes;
}

Result<std::optional<std::size_t>> Store::oldest_table(std::uint64_t& stored_ns) {
  std::optional<std::size_t> oldest;
  for (std::size_t t = 0; t < tables().size(); ++t) {
    const int code = oldest_[t].step();
    const auto stored = static_cast<std::uint64_t>(code == SQLITE_ROW ? oldest_[t].integer(0) : 0);
    oldest_[t].reset();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_.error()};
    if (code != SQLITE_ROW || (oldest && stored >= stored_ns)) continue;
    oldest = t;
    stored_ns = stored;
  }
  return oldest;
}

Status Store::drop_oldest(std::size_t table, std::uint64_t stored_until_ns, std::uint64_t& dropped) {
  struct Row {
    std::int64_t id, chain;
    std::uint64_t first, last;
    TypeCounts types;
  };
  std::vector<Row> rows;
  Statement& read = read_oldest_[table];
  int code;
  while ((code = read.step()) == SQLITE_ROW && read.integer(1) < sql(stored_until_ns)) {
    Row& row = rows.emplace_back(Row{read.integer(0),
                                     read.integer(2),
                                     static_cast<std::uint64_t>(read.integer(3)),
                                     static_cast<std::uint64_t>(read.integer(4)),
                                     {}});
    dropped += static_cast<std::uint64_t>(read.integer(5));
    if (tables()[table] != kOtherTable) {
      row.types[tables()[table]] = static_cast<std::uint64_t>(read.integer(5));
      continue;
    }
    RecordKeys keys;
    const Status s = each_record_of(read.bytes(7), static_cast<std::size_t>(read.integer(6)), row.first,
                                    [&](std::uint64_t, Bytes record) {
                                      if (read_keys(record, keys)) ++row.types[std::string(keys.type)];
                                    });
    if (!s) row.types = {{std::string(kNoType), static_cast<std::uint64_t>(read.integer(5))}};
  }
  read.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_.error()};
  if (rows.empty()) return Error{"the oldest block cannot be found; is the file damaged?"};
  for (const Row& row : rows) {
    drop_[table].bind(1, row.id);
    const int dropped = drop_[table].step();
    drop_[table].reset();
    if (dropped != SQLITE_DONE) return Error{db_.error()};
    if (auto s = ledger_->add_expired(row.chain, row.first, row.last, row.types); !s) return s;
  }
  return Done{};
}

Result<Db> open_store_to_read(const std::string& path) {
  const auto cannot = [&](const std::string& why) {
    return Error{fmt::format("store '{}': {}; name the file that `serve` writes (--store)", path, why)};
  };
  auto db = Db::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
  if (!db) return cannot(db.error().message);
  // The first read tells whether this is a store at all.
  if (const Status s = check_version(db.value()); !s) return cannot(s.error().message);
  if (const Status s = db.value().run("SELECT 1 FROM \"_chain\" LIMIT 1"); !s)
    return cannot(s.error().message);
  return db;
}

}  // namespace picket::collector
