// tests/support/rules.h — rules for a test, loaded as the program loads them, without a cache
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sensor/rules/rule_base.h"

namespace picket::test {

inline std::unique_ptr<RuleBase> load_rules(const std::vector<std::string>& paths) {
  auto base = RuleLoader(paths, {}, "").load();
  if (!base) {
    ADD_FAILURE() << base.error().message;
    return nullptr;
  }
  EXPECT_EQ(base.value()->rejected(), 0U);
  return std::move(base).value();
}

}  // namespace picket::test
