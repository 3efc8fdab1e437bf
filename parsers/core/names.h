// parsers/core/names.h — tables of numbers and their names
//
// Entry   anything with a `number` and a `name`
// Cost    O(table): for tables that are asked once a record, or when a rule is loaded; sorted_name_of() is O(log table)
#pragma once
#include <algorithm>
#include <functional>

#include "parsers/core/bytes.h"

namespace picket {

struct NumberName {
  std::uint16_t number;
  std::string_view name;
};

/// "" when there is none.
template <class Entry, std::size_t N>
[[nodiscard]] constexpr std::string_view name_of(const Entry (&table)[N], std::uint32_t number) noexcept {
  for (const Entry& e : table) {
    if (e.number == number) return e.name;
  }
  return {};
}

/// The same of a table in the order of its numbers, for what is asked for each element of a message:
/// sorted_name_of<kTable>(number).
template <const auto& kTable>
[[nodiscard]] constexpr std::string_view sorted_name_of(std::uint32_t number) noexcept {
  constexpr auto kNumber = [](const auto& e) noexcept { return std::uint32_t{e.number}; };
  static_assert(std::ranges::is_sorted(kTable, std::ranges::less_equal{}, kNumber));
  const auto* e = std::ranges::lower_bound(kTable, number, {}, kNumber);
  return e != std::end(kTable) && e->number == number ? e->name : std::string_view{};
}

/// In either case. False: no entry has that name.
template <class Entry, std::size_t N>
[[nodiscard]] bool number_of(const Entry (&table)[N], std::string_view name, std::uint64_t& out) noexcept {
  for (const Entry& e : table) {
    if (equals_nocase(e.name, name)) return out = e.number, true;
  }
  return false;
}

}  // namespace picket
