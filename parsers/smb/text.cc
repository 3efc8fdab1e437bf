#include "parsers/smb/text.h"

#include <algorithm>

namespace picket::smb {
namespace {

std::size_t put_utf8(std::uint8_t* at, std::uint32_t c) noexcept {
  const auto tail = [](std::uint32_t v) { return static_cast<std::uint8_t>(0x80 | (v & 0x3f)); };
  if (c < 0x80) {
    at[0] = static_cast<std::uint8_t>(c);
    return 1;
  }
  if (c < 0x800) {
    at[0] = static_cast<std::uint8_t>(0xc0 | c >> 6);
    at[1] = tail(c);
    return 2;
  }
  if (c < 0x10000) {
    at[0] = static_cast<std::uint8_t>(0xe0 | c >> 12);
    at[1] = tail(c >> 6);
    at[2] = tail(c);
    return 3;
  }
  at[0] = static_cast<std::uint8_t>(0xf0 | c >> 18);
  at[1] = tail(c >> 12);
  at[2] = tail(c >> 6);
  at[3] = tail(c);
  return 4;
}

}  // namespace

bool append_utf16(PoolBuffer& out, Bytes in, std::size_t most) noexcept {
  if (out.size() >= most || in.size() < 2) return true;
  // A unit of two bytes becomes at most three.
  if (!out.reserve(out.size() + std::min(most - out.size(), in.size() / 2 * 3) + 4)) return false;
  Cursor c(in);
  while (c.left() >= 2) {
    std::uint32_t v = c.u16le();
    if (v == 0) continue;
    if (v >= 0xd800 && v < 0xe000) {
      Cursor after = c;
      const std::uint32_t low = after.u16le();
      if (v < 0xdc00 && after.ok() && low >= 0xdc00 && low < 0xe000) {
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
        c = after;
      } else {
        v = 0xfffd;
      }
    }
    std::uint8_t bytes[4];
    const std::size_t n = put_utf8(bytes, v);
    if (out.size() + n > most) return true;
    std::copy_n(bytes, n, out.data() + out.size());
    out.resize(out.size() + n);
  }
  return true;
}

bool append_text(PoolBuffer& out, Bytes in, bool unicode, std::size_t most) noexcept {
  if (unicode) return append_utf16(out, in, most);
  return out.append(in.first(std::min(in.size(), most - std::min(most, out.size()))));
}

Bytes take_string(Cursor& c, bool unicode) noexcept {
  if (unicode && c.offset() % 2 != 0) c.skip(std::min<std::size_t>(1, c.left()));
  const Bytes rest = c.rest();
  const std::size_t unit = unicode ? 2 : 1;
  std::size_t n = 0;
  while (n + unit <= rest.size() && (rest[n] != 0 || (unicode && rest[n + 1] != 0))) n += unit;
  const Bytes out = c.bytes(std::min(n, rest.size()));
  c.skip(std::min(unit, c.left()));
  return out;
}

}  // namespace picket::smb
