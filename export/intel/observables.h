// export/intel/observables.h — which fields of a record may fit an indicator, by the schema's option (observable)
//
// The messages of a record as a tree in which only those stand that lead to such a field. Built once from the tables
// of EVE, so that a new field of a protocol is matched as soon as its .proto says what it is.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/eve_table.h"
#include "export/proto/picket/v1/options.pb.h"

namespace picket::intel {

struct ObservableNode;

struct ObservableField {
  std::string name;  ///< in EVE: "dns.queries.rrname"
  v1::Observable what = v1::OBSERVABLE_NOTHING;
  std::unique_ptr<ObservableNode> message;  ///< what is inside; nullptr: the field is an observable itself
};

struct ObservableNode {
  std::vector<ObservableField> fields;
  std::vector<std::uint16_t> by_number;  ///< index into fields + 1; 0: nothing to be seen there

  [[nodiscard]] const ObservableField* find(std::uint32_t number) const noexcept {
    if (number >= by_number.size() || by_number[number] == 0) return nullptr;
    return &fields[by_number[number] - 1U];
  }
};

/// Messages in messages are followed so far: deep enough for every field of the schema that does not contain itself.
inline constexpr unsigned kMaxObservableDepth = 8;

[[nodiscard]] ObservableNode observables_of(const EveTable& table);
/// The fields' names, for documentation and tests.
[[nodiscard]] std::vector<std::pair<std::string, v1::Observable>> list_observables(const ObservableNode&);

}  // namespace picket::intel
