// dataplane/frames/frame_tracker.h — follows frames: the bytes between where a parser says that one begins and
// where it ends, however segments cut them
//
//   whole in the bytes at hand ──> looked at where it lies, no copy
//   not yet                    ──> its bytes are kept until it ends, or kWindow of them are there
//
// What is looked at does not depend on how segments fall: a frame of up to kWindow bytes is looked at once, as a
// whole; a longer one in windows of exactly that size, each with the last kOverlap bytes of the one before.
//
// Cost    no allocation; nothing of a frame that no rule asks for is kept
// Limits  kWindow bytes of a frame, kMaxOpen frames at once in a direction; what is beyond is counted
#pragma once
#include <array>
#include <cstdint>

#include "dataplane/flow/flow.h"
#include "parsers/core/pool.h"
#include "parsers/core/protocol.h"

namespace picket {

/// Which frames rules ask for: bits of kinds, by ProtocolId.
using FrameWants = std::array<std::uint32_t, 64>;

/// Of a frame that is looked at window by window: rules for which something stood in it that must not.
struct FrameRefusals {
  static constexpr unsigned kMost = 6;
  std::array<std::uint32_t, kMost> rules{};
  std::uint8_t count = 0;
  bool more = false;  ///< than there is room for: none of them can be believed

  void add(std::uint32_t rule) noexcept {
    if (has(rule)) return;
    if (count == kMost)
      more = true;
    else
      rules[count++] = rule;
  }
  [[nodiscard]] bool has(std::uint32_t rule) const noexcept {
    for (unsigned i = 0; i < count; ++i) {
      if (rules[i] == rule) return true;
    }
    return false;
  }
};

/// What there is to look at.
struct FrameLook {
  unsigned kind = 0;
  Direction dir{};
  std::uint64_t id = 0;      ///< of its direction, from 1; counts frames that rules ask for
  std::uint64_t offset = 0;  ///< in the stream, or 0 in a datagram
  std::uint64_t length = 0;  ///< as far as it is known: to its end, or of what was seen
  bool complete = false;     ///< its end was seen
  bool last = false;         ///< all of it was seen, and nothing more of it follows
  Bytes data;
  std::uint64_t at = 0;       ///< where `data` begins, in the frame
  std::uint32_t fresh = 0;    ///< so many bytes of `data` were looked at before
  std::uint64_t missing = 0;  ///< so many bytes behind `data` were lost
  Transaction* tx = nullptr;
  FrameRefusals* refusals = nullptr;  ///< kept from window to window; nullptr: `data` is all of it
};

class FrameListener {
 public:
  virtual void on_frame_look(Flow&, const FrameLook&) noexcept = 0;

 protected:
  ~FrameListener() = default;
};

/// Counted since the start.
struct FrameStats {
  std::uint64_t frames = 0;   ///< followed
  std::uint64_t refused = 0;  ///< not followed, or not to the end: kMaxOpen, or the pool was used up
};

/// A frame that has not ended.
struct OpenFrame;
/// What hangs off a flow with frames that rules ask for.
struct FlowFrames;

class FrameTracker {
 public:
  static constexpr std::size_t kWindow = 16384;
  static constexpr std::size_t kStreamWindow = 3072;  ///< of kStreamFrame, which has no end to wait for
  static constexpr std::size_t kOverlap = 512;
  static constexpr unsigned kMaxOpen = 16;

  FrameTracker(Pool& pool, FrameListener& listener) noexcept : pool_(pool), listener_(listener) {}

  /// Bytes of a direction, and where they stand in its stream.
  struct Input {
    Bytes bytes;
    std::uint64_t offset = 0;
    [[nodiscard]] std::uint64_t end() const noexcept { return offset + bytes.size(); }
  };

  /// `frames` is made when it is nullptr. `in`: what the parser was shown.
  void begin(Flow&, FlowFrames*& frames, Direction, unsigned kind, std::uint64_t offset, std::uint64_t length,
             Transaction*, const Input& in) noexcept;
  void belongs(FlowFrames&, Direction, unsigned kind, Transaction&) noexcept;
  /// kOpenFrame for `end`: with the bytes that it has.
  void end(Flow&, FlowFrames&, Direction, unsigned kind, std::uint64_t end, Transaction*,
           const Input& in) noexcept;
  /// Takes what frames do not have yet. `known`: only those whose length is known, which so may end before the
  /// parser goes on.
  void data(Flow&, FlowFrames&, Direction, const Input& in, bool known) noexcept;
  /// `missing` bytes at stream offset `at` were lost; 0: nobody knows how many.
  void gap(Flow&, FlowFrames&, Direction, std::uint64_t at, std::uint64_t missing) noexcept;
  /// Nothing more comes.
  void end_all(Flow&, FlowFrames&, Direction) noexcept;
  /// That transaction goes.
  static void forget(FlowFrames&, const Transaction&) noexcept;
  /// Gives the memory back; looks at nothing.
  void release(FlowFrames*& frames) noexcept;
  /// A datagram's frame: all of it is there.
  void whole(Flow&, Direction, unsigned kind, Bytes, Transaction*) noexcept;

  [[nodiscard]] const FrameStats& stats() const noexcept { return stats_; }

 private:
  void feed(Flow&, OpenFrame&, Direction, Bytes) noexcept;
  void look(Flow&, OpenFrame&, Direction, bool complete, bool last, std::uint64_t missing) noexcept;
  void close(FlowFrames&, Direction, OpenFrame*& at) noexcept;

  Pool& pool_;
  FrameListener& listener_;
  FrameStats stats_;
};

}  // namespace picket
