// parsers/http/http_parser.h — the parser of a flow: a reader for each direction, and the transactions
//
//   kStart ─> kLine ─> kHeaders ─> kBody | kChunks ─> kStart
//
// http.cc has the way of the bytes and the pairing, http_line.cc start lines, http_head.cc headers,
// http_body.cc bodies, http_content.cc what they carry. Every byte is taken when it is shown, so that no cut
// of the segments can matter; what must stay is copied once.
#pragma once
#include "parsers/http/http.h"
#include "parsers/http/http_content.h"

namespace picket::http {

class HttpParser final : public Parser, private ContentHost {
 public:
  explicit HttpParser(const ParserContext& context) noexcept;
  ~HttpParser() override;

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override;
  void on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept override;
  void on_end(Direction dir, Sink& sink) noexcept override;
  void on_close(Sink& sink) noexcept override;

 private:
  enum class State : std::uint8_t {
    kStart,     // before a start line; empty lines are skipped
    kLine,      // in the start line
    kSkipLine,  // in a start line that is too long
    kHeaders,
    kDoubt,        // behind a line of nothing but whitespace: is that the end of the headers?
    kSkipHeaders,  // behind the limit
    kMaybeBody,    // behind the headers of a reply that may have no body but says it has
    kBody,
    kChunks,
    kTunnel,  // behind CONNECT, until the reply
    kDead,    // no memory: nothing more is read
  };
  enum class Framing : std::uint8_t { kNone, kLength, kChunks, kToEnd };
  enum class Chunk : std::uint8_t { kSize, kData, kDataEnd, kTrailer };
  static constexpr std::uint32_t kNoHeader = 0xffffffff;
  static constexpr std::size_t kTunnelHold = 16384;

  struct Reader {
    Reader(ContentHost& host, Pool& pool, Direction d) noexcept : dir(d), line(pool), content(host, d) {}
    const Direction dir;
    State state = State::kStart;
    bool resync = false;  // bytes were lost or made no sense: wait for a start line
    bool leading_space = false, too_long = false;
    Tx* tx = nullptr;
    PoolBuffer line;                      // start line, until its transaction is known
    std::uint32_t line_at = 0;            // in head or trailer: where the line at hand begins
    std::uint32_t header_at = kNoHeader;  // in head: where the header at hand begins
    std::uint32_t doubt_at = 0;
    std::uint32_t messages = 0;
    // body
    Framing framing = Framing::kNone;
    std::uint64_t left = 0;  // of the body, or of the chunk
    Content content;
    Chunk chunk = Chunk::kSize;
    std::uint64_t length = 0;  // Content-Length, for when chunks turn out to be none
    bool has_length = false, first_chunk = true, digits = false, extension = false, text_in_line = false;
    std::array<std::uint8_t, 8> peek{};
    std::uint8_t peeked = 0;
  };

  Reader& reader(Direction d) noexcept { return reader_[index(d)]; }
  static Side& side(Reader& r) noexcept { return r.tx->side[index(r.dir)]; }
  static bool is_reply(const Reader& r) noexcept { return r.dir == Direction::kToClient; }
  static Frame frame_of(const Reader& r) noexcept { return is_reply(r) ? kResponseFrame : kRequestFrame; }
  /// Of two events that differ by direction only.
  static Event either(const Reader& r, Event request, Event reply) noexcept {
    return is_reply(r) ? reply : request;
  }

  // http.cc
  std::size_t step(Reader&, Bytes in) noexcept;
  void replay(Reader&, Bytes in) noexcept;
  std::size_t on_start(Reader&, Bytes in) noexcept;
  std::size_t on_line(Reader&, Bytes in) noexcept;
  std::size_t on_skip_line(Reader&, Bytes in) noexcept;
  void reply_without_head(Reader&) noexcept;
  void finish_reader(Reader&) noexcept;
  Tx* new_tx() noexcept;
  Tx* next_reply() noexcept;
  void finish(Tx&) noexcept;
  void flush(Reader&) noexcept;
  void tell(Tx&, Direction) noexcept;
  void raise(Event, Tx*, Direction) noexcept;
  void raise(Reader& r, Event e) noexcept { raise(e, r.tx, r.dir); }
  void die(Reader&) noexcept;
  void hand_over(std::string_view protocol, Bytes hint = {}) noexcept;

  // http_head.cc
  void start_line(Reader&) noexcept;
  void request_line(Reader&, std::string_view text) noexcept;
  void request_uri(Reader&, Tx&) noexcept;
  void status_line(Reader&, std::string_view text) noexcept;
  std::size_t on_headers(Reader&, Bytes in) noexcept;
  std::size_t on_doubt(Reader&, Bytes in) noexcept;
  std::size_t on_skip_headers(Reader&, Bytes in) noexcept;
  void settle_doubt(Reader&) noexcept;
  void header_line(Reader&) noexcept;
  void finish_header(Reader&) noexcept;
  void bent_header(Reader&, std::uint32_t at, std::uint32_t end) noexcept;
  void read_header(Reader&, Ref text) noexcept;
  bool add_header(Reader&, Header) noexcept;
  void merge_repeated(Reader&) noexcept;
  void end_headers(Reader&) noexcept;
  void request_head(Reader&) noexcept;
  void host(Reader&) noexcept;
  void reply_head(Reader&) noexcept;

  // http_body.cc
  Framing framing(Reader&) noexcept;
  void begin_body(Reader&, Framing) noexcept;
  std::size_t on_maybe_body(Reader&, Bytes in) noexcept;
  std::size_t on_body(Reader&, Bytes in) noexcept;
  std::size_t on_chunks(Reader&, Bytes in) noexcept;
  std::size_t chunk_size(Reader&, Bytes in) noexcept;
  void bad_chunk(Reader&) noexcept;
  std::size_t on_trailer(Reader&, Bytes in) noexcept;
  bool skip_in_body(Reader&, std::uint64_t missing) noexcept;
  void complete(Reader&) noexcept;

  // ContentHost
  void on_content_event(Event e, Tx& tx, Direction dir) noexcept override { raise(e, &tx, dir); }
  void on_inspected(Tx& tx, Direction dir) noexcept override { tell(tx, dir); }

  std::span<const std::uint64_t> limits_;
  std::array<Reader, 2> reader_;
  Tx *first_ = nullptr, *last_ = nullptr;
  std::uint64_t next_id_ = 0, open_ = 0;
  const std::uint8_t* message_end_ = nullptr;  // behind the bytes of a step that the message at hand may have
  bool handed_over_ = false;
  bool closing_ = false;  // the message at hand ends here: no body begins
  bool ending_ = false;   // no bytes follow that could be handed over
};

}  // namespace picket::http
