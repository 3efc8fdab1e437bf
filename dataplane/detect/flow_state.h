// dataplane/detect/flow_state.h — what detection remembers of a flow: bits and integers of rules, bytes of
// its streams
//
// Blocks of the core's Pool, made when first needed, given back by Detector::on_flow_end().
#pragma once
#include <algorithm>
#include <cstring>
#include <new>

#include "dataplane/detect/rule_set.h"
#include "dataplane/detect/tags.h"
#include "dataplane/flow/flow.h"
#include "parsers/core/pool.h"

namespace picket {

/// What a rule's regular expression took from the flow: pcre:"/(x)/, flow:name". The bytes follow in the block.
struct FlowVariable {
  static constexpr unsigned kMost = 16;          ///< of one flow
  static constexpr std::size_t kMaxSize = 1024;  ///< bytes of a value; what is longer is cut
  FlowVariable* next = nullptr;
  std::uint32_t name = 0;  ///< in RuleSet::variable_names
  std::uint32_t size = 0;
  [[nodiscard]] std::uint8_t* bytes() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] Bytes view() const noexcept {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), size};
  }
};

/// Bits first, then integers (value, then whether it was ever set), in the same block.
struct alignas(8) FlowBits {
  std::uint32_t bits = 0, ints = 0;  // how many there is room for; a reload may ask for more
  FlowVariable* variables = nullptr;
  detect::FlowTags* tags = nullptr;

  [[nodiscard]] std::uint64_t* words() noexcept { return reinterpret_cast<std::uint64_t*>(this + 1); }
  [[nodiscard]] std::size_t word_count() const noexcept { return (bits + 63) / 64; }
  struct Int {
    std::uint32_t value, set;
  };
  [[nodiscard]] Int* integers() noexcept { return reinterpret_cast<Int*>(words() + word_count()); }
  static std::size_t size_for(std::uint32_t bits, std::uint32_t ints) noexcept {
    return sizeof(FlowBits) + (bits + 63) / 64 * 8 + ints * sizeof(Int);
  }

  [[nodiscard]] bool get(std::uint32_t bit) noexcept {
    return bit < bits && (words()[bit >> 6] >> (bit & 63) & 1) != 0;
  }
  void set(std::uint32_t bit, bool on) noexcept {
    if (bit >= bits) return;
    const std::uint64_t mask = std::uint64_t{1} << (bit & 63);
    words()[bit >> 6] = on ? words()[bit >> 6] | mask : words()[bit >> 6] & ~mask;
  }
  [[nodiscard]] Int* integer(std::uint32_t id) noexcept { return id < ints ? integers() + id : nullptr; }
};
static_assert(sizeof(FlowBits) % 8 == 0);

/// The last bytes of one direction: `seen` of them inspected before, the rest waiting. The bytes follow in
/// the block. A window ends with a chunk or a transaction; it may be looked at before, as far as it goes.
struct StreamWindow {
  static constexpr unsigned kMaxFired = 8;
  std::uint64_t offset = 0;  // stream offset of the first byte
  std::uint64_t start = 0;   // ... of the window's start: offset and depth of rules count from there
  std::uint64_t before = 0;  // ... of the start of the window before it
  std::uint32_t size = 0, seen = 0, capacity = 0;
  std::uint32_t fired_count = 0;
  std::uint32_t fired[kMaxFired]{};  // numbers of rules that fired in this window: not to be told twice

  [[nodiscard]] std::uint8_t* bytes() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] Bytes view() noexcept { return {bytes(), size}; }
  [[nodiscard]] std::uint32_t waiting() const noexcept { return size - seen; }
  [[nodiscard]] std::int64_t before_start() const noexcept {
    return static_cast<std::int64_t>(offset) - static_cast<std::int64_t>(start);
  }
  /// The same for a transaction that closed the window, while nothing has come behind it.
  [[nodiscard]] std::int64_t before_start_of_last() const noexcept {
    return static_cast<std::int64_t>(offset) -
           static_cast<std::int64_t>(start == offset + size ? before : start);
  }
  /// All of it was inspected; the next one begins behind it.
  void close() noexcept {
    if (start == offset + size) return;
    before = start;
    start = offset + size;
    fired_count = 0;
  }
  void forget() noexcept { size = seen = fired_count = 0; }
};

namespace detect {

/// The flow's bits, made when it has none and grown when there are more ids than room; nullptr when memory is
/// short.
FlowBits* flow_bits(Flow&, const RuleSet&, Pool&) noexcept;
/// Keeps a value under its name, instead of an earlier one. False: memory is short, or there are too many.
bool set_variable(Flow&, const RuleSet&, std::uint32_t name, Bytes value, Pool&) noexcept;
/// A window with room for `bytes` in all, its content kept; nullptr when memory is short.
StreamWindow* stream_window(FlowSide&, std::size_t bytes, Pool&) noexcept;
void free_window(FlowSide&, Pool&) noexcept;
void free_flow_state(Flow&, Pool&) noexcept;

}  // namespace detect
}  // namespace picket
