// Frames (RFC 9113, §6), each held against what the standard says of it.
#include <algorithm>

#include "parsers/http2/http2_parser.h"

namespace picket::http2 {
namespace {

constexpr std::uint64_t kLargestWindow = 0x7fffffff;

}  // namespace

void Http2Parser::frame(Reader& r, const Frame& f, Bytes payload) noexcept {
  const bool extension = f.type == kAltSvc || f.type == kOrigin || f.type == kPriorityUpdate;
  if (f.type > kContinuation && !extension) raise(r, Event::kUnknownFrame);
  if (payload.size() != f.length) return late(r, f);  // it is passed over
  switch (f.type) {
    case kHeadersFrame:
      return headers(r, f, payload);
    case kPriority:
      return priority(r, f, payload);
    case kRstStream:
      return rst_stream(r, f, payload);
    case kSettings:
      return settings(r, f, payload);
    case kPushPromise:
      return push_promise(r, f, payload);
    case kPing:
      return ping(r, f, payload);
    case kGoAway:
      return goaway(r, f, payload);
    case kWindowUpdate:
      return window_update(r, f, payload);
    case kContinuation:
      return continuation(r, f, payload);
    default:
      return late(r, f);
  }
}

/// A frame of which nothing but its type is told: in its stream, or in a transaction of its own.
void Http2Parser::late(Reader& r, const Frame& f) noexcept {
  if (Tx* open = find(f.stream)) return count(*open, r.dir, f);
  Tx* tx = make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  finish_connection_frame(*tx);
}

/// Takes padding off (§6.1). False: there is more of it than of the frame.
bool Http2Parser::unpad(Reader& r, const Frame& f, Bytes& payload) noexcept {
  if ((f.flags & flag::kPadded) == 0) return true;
  if (payload.empty() || payload[0] >= payload.size()) {
    raise(r, Event::kInvalidFrameData, find(f.stream));
    return false;
  }
  payload = payload.subspan(1, payload.size() - 1 - payload[0]);
  return true;
}

/// §6.1. `padding`: the first byte of the payload, where there is padding.
void Http2Parser::begin_data(Reader& r, const Frame& f, std::uint8_t padding) noexcept {
  const bool padded = (f.flags & flag::kPadded) != 0;
  const std::uint32_t rest = f.length - (padded && f.length > 0 ? 1 : 0);
  Tx* tx = find(f.stream);
  r.frame = f;
  r.state = State::kData;
  r.tx = nullptr;
  r.left = rest;
  r.padding = 0;
  const bool bad_padding = padded && (f.length == 0 || padding > rest);
  if (bad_padding) raise(r, Event::kInvalidFrameData, tx);
  if (!bad_padding) {
    r.padding = padding;
    r.left = rest - padding;
  }
  const Reader& other = reader(reverse(r.dir));
  r.sent += f.length;
  if (r.sent > r.granted && other.state != State::kDead) raise(r, Event::kWindowExceeded);
  if (f.stream == 0) {
    raise(r, Event::kDataStreamZero);
  } else if (tx == nullptr) {
    const std::uint32_t last = reader_[f.stream % 2 == 0 ? 1 : 0].last_stream;
    if (f.stream > last && other.state != State::kDead)
      raise(r, Event::kIdleStream);
    else if (closed_by(f.stream, r.dir))
      raise(r, Event::kClosedStream);
  } else {
    Lane& lane = tx->lane[index(r.dir)];
    count(*tx, r.dir, f);
    lane.sent += f.length;
    if (lane.sent > other.window + lane.granted && other.state != State::kDead)
      raise(r, Event::kWindowExceeded, tx);
    if (lane.ended) {
      raise(r, Event::kClosedStream, tx);
    } else if (!lane.headers) {
      raise(r, Event::kIdleStream, tx);
    } else if (!bad_padding) {
      r.tx = tx;
    }
  }
  const bool empty = f.length == 0 && (f.flags & flag::kEndStream) == 0;
  if (empty) flood(r, r.empty, Event::kEmptyFrameFlood, limits_[kFloodLimit]);
  if (r.left == 0 && r.padding == 0) end_data(r);
}

void Http2Parser::take_data(Reader& r, Bytes in) noexcept {
  if (r.tx == nullptr || in.empty()) return;
  Tx& tx = *r.tx;
  if (tx.tunnel) {
    tx.side[index(r.dir)].body_bytes += in.size();
    return;
  }
  const bool none = from_server(r) && (tx.status_code == 204 || tx.status_code == 304 ||
                                       tx.text(Direction::kToServer, tx.method) == "HEAD");
  if (none) raise(r, Event::kBodyUnexpected, &tx);
  watch_dns(r, tx, in.size());
  http::Content& content = tx.content[index(r.dir)];
  if (!content.decoding()) return content.add(in);  // what it keeps was sent, byte by byte
  const Charge charge(*this, tx);
  if (memory_is_full()) {
    raise(r, Event::kDecompressionBudget, &tx);
    content.stop_decoding();
  }
  content.add(in);
}

/// DNS over HTTPS (RFC 8484): its messages are no longer than those of DNS.
void Http2Parser::watch_dns(Reader& r, Tx& tx, std::size_t more) noexcept {
  constexpr std::uint64_t kLongest = 65535;
  const http::Side& s = tx.side[index(r.dir)];
  if (s.body_bytes > kLongest || s.body_bytes + more <= kLongest) return;
  const std::string_view type = s.value(http::Name::kContentType);
  if (equals_nocase(type.substr(0, type.find_first_of("; \t")), "application/dns-message"))
    raise(r, from_server(r) ? Event::kDnsReplyTooLong : Event::kDnsRequestTooLong, &tx);
}

void Http2Parser::end_data(Reader& r) noexcept {
  r.state = State::kFrame;
  Tx* tx = std::exchange(r.tx, nullptr);
  if (tx == nullptr || (r.frame.flags & flag::kEndStream) == 0) return;
  end_side(*tx, r.dir);
  close_if_over(*tx);
}

/// §6.2.
void Http2Parser::headers(Reader& r, const Frame& f, Bytes payload) noexcept {
  const Reader& other = reader(reverse(r.dir));
  Tx* tx = find(f.stream);
  if (f.stream == 0) {
    raise(r, Event::kInvalidFrameHeader);
  } else if (tx == nullptr) {
    Reader& initiator = reader_[f.stream % 2 == 0 ? 1 : 0];
    const bool mine = &initiator == &r;
    if (!from_server(r) && mine && f.stream > r.last_stream) {
      const bool many = streams_[0].size() >= other.streams_known;
      r.last_stream = f.stream;
      tx = open(r, f.stream);
      if (tx != nullptr && many) raise(r, Event::kConcurrencyExceeded, tx);
    } else if (from_server(r) && other.state == State::kDead && !closed_by(f.stream, r.dir)) {
      tx = open(r, f.stream);  // its request was not seen
    } else if (!from_server(r)) {
      raise(r, mine ? Event::kStreamReuse : Event::kInvalidFrameHeader);
    } else if (f.stream > initiator.last_stream) {
      raise(r, Event::kIdleStream);
    } else if (closed_by(f.stream, r.dir)) {
      raise(r, Event::kClosedStream);
    }
  }
  Message message = Message::kIgnored;
  if (tx != nullptr) {
    Lane& lane = tx->lane[index(r.dir)];
    count(*tx, r.dir, f);
    const bool promised = !from_server(r) && tx->promised_on != 0;
    if (lane.ended || promised) {
      raise(r, promised ? Event::kInvalidFrameHeader : Event::kClosedStream, tx);
    } else if (lane.headers) {
      message = Message::kTrailer;
      if ((f.flags & flag::kEndStream) == 0) raise(r, Event::kTrailersWithoutEnd, tx);
    } else {
      message = from_server(r) ? Message::kReply : Message::kRequest;
    }
  }
  const bool empty = f.length == 0 && (f.flags & flag::kEndHeaders) == 0;
  if (empty) flood(r, r.empty, Event::kEmptyFrameFlood, limits_[kFloodLimit]);
  begin_block(r, f, tx, message, r.dir);
  r.block.end_stream = (f.flags & flag::kEndStream) != 0;
  bool fits = unpad(r, f, payload);
  if (fits && (f.flags & flag::kPriority) != 0) {
    Cursor c(payload);
    dependency(r, f, c, tx);
    fits = c.ok();
    if (!fits) raise(r, Event::kInvalidFrameLength, tx);
    payload = c.rest();
  }
  if (!fits) {
    r.hpack.lose();
    payload = {};
  }
  fragment(r, payload, (f.flags & flag::kEndHeaders) != 0);
}

/// §6.6: the server says what it is going to answer unasked.
void Http2Parser::push_promise(Reader& r, const Frame& f, Bytes payload) noexcept {
  bool fits = unpad(r, f, payload);
  Cursor c(payload);
  const std::uint32_t promised = c.u32be() & 0x7fffffff;
  if (fits && !c.ok()) raise(r, Event::kInvalidFrameLength, find(f.stream));
  fits = fits && c.ok();
  Tx* parent = find(f.stream);
  if (parent != nullptr) count(*parent, r.dir, f);
  Tx* tx = nullptr;
  if (f.stream == 0) {
    raise(r, Event::kInvalidFrameHeader);
  } else if (fits) {
    const bool wanted = from_server(r) && reader(Direction::kToServer).push && parent != nullptr &&
                        !parent->lane[index(r.dir)].ended;
    const bool fresh = promised != 0 && promised % 2 == 0 && promised > r.last_stream;
    if (!wanted || !fresh) raise(r, fresh ? Event::kInvalidPush : Event::kStreamReuse, parent);
    if (from_server(r) && fresh) {
      r.last_stream = promised;
      tx = open(r, promised);
    }
  }
  if (tx != nullptr) {
    tx->promised_on = f.stream;
    count(*tx, r.dir, f);
  }
  begin_block(r, f, tx, tx == nullptr ? Message::kIgnored : Message::kRequest, Direction::kToServer);
  r.block.end_stream = false;
  if (!fits) r.hpack.lose();
  fragment(r, fits ? c.rest() : Bytes{}, (f.flags & flag::kEndHeaders) != 0);
}

/// §6.10.
void Http2Parser::continuation(Reader& r, const Frame& f, Bytes payload) noexcept {
  Block& b = r.block;
  if (!b.open) return raise(r, Event::kContinuationUnexpected, find(f.stream));
  if (b.tx != nullptr) count(*b.tx, r.dir, f);
  if (++b.continuations > limits_[kMaxContinuations]) raise(r, Event::kContinuationFlood, b.tx);
  fragment(r, payload, (f.flags & flag::kEndHeaders) != 0);
}

/// The priority of RFC 7540, §5.3: five bytes.
void Http2Parser::dependency(Reader& r, const Frame& f, Cursor& c, Tx* tx) noexcept {
  const std::uint32_t on = c.u32be() & 0x7fffffff;
  const std::uint8_t weight = c.u8();
  if (!c.ok()) return;
  if (on == f.stream) raise(r, Event::kSelfDependency, tx);
  if (tx != nullptr) note(*tx, r.dir, {Note::kWeight, 0, weight});
}

/// §6.3: it may come for any stream at any time.
void Http2Parser::priority(Reader& r, const Frame& f, Bytes payload) noexcept {
  flood(r, r.priorities, Event::kPriorityFlood, limits_[kFloodLimit]);
  Tx* open = find(f.stream);
  Tx* tx = open != nullptr ? open : make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  Cursor c(payload);
  if (f.stream == 0)
    raise(r, Event::kInvalidFrameHeader, tx);
  else if (f.length != 5)
    raise(r, Event::kInvalidFrameLength, tx);
  else
    dependency(r, f, c, tx);
  if (open == nullptr) finish_connection_frame(*tx);
}

/// §6.4.
void Http2Parser::rst_stream(Reader& r, const Frame& f, Bytes payload) noexcept {
  if (!from_server(r)) flood(r, r.resets, Event::kRapidReset, limits_[kResetLimit]);
  Tx* open = find(f.stream);
  Tx* tx = open != nullptr ? open : make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  const Reader& initiator = reader_[f.stream % 2 == 0 ? 1 : 0];
  if (f.stream == 0)
    raise(r, Event::kInvalidFrameHeader, tx);
  else if (open == nullptr && f.stream > initiator.last_stream && initiator.state != State::kDead)
    raise(r, Event::kIdleStream, tx);
  if (f.length == 4)
    note(*tx, r.dir, {Note::kError, 0, Cursor(payload).u32be()});
  else
    raise(r, Event::kInvalidFrameLength, tx);
  if (open == nullptr) return finish_connection_frame(*tx);
  tx->lane[index(r.dir)].reset = true;
  close(*tx);
}

/// §6.5. That they were read is no transaction.
void Http2Parser::settings(Reader& r, const Frame& f, Bytes payload) noexcept {
  if ((f.flags & flag::kAck) != 0 && f.stream == 0) {
    if (f.length != 0) raise(r, Event::kInvalidFrameLength);
    Reader& other = reader(reverse(r.dir));
    other.streams_known = other.streams;
    return;
  }
  Tx* tx = make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  flood(r, r.settings, Event::kSettingsFlood, limits_[kFloodLimit]);
  if (f.stream != 0)
    raise(r, Event::kInvalidFrameHeader, tx);
  else if (!apply_settings(r.dir, payload, *tx))
    raise(r, Event::kInvalidFrameLength, tx);
  finish_connection_frame(*tx);
}

/// §6.5.2. False: the payload ends within a setting.
bool Http2Parser::apply_settings(Direction from, Bytes payload, Tx& tx) noexcept {
  Reader& r = reader(from);
  Cursor c(payload);
  while (!c.empty()) {
    const std::uint16_t id = c.u16be();
    const std::uint32_t value = c.u32be();
    if (!c.ok()) return false;
    note(tx, from, {Note::kSettingValue, id, value});
    bool valid = true;
    switch (id) {
      case kHeaderTableSize:
        reader(reverse(from)).hpack.allow(value);
        break;
      case kEnablePush:
        valid = value <= (from_server(r) ? 0U : 1U);
        r.push = value != 0;
        break;
      case kMaxConcurrentStreams:
        r.streams = value;
        break;
      case kInitialWindowSize:
        valid = value <= kLargestWindow;
        r.window = std::max(r.window, value);
        break;
      case kMaxFrameSize:
        valid = value >= 16384 && value <= 0xffffff;
        if (valid) r.max_frame = std::max(r.max_frame, value);
        break;
      case kEnableConnectProtocol:
      case kNoPriorities:
        valid = value <= 1;
        break;
      default:
        break;
    }
    if (!valid) raise(r, Event::kInvalidSetting, &tx);
  }
  return true;
}

/// §6.7.
void Http2Parser::ping(Reader& r, const Frame& f, Bytes) noexcept {
  Tx* tx = make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  if (f.stream != 0) raise(r, Event::kInvalidFrameHeader, tx);
  if (f.length != 8) raise(r, Event::kInvalidFrameLength, tx);
  if ((f.flags & flag::kAck) == 0) flood(r, r.pings, Event::kPingFlood, limits_[kFloodLimit]);
  finish_connection_frame(*tx);
}

/// §6.8.
void Http2Parser::goaway(Reader& r, const Frame& f, Bytes payload) noexcept {
  Tx* tx = make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  if (f.stream != 0) raise(r, Event::kInvalidFrameHeader, tx);
  Cursor c(payload);
  const std::uint32_t last = c.u32be() & 0x7fffffff, code = c.u32be();
  if (!c.ok()) {
    raise(r, Event::kInvalidFrameLength, tx);
  } else {
    constexpr std::size_t kMostDebug = 1024;
    if (last > r.goaway) raise(r, Event::kGoAwayIncreased, tx);
    r.goaway = std::min(r.goaway, last);
    tx->goaway = true;
    tx->last_stream = last;
    note(*tx, r.dir, {Note::kError, 0, code});
    if (!tx->debug.append(c.rest().first(std::min(c.left(), kMostDebug)))) raise(r, Event::kOutOfMemory, tx);
  }
  finish_connection_frame(*tx);
}

/// §6.9.
void Http2Parser::window_update(Reader& r, const Frame& f, Bytes payload) noexcept {
  Reader& other = reader(reverse(r.dir));
  Tx* open = find(f.stream);
  Tx* tx = open != nullptr ? open : make(f.stream);
  if (tx == nullptr) return;
  count(*tx, r.dir, f);
  const std::uint32_t more = Cursor(payload).u32be() & 0x7fffffff;
  const Reader& initiator = reader_[f.stream % 2 == 0 ? 1 : 0];
  if (f.length != 4) {
    raise(r, Event::kInvalidFrameLength, tx);
  } else {
    note(*tx, r.dir, {Note::kWindow, 0, more});
    if (more == 0) raise(r, Event::kZeroWindowUpdate, tx);
    if (f.stream == 0) {
      other.granted += more;
      if (other.granted > other.sent + kLargestWindow) raise(r, Event::kWindowOverflow, tx);
    } else if (open != nullptr) {
      Lane& lane = tx->lane[index(other.dir)];
      lane.granted += more;
      if (lane.granted + r.window > lane.sent + kLargestWindow) raise(r, Event::kWindowOverflow, tx);
    } else if (f.stream > initiator.last_stream && initiator.state != State::kDead) {
      raise(r, Event::kIdleStream, tx);
    }
  }
  if (open == nullptr) finish_connection_frame(*tx);
}

}  // namespace picket::http2
