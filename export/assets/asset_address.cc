#include "export/assets/asset_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "parsers/core/text.h"

namespace picket {

bool is_host(const Address& a) noexcept {
  if (a.is_v4()) return a.v4_number() != 0 && a.bytes[12] < 224;
  return a.bytes[0] != 0xff && a != Address{};
}

bool is_of_host(const Mac& mac) noexcept { return (mac[0] & 1) == 0 && mac != Mac{}; }

std::optional<Address> address_of(Bytes b) noexcept {
  if (b.size() == 4) return Address::v4(b.data());
  if (b.size() == 16) return Address::v6(b.data());
  return std::nullopt;
}

std::optional<Address> parse_address(std::string_view text) noexcept {
  if (text.size() == 4 || text.size() == 16) {
    if (text.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos)
      return address_of(as_bytes(text));
  }
  std::array<char, INET6_ADDRSTRLEN> z{};
  if (text.size() >= z.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), z.begin());
  std::array<std::uint8_t, 16> out;
  if (inet_pton(AF_INET, z.data(), out.data()) == 1) return Address::v4(out.data());
  if (inet_pton(AF_INET6, z.data(), out.data()) == 1) return Address::v6(out.data());
  return std::nullopt;
}

std::string_view host_address_text(std::string_view text, std::span<char, kAddressRoom> room) noexcept {
  static_assert(kAddressRoom >= INET6_ADDRSTRLEN);
  const auto a = parse_address(text);
  if (!a || !is_host(*a)) return {};
  static constexpr Address kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  if (*a == kLoopback || (a->is_v4() && a->bytes[12] == 127)) return {};
  const bool v4 = a->is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, &a->bytes[v4 ? 12 : 0], room.data(), room.size());
  return room.data();
}

std::string mac_text(const Mac& mac) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t b : mac) {
    if (!out.empty()) out += ':';
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

std::optional<Mac> parse_mac(std::string_view text) noexcept {
  Mac mac{};
  if (text.size() != 17) return std::nullopt;
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_digit(static_cast<std::uint8_t>(text[3 * i]));
    const int low = hex_digit(static_cast<std::uint8_t>(text[3 * i + 1]));
    if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) return std::nullopt;
    mac[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

}  // namespace picket
