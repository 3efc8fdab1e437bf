#include "dataplane/io/savefile.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace picket {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;
constexpr std::size_t kPacketHeader = 16;

/// As this machine would have written it, or the other way round.
std::uint32_t u32(Bytes b, std::size_t at, bool swapped) noexcept {
  std::uint32_t v;
  std::memcpy(&v, b.data() + at, sizeof v);
  return swapped ? __builtin_bswap32(v) : v;
}

bool is_magic(std::uint32_t v) noexcept { return v == kMicroseconds || v == kNanoseconds; }

}  // namespace

bool SavefileReader::reads(Bytes header) noexcept {
  if (header.size() < kHeader) return false;
  const bool swapped = !is_magic(u32(header, 0, false));
  if (!is_magic(u32(header, 0, swapped))) return false;
  // Two numbers of 16 bits: 2 and 4.
  const std::uint32_t version = u32(header, 4, swapped);
  const bool big = (std::endian::native == std::endian::big) != swapped;
  return version == (big ? 0x00020004U : 0x00040002U);
}

SavefileReader::SavefileReader(Lookahead& in) : in_(in) {
  const Bytes h = in.peek(kHeader);
  swapped_ = !is_magic(u32(h, 0, false));
  nanoseconds_ = u32(h, 0, swapped_) == kNanoseconds;
  snap_length_ = u32(h, 16, swapped_);
  if (snap_length_ == 0 || snap_length_ > std::numeric_limits<std::int32_t>::max())
    snap_length_ = kMaxForeign;
  constexpr std::uint32_t kNumber = 0x03ffffff;  // above it: how long the frame check sequence is
  link_type_ = u32(h, 20, swapped_) & kNumber;
  in.skip(kHeader);
}

SavefileReader::Next SavefileReader::fail(std::string why) {
  error_ = std::move(why);
  return Next::kError;
}

SavefileReader::Next SavefileReader::next(Packet& out) {
  if (!in_.skip(rest_)) return fail("the file is cut off inside a packet");
  rest_ = 0;
  const Bytes head = in_.peek(kPacketHeader);
  if (head.size() < kPacketHeader)
    return head.empty() ? Next::kEnd : fail("the file is cut off inside a packet's header");
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t fraction = std::uint64_t{u32(head, 4, swapped_)} *
                                 (nanoseconds_ ? 1 : 1000);  // a wrong one is clamped, not carried
  out.time_ns = u32(head, 0, swapped_) * kSecond + std::min(fraction, kSecond - 1);
  const std::uint32_t captured = u32(head, 8, swapped_);
  out.wire_size = u32(head, 12, swapped_);
  if (captured > max_captured_)
    return fail("a packet of " + std::to_string(captured) + " bytes; at most " +
                std::to_string(max_captured_) + " can be");
  const std::size_t shown = std::min({captured, snap_length_, kMaxPacket});
  const Bytes whole = in_.peek(kPacketHeader + shown);
  if (whole.size() < kPacketHeader + shown)
    return fail("the file is cut off inside a packet: " + std::to_string(whole.size() - kPacketHeader) +
                " of its " + std::to_string(captured) + " bytes are there");
  out.data = whole.subspan(kPacketHeader);
  rest_ = kPacketHeader + captured;
  return Next::kPacket;
}

}  // namespace picket
