#include "parsers/iec104/iec104_sequence.h"

namespace picket::iec104 {
namespace {

constexpr std::uint16_t kMask = kSequenceModulus - 1;

constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }
constexpr std::uint16_t minus(std::uint16_t a, std::uint16_t b) noexcept {
  return static_cast<std::uint16_t>((a - b) & kMask);
}
constexpr std::uint16_t after(std::uint16_t n) noexcept {
  return static_cast<std::uint16_t>((n + 1) & kMask);
}

}  // namespace

std::uint64_t Sequence::on_frame(Direction dir, const Frame& f, std::uint64_t now_ns) noexcept {
  std::uint64_t events = on_transfer(f);
  first_ = false;
  if (f.format == Format::kU) return events;
  Sender& here = senders_[index(dir)];
  Sender& there = senders_[index(reverse(dir))];
  if (f.format == Format::kI) events |= on_send(here, f.send);
  events |= on_acknowledge(there, f.receive);
  return events | on_wait(here, now_ns) | on_wait(there, now_ns);
}

void Sequence::on_gap(Direction dir) noexcept {
  Sender& here = senders_[index(dir)];
  here.known = here.acknowledged_known = here.went_back = false;
  here.lost = true;
  senders_[index(reverse(dir))].acknowledged_known = false;
  first_ = false;
}

std::uint64_t Sequence::on_send(Sender& s, std::uint16_t number) noexcept {
  if (!s.known) {
    s.known = true;
    s.next = after(number);
    // 0 begins a connection: nothing can have been acknowledged before.
    if (number == 0 && !s.lost) s.acknowledged_known = true;
    return 0;
  }
  const std::uint16_t ahead = minus(number, s.next);
  if (ahead < kSequenceModulus / 2) {
    s.next = after(number);
    s.went_back = false;
    return ahead == 0 ? 0 : bit(Event::kLostFrames);
  }
  // One frame that goes back does not move the count; two that follow each other do.
  if (s.went_back && number == s.after_odd) {
    s.next = after(number);
    s.acknowledged_known = false;
  }
  s.went_back = true;
  s.after_odd = after(number);
  return bit(ahead == kMask ? Event::kDuplicateFrame : Event::kOutOfOrder);
}

std::uint64_t Sequence::on_acknowledge(Sender& s, std::uint16_t number) noexcept {
  if (!s.known) return 0;
  const std::uint16_t waiting = s.acknowledged_known ? minus(s.next, s.acknowledged) : kSequenceModulus / 2;
  // Neither what was never sent, nor less than before.
  if (minus(s.next, number) > waiting) return bit(Event::kInvalidAcknowledgement);
  s.acknowledged = number;
  s.acknowledged_known = true;
  return 0;
}

std::uint64_t Sequence::on_wait(Sender& s, std::uint64_t now_ns) noexcept {
  if (!s.known || !s.acknowledged_known) return 0;
  const std::uint16_t waiting = minus(s.next, s.acknowledged);
  std::uint64_t events = 0;
  const bool over_k = waiting > k_;
  if (over_k && !s.over_k) events |= bit(Event::kUnacknowledgedK);
  s.over_k = over_k;
  if (waiting <= w_) {
    s.over_w = false;
    s.over_w_since_ns = 0;
  } else if (s.over_w_since_ns == 0) {
    s.over_w_since_ns = now_ns;
  } else if (!s.over_w && now_ns > s.over_w_since_ns + kInFlightNs) {
    s.over_w = true;
    events |= bit(Event::kUnacknowledgedW);
  }
  return events;
}

std::uint64_t Sequence::on_transfer(const Frame& f) noexcept {
  if (f.format == Format::kU) {
    if (f.function == LinkFunction::kStartAct || f.function == LinkFunction::kStartCon)
      transfer_ = Transfer::kStarted;
    if (f.function == LinkFunction::kStopCon) transfer_ = Transfer::kStopped;
    return 0;
  }
  if (f.format != Format::kI) return 0;
  // The first frame of all has both numbers 0: the connection began with it, and not with STARTDT.
  const bool unasked = first_ && transfer_ == Transfer::kUnknown && f.send == 0 && f.receive == 0;
  if (!unasked && transfer_ != Transfer::kStopped) return 0;
  transfer_ = Transfer::kUnknown;  // said once
  return bit(Event::kNotStarted);
}

}  // namespace picket::iec104
