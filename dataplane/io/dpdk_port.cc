// rte_eth_read_clock() is one of the calls that DPDK 22.11 does not promise to keep.
#define ALLOW_EXPERIMENTAL_API
#include "dataplane/io/dpdk_port.h"

#include <linux/if_packet.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <tuple>

#include "dataplane/io/eal.h"
#include "parsers/core/folder.h"

namespace picket {
namespace {

/// Hashing the pair alone: 0x6d5a repeated makes Toeplitz give the same for both directions (Woo and Park,
/// 2012).
std::array<std::uint8_t, 52> symmetric_key() {
  std::array<std::uint8_t, 52> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

std::string last_log() {
  std::string all;
  for (const auto& line : take_eal_log()) all += (all.empty() ? "" : "; ") + line;
  return all;
}

Error failed(const std::string& name, const std::string& what, int rc) {
  const std::string log = last_log();
  return Error{name + ": " + what + ": " + rte_strerror(-rc) + (log.empty() ? "" : " (" + log + ")")};
}

/// The sockets of this process that are AF_PACKET.
std::vector<int> packet_sockets() {
  std::vector<int> found;
  std::ignore = for_each_entry("/proc/self/fd", [&](const auto& entry) {
    const int fd = std::atoi(entry.path().filename().c_str());
    int domain = 0;
    socklen_t size = sizeof domain;
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_PACKET)
      found.push_back(fd);
  });
  return found;
}

}  // namespace

Result<std::unique_ptr<DpdkPort>> DpdkPort::open(const std::string& name, const PortConfig& config) {
  std::unique_ptr<DpdkPort> port(new DpdkPort);
  port->name_ = name;
  take_eal_log();  // what went wrong before is not about this port
  const auto sockets_before = packet_sockets();
  if (auto s = port->probe(config); !s) return s.error();
  if (auto s = port->configure(config); !s) return s.error();
  if (auto s = port->start(config); !s) return s.error();
  if (port->driver_ == "net_af_packet") port->find_packet_sockets(sockets_before);
  return port;
}

Status DpdkPort::probe(const PortConfig& config) {
  device_ = config.device.substr(0, config.device.find(','));
  if (rte_eth_dev_get_port_by_name(device_.c_str(), &port_) != 0) {
    const int rc = rte_dev_probe(config.device.c_str());
    if (rc != 0) {
      Error e = failed(name_, "DPDK cannot open " + config.device, rc);
      // net_af_packet makes that number of the process's and the interface's; nothing of ours chooses it.
      const bool taken = e.message.find("PACKET_FANOUT") != std::string::npos;
      e.message += rc == -EPERM && ::geteuid() != 0
                       ? "; run picket as root, or give it CAP_NET_RAW and CAP_NET_ADMIN"
                   : taken ? "; another process captures with the same fan-out number: start picket once more"
                           : "; `ip link` lists interfaces, `dpdk-devbind.py --status` PCI devices";
      return e;
    }
    if (rte_eth_dev_get_port_by_name(device_.c_str(), &port_) != 0) {
      return failed(name_, "no DPDK port came of " + config.device, -ENODEV);
    }
  }
  rte_eth_dev_info info{};
  if (const int rc = rte_eth_dev_info_get(port_, &info); rc != 0)
    return failed(name_, "DPDK cannot describe it", rc);
  driver_ = info.driver_name;
  is_virtual_ = device_.starts_with("net_");
  queues_ = std::clamp<unsigned>(config.queues, 1, info.max_rx_queues);
  return Done{};
}

Status DpdkPort::configure(const PortConfig& config) {
  rte_eth_dev_info info{};
  if (const int rc = rte_eth_dev_info_get(port_, &info); rc != 0)
    return failed(name_, "DPDK cannot describe it", rc);

  rte_eth_conf conf{};
  auto key = symmetric_key();
  // Some NICs take the pair for TCP and UDP only when these are named, and then leave the ports out by the L3
  // modifiers.
  constexpr std::uint64_t kTypes = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;
  const std::uint64_t types = kTypes & info.flow_type_rss_offloads & RTE_ETH_RSS_IP;
  const bool key_fits = info.hash_key_size == 0 || info.hash_key_size <= key.size();
  if (config.rss && queues_ > 1 && types != 0 && key_fits) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size == 0 ? 40 : info.hash_key_size;
    conf.rx_adv_conf.rss_conf.rss_hf = types;
    spreads_ = true;
  }
  constexpr std::uint64_t kWanted = RTE_ETH_RX_OFFLOAD_TIMESTAMP | RTE_ETH_RX_OFFLOAD_SCATTER;
  conf.rxmode.offloads =
      kWanted & info.rx_offload_capa;  // and none that changes what is seen: no stripping, no LRO

  int rc = rte_eth_dev_configure(port_, static_cast<std::uint16_t>(queues_), 0, &conf);
  unsigned transmit = 0;
  if (rc == -EINVAL) {
    transmit = queues_;
    rc = rte_eth_dev_configure(port_, static_cast<std::uint16_t>(queues_),
                               static_cast<std::uint16_t>(transmit), &conf);
  }
  if (rc != 0) return failed(name_, "cannot be set up with " + std::to_string(queues_) + " queues", rc);
  if (info.max_mtu > RTE_ETHER_MTU && (conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0) {
    rte_eth_dev_set_mtu(port_,
                        static_cast<std::uint16_t>(std::min<unsigned>(info.max_mtu, config.max_frame)));
  }

  const std::string pool_name = "picket_rx" + std::to_string(port_);
  const unsigned room = std::min<unsigned>(config.frame_bytes + RTE_PKTMBUF_HEADROOM, UINT16_MAX);
  constexpr unsigned kCache = 256;
  // Large buffers are for drivers that merge frames: fewer of them carry as much.
  const unsigned mbufs = config.frame_bytes > 16384 ? config.mbufs / 8 : config.mbufs;
  pool_ = rte_pktmbuf_pool_create(pool_name.c_str(), mbufs, kCache, 0, static_cast<std::uint16_t>(room),
                                  rte_eth_dev_socket_id(port_));
  if (pool_ == nullptr) {
    return Error{name_ + ": no memory for " + std::to_string(mbufs) + " buffers of " + std::to_string(room) +
                 " bytes; reserve more huge pages (sysctl vm.nr_hugepages)"};
  }
  const int socket = rte_eth_dev_socket_id(port_);
  std::uint16_t rx = static_cast<std::uint16_t>(config.descriptors), tx = rx;
  rte_eth_dev_adjust_nb_rx_tx_desc(port_, &rx, &tx);
  for (unsigned q = 0; q < queues_; ++q) {
    rc = rte_eth_rx_queue_setup(port_, static_cast<std::uint16_t>(q), rx, static_cast<unsigned>(socket),
                                nullptr, pool_);
    if (rc != 0) return failed(name_, "receive queue " + std::to_string(q) + " cannot be set up", rc);
  }
  for (unsigned q = 0; q < transmit; ++q) {
    rc = rte_eth_tx_queue_setup(port_, static_cast<std::uint16_t>(q), tx, static_cast<unsigned>(socket),
                                nullptr);
    if (rc != 0) return failed(name_, "its driver's unused transmit queue cannot be set up", rc);
  }
  if ((conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0) stamp_ = Stamp::kDeviceTicks;
  return Done{};
}

Status DpdkPort::start(const PortConfig&) {
  if (const int rc = rte_eth_dev_start(port_); rc != 0) return failed(name_, "cannot be started", rc);
  started_ = true;
  if (const int rc = rte_eth_promiscuous_enable(port_); rc != 0 && rc != -ENOTSUP) {
    return failed(name_, "cannot see what is not addressed to it (promiscuous mode)", rc);
  }
  rte_eth_allmulticast_enable(port_);

  if (driver_ == "net_pcap") stamp_ = Stamp::kUtcUs;
  if (driver_ == "net_af_packet" && stamp_ == Stamp::kDeviceTicks) stamp_ = Stamp::kUtcNs;
  if (stamp_ != Stamp::kNone) {
    stamp_offset_ = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr);
    const int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, nullptr);
    if (stamp_offset_ < 0 || flag < 0) {
      stamp_ = Stamp::kNone;
    } else {
      stamp_flag_ = std::uint64_t{1} << flag;
    }
  }
  if (stamp_ == Stamp::kDeviceTicks) {
    // The NIC's clock runs at a rate of its own: two looks at it, 50 ms apart, tell which.
    std::uint64_t first = 0, second = 0;
    const std::uint64_t start_ns = system_utc_ns();
    const bool readable = rte_eth_read_clock(port_, &first) == 0;
    if (readable) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::uint64_t end_ns = system_utc_ns();
    if (readable && rte_eth_read_clock(port_, &second) == 0 && second > first && end_ns > start_ns) {
      device_clock_.start(second, end_ns,
                          static_cast<double>(second - first) * 1e9 / static_cast<double>(end_ns - start_ns));
    } else {
      stamp_ = Stamp::kNone;
    }
  }
  return Done{};
}

/// The driver keeps its sockets to itself; those that appeared while it opened are its own.
void DpdkPort::find_packet_sockets(const std::vector<int>& before) {
  for (const int fd : packet_sockets()) {
    if (std::find(before.begin(), before.end(), fd) == before.end()) packet_sockets_.push_back(fd);
  }
  (void)stats();  // the kernel counted while the ring was not yet read
  kernel_drops_ = 0;
}

DpdkPort::~DpdkPort() {
  if (port_ != 0xffff) {
    if (started_) rte_eth_dev_stop(port_);
    rte_eth_dev_info info{};
    rte_device* device = rte_eth_dev_info_get(port_, &info) == 0 ? info.device : nullptr;
    rte_eth_dev_close(port_);
    // A virtual device goes with its port, so that its name and its interface can be used again.
    if (is_virtual_ && device != nullptr) rte_dev_remove(device);
  }
  rte_mempool_free(pool_);
}

unsigned DpdkPort::receive(unsigned queue, std::span<rte_mbuf*> out) noexcept {
  return rte_eth_rx_burst(port_, static_cast<std::uint16_t>(queue), out.data(),
                          static_cast<std::uint16_t>(out.size()));
}

std::uint64_t DpdkPort::timestamp_ns(const rte_mbuf& m) const noexcept {
  if (stamp_ == Stamp::kNone || (m.ol_flags & stamp_flag_) == 0) return 0;
  const std::uint64_t stamp = *RTE_MBUF_DYNFIELD(&m, stamp_offset_, const rte_mbuf_timestamp_t*);
  switch (stamp_) {
    case Stamp::kUtcNs:
      return stamp;
    case Stamp::kUtcUs:
      return stamp * 1000;
    case Stamp::kDeviceTicks:
      return device_clock_.utc_ns(stamp);
    case Stamp::kNone:
      break;
  }
  return 0;
}

PortStats DpdkPort::stats() noexcept {
  PortStats out;
  out.name = name_;
  out.driver = driver_;
  rte_eth_stats s{};
  if (rte_eth_stats_get(port_, &s) != 0) return out;
  for (const int fd : packet_sockets_) {
    tpacket_stats kernel{};
    socklen_t size = sizeof kernel;
    // Reading resets it, so what was read is kept here.
    if (::getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &kernel, &size) == 0)
      kernel_drops_ += kernel.tp_drops;
  }
  out.received = s.ipackets;
  out.missed = s.imissed + kernel_drops_;
  out.errors = s.ierrors;
  out.no_buffer = s.rx_nombuf;
  return out;
}

void DpdkPort::discipline() noexcept {
  std::uint64_t ticks = 0;
  if (stamp_ == Stamp::kDeviceTicks && rte_eth_read_clock(port_, &ticks) == 0)
    device_clock_.observe(ticks, system_utc_ns());
}

}  // namespace picket
