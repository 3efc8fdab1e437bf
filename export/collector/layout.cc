#include "export/collector/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace picket::collector {

const std::vector<std::string>& tables() {
  static const auto& all = *new std::vector<std::string>([] {
    std::vector<std::string> names;
    for (const auto& f : event_table().fields) {
      if (f.kind == EveKind::kMessage && !f.repeated) names.push_back(f.name);
    }
    names.emplace_back(kOtherTable);
    return names;
  }());
  return all;
}

std::size_t table_of(std::string_view event_type) {
  static const auto& places = *new std::unordered_map<std::string_view, std::size_t>([] {
    std::unordered_map<std::string_view, std::size_t> map;
    for (std::size_t i = 0; i < tables().size(); ++i) map.emplace(tables()[i], i);
    return map;
  }());
  const auto it = places.find(event_type);
  return it == places.end() ? tables().size() - 1 : it->second;
}

const std::vector<const EveField*>& plain_fields() {
  static const auto& all = *new std::vector<const EveField*>([] {
    std::vector<const EveField*> fields;
    for (const auto& f : event_table().fields) {
      if (f.kind != EveKind::kMessage && !f.repeated) fields.push_back(&f);
    }
    return fields;
  }());
  return all;
}

bool is_integer(const EveField& f) {
  return (f.kind <= EveKind::kSfixed64 || f.kind == EveKind::kTime) && f.base == EveBase::kDecimal;
}

Status create_tables(Db& db) {
  for (const std::string& table : tables()) {
    // What a search looks at stands before the records: SQLite then reads no further.
    const std::string sql = fmt::format(
        "CREATE TABLE IF NOT EXISTS {0} (id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, first INTEGER NOT "
        "NULL, last INTEGER NOT NULL,"
        " count INTEGER NOT NULL, stored INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, "
        "size INTEGER NOT NULL, keys BLOB NOT NULL,"
        " records BLOB NOT NULL); CREATE INDEX IF NOT EXISTS {1} ON {0} (until, since)",
        quote_name(table), quote_name(table + "_by_time"));
    if (auto s = db.run(sql); !s) return s;
  }
  return Done{};
}

std::string insert_sql(std::size_t table) {
  return fmt::format(
      "INSERT INTO {} (chain, first, last, count, stored, since, until, size, keys, records) VALUES (?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?)",
      quote_name(tables()[table]));
}

}  // namespace picket::collector
