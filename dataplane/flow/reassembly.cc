#include "dataplane/flow/reassembly.h"

#include <algorithm>
#include <cstring>

#include "dataplane/flow/stream_check.h"
#include "parsers/core/assert.h"

namespace picket {
namespace {

// An acknowledgement may overtake its segment between two ports of a SPAN: a hole is given that long to fill.
constexpr std::uint64_t kReorderGraceNs = 1'000'000;

std::uint8_t* bytes_of(HeldSegment* s) noexcept { return reinterpret_cast<std::uint8_t*>(s + 1); }

void note(Flow& f, Direction dir, char letter) noexcept {
  // One letter for each kind of thing, once: upper case from the client, lower case from the server.
  const char c = dir == Direction::kToServer ? static_cast<char>(letter - 32) : letter;
  for (char& known : f.history) {
    if (known == c) return;
    if (known != 0) continue;
    known = c;
    return;
  }
}

}  // namespace

bool Reassembler::reuses(const Flow& f, const Packet& p) noexcept {
  const std::uint8_t fl = p.tcp_flags & (tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kRst);
  if (fl != tcp_flag::kSyn) return false;
  if (f.tcp_state == TcpState::kNone || f.tcp_state == TcpState::kSynSent) return false;
  const FlowSide& s = f.side[index(p.direction)];
  const bool over = f.state == FlowState::kClosed || f.tcp_state == TcpState::kLastAck;
  return over && !(s.seq_known && p.tcp_seq == s.isn);
}

bool Reassembler::follow(Flow& f, const Packet& p, StreamSink& sink) noexcept {
  const FlowState before = f.state;
  check_segment(f, p, sink);
  f.side[index(p.direction)].tcp_flags |= p.tcp_flags;
  follow_state(f, p, sink);
  return f.state != before;
}

/// RFC 7323, 5: a receiver drops a segment with a timestamp older than the one before. While the client waits
/// for an answer to its SYN, an answer that echoes another timestamp is to something else. A flow with a pause
/// of 24 days, after which any timestamp may come, has ended before.
bool Reassembler::is_timely(Flow& f, const Packet& p, StreamSink& sink) noexcept {
  if (!p.tcp_has_timestamp) return true;
  const bool syn = (p.tcp_flags & tcp_flag::kSyn) != 0;
  std::uint32_t& recent = f.timestamps[index(p.direction)];
  const std::uint32_t other = f.timestamps[index(reverse(p.direction))];
  const bool both = (f.flags & flow_flag::kTimestamps) != 0;
  bool timely = true;
  if (f.tcp_state == TcpState::kSynSent && !both && p.direction == Direction::kToClient)
    timely = other == 0 || p.tcp_ts_echo == 0 || p.tcp_ts_echo == other;
  else if (both && !syn)
    timely = recent == 0 || seq_diff(p.tcp_ts_value, recent) >= 0;
  if (!timely) {
    sink.on_stream_event(f, StreamEvent::kInvalidTimestamp);
    return false;
  }
  const bool first = f.tcp_state == TcpState::kNone;
  if ((first && !syn) || (syn && f.tcp_state == TcpState::kSynSent && other != 0))
    f.flags |= flow_flag::kTimestamps;  // both sides have said that they use them; or the start was not seen
  const FlowSide& me = f.side[index(p.direction)];
  if (syn || !me.seq_known || seq_diff(p.tcp_seq, me.next_seq) <= 0) recent = p.tcp_ts_value;
  return true;
}

/// Would the receiver believe this reset? It must lie in the window; while connecting, it must answer the
/// SYN.
bool Reassembler::believes_reset(const Flow& f, const Packet& p) noexcept {
  const FlowSide& me = f.side[index(p.direction)];
  const FlowSide& peer = f.side[index(reverse(p.direction))];
  if (p.tcp_signed && (f.flags & flow_flag::kSigned) == 0) return false;  // RFC 5925, 7.3
  if (f.tcp_state != TcpState::kSynSent && (p.tcp_flags & tcp_flag::kAck) &&
      !can_acknowledge(f, p.direction, p.tcp_ack))
    return false;
  if (!me.seq_known) {
    const bool ack = p.tcp_flags & tcp_flag::kAck;
    return !ack || !peer.seq_known || f.tcp_state != TcpState::kSynSent || p.tcp_ack == peer.isn + 1;
  }
  // What its stack answers to forgeries does not end the attempt: only the other side can refuse it, where that is on
  // this tap.
  return (f.tcp_state != TcpState::kSynSent || peer.packets == 0) && in_window(f, p.direction, p.tcp_seq);
}

void Reassembler::follow_state(Flow& f, const Packet& p, StreamSink& sink) noexcept {
  const Direction dir = p.direction;
  FlowSide& me = f.side[index(dir)];
  FlowSide& peer = f.side[index(reverse(dir))];
  const bool syn = p.tcp_flags & tcp_flag::kSyn, ack = p.tcp_flags & tcp_flag::kAck,
             fin = p.tcp_flags & tcp_flag::kFin,
             rst = (p.tcp_flags & tcp_flag::kRst) != 0 && believes_reset(f, p);
  if ((p.tcp_flags & tcp_flag::kRst) != 0 && !rst) {
    const bool forged = p.tcp_signed && (f.flags & flow_flag::kSigned) == 0;
    sink.on_stream_event(f, forged ? StreamEvent::kSuspectedRstInject : StreamEvent::kRstWrongSeq);
    return;
  }
  if (p.tcp_signed && f.tcp_state == TcpState::kNone) f.flags |= flow_flag::kSigned;
  // While the client waits for an answer to its SYN, an acknowledgement of anything else belongs to an older
  // connection.
  const bool stray_ack = ack && f.tcp_state == TcpState::kSynSent && peer.seq_known && !me.seq_known &&
                         (seq_diff(p.tcp_ack, peer.isn + 1) < 0 || seq_diff(p.tcp_ack, peer.next_seq) > 0);
  if (stray_ack) {
    if (syn) sink.on_stream_event(f, StreamEvent::kSynAckWithWrongAck);
    return;
  }
  me.window_size = p.tcp_window;
  if (syn) {
    note(f, dir, ack ? 'h' : 's');
    const bool again = me.seq_known && !ack && f.tcp_state == TcpState::kSynSent && p.tcp_seq != me.isn;
    const bool other = me.seq_known && p.tcp_seq != me.isn;
    if (other && me.attempts != 0xff) ++me.attempts;
    if (!ack && f.tcp_state == TcpState::kSynSent && peer.seq_known && !me.seq_known)
      f.flags |= flow_flag::kSimultaneous;
    if (!me.seq_known || again) {
      me.isn = p.tcp_seq;
      me.next_seq = p.tcp_seq + 1;
      me.seq_known = true;
      if (p.tcp_wscale != 0xff) me.wscale = p.tcp_wscale;
    }
    if (!ack && f.tcp_state == TcpState::kNone) f.tcp_state = TcpState::kSynSent;
    if (ack && f.tcp_state <= TcpState::kSynSent) f.tcp_state = TcpState::kSynRecv;
  } else if (!rst && f.tcp_state == TcpState::kNone) {
    f.flags |= flow_flag::kMidstream;  // the start was not seen
    if (config_.midstream) f.tcp_state = TcpState::kEstablished;
  }
  if (ack && !rst) {
    if ((me.last_ack == 0 || seq_diff(p.tcp_ack, me.last_ack) > 0) && in_window(f, reverse(dir), p.tcp_ack))
      me.last_ack = p.tcp_ack;
    if (!syn && (f.tcp_state == TcpState::kSynRecv ||
                 (f.tcp_state == TcpState::kSynSent && dir == Direction::kToServer && config_.one_side))) {
      f.tcp_state = TcpState::kEstablished;  // the latter: the server's side is not on this tap
    }
    if (!syn && p.payload.empty() && !fin) note(f, dir, 'a');
  }
  if (!p.payload.empty()) note(f, dir, 'd');
  if (f.tcp_state >= TcpState::kEstablished && f.state == FlowState::kNew) f.state = FlowState::kEstablished;

  const std::uint32_t fin_seq = p.tcp_seq + static_cast<std::uint32_t>(p.payload.size());
  if (fin && in_window(f, dir, fin_seq)) {
    note(f, dir, 'f');
    if (!me.fin_seen) {
      me.fin_seen = true;
      me.fin_seq = fin_seq;
    }
    // As the server sees it, which is how Suricata names it.
    const bool client = dir == Direction::kToServer;
    switch (f.tcp_state) {
      case TcpState::kSynRecv:
      case TcpState::kEstablished:
        // Whose other side is not on this tap stays open, as far as can be told.
        if (peer.packets == 0 && (f.flags & flow_flag::kMidstream) == 0) break;
        f.tcp_state = client ? TcpState::kCloseWait : TcpState::kFinWait1;
        break;
      case TcpState::kFinWait1:
      case TcpState::kFinWait2:
        if (client) f.tcp_state = TcpState::kTimeWait;
        break;
      case TcpState::kCloseWait:
        if (!client) f.tcp_state = TcpState::kLastAck;
        break;
      default:
        break;
    }
    // Its acknowledgement may have overtaken it between two ports of a tap.
    if (f.tcp_state == TcpState::kLastAck && peer.last_ack != 0 && seq_diff(peer.last_ack, fin_seq) > 0)
      f.tcp_state = TcpState::kClosed;
  } else if (ack && peer.fin_seen && me.last_ack != 0 && seq_diff(me.last_ack, peer.fin_seq) > 0) {
    if (f.tcp_state == TcpState::kFinWait1)
      f.tcp_state = TcpState::kFinWait2;
    else if (f.tcp_state == TcpState::kLastAck || f.tcp_state == TcpState::kTimeWait)
      f.tcp_state = TcpState::kClosed;
  }
  if (rst) {
    note(f, dir, 'r');
    me.rst_seen = true;
    f.tcp_state = TcpState::kClosed;
  }
  if (f.tcp_state == TcpState::kClosed || f.tcp_state == TcpState::kTimeWait) f.state = FlowState::kClosed;
}

void Reassembler::on_segment(Flow& f, const Packet& p, StreamSink& sink) noexcept {
  const Direction dir = p.direction;
  FlowSide& me = f.side[index(dir)];
  if (p.tcp_flags & tcp_flag::kRst) {
    if (!me.rst_seen) return;  // not believed
    drain_all(f, Direction::kToServer, sink);
    drain_all(f, Direction::kToClient, sink);
    end_side(f, dir, sink);
    end_side(f, reverse(dir), sink);
    return;
  }
  std::uint32_t seq = p.tcp_seq;
  Bytes data = p.payload;
  if (p.tcp_flags & tcp_flag::kSyn) ++seq;  // bytes on a SYN (fast open) stand behind it
  const bool follow =
      (config_.midstream || (f.flags & flow_flag::kMidstream) == 0) &&
      (config_.one_side || f.tcp_state != TcpState::kSynSent || (p.tcp_flags & tcp_flag::kSyn));
  if (!data.empty() && !me.ended && follow) {
    if (!me.seq_known) {
      me.seq_known = true;
      me.isn = seq - 1;
      me.next_seq = seq;
      sink.on_stream_event(f, StreamEvent::kMidstream);
    }
    const std::size_t urgent = config_.urgent == UrgentByte::kOutOfBand && (p.tcp_flags & tcp_flag::kUrg) != 0
                                   ? p.tcp_urgent
                                   : std::size_t{0};
    if (urgent == 0 || urgent > data.size()) {
      take(f, dir, seq, data, false, sink);
    } else {  // the pointer is to what stands behind the byte
      const auto at = static_cast<std::uint32_t>(urgent);
      if (urgent > 1) take(f, dir, seq, data.first(urgent - 1), false, sink);
      take(f, dir, seq + at - 1, data.subspan(urgent - 1, 1), true, sink);
      if (urgent < data.size()) take(f, dir, seq + at, data.subspan(urgent), false, sink);
    }
  }
  // The same, when the acknowledgement comes after the segments behind the hole.
  const Direction other = reverse(dir);
  FlowSide& peer = f.side[index(other)];
  if (peer.waiting != nullptr && peer.waiting->head != nullptr && (p.tcp_flags & tcp_flag::kAck) &&
      seq_diff(me.last_ack, peer.waiting->head->seq) > 0 &&
      p.at.clock_ns > peer.last_clock_ns + kReorderGraceNs) {
    skip_to(f, other, peer.waiting->head->seq, sink);
    drain(f, other, sink);
  }
  if (me.fin_seen && me.seq_known && seq_diff(me.next_seq, me.fin_seq) >= 0) end_side(f, dir, sink);
}

/// Bytes of one segment: handed on, held, or thrown away.
void Reassembler::take(Flow& f, Direction dir, std::uint32_t seq, Bytes data, bool urgent,
                       StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  const std::int32_t ahead = seq_diff(seq, me.next_seq);
  if (ahead <= 0) {
    const auto old = static_cast<std::size_t>(-static_cast<std::int64_t>(ahead));
    if (old >= data.size()) return;
    if (urgent)
      ++me.next_seq;
    else
      hand_on(f, dir, data.subspan(old), sink);
    if (me.waiting != nullptr) drain(f, dir, sink);
  } else if (!in_window(f, dir, seq)) {
    sink.on_stream_event(f, StreamEvent::kOutOfWindow);
  } else if (me.depth_reached) {
    skip_to(f, dir, seq, sink);  // nobody reads these bytes: they are counted where they lie
    hand_on(f, dir, data, sink);
  } else if (hold(f, dir, seq, data, urgent, sink)) {
    // A hole that the receiver has already acknowledged will not be filled.
    const FlowSide& peer = f.side[index(reverse(dir))];
    if (peer.last_ack != 0 && me.waiting != nullptr && seq_diff(peer.last_ack, me.waiting->head->seq) >= 0) {
      skip_to(f, dir, me.waiting->head->seq, sink);
      drain(f, dir, sink);
    }
  }
}

void Reassembler::hand_on(Flow& f, Direction dir, Bytes data, StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  me.next_seq += static_cast<std::uint32_t>(data.size());
  const std::uint64_t offset = me.delivered;
  me.delivered += data.size();
  if (me.depth_reached) return;
  if (config_.depth_bytes != 0 && (f.flags & flow_flag::kNoDepth) == 0 &&
      offset + data.size() >= config_.depth_bytes) {
    me.depth_reached = true;
    data = data.first(
        std::min<std::uint64_t>(data.size(), config_.depth_bytes - std::min(offset, config_.depth_bytes)));
    sink.on_stream_event(f, StreamEvent::kDepth);
    if (!data.empty()) sink.on_data(f, dir, data, offset);
    sink.on_end(f, dir);  // for whoever reads them, there are no more bytes
    return;
  }
  sink.on_data(f, dir, data, offset);
}

/// The bytes up to `seq` are lost.
void Reassembler::skip_to(Flow& f, Direction dir, std::uint32_t seq, StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  const std::int32_t missing = seq_diff(seq, me.next_seq);
  if (missing <= 0) return;
  const std::uint64_t offset = me.delivered;
  me.next_seq = seq;
  me.delivered += static_cast<std::uint32_t>(missing);
  me.missing += static_cast<std::uint32_t>(missing);
  me.gap_end = me.delivered;
  me.gap_bytes = static_cast<std::uint32_t>(missing);
  if (me.gaps != 0xffff) ++me.gaps;
  note(f, dir, 'g');
  sink.on_stream_event(f, StreamEvent::kGap);
  if (!me.depth_reached) sink.on_gap(f, dir, static_cast<std::uint32_t>(missing), offset);
}

void Reassembler::drop_first(FlowSide& side) noexcept {
  SegmentList& list = *side.waiting;
  HeldSegment* s = list.head;
  list.head = s->next;
  list.bytes -= s->size;
  --list.count;
  pool_.release(s, sizeof(HeldSegment) + s->size);
  if (list.head == nullptr) {
    pool_.destroy(side.waiting);
    side.waiting = nullptr;
  }
}

/// Hands on what waits and is now in order.
void Reassembler::drain(Flow& f, Direction dir, StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  while (me.waiting != nullptr) {
    HeldSegment* s = me.waiting->head;
    const std::int32_t ahead = seq_diff(s->seq, me.next_seq);
    if (ahead > 0) return;
    const auto old = static_cast<std::size_t>(-static_cast<std::int64_t>(ahead));
    if (old < s->size && s->urgent)
      ++me.next_seq;
    else if (old < s->size)
      hand_on(f, dir, Bytes(bytes_of(s) + old, s->size - old), sink);
    drop_first(me);
  }
}

void Reassembler::drain_all(Flow& f, Direction dir, StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  while (me.waiting != nullptr) {
    skip_to(f, dir, me.waiting->head->seq, sink);
    drain(f, dir, sink);
  }
}

/// Keeps a copy of what came too early, in order; the first copy of a byte wins.
bool Reassembler::hold(Flow& f, Direction dir, std::uint32_t seq, Bytes data, bool urgent,
                       StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  if (me.waiting == nullptr) {
    me.waiting = pool_.make<SegmentList>();
    if (me.waiting == nullptr) return sink.on_stream_event(f, StreamEvent::kNoMemory), false;
  }
  // No room: the hole is given up, which hands on what waits and makes room.
  if (me.waiting->count >= config_.max_held_segments ||
      me.waiting->bytes + data.size() > config_.max_held_bytes) {
    sink.on_stream_event(f, StreamEvent::kHeldLimit);
    drain_all(f, dir, sink);
    const std::int32_t ahead = seq_diff(seq, me.next_seq);
    if (ahead > 0) skip_to(f, dir, seq, sink);
    const auto old = static_cast<std::size_t>(ahead > 0 ? 0 : -static_cast<std::int64_t>(ahead));
    if (old < data.size() && urgent)
      ++me.next_seq;
    else if (old < data.size())
      hand_on(f, dir, data.subspan(old), sink);
    return false;
  }
  // Keep only what is not held already: walk along the list, filling the holes between its segments.
  HeldSegment** at = &me.waiting->head;
  bool differs = false;
  while (!data.empty()) {
    if (*at != nullptr && seq_diff((*at)->seq, seq) <= 0) {
      const std::int32_t covered = seq_diff((*at)->seq + (*at)->size, seq);
      if (covered > 0) {
        const auto n = std::min<std::size_t>(static_cast<std::uint32_t>(covered), data.size());
        const std::uint8_t* const mine =
            bytes_of(*at) + static_cast<std::uint32_t>(seq_diff(seq, (*at)->seq));
        differs = differs || std::memcmp(mine, data.data(), n) != 0;
        data = data.subspan(n);
        seq += static_cast<std::uint32_t>(n);
      }
      at = &(*at)->next;
      continue;
    }
    std::size_t n = data.size();
    if (*at != nullptr) n = std::min<std::size_t>(n, static_cast<std::uint32_t>(seq_diff((*at)->seq, seq)));
    auto* h = static_cast<HeldSegment*>(pool_.allocate(sizeof(HeldSegment) + n));
    if (h == nullptr) {
      sink.on_stream_event(f, StreamEvent::kNoMemory);
      break;
    }
    *h = {*at, seq, static_cast<std::uint32_t>(n), urgent};
    std::memcpy(bytes_of(h), data.data(), n);
    *at = h;
    at = &h->next;
    me.waiting->bytes += h->size;
    ++me.waiting->count;
    data = data.subspan(n);
    seq += static_cast<std::uint32_t>(n);
  }
  count_regions(f, dir);
  if (differs) sink.on_stream_event(f, StreamEvent::kOverlapDiffers);
  if (me.waiting->head != nullptr) return true;
  pool_.destroy(me.waiting);
  me.waiting = nullptr;
  return false;
}

/// Bytes that wait far apart are pieces of their own.
void Reassembler::count_regions(Flow& f, Direction dir) noexcept {
  constexpr std::int32_t kApart = 256 * 1024;
  const FlowSide& me = f.side[index(dir)];
  unsigned pieces = 1;
  std::uint32_t end = me.next_seq;
  for (const HeldSegment* s = me.waiting->head; s != nullptr; s = s->next) {
    if (seq_diff(s->seq, end) > kApart) ++pieces;
    end = s->seq + s->size;
  }
  const unsigned shift = dir == Direction::kToServer ? 0 : 4;
  const unsigned most = std::max(pieces, unsigned{f.regions} >> shift & 15U);
  f.regions = static_cast<std::uint8_t>((f.regions & (0xf0U >> shift)) | std::min(most, 15U) << shift);
}

void Reassembler::end_side(Flow& f, Direction dir, StreamSink& sink) noexcept {
  FlowSide& me = f.side[index(dir)];
  if (me.ended) return;
  me.ended = true;
  while (me.waiting != nullptr) drop_first(me);
  if (!me.depth_reached) sink.on_end(f, dir);
}

void Reassembler::flush(Flow& f, StreamSink& sink) noexcept {
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    drain_all(f, dir, sink);
    // Acknowledged, but never seen, and nothing came behind it. A single one is the FIN's.
    const FlowSide& me = f.side[index(dir)];
    const FlowSide& peer = f.side[index(reverse(dir))];
    const bool acknowledged = me.seq_known && !me.ended && peer.last_ack != 0;
    if (acknowledged && seq_diff(peer.last_ack, me.next_seq) > 1) {
      const bool fin = me.fin_seen && seq_diff(peer.last_ack, me.fin_seq) > 0;
      skip_to(f, dir, fin ? me.fin_seq : peer.last_ack, sink);
    }
    end_side(f, dir, sink);
  }
}

}  // namespace picket
