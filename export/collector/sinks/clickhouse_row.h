// export/collector/sinks/clickhouse_row.h — records as rows of clickhouse_schema.h's tables, in RowBinary
//
// Cost  a walk over the record and its EVE text
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "export/collector/sink.h"
#include "export/collector/sinks/clickhouse_schema.h"
#include "export/eve.h"
#include "export/wire_reader.h"

namespace picket::collector {

/// Which chain a row is of: `sensor`, `boot` and `lane`, which every table has beside each other.
void put_chain(const ChainId& chain, std::string& row);

class ClickHouseRows {
 public:
  explicit ClickHouseRows(ClickHouseVersion version);
  ~ClickHouseRows();
  ClickHouseRows(ClickHouseRows&&) noexcept;
  ClickHouseRows& operator=(ClickHouseRows&&) noexcept;

  struct Read {
    std::size_t table = 0;  ///< of clickhouse_tables()
    std::uint64_t timestamp_ns = 0;
  };
  /// Reads a record; false when it is not an Event with a type. It has to stay where it is until append().
  [[nodiscard]] bool read(Bytes record, Read& what);
  /// Appends the row of the record that was read. False, and nothing appended, when EVE cannot show it.
  [[nodiscard]] bool append(const ChainId& chain, std::uint64_t seq, std::string& out);

 private:
  struct Layout;
  struct Value {
    const EveField* field = nullptr;
    std::uint64_t number = 0;
    Bytes bytes;
  };
  void take(Bytes message, const Layout& layout, std::size_t node);
  void take_packed(const EveField& field, Bytes packed, std::vector<Value>& values);
  void put(const ClickHouseColumn& column, const Value& value, std::string& out) const;

  ClickHouseVersion version_;
  std::vector<Layout> layouts_;             ///< by table
  std::vector<std::vector<Value>> values_;  ///< by column of the table that was read
  Bytes record_;
  Read read_;
  EveWriter eve_;
  std::string eve_text_;
};

}  // namespace picket::collector
