// export/eve_format.h — values as EVE spells them; each function writes at `p` and returns the end of what it
// wrote
#pragma once
#include <charconv>
#include <chrono>
#include <cstdint>

#include "parsers/core/bytes.h"

namespace picket::eve {

inline constexpr char kLowerDigits[] = "0123456789abcdef";

/// Longest texts.
inline constexpr std::size_t kMaxIp = 39, kMaxInteger = 20, kMaxTime = 31, kSecondText = 19;

/// Two digits, with leading zero.
inline char* put_2(char* p, unsigned v) noexcept {
  *p++ = static_cast<char>('0' + v / 10);
  *p++ = static_cast<char>('0' + v % 10);
  return p;
}

template <class T>
char* put_integer(char* p, T v) noexcept {
  return std::to_chars(p, p + kMaxInteger + 1, v).ptr;
}

/// An even number of digits, at least two: TCP flags 0x1b are "1b".
inline char* put_hex_integer(char* p, std::uint64_t v) noexcept {
  int bytes = 1;
  while (bytes < 8 && v >> (8 * bytes) != 0) ++bytes;
  for (int shift = 8 * bytes - 4; shift >= 0; shift -= 4) *p++ = kLowerDigits[v >> shift & 15];
  return p;
}

inline char* put_hex(char* p, Bytes b) noexcept {
  for (const std::uint8_t c : b) {
    *p++ = kLowerDigits[c >> 4];
    *p++ = kLowerDigits[c & 15];
  }
  return p;
}

/// 3 * size - 1 characters.
inline char* put_hex_colon(char* p, Bytes b) noexcept {
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i > 0) *p++ = ':';
    p = put_hex(p, b.subspan(i, 1));
  }
  return p;
}

/// (size + 2) / 3 * 4 characters.
inline char* put_base64(char* p, Bytes b) noexcept {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < b.size(); i += 3) {
    const std::size_t n = b.size() - i;
    const std::uint32_t v = std::uint32_t{b[i]} << 16 | (n > 1 ? std::uint32_t{b[i + 1]} << 8 : 0U) |
                            (n > 2 ? std::uint32_t{b[i + 2]} : 0U);
    *p++ = kAlphabet[v >> 18];
    *p++ = kAlphabet[v >> 12 & 63];
    *p++ = n > 1 ? kAlphabet[v >> 6 & 63] : '=';
    *p++ = n > 2 ? kAlphabet[v & 63] : '=';
  }
  return p;
}

/// 4 bytes: dotted; 16 bytes: eight groups of four digits, none left out, as EVE has it. Not for other sizes.
inline char* put_ip(char* p, Bytes b) noexcept {
  if (b.size() == 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) *p++ = '.';
      p = put_integer(p, unsigned{b[i]});
    }
    return p;
  }
  for (std::size_t i = 0; i < 16; i += 2) {
    if (i > 0) *p++ = ':';
    p = put_hex(p, b.subspan(i, 2));
  }
  return p;
}

/// 2023-11-14T22:13:20 of seconds since 1970 UTC.
inline char* put_second(char* p, std::uint64_t seconds) noexcept {
  using namespace std::chrono;
  const auto day = floor<days>(sys_seconds{std::chrono::seconds{seconds}});
  const year_month_day date{day};
  const auto in_day = static_cast<unsigned>(seconds % 86400);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));  // 1970 to 2554: 64 bits of ns
  p = put_2(p, year / 100);
  p = put_2(p, year % 100);
  *p++ = '-';
  p = put_2(p, static_cast<unsigned>(date.month()));
  *p++ = '-';
  p = put_2(p, static_cast<unsigned>(date.day()));
  *p++ = 'T';
  p = put_2(p, in_day / 3600);
  *p++ = ':';
  p = put_2(p, in_day / 60 % 60);
  *p++ = ':';
  return put_2(p, in_day % 60);
}

/// .000000+0000
inline char* put_fraction(char* p, std::uint64_t ns) noexcept {
  auto us = static_cast<unsigned>(ns % 1'000'000'000 / 1000);
  *p++ = '.';
  for (int i = 5; i >= 0; --i, us /= 10) p[i] = static_cast<char>('0' + us % 10);
  p += 6;
  for (const char c : {'+', '0', '0', '0', '0'}) *p++ = c;
  return p;
}

}  // namespace picket::eve
