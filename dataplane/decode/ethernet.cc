// Ethernet II and IEEE 802.3 with LLC or SNAP (IEEE 802-2014 §9.4), and what EtherTypes announce
#include <algorithm>
#include <array>
#include <utility>

#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"
#include "parsers/core/protocol.h"

namespace picket::layers {
namespace {

constexpr std::size_t kHeaderSize = 14;
constexpr std::size_t kSnapSize = 8;
constexpr std::uint32_t kSnapLlc = 0xaaaa03;
constexpr std::uint32_t kUnnumbered = 3;

// EtherTypes that are no surprise though nothing here reads them; sorted. Some have a parser by now.
constexpr std::array<std::uint16_t, 38> kNotDecoded = {
    0x0842,  // wake on LAN
    0x22ea,  // stream reservation (802.1Qat)
    0x22f0,  // audio/video transport (IEEE 1722)
    0x22f3,  // TRILL
    0x6002,  // DEC MOP
    0x6003,  // DECnet
    0x8035,  // reverse ARP
    0x809b,  // AppleTalk
    0x80f3,  // AppleTalk ARP
    0x8137,  // IPX
    0x8204,  // QNX Qnet
    0x8808,  // pause (802.3x)
    0x8809,  // slow protocols: LACP
    0x886d,  // Intel teaming
    0x887b,  // HomePlug 1.0
    0x888e,  // 802.1X
    0x8892,  // PROFINET
    0x8899,  // Realtek loop detection
    0x88a2,  // ATA over Ethernet
    0x88a4,  // EtherCAT
    0x88ab,  // POWERLINK
    0x88b5,  // local experiments
    0x88b6,  // local experiments
    0x88b7,  // vendors, by organisation
    0x88b8,  // GOOSE
    0x88b9,  // GSE management
    0x88ba,  // sampled values
    0x88cc,  // LLDP
    0x88cd,  // SERCOS III
    0x88e1,  // HomePlug AV
    0x88e3,  // media redundancy (IEC 62439-2)
    0x88e5,  // MACsec
    0x88f7,  // precision time (IEEE 1588)
    0x88fb,  // parallel redundancy (IEC 62439-3)
    0x8902,  // connectivity fault management
    0x8906,  // Fibre Channel over Ethernet
    0x8914,  // the same, initialisation
    0x9000,  // configuration test
};
static_assert(std::is_sorted(kNotDecoded.begin(), kNotDecoded.end()));

/// Of those that specs name; a handful, asked only for what is no IP.
bool has_parser(std::uint16_t type) noexcept {
  static const auto kTypes = [] {
    std::array<std::uint16_t, 64> types{};
    std::size_t n = 0;
    for (const ProtocolSpec* spec : protocols()) {
      for (const std::uint16_t t : spec->ethertypes) {
        PICKET_ASSERT(n < types.size());
        types[n++] = t;
      }
    }
    return std::pair(types, n);
  }();
  const auto end = kTypes.first.begin() + static_cast<std::ptrdiff_t>(kTypes.second);
  return std::find(kTypes.first.begin(), end, type) != end;
}

/// 802.3: `length` bytes of LLC, then padding.
Layer llc(Layers& s, std::uint16_t length) noexcept {
  if (length < s.in.left()) s.in = Cursor(s.in.rest().first(length));
  Cursor c = s.in;
  const std::uint32_t control = c.u24be();
  const auto service_access_point = static_cast<std::uint8_t>(control >> 16);
  // Between equals, and unnumbered information: neither a response nor a connection.
  if (c.ok() && control == (service_access_point * 0x0101U << 8 | kUnnumbered) &&
      has_parser(service_access_point)) {
    s.p.ethertype = service_access_point;
    s.in = c;
    return Layer::kLinkProtocol;
  }
  const std::uint32_t organisation = c.u24be();
  const std::uint16_t type = c.u16be();
  if (c.ok() && control == kSnapLlc && organisation == 0 && type >= ethertype::kMinType) {
    static_assert(kSnapSize == 3 + 3 + 2);
    s.in = c;
    return by_ethertype(s, type);
  }
  s.p.ethertype = 0;
  return s.unsupported();
}

}  // namespace

Layer by_ethertype(Layers& s, std::uint16_t type) noexcept {
  s.p.ethertype = type;
  switch (type) {
    case ethertype::kIpv4:
      return Layer::kIpv4;
    case ethertype::kIpv6:
      return Layer::kIpv6;
    case ethertype::kVlan:
    case ethertype::kQinQ:
    case ethertype::kQinQOld:
    case ethertype::kQinQOlder:
      return Layer::kVlan;
    case ethertype::kArp:
      return Layer::kArp;
    case ethertype::kMpls:
    case ethertype::kMplsMulticast:
      return Layer::kMpls;
    case ethertype::kPppoeSession:
      return Layer::kPppoeSession;
    case ethertype::kPppoeDiscovery:
      return Layer::kPppoeDiscovery;
    case ethertype::kVntag:
      return Layer::kVntag;
    case ethertype::kMacInMac:
      return Layer::kMacInMac;
    case ethertype::kFabricPath:
      return Layer::kFabricPath;
    case ethertype::kHsr:
      return Layer::kHsr;
    case ethertype::kNsh:
      return Layer::kNsh;
    case ethertype::kBridged:
      return Layer::kEthernet;
    default:
      break;
  }
  if (type <= ethertype::kMaxLength) return llc(s, type);
  if (has_parser(type)) return Layer::kLinkProtocol;
  if (!std::binary_search(kNotDecoded.begin(), kNotDecoded.end(), type)) s.note(s.unknown_type);
  return s.unsupported();
}

/// A protocol that stands on Ethernet without IP. In a tunnel the packet is what the tunnel carries.
Layer link_protocol(Layers& s) noexcept {
  Packet& p = s.p;
  if (s.macs.empty()) return s.unsupported();  // a link layer that does not say between whom
  p.has_ip = p.is_v4 = p.has_l4 = false;
  p.layers = 0;
  p.ip_header = p.ip_options = p.l4_header = Bytes{};
  p.proto = static_cast<std::uint8_t>(IpProto::kNoIp);
  std::copy_n(s.macs.begin(), p.dst_mac.size(), p.dst_mac.begin());
  std::copy_n(s.macs.begin() + sizeof(Mac), p.src_mac.size(), p.src_mac.begin());
  p.src = Address::mac(p.src_mac);
  p.dst = Address::mac(p.dst_mac);
  p.src_port = p.dst_port = p.ethertype;
  p.payload = s.in.rest();
  return Layer::kDone;
}

Layer ethernet(Layers& s) noexcept {
  Cursor c = s.in;
  const Bytes header = c.bytes(kHeaderSize);
  if (header.empty()) return s.cut(DecodeEvent::kEthernetTooSmall);
  Cursor h(header.first<kHeaderSize>());
  const Bytes dst = h.bytes(6), src = h.bytes(6);
  if (!s.p.has_mac) {
    std::copy_n(dst.begin(), 6, s.p.dst_mac.begin());
    std::copy_n(src.begin(), 6, s.p.src_mac.begin());
    s.p.has_mac = true;
  }
  s.macs = header.first(2 * sizeof(Mac));
  s.in = c;
  return by_ethertype(s, h.u16be());
}

}  // namespace picket::layers
