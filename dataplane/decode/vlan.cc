// Tags in front of an EtherType: VLAN (802.1Q, 802.1ad), VN-Tag (802.1BR), I-Tag (802.1ah), FabricPath, HSR
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

/// A tag of `skip` bytes whose contents matter to nobody here, then an EtherType.
Layer skip_tag(Layers& s, std::size_t skip, DecodeEvent too_small) noexcept {
  Cursor c = s.in;
  c.skip(skip);
  const std::uint16_t type = c.u16be();
  if (!c.ok()) return s.cut(too_small);
  s.in = c;
  return by_ethertype(s, type);
}

}  // namespace

bool push_vlan(Packet& p, std::uint16_t id) noexcept {
  if (p.vlan_count >= kMaxVlans) return false;
  p.vlans[p.vlan_count++] = id;
  return true;
}

Layer vlan(Layers& s) noexcept {
  constexpr std::uint16_t kIdMask = 0x0fff;
  Cursor c = s.in;
  const std::uint16_t tag = c.u16be();
  const std::uint16_t type = c.u16be();
  if (!c.ok()) return s.cut(DecodeEvent::kVlanTooSmall);
  if (!push_vlan(s.p, tag & kIdMask)) return s.fail(DecodeEvent::kVlanTooManyLayers);
  s.in = c;
  s.unknown_type = DecodeEvent::kVlanUnknownType;
  return by_ethertype(s, type);
}

Layer vntag(Layers& s) noexcept {
  s.unknown_type = DecodeEvent::kVntagUnknownType;
  return skip_tag(s, 4, DecodeEvent::kVntagTooSmall);
}

// The MAC addresses around a FabricPath tag are switch ids, those behind an I-Tag the customer's: the frame
// that matters begins behind the tag in both.
Layer mac_in_mac(Layers& s) noexcept {
  Cursor c = s.in;
  c.skip(4);  // priority, flags, service instance
  if (!c.ok()) return s.cut(DecodeEvent::kMacInMacTooSmall);
  s.in = c;
  return Layer::kEthernet;
}

Layer fabric_path(Layers& s) noexcept {
  Cursor c = s.in;
  c.skip(2);  // forwarding tag, time to live
  if (!c.ok()) return s.cut(DecodeEvent::kFabricPathTooSmall);
  s.in = c;
  return Layer::kEthernet;
}

Layer hsr(Layers& s) noexcept {
  return skip_tag(s, 4, DecodeEvent::kHsrTooSmall);
}  // path and size, sequence

}  // namespace picket::layers
