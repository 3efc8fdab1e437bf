#include "sensor/config/config_value.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "parsers/core/bytes.h"

namespace picket::config {

std::string_view trim(std::string_view s) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = s.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view{}
                                         : s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

std::optional<bool> parse_bool(std::string_view s) noexcept {
  for (const std::string_view word : {"yes", "true", "on", "1"}) {
    if (equals_nocase(s, word)) return true;
  }
  for (const std::string_view word : {"no", "false", "off", "0"}) {
    if (equals_nocase(s, word)) return false;
  }
  return {};
}

std::optional<std::uint64_t> parse_count(std::string_view s) noexcept {
  std::uint64_t v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc() || end != s.data() + s.size()) return {};
  return v;
}

std::optional<std::uint64_t> parse_size(std::string_view s) noexcept {
  const auto digits = std::min(s.find_first_not_of("0123456789"), s.size());
  const auto number = parse_count(s.substr(0, digits));
  if (!number) return {};
  const auto unit = trim(s.substr(digits));
  unsigned shift = 0;
  if (equals_nocase(unit, "kb") || equals_nocase(unit, "kib")) shift = 10;
  if (equals_nocase(unit, "mb") || equals_nocase(unit, "mib")) shift = 20;
  if (equals_nocase(unit, "gb") || equals_nocase(unit, "gib")) shift = 30;
  if (equals_nocase(unit, "tb") || equals_nocase(unit, "tib")) shift = 40;
  if (shift == 0 && !unit.empty() && !equals_nocase(unit, "b")) return {};
  if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) return {};
  return *number << shift;
}

std::vector<std::string> split_list(std::string_view s) {
  s = trim(s);
  if (s.size() >= 2 && s.front() == '[' && s.back() == ']') s = s.substr(1, s.size() - 2);
  std::vector<std::string> items;
  while (!trim(s).empty()) {
    const auto comma = std::min(s.find(','), s.size());
    auto item = trim(s.substr(0, comma));
    if (item.size() >= 2 && (item.front() == '"' || item.front() == '\'') && item.back() == item.front()) {
      item = item.substr(1, item.size() - 2);
    }
    items.emplace_back(item);
    s.remove_prefix(std::min(comma + 1, s.size()));
  }
  return items;
}

std::string show_size(std::uint64_t v) {
  constexpr std::string_view kUnits[] = {"", "kb", "mb", "gb", "tb"};
  std::size_t unit = 0;
  while (v >= 1024 && v % 1024 == 0 && unit + 1 < std::size(kUnits)) v /= 1024, ++unit;
  return std::to_string(v) + std::string(kUnits[unit]);
}

Nearest::Nearest(std::string_view wanted)
    : wanted_(wanted), nearest_(wanted_, std::max<unsigned>(static_cast<unsigned>(wanted.size()) / 3, 2)) {}

// The last part of a name may be all that was typed.
void Nearest::consider(std::string_view candidate) {
  if (candidate.ends_with("." + wanted_) && whole_.empty()) whole_ = candidate;
  nearest_.consider(candidate);
}

std::string Nearest::hint() const {
  const std::string_view best = whole_.empty() ? nearest_.best() : whole_;
  return best.empty() ? "" : "; did you mean " + std::string(best) + "?";
}

}  // namespace picket::config
