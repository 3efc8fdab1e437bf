// The Huffman code of HPACK. It is canonical: codes follow from their lengths (RFC 7541, Appendix B, third
// column), so that only these are written down here.
#include <array>

#include "parsers/http2/hpack.h"

namespace picket::http2 {
namespace {

constexpr std::size_t kSymbols = 257, kEnd = 256;
constexpr unsigned kLongest = 30, kFast = 9;

// clang-format off
constexpr std::array<std::uint8_t, kSymbols> kLengths = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  // 0x00
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  // 0x10
     6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,  // 0x20
     5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,  // 0x30
    13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  // 0x40
     7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,  // 0x50
    15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  // 0x60
     6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,  // 0x70
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  // 0x80
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  // 0x90
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  // 0xa0
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  // 0xb0
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  // 0xc0
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  // 0xd0
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  // 0xe0
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  // 0xf0
    30,                                                              // the end
};
// clang-format on

struct Code {
  std::uint16_t symbol = 0;
  std::uint8_t bits = 0;  ///< 0: the code is longer than kFast
};

struct Tables {
  std::array<std::uint32_t, kLongest + 1> first{}, count{}, at{};  ///< by length: first code, codes, place
  std::array<std::uint16_t, kSymbols> symbols{};                   ///< by length, then by value
  std::array<Code, std::size_t{1} << kFast> fast{};                ///< by the next kFast bits
  std::uint64_t filled = 0;  ///< of the 2^kLongest codes of that length, how many begin with a code
};

constexpr Tables kTables = [] {
  Tables t;
  for (const std::uint8_t bits : kLengths) ++t.count[bits];
  std::uint32_t code = 0, place = 0;
  for (unsigned bits = 1; bits <= kLongest; ++bits) {
    code <<= 1;
    t.first[bits] = code;
    t.at[bits] = place;
    for (std::size_t s = 0; s < kSymbols; ++s) {
      if (kLengths[s] != bits) continue;
      t.symbols[place++] = static_cast<std::uint16_t>(s);
      if (bits <= kFast) {
        const std::uint32_t from = code << (kFast - bits);
        for (std::uint32_t i = 0; i < (1U << (kFast - bits)); ++i)
          t.fast[from + i] = {static_cast<std::uint16_t>(s), static_cast<std::uint8_t>(bits)};
      }
      ++code;
      t.filled += std::uint64_t{1} << (kLongest - bits);
    }
  }
  return t;
}();
static_assert(kTables.filled == std::uint64_t{1} << kLongest, "a length is wrong: the code is not complete");

/// The code at the front of 30 bits.
Code code_at(std::uint32_t bits) noexcept {
  const Code fast = kTables.fast[bits >> (kLongest - kFast)];
  if (fast.bits != 0) return fast;
  for (unsigned n = kFast + 1; n < kLongest; ++n) {
    const std::uint32_t i = (bits >> (kLongest - n)) - kTables.first[n];
    if (i < kTables.count[n]) return {kTables.symbols[kTables.at[n] + i], static_cast<std::uint8_t>(n)};
  }
  return {kTables.symbols[kTables.at[kLongest] + bits - kTables.first[kLongest]],
          static_cast<std::uint8_t>(kLongest)};
}

}  // namespace

bool huffman_decode(Bytes in, std::uint8_t* out, std::size_t& size) noexcept {
  size = 0;
  std::uint64_t bits = 0;  // the lowest `left` of them are not decoded
  unsigned left = 0;
  std::size_t at = 0;
  for (;;) {
    for (; left <= 56 && at < in.size(); left += 8) bits = bits << 8 | in[at++];
    // Behind the end stand ones: no code of them alone is shorter than that of the end.
    const auto next = static_cast<std::uint32_t>(
        (left >= kLongest ? bits >> (left - kLongest)
                          : bits << (kLongest - left) | ((1U << (kLongest - left)) - 1)) &
        ((1U << kLongest) - 1));
    const Code code = code_at(next);
    if (code.bits > left) {
      const std::uint64_t ones = (std::uint64_t{1} << left) - 1;
      return left < 8 && (bits & ones) == ones;
    }
    if (code.symbol == kEnd) return false;
    out[size++] = static_cast<std::uint8_t>(code.symbol);
    left -= code.bits;
  }
}

}  // namespace picket::http2
