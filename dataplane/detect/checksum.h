// dataplane/detect/checksum.h — tcpv4-csum and its kin: is the checksum of a layer right? (RFC 1071)
#pragma once
#include "dataplane/packet.h"

namespace picket::detect {

enum class ChecksumLayer : std::uint8_t { kIpv4, kTcpV4, kTcpV6, kUdpV4, kUdpV6, kIcmpV4, kIcmpV6, kIgmp };

/// True when the packet has that layer and its checksum is right (`valid`) or wrong (not `valid`).
[[nodiscard]] bool checksum_test(const Packet&, ChecksumLayer, bool valid) noexcept;

}  // namespace picket::detect
