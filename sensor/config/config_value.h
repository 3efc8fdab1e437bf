// sensor/config/config_value.h — a configured value as text, and text as bool, number, size, list
//
// A value comes from YAML or from --set; both end here as text, so that they read the same.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/nearest_name.h"

namespace picket::config {

struct Value {
  std::string text;                ///< of a scalar; of a list: "[a,b]", as Suricata writes address groups
  std::vector<std::string> items;  ///< of a list; of a scalar: cut at commas, brackets off
  std::string where;               ///< "picket.yaml:3:7" or "--set stream.midstream=maybe"
};

/// yes, true, on, 1 and their opposites.
[[nodiscard]] std::optional<bool> parse_bool(std::string_view) noexcept;
/// A number, or one with kb, mb, gb, tb or kib, mib ... behind it: all powers of 1024, as in Suricata.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view) noexcept;
/// Decimal digits and nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view) noexcept;
/// "[a, b]" and "a, b" alike; brackets and quotes off.
[[nodiscard]] std::vector<std::string> split_list(std::string_view);
[[nodiscard]] std::string_view trim(std::string_view) noexcept;
/// "1mb", "256kb" where it comes out even, else the number.
[[nodiscard]] std::string show_size(std::uint64_t);

/// NearestName for keys, which are long and have parts. Borrows the candidates.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted);
  Nearest(const Nearest&) = delete;
  Nearest& operator=(const Nearest&) = delete;
  void consider(std::string_view candidate);
  /// "; did you mean X?", or nothing when none is near.
  [[nodiscard]] std::string hint() const;

 private:
  const std::string wanted_;
  std::string_view whole_;  // of which `wanted_` is the last part
  NearestName nearest_;
};

}  // namespace picket::config
