// dataplane/app/expectations.h — connections that are to come, as parsers told of them (FTP's data
// connections)
//
// One end of a flow will connect to a port of its other end. Both connections have the same pair of
// addresses, so they are in one shard, and what is forgotten when a shard is full does not depend on the
// number of workers.
//
// Cost    a new flow costs one look at a counter where its shard expects nothing, else at most kPerShard
//         comparisons
// Limits  kPerShard a shard; the one that was told of first goes (add() says so). kTimeoutNs of the source's
//         clock
// Memory  taken at start; hints are the core's pool's
#pragma once
#include <cstdint>
#include <vector>

#include "dataplane/decode/shard.h"
#include "dataplane/flow/flow.h"
#include "parsers/core/pool.h"

namespace picket {

/// What is known of a flow that was expected.
struct ExpectedFlow {
  explicit ExpectedFlow(Pool& pool) noexcept : hint(pool) {}
  ProtocolId protocol = kNoProtocol;
  PoolBuffer hint;
};

class Expectations {
 public:
  static constexpr unsigned kPerShard = 32;
  static constexpr std::uint64_t kTimeoutNs = 30'000'000'000;  ///< Suricata's

  /// `by_vlan`: hosts of different VLANs are different hosts.
  explicit Expectations(Pool&, bool by_vlan = true);

  /// `of`: the flow that it was said in. False: no memory for it, or another one had to go.
  bool add(const Flow& of, const Expectation&, ProtocolId) noexcept;
  /// Is `flow` one? Then it is no longer expected, and `out` says what it is.
  [[nodiscard]] bool take(const Flow& flow, ExpectedFlow& out) noexcept;

 private:
  struct Entry {
    explicit Entry(Pool& pool) noexcept : flow(pool) {}
    Address to, from;
    std::array<std::uint16_t, kMaxVlans> vlans{};
    std::uint16_t port = 0;
    std::uint64_t since_ns = 0;  ///< the source's clock
    std::uint64_t order = 0;     ///< 0: the entry is free
    ExpectedFlow flow;
  };
  [[nodiscard]] std::span<Entry> shard(unsigned n) noexcept {
    return std::span(entries_).subspan(std::size_t{n} * kPerShard, kPerShard);
  }
  void free(Entry&, unsigned shard) noexcept;

  const bool by_vlan_;

  std::vector<Entry> entries_;
  std::array<std::uint8_t, kShards> used_{};
  std::uint64_t next_order_ = 1;
};

}  // namespace picket
