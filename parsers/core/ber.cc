#include "parsers/core/ber.h"

#include "parsers/core/text_writer.h"

namespace picket::ber {
namespace {

constexpr std::uint8_t kConstructed = 0x20, kMore = 0x80;
constexpr std::uint8_t kLongTag = 0x1f;
constexpr unsigned kMaxTagBytes = 4, kMaxLengthBytes = 4, kMaxArcBytes = 9;

void set_identifier(std::uint8_t first, Element& out) noexcept {
  out.tag_class = static_cast<Class>(first >> 6);
  out.constructed = (first & kConstructed) != 0;
  out.tag = first & kLongTag;
  out.identifier = first;
}

bool long_header(Cursor& in, Element& out, std::size_t& length) noexcept {
  set_identifier(in.u8(), out);
  if (out.tag == kLongTag) {
    out.tag = 0;
    for (unsigned i = 0;; ++i) {
      const std::uint8_t b = in.u8();
      if (!in.ok() || i == kMaxTagBytes) return in.fail(), false;
      out.tag = out.tag << 7 | (b & 0x7fU);
      out.identifier = out.identifier << 8 | b;
      if ((b & kMore) == 0) break;
    }
  }
  const std::uint8_t l = in.u8();
  length = l;
  if (l > kMore) {
    length = 0;
    const unsigned n = l & 0x7fU;
    if (n > kMaxLengthBytes) return in.fail(), false;
    for (unsigned i = 0; i < n; ++i) length = length << 8 | in.u8();
  } else if (l == kMore) {
    in.fail();
  }
  return in.ok();
}

}  // namespace

bool read_header(Cursor& in, Element& out, std::size_t& length) noexcept {
  // Nearly all have a tag and a length of one byte each.
  const Bytes head = in.rest();
  if (head.size() < 2 || (head[0] & kLongTag) == kLongTag || head[1] >= kMore)
    return long_header(in, out, length);
  set_identifier(head[0], out);
  length = head[1];
  in.skip(2);
  return true;
}

bool read(Cursor& in, Element& out) noexcept {
  const Bytes from = in.rest();
  std::size_t length = 0;
  if (from.empty() || !read_header(in, out, length)) return false;
  out.content = in.bytes(length);
  if (!in.ok()) return false;
  out.all = from.first(from.size() - in.left());
  return true;
}

bool read_context(Cursor& in, std::uint32_t tag, Element& out) noexcept {
  Cursor c = in;
  Element e;
  if (!read(c, e) || !e.context(tag)) return false;
  in = c;
  out = e;
  return true;
}

bool find_context(Bytes content, std::uint32_t tag, Element& out) noexcept {
  Cursor c(content);
  Element e;
  while (read(c, e)) {
    if (e.context(tag)) return out = e, true;
  }
  return false;
}

bool read_integer(Bytes content, std::int64_t& out) noexcept {
  if (content.empty() || content.size() > 8) return false;
  std::uint64_t v = (content[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t b : content) v = v << 8 | b;
  out = static_cast<std::int64_t>(v);
  return true;
}

bool read_unsigned(Bytes content, std::uint64_t& out) noexcept {
  if (content.size() == 9 && content[0] == 0) content = content.subspan(1);
  if (content.empty() || content.size() > 8) return false;
  out = 0;
  for (const std::uint8_t b : content) out = out << 8 | b;
  return true;
}

std::size_t bit_count(Bytes content) noexcept {
  if (content.size() < 2 || content[0] > 7) return 0;
  return (content.size() - 1) * 8 - content[0];
}

bool bit(Bytes content, std::size_t n) noexcept {
  return n < bit_count(content) && (content[1 + n / 8] >> (7 - n % 8) & 1) != 0;
}

std::size_t write_oid(Bytes content, std::span<char> room) noexcept {
  TextWriter text(room);
  std::uint64_t arc = 0;
  unsigned bytes = 0;
  for (const std::uint8_t b : content) {
    if (++bytes > kMaxArcBytes) break;
    arc = arc << 7 | (b & 0x7fU);
    if ((b & kMore) != 0) continue;
    if (text.size() == 0) {
      // The first number holds two arcs: 40 times the first, which is 0, 1 or 2, and the second.
      const std::uint64_t top = arc < 80 ? arc / 40 : 2;
      text << top << "." << arc - top * 40;
    } else {
      text << "." << arc;
    }
    arc = bytes = 0;
  }
  return text.size();
}

}  // namespace picket::ber
