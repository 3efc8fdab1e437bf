// sensor/rules/test_support.h — one rule at a time, for tests
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sensor/rules/load.h"

namespace picket::rules {

/// One rule against test_protocols(), under the name "t.rules".
class OneRule {
 public:
  explicit OneRule(std::string_view text);
  [[nodiscard]] bool loaded() const {
    return set_.rules.size() == 1 && set_.statuses.size() == 1 && set_.statuses[0].loaded();
  }
  /// "" when it loaded, else the message.
  [[nodiscard]] std::string error() const;
  /// All warnings, one a line.
  [[nodiscard]] std::string warnings() const;
  const Rule* operator->() const { return &rule(); }
  const Rule& operator*() const { return rule(); }
  [[nodiscard]] const Rule& rule() const;
  /// The n-th clause of a group; a default one, with a failure, when it is not of that kind.
  template <class T>
  [[nodiscard]] const T& clause(std::size_t group, std::size_t n) const {
    static const T kNone{};
    if (group < rule().groups.size() && n < rule().groups[group].clauses.size()) {
      if (const T* t = std::get_if<T>(&rule().groups[group].clauses[n])) return *t;
    }
    ADD_FAILURE() << "no such clause: group " << group << ", clause " << n;
    return kNone;
  }
  template <class T>
  [[nodiscard]] const T& packet_test(std::size_t n = 0) const {
    static const T kNone{};
    if (n < rule().packet_tests.size()) {
      if (const T* t = std::get_if<T>(&rule().packet_tests[n])) return *t;
    }
    ADD_FAILURE() << "no such packet test: " << n;
    return kNone;
  }

 private:
  RuleSet set_;
  Rule none_;
};

/// A rule of these options behind "alert ip any any -> any any", with a sid.
[[nodiscard]] OneRule with(std::string_view options, std::string_view header = "alert ip any any -> any any");
/// What is said against such a rule, without file, line and column; "" when it loaded.
[[nodiscard]] std::string reason(std::string_view options,
                                 std::string_view header = "alert ip any any -> any any");

}  // namespace picket::rules
