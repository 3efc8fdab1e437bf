// export/type_counts.h — how many records of each type: what batches and gaps tell, and both ends count with
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "export/proto/picket/v1/collector.pb.h"

namespace picket {

using TypeCounts = std::map<std::string, std::uint64_t, std::less<>>;  ///< by event_type

/// a + b, which stays at the largest number there is, as sum() does: counts come from networks. And a - b where no
/// count goes below 0; types with nothing left out.
TypeCounts plus(TypeCounts a, const TypeCounts& b);
TypeCounts minus(TypeCounts a, const TypeCounts& b);
std::uint64_t sum(const TypeCounts& counts) noexcept;

/// As a batch carries them; what is 0 is not told.
void add_counts(const TypeCounts& counts, google::protobuf::RepeatedPtrField<v1::TypeCount>& to);
TypeCounts counts_of(const google::protobuf::RepeatedPtrField<v1::TypeCount>& counts);

}  // namespace picket
