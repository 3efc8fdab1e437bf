#include "dataplane/decode/checksum.h"

#include <array>
#include <bit>

#include "parsers/core/crc.h"
#include "parsers/core/cursor.h"

namespace picket {
namespace {

/// Adds in memory order: a sum is right or wrong whichever byte of a word is counted as the high one (RFC
/// 1071 §2).
class Sum {
 public:
  void add(Bytes b) noexcept {
    Cursor c(b);
    while (c.left() >= 8) carry(c.u64le());
    if (c.left() >= 4) carry(c.u32le());
    if (c.left() >= 2) carry(c.u16le());
    if (c.left() == 1) carry(c.u8());  // an odd byte stands in the low-address half of its word
  }
  /// A number that would stand in a header in network order.
  void add_be16(std::uint16_t v) noexcept { carry(static_cast<std::uint16_t>(v << 8 | v >> 8)); }

  [[nodiscard]] std::uint16_t fold() const noexcept {
    std::uint64_t v = (sum_ >> 32) + (sum_ & 0xffffffff);
    v = (v >> 16) + (v & 0xffff);
    v = (v >> 16) + (v & 0xffff);
    v = (v >> 16) + (v & 0xffff);
    return static_cast<std::uint16_t>(v);
  }

 private:
  void carry(std::uint64_t v) noexcept {
    sum_ += v;
    sum_ += sum_ < v;
  }
  std::uint64_t sum_ = 0;
};

constexpr std::uint16_t kRight = 0xffff;

std::uint32_t crc32c(std::uint32_t crc, Bytes b) noexcept {
#ifdef __SSE4_2__
  Cursor c(b);
  std::uint64_t wide = crc;
  while (c.left() >= 8) wide = __builtin_ia32_crc32di(wide, c.u64le());
  crc = static_cast<std::uint32_t>(wide);
  while (!c.empty()) crc = __builtin_ia32_crc32qi(crc, c.u8());
  return crc;
#else
  return Crc32<0x1edc6f41, true>::add(crc, b);
#endif
}

/// Everything from the L4 header to the end of the datagram: header and payload lie next to each other.
Bytes segment(const Packet& p) noexcept {
  return {p.l4_header.data(), p.l4_header.size() + p.payload.size()};
}

/// Does the packet hold all bytes its IP header speaks of?
bool is_whole(const Packet& p) noexcept { return p.reassembled || p.size >= p.wire_size; }

bool sum_is_right(const Packet& p, Bytes segment, std::uint8_t proto) noexcept {
  Sum sum;
  const std::size_t from = p.is_v4 ? 12 : 0;
  sum.add(Bytes(p.src.bytes).subspan(from));
  sum.add(Bytes(p.dst.bytes).subspan(from));
  sum.add_be16(proto);
  sum.add_be16(static_cast<std::uint16_t>(segment.size()));
  sum.add_be16(static_cast<std::uint16_t>(segment.size() >> 16));
  sum.add(segment);
  return sum.fold() == kRight;
}

}  // namespace

std::uint16_t internet_sum(Bytes bytes) noexcept {
  Sum sum;
  sum.add(bytes);
  return sum.fold();
}

bool ip_checksum_ok(const Packet& p) noexcept { return !p.is_v4 || internet_sum(p.ip_header) == kRight; }

std::uint32_t sctp_crc32c(Bytes sctp) noexcept {
  constexpr std::size_t kChecksumAt = 8, kHeaderSize = 12;
  constexpr std::array<std::uint8_t, 4> kZero{};
  if (sctp.size() < kHeaderSize) return 0;
  std::uint32_t crc = 0xffffffff;
  crc = crc32c(crc, sctp.first(kChecksumAt));
  crc = crc32c(crc, kZero);
  crc = crc32c(crc, sctp.subspan(kHeaderSize));
  return ~crc;
}

L4Checksum l4_checksum(const Packet& p) noexcept {
  if (!p.has_l4 || p.is_fragment || !is_whole(p)) return L4Checksum::kAbsent;
  const Bytes all = segment(p);
  const auto verdict = [](bool right) { return right ? L4Checksum::kGood : L4Checksum::kBad; };
  switch (static_cast<IpProto>(p.proto)) {
    case IpProto::kTcp:
      return verdict(sum_is_right(p, all, p.proto));
    case IpProto::kUdp: {
      Cursor c(p.l4_header);
      c.skip(6);
      if (c.u16be() == 0) return p.is_v4 ? L4Checksum::kAbsent : L4Checksum::kBad;
      return verdict(sum_is_right(p, all, p.proto));
    }
    case IpProto::kIcmp:
      return verdict(internet_sum(all) == kRight);
    case IpProto::kIcmpV6:
      return verdict(sum_is_right(p, all, p.proto));
    case IpProto::kSctp: {
      Cursor c(p.l4_header);
      c.skip(8);
      return verdict(c.u32le() == sctp_crc32c(all));
    }
    default:
      return L4Checksum::kAbsent;
  }
}

}  // namespace picket
