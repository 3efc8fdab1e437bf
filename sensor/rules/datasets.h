// sensor/rules/datasets.h — the data sets that rules name: from files and rules to what the packet path looks
// up
//
// A set is known by its name; the first rule that says its type or file speaks for all. `load` is a file
// beside the rule; `state` and `save` are files of the data directory, written when the sensor ends. Lines
// are values: text in base64, digests in hexadecimal, addresses; datarep's have a comma and a number behind;
// format json and ndjson hold objects, one of whose members is the value, all of them what an alert shows.
//
// Refuses a file that cannot be read, or a line that is no value: every rule that asks for the set, with the
// reason
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "parsers/core/result.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

/// A set that rules change: kept by correlate.
struct DynamicSet {
  std::string name;
  detect::DatasetType type = detect::DatasetType::kString;
  std::vector<std::string> values;  ///< at first
  std::filesystem::path save;       ///< empty: forgotten at the end
  std::uint64_t memcap = 0;         ///< bytes its values may take
};

class DatasetTable {
 public:
  explicit DatasetTable(std::filesystem::path data_dir) : data_dir_(std::move(data_dir)) {}

  /// First every rule's word on its sets ...
  void note(const Dataset&, const std::filesystem::path& rule_dir);
  /// ... then the files ...
  void load(detect::RuleSet&, std::vector<DynamicSet>&, std::vector<std::string>& warnings);
  /// ... then what a rule asks.
  [[nodiscard]] Result<detect::DatasetTest> test(const Dataset&) const;
  [[nodiscard]] bool changes(const Dataset& d) const {
    const auto it = sets_.find(d.name);
    return it != sets_.end() && it->second.changes;
  }

 private:
  struct Source {
    DatasetSource first;  ///< what was said first of each
    std::filesystem::path load;
    bool has_type = false, changes = false, conflict = false;
    std::uint32_t place = 0;
    std::string error;
  };
  void read(Source&, detect::ValueSet&) const;

  std::filesystem::path data_dir_;
  std::map<std::string, Source> sets_;
};

/// One value as a line of a set's file has it, and back. Nothing when it is none of that type.
[[nodiscard]] std::optional<std::string> parse_dataset_value(detect::DatasetType, std::string_view);
[[nodiscard]] std::string show_dataset_value(detect::DatasetType, std::string_view);

}  // namespace picket::rules
