// parsers/core/base64.h — what a character of base64 stands for (RFC 4648)
#pragma once
#include <cstdint>

namespace picket {

/// Its six bits; -1: none of the alphabet.
constexpr int base64_value(std::uint8_t c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace picket
