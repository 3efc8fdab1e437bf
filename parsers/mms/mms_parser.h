// One flow of MMS: TPKTs are found, messages put together and taken apart, questions paired with answers.
//
//   on_stream() ─> TPKT, TPDU ─> Reassembler ─> take_apart() ─> interpret() ─┬─ wants a reply ─> waits in a list, by age
//                                                                            └─ else ──────────> the oldest it answers, or alone
//
// Included by mms_spec.cc only. Memory: a request that waits costs an Exchange and its bytes.
#pragma once

#include "parsers/core/frames.h"
#include "parsers/core/waiting.h"
#include "parsers/mms/mms.h"

namespace picket::mms {

enum Limit : std::size_t { kRequestFlood, kReplyTimeout, kMessageLimit };
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024, "requests of a flow that wait for their reply; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
    {"message-limit", 65535, 1024, 262144, "bytes of a message in several TPDUs that are put together"},
};

inline constexpr std::uint64_t kSecondNs = 1'000'000'000;

class MmsParser final : public Parser {
 public:
  explicit MmsParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        waiting_(c.pool, c.limits[kRequestFlood]),
        timeout_ns_(c.limits[kReplyTimeout] * kSecondNs),
        message_limit_(c.limits[kMessageLimit]),
        sides_{Side(c.pool), Side(c.pool)} {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    return read_frames(data, sides_[index(dir)].lost, frame_starts, [&](Cursor& in) noexcept {
      cotp::Tpdu t;
      const ParseResult r = cotp::parse(in, t);
      if (r.kind == ParseResult::Kind::kMalformed) {
        report(dir, Event::kInvalidTpkt, nullptr, sink);
        lose(dir, sink);
      } else if (r.kind == ParseResult::Kind::kDone) {
        on_tpdu(dir, t, sink);
      }
      return r;
    });
  }

  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    report(dir, Event::kGap, nullptr, sink);
    Side& side = sides_[index(dir)];
    side.pieces.reset();
    side.lost = true;
    for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) x->stale = x->stale || x->asked != dir;
  }
  void on_end(Direction dir, Sink& sink) noexcept override {
    if (dir == Direction::kToClient) on_close(sink);
  }
  void on_close(Sink& sink) noexcept override {
    while (!waiting_.empty()) give_up_oldest(sink);
  }

 private:
  struct Side {
    explicit Side(Pool& pool) noexcept : pieces(pool) {}
    cotp::Reassembler pieces;
    bool lost = false;
    bool asked = false;  // requests went that way: an answer without one is odd
  };

  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  static void report_problems(Direction dir, const Message& m, Exchange& x, Sink& sink) noexcept {
    const auto when = [&](bool yes, Event e) noexcept {
      if (yes) report(dir, e, &x, sink);
    };
    when((m.problems & kBadPresentation) != 0, Event::kInvalidPresentation);
    when((m.problems & kBadAcse) != 0, Event::kInvalidAcse);
    when((m.problems & kBadPdu) != 0, Event::kInvalidPdu);
    when((m.problems & kBadService) != 0, Event::kInvalidService);
    when((m.problems & kStrangeService) != 0, Event::kUnknownService);
    when((m.problems & kDeep) != 0, Event::kTooDeep);
    when((m.problems & kMany) != 0, Event::kTooMany);
    when(m.is(Pdu::kReject), Event::kPduRejected);
    when(m.kind == Kind::kSession && m.spdu == Spdu::kAbort, Event::kAborted);
    when(m.kind == Kind::kCotp && m.tpdu.type == cotp::Type::kError, Event::kTpduRejected);
    Acse a;
    when(read_acse(m, a) && password_shown(a), Event::kCleartextPassword);
  }

  void lose(Direction dir, Sink& sink) noexcept {
    report(dir, Event::kLostSync, nullptr, sink);
    sides_[index(dir)].pieces.reset();
    sides_[index(dir)].lost = true;
  }

  void on_tpdu(Direction dir, const cotp::Tpdu& t, Sink& sink) noexcept {
    const std::uint64_t now = sink.time_ns();
    while (!waiting_.empty() && now > waiting_.oldest()->question_ns + timeout_ns_) {
      report(waiting_.oldest()->asked, Event::kNoReply, waiting_.oldest(), sink);
      give_up_oldest(sink);
    }
    switch (t.type) {
      case cotp::Type::kData:
        return on_data(dir, t, sink);
      case cotp::Type::kConnectRequest:
        for (Side& s : sides_) s.pieces.reset();
        return on_message(dir, interpret(t), sink);
      case cotp::Type::kConnectConfirm:
      case cotp::Type::kDisconnectRequest:
      case cotp::Type::kDisconnectConfirm:
      case cotp::Type::kError:
        return on_message(dir, interpret(t), sink);
    }
    report(dir, Event::kUnexpectedTpdu, nullptr, sink);
  }

  void on_data(Direction dir, const cotp::Tpdu& t, Sink& sink) noexcept {
    Bytes whole;
    const auto outcome = sides_[index(dir)].pieces.add(t, message_limit_, whole);
    if (outcome == cotp::Reassembler::Outcome::kTooLarge) return report(dir, Event::kTooLarge, nullptr, sink);
    if (outcome == cotp::Reassembler::Outcome::kPiece) return;
    const Content c = take_apart(whole);
    if (!c.session_ok) report(dir, Event::kInvalidSession, nullptr, sink);
    if (!c.presentation_ok) report(dir, Event::kInvalidPresentation, nullptr, sink);
    if (c.too_many) report(dir, Event::kTooMany, nullptr, sink);
    if (!c.spdu.empty()) on_message(dir, interpret_spdu(c.spdu), sink);
    for (std::size_t i = 0; i < c.count; ++i) on_message(dir, interpret_pdu(c.pdus[i]), sink);
  }

  void on_message(Direction dir, const Message& m, Sink& sink) noexcept {
    if (m.wants_reply()) return on_question(dir, m, sink);
    on_answer(dir, m, sink);
  }

  static void set_side(Exchange& x, Direction dir) noexcept {
    (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
  }

  void on_question(Direction dir, const Message& m, Sink& sink) noexcept {
    sides_[index(dir)].asked = true;
    if (waiting_.full()) {
      report(waiting_.oldest()->asked, Event::kFlooded, waiting_.oldest(), sink);
      give_up_oldest(sink);
    }
    Exchange* x = pool_.make<Exchange>(pool_);
    // The bytes go when this call ends; the request stays until its reply.
    if (x == nullptr || !x->own.append(m.all)) {
      pool_.destroy(x);
      return report(dir, Event::kOutOfMemory, nullptr, sink);
    }
    x->id = next_id_++;
    x->asked = dir;
    x->has_question = true;
    x->question_ns = sink.time_ns();
    set_side(*x, dir);
    x->question = interpret_again(m.kind, x->own.view());
    x->ot = &kOt;
    x->operation = operation_of(*x);
    wait(*x);
    report_problems(dir, x->question, *x, sink);
    sink.advance(*x, dir, kOtWhole);
  }

  void on_answer(Direction dir, const Message& m, Sink& sink) noexcept {
    Exchange* x = find(dir, m);
    if (x != nullptr) {
      finish(*x, dir, m, false, sink);
      return forget(*x);
    }
    Exchange alone(pool_);
    alone.id = next_id_++;
    alone.asked = dir;
    // Where only the replies are seen there is nothing odd about it.
    finish(alone, dir, m, sides_[index(reverse(dir))].asked && needs_question(m), sink);
  }

  static bool needs_question(const Message& m) noexcept {
    switch (m.kind) {
      case Kind::kCotp:
        return m.tpdu.type == cotp::Type::kConnectConfirm;
      case Kind::kSession:
        return m.spdu == Spdu::kAccept || m.spdu == Spdu::kRefuse || m.spdu == Spdu::kDisconnect;
      case Kind::kPdu:
        return !m.is(Pdu::kUnconfirmed) && !m.is(Pdu::kReject) && !m.is(Pdu::kNone);
    }
    return false;
  }

  /// The oldest that `m` answers, but rather one that is not from before a gap: its answer was lost there, and numbers
  /// come again.
  [[nodiscard]] Exchange* find(Direction dir, const Message& m) const noexcept {
    Exchange* found = nullptr;
    for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
      if (x->asked == dir || !answers(x->question, m)) continue;
      if (!x->stale) return x;
      found = x;
    }
    return found;
  }
  static bool answers(const Message& q, const Message& m) noexcept {
    if (q.kind == Kind::kCotp || m.kind == Kind::kCotp) {
      // A TCP connection has one of COTP.
      return q.kind == m.kind &&
             (m.tpdu.type == cotp::Type::kConnectConfirm || m.tpdu.type == cotp::Type::kDisconnectRequest ||
              m.tpdu.type == cotp::Type::kError);
    }
    if (q.kind == Kind::kSession || m.kind == Kind::kSession)
      return q.kind == m.kind && session_answers(q.spdu, m.spdu);
    switch (m.pdu) {
      case Pdu::kConfirmedResponse:
      case Pdu::kConfirmedError:
        return q.is(Pdu::kConfirmedRequest) && m.has_invoke && q.has_invoke && q.invoke == m.invoke;
      case Pdu::kReject:
        return m.has_invoke && q.has_invoke && q.invoke == m.invoke;
      case Pdu::kCancelResponse:
      case Pdu::kCancelError:
        return q.is(Pdu::kCancelRequest) && m.has_invoke && q.invoke == m.invoke;
      case Pdu::kInitiateResponse:
      case Pdu::kInitiateError:
        return q.is(Pdu::kInitiateRequest);
      case Pdu::kConcludeResponse:
      case Pdu::kConcludeError:
        return q.is(Pdu::kConcludeRequest);
      default:
        return false;
    }
  }
  static bool session_answers(Spdu q, Spdu m) noexcept {
    if (q == Spdu::kConnect) return m == Spdu::kAccept || m == Spdu::kRefuse || m == Spdu::kAbort;
    return m == Spdu::kDisconnect || m == Spdu::kNotFinished || m == Spdu::kAbort;
  }

  /// Does it say what was asked for?
  static bool fits(const Message& q, const Message& m) noexcept {
    if (m.kind == Kind::kCotp) return m.tpdu.destination == q.tpdu.source;
    if (!q.is(Pdu::kConfirmedRequest) || !m.is(Pdu::kConfirmedResponse)) return true;
    if (q.service != m.service) return false;
    if (q.variable_list || (!q.is(Service::kRead) && !q.is(Service::kWrite))) return true;
    std::int64_t error = 0;
    const Bytes results = m.is(Service::kWrite) ? m.body.content : m.values;
    return q.object_count == 0 ||
           (result_at(results, q.object_count - 1, error) && !result_at(results, q.object_count, error));
  }

  /// Of an answer: that it, or a part of it, was not done.
  static bool refuses(const Message& q, const Message& m) noexcept {
    if (m.kind == Kind::kCotp) return m.tpdu.type != cotp::Type::kConnectConfirm;
    if (m.kind == Kind::kSession) {
      Acse a;
      return (m.spdu != Spdu::kAccept && m.spdu != Spdu::kDisconnect) || m.is(Pdu::kInitiateError) ||
             (read_acse(m, a) && a.result > 0);
    }
    if (m.is(Pdu::kConfirmedError) || m.is(Pdu::kReject) || m.is(Pdu::kCancelError) ||
        m.is(Pdu::kInitiateError) || m.is(Pdu::kConcludeError)) {
      return true;
    }
    if (!m.answers(Service::kRead) && !m.answers(Service::kWrite)) return false;
    Cursor c(m.is(Service::kWrite) ? m.body.content : m.values);
    ber::Element e;
    while (ber::read(c, e)) {
      if (e.context(0)) return true;
    }
    // A device answers a select with the control's name, or with nothing when it refuses.
    Control control;
    Value v;
    ValueWalk values(m.values);
    return read_control(q, control) && control.action == Action::kSelect && values.next(v) &&
           v.type == Type::kText && v.content.empty();
  }

  void finish(Exchange& x, Direction dir, const Message& m, bool odd, Sink& sink) noexcept {
    Message& own = x.has_question ? x.answer : x.question;
    own = m;
    (x.has_question ? x.answer_ns : x.question_ns) = sink.time_ns();
    const bool paired = x.has_question;
    (paired ? x.has_answer : x.has_question) = true;
    set_side(x, dir);
    x.ot = &kOt;
    if (!paired) x.operation = operation_of(x);
    LastError last;
    x.failed = paired ? refuses(x.question, own) : read_last_error(own, last);
    report_problems(dir, own, x, sink);
    if (odd) report(dir, Event::kUnsolicitedResponse, &x, sink);
    if (paired && !fits(x.question, own)) report(dir, Event::kMismatch, &x, sink);
    sink.advance(x, dir, kOtWhole);
    sink.done(x);
  }

  void wait(Exchange& x) noexcept { waiting_.add(x); }
  void forget(Exchange& x) noexcept { waiting_.remove(x); }
  void give_up_oldest(Sink& sink) noexcept {
    sink.done(*waiting_.oldest());
    forget(*waiting_.oldest());
  }

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< requests that wait for their reply
  const std::uint64_t timeout_ns_;
  const std::size_t message_limit_;
  std::array<Side, 2> sides_;
  std::uint64_t next_id_ = 0;
};

}  // namespace picket::mms
