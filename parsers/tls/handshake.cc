// Handshake messages: put together over records, then into the transaction.
#include <algorithm>

#include "parsers/core/digest.h"
#include "parsers/tls/tls.h"

namespace picket::tls {
namespace {

constexpr std::uint32_t kMaxKeyExchange = 8192;
constexpr std::size_t kMaxName = 16384;
constexpr std::size_t kFirstBlock = 4096;

enum HandshakeType : std::uint8_t {
  kHelloRequest = 0,
  kClientHello = 1,
  kServerHello = 2,
  kHelloRetryRequestDraft = 6,
  kCertificate = 11,
  kServerKeyExchange = 12,
  kCertificateRequest = 13,
  kServerHelloDone = 14,
  kClientKeyExchange = 16,
  kLastKnown = 25,  // compressed_certificate
};
/// Text of the leaf that rules look at, all of it in `side.text`; false when memory ran out.
bool describe_leaf(TxSide& side, std::uint64_t max_alt_names) noexcept {
  PoolBuffer& text = side.text;
  const auto write = [&text](Slice& slice, auto&& what) {
    slice.at = static_cast<std::uint32_t>(text.size());
    const bool ok = what();
    slice.size = static_cast<std::uint32_t>(text.size()) - slice.at;
    return ok;
  };
  const auto write_hex = [&text](Bytes b, bool upper) {
    for (std::size_t i = 0; i < b.size(); ++i) {
      std::array<char, 3> digits = {':'};
      to_hex(b.subspan(i, 1), std::span<char>(digits).subspan(1));
      if (upper)
        std::transform(digits.begin(), digits.end(), digits.begin(),
                       [](char c) { return c >= 'a' ? char(c - 32) : c; });
      if (!text.append(as_bytes(std::string_view(digits.data(), 3).substr(i == 0 ? 1 : 0)))) return false;
    }
    return true;
  };
  const auto write_dn = [&text](Bytes name) {
    const std::size_t from = text.size(), room = std::min(name_room(name), kMaxName);
    if (!text.reserve(from + room)) return false;
    text.resize(from + write_name(name, {text.data() + from, room}));
    return true;
  };
  const Certificate& c = side.leaf;
  bool ok = write(side.subject, [&] { return write_dn(c.subject); }) &&
            write(side.issuer, [&] { return write_dn(c.issuer); }) &&
            write(side.serial, [&] { return write_hex(c.serial, true); }) &&
            write(side.fingerprint, [&] { return write_hex(Sha1::of(c.der), false); });
  DerReader names(c.alt_names);
  AltNameText room;
  Bytes name;
  for (std::uint64_t i = 0; ok && i < max_alt_names && next_alt_name(names, room, name); ++i) {
    Slice slice;
    ok = write(slice, [&] { return text.append(name); }) &&
         side.alt_name_slices.append({reinterpret_cast<const std::uint8_t*>(&slice), sizeof slice});
  }
  return ok;
}

}  // namespace

Bytes TxSide::alt_name(std::size_t i) const noexcept {
  Slice s;
  std::memcpy(&s, alt_name_slices.view().data() + i * sizeof(Slice), sizeof(Slice));
  return of(s);
}

bool TxSide::certificate(unsigned n, Bytes& der) const noexcept {
  Cursor c(certificates.view());
  c.skip(3);
  for (;;) {
    const Bytes one = c.bytes(c.u24be());
    if (!c.ok()) return false;
    if (n-- == 0) return der = one, true;
  }
}

void TlsParser::on_handshake_bytes(Direction dir, Bytes b, Sink& sink) noexcept {
  Side& s = side(dir);
  Cursor in(b);
  while (!s.stopped) {
    if (!s.in_message) {
      const Bytes part = in.bytes(std::min<std::size_t>(s.head.size() - s.head_size, in.left()));
      std::copy(part.begin(), part.end(), s.head.begin() + s.head_size);
      s.head_size = static_cast<std::uint8_t>(s.head_size + part.size());
      if (s.head_size < s.head.size()) return;
      begin_message(dir, sink);
      if (s.stopped || s.encrypted) return;
    }
    const Bytes part = in.bytes(std::min<std::size_t>(s.message_left, in.left()));
    s.message_left -= static_cast<std::uint32_t>(part.size());
    if (s.keep && !s.message.append(part)) {
      s.message.reset();
      s.keep = false;
      report(dir, Event::kMemoryFull, sink);
    }
    if (s.message_left > 0) return;
    end_message(dir, sink);
  }
}

void TlsParser::begin_message(Direction dir, Sink& sink) noexcept {
  Side& s = side(dir);
  Cursor c(s.head);
  s.message_type = c.u8();
  s.message_left = c.u24be();
  s.head_size = 0;
  s.in_message = true;
  std::uint64_t limit_bytes = 0;
  switch (s.message_type) {
    case kClientHello:
    case kServerHello:
      limit_bytes = limit(Limit::kHelloBytes);
      break;
    case kCertificate:
      limit_bytes = limit(Limit::kCertificateBytes);
      break;
    case kServerKeyExchange:
      limit_bytes = kMaxKeyExchange;
      break;
    default:
      break;
  }
  s.keep = limit_bytes > 0;
  if (s.maybe_encrypted &&
      (s.message_type != kClientHello || s.message_left + s.head.size() != s.record_size)) {
    begin_encryption(dir, sink);
  } else if (s.message_type > kLastKnown) {
    report(dir, Event::kInvalidHandshakeMessage, sink);
    stop(dir, sink);
  } else if (s.keep && s.message_left > limit_bytes) {
    s.keep = false;
    report(dir, Event::kHandshakeTooLarge, sink);
  } else if (s.keep) {
    // Most messages fit at once; what only claims to be large has to send its bytes first. append() tells of
    // failure.
    (void)s.message.reserve(std::min<std::size_t>(s.message_left, kFirstBlock));
  }
}

void TlsParser::end_message(Direction dir, Sink& sink) noexcept {
  Side& s = side(dir);
  s.in_message = false;
  const bool kept = s.keep;
  PoolBuffer body = std::move(s.message);
  s.keep = false;
  const bool from_client = dir == Direction::kToServer;
  switch (s.message_type) {
    case kClientHello:
    case kServerHello:
      if (from_client != (s.message_type == kClientHello)) {
        report(dir, Event::kInvalidHandshakeMessage, sink);
      } else if (kept) {
        from_client ? on_client_hello(std::move(body), false, sink) : on_server_hello(std::move(body), sink);
      }
      break;
    case kHelloRetryRequestDraft:
      if (tx_ != nullptr && !from_client) tx_->retried = true;
      break;
    case kCertificate:
      if (kept) on_certificate(dir, std::move(body), sink);
      break;
    case kServerKeyExchange:
      if (tx_ != nullptr) tx_->states |= state::kServerKeyExchange;
      if (kept) on_server_key_exchange(body.view(), sink);
      break;
    case kCertificateRequest:
      if (tx_ != nullptr) tx_->certificate_requested = true;
      break;
    case kServerHelloDone:
      if (!from_client) server_hello_done_ = true;
      break;
    case kClientKeyExchange:
      if (tx_ != nullptr) tx_->states |= state::kClientKeyExchange;
      break;
    default:
      break;
  }
}

void TlsParser::on_client_hello(PoolBuffer body, bool sslv2, Sink& sink) noexcept {
  Tx* t = tx(sink);
  // After a HelloRetryRequest the same hello comes again with another key share; the first one is what
  // counts.
  if (t == nullptr || t->client.present) return;
  TxSide& side = t->side(Direction::kToServer);
  side.hello = std::move(body);
  ClientHello& h = t->client;
  EventBits wrong =
      sslv2 ? parse_sslv2_client_hello(side.hello.view(), h) : parse_client_hello(side.hello.view(), h);
  t->has_request = true;
  t->states |= state::kClientHello;
  if (!sslv2 && (wrong & bit(Event::kInvalidHandshakeMessage)) == 0) {
    side.ja3.at = static_cast<std::uint32_t>(side.text.size());
    t->has_ja4 = make_ja4(h, 't', t->ja4);
    if (write_ja3(h, side.text)) {
      side.ja3.size = static_cast<std::uint32_t>(side.text.size()) - side.ja3.at;
      side.ja3_hash = ja3_hash(side.of(side.ja3));
    } else {
      side.text.resize(side.ja3.at);
      wrong |= bit(t->has_ja4 ? Event::kMemoryFull : Event::kHelloListTooLong);
    }
  }
  report(Direction::kToServer, wrong, sink);
  advance(Direction::kToServer, progress::kHello, sink);
}

void TlsParser::on_server_hello(PoolBuffer body, Sink& sink) noexcept {
  Tx* t = tx(sink);
  if (t == nullptr || (t->server.present && !t->server.retry)) return;
  TxSide& side = t->side(Direction::kToClient);
  side.hello = std::move(body);
  ServerHello& h = t->server;
  EventBits wrong = parse_server_hello(side.hello.view(), h);
  t->has_reply = true;
  t->states |= state::kServerHello;
  if (h.retry) t->retried = true;
  if (h.psk) t->resumed = true;
  // The answer to a retry is what gets a name; a flow that ends before it has none.
  if (!h.retry && (wrong & bit(Event::kInvalidHandshakeMessage)) == 0) {
    side.ja3.at = static_cast<std::uint32_t>(side.text.size());
    if (write_ja3s(h, side.text)) {
      side.ja3.size = static_cast<std::uint32_t>(side.text.size()) - side.ja3.at;
      side.ja3_hash = ja3_hash(side.of(side.ja3));
    } else {
      side.text.resize(side.ja3.at);
      wrong |= bit(Event::kHelloListTooLong);
    }
  }
  watch_heartbeats_ = h.heartbeat;
  report(Direction::kToClient, wrong, sink);
  if (!h.retry) advance(Direction::kToClient, progress::kHello, sink);
}

void TlsParser::on_certificate(Direction dir, PoolBuffer body, Sink& sink) noexcept {
  Tx* t = tx(sink);
  if (t == nullptr || t->side(dir).has_certificate) return;
  TxSide& side = t->side(dir);
  side.certificates = std::move(body);
  side.has_certificate = true;
  (dir == Direction::kToServer ? t->has_request : t->has_reply) = true;
  side.certificate_time_ns = sink.time_ns();

  EventBits wrong = 0;
  Cursor list(side.certificates.view());
  if (list.u24be() != list.left()) wrong |= bit(Event::kCertificateInvalidLength);
  while (list.ok() && !list.empty()) {
    (void)list.bytes(list.u24be());
    if (list.ok()) ++side.chain_length;
  }
  if (!list.ok()) wrong |= bit(Event::kInvalidCertificate);
  if (Bytes der; side.certificate(0, der) && !der.empty()) {
    wrong |= parse_certificate(der, side.leaf);
    if (!describe_leaf(side, limit(Limit::kAltNames))) wrong |= bit(Event::kMemoryFull);
  }
  report(dir, wrong, sink);
  advance(dir, progress::kCertificate, sink);
}

void TlsParser::on_server_key_exchange(Bytes body, Sink& sink) noexcept {
  if (tx_ == nullptr || !tx_->server.present) return;
  report(Direction::kToClient,
         parse_server_key_exchange(body, tx_->server.cipher, tx_->server.version, tx_->key_exchange), sink);
}

}  // namespace picket::tls
