#include "dataplane/detect/checksum.h"

namespace picket::detect {
namespace {

/// One's complement sum; a chunk of odd size must be the last.
struct Sum {
  std::uint64_t total = 0;
  void add(Bytes b) noexcept {
    std::size_t i = 0;
    for (; i + 1 < b.size(); i += 2) total += std::uint32_t{b[i]} << 8 | b[i + 1];
    if (i < b.size()) total += std::uint32_t{b[i]} << 8;
  }
  [[nodiscard]] bool right() const noexcept {
    std::uint64_t t = total;
    while (t >> 16 != 0) t = (t & 0xffff) + (t >> 16);
    return t == 0xffff;
  }
};

bool transport_right(const Packet& p) noexcept {
  Sum s;
  const bool v4 = p.is_v4;
  s.add(Bytes(p.src.bytes).subspan(v4 ? 12 : 0));
  s.add(Bytes(p.dst.bytes).subspan(v4 ? 12 : 0));
  s.total += p.proto + p.l4_header.size() + p.payload.size();
  s.add(p.l4_header);
  s.add(p.payload);
  return s.right();
}

bool plain_right(const Packet& p) noexcept {
  Sum s;
  s.add(p.l4_header);
  s.add(p.payload);
  return s.right();
}

}  // namespace

bool checksum_test(const Packet& p, ChecksumLayer layer, bool valid) noexcept {
  if (!p.has_ip) return false;
  const auto is = [&p](IpProto proto, bool v4) noexcept {
    return p.has_l4 && p.proto == static_cast<std::uint8_t>(proto) && p.is_v4 == v4;
  };
  switch (layer) {
    case ChecksumLayer::kIpv4: {
      if (!p.is_v4) return false;
      Sum s;
      s.add(p.ip_header);
      return s.right() == valid;
    }
    case ChecksumLayer::kTcpV4:
      return is(IpProto::kTcp, true) && transport_right(p) == valid;
    case ChecksumLayer::kTcpV6:
      return is(IpProto::kTcp, false) && transport_right(p) == valid;
    case ChecksumLayer::kUdpV4:
    case ChecksumLayer::kUdpV6: {
      if (!is(IpProto::kUdp, layer == ChecksumLayer::kUdpV4) || p.l4_header.size() < 8) return false;
      const bool unused = p.is_v4 && p.l4_header[6] == 0 && p.l4_header[7] == 0;
      return (unused || transport_right(p)) == valid;
    }
    case ChecksumLayer::kIcmpV4:
      return is(IpProto::kIcmp, true) && plain_right(p) == valid;
    case ChecksumLayer::kIcmpV6:
      return is(IpProto::kIcmpV6, false) && transport_right(p) == valid;
    case ChecksumLayer::kIgmp: {
      if (p.proto != static_cast<std::uint8_t>(IpProto::kIgmp)) return false;
      return plain_right(p) == valid;
    }
  }
  return false;
}

}  // namespace picket::detect
