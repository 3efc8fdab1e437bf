// What the sensor knows of SMTP: names, limits, events, and what rules may look at.
#include "parsers/core/file.h"
#include "parsers/smtp/smtp.h"
#include "parsers/smtp/smtp_parser.h"

namespace picket::smtp {
namespace {

template <Ref Tx::*kRef>
bool one(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  out = tx.view(tx.*kRef);
  return instance == 0 && !out.empty();
}

bool recipient(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  if (instance >= tx.rcpt_count()) return false;
  out = tx.view(tx.rcpt(instance));
  return true;
}

/// `kAll`: each of its values; else the first.
template <FieldName kName, bool kAll = false>
bool field(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Message* m = as_tx(t).message;
  return m != nullptr && (kAll || instance == 0) && m->field(kName, instance, out);
}

bool url(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Message* m = as_tx(t).message;
  return m != nullptr && m->url(instance, out);
}

bool body_md5(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Message* m = as_tx(t).message;
  return m != nullptr && instance == 0 && m->body_md5(out);
}

constexpr std::array<std::uint8_t, 2> at(std::uint8_t progress) noexcept { return {progress, kNever}; }

constexpr BufferDef kBuffers[] = {
    {"smtp.helo", "", at(kHelo), one<&Tx::helo>, "who the client says it is"},
    {"smtp.mail_from", "", at(kMailFrom), one<&Tx::mail_from>, "the sender, as in MAIL FROM, in its <>"},
    {"smtp.rcpt_to", "", at(kRcptTo), recipient, "each recipient, as in RCPT TO, in its <>"},
    {"email.from", "", at(kHeaders), field<FieldName::kFrom>, "From of the message, unfolded"},
    {"email.subject", "", at(kHeaders), field<FieldName::kSubject>, "Subject, unfolded, not decoded"},
    {"email.to", "", at(kHeaders), field<FieldName::kTo>, "To, unfolded"},
    {"email.cc", "", at(kHeaders), field<FieldName::kCc>, "Cc, unfolded"},
    {"email.date", "", at(kHeaders), field<FieldName::kDate>, "Date"},
    {"email.message_id", "", at(kHeaders), field<FieldName::kMessageId>, "Message-ID"},
    {"email.x_mailer", "", at(kHeaders), field<FieldName::kXMailer>, "X-Mailer"},
    {"email.received", "", at(kHeaders), field<FieldName::kReceived, true>, "each Received, unfolded"},
    {"email.url", "", at(kMessage), url, "each URL in a text of the message; of http without the scheme"},
    {"email.body_md5", "", at(kMessage), body_md5, "MD5 of the body, in hex; with mime.body-md5"},
    {"file.data", "file_data", at(kHeaders), file_kept, "each file, decoded, up to its limit",
     FileStage::kKept},
    {"file.name", "", at(kHeaders), file_name, "name of each file, decoded", FileStage::kNamed},
    {"file.magic", "", at(kHeaders), file_magic, "what libmagic says of each file", FileStage::kHead},
    {"file.md5", "", at(kHeaders), file_md5, "MD5 of each whole file, 16 bytes", FileStage::kClosed},
    {"file.sha1", "", at(kHeaders), file_sha1, "SHA-1 of each whole file, 20 bytes", FileStage::kClosed},
    {"file.sha256", "", at(kHeaders), file_sha256, "SHA-256 of each whole file, 32 bytes",
     FileStage::kClosed},
};

constexpr IntegerDef kIntegers[] = {
    {"filesize", "file.size", at(kHeaders), file_size, nullptr, "bytes of each file, decoded",
     FileStage::kClosed},
};

// In the order of Limit.
constexpr LimitDef kLimits[] = {
    {"command-line-limit", 4096, 512, 65536, "bytes of a command; the rest is passed over"},
    {"reply-line-limit", 4096, 512, 65536, "bytes of a line of a reply; the rest is passed over"},
    {"max-tx", 256, 4, 65536, "transactions of a connection that wait for a reply"},
    {"max-pending-commands", 1024, 16, 8192, "commands of a connection that wait for a reply"},
    {"mime.header-value-depth", 2000, 64, 16384, "bytes kept of a header field's value"},
    {"mime.header-limit", 65536, 1024, 262144, "bytes kept of a message's header fields"},
    {"mime.max-depth", 12, 1, Message::kMostDepth, "entities inside each other"},
    {"inspected-tracker.content-limit", 100000, 1, 262144, "bytes of a file that rules may look at"},
    {"mime.url-schemes", 1, 0, 15, "URLs that are looked for: 1 http, 2 https, 4 ftp, 8 mailto; their sum"},
    {"mime.max-urls", 256, 0, 1024, "URLs kept of a message"},
    {"mime.body-md5", 0, 0, 1, "make the MD5 of bodies"},
};
static_assert(std::size(kLimits) == kLimitCount);

// In the order of Event.
constexpr EventDef kEvents[] = {
    {"invalid_reply", "a reply without a code, with one that no RFC defines, or with two codes"},
    {"unable_to_match_reply_with_request", "a reply that nothing waited for"},
    {"max_command_line_len_exceeded", "a command passes command-line-limit and is cut"},
    {"max_reply_line_len_exceeded", "a line of a reply passes reply-line-limit and is cut"},
    {"invalid_pipelined_sequence", "bytes in clear behind STARTTLS, or behind DATA, before its reply"},
    {"bdat_chunk_len_exceeded", "behind a chunk no command follows, or its size fits no number"},
    {"no_server_welcome_message", "the client speaks before the server"},
    {"tls_rejected", "STARTTLS was refused"},
    {"data_command_rejected", "DATA was answered with something else than 354"},
    {"mime_parse_failed", "never: each oddity of a message is an event of its own"},
    {"mime_malformed_msg", "a header field without a colon, or multipart without a usable boundary"},
    {"mime_invalid_base64", "base64 with characters it does not have"},
    {"mime_invalid_qp", "quoted-printable with an escape that is none"},
    {"mime_long_line", "a line of more than 998 characters"},
    {"mime_long_enc_line", "a line of base64 or quoted-printable of more than 76 characters"},
    {"mime_long_header_name", "the name of a header field of more than 75 characters"},
    {"mime_long_header_value", "the value of a header field passes mime.header-value-depth"},
    {"mime_long_boundary", "a boundary of more than 254 characters; its parts are not read"},
    {"mime_long_filename", "the name of a file passes 255 bytes and is cut"},
    {"duplicate_fields", "HELO or EHLO again, or a second MAIL FROM in an envelope"},
    {"unparsable_content", "DATA again in a transaction, or BDAT behind a message that broke off"},
    {"failed_protocol_change", "never: what follows STARTTLS is TLS's"},
    {"truncated_line", "never: see max_command_line_len_exceeded"},
    {"invalid_bdat", "BDAT without a size, or with something else than LAST behind it"},
    {"gap", "bytes of the stream were never seen"},
    {"odd_end_of_data", "a line of one dot with a lone LF: two readers may see two messages or one"},
    {"too_many_transactions", "more transactions wait for a reply than max-tx; the oldest is closed"},
    {"too_many_pending_commands", "more commands wait for a reply than max-pending-commands"},
    {"too_many_recipients", "more than 1024 recipients; the rest is not kept"},
    {"mime_too_deep", "entities inside each other pass mime.max-depth; the innermost are not read"},
    {"mime_too_many_fields", "header fields of a message or a part pass their limits; the rest is not kept"},
    {"mime_too_many_urls", "more URLs than mime.max-urls"},
    {"mime_no_closing_boundary", "multipart ends without its last boundary"},
    {"out_of_memory", "the pool is used up"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount) && std::size(kEvents) <= 64);

constexpr FrameDef kFrames[] = {
    {"command_line", "a line of the client outside of a message, with its end"},
    {"response_line", "a line of the server, with its end"},
    {"data", "a message behind DATA, as sent, with the line of one dot that ends it"},
};

constexpr std::uint16_t kPorts[] = {25, 465, 587, 2525};

}  // namespace

extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {
    .name = "smtp",
    .record = "smtp",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(SmtpParser),
    .create = create_parser<SmtpParser>,
    .complete = {kComplete, kComplete},
    .limits = kLimits,
    .events = kEvents,
    .capital_events = true,
    .buffers = kBuffers,
    .integers = kIntegers,
    .frames = kFrames,
};

}  // namespace picket::smtp
