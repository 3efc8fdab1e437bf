// Link layers that are not Ethernet: Linux cooked captures (pcap-linktype(7): LINUX_SLL, LINUX_SLL2), BSD
// loopback (NULL, LOOP), packets without a link layer (RAW), Cisco HDLC (C_HDLC)
#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

/// Of these devices the protocol field is no EtherType.
bool has_ethertype(std::uint16_t arphrd) noexcept {
  constexpr std::uint16_t kGre = 778, kNetlink = 824;
  constexpr std::uint16_t kRadio[] = {801, 802, 803};  // 802.11, with Prism header, with radiotap
  for (const std::uint16_t r : kRadio) {
    if (arphrd == r) return false;
  }
  return arphrd != kGre && arphrd != kNetlink;
}

Layer cooked(Layers& s, std::uint16_t arphrd, std::uint16_t protocol) noexcept {
  // Below 0x0600 stand Linux's own numbers: 1 Novell 802.3, 4 802.2 LLC, 0xc CAN. None of them carries IP.
  if (has_ethertype(arphrd) && protocol >= ethertype::kMinType) return by_ethertype(s, protocol);
  return s.unsupported();
}

Layer address_family(Layers& s, std::uint32_t family) noexcept {
  switch (family) {
    case 2:
      s.p.ethertype = ethertype::kIpv4;
      return Layer::kIpv4;
    case 10:  // Linux
    case 24:  // NetBSD, OpenBSD, BSD/OS
    case 28:  // FreeBSD, DragonFly
    case 30:  // Darwin
      s.p.ethertype = ethertype::kIpv6;
      return Layer::kIpv6;
    default:
      return s.fail(DecodeEvent::kNullUnsupportedType);
  }
}

}  // namespace

Layer sll(Layers& s) noexcept {
  Cursor c = s.in;
  c.skip(2);  // packet type: to us, broadcast, from us ...
  const std::uint16_t arphrd = c.u16be();
  c.skip(2 + 8);  // length of the sender's address, the address
  const std::uint16_t protocol = c.u16be();
  if (!c.ok()) return s.cut(DecodeEvent::kSllTooSmall);
  s.in = c;
  return cooked(s, arphrd, protocol);
}

Layer sll2(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint16_t protocol = c.u16be();
  c.skip(2 + 4);  // reserved, interface index
  const std::uint16_t arphrd = c.u16be();
  c.skip(1 + 1 + 8);  // packet type, length of the sender's address, the address
  if (!c.ok()) return s.cut(DecodeEvent::kSll2TooSmall);
  s.in = c;
  return cooked(s, arphrd, protocol);
}

Layer null_loopback(Layers& s) noexcept {
  // The family is in the byte order of the machine that captured; the one in which it is small is the right
  // one.
  Cursor c = s.in;
  const std::uint32_t little = c.u32le();
  if (!c.ok()) return s.cut(DecodeEvent::kNullTooSmall);
  s.in = c;
  return address_family(s, little <= 0xffff ? little : __builtin_bswap32(little));
}

Layer openbsd_loopback(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint32_t family = c.u32be();
  if (!c.ok()) return s.cut(DecodeEvent::kNullTooSmall);
  s.in = c;
  return address_family(s, family);
}

Layer raw_ip(Layers& s) noexcept {
  switch (s.in.peek() >> 4) {
    case 4:
      s.p.ethertype = ethertype::kIpv4;
      return Layer::kIpv4;
    case 6:
      s.p.ethertype = ethertype::kIpv6;
      return Layer::kIpv6;
    default:
      return s.in.empty() ? s.cut(DecodeEvent::kRawInvalidVersion) : s.fail(DecodeEvent::kRawInvalidVersion);
  }
}

Layer chdlc(Layers& s) noexcept {
  Cursor c = s.in;
  c.skip(2);  // address: unicast or multicast; control
  const std::uint16_t type = c.u16be();
  if (!c.ok()) return s.cut(DecodeEvent::kChdlcTooSmall);
  s.in = c;
  constexpr std::uint16_t kKeepalive = 0x8035;  // reverse ARP's number
  if (type < ethertype::kMinType || type == kKeepalive) return s.unsupported();
  return by_ethertype(s, type);
}

}  // namespace picket::layers
