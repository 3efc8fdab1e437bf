#include "parsers/http/http.h"

#include <algorithm>
#include <cstring>

#include "parsers/http/http_parser.h"
#include "parsers/http/http_text.h"

namespace picket::http {

Tx::~Tx() {
  for (Side& s : side) {
    pool.release(s.headers, s.header_room * sizeof(Header));
    for (const Text& t : s.built) pool.release(t.data, t.room);
  }
}

HttpParser::HttpParser(const ParserContext& context) noexcept
    : ContentHost(context.pool, context.limits),
      limits_(context.limits),
      reader_{Reader(*this, context.pool, Direction::kToServer),
              Reader(*this, context.pool, Direction::kToClient)} {}

HttpParser::~HttpParser() {
  while (first_ != nullptr) {  // only when on_close() was not called
    Tx* next = first_->next;
    pool_.destroy(first_);
    first_ = next;
  }
}

Consumed HttpParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  sink_ = &sink;
  Reader& r = reader(dir);
  std::size_t at = 0;
  while (at < data.size() && !handed_over_ && r.state != State::kTunnel) at += step(r, data.subspan(at));
  flush(r);
  if (r.state == State::kTunnel && !handed_over_ && data.size() - at >= kTunnelHold) {
    hand_over("");  // so much behind a CONNECT whose reply is not seen: the tunnel stands
  }
  return Consumed::partly(at, 0);
}

/// Each step takes at least one byte or changes the state forward, so the loop above ends.
std::size_t HttpParser::step(Reader& r, Bytes in) noexcept {
  message_end_ = in.data() + in.size();
  switch (r.state) {
    case State::kStart:
      return on_start(r, in);
    case State::kLine:
      return on_line(r, in);
    case State::kSkipLine:
      return on_skip_line(r, in);
    case State::kHeaders:
      return on_headers(r, in);
    case State::kDoubt:
      return on_doubt(r, in);
    case State::kSkipHeaders:
      return on_skip_headers(r, in);
    case State::kMaybeBody:
      return on_maybe_body(r, in);
    case State::kBody:
      return on_body(r, in);
    case State::kChunks:
      return on_chunks(r, in);
    case State::kTunnel:
    case State::kDead:
      break;
  }
  return in.size();
}

/// A few bytes that were read ahead take the way they would have taken.
void HttpParser::replay(Reader& r, Bytes in) noexcept {
  while (!in.empty() && r.state != State::kTunnel) in = in.subspan(step(r, in));
}

std::size_t HttpParser::on_start(Reader& r, Bytes in) noexcept {
  std::size_t i = 0;
  while (i < in.size() && (is_space(in[i]) || in[i] == 0)) {
    if (in[i] == ' ' || in[i] == '\t') r.leading_space = true;
    ++i;
  }
  if (i < in.size()) {
    r.state = State::kLine;
    sink_->frame(r.dir, frame_of(r), in.data() + i, kOpenFrame);
  }
  return i;
}

std::size_t HttpParser::on_line(Reader& r, Bytes in) noexcept {
  constexpr std::string_view kHttp = "http";
  if (is_reply(r) && !r.resync && r.line.size() < kHttp.size()) {
    const std::size_t n = std::min(kHttp.size() - r.line.size(), in.size());
    if (!r.line.append(in.first(n))) return die(r), in.size();
    if (!equals_nocase(r.line.text(), kHttp.substr(0, r.line.size()))) reply_without_head(r);
    return n;
  }
  const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
  const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data()) + 1;
  const std::size_t room =
      limits_[kFieldLimit] - std::min<std::uint64_t>(limits_[kFieldLimit], r.line.size());
  if (!r.line.append(in.first(std::min(n, room)))) return die(r), in.size();
  if (n > room) {
    if (r.resync) {  // no line: keep what may be the beginning of one
      constexpr std::size_t kKeep = 64;
      r.line.consume(r.line.size() - std::min(kKeep, r.line.size()));
    } else {
      r.too_long = true;
      r.state = State::kSkipLine;
    }
    return room;
  }
  message_end_ = in.data() + n;
  if (lf != nullptr) start_line(r);
  return n;
}

std::size_t HttpParser::on_skip_line(Reader& r, Bytes in) noexcept {
  const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
  if (lf == nullptr) return in.size();
  start_line(r);
  return static_cast<std::size_t>(lf - in.data()) + 1;
}

/// Bytes where a reply should begin, but no status line.
void HttpParser::reply_without_head(Reader& r) noexcept {
  const Tx* waiting = first_;
  while (waiting != nullptr && waiting->reply_started) waiting = waiting->next;
  if (r.tx == nullptr && (r.messages > 0 || waiting == nullptr)) {
    raise(Event::kReplyBodyUnexpected, nullptr, r.dir);
    r.resync = true;  // `line` keeps the bytes: a status line may follow in the same line
    return;
  }
  // The first reply: one as HTTP/0.9 has it.
  if (r.tx == nullptr) r.tx = next_reply();
  if (r.tx == nullptr) return die(r);
  r.tx->has_reply = true;
  raise(r, Event::kReplyProtocol);
  side(r).reached = kHeaders;
  std::array<std::uint8_t, 4> bytes{};
  const std::size_t n = std::min(r.line.size(), bytes.size());
  std::memcpy(bytes.data(), r.line.data(), n);
  r.line.reset();
  begin_body(r, Framing::kToEnd);
  replay(r, {bytes.data(), n});
}

void HttpParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  sink_ = &sink;
  Reader& r = reader(dir);
  raise(r, Event::kGap);
  if (r.tx != nullptr) side(r).gap = true;
  switch (r.state) {
    case State::kTunnel:
    case State::kDead:
      break;
    case State::kStart:
    case State::kLine:
    case State::kSkipLine:
      r.line.clear();
      r.state = State::kStart;
      r.resync = true;
      break;
    case State::kBody:
    case State::kChunks:
      if (skip_in_body(r, missing)) break;
      [[fallthrough]];
    default:
      side(r).truncated = true;
      closing_ = ending_ = true;  // what is there is all there is: no body begins
      finish_reader(r);
      closing_ = ending_ = false;
      r.resync = true;
  }
  flush(r);
}

void HttpParser::on_end(Direction dir, Sink& sink) noexcept {
  sink_ = &sink;
  closing_ = ending_ = true;
  finish_reader(reader(dir));
  closing_ = ending_ = false;
}

void HttpParser::on_close(Sink& sink) noexcept {
  sink_ = &sink;
  closing_ = ending_ = true;
  for (Reader& r : reader_) finish_reader(r);
  while (first_ != nullptr) finish(*first_);
}

/// Ends the message at hand as it is.
void HttpParser::finish_reader(Reader& r) noexcept {
  if ((r.state == State::kLine || r.state == State::kSkipLine) && !r.resync && !r.line.empty()) {
    const bool whole = is_reply(r) ? r.line.size() >= 4 : looks_like_request(r.line.text());
    if (whole) {
      start_line(r);
      if (r.tx != nullptr && !is_reply(r)) raise(r, Event::kRequestLineIncomplete);
    }
  }
  if (r.state == State::kDoubt) {
    // What was read ahead is a body, as far as it goes.
    const bool closing = std::exchange(closing_, side(r).head.size() == r.doubt_at);
    settle_doubt(r);
    closing_ = closing;
  }
  if (r.state == State::kHeaders || r.state == State::kSkipHeaders) {
    side(r).truncated = true;
    if (r.state == State::kHeaders && side(r).head.size() > r.line_at && side(r).head.push_back('\n'))
      header_line(r);
    if (r.tx != nullptr &&
        (r.state == State::kHeaders || r.state == State::kSkipHeaders || r.state == State::kDoubt)) {
      end_headers(r);
    }
  }
  if (r.tx != nullptr && r.state == State::kStart)
    r.tx = nullptr;  // interim replies came, the final one did not
  if (r.tx != nullptr) {
    const bool cut = (r.state == State::kBody && r.framing == Framing::kLength) || r.state == State::kChunks;
    if (cut) side(r).truncated = true;
    complete(r);
  }
  r.line.reset();
  if (r.state != State::kTunnel && r.state != State::kDead) r.state = State::kStart;
}

Tx* HttpParser::new_tx() noexcept {
  if (open_ >= limits_[kMaxTx]) {
    // The oldest that nothing is being read into goes as it is.
    Tx* oldest = first_;
    while (oldest != nullptr && (oldest == reader_[0].tx || oldest == reader_[1].tx)) oldest = oldest->next;
    if (oldest != nullptr) {
      raise(Event::kTooManyTransactions, oldest, Direction::kToServer);
      finish(*oldest);
    }
  }
  Tx* tx = pool_.make<Tx>(pool_, next_id_);
  if (tx == nullptr) return nullptr;
  ++next_id_;
  ++open_;
  tx->dump_headers = static_cast<std::uint8_t>(limits_[kDumpHeaders]);
  tx->prev = last_;
  (last_ == nullptr ? first_ : last_->next) = tx;
  last_ = tx;
  return tx;
}

/// The transaction that the next reply belongs to: the oldest without one.
Tx* HttpParser::next_reply() noexcept {
  Tx* tx = first_;
  while (tx != nullptr && tx->reply_started) tx = tx->next;
  if (tx == nullptr) {
    tx = new_tx();
    if (tx == nullptr) return nullptr;
    tx->side[0].complete = true;
    raise(Event::kReplyWithoutRequest, tx, Direction::kToClient);
  }
  tx->reply_started = true;
  return tx;
}

void HttpParser::finish(Tx& tx) noexcept {
  if (tx.has_request) tell(tx, Direction::kToServer);
  if (tx.has_reply) tell(tx, Direction::kToClient);
  // Of one that only ever had interim replies nothing was told.
  if (tx.side[0].told != kStarted || tx.side[1].told != kStarted) sink_->done(tx);
  for (Reader& r : reader_) {
    if (r.tx == &tx) r.tx = nullptr;
  }
  (tx.prev == nullptr ? first_ : tx.prev->next) = tx.next;
  (tx.next == nullptr ? last_ : tx.next->prev) = tx.prev;
  --open_;
  pool_.destroy(&tx);
}

/// Progress is told once a call: a request that comes in one segment is looked at once.
void HttpParser::flush(Reader& r) noexcept {
  if (r.tx == nullptr) return;
  if (!sink_->wants_updates()) return tell(*r.tx, r.dir);
  const Side& s = side(r);
  const bool going_on = s.reached == s.told && (r.state == State::kBody || r.state == State::kChunks);
  tell(*r.tx, r.dir);
  if (going_on) sink_->advance(*r.tx, r.dir, s.told);
}

void HttpParser::tell(Tx& tx, Direction dir) noexcept {
  Side& s = tx.side[index(dir)];
  if (s.reached == s.told) return;
  s.told = s.reached;
  sink_->advance(tx, dir, s.reached);
}

/// Once a transaction and event; outside of transactions each time.
void HttpParser::raise(Event e, Tx* tx, Direction dir) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
  if (tx != nullptr) {
    if (tx->events & bit) return;
    tx->events |= bit;
  }
  sink_->event(dir, static_cast<std::uint8_t>(e), tx);
}

void HttpParser::die(Reader& r) noexcept {
  raise(r, Event::kOutOfMemory);
  if (r.tx != nullptr) {
    side(r).truncated = true;
    complete(r);
  }
  r.state = State::kDead;
  r.line.reset();
}

void HttpParser::hand_over(std::string_view protocol, Bytes hint) noexcept {
  if (handed_over_ || ending_) return;
  handed_over_ = true;
  sink_->hand_over(find_protocol(protocol) == kNoProtocol ? std::string_view{} : protocol, hint);
}

Probe probe(Transport, Direction dir, Bytes first) noexcept {
  constexpr std::size_t kEnough = 1024;
  std::string_view s = as_text(first);
  while (!s.empty() && (s.front() == '\r' || s.front() == '\n')) s.remove_prefix(1);
  if (s.empty()) return first.size() >= kEnough ? Probe::kNo : Probe::kUnsure;
  if (dir == Direction::kToClient) {
    constexpr std::string_view kVersion = "HTTP/1.";
    const std::size_t n = std::min(s.size(), kVersion.size());
    if (s.substr(0, n) != kVersion.substr(0, n)) return Probe::kNo;
    return n == kVersion.size() ? Probe::kYes : Probe::kUnsure;
  }
  // METHOD SP target SP HTTP/1.x
  std::size_t i = 0;
  while (i < s.size() && is_token(static_cast<std::uint8_t>(s[i])) && i <= 32) ++i;
  if (i == s.size()) return i <= 32 ? Probe::kUnsure : Probe::kNo;
  if (i == 0 || i > 32 || (s[i] != ' ' && s[i] != '\t')) return Probe::kNo;
  const std::string_view method = s.substr(0, i);
  const std::size_t lf = s.find('\n');
  std::string_view line = trim(s.substr(i, lf == std::string_view::npos ? s.size() - i : lf - i));
  for (const char c : line) {
    if (static_cast<std::uint8_t>(c) < 0x20 && !is_space(static_cast<std::uint8_t>(c))) return Probe::kNo;
  }
  if (lf == std::string_view::npos) {
    if (first.size() < kEnough) return Probe::kUnsure;
    return is_known_method(method) && !line.empty() &&
                   (line[0] == '/' || equals_nocase(line.substr(0, 4), "http"))
               ? Probe::kYes
               : Probe::kNo;
  }
  const std::size_t last = line.find_last_of(" \t");
  const std::string_view version = last == std::string_view::npos ? line : line.substr(last + 1);
  if (version.size() >= 6 && equals_nocase(version.substr(0, 5), "HTTP/")) {
    return method == "PRI" && version == "HTTP/2.0" ? Probe::kNo : Probe::kYes;
  }
  if (version.find('/') != std::string_view::npos && last != std::string_view::npos)
    return Probe::kNo;  // RTSP/1.0
  return method == "GET" && !line.empty() && line[0] == '/' ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::http
