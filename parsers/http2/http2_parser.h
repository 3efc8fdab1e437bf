// parsers/http2/http2_parser.h — the parser of a flow: a reader for each direction, the streams, and the rules of
// RFC 9113 that frames are held against
//
//   kMagic ─> kFrame ─> kData | kSkip ─> kFrame          kDead: bytes were lost, or are not HTTP/2
//
// http2.cc has the way of the bytes and the streams, http2_frames.cc the frames, http2_headers.cc what header
// blocks say, http2_upgrade.cc the request that came in HTTP/1.
#pragma once
#include "parsers/http2/hpack.h"
#include "parsers/http2/http2.h"

namespace picket::http2 {

/// Places of what rules call frames in ProtocolSpec::frames.
enum RuleFrame : std::uint8_t { kHdrFrame, kDataFrame, kPduFrame };

struct Frame {
  static constexpr std::size_t kHeaderSize = 9;
  std::uint32_t length = 0;
  std::uint8_t type = 0, flags = 0;
  std::uint32_t stream = 0;
};

namespace flag {
inline constexpr std::uint8_t kAck = 0x1, kEndStream = 0x1, kEndHeaders = 0x4, kPadded = 0x8,
                              kPriority = 0x20;
}

/// Open streams of one initiator by number: new ones have the highest.
class StreamTable {
 public:
  explicit StreamTable(Pool& pool) noexcept : places_(pool) {}
  [[nodiscard]] Tx* find(std::uint32_t id) const noexcept;
  /// False: no memory.
  [[nodiscard]] bool insert(Tx&) noexcept;
  void erase(std::uint32_t id) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return places_.size() / sizeof(Place); }
  /// In the order of their numbers.
  [[nodiscard]] Tx& at(std::size_t i) const noexcept { return *places()[i].tx; }

 private:
  struct Place {
    std::uint64_t id;
    Tx* tx;
  };
  [[nodiscard]] std::span<Place> places() const noexcept;
  [[nodiscard]] std::size_t lower_bound(std::uint32_t id) const noexcept;
  mutable PoolBuffer places_;
};

class Http2Parser final : public Parser, private http::ContentHost {
 public:
  explicit Http2Parser(const ParserContext& context) noexcept;
  ~Http2Parser() override;

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override;
  void on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept override;
  void on_end(Direction dir, Sink& sink) noexcept override;
  void on_close(Sink& sink) noexcept override;

 private:
  enum class State : std::uint8_t { kMagic, kFrame, kData, kSkip, kDead };
  enum class Message : std::uint8_t { kIgnored, kRequest, kReply, kTrailer };

  /// How many in the second of capture time at hand.
  struct Rate {
    std::uint64_t since_ns = 0;
    std::uint64_t count = 0;
    std::uint64_t add(std::uint64_t now_ns) noexcept;
  };

  /// The header block at hand, up to END_HEADERS.
  struct Block {
    explicit Block(Pool& pool) noexcept : tail(pool) {}
    bool open = false, end_stream = false;
    Message message = Message::kIgnored;
    Direction side = Direction::kToServer;  // of the transaction that it is
    std::uint32_t stream = 0;
    Tx* tx = nullptr;
    std::uint64_t bytes = 0, continuations = 0;
    PoolBuffer tail;  // of a fragment: the beginning of a field
    // What its fields said so far.
    std::uint64_t fields = 0, list_bytes = 0;
    bool regular = false, stored = true;
    http::Ref method, scheme, authority, path, protocol, status;
  };

  struct Reader {
    Reader(Pool& pool, Direction d, std::uint32_t table_cap) noexcept
        : dir(d),
          state(d == Direction::kToServer ? State::kMagic : State::kFrame),
          hpack(pool, table_cap),
          block(pool) {}
    const Direction dir;
    State state;
    bool first = true;                    // no frame was seen
    Frame frame;                          // kData, kSkip: whose payload it is
    std::uint32_t left = 0, padding = 0;  // of it
    Tx* tx = nullptr;                     // kData
    HpackDecoder hpack;
    Block block;
    std::uint32_t last_stream = 0;  // the highest that this side began
    // What it told the other side; the most permissive value it ever had, where it may be on its way.
    std::uint32_t max_frame = 16384, window = 65535, streams = 0xffffffff, streams_known = 0xffffffff;
    std::uint32_t goaway = 0xffffffff;
    bool push = true;
    std::uint64_t sent = 0, granted = 65535;  // of the connection
    Rate resets, pings, settings, priorities, empty;
  };

  /// A stream that is closed; by whom tells whether a late frame is odd.
  struct Closed {
    std::uint32_t stream = 0;
    std::array<bool, 2> by{};
  };

  struct Fields;

  /// What the pool gives or gets back while this lives is charged to a stream, and to the connection until the
  /// stream closes. Within another it does nothing. The stream outlives it.
  class Charge {
   public:
    Charge(Http2Parser& parser, Tx& tx) noexcept
        : parser_(parser),
          tx_(tx),
          outermost_(!std::exchange(parser.charging_, true)),
          before_(parser.pool_.in_use_bytes()) {}
    ~Charge() {
      if (!outermost_) return;
      const auto more = static_cast<std::int64_t>(parser_.pool_.in_use_bytes() - before_);
      tx_.kept += more;
      parser_.kept_ += more;
      parser_.charging_ = false;
    }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

   private:
    Http2Parser& parser_;
    Tx& tx_;
    const bool outermost_;
    const std::size_t before_;
  };

  Reader& reader(Direction d) noexcept { return reader_[index(d)]; }
  static bool from_server(const Reader& r) noexcept { return r.dir == Direction::kToClient; }

  // http2.cc
  std::size_t step(Reader&, Bytes in, std::size_t& need) noexcept;
  std::size_t on_magic(Reader&, Bytes in, std::size_t& need) noexcept;
  std::size_t on_frame(Reader&, Bytes in, std::size_t& need) noexcept;
  std::size_t on_data(Reader&, Bytes in) noexcept;
  void begin(Sink&) noexcept;
  void lose(Reader&) noexcept;
  Tx* find(std::uint32_t stream) const noexcept;
  StreamTable& table_of(std::uint32_t stream) noexcept { return streams_[stream % 2 == 0 ? 1 : 0]; }
  Tx* open(Reader&, std::uint32_t stream) noexcept;
  Tx* make(std::uint32_t stream) noexcept;
  Tx* of_connection(Reader&, const Frame&) noexcept;
  void destroy(Tx&) noexcept;
  [[nodiscard]] bool memory_is_full() const noexcept;
  void count(Tx&, Direction, const Frame&) noexcept;
  void note(Tx&, Direction, Note) noexcept;
  void end_content(Tx&, Direction) noexcept;
  void end_side(Tx&, Direction) noexcept;
  void close_if_over(Tx&) noexcept;
  void close(Tx&) noexcept;
  void close_side(Tx&, Direction) noexcept;
  void finish_connection_frame(Tx&) noexcept;
  void tell(Tx&, Direction) noexcept;
  void raise(Event, Tx*, Direction) noexcept;
  void raise(const Reader& r, Event e, Tx* tx = nullptr) noexcept { raise(e, tx, r.dir); }
  void flood(const Reader&, Rate&, Event, std::uint64_t limit) noexcept;
  [[nodiscard]] bool closed_by(std::uint32_t stream, Direction) const noexcept;

  // http2_frames.cc
  void frame(Reader&, const Frame&, Bytes payload) noexcept;
  void begin_data(Reader&, const Frame&, std::uint8_t padding) noexcept;
  void take_data(Reader&, Bytes) noexcept;
  void watch_dns(Reader&, Tx&, std::size_t more) noexcept;
  void end_data(Reader&) noexcept;
  void headers(Reader&, const Frame&, Bytes payload) noexcept;
  void push_promise(Reader&, const Frame&, Bytes payload) noexcept;
  void continuation(Reader&, const Frame&, Bytes payload) noexcept;
  void priority(Reader&, const Frame&, Bytes payload) noexcept;
  void rst_stream(Reader&, const Frame&, Bytes payload) noexcept;
  void settings(Reader&, const Frame&, Bytes payload) noexcept;
  bool apply_settings(Direction from, Bytes payload, Tx&) noexcept;
  void ping(Reader&, const Frame&, Bytes payload) noexcept;
  void goaway(Reader&, const Frame&, Bytes payload) noexcept;
  void window_update(Reader&, const Frame&, Bytes payload) noexcept;
  bool unpad(Reader&, const Frame&, Bytes& payload) noexcept;
  void dependency(Reader&, const Frame&, Cursor&, Tx*) noexcept;
  void late(Reader&, const Frame&) noexcept;

  // http2_headers.cc
  void begin_block(Reader&, const Frame&, Tx*, Message, Direction side) noexcept;
  void fragment(Reader&, Bytes, bool last) noexcept;
  void end_block(Reader&) noexcept;
  void add_field(Reader&, Bytes name, Bytes value) noexcept;
  void pseudo_header(Reader&, std::string_view name, const http::Ref& value) noexcept;
  void check_field(Reader&, std::string_view name, std::string_view value) noexcept;
  void end_request(Reader&, Tx&) noexcept;
  bool end_reply(Reader&, Tx&) noexcept;
  void host(Reader&, Tx&) noexcept;
  void content_length(Reader&, Tx&, Direction) noexcept;
  void begin_content(Tx&, Direction) noexcept;

  // http2_upgrade.cc
  void upgrade() noexcept;

  // http::ContentHost
  void on_content_event(http::Event, http::Tx&, Direction) noexcept override;
  void on_inspected(http::Tx&, Direction) noexcept override;

  std::span<const std::uint64_t> limits_;
  std::array<Reader, 2> reader_;
  std::array<StreamTable, 2> streams_;  // the client's, the server's
  std::array<Closed, 32> closed_{};     // the last ones
  std::size_t closed_at_ = 0;
  std::uint64_t next_id_ = 0;
  std::int64_t kept_ = 0;  // sum of Tx::kept
  bool charging_ = false;
  std::uint64_t raised_ = 0;  // events outside of transactions: once a connection
  PoolBuffer hint_;           // of HTTP/1, until the first call
};

}  // namespace picket::http2
