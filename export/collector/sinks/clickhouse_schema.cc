#include "export/collector/sinks/clickhouse_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "export/collector/layout.h"

namespace picket::collector {
namespace {

using Form = ClickHouseForm;

constexpr ClickHouseVersion kOldest{18, 16};
/// Text of picket's own words is LowCardinality, what says something else with every record is not.
constexpr std::string_view kUnique[] = {"community_id"};

struct TypeAndForm {
  const char* type;
  Form form;
};

TypeAndForm type_of(const EveField& f, bool modern) {
  if (f.base != EveBase::kDecimal) return {"String", Form::kText};
  switch (f.kind) {
    case EveKind::kUnsigned:
      return f.is_32bit ? TypeAndForm{"UInt32", Form::kUInt32} : TypeAndForm{"UInt64", Form::kUInt64};
    case EveKind::kFixed32:
      return {"UInt32", Form::kUInt32};
    case EveKind::kFixed64:
      return {"UInt64", Form::kUInt64};
    case EveKind::kInt32:
    case EveKind::kSint32:
    case EveKind::kSfixed32:
      return {"Int32", Form::kInt32};
    case EveKind::kInt64:
    case EveKind::kSint64:
    case EveKind::kSfixed64:
      return {"Int64", Form::kInt64};
    case EveKind::kFloat:
      return {"Float32", Form::kFloat32};
    case EveKind::kDouble:
      return {"Float64", Form::kFloat64};
    case EveKind::kBool:
      return {"UInt8", Form::kUInt8};
    case EveKind::kTime:
      return {modern ? "DateTime64(9, 'UTC')" : "UInt64", Form::kTime};
    case EveKind::kIp:
      return modern ? TypeAndForm{"IPv6", Form::kIp} : TypeAndForm{"String", Form::kText};
    case EveKind::kEnum:
      return {"LowCardinality(String)", Form::kText};
    case EveKind::kText:
      return {f.is_string && std::ranges::find(kUnique, f.name) == std::end(kUnique)
                  ? "LowCardinality(String)"
                  : "String",
              Form::kString};
    case EveKind::kJson:
      return {"String", Form::kString};
    default:
      return {"String", Form::kText};
  }
}

void add_columns(const EveTable& message, const std::string& prefix, unsigned depth, bool modern,
                 std::vector<ClickHouseColumn>& columns) {
  for (const EveField& f : message.fields) {
    if (f.kind == EveKind::kMessage) {
      if (f.repeated || depth == kClickHouseDepth) continue;
      add_columns(*f.message, f.flatten ? prefix : prefix + f.name + "_", depth + 1, modern, columns);
      continue;
    }
    const auto [type, form] = type_of(f, modern);
    ClickHouseColumn column{prefix + f.name, f.repeated ? fmt::format("Array({})", type) : type, form,
                            f.repeated};
    const auto same = std::ranges::find(columns, column.name, &ClickHouseColumn::name);
    if (same == columns.end()) {
      columns.push_back(std::move(column));
    } else if (same->type != column.type) {  // fields that share an EVE key, of which a record has one
      same->form = Form::kText;
      same->type = same->is_array || f.repeated ? "Array(String)" : "String";
      same->is_array = same->is_array || f.repeated;
    }
  }
}

std::vector<ClickHouseTable> make_tables(bool modern) {
  std::vector<ClickHouseTable> all;
  const EveTable& event = event_table();
  for (const std::string& name : tables()) {
    ClickHouseTable table{.name = name};
    for (const EveField& f : event.fields) {
      if (f.kind == EveKind::kMessage || f.name == "timestamp") continue;
      const auto [type, form] = type_of(f, modern);
      table.columns.push_back({f.name, f.repeated ? fmt::format("Array({})", type) : type, form, f.repeated});
    }
    if (const EveField* own = event.find(name); own != nullptr && name != kOtherTable) {
      table.own_number = own->number;
      add_columns(*own->message, name + "_", 1, modern, table.columns);
    }
    all.push_back(std::move(table));
  }
  return all;
}

/// What every table has of a record's or a delivery's chain, and what follows.
std::vector<ClickHouseColumn> chain_and(std::vector<ClickHouseColumn> columns) {
  columns.insert(columns.begin(), {{"sensor", "LowCardinality(String)", Form::kString, false},
                                   {"boot", "UInt64", Form::kUInt64, false},
                                   {"lane", "UInt8", Form::kUInt8, false}});
  return columns;
}

std::string column_list(const std::vector<ClickHouseColumn>& columns) {
  std::string text;
  for (const auto& c : columns)
    text += fmt::format("{}\n  {} {}", text.empty() ? "" : ",", clickhouse_name(c.name), c.type);
  return text;
}

std::string full_name(const ClickHouseSchemaOptions& o, std::string_view table) {
  return clickhouse_name(o.database) + "." + clickhouse_name(table);
}

constexpr std::string_view kSynced = "\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

std::string records_table(const ClickHouseSchemaOptions& o, const ClickHouseTable& table) {
  std::vector<ClickHouseColumn> columns = clickhouse_key_columns(o.version);
  columns.insert(columns.end(), table.columns.begin(), table.columns.end());
  columns.push_back(clickhouse_eve_column());
  std::string time = "timestamp";
  if (o.version.is_modern()) {
    for (const char* steady : {"timestamp", "seq"})
      std::ranges::find(columns, steady, &ClickHouseColumn::name)->type += " CODEC(Delta(8), ZSTD)";
    columns.back().type += " CODEC(ZSTD(3))";
  } else {
    time = "time";
    columns.insert(
        columns.begin() + 1,
        {"time", "DateTime MATERIALIZED toDateTime(intDiv(timestamp, 1000000000))", Form::kUInt32, false});
  }
  std::string sql = fmt::format(
      "CREATE TABLE IF NOT EXISTS {} ({})\nENGINE = ReplacingMergeTree\nPARTITION BY toYYYYMM({})\n"
      "ORDER BY (timestamp, sensor, boot, lane, seq)",
      full_name(o, table.name), column_list(columns), time);
  if (!o.version.is_modern()) return sql;
  if (o.keep_days != 0) sql += fmt::format("\nTTL toDateTime(timestamp) + INTERVAL {} DAY", o.keep_days);
  return sql.append(kSynced);
}

}  // namespace

Result<ClickHouseVersion> parse_clickhouse_version(std::string_view text) {
  ClickHouseVersion v;
  const char* end = text.data() + text.size();
  const auto [dot, bad] = std::from_chars(text.data(), end, v.major);
  if (bad != std::errc{} || dot == end || *dot != '.' ||
      std::from_chars(dot + 1, end, v.minor).ec != std::errc{})
    return Error{fmt::format("'{}' is no version of ClickHouse; write it as 18.16 or 24.8.4.13", text)};
  if (v < kOldest) {
    return Error{fmt::format("ClickHouse {} is too old; {}.{} is the oldest that picket writes to", text,
                             kOldest.major, kOldest.minor)};
  }
  return v;
}

std::vector<ClickHouseColumn> clickhouse_key_columns(ClickHouseVersion version) {
  auto columns = chain_and({{"seq", "UInt64", Form::kUInt64, false}});
  columns.insert(columns.begin(),
                 {"timestamp", version.is_modern() ? "DateTime64(9, 'UTC')" : "UInt64", Form::kTime, false});
  return columns;
}

ClickHouseColumn clickhouse_eve_column() { return {"eve", "String", Form::kString, false}; }

const std::vector<ClickHouseTable>& clickhouse_tables(ClickHouseVersion version) {
  static const auto& before = *new std::vector<ClickHouseTable>(make_tables(false));
  static const auto& modern = *new std::vector<ClickHouseTable>(make_tables(true));
  return version.is_modern() ? modern : before;
}

std::vector<ClickHouseColumn> clickhouse_begun_columns() {
  return chain_and({{"through", "UInt64", Form::kUInt64, false}});
}

std::vector<ClickHouseColumn> clickhouse_delivery_columns() {
  return chain_and({
      {"through", "UInt64", Form::kUInt64, false},
      {"first_seq", "UInt64", Form::kUInt64, false},
      {"count", "UInt32", Form::kUInt32, false},
      {"version", "UInt64", Form::kUInt64, false},
      {"head", "String", Form::kString, false},
      {"missing.first", "Array(UInt64)", Form::kUInt64, true},
      {"missing.last", "Array(UInt64)", Form::kUInt64, true},
      {"missing.reason", "Array(String)", Form::kString, true},
      {"missing.signed", "Array(UInt8)", Form::kUInt8, true},
  });
}

std::vector<std::string> clickhouse_schema(const ClickHouseSchemaOptions& o) {
  std::vector<std::string> statements{"CREATE DATABASE IF NOT EXISTS " + clickhouse_name(o.database)};
  for (const auto& table : clickhouse_tables(o.version)) statements.push_back(records_table(o, table));
  const std::string_view synced = o.version.is_modern() ? kSynced : "";
  statements.push_back(
      fmt::format("CREATE TABLE IF NOT EXISTS {} ({})\nENGINE = ReplacingMergeTree(through)\n"
                  "ORDER BY (sensor, boot, lane){}",
                  full_name(o, kBegunTable), column_list(clickhouse_begun_columns()), synced));
  statements.push_back(
      fmt::format("CREATE TABLE IF NOT EXISTS {} ({})\nENGINE = ReplacingMergeTree\n"
                  "ORDER BY (sensor, boot, lane, version, through){}",
                  full_name(o, kDeliveriesTable), column_list(clickhouse_delivery_columns()), synced));
  return statements;
}

std::string clickhouse_schema_script(const ClickHouseSchemaOptions& o) {
  std::string text;
  if (!o.version.is_modern()) text = "SET allow_experimental_low_cardinality_type = 1;\n\n";
  for (const auto& s : clickhouse_schema(o)) text += s + ";\n\n";
  return text;
}

std::string clickhouse_name(std::string_view name) {
  std::string text = "`";
  for (const char c : name) {
    if (c == '`' || c == '\\') text += '\\';
    text += c;
  }
  return text + '`';
}

std::string clickhouse_text(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + '\'';
}

std::vector<std::pair<std::string_view, std::string>> clickhouse_settings(ClickHouseVersion version) {
  if (!version.is_modern()) return {{"allow_experimental_low_cardinality_type", "1"}};
  // A block of records of many months is no reason to refuse it.
  return {{"max_partitions_per_insert_block", "0"}};
}

}  // namespace picket::collector
