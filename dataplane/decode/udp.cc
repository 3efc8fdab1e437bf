// UDP (RFC 768), and which tunnel stands behind it
#include <algorithm>

#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::size_t kHeaderSize = 8;

bool contains(const PortList& list, std::uint16_t port) noexcept {
  bool found = false;
  for (const std::uint16_t p : list)
    found |= p == port;  // no early way out: it compiles to one comparison of all
  return found && port != 0;
}

}  // namespace

Layer udp_tunnel(const DecodeConfig& config, std::uint16_t src_port, std::uint16_t dst_port) noexcept {
  if (contains(config.vxlan_ports, dst_port)) return Layer::kVxlan;
  if (contains(config.geneve_ports, dst_port)) return Layer::kGeneve;
  if (contains(config.gtp_ports, dst_port)) return Layer::kGtp;
  if (contains(config.teredo_ports, dst_port) || contains(config.teredo_ports, src_port))
    return Layer::kTeredo;
  return Layer::kDone;
}

Layer udp(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint16_t src_port = c.u16be();
  const std::uint16_t dst_port = c.u16be();
  const std::size_t length = c.u16be();
  c.skip(2);  // checksum: checksum.h
  if (!c.ok()) return s.cut(DecodeEvent::kUdpHlenTooSmall);
  if (length > s.in.left() && !s.ends_at_snap_length()) return s.fail(DecodeEvent::kUdpTooSmall);
  if (length < kHeaderSize) return s.fail(DecodeEvent::kUdpLenInvalid);

  Packet& p = s.p;
  p.has_l4 = true;
  p.src_port = src_port;
  p.dst_port = dst_port;
  p.l4_header = s.in.rest().first(kHeaderSize);
  s.in = Cursor(c.rest().first(std::min(c.left(), length - kHeaderSize)));
  p.payload = s.in.rest();
  return udp_tunnel(s.config, src_port, dst_port);
}

}  // namespace picket::layers
