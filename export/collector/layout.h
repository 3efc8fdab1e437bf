// export/collector/layout.h — how records lie in the store: tables and columns, from the schema's descriptors
//
// A table per record type (each message field of Event: flow, alert, dns ...), and one for types this version
// does not know. Every table has a record's sensor, boot, number and bytes, and a column for each single,
// plain field of Event.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "export/collector/db.h"
#include "export/eve_table.h"
#include "export/wire_reader.h"

namespace picket::collector {

/// The table of types that this version's schema does not have.
inline constexpr std::string_view kOtherTable = "other";

/// All tables, by event_type; the last is kOtherTable.
const std::vector<std::string>& tables();
/// Where records of this type lie: an index into tables().
std::size_t table_of(std::string_view event_type);

/// Fields of Event with a column of their own.
const std::vector<const EveField*>& columns();
bool is_column(const EveField& field);
/// Integers and times (ns since 1970) are INTEGER, the rest TEXT as EVE shows it.
bool is_integer_column(const EveField& field);

/// Statements that make, or bring up to date, the tables. Columns that a newer schema has are added.
Status create_tables(Db& db);
std::string insert_sql(std::size_t table);

/// A record's column values and type, read in one pass.
class Row {
 public:
  Row() : values_(columns().size()), set_(columns().size()) {}
  /// False when the bytes are not an Event with a type. Views in the row point into `record`.
  [[nodiscard]] bool read(Bytes record);
  [[nodiscard]] std::size_t table() const { return table_; }
  /// Binds sensor, boot, seq, columns and record to a statement of insert_sql().
  void bind(Statement& s, std::string_view sensor, std::uint64_t boot, std::uint64_t seq, Bytes record) const;

 private:
  std::vector<WireField> values_;
  std::vector<bool> set_;
  std::size_t table_ = 0;
};

}  // namespace picket::collector
