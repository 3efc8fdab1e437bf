#include "export/collector/sinks/eve_journal.h"

#include <zstd.h>

namespace picket::collector {
namespace {

constexpr int kLevel = 1;  // lines stay here for one block alone: fast, not small
constexpr int kOnlyRow = 1;

std::int64_t sql(std::uint64_t v) { return static_cast<std::int64_t>(v); }

std::string pack(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel));
  return out;
}

Result<std::string> unpack(std::string_view packed, std::uint64_t size) {
  std::string out(size, '\0');
  const std::size_t n = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(n) != 0 || n != size) return Error{"its lines are damaged"};
  return out;
}

}  // namespace

Result<EveJournal> EveJournal::open(const std::string& path) {
  auto db = Db::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  if (!db) return db.error();
  EveJournal j;
  j.db_ = std::move(db).value();
  for (const char* statement : {
           "PRAGMA locking_mode=EXCLUSIVE",
           "PRAGMA journal_mode=WAL",
           "PRAGMA synchronous=FULL",
           "CREATE TABLE IF NOT EXISTS heads (sensor TEXT NOT NULL, boot INTEGER NOT NULL, lane INTEGER NOT "
           "NULL, "
           "state BLOB NOT NULL, PRIMARY KEY (sensor, boot, lane)) WITHOUT ROWID",
           "CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, inode INTEGER NOT NULL, "
           "at INTEGER NOT NULL, size INTEGER NOT NULL, zstd BLOB NOT NULL, born INTEGER NOT NULL DEFAULT 0)",
       }) {
    if (auto s = j.db_.run(statement); !s) return s.error();
  }
  if (!j.db_.prepare("SELECT born FROM lines")) {  // of a version that did not ask for it
    if (auto s = j.db_.run("ALTER TABLE lines ADD COLUMN born INTEGER NOT NULL DEFAULT 0"); !s)
      return s.error();
  }
  const std::pair<Statement*, const char*> wanted[] = {
      {&j.begin_, "BEGIN IMMEDIATE"},
      {&j.commit_, "COMMIT"},
      {&j.rollback_, "ROLLBACK"},
      {&j.head_, "SELECT state FROM heads WHERE sensor = ? AND boot = ? AND lane = ?"},
      {&j.set_head_, "INSERT OR REPLACE INTO heads (sensor, boot, lane, state) VALUES (?, ?, ?, ?)"},
      {&j.lines_, "SELECT inode, born, at, size, zstd FROM lines WHERE id = ?"},
      {&j.set_lines_,
       "INSERT OR REPLACE INTO lines (id, inode, born, at, size, zstd) VALUES (?, ?, ?, ?, ?, ?)"},
      {&j.move_, "UPDATE lines SET inode = ?, born = ?, at = ?"},
      {&j.forget_, "DELETE FROM lines"},
  };
  for (const auto& [statement, text] : wanted) {
    auto s = j.db_.prepare(text);
    if (!s) return s.error();
    *statement = std::move(s).value();
  }
  return j;
}

Status EveJournal::done(Statement& s) {
  const int code = s.step();
  // What went wrong is asked for before the reset, which may say it again.
  Status status = code == SQLITE_DONE ? Status(Done{}) : Status(Error{db_.error()});
  s.reset();
  return status;
}

Result<std::optional<ChainHead>> EveJournal::head(const ChainId& chain) {
  head_.bind(1, std::string_view{chain.sensor});
  head_.bind(2, sql(chain.boot));
  head_.bind(3, std::int64_t{chain.lane});
  const int code = head_.step();
  std::optional<ChainHead> head;
  ChainId same;
  const bool readable = code != SQLITE_ROW || read_head(head_.text(0), same, head.emplace());
  head_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return Error{db_.error()};
  if (!readable) return Error{text_of(chain) + ": its head is damaged"};
  return head;
}

Status EveJournal::put_in_transaction(const Block& block, const PlacedLines& placed) {
  for (const auto& [chain, head] : block.heads) {
    const std::string state = write_head(chain, *head);
    set_head_.bind(1, std::string_view{chain.sensor});
    set_head_.bind(2, sql(chain.boot));
    set_head_.bind(3, std::int64_t{chain.lane});
    set_head_.bind(4, as_bytes(state));
    if (auto s = done(set_head_); !s) return s;
  }
  const std::string packed = pack(placed.lines);
  set_lines_.bind(1, std::int64_t{kOnlyRow});
  set_lines_.bind(2, sql(placed.place.inode));
  set_lines_.bind(3, sql(placed.place.born_ns));
  set_lines_.bind(4, sql(placed.place.offset));
  set_lines_.bind(5, sql(placed.lines.size()));
  set_lines_.bind(6, as_bytes(packed));
  if (auto s = done(set_lines_); !s) return s;
  return done(commit_);
}

Status EveJournal::put(const Block& block, const PlacedLines& placed) {
  if (auto s = done(begin_); !s) return s;
  Status s = put_in_transaction(block, placed);
  if (!s) (void)done(rollback_);
  return s;
}

Result<std::optional<PlacedLines>> EveJournal::lines() {
  lines_.bind(1, std::int64_t{kOnlyRow});
  const int code = lines_.step();
  if (code == SQLITE_DONE) {
    lines_.reset();
    return std::optional<PlacedLines>{};
  }
  if (code != SQLITE_ROW) {
    lines_.reset();
    return Error{db_.error()};
  }
  const auto number = [&](int column) { return static_cast<std::uint64_t>(lines_.integer(column)); };
  PlacedLines placed{{number(0), number(1), number(2)}, {}};
  auto text = unpack(lines_.text(4), number(3));
  lines_.reset();
  if (!text) return text.error();
  placed.lines = std::move(text).value();
  return std::optional{std::move(placed)};
}

Status EveJournal::move_lines(const Place& place) {
  move_.bind(1, sql(place.inode));
  move_.bind(2, sql(place.born_ns));
  move_.bind(3, sql(place.offset));
  return done(move_);
}

Status EveJournal::forget_lines() { return done(forget_); }

}  // namespace picket::collector
