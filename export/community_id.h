// export/community_id.h — Community ID v1: a short text that names a flow the same way in every tool
//
// "1:" + base64(SHA-1(seed ‖ lower address ‖ higher address ‖ protocol ‖ 0 ‖ ports)), both directions alike.
// For ICMP the type and its counterpart (echo, reply) stand as ports; types without one keep type and code
// and their direction.
//
// Source  github.com/corelight/community-id-spec, version 1
// Cost    one SHA-1 of at most 40 bytes; no allocation
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/flow/flow.h"

namespace picket {

struct CommunityId {
  std::array<char, 30> chars{};  ///< "1:" and 28 characters
  [[nodiscard]] std::string_view text() const noexcept { return {chars.data(), chars.size()}; }
};

CommunityId community_id(std::uint16_t seed, const Flow&) noexcept;
CommunityId community_id(std::uint16_t seed, const Packet&) noexcept;
/// For ICMP `src_port` is the type and `dst_port` the code, as `src` sent them.
CommunityId community_id(std::uint16_t seed, const Address& src, const Address& dst, std::uint8_t proto,
                         std::uint16_t src_port, std::uint16_t dst_port) noexcept;

}  // namespace picket
