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

/// Why a group did not match: the furthest op of all that failed, when it failed first. Places count from the
/// start of the buffer.
struct GroupTrace {
  bool failed = false;
  bool stale = false;              ///< all ops hold, in bytes that were inspected before
  bool gave_up = false;            ///< kMaxSteps, or the match limit of a regular expression
  std::uint32_t op = 0;            ///< of the group; `stale`: behind the last
  std::int64_t cursor = 0;         ///< where relative ops count from
  std::int64_t from = 0, to = -1;  ///< where it looked; -1: to the end
  std::int64_t at = -1;            ///< where it stands, although it must not
  bool readable = true;            ///< byte_*: there is a number
  std::uint64_t value = 0;         ///< ... this one
  std::int64_t with = 0;           ///< ... held against this one; byte_jump: leads to there
  double entropy = 0;
};

[[nodiscard]] bool run_group(const RuleSet&, const Group&, const Buffer&, CoreMemory&, DetectStats&) noexcept;
/// The same, and why not. For `picket explain`.
[[nodiscard]] bool trace_group(const RuleSet&, const Group&, const Buffer&, CoreMemory&, DetectStats&,
                               GroupTrace&) noexcept;

}  // namespace picket::detect
