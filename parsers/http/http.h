// parsers/http/http.h — HTTP/0.9, 1.0 and 1.1, both directions of a connection, paired (RFC 9110, RFC 9112)
//
//      start line CRLF
//      name ":" value CRLF    ... folded, ended by LF or by a lone CR, as servers and browsers put up with
//      CRLF
//      body                   Content-Length, chunks with trailers, or all to the end of the connection
//
// In      any cut of the bytes of a direction; all is taken at once, except behind a CONNECT that waits
// Out     a Tx from a request to its reply; a reply nobody asked for is a Tx of its own
// Cost    one copy of start line and headers, none of bodies that are not inspected; a few blocks of the pool
//         a message, more where a body is inspected or a rule asks for a buffer that must be put together
// Limits  see kLimits in http_spec.cc; each has an event
// Reads   as leniently as browsers do, because what a browser runs must be seen: a coding that is declared
//         but does not decode is read as if it were not declared, and whitespace or NUL does not hide one
// Files   bodies of replies, of POST and PUT; of multipart/form-data each part that has a file name
// Leaves  multipart of other kinds, ranges put together, and LZMA; HTTP/2 is another parser's
#pragma once
#include <array>

#include "parsers/core/protocol.h"

namespace picket::http {

/// What can be odd. In the order of kEvents in http_spec.cc; the names there are Suricata's where it has one.
enum class Event : std::uint8_t {
  kUnknownError,
  kDecompressionFailed,
  kRequestFieldMissingColon,
  kReplyFieldMissingColon,
  kRequestChunkLength,
  kReplyChunkLength,
  kRequestTransferEncoding,
  kReplyTransferEncoding,
  kRequestContentLength,
  kReplyContentLength,
  kRequestDuplicateLength,
  kReplyDuplicateLength,
  kContinueAgain,
  kReplyWithoutRequest,
  kHostPort,
  kAuthorityPort,
  kRequestHeaderInvalid,
  kReplyHeaderInvalid,
  kHostMissing,
  kHostAmbiguous,
  kRequestFolding,
  kReplyFolding,
  kRequestTooLong,
  kReplyTooLong,
  kUriHostInvalid,
  kHeaderHostInvalid,
  kUriDelimiter,
  kMethodDelimiter,
  kLeadingWhitespace,
  kTooManyLayers,
  kAbnormalEncoding,
  kAuthUnrecognized,
  kRequestRepetition,
  kReplyRepetition,
  kByteRanges,
  kAbnormalTransferEncoding,
  kChunkedOldProtocol,
  kReplyProtocol,
  kReplyStatus,
  kRequestLineIncomplete,
  kDoubleEncodedUri,
  kRequestLineInvalid,
  kRequestBodyUnexpected,
  kReplyBodyUnexpected,
  kCompressionBomb,
  kRangeInvalid,
  kProtocolChangeFailed,
  kRequestChunkExtension,
  kReplyChunkExtension,
  kRequestLineMissingProtocol,
  kRequestTooManyHeaders,
  kReplyTooManyHeaders,
  kLengthAndChunked,
  kGap,
  kTooManyTransactions,
  kDecompressionBudget,
  kOutOfMemory,
  kMultipartError,
  kMultipartNoFile,
  kMultipartHeader,
  kFileNameTooLong,
  // Of Suricata, so that its rules load; what they tell of is not looked for (see the help texts).
  kPortMismatch,
  kLzmaMemory,
  kTooManyWarnings,
  kCount,
};

/// The first places in ProtocolSpec::limits of all versions: see http_content.h.
enum ContentLimit : std::uint8_t {
  kRequestBodyLimit,
  kReplyBodyLimit,
  kLayerLimit,
  kBombLimit,
  kRatioLimit,
  kBudgetLimit,
  kContentLimits,
};
/// Behind them those of HTTP/1.
enum Limit : std::uint8_t {
  kFieldLimit = kContentLimits,
  kHeadLimit,
  kHeadersLimit,
  kMaxTx,
  kDumpHeaders,
  kLimitCount,
};

/// Places of the frames in ProtocolSpec::frames: by Direction.
enum Frame : std::uint8_t { kRequestFrame, kResponseFrame };

/// How far a side of a transaction has come; Suricata's hooks (`http1:request_headers`) have the same order.
enum Progress : std::uint8_t { kStarted = 0, kLine, kHeaders, kBody, kTrailer, kComplete };

/// Headers that mean something to the parser or to a buffer.
enum class Name : std::uint8_t {
  kOther,
  kAccept,
  kAcceptEncoding,
  kAcceptLanguage,
  kAuthorization,
  kConnection,
  kContentDisposition,
  kContentEncoding,
  kContentLength,
  kContentRange,
  kContentType,
  kCookie,
  kHost,
  kLocation,
  kReferer,
  kServer,
  kSetCookie,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kXForwardedFor,
  kCount,
};

/// A run of bytes in one of a side's blocks.
struct Ref {
  enum Where : std::uint8_t { kNone, kLine, kHead, kExtra };
  std::uint32_t at = 0, size = 0;
  Where where = kNone;
};

struct Header {
  Ref name, value;         ///< without the whitespace around them; unfolded
  std::uint32_t hash = 0;  ///< of the name in lower case
  Name id = Name::kOther;
  bool repeated = false;  ///< another of the same name follows, and its value stands here too, behind ", "
  bool merged = false;    ///< its value stands with the first of the name
};

/// Bytes put together from others when they are first asked for; they belong to the pool.
struct Text {
  std::uint8_t* data = nullptr;
  std::uint32_t size = 0, room = 0;  ///< room: what the block was asked for
  bool built = false;
};

enum class Built : std::uint8_t { kUri, kHeaderBlock, kHeaderNames, kStart, kCount };

/// One message.
struct Side {
  explicit Side(Pool& pool) noexcept : line(pool), head(pool), extra(pool), trailer(pool), body(pool) {}

  PoolBuffer line;     ///< start line as it came, with its end
  PoolBuffer head;     ///< headers as they came, with the empty line
  PoolBuffer extra;    ///< values that had to be unfolded, cleaned or put together
  PoolBuffer trailer;  ///< behind the last chunk, as it came
  PoolBuffer body;     ///< decoded, up to the limit
  Header* headers = nullptr;
  std::uint16_t header_count = 0, header_room = 0;
  std::uint32_t headers_end = 0;  ///< in head: where the empty line begins
  std::array<std::uint16_t, static_cast<std::size_t>(Name::kCount)> known{};  ///< 1 + place in headers, or 0
  std::array<std::uint64_t, 4> names_seen{};  ///< a filter: a name whose bit is not set is new
  bool maybe_repeated = false;
  std::uint64_t body_bytes = 0;  ///< of the message, without the framing of chunks, before decoding
  std::uint8_t reached = kStarted, told = kStarted;  ///< Progress; told: what the sink knows
  bool complete = false, truncated = false, gap = false;
  bool as_sent = true;  ///< head is already what normalisation would make of it
  mutable std::array<Text, static_cast<std::size_t>(Built::kCount)> built;

  [[nodiscard]] Bytes view(const Ref& r) const noexcept {
    switch (r.where) {
      case Ref::kLine:
        return line.view().subspan(r.at, r.size);
      case Ref::kHead:
        return head.view().subspan(r.at, r.size);
      case Ref::kExtra:
        return extra.view().subspan(r.at, r.size);
      case Ref::kNone:
        break;
    }
    return {};
  }
  /// The first header of that name, or nullptr.
  [[nodiscard]] const Header* find(Name name) const noexcept {
    const auto i = known[static_cast<std::size_t>(name)];
    return i == 0 ? nullptr : &headers[i - 1];
  }
  /// For the next message in its place: an interim reply leaves nothing.
  void clear_message() noexcept {
    line.clear();
    head.clear();
    extra.clear();
    header_count = 0;
    known = {};
    names_seen = {};
    maybe_repeated = false;
    as_sent = true;
  }
  [[nodiscard]] std::string_view value(Name name) const noexcept {
    const Header* h = find(name);
    return h == nullptr ? std::string_view{} : as_text(view(h->value));
  }
};

struct Tx : Transaction {
  Tx(Pool& p, std::uint64_t number) noexcept : pool(p), side{Side(p), Side(p)} { id = number; }
  ~Tx();
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  Pool& pool;
  std::array<Side, 2> side;
  Tx *prev = nullptr, *next = nullptr;
  // Request line; all in side[0].line, except what is marked.
  Ref method, raw_uri, protocol, request_line;
  Ref uri;                 ///< kNone: see Built::kUri
  Ref uri_host;            ///< of an absolute URI or CONNECT
  Ref host, raw_host;      ///< lower case without port; as sent. In line, head or extra of the request
  std::uint32_t port = 0;  ///< named with the host; 0: none
  // Status line, in side[1].line.
  Ref reply_protocol, status, message, reply_line;
  std::uint16_t status_code = 0;  ///< 0: none, or not three digits
  std::uint16_t interim = 0;      ///< 1xx replies seen before the final one
  std::uint8_t dump_headers = 0;  ///< bit by Direction: the record lists the headers
  bool reply_started = false;

  [[nodiscard]] const Side& request() const noexcept { return side[0]; }
  [[nodiscard]] const Side& reply() const noexcept { return side[1]; }
  [[nodiscard]] std::string_view text(Direction d, const Ref& r) const noexcept {
    return as_text(side[index(d)].view(r));
  }
  /// Path and query, normalised, as rules see them.
  [[nodiscard]] Bytes normalized_uri() const noexcept {
    const Text& t = side[0].built[static_cast<std::size_t>(Built::kUri)];
    return t.built ? Bytes{t.data, t.size} : side[0].view(uri);
  }
};

/// What must be put together from several places; built on the first call and kept. False: there is none.
[[nodiscard]] bool build(const Tx&, Direction, Built, Bytes& out) noexcept;

/// "Name: value" of the `instance`-th header.
[[nodiscard]] bool header_at(const Tx&, Direction, unsigned instance, Bytes& out) noexcept;

/// The transactions this parser reports are all Tx.
inline const Tx& as_tx(const Transaction& tx) noexcept { return static_cast<const Tx&>(tx); }

/// Could this flow be HTTP/1? Decided by the first line, or by its first 1024 bytes.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

}  // namespace picket::http
