// dataplane/detect/detect_stats.h — what detection counts, each with its name and what it tells
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace picket::detect {

/// Of one core, since the start.
struct DetectStats {
  std::uint64_t scans = 0, scanned_bytes = 0, patterns = 0, candidates = 0, programs = 0, matches = 0;
  std::uint64_t alerts = 0, passed = 0;
  std::uint64_t step_limit = 0, pcre_limit = 0, alert_limit = 0, pending_limit = 0, instance_limit = 0;
  std::uint64_t transform_limit = 0, dataset_limit = 0, capture_limit = 0, no_memory = 0, scan_failed = 0;
  std::uint64_t tag_limit = 0, frame_limit = 0, frame_payload_cut = 0;
};

struct DetectStatText {
  std::string_view name;
  std::uint64_t DetectStats::*value;
  std::string_view help;
  bool is_loss = false;  ///< something was not looked at, or not said
};

inline constexpr std::array kDetectStats = {
    DetectStatText{"scans", &DetectStats::scans, "calls of the pattern matcher"},
    DetectStatText{"scanned_bytes", &DetectStats::scanned_bytes, "bytes it looked at"},
    DetectStatText{"patterns", &DetectStats::patterns, "patterns it found"},
    DetectStatText{"candidates", &DetectStats::candidates,
                   "rules whose pattern was found or that have none, before their header was looked at"},
    DetectStatText{"programs", &DetectStats::programs, "rules that were run because their header fits"},
    DetectStatText{"matches", &DetectStats::matches, "rules that matched"},
    DetectStatText{"alerts", &DetectStats::alerts, "matches that were reported"},
    DetectStatText{"passed", &DetectStats::passed, "matches that a pass rule suppressed"},
    DetectStatText{"step_limit", &DetectStats::step_limit, "programs given up after too many searches", true},
    DetectStatText{"pcre_limit", &DetectStats::pcre_limit, "regular expressions given up at the match limit",
                   true},
    DetectStatText{"alert_limit", &DetectStats::alert_limit, "matches beyond the limit of one packet", true},
    DetectStatText{"pending_limit", &DetectStats::pending_limit,
                   "rules that could not wait for later buffers of a transaction", true},
    DetectStatText{"instance_limit", &DetectStats::instance_limit,
                   "buffers with more values than are looked at", true},
    DetectStatText{"transform_limit", &DetectStats::transform_limit, "transformed buffers that were cut",
                   true},
    DetectStatText{"capture_limit", &DetectStats::capture_limit,
                   "values that regular expressions took and that there was no room for"},
    DetectStatText{"dataset_limit", &DetectStats::dataset_limit,
                   "values for data sets that were too long or too many", true},
    DetectStatText{"tag_limit", &DetectStats::tag_limit, "tags that ended early to make room for newer ones",
                   true},
    DetectStatText{"frame_limit", &DetectStats::frame_limit,
                   "rules that need all of a frame at once, at frames that are longer than is held", true},
    DetectStatText{"frame_payload_cut", &DetectStats::frame_payload_cut,
                   "alerts that show the first bytes of a frame only"},
    DetectStatText{"no_memory", &DetectStats::no_memory,
                   "flowbits or stream bytes not kept because the pool is used up", true},
    DetectStatText{"scan_failed", &DetectStats::scan_failed, "calls of the pattern matcher that failed",
                   true},
};

}  // namespace picket::detect
