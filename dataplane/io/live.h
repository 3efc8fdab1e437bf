// dataplane/io/live.h — live capture: DPDK ports, and a PacketSource for each worker
//
// Where the port can spread packets by IP pair (RSS) and has a queue for every worker, a worker polls its own
// queue and nothing lies between. Otherwise, with more than one worker, a dispatcher polls all queues, hashes
// each packet (shard_of) and hands it to its worker through a ring: run dispatch() in a thread of its own.
//
// Time    of a packet: its own stamp where the port gives one, else the TSC, kept in step with UTC by
//         housekeep(). It jumps when somebody sets the system's clock
// Order   Position::clock_ns is UTC as it was at the start and runs on steadily, at the rate that NTP keeps:
// no
//         step of UTC makes flows time out, or live for ever. It never runs backwards for a worker; numbers
//         are unique among the workers
// End     after stop() what stands in the queues is still handed out; each source has ended when its queues
//         were found empty. After abandon() no more is handed out, and count_unread() says how much was left
// Losses  what the port missed is in its PortStats, what a full ring refused in ring_full(), what nobody took
//         in count_unread(): all three belong in the ledger
// Jumbo   frames in several buffers are put together in a scratch of the worker's
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dataplane/byte_ring.h"
#include "dataplane/decode/shard.h"
#include "dataplane/io/clock.h"
#include "dataplane/io/dpdk_port.h"
#include "dataplane/io/source.h"
#include "parsers/core/result.h"

namespace picket {

struct LiveConfig {
  std::vector<std::string> interfaces;  ///< kernel interfaces: AF_XDP, else AF_PACKET
  std::vector<std::string> devices;     ///< `--vdev` strings, or PCI addresses
  std::string eal_args;
  unsigned workers = 1;
  ShardMode shard_mode = ShardMode::kIpPair;
  DecodeConfig decode;  ///< the dispatcher peels the tunnels that the workers will
  enum class Spread : std::uint8_t { kAuto, kNic, kSoftware } spread = Spread::kAuto;
  unsigned descriptors = 1024, mbufs = 16384, max_frame = 9216;
  unsigned ring_packets = 4096;                            ///< of each worker, where there is a dispatcher
  std::uint64_t (*wall_clock)() noexcept = system_utc_ns;  ///< for tests: a clock that they can set
};

class LivePorts {
 public:
  /// Opens everything or nothing. `notes` is what an operator should know: which driver was taken for an
  /// interface and why not the other, who spreads the packets, what is missing for full speed.
  static Result<std::unique_ptr<LivePorts>> open(const LiveConfig& config, std::vector<std::string>& notes);
  ~LivePorts();

  [[nodiscard]] PacketSource& source(unsigned worker) noexcept;
  [[nodiscard]] bool needs_dispatcher() const noexcept { return dispatches_; }
  /// Polls, hashes and hands out until stop() and the ports are empty; only where needs_dispatcher().
  void dispatch() noexcept;
  /// Asks for the end: what is in the queues is handed out, then the sources have ended.
  void stop() noexcept { stop_.store(true, std::memory_order_release); }
  /// The end now: dispatch() returns with packets left in the queues.
  void abandon() noexcept {
    stop();
    abandoned_.store(true, std::memory_order_release);
  }
  /// Takes and counts what nobody took, at most kUnreadLimit packets of a queue (a port that does not fall
  /// silent is left then). Once, when dispatch() has returned and nobody polls a source any more.
  [[nodiscard]] std::uint64_t count_unread() noexcept;
  static constexpr std::uint64_t kUnreadLimit = 65536;

  /// About once a second, from one thread: keeps the clocks in step.
  void housekeep() noexcept;
  /// By port. Any thread.
  [[nodiscard]] std::vector<PortStats> stats();
  /// What has to be added to a Position::clock_ns of now to have UTC. Any thread.
  [[nodiscard]] std::int64_t utc_offset_ns() const noexcept;
  /// Packets that a worker's full ring refused.
  [[nodiscard]] std::uint64_t ring_full() const noexcept {
    return ring_full_.load(std::memory_order_relaxed);
  }

 private:
  class Source;
  struct Rings;

  explicit LivePorts(const LiveConfig& config);
  Status open_ports(std::vector<std::string>& notes);
  Status open_interface(const std::string& interface, std::vector<std::string>& notes);
  Status add_port(const std::string& name, PortConfig config);
  Status connect(std::vector<std::string>& notes);
  unsigned dispatch_burst(unsigned port, unsigned queue) noexcept;

  const LiveConfig config_;
  TickClock utc_, steady_;              // the TSC as UTC, and as what flows time out by
  std::uint64_t steady_offset_ns_ = 0;  // UTC less steady_ns(), at the start
  std::vector<std::unique_ptr<DpdkPort>> ports_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<Rings> rings_;
  bool dispatches_ = false, naps_ = true;
  PositionMark mark_;  // the dispatcher's
  std::uint64_t clock_ns_ = 0, number_ = 0;
  std::atomic<bool> stop_{false}, abandoned_{false};
  std::atomic<bool> dispatched_{false};  // all that dispatch() will ever hand out is in the rings
  std::mutex stats_mutex_;
  std::atomic<std::uint64_t> ring_full_{0};
};

}  // namespace picket
