#include "parsers/core/ot_match.h"

#include <gtest/gtest.h>

#include <limits>

namespace picket {
namespace {

struct Point {
  std::string_view text;
  std::uint64_t first = 1, last = 0;
};
struct Value {
  bool is_number = true;
  double number = 0;
  std::string_view text;
};

/// With all that a test wants it to have, in both directions.
struct Fake : OtTransaction {
  std::vector<Point> points;
  std::vector<Value> values;
};

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& all = static_cast<const Fake&>(tx).points;
  if (n >= all.size()) return false;
  out.text = as_bytes(all[n].text);
  out.first = all[n].first;
  out.last = all[n].last;
  return true;
}
bool value(const OtTransaction& tx, Direction, unsigned n, OtValue& out) noexcept {
  const auto& all = static_cast<const Fake&>(tx).values;
  if (n >= all.size()) return false;
  out.is_number = all[n].is_number;
  out.number = all[n].number;
  out.text = as_bytes(all[n].text);
  return true;
}

constexpr OtOperation kOperations[] = {{OtClass::kRead, "read", ""}, {OtClass::kControl, "stop", "T0858"}};
constexpr OtProtocol kInner{"inner", kOperations, address, value};
constexpr const OtProtocol* kInside[] = {&kInner};
constexpr OtProtocol kOuter{"outer", kOperations, address, value, kInside};

Fake fake(std::vector<Point> points, std::vector<Value> values = {}) {
  Fake f;
  f.ot = &kOuter;
  f.operation = &kOperations[0];
  f.has_request = true;
  f.points = std::move(points);
  f.values = std::move(values);
  return f;
}

TEST(Glob, FitsTheWholeInEitherCase) {
  EXPECT_TRUE(glob_matches("DB1.*", "db1.DBX2.0"));
  EXPECT_TRUE(glob_matches("*download*", "begin program download"));
  EXPECT_TRUE(glob_matches("a?c*", "abc"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("**a*b", "xaxxbyab"));
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("DB1.*", "DB10.DBX0.0"));
  EXPECT_FALSE(glob_matches("ab", "abc"));
  EXPECT_FALSE(glob_matches("?", ""));
  EXPECT_FALSE(glob_matches("*a*b", "ba"));
}

TEST(OtMatch, OperationsOfTheProtocolAtHand) {
  OtOperationMatcher m;
  m.sets = {{&kOuter, {false, true}}, {&kInner, {true, false}}};
  Fake f = fake({});
  EXPECT_FALSE(m.match(f, Direction::kToServer));
  f.operation = &kOperations[1];
  EXPECT_TRUE(m.match(f, Direction::kToServer));
  EXPECT_FALSE(m.match(f, Direction::kToClient)) << "that side was not seen";
  f.ot = &kInner;
  EXPECT_FALSE(m.match(f, Direction::kToServer));
  m.sets.pop_back();
  EXPECT_FALSE(m.match(f, Direction::kToServer)) << "a protocol that the rule does not know of";
}

TEST(OtMatch, ATransactionThatWasMadeUpIsNone) {
  // Of an event outside of any transaction: no OtTransaction stands behind it.
  const Transaction made_up;
  EXPECT_FALSE(OtOperationMatcher().match(made_up, Direction::kToServer));
  EXPECT_FALSE(OtAddressMatcher().match(made_up, Direction::kToClient));
  EXPECT_FALSE(OtValueMatcher().match(made_up, Direction::kToServer));
}

bool address_fits(OtAddressMatcher::Test t, std::vector<Point> points, bool negated = false) {
  OtAddressMatcher m;
  m.tests = {std::move(t)};
  m.negated = negated;
  return m.match(fake(std::move(points)), Direction::kToServer);
}

TEST(OtMatch, AddressesOverlap) {
  EXPECT_TRUE(address_fits({100, 200, ""}, {{"x", 200, 210}}));
  EXPECT_TRUE(address_fits({100, 200, ""}, {{"x", 0, 100}}));
  EXPECT_TRUE(address_fits({100, 200, ""}, {{"x", 0, 1000}}));
  EXPECT_TRUE(address_fits({100, 200, ""}, {{"x", 1, 2}, {"x", 150, 150}})) << "any of them";
  EXPECT_FALSE(address_fits({100, 200, ""}, {{"x", 201, 210}}));
  EXPECT_FALSE(address_fits({100, 200, ""}, {{"x", 0, 99}}));
  EXPECT_FALSE(address_fits({0, ~std::uint64_t{0}, ""}, {{"no number"}}));
  EXPECT_FALSE(address_fits({0, 10, ""}, {}));
  EXPECT_TRUE(address_fits({1, 0, "coil *"}, {{"coil 7", 7, 7}}));
  EXPECT_FALSE(address_fits({1, 0, "coil *"}, {{"holding register 7", 7, 7}}));
  EXPECT_TRUE(address_fits({100, 200, ""}, {{"x", 1, 2}}, true));
  EXPECT_TRUE(address_fits({100, 200, ""}, {{"x", 150, 150}, {"x", 1, 2}}, true));
  EXPECT_FALSE(address_fits({100, 200, ""}, {{"x", 150, 150}}, true));
  EXPECT_FALSE(address_fits({100, 200, ""}, {}, true)) << "no address fits nothing, nor does it fail to";
}

bool value_fits(OtValueMatcher::Test t, std::vector<Value> values, bool negated = false) {
  OtValueMatcher m;
  m.tests = {std::move(t)};
  m.negated = negated;
  return m.match(fake({}, std::move(values)), Direction::kToServer);
}

TEST(OtMatch, Values) {
  const OtValueMatcher::Test over{true, 10.5, std::numeric_limits<double>::infinity(), true, false, ""};
  EXPECT_FALSE(value_fits(over, {{true, 10.5, ""}}));
  EXPECT_TRUE(value_fits(over, {{true, 1, ""}, {true, 10.500001, ""}}));
  EXPECT_FALSE(value_fits(over, {{true, std::numeric_limits<double>::quiet_NaN(), ""}}));
  EXPECT_FALSE(value_fits(over, {{false, 99, "99"}})) << "text is no number";
  const OtValueMatcher::Test between{true, -5, 5, true, true, ""};
  EXPECT_TRUE(value_fits(between, {{true, 0, ""}}));
  EXPECT_FALSE(value_fits(between, {{true, 5, ""}}));
  EXPECT_FALSE(value_fits(between, {{true, -5, ""}}));
  EXPECT_TRUE(value_fits(between, {{true, 5, ""}}, true));
  const OtValueMatcher::Test text{false, 0, 0, false, false, "Schneider*"};
  EXPECT_TRUE(value_fits(text, {{true, 1, ""}, {false, 0, "Schneider Electric"}}));
  EXPECT_FALSE(value_fits(text, {{true, 1, ""}}));
  std::vector<Value> many(kMaxOtInstances + 1, Value{true, 0, ""});
  many[kMaxOtInstances].number = 11;
  EXPECT_FALSE(value_fits(over, many)) << "behind the limit";
}

}  // namespace
}  // namespace picket
