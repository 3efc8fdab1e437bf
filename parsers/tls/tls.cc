// Records: where they begin and end, and when a side begins to encrypt. What is in handshake records:
// handshake.cc.
#include "parsers/tls/tls.h"

#include <algorithm>

namespace picket::tls {
namespace {

constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kSslv2Header = 2;
/// RFC 5246 §6.2.3: 2^14 bytes and 2048 for compression, padding and MAC.
constexpr std::uint16_t kMaxRecord = 16384 + 2048;
constexpr std::size_t kMaxSslv2Hello = 4096;

enum ContentType : std::uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kHeartbeat = 24,
};
constexpr bool is_content_type(std::uint8_t t) noexcept { return t >= kChangeCipherSpec && t <= kHeartbeat; }

constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kHeartbeatRequest = 1, kHeartbeatResponse = 2;
constexpr std::uint16_t kHeartbeatOverhead = 3, kHeartbeatPadding = 16;  // RFC 6520 §4

constexpr std::uint8_t kSslv2Error = 0, kSslv2ClientHello = 1, kSslv2ServerHello = 4;
constexpr std::size_t kSslv2ErrorSize = 3;

}  // namespace

TlsParser::TlsParser(const ParserContext& context) noexcept
    : context_(context), sides_{Side(context.pool), Side(context.pool)} {}

TlsParser::~TlsParser() { context_.pool.destroy(tx_); }

// ---------------------------------------------------------------------------------------------- records

Consumed TlsParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Side& s = side(dir);
  Cursor in(data);
  while (!s.stopped) {
    if (s.record_left > 0) {
      const Bytes fragment = in.bytes(std::min<std::size_t>(s.record_left, in.left()));
      s.record_left -= static_cast<std::uint32_t>(fragment.size());
      on_fragment(dir, fragment, sink);
      if (s.record_left > 0) return Consumed::all(in.offset());
      if (!s.stopped) on_record_end(dir, sink);
      continue;
    }
    switch (read_record_header(dir, in, sink)) {
      case Header::kNeedMore:
        return Consumed::partly(in.offset(), kRecordHeader);
      case Header::kSslv2:
        if (const auto need = read_sslv2(dir, in, sink); need != 0)
          return Consumed::partly(in.offset(), need);
        break;
      case Header::kBroken:
        stop(dir, sink);
        break;
      case Header::kRecord:
        if (s.record_left == 0) on_record_end(dir, sink);
        break;
    }
  }
  return Consumed::stop();
}

TlsParser::Header TlsParser::read_record_header(Direction dir, Cursor& in, Sink& sink) noexcept {
  Side& s = side(dir);
  Cursor c = in;
  const auto type = c.u8();
  const auto version = c.u16be();
  const auto size = c.u16be();
  if (!c.ok()) return Header::kNeedMore;
  const bool starts_like_sslv2 = (type & 0x80) != 0;
  if (s.records == 0 && starts_like_sslv2 && !finished_) return Header::kSslv2;
  const bool known_version = version >> 8 == 3;
  if (!is_content_type(type)) {
    report(dir, known_version ? Event::kInvalidRecordType : Event::kInvalidSslRecord, sink);
    return Header::kBroken;
  }
  if (!known_version) {
    report(dir, Event::kInvalidRecordVersion, sink);
    return Header::kBroken;
  }
  if (size > kMaxRecord) {
    report(dir, Event::kInvalidTlsHeader, sink);
    return Header::kBroken;
  }
  const std::uint8_t* first = in.rest().data();
  sink.frame(dir, kHdrFrame, first, kRecordHeader);
  sink.frame(dir, kPduFrame, first, kRecordHeader + size);
  sink.frame(dir, kDataFrame, first + kRecordHeader, size);
  in = c;
  s.record_type = type;
  s.record_size = size;
  s.record_left = size;
  s.note_size = 0;
  if (!s.encrypted && ++s.records == limit(Limit::kRecords) + 1)
    report(dir, Event::kTooManyRecordsInPacket, sink);
  return Header::kRecord;
}

void TlsParser::on_fragment(Direction dir, Bytes b, Sink& sink) noexcept {
  Side& s = side(dir);
  if (s.record_type == kHandshake) {
    if (!s.encrypted) on_handshake_bytes(dir, b, sink);
    return;
  }
  const std::size_t n = std::min(b.size(), s.note.size() - s.note_size);
  std::copy_n(b.begin(), n, s.note.begin() + s.note_size);
  s.note_size = static_cast<std::uint8_t>(s.note_size + n);
}

void TlsParser::on_record_end(Direction dir, Sink& sink) noexcept {
  switch (side(dir).record_type) {
    case kChangeCipherSpec:
      on_change_cipher_spec(dir, sink);
      break;
    case kAlert:
      on_alert(dir, sink);
      break;
    case kApplicationData:
      if (!is_early_data(dir)) begin_encryption(dir, sink);
      break;
    case kHeartbeat:
      on_heartbeat(dir, sink);
      break;
    default:
      break;
  }
}

// Early data comes before the server has said anything; what matters of the handshake is yet to come.
bool TlsParser::is_early_data(Direction dir) const noexcept {
  return dir == Direction::kToServer && tx_ != nullptr && tx_->client.early_data && !tx_->has_server_hello();
}

void TlsParser::on_change_cipher_spec(Direction dir, Sink& sink) noexcept {
  if (tx_ == nullptr) return begin_encryption(dir, sink);
  Tx& t = *tx_;
  if (dir == Direction::kToClient) {
    // In TLS 1.3 it means nothing, and after a HelloRetryRequest the ServerHello is yet to come.
    if (version::is_tls13(t.version())) return;
    // Up to 1.2, who skips certificate and keys goes on from an earlier session.
    const bool skipped =
        t.server.present && t.progress[index(dir)] == progress::kHello && !server_hello_done_;
    if (skipped && (t.states & state::kServerKeyExchange) == 0 &&
        (t.events & bit(Event::kHandshakeGap)) == 0) {
      t.resumed = true;
    }
  } else if (version::is_tls13(t.client.version) && !t.has_server_hello() &&
             (t.states & state::kClientKeyExchange) == 0) {
    // Of a client of TLS 1.3 it may mean nothing as well: a second ClientHello in the clear may follow.
    side(dir).maybe_encrypted = true;
    return;
  }
  begin_encryption(dir, sink);
}

void TlsParser::on_alert(Direction dir, Sink& sink) noexcept {
  const Side& s = side(dir);
  if (s.encrypted || s.record_size != 2 || s.note_size != 2 || tx_ == nullptr) return;
  if (tx_->alert_count < kMaxAlerts) tx_->alerts[tx_->alert_count++] = {dir, s.note[0], s.note[1]};
  if (s.note[0] == kFatal) finish(sink);
}

void TlsParser::on_heartbeat(Direction dir, Sink& sink) noexcept {
  Side& s = side(dir);
  report(dir, Event::kHeartbeatMessage, sink);
  if (s.encrypted) {
    const Side& peer = side(reverse(dir));
    // The heart bleeds when the echo is larger than the call.
    if (peer.heartbeat_size != 0 && s.record_size > peer.heartbeat_size) {
      report(dir, Event::kDataleakHeartbeatMismatch, sink);
    }
    s.heartbeat_size = s.record_size;
    return;
  }
  if (s.note_size < std::min(s.record_size, kHeartbeatOverhead)) return;  // lost in a gap
  const std::uint32_t payload = std::uint32_t{s.note[1]} << 8 | s.note[2];
  if (s.record_size < kHeartbeatOverhead ||
      (s.note[0] != kHeartbeatRequest && s.note[0] != kHeartbeatResponse)) {
    report(dir, Event::kInvalidHeartbeatMessage, sink);
  } else if (payload + kHeartbeatOverhead > s.record_size) {
    report(dir, Event::kOverflowHeartbeatMessage, sink);
  } else if (payload == 0 || payload + kHeartbeatOverhead + kHeartbeatPadding > s.record_size) {
    report(dir, Event::kInvalidHeartbeatMessage, sink);
  }
}

// ---------------------------------------------------------------------------------------------- SSLv2

// SSLv2's record: two bytes of length, the highest bit set. Only its hellos are read: what follows a
// ServerHello of SSLv2 is encrypted, and who answers an SSLv2 hello with TLS goes on in TLS.
std::size_t TlsParser::read_sslv2(Direction dir, Cursor& in, Sink& sink) noexcept {
  Cursor c = in;
  const std::size_t size = c.u16be() & 0x7fffU;
  const std::uint8_t type = c.peek();
  const std::uint8_t hello = dir == Direction::kToServer ? kSslv2ClientHello : kSslv2ServerHello;
  if (type != hello || size > kMaxSslv2Hello) {
    const bool is_error = type == kSslv2Error && size == kSslv2ErrorSize;
    report(dir,
           is_error        ? Event::kErrorMessageEncountered
           : type == hello ? Event::kInvalidSslv2Header
                           : Event::kInvalidSslRecord,
           sink);
    stop(dir, sink);
    return 0;
  }
  const Bytes message = c.bytes(size);
  if (!c.ok()) return kSslv2Header + size;
  sink.frame(dir, kSslv2HdrFrame, in.rest().data(), kSslv2Header);
  sink.frame(dir, kSslv2PduFrame, in.rest().data(), kSslv2Header + size);
  in = c;
  ++side(dir).records;
  if (dir == Direction::kToServer) {
    PoolBuffer body(context_.pool);
    if (body.append(message)) {
      on_client_hello(std::move(body), true, sink);
    } else {
      report(dir, Event::kMemoryFull, sink);
    }
  } else {
    if (Tx* t = tx(sink); t != nullptr) {
      t->has_reply = true;
      t->states |= state::kServerHello;
      t->server.present = true;
      t->server.legacy_version = t->server.version = version::kSsl2;
      advance(dir, progress::kHello, sink);
    }
    finish(sink);
  }
  return 0;
}

// ---------------------------------------------------------------------------------------------- the
// transaction

Tx* TlsParser::tx(Sink& sink) noexcept {
  if (tx_ != nullptr || finished_) return tx_;
  tx_ = context_.pool.make<Tx>(context_.pool);
  if (tx_ == nullptr) {
    if (!memory_refused_)
      sink.event(Direction::kToServer, static_cast<std::uint8_t>(Event::kMemoryFull), nullptr);
    memory_refused_ = true;
  }
  return tx_;
}

void TlsParser::advance(Direction dir, std::uint8_t progress, Sink& sink) noexcept {
  if (tx_->progress[index(dir)] >= progress) return;
  tx_->progress[index(dir)] = progress;
  sink.advance(*tx_, dir, progress);
}

void TlsParser::report(Direction dir, EventBits events, Sink& sink) noexcept {
  for (unsigned i = 0; i < static_cast<unsigned>(Event::kCount); ++i) {
    const EventBits one = EventBits{1} << i;
    EventBits& known = tx_ != nullptr ? tx_->events : reported_;
    if ((events & one) == 0 || (known & one) != 0) continue;
    known |= one;
    sink.event(dir, static_cast<std::uint8_t>(i), tx_);
  }
}

void TlsParser::begin_encryption(Direction dir, Sink& sink) noexcept {
  Side& s = side(dir);
  if (s.encrypted) return;
  s.encrypted = true;
  s.in_message = s.keep = false;
  s.message.reset();
  if (tx_ != nullptr) advance(dir, progress::kEncrypted, sink);
  finish_if_over(sink);
  if (!watch_heartbeats_) s.stopped = true;
}

void TlsParser::stop(Direction dir, Sink& sink) noexcept {
  Side& s = side(dir);
  s.stopped = true;
  s.in_message = s.keep = false;
  s.message.reset();
  finish_if_over(sink);
}

void TlsParser::finish_if_over(Sink& sink) noexcept {
  const Side &client = side(Direction::kToServer), &server = side(Direction::kToClient);
  if (client.encrypted && server.encrypted) {
    if (tx_ != nullptr) tx_->established = true;
    sink.encrypted();
  }
  if ((client.encrypted || client.stopped) && (server.encrypted || server.stopped)) finish(sink);
}

void TlsParser::finish(Sink& sink) noexcept {
  if (finished_) return;
  finished_ = true;
  for (Side& s : sides_) {
    s.message.reset();
    s.keep = false;
    if (!watch_heartbeats_ || !s.encrypted) s.stopped = true;
  }
  if (tx_ == nullptr) return;
  if (tx_->progress[0] == 0 && tx_->progress[1] == 0) {  // only a HelloRetryRequest was seen
    advance(tx_->has_reply ? Direction::kToClient : Direction::kToServer, progress::kHello, sink);
  }
  sink.done(*tx_);
  context_.pool.destroy(std::exchange(tx_, nullptr));
}

// A gap inside a record whose length is known costs the message it hits and no more; any other gap loses the
// framing.
void TlsParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  Side& s = side(dir);
  if (s.stopped) return;
  if (!s.encrypted) report(dir, Event::kHandshakeGap, sink);
  const bool in_handshake = s.record_type == kHandshake && !s.encrypted;
  if (missing == 0 || missing > s.record_left ||
      (in_handshake && (!s.in_message || missing > s.message_left))) {
    return stop(dir, sink);
  }
  s.record_left -= static_cast<std::uint32_t>(missing);
  if (in_handshake) {
    s.message_left -= static_cast<std::uint32_t>(missing);
    s.message.reset();
    s.keep = false;
    if (s.message_left == 0) end_message(dir, sink);
  }
  if (s.record_left == 0 && !s.stopped) on_record_end(dir, sink);
}

void TlsParser::on_end(Direction dir, Sink& sink) noexcept { stop(dir, sink); }

void TlsParser::on_close(Sink& sink) noexcept { finish(sink); }

}  // namespace picket::tls
