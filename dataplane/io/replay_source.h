// dataplane/io/replay_source.h — capture files spread over the workers, as the NIC would spread them
//
// One reader thread reads the files in order, numbers the packets, and gives each to the worker of its shard
// through a ring of its own. A full ring makes the reader wait: a replay loses nothing.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/byte_ring.h"
#include "dataplane/decode/shard.h"
#include "dataplane/io/source.h"

namespace picket {

struct ReplayConfig {
  std::vector<std::string> files;  ///< in order, from list_captures()
  unsigned workers = 1;
  std::size_t ring_bytes = 4 << 20;  ///< of each worker
  ShardMode shard_mode = ShardMode::kIpPair;
  DecodeConfig decode;  ///< what the workers decode with: the hash peels the same tunnels
  unsigned loops = 1;   ///< all files this many times; capture time goes on from loop to loop
  double pace = 0;      ///< 1.0: at the speed of the capture; 0: as fast as possible
};

/// What the reader saw. Read it when run() has returned.
struct ReplayReport {
  std::uint64_t packets = 0, bytes = 0;
  std::vector<std::string> errors;   ///< "file: packet N: reason", at most kMaxErrors of them
  std::vector<std::size_t> damaged;  ///< places in ReplayConfig::files, each once
  static constexpr std::size_t kMaxErrors = 20;
};

class Replay {
 public:
  explicit Replay(const ReplayConfig&);
  ~Replay();

  [[nodiscard]] PacketSource& source(unsigned worker) noexcept;
  /// Reads everything and returns; to be run in a thread of its own. stop() ends it early.
  void run();
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool finished() const noexcept { return ended_.load(std::memory_order_acquire); }
  /// Bytes read so far of all bytes of all files, for a progress line.
  [[nodiscard]] std::uint64_t bytes_done() const noexcept {
    return bytes_done_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t packets_done() const noexcept {
    return packets_done_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const ReplayReport& report() const noexcept { return report_; }

 private:
  class Queue;
  void read_file(std::size_t file);
  void publish_all() noexcept;

  const ReplayConfig config_;
  std::vector<std::unique_ptr<Queue>> queues_;
  PositionMark mark_;
  std::atomic<bool> stop_{false}, ended_{false};
  std::atomic<std::uint64_t> bytes_done_{0}, packets_done_{0};
  ReplayReport report_;
  std::uint64_t clock_ns_ = 0, number_ = 0;
};

}  // namespace picket
