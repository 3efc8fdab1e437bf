#include "parsers/core/ot_match.h"

#include <algorithm>
#include <cmath>

namespace picket {
namespace {

bool same(char a, char b) noexcept {
  return to_lower(static_cast<std::uint8_t>(a)) == to_lower(static_cast<std::uint8_t>(b));
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0, star = kNone, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || same(pattern[p], text[t]))) {
      ++p;
      ++t;
    } else if (star != kNone) {  // the last * takes one more
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool OtOperationMatcher::match(const Transaction& tx, Direction dir) const noexcept {
  const OtTransaction* x = ot_side(tx, dir);
  if (x == nullptr) return false;
  for (const Set& s : sets) {
    if (s.protocol != x->ot) continue;
    const auto at = static_cast<std::size_t>(x->operation - x->ot->operations.data());
    return at < s.operations.size() && s.operations[at];
  }
  return false;
}

bool OtAddressMatcher::fits(const OtAddress& a) const noexcept {
  return std::any_of(tests.begin(), tests.end(), [&a](const Test& t) {
    if (t.last < t.first) return glob_matches(t.glob, as_text(a.text));
    return a.first <= a.last && a.first <= t.last && t.first <= a.last;
  });
}

bool OtAddressMatcher::match(const Transaction& tx, Direction dir) const noexcept {
  const OtTransaction* x = ot_side(tx, dir);
  bool found = false;
  if (x != nullptr) each_ot_address(*x, [&](const OtAddress& a) { return found = fits(a) != negated; });
  return found;
}

bool OtValueMatcher::fits(const OtValue& v) const noexcept {
  return std::any_of(tests.begin(), tests.end(), [&v](const Test& t) {
    if (t.is_number != v.is_number) return false;
    if (!v.is_number) return glob_matches(t.glob, as_text(v.text));
    if (std::isnan(v.number)) return false;
    return (t.low_open ? v.number > t.low : v.number >= t.low) &&
           (t.high_open ? v.number < t.high : v.number <= t.high);
  });
}

bool OtValueMatcher::match(const Transaction& tx, Direction dir) const noexcept {
  const OtTransaction* x = ot_side(tx, dir);
  bool found = false;
  if (x != nullptr) each_ot_value(*x, dir, [&](const OtValue& v) { return found = fits(v) != negated; });
  return found;
}

}  // namespace picket
