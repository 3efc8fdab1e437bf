// One flow of S7: TPKTs are found, messages put together, questions paired with answers.
//
//   on_stream() ─> TPKT, TPDU ─> Reassembler ─> interpret() ─┬─ it asks ──> waits in a list, by age
//                                                            └─ else ─────> the oldest that it answers, or alone
//
// Included by s7comm_spec.cc only. Memory: a request that waits costs an Exchange and its bytes.
#pragma once

#include "parsers/core/frames.h"
#include "parsers/core/waiting.h"
#include "parsers/s7comm/s7comm.h"

namespace picket::s7comm {

enum Limit : std::size_t { kRequestFlood, kReplyTimeout, kMessageLimit, kRequestMemory };
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024, "requests of a flow that wait for their reply; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
    {"message-limit", 32768, 1024, 65535,
     "bytes of a message, or of a list in several, that are put together"},
    {"request-memory", 131072, 65536, 1 << 24,
     "bytes of all requests of a flow that wait for their reply; the oldest are given up"},
};

inline constexpr std::uint64_t kSecond = 1'000'000'000;

class S7commParser final : public Parser {
 public:
  explicit S7commParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        waiting_(c.pool, c.limits[kRequestFlood]),
        timeout_ns_(c.limits[kReplyTimeout] * kSecond),
        message_limit_(c.limits[kMessageLimit]),
        max_waiting_bytes_(c.limits[kRequestMemory]),
        sides_{Side(c.pool), Side(c.pool)} {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    if (encrypted_) return Consumed::stop();
    const Consumed c = read_frames(data, sides_[index(dir)].lost, frame_starts, [&](Cursor& in) noexcept {
      cotp::Tpdu t;
      const ParseResult r = cotp::parse(in, t);
      if (r.kind == ParseResult::Kind::kMalformed) {
        report(dir, Event::kInvalidTpkt, nullptr, sink);
        lose(dir, sink);
      } else if (r.kind == ParseResult::Kind::kDone) {
        on_tpdu(dir, t, sink);
        if (encrypted_) in.skip(in.left());
      }
      return r;
    });
    return encrypted_ ? Consumed::stop() : c;
  }

  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    report(dir, Event::kGap, nullptr, sink);
    Side& side = sides_[index(dir)];
    side.forget();
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
    explicit Side(Pool& pool) noexcept : pieces(pool), units(pool) {}
    void forget() noexcept {
      pieces.reset();
      units.reset();
      unit_count = 0;
      plus_continued = false;
    }

    cotp::Reassembler pieces;
    PoolBuffer units;  // data units of userdata before the last
    std::uint32_t unit_count = 0;
    std::uint8_t group = 0, subfunction = 0;  // of them
    bool plus_continued = false;              // the message of S7comm-plus is not at its end
    bool lost = false;
    bool asked = false;  // requests went that way: an answer without one is odd
  };

  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  static void report_problems(Direction dir, const Message& m, Exchange& x, Sink& sink) noexcept {
    if ((m.problems & kBadLength) != 0) report(dir, Event::kInvalidLength, &x, sink);
    if ((m.problems & kBadItem) != 0) report(dir, Event::kInvalidItem, &x, sink);
    if ((m.problems & kBadData) != 0) report(dir, Event::kInvalidData, &x, sink);
    if ((m.problems & kManyItems) != 0) report(dir, Event::kTooManyItems, &x, sink);
  }

  void lose(Direction dir, Sink& sink) noexcept {
    report(dir, Event::kLostSync, nullptr, sink);
    sides_[index(dir)].forget();
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
        sides_[0].forget();
        sides_[1].forget();
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
    Side& side = sides_[index(dir)];
    Bytes whole;
    const auto outcome = side.pieces.add(t, message_limit_, whole);
    if (outcome == cotp::Reassembler::Outcome::kTooLarge) return report(dir, Event::kTooLarge, nullptr, sink);
    if (outcome == cotp::Reassembler::Outcome::kPiece) return;
    Message m;
    if (interpret(whole, side.plus_continued, m)) {
      if (m.kind == Kind::kPlus) side.plus_continued = m.more;
      return on_message(dir, m, sink);
    }
    if (tls_started_ && whole.size() > 2 && whole[0] >= 20 && whole[0] <= 23 && whole[1] == 3 &&
        whole[2] <= 4) {
      // Newer controllers go on inside TLS.
      report(dir, Event::kEncrypted, nullptr, sink);
      encrypted_ = true;
      return sink.encrypted();
    }
    const bool ours = whole[0] == kProtocolId || whole[0] == kPlusId;
    report(dir, ours ? Event::kInvalidHeader : Event::kUnknownProtocol, nullptr, sink);
  }

  void on_message(Direction dir, const Message& m, Sink& sink) noexcept {
    if (m.kind == Kind::kPlus && m.plus_function == kInitSsl && !m.asks()) tls_started_ = true;
    if (m.kind == Kind::kPlus && m.continued) return;  // its first piece was the record
    if (m.asks()) return on_question(dir, m, sink);
    on_answer(dir, m, sink);
  }

  static void set_side(Exchange& x, Direction dir) noexcept {
    (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
  }

  void on_question(Direction dir, const Message& m, Sink& sink) noexcept {
    sides_[index(dir)].asked = true;
    while (!waiting_.empty() && (waiting_.full() || waiting_bytes_ + m.all.size() > max_waiting_bytes_)) {
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
    if (m.kind == Kind::kCotp) {
      cotp::Tpdu own;
      if (cotp::parse_tpdu(x->own.view(), own)) x->question = interpret(own);
    } else {
      (void)interpret(x->own.view(), false, x->question);
    }
    x->ot = &kOt;
    x->operation = operation_of(*x);
    wait(*x);
    report_problems(dir, x->question, *x, sink);
    sink.advance(*x, dir, kOtWhole);
  }

  /// Data units of a list come one by one, each asked for: the last has them all.
  void collect_units(Direction dir, Message& m, Exchange& x, Sink& sink) noexcept {
    if (!m.is(Rosctr::kUserdata) || m.userdata_type() == UserdataType::kRequest) return;
    Side& side = sides_[index(dir)];
    const bool same = side.unit_count != 0 && side.group == m.group && side.subfunction == m.subfunction;
    if (m.last && !same) return;
    if (!same) {
      side.units.clear();
      side.unit_count = 0;
    }
    side.group = m.group;
    side.subfunction = m.subfunction;
    if (side.units.size() + m.payload.size() > message_limit_ || !side.units.append(m.payload)) {
      side.units.reset();
      side.unit_count = 0;
      return report(dir, Event::kTooLarge, &x, sink);
    }
    m.units = ++side.unit_count;
    if (!m.last) return;
    side.unit_count = 0;  // the bytes stay until the next list
    m.payload = side.units.view();
    m.items = m.values = {};
    m.problems &= kBadLength;
    read_payload(m);
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
    const bool odd = sides_[index(reverse(dir))].asked && needs_question(m);
    finish(alone, dir, m, odd, sink);
  }

  static bool needs_question(const Message& m) noexcept {
    if (m.kind == Kind::kCotp) return m.tpdu.type == cotp::Type::kConnectConfirm;
    if (m.kind == Kind::kPlus) return m.opcode == static_cast<std::uint8_t>(Opcode::kResponse);
    return !m.is(Rosctr::kUserdata) || m.userdata_type() == UserdataType::kResponse;
  }

  /// The oldest that `m` answers, but rather one that is not from before a gap: its answer was lost there, and some
  /// clients have two references for all they ask.
  [[nodiscard]] Exchange* find(Direction dir, const Message& m) const noexcept {
    if (m.is(Rosctr::kUserdata) && m.userdata_type() != UserdataType::kResponse) return nullptr;
    Exchange* found = nullptr;
    for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
      if (x->asked == dir || !answers(x->question, m)) continue;
      if (!x->stale) return x;
      found = x;
    }
    return found;
  }
  static bool answers(const Message& q, const Message& m) noexcept {
    if (q.kind != m.kind) return false;
    switch (q.kind) {
      case Kind::kCotp:
        return (m.tpdu.type == cotp::Type::kConnectConfirm || m.tpdu.type == cotp::Type::kDisconnectRequest ||
                m.tpdu.type == cotp::Type::kError) &&
               m.tpdu.destination == q.tpdu.source;
      case Kind::kS7:
        return q.reference == m.reference && q.is(Rosctr::kUserdata) == m.is(Rosctr::kUserdata);
      case Kind::kPlus:
        return q.plus_sequence == m.plus_sequence && m.opcode == static_cast<std::uint8_t>(Opcode::kResponse);
    }
    return false;
  }
  /// Does it say what was asked for?
  static bool fits(const Message& q, const Message& m) noexcept {
    if (q.kind == Kind::kPlus) return q.plus_function == m.plus_function;
    if (q.kind == Kind::kCotp) return true;
    if (m.is(Rosctr::kUserdata)) return q.group == m.group && q.subfunction == m.subfunction;
    if (m.param.empty()) return true;  // an error and no more
    if (q.function != m.function) return false;
    return m.error_class != 0 || m.is(Rosctr::kAck) || m.values.count == q.items.count;
  }

  /// Of an answer: that it, or one of its items, was not done.
  static bool refuses(const Message& m) noexcept {
    if (m.kind == Kind::kCotp)
      return m.tpdu.type == cotp::Type::kError || m.tpdu.type == cotp::Type::kDisconnectRequest;
    if (m.kind != Kind::kS7) return false;
    if (m.is(Rosctr::kUserdata)) return m.param_error != 0;
    if (m.error_class != 0 || m.error_code != 0) return true;
    for (std::size_t i = 0; i < m.values.kept; ++i) {
      if (value_at(m, i).return_code != kItemDone) return true;
    }
    return false;
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
    x.failed = paired && refuses(own);
    collect_units(dir, own, x, sink);
    report_problems(dir, own, x, sink);
    if (odd) report(dir, Event::kUnsolicitedResponse, &x, sink);
    if (paired && !fits(x.question, own)) report(dir, Event::kMismatch, &x, sink);
    if (m.kind == Kind::kCotp && m.tpdu.type == cotp::Type::kError)
      report(dir, Event::kTpduRejected, &x, sink);
    sink.advance(x, dir, kOtWhole);
    sink.done(x);
  }

  void wait(Exchange& x) noexcept {
    waiting_.add(x);
    waiting_bytes_ += x.own.size();
  }
  void forget(Exchange& x) noexcept {
    waiting_bytes_ -= x.own.size();
    waiting_.remove(x);
  }
  void give_up_oldest(Sink& sink) noexcept {
    sink.done(*waiting_.oldest());
    forget(*waiting_.oldest());
  }

  static constexpr std::uint16_t kInitSsl = 0x05b3;

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< requests that wait for their reply
  const std::uint64_t timeout_ns_;
  const std::size_t message_limit_, max_waiting_bytes_;
  std::array<Side, 2> sides_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t next_id_ = 0;
  bool tls_started_ = false, encrypted_ = false;
};

}  // namespace picket::s7comm
