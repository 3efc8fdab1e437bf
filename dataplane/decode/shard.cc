#include "dataplane/decode/shard.h"

#include <limits>

#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"
#include "dataplane/decode/mix.h"
#include "parsers/core/cursor.h"

namespace picket {
namespace {

/// What one end contributes.
std::uint64_t end_of(const Address& a, std::uint16_t port) noexcept {
  return mix_address(a) + std::uint64_t{port} * kMixC;
}
/// The same for ::ffff:a.b.c.d, without building an Address.
std::uint64_t end_of_v4(std::uint32_t address, std::uint16_t port) noexcept {
  return mix_words(0, std::uint64_t{0xffff} << 32 | address) + std::uint64_t{port} * kMixC;
}

/// Sum and difference without direction: both directions of a pair give the same.
std::uint8_t combine(std::uint64_t a, std::uint64_t b, std::uint8_t proto) noexcept {
  static_assert(kShards == 64);
  return static_cast<std::uint8_t>(mix(a + b + proto, (a ^ b) | 1) >> 58);
}

/// A whole IPv4 packet with TCP, or with UDP that is no tunnel, straight in an Ethernet frame: nearly all
/// there is. False when it is anything else, or odd in any way: decode() must tell then.
bool plain(Cursor c, ShardMode mode, const DecodeConfig& config, std::uint8_t& shard) noexcept {
  constexpr std::size_t kUpToPorts = 14 + 20 + 4;
  constexpr std::uint8_t kNoOptions = 0x45;
  constexpr std::uint16_t kFragment = 0x3fff;
  const Bytes front = c.bytes(kUpToPorts);
  if (front.empty()) return false;
  Cursor h(front.first<kUpToPorts>());
  h.skip(12);
  if (h.u16be() != ethertype::kIpv4 || h.u8() != kNoOptions) return false;
  h.skip(1);
  const std::size_t length = h.u16be();
  h.skip(2);
  if ((h.u16be() & kFragment) != 0) return false;
  h.skip(1);
  const std::uint8_t proto = h.u8();
  h.skip(2);
  const std::uint32_t src = h.u32be();
  const std::uint32_t dst = h.u32be();
  const std::uint16_t src_port = h.u16be();
  const std::uint16_t dst_port = h.u16be();
  // The smallest L4 header must lie within the IP length, or there are no ports.
  constexpr std::size_t kIp = 20, kTcp = 20, kUdp = 8;
  if (proto == static_cast<std::uint8_t>(IpProto::kUdp)) {
    if (length < kIp + kUdp || layers::udp_tunnel(config, src_port, dst_port) != layers::Layer::kDone)
      return false;
  } else if (proto != static_cast<std::uint8_t>(IpProto::kTcp) || length < kIp + kTcp) {
    return false;
  }
  const bool ports = mode == ShardMode::kFiveTuple;
  shard =
      combine(end_of_v4(src, ports ? src_port : 0), end_of_v4(dst, ports ? dst_port : 0), ports ? proto : 0);
  return true;
}

}  // namespace

std::uint8_t shard_of(const std::uint8_t* data, std::size_t size, LinkType link, ShardMode mode,
                      const DecodeConfig& config) noexcept {
  std::uint8_t shard = 0;
  if (link == LinkType::kEthernet && plain(Cursor(Bytes(data, size)), mode, config, shard)) return shard;

  // Everything else is decoded: no second peeling to keep in step with the first. The snap length may have
  // cut it.
  Packet p;
  p.data = data;
  p.size = static_cast<std::uint32_t>(size);
  p.wire_size = std::numeric_limits<std::uint32_t>::max();
  p.link = link;
  Decoder(config).decode(p);
  return shard_of(p, mode);
}

std::uint8_t shard_of(const Packet& p, ShardMode mode) noexcept {
  if (!p.has_ip && !p.is_link()) return 0;
  const bool ports = mode == ShardMode::kFiveTuple && p.has_l4 && !p.is_fragment;
  return combine(end_of(p.src, ports ? p.src_port : 0), end_of(p.dst, ports ? p.dst_port : 0),
                 ports ? p.proto : 0);
}

}  // namespace picket
