// dataplane/decode/arp.h — ARP for IPv4 over Ethernet (RFC 826), from the payload of a packet of EtherType
// 0x0806
//
//      0    2     4    5    6    8       14      18      24      28
//      | hw | net | hl | nl | op | s.mac | s.ip  | t.mac | t.ip  |
#pragma once
#include <array>

#include "parsers/core/bytes.h"

namespace picket {

struct Arp {
  std::uint16_t hardware = 0, protocol = 0, operation = 0;
  std::uint8_t hardware_size = 0, protocol_size = 0;
  Bytes sender_mac, sender_ip, target_mac, target_ip;  ///< borrowed; as long as the sizes say
};

/// False when it is cut short.
[[nodiscard]] bool read_arp(Bytes in, Arp& out) noexcept;

}  // namespace picket
