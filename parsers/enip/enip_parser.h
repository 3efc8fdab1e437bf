// One flow of EtherNet/IP: messages are found, requests paired with replies, connections and cyclic I/O followed.
//
//   on_stream(), on_datagram() ─> Pdu ─┬─ it asks ──> waits in a list, by age
//                                      └─ else ─────> the oldest that it answers, or alone
//   on_datagram() ─> IoPacket ─> counted; the first of a connection, and one in each interval, is a record
//
// Included by enip_spec.cc only. Memory: a request that waits costs an Exchange and its bytes; cyclic I/O a table of
// counts.
#pragma once
#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "parsers/core/frames.h"
#include "parsers/core/waiting.h"
#include "parsers/enip/cip.h"

namespace picket::enip {

enum Limit : std::size_t { kRequestFlood, kReplyTimeout, kIoInterval };
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024, "requests of a flow that wait for their reply; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
    {"io-interval", 60, 1, 3600, "seconds of cyclic I/O that one record tells of"},
};

enum Frame : unsigned { kHdrFrame, kDataFrame, kPduFrame, kItemFrame, kCipFrame };

inline constexpr std::size_t kMaxConnections = 16;  ///< of a flow, that are remembered
inline constexpr std::size_t kMaxIoStreams = 64;    ///< connections of cyclic I/O in a flow, by direction

/// What came of one connection of cyclic I/O, in one direction, since it was last told.
struct IoCount {
  std::uint64_t since_ns = 0, last_ns = 0;
  std::uint64_t packets = 0, bytes = 0, lost = 0, repeated = 0;
  std::uint32_t connection = 0, first = 0, last = 0;
  Direction dir{};
  bool odd = false;  ///< told that its sequence is not as it should be
};
struct IoTable {
  std::array<IoCount, kMaxIoStreams> counts;
  std::size_t count = 0;
  bool full = false;  ///< told that one had to go
};

class EnipParser final : public Parser {
 public:
  explicit EnipParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        waiting_(c.pool, c.limits[kRequestFlood]),
        timeout_ns_(c.limits[kReplyTimeout] * kSecond),
        io_interval_ns_(c.limits[kIoInterval] * kSecond),
        datagrams_(c.transport == Transport::kUdp) {}
  ~EnipParser() override {
    pool_.destroy(io_);  // on_close() has done so, unless the flow went without
  }

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    return read_frames(data, lost_[index(dir)], frame_starts, [&](Cursor& in) noexcept {
      const Bytes rest = in.rest();
      NodeRoom nodes;
      Pdu p;
      const ParseResult r = parse(in, p, nodes);
      if (r.kind == ParseResult::Kind::kMalformed) {
        report(dir, static_cast<Event>(r.event), nullptr, sink);
        report(dir, Event::kLostSync, nullptr, sink);
      } else if (r.kind == ParseResult::Kind::kDone) {
        tell_frames(dir, rest, p, sink);
        on_pdu(dir, rest.first(in.offset()), p, sink);
        if ((p.problems & kTrailing) != 0) {
          report(dir, Event::kLostSync, nullptr, sink);
          lost_[index(dir)] = true;
        }
        if (p.cut) {
          // Its length may be what lies: the next header is looked for inside of it.
          report(dir, Event::kLostSync, nullptr, sink);
          return ParseResult::malformed(Event::kInvalidPdu);
        }
      }
      return r;
    });
  }

  void on_datagram(Direction dir, Bytes data, Sink& sink) noexcept override {
    expire(sink);
    IoPacket io;
    if (read_io(data, io)) return on_io(dir, io, sink);
    Cursor in(data);
    NodeRoom nodes;
    Pdu p;
    const ParseResult r = parse(in, p, nodes);
    if (r.kind == ParseResult::Kind::kMalformed)
      return report(dir, static_cast<Event>(r.event), nullptr, sink);
    if (r.kind == ParseResult::Kind::kNeedMore) return report(dir, Event::kInvalidLength, nullptr, sink);
    tell_frames(dir, data, p, sink);
    if (!in.empty() && !p.cut) p.problems |= kTrailing;
    on_pdu(dir, data.first(in.offset()), p, sink);
  }

  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    report(dir, Event::kGap, nullptr, sink);
    lost_[index(dir)] = true;
    for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) x->stale = x->stale || x->asked != dir;
  }
  void on_end(Direction dir, Sink& sink) noexcept override {
    if (dir == Direction::kToClient) on_close(sink);
  }
  void on_close(Sink& sink) noexcept override {
    while (!waiting_.empty()) give_up_oldest(sink);
    if (io_ == nullptr) return;
    // By their last packets: which one was there first is long ago, and that packet may have been damaged or lost.
    const std::span counts = std::span(io_->counts).first(io_->count);
    std::ranges::sort(counts, {},
                      [](const IoCount& c) noexcept { return std::tuple(c.last_ns, c.connection, c.dir); });
    for (IoCount& c : counts) finish_io(c, sink);
  }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;

  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  static void report_problems(Direction dir, const Pdu& p, Exchange& x, Sink& sink) noexcept {
    for (std::size_t i = 0; i < std::size(kProblemEvents); ++i) {
      if ((p.problems >> i & 1) != 0) report(dir, kProblemEvents[i], &x, sink);
    }
  }
  static void tell_frames(Direction dir, Bytes all, const Pdu& p, Sink& sink) noexcept {
    sink.frame(dir, kHdrFrame, all.data(), kHeaderSize);
    if (p.cut) return;
    sink.frame(dir, kPduFrame, all.data(), kHeaderSize + p.body.size());
    if (!p.body.empty()) sink.frame(dir, kDataFrame, p.body.data(), p.body.size());
    for (std::size_t i = 0; i < p.item_kept; ++i) {
      const Bytes item = p.items[i].data;
      if (!item.empty()) sink.frame(dir, kItemFrame, item.data() - 4, item.size() + 4);
    }
    for (std::size_t i = 0; i < p.node_count; ++i) {
      const Bytes cip = p.node_bytes(i);
      sink.frame(dir, kCipFrame, cip.data(), cip.size());
    }
  }
  static void set_side(Exchange& x, Direction dir) noexcept {
    (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
  }

  void expire(Sink& sink) noexcept {
    const std::uint64_t now = sink.time_ns();
    while (!waiting_.empty() && now > waiting_.oldest()->question_ns + timeout_ns_) {
      report(waiting_.oldest()->asked, Event::kNoReply, waiting_.oldest(), sink);
      give_up_oldest(sink);
    }
  }

  void on_pdu(Direction dir, Bytes all, Pdu& p, Sink& sink) noexcept {
    expire(sink);
    if (p.asks()) {
      on_question(dir, all, p, sink);
    } else {
      on_answer(dir, p, sink);
    }
  }

  void on_question(Direction dir, Bytes all, const Pdu& p, Sink& sink) noexcept {
    asked_[index(dir)] = true;
    if (waiting_.full()) {
      report(waiting_.oldest()->asked, Event::kTooManyTransactions, waiting_.oldest(), sink);
      give_up_oldest(sink);
    }
    Exchange* x = pool_.make<Exchange>(pool_);
    // The bytes go when this call ends; the request stays until its reply.
    if (x == nullptr || !keep(p, all, x->own, x->kept)) {
      pool_.destroy(x);
      return report(dir, Event::kOutOfMemory, nullptr, sink);
    }
    x->id = next_id_++;
    x->asked = dir;
    x->question = &x->kept;
    x->question_ns = sink.time_ns();
    set_side(*x, dir);
    know_connection(*x, p);
    set_operation(*x);
    wait(*x);
    report_problems(dir, p, *x, sink);
    sink.advance(*x, dir, kOtWhole);
  }

  void on_answer(Direction dir, Pdu& p, Sink& sink) noexcept {
    Exchange* x = p.answers ? find(dir, p) : nullptr;
    if (x != nullptr) {
      pair_nodes(*x->question, p);
      x->answer = &p;  // to the end of this call, and so is `x`
      x->answer_ns = sink.time_ns();
      set_side(*x, dir);
      x->failed = refuses(p);
      report_problems(dir, p, *x, sink);
      if (!same_service(*x->question, p)) report(dir, Event::kMismatch, x, sink);
      follow_connections(*x, dir, sink);
      sink.advance(*x, dir, kOtWhole);
      sink.done(*x);
      return forget(*x);
    }
    Exchange alone(pool_);
    alone.id = next_id_++;
    alone.asked = dir;
    alone.question = &p;
    alone.question_ns = sink.time_ns();
    set_side(alone, dir);
    know_connection(alone, p);
    set_operation(alone);
    alone.failed = p.answers && refuses(p);
    report_problems(dir, p, alone, sink);
    // Where only the replies are seen there is nothing odd about it; a broadcast is answered in another flow.
    if (p.answers && asked_[index(reverse(dir))]) report(dir, Event::kUnsolicitedResponse, &alone, sink);
    sink.advance(alone, dir, kOtWhole);
    sink.done(alone);
  }

  /// The service of the reply is that of the request, or of what the request carries.
  static bool same_service(const Pdu& q, const Pdu& a) noexcept {
    if (!q.has_cip || !a.has_cip) return true;
    const Node& asked = q.nodes[0];
    const Node& answer = a.nodes[0];
    if (asked.data == 0 || answer.data == 0 || asked.service() == answer.service()) return true;
    if (!is_unconnected_send(asked) || asked.count == 0) return false;
    const Node& inner = q.nodes[asked.first];
    return inner.data != 0 && inner.service() == answer.service();
  }
  [[nodiscard]] bool answers(const Pdu& q, const Pdu& a) const noexcept {
    if (q.command != a.command) return false;
    if (q.connected && a.connected) {
      if (q.sequence != a.sequence) return false;
      const Connection* c = find_connection(a.connection);
      return c == nullptr || c->to_target == q.connection || c->to_originator == q.connection;
    }
    if (!std::ranges::equal(q.context, a.context)) return false;
    return datagrams_ || q.session == a.session || q.is(Command::kRegisterSession) || q.session == 0 ||
           a.session == 0;
  }
  /// The oldest that `p` answers: rather one with its service, and rather one that is not from before a gap.
  [[nodiscard]] Exchange* find(Direction dir, const Pdu& p) const noexcept {
    Exchange* found = nullptr;
    unsigned best = 0;
    for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
      if (x->asked == dir || !answers(*x->question, p)) continue;
      const unsigned fit = 1U + (x->stale ? 0U : 1U) + (same_service(*x->question, p) ? 2U : 0U);
      if (fit > best) {
        found = x;
        best = fit;
      }
    }
    return found;
  }

  [[nodiscard]] const Connection* find_connection(std::uint32_t id) const noexcept {
    for (std::size_t i = 0; i < connection_count_; ++i) {
      const Connection& c = connections_[i];
      if (c.to_target == id || c.to_originator == id) return &c;
    }
    return nullptr;
  }
  void know_connection(Exchange& x, const Pdu& p) const noexcept {
    if (!p.connected) return;
    const Connection* c = find_connection(p.connection);
    x.connection_known = c != nullptr;
    if (c != nullptr) x.connection = *c;
  }

  /// Forward_Open that was granted, Forward_Close that was done.
  void follow_connections(const Exchange& x, Direction dir, Sink& sink) noexcept {
    Told t;
    for (std::size_t i = 0; i < x.answer->node_count; ++i) {
      const std::size_t asked_by = x.answer->nodes[i].asked;
      if (asked_by == kMaxServices || !x.question->nodes[asked_by].target.is(Class::kConnectionManager) ||
          !told_by(x, *x.answer, i, t) || t.cip.status != 0) {
        continue;
      }
      ForwardOpen asked, granted;
      ForwardClose closed;
      if (is_forward_open(t.cip) && read_forward_open(t.asked, asked) && read_forward_open(t.cip, granted)) {
        open_connection(asked, granted, dir, sink);
      } else if (t.cip.is(Service::kForwardClose) && read_forward_close(t.asked, closed)) {
        close_connection(closed);
      }
    }
  }
  void open_connection(const ForwardOpen& asked, const ForwardOpen& granted, Direction dir,
                       Sink& sink) noexcept {
    close_connection({granted.serial, granted.vendor, granted.originator, {}});
    if (connection_count_ == kMaxConnections) {
      report(dir, Event::kTooManyConnections, nullptr, sink);
      std::move(connections_.begin() + 1, connections_.end(), connections_.begin());
      --connection_count_;
    }
    Connection& c = connections_[connection_count_++];
    c = {};
    c.to_target = granted.to_target.id;
    c.to_originator = granted.to_originator.id;
    c.rpi_to_target = asked.to_target.interval_us;
    c.rpi_to_originator = asked.to_originator.interval_us;
    c.serial = granted.serial;
    c.vendor = granted.vendor;
    c.originator = granted.originator;
    c.transport = asked.transport;
    c.target_size = static_cast<std::uint8_t>(write_target(asked.path, c.target));
  }
  void close_connection(const ForwardClose& f) noexcept {
    for (std::size_t i = 0; i < connection_count_; ++i) {
      const Connection& c = connections_[i];
      if (c.serial != f.serial || c.vendor != f.vendor || c.originator != f.originator) continue;
      const auto at = connections_.begin() + static_cast<std::ptrdiff_t>(i);
      std::move(at + 1, connections_.begin() + static_cast<std::ptrdiff_t>(connection_count_), at);
      --connection_count_;
      return;
    }
  }

  /// The first packet of a connection is told, and one in each interval, with what was counted since. Rules look at
  /// each.
  void on_io(Direction dir, const IoPacket& p, Sink& sink) noexcept {
    if (io_ == nullptr) io_ = pool_.make<IoTable>();
    if (io_ == nullptr) return report(dir, Event::kOutOfMemory, nullptr, sink);
    const std::uint64_t now = sink.time_ns();
    Exchange x(pool_);
    start_io(x, dir, p.connection, sink);
    x.io.size = static_cast<std::uint16_t>(p.data.size());
    x.io.kept = static_cast<std::uint16_t>(std::min(p.data.size(), Io::kKept));
    std::copy_n(p.data.begin(), x.io.kept, x.io.data.begin());
    IoCount* count = find_io(dir, p.connection);
    const bool begins = count == nullptr;
    if (begins) {
      count = free_io(sink);
      *count = {};
      count->dir = dir;
      count->connection = p.connection;
      count->since_ns = now;
      count->first = count->last = p.sequence;
    } else {
      count_sequence(*count, p.sequence, x, sink);
    }
    ++count->packets;
    count->bytes += p.data.size();
    count->last_ns = now;
    x.silent = !begins && now < count->since_ns + io_interval_ns_;
    if (!x.silent) take_counts(*count, x);
    sink.advance(x, dir, kOtWhole);
    sink.done(x);
  }
  void start_io(Exchange& x, Direction dir, std::uint32_t connection, Sink& sink) noexcept {
    x.id = next_id_++;
    x.asked = dir;
    x.is_io = true;
    x.question_ns = sink.time_ns();
    x.io.connection = connection;
    set_side(x, dir);
    set_operation(x);
  }
  static void count_sequence(IoCount& c, std::uint32_t sequence, Exchange& x, Sink& sink) noexcept {
    const auto step = static_cast<std::int32_t>(sequence - c.last);
    if (step > 0) {
      c.lost += static_cast<std::uint32_t>(step) - 1;
      c.last = sequence;
    } else {
      ++c.repeated;
    }
    if (c.packets == 0) c.first = sequence;
    if (step == 1 || c.odd) return;
    c.odd = true;  // once in what one record tells
    report(x.asked, Event::kIoSequence, &x, sink);
  }
  /// What was counted goes to a record, and counting begins anew.
  static void take_counts(IoCount& c, Exchange& x) noexcept {
    x.io.first = c.first;
    x.io.last = c.last;
    x.io.packets = c.packets;
    x.io.bytes = c.bytes;
    x.io.lost = c.lost;
    x.io.repeated = c.repeated;
    x.io.since_ns = c.since_ns;
    x.io.last_ns = c.last_ns;
    c.since_ns = c.last_ns;
    c.packets = c.bytes = c.lost = c.repeated = 0;
    c.odd = false;
  }
  void finish_io(IoCount& c, Sink& sink) noexcept {
    if (c.packets == 0) return;
    Exchange x(pool_);
    start_io(x, c.dir, c.connection, sink);
    take_counts(c, x);
    sink.advance(x, c.dir, kOtWhole);
    sink.done(x);
  }
  [[nodiscard]] IoCount* find_io(Direction dir, std::uint32_t connection) noexcept {
    for (std::size_t i = 0; i < io_->count; ++i) {
      IoCount& c = io_->counts[i];
      if (c.connection == connection && c.dir == dir) return &c;
    }
    return nullptr;
  }
  /// An empty place; that of the one that was silent longest, where there is none.
  [[nodiscard]] IoCount* free_io(Sink& sink) noexcept {
    if (io_->count < kMaxIoStreams) return &io_->counts[io_->count++];
    IoCount* oldest = io_->counts.data();
    for (IoCount& c : io_->counts) {
      if (c.last_ns < oldest->last_ns) oldest = &c;
    }
    if (!io_->full) report(oldest->dir, Event::kConnectionLimit, nullptr, sink);
    io_->full = true;
    finish_io(*oldest, sink);
    return oldest;
  }

  void wait(Exchange& x) noexcept { waiting_.add(x); }
  void forget(Exchange& x) noexcept { waiting_.remove(x); }
  void give_up_oldest(Sink& sink) noexcept {
    sink.done(*waiting_.oldest());
    forget(*waiting_.oldest());
  }

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< requests that wait for their reply
  const std::uint64_t timeout_ns_, io_interval_ns_;
  const bool datagrams_;
  std::uint64_t next_id_ = 0;
  std::array<Connection, kMaxConnections> connections_;  ///< in the order in which they were opened
  std::size_t connection_count_ = 0;
  IoTable* io_ = nullptr;  ///< made when the first packet comes
  std::array<bool, 2> lost_{}, asked_{};
};

}  // namespace picket::enip
