#include "parsers/bacnet/bacnet_parser.h"

#include <algorithm>
#include <utility>

namespace picket::bacnet {
namespace {

constexpr std::uint16_t kDistributeNak = 0x60, kDistributeNak6 = 0xc0;

void report(Direction dir, std::uint64_t events, Transaction* tx, Sink& sink) noexcept {
  for (std::uint8_t i = 0; events != 0; ++i, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, i, tx);
  }
}

void set_side(Exchange& x, Direction dir) noexcept {
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
}

bool same_end(bool has_a, std::uint16_t net_a, Bytes a, bool has_b, std::uint16_t net_b, Bytes b) noexcept {
  return has_a == has_b && (!has_a || (net_a == net_b && std::ranges::equal(a, b)));
}
/// `b` goes the way back of `a`.
bool opposite(const Npdu& a, const Npdu& b) noexcept {
  return same_end(a.has_source, a.snet, a.sadr, b.has_destination, b.dnet, b.dadr) &&
         same_end(a.has_destination, a.dnet, a.dadr, b.has_source, b.snet, b.sadr);
}
bool same_way(const Npdu& a, const Npdu& b) noexcept {
  return same_end(a.has_source, a.snet, a.sadr, b.has_source, b.snet, b.sadr) &&
         same_end(a.has_destination, a.dnet, a.dadr, b.has_destination, b.dnet, b.dadr);
}

/// A question of BVLC or the network layer that the other end answers.
bool asks_below(const Pdu& p) noexcept {
  const Bvlc& b = p.bvlc;
  return b.is(Function::kWriteBdt) || b.is(Function::kReadBdt) || b.is(Function::kRegister) ||
         b.is(Function::kReadFdt) || b.is(Function::kDeleteFdt) || b.is(Function6::kRegister) ||
         b.is(Function6::kDeleteFdt) || b.is(Function6::kResolve) || b.is(Function6::kResolveVirtual) ||
         p.npdu.is(NetMessage::kInitialize);
}
bool answers_below(const Pdu& p) noexcept {
  const Bvlc& b = p.bvlc;
  return b.is(Function::kResult) || b.is(Function::kReadBdtAck) || b.is(Function::kReadFdtAck) ||
         b.is(Function6::kResult) || b.is(Function6::kResolveAck) || b.is(Function6::kResolveVirtualAck) ||
         p.npdu.is(NetMessage::kInitializeAck);
}

/// Of a result that is no success its code says what it refuses, in tens.
bool answers_function(const Bvlc& q, const Bvlc& a) noexcept {
  if (q.type != a.type) return false;
  if (q.type == kIpv6) {
    if (a.is(Function6::kResolveAck)) return q.is(Function6::kResolve);
    if (a.is(Function6::kResolveVirtualAck)) return q.is(Function6::kResolveVirtual);
    return a.result == 0 || a.result >> 4 == q.function;
  }
  if (a.is(Function::kReadBdtAck)) return q.is(Function::kReadBdt);
  if (a.is(Function::kReadFdtAck)) return q.is(Function::kReadFdt);
  switch (a.result) {
    case 0x00:
      return !q.is(Function::kReadBdt) && !q.is(Function::kReadFdt);
    case 0x10:
      return q.is(Function::kWriteBdt);
    case 0x20:
      return q.is(Function::kReadBdt);
    case 0x30:
      return q.is(Function::kRegister);
    case 0x40:
      return q.is(Function::kReadFdt);
    case 0x50:
      return q.is(Function::kDeleteFdt);
    default:
      return false;
  }
}

bool asks(const Pdu& p) noexcept { return p.apdu.is(ApduType::kConfirmed) || asks_below(p); }
bool answers(const Pdu& p) noexcept { return p.apdu.answers() || answers_below(p); }

/// Does `a` answer `q`, as far as they themselves say?
bool fit(const Pdu& q, const Pdu& a) noexcept {
  if (q.apdu.there != a.apdu.there) return false;
  if (a.apdu.there) return q.apdu.invoke_id == a.apdu.invoke_id && opposite(q.npdu, a.npdu);
  if (a.npdu.is(NetMessage::kInitializeAck))
    return q.npdu.is(NetMessage::kInitialize) && opposite(q.npdu, a.npdu);
  return !q.npdu.there && !a.npdu.there && answers_function(q.bvlc, a.bvlc);
}

bool refuses(const Pdu& a) noexcept {
  return a.apdu.is(ApduType::kError) || a.apdu.is(ApduType::kReject) || a.apdu.is(ApduType::kAbort) ||
         (a.bvlc.has_result && a.bvlc.result != 0);
}

}  // namespace

void BacnetParser::on_datagram(Direction dir, Bytes whole, Sink& sink) noexcept {
  expire(sink);
  Pdu p;
  interpret(transport_, whole, p);
  if ((p.odd & bit(Event::kInvalidBvlc)) != 0) return report(dir, p.odd, nullptr, sink);
  if (p.apdu.is(ApduType::kSegmentAck)) return on_segment_ack(dir, p, sink);
  if (asks(p)) return on_question(dir, whole, p, sink);
  if (answers(p)) return on_answer(dir, p, sink);
  alone(dir, p, sink);
}

void BacnetParser::on_close(Sink& sink) noexcept {
  while (!waiting_.empty()) give_up(*waiting_.oldest(), sink);
}

void BacnetParser::expire(Sink& sink) noexcept {
  const std::uint64_t now = sink.time_ns();
  while (!waiting_.empty() && now > waiting_.oldest()->question_ns + timeout_ns_) {
    report(waiting_.oldest()->asked, bit(Event::kNoReply), waiting_.oldest(), sink);
    give_up(*waiting_.oldest(), sink);
  }
}

void BacnetParser::on_question(Direction dir, Bytes whole, Pdu& p, Sink& sink) noexcept {
  asked_[index(dir)] = true;
  if (Exchange* same = find_same(dir, p); same != nullptr) {
    const Exchange::Gather& g = same->asking;
    const bool next = p.apdu.sequence == static_cast<std::uint8_t>(g.last + 1);
    if (p.apdu.segmented && g.count != 0 && !g.open && p.apdu.sequence != 0)
      return report(dir, bit(Event::kSegmentRepeated), same, sink);
    if (p.apdu.segmented && g.open && (next || p.apdu.sequence != 0 || g.count < 2)) {
      // Complete, or the last one whatever is missing.
      if (gather(dir, *same, same->asking, same->asked_data, p.apdu, sink) == Gathered::kWhole)
        complete_question(*same, whole, p, sink);
      return;
    }
    // The same again: who asks has heard nothing, or begins anew.
    report(dir, bit(Event::kRepeatedRequest), same, sink);
    give_up(*same, sink);
  }
  if (waiting_.full()) {
    report(waiting_.oldest()->asked, bit(Event::kTooManyRequests), waiting_.oldest(), sink);
    give_up(*waiting_.oldest(), sink);
  }
  Exchange* x = pool_.make<Exchange>(pool_);
  // The bytes go when this call ends; the request stays until its answer.
  if (x == nullptr || !x->own.append(whole)) {
    pool_.destroy(x);
    return report(dir, bit(Event::kOutOfMemory), nullptr, sink);
  }
  x->id = next_id_++;
  x->asked = dir;
  x->has_question = true;
  x->question_ns = sink.time_ns();
  set_side(*x, dir);
  wait(*x);
  if (p.apdu.segmented) {
    interpret(transport_, x->own.view(), x->question);
    set_operation(*x);
    if (gather(dir, *x, x->asking, x->asked_data, p.apdu, sink) != Gathered::kWhole) {
      // Until the others are there it has no parameters that could be read.
      x->question.apdu.data = {};
      return;
    }
  }
  complete_question(*x, whole, p, sink);
}

/// All of it is there: rules look at it.
void BacnetParser::complete_question(Exchange& x, Bytes whole, const Pdu& last, Sink& sink) noexcept {
  if (last.apdu.segmented && x.asking.count > 1) {
    x.own.clear();
    if (!x.own.append(whole)) report(x.asked, bit(Event::kOutOfMemory), &x, sink);
  }
  interpret(transport_, x.own.view(), x.question);
  if (last.apdu.segmented) {
    x.question.segments = x.asking.count;
    x.question.incomplete = x.asking.lost;
    x.question.apdu.data = x.asked_data.view();
    if (!x.asking.lost) judge_parameters(x.question);
  }
  set_operation(x);
  report(x.asked, x.question.odd, &x, sink);
  sink.advance(x, x.asked, kOtWhole);
}

BacnetParser::Gathered BacnetParser::gather(Direction dir, Exchange& x, Exchange::Gather& g, PoolBuffer& data,
                                            const Apdu& a, Sink& sink) noexcept {
  const auto step = static_cast<std::uint8_t>(a.sequence - g.last);
  if (g.count == 0) {
    if (a.sequence != 0) {
      g.lost = true;
      report(dir, bit(Event::kSegmentMissing), &x, sink);
    }
  } else if (step == 0 || step > 127) {
    report(dir, bit(Event::kSegmentRepeated), &x, sink);
    return Gathered::kRepeated;
  } else if (step != 1 && !g.lost) {
    // Who receives it throws it away, too, and asks for what is missing again.
    report(dir, bit(Event::kSegmentMissing), &x, sink);
    return Gathered::kMore;
  }
  g.open = a.more;
  g.last = a.sequence;
  ++g.count;
  if (!g.lost && (data.size() + a.data.size() > message_limit_ || !data.append(a.data))) {
    g.lost = true;
    report(dir, bit(Event::kTooLarge), &x, sink);
  }
  has_last_ = true;
  last_invoke_ = a.invoke_id;
  return a.more ? Gathered::kMore : Gathered::kWhole;
}

void BacnetParser::on_answer(Direction dir, Pdu& p, Sink& sink) noexcept {
  Exchange* x = find(dir, p);
  if (x == nullptr) {
    // Where only the answers are seen there is nothing odd about it; and what is distributed is answered when it is not.
    const bool of_distribution =
        p.bvlc.has_result && p.bvlc.result == (p.bvlc.type == kIpv4 ? kDistributeNak : kDistributeNak6);
    if (asked_[index(reverse(dir))] && !of_distribution) p.odd |= bit(Event::kUnsolicitedResponse);
    return alone(dir, p, sink);
  }
  if (p.apdu.segmented) {
    const Gathered g = gather(dir, *x, x->answering, x->answer_data, p.apdu, sink);
    if (g != Gathered::kWhole) {
      // If nothing more comes this is told of it; what points into the datagram goes.
      x->answer = {};
      x->answer.bvlc.type = p.bvlc.type;
      x->answer.bvlc.function = p.bvlc.function;
      x->answer.bvlc.length = p.bvlc.length;
      x->answer.apdu = p.apdu;
      x->answer.apdu.data = {};
      return;
    }
    p.segments = x->answering.count;
    p.incomplete = x->answering.lost;
    p.apdu.data = x->answer_data.view();
    if (!p.incomplete) judge_parameters(p);
  }
  // One in segments that breaks off is never shown before.
  if (x->asking.open) {
    x->question.segments = x->asking.count;
    x->question.incomplete = true;
    x->question.apdu.data = x->asked_data.view();
    report(x->asked, x->question.odd, x, sink);
    sink.advance(*x, x->asked, kOtWhole);
  }
  // An abort behind the first segments: these are not told.
  if (x->answering.open) report(dir, bit(Event::kSegmentMissing), x, sink);
  x->answer = p;
  x->answer_ns = sink.time_ns();
  x->has_answer = true;
  set_side(*x, dir);
  x->failed = refuses(p);
  if (p.apdu.has_confirmed_service() && p.apdu.service != x->question.apdu.service)
    p.odd |= bit(Event::kMismatch);
  report(dir, p.odd, x, sink);
  sink.advance(*x, dir, kOtWhole);
  sink.done(*x);
  forget(*x);
}

void BacnetParser::on_segment_ack(Direction dir, Pdu& p, Sink& sink) noexcept {
  bool known = has_last_ && last_invoke_ == p.apdu.invoke_id;
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    if (x->question.apdu.there && x->question.apdu.invoke_id == p.apdu.invoke_id) known = true;
  }
  if (p.apdu.negative) p.odd |= bit(Event::kNegativeSegmentAck);
  alone(dir, p, sink, known && p.odd == 0);
}

void BacnetParser::alone(Direction dir, const Pdu& p, Sink& sink, bool silent) noexcept {
  Exchange x(pool_);
  x.id = next_id_++;
  x.asked = dir;
  x.silent = silent;
  const bool answer = answers(p);
  // An answer without its request stands as an answer in the record.
  if (answer) {
    x.asked = reverse(dir);
    x.has_answer = true;
    x.answer = p;
    x.answer.incomplete = p.apdu.segmented;
    x.failed = refuses(p);
  } else {
    x.has_question = true;
    x.question = p;
  }
  x.question_ns = x.answer_ns = sink.time_ns();
  set_side(x, dir);
  set_operation(x);
  report(dir, p.odd, &x, sink);
  sink.advance(x, dir, kOtWhole);
  sink.done(x);
}

/// The oldest that it answers: rather one of its service.
Exchange* BacnetParser::find(Direction from, const Pdu& a) const noexcept {
  Exchange* other = nullptr;
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    if (x->asked == from || !fit(x->question, a)) continue;
    if (!a.apdu.has_confirmed_service() || x->question.apdu.service == a.apdu.service) return x;
    if (other == nullptr) other = x;
  }
  return other;
}

Exchange* BacnetParser::find_same(Direction dir, const Pdu& q) const noexcept {
  for (Exchange* x = waiting_.oldest(); x != nullptr && q.apdu.there; x = x->newer) {
    const Apdu& a = x->question.apdu;
    if (x->asked == dir && a.there && a.invoke_id == q.apdu.invoke_id && same_way(x->question.npdu, q.npdu))
      return x;
  }
  return nullptr;
}

void BacnetParser::give_up(Exchange& x, Sink& sink) noexcept {
  if (x.asking.open) {
    x.question.segments = x.asking.count;
    x.question.incomplete = true;
    x.question.apdu.data = x.asked_data.view();
    report(x.asked, x.question.odd | bit(Event::kSegmentMissing), &x, sink);
    sink.advance(x, x.asked, kOtWhole);
  }
  if (x.answering.open) {
    const Direction back = reverse(x.asked);
    x.answer.segments = x.answering.count;
    x.answer.incomplete = true;
    x.answer.apdu.data = x.answer_data.view();
    x.answer_ns = sink.time_ns();
    x.has_answer = true;
    set_side(x, back);
    report(back, bit(Event::kSegmentMissing), &x, sink);
    sink.advance(x, back, kOtWhole);
  }
  sink.done(x);
  forget(x);
}

void BacnetParser::wait(Exchange& x) noexcept { waiting_.add(x); }

void BacnetParser::forget(Exchange& x) noexcept { waiting_.remove(x); }

}  // namespace picket::bacnet
