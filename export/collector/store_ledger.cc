#include "export/collector/store_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/collector/chain.h"
#include "export/collector/layout.h"

namespace picket::collector {
namespace {

constexpr std::size_t kMaxNumbers = 16'384;  // remembered; others are asked for

std::int64_t sql(std::uint64_t v) { return static_cast<std::int64_t>(v); }
std::uint64_t number_in(const Statement& s, int column) {
  return static_cast<std::uint64_t>(s.integer(column));
}

void bind_all(Statement& s, int) { (void)s; }
template <class T, class... Rest>
void bind_all(Statement& s, int at, const T& value, const Rest&... rest) {
  if constexpr (std::is_enum_v<T>) {
    s.bind(at, static_cast<std::int64_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    s.bind(at, static_cast<std::int64_t>(value));
  } else if constexpr (std::is_same_v<T, BatchHash>) {
    s.bind(at, Bytes(value));
  } else {
    s.bind(at, std::string_view(value));
  }
  bind_all(s, at + 1, rest...);
}

}  // namespace

// _batch: what known() needs, a row a batch. _turn: where the chain goes on from another hash than that of the batch which
// ends there. _missing: `before` and `after` are there as long as the hole may be
// filled. _state: by the statistics with the highest number, which may have expired. _count: what 0 made, 1 missing from `first` on, 2 made before the hole at `first`, 3 expired.
const char* const kLedgerTables = R"(
  CREATE TABLE IF NOT EXISTS "_chain" (
    id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, boot INTEGER NOT NULL, lane INTEGER NOT NULL, through INTEGER NOT NULL,
    hash BLOB NOT NULL, newest INTEGER NOT NULL, seen INTEGER NOT NULL, rejected INTEGER NOT NULL,
    UNIQUE (sensor, boot, lane));
  CREATE TABLE IF NOT EXISTS "_batch" (
    chain INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (chain, first)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "_turn" (
    chain INTEGER NOT NULL, through INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (chain, through)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "_missing" (
    chain INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, reason INTEGER NOT NULL, signed INTEGER NOT NULL,
    before BLOB, after BLOB, PRIMARY KEY (chain, first)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "_count" (
    chain INTEGER NOT NULL, what INTEGER NOT NULL, first INTEGER NOT NULL, type TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (chain, what, first, type)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "_state" (
    chain INTEGER PRIMARY KEY, seq INTEGER NOT NULL, version TEXT NOT NULL, rules_epoch INTEGER NOT NULL);
)";

Result<StoreLedger> StoreLedger::open(Db& db) {
  StoreLedger ledger;
  ledger.db_ = &db;
  const std::pair<Statement*, const char*> wanted[] = {
      {&ledger.find_,
       R"(SELECT id, through, hash, newest FROM "_chain" WHERE sensor = ? AND boot = ? AND lane = ?)"},
      {&ledger.insert_,
       R"(INSERT INTO "_chain" (sensor, boot, lane, through, hash, newest, seen, rejected) VALUES (?, ?, ?, 0, zeroblob(32), 0, 0, 0))"},
      {&ledger.set_, R"(UPDATE "_chain" SET through = ?2, hash = ?3, newest = ?4, seen = ?5 WHERE id = ?1)"},
      {&ledger.rejected_, R"(UPDATE "_chain" SET rejected = rejected + ?2 WHERE id = ?1)"},
      {&ledger.held_,
       R"(SELECT first, count, b.hash, t.hash FROM "_batch" b LEFT JOIN "_turn" t
            ON t.chain = b.chain AND t.through = first + count - 1
            WHERE b.chain = ? AND first <= ? ORDER BY first DESC LIMIT 1)"},
      {&ledger.add_batch_, R"(INSERT INTO "_batch" (chain, first, count, hash) VALUES (?, ?, ?, ?))"},
      {&ledger.drop_batches_,
       R"(DELETE FROM "_batch" WHERE chain = ?1 AND first <= ?3 AND first + count > ?2 AND first >= coalesce(
            (SELECT max(first) FROM "_batch" WHERE chain = ?1 AND first <= ?2), ?2))"},
      {&ledger.drop_batch_, R"(DELETE FROM "_batch" WHERE chain = ? AND first = ?)"},
      {&ledger.set_turn_, R"(INSERT OR REPLACE INTO "_turn" (chain, through, hash) VALUES (?, ?, ?))"},
      {&ledger.drop_turns_, R"(DELETE FROM "_turn" WHERE chain = ? AND through BETWEEN ? AND ?)"},
      {&ledger.add_missing_,
       R"(INSERT INTO "_missing" (chain, first, last, reason, signed) VALUES (?, ?, ?, ?, ?))"},
      {&ledger.drop_missing_, R"(DELETE FROM "_missing" WHERE chain = ? AND first = ?)"},
      {&ledger.holes_,
       R"(SELECT first, last, before, after, reason, signed FROM "_missing" WHERE chain = ? AND before IS NOT NULL ORDER BY first)"},
      {&ledger.clear_holes_,
       R"(UPDATE "_missing" SET before = NULL, after = NULL WHERE chain = ? AND before IS NOT NULL)"},
      {&ledger.set_hole_, R"(UPDATE "_missing" SET before = ?3, after = ?4 WHERE chain = ?1 AND first = ?2)"},
      {&ledger.counts_, R"(SELECT type, count FROM "_count" WHERE chain = ? AND what = ? AND first = ?)"},
      {&ledger.clear_counts_, R"(DELETE FROM "_count" WHERE chain = ? AND what = ? AND first = ?)"},
      {&ledger.drop_counts_, R"(DELETE FROM "_count" WHERE chain = ? AND what = ?)"},
      {&ledger.set_count_,
       R"(INSERT OR REPLACE INTO "_count" (chain, what, first, type, count) VALUES (?, ?, ?, ?, ?))"},
      {&ledger.add_count_, R"(INSERT INTO "_count" (chain, what, first, type, count) VALUES (?, ?, ?, ?, ?)
                              ON CONFLICT DO UPDATE SET count = count + excluded.count)"},
      {&ledger.set_state_,
       R"(INSERT INTO "_state" (chain, seq, version, rules_epoch) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET seq = excluded.seq, version = excluded.version,
              rules_epoch = excluded.rules_epoch WHERE excluded.seq > seq)"},
      {&ledger.bytes_,
       R"(SELECT (SELECT count(*) FROM sqlite_master) * page_size +
            (SELECT coalesce(sum(100 + 2 * length(sensor)), 0) FROM "_chain") +
            (SELECT count(*) * 50 FROM "_batch") +
            (SELECT count(*) * 50 FROM "_turn") +
            (SELECT coalesce(sum(18 + coalesce(length(before) + length(after), 0)), 0) FROM "_missing") +
            (SELECT coalesce(sum(14 + length(type)), 0) FROM "_count") +
            (SELECT coalesce(sum(20 + length(version)), 0) FROM "_state") FROM pragma_page_size())"},
  };
  for (const auto& [statement, text] : wanted) {
    auto s = db.prepare(text);
    if (!s) return s.error();
    *statement = std::move(s).value();
  }
  return ledger;
}

Status StoreLedger::done(Statement& s) {
  const int code = s.step();
  s.reset();
  if (code != SQLITE_DONE) return Error{db_->error()};
  return Done{};
}

Result<std::optional<ChainHead>> StoreLedger::head(const ChainId& chain) {
  bind_all(find_, 1, chain.sensor, sql(chain.boot), chain.lane);
  const int code = find_.step();
  ChainHead head;
  std::int64_t id = 0;
  if (code == SQLITE_ROW) {
    id = find_.integer(0);
    head.through = number_in(find_, 1);
    read_hash(find_.text(2), head.hash);
    head.newest_ns = number_in(find_, 3);
  }
  find_.reset();
  if (code == SQLITE_DONE) return std::optional<ChainHead>();
  if (code != SQLITE_ROW) return Error{db_->error()};
  auto made = counts(id, Count::kMade, 0);
  if (!made) return made.error();
  head.made = std::move(made).value();
  bind_all(holes_, 1, id);
  int step;
  while ((step = holes_.step()) == SQLITE_ROW) {
    Hole& hole = head.holes.emplace_back();
    hole.first = number_in(holes_, 0);
    hole.last = number_in(holes_, 1);
    read_hash(holes_.text(2), hole.before);
    read_hash(holes_.text(3), hole.after);
    hole.reason = static_cast<v1::GapReason>(holes_.integer(4));
    hole.is_signed = holes_.integer(5) != 0;
  }
  holes_.reset();
  if (step != SQLITE_DONE) return Error{db_->error()};
  for (Hole& hole : head.holes) {
    auto before = counts(id, Count::kBeforeHole, hole.first), types = counts(id, Count::kMissing, hole.first);
    if (!before) return before.error();
    if (!types) return types.error();
    hole.made = std::move(before).value();
    hole.types = std::move(types).value();
  }
  return std::optional<ChainHead>(std::move(head));
}

Result<std::optional<Held>> StoreLedger::held(const ChainId& chain, std::uint64_t seq) {
  const auto id = number(chain);
  if (!id) return id.error();
  bind_all(held_, 1, id.value(), sql(seq));
  const int code = held_.step();
  Held held;
  if (code == SQLITE_ROW) {
    held.first_seq = number_in(held_, 0);
    held.count = static_cast<std::uint32_t>(held_.integer(1));
    read_hash(held_.text(2), held.hash);
    if (BatchHash turn; read_hash(held_.text(3), turn)) held.turn = turn;
  }
  held_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_->error()};
  if (code == SQLITE_DONE || held.first_seq + held.count <= seq) return std::optional<Held>();
  return std::optional<Held>(held);
}

Result<std::int64_t> StoreLedger::number(const ChainId& chain) {
  if (const auto it = numbers_.find(chain); it != numbers_.end()) return it->second;
  bind_all(find_, 1, chain.sensor, sql(chain.boot), chain.lane);
  const int code = find_.step();
  std::int64_t id = code == SQLITE_ROW ? find_.integer(0) : 0;
  find_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_->error()};
  if (code == SQLITE_DONE) {
    bind_all(insert_, 1, chain.sensor, sql(chain.boot), chain.lane);
    if (auto s = done(insert_); !s) return s.error();
    id = sqlite3_last_insert_rowid(db_->handle());
  }
  if (numbers_.size() >= kMaxNumbers) numbers_.clear();
  numbers_[chain] = id;
  return id;
}

Status StoreLedger::add(std::int64_t chain, const Delivery& d) {
  if (d.count != 0) {
    bind_all(add_batch_, 1, chain, sql(d.first_seq), d.count, d.hash);
    if (auto s = done(add_batch_); !s) return s;
  }
  if (d.is_turn()) {
    bind_all(set_turn_, 1, chain, sql(d.after.through), d.after.hash);
    if (auto s = done(set_turn_); !s) return s;
  }
  if (d.fills) {
    bind_all(drop_missing_, 1, chain, sql(d.fills->first));
    if (auto s = done(drop_missing_); !s) return s;
    if (auto s = set_counts(chain, Count::kMissing, d.fills->first, {}); !s) return s;
  }
  for (const Missing& m : d.missing) {
    bind_all(add_missing_, 1, chain, sql(m.first), sql(m.last), m.reason, m.is_signed);
    if (auto s = done(add_missing_); !s) return s;
    if (auto s = set_counts(chain, Count::kMissing, m.first, m.types); !s) return s;
  }
  if (!d.fills && d.missing.empty()) return Done{};
  return set_holes(chain, d.after.holes);
}

Status StoreLedger::set_head(std::int64_t chain, const ChainHead& head, std::uint64_t now_ns) {
  bind_all(set_, 1, chain, sql(head.through), head.hash, sql(head.newest_ns), sql(now_ns));
  if (auto s = done(set_); !s) return s;
  return set_counts(chain, Count::kMade, 0, head.made);
}

Status StoreLedger::set_holes(std::int64_t chain, const std::vector<Hole>& holes) {
  bind_all(clear_holes_, 1, chain);
  if (auto s = done(clear_holes_); !s) return s;
  bind_all(drop_counts_, 1, chain, Count::kBeforeHole);
  if (auto s = done(drop_counts_); !s) return s;
  for (const Hole& hole : holes) {
    bind_all(set_hole_, 1, chain, sql(hole.first), hole.before, hole.after);
    if (auto s = done(set_hole_); !s) return s;
    if (auto s = set_counts(chain, Count::kBeforeHole, hole.first, hole.made); !s) return s;
  }
  return Done{};
}

Status StoreLedger::add_rejected(std::int64_t chain, std::uint64_t records) {
  bind_all(rejected_, 1, chain, sql(records));
  return done(rejected_);
}

Status StoreLedger::drop_batch(std::int64_t chain, std::uint64_t first) {
  bind_all(drop_batch_, 1, chain, sql(first));
  return done(drop_batch_);
}

Status StoreLedger::set_state(std::int64_t chain, std::uint64_t seq, const SensorState& state) {
  bind_all(set_state_, 1, chain, sql(seq), state.version, state.rules_epoch);
  return done(set_state_);
}

Status StoreLedger::add_expired(std::int64_t chain, std::uint64_t first, std::uint64_t last,
                                const TypeCounts& types) {
  // Each batch that has numbers there, the one at either end too: a block has the numbers of its own type alone, and
  // where types are mixed no block has all of a batch. What is left of such a batch is known without it.
  bind_all(drop_batches_, 1, chain, sql(first), sql(last));
  if (auto s = done(drop_batches_); !s) return s;
  bind_all(drop_turns_, 1, chain, sql(first), sql(last));
  if (auto s = done(drop_turns_); !s) return s;
  return set_counts(chain, Count::kExpired, 0, types, true);
}

/// Rows as SQLite writes them, in pages that are nearly full; and a page for each table at the least.
Result<std::uint64_t> StoreLedger::bytes() {
  const int code = bytes_.step();
  const auto bytes = static_cast<std::uint64_t>(code == SQLITE_ROW ? bytes_.integer(0) : 0);
  bytes_.reset();
  if (code != SQLITE_ROW) return Error{db_->error()};
  return bytes;
}

Result<TypeCounts> StoreLedger::counts(std::int64_t chain, Count what, std::uint64_t first) {
  bind_all(counts_, 1, chain, what, sql(first));
  TypeCounts all;
  int code;
  while ((code = counts_.step()) == SQLITE_ROW) all[std::string(counts_.text(0))] = number_in(counts_, 1);
  counts_.reset();
  if (code != SQLITE_DONE) return Error{db_->error()};
  return all;
}

Status StoreLedger::set_counts(std::int64_t chain, Count what, std::uint64_t first, const TypeCounts& counts,
                               bool add) {
  if (!add) {
    bind_all(clear_counts_, 1, chain, what, sql(first));
    if (auto s = done(clear_counts_); !s) return s;
  }
  Statement& set = add ? add_count_ : set_count_;
  for (const auto& [type, n] : counts) {
    bind_all(set, 1, chain, what, sql(first), type, sql(n));
    if (auto s = done(set); !s) return s;
  }
  return Done{};
}

// ---- reading ----

std::string reason_words(v1::GapReason reason) {
  std::string words = gap_label(reason);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::uint64_t LedgerRow::missing_sum() const {
  std::uint64_t n = 0;
  for (const auto& [reason, numbers] : missing_numbers) n += numbers;
  return n;
}

namespace {

using Rows = std::map<std::int64_t, LedgerRow>;

template <class Take>
Status each_row(Db& db, const std::string& text, Take take) {
  auto s = db.prepare(text);
  if (!s) return s.error();
  int code;
  while ((code = s.value().step()) == SQLITE_ROW) take(s.value());
  if (code != SQLITE_DONE) return Error{db.error()};
  return Done{};
}

/// A store that another version wrote may lack a table.
Status unless_absent(Status s) {
  if (!s && s.error().message.find("no such table") != std::string::npos) return Done{};
  return s;
}

Status read_gaps(Db& db, Rows& rows) {
  return each_row(
      db,
      R"(SELECT m.chain, m.first, last, reason, signed, type, count FROM "_missing" m
         LEFT JOIN "_count" c ON c.chain = m.chain AND c.first = m.first AND what = 1 ORDER BY 1, 2)",
      [&](Statement& r) {
        auto& gaps = rows[r.integer(0)].gaps;
        const std::uint64_t first = number_in(r, 1);
        if (gaps.empty() || gaps.back().first != first)
          gaps.push_back(
              {first, number_in(r, 2), static_cast<v1::GapReason>(r.integer(3)), {}, r.integer(4) != 0});
        if (number_in(r, 6) != 0) gaps.back().types[std::string(r.text(5))] = number_in(r, 6);
      });
}

/// Types that this version has no table for lie in kOtherTable together. What they are follows from what was made and is
/// not elsewhere, where that adds up; else they stay `other`.
void name_others(LedgerRow& row) {
  const auto others = row.held.find(std::string(kOtherTable));
  if (others == row.held.end()) return;
  TypeCounts absent = row.made;
  const auto take = [&](const TypeCounts& counts) {
    for (const auto& [type, n] : counts) absent[type] -= std::min(absent[type], n);
  };
  take(row.held);
  take(row.expired);
  for (const auto& [reason, types] : row.missing) take(types);
  if (sum(absent) != others->second) return;
  row.held.erase(others);
  for (const auto& [type, n] : absent)
    if (n != 0) row.held[type] += n;
}

Status read_rows(Db& db, Rows& rows) {
  auto s =
      each_row(db, R"(SELECT id, sensor, boot, lane, through, hash, newest, seen, rejected FROM "_chain")",
               [&](Statement& r) {
                 LedgerRow& row = rows[r.integer(0)];
                 row.chain = {std::string(r.text(1)), number_in(r, 2), static_cast<v1::Lane>(r.integer(3))};
                 row.through = number_in(r, 4);
                 read_hash(r.text(5), row.hash);
                 row.newest_ns = number_in(r, 6);
                 row.seen_ns = number_in(r, 7);
                 row.rejected = number_in(r, 8);
               });
  if (!s) return s;
  s = each_row(db,
               R"(SELECT chain, what, type, sum(count) FROM "_count" WHERE what IN (0, 3) GROUP BY 1, 2, 3)",
               [&](Statement& r) {
                 LedgerRow& row = rows[r.integer(0)];
                 (r.integer(1) == 0 ? row.made : row.expired)[std::string(r.text(2))] = number_in(r, 3);
               });
  if (!s) return s;
  s = each_row(db, R"(SELECT chain, reason, signed, sum(last - first + 1) FROM "_missing" GROUP BY 1, 2, 3)",
               [&](Statement& r) {
                 LedgerRow& row = rows[r.integer(0)];
                 const std::string reason = reason_words(static_cast<v1::GapReason>(r.integer(1)));
                 row.missing_numbers[reason] += number_in(r, 3);
                 if (r.integer(2) == 0) row.unsigned_numbers[reason] += number_in(r, 3);
               });
  if (!s) return s;
  s = each_row(
      db,
      R"(SELECT chain, reason, type, sum(count) FROM "_missing" JOIN "_count" USING (chain, first) WHERE what = 1 GROUP BY 1, 2, 3)",
      [&](Statement& r) {
        rows[r.integer(0)]
            .missing[reason_words(static_cast<v1::GapReason>(r.integer(1)))][std::string(r.text(2))] =
            number_in(r, 3);
      });
  if (!s) return s;
  if (s = read_gaps(db, rows); !s) return s;
  for (const std::string& table : tables()) {
    s = unless_absent(each_row(db,
                               fmt::format("SELECT chain, sum(count) FROM {} GROUP BY 1", quote_name(table)),
                               [&](Statement& r) { rows[r.integer(0)].held[table] = number_in(r, 1); }));
    if (!s) return s;
  }
  s = unless_absent(each_row(db, R"(SELECT chain, version, rules_epoch FROM "_state")", [&](Statement& r) {
    rows[r.integer(0)].state = {std::string(r.text(1)), static_cast<std::uint32_t>(r.integer(2))};
  }));
  if (!s) return s;
  for (auto& [id, row] : rows) name_others(row);
  return Done{};
}

}  // namespace

Result<std::vector<LedgerRow>> read_ledger(Db& db) {
  Rows rows;
  // One transaction: the writer goes on meanwhile, and what is read belongs together.
  if (auto s = db.run("BEGIN"); !s) return s.error();
  const Status done = read_rows(db, rows);
  (void)db.run("COMMIT");
  if (!done) return done.error();
  std::vector<LedgerRow> all;
  for (auto& [id, row] : rows) all.push_back(std::move(row));
  std::sort(all.begin(), all.end(), [](const LedgerRow& a, const LedgerRow& b) { return a.chain < b.chain; });
  return all;
}

}  // namespace picket::collector
