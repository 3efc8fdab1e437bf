// parsers/core/ot_match.h — what the keywords ot.* compile to: tests of an OtTransaction
//
// Filled by sensor/rules/keywords_ot.cc, which reads them; immutable from then on.
//
// Cost    operations: O(protocols inside of the protocol). Addresses and values: each is made and held against
//         each test, up to kMaxOtInstances of them
#pragma once
#include <limits>
#include <string>
#include <vector>

#include "parsers/core/ot.h"

namespace picket {

/// `text` as a whole, in either case; * stands for any bytes, ? for one. O(|text| * |pattern|) at worst.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

/// ot.protocol, ot.class, ot.operation: settled when the rule is loaded, as a set of operations.
struct OtOperationMatcher final : TxMatcher {
  struct Set {
    const OtProtocol* protocol = nullptr;
    std::vector<bool> operations;  ///< by place in protocol->operations
  };
  std::vector<Set> sets;

  [[nodiscard]] bool match(const Transaction&, Direction) const noexcept override;
};

/// ot.address: any address that one of these fits; with `negated`, any that none of them fits.
struct OtAddressMatcher final : TxMatcher {
  struct Test {
    std::uint64_t first = 1, last = 0;  ///< numbers, both inclusive; last < first: `glob` counts
    std::string glob;
  };
  std::vector<Test> tests;
  bool negated = false;

  [[nodiscard]] bool match(const Transaction&, Direction) const noexcept override;
  [[nodiscard]] bool fits(const OtAddress&) const noexcept;
};

/// ot.value: any value of the message that one of these fits; with `negated`, any that none of them fits.
struct OtValueMatcher final : TxMatcher {
  struct Test {
    bool is_number = false;
    double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
    bool low_open = false, high_open = false;
    std::string glob;
  };
  std::vector<Test> tests;
  bool negated = false;

  [[nodiscard]] bool match(const Transaction&, Direction) const noexcept override;
  [[nodiscard]] bool fits(const OtValue&) const noexcept;
};

}  // namespace picket
