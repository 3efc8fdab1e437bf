// dataplane/detect/dataset.h — sets of values that rules ask for: dataset, datarep
//
// A set that no rule changes is looked up here. One that rules change is state that crosses flows: the value
// travels with the match, and correlate decides in the order of the capture (sensor/rules/dynamic_sets.h).
//
// Lives   part of a RuleSet: immutable, read by all cores at once
// Cost    one hash and a comparison a look-up
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "parsers/core/bytes.h"

namespace picket::detect {

inline constexpr std::size_t kMaxDatasetValue = 512;  ///< longer values are in no set that rules change
inline constexpr unsigned kMaxDatasetHits = 8;        ///< of one rule

/// The value as sets hold it: addresses as `type` has them. Empty: it is none of that type.
[[nodiscard]] Bytes dataset_value(DatasetType type, Bytes value, std::array<std::uint8_t, 16>& room) noexcept;

/// What a rule met while its groups ran.
struct DatasetHit {
  std::uint32_t test = 0;               ///< in RuleSet::dataset_tests
  const DatasetEntry* entry = nullptr;  ///< nullptr: of a set that rules change; then `value` holds it
  std::uint16_t size = 0;
  std::array<std::uint8_t, kMaxDatasetValue> value;
};

/// How a value travels to correlate: command, set, size, bytes; in the order in which the rule asked.
struct DatasetNote {
  DatasetCommand command;
  std::uint32_t set;
  Bytes value;
};
inline constexpr std::size_t kDatasetNoteHead = 7;
/// Writes at `at`, which has room for kDatasetNoteHead + value.size(); returns the end.
std::uint8_t* put_note(std::uint8_t* at, const DatasetNote&) noexcept;
/// Takes the first note off `notes`; false when there is none.
[[nodiscard]] bool take_note(Bytes& notes, DatasetNote&) noexcept;

}  // namespace picket::detect
