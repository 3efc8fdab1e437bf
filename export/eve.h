// export/eve.h — records as EVE JSON, straight from the wire format
//
// Any message of the schema becomes one JSON object, by the tables of eve_table.h. Fields come in the order
// in which they were written; the pieces of a repeated field are gathered at its first. A field is shown
// exactly when it was written. What is valid Protobuf gives valid JSON, whatever bytes a string holds.
//
// Cost    below a microsecond for a small record (tests/bench/eve_bench.cc); no allocation once `out` has
//         grown
// Limits  messages nested deeper than kMaxDepth are shown as null
// Leaves  a singular field that is written twice (no encoder of ours does) shows its first value
#pragma once
#include <cstdint>
#include <string>

#include "export/eve_table.h"
#include "parsers/core/bytes.h"

namespace picket {

class EveWriter {
 public:
  static constexpr unsigned kMaxDepth = 32;

  EveWriter() : EveWriter(event_table()) {}
  explicit EveWriter(const EveTable& table) noexcept : table_(&table) {}

  /// Appends one object, without a newline. False, and nothing appended, when `record` is not a Protobuf
  /// message.
  [[nodiscard]] bool append(Bytes record, std::string& out);

 private:
  struct Second {
    std::uint64_t value = ~std::uint64_t{0};
    char text[19];  // 2023-11-14T22:13:20
  };
  class Json;

  const EveTable* table_;
  Second second_;  ///< the last one shown: records of one second are many
};

/// One field's value as EVE shows it, without the quotes of a string. For tables and comparisons; not fast.
std::string eve_value_text(const EveField& field, std::uint64_t value, Bytes bytes);

/// An integer's or time's value with its sign; what is above 2^63 comes out negative.
std::int64_t eve_integer(const EveField& field, std::uint64_t value) noexcept;

}  // namespace picket
