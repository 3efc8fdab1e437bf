#include "parsers/rasta/supervision.h"

namespace picket::rasta {
namespace {

/// How far `a` is ahead of `b`, of numbers that begin anew behind the greatest.
constexpr std::int64_t ahead(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b);
}
constexpr std::uint64_t when(bool odd, Event e) noexcept { return odd ? bit(e) : 0; }

}  // namespace

Supervision::Word Supervision::see(Direction dir, const Pdu& p, std::uint64_t now) noexcept {
  Word word;
  word.odd = identity(dir, p);
  Side& side = sides_[index(dir)];
  Side& peer = sides_[index(reverse(dir))];
  if (p.opens()) {
    // Both numbers begin anew with a connection.
    side = Side{};
    side.id = p.sender;
    if (p.type == Type::kConnectionRequest) peer = Side{};
  }
  std::uint32_t lost = 0;
  const std::uint64_t of_channel = channel(side, p, lost);
  word.odd |= of_channel;
  constexpr std::uint64_t kOld =
      bit(Event::kOutOfOrder) | bit(Event::kRepeatedPdu) | bit(Event::kReplayedPdu);
  if ((of_channel & kOld) == 0) {
    const std::uint64_t of_sequence = sequence(side, p, lost);
    word.odd |= of_sequence;
    word.counts = (of_sequence & bit(Event::kReplayedPdu)) == 0;
  }
  if (word.counts) {
    word.odd |= confirmation(side, peer, p);
    word.odd |= times(side, peer, p, now);
    word.odd |= states(dir, p, now, word);
    side.heard_ns = now;
  }
  word.state = state_;
  return word;
}

/// A channel serves one connection. One between others is a new one.
std::uint64_t Supervision::identity(Direction dir, const Pdu& p) noexcept {
  Side& side = sides_[index(dir)];
  Side& peer = sides_[index(reverse(dir))];
  const bool known = side.heard_ns != 0 || peer.heard_ns != 0;
  const bool same =
      (side.heard_ns == 0 || side.id == p.sender) && (peer.heard_ns == 0 || peer.id == p.receiver);
  if (known && !same) {
    sides_ = {};
    state_ = State::kClosed;
  }
  sides_[index(dir)].id = p.sender;
  return when(known && !same, Event::kIdentityChanged);
}

std::uint64_t Supervision::channel(Side& s, const Pdu& p, std::uint32_t& lost) const noexcept {
  const std::int64_t steps = ahead(p.channel_sequence, s.channel);
  if (!s.channel_known || steps > 0) {
    const bool gap = s.channel_known && steps > 1;
    if (gap) lost = static_cast<std::uint32_t>(steps - 1);
    s.channel_seen = s.channel_known && steps < 64 ? s.channel_seen << steps | 1 : 1;
    s.channel = p.channel_sequence;
    s.channel_known = true;
    return when(gap, Event::kChannelGap);
  }
  const std::int64_t back = -steps;
  if (back < 64 && (s.channel_seen >> back & 1) == 0 && ahead(p.sequence, s.next) < 0) {
    s.channel_seen |= std::uint64_t{1} << back;
    return bit(Event::kOutOfOrder);
  }
  // A network may say a thing twice, but not much later.
  const bool old = config_.t_max_ms != 0 && ahead(s.timestamp_ms, p.timestamp_ms) > config_.t_max_ms;
  return bit(old || back >= 64 ? Event::kReplayedPdu : Event::kRepeatedPdu);
}

std::uint64_t Supervision::sequence(Side& s, const Pdu& p, std::uint32_t lost) const noexcept {
  // Who sends again says with its response from where.
  const bool anew = p.opens() || p.type == Type::kRetransmissionResponse || !s.sequence_known;
  const std::int64_t steps = ahead(p.sequence, s.next);
  if (!anew && steps < 0) return bit(Event::kReplayedPdu);
  s.next = p.sequence + 1;
  s.sequence_known = true;
  return when(!anew && steps > lost, Event::kSequenceGap);
}

std::uint64_t Supervision::confirmation(Side& s, const Side& peer, const Pdu& p) const noexcept {
  if (p.opens()) s.send_max = p.send_max;
  if (p.type == Type::kConnectionRequest) return 0;
  const bool back = s.confirmed_known && ahead(p.confirmed, s.confirmed) < 0;
  // As many may be on their way by the other channel as the receiver lets its peer send without a confirmation.
  const std::uint32_t slack = s.send_max != 0 ? s.send_max : config_.send_max;
  const bool unsent = peer.sequence_known && ahead(p.confirmed, peer.next - 1) > slack;
  s.confirmed = p.confirmed;
  s.confirmed_known = p.type != Type::kRetransmissionRequest;
  return when(back, Event::kConfirmationBack) | when(unsent, Event::kConfirmsUnsent);
}

std::uint64_t Supervision::times(Side& s, const Side& peer, const Pdu& p, std::uint64_t now) const noexcept {
  const std::uint32_t t_max = config_.t_max_ms;
  std::uint64_t odd = 0;
  if (!p.opens() && s.heard_ns != 0) {
    odd |= when(ahead(p.timestamp_ms, s.timestamp_ms) < 0, Event::kTimestampBack);
    const bool alive = state_ == State::kUp || state_ == State::kJoinedLate;
    odd |= when(alive && t_max != 0 && now > s.heard_ns + std::uint64_t{t_max} * 1'000'000, Event::kSilence);
  }
  if (p.type != Type::kConnectionRequest && peer.heard_ns != 0) {
    const bool late = t_max != 0 && ahead(peer.timestamp_ms, p.confirmed_timestamp_ms) > t_max;
    odd |= when(late, Event::kLateConfirmation);
  }
  s.timestamp_ms = p.timestamp_ms;
  return odd;
}

std::uint64_t Supervision::states(Direction dir, const Pdu& p, std::uint64_t now, Word& word) noexcept {
  Side& side = sides_[index(dir)];
  Side& peer = sides_[index(reverse(dir))];
  const State before = state_;
  const auto waits = [&](std::uint64_t since) noexcept {
    return since != 0 && now <= since + config_.response_ns;
  };
  switch (p.type) {
    case Type::kConnectionRequest: {
      const bool again = before == State::kRequested && opener_ == dir;
      const bool open = before == State::kAccepted || before == State::kUp || before == State::kJoinedLate;
      state_ = State::kRequested;
      opener_ = dir;
      request_ns_ = now;
      return when(again, Event::kUnansweredRequest) | when(open, Event::kUnexpectedPdu);
    }
    case Type::kConnectionResponse:
      state_ = State::kAccepted;
      if (before == State::kRequested && opener_ != dir) {
        if (waits(request_ns_)) word.answers = Type::kConnectionRequest, word.since_ns = request_ns_;
        return 0;
      }
      opener_ = reverse(dir);
      return bit(before == State::kClosed ? Event::kJoinedLate : Event::kUnexpectedPdu);
    case Type::kDisconnectionRequest:
      state_ = State::kDisconnected;
      return when(before == State::kClosed, Event::kJoinedLate);
    case Type::kRetransmissionRequest: {
      const bool again = waits(side.retransmission_ns);
      side.retransmission_ns = now;
      if (again) return bit(Event::kUnansweredRequest);
      break;
    }
    case Type::kRetransmissionResponse:
      if (waits(peer.retransmission_ns)) {
        word.answers = Type::kRetransmissionRequest;
        word.since_ns = peer.retransmission_ns;
      } else if (before == State::kUp) {
        return bit(Event::kUnexpectedPdu);
      }
      peer.retransmission_ns = 0;
      // Its numbers begin elsewhere, and so does what they confirm.
      peer.confirmed_known = false;
      break;
    default:
      break;
  }
  switch (before) {
    case State::kClosed:
      state_ = State::kJoinedLate;
      return bit(Event::kJoinedLate);
    case State::kAccepted:
      // Who asked for the connection speaks next, and says that it hears.
      state_ = State::kUp;
      return when(p.type != Type::kHeartbeat || dir != opener_, Event::kUnexpectedPdu);
    case State::kRequested:
    case State::kDisconnected:
      return bit(Event::kUnexpectedPdu);
    case State::kUp:
    case State::kJoinedLate:
      break;
  }
  return 0;
}

}  // namespace picket::rasta
