// See opcua_parser.h.
#include "parsers/opcua/opcua_parser.h"

#include <algorithm>
#include <utility>

namespace picket::opcua {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000, kMillisecond = 1'000'000;
constexpr std::uint64_t kNever64 = ~std::uint64_t{0};
/// Sequence numbers begin again below 1024 when 1024 or fewer are left (OPC 10000-6 §6.7.2.4).
constexpr std::uint32_t kWrap = 1024, kMaxSequence = 0xffffffff;

constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }
void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
  sink.event(dir, static_cast<std::uint8_t>(e), tx);
}
void report(Direction dir, std::uint64_t events, Transaction* tx, Sink& sink) noexcept {
  for (std::uint8_t i = 0; events != 0; ++i, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, i, tx);
  }
}
void set_side(Exchange& x, Direction dir) noexcept {
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
}
bool never_late(const Message& m) noexcept { return m.is("Publish"); }

}  // namespace

OpcuaParser::OpcuaParser(const ParserContext& c) noexcept
    : pool_(c.pool),
      waiting_(c.pool, c.limits[kRequestFlood]),
      timeout_ns_(c.limits[kReplyTimeout] * kSecond),
      message_limit_(c.limits[kMessageLimit]),
      chunk_limit_(c.limits[kChunkLimit]),
      sides_{Side(c.pool), Side(c.pool)},
      watched_(c.pool) {}

OpcuaParser::~OpcuaParser() { pool_.destroy(hidden_); }

Consumed OpcuaParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  return read_frames(data, sides_[index(dir)].lost, frame_starts, [&](Cursor& in) noexcept {
    Chunk chunk;
    const Bytes rest = in.rest();
    const ParseResult r = parse(in, chunk);
    if (r.kind == ParseResult::Kind::kMalformed) {
      // More than is held, though both ends agreed on it: what it has is not read, the next chunk is searched for.
      const std::uint32_t size = Cursor(rest.subspan(4)).u32le();
      const bool agreed = static_cast<Event>(r.event) == Event::kInvalidSize && size > kMaxChunk &&
                          size <= sides_[index(dir)].buffer;
      report(dir, agreed ? Event::kTooLarge : static_cast<Event>(r.event), nullptr, sink);
      if (!agreed) report(dir, Event::kLostSync, nullptr, sink);
      lose(dir);
    } else if (r.kind == ParseResult::Kind::kDone) {
      on_chunk(dir, chunk, rest.first(chunk.size), sink);
    }
    return r;
  });
}

/// What was begun in that direction cannot be ended.
void OpcuaParser::lose(Direction dir) noexcept {
  Side& side = sides_[index(dir)];
  side.pieces.reset();
  side.open = side.dropping = side.has_sequence = false;
  side.midway = true;
}

void OpcuaParser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, Event::kGap, nullptr, sink);
  lose(dir);
  sides_[index(dir)].lost = true;
}

void OpcuaParser::on_end(Direction dir, Sink& sink) noexcept {
  if (dir != to_server_) on_close(sink);
}

void OpcuaParser::on_close(Sink& sink) noexcept {
  while (!waiting_.empty()) give_up(*waiting_.oldest(), sink);
  end_hidden(sink);
}

void OpcuaParser::on_chunk(Direction dir, const Chunk& chunk, Bytes, Sink& sink) noexcept {
  give_up_late_ones(sink.time_ns(), sink);
  Side& side = sides_[index(dir)];
  Message m;
  m.type = chunk.type;
  m.size = chunk.size;
  m.chunks = 1;
  events_ = side.buffer != 0 && chunk.size > side.buffer ? bit(Event::kChunkTooLarge) : 0;
  switch (chunk.type) {
    case MessageType::kHello:
    case MessageType::kAcknowledge:
    case MessageType::kError:
    case MessageType::kReverseHello:
      if (!interpret_hello(chunk.rest, m)) events_ |= bit(Event::kInvalidHello);
      if (chunk.type == MessageType::kHello) to_server_ = dir;
      if (chunk.type == MessageType::kReverseHello) to_server_ = reverse(dir);
      // What one end takes is what the other may send.
      if (m.receive_size != 0) sides_[index(reverse(dir))].buffer = m.receive_size;
      return on_message(dir, m, chunk.rest, sink);
    case MessageType::kOpen:
      return on_open(dir, m, chunk.rest, sink);
    case MessageType::kClose:
    case MessageType::kMessage:
      return on_symmetric(dir, chunk, m, sink);
  }
}

void OpcuaParser::on_open(Direction dir, Message& m, Bytes content, Sink& sink) noexcept {
  Cursor c(content);
  m.channel = c.u32le();
  const bool question = dir == to_server_;
  if (!interpret_open(c.rest(), m)) events_ |= bit(Event::kInvalidOpen);
  m.renews = question && m.channel != 0;
  if (m.has_sequence) check_sequence(dir, m.sequence, events_);
  policy_ = policy_of(m.policy);
  const bool plain = policy_ != nullptr && policy_->name == "None";
  // How the messages are sent is asked for inside; where that is encrypted, the first message shows it.
  Token t;
  for (Walker w = m.walk(); w.next(t);) {
    if (t.tag == Tag::kSecurityMode)
      asked_mode_ = t.number <= 3 ? static_cast<Mode>(t.number) : Mode::kUnknown;
    if (t.tag == Tag::kTokenId) {
      old_token_ = std::exchange(token_, static_cast<std::uint32_t>(t.number));
    }
  }
  if (m.encrypted) token_ = old_token_ = 0;
  if (!question) {
    if (m.channel != channel_) old_token_ = 0;
    channel_ = m.channel;
    mode_ = plain ? Mode::kNone : m.encrypted ? Mode::kUnknown : asked_mode_;
    // A renewed token begins another count.
    end_hidden(sink);
  }
  on_message(dir, m, c.rest(), sink);
}

void OpcuaParser::on_symmetric(Direction dir, const Chunk& chunk, Message& m, Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  Cursor c(chunk.rest);
  m.channel = c.u32le();
  m.token = c.u32le();
  if (channel_ != 0 && m.channel != channel_) events_ |= bit(Event::kUnknownChannel);
  if (token_ != 0 && m.token != token_ && m.token != old_token_) events_ |= bit(Event::kUnknownToken);
  Cursor open = c;
  m.sequence = open.u32le();
  m.request = open.u32le();
  Bytes content = open.rest();
  const bool starts = body_starts(content);
  if (mode_ == Mode::kUnknown && starts) {
    mode_ = policy_ != nullptr && policy_->name == "None" ? Mode::kNone
            : policy_ == nullptr                          ? Mode::kUnknown
                                                          : Mode::kSign;
  } else if (mode_ == Mode::kUnknown && policy_ != nullptr && !side.open && !side.midway) {
    mode_ = Mode::kEncrypt;
  }
  // In the midst of a connection nobody said how it is sent: what does not look like a service is taken to be encrypted.
  const bool readable =
      mode_ == Mode::kNone || mode_ == Mode::kSign || (mode_ == Mode::kUnknown && (starts || side.open));
  if (!readable) {
    m.encrypted = true;
    m.sequence = m.request = 0;
    return on_encrypted(dir, m, sink);
  }
  m.has_sequence = true;
  check_sequence(dir, m.sequence, events_);
  const std::size_t signature = mode_ == Mode::kSign && policy_ != nullptr ? policy_->signature : 0;
  if (content.size() < signature) return report(dir, events_ | bit(Event::kInvalidMessage), nullptr, sink);
  content = content.first(content.size() - signature);
  if (chunk.final == 'A') return on_abort(dir, m, content, sink);
  on_piece(dir, chunk, m, content, sink);
}

void OpcuaParser::check_sequence(Direction dir, std::uint32_t sequence, std::uint64_t& events) noexcept {
  Side& side = sides_[index(dir)];
  if (side.has_sequence && sequence != side.sequence + 1) {
    const bool wraps = sequence < kWrap && side.sequence >= kMaxSequence - kWrap;
    if (!wraps) {
      events |= bit(sequence <= side.sequence ? Event::kSequenceDuplicate : Event::kSequenceGap);
    }
  }
  side.sequence = sequence;
  side.has_sequence = true;
}

void OpcuaParser::drop_pieces(Direction dir, Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  if (side.open) report(dir, Event::kIncompleteMessage, nullptr, sink);
  side.open = side.dropping = false;
  side.pieces.reset();
}

void OpcuaParser::on_piece(Direction dir, const Chunk& chunk, Message& m, Bytes content,
                           Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  // Chunks of a message follow one another: another request id is another message.
  if (side.open && m.request != side.head.request) drop_pieces(dir, sink);
  if (!side.open) {
    if (side.midway && !body_starts(content)) {
      return report(dir, events_ | bit(Event::kIncompleteMessage), nullptr, sink);
    }
    side.midway = false;
    if (chunk.final == 'F') {
      const std::size_t unsigned_end = mode_ == Mode::kUnknown ? SIZE_MAX : 0;
      interpret_body(content, unsigned_end, m);
      return on_message(dir, m, content, sink);
    }
    side.head = m;
    side.open = true;
    side.pieces.clear();
  } else {
    side.head.size += m.size;
    ++side.head.chunks;
  }
  if (!side.dropping) {
    const bool too_many = side.head.chunks > chunk_limit_;
    if (too_many || side.pieces.size() + content.size() > message_limit_ || !side.pieces.append(content)) {
      events_ |= bit(too_many ? Event::kTooManyChunks : Event::kTooLarge);
      side.dropping = true;
      // What service it is stands at its beginning.
      Cursor c(side.pieces.view());
      if (c.empty()) c = Cursor(content);
      side.head.service_id = read_node_id(c).number;
      side.head.service = service_of(side.head.service_id);
      side.pieces.reset();
    }
  }
  if (chunk.final == 'C') return report(dir, std::exchange(events_, 0), nullptr, sink);
  Message whole = side.head;
  const PoolBuffer body = std::move(side.pieces);
  const bool dropped = std::exchange(side.dropping, false);
  side.open = false;
  if (!dropped) interpret_body(body.view(), mode_ == Mode::kUnknown ? SIZE_MAX : 0, whole);
  on_message(dir, whole, body.view(), sink);
}

void OpcuaParser::on_abort(Direction dir, Message& m, Bytes content, Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  if (side.open && side.head.request == m.request) {
    m.size += side.head.size;
    m.chunks += side.head.chunks;
    Cursor c(side.pieces.view());
    m.service_id = read_node_id(c).number;
    m.service = service_of(m.service_id);
    side.open = side.dropping = false;
    side.pieces.reset();
  }
  side.midway = false;
  events_ |= bit(Event::kAborted);
  if (!interpret_abort(content, m)) events_ |= bit(Event::kInvalidMessage);
  on_message(dir, m, content, sink);
}

bool OpcuaParser::asks(Direction dir, const Message& m) const noexcept {
  switch (m.type) {
    case MessageType::kHello:
      return true;
    case MessageType::kOpen:
      return m.service != nullptr ? m.service->request : dir == to_server_;
    case MessageType::kMessage:
      return m.service != nullptr && m.service->request && !m.aborted;
    default:
      return false;
  }
}

void OpcuaParser::on_message(Direction dir, Message& m, Bytes own, Sink& sink) noexcept {
  if (asks(dir, m)) return on_question(dir, m, own, sink);
  on_answer(dir, m, sink);
}

/// Counts it in the record of what is encrypted, which ends with the channel or its token.
void OpcuaParser::on_encrypted(Direction dir, const Message& m, Sink& sink) noexcept {
  if (hidden_ == nullptr) {
    hidden_ = pool_.make<Exchange>(pool_);
    if (hidden_ == nullptr) return report(dir, events_ | bit(Event::kOutOfMemory), nullptr, sink);
    hidden_->id = next_id_++;
    hidden_->counts = true;
    hidden_->asked = dir;
    hidden_->question.type = MessageType::kMessage;
    hidden_->question.encrypted = true;
    hidden_->question.channel = m.channel;
    hidden_->question.token = m.token;
    hidden_->question_ns = sink.time_ns();
    describe(*hidden_);
  }
  Exchange& x = *hidden_;
  const bool first = x.hidden.chunks[index(dir)] == 0;
  x.hidden.chunks[index(dir)] += 1;
  x.hidden.bytes[index(dir)] += m.size;
  x.answer_ns = sink.time_ns();
  report(dir, std::exchange(events_, 0), &x, sink);
  if (first) {
    set_side(x, dir);
    tell(x, dir, sink);
  }
  if (m.is(MessageType::kClose)) end_hidden(sink);
}

void OpcuaParser::end_hidden(Sink& sink) noexcept {
  if (hidden_ == nullptr) return;
  sink.done(*hidden_);
  pool_.destroy(std::exchange(hidden_, nullptr));
}

void OpcuaParser::describe(Exchange& x) noexcept {
  constexpr std::string_view kModes[] = {"", "None", "Sign", "SignAndEncrypt"};
  x.ot = &kOt;
  x.scratch = &scratch_;
  x.watched = &watched_;
  x.mode = kModes[static_cast<std::size_t>(mode_)];
  x.policy = policy_ == nullptr ? std::string_view{} : policy_->name;
  x.operation = operation_of(x);
}

void OpcuaParser::tell(Exchange& x, Direction dir, Sink& sink) noexcept {
  scratch_.seek.of = nullptr;  // its address may have been another message's
  sink.advance(x, dir, kOtWhole);
}

void OpcuaParser::report_problems(Direction dir, const Message& m, Exchange& x, Sink& sink) noexcept {
  if ((m.problems & kBroken) != 0) report(dir, Event::kInvalidMessage, &x, sink);
  if ((m.problems & kService) != 0) report(dir, Event::kUnknownService, &x, sink);
  if ((m.problems & kDeep) != 0) report(dir, Event::kTooDeep, &x, sink);
  if ((m.problems & kTrailing) != 0) report(dir, Event::kTrailingBytes, &x, sink);
  if ((m.problems & kClearPassword) != 0) report(dir, Event::kPasswordInClear, &x, sink);
  report(dir, std::exchange(events_, 0), &x, sink);
}

void OpcuaParser::on_question(Direction dir, const Message& m, Bytes own, Sink& sink) noexcept {
  sides_[index(dir)].asked = true;
  if (waiting_.full()) {
    report(waiting_.oldest()->asked, Event::kFlooded, waiting_.oldest(), sink);
    give_up(*waiting_.oldest(), sink);
  }
  Exchange* x = pool_.make<Exchange>(pool_);
  // The bytes go when this call ends; the request stays until its response.
  if (x == nullptr || !x->own.append(own)) {
    pool_.destroy(x);
    return report(dir, events_ | bit(Event::kOutOfMemory), nullptr, sink);
  }
  x->id = next_id_++;
  x->asked = dir;
  x->has_question = x->asks = true;
  x->question_ns = sink.time_ns();
  set_side(*x, dir);
  x->question = m;
  // The same message, of bytes that stay.
  const Bytes kept = x->own.view();
  const auto move = [&](Bytes& view) noexcept {
    if (!view.empty()) view = kept.subspan(static_cast<std::size_t>(view.data() - own.data()), view.size());
  };
  Message& q = x->question;
  for (Bytes* view : {&q.text, &q.server_uri, &q.policy, &q.certificate, &q.thumbprint, &q.body}) move(*view);
  std::uint64_t wait_ns = timeout_ns_;
  if (Token t; m.service != nullptr) {
    for (Walker w = q.walk(); w.next(t) && t.tag != Tag::kTimeoutHint;) {
    }
    if (t.tag == Tag::kTimeoutHint) wait_ns = std::max(wait_ns, t.number * kMillisecond);
  }
  x->deadline_ns = never_late(q) ? kNever64 : x->question_ns + wait_ns;
  next_deadline_ns_ = std::min(next_deadline_ns_, x->deadline_ns);
  describe(*x);
  // The response to the one before was lost, or never comes: else each response after it would go to the wrong request.
  for (Exchange* other = waiting_.oldest(); other != nullptr && m.is(MessageType::kMessage);
       other = other->newer) {
    if (other->asked == dir && other->question.is(MessageType::kMessage) &&
        other->question.request == m.request) {
      report(dir, Event::kReusedRequestId, other, sink);
      give_up(*other, sink);
      break;
    }
  }
  wait(*x);
  report_problems(dir, x->question, *x, sink);
  tell(*x, dir, sink);
}

void OpcuaParser::on_answer(Direction dir, const Message& m, Sink& sink) noexcept {
  Exchange* x = find(dir, m);
  if (x != nullptr) {
    finish(*x, dir, m, false, sink);
    return forget(*x);
  }
  Exchange alone(pool_);
  alone.id = next_id_++;
  alone.asked = dir;
  alone.asks = m.is(MessageType::kClose) || m.is(MessageType::kReverseHello);
  // Where only the responses are seen there is nothing odd about it.
  const bool response = m.is(MessageType::kAcknowledge) || m.is(MessageType::kOpen) ||
                        (m.is(MessageType::kMessage) && m.service != nullptr && !m.service->request);
  finish(alone, dir, m, response && sides_[index(reverse(dir))].asked, sink);
}

/// The request that `m` answers.
Exchange* OpcuaParser::find(Direction dir, const Message& m) const noexcept {
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    if (x->asked == dir) continue;
    const Message& q = x->question;
    switch (m.type) {
      case MessageType::kAcknowledge:
        if (q.is(MessageType::kHello)) return x;
        break;
      case MessageType::kError:
        if (q.is(MessageType::kHello) || q.is(MessageType::kOpen)) return x;
        break;
      case MessageType::kOpen:
        // Where the number is encrypted they come in order.
        if (q.is(MessageType::kOpen) && (!m.has_sequence || !q.has_sequence || q.request == m.request))
          return x;
        break;
      case MessageType::kMessage:
        if (q.is(MessageType::kMessage) && q.request == m.request) return x;
        break;
      default:
        return nullptr;
    }
  }
  return nullptr;
}

void OpcuaParser::finish(Exchange& x, Direction dir, const Message& m, bool odd, Sink& sink) noexcept {
  Message& own = x.has_question ? x.answer : x.question;
  own = m;
  (x.has_question ? x.answer_ns : x.question_ns) = sink.time_ns();
  const bool paired = x.has_question;
  (paired ? x.has_answer : x.has_question) = true;
  set_side(x, dir);
  const OtOperation* operation = x.operation;
  describe(x);
  if (paired) x.operation = operation;
  // Readings come with their quality; of what else is asked for, one that was not done is a refusal.
  const bool reads = m.is("Read") || m.is("Browse") || m.is("BrowseNext") ||
                     m.is("TranslateBrowsePathsToNodeIds") || m.is("HistoryRead");
  const bool notifies = m.is("Publish") || m.is("Republish");
  const bool refused = !notifies && m.bad != 0 && (!reads || m.good == 0);
  x.failed = m.is(MessageType::kError) || m.aborted || is_bad(m.result) || refused;
  x.apart = m.has_events;
  if (odd) report(dir, Event::kUnsolicitedResponse, &x, sink);
  if (paired && m.is(MessageType::kMessage) && m.service != nullptr && !m.is("ServiceFault")) {
    if (x.question.service != nullptr && x.question.service->name != m.service->name) {
      report(dir, Event::kMismatch, &x, sink);
    } else if (x.question.handle != m.handle && !m.body.empty()) {
      report(dir, Event::kHandleMismatch, &x, sink);
    }
  }
  if (paired) watch(x);
  report_problems(dir, own, x, sink);
  tell(x, dir, sink);
  sink.done(x);
}

/// Remembers which node the client's number of a monitored item stands for.
void OpcuaParser::watch(const Exchange& x) noexcept {
  if (!x.question.is("CreateMonitoredItems") || !x.answer.is("CreateMonitoredItems")) return;
  NodeId node;
  Token t;
  for (Walker w = x.question.walk(); w.next(t);) {
    if (t.tag == Tag::kNodeId) node = t.id;
    if (t.tag == Tag::kClientHandle) {
      (void)watched_.remember(x.question.subscription, static_cast<std::uint32_t>(t.number), node);
    }
  }
}

void OpcuaParser::wait(Exchange& x) noexcept { waiting_.add(x); }

void OpcuaParser::forget(Exchange& x) noexcept { waiting_.remove(x); }

void OpcuaParser::give_up(Exchange& x, Sink& sink) noexcept {
  sink.done(x);
  forget(x);
}

/// They wait for different times, so all are looked at, but only when one is due.
void OpcuaParser::give_up_late_ones(std::uint64_t now_ns, Sink& sink) noexcept {
  if (now_ns < next_deadline_ns_) return;
  next_deadline_ns_ = kNever64;
  for (Exchange* x = waiting_.oldest(); x != nullptr;) {
    Exchange* next = x->newer;
    if (x->deadline_ns <= now_ns) {
      report(x->asked, Event::kNoReply, x, sink);
      give_up(*x, sink);
    } else {
      next_deadline_ns_ = std::min(next_deadline_ns_, x->deadline_ns);
    }
    x = next;
  }
}

}  // namespace picket::opcua
