// parsers/opcua/opcua_watched.h — which node a monitored item is, so that notifications can be told by node
//
// CreateMonitoredItems names a node and a number of the client's own for it (the client handle); notifications only have
// the number. This remembers the node of each.
//
// Cost    O(1) on the average an item; memory from the pool, from the first item on
// Limits  kMost items of a flow; those beyond are not known by name. What is deleted stays until the flow ends: a
//         client that uses a number again overwrites it
#pragma once
#include "parsers/opcua/opcua.h"

namespace picket::opcua {

class Watched {
 public:
  static constexpr std::size_t kMost = 2048;
  static constexpr std::size_t kMostBytes = 128 * 1024;  ///< of all node ids

  explicit Watched(Pool& pool) noexcept : slots_(pool), ids_(pool) {}

  /// False: there is no room for it.
  bool remember(std::uint32_t subscription, std::uint32_t handle, const NodeId&) noexcept;
  /// The node as text; empty when it is not known.
  [[nodiscard]] Bytes node(std::uint32_t subscription, std::uint32_t handle) const noexcept;

 private:
  struct Slot {
    std::uint32_t subscription, handle, at, size;
  };
  static constexpr std::size_t kSlots = 2 * kMost;

  [[nodiscard]] Slot* find(std::uint32_t subscription, std::uint32_t handle) const noexcept;

  mutable PoolBuffer slots_;
  PoolBuffer ids_;
  std::size_t count_ = 0;
};

}  // namespace picket::opcua
