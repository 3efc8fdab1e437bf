// sensor/rules/lists.h — address and port expressions of rule headers: $VARS, [lists], !negation → interned
// sets
//
//   item  = "!" item | "[" item { "," item } "]" | "$" name | "any" | atom
//   atom  = 10.0.0.0/8 | 10.0.0.1-10.0.0.9 | fe80::/10 ...      80 | 1024: | :80 | 80:90 ...
//
// As in Suricata, a list is flattened before it is weighed: what is wanted in it (all, when nothing is) less
// what is negated in it, at any depth; a negation inside a negation is a wish again.
//
// Cost    one hash look-up for an expression seen before, which is nearly every one
// Lives   sets are shared and outlive the book
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sensor/rules/diagnostic.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

struct AddressKind {
  using Range = AddressRange;
  using Set = AddressSet;
  static constexpr std::string_view kNoun = "address";
  static constexpr std::string_view kVariables = "address-groups";
  /// What is wrong with it, or nothing.
  static std::optional<std::string> parse_atom(std::string_view text, Range& out);
};
struct PortKind {
  using Range = PortRange;
  using Set = PortSet;
  static constexpr std::string_view kNoun = "port";
  static constexpr std::string_view kVariables = "port-groups";
  static std::optional<std::string> parse_atom(std::string_view text, Range& out);
};

template <class Kind>
class ListBook {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;
  using Set = typename Kind::Set;
  using Range = typename Kind::Range;

  explicit ListBook(const Variables& variables) : variables_(variables) {}

  /// nullptr: `complaint` says why and which part of `text` is meant.
  [[nodiscard]] std::shared_ptr<const Set> get(std::string_view text, Complaint& complaint);

 private:
  /// A list before it is weighed.
  struct Flat {
    std::vector<Range> wanted, unwanted;
  };
  bool items(std::string_view& rest, bool negated, bool bracketed, unsigned depth, Flat& out,
             Complaint& complaint);
  bool variable(std::string_view reference, bool negated, unsigned depth, Flat& out, Complaint& complaint);

  const Variables& variables_;
  std::map<std::string_view, std::optional<Flat>> expanded_;  // no value: being expanded right now
  std::unordered_map<std::string, std::shared_ptr<const Set>> sets_;
};

extern template class ListBook<AddressKind>;
extern template class ListBook<PortKind>;
using AddressBook = ListBook<AddressKind>;
using PortBook = ListBook<PortKind>;

}  // namespace picket::rules
