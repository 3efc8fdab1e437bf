#include "parsers/dnp3/dnp3.h"

#include <algorithm>

#include "parsers/core/crc.h"

namespace picket::dnp3 {
namespace {

/// Does `b` end with the CRC of what is before it?
bool crc_fits(Bytes b) noexcept {
  Cursor tail(b.last(kCrcSize));
  return tail.u16le() == crc(b.first(b.size() - kCrcSize));
}

/// Length of the blocks with their CRCs.
std::size_t blocks_size(std::uint8_t length) noexcept {
  const std::size_t data = length - kMinLength;
  return data + (data + kBlockSize - 1) / kBlockSize * kCrcSize;
}

}  // namespace

std::uint16_t crc(Bytes bytes) noexcept {
  return static_cast<std::uint16_t>(~Crc16<0x3d65, true>::add(0, bytes));
}

std::size_t next_header(Bytes in, std::size_t at) noexcept {
  while (at < in.size()) {
    const auto rest = in.subspan(at);
    const auto found = std::find(rest.begin(), rest.end(), std::uint8_t{0x05});
    if (found == rest.end()) return in.size();
    at += static_cast<std::size_t>(found - rest.begin());
    const Bytes header = in.subspan(at);
    if (header.size() == 1) return at;
    if (header[1] == 0x64 && (header.size() < kHeaderSize || crc_fits(header.first(kHeaderSize)))) return at;
    ++at;
  }
  return at;
}

ParseResult parse(Cursor& in, Frame& frame) noexcept {
  Cursor c = in;  // read from a copy: the caller sees all of a frame or nothing
  const Bytes header = c.rest().first(std::min(c.left(), kHeaderSize));
  constexpr std::uint8_t kStart[] = {0x05, 0x64};
  for (std::size_t i = 0; i < std::min(header.size(), std::size(kStart)); ++i) {
    if (header[i] != kStart[i]) return ParseResult::malformed(Event::kLostSync);
  }
  // The second octet is judged as soon as it is there, however segments fall.
  if (header.size() < std::size(kStart)) return ParseResult::need_more(std::size(kStart));
  if (header.size() < kHeaderSize) return ParseResult::need_more(kHeaderSize);
  if (!crc_fits(header)) return ParseResult::malformed(Event::kBadLinkCrc);
  c.skip(2);
  Frame f;
  f.link.length = c.u8();
  f.link.control = c.u8();
  f.link.destination = c.u16le();
  f.link.source = c.u16le();
  c.skip(kCrcSize);
  if (f.link.length < kMinLength) return ParseResult::malformed(Event::kLenTooSmall);
  const std::size_t size = blocks_size(f.link.length);
  if (c.left() < size) return ParseResult::need_more(kHeaderSize + size);
  f.blocks = c.bytes(size);
  for (std::size_t at = 0; at < size; at += kBlockSize + kCrcSize) {
    if (!crc_fits(f.blocks.subspan(at, std::min(kBlockSize + kCrcSize, size - at)))) {
      return ParseResult::malformed(Event::kBadTransportCrc);
    }
  }
  frame = f;
  in = c;
  return ParseResult::done();
}

Bytes user_data(Bytes blocks, std::array<std::uint8_t, kMaxUserData>& room) noexcept {
  std::size_t size = 0;
  for (std::size_t at = 0; at < blocks.size(); at += kBlockSize + kCrcSize) {
    const std::size_t n = std::min(kBlockSize, blocks.size() - at - kCrcSize);
    std::copy_n(blocks.begin() + static_cast<std::ptrdiff_t>(at), n,
                room.begin() + static_cast<std::ptrdiff_t>(size));
    size += n;
  }
  return Bytes(room).first(size);
}

bool read_fragment(Bytes fragment, Message& m) noexcept {
  Cursor c(fragment);
  m.fragment = fragment;
  m.control = c.u8();
  m.function = c.u8();
  m.type = MessageType::kRequest;
  if (m.function >= kFirstResponse) {
    m.type = m.is(Function::kUnsolicitedResponse) ? MessageType::kUnsolicited : MessageType::kResponse;
    m.indications = c.u16be();
  }
  m.objects = c.rest();
  return c.ok();
}

const ObjectHeader* find_header(const Message& m, Wanted wanted, unsigned n) noexcept {
  HeaderCache& c = m.headers;
  if (n >= kMaxInstances) return nullptr;
  if (c.wanted != wanted || n < c.next) {
    c = {};
    c.wanted = wanted;
    c.objects = m.read_objects();
  }
  while (c.objects.next(c.header)) {
    if (wanted(c.header) && c.next++ == n) return &c.header;
  }
  return nullptr;
}

const PointCache* find_point(const Message& m, Wanted wanted, unsigned n, bool bare) noexcept {
  PointCache& c = m.cache;
  if (n >= kMaxInstances) return nullptr;
  if (c.wanted != wanted || c.with_bare != bare || n < c.next) {
    c = {};
    c.wanted = wanted;
    c.with_bare = bare;
    c.objects = m.read_objects();
  }
  // Each round takes a point or a header.
  for (;;) {
    if (c.in_header) {
      if (c.points.next(c.point)) {
        if (c.next++ == n) return &c;
        continue;
      }
      c.in_header = false;
    }
    if (!c.objects.next(c.header)) return nullptr;
    if (!wanted(c.header)) continue;
    c.bare = !c.header.has_points;
    if (!c.bare) {
      c.points = PointReader(c.header);
      c.in_header = true;
    } else if (bare && c.next++ == n) {
      return &c;
    }
  }
}

Probe probe(Transport transport, Direction dir, Bytes first) noexcept {
  // A CRC of 16 bits that fits a header of eight octets, two of them fixed, leaves no doubt.
  constexpr std::size_t kStart = 2;
  if (first.size() >= kStart && (first[0] != 0x05 || first[1] != 0x64)) return Probe::kNo;
  const Probe short_of_a_frame = transport == Transport::kTcp ? Probe::kUnsure : Probe::kNo;
  std::size_t at = 0;
  for (unsigned frames = 0; at < first.size();) {
    Cursor in(first.subspan(at));
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind == ParseResult::Kind::kNeedMore) return short_of_a_frame;
    if (r.kind == ParseResult::Kind::kMalformed) {
      // Who begins with a broken frame must not stay unseen for that: what is behind it counts.
      at = next_header(first, at + 1);
      continue;
    }
    // Of a connection whose start was not seen, the side that polls is the client. Outstations connect, too, and are
    // known by their second frame; who sends a datagram first is the client in any case.
    const bool fits = f.link.from_master() == (dir == Direction::kToServer);
    if (fits || ++frames == 2 || transport != Transport::kTcp) return Probe::kYes;
    at += in.offset();
  }
  return short_of_a_frame;
}

}  // namespace picket::dnp3
