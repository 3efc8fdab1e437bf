#include "dataplane/decode/decode.h"

#include <cstddef>
#include <cstring>

#include "dataplane/decode/checksum.h"
#include "dataplane/decode/layers.h"

namespace picket {
namespace {

using layers::Layer;
using layers::Layers;

/// Sets every field that decode fills in to what a new Packet has, and leaves what the source knows.
void forget(Packet& p) noexcept {
  static const Packet kFresh;
  constexpr std::size_t kFrom = offsetof(Packet, verdict);
  std::memcpy(reinterpret_cast<std::byte*>(&p) + kFrom, reinterpret_cast<const std::byte*>(&kFresh) + kFrom,
              sizeof(Packet) - kFrom);
}

Layer link_layer(LinkType link) noexcept {
  switch (link) {
    case LinkType::kEthernet:
      return Layer::kEthernet;
    case LinkType::kRawIp:
    case LinkType::kRawIpv4:
    case LinkType::kRawIpv6:
      return Layer::kRawIp;
    case LinkType::kNull:
      return Layer::kNull;
    case LinkType::kLoop:
      return Layer::kLoop;
    case LinkType::kLinuxSll:
      return Layer::kSll;
    case LinkType::kLinuxSll2:
      return Layer::kSll2;
    case LinkType::kPpp:
      return Layer::kPpp;
    case LinkType::kCiscoHdlc:
      return Layer::kChdlc;
    case LinkType::kUnknown:
      break;
  }
  return Layer::kDone;
}

Layer read(Layer layer, Layers& s) noexcept {
  switch (layer) {
    case Layer::kDone:
      return Layer::kDone;
    case Layer::kEthernet:
      return ethernet(s);
    case Layer::kSll:
      return sll(s);
    case Layer::kSll2:
      return sll2(s);
    case Layer::kNull:
      return null_loopback(s);
    case Layer::kLoop:
      return openbsd_loopback(s);
    case Layer::kPpp:
      return ppp(s);
    case Layer::kChdlc:
      return chdlc(s);
    case Layer::kRawIp:
      return raw_ip(s);
    case Layer::kVlan:
      return vlan(s);
    case Layer::kVntag:
      return vntag(s);
    case Layer::kMacInMac:
      return mac_in_mac(s);
    case Layer::kFabricPath:
      return fabric_path(s);
    case Layer::kHsr:
      return hsr(s);
    case Layer::kMpls:
      return mpls(s);
    case Layer::kNsh:
      return nsh(s);
    case Layer::kArp:
      return arp(s);
    case Layer::kLinkProtocol:
      return link_protocol(s);
    case Layer::kPppoeSession:
      return pppoe_session(s);
    case Layer::kPppoeDiscovery:
      return pppoe_discovery(s);
    case Layer::kIpv4:
      return ipv4(s);
    case Layer::kIpv6:
      return ipv6(s);
    case Layer::kIpv4InIpv6:
      return ipv4_in_ipv6(s);
    case Layer::kIpv6InIpv6:
      return ipv6_in_ipv6(s);
    case Layer::kIpPayload:
      return by_ip_proto(s);
    case Layer::kTcp:
      return tcp(s);
    case Layer::kUdp:
      return udp(s);
    case Layer::kSctp:
      return sctp(s);
    case Layer::kIcmp:
      return icmp(s);
    case Layer::kIcmpv6:
      return icmpv6(s);
    case Layer::kIgmp:
      return igmp(s);
    case Layer::kEsp:
      return esp(s);
    case Layer::kAh:
      return ah(s);
    case Layer::kGre:
      return gre(s);
    case Layer::kErspan2:
      return erspan2(s);
    case Layer::kErspan3:
      return erspan3(s);
    case Layer::kVxlan:
      return vxlan(s);
    case Layer::kGeneve:
      return geneve(s);
    case Layer::kTeredo:
      return teredo(s);
    case Layer::kGtp:
      return gtp(s);
  }
  return Layer::kDone;
}

/// Reads headers from `layer` on until there is none, and settles the verdict.
void run(Layer layer, Layers& s) noexcept {
  unsigned depth = 0;
  while (layer != Layer::kDone) {
    // An IP header and the choice of what follows it are one layer, in the eyes of who counts them.
    if (layer != Layer::kIpPayload && ++depth > s.config.max_layers) {
      s.fail(DecodeEvent::kTooManyLayers);
      s.p.verdict = Verdict::kDecodeTooDeep;
      return;
    }
    layer = read(layer, s);
  }
  if (s.config.verify_checksums && s.p.verdict == Verdict::kInspected &&
      (s.bad_checksum || l4_checksum(s.p) == L4Checksum::kBad)) {
    s.p.verdict = Verdict::kBadChecksum;
  }
}

}  // namespace

void Decoder::decode(Packet& p) const noexcept {
  forget(p);
  Layers s(config_, p, Bytes(p.data, p.size));
  const Layer first = link_layer(p.link);
  if (first == Layer::kDone) {
    s.unsupported();
    return;
  }
  run(first, s);
}

void Decoder::decode_datagram(Packet& p, Bytes datagram) const noexcept {
  p.link_size = p.layers == 1 && !p.reassembled ? static_cast<std::uint16_t>(p.ip_header.data() - p.data) : 0;
  p.datagram = datagram;
  p.reassembled = true;
  p.is_fragment = false;
  p.verdict = Verdict::kInspected;
  --p.layers;  // its IP header was counted when it came in pieces
  p.has_l4 = false;
  p.ip_options = Bytes{};
  Layers s(config_, p, datagram);
  run(p.is_v4 ? Layer::kIpv4 : Layer::kIpv6, s);
}

}  // namespace picket
