#include "parsers/c37118/c37118_parser.h"

#include <algorithm>

namespace picket::c37118 {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
  sink.event(dir, static_cast<std::uint8_t>(e), tx);
}

/// Do whole frames stand in it? What only looks like frames may cost twice its length.
bool holds_frames(Bytes b) noexcept {
  constexpr unsigned kProof = 2;  // by chance: one in 2^32 for each pair of places that look like frames
  std::size_t credit = 2 * b.size();
  for (unsigned frames = 0;; b = b.subspan(1)) {
    b = b.subspan(static_cast<std::size_t>(std::find(b.begin(), b.end(), kSync) - b.begin()));
    std::uint16_t size = 0;
    if (b.empty()) return false;
    if (read_size(b, size).kind != ParseResult::Kind::kDone || size > b.size() || size > credit) continue;
    const std::uint8_t version = b[1] & 15;
    if (version == 0 || version > kLastVersion) continue;
    credit -= size;
    Cursor in(b);
    Frame f;
    if (parse(in, size, f).kind != ParseResult::Kind::kDone) continue;
    if (++frames == kProof) return true;
    b = b.subspan(size - 1);
  }
}

/// Of one that is new.
void begin(Exchange& x, Direction dir, const Frame& f, std::uint64_t id, std::uint64_t now) noexcept {
  x.id = id;
  x.from = dir;
  x.first = f;
  x.first_ns = now;
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
}
void finish(Exchange& x, Sink& sink) noexcept {
  sink.done(x);
  x = {};
}

constexpr FrameType asked_for(std::uint16_t command) noexcept {
  switch (static_cast<Command>(command)) {
    case Command::kSendHeader:
      return FrameType::kHeader;
    case Command::kSendConfig1:
      return FrameType::kConfig1;
    case Command::kSendConfig2:
      return FrameType::kConfig2;
    default:
      return FrameType::kConfig3;
  }
}

bool check_time(Direction dir, const Frame& f, std::uint32_t time_base, Exchange& x, Sink& sink) noexcept {
  if (time_base != 0 && f.fraction < time_base) return true;
  report(dir, Event::kInvalidTime, &x, sink);
  return false;
}

}  // namespace

C37118Parser::C37118Parser(const ParserContext& c) noexcept
    : timeout_ns_(c.limits[kReplyTimeout] * kSecond),
      streams_{Stream(c.pool), Stream(c.pool), Stream(c.pool), Stream(c.pool)} {}

Consumed C37118Parser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  std::size_t at = 0;
  while (at < data.size()) {
    Cursor in(data.subspan(at));
    Frame f;
    const ParseResult r = read(side, in, f);
    if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(at, r.need);
    if (r.kind == ParseResult::Kind::kMalformed) {
      if (!side.lost) {
        sink.event(dir, r.event, nullptr);
        report(dir, Event::kLostSync, nullptr, sink);
        lose(side);
      }
      pass(side, 1);
      ++at;
      continue;
    }
    side.lost = false;
    side.soc = f.soc;
    pass(side, in.offset());
    at += in.offset();
    on_frame(dir, f, sink);
  }
  return Consumed::all(at);
}

/// As parse(), but what is not believed is malformed before all of it is there.
ParseResult C37118Parser::read(Side& side, Cursor& in, Frame& f) const noexcept {
  const Bytes rest = in.rest();
  std::uint16_t size = 0;
  const ParseResult header = read_size(rest, size);
  if (header.kind != ParseResult::Kind::kDone) return header;
  if (size <= kShort) return parse(in, size, f);
  if (rest.size() < kHeaderSize) return ParseResult::need_more(kHeaderSize);
  const Belief b = belief(side, rest, size);
  if (b == Belief::kNever) return ParseResult::malformed(Event::kInvalidSize);
  for (; b == Belief::kDoubt && side.look < size; side.look *= 2) {
    if (rest.size() < side.look) return ParseResult::need_more(side.look);
    if (!holds_frames(rest.first(side.look).subspan(1))) continue;
    side.credit -= static_cast<std::uint32_t>(side.look);
    return ParseResult::malformed(Event::kInterruptedFrame);
  }
  const ParseResult r = parse(in, size, f);
  if (r.kind == ParseResult::Kind::kMalformed) side.credit -= size;
  return r;
}

/// Of what is longer than kShort: it is of about the time of what came before, and data are as long as the configuration
/// says. Behind damage both may be what has changed, and the CRC has to tell.
C37118Parser::Belief C37118Parser::belief(const Side& side, Bytes rest, std::uint16_t size) const noexcept {
  constexpr std::uint32_t kDay = 86400;
  if (size > side.credit || (side.lost && size > side.patience)) return Belief::kNever;
  Cursor c(rest);
  c.skip(1);
  const std::uint8_t type = c.u8();
  c.skip(2);
  const std::uint16_t id = c.u16be();
  const std::uint32_t soc = c.u32be(), last = side.soc;
  if (!side.lost && last != 0 && (soc > last ? soc - last : last - soc) > kDay) return Belief::kNever;
  if (type >> 4 != static_cast<std::uint8_t>(FrameType::kData)) return Belief::kDoubt;
  for (const Stream& s : streams_) {
    const std::size_t body = s.layout.size();
    if (s.used == 0 || s.id != id || body == 0 || s.misfit) continue;
    if (body + kMinSize == size) return Belief::kSure;
    if (!side.lost) return Belief::kNever;
  }
  return Belief::kDoubt;
}

/// So many bytes went by.
void C37118Parser::pass(Side& side, std::size_t bytes) noexcept {
  const auto more = static_cast<std::uint32_t>(bytes) * kCreditOfByte;
  side.credit = std::min(side.credit + more, kMostCredit);
  if (side.lost) side.patience = std::min(side.patience + more, kMostCredit);
  side.look = kFirstLook;
}

void C37118Parser::lose(Side& side) noexcept {
  side.lost = true;
  side.patience = kFirstPatience;
}

void C37118Parser::on_datagram(Direction dir, Bytes data, Sink& sink) noexcept {
  Cursor in(data);
  while (!in.empty()) {
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind != ParseResult::Kind::kDone) {
      const auto cut = static_cast<std::uint8_t>(Event::kInvalidSize);
      return sink.event(dir, r.kind == ParseResult::Kind::kNeedMore ? cut : r.event, nullptr);
    }
    on_frame(dir, f, sink);
  }
}

void C37118Parser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, Event::kGap, nullptr, sink);
  Side& side = sides_[index(dir)];
  lose(side);
  side.look = kFirstLook;
  for (Stream& s : streams_) s.last_ns = 0;  // what is missing is known by now
}

void C37118Parser::on_close(Sink& sink) noexcept {
  for (Exchange& x : waiting_) {
    if (x.has_request || x.has_reply) finish(x, sink);
  }
}

void C37118Parser::on_frame(Direction dir, const Frame& f, Sink& sink) noexcept {
  ++frames_;
  if (may_wait_) give_up_late_ones(sink);
  switch (f.type) {
    case FrameType::kCommand:
      return on_command(dir, f, sink);
    case FrameType::kData:
      return on_data(dir, f, sink);
    case FrameType::kHeader:
    case FrameType::kConfig1:
    case FrameType::kConfig2:
    case FrameType::kConfig3:
      return on_answer(dir, f, sink);
  }
}

void C37118Parser::give_up_late_ones(Sink& sink) noexcept {
  const std::uint64_t now = sink.time_ns();
  may_wait_ = false;
  for (Exchange& x : waiting_) {
    if (!x.has_request && !x.has_reply) continue;
    if (now <= x.first_ns + timeout_ns_) {
      may_wait_ = true;
      continue;
    }
    report(x.from, Event::kNoReply, &x, sink);
    finish(x, sink);
  }
}

void C37118Parser::on_command(Direction dir, const Frame& f, Sink& sink) noexcept {
  const std::uint16_t code = command_of(f);
  const auto command = static_cast<Command>(code);
  const bool asks = command >= Command::kSendHeader && command <= Command::kSendConfig3;
  Exchange alone;
  Exchange& x = asks ? free_place(sink) : alone;
  begin(x, dir, f, next_id_++, sink.time_ns());
  x.command = code;
  if (asks) x.first.body = {};  // it goes when this call ends, and the code is all that is in it
  set_operation(x);
  if (command_name(code).empty()) report(dir, Event::kUnknownCommand, &x, sink);
  sink.advance(x, dir, kOtWhole);
  if (!asks) sink.done(x);
}

Exchange& C37118Parser::free_place(Sink& sink) noexcept {
  may_wait_ = true;
  Exchange* oldest = &waiting_[0];
  for (Exchange& x : waiting_) {
    if (!x.has_request && !x.has_reply) return x;
    if (x.first_ns < oldest->first_ns || (x.first_ns == oldest->first_ns && x.id < oldest->id)) oldest = &x;
  }
  report(oldest->from, Event::kFlooded, oldest, sink);
  finish(*oldest, sink);
  return *oldest;
}

void C37118Parser::on_answer(Direction dir, const Frame& f, Sink& sink) noexcept {
  const auto asked = std::find_if(waiting_.begin(), waiting_.end(), [&](const Exchange& x) noexcept {
    return (x.has_request || x.has_reply) && x.from != dir && x.first.id == f.id &&
           asked_for(x.command) == f.type;
  });
  Exchange alone;
  Exchange& x = asked == waiting_.end() ? alone : *asked;
  if (&x == &alone) {
    begin(x, dir, f, next_id_++, sink.time_ns());
  } else {
    x.answer = f;
    x.has_answer = x.has_request = x.has_reply = true;
    x.answer_ns = sink.time_ns();
  }
  set_operation(x);
  ConfigReader config;
  if (config_in(f, config)) {
    Pmu p;
    while (config.next(p)) {
    }
    if (!config.right() && config.continued == 0) report(dir, Event::kInvalidConfiguration, &x, sink);
    if ((config.right() || config.continued != 0) && f.type != FrameType::kConfig1)
      learn(dir, f, config.continued != 0, x, sink);
    check_time(dir, f, config.time_base, x, sink);
  }
  sink.advance(x, dir, kOtWhole);
  finish(x, sink);
}

C37118Parser::Stream* C37118Parser::find(std::uint16_t id) noexcept {
  const auto s = std::find_if(streams_.begin(), streams_.end(),
                              [&](const Stream& o) { return o.used != 0 && o.id == id; });
  if (s == streams_.end()) return nullptr;
  s->used = frames_;
  return &*s;
}

/// A configuration 1 says what there could be; 2 and 3 what data looks like.
void C37118Parser::learn(Direction dir, const Frame& f, bool continued, Exchange& x, Sink& sink) noexcept {
  Stream* s = find(f.id);
  if (s == nullptr) {
    s = &*std::min_element(streams_.begin(), streams_.end(),
                           [](const Stream& a, const Stream& b) { return a.used < b.used; });
    if (s->used != 0) report(dir, Event::kTooManyStreams, &x, sink);
    s->layout.clear();
    s->last_ns = 0;
    s->has_state = s->misfit = false;
    s->id = f.id;
    s->used = frames_;
  }
  const bool third = f.type == FrameType::kConfig3;
  // Two kinds of the same configuration differ in their bytes, and that is no change.
  if (!s->layout.empty() && s->layout.third() == third) {
    if (as_text(s->layout.config()) == as_text(f.body)) return;
    report(dir, Event::kConfigurationChanged, &x, sink);
    x.apart = true;
    s->has_state = false;
  }
  s->layout.clear();
  s->misfit = false;
  if (continued) return;  // the rest is in other frames
  if (!s->layout.make(f.body, third)) report(dir, Event::kOutOfMemory, &x, sink);
}

void C37118Parser::on_data(Direction dir, const Frame& f, Sink& sink) noexcept {
  Exchange x;
  begin(x, dir, f, next_id_++, sink.time_ns());
  Stream* s = find(f.id);
  if (s == nullptr || s->layout.empty()) {
    if (!unknown_told_) report(dir, Event::kUnknownConfiguration, &x, sink);
    unknown_told_ = true;
  } else if (!s->layout.fits(f.body)) {
    s->misfit = true;
    report(dir, Event::kInvalidData, &x, sink);  // values at wrong places are worse than none
  } else {
    s->misfit = false;
    x.layout = &s->layout;
    read_data(dir, *s, x, sink);
  }
  set_operation(x);
  sink.advance(x, dir, kOtWhole);
  sink.done(x);
}

/// What a data frame says beside its values: is it in order, and is a PMU in another state?
void C37118Parser::read_data(Direction dir, Stream& s, Exchange& x, Sink& sink) noexcept {
  constexpr std::uint64_t kPrime = 1099511628211U;  // FNV-1a's
  std::uint64_t state = 0;
  for (const PmuLayout& p : s.layout.pmus())
    state = (state ^ (Measurement(x.first.body, p).status() & status::kStateMask)) * kPrime + 1;
  x.changed = s.has_state && s.state != state;
  s.state = state;
  s.has_state = true;
  const std::uint32_t time_base = s.layout.time_base();
  if (!check_time(dir, x.first, time_base, x, sink)) return;
  const std::uint64_t now = x.first.soc * kSecond + std::uint64_t{x.first.fraction} * kSecond / time_base;
  const std::int16_t rate = s.layout.rate();
  if (s.last_ns != 0 && rate != 0) {
    const std::uint64_t step =
        rate > 0 ? kSecond / static_cast<unsigned>(rate) : kSecond * static_cast<unsigned>(-rate);
    if (now <= s.last_ns) {
      report(dir, Event::kTimeBackwards, &x, sink);
    } else if (now - s.last_ns > step + step / 2) {
      report(dir, Event::kLostFrames, &x, sink);
    }
  }
  s.last_ns = now;
}

}  // namespace picket::c37118
