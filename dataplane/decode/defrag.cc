#include "dataplane/decode/defrag.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/decode/checksum.h"
#include "dataplane/decode/mix.h"
#include "dataplane/decode/shard.h"
#include "parsers/core/assert.h"
#include "parsers/core/cursor.h"

namespace picket {
namespace {

constexpr std::size_t kMaxIp = 65535;
constexpr std::size_t kIpv6Header = 40;
constexpr unsigned kMaxNested = 4;  // fragmented datagrams inside each other
constexpr std::size_t kGivenOutPool = 32 << 20;

std::uint32_t own_shards(unsigned worker, unsigned workers) noexcept {
  return (kShards - worker + workers - 1) / workers;
}

DecodeEvent of_family(const Packet& p, DecodeEvent v4, DecodeEvent v6) noexcept { return p.is_v4 ? v4 : v6; }

/// IPv6 identifications have 32 bits; the fragment header follows what Packet::ip_header shows.
std::uint32_t identification(const Packet& p) noexcept {
  if (p.is_v4) return p.ip_id;
  Cursor c(Bytes(p.ip_header.data() + p.ip_header.size(), 8));
  c.skip(4);
  return c.u32be();
}

/// Are all bytes here that the IP header speaks of? The snap length may have cut some.
bool is_whole(const Packet& p) noexcept {
  Cursor c(p.ip_header);
  if (p.is_v4) {
    c.skip(2);
    return c.u16be() == p.ip_header.size() + p.payload.size();
  }
  c.skip(4);
  constexpr std::size_t kFragmentHeader = 8;
  return kIpv6Header + c.u16be() == p.ip_header.size() + kFragmentHeader + p.payload.size();
}

void put16(std::uint8_t* at, std::size_t v) noexcept {
  at[0] = static_cast<std::uint8_t>(v >> 8);
  at[1] = static_cast<std::uint8_t>(v);
}

/// Turns the header of the first fragment into that of the whole.
void whole_ipv4(std::uint8_t* header, std::size_t header_size, std::size_t payload_size) noexcept {
  put16(header + 2, header_size + payload_size);
  put16(header + 6, 0);   // flags and offset
  put16(header + 10, 0);  // checksum: not part of its own sum
  const std::uint16_t sum = static_cast<std::uint16_t>(~internet_sum(Bytes(header, header_size)));
  std::memcpy(header + 10, &sum, 2);  // internet_sum() is in memory order
}

/// As above; the fragment header is left out, so what pointed to it points to what it carried.
void whole_ipv6(std::uint8_t* header, std::size_t header_size, std::size_t payload_size,
                std::uint8_t carried) noexcept {
  constexpr std::uint8_t kAuth = static_cast<std::uint8_t>(IpProto::kAh);
  put16(header + 4, header_size - kIpv6Header + payload_size);
  std::size_t points = 6;
  for (std::size_t at = kIpv6Header; at + 2 <= header_size;) {  // decode() has walked these headers before
    const std::uint8_t kind = header[points];
    points = at;
    at += kind == kAuth ? (std::size_t{header[at + 1]} + 2) * 4 : (std::size_t{header[at + 1]} + 1) * 8;
  }
  header[points] = carried;
}

}  // namespace

struct Defragmenter::Key {
  Address src, dst;
  std::uint32_t id = 0;
  std::array<std::uint16_t, kMaxVlans> vlans{};
  std::uint8_t proto = 0;  ///< IPv4 only: one id may be in use for each protocol
  std::uint8_t layers = 0;
  bool is_v4 = false;
  friend bool operator==(const Key&, const Key&) noexcept = default;
};

struct Defragmenter::Piece {
  Piece* next;
  std::uint32_t offset, size;

  [[nodiscard]] std::uint32_t end() const noexcept { return offset + size; }
  [[nodiscard]] std::uint8_t* data() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
};

struct Defragmenter::Tracker {
  Key key;
  bool used = false;
  std::uint64_t last_ns = 0;  ///< source clock at its last fragment
  std::uint64_t last_number = 0;
  Piece* pieces = nullptr;  ///< by offset, without overlap
  Piece* last = nullptr;
  std::uint8_t* header = nullptr;  ///< of the fragment at offset 0
  std::size_t header_size = 0;
  std::size_t* shard_bytes = nullptr;
  std::uint32_t covered = 0;  ///< bytes in pieces
  std::uint32_t highest = 0;  ///< end of the last piece
  std::uint32_t total = 0;    ///< from the last fragment; 0: not yet seen
  std::uint32_t piece_count = 0;
  std::uint32_t fragments = 0;
  std::uint8_t carried = 0;  ///< IPv6: next header of the fragment at offset 0
};

Defragmenter::Defragmenter(const DefragConfig& config, unsigned worker, unsigned workers)
    : config_(config),
      workers_(workers),
      trackers_per_shard_(std::bit_ceil(std::max(kWays, config.trackers / kShards))),
      bytes_per_shard_(std::max<std::size_t>(config.memcap_bytes / kShards, 2 * Pool::kMaxBlock)),
      // Twice the budget: a pool page serves one size of block, so some room is always in the wrong size.
      pool_(2 * bytes_per_shard_ * own_shards(worker, workers) + kGivenOutPool) {
  const std::uint32_t shards = own_shards(worker, workers);
  tracker_count_ = std::size_t{shards} * trackers_per_shard_;
  trackers_ = std::make_unique<Tracker[]>(tracker_count_);
  shard_bytes_ = std::make_unique<std::size_t[]>(shards);
}

Defragmenter::~Defragmenter() {
  finish();
  recycle();
}

std::span<Defragmenter::Tracker> Defragmenter::shard_part(unsigned shard) noexcept {
  const std::size_t from = std::size_t{shard / workers_} * trackers_per_shard_;
  PICKET_ASSERT(from + trackers_per_shard_ <= tracker_count_);
  return {trackers_.get() + from, trackers_per_shard_};
}

bool Defragmenter::is_expired(const Tracker& t, const Packet& p) const noexcept {
  return p.at.clock_ns > t.last_ns && p.at.clock_ns - t.last_ns > config_.timeout_ns;
}

/// The tracker of p's datagram; a new one in its set when there is none.
Defragmenter::Tracker& Defragmenter::find_or_claim(Packet& p) noexcept {
  Key key{p.src, p.dst, identification(p), p.vlans, p.is_v4 ? p.proto : std::uint8_t{0}, p.layers, p.is_v4};
  const std::uint64_t hash = mix(mix_address(key.src) + key.id * kMixC, mix_address(key.dst) ^ key.proto);
  const std::size_t sets = trackers_per_shard_ / kWays;
  const auto set = shard_part(p.shard).subspan((hash & (sets - 1)) * kWays, kWays);

  Tracker* best = nullptr;
  for (Tracker& t : set) {
    if (t.used && t.key == key && !is_expired(t, p)) return t;
    if (t.used && t.key == key) {
      best = &t;
      break;
    }
    if (best == nullptr || (best->used && (!t.used || t.last_number < best->last_number))) best = &t;
  }
  if (best->used) give_up(p, *best);
  *best = Tracker{};
  best->used = true;
  best->key = key;
  best->shard_bytes = &shard_bytes_[p.shard / workers_];
  return *best;
}

/// Counts a datagram that never became whole, for want of time or of room.
void Defragmenter::give_up(Packet& p, Tracker& t) noexcept {
  if (is_expired(t, p)) {
    ++stats_.expired;
  } else {
    ++stats_.evicted;
    add_event(p, of_family(p, DecodeEvent::kIpv4FragIgnored, DecodeEvent::kIpv6FragIgnored));
  }
  stats_.waiting -= t.fragments;
  stats_.incomplete += t.fragments;
  drop(t);
}

void Defragmenter::drop(Tracker& t) noexcept {
  for (Piece* piece = t.pieces; piece != nullptr;) {
    Piece* next = piece->next;
    release(t, piece, sizeof(Piece) + piece->size);
    piece = next;
  }
  if (t.header != nullptr) release(t, t.header, t.header_size);
  t = Tracker{};
}

/// Gives up the shard's datagrams that waited longest, never `keep`, until `bytes` more fit its part of the
/// memory.
bool Defragmenter::make_room(Packet& p, const Tracker& keep, std::size_t bytes) noexcept {
  while (*keep.shard_bytes + bytes > bytes_per_shard_) {  // each turn drops one tracker of the shard, or ends
    Tracker* oldest = nullptr;
    for (Tracker& t : shard_part(p.shard)) {
      if (t.used && &t != &keep && (oldest == nullptr || t.last_number < oldest->last_number)) oldest = &t;
    }
    if (oldest == nullptr) return false;
    give_up(p, *oldest);
  }
  return true;
}

void* Defragmenter::allocate(Packet& p, Tracker& t, std::size_t bytes) noexcept {
  const std::size_t block = Pool::block_size(bytes);
  void* at = make_room(p, t, block) ? pool_.allocate(bytes) : nullptr;
  if (at == nullptr) {
    add_event(p, of_family(p, DecodeEvent::kIpv4FragIgnored, DecodeEvent::kIpv6FragIgnored));
    return nullptr;
  }
  *t.shard_bytes += block;
  return at;
}

void Defragmenter::release(Tracker& t, void* block, std::size_t bytes) noexcept {
  *t.shard_bytes -= Pool::block_size(bytes);
  pool_.release(block, bytes);
}

bool Defragmenter::keep_header(Packet& p, Tracker& t) noexcept {
  void* at = allocate(p, t, p.ip_header.size());
  if (at == nullptr) return false;
  t.header = static_cast<std::uint8_t*>(at);
  t.header_size = p.ip_header.size();
  t.carried = p.proto;
  std::memcpy(t.header, p.ip_header.data(), t.header_size);
  return true;
}

/// Keeps those bytes of `data` that nothing covers yet: what came first counts. This is the place for other
/// policies (BSD, Linux, Windows, last): they differ in what is done with `here` where it overlaps. False
/// when nothing was new, or there was no room for all of it.
Defragmenter::Inserted Defragmenter::insert(Packet& p, Tracker& t, std::uint32_t offset,
                                            Bytes data) noexcept {
  const std::uint32_t end = offset + static_cast<std::uint32_t>(data.size());
  const std::uint32_t covered_before = t.covered;
  bool overlaps = false;
  Piece** link = t.last != nullptr && offset >= t.highest ? &t.last->next : &t.pieces;
  for (std::uint32_t at = offset; at < end;) {
    while (*link != nullptr && (*link)->end() <= at) link = &(*link)->next;
    Piece* here = *link;
    if (here != nullptr && here->offset <= at) {
      overlaps = true;
      at = here->end();
      continue;
    }
    const std::uint32_t stop = here != nullptr ? std::min(end, here->offset) : end;
    if (t.piece_count == config_.max_pieces) {
      add_event(p, of_family(p, DecodeEvent::kIpv4FragIgnored, DecodeEvent::kIpv6FragIgnored));
      return Inserted::kNoRoom;
    }
    void* block = allocate(p, t, sizeof(Piece) + (stop - at));
    if (block == nullptr) return Inserted::kNoRoom;
    Piece* piece = ::new (block) Piece{here, at, stop - at};
    std::memcpy(piece->data(), data.data() + (at - offset), piece->size);
    *link = piece;
    if (here == nullptr) t.last = piece;
    t.covered += piece->size;
    t.highest = std::max(t.highest, piece->end());
    ++t.piece_count;
    at = stop;
  }
  if (overlaps) add_event(p, of_family(p, DecodeEvent::kIpv4FragOverlap, DecodeEvent::kIpv6FragOverlap));
  return t.covered != covered_before ? Inserted::kNew : Inserted::kNothingNew;
}

bool Defragmenter::build(Tracker& t, Bytes& datagram) noexcept {
  const std::size_t size = t.header_size + t.total;
  if (given_out_count_ == kMaxGivenOut) return false;
  auto* out = static_cast<std::uint8_t*>(pool_.allocate(size));
  if (out == nullptr) return false;
  given_out_[given_out_count_++] = {out, size};

  std::memcpy(out, t.header, t.header_size);
  for (Piece* piece = t.pieces; piece != nullptr; piece = piece->next) {
    std::memcpy(out + t.header_size + piece->offset, piece->data(), piece->size);
  }
  if (t.key.is_v4) {
    whole_ipv4(out, t.header_size, t.total);
  } else {
    whole_ipv6(out, t.header_size, t.total, t.carried);
  }
  datagram = Bytes(out, size);
  return true;
}

Defragmenter::Outcome Defragmenter::lose(Packet& p, Verdict verdict) noexcept {
  ++stats_.lost;
  p.verdict = verdict;
  return Outcome::kLost;
}

Defragmenter::Outcome Defragmenter::add(Packet& p, Bytes& datagram) noexcept {
  PICKET_ASSERT(p.is_fragment);
  Bytes data = p.payload;
  if (!is_whole(p)) return lose(p, Verdict::kTruncated);
  const std::size_t unfragmentable = p.is_v4 ? p.ip_header.size() : p.ip_header.size() - kIpv6Header;
  if (unfragmentable + p.frag_offset + data.size() > kMaxIp) {
    add_event(p, of_family(p, DecodeEvent::kIpv4FragTooLarge, DecodeEvent::kIpv6FragTooLarge));
    return lose(p, Verdict::kFragmentLost);
  }
  if (p.more_fragments && data.size() % 8 != 0) {
    if (!p.is_v4)
      return lose(p, Verdict::kFragmentLost);  // RFC 8200 §4.5: discarded; decode() has set the event
    data = data.first(data.size() / 8 * 8);    // offsets count eights: the rest has no place
  }
  if (data.empty()) return lose(p, Verdict::kFragmentLost);

  Tracker& t = find_or_claim(p);
  t.last_ns = p.at.clock_ns;
  t.last_number = p.at.number;
  const std::uint32_t end = p.frag_offset + static_cast<std::uint32_t>(data.size());
  // Two ends, or bytes behind the end: one of them lies, and what came first counts.
  const bool contradicts =
      p.more_fragments ? t.total != 0 && end > t.total : (t.total != 0 && end != t.total) || end < t.highest;
  if (contradicts) {
    add_event(p, of_family(p, DecodeEvent::kIpv4FragOverlap, DecodeEvent::kIpv6FragOverlap));
    return lose(p, Verdict::kFragmentLost);
  }
  const bool first = p.frag_offset == 0 && t.header == nullptr;
  const bool kept_header = !first || keep_header(p, t);
  const Inserted inserted = kept_header ? insert(p, t, p.frag_offset, data) : Inserted::kNoRoom;
  if (inserted == Inserted::kNoRoom) {
    if (t.fragments == 0) drop(t);
    return lose(p, Verdict::kFragmentLost);
  }
  if (!p.more_fragments) t.total = end;  // news even from a fragment whose bytes are not
  const bool complete = t.total != 0 && t.covered == t.total && t.header != nullptr;
  if (inserted == Inserted::kNothingNew && !complete) return lose(p, Verdict::kFragmentLost);
  ++t.fragments;
  ++stats_.waiting;
  if (!complete) {
    p.verdict = Verdict::kFragmentHeld;
    return Outcome::kHeld;
  }

  const bool built = t.header_size + t.total <= kMaxIp + (p.is_v4 ? 0 : kIpv6Header) && build(t, datagram);
  stats_.waiting -= t.fragments;
  (built ? stats_.used : stats_.incomplete) += t.fragments;
  drop(t);
  if (built) {
    ++stats_.datagrams;
    return Outcome::kComplete;
  }
  add_event(p, of_family(p, DecodeEvent::kIpv4FragTooLarge, DecodeEvent::kIpv6FragTooLarge));
  p.verdict = Verdict::kFragmentLost;
  return Outcome::kLost;
}

void Defragmenter::recycle() noexcept {
  for (unsigned i = 0; i < given_out_count_; ++i) pool_.release(given_out_[i].block, given_out_[i].size);
  given_out_count_ = 0;
}

void Defragmenter::finish() noexcept {
  for (std::size_t i = 0; i < tracker_count_; ++i) {
    Tracker& t = trackers_[i];
    if (!t.used) continue;
    stats_.waiting -= t.fragments;
    stats_.incomplete += t.fragments;
    drop(t);
  }
}

void decode(const Decoder& decoder, Defragmenter& defragmenter, Packet& p) noexcept {
  decoder.decode(p);
  Bytes datagram;
  for (unsigned nested = 0; p.is_fragment && p.verdict == Verdict::kInspected; ++nested) {
    if (nested == kMaxNested) {
      add_event(p, DecodeEvent::kTooManyLayers);
      p.verdict = Verdict::kDecodeTooDeep;
      return;
    }
    if (defragmenter.add(p, datagram) != Defragmenter::Outcome::kComplete) return;
    decoder.decode_datagram(p, datagram);
  }
}

}  // namespace picket
