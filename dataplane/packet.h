// dataplane/packet.h — one packet on its way through a worker: its bytes, when and where it was seen, what it
// decoded to
//
// Lives   for one burst; every view points into the receive buffer (or the core's defragmentation scratch)
#pragma once
#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>

#include "dataplane/verdict.h"
#include "parsers/core/protocol.h"

namespace picket {

using Mac = std::array<std::uint8_t, 6>;

/// An IP address as 16 bytes in network order; IPv4 stands as ::ffff:a.b.c.d. Of what has no IP (Packet::is_link(),
/// FlowKey::is_link()) a MAC address, then zeros.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  static Address v4(const std::uint8_t* p) noexcept {
    Address a;
    a.bytes[10] = a.bytes[11] = 0xff;
    std::memcpy(&a.bytes[12], p, 4);
    return a;
  }
  static Address v6(const std::uint8_t* p) noexcept {
    Address a;
    std::memcpy(a.bytes.data(), p, 16);
    return a;
  }
  static Address mac(const Mac& m) noexcept {
    Address a;
    std::memcpy(a.bytes.data(), m.data(), m.size());
    return a;
  }
  [[nodiscard]] Mac mac() const noexcept {
    Mac m;
    std::memcpy(m.data(), bytes.data(), m.size());
    return m;
  }
  [[nodiscard]] bool is_v4() const noexcept {
    static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes.data(), kMapped, 12) == 0;
  }
  /// Of an IPv4 address, in host order.
  [[nodiscard]] std::uint32_t v4_number() const noexcept {
    return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 |
           bytes[15];
  }
  // As two numbers: the library compares arrays of bytes by a call, and every packet compares some.
  friend bool operator==(const Address& a, const Address& b) noexcept {
    return a.half(0) == b.half(0) && a.half(8) == b.half(8);
  }
  friend std::strong_ordering operator<=>(const Address& a, const Address& b) noexcept {
    const auto high = a.half(0) <=> b.half(0);
    return high != 0 ? high : a.half(8) <=> b.half(8);
  }

 private:
  [[nodiscard]] std::uint64_t half(std::size_t at) const noexcept {
    std::uint64_t v;
    std::memcpy(&v, &bytes[at], sizeof v);
    return __builtin_bswap64(v);
  }
};

/// The link type of what a source gives, as libpcap numbers them (pcap/dlt.h), reduced to those picket
/// decodes.
enum class LinkType : std::uint8_t {
  kEthernet,
  kRawIp,
  kRawIpv4,
  kRawIpv6,
  kNull,
  kLoop,
  kLinuxSll,
  kLinuxSll2,
  kPpp,
  kCiscoHdlc,
  kUnknown
};

/// A packet's place in the order of the capture. Records are merged by it, so output is the same for any
/// number of workers. `clock_ns` is the highest capture time seen so far by the source: it never runs
/// backwards.
struct Position {
  std::uint64_t clock_ns = 0;
  std::uint64_t number = 0;  ///< 1, 2, 3 ... in capture order
};

inline constexpr std::size_t kMaxVlans = 3;
inline constexpr unsigned kMaxDecodeEvents = 8;

/// Which header a layer-4 view is. Values are IP protocol numbers where there is one.
enum class IpProto : std::uint8_t {
  kHopOpts = 0,
  kIcmp = 1,
  kIgmp = 2,
  kIpIp = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6 = 41,
  kGre = 47,
  kEsp = 50,
  kAh = 51,
  kIcmpV6 = 58,
  kNoNext = 59,
  kSctp = 132,
  kNoIp = 255  ///< reserved by IANA; here of frames without IP whose EtherType a parser knows
};

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20,
                              kEce = 0x40, kCwr = 0x80;
}

struct Flow;

struct Packet {
  // What the source knows.
  const std::uint8_t* data = nullptr;  ///< first byte of the link layer
  std::uint32_t size = 0;              ///< bytes captured
  std::uint32_t wire_size = 0;         ///< bytes on the wire; more than size when the snap length cut it
  std::uint64_t time_ns = 0;           ///< capture time, UTC since 1970
  Position at;
  LinkType link = LinkType::kEthernet;
  std::uint8_t shard = 0;  ///< of the flow table: from the hash that chose the worker
  std::uint16_t tap = 0;   ///< which interface or capture source
  void* owner = nullptr;   ///< what the source needs to free it (an mbuf, a slot)

  // What decode fills in; of the innermost IP packet where tunnels were peeled.
  Verdict verdict = Verdict::kInspected;
  bool has_ip = false, is_v4 = false, has_l4 = false;
  bool is_fragment = false;  ///< a piece of a datagram; has_l4 is then false
  bool reassembled = false;  ///< put together from fragments
  std::uint16_t link_size =
      0;  ///< reassembled: bytes of the last fragment's frame before its IP header; 0 in a tunnel
  std::uint8_t proto = 0;  ///< IP protocol number of the last header reached
  std::uint8_t ttl = 0, tos = 0;
  std::uint16_t ip_id = 0, frag_offset = 0;  ///< offset in bytes
  bool dont_fragment = false, more_fragments = false, reserved_flag = false;
  std::uint8_t layers = 0;  ///< IP headers seen; > 1 inside a tunnel
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, kMaxVlans> vlans{};  ///< VLAN ids, outermost first, of the outermost frame
  std::uint16_t ethertype = 0;                   ///< of the innermost frame, host order
  Address src, dst;
  std::uint16_t src_port = 0, dst_port = 0;  ///< ICMP: type and code stand in the ICMP fields, ports are 0
  std::uint8_t icmp_type = 0, icmp_code = 0;
  std::uint16_t icmp_id = 0, icmp_seq = 0;
  std::uint8_t tcp_flags = 0;
  std::uint32_t tcp_seq = 0, tcp_ack = 0;
  std::uint16_t tcp_window = 0, tcp_urgent = 0, tcp_mss = 0;
  std::uint8_t tcp_wscale = 0xff;                                           ///< from the option, 0xff: none
  bool tcp_sack_ok = false, tcp_has_timestamp = false, tcp_signed = false;  ///< signed: TCP-AO or MD5
  std::uint32_t tcp_ts_value = 0, tcp_ts_echo = 0;
  Bytes ip_header;   ///< with options; IPv6: fixed header and extension headers
  Bytes ip_options;  ///< IPv4 options
  Bytes l4_header;   ///< with TCP options
  Bytes payload;     ///< behind the L4 header, within the IP length
  Bytes datagram;    ///< reassembled: the whole, from its IP header on
  Mac src_mac{}, dst_mac{};
  bool has_mac = false;
  std::array<std::uint16_t, kMaxDecodeEvents> events{};  ///< values of DecodeEvent
  std::uint8_t event_count = 0;

  // What later stages fill in.
  Flow* flow = nullptr;
  Direction direction = Direction::kToServer;
  bool completes_handshake = false;  ///< without payload: rules see the flow as it was before it

  /// A frame without IP that has a flow: src and dst are its MAC addresses, both ports its EtherType.
  [[nodiscard]] bool is_link() const noexcept {
    return !has_ip && proto == static_cast<std::uint8_t>(IpProto::kNoIp);
  }
};

}  // namespace picket
