#include "parsers/http2/http2.h"

#include <algorithm>
#include <cstring>

#include "parsers/http2/http2_parser.h"

namespace picket::http2 {
namespace {

constexpr std::string_view kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kMagicLine = 16;
/// A frame whose payload is looked at as a whole is at most as long; those of headers are announced to be no
/// longer than this by nearly everybody.
constexpr std::uint32_t kMaxWhole = 65536;

Frame read_frame(Cursor& c) noexcept {
  Frame f;
  f.length = c.u24be();
  f.type = c.u8();
  f.flags = c.u8();
  f.stream = c.u32be() & 0x7fffffff;
  return f;
}

}  // namespace

Lane::Added Lane::add(Note n) noexcept {
  const bool window = n.kind == Note::kWindow;
  if (window && windows_ == kMaxWindows) return Added::kYes;
  if (!window && notes().size() - windows_ >= kMaxNotes) return Added::kTooMany;
  if (!notes_.append({reinterpret_cast<const std::uint8_t*>(&n), sizeof n})) return Added::kNoMemory;
  if (window) ++windows_;
  return Added::kYes;
}

std::span<const Note> Lane::notes() const noexcept {
  return {reinterpret_cast<const Note*>(notes_.view().data()), notes_.size() / sizeof(Note)};
}

Tx::~Tx() {
  for (const http::Text& t : doubled) pool.release(t.data, t.room);
}

std::span<StreamTable::Place> StreamTable::places() const noexcept {
  return {reinterpret_cast<Place*>(places_.data()), size()};
}

std::size_t StreamTable::lower_bound(std::uint32_t id) const noexcept {
  const auto all = places();
  const auto at = std::lower_bound(all.begin(), all.end(), id,
                                   [](const Place& p, std::uint32_t wanted) { return p.id < wanted; });
  return static_cast<std::size_t>(at - all.begin());
}

Tx* StreamTable::find(std::uint32_t id) const noexcept {
  const std::size_t i = lower_bound(id);
  return i < size() && places()[i].id == id ? places()[i].tx : nullptr;
}

bool StreamTable::insert(Tx& tx) noexcept {
  const std::size_t i = lower_bound(tx.stream_id);
  const Place place{tx.stream_id, &tx};
  if (!places_.append({reinterpret_cast<const std::uint8_t*>(&place), sizeof place})) return false;
  const auto all = places();
  std::rotate(all.begin() + static_cast<std::ptrdiff_t>(i), all.end() - 1, all.end());
  return true;
}

void StreamTable::erase(std::uint32_t id) noexcept {
  const std::size_t i = lower_bound(id);
  const auto all = places();
  if (i == all.size() || all[i].id != id) return;
  std::copy(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(),
            all.begin() + static_cast<std::ptrdiff_t>(i));
  places_.resize(places_.size() - sizeof(Place));
}

std::uint64_t Http2Parser::Rate::add(std::uint64_t now_ns) noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  if (count == 0 || now_ns - since_ns >= kSecond) {
    since_ns = now_ns;
    count = 0;
  }
  return ++count;
}

Http2Parser::Http2Parser(const ParserContext& context) noexcept
    : ContentHost(context.pool, context.limits),
      limits_(context.limits),
      reader_{Reader(context.pool, Direction::kToServer,
                     static_cast<std::uint32_t>(context.limits[kMaxTableSize])),
              Reader(context.pool, Direction::kToClient,
                     static_cast<std::uint32_t>(context.limits[kMaxTableSize]))},
      streams_{StreamTable(context.pool), StreamTable(context.pool)},
      hint_(context.pool) {
  if (!context.hint.empty() && !hint_.append(context.hint)) hint_.clear();
}

Http2Parser::~Http2Parser() {
  for (const StreamTable& t : streams_) {  // only when on_close() was not called
    for (std::size_t i = 0; i < t.size(); ++i) pool_.destroy(&t.at(i));
  }
}

void Http2Parser::begin(Sink& sink) noexcept {
  sink_ = &sink;
  if (!hint_.empty()) upgrade();
}

Consumed Http2Parser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  begin(sink);
  Reader& r = reader(dir);
  std::size_t at = 0, need = 0;
  while (at < data.size() && r.state != State::kDead && need == 0) at += step(r, data.subspan(at), need);
  return r.state == State::kDead ? Consumed::stop() : Consumed::partly(at, need);
}

/// Takes at least one byte, or says how many it needs.
std::size_t Http2Parser::step(Reader& r, Bytes in, std::size_t& need) noexcept {
  switch (r.state) {
    case State::kMagic:
      return on_magic(r, in, need);
    case State::kFrame:
      return on_frame(r, in, need);
    case State::kData:
      return on_data(r, in);
    case State::kSkip: {
      const std::size_t n = std::min<std::size_t>(r.left, in.size());
      r.left -= static_cast<std::uint32_t>(n);
      if (r.left == 0) r.state = State::kFrame;
      return n;
    }
    case State::kDead:
      break;
  }
  return in.size();
}

std::size_t Http2Parser::on_magic(Reader& r, Bytes in, std::size_t& need) noexcept {
  const std::size_t n = std::min(in.size(), kMagic.size());
  if (as_text(in.first(n)) != kMagic.substr(0, n)) {
    raise(r, Event::kInvalidMagic);
    for (Reader& each : reader_) lose(each);
    return in.size();
  }
  if (n < kMagic.size()) {
    need = kMagic.size();
    return 0;
  }
  r.state = State::kFrame;
  return n;
}

std::size_t Http2Parser::on_frame(Reader& r, Bytes in, std::size_t& need) noexcept {
  Cursor c(in);
  const Frame f = read_frame(c);
  if (!c.ok()) {
    need = Frame::kHeaderSize;
    return 0;
  }
  const bool known = f.type <= kContinuation;
  const bool padded = f.type == kData && (f.flags & flag::kPadded) != 0 && f.length > 0;
  const bool whole = known && f.type != kData && f.length <= kMaxWhole;
  const std::size_t wanted = Frame::kHeaderSize + (whole ? f.length : padded ? 1 : 0);
  if (in.size() < wanted) {
    need = wanted;
    return 0;
  }
  sink_->frame(r.dir, kPduFrame, in.data(), Frame::kHeaderSize + f.length);
  sink_->frame(r.dir, kHdrFrame, in.data(), Frame::kHeaderSize);
  sink_->frame(r.dir, kDataFrame, in.data() + Frame::kHeaderSize, f.length);
  if (std::exchange(r.first, false) && (f.type != kSettings || (f.flags & flag::kAck) != 0)) {
    raise(r, Event::kSettingsExpected);
    if (!known) return lose(r), in.size();  // nothing says that this is HTTP/2
  }
  if (r.block.open && (f.type != kContinuation || f.stream != r.block.stream)) {
    raise(r, Event::kContinuationExpected, r.block.tx);
    r.hpack.lose();
    end_block(r);
  }
  if (f.length > reader(reverse(r.dir)).max_frame) raise(r, Event::kLongFrame, find(f.stream));
  if (f.type == kData) {
    begin_data(r, f, padded ? in[Frame::kHeaderSize] : 0);
    return wanted;
  }
  if (whole) {
    frame(r, f, in.subspan(Frame::kHeaderSize, f.length));
    return wanted;
  }
  if (known) {  // too long to be looked at: of headers, their compression is lost
    raise(r, Event::kReassemblyLimit, find(f.stream));
    if (f.type == kHeadersFrame || f.type == kPushPromise || f.type == kContinuation) r.hpack.lose();
    if (f.type == kContinuation && r.block.open) end_block(r);
  }
  frame(r, f, {});
  r.left = f.length;
  r.state = f.length == 0 ? State::kFrame : State::kSkip;
  return Frame::kHeaderSize;
}

std::size_t Http2Parser::on_data(Reader& r, Bytes in) noexcept {
  const std::size_t n = std::min<std::size_t>(r.left, in.size());
  take_data(r, in.first(n));
  r.left -= static_cast<std::uint32_t>(n);
  const std::size_t padding = std::min<std::size_t>(r.padding, in.size() - n);
  r.padding -= static_cast<std::uint32_t>(padding);
  if (r.left == 0 && r.padding == 0) end_data(r);
  return n + padding;
}

void Http2Parser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  begin(sink);
  Reader& r = reader(dir);
  if (r.state == State::kDead) return;
  raise(r, Event::kGap, r.tx);
  const bool in_data = r.state == State::kData && missing != 0 && missing <= r.left;
  if (!in_data) return lose(r);
  if (r.tx != nullptr) {
    const Charge charge(*this, *r.tx);
    r.tx->side[index(dir)].gap = true;
    if (r.tx->tunnel)
      r.tx->side[index(dir)].body_bytes += missing;
    else
      r.tx->content[index(dir)].skip(missing);
  }
  r.left -= static_cast<std::uint32_t>(missing);
  if (r.left == 0 && r.padding == 0) end_data(r);
}

void Http2Parser::on_end(Direction dir, Sink& sink) noexcept {
  begin(sink);
  lose(reader(dir));
}

void Http2Parser::on_close(Sink& sink) noexcept {
  begin(sink);
  for (Reader& r : reader_) lose(r);
  for (StreamTable& t : streams_) {
    while (t.size() > 0) close(t.at(0));
  }
}

/// Nothing more of this direction is read: its messages are as they are.
void Http2Parser::lose(Reader& r) noexcept {
  if (std::exchange(r.state, State::kDead) == State::kDead) return;
  if (r.block.open) {  // what is there of it is told
    r.hpack.lose();
    end_block(r);
  }
  r.tx = nullptr;
  for (StreamTable& t : streams_) {
    for (std::size_t i = 0; i < t.size();) {
      Tx& tx = t.at(i);
      close_side(tx, r.dir);
      const std::size_t before = t.size();
      close_if_over(tx);
      if (t.size() == before) ++i;
    }
  }
}

Tx* Http2Parser::find(std::uint32_t stream) const noexcept {
  return streams_[stream % 2 == 0 ? 1 : 0].find(stream);
}

Tx* Http2Parser::make(std::uint32_t stream) noexcept {
  ContentHost& host = *this;
  Tx* tx = pool_.make<Tx>(pool_, host, next_id_, stream);
  if (tx == nullptr) {
    raise(Event::kOutOfMemory, nullptr, Direction::kToServer);
    return nullptr;
  }
  ++next_id_;
  tx->dump_headers = 3;
  return tx;
}

void Http2Parser::destroy(Tx& tx) noexcept {
  kept_ -= tx.kept;
  pool_.destroy(&tx);
}

/// Headers that one stream was sent once fill any number of others, a byte each, and a codec takes far more than
/// what is sent into it: only a limit of the connection bounds that.
bool Http2Parser::memory_is_full() const noexcept {
  return kept_ >= static_cast<std::int64_t>(limits_[kMemoryLimit]);
}

/// A stream begins.
Tx* Http2Parser::open(Reader& r, std::uint32_t stream) noexcept {
  if (streams_[0].size() + streams_[1].size() >= limits_[kMaxStreams]) {
    Tx* oldest = nullptr;
    for (const StreamTable& t : streams_) {
      for (std::size_t i = 0; i < t.size() && oldest == nullptr; ++i) {
        Tx& tx = t.at(i);
        const bool busy = std::any_of(reader_.begin(), reader_.end(), [&](const Reader& each) {
          return each.tx == &tx || each.block.tx == &tx;
        });
        if (!busy) oldest = &tx;
      }
    }
    if (oldest != nullptr) {
      raise(r, Event::kTooManyStreams, oldest);
      close(*oldest);
    }
  }
  Tx* tx = make(stream);
  if (tx == nullptr) return nullptr;
  if (!table_of(stream).insert(*tx)) {
    raise(r, Event::kOutOfMemory);
    destroy(*tx);
    return nullptr;
  }
  for (const Reader& each : reader_) {  // what is not read any more will not come
    if (each.state == State::kDead) close_side(*tx, each.dir);
  }
  return tx;
}

void Http2Parser::count(Tx& tx, Direction dir, const Frame& f) noexcept {
  Lane& lane = tx.lane[index(dir)];
  ++lane.frames;
  lane.types[f.type >> 6] |= std::uint64_t{1} << (f.type & 63);
}

void Http2Parser::note(Tx& tx, Direction dir, Note n) noexcept {
  const Lane::Added added = tx.lane[index(dir)].add(n);
  if (added == Lane::Added::kTooMany) raise(Event::kTooManyFrames, &tx, dir);
  if (added == Lane::Added::kNoMemory) raise(Event::kOutOfMemory, &tx, dir);
}

void Http2Parser::end_content(Tx& tx, Direction dir) noexcept {
  const Charge charge(*this, tx);
  tx.content[index(dir)].end();
}

/// END_STREAM.
void Http2Parser::end_side(Tx& tx, Direction dir) noexcept {
  Lane& lane = tx.lane[index(dir)];
  http::Side& s = tx.side[index(dir)];
  lane.ended = true;
  if (s.complete) return;
  // A reply may tell how long a body would be that it has not (RFC 9110, §8.6).
  const bool without = dir == Direction::kToClient && s.body_bytes == 0 &&
                       (tx.status_code == 304 || tx.text(Direction::kToServer, tx.method) == "HEAD");
  if (lane.has_length && lane.length != s.body_bytes && !without && !tx.tunnel && !s.truncated)
    raise(Event::kContentLengthMismatch, &tx, dir);
  end_content(tx, dir);
  s.complete = true;
  s.reached = std::max<std::uint8_t>(s.reached, http::kComplete);
  tell(tx, dir);
}

/// This side will say no more, whether it said so or not.
void Http2Parser::close_side(Tx& tx, Direction dir) noexcept {
  http::Side& s = tx.side[index(dir)];
  if (s.complete) return;
  s.truncated = true;
  end_content(tx, dir);
  s.complete = true;
}

void Http2Parser::close_if_over(Tx& tx) noexcept {
  if (tx.side[0].complete && tx.side[1].complete) close(tx);
}

void Http2Parser::close(Tx& tx) noexcept {
  Closed& closed = closed_[closed_at_++ % closed_.size()];
  closed.stream = tx.stream_id;
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    const Lane& lane = tx.lane[index(dir)];
    closed.by[index(dir)] = lane.ended || lane.reset;
    close_side(tx, dir);
    tx.side[index(dir)].reached = kClosed;
    const bool spoke = dir == Direction::kToServer ? tx.has_request : tx.has_reply;
    if (spoke || lane.frames != 0) tell(tx, dir);
  }
  sink_->done(tx);
  for (Reader& r : reader_) {
    if (r.tx == &tx) r.tx = nullptr;
    if (r.block.tx == &tx) {
      r.block.tx = nullptr;
      r.block.message = Message::kIgnored;
    }
  }
  table_of(tx.stream_id).erase(tx.stream_id);
  destroy(tx);
}

/// A frame that belongs to no open stream: the connection's, or one that came late. Both sides are over at once.
void Http2Parser::finish_connection_frame(Tx& tx) noexcept {
  bool says = tx.goaway || tx.events != 0;
  for (const Lane& lane : tx.lane) {
    for (const Note& n : lane.notes()) says = says || n.kind == Note::kSettingValue;
  }
  tx.silent = !says;
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    tx.side[index(dir)].complete = true;
    tx.side[index(dir)].reached = kClosed;
    tell(tx, dir);
  }
  sink_->done(tx);
  destroy(tx);
}

bool Http2Parser::closed_by(std::uint32_t stream, Direction dir) const noexcept {
  return std::any_of(closed_.begin(), closed_.end(),
                     [&](const Closed& c) { return c.stream == stream && c.by[index(dir)]; });
}

void Http2Parser::tell(Tx& tx, Direction dir) noexcept {
  http::Side& s = tx.side[index(dir)];
  if (s.reached == s.told) return;
  s.told = s.reached;
  const Charge charge(*this, tx);  // of texts that rules have put together
  sink_->advance(tx, dir, s.reached);
}

/// Once a transaction and event, or once a connection.
void Http2Parser::raise(Event e, Tx* tx, Direction dir) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
  std::uint64_t& raised = tx == nullptr ? raised_ : tx->events;
  if (raised & bit) return;
  raised |= bit;
  sink_->event(dir, static_cast<std::uint8_t>(e), tx);
}

void Http2Parser::flood(const Reader& r, Rate& rate, Event e, std::uint64_t limit) noexcept {
  if (rate.add(sink_->time_ns()) > limit) raise(r, e);
}

void Http2Parser::on_content_event(http::Event e, http::Tx& t, Direction dir) noexcept {
  const auto mine = [&]() noexcept {
    switch (e) {
      case http::Event::kDecompressionFailed:
        return Event::kDecompressionFailed;
      case http::Event::kCompressionBomb:
        return Event::kCompressionBomb;
      case http::Event::kDecompressionBudget:
        return Event::kDecompressionBudget;
      case http::Event::kTooManyLayers:
        return Event::kTooManyLayers;
      case http::Event::kAbnormalEncoding:
        return Event::kAbnormalEncoding;
      case http::Event::kMultipartError:
        return Event::kMultipartError;
      case http::Event::kMultipartNoFile:
        return Event::kMultipartNoFile;
      case http::Event::kMultipartHeader:
        return Event::kMultipartHeader;
      case http::Event::kFileNameTooLong:
        return Event::kFileNameTooLong;
      default:
        return Event::kOutOfMemory;
    }
  };
  raise(mine(), static_cast<Tx*>(&t), dir);
}

void Http2Parser::on_inspected(http::Tx& t, Direction dir) noexcept { tell(static_cast<Tx&>(t), dir); }

Probe probe(Transport, Direction dir, Bytes first) noexcept {
  if (dir == Direction::kToServer) {
    const std::string_view s = as_text(first.first(std::min(first.size(), kMagicLine)));
    if (s != kMagic.substr(0, s.size())) return Probe::kNo;
    return s.size() == kMagicLine ? Probe::kYes : Probe::kUnsure;
  }
  constexpr std::uint32_t kMostSettings = 64;
  const std::array<std::uint8_t, 9> want = {0, 0, 0, kSettings, 0, 0, 0, 0, 0};
  for (std::size_t i = 0; i < std::min(first.size(), want.size()); ++i) {
    if (i != 1 && i != 2 && first[i] != want[i]) return Probe::kNo;
  }
  if (first.size() < Frame::kHeaderSize) return Probe::kUnsure;
  Cursor c(first);
  const Frame f = read_frame(c);
  return f.length % 6 == 0 && f.length <= kMostSettings * 6 ? Probe::kUnsure : Probe::kNo;
}

}  // namespace picket::http2
