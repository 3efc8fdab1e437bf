// parsers/rasta/codes.h — the codes at the end of RaSTA's PDUs: a CRC of the redundancy layer, MD4 of the safety layer
//
//   option  A   B                   C                     D                   E
//   bits    0   32                  32                    16                  16
//   poly        ee5b42fd, MSB first  1edc6f41 (CRC-32C)    1021, LSB first     8005, LSB first
//
// B, D and E begin with zeros; C begins and ends with ones. Codes stand on the wire little-endian. MD4 is RFC 1320's, but begins with four words that both ends agree on; RFC 1320's are the default.
//
// Cost    O(bytes); no allocation
#pragma once
#include <array>
#include <cstdint>

#include "parsers/core/bytes.h"

namespace picket::rasta {

enum class CheckOption : std::uint8_t { kNone, kB, kC, kD, kE, kBOrC, kDOrE };

/// The check code of `covered` by option B to E.
[[nodiscard]] std::uint32_t check_code(CheckOption, Bytes covered) noexcept;

using Md4Initial = std::array<std::uint32_t, 4>;
inline constexpr Md4Initial kMd4Default = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
/// A safety code of 8 bytes is the first half.
[[nodiscard]] std::array<std::uint8_t, 16> md4(const Md4Initial&, Bytes) noexcept;

}  // namespace picket::rasta
