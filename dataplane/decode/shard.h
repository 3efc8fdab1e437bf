// dataplane/decode/shard.h — which part of the world a packet belongs to: the hash that NICs call RSS, in
// software
//
// Traffic is cut into kShards parts by the pair of IP addresses (of MAC addresses, where there is no IP and a
// parser knows the EtherType), without regard to direction, so that both
// directions, all fragments and related flows of two hosts meet. A worker takes the shards s with s % workers
// == worker; what is kept per shard (flow table, fragments) therefore does not depend on how many workers
// there are.
//
// In      a frame, as far as it was captured
// Out     a shard; 0 for what has neither
// Cost    a few ns for plain TCP and UDP; else as much as decoding the headers (tests/bench/decode_bench.cc)
// Agrees  with decode(): the addresses are those of the innermost IP packet that decode() finds in a packet
// it does
//         not refuse, and those of the fragment where that is one
#pragma once
#include <cstddef>
#include <cstdint>

#include "dataplane/decode/decode.h"
#include "dataplane/packet.h"

namespace picket {

inline constexpr unsigned kShards = 64;

enum class ShardMode : std::uint8_t {
  kIpPair,     ///< `rss: ip-pair`
  kFiveTuple,  ///< `rss: five-tuple`: spreads one busy pair of hosts; fragments and FTP data go their own way
};

[[nodiscard]] std::uint8_t shard_of(const std::uint8_t* data, std::size_t size, LinkType link, ShardMode mode,
                                    const DecodeConfig& config = kDefaultDecodeConfig) noexcept;

/// The same from a packet that decode() has filled: for sources whose NIC chose the worker.
[[nodiscard]] std::uint8_t shard_of(const Packet& decoded, ShardMode mode) noexcept;

}  // namespace picket
