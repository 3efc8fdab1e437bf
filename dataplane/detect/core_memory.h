// dataplane/detect/core_memory.h — what one core needs to run one RuleSet: scratch, candidates, pattern
// matching state
//
// Made with the RuleSet off the packet path, so that nothing is allocated on it.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/detect/dataset.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/rule_set.h"

struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_jit_stack_8;

struct inflate_state;

namespace picket::detect {

inline constexpr unsigned kMaxVariables = 64;
inline constexpr std::size_t kMaxNotes = 32768;  ///< bytes of values that go with the alerts of one packet
inline constexpr std::size_t kMaxFramePayload = 4096;  ///< bytes of a frame that an alert shows
inline constexpr std::size_t kMaxFrameBytes = kMaxAlerts * kMaxFramePayload;
inline constexpr unsigned kMaxOps = 250;  ///< of one group

/// A set of rules that can be emptied by counting up.
class RuleMarks {
 public:
  explicit RuleMarks(std::size_t rules) : mark_(rules, 0) {}
  void clear() noexcept {
    if (++now_ != 0) return;
    std::fill(mark_.begin(), mark_.end(), 0U);
    now_ = 1;
  }
  /// True the first time.
  bool add(RuleIndex r) noexcept {
    if (mark_[r] == now_) return false;
    mark_[r] = now_;
    return true;
  }

 private:
  std::vector<std::uint32_t> mark_;
  std::uint32_t now_ = 1;
};

/// Rules that a look at some bytes may concern, each once.
struct Candidates {
  explicit Candidates(std::size_t rules) : marks(rules), list(rules) {}
  void clear() noexcept {
    marks.clear();
    count = 0;
  }
  RuleMarks marks;
  std::vector<RuleIndex> list;
  std::size_t count = 0;
};

/// Values that regular expressions took.
struct Captures {
  static constexpr std::size_t kMost = 32, kMaxBytes = 4096;
  std::array<Capture, kMost> as;
  std::array<PacketVariable, kMost> values;  // in `bytes`
  std::array<std::uint8_t, kMaxBytes> bytes;
  std::size_t count = 0, used = 0;

  struct Mark {
    std::uint16_t count, used;
  };
  [[nodiscard]] Mark mark() const noexcept {
    return {static_cast<std::uint16_t>(count), static_cast<std::uint16_t>(used)};
  }
  /// What was taken since then was of an attempt that failed.
  void forget_since(Mark m) noexcept {
    count = m.count;
    used = m.used;
  }
  void clear() noexcept { count = used = 0; }
  /// False when there is no room.
  bool add(const Capture& c, Bytes value) noexcept {
    if (count == kMost || kMaxBytes - used < value.size()) return false;
    std::copy(value.begin(), value.end(), bytes.begin() + static_cast<std::ptrdiff_t>(used));
    as[count] = c;
    values[count++] = {c.name, Bytes(bytes).subspan(used, value.size())};
    used += value.size();
    return true;
  }
};

/// Where an op matched that may have to try again.
struct ChoicePoint {
  std::uint32_t op, next, cursor, reach;
  Captures::Mark captured;  // what was taken before it
};

class CoreMemory {
 public:
  explicit CoreMemory(const RuleSet&);
  ~CoreMemory();
  CoreMemory(const CoreMemory&) = delete;
  CoreMemory& operator=(const CoreMemory&) = delete;
  [[nodiscard]] bool ok() const noexcept { return ok_; }

  hs_scratch* scratch = nullptr;
  pcre2_real_match_data_8* match_data = nullptr;
  pcre2_real_match_context_8* limited = nullptr;
  pcre2_real_match_context_8* unlimited = nullptr;
  pcre2_real_jit_stack_8* jit_stack = nullptr;

  std::vector<std::uint32_t> hits;  // patterns of the scan under way
  std::size_t hit_count = 0;
  Candidates packet, transaction;  // a look at a transaction may have to look at the stream first

  std::vector<ChoicePoint> choices;  // kMaxOps
  std::array<std::int64_t, kMaxVariables> variables{};
  std::vector<std::uint8_t> base64;  // kMaxTransformed
  std::size_t base64_size = 0;
  std::array<DatasetHit, kMaxDatasetHits> dataset_hits;  // of the rule that runs
  std::size_t dataset_hit_count = 0;
  // Of the alerts that wait: values for correlate, and what is known of values that were met.
  std::vector<std::uint8_t> notes;  // kMaxNotes
  std::size_t notes_size = 0;
  std::array<AlertContext, kMaxAlerts> contexts;
  std::size_t context_count = 0;
  std::vector<std::uint8_t>
      frame_bytes;  // of the alerts that wait: kMaxFrameBytes; where rules ask for frames
  std::size_t frame_bytes_size = 0;
  std::array<std::vector<std::uint8_t>, 2> transformed;  // kMaxTransformed each, used in turn

  Captures captured;             // what regular expressions took: of the rule that runs
  Captures variables_of_packet;  // ... and for the alerts of the packet at hand

  std::unique_ptr<inflate_state> inflate;  // where some transform inflates

  // Is the address in that set? By set: packet number of the answer << 1 | answer; source, then destination.
  std::array<std::vector<std::uint64_t>, 2> in_set;
  std::uint64_t subjects = 0;

 private:
  bool ok_ = false;
};

}  // namespace picket::detect
