#include "export/collector/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "export/clock.h"
#include "export/collector/filter.h"
#include "export/collector/json.h"
#include "export/collector/layout.h"
#include "export/collector/record_block.h"
#include "export/collector/record_printer.h"
#include "export/collector/store.h"

namespace picket::collector {
namespace {

constexpr std::uint64_t kForever = std::numeric_limits<std::int64_t>::max();

/// Which tables are asked: all of them, or the one of a type, if there is such a type.
Result<std::vector<std::size_t>> wanted_tables(const std::string& type) {
  std::vector<std::size_t> wanted;
  for (std::size_t t = 0; t < tables().size(); ++t) {
    if (type.empty() || tables()[t] == type) wanted.push_back(t);
  }
  if (!wanted.empty()) return wanted;
  std::string known;
  for (const auto& t : tables()) known += (known.empty() ? "" : ", ") + t;
  return Error{fmt::format("--type: no records are of type '{}'; there are: {}", type, known)};
}

/// What is asked of each record, ready to be asked.
struct Question {
  Filter filter;
  std::uint64_t since = 0, until = kForever;  ///< from, before
  std::optional<Network> network;
  std::string community_id;
  std::vector<SearchKey> keys;  ///< that a block has to have

  [[nodiscard]] bool wants(const RecordKeys& k, Bytes record) const {
    if (k.time_ns < since || k.time_ns >= until) return false;
    if (network && !network->has(k.src_ip) && !network->has(k.dest_ip)) return false;
    return (community_id.empty() || k.community_id == community_id) && filter.fits(record);
  }
  [[nodiscard]] bool wants(Bytes key_filter) const {
    return std::all_of(keys.begin(), keys.end(),
                       [&](SearchKey key) { return KeyFilter(key_filter).may_have(key); });
  }
};

Result<Question> read_question(const QueryOptions& options) {
  Question q;
  if (!options.since.empty()) {
    const auto time = parse_since(options.since, now_ns());
    if (!time) return Error{"--since: " + time.error().message};
    q.since = time.value();
  }
  if (!options.until.empty()) {
    const auto time = parse_since(options.until, now_ns());
    if (!time) return Error{"--until: " + time.error().message};
    q.until = time.value();
  }
  if (!options.address.empty()) {
    const auto network = parse_network(options.address);
    if (!network) return Error{"--address: " + network.error().message};
    q.network = network.value();
    SearchKey key = 0;
    if (key_around(q.network->address(), q.network->bits, key)) q.keys.push_back(key);
  }
  q.community_id = options.community_id;
  if (!q.community_id.empty()) q.keys.push_back(community_key(q.community_id));
  auto filter = Filter::parse(options.where);
  if (!filter) return filter.error();
  q.filter = std::move(filter).value();
  return q;
}

/// A block that may hold what is asked for.
struct BlockAt {
  std::size_t table;
  std::int64_t id;
  std::uint64_t since, until;
  const ChainId* chain;
};

struct Found {
  std::uint64_t time;
  const ChainId* chain;
  std::uint64_t seq;
  std::size_t table;
  std::string record;

  [[nodiscard]] auto place() const { return std::tie(time, *chain, seq); }
  bool operator<(const Found& o) const { return place() < o.place(); }
  bool operator>(const Found& o) const { return place() > o.place(); }
};

class Query {
 public:
  Query(const QueryOptions& options, Question question, Db db)
      : options_(options), question_(std::move(question)), db_(std::move(db)) {}

  Status run(const std::vector<std::size_t>& wanted, std::FILE* out) {
    // One transaction, so that what is found and what is read belong together, whatever the collector drops meanwhile: as
    // long as nothing is written. Whoever reads that may wait for hours (a pager), and so would the write-ahead log,
    // which grows until the oldest transaction has ended.
    if (auto s = db_.run("BEGIN"); !s) return s;
    if (auto s = read_chains(); !s) return s;
    for (const std::size_t table : wanted) {
      if (auto s = find_blocks(table); !s) return s;
    }
    if (options_.count_by_type) return count(out);
    RecordPrinter printer(options_.json  ? RecordPrinter::Form::kJson
                          : options_.csv ? RecordPrinter::Form::kCsv
                                         : RecordPrinter::Form::kTable,
                          out);
    printer.head();
    if (options_.limit != 0) return newest(printer, out);
    if (auto s = db_.run("COMMIT"); !s) return s;
    return all(printer);
  }

 private:
  Status read_chains() {
    auto s = db_.prepare(R"(SELECT id, sensor, boot, lane FROM "_chain")");
    if (!s) return s.error();
    Statement& r = s.value();
    int code;
    while ((code = r.step()) == SQLITE_ROW)
      chains_[r.integer(0)] = {std::string(r.text(1)), static_cast<std::uint64_t>(r.integer(2)),
                               static_cast<v1::Lane>(r.integer(3))};
    if (code != SQLITE_DONE) return Error{db_.error()};
    return Done{};
  }

  Status find_blocks(std::size_t table) {
    const std::string name = quote_name(tables()[table]);
    auto s = db_.prepare(
        fmt::format("SELECT id, chain, since, until, keys FROM {} WHERE until >= ? AND since < ?", name));
    if (!s) {  // another version wrote this store: it may not have the table
      if (s.error().message.starts_with("no such table")) return Done{};
      return s.error();
    }
    Statement& r = s.value();
    r.bind(1, static_cast<std::int64_t>(std::min(question_.since, kForever)));
    r.bind(2, static_cast<std::int64_t>(std::min(question_.until, kForever)));
    int code;
    while ((code = r.step()) == SQLITE_ROW) {
      if (!question_.keys.empty() && !question_.wants(r.bytes(4))) continue;
      const auto chain = chains_.find(r.integer(1));
      if (chain == chains_.end()) return Error{"a block of no sensor; is the file damaged?"};
      blocks_.push_back({table, r.integer(0), static_cast<std::uint64_t>(r.integer(2)),
                         static_cast<std::uint64_t>(r.integer(3)), &chain->second});
    }
    if (code != SQLITE_DONE) return Error{db_.error()};
    auto read = db_.prepare(
        fmt::format("SELECT first, size, records FROM {} WHERE id = ? AND since = ? AND until = ?", name));
    if (!read) return read.error();
    read_[table] = std::move(read).value();
    return Done{};
  }

  /// Calls `visit` with each record of a block that is wanted.
  template <class Visit>
  Status each_wanted(const BlockAt& block, Visit visit) {
    Statement& r = read_[block.table];
    r.reset();
    r.bind(1, block.id);
    r.bind(2, static_cast<std::int64_t>(block.since));
    r.bind(3, static_cast<std::int64_t>(block.until));
    const int code = r.step();
    if (code == SQLITE_DONE) ++gone_;
    if (code != SQLITE_ROW) return code == SQLITE_DONE ? Status(Done{}) : Error{db_.error()};
    const Status s =
        each_record_of(r.bytes(2), static_cast<std::size_t>(r.integer(1)),
                       static_cast<std::uint64_t>(r.integer(0)), [&](std::uint64_t seq, Bytes record) {
                         RecordKeys keys;
                         if (read_keys(record, keys) && question_.wants(keys, record))
                           visit(seq, keys, record);
                       });
    r.reset();
    if (!s)
      return Error{
          fmt::format("{}, in table {}; is the file damaged?", s.error().message, tables()[block.table])};
    return Done{};
  }

  Status count(std::FILE* out) {
    std::map<std::string, std::uint64_t, std::less<>> counts;
    for (const BlockAt& block : blocks_) {
      const auto add = [&](std::uint64_t, const RecordKeys& keys, Bytes) {
        const auto at = counts.find(keys.type);
        ++(at != counts.end() ? at : counts.try_emplace(std::string(keys.type)).first)->second;
      };
      if (auto s = each_wanted(block, add); !s) return s;
    }
    if (options_.json) {
      std::string line;
      for (const auto& [type, n] : counts)
        line += fmt::format("{}{}:{}", line.empty() ? "" : ",", quote_json(type), n);
      fmt::print(out, "{{{}}}\n", line);
    } else {
      for (const auto& [type, n] : counts) fmt::print(out, "{:<16} {:>12}\n", type, n);
    }
    return Done{};
  }

  Status print(RecordPrinter& printer, const Found& f) {
    if (options_.identity) printer.identity(*f.chain, f.seq);
    return printer.print(tables()[f.table], f.chain->sensor, as_bytes(f.record));
  }

  /// Blocks in the order of their first record; a record is printed when no block to come can have an earlier one.
  Status all(RecordPrinter& printer) {
    std::sort(blocks_.begin(), blocks_.end(),
              [](const BlockAt& a, const BlockAt& b) { return a.since < b.since; });
    std::priority_queue<Found, std::vector<Found>, std::greater<>> waiting;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const BlockAt& block = blocks_[i];
      const auto keep = [&](std::uint64_t seq, const RecordKeys& keys, Bytes record) {
        waiting.push({keys.time_ns, block.chain, seq, block.table, std::string(as_text(record))});
      };
      if (auto s = each_wanted(block, keep); !s) return s;
      const bool is_last = i + 1 == blocks_.size();
      for (; !waiting.empty() && (is_last || waiting.top().time < blocks_[i + 1].since); waiting.pop()) {
        if (auto s = print(printer, waiting.top()); !s) return s;
      }
    }
    if (gone_ != 0) {
      fmt::print(stderr, "{} blocks of records, of {}, expired while this was written, and are left out\n",
                 gone_, blocks_.size());
    }
    return Done{};
  }

  /// Blocks in the order of their last record, the newest first, until none can have a newer record than those kept.
  Status newest(RecordPrinter& printer, std::FILE* out) {
    std::sort(blocks_.begin(), blocks_.end(),
              [](const BlockAt& a, const BlockAt& b) { return a.until > b.until; });
    std::priority_queue<Found, std::vector<Found>, std::greater<>> kept;  // the oldest on top
    for (const BlockAt& block : blocks_) {
      if (kept.size() == options_.limit && block.until < kept.top().time) break;
      const auto keep = [&](std::uint64_t seq, const RecordKeys& keys, Bytes record) {
        if (kept.size() == options_.limit && keys.time_ns < kept.top().time) return;
        kept.push({keys.time_ns, block.chain, seq, block.table, std::string(as_text(record))});
        if (kept.size() > options_.limit) kept.pop();
      };
      if (auto s = each_wanted(block, keep); !s) return s;
    }
    const std::size_t shown = kept.size();
    for (; !kept.empty(); kept.pop()) {
      if (auto s = print(printer, kept.top()); !s) return s;
    }
    if (!options_.json && !options_.csv && shown == options_.limit) {
      static_cast<void>(std::fflush(out));  // the table first, where both go to one place
      fmt::print(stderr, "the newest {} records; there may be more (--limit N, 0 for all)\n", shown);
    }
    return Done{};
  }

  const QueryOptions& options_;
  Question question_;
  Db db_;
  std::map<std::int64_t, ChainId> chains_;
  std::vector<BlockAt> blocks_;
  std::map<std::size_t, Statement> read_;
  std::size_t gone_ = 0;  ///< blocks that were there when they were looked for
};

}  // namespace

Status run_query(const QueryOptions& options, std::FILE* out) {
  auto question = read_question(options);
  if (!question) return question.error();
  const auto wanted = wanted_tables(options.type);
  if (!wanted) return wanted.error();
  auto db = open_store_to_read(options.store);
  if (!db) return db.error();
  Query query(options, std::move(question).value(), std::move(db).value());
  Status done = query.run(wanted.value(), out);
  if (done && (std::fflush(out) != 0 || std::ferror(out) != 0)) return Error{"cannot write the result"};
  return done;
}

}  // namespace picket::collector
