// export/field_path.h — "dns.queries.rrname", "alert.metadata.mitre_id": one field of a record, by its EVE
// name
//
// Compiled once, then looked up in any number of records straight from the wire. A path through a repeated
// message or to a repeated field has several values; the key of a map is a part like any other.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "export/eve_table.h"
#include "export/wire_reader.h"
#include "parsers/core/result.h"

namespace picket {

class FieldPath {
 public:
  /// The error names the part that is unknown and the names that are known there.
  static Result<FieldPath> compile(std::string_view dotted, const EveTable& table = event_table());

  /// The field that the path ends at: how its values are to be read.
  [[nodiscard]] const EveField& field() const noexcept { return *parts_.back().field; }
  /// The path has one part: a field of the record itself.
  [[nodiscard]] bool is_top_level() const noexcept { return parts_.size() == 1; }

  /// Calls `visit` with each value until it returns true; gives that.
  [[nodiscard]] bool any(Bytes record, const std::function<bool(std::uint64_t, Bytes)>& visit) const;

 private:
  struct Part {
    const EveField* field = nullptr;
    std::string key;  ///< field is a map: only this entry; the next part is its value
  };
  bool any_from(std::size_t part, Bytes message,
                const std::function<bool(std::uint64_t, Bytes)>& visit) const;
  bool any_of_entry(std::size_t part, Bytes entry,
                    const std::function<bool(std::uint64_t, Bytes)>& visit) const;

  std::vector<Part> parts_;
};

}  // namespace picket
