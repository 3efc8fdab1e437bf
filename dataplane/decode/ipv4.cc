// IPv4 (RFC 791)
//
//      0        1    2      4   6          8    9      10        12   16   20
//      | 4, ihl | tos | len | id | flg, off | ttl | prot | checksum | src | dst | options: 4 ihl - 20 bytes |
#include <algorithm>

#include "dataplane/decode/checksum.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::size_t kMinSize = 20;

}  // namespace

Layer by_ip_proto(Layers& s) noexcept {
  Packet& p = s.p;
  p.payload = s.in.rest();
  switch (static_cast<IpProto>(p.proto)) {
    case IpProto::kTcp:
      return Layer::kTcp;
    case IpProto::kUdp:
      return Layer::kUdp;
    case IpProto::kIcmp:
      if (p.is_v4) return Layer::kIcmp;
      s.note(DecodeEvent::kIpv6Icmpv4);
      return Layer::kDone;
    case IpProto::kIcmpV6:
      return p.is_v4 ? s.fail(DecodeEvent::kIpv4Icmpv6) : Layer::kIcmpv6;
    case IpProto::kSctp:
      return Layer::kSctp;
    case IpProto::kGre:
      return Layer::kGre;
    case IpProto::kEsp:
      return Layer::kEsp;
    case IpProto::kAh:
      return Layer::kAh;
    case IpProto::kIpIp:
      return p.is_v4 ? Layer::kIpv4 : Layer::kIpv4InIpv6;
    case IpProto::kIpv6:
      return p.is_v4 ? Layer::kIpv6 : Layer::kIpv6InIpv6;
    case IpProto::kIgmp:
      return p.is_v4 ? Layer::kIgmp : Layer::kDone;
    case IpProto::kNoNext:
      if (!p.is_v4 && !s.in.empty()) s.note(DecodeEvent::kIpv6DataAfterNone);
      return Layer::kDone;
    default:
      if (!p.is_v4) s.note(DecodeEvent::kIpv6UnknownNext);
      return Layer::kDone;
  }
}

Layer ipv4(Layers& s) noexcept {
  constexpr std::uint16_t kReserved = 0x8000, kDontFragment = 0x4000, kMoreFragments = 0x2000,
                          kOffset = 0x1fff;
  Cursor c = s.in;
  const Bytes fixed = c.bytes(kMinSize);
  if (fixed.empty()) return s.cut(DecodeEvent::kIpv4TooSmall);

  Cursor h(fixed.first<kMinSize>());
  const std::uint8_t version_and_length = h.u8();
  const std::uint8_t tos = h.u8();
  const std::size_t total = h.u16be();
  const std::uint16_t id = h.u16be();
  const std::uint16_t flags_and_offset = h.u16be();
  const std::uint8_t ttl = h.u8();
  const std::uint8_t proto = h.u8();
  h.skip(2);  // checksum: verified over the whole header below
  const Bytes src = h.bytes(4), dst = h.bytes(4);

  const std::size_t header_size = std::size_t{version_and_length & 0x0fU} * 4;
  if (version_and_length >> 4 != 4) return s.fail(DecodeEvent::kIpv4WrongVersion);
  if (header_size < kMinSize) return s.fail(DecodeEvent::kIpv4HlenTooSmall);
  if (total < header_size) return s.fail(DecodeEvent::kIpv4LenBelowHlen);
  if (total > s.in.left() && !s.ends_at_snap_length()) return s.fail(DecodeEvent::kIpv4Truncated);
  const Bytes options = c.bytes(header_size - kMinSize);
  if (!c.ok()) return s.cut(DecodeEvent::kIpv4Truncated);

  Packet& p = s.p;
  s.begin_ip();
  p.has_ip = p.is_v4 = true;
  p.tos = tos;
  p.ttl = ttl;
  p.proto = proto;
  p.ip_id = id;
  p.reserved_flag = (flags_and_offset & kReserved) != 0;
  p.dont_fragment = (flags_and_offset & kDontFragment) != 0;
  p.more_fragments = (flags_and_offset & kMoreFragments) != 0;
  p.frag_offset = static_cast<std::uint16_t>((flags_and_offset & kOffset) * 8);
  p.src = Address::v4(src.data());
  p.dst = Address::v4(dst.data());
  p.ip_header = s.in.rest().first(header_size);
  if (!options.empty()) {
    p.ip_options = options;
    ipv4_options(s, options);
  }
  if (s.config.verify_checksums && !ip_checksum_ok(p)) s.bad_checksum = true;

  s.in = Cursor(c.rest().first(std::min(c.left(), total - header_size)));
  if ((flags_and_offset & (kMoreFragments | kOffset)) != 0) {
    p.is_fragment = true;
    p.payload = s.in.rest();
    return Layer::kDone;
  }
  return Layer::kIpPayload;
}

}  // namespace picket::layers
