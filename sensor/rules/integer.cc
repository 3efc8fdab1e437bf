// sensor/rules/integer.cc — number tests as the rule language writes them
//
//   5  =5  !5  <5  <=5  >5  >=5  1-9  1<>9 (both without their ends)  !1-9  &0x0f=0x01  &0x0f!=0x01
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

using ByName = bool (*)(std::string_view, std::uint64_t&) noexcept;

constexpr Named<std::uint64_t> kUnits[] = {
    {"kb", 1024}, {"kib", 1024}, {"mb", 1024 * 1024}, {"mib", 1024 * 1024}, {"gb", 1 << 30}, {"gib", 1 << 30},
};

bool read_value(std::string_view text, std::uint64_t max, ByName by_name, std::uint64_t& out) noexcept {
  text = trim(text);
  if (by_name != nullptr && by_name(text, out)) return out <= max;
  if (parse_number(text, out)) return out <= max;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const auto* unit = find_named(kUnits, trim(text.substr(digits)));
  return unit != nullptr && parse_number(text.substr(0, digits), out) &&
         !__builtin_mul_overflow(out, *unit, &out) && out <= max;
}

}  // namespace

bool Builder::read_integer_test(std::string_view text, std::uint64_t max, IntegerTest& out, ByName by_name) {
  const auto whole = text;
  const auto bad = [&](std::string_view part) {
    if (part.empty()) part = whole;
    std::string reason = "'" + std::string(part.substr(0, 60)) + "' is not a number";
    if (by_name != nullptr) reason += " or a known name";
    return fail(part, reason + " (largest: " + std::to_string(max) + ")");
  };
  const auto value = [&](std::string_view part, std::uint64_t& v) {
    return read_value(part, max, by_name, v) || bad(trim(part));
  };

  out = {};
  out.hi = max;
  out.negated = take_char(text, '!');
  if (take_prefix(text, "&")) {
    out.kind = IntegerTest::Kind::kMasked;
    auto rest = text;
    auto mask = take_until(rest, '=');
    if (mask.ends_with('!')) {
      mask = trim(mask.substr(0, mask.size() - 1));
      out.negated = !out.negated;
    }
    return value(mask, out.mask) && value(rest, out.lo);
  }
  if (take_prefix(text, ">=")) return value(text, out.lo);
  if (take_prefix(text, "<=")) return value(text, out.hi);
  if (text.starts_with('>')) {
    if (!value(text.substr(1), out.lo)) return false;
    return out.lo++ < max || fail(whole, "no number is larger than " + std::to_string(max));
  }
  if (text.starts_with('<') && !text.starts_with("<>")) {
    if (!value(text.substr(1), out.hi)) return false;
    return out.hi-- > 0 || fail(whole, "no number is smaller than 0");
  }
  take_char(text, '=');
  if (by_name != nullptr && by_name(text, out.lo)) {
    out.hi = out.lo;
    return true;
  }
  auto split = text.find("<>");
  std::size_t width = 2;
  if (split == std::string_view::npos) split = text.find('-', 1), width = 1;
  if (split == std::string_view::npos) {
    if (!value(text, out.lo)) return false;
    out.hi = out.lo;
    return true;
  }
  if (!value(text.substr(0, split), out.lo) || !value(text.substr(split + width), out.hi)) return false;
  if (out.hi <= out.lo || out.hi - out.lo < 2) {
    return fail(whole, "no number lies between " + std::to_string(out.lo) + " and " + std::to_string(out.hi) +
                           ", ends excluded");
  }
  ++out.lo;
  --out.hi;
  return true;
}

}  // namespace picket::rules
