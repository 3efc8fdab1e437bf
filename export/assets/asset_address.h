// export/assets/asset_address.h — addresses of hosts, as bytes and as text
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/packet.h"

namespace picket {

/// Neither nobody's, nor a group's.
[[nodiscard]] bool is_host(const Address&) noexcept;
[[nodiscard]] bool is_of_host(const Mac&) noexcept;

/// Of 4 or 16 bytes.
[[nodiscard]] std::optional<Address> address_of(Bytes) noexcept;
/// Of "192.0.2.1", "2001:db8::1", or 4 or 16 bytes that are no such text.
[[nodiscard]] std::optional<Address> parse_address(std::string_view) noexcept;

inline constexpr std::size_t kAddressRoom = 48;
/// The usual form of what parse_address() takes; "" where it is no host's, or of this machine only. In `room`.
[[nodiscard]] std::string_view host_address_text(std::string_view,
                                                 std::span<char, kAddressRoom> room) noexcept;

/// "00:1b:1b:11:22:33", and back.
[[nodiscard]] std::string mac_text(const Mac&);
[[nodiscard]] std::optional<Mac> parse_mac(std::string_view) noexcept;

}  // namespace picket
