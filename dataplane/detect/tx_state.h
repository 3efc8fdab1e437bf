// dataplane/detect/tx_state.h — detection's 48 bytes in every transaction: how far it looked, which rules
// wait
#pragma once
#include <cstring>

#include "dataplane/detect/rule_set.h"
#include "parsers/core/pool.h"
#include "parsers/core/protocol.h"

namespace picket::detect {

/// The number of a rule that waits for later buffers (or, with kFired, one that repeats and has fired) on one
/// side. A rule of events that names no direction fires once on each side.
struct Waiting {
  static constexpr std::uint32_t kSide = 0x80000000, kFired = 0x40000000, kRule = 0x3fffffff;
  std::uint32_t value = 0;
  [[nodiscard]] RuleNumber rule() const noexcept { return value & kRule; }
  [[nodiscard]] Direction side() const noexcept {
    return (value & kSide) ? Direction::kToClient : Direction::kToServer;
  }
  [[nodiscard]] bool fired() const noexcept { return (value & kFired) != 0; }
  [[nodiscard]] static std::uint32_t fired_by(RuleNumber rule, Direction side) noexcept {
    return rule | kFired | (side == Direction::kToClient ? kSide : 0);
  }
};

struct TxState {
  static constexpr std::uint32_t kInline = 6;
  std::uint32_t* block;              // when there are more than kInline
  std::uint32_t count, capacity;     // capacity: of the block, in rules
  std::array<std::uint8_t, 2> next;  // by Direction: buffers of lower progress were looked at
  bool unrecorded;                   // a rule wants no record of it
  std::uint8_t unused;
  std::uint32_t held[kInline];
  std::uint32_t unused2;

  [[nodiscard]] std::uint32_t* entries() noexcept { return block != nullptr ? block : held; }

  /// False when `most` wait already or memory is short.
  bool add(std::uint32_t value, Pool& pool, std::uint32_t most) noexcept {
    const std::uint32_t room = block != nullptr ? capacity : kInline;
    if (count == room) {
      if (count >= most) return false;
      const std::size_t bytes = Pool::block_size(2 * room * sizeof(std::uint32_t));
      auto* bigger = static_cast<std::uint32_t*>(pool.allocate(bytes));
      if (bigger == nullptr) return false;
      std::memcpy(bigger, entries(), count * sizeof(std::uint32_t));
      release(pool);
      block = bigger;
      capacity = static_cast<std::uint32_t>(bytes / sizeof(std::uint32_t));
    }
    entries()[count++] = value;
    return true;
  }
  void release(Pool& pool) noexcept {
    if (block != nullptr) pool.release(block, capacity * sizeof(std::uint32_t));
    block = nullptr;
    capacity = 0;
  }
};
static_assert(sizeof(TxState) <= Transaction::kMatchBytes);
static_assert(std::is_trivially_copyable_v<TxState>);

/// Zero at birth, which is a valid state.
inline TxState& tx_state(Transaction& tx) noexcept { return *reinterpret_cast<TxState*>(tx.match.data()); }

}  // namespace picket::detect
