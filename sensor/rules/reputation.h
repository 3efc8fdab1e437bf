// sensor/rules/reputation.h — what is known of addresses: iprep's files, and geoip's database
//
//   categories   1,BadHosts,description              id 1 to 60
//   reputation   192.0.2.0/24,1,70                   address or network, id of the category, score 0 to 127
//
// Of several networks in one category that hold an address the narrowest counts. Lines that are wrong are
// named and skipped; so is a file that cannot be read.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/detect/country.h"
#include "dataplane/detect/rule_set.h"
#include "sensor/rules/load.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

class AddressKnowledge {
 public:
  static AddressKnowledge load(const KnowledgeFiles&);
  /// The same of text, for tests and fuzzing.
  void add_categories(std::string_view file, std::string_view text);
  void add_reputation(std::string_view file, std::string_view text);

  /// Sorted, without overlaps; nullptr: there is no such category.
  [[nodiscard]] const std::vector<detect::ReputationRange>* category(std::string_view name) const;

  std::shared_ptr<const detect::CountryDatabase> countries;  ///< nullptr: none
  std::vector<std::string> warnings;
  bool has_categories = false;

 private:
  struct Entry {
    AddressRange range;
    std::uint8_t score = 0;
  };
  std::map<std::string, unsigned, std::less<>> ids_;
  std::map<unsigned, std::vector<Entry>> entries_;
  mutable std::map<unsigned, std::vector<detect::ReputationRange>> settled_;
};

}  // namespace picket::rules
