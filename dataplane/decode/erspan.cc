// ERSPAN types II and III (draft-foschiano-erspan-03); type I is a bare frame in GRE (gre.cc)
//
// II   | 1, vlan | cos, encapsulation, truncated, session | reserved, index |
// III  | 2, vlan | cos, bso, truncated, session | timestamp | sgt | P, type, hw, D, gra, O | platform: 8
// bytes if O |
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::uint16_t kVlanMask = 0x0fff;

/// The mirrored frame's VLAN, where the switch took its tag off.
Layer frame_of_vlan(Layers& s, Cursor behind, std::uint16_t vlan) noexcept {
  if (vlan != 0 && !push_vlan(s.p, vlan)) return s.fail(DecodeEvent::kErspanTooManyVlans);
  s.in = behind;
  return Layer::kEthernet;
}

}  // namespace

Layer erspan2(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint16_t version_vlan = c.u16be();
  c.skip(2 + 4);
  if (!c.ok()) return s.cut(DecodeEvent::kErspanTooSmall);
  constexpr std::uint16_t kTypeII = 1;
  if (version_vlan >> 12 != kTypeII) return s.fail(DecodeEvent::kErspanUnsupportedVersion);
  return frame_of_vlan(s, c, version_vlan & kVlanMask);
}

Layer erspan3(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint16_t version_vlan = c.u16be();
  c.skip(2 + 4 + 2);
  const std::uint16_t flags = c.u16be();
  constexpr std::uint16_t kPlatform = 0x0001;
  if ((flags & kPlatform) != 0) c.skip(8);
  if (!c.ok()) return s.cut(DecodeEvent::kErspanTooSmall);
  constexpr std::uint16_t kTypeIII = 2;
  if (version_vlan >> 12 != kTypeIII) return s.fail(DecodeEvent::kErspanUnsupportedVersion);
  return frame_of_vlan(s, c, version_vlan & kVlanMask);
}

}  // namespace picket::layers
