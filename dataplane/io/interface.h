// dataplane/io/interface.h — how to capture from a kernel network interface with DPDK
//
// AF_XDP first (fast, but it takes the interface's traffic away from the host), then AF_PACKET (any
// interface, slower).
#pragma once
#include <string>
#include <vector>

#include "parsers/core/result.h"

namespace picket {

/// What the kernel says of an interface.
struct InterfaceFacts {
  unsigned mtu = 1500;
  unsigned rx_channels = 1;
  bool has_address = false;    ///< the host talks through it
  bool merges_frames = false;  ///< GRO or LRO is on, or it is virtual: frames may be larger than the MTU
  bool is_up = true;
};
Result<InterfaceFacts> interface_facts(const std::string& interface);

/// A way to open an interface: what DPDK is to probe, and the buffer a frame needs.
struct DriverChoice {
  std::string driver;   ///< "AF_XDP" or "AF_PACKET"
  std::string device;   ///< "net_af_xdp0,iface=eth1,..."
  std::string refusal;  ///< why not to try it; "" when it may be tried
  unsigned queues = 1;
  unsigned frame_bytes = 2048;
};

/// In the order to be tried. `index` makes the device's name unique.
std::vector<DriverChoice> drivers_for(const std::string& interface, const InterfaceFacts& facts,
                                      unsigned index);

}  // namespace picket
