#include "export/collector/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "export/collector/filter.h"
#include "export/collector/layout.h"
#include "export/collector/store.h"
#include "export/eve.h"
#include "export/field_path.h"

namespace picket::collector {
namespace {

constexpr std::size_t kDetailWidth = 100;  // characters of the record's own fields in a table

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds{1});
}

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

/// The tables that this store really has: it may have been written by another version.
Result<std::vector<std::size_t>> present_tables(Db& db, const std::vector<std::size_t>& wanted) {
  std::vector<std::size_t> present;
  for (const std::size_t t : wanted) {
    auto s = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
    if (!s) return s.error();
    s.value().bind(1, std::string_view{tables()[t]});
    if (s.value().step() == SQLITE_ROW) present.push_back(t);
  }
  return present;
}

/// The first value of a field as text; "" when the record has none.
std::string text_of(const char* field, Bytes record) {
  const auto path = FieldPath::compile(field);
  std::string text;
  if (path) {
    (void)path.value().any(record, [&](std::uint64_t v, Bytes b) {
      text = eve_value_text(path.value().field(), v, b);
      return true;
    });
  }
  return text;
}

/// Of what has no IP its MAC address.
std::string end_of(const char* ip, const char* port, const char* mac, Bytes record) {
  std::string address = text_of(ip, record);
  if (address.empty()) return text_of(mac, record);
  const std::string number = text_of(port, record);
  if (number.empty()) return address;
  return address.find(':') == std::string::npos ? address + ":" + number : "[" + address + "]:" + number;
}

/// What the record says under its type's key, as JSON, cut to kDetailWidth. Control characters are JSON's
/// escapes, so a terminal shows what it is given.
std::string detail_of(const std::string& type, Bytes record) {
  const EveField* field = event_table().find(type);
  if (field == nullptr || field->message == nullptr) return {};
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number != field->number || f.type != 2) continue;
    std::string json;
    if (!EveWriter(*field->message).append(f.bytes, json)) return {};
    if (json.size() > kDetailWidth) {
      std::size_t cut = kDetailWidth;
      while (cut > 0 && (static_cast<unsigned char>(json[cut]) & 0xc0) == 0x80) --cut;  // between characters
      json.resize(cut);
      json += "…";
    }
    return json;
  }
  return {};
}

void print_row(std::FILE* out, const std::string& type, std::string_view sensor, Bytes record) {
  fmt::print(out, "{:<26.26}  {:<12}  {:<9}  {:<21}  {:<21}  {:<5}  {}\n", text_of("timestamp", record),
             sensor, type, end_of("src_ip", "src_port", "ether.src_mac", record),
             end_of("dest_ip", "dest_port", "ether.dest_mac", record), text_of("proto", record),
             detail_of(type, record));
}

class Query {
 public:
  Query(const QueryOptions& options, Db db, Filter filter, std::uint64_t since,
        std::vector<std::size_t> wanted)
      : options_(options),
        db_(std::move(db)),
        filter_(std::move(filter)),
        since_(since),
        wanted_(std::move(wanted)) {}

  Status run(std::FILE* out) {
    if (auto s = filter_.install(db_); !s) return s;
    return options_.count_by_type ? count(out) : list(out);
  }

 private:
  /// `timestamp` is compared as it is stored; names are the descriptors', values are bound.
  std::string where() const { return fmt::format(" WHERE \"timestamp\" >= ? AND {}", filter_.sql()); }
  int bind(Statement& s, int at) const {
    s.bind(at++, static_cast<std::int64_t>(since_));
    return filter_.bind(s, at);
  }

  Status count(std::FILE* out) {
    std::vector<std::pair<std::string, std::int64_t>> counts;
    for (const std::size_t t : wanted_) {
      auto s = db_.prepare(fmt::format("SELECT \"event_type\", count(*) FROM {}{} GROUP BY 1 ORDER BY 1",
                                       quote_name(tables()[t]), where()));
      if (!s) return s.error();
      bind(s.value(), 1);
      int code;
      while ((code = s.value().step()) == SQLITE_ROW) {
        counts.emplace_back(std::string(s.value().text(0)), s.value().integer(1));
      }
      if (code != SQLITE_DONE) return Error{db_.error()};
    }
    std::sort(counts.begin(), counts.end());
    if (options_.json) {
      std::string line;
      for (const auto& [type, n] : counts)
        line += fmt::format("{}\"{}\":{}", line.empty() ? "" : ",", quoted(type), n);
      fmt::print(out, "{{{}}}\n", line);
    } else {
      for (const auto& [type, n] : counts) fmt::print(out, "{:<16} {:>12}\n", type, n);
    }
    return Done{};
  }

  /// A type that this version does not know may hold anything: only what needs no escape is shown.
  static std::string quoted(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e || c == '"' ||
          c == '\\')
        c = '?';
    }
    return text;
  }

  std::string select() const {
    std::string sql;
    for (const std::size_t t : wanted_) {
      sql += fmt::format("{}SELECT \"timestamp\" AS time, sensor, boot, seq, {} AS kind, record FROM {}{}",
                         sql.empty() ? "" : " UNION ALL ", t, quote_name(tables()[t]), where());
    }
    if (options_.limit == 0) return sql + " ORDER BY time, sensor, boot, seq";
    return fmt::format(
        "SELECT * FROM ({} ORDER BY time DESC, sensor DESC, boot DESC, seq DESC LIMIT ?) ORDER BY time, "
        "sensor, boot, seq",
        sql);
  }

  Status list(std::FILE* out) {
    if (wanted_.empty()) return Done{};
    auto s = db_.prepare(select());
    if (!s) return s.error();
    int at = 1;
    for (std::size_t i = 0; i < wanted_.size(); ++i) at = bind(s.value(), at);
    if (options_.limit != 0) s.value().bind(at, static_cast<std::int64_t>(options_.limit));

    if (!options_.json) {
      fmt::print(out, "{:<26}  {:<12}  {:<9}  {:<21}  {:<21}  {:<5}  {}\n", "TIME (UTC)", "SENSOR", "TYPE",
                 "SOURCE", "DESTINATION", "PROTO", "DETAIL");
    }
    EveWriter eve;
    std::string line;
    std::uint64_t shown = 0;
    int code;
    while ((code = s.value().step()) == SQLITE_ROW) {
      ++shown;
      const Bytes record = s.value().bytes(5);
      if (!options_.json) {
        print_row(out, tables()[static_cast<std::size_t>(s.value().integer(4))], s.value().text(1), record);
        continue;
      }
      line.clear();
      if (!eve.append(record, line))
        return Error{"a record in the store cannot be read; is the file damaged?"};
      line += '\n';
      std::fwrite(line.data(), 1, line.size(), out);
    }
    if (code != SQLITE_DONE) return Error{db_.error()};
    if (!options_.json && options_.limit != 0 && shown == options_.limit) {
      static_cast<void>(std::fflush(out));  // the table first, where both go to one place
      fmt::print(stderr, "the newest {} records; there may be more (--limit N, 0 for all)\n", shown);
    }
    return Done{};
  }

  const QueryOptions& options_;
  Db db_;
  Filter filter_;
  std::uint64_t since_;
  std::vector<std::size_t> wanted_;
};

}  // namespace

Status run_query(const QueryOptions& options, std::FILE* out) {
  std::uint64_t since = 0;
  if (!options.since.empty()) {
    const auto time = parse_since(options.since, now_ns());
    if (!time) return Error{"--since: " + time.error().message};
    since = time.value();
  }
  auto filter = Filter::parse(options.where);
  if (!filter) return filter.error();
  const auto wanted = wanted_tables(options.type);
  if (!wanted) return wanted.error();
  auto db = open_store_to_read(options.store);
  if (!db) return db.error();
  auto present = present_tables(db.value(), wanted.value());
  if (!present) return present.error();
  Query query(options, std::move(db).value(), std::move(filter).value(), since, std::move(present).value());
  Status done = query.run(out);
  if (done && (std::fflush(out) != 0 || std::ferror(out) != 0)) return Error{"cannot write the result"};
  return done;
}

}  // namespace picket::collector
