// dataplane/decode/layers.h — what the files of this folder share: the state of one decode, and a function a
// header
//
// Each function finds Layers::in at the start of its header, reads it, moves `in` behind it, and says what
// comes next. decode.cc calls them in a loop; none calls another, so nesting costs no stack and is counted in
// one place.
#pragma once
#include "dataplane/decode/decode.h"
#include "parsers/core/assert.h"
#include "parsers/core/cursor.h"

namespace picket::layers {

enum class Layer : std::uint8_t {
  kDone,
  kEthernet,
  kSll,
  kSll2,
  kNull,
  kLoop,
  kPpp,
  kChdlc,
  kRawIp,  // link layers
  kVlan,
  kVntag,
  kMacInMac,
  kFabricPath,
  kHsr,
  kMpls,
  kNsh,
  kArp,  // behind an EtherType
  kLinkProtocol,
  kPppoeSession,
  kPppoeDiscovery,
  kIpv4,
  kIpv6,
  kIpv4InIpv6,
  kIpv6InIpv6,
  kIpPayload,  // by Packet::proto
  kTcp,
  kUdp,
  kSctp,
  kIcmp,
  kIcmpv6,
  kIgmp,
  kEsp,
  kAh,
  kGre,
  kErspan2,
  kErspan3,
  kVxlan,
  kGeneve,
  kTeredo,
  kGtp,  // tunnels
};

struct Layers {
  Layers(const DecodeConfig& c, Packet& packet, Bytes bytes) noexcept : config(c), p(packet), in(bytes) {}

  const DecodeConfig& config;
  Packet& p;
  Cursor in;
  /// What an EtherType nobody knows is reported as: it depends on what announced it.
  DecodeEvent unknown_type = DecodeEvent::kEthernetUnknownType;
  bool bad_checksum = false;
  Bytes macs;  ///< destination and source of the innermost frame; empty: no such link layer

  void note(DecodeEvent event) noexcept {
    PICKET_ASSERT(!kDecodeEvents[static_cast<std::size_t>(event)].drops);
    add_event(p, event);
  }
  /// The header cannot be: the packet ends here.
  Layer fail(DecodeEvent event) noexcept {
    PICKET_ASSERT(kDecodeEvents[static_cast<std::size_t>(event)].drops);
    add_event(p, event);
    p.verdict = Verdict::kDecodeError;
    return Layer::kDone;
  }
  /// The header does not fit in what is left: malformed, unless it was the snap length that cut it.
  Layer cut(DecodeEvent event) noexcept {
    if (!ends_at_snap_length()) return fail(event);
    p.verdict = Verdict::kTruncated;
    return Layer::kDone;
  }
  /// Not decoded further. Inside of an IP packet that is no verdict: the packet around it is whole.
  Layer unsupported() noexcept {
    if (!p.has_ip) {
      p.payload = in.rest();
      p.verdict = Verdict::kUnsupported;
    }
    return Layer::kDone;
  }
  /// Would there be more bytes if the capture had kept them?
  [[nodiscard]] bool ends_at_snap_length() const noexcept {
    const Bytes rest = in.rest();
    return p.size < p.wire_size && rest.data() + rest.size() == p.data + p.size;
  }
  /// A valid IP header was read: from here on the packet is this one. Forgets the L4 of the packet around it.
  void begin_ip() noexcept {
    if (p.layers++ == 0) return;
    p.has_l4 = false;
    p.src_port = p.dst_port = 0;
    p.ip_options = p.l4_header = Bytes{};
  }
};

/// What an EtherType announces; kDone (with a verdict or an event) when it is not decoded.
Layer by_ethertype(Layers& s, std::uint16_t type) noexcept;
/// What Packet::proto announces behind IPv4 or IPv6.
Layer by_ip_proto(Layers& s) noexcept;
/// What a 2-byte PPP protocol number announces.
Layer by_ppp_protocol(Layers& s, std::uint16_t protocol) noexcept;
/// Which tunnel stands behind a UDP header with these ports; kDone: none.
Layer udp_tunnel(const DecodeConfig& config, std::uint16_t src_port, std::uint16_t dst_port) noexcept;

Layer ethernet(Layers& s) noexcept;
Layer sll(Layers& s) noexcept;
Layer sll2(Layers& s) noexcept;
Layer null_loopback(Layers& s) noexcept;
Layer openbsd_loopback(Layers& s) noexcept;
Layer ppp(Layers& s) noexcept;
Layer chdlc(Layers& s) noexcept;
Layer raw_ip(Layers& s) noexcept;
Layer vlan(Layers& s) noexcept;
Layer vntag(Layers& s) noexcept;
Layer mac_in_mac(Layers& s) noexcept;
Layer fabric_path(Layers& s) noexcept;
Layer hsr(Layers& s) noexcept;
Layer mpls(Layers& s) noexcept;
Layer nsh(Layers& s) noexcept;
Layer arp(Layers& s) noexcept;
Layer link_protocol(Layers& s) noexcept;
Layer pppoe_session(Layers& s) noexcept;
Layer pppoe_discovery(Layers& s) noexcept;
Layer ipv4(Layers& s) noexcept;
Layer ipv6(Layers& s) noexcept;
Layer ipv4_in_ipv6(Layers& s) noexcept;
Layer ipv6_in_ipv6(Layers& s) noexcept;
Layer tcp(Layers& s) noexcept;
Layer udp(Layers& s) noexcept;
Layer sctp(Layers& s) noexcept;
Layer icmp(Layers& s) noexcept;
Layer icmpv6(Layers& s) noexcept;
Layer igmp(Layers& s) noexcept;
Layer esp(Layers& s) noexcept;
Layer ah(Layers& s) noexcept;
Layer gre(Layers& s) noexcept;
Layer erspan2(Layers& s) noexcept;
Layer erspan3(Layers& s) noexcept;
Layer vxlan(Layers& s) noexcept;
Layer geneve(Layers& s) noexcept;
Layer teredo(Layers& s) noexcept;
Layer gtp(Layers& s) noexcept;

/// Walks IPv6 extension headers from `next` on; `in` ends behind them, Packet::proto is the header reached,
/// and Packet::is_fragment and its offset are set where there is a fragment header. kIpPayload when all is
/// well.
Layer ipv6_extensions(Layers& s, std::uint8_t next) noexcept;
/// Reads the options of an IPv4 header for what is wrong with them.
void ipv4_options(Layers& s, Bytes options) noexcept;
/// Reads TCP options into the Packet.
void tcp_options(Layers& s, Bytes options) noexcept;
/// Appends a VLAN id; false when there is no room.
bool push_vlan(Packet& p, std::uint16_t id) noexcept;

}  // namespace picket::layers
