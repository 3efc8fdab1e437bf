// parsers/http2/http2.h — HTTP/2 in clear, both directions of a connection, stream by stream (RFC 9113, RFC 7541)
//
//      0        3      4       5                 9
//      | length | type | flags | 0 | stream: 31 | payload: length bytes |
//
//      client: "PRI * HTTP/2.0" CRLF CRLF "SM" CRLF CRLF, SETTINGS, frames      server: SETTINGS, frames
//
// In      both directions from their first byte; after HTTP/1's Upgrade the request it began with as hint
// Out     a Tx for each stream, with a message of HTTP each way; one for each frame that is the connection's,
//         which becomes a record when it has something to say: settings, a GOAWAY, an oddity
// Cost    DATA is not copied but for what rules look at; headers once out of their compression. A stream takes
//         some 3 KiB of the pool while it is open, and what its messages need: of all open streams together no
//         more than connection-memory, and one message beyond
// Limits  see kLimits in http2_spec.cc; each has an event
// Gaps    in DATA are stepped over. Behind any other neither frames nor header compression can be trusted: that
//         direction is read no more, the other goes on
// Leaves  TLS (nothing is decrypted), what CONNECT and WebSockets carry within a stream, DNS over HTTPS
#pragma once
#include "parsers/http/http_content.h"
#include "parsers/http2/http2_names.h"

namespace picket::http2 {

/// Places in ProtocolSpec::limits, behind those of http::ContentLimit.
enum Limit : std::uint8_t {
  kHeadLimit = http::kContentLimits,
  kHeadersLimit,
  kMaxStreams,
  kMaxTableSize,
  kMaxReassembly,
  kMaxContinuations,
  kFloodLimit,
  kResetLimit,
  kMemoryLimit,
  kLimitCount,
};

/// Behind those of http::Progress: nothing more comes, not even a frame that says so.
inline constexpr std::uint8_t kClosed = http::kComplete + 1;

/// A number that a frame brought, for rules and for the record.
struct Note {
  enum Kind : std::uint8_t { kWindow, kError, kWeight, kTableSize, kSettingValue };
  Kind kind{};
  std::uint16_t id = 0;  ///< of a setting
  std::uint32_t value = 0;
};

/// What one side of a stream said in frames.
struct Lane {
  static constexpr std::size_t kMaxNotes = 128;    ///< besides windows
  static constexpr std::size_t kMaxWindows = 128;  ///< a long transfer has more, which is no oddity

  explicit Lane(Pool& pool) noexcept : notes_(pool) {}
  [[nodiscard]] bool has_type(std::uint8_t t) const noexcept { return (types[t >> 6] >> (t & 63) & 1) != 0; }
  enum class Added : std::uint8_t { kYes, kTooMany, kNoMemory };
  /// kYes also for a window that is not kept.
  [[nodiscard]] Added add(Note) noexcept;
  [[nodiscard]] std::span<const Note> notes() const noexcept;

  std::array<std::uint64_t, 4> types{};  ///< bit by type of frame
  std::uint32_t frames = 0;
  std::uint64_t sent = 0;     ///< flow-controlled bytes
  std::uint64_t granted = 0;  ///< by WINDOW_UPDATE of the other side
  std::uint64_t length = 0;   ///< Content-Length
  bool has_length = false;
  bool headers = false;  ///< the final ones were there
  bool ended = false;    ///< END_STREAM
  bool reset = false;    ///< RST_STREAM

 private:
  PoolBuffer notes_;
  std::size_t windows_ = 0;  // of them
};

struct Tx : http::Tx {
  Tx(Pool& pool, http::ContentHost& host, std::uint64_t number, std::uint32_t stream) noexcept
      : http::Tx(pool, number),
        stream_id(stream),
        lane{Lane(pool), Lane(pool)},
        content{http::Content(host, Direction::kToServer), http::Content(host, Direction::kToClient)},
        debug(pool) {}
  ~Tx();

  const std::uint32_t stream_id;  ///< 0: a frame of the connection
  std::uint32_t promised_on = 0;  ///< pushed: the stream that promised it
  bool upgraded = false;          ///< its request came in HTTP/1
  bool tunnel = false;            ///< CONNECT: what DATA holds is no message
  bool goaway = false;
  std::int64_t kept = 0;               ///< bytes of the pool that its messages took: see Http2Parser::Charge
  std::uint32_t last_stream = 0;       ///< of a GOAWAY
  http::Ref scheme, connect_protocol;  ///< of the request
  std::array<Lane, 2> lane;            ///< by Direction
  std::array<http::Content, 2> content;
  PoolBuffer debug;                           ///< of a GOAWAY
  mutable std::array<http::Text, 2> doubled;  ///< see doubled_header()
};

/// The transactions this parser reports are all Tx.
inline const Tx& as_tx(const Transaction& tx) noexcept { return static_cast<const Tx&>(tx); }

/// "name: value" of the `instance`-th header with each colon in them doubled: `http2.header`. Built on the first
/// call and kept.
[[nodiscard]] bool doubled_header(const Tx&, Direction, unsigned instance, Bytes& out) noexcept;

/// The client's first line says it; a server's first frame is SETTINGS, but so few bytes prove nothing.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

inline constexpr std::size_t kKeywordCount = 1;
extern const KeywordDef kKeywords[kKeywordCount];

}  // namespace picket::http2
