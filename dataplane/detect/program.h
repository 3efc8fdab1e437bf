// dataplane/detect/program.h — runs the ops of a group over one buffer
//
// An op that is found moves a cursor; relative ops count from it. When a relative op fails, the op it hangs
// on tries its next match, as in Suricata, but with a list of choice points instead of recursion.
//
// Cost    no allocation; at most kMaxSteps searches a run
#pragma once
#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/rule_set.h"

namespace picket::detect {

/// The bytes a group looks at.
struct Buffer {
  Bytes data;
  /// Streams: of the first byte, from where `offset` and `depth` count; below zero: bytes of a window before.
  std::int64_t offset = 0;
  std::uint32_t fresh = 0;  ///< streams: so many bytes were inspected before; a match must reach beyond them
};

[[nodiscard]] bool run_group(const RuleSet&, const Group&, const Buffer&, CoreMemory&, DetectStats&) noexcept;

}  // namespace picket::detect
