#include "dataplane/decode/arp.h"

#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket {

bool read_arp(Bytes in, Arp& out) noexcept {
  Cursor c(in);
  out.hardware = c.u16be();
  out.protocol = c.u16be();
  out.hardware_size = c.u8();
  out.protocol_size = c.u8();
  out.operation = c.u16be();
  out.sender_mac = c.bytes(out.hardware_size);
  out.sender_ip = c.bytes(out.protocol_size);
  out.target_mac = c.bytes(out.hardware_size);
  out.target_ip = c.bytes(out.protocol_size);
  return c.ok();
}

namespace layers {

Layer arp(Layers& s) noexcept {
  constexpr std::uint16_t kEthernet = 1;
  constexpr std::size_t kFixed = 8;
  Arp a;
  const bool whole = read_arp(s.in.rest(), a);
  if (!whole && (s.in.left() < kFixed || a.hardware == kEthernet)) return s.cut(DecodeEvent::kArpTooSmall);
  if (!s.p.has_l4) s.p.payload = s.in.rest();  // also in GRE; in a datagram it is part of the datagram
  if (a.hardware != kEthernet) {
    s.note(DecodeEvent::kArpUnsupportedHardware);
    return s.unsupported();
  }
  if (a.protocol != ethertype::kIpv4) {
    s.note(DecodeEvent::kArpUnsupportedProtocol);
    return s.unsupported();
  }
  if (a.hardware_size != 6) return s.fail(DecodeEvent::kArpInvalidHardwareSize);
  if (a.protocol_size != 4) return s.fail(DecodeEvent::kArpInvalidProtocolSize);
  // 1 to 4 (R)ARP, 5 to 7 dynamic RARP, 8 and 9 inverse ARP, 10 NAK, then ATM's and experiments (IANA
  // arp-parameters)
  constexpr std::uint16_t kLastOperation = 25;
  if (a.operation == 0 || a.operation > kLastOperation) s.note(DecodeEvent::kArpUnsupportedOpcode);
  return Layer::kDone;
}

}  // namespace layers
}  // namespace picket
