// export/collector/sinks/clickhouse_schema.h — how records lie in ClickHouse: tables and columns, from the schema's
// descriptors and the server's version
//
// A table per record type (layout.h names them). Its columns: timestamp, sensor, boot, lane and seq, which say which
// record it is; each plain field of Event; each plain field of the type's own message, named by their way from Event
// (`alert_signature_id`, `flow_bytes_toserver`); and `eve`, the whole record as EVE JSON. What a record does not have
// is 0 or empty. Fields in repeated messages and in maps have no column of their own: they stand in `eve`.
//
//              before 21.3 (Debian 12 has 18.16)          21.3 and later
//   timestamp  UInt64, ns since 1970; `time` DateTime     DateTime64(9, 'UTC')
//   addresses  String, as EVE has them                    IPv6, IPv4 as ::ffff:192.0.2.1
//   on disk    LZ4, synced when the system likes          codecs, synced with each insert; TTL with keep_days
#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "export/eve_table.h"
#include "parsers/core/result.h"

namespace picket::collector {

struct ClickHouseVersion {
  unsigned major = 0, minor = 0;
  auto operator<=>(const ClickHouseVersion&) const = default;
  /// Has the types and settings of the right-hand column above.
  [[nodiscard]] bool is_modern() const { return *this >= ClickHouseVersion{21, 3}; }
};

/// "18.16.1", "24.8.4.13". Older than 18.16 is refused.
Result<ClickHouseVersion> parse_clickhouse_version(std::string_view text);

struct ClickHouseSchemaOptions {
  ClickHouseVersion version{18, 16};
  std::string database = "picket";
  unsigned keep_days = 0;  ///< TTL, where the server has it; 0: for ever
};

/// How a column's values are written in RowBinary.
enum class ClickHouseForm : std::uint8_t {
  kUInt8,
  kUInt32,
  kUInt64,
  kInt32,
  kInt64,
  kFloat32,
  kFloat64,
  kTime,    ///< UInt64, or DateTime64 (an Int64): ns since 1970
  kIp,      ///< IPv6
  kString,  ///< bytes as they are
  kText,    ///< String, as EVE shows the value
};

struct ClickHouseColumn {
  std::string name;
  std::string type;
  ClickHouseForm form = ClickHouseForm::kText;
  bool is_array = false;
};

struct ClickHouseTable {
  std::string name;                       ///< the record type; without the database
  std::vector<ClickHouseColumn> columns;  ///< that come from the record's fields
  std::uint32_t own_number = 0;           ///< the type's message in Event; 0 in the table of unknown types
};

/// Fields of messages in messages have columns down to here: Event is 0, the type's own message 1.
inline constexpr unsigned kClickHouseDepth = 3;

/// Columns that every table has before `columns`, and behind them: which record it is, and all of it.
std::vector<ClickHouseColumn> clickhouse_key_columns(ClickHouseVersion version);
ClickHouseColumn clickhouse_eve_column();

/// By layout.h's table_of(). Built on first use for each of the two kinds of server; lives as long as the program.
const std::vector<ClickHouseTable>& clickhouse_tables(ClickHouseVersion version);

/// The table of what came: a row for each delivery, with what is missing since, and where its chain stands behind it
/// (`head`, a picket.v1.ChainState). A chain's rows are counted by `version`, which is in the key: what fills a hole
/// leaves `through` as it is, and a merge must not take its row for that of the delivery before.
inline constexpr std::string_view kDeliveriesTable = "_deliveries";
std::vector<ClickHouseColumn> clickhouse_delivery_columns();

/// The table of how far a chain's rows may reach: the highest `through` of a chain. It stands there before
/// the first of them.
inline constexpr std::string_view kBegunTable = "_begun";
std::vector<ClickHouseColumn> clickhouse_begun_columns();

/// Statements that make the database and all tables that are not there, without a semicolon.
std::vector<std::string> clickhouse_schema(const ClickHouseSchemaOptions& options);
/// The same as a script for clickhouse-client --multiquery: `picket-collector schema clickhouse`.
std::string clickhouse_schema_script(const ClickHouseSchemaOptions& options);

/// `name`, 'text' as ClickHouse's SQL has them.
std::string clickhouse_name(std::string_view name);
std::string clickhouse_text(std::string_view text);

/// Settings that a server of this version needs for the schema and for inserts: name and value.
std::vector<std::pair<std::string_view, std::string>> clickhouse_settings(ClickHouseVersion version);

}  // namespace picket::collector
