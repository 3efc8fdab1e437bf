// export/collector/filter.h — `--where`: which records are wanted
//
//   expression  =  term { "or" term }
//   term        =  factor { "and" factor }
//   factor      =  "not" factor | "(" expression ")" | field operator value
//   operator    =  "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" (contains)
//   value       =  a word, or a text in 'single' or "double" quotes
//
//   event_type = alert and alert.severity <= 2 and not src_ip = 10.0.0.0/8
//
// A field is a dotted EVE name. Where it has several values, one that fits is enough; a record without it
// does not fit, whatever the operator. Values reach SQL as bound parameters only; what SQL has no column for
// is decided by a function of ours that reads the record's bytes.
//
// Limits  kMaxLength characters, kMaxDepth parentheses
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "export/collector/db.h"
#include "export/field_path.h"

namespace picket::collector {

enum class Comparison : std::uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains
};

/// `field operator value`, ready to be asked of a record.
struct Condition {
  FieldPath path;
  Comparison op = Comparison::kEqual;
  std::string text;        ///< as EVE shows such a value
  long double number = 0;  ///< fields that are numbers or times; holds 64 bits exactly
  Bytes address() const { return {network, address_size}; }
  std::uint8_t network[16]{};    ///< fields that are addresses
  std::size_t address_size = 0;  ///< 0: not an address
  unsigned prefix_bits = 0;

  [[nodiscard]] bool fits(Bytes record) const;
};

class Filter {
 public:
  static constexpr std::size_t kMaxLength = 4096;
  static constexpr unsigned kMaxDepth = 32;

  /// The error shows where the expression cannot be read, and why. An empty expression lets everything
  /// through.
  static Result<Filter> parse(std::string_view expression);

  /// A condition for WHERE, with a `?` for each parameter.
  [[nodiscard]] const std::string& sql() const noexcept { return sql_; }
  /// Binds the parameters from `at` on; gives the number of the next.
  int bind(Statement& s, int at) const;
  /// Makes the function that sql() may call known to a connection; the filter has to outlive its statements.
  Status install(Db& db) const;

 private:
  friend class FilterParser;
  std::string sql_ = "1";
  /// Each `?` in order: a value for a column, or the index of a condition.
  struct Parameter {
    std::size_t condition;
    bool is_index;
  };
  std::vector<Parameter> parameters_;
  std::shared_ptr<std::vector<Condition>> conditions_ = std::make_shared<std::vector<Condition>>();
};

/// "2023-11-14T22:13:20", with or without fraction, "Z" or "+0000", or only a day: ns since 1970 UTC.
Result<std::uint64_t> parse_time(std::string_view text);
/// A time as above, or how long ago: 90s, 15m, 24h, 7d.
Result<std::uint64_t> parse_since(std::string_view text, std::uint64_t now_ns);

}  // namespace picket::collector
