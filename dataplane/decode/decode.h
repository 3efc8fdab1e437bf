// dataplane/decode/decode.h — from the bytes of a frame to layers, addresses, ports and payload
//
// In      a Packet with the fields a source knows
// Out     the fields decode fills in, a verdict, and named events (decode_event.def)
//         - Tunnels are peeled: addresses, L4 and payload are those of the innermost IP packet. VLANs are
//         listed from
//           the outside in, those inside a tunnel behind those around it; MAC addresses are the outermost
//           frame's.
//         - payload lies within the IP length, so Ethernet padding is no part of it. Without IP it is what
//         follows the
//           EtherType (or the 802.3 length), and the verdict is kInspected for what is understood here (ARP,
//           PPPoE discovery), else kUnsupported.
//         - A frame without IP whose EtherType a parser knows (ProtocolSpec::ethertypes) is_link(): its ends are
//         its MAC
//           addresses, also inside of a tunnel. With 802.3 the service access point of LLC stands for the type.
//         - A packet that the snap length cut goes on with what there is, without an event: kTruncated only
//         where a
//           header itself is cut. Bytes missing otherwise are a lie of the sender: an event and kDecodeError.
//         - When only a tunnel's contents are malformed, addresses and ports stay those of the packet around
//         it.
//         - A fragment has is_fragment and payload; what becomes of it is the Defragmenter's to say
//         (defrag.h).
// Cost    under 40 ns for TCP over IPv4 over Ethernet (tests/bench/decode_bench.cc); no allocation
// Limits  max_layers headers inside each other, kMaxVlans VLANs, kMaxDecodeEvents events (further ones are
// not kept) Checksums, where asked for: each IPv4 header on the way, and L4 of the innermost packet. A wrong
// one gives kBadChecksum
//         with all fields filled: rules may look at the packet, streams must not take its bytes, as its
//         receiver will not
// Lives   views point into the frame, or into the datagram given to decode_datagram()
#pragma once
#include <array>
#include <cstdint>

#include "dataplane/decode/decode_event.h"
#include "dataplane/packet.h"

namespace picket {

/// A few UDP ports; 0 stands for none.
using PortList = std::array<std::uint16_t, 4>;

/// Configuration keys under `decoder`.
struct DecodeConfig {
  PortList vxlan_ports{4789};
  PortList geneve_ports{6081};
  PortList teredo_ports{3544};
  PortList gtp_ports{2152};
  bool erspan = true;
  bool verify_checksums = false;
  std::uint8_t max_layers = 16;  ///< headers inside each other, all kinds counted
};
inline constexpr DecodeConfig kDefaultDecodeConfig{};

class Decoder {
 public:
  explicit Decoder(const DecodeConfig& config = {}) noexcept : config_(config) {}

  void decode(Packet& p) const noexcept;

  /// Goes on with a datagram put together from fragments, from its IP header on. `p` is the fragment that
  /// completed it: link layer, VLANs and events are kept, the rest is the datagram's, and `reassembled` is
  /// set.
  void decode_datagram(Packet& p, Bytes datagram) const noexcept;

  [[nodiscard]] const DecodeConfig& config() const noexcept { return config_; }

 private:
  DecodeConfig config_;
};

/// Sets `event` on `p`: once, and as long as there is room.
inline void add_event(Packet& p, DecodeEvent event) noexcept {
  const auto value = static_cast<std::uint16_t>(event);
  for (unsigned i = 0; i < p.event_count; ++i) {
    if (p.events[i] == value) return;
  }
  if (p.event_count < kMaxDecodeEvents) p.events[p.event_count++] = value;
}

}  // namespace picket
