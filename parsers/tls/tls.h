// parsers/tls/tls.h — TLS 1.0 to 1.3 over TCP, with SSLv3 and the hellos of SSLv2: what a handshake tells
// before it is encrypted (RFC 8446, RFC 5246, RFC 6520)
//
//   record     | type 1 | version 2 | length 2 | fragment: length bytes |
//   handshake  | type 1 | length 3  | body |    which may begin and end anywhere in the fragments of its type
//
// In      bytes of each direction, at any cut; either direction alone is enough
// Out     one Tx per flow: it is done when both sides have begun to encrypt, a fatal alert was sent, or the
//         flow ends
// Cost    O(bytes of the handshake); whole messages of interest are copied once, other bytes walked over
// Limits  tls_spec.cc has them; a message beyond its limit is walked over and named
// Leaves  everything encrypted. From then on the parser wants no more bytes; only where both ends agreed on
//         heartbeats does it go on to walk over records, for a reply larger than its request. Alerts after
//         that point are not seen, nor is what a renegotiation brings.
#pragma once
#include "parsers/tls/fingerprint.h"
#include "parsers/tls/hello.h"
#include "parsers/tls/x509.h"

namespace picket::tls {

/// How far a side has come.
namespace progress {
inline constexpr std::uint8_t kHello = 1;        ///< its hello stands in the transaction
inline constexpr std::uint8_t kCertificate = 2;  ///< so does its certificate
inline constexpr std::uint8_t kEncrypted = 3;    ///< nothing more can be read of it
}  // namespace progress

/// Messages seen, for the keyword ssl_state.
namespace state {
inline constexpr std::uint8_t kClientHello = 0x01, kServerHello = 0x02, kClientKeyExchange = 0x04,
                              kServerKeyExchange = 0x08;
}

/// Places of the frames in ProtocolSpec::frames.
enum Frame : std::uint8_t { kPduFrame, kHdrFrame, kDataFrame, kSslv2HdrFrame, kSslv2PduFrame };

/// Places of the limits in ProtocolSpec::limits.
enum class Limit : std::uint8_t { kHelloBytes, kCertificateBytes, kAltNames, kRecords };

/// A run of bytes in a buffer that may move while it grows.
struct Slice {
  std::uint32_t at = 0, size = 0;
};

inline constexpr std::size_t kMaxAlerts = 4;

struct Alert {
  Direction from{};
  std::uint8_t level = 0, description = 0;
};

/// What one side has sent.
struct TxSide {
  explicit TxSide(Pool& pool) noexcept : hello(pool), certificates(pool), text(pool), alt_name_slices(pool) {}

  PoolBuffer hello;            ///< body of its hello, which the hello's views point into
  PoolBuffer certificates;     ///< body of its Certificate message, from the list's own length on
  PoolBuffer text;             ///< what is shown of both: fingerprints, names
  PoolBuffer alt_name_slices;  ///< Slices into `text`
  Slice ja3, subject, issuer, serial, fingerprint;
  Ja3Hash ja3_hash{};
  Certificate leaf;              ///< views into `certificates`
  bool has_certificate = false;  ///< the message came; its list may be empty
  std::uint16_t chain_length = 0;
  std::uint64_t certificate_time_ns = 0;  ///< capture time of the message: what "expired" is measured by

  [[nodiscard]] Bytes of(Slice s) const noexcept { return text.view().subspan(s.at, s.size); }
  [[nodiscard]] bool has_leaf() const noexcept { return !leaf.der.empty(); }
  [[nodiscard]] std::size_t alt_name_count() const noexcept { return alt_name_slices.size() / sizeof(Slice); }
  [[nodiscard]] Bytes alt_name(std::size_t i) const noexcept;
  /// The n-th certificate of the chain, the leaf first.
  [[nodiscard]] bool certificate(unsigned n, Bytes& der) const noexcept;
};

/// The handshake of a flow.
struct Tx : Transaction {
  explicit Tx(Pool& pool) noexcept : sides{TxSide(pool), TxSide(pool)} {}

  ClientHello client;
  ServerHello server;
  KeyExchange key_exchange;
  std::array<TxSide, 2> sides;  ///< by Direction
  std::array<Alert, kMaxAlerts> alerts{};
  std::uint8_t alert_count = 0;
  std::uint8_t states = 0;  ///< bits of state::
  bool has_ja4 = false;
  Ja4 ja4{};
  bool retried = false;      ///< the server asked for another ClientHello
  bool resumed = false;      ///< by session id, ticket or pre-shared key
  bool established = false;  ///< both sides have begun to encrypt
  bool certificate_requested = false;

  [[nodiscard]] TxSide& side(Direction d) noexcept { return sides[index(d)]; }
  [[nodiscard]] const TxSide& side(Direction d) const noexcept { return sides[index(d)]; }
  [[nodiscard]] bool has_server_hello() const noexcept { return server.present && !server.retry; }
  /// What was agreed on; 0 when no ServerHello was seen.
  [[nodiscard]] std::uint16_t version() const noexcept { return server.present ? server.version : 0; }
  /// What `d`'s side speaks: the agreed version, or the highest that the client offers.
  [[nodiscard]] std::uint16_t version_of(Direction d) const noexcept {
    return d == Direction::kToServer ? client.version : server.version;
  }
};

/// Could this flow be TLS? Strong: a record header and the message behind it must fit each other.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

class TlsParser final : public Parser {
 public:
  explicit TlsParser(const ParserContext&) noexcept;
  ~TlsParser() override;
  Consumed on_stream(Direction, Bytes data, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_end(Direction, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  struct Side {
    explicit Side(Pool& pool) noexcept : message(pool) {}
    PoolBuffer message;              ///< body of the handshake message being put together
    std::uint32_t record_left = 0;   ///< bytes of the current record not yet seen
    std::uint32_t message_left = 0;  ///< bytes of the current handshake message not yet seen
    std::uint32_t records = 0;
    std::uint16_t record_size = 0;
    std::uint8_t record_type = 0;
    std::uint8_t message_type = 0;
    std::uint8_t head_size = 0, note_size = 0;
    std::array<std::uint8_t, 4> head{};  ///< type and length of a handshake message
    std::array<std::uint8_t, 3> note{};  ///< first bytes of any other record
    bool in_message = false;             ///< the header is complete, the body not yet
    bool keep = false;                   ///< the body is collected in `message`
    bool maybe_encrypted = false;        ///< a ClientHello in the clear may follow, or what is encrypted
    bool encrypted = false;
    bool stopped = false;              ///< nothing more can be learned from this direction
    std::uint16_t heartbeat_size = 0;  ///< of the encrypted record last sent
  };
  enum class Header : std::uint8_t { kNeedMore, kRecord, kSslv2, kBroken };

  [[nodiscard]] Side& side(Direction d) noexcept { return sides_[index(d)]; }
  [[nodiscard]] std::uint64_t limit(Limit l) const noexcept {
    return context_.limits[static_cast<std::size_t>(l)];
  }

  Header read_record_header(Direction, Cursor& in, Sink&) noexcept;
  /// Bytes wanted, or 0 when the message was taken or the side stopped.
  std::size_t read_sslv2(Direction, Cursor& in, Sink&) noexcept;
  void on_fragment(Direction, Bytes, Sink&) noexcept;
  void on_record_end(Direction, Sink&) noexcept;
  void on_handshake_bytes(Direction, Bytes, Sink&) noexcept;
  void begin_message(Direction, Sink&) noexcept;
  void end_message(Direction, Sink&) noexcept;
  void on_client_hello(PoolBuffer body, bool sslv2, Sink&) noexcept;
  void on_server_hello(PoolBuffer body, Sink&) noexcept;
  void on_certificate(Direction, PoolBuffer body, Sink&) noexcept;
  void on_server_key_exchange(Bytes body, Sink&) noexcept;
  void on_alert(Direction, Sink&) noexcept;
  void on_heartbeat(Direction, Sink&) noexcept;
  [[nodiscard]] bool is_early_data(Direction) const noexcept;
  void on_change_cipher_spec(Direction, Sink&) noexcept;

  /// The flow's transaction, made when it is not there; nullptr when it is over or memory ran out.
  Tx* tx(Sink&) noexcept;
  void advance(Direction, std::uint8_t progress, Sink&) noexcept;
  void report(Direction, EventBits, Sink&) noexcept;
  void report(Direction d, Event e, Sink& sink) noexcept { report(d, bit(e), sink); }
  void begin_encryption(Direction, Sink&) noexcept;
  void stop(Direction, Sink&) noexcept;
  void finish_if_over(Sink&) noexcept;
  void finish(Sink&) noexcept;

  const ParserContext context_;
  std::array<Side, 2> sides_;
  Tx* tx_ = nullptr;
  EventBits reported_ = 0;  ///< outside of a transaction, each is told once
  bool finished_ = false;   ///< the transaction is done; there will be no other
  bool memory_refused_ = false;
  bool server_hello_done_ = false;
  bool watch_heartbeats_ = false;
};

/// The keywords with a syntax of their own: tls_keywords.cc.
inline constexpr std::size_t kKeywordCount = 10;
extern const KeywordDef kKeywords[kKeywordCount];

}  // namespace picket::tls
