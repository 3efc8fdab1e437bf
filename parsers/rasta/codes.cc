#include "parsers/rasta/codes.h"

#include <bit>
#include <cstring>

namespace picket::rasta {
namespace {

using Table = std::array<std::uint32_t, 256>;

/// Remainders of each byte; `reversed` has the polynomial's bits in the order of the wire, least significant first.
constexpr Table lsb_first(std::uint32_t reversed) noexcept {
  Table t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t r = i;
    for (int k = 0; k < 8; ++k) r = r >> 1 ^ ((r & 1) != 0 ? reversed : 0);
    t[i] = r;
  }
  return t;
}
constexpr Table msb_first(std::uint32_t polynomial) noexcept {
  Table t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t r = i << 24;
    for (int k = 0; k < 8; ++k) r = r << 1 ^ ((r & 0x80000000) != 0 ? polynomial : 0);
    t[i] = r;
  }
  return t;
}
constexpr Table kB = msb_first(0xee5b42fd);
constexpr Table kC = lsb_first(0x82f63b78);  // 1edc6f41
constexpr Table kD = lsb_first(0x8408);      // 1021
constexpr Table kE = lsb_first(0xa001);      // 8005

std::uint32_t lsb(const Table& t, std::uint32_t r, Bytes b) noexcept {
  for (const std::uint8_t v : b) r = r >> 8 ^ t[(r ^ v) & 0xff];
  return r;
}

/// One block of 64 bytes (RFC 1320, 3.4).
void block(std::array<std::uint32_t, 4>& state, const std::uint8_t* at) noexcept {
  std::array<std::uint32_t, 16> x;
  for (std::size_t i = 0; i < 16; ++i) {
    x[i] = std::uint32_t{at[4 * i]} | std::uint32_t{at[4 * i + 1]} << 8 | std::uint32_t{at[4 * i + 2]} << 16 |
           std::uint32_t{at[4 * i + 3]} << 24;
  }
  std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  // Each step changes one word; then the words change places, so that it is always `a`.
  const auto step = [&](std::uint32_t f, std::uint32_t word, int turn) noexcept {
    const std::uint32_t changed = std::rotl(a + f + word, turn);
    a = d;
    d = c;
    c = b;
    b = changed;
  };
  constexpr std::array<int, 4> kTurn1 = {3, 7, 11, 19}, kTurn2 = {3, 5, 9, 13}, kTurn3 = {3, 9, 11, 15};
  constexpr std::array<std::size_t, 4> kOrder3 = {0, 2, 1, 3};
  for (std::size_t i = 0; i < 16; ++i) step((b & c) | (~b & d), x[i], kTurn1[i % 4]);
  for (std::size_t i = 0; i < 16; ++i)
    step((b & c) | (b & d) | (c & d), x[i / 4 + i % 4 * 4] + 0x5a827999, kTurn2[i % 4]);
  for (std::size_t i = 0; i < 16; ++i)
    step(b ^ c ^ d, x[kOrder3[i / 4] + kOrder3[i % 4] * 4] + 0x6ed9eba1, kTurn3[i % 4]);
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

std::uint32_t check_code(CheckOption option, Bytes covered) noexcept {
  switch (option) {
    case CheckOption::kB: {
      std::uint32_t r = 0;
      for (const std::uint8_t v : covered) r = r << 8 ^ kB[r >> 24 ^ v];
      return r;
    }
    case CheckOption::kC:
      return ~lsb(kC, ~std::uint32_t{0}, covered);
    case CheckOption::kD:
      return lsb(kD, 0, covered);
    case CheckOption::kE:
      return lsb(kE, 0, covered);
    case CheckOption::kNone:
    case CheckOption::kBOrC:
    case CheckOption::kDOrE:
      break;
  }
  return 0;
}

std::array<std::uint8_t, 16> md4(const Md4Initial& initial, Bytes in) noexcept {
  std::array<std::uint32_t, 4> state = initial;
  std::size_t at = 0;
  for (; in.size() - at >= 64; at += 64) block(state, in.data() + at);
  // The last bytes, a one, zeros, and how many bits there are.
  std::array<std::uint8_t, 128> tail{};
  const std::size_t left = in.size() - at;
  if (left != 0) std::memcpy(tail.data(), in.data() + at, left);
  tail[left] = 0x80;
  const std::size_t blocks = left < 56 ? 1 : 2;
  const std::uint64_t bits = std::uint64_t{in.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) tail[blocks * 64 - 8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
  for (std::size_t i = 0; i < blocks; ++i) block(state, tail.data() + 64 * i);
  std::array<std::uint8_t, 16> out;
  for (std::size_t i = 0; i < 16; ++i) out[i] = static_cast<std::uint8_t>(state[i / 4] >> (8 * (i % 4)));
  return out;
}

}  // namespace picket::rasta
