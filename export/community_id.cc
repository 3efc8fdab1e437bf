#include "export/community_id.h"

#include <utility>

#include "parsers/core/digest.h"

namespace picket {
namespace {

struct TypePair {
  std::uint8_t type, counterpart;
};
constexpr TypePair kIcmp4[] = {{8, 0}, {10, 9}, {13, 14}, {15, 16}, {17, 18}};
constexpr TypePair kIcmp6[] = {{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}};

/// True when `type` has a counterpart, which then replaces the code.
bool counterpart(std::span<const TypePair> pairs, std::uint16_t type, std::uint16_t& other) noexcept {
  for (const auto& p : pairs) {
    if (p.type == type) return other = p.counterpart, true;
    if (p.counterpart == type) return other = p.type, true;
  }
  return false;
}

bool is_icmp(std::uint8_t proto) noexcept {
  return proto == static_cast<std::uint8_t>(IpProto::kIcmp) ||
         proto == static_cast<std::uint8_t>(IpProto::kIcmpV6);
}

bool has_ports(std::uint8_t proto) noexcept {
  switch (static_cast<IpProto>(proto)) {
    case IpProto::kIcmp:
    case IpProto::kIcmpV6:
    case IpProto::kSctp:
    case IpProto::kTcp:
    case IpProto::kUdp:
      return true;
    default:
      return false;
  }
}

}  // namespace

CommunityId community_id(std::uint16_t seed, const Address& src, const Address& dst, std::uint8_t proto,
                         std::uint16_t src_port, std::uint16_t dst_port) noexcept {
  bool one_way = false;
  if (proto == static_cast<std::uint8_t>(IpProto::kIcmp)) one_way = !counterpart(kIcmp4, src_port, dst_port);
  if (proto == static_cast<std::uint8_t>(IpProto::kIcmpV6))
    one_way = !counterpart(kIcmp6, src_port, dst_port);

  const Address* low = &src;
  const Address* high = &dst;
  if (!one_way && (dst < src || (dst == src && dst_port < src_port))) {
    std::swap(low, high);
    std::swap(src_port, dst_port);
  }

  std::array<std::uint8_t, 2 + 16 + 16 + 2 + 4> in;
  std::size_t n = 0;
  const auto u16 = [&](std::uint16_t v) {
    in[n++] = static_cast<std::uint8_t>(v >> 8);
    in[n++] = static_cast<std::uint8_t>(v);
  };
  const auto address = [&](const Address& a) {
    const std::size_t skip = a.is_v4() ? 12 : 0;
    std::memcpy(&in[n], a.bytes.data() + skip, 16 - skip);
    n += 16 - skip;
  };
  u16(seed);
  address(*low);
  address(*high);
  in[n++] = proto;
  in[n++] = 0;
  if (has_ports(proto)) {
    u16(src_port);
    u16(dst_port);
  }
  const auto digest = Sha1::of({in.data(), n});

  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  CommunityId id;
  id.chars[0] = '1';
  id.chars[1] = ':';
  std::size_t at = 2;
  for (std::size_t i = 0; i < digest.size(); i += 3) {  // 20 bytes: the last group has two, and one '='
    const std::uint32_t third = i + 2 < digest.size() ? digest[i + 2] : 0U;
    const std::uint32_t v = std::uint32_t{digest[i]} << 16 | std::uint32_t{digest[i + 1]} << 8 | third;
    id.chars[at++] = kAlphabet[v >> 18];
    id.chars[at++] = kAlphabet[v >> 12 & 63];
    id.chars[at++] = kAlphabet[v >> 6 & 63];
    id.chars[at++] = i + 2 < digest.size() ? kAlphabet[v & 63] : '=';
  }
  return id;
}

CommunityId community_id(std::uint16_t seed, const Flow& f) noexcept {
  const bool icmp = is_icmp(f.key.proto);
  return community_id(seed, f.client(), f.server(), f.key.proto, icmp ? f.icmp_type : f.client_port(),
                      icmp ? f.icmp_code : f.server_port());
}

CommunityId community_id(std::uint16_t seed, const Packet& p) noexcept {
  const bool icmp = is_icmp(p.proto);
  return community_id(seed, p.src, p.dst, p.proto, icmp ? p.icmp_type : p.src_port,
                      icmp ? p.icmp_code : p.dst_port);
}

}  // namespace picket
