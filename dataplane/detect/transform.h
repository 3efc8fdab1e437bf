// dataplane/detect/transform.h — what a buffer goes through before rules look at it: to_md5, strip_whitespace
// ...
//
// Gives   a view of `in` (when it only gets shorter) or of the core's memory; good until two calls later
// Cost    O(bytes), no allocation; what passes kMaxTransformed is cut and counted
#pragma once
#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/rule_set.h"

namespace picket::detect {

[[nodiscard]] Bytes apply(const RuleSet&, const TransformList&, Bytes in, CoreMemory&, DetectStats&) noexcept;

}  // namespace picket::detect
