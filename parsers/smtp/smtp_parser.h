// parsers/smtp/smtp_parser.h — the parser of a connection: commands, replies, and which belongs to which
//
//   client   kCommand ─> kData | kBdat ─> kCommand        kHold: TLS, before the reply to STARTTLS came
//   server   line by line
//
// smtp.cc has the way of the bytes, smtp_data.cc messages, smtp_command.cc commands, smtp_reply.cc replies.
// Every command takes a place in a queue, every reply the oldest place. Where a reply was not seen yet, what
// the client does tells: behind DATA comes the message.
#pragma once
#include "parsers/smtp/smtp.h"

namespace picket::smtp {

class SmtpParser final : public Parser, private Message::Host {
 public:
  explicit SmtpParser(const ParserContext& context) noexcept;
  ~SmtpParser() override;

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override;
  void on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept override;
  void on_end(Direction dir, Sink& sink) noexcept override;
  void on_close(Sink& sink) noexcept override;

 private:
  enum class Mode : std::uint8_t { kCommand, kData, kBdat, kHold };
  /// Where in a message's line the reader stands; a dot may end it.
  enum class At : std::uint8_t { kLineStart, kDot, kDotCr, kText };
  static constexpr std::size_t kMostHeld = 16384;  // of TLS before the reply to STARTTLS

  struct Line {
    explicit Line(Pool& pool) noexcept : text(pool) {}
    PoolBuffer text;
    bool cut = false;
    bool unsure = false;  // behind a gap: its beginning may be missing
  };
  struct Waiting {
    Tx* tx = nullptr;
    Command command = Command::kOther;
    std::uint32_t rcpt = 0xffffffff;  // its place among the recipients
  };

  // smtp.cc
  std::size_t take_line(Line&, Bytes in, std::size_t limit, bool& whole) noexcept;
  std::size_t client(Bytes in) noexcept;
  Tx* current() noexcept;
  Tx* new_tx() noexcept;
  void finish(Tx&) noexcept;
  void tell(Tx&, Direction, std::uint8_t progress) noexcept;
  void raise(Event, Direction, Tx*) noexcept;
  Ref keep(Tx&, Bytes) noexcept;
  void out_of_memory(Direction dir, Tx* tx) noexcept { raise(Event::kOutOfMemory, dir, tx); }

  // smtp_command.cc
  void command_line() noexcept;
  void hello(std::string_view argument) noexcept;
  void mail_from(std::string_view argument) noexcept;
  void rcpt_to(std::string_view argument) noexcept;
  void data() noexcept;
  void bdat(std::string_view argument) noexcept;
  void auth(std::string_view argument) noexcept;
  void auth_data(std::string_view line) noexcept;
  void wait_for_reply(Command, Tx*, std::uint32_t rcpt = 0xffffffff) noexcept;

  // smtp_data.cc
  bool begin_message(Tx&) noexcept;
  std::size_t data_bytes(Bytes in) noexcept;
  std::size_t bdat_bytes(Bytes in) noexcept;
  void message_bytes(Bytes in) noexcept;
  void end_message(bool complete) noexcept;
  void end_chunks(bool complete) noexcept;
  void leave_data() noexcept;

  // smtp_reply.cc
  void reply_line(const std::uint8_t* end) noexcept;  ///< `end`: behind it, in the bytes at hand
  void reply(unsigned code, std::string_view text) noexcept;
  void answered(const Waiting&, unsigned code, std::string_view text) noexcept;
  void refused(const Waiting&, unsigned code, std::string_view text) noexcept;

  // Message::Host
  void mime_event(Event) noexcept override;
  void headers_complete() noexcept override;
  File* file_begins(Bytes name) noexcept override;
  void file_bytes(File&, Bytes) noexcept override;
  void file_lost(File&, std::uint64_t missing) noexcept override;
  void file_ends(File&, bool complete) noexcept override;

  Pool& pool_;
  std::span<const std::uint64_t> limits_;
  Sink* sink_ = nullptr;
  Line command_, reply_;
  PoolBuffer server_;      // text of the greeting
  PoolBuffer helo_;        // who the client said it is
  PoolBuffer next_helo_;   // and now says, in the midst of an envelope
  PoolBuffer reply_text_;  // of a reply in several lines, the first
  PoolBuffer queue_;       // of Waiting
  std::size_t queue_head_ = 0;
  unsigned reply_code_ = 0;  // of a reply that goes on; 0: none does
  Tx *first_ = nullptr, *last_ = nullptr;
  Tx* current_ = nullptr;  // what commands belong to
  Tx* mail_ = nullptr;     // whose message is being read
  std::uint64_t next_id_ = 0, open_ = 0;
  std::uint64_t chunk_left_ = 0;
  Mode mode_ = Mode::kCommand;
  At at_ = At::kLineStart;
  bool crlf_before_ = true;  // the line before ended in CRLF
  bool last_was_cr_ = false;
  bool lf_lines_ = false;  // the client ends its lines in LF alone
  bool last_chunk_ = false;
  bool after_chunk_ = false;     // the command at hand stands behind a chunk
  bool greeted_ = false;         // the server has spoken
  bool data_confirmed_ = false;  // by 354
  bool data_begun_ = false;      // its first byte was seen
  bool auth_waits_ = false;      // the next line answers 334
  std::uint8_t auth_lines_ = 0;
  bool lost_ = false;  // something was not seen: replies may not fit
  bool handed_over_ = false;
};

/// Code and text of a reply line: "250-text", "250 text", "250".
struct ReplyLine {
  unsigned code = 0;  ///< 0: it is none
  bool more = false;
  std::string_view text;
};
[[nodiscard]] ReplyLine read_reply(std::string_view line) noexcept;
/// Is it one of those that RFCs define?
[[nodiscard]] bool is_known_reply(unsigned code) noexcept;

}  // namespace picket::smtp
