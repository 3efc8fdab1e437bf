// ICMP (RFC 792, RFC 1256, RFC 950, RFC 4884), ICMPv6 (RFC 4443, RFC 4861, RFC 3810), IGMP (RFC 3376)
//
//      0      1      2          4            8
//      | type | code | checksum | by type    | an error quotes the packet it is about |
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kMinIpv4 = 20, kMinIpv6 = 40;

/// What a type may say; a type not in the table is unknown.
struct TypeRule {
  std::uint8_t type;
  std::uint8_t last_code;
  bool quotes = false;  ///< an error: quotes a packet
  bool has_id = false;  ///< identifier and sequence number
};

constexpr TypeRule kIcmpTypes[] = {
    {0, 0, false, true},   // echo reply
    {3, 15, true},         // unreachable
    {4, 0, true},          // source quench
    {5, 3, true},          // redirect
    {8, 0, false, true},   // echo
    {9, 16},               // router advertisement: 0, or 16 for mobile IP
    {10, 0},               // router solicitation
    {11, 1, true},         // time exceeded
    {12, 2, true},         // parameter problem
    {13, 0, false, true},  // timestamp
    {14, 0, false, true},  // timestamp reply
    {15, 0, false, true},  // information request
    {16, 0, false, true},  // information reply
    {17, 0, false, true},  // address mask request
    {18, 0, false, true},  // address mask reply
};
constexpr std::uint8_t kRouterAdvertisement = 9;

constexpr TypeRule kIcmpv6Types[] = {
    {1, 6, true},           // unreachable
    {2, 0, true},           // packet too big
    {3, 1, true},           // time exceeded
    {4, 2, true},           // parameter problem
    {128, 0, false, true},  // echo
    {129, 0, false, true},  // echo reply
    {130, 0},
    {131, 0},
    {132, 0},  // multicast listener discovery
    {133, 0},
    {134, 0},
    {135, 0},
    {136, 0},
    {137, 0},    // neighbour discovery
    {138, 255},  // router renumbering
    {139, 2},
    {140, 2},  // node information
    {141, 0},
    {142, 0},  // inverse neighbour discovery
    {143, 0},  // multicast listener discovery, version 2
    {144, 0},
    {145, 0},
    {146, 0},
    {147, 0},  // mobile IPv6
    {148, 255},
    {149, 255},  // secure neighbour discovery
    {150, 255},  // mobility experiments
    {151, 255},
    {152, 255},
    {153, 255},  // multicast router discovery
    {154, 255},  // fast handovers
    {155, 255},  // RPL
    {156, 255},  // ILNP locators
    {157, 255},
    {158, 255},  // 6LoWPAN duplicate addresses
    {159, 255},  // MPL
};

template <std::size_t N>
const TypeRule* find(const TypeRule (&table)[N], std::uint8_t type) noexcept {
  for (const TypeRule& r : table) {
    if (r.type == type) return &r;
  }
  return nullptr;
}

/// Reads the 8 bytes that all types have; false when they are not there.
bool read_header(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint8_t type = c.u8();
  const std::uint8_t code = c.u8();
  c.skip(kHeaderSize - 2);
  if (!c.ok()) return false;
  Packet& p = s.p;
  p.has_l4 = true;
  p.icmp_type = type;
  p.icmp_code = code;
  p.icmp_id = p.icmp_seq = 0;
  p.l4_header = s.in.rest().first(kHeaderSize);
  p.payload = c.rest();
  s.in = c;
  return true;
}

void read_id(Packet& p) noexcept {
  Cursor c(p.l4_header);
  c.skip(4);
  p.icmp_id = c.u16be();
  p.icmp_seq = c.u16be();
}

DecodeEvent unlisted_icmpv6(std::uint8_t type) noexcept {
  if (type == 100 || type == 101 || type == 200 || type == 201) return DecodeEvent::kIcmpv6ExperimentalType;
  if (type == 0 || type == 127 || type == 255) return DecodeEvent::kIcmpv6UnknownType;  // reserved
  return DecodeEvent::kIcmpv6UnassignedType;
}

}  // namespace

Layer icmp(Layers& s) noexcept {
  if (!read_header(s)) return s.cut(DecodeEvent::kIcmpv4TooSmall);
  Packet& p = s.p;
  const TypeRule* rule = find(kIcmpTypes, p.icmp_type);
  if (rule == nullptr) return s.note(DecodeEvent::kIcmpv4UnknownType), Layer::kDone;
  const bool between =
      p.icmp_type == kRouterAdvertisement && p.icmp_code != 0 && p.icmp_code != rule->last_code;
  if (p.icmp_code > rule->last_code || between) {
    s.note(DecodeEvent::kIcmpv4UnknownCode);
  } else if (rule->has_id) {
    read_id(p);
  } else if (rule->quotes && !s.in.empty() && !s.ends_at_snap_length()) {
    if (s.in.left() < kMinIpv4) {
      s.note(DecodeEvent::kIcmpv4TruncatedIpv4);
    } else if (s.in.peek() >> 4 != 4) {
      s.note(DecodeEvent::kIcmpv4UnknownVersion);
    }
  }
  return Layer::kDone;
}

Layer icmpv6(Layers& s) noexcept {
  if (!read_header(s)) return s.cut(DecodeEvent::kIcmpv6TooSmall);
  Packet& p = s.p;
  const TypeRule* rule = find(kIcmpv6Types, p.icmp_type);
  if (rule == nullptr) return s.note(unlisted_icmpv6(p.icmp_type)), Layer::kDone;
  if (p.icmp_code > rule->last_code) {
    s.note(DecodeEvent::kIcmpv6UnknownCode);
  } else if (rule->has_id) {
    read_id(p);
  } else if (rule->quotes && !s.ends_at_snap_length()) {
    if (s.in.left() < kMinIpv6) {
      s.note(DecodeEvent::kIcmpv6TruncatedIpv6);
    } else if (s.in.peek() >> 4 != 6) {
      s.note(DecodeEvent::kIcmpv6UnknownVersion);
    }
  }
  constexpr std::uint8_t kMldQuery = 130, kMldDone = 132, kMldReport2 = 143;
  const bool mld = (p.icmp_type >= kMldQuery && p.icmp_type <= kMldDone) || p.icmp_type == kMldReport2;
  if (mld && p.ttl != 1) s.note(DecodeEvent::kIcmpv6MldHopLimit);
  return Layer::kDone;
}

Layer igmp(Layers& s) noexcept {
  if (s.in.left() < kHeaderSize) return s.cut(DecodeEvent::kIgmpTooSmall);
  return Layer::kDone;  // IGMP is payload of IP here: it has no ports and no code of its own
}

}  // namespace picket::layers
