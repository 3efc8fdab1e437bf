// dataplane/decode/decode_testing.h — builds frames for tests, and checks what must hold for every decoded
// packet
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/decode/checksum.h"
#include "dataplane/decode/decode.h"

namespace picket::testing_frames {

using Frame = std::vector<std::uint8_t>;

/// "45 00 | 00 1c": bytes in hex; anything that is no hex digit parts them.
inline Frame hex(std::string_view text) {
  Frame out;
  int nibbles = 0, value = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    value = value << 4 | digit;
    if (++nibbles % 2 == 0) out.push_back(static_cast<std::uint8_t>(value)), value = 0;
  }
  EXPECT_EQ(nibbles % 2, 0) << text;
  return out;
}
inline Frame operator+(Frame a, const Frame& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Frame be16(std::size_t v) { return {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}; }
inline void set16(Frame& f, std::size_t at, std::uint16_t v) {
  f[at] = static_cast<std::uint8_t>(v >> 8);
  f[at + 1] = static_cast<std::uint8_t>(v);
}

inline Frame eth(std::uint16_t type, const Frame& inner) {
  return hex("02 00 00 00 00 02  02 00 00 00 00 01") + be16(type) + inner;
}
inline Frame vlan_tag(std::uint16_t id, std::uint16_t type, const Frame& inner) {
  return be16(id) + be16(type) + inner;
}

/// 10.0.0.1 to 10.0.0.2, with a right checksum. `flags_offset` in the header's own form.
inline Frame ip4(std::uint8_t proto, const Frame& inner, std::uint16_t flags_offset = 0,
                 const Frame& options = {}, std::uint16_t id = 0x1234) {
  Frame h = {static_cast<std::uint8_t>(0x45 + options.size() / 4), 0};
  h = h + be16(20 + options.size() + inner.size()) + be16(id) + be16(flags_offset);
  h = h + Frame{64, proto, 0, 0} + hex("0a 00 00 01 0a 00 00 02") + options;
  const std::uint16_t sum = static_cast<std::uint16_t>(~internet_sum(h));
  std::memcpy(&h[10], &sum, 2);
  return h + inner;
}
/// 2001:db8::1 to 2001:db8::2
inline Frame ip6(std::uint8_t next, const Frame& inner) {
  return hex("60 00 00 00") + be16(inner.size()) + Frame{next, 64} +
         hex("20010db8 00000000 00000000 00000001") + hex("20010db8 00000000 00000000 00000002") + inner;
}
inline Frame ip6_fragment(std::uint8_t next, std::uint16_t offset_flags, std::uint32_t id,
                          const Frame& inner) {
  return ip6(44, Frame{next, 0} + be16(offset_flags) + be16(id >> 16) + be16(id & 0xffff) + inner);
}
inline Frame udp(std::uint16_t src, std::uint16_t dst, const Frame& inner) {
  return be16(src) + be16(dst) + be16(8 + inner.size()) + be16(0) + inner;
}
inline Frame tcp(std::uint16_t src, std::uint16_t dst, std::uint8_t flags, const Frame& options,
                 const Frame& inner) {
  return be16(src) + be16(dst) + hex("01020304 05060708") +
         Frame{static_cast<std::uint8_t>((5 + options.size() / 4) << 4), flags} + hex("2000 0000 0000") +
         options + inner;
}
inline Frame text(std::string_view s) { return {s.begin(), s.end()}; }

/// A packet over bytes of exactly its size on the heap, so that a sanitizer sees a read past the end.
struct Decoded {
  std::unique_ptr<std::uint8_t[]> bytes;
  Packet p;
};

inline Decoded packet_of(const Frame& f, LinkType link = LinkType::kEthernet, std::size_t wire_size = 0) {
  Decoded d{std::make_unique<std::uint8_t[]>(f.size()), {}};
  std::copy(f.begin(), f.end(), d.bytes.get());
  d.p.data = d.bytes.get();
  d.p.size = static_cast<std::uint32_t>(f.size());
  d.p.wire_size = static_cast<std::uint32_t>(wire_size == 0 ? f.size() : wire_size);
  d.p.link = link;
  return d;
}

inline bool within(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// What holds for every packet, however odd. `whole`: the frame, or the datagram put together. Empty: all is
/// well.
inline std::string what_is_wrong(const Packet& p, Bytes whole) {
  if (p.event_count > kMaxDecodeEvents) return "too many events";
  for (unsigned i = 0; i < p.event_count; ++i) {
    if (p.events[i] >= kDecodeEventCount) return "no such event";
  }
  if (p.vlan_count > kMaxVlans) return "too many VLANs";
  if (p.has_l4 && !p.has_ip) return "L4 without IP";
  if (p.is_fragment && p.has_l4) return "L4 in a fragment";
  if (p.has_ip != (p.layers > 0)) return "layers do not count IP headers";
  if (p.has_ip && p.ip_header.size() < (p.is_v4 ? 20U : 40U)) return "IP header too small";
  for (const Bytes part : {p.ip_header, p.ip_options, p.l4_header, p.payload}) {
    if (!within(part, whole)) return "a view points outside";
  }
  if (p.has_l4 && p.l4_header.data() + p.l4_header.size() != p.payload.data())
    return "payload is not behind L4";
  bool dropped = false;
  for (unsigned i = 0; i < p.event_count; ++i) dropped |= kDecodeEvents[p.events[i]].drops;
  const bool failed = p.verdict == Verdict::kDecodeError || p.verdict == Verdict::kDecodeTooDeep;
  if (failed && !dropped && p.event_count < kMaxDecodeEvents) return "dropped without a reason";
  if (dropped && !failed) return "a reason to drop, but not dropped";
  return "";
}

inline bool has_event(const Packet& p, DecodeEvent event) {
  for (unsigned i = 0; i < p.event_count; ++i) {
    if (p.events[i] == static_cast<std::uint16_t>(event)) return true;
  }
  return false;
}
inline std::string events_of(const Packet& p) {
  std::string s;
  for (unsigned i = 0; i < p.event_count; ++i)
    s += std::string(s.empty() ? "" : " ") + std::string(kDecodeEvents[p.events[i]].name);
  return s;
}

}  // namespace picket::testing_frames
