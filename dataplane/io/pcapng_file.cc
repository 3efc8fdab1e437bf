#include "dataplane/io/pcapng_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace picket {
namespace {

enum BlockType : std::uint32_t { kInterface = 1, kPacketOld = 2, kSimple = 3, kEnhanced = 6 };
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint16_t kOptionEnd = 0, kOptionResolution = 9, kOptionOffset = 14;

/// Never wraps: a time that no clock can show is the last one that can be shown.
std::uint64_t to_ns(std::uint64_t ticks, std::uint64_t per_second, std::int64_t offset_s) noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max() / kSecond - 1;
  const std::uint64_t whole = ticks / per_second;
  const auto part =
      static_cast<std::uint64_t>(static_cast<unsigned __int128>(ticks % per_second) * kSecond / per_second);
  if (offset_s < 0 && whole < static_cast<std::uint64_t>(-offset_s)) return 0;
  const std::uint64_t s = std::min(whole, kLast) + static_cast<std::uint64_t>(offset_s);
  return std::min(s, kLast) * kSecond + part;
}

/// if_tsresol: a negative power of ten, or of two when the top bit is set.
std::uint64_t ticks_per_second(std::uint8_t resolution) noexcept {
  const unsigned power = resolution & 0x7fU;
  if (resolution & 0x80U) return std::uint64_t{1} << std::min(power, 63U);
  std::uint64_t ticks = 1;
  for (unsigned i = 0; i < std::min(power, 19U); ++i) ticks *= 10;
  return ticks;
}

}  // namespace

std::uint32_t PcapngReader::u32(Bytes b, std::size_t at) const noexcept {
  std::uint32_t v;
  std::memcpy(&v, b.data() + at, sizeof v);
  return swapped_ ? __builtin_bswap32(v) : v;
}

std::uint16_t PcapngReader::u16(Bytes b, std::size_t at) const noexcept {
  std::uint16_t v;
  std::memcpy(&v, b.data() + at, sizeof v);
  return swapped_ ? __builtin_bswap16(v) : v;
}

PcapngReader::Next PcapngReader::fail(std::string why) {
  error_ = std::move(why);
  return Next::kError;
}

PcapngReader::Next PcapngReader::read_block(std::uint32_t& type, Bytes& body) {
  in_.skip(taken_);  // what was seen is there
  taken_ = 0;
  const Bytes head = in_.peek(12);
  if (head.empty()) return Next::kEnd;
  if (head.size() < 8) return fail("the file is cut off inside a block's header");
  std::memcpy(&type, head.data(), 4);
  std::uint32_t least = 12;
  if (type == kMagic) {  // a section says itself in which order its bytes stand
    if (head.size() < 12) return fail("the file is cut off inside a section header");
    std::uint32_t magic;
    std::memcpy(&magic, head.data() + 8, 4);
    if (magic != kByteOrder && magic != __builtin_bswap32(kByteOrder))
      return fail("a section header without byte-order magic");
    swapped_ = magic != kByteOrder;
    in_section_ = true;
    least = 16;
  } else if (!in_section_) {
    return fail("a block before any section header");
  }
  type = u32(head, 0);
  const std::uint32_t length = u32(head, 4);
  if (length < least || length % 4 != 0)
    return fail("a block of " + std::to_string(length) + " bytes, which cannot be");
  if (length > kMaxBlock)
    return fail("a block of " + std::to_string(length) + " bytes; at most " + std::to_string(kMaxBlock) +
                " are read");
  const Bytes block = in_.peek(length);
  if (block.size() < length) return fail("the file is cut off inside a block");
  if (u32(block, length - 4) != length) return fail("a block whose two lengths differ");
  body = block.subspan(8, length - 12);
  taken_ = length;
  return Next::kPacket;
}

bool PcapngReader::section(Bytes body) {
  if (body.size() < 16) return fail("a section header that is too short"), false;
  if (const std::uint16_t major = u16(body, 4); major != 1)
    return fail("pcapng version " + std::to_string(major) + "; version 1 is read"), false;
  interfaces_.clear();
  return true;
}

bool PcapngReader::interface(Bytes body) {
  if (body.size() < 8) return fail("an interface description that is too short"), false;
  if (interfaces_.size() == kMaxInterfaces)
    return fail("more than " + std::to_string(kMaxInterfaces) + " interfaces"), false;
  Interface i;
  i.link_type = u16(body, 0);
  i.snap_length = u32(body, 4);
  for (std::size_t at = 8; at + 4 <= body.size();) {
    const std::uint16_t code = u16(body, at), length = u16(body, at + 2);
    at += 4;
    if (code == kOptionEnd || length > body.size() - at) break;
    if (code == kOptionResolution && length == 1) i.ticks_per_second = ticks_per_second(body[at]);
    if (code == kOptionOffset && length == 8) {
      std::uint64_t v;
      std::memcpy(&v, body.data() + at, 8);
      const auto s = static_cast<std::int64_t>(swapped_ ? __builtin_bswap64(v) : v);
      constexpr std::int64_t kFar = std::int64_t{1} << 33;  // seconds: some centuries either way
      i.offset_s = std::clamp(s, -kFar, kFar);
    }
    at += (length + 3U) & ~std::size_t{3};
  }
  interfaces_.push_back(i);
  return true;
}

bool PcapngReader::packet(std::uint32_t type, Bytes body, Packet& out) {
  const std::size_t head = type == kSimple ? 4 : 20;
  if (body.size() < head) return fail("a packet block that is too short"), false;
  const std::uint32_t number = type == kSimple ? 0 : type == kEnhanced ? u32(body, 0) : u16(body, 0);
  if (number >= interfaces_.size())
    return fail("a packet of interface " + std::to_string(number) + ", which was not described"), false;
  const Interface& i = interfaces_[number];
  std::uint32_t captured = 0;
  if (type == kSimple) {
    out.wire_size = u32(body, 0);
    captured = static_cast<std::uint32_t>(std::min<std::size_t>(out.wire_size, body.size() - head));
    if (i.snap_length != 0) captured = std::min(captured, i.snap_length);
    out.time_ns = 0;
  } else {
    out.time_ns = to_ns(std::uint64_t{u32(body, 4)} << 32 | u32(body, 8), i.ticks_per_second, i.offset_s);
    captured = u32(body, 12);
    out.wire_size = u32(body, 16);
  }
  if (captured > body.size() - head) return fail("a packet block that holds less than it says"), false;
  out.data = body.subspan(head, captured);
  out.link_type = i.link_type;
  return true;
}

PcapngReader::Next PcapngReader::next(Packet& out) {
  for (;;) {
    std::uint32_t type = 0;
    Bytes body;
    if (const Next read = read_block(type, body); read != Next::kPacket) return read;
    bool ok = true;
    switch (type) {
      case kMagic:
        ok = section(body);
        break;
      case kInterface:
        ok = interface(body);
        break;
      case kPacketOld:
      case kSimple:
      case kEnhanced:
        return packet(type, body, out) ? Next::kPacket : Next::kError;
      default:
        break;
    }
    if (!ok) return Next::kError;
  }
}

}  // namespace picket
