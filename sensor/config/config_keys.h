// sensor/config/config_keys.h — the one table of keys, and what stands beside it: older names, keys not
// honoured
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sensor/config/config.h"
#include "sensor/config/config_value.h"

namespace picket::config {

/// app-layer.protocols.<name>.detail: what its values are called. nullptr or "": there is none such.
[[nodiscard]] const OtDetail* find_detail(std::string_view word) noexcept;
[[nodiscard]] std::string_view detail_word(OtDetail) noexcept;
inline constexpr std::string_view kDetailWords = "full, changes or summary";
inline constexpr std::uint64_t kMaxDetailInterval = 86400;

/// A configuration while it is read. Some keys only mean something together: they wait here until finish().
struct Draft {
  Config config = default_config();
  struct Tunnel {
    bool enabled = true;
    std::vector<std::string> ports;  ///< as written, "$VXLAN_PORTS" too; empty: the default
    std::string where;
  };
  Tunnel vxlan, geneve, teredo, gtp;
  bool file_store = false;
  std::vector<std::string> rule_files, reputation_files;
  std::filesystem::path folder;  ///< where relative paths begin while a source is read
  /// The same for rule-files and reputation-files: where the last list of them was written.
  std::filesystem::path rule_folder, reputation_folder;
};

/// Why a value cannot be, "has to be yes or no"; nothing when it was taken.
using Refusal = std::optional<std::string>;

/// A key of the table. Numbers lie between `min` and `max`; `show` gives the value a draft has.
struct Key {
  std::string_view name;
  Refusal (*set)(const Key&, const Value&, Draft&);
  std::string (*show)(const Draft&);
  std::string_view help;
  std::uint64_t min = 0, max = std::numeric_limits<std::uint64_t>::max();
  std::string_view range = {};  ///< for help, where it is not min to max
};
[[nodiscard]] std::span<const Key> keys() noexcept;

/// What is set in one way and means another key: whole, or with the rest of the key behind a trailing dot.
struct Alias {
  std::string_view from, to;
};
[[nodiscard]] std::span<const Alias> aliases() noexcept;

/// A key that Suricata has and picket knowingly does not honour; with a trailing dot, all that begin so. A
/// '*' stands for one part of a name.
struct Ignored {
  std::string_view name, reason;
};
[[nodiscard]] std::span<const Ignored> ignored_keys() noexcept;
/// Protocols and record types that Suricata has: those that picket does not have are warnings.
[[nodiscard]] bool suricata_knows_protocol(std::string_view name) noexcept;
[[nodiscard]] bool suricata_knows_record(std::string_view name) noexcept;
/// Does `key` fall under `name` as Ignored::name has it?
[[nodiscard]] bool key_matches(std::string_view name, std::string_view key) noexcept;

}  // namespace picket::config
