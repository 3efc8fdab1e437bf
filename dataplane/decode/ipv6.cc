// IPv6 (RFC 8200), and IP inside IPv6 (RFC 2473)
//
//      0                  4     6      7     8     24    40
//      | 6, class, label  | len | next | hop | src | dst | len bytes |
#include <algorithm>

#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::size_t kHeaderSize = 40;
constexpr std::size_t kMinIpv4 = 20;

}  // namespace

Layer ipv6(Layers& s) noexcept {
  Cursor c = s.in;
  const Bytes fixed = c.bytes(kHeaderSize);
  if (fixed.empty()) return s.cut(DecodeEvent::kIpv6TooSmall);

  Cursor h(fixed.first<kHeaderSize>());
  const std::uint32_t version_class_label = h.u32be();
  const std::size_t length = h.u16be();
  const std::uint8_t next = h.u8();
  const std::uint8_t hop_limit = h.u8();
  const Bytes src = h.bytes(16), dst = h.bytes(16);
  if (version_class_label >> 28 != 6) return s.fail(DecodeEvent::kIpv6WrongVersion);
  if (length > c.left() && !s.ends_at_snap_length()) return s.fail(DecodeEvent::kIpv6Truncated);

  Packet& p = s.p;
  s.begin_ip();
  p.has_ip = true;
  p.is_v4 = false;
  p.tos = static_cast<std::uint8_t>(version_class_label >> 20);
  p.ttl = hop_limit;
  p.ip_id = p.frag_offset = 0;
  p.reserved_flag = p.dont_fragment = p.more_fragments = false;
  p.src = Address::v6(src.data());
  p.dst = Address::v6(dst.data());
  p.ip_header = fixed;
  s.in = Cursor(c.rest().first(std::min(c.left(), length)));
  return ipv6_extensions(s, next);
}

Layer ipv4_in_ipv6(Layers& s) noexcept {
  if (s.in.left() < kMinIpv4) return s.cut(DecodeEvent::kIpv4InIpv6TooSmall);
  return s.in.peek() >> 4 == 4 ? Layer::kIpv4 : s.fail(DecodeEvent::kIpv4InIpv6WrongVersion);
}

Layer ipv6_in_ipv6(Layers& s) noexcept {
  if (s.in.left() < kHeaderSize) return s.cut(DecodeEvent::kIpv6InIpv6TooSmall);
  return s.in.peek() >> 4 == 6 ? Layer::kIpv6 : s.fail(DecodeEvent::kIpv6InIpv6WrongVersion);
}

}  // namespace picket::layers
