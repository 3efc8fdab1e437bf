#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "export/collector/filter.h"

namespace picket::collector {
namespace {

/// Takes exactly `digits` digits off the front.
bool take(std::string_view& s, unsigned digits, unsigned& out) {
  if (s.size() < digits) return false;
  const auto [end, error] = std::from_chars(s.data(), s.data() + digits, out);
  if (error != std::errc{} || end != s.data() + digits) return false;
  s.remove_prefix(digits);
  return true;
}
bool take(std::string_view& s, char c) {
  if (s.empty() || s.front() != c) return false;
  s.remove_prefix(1);
  return true;
}

/// The fraction's digits, up to nine, as ns.
bool take_fraction(std::string_view& s, std::uint64_t& ns) {
  ns = 0;
  if (!take(s, '.')) return true;
  unsigned digits = 0;
  for (; !s.empty() && s.front() >= '0' && s.front() <= '9' && digits < 9; ++digits, s.remove_prefix(1)) {
    ns = ns * 10 + static_cast<std::uint64_t>(s.front() - '0');
  }
  for (unsigned i = digits; i < 9; ++i) ns *= 10;
  return digits > 0;
}

}  // namespace

Result<std::uint64_t> parse_time(std::string_view text) {
  using namespace std::chrono;
  std::string_view s = text;
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::uint64_t ns = 0;
  bool ok = take(s, 4, year) && take(s, '-') && take(s, 2, month) && take(s, '-') && take(s, 2, day);
  if (ok && !s.empty()) {
    ok = (take(s, 'T') || take(s, ' ')) && take(s, 2, hour) && take(s, ':') && take(s, 2, minute);
    if (ok && take(s, ':')) ok = take(s, 2, second) && take_fraction(s, ns);
    if (ok && !take(s, 'Z') && (s == "+0000" || s == "+00:00")) s = {};
  }
  const year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                            std::chrono::day(day)};
  ok =
      ok && s.empty() && date.ok() && year >= 1970 && year <= 2500 && hour < 24 && minute < 60 && second < 60;
  if (!ok)
    return Error{fmt::format("'{}' is not a time in UTC; write 2023-11-14T22:13:20 or 2023-11-14", text)};
  const auto days_since = sys_days{date}.time_since_epoch().count();
  const auto seconds_since =
      static_cast<std::uint64_t>(days_since) * 86400U + hour * 3600U + minute * 60U + second;
  return seconds_since * 1'000'000'000U + ns;
}

Result<std::uint64_t> parse_since(std::string_view text, std::uint64_t now_ns) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error == std::errc{} && end + 1 == text.data() + text.size()) {
    std::uint64_t unit = 0;
    switch (*end) {
      case 's':
        unit = 1;
        break;
      case 'm':
        unit = 60;
        break;
      case 'h':
        unit = 3600;
        break;
      case 'd':
        unit = 86400;
        break;
      default:
        break;
    }
    if (unit != 0 && n < 1'000'000) {
      const std::uint64_t ago = n * unit * 1'000'000'000U;
      return ago < now_ns ? now_ns - ago : 0;
    }
  }
  auto time = parse_time(text);
  if (!time) return Error{fmt::format("{}, or how long ago: 90s, 15m, 24h, 7d", time.error().message)};
  return time;
}

}  // namespace picket::collector
