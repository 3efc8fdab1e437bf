#include "parsers/rasta/codes.h"

#include <bit>
#include <cstring>

#include "parsers/core/crc.h"

namespace picket::rasta {
namespace {

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
    case CheckOption::kB:
      return Crc32<0xee5b42fd, false>::add(0, covered);
    case CheckOption::kC:
      return ~Crc32<0x1edc6f41, true>::add(0xffffffff, covered);
    case CheckOption::kD:
      return Crc16<0x1021, true>::add(0, covered);
    case CheckOption::kE:
      return Crc16<0x8005, true>::add(0, covered);
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
