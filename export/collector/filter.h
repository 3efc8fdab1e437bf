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
// A field is a dotted EVE name. Where it has several values, one that fits is enough; a record without it does
// not fit, whatever the operator.
//
// Limits  kMaxLength characters, kMaxDepth parentheses
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// "10.0.0.0/8", "2001:db8::/32", or an address: the condition that a field `src_ip` lies in it.
struct Network {
  std::uint8_t bytes[16]{};
  std::size_t size = 0;  ///< 4 or 16
  unsigned bits = 0;
  [[nodiscard]] Bytes address() const { return {bytes, size}; }
  [[nodiscard]] bool has(Bytes address) const noexcept;
};
/// The error says that `text` is neither; the caller says where it stood.
Result<Network> parse_network(std::string_view text);

/// `field operator value`, ready to be asked of a record.
struct Condition {
  FieldPath path;
  Comparison op = Comparison::kEqual;
  std::string text;        ///< as EVE shows such a value
  long double number = 0;  ///< fields that are numbers or times; holds 64 bits exactly
  Network network;         ///< fields that are addresses; of size 0: not an address

  [[nodiscard]] bool fits(Bytes record) const;
};

class Filter {
 public:
  static constexpr std::size_t kMaxLength = 4096;
  static constexpr unsigned kMaxDepth = 32;

  /// The error shows where the expression cannot be read, and why. An empty expression lets everything
  /// through.
  static Result<Filter> parse(std::string_view expression);

  [[nodiscard]] bool fits(Bytes record) const { return nodes_.empty() || fits(root_, record); }

 private:
  friend class FilterParser;
  struct Node {
    enum class Kind : std::uint8_t { kCondition, kNot, kAnd, kOr } kind;
    std::size_t left = 0, right = 0;  ///< nodes; of a condition, `left` is its place
  };
  [[nodiscard]] bool fits(std::size_t node, Bytes record) const;

  std::vector<Node> nodes_;
  std::size_t root_ = 0;
  std::vector<Condition> conditions_;
};

/// "2023-11-14T22:13:20", with or without fraction, "Z" or "+0000", or only a day: ns since 1970 UTC.
Result<std::uint64_t> parse_time(std::string_view text);
/// A time as above, or how long ago: 90s, 15m, 24h, 7d.
Result<std::uint64_t> parse_since(std::string_view text, std::uint64_t now_ns);

}  // namespace picket::collector
