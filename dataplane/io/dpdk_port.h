// dataplane/io/dpdk_port.h — one DPDK port, opened for receiving only
//
// In      a device: a PCI address, or a virtual one as `--vdev` writes it (net_af_xdp, net_af_packet,
// net_pcap,
//         net_ring, net_memif, net_tap ...)
// Out     bursts of mbufs, and what the port says it lost
// Passive nothing is ever transmitted. Some drivers only receive in pairs of queues: theirs get transmit
// queues that
//         nothing is put into
// Needs   start_eal()
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/io/clock.h"
#include "parsers/core/result.h"

struct rte_mbuf;
struct rte_mempool;

namespace picket {

struct PortConfig {
  std::string device;
  unsigned queues = 1;  ///< asked for; a port that has fewer gives fewer
  bool rss = false;     ///< spread packets over the queues by their IP pair, the same for both directions
  unsigned frame_bytes =
      2048;  ///< of one buffer; larger frames come in several where the driver can, else in one cut short
  unsigned max_frame = 9216;    ///< jumbo frames up to here are asked for
  unsigned descriptors = 1024;  ///< of each queue
  unsigned mbufs = 16384;       ///< of the port
};

/// Counted by the port since it was opened.
struct PortStats {
  std::string name;  ///< as the operator named it
  std::string driver;
  std::uint64_t received = 0;
  std::uint64_t missed =
      0;  ///< the NIC or the kernel had no room: picket was too slow, or its ring too small
  std::uint64_t errors = 0;     ///< damaged on the wire
  std::uint64_t no_buffer = 0;  ///< no free mbuf
};

class DpdkPort {
 public:
  /// `name`: what an operator calls it. An error names it, says what DPDK said, and what would do.
  static Result<std::unique_ptr<DpdkPort>> open(const std::string& name, const PortConfig& config);
  ~DpdkPort();
  DpdkPort(const DpdkPort&) = delete;
  DpdkPort& operator=(const DpdkPort&) = delete;

  /// One thread a queue.
  [[nodiscard]] unsigned receive(unsigned queue, std::span<rte_mbuf*> out) noexcept;
  /// When the NIC, the kernel or the capture says that it was received; 0 when they do not.
  [[nodiscard]] std::uint64_t timestamp_ns(const rte_mbuf& m) const noexcept;

  [[nodiscard]] unsigned queues() const noexcept { return queues_; }
  /// The port spreads packets by IP pair; otherwise software must.
  [[nodiscard]] bool spreads() const noexcept { return spreads_; }
  /// Behind it is the kernel or a file: polling it without pause gains nothing.
  [[nodiscard]] bool is_virtual() const noexcept { return is_virtual_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& driver() const noexcept { return driver_; }
  [[nodiscard]] PortStats stats() noexcept;
  /// About once a second, from one thread: keeps a NIC's clock in step.
  void discipline() noexcept;

 private:
  enum class Stamp : std::uint8_t { kNone, kUtcNs, kUtcUs, kDeviceTicks };

  DpdkPort() = default;
  Status probe(const PortConfig& config);
  Status configure(const PortConfig& config);
  Status start(const PortConfig& config);
  void find_packet_sockets(const std::vector<int>& before);

  std::string name_, driver_, device_;
  std::uint16_t port_ = 0xffff;
  unsigned queues_ = 0;
  bool spreads_ = false, is_virtual_ = false, started_ = false;
  Stamp stamp_ = Stamp::kNone;
  int stamp_offset_ = -1;
  std::uint64_t stamp_flag_ = 0;
  TickClock device_clock_;
  rte_mempool* pool_ = nullptr;
  std::vector<int> packet_sockets_;  // AF_PACKET: the driver's, borrowed, for the kernel's count of drops
  std::uint64_t kernel_drops_ = 0;
};

}  // namespace picket
