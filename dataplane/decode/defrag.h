// dataplane/decode/defrag.h — puts the fragments of IPv4 and IPv6 datagrams together again
//
// In      packets for which decode() said is_fragment
// Out     kHeld: kept, its verdict is kFragmentHeld
//         kComplete: `datagram` is the whole, from its IP header on; go on with Decoder::decode_datagram()
//         kLost: not kept, its verdict is kFragmentLost (or kTruncated), and mostly an event says why
// Time    is the capture's: a datagram of which nothing came for longer than the timeout is forgotten when
// its next
//         fragment comes, however long ago it could have been noticed
// Overlap what came first counts, byte for byte; each overlap is an event
// Memory  taken at start: trackers in sets, bytes from a Pool. Both are cut into equal parts for the shards,
// so what is
//         kept or given up does not depend on the number of workers. A full part gives up the datagram that
//         waited longest: counted, and the event frag_ignored on the packet that needed the room
// Cost    O(1) a fragment that comes in order, else O(pieces of the datagram); one copy in, one out
// Lives   `datagram` until recycle()
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/decode/decode.h"
#include "dataplane/packet.h"
#include "parsers/core/pool.h"

namespace picket {

/// Configuration keys under `defrag`.
struct DefragConfig {
  std::uint32_t trackers = 4096;          ///< datagrams in pieces at a time, of all workers together
  std::uint64_t memcap_bytes = 32 << 20;  ///< of pieces, of all workers together
  std::uint64_t timeout_ns = 60'000'000'000;
  std::uint32_t max_pieces = 1024;  ///< of one datagram
};

/// Fragments: each is in exactly one of the first four; `waiting` is what is kept right now.
struct DefragStats {
  std::uint64_t used = 0;  ///< became part of a datagram
  std::uint64_t waiting = 0;
  std::uint64_t incomplete = 0;  ///< kept, but the datagram never became whole: timeout or given up
  std::uint64_t lost = 0;        ///< not kept
  std::uint64_t datagrams = 0;   ///< put together
  std::uint64_t expired = 0;     ///< datagrams given up after the timeout
  std::uint64_t evicted = 0;     ///< datagrams given up to make room
};

class Defragmenter {
 public:
  enum class Outcome : std::uint8_t { kHeld, kComplete, kLost };

  /// For the shards s with s % workers == worker.
  Defragmenter(const DefragConfig& config, unsigned worker, unsigned workers);
  ~Defragmenter();
  Defragmenter(const Defragmenter&) = delete;
  Defragmenter& operator=(const Defragmenter&) = delete;

  [[nodiscard]] Outcome add(Packet& fragment, Bytes& datagram) noexcept;
  /// Between bursts: datagrams given out are no longer used.
  void recycle() noexcept;
  /// The end: what still waits will not become whole.
  void finish() noexcept;

  [[nodiscard]] const DefragStats& stats() const noexcept { return stats_; }
  [[nodiscard]] std::size_t in_use_bytes() const noexcept { return pool_.in_use_bytes(); }

 private:
  static constexpr unsigned kWays = 8;
  static constexpr unsigned kMaxGivenOut = 128;  // datagrams between two calls of recycle()

  struct Piece;
  struct Tracker;
  struct Key;

  std::span<Tracker> shard_part(unsigned shard) noexcept;
  Tracker& find_or_claim(Packet& p) noexcept;
  bool make_room(Packet& p, const Tracker& keep, std::size_t bytes) noexcept;
  enum class Inserted : std::uint8_t { kNew, kNothingNew, kNoRoom };
  Inserted insert(Packet& p, Tracker& t, std::uint32_t offset, Bytes data) noexcept;
  bool keep_header(Packet& p, Tracker& t) noexcept;
  bool build(Tracker& t, Bytes& datagram) noexcept;
  [[nodiscard]] bool is_expired(const Tracker& t, const Packet& p) const noexcept;
  void give_up(Packet& p, Tracker& t) noexcept;
  void drop(Tracker& t) noexcept;
  void* allocate(Packet& p, Tracker& t, std::size_t bytes) noexcept;
  void release(Tracker& t, void* block, std::size_t bytes) noexcept;
  Outcome lose(Packet& p, Verdict verdict) noexcept;

  const DefragConfig config_;
  const unsigned workers_;
  std::uint32_t trackers_per_shard_ = 0;
  std::size_t bytes_per_shard_ = 0;
  Pool pool_;
  std::unique_ptr<Tracker[]> trackers_;
  std::unique_ptr<std::size_t[]> shard_bytes_;  // used, by shard / workers
  std::size_t tracker_count_ = 0;
  struct GivenOut {
    void* block;
    std::size_t size;
  };
  std::array<GivenOut, kMaxGivenOut> given_out_{};
  unsigned given_out_count_ = 0;
  DefragStats stats_;
};

/// decode(), and for a fragment what follows from it: the one call a worker makes for a packet. The packet
/// that completes a datagram leaves with the verdict of the whole. Set Packet::shard and Packet::at before.
void decode(const Decoder& decoder, Defragmenter& defragmenter, Packet& p) noexcept;

}  // namespace picket
