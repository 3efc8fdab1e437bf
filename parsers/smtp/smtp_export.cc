#include <algorithm>

#include "export/proto/picket/v1/event.pb.h"
#include "export/wire_writer.h"
#include "parsers/core/text.h"
#include "parsers/smtp/smtp.h"
#include "parsers/smtp/smtp.pb.h"

namespace picket::smtp {
namespace {

using v1::Email;
using v1::Smtp;

/// What a record holds of lists: the whole stands in the buffers.
constexpr std::size_t kMostBytes = 32768;

void put(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b);
}

/// Writes what next(i, value) gives, up to kMostBytes.
template <class Next>
void list(WireWriter& w, int field, Next&& next) noexcept {
  std::size_t left = kMostBytes;
  Bytes value;
  for (unsigned i = 0; next(i, value) && value.size() < left; ++i) {
    w.bytes(field, value);
    left -= value.size() + 1;
  }
}

/// Addresses in a list: commas part them, but not in quotes, comments and <>.
void addresses(WireWriter& w, int field, Bytes all) noexcept {
  std::string_view left = as_text(all);
  while (!left.empty()) {
    bool quoted = false;
    int depth = 0;
    std::size_t i = 0;
    for (; i < left.size(); ++i) {
      const char c = left[i];
      if (c == '\\') {
        ++i;
        continue;
      }
      if (c == '"' && depth == 0) quoted = !quoted;
      if (quoted) continue;
      if (c == '(' || c == '<') ++depth;
      if ((c == ')' || c == '>') && depth > 0) --depth;
      if (c == ',' && depth == 0) break;
    }
    i = std::min(i, left.size());
    put(w, field, as_bytes(trim(left.substr(0, i))));
    left.remove_prefix(std::min(left.size(), i + 1));
  }
}

std::string_view status_text(Message::Status s) noexcept {
  switch (s) {
    case Message::Status::kHeaders:
      return "HEADER_STARTED";
    case Message::Status::kBody:
      return "BODY_STARTED";
    case Message::Status::kDone:
      return "PARSE_DONE";
    case Message::Status::kFailed:
      return "PARSE_ERROR";
  }
  return "";
}

}  // namespace

void encode(const Transaction& t, WireWriter& w) noexcept {
  const Tx& tx = as_tx(t);
  put(w, Smtp::kHeloFieldNumber, tx.view(tx.helo));
  put(w, Smtp::kMailFromFieldNumber, tx.view(tx.mail_from));
  list(w, Smtp::kRcptToFieldNumber, [&](unsigned i, Bytes& out) noexcept {
    if (i >= tx.rcpt_count()) return false;
    out = tx.view(tx.rcpt(i));
    return true;
  });
  put(w, Smtp::kServerFieldNumber, tx.view(tx.server));
  if (tx.reply_code != 0) w.u64(Smtp::kReplyCodeFieldNumber, tx.reply_code);
  put(w, Smtp::kReplyFieldNumber, tx.reply.view());
  for (std::uint32_t i = 0; i < std::min(tx.refusal_count, kMaxRefusals); ++i) {
    const Refusal& r = tx.refusals[i];
    const auto m = w.message(Smtp::kRefusedFieldNumber);
    if (const std::string_view name = command_name(r.command); !name.empty())
      w.text(v1::SmtpRefusal::kCommandFieldNumber, name);
    put(w, v1::SmtpRefusal::kAddressFieldNumber, tx.view(r.what));
    w.u64(v1::SmtpRefusal::kCodeFieldNumber, r.code);
    put(w, v1::SmtpRefusal::kReplyFieldNumber, tx.view(r.reply));
  }
  if (tx.auth_mechanism.size != 0) {
    const auto m = w.message(Smtp::kAuthFieldNumber);
    put(w, v1::SmtpAuth::kMechanismFieldNumber, tx.view(tx.auth_mechanism));
    put(w, v1::SmtpAuth::kUserFieldNumber, tx.view(tx.auth_user));
    if (tx.auth != AuthResult::kNone)
      w.boolean(v1::SmtpAuth::kSuccessFieldNumber, tx.auth == AuthResult::kAccepted);
  }
  if (tx.tls) w.boolean(Smtp::kStarttlsFieldNumber, true);
  if (tx.chunked) w.boolean(Smtp::kChunkedFieldNumber, true);
  if (!tx.has_message) return;
  w.u64(Smtp::kMessageBytesFieldNumber, tx.message->bytes());
  if (tx.message->truncated()) w.boolean(Smtp::kMessageTruncatedFieldNumber, true);
}

/// The message, beside the transaction.
void encode_beside(const Transaction& t, WireWriter& w) noexcept {
  const Tx& tx = as_tx(t);
  if (!tx.has_message) return;
  const Message& mail = *tx.message;
  const auto m = w.message(v1::Event::kEmailFieldNumber);
  w.text(Email::kStatusFieldNumber, status_text(mail.status()));
  const auto one = [&](int field, FieldName name) noexcept {
    Bytes value;
    if (mail.field(name, 0, value)) put(w, field, value);
  };
  const auto people = [&](int field, FieldName name) noexcept {
    Bytes value;
    if (mail.field(name, 0, value)) addresses(w, field, value);
  };
  one(Email::kFromFieldNumber, FieldName::kFrom);
  people(Email::kToFieldNumber, FieldName::kTo);
  people(Email::kCcFieldNumber, FieldName::kCc);
  people(Email::kBccFieldNumber, FieldName::kBcc);
  one(Email::kSubjectFieldNumber, FieldName::kSubject);
  one(Email::kDateFieldNumber, FieldName::kDate);
  one(Email::kMessageIdFieldNumber, FieldName::kMessageId);
  one(Email::kXMailerFieldNumber, FieldName::kXMailer);
  one(Email::kUserAgentFieldNumber, FieldName::kUserAgent);
  one(Email::kReplyToFieldNumber, FieldName::kReplyTo);
  list(w, Email::kReceivedFieldNumber,
       [&](unsigned i, Bytes& out) noexcept { return mail.field(FieldName::kReceived, i, out); });
  one(Email::kXOriginatingIpFieldNumber, FieldName::kXOriginatingIp);
  one(Email::kInReplyToFieldNumber, FieldName::kInReplyTo);
  one(Email::kReferencesFieldNumber, FieldName::kReferences);
  one(Email::kImportanceFieldNumber, FieldName::kImportance);
  one(Email::kPriorityFieldNumber, FieldName::kPriority);
  one(Email::kSensitivityFieldNumber, FieldName::kSensitivity);
  one(Email::kOrganizationFieldNumber, FieldName::kOrganization);
  one(Email::kContentMd5FieldNumber, FieldName::kContentMd5);
  Bytes value;
  if (mail.body_md5(value)) w.bytes(Email::kBodyMd5FieldNumber, value);
  if (mail.url(0, value)) {
    w.boolean(Email::kHasIpv6UrlFieldNumber, mail.url_kinds().ipv6);
    w.boolean(Email::kHasIpv4UrlFieldNumber, mail.url_kinds().ipv4);
    w.boolean(Email::kHasExeUrlFieldNumber, mail.url_kinds().executable);
  }
  // The last one first, as Suricata lists them.
  list(w, Email::kUrlFieldNumber, [&](unsigned i, Bytes& out) noexcept {
    return i < mail.url_count() && mail.url(mail.url_count() - 1 - i, out);
  });
  list(w, Email::kAttachmentFieldNumber,
       [&](unsigned i, Bytes& out) noexcept { return mail.file_name(i, out); });
}

}  // namespace picket::smtp
