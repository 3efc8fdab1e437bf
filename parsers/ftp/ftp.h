// parsers/ftp/ftp.h — FTP's control connection: commands with their replies (RFC 959, 2228, 2428)
//
//   command   word [" " argument] CR LF
//   reply     digit digit digit " " text CR LF      or "-" after the digits, and lines up to one with a blank there
//
// In      bytes of each direction, at any cut
// Out     a Tx from a command to its last reply; 1xx replies come before it; a reply nobody asked for is a Tx
//         of its own
// Cost    one copy of each line
// Limits  ftp_spec.cc has them; a line is cut, a transaction that has waited too long is given up, each by a
//         named event
// Expects data connections (Sink::expect()): to the port of the last PORT, EPRT, 227 or 229 once a command
//         needs one
// Leaves  TLS behind AUTH: handed over with the server's 234. LPRT and LPSV (RFC 1639). Other security
//         mechanisms
#pragma once
#include <array>

#include "parsers/ftpdata/ftpdata.h"

namespace picket::ftp {

/// In the order of kEvents in ftp_spec.cc; the first two have Suricata's names.
enum class Event : std::uint8_t {
  kCommandTooLong,
  kReplyTooLong,
  kInvalidReply,
  kInvalidPort,
  kTooManyReplyLines,
  kTooManyTransactions,
  kTooManyExpected,
  kGap,
  kMemoryFull,
  kCount,
};

namespace progress {
inline constexpr std::uint8_t kCommand = 1;  ///< the command stands in the transaction
inline constexpr std::uint8_t kReply = 2;    ///< so does its last reply; of both sides
}  // namespace progress

/// Places of the frames in ProtocolSpec::frames.
enum Frame : std::uint8_t { kCommandLineFrame, kResponseLineFrame };

/// Places of the limits in ProtocolSpec::limits.
enum Limit : std::uint8_t { kLineLimit, kMaxTx, kReplyLines, kReplyBytes };

enum class Mode : std::uint8_t { kNone, kActive, kPassive };

struct Endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint8_t size = 0;  ///< of the address: 4, 16; 0: the text names none
  std::uint16_t port = 0;

  [[nodiscard]] Bytes bytes() const noexcept { return Bytes(address).first(size); }
};

/// "10,0,0,2,200,10": of PORT, and somewhere in the text of a 227 (RFC 959, 4.1.2).
[[nodiscard]] bool parse_port(Bytes text, Endpoint&) noexcept;
/// "|1|10.0.0.2|51210|", "|2|fd77::2|51210|": of EPRT (RFC 2428, 2).
[[nodiscard]] bool parse_eprt(Bytes text, Endpoint&) noexcept;
/// The first that fits in the text of a 227, and of a 229: "(|||51210|)" (RFC 2428, 3).
[[nodiscard]] bool find_pasv(Bytes text, Endpoint&) noexcept;
[[nodiscard]] bool find_epsv(Bytes text, Endpoint&) noexcept;

/// A run of bytes in Tx::text.
struct Slice {
  std::uint32_t at = 0, size = 0;
};

struct Tx : Transaction {
  Tx(Pool& pool, std::uint64_t number) noexcept : line(pool), text(pool), reply_lines(pool) { id = number; }

  PoolBuffer line;                             ///< the command as it came, its word in capitals
  Bytes command, argument;                     ///< in `line`
  PoolBuffer text;                             ///< lines of replies, without codes
  PoolBuffer reply_lines;                      ///< Slices into `text`
  std::array<std::array<char, 3>, 8> codes{};  ///< one a reply; 1xx replies before it can be several
  std::uint8_t code_count = 0;
  bool command_truncated = false, reply_truncated = false;
  bool reply_received = false;
  bool bounce = false;      ///< PORT or EPRT names another host than the client
  Mode mode = Mode::kNone;  ///< of PORT, EPRT, PASV, EPSV
  std::uint16_t dynamic_port = 0;
  Tx* next = nullptr;

  [[nodiscard]] std::size_t reply_count() const noexcept { return reply_lines.size() / sizeof(Slice); }
  [[nodiscard]] Bytes reply(std::size_t i) const noexcept;
  [[nodiscard]] Bytes code(std::size_t i) const noexcept {
    return as_bytes({codes[i].data(), codes[i].size()});
  }
};

/// Could this flow be FTP? SMTP greets with the same code, POP3 begins with the same commands: it may take
/// until the second reply, or a command that only FTP has.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

class FtpParser final : public Parser {
 public:
  explicit FtpParser(const ParserContext&) noexcept;
  ~FtpParser() override;
  Consumed on_stream(Direction, Bytes data, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_close(Sink& sink) noexcept override { finish_all(sink); }

 private:
  struct Reader {
    bool skip_line = false;  ///< the rest of a line that was cut
    bool lost = false;       ///< behind a gap: replies are looked for, not judged
  };

  [[nodiscard]] std::size_t limit(Limit l) const noexcept {
    return static_cast<std::size_t>(context_.limits[l]);
  }
  void on_line(Direction, Bytes line, bool truncated, Sink&) noexcept;
  void on_command(Bytes line, bool truncated, Sink&) noexcept;
  void on_reply_line(Bytes line, bool truncated, Sink&) noexcept;
  void on_reply(Tx&, Sink&) noexcept;
  void read_endpoint(Tx&, Sink&) noexcept;
  void expect_data(Tx&, ftpdata::Command, Sink&) noexcept;
  void add_reply_line(Tx&, Bytes text, Sink&) noexcept;
  void add_code(Tx&) noexcept;

  Tx* add(Sink&, Direction) noexcept;
  void finish_first(Sink&) noexcept;
  void finish_all(Sink&) noexcept;
  void report(Direction, Event, Tx*, Sink&) noexcept;

  const ParserContext context_;
  std::array<std::uint8_t, 16> client_{};
  std::uint8_t client_size_ = 0;
  std::array<Reader, 2> readers_;
  Tx *first_ = nullptr, *last_ = nullptr;  ///< commands that wait for their last reply, the oldest first
  std::size_t open_ = 0;
  std::uint64_t next_id_ = 0;
  std::array<char, 3> code_{};  ///< of the reply at hand
  bool in_reply_ = false;       ///< its last line is yet to come
  Direction data_to_{};         ///< who will be connected to
  std::uint16_t data_port_ = 0;
  bool handed_over_ = false;
};

inline const Tx& as_tx(const Transaction& t) noexcept { return static_cast<const Tx&>(t); }

/// The keywords with a syntax of their own: ftp_keywords.cc.
inline constexpr std::size_t kKeywordCount = 3;
extern const KeywordDef kKeywords[kKeywordCount];

}  // namespace picket::ftp
