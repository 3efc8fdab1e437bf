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
  [[nodiscard]] static std::uint32_t fired_by(const RuleHeader& h, RuleNumber rule, Direction side) noexcept {
    const bool of_server = (h.flags & rule_flag::kOncePerTransaction) == 0 && side == Direction::kToClient;
    return rule | kFired | (of_server ? kSide : 0);
  }
};

struct TxState {
  static constexpr std::uint32_t kInline = 4;
  std::uint32_t* block;              // when there are more than kInline
  std::uint32_t count, capacity;     // capacity: of the block, in rules
  std::array<std::uint8_t, 2> next;  // by Direction: buffers of lower progress were looked at
  std::uint8_t updated;              // bit by Direction: `acknowledged` holds
  bool unlogged;                     // a rule wants no record of it
  std::uint32_t held[kInline];
  /// By Direction: what the other side had acknowledged when rules last looked at a state that goes on.
  std::array<std::uint32_t, 2> acknowledged;
  std::uint32_t bits;  // xbits with track tx
  static constexpr std::uint32_t kBits = 32;

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
