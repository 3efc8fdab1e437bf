// sensor/rules/classification.h — what classtype and reference words stand for
//
// Built-in tables serve when no classification.config or reference.config is given; the files' formats are
//   config classification: trojan-activity,description,1
//   config reference: cve https://cve.mitre.org/cgi-bin/cvename.cgi?name=
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/rules/diagnostic.h"

namespace picket::rules {

struct ClassInfo {
  std::string description;
  std::uint8_t priority = 3;
};
/// By name in lower case. Nodes never move, so that rules may borrow names and descriptions.
using ClassTable = std::map<std::string, ClassInfo, std::less<>>;
/// From system in lower case to the prefix of its URLs.
using ReferenceTable = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] ClassTable builtin_classes();
[[nodiscard]] ReferenceTable builtin_references();

/// Lines that are wrong are named in `diagnostics` and skipped. `file` must outlive them.
[[nodiscard]] ClassTable parse_classification(std::string_view file, std::string_view text,
                                              std::vector<Diagnostic>& diagnostics);
[[nodiscard]] ReferenceTable parse_references(std::string_view file, std::string_view text,
                                              std::vector<Diagnostic>& diagnostics);

[[nodiscard]] std::string lower_case(std::string_view s);

}  // namespace picket::rules
