// dataplane/decode/ethertype.h — EtherTypes (IEEE 802 numbers, and the assignments vendors publish)
#pragma once
#include <cstdint>

namespace picket::ethertype {

inline constexpr std::uint16_t kMaxLength = 0x05dc;  ///< up to here the field is a length: 802.3 with LLC
inline constexpr std::uint16_t kMinType = 0x0600;
inline constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kIpv6 = 0x86dd;
inline constexpr std::uint16_t kVlan = 0x8100, kQinQ = 0x88a8, kQinQOld = 0x9100, kQinQOlder = 0x9200;
inline constexpr std::uint16_t kVntag = 0x8926, kMacInMac = 0x88e7, kFabricPath = 0x8903, kHsr = 0x892f;
inline constexpr std::uint16_t kMpls = 0x8847, kMplsMulticast = 0x8848, kNsh = 0x894f;
inline constexpr std::uint16_t kPppoeDiscovery = 0x8863, kPppoeSession = 0x8864;
inline constexpr std::uint16_t kBridged = 0x6558;  ///< transparent Ethernet bridging, inside GRE and GENEVE
inline constexpr std::uint16_t kPpp = 0x880b, kErspan = 0x88be, kErspan3 = 0x22eb;  // inside GRE

}  // namespace picket::ethertype
