// parsers/smtp/smtp.h — SMTP and the mail in it, commands paired with replies (RFC 5321, 1870, 2920, 3030,
// 3207, 4954)
//
//      C: EHLO client                 S: 250-server ... 250 CHUNKING
//      C: MAIL FROM:<a@b> SIZE=9      S: 250 2.1.0 Ok
//      C: RCPT TO:<c@d>               S: 250 2.1.5 Ok
//      C: DATA                        S: 354 go ahead
//      C: message CRLF . CRLF         S: 250 2.0.0 queued         or   C: BDAT n [LAST] CRLF n bytes
//      C: STARTTLS                    S: 220 ready                from here on another parser's
//
// In      any cut of the bytes of a direction; all is taken at once, except TLS behind a STARTTLS that waits
// Out     a Tx for what is said up to the reply to a message, or to a RSET or EHLO that gives an envelope up;
// what
//         is said behind it, be it QUIT alone, is the next one
// Cost    a copy of each line and of the headers that are named in FieldName; bodies are decoded, not kept
// Limits  see kLimits in smtp_spec.cc, and kMax... here and in message.h; each has an event
// Reads   CRLF.CRLF alone as a message's end, unless the client ends its lines in LF; where a server thinks
//         otherwise (its reply comes), the message ends there
// Files   each entity that has a name, is said to be an attachment or is no text
// Leaves  LMTP (RFC 2033); passwords are passed over
#pragma once
#include "parsers/core/protocol.h"
#include "parsers/smtp/message.h"

namespace picket::smtp {

/// Places in ProtocolSpec::limits.
enum Limit : std::uint8_t {
  kCommandLine,
  kReplyLine,
  kMaxTx,
  kMaxPending,
  kHeaderValue,
  kHeaderBytes,
  kMaxDepth,
  kFileLimit,
  kUrlSchemes,
  kMaxUrls,
  kBodyMd5,
  kLimitCount,
};

/// Places of the frames in ProtocolSpec::frames.
enum Frame : std::uint8_t { kCommandLineFrame, kResponseLineFrame, kDataFrame };

/// How far a side has come.
enum Progress : std::uint8_t {
  kStarted = 0,
  kHelo,      ///< who the client says it is is known
  kMailFrom,  ///< the sender is known
  kRcptTo,    ///< all recipients are
  kHeaders,   ///< those of the message are; its files begin
  kMessage,   ///< its end was seen
  kComplete,
};

inline constexpr std::uint32_t kMaxRecipients = 1024;  ///< kept of one transaction
inline constexpr std::uint32_t kMaxRefusals = 16;

/// A run of bytes in Tx::text.
struct Ref {
  std::uint32_t at = 0, size = 0;
};

/// What waits for its reply.
enum class Command : std::uint8_t {
  kOther,
  kHelo,
  kMailFrom,
  kRcptTo,
  kData,
  kDataEnd,
  kBdat,
  kBdatLast,
  kReset,
  kQuit,
  kStartTls,
  kAuth,
  kAuthData,
};
/// As it is spelt; "" for kOther, kDataEnd and kAuthData.
[[nodiscard]] std::string_view command_name(Command) noexcept;

/// A command that the server refused.
struct Refusal {
  Command command = Command::kOther;
  std::uint16_t code = 0;
  Ref what;   ///< the recipient, where it is one
  Ref reply;  ///< text behind the code
};

enum class AuthResult : std::uint8_t { kNone, kAccepted, kRefused };

struct Tx : Transaction {
  Tx(Pool& p, std::uint64_t number) noexcept : pool(p), text(p), rcpt_refs(p), reply(p) { id = number; }
  ~Tx() { pool.destroy(message); }
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  Pool& pool;
  Tx *prev = nullptr, *next = nullptr;
  PoolBuffer text;       ///< what the Refs point to
  PoolBuffer rcpt_refs;  ///< of Ref
  PoolBuffer reply;      ///< text of the last one, behind its code
  Message* message = nullptr;
  Ref helo, mail_from, server, auth_mechanism, auth_user;
  std::array<Refusal, kMaxRefusals> refusals{};
  std::uint32_t refusal_count = 0;
  std::uint16_t reply_code = 0;  ///< 0: none came
  std::array<std::uint8_t, 2> told{};
  AuthResult auth = AuthResult::kNone;
  bool has_mail = false;  ///< MAIL FROM was seen
  bool mail_refused = false;
  bool has_data = false;     ///< DATA was said
  bool has_message = false;  ///< its first byte was seen
  bool message_done = false;
  bool chunked = false;  ///< BDAT
  bool tls = false;      ///< STARTTLS was accepted

  [[nodiscard]] Bytes view(Ref r) const noexcept { return text.view().subspan(r.at, r.size); }
  [[nodiscard]] std::uint32_t rcpt_count() const noexcept {
    return static_cast<std::uint32_t>(rcpt_refs.size() / sizeof(Ref));
  }
  [[nodiscard]] Ref rcpt(std::uint32_t i) const noexcept {
    Ref r;
    std::memcpy(&r, rcpt_refs.view().data() + i * sizeof(Ref), sizeof r);
    return r;
  }
};

inline const Tx& as_tx(const Transaction& tx) noexcept { return static_cast<const Tx&>(tx); }

/// Could this flow be SMTP? A greeting that says so, or a client's HELO, EHLO or MAIL FROM; decided by the
/// first line.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

}  // namespace picket::smtp
