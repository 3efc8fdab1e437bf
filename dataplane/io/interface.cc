#include "dataplane/io/interface.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace picket {
namespace {

/// Asks the kernel about one interface.
class Asker {
 public:
  explicit Asker(const std::string& interface) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::memset(&request_, 0, sizeof request_);
    interface.copy(request_.ifr_name, IFNAMSIZ - 1);
  }
  ~Asker() {
    if (fd_ >= 0) ::close(fd_);
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  bool ask(unsigned long what) { return ::ioctl(fd_, what, &request_) == 0; }
  /// An on-off switch of ethtool's.
  bool is_on(std::uint32_t command) {
    ethtool_value value{command, 0};
    request_.ifr_data = reinterpret_cast<char*>(&value);
    return ask(SIOCETHTOOL) && value.data != 0;
  }
  unsigned rx_channels() {
    ethtool_channels channels{};
    channels.cmd = ETHTOOL_GCHANNELS;
    request_.ifr_data = reinterpret_cast<char*>(&channels);
    if (!ask(SIOCETHTOOL)) return 1;
    return std::max(1U, channels.combined_count + channels.rx_count);
  }
  bool has_lro() {
    ethtool_value flags{ETHTOOL_GFLAGS, 0};
    request_.ifr_data = reinterpret_cast<char*>(&flags);
    return ask(SIOCETHTOOL) && (flags.data & ETH_FLAG_LRO) != 0;
  }
  [[nodiscard]] const ifreq& answer() const { return request_; }

 private:
  int fd_;
  ifreq request_{};
};

/// A link-local IPv6 address comes by itself and means nothing.
bool has_address(const std::string& interface) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const ifaddrs* a = list; a != nullptr; a = a->ifa_next) {
    if (a->ifa_addr == nullptr || interface != a->ifa_name) continue;
    if (a->ifa_addr->sa_family == AF_INET) found = true;
    if (a->ifa_addr->sa_family == AF_INET6) {
      const auto* six = reinterpret_cast<const sockaddr_in6*>(static_cast<const void*>(a->ifa_addr));
      found |= !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
    }
  }
  ::freeifaddrs(list);
  return found;
}

constexpr unsigned kLargestMerged = 65535;
constexpr unsigned kLinkOverhead = 14 + 3 * 4;  // Ethernet and three VLAN tags

}  // namespace

Result<InterfaceFacts> interface_facts(const std::string& interface) {
  Asker asker(interface);
  if (interface.empty() || interface.size() >= IFNAMSIZ || !asker.ask(SIOCGIFFLAGS)) {
    return Error{interface + ": no such network interface (`ip link` lists them)"};
  }
  InterfaceFacts facts;
  facts.is_up = (asker.answer().ifr_flags & IFF_UP) != 0;
  if (asker.ask(SIOCGIFMTU)) facts.mtu = static_cast<unsigned>(asker.answer().ifr_mtu);
  facts.rx_channels = asker.rx_channels();
  facts.has_address = has_address(interface);
  std::error_code ec;
  const bool is_hardware = std::filesystem::exists("/sys/class/net/" + interface + "/device", ec);
  facts.merges_frames = !is_hardware || asker.is_on(ETHTOOL_GGRO) || asker.has_lro();
  return facts;
}

std::vector<DriverChoice> drivers_for(const std::string& interface, const InterfaceFacts& facts,
                                      unsigned index) {
  const std::string n = std::to_string(index);
  constexpr unsigned kXdpFrame = 3560;  // a page, less what XDP needs around the frame

  DriverChoice xdp;
  xdp.driver = "AF_XDP";
  xdp.queues = facts.rx_channels;
  xdp.device =
      "net_af_xdp" + n + ",iface=" + interface + ",start_queue=0,queue_count=" + std::to_string(xdp.queues);
  if (facts.has_address) {
    xdp.refusal = "the interface has an IP address, and AF_XDP would take its traffic away from this host";
  } else if (facts.mtu + kLinkOverhead > kXdpFrame) {
    xdp.refusal = "its MTU of " + std::to_string(facts.mtu) + " does not fit AF_XDP's buffers";
  }

  DriverChoice packet;
  packet.driver = "AF_PACKET";
  const unsigned largest = facts.merges_frames ? kLargestMerged : facts.mtu + kLinkOverhead;
  // A slot holds the kernel's header and a frame. The driver copies it into one buffer of at most 64 KiB, and
  // takes slots to lie end to end, so they must fill their block, which is made of whole pages.
  constexpr unsigned kSlotHeader = 128, kLargestSlot = 65280, kPagesOfLargest = 255 * 4096;
  static_assert(kPagesOfLargest % kLargestSlot == 0);
  unsigned slot = 2048, block = 65536;
  while (slot < largest + kSlotHeader && slot < 32768) slot *= 2;
  if (slot < largest + kSlotHeader) slot = kLargestSlot, block = kPagesOfLargest;
  constexpr unsigned kRingBytes = 32U << 20;
  const unsigned slots = kRingBytes / block * (block / slot);
  packet.frame_bytes = slot;
  packet.device = "net_af_packet" + n + ",iface=" + interface + ",blocksz=" + std::to_string(block) +
                  ",framesz=" + std::to_string(slot) + ",framecnt=" + std::to_string(slots);
  return {xdp, packet};
}

}  // namespace picket
