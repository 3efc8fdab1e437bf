#include "parsers/hl7/hl7_parser.h"

#include <algorithm>
#include <utility>

namespace picket::hl7 {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

constexpr bool capital(std::uint8_t c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool name_byte(std::uint8_t c) noexcept { return capital(c) || (c >= '0' && c <= '9'); }

}  // namespace

Hl7Parser::Hl7Parser(const ParserContext& c) noexcept
    : pool_(c.pool),
      waiting_(c.pool, c.limits[kFlood]),
      message_limit_(c.limits[kMessageLimit]),
      timeout_ns_(c.limits[kTimeout] * kSecond),
      patient_(c.limits),
      sides_{Side(c.pool), Side(c.pool)} {}

Consumed Hl7Parser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  std::size_t at = 0;
  while (at < data.size()) {
    const Bytes rest = data.subspan(at);
    if (s.state == State::kInside) {
      at += take(s, rest);
      if (at == data.size()) break;
      if (data[at] == kFs) {
        ++at;
        on_message(dir, sink);
        s.state = State::kAfterEnd;
      } else {  // a block begins in a block
        s.events |= bit(Event::kMissingEnd);
        on_message(dir, sink);
        s.state = State::kOutside;
      }
      continue;
    }
    if (s.state == State::kAfterEnd) {
      s.state = State::kOutside;
      if (rest[0] == kCr) {
        ++at;
        continue;
      }
      report(dir, Event::kMissingCr, nullptr, sink);
    }
    if (rest[0] == kVt) {
      ++at;
      start(s);
      continue;
    }
    if (rest[0] == kCr || rest[0] == kLf) {
      ++at;
      continue;
    }
    const Probe p = probe(Transport::kTcp, dir, rest);
    if (p == Probe::kUnsure) return Consumed::partly(at, 0);
    if (p == Probe::kYes) {
      start(s);
      if (!s.gap) s.events |= bit(Event::kMissingStart);
      continue;
    }
    if (!s.stray && !s.gap) report(dir, Event::kStrayBytes, nullptr, sink);
    s.stray = true;
    ++at;
  }
  return Consumed::all(at);
}

void Hl7Parser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  report(dir, Event::kGap, nullptr, sink);
  if (s.state == State::kInside) {
    s.events |= bit(Event::kIncomplete);
    on_message(dir, sink);
  }
  s.state = State::kOutside;
  s.gap = true;
}

void Hl7Parser::on_end(Direction dir, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  if (s.state == State::kInside) {
    s.events |= bit(Event::kIncomplete);
    on_message(dir, sink);
    s.state = State::kOutside;
  }
  if (dir == Direction::kToClient) on_close(sink);
}

void Hl7Parser::on_close(Sink& sink) noexcept {
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    if (sides_[index(dir)].state == State::kInside) on_end(dir, sink);
  }
  while (!waiting_.empty()) finish(*waiting_.oldest(), sink);
}

// --- bytes of a block

void Hl7Parser::start(Side& s) noexcept {
  s.state = State::kInside;
  s.message = Message(pool_);
  s.line_size = 0;
  s.events = 0;
  s.stray = false;
}

std::size_t Hl7Parser::take(Side& s, Bytes b) noexcept {
  std::size_t at = 0;
  while (at < b.size() && b[at] != kFs && b[at] != kVt) {
    if (b[at] == kCr || b[at] == kLf) {
      if (b[at] == kLf) s.events |= bit(Event::kWrongSegmentEnd);
      end_line(s);
      ++at;
    } else if (s.line_size < s.line.size()) {
      s.line[s.line_size++] = b[at++];
    } else {
      const auto end = std::find_if(b.begin() + static_cast<std::ptrdiff_t>(at), b.end(), [](std::uint8_t c) {
        return c == kCr || c == kLf || c == kFs || c == kVt;
      });
      at = static_cast<std::size_t>(end - b.begin());
    }
  }
  keep(s, b.first(at));
  return at;
}

void Hl7Parser::keep(Side& s, Bytes b) noexcept {
  Message& m = s.message;
  m.bytes += b.size();
  if (m.truncated) return;
  const std::size_t n = std::min(b.size(), message_limit_ - m.kept.size());
  if (n < b.size()) {
    m.truncated = true;
    s.events |= bit(Event::kMessageTooLarge);
  }
  if (n != 0 && !m.kept.append(b.first(n))) {
    m.truncated = true;
    s.events |= bit(Event::kOutOfMemory);
  }
}

void Hl7Parser::end_line(Side& s) noexcept {
  const std::uint8_t size = std::exchange(s.line_size, std::uint8_t{0});
  if (size == 0) return;
  Message& m = s.message;
  ++m.segments;
  // The separator is the first segment's; what a line begins with that is no segment may be anybody's name.
  if (m.segments == 1) m.separators.field = size == 4 ? s.line[3] : std::uint8_t{'|'};
  const bool named = size >= 3 && capital(s.line[0]) && name_byte(s.line[1]) && name_byte(s.line[2]) &&
                     (size == 3 || s.line[3] == m.separators.field);
  if (!named) {
    s.events |= bit(Event::kInvalidSegment);
    return;
  }
  const std::array<std::uint8_t, 3> name{s.line[0], s.line[1], s.line[2]};
  if (as_text(name) == "MSH") ++m.messages;
  const auto end = m.names.begin() + m.name_count;
  const auto known = std::find_if(m.names.begin(), end, [&](const NameCount& n) { return n.name == name; });
  if (known != end) {
    ++known->count;
  } else if (m.name_count < m.names.size()) {
    m.names[m.name_count++] = {name, 1};
  } else {
    s.events |= bit(Event::kTooManySegments);
  }
}

// --- messages

void Hl7Parser::read_header(Message& m) const noexcept {
  m.there = true;
  Cursor c(m.kept.view());
  Segment first;
  if (!next_segment(c, first)) return;
  m.batch = as_text(first.name) == "FHS" || as_text(first.name) == "BHS";
  for (bool top = true;; top = false) {
    if (as_text(first.name) == "MSH") {
      m.has_header = read_separators(first.line, m.separators);
      m.header = first;
      m.id = m.msh(10);
      return;
    }
    // A file and its batches begin with headers of their own.
    if (!m.batch || (top && !read_separators(first.line, m.separators)) || !next_segment(c, first)) return;
  }
}

void Hl7Parser::on_message(Direction dir, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  s.gap = false;
  end_line(s);
  check_timeouts(sink);
  Message& m = s.message;
  if (m.bytes == 0) return report(dir, Event::kEmptyBlock, nullptr, sink);
  const Bytes kept = m.kept.view();
  if (m.bytes == 1 && kept.size() == 1 && (kept[0] == kAck || kept[0] == kNak))
    return on_block_answer(dir, kept[0], sink);
  read_header(m);
  if (!m.has_header && !m.batch) s.events |= bit(Event::kInvalidHeader);
  if (m.has_header && m.control_id().empty()) s.events |= bit(Event::kMissingControlId);
  Acknowledgement a;
  if (read_acknowledgement(m, a)) {
    on_answer(dir, a, sink);
  } else {
    on_request(dir, sink);
  }
}

/// Of release 2: the block is kept, or is not.
void Hl7Parser::on_block_answer(Direction dir, std::uint8_t code, Sink& sink) noexcept {
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    if (x->asked == dir || !x->has_question || x->commit[0] != 0) continue;
    x->commit = {code, 0};
    (dir == Direction::kToServer ? x->has_request : x->has_reply) = true;
    if (code == kAck) return;
    x->failed = true;
    report(dir, Event::kNegativeAcknowledgement, x, sink);
    return finish(*x, sink);
  }
  if (sides_[index(reverse(dir))].asked) report(dir, Event::kUnsolicitedAcknowledgement, nullptr, sink);
}

void Hl7Parser::on_answer(Direction dir, const Acknowledgement& a, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  Exchange* x = nullptr;
  for (Exchange* y = waiting_.oldest(); y != nullptr && x == nullptr; y = y->newer) {
    if (y->asked == dir || !y->has_question) continue;
    const Bytes id = y->question.control_id();
    if (a.control_id.empty() || as_text(id) == as_text(a.control_id)) x = y;
  }
  const std::string_view code = as_text(a.code);
  // In enhanced mode a first answer says that it was received, a second one what came of it.
  const bool paired = x != nullptr;
  bool commits = false;
  if (paired && (code == "CA" || code == "CE" || code == "CR")) {
    x->commit = {a.code[0], a.code[1]};
    const std::string_view wants = as_text(x->question.msh(16));
    commits = code == "CA" && !wants.empty() && wants != "NE" && wants != "\"\"";
  }
  if (!paired || commits) x = open(dir, sink);
  if (x == nullptr) return;
  const bool odd = !paired && sides_[index(reverse(dir))].asked;
  const bool negative = refuses(a.code), unknown = acknowledgement_name(a.code).empty();
  // From here on `a` is gone with the message's bytes, which move.
  x->answer = std::move(s.message);
  x->has_answer = true;
  x->answer_ns = sink.time_ns();
  if (!x->has_question) x->operation = operation_of(x->answer);
  x->failed = x->failed || negative;
  report_all(dir, s.events, *x, sink);
  if (unknown) report(dir, Event::kUnknownAcknowledgement, x, sink);
  if (negative) report(dir, Event::kNegativeAcknowledgement, x, sink);
  if (odd) report(dir, Event::kUnsolicitedAcknowledgement, x, sink);
  finish(*x, sink);
}

void Hl7Parser::on_request(Direction dir, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  const Message& m = s.message;
  const bool waits = m.has_header;  // nobody answers what has no number, but some do
  bool same = false;
  for (const Exchange* y = waiting_.oldest(); y != nullptr && waits && !same; y = y->newer) {
    same = y->asked == dir && y->has_question && !m.control_id().empty() &&
           as_text(y->question.control_id()) == as_text(m.control_id());
  }
  Exchange* x = open(dir, sink);
  if (x == nullptr) return;
  s.asked = s.asked || waits;
  x->question = std::move(s.message);
  x->has_question = true;
  x->operation = operation_of(x->question);
  report_all(dir, s.events, *x, sink);
  if (same) report(dir, Event::kDuplicateControlId, x, sink);
  tell(*x, dir, sink);
  if (!waits) finish(*x, sink);
}

void Hl7Parser::report_all(Direction dir, std::uint64_t events, Exchange& x, Sink& sink) noexcept {
  for (unsigned e = 0; events != 0; ++e, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, static_cast<std::uint8_t>(e), &x);
  }
}

Exchange* Hl7Parser::open(Direction dir, Sink& sink) noexcept {
  if (waiting_.full()) {
    report(waiting_.oldest()->asked, Event::kFlooded, waiting_.oldest(), sink);
    finish(*waiting_.oldest(), sink);
  }
  Exchange* x = pool_.make<Exchange>(pool_);
  if (x == nullptr) {
    report(dir, Event::kOutOfMemory, nullptr, sink);
    return nullptr;
  }
  x->id = next_id_++;
  x->asked = dir;
  x->patient = &patient_;
  x->question_ns = sink.time_ns();
  x->ot = &kOt;
  x->operation = operation_of(x->question);
  (dir == Direction::kToServer ? x->has_request : x->has_reply) = true;
  waiting_.add(*x);
  return x;
}

void Hl7Parser::check_timeouts(Sink& sink) noexcept {
  const std::uint64_t now = sink.time_ns();
  while (!waiting_.empty() && now > waiting_.oldest()->question_ns + timeout_ns_) {
    if (waiting_.oldest()->commit[0] == 0)
      report(waiting_.oldest()->asked, Event::kNoAcknowledgement, waiting_.oldest(), sink);
    finish(*waiting_.oldest(), sink);
  }
}

void Hl7Parser::tell(Exchange& x, Direction dir, Sink& sink) noexcept {
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
  x.told[index(dir)] = true;
  sink.advance(x, dir, kOtWhole);
}

void Hl7Parser::finish(Exchange& x, Sink& sink) noexcept {
  if (!x.told[index(x.asked)]) tell(x, x.asked, sink);
  const Direction back = reverse(x.asked);
  if (x.has_question && x.has_answer && !x.told[index(back)]) tell(x, back, sink);
  sink.done(x);
  waiting_.remove(x);
}

}  // namespace picket::hl7
