// TCP (RFC 9293) and its options (RFC 7323, RFC 2018, RFC 7413, RFC 2385, RFC 5925, RFC 6994)
//
//      0     2     4     8     12        13      14    16     18       20
//      | src | dst | seq | ack | off, 00 | flags | win | csum | urgent | options: 4 off - 20 bytes |
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::size_t kMinSize = 20;
enum Option : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackOk = 4,
  kSack = 5,
  kTimestamp = 8,
  kMd5 = 19,
  kAuth = 29,
  kFastOpen = 34,
  kExperiment1 = 253,
  kExperiment2 = 254,
};

}  // namespace

void tcp_options(Layers& s, Bytes options) noexcept {
  Packet& p = s.p;
  Cursor c(options);
  unsigned seen = 0;
  enum : unsigned {
    kSawMss = 1,
    kSawScale = 2,
    kSawSackOk = 4,
    kSawSack = 8,
    kSawTimestamp = 16,
    kSawFastOpen = 32
  };
  // True where the option may be used: of the size its definition has, and the first of its kind.
  const auto usable = [&](bool fits, unsigned bit) {
    if (!fits) return s.note(DecodeEvent::kTcpOptInvalidLen), false;
    if ((seen & bit) != 0) return s.note(DecodeEvent::kTcpOptDuplicate), false;
    seen |= bit;
    return true;
  };
  while (!c.empty()) {  // each turn takes a byte at least; 40 bytes at most
    const std::uint8_t kind = c.u8();
    if (kind == kEnd) return;
    if (kind == kNop) continue;
    if (c.empty()) return;  // a lone kind at the end: padding of odd stacks
    const std::uint8_t length = c.u8();
    if (length < 2 || length - 2U > c.left()) return s.note(DecodeEvent::kTcpOptInvalidLen);
    Cursor data(c.bytes(length - 2U));
    switch (kind) {
      case kMss:
        if (usable(length == 4, kSawMss)) p.tcp_mss = data.u16be();
        break;
      case kWindowScale:
        if (usable(length == 3, kSawScale)) p.tcp_wscale = data.u8();
        break;
      case kSackOk:
        if (usable(length == 2, kSawSackOk)) p.tcp_sack_ok = true;
        break;
      case kSack:  // pairs of sequence numbers; an empty list is odd but harmless
        (void)usable(length % 8 == 2, kSawSack);
        break;
      case kTimestamp:
        if (usable(length == 10, kSawTimestamp)) {
          p.tcp_has_timestamp = true;
          p.tcp_ts_value = data.u32be();
          p.tcp_ts_echo = data.u32be();
        }
        break;
      case kFastOpen:  // a request, or a cookie of 4 to 16 bytes
        (void)usable(length == 2 || (length >= 6 && length <= 18 && length % 2 == 0), kSawFastOpen);
        break;
      case kMd5:
        p.tcp_signed = true;
        if (length != 18) s.note(DecodeEvent::kTcpOptInvalidLen);
        break;
      case kAuth:
        p.tcp_signed = true;
        if (length < 4) s.note(DecodeEvent::kTcpOptInvalidLen);
        break;
      default:
        break;
    }
  }
}

Layer tcp(Layers& s) noexcept {
  Cursor c = s.in;
  const Bytes fixed = c.bytes(kMinSize);
  if (fixed.empty()) return s.cut(DecodeEvent::kTcpTooSmall);

  Cursor h(fixed.first<kMinSize>());
  const std::uint16_t src_port = h.u16be();
  const std::uint16_t dst_port = h.u16be();
  const std::uint32_t seq = h.u32be();
  const std::uint32_t ack = h.u32be();
  const std::size_t header_size = static_cast<std::size_t>(h.u8() >> 4) * 4;
  const std::uint8_t flags = h.u8();
  const std::uint16_t window = h.u16be();
  h.skip(2);  // checksum: checksum.h
  const std::uint16_t urgent = h.u16be();
  if (header_size < kMinSize) return s.fail(DecodeEvent::kTcpHlenTooSmall);
  const Bytes options = c.bytes(header_size - kMinSize);
  if (!c.ok()) return s.cut(DecodeEvent::kTcpInvalidOptLen);

  Packet& p = s.p;
  p.has_l4 = true;
  p.src_port = src_port;
  p.dst_port = dst_port;
  p.tcp_seq = seq;
  p.tcp_ack = ack;
  p.tcp_flags = flags;
  p.tcp_window = window;
  p.tcp_urgent = urgent;
  p.l4_header = s.in.rest().first(header_size);
  p.payload = c.rest();

  // Nearly every segment of an open connection carries just two NOPs and a timestamp.
  constexpr std::uint32_t kAlignedTimestamp = kNop << 24 | kNop << 16 | kTimestamp << 8 | 10;
  Cursor o(options);
  if (options.size() == 12 && o.u32be() == kAlignedTimestamp) {
    p.tcp_has_timestamp = true;
    p.tcp_ts_value = o.u32be();
    p.tcp_ts_echo = o.u32be();
  } else if (!options.empty()) {
    tcp_options(s, options);
  }
  return Layer::kDone;
}

}  // namespace picket::layers
