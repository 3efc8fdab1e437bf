#include "export/collector/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "export/eve.h"

namespace picket::collector {
namespace {

constexpr std::string_view kTypeField = "event_type";
constexpr std::string_view kTimeField = "timestamp";

bool is_integer_kind(EveKind k) { return k <= EveKind::kSfixed64 || k == EveKind::kTime; }

const char* type_of(const EveField& f) { return is_integer_column(f) ? "INTEGER" : "TEXT"; }

Result<std::unordered_set<std::string>> present_columns(Db& db, const std::string& table) {
  auto info = db.prepare("SELECT name FROM pragma_table_info(?)");
  if (!info) return info.error();
  info.value().bind(1, std::string_view{table});
  std::unordered_set<std::string> names;
  int code;
  while ((code = info.value().step()) == SQLITE_ROW) names.emplace(info.value().text(0));
  if (code != SQLITE_DONE) return Error{db.error()};
  return names;
}

/// By field number of Event: place in columns() + 1, or 0.
const std::vector<std::uint16_t>& column_by_number() {
  static const auto& map = *new std::vector<std::uint16_t>([] {
    std::vector<std::uint16_t> m(event_table().by_number.size());
    for (std::size_t i = 0; i < columns().size(); ++i)
      m[columns()[i]->number] = static_cast<std::uint16_t>(i + 1);
    return m;
  }());
  return map;
}

}  // namespace

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
  const auto& all = tables();
  const auto it = std::find(all.begin(), all.end(), event_type);
  return it == all.end() ? all.size() - 1 : static_cast<std::size_t>(it - all.begin());
}

bool is_column(const EveField& f) { return f.kind != EveKind::kMessage && !f.repeated; }
bool is_integer_column(const EveField& f) { return is_integer_kind(f.kind) && f.base == EveBase::kDecimal; }

const std::vector<const EveField*>& columns() {
  static const auto& all = *new std::vector<const EveField*>([] {
    std::vector<const EveField*> fields;
    for (const auto& f : event_table().fields) {
      if (is_column(f)) fields.push_back(&f);
    }
    return fields;
  }());
  return all;
}

Status create_tables(Db& db) {
  for (const std::string& table : tables()) {
    const std::string name = quote_name(table);
    std::string sql = fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (sensor TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL",
        name);
    for (const EveField* f : columns()) sql += fmt::format(", {} {}", quote_name(f->name), type_of(*f));
    sql += ", record BLOB NOT NULL)";
    if (auto s = db.run(sql); !s) return s;
    const auto present = present_columns(db, table);
    if (!present) return present.error();
    for (const EveField* f : columns()) {
      if (present.value().contains(f->name)) continue;
      if (auto s =
              db.run(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", name, quote_name(f->name), type_of(*f)));
          !s) {
        return s;
      }
    }
    if (auto s = db.run(fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({}, sensor, boot, seq)",
                                    quote_name(table + "_by_time"), name, quote_name(kTimeField)));
        !s) {
      return s;
    }
  }
  return Done{};
}

std::string insert_sql(std::size_t table) {
  std::string names = "sensor, boot, seq";
  std::string marks = "?, ?, ?";
  for (const EveField* f : columns()) {
    names += ", " + quote_name(f->name);
    marks += ", ?";
  }
  return fmt::format("INSERT INTO {} ({}, record) VALUES ({}, ?)", quote_name(tables()[table]), names, marks);
}

bool Row::read(Bytes record) {
  std::fill(set_.begin(), set_.end(), false);
  static const std::uint32_t type_number = event_table().find(kTypeField)->number;
  std::string_view type;
  const auto& by_number = column_by_number();
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number >= by_number.size() || by_number[f.number] == 0) continue;
    const std::size_t column = by_number[f.number] - 1U;
    if (set_[column] || f.type != columns()[column]->wire_type) continue;
    set_[column] = true;
    values_[column] = f;
    if (f.number == type_number) type = as_text(f.bytes);
  }
  table_ = table_of(type);
  return in.ok() && !type.empty();
}

void Row::bind(Statement& s, std::string_view sensor, std::uint64_t boot, std::uint64_t seq,
               Bytes record) const {
  int at = 1;
  s.bind(at++, sensor);
  s.bind(at++, static_cast<std::int64_t>(boot));
  s.bind(at++, static_cast<std::int64_t>(seq));
  for (std::size_t i = 0; i < values_.size(); ++i, ++at) {
    const EveField& f = *columns()[i];
    if (!set_[i]) {
      s.bind_null(at);
    } else if (is_integer_column(f)) {
      s.bind(at, eve_integer(f, values_[i].value));
    } else {
      s.bind(at, std::string_view{eve_value_text(f, values_[i].value, values_[i].bytes)});
    }
  }
  s.bind(at, record);
}

}  // namespace picket::collector
