#include "dataplane/flow/stream_check.h"

#include <algorithm>

namespace picket {
namespace {

constexpr std::uint8_t kMaxWindowScale = 14;  // RFC 7323, 2.3
constexpr std::uint32_t kLeastWindow =
    1 << 20;  // a window that was announced elsewhere than on this tap may be larger
constexpr std::uint32_t kFarthest = 1 << 30;
constexpr std::uint8_t kSynFlood = 10, kSynAckFlood = 5;  // different ones; as Suricata's defaults

/// One segment and the two sides of its flow, and who is told.
struct Look {
  const Flow& f;
  const Packet& p;
  const FlowSide& me;
  const FlowSide& peer;
  StreamSink& sink;
  bool syn, ack, fin, rst;

  void tell(StreamEvent e) const noexcept { sink.on_stream_event(f, e); }
  void tell_if(bool odd, StreamEvent e) const noexcept {
    if (odd) tell(e);
  }
  [[nodiscard]] bool from_client() const noexcept { return p.direction == Direction::kToServer; }
  [[nodiscard]] std::uint32_t end() const noexcept {
    return p.tcp_seq + static_cast<std::uint32_t>(p.payload.size());
  }
  [[nodiscard]] bool simultaneous() const noexcept { return (f.flags & flow_flag::kSimultaneous) != 0; }
  /// Does it acknowledge the other side's SYN, with or without the bytes that came with it?
  [[nodiscard]] bool answers_syn() const noexcept {
    return peer.seq_known && seq_diff(p.tcp_ack, peer.isn + 1) >= 0 &&
           seq_diff(p.tcp_ack, peer.next_seq) <= 0;
  }
};

void check_unanswered(const Look& l) noexcept {
  if (!l.syn || !l.peer.seq_known) {
    const bool first_of_one_side = !l.syn && l.ack && l.me.seq_known && !l.peer.seq_known;
    if (l.syn && l.ack && l.me.seq_known) l.tell(StreamEvent::kSynAckFromClient);
    if (l.syn && !l.ack && l.me.seq_known && l.p.tcp_seq != l.me.isn && l.me.attempts + 1 == kSynFlood)
      l.tell(StreamEvent::kSynFlood);
    if (first_of_one_side && l.p.tcp_seq != l.me.next_seq) l.tell(StreamEvent::kAsyncWrongSeq);
    return;
  }
  if (!l.ack) return;
  if (l.simultaneous() || l.me.seq_known) {
    l.tell_if(l.p.tcp_ack != l.peer.isn + 1, StreamEvent::kFourWayWrongAck);
    l.tell_if(l.me.seq_known && l.p.tcp_seq != l.me.isn, StreamEvent::kFourWayWrongSyn);
    return;
  }
  if (l.peer.next_seq != l.peer.isn + 1 && l.p.tcp_ack == l.peer.isn + 1)
    l.tell(StreamEvent::kFastOpenIgnored);
}

void check_answered(const Look& l) noexcept {
  if (l.syn && l.ack) {
    if (l.from_client()) return l.tell_if(!l.simultaneous(), StreamEvent::kSynAckToServer);
    const bool other_seq = l.p.tcp_seq != l.me.isn;
    if (!l.answers_syn()) return l.tell(StreamEvent::kSynAckOtherAck);
    l.tell_if(other_seq, StreamEvent::kSynAckOtherSeq);
    l.tell_if(other_seq && l.me.attempts + 1 == kSynAckFlood, StreamEvent::kSynAckFlood);
    return;
  }
  if (l.syn) {
    if (!l.from_client()) return l.tell(StreamEvent::kSynToClient);
    return l.tell_if(l.me.seq_known && l.p.tcp_seq != l.me.isn, StreamEvent::kSynResendDiffSeq);
  }
  if (!l.ack || !l.me.seq_known || !l.peer.seq_known) return;
  const bool right_seq = l.p.tcp_seq == l.me.next_seq, right_ack = l.p.tcp_ack == l.peer.next_seq;
  if (l.simultaneous()) {
    l.tell_if(!right_seq, StreamEvent::kFourWayWrongSeq);
    return l.tell_if(!right_ack, StreamEvent::kFourWayInvalidAck);
  }
  // Behind a fast open, a server need not wait for the client.
  const bool fast_open = l.peer.next_seq != l.peer.isn + 1;
  if (!l.from_client()) return l.tell_if(!fast_open, StreamEvent::kAckInWrongDir);
  if (right_ack || (seq_diff(l.p.tcp_ack, l.peer.next_seq) < 0 && l.peer.next_seq != l.peer.isn + 1)) return;
  if (!right_seq) return l.tell(StreamEvent::kWrongSeqWrongAck);
  l.tell(l.p.payload.empty() ? StreamEvent::kWrongAckEvasion : StreamEvent::kAckDataInject);
}

/// What an odd segment is called in each state of an open or closing connection. kStreamEventCount: nothing.
struct Names {
  TcpState state;
  StreamEvent wrong_seq, wrong_fin, wrong_ack;
};
constexpr Names kNames[] = {
    {TcpState::kEstablished, StreamEvent::kEstOutOfWindow, StreamEvent::kFinOutOfWindow,
     StreamEvent::kEstInvalidAck},
    {TcpState::kFinWait1, StreamEvent::kFin1AckWrongSeq, StreamEvent::kFin1FinWrongSeq,
     StreamEvent::kFin1InvalidAck},
    {TcpState::kFinWait2, StreamEvent::kFin2AckWrongSeq, StreamEvent::kFin2FinWrongSeq,
     StreamEvent::kFin2InvalidAck},
    {TcpState::kCloseWait, StreamEvent::kCloseWaitAckOutOfWindow, StreamEvent::kCloseWaitFinOutOfWindow,
     StreamEvent::kCloseWaitInvalidAck},
    {TcpState::kClosing, StreamEvent::kClosingAckWrongSeq, StreamEvent::kClosingAckWrongSeq,
     StreamEvent::kClosingInvalidAck},
    {TcpState::kLastAck, StreamEvent::kLastAckWrongSeq, StreamEvent::kLastAckWrongSeq,
     StreamEvent::kLastAckInvalidAck},
    {TcpState::kTimeWait, StreamEvent::kTimeWaitWrongSeq, StreamEvent::kTimeWaitWrongSeq,
     StreamEvent::kTimeWaitInvalidAck},
};

void check_syn_of_open(const Look& l) noexcept {
  if (l.f.tcp_state != TcpState::kEstablished) {
    return l.tell_if(!l.ack && l.f.tcp_state != TcpState::kClosed, StreamEvent::kShutdownSynResend);
  }
  if (l.ack) {
    if (l.from_client()) return l.tell_if(!l.simultaneous(), StreamEvent::kEstSynAckToServer);
    if (!l.peer.seq_known || !l.me.seq_known) return;
    if (seq_diff(l.p.tcp_ack, l.peer.isn + 1) < 0 || seq_diff(l.p.tcp_ack, l.peer.next_seq) > 0)
      return l.tell(StreamEvent::kEstSynAckOtherAck);
    return l.tell(l.p.tcp_seq != l.me.isn ? StreamEvent::kEstSynAckOtherSeq : StreamEvent::kEstSynAckResend);
  }
  if (!l.from_client()) return l.tell(StreamEvent::kEstSynToClient);
  l.tell(l.p.tcp_seq != l.me.isn ? StreamEvent::kEstSynOtherSeq : StreamEvent::kEstSynResend);
}

void check_open(const Look& l, const Names& names) noexcept {
  if (l.ack && !can_acknowledge(l.f, l.p.direction, l.p.tcp_ack)) {
    l.tell(StreamEvent::kInvalidAck);
    const bool first_fin = l.fin && l.f.tcp_state == TcpState::kEstablished;
    return l.tell(first_fin ? StreamEvent::kFinInvalidAck : names.wrong_ack);
  }
  if (!l.me.seq_known) return;
  if (l.fin && !l.me.fin_seen) {
    const bool old = seq_diff(l.end(), l.me.next_seq) < 0;
    return l.tell_if(old || !in_window(l.f, l.p.direction, l.end()), names.wrong_fin);
  }
  if (l.p.payload.empty()) {
    const bool far = seq_diff(l.p.tcp_seq, l.me.next_seq) > 1 && !in_window(l.f, l.p.direction, l.p.tcp_seq);
    return l.tell_if(far, names.wrong_seq);
  }
  if (seq_diff(l.p.tcp_seq, l.me.next_seq) > 0)
    return l.tell_if(!in_window(l.f, l.p.direction, l.p.tcp_seq), names.wrong_seq);
  const bool keep_alive = l.p.payload.size() == 1 && l.p.tcp_seq + 1 == l.me.next_seq;
  if (keep_alive || seq_diff(l.end(), l.me.next_seq) > 0) return;
  const bool acknowledged = l.peer.last_ack != 0 && seq_diff(l.end(), l.peer.last_ack) <= 0;
  l.tell(StreamEvent::kRetransmission);
  if (!acknowledged) return;
  l.tell(StreamEvent::kSpuriousRetransmission);
  if (l.end() == l.peer.last_ack) return;
  l.tell(StreamEvent::kBeforeBaseSeq);
  if (l.f.tcp_state == TcpState::kEstablished) l.tell(StreamEvent::kEstBeforeLastAck);
  if (l.f.tcp_state == TcpState::kCloseWait) l.tell(StreamEvent::kCloseWaitBeforeLastAck);
}

}  // namespace

bool in_window(const Flow& f, Direction dir, std::uint32_t seq) noexcept {
  const FlowSide& me = f.side[index(dir)];
  const FlowSide& peer = f.side[index(reverse(dir))];
  if (!me.seq_known) return true;
  const bool midstream = f.flags & flow_flag::kMidstream;
  const std::uint8_t scale = peer.wscale == 0xff ? (midstream ? kMaxWindowScale : std::uint8_t{0})
                                                 : std::min(peer.wscale, kMaxWindowScale);
  const std::uint32_t window =
      std::max<std::uint32_t>(std::uint32_t{peer.window_size} << scale, kLeastWindow);
  const std::int32_t ahead = seq_diff(seq, me.next_seq);
  if (ahead > static_cast<std::int32_t>(std::min<std::uint32_t>(window, kFarthest))) return false;
  // Of a peer that was not heard nobody knows how far it has come.
  return ahead >= 0 || seq_diff(seq, peer.last_ack != 0 ? peer.last_ack : me.isn + 1) >= 0;
}

bool can_acknowledge(const Flow& f, Direction dir, std::uint32_t ack) noexcept {
  const FlowSide& peer = f.side[index(reverse(dir))];
  // An old one says nothing wrong; what lies ahead may have been lost on the way to the tap.
  return !peer.seq_known || seq_diff(ack, peer.next_seq) <= 0 || in_window(f, reverse(dir), ack);
}

void check_segment(const Flow& f, const Packet& p, StreamSink& sink) noexcept {
  const FlowSide& me = f.side[index(p.direction)];
  const FlowSide& peer = f.side[index(reverse(p.direction))];
  constexpr std::uint8_t kWanted = tcp_flag::kAck;
  constexpr std::uint8_t kLooked = tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kFin | tcp_flag::kRst;
  if ((p.tcp_flags & kLooked) == kWanted && f.tcp_state == TcpState::kEstablished && me.seq_known &&
      p.tcp_seq == me.next_seq && (!peer.seq_known || seq_diff(p.tcp_ack, peer.next_seq) <= 0))
    return;  // the next segment of an open connection
  const Look l{f,
               p,
               me,
               peer,
               sink,
               (p.tcp_flags & tcp_flag::kSyn) != 0,
               (p.tcp_flags & tcp_flag::kAck) != 0,
               (p.tcp_flags & tcp_flag::kFin) != 0,
               (p.tcp_flags & tcp_flag::kRst) != 0};
  l.tell_if(l.syn && l.fin, StreamEvent::kFinSyn);
  l.tell_if(!l.ack && !l.rst && p.tcp_ack != 0, StreamEvent::kBrokenAck);
  if (f.tcp_state == TcpState::kNone) {
    if (f.side[0].packets + f.side[1].packets > 1) return;
    if (l.rst) return l.tell(StreamEvent::kRstNoSession);
    return l.tell_if(l.fin && !l.syn, StreamEvent::kFinNoSession);
  }
  if (l.rst) {
    const bool open = f.tcp_state >= TcpState::kEstablished && f.tcp_state != TcpState::kClosed;
    return l.tell_if(open && l.ack && !can_acknowledge(f, p.direction, p.tcp_ack),
                     StreamEvent::kRstInvalidAck);
  }
  if (f.tcp_state == TcpState::kSynSent) return check_unanswered(l);
  if (f.tcp_state == TcpState::kSynRecv) return check_answered(l);
  if (l.syn) return check_syn_of_open(l);
  const auto* names = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const Names& n) { return n.state == f.tcp_state; });
  if (names != std::end(kNames)) check_open(l, *names);
}

}  // namespace picket
