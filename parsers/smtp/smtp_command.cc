// What the client says (RFC 5321, §4.1).
#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "parsers/core/mime.h"
#include "parsers/core/text.h"
#include "parsers/smtp/smtp_parser.h"

namespace picket::smtp {
namespace {

struct Verb {
  std::string_view text;
  Command command;
};
constexpr Verb kVerbs[] = {
    {"ATRN", Command::kOther},    {"AUTH", Command::kAuth},      {"BDAT", Command::kBdat},
    {"BURL", Command::kOther},    {"DATA", Command::kData},      {"EHLO", Command::kHelo},
    {"ETRN", Command::kOther},    {"EXPN", Command::kOther},     {"HELO", Command::kHelo},
    {"HELP", Command::kOther},    {"MAIL", Command::kMailFrom},  {"NOOP", Command::kOther},
    {"QUIT", Command::kQuit},     {"RCPT", Command::kRcptTo},    {"RSET", Command::kReset},
    {"SAML", Command::kOther},    {"SEND", Command::kOther},     {"SOML", Command::kOther},
    {"TURN", Command::kOther},    {"VRFY", Command::kOther},     {"STARTTLS", Command::kStartTls},
    {"XCLIENT", Command::kOther}, {"XFORWARD", Command::kOther},
};

std::string_view first_word(std::string_view s) noexcept { return s.substr(0, s.find_first_of(" \t")); }

/// ":<path> parameters" or "FROM: path": the path as it stands there.
std::string_view path_of(std::string_view s, std::string_view word) noexcept {
  s = trim(s);
  if (s.size() >= word.size() && equals_nocase(s.substr(0, word.size()), word))
    s = trim(s.substr(word.size()));
  if (s.starts_with(':')) s = trim(s.substr(1));
  if (!s.starts_with('<')) return first_word(s);
  bool quoted = false;
  for (std::size_t i = 1; i < s.size(); ++i) {
    if (s[i] == '"') quoted = !quoted;
    if (s[i] == '>' && !quoted) return s.substr(0, i + 1);
  }
  return first_word(s);
}

/// Mechanisms whose first answer names the user.
bool names_user(std::string_view mechanism) noexcept {
  return equals_nocase(mechanism, "PLAIN") || equals_nocase(mechanism, "LOGIN") ||
         equals_nocase(mechanism, "CRAM-MD5");
}

/// The user in that answer: of PLAIN (RFC 4616: authorisation NUL user NUL password), CRAM-MD5 (RFC 2195:
/// user, blank, digest), or all of it.
std::size_t user_of(std::string_view mechanism, std::string_view coded,
                    std::span<std::uint8_t> out) noexcept {
  TransferDecoder decoder(TransferDecoder::Coding::kBase64);
  std::size_t n = 0;
  const auto put = [&](Bytes b) noexcept {
    const std::size_t take = std::min(b.size(), out.size() - n);
    std::memcpy(out.data() + n, b.data(), take);
    n += take;
  };
  decoder.feed(as_bytes(coded), put);
  decoder.finish(put);
  if (equals_nocase(mechanism, "LOGIN")) return n;
  if (equals_nocase(mechanism, "CRAM-MD5")) {
    const std::string_view text = as_text(Bytes(out).first(n));
    return std::min(n, text.rfind(' '));
  }
  const auto* begin = out.data();
  const auto* end = begin + n;
  const auto* user = std::find(begin, end, std::uint8_t{0});
  if (user == end) return 0;
  const auto* stop = std::find(user + 1, end, std::uint8_t{0});
  const auto size = static_cast<std::size_t>(stop - user - 1);
  std::memmove(out.data(), user + 1, size);
  return size;
}

}  // namespace

std::string_view command_name(Command c) noexcept {
  switch (c) {
    case Command::kHelo:
      return "HELO";
    case Command::kMailFrom:
      return "MAIL";
    case Command::kRcptTo:
      return "RCPT";
    case Command::kData:
      return "DATA";
    case Command::kDataEnd:
      return "message";
    case Command::kBdat:
    case Command::kBdatLast:
      return "BDAT";
    case Command::kReset:
      return "RSET";
    case Command::kQuit:
      return "QUIT";
    case Command::kStartTls:
      return "STARTTLS";
    case Command::kAuth:
    case Command::kAuthData:
      return "AUTH";
    case Command::kOther:
      break;
  }
  return "";
}

void SmtpParser::command_line() noexcept {
  std::string_view line = command_.text.text();
  lf_lines_ = !line.ends_with("\r\n") && !command_.cut;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const bool cut = std::exchange(command_.cut, false);
  const bool behind_chunk = std::exchange(after_chunk_, false);
  const auto done = [this]() noexcept { command_.text.clear(); };
  if (line.empty() && !auth_waits_) return done();
  if (std::exchange(auth_waits_, false)) {
    auth_data(line);
    return done();
  }
  const std::string_view word = line.substr(0, line.find_first_of(" \t:"));
  const std::string_view rest = line.substr(word.size());
  const auto* verb = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                  [&](const Verb& v) { return equals_nocase(v.text, word); });
  const bool known = verb != std::end(kVerbs);
  if (std::exchange(command_.unsure, false) && !known) return done();
  const Command command = known ? verb->command : Command::kOther;
  Tx* tx = command == Command::kReset ? current_ : current();
  if (tx != nullptr) {
    constexpr auto kUp = Direction::kToServer;
    if (cut) raise(Event::kLongCommand, kUp, tx);
    if (!greeted_ && !lost_) raise(Event::kNoWelcome, kUp, tx);
    if (behind_chunk && !known) raise(Event::kBdatExceeded, kUp, tx);
    if (queue_head_ < queue_.size()) {
      Waiting last;
      std::memcpy(&last, queue_.data() + queue_.size() - sizeof last, sizeof last);
      if (last.command == Command::kStartTls) raise(Event::kInvalidPipelining, kUp, tx);
    }
  }
  switch (command) {
    case Command::kHelo:
      hello(first_word(trim(rest)));
      break;
    case Command::kMailFrom:
      mail_from(path_of(rest, "FROM"));
      break;
    case Command::kRcptTo:
      rcpt_to(path_of(rest, "TO"));
      break;
    case Command::kData:
      data();
      break;
    case Command::kBdat:
      bdat(trim(rest));
      break;
    case Command::kAuth:
      auth(trim(rest));
      break;
    case Command::kReset:
      wait_for_reply(command, tx);
      if (tx != nullptr && (tx->has_mail || tx->has_message)) {
        if (mail_ == tx) end_message(false);
        current_ = nullptr;
      }
      break;
    default:
      wait_for_reply(command, tx);
  }
  done();
}

/// In the midst of an envelope it gives that up, once the server agrees (RFC 5321, §4.1.4).
void SmtpParser::hello(std::string_view argument) noexcept {
  Tx* tx = current_;
  if (tx != nullptr && !helo_.empty()) raise(Event::kDuplicateFields, Direction::kToServer, tx);
  PoolBuffer& name = tx != nullptr && tx->has_mail ? next_helo_ : helo_;
  if (!argument.empty()) {
    name.clear();
    if (!name.append(as_bytes(argument))) out_of_memory(Direction::kToServer, tx);
  }
  if (tx != nullptr && !tx->has_mail && !argument.empty()) {
    tx->helo = keep(*tx, as_bytes(argument));
    tell(*tx, Direction::kToServer, kHelo);
  }
  wait_for_reply(Command::kHelo, tx);
}

void SmtpParser::mail_from(std::string_view argument) noexcept {
  Tx* tx = current_;
  if (tx != nullptr && tx->has_mail && tx->mail_refused) {
    finish(*tx);
    tx = current();
  }
  if (tx != nullptr && tx->has_mail) {
    raise(Event::kDuplicateFields, Direction::kToServer, tx);
  } else if (tx != nullptr) {
    tx->has_mail = true;
    tx->mail_from = keep(*tx, as_bytes(argument));
    tell(*tx, Direction::kToServer, kMailFrom);
  }
  wait_for_reply(Command::kMailFrom, tx);
}

void SmtpParser::rcpt_to(std::string_view argument) noexcept {
  Tx* tx = current_;
  std::uint32_t place = 0xffffffff;
  if (tx != nullptr && tx->rcpt_count() == kMaxRecipients) {
    raise(Event::kTooManyRecipients, Direction::kToServer, tx);
  } else if (tx != nullptr) {
    const Ref r = keep(*tx, as_bytes(argument));
    place = tx->rcpt_count();
    std::array<std::uint8_t, sizeof r> bytes{};
    std::memcpy(bytes.data(), &r, sizeof r);
    if (!tx->rcpt_refs.append(bytes)) {
      out_of_memory(Direction::kToServer, tx);
      place = 0xffffffff;
    }
  }
  wait_for_reply(Command::kRcptTo, tx, place);
}

/// What follows is the message, unless a reply that says otherwise comes first.
void SmtpParser::data() noexcept {
  Tx* tx = current_;
  if (tx != nullptr && std::exchange(tx->has_data, true)) raise(Event::kUnparsable, Direction::kToServer, tx);
  if (tx != nullptr && tx->message_done) {
    finish(*tx);
    tx = current();
  }
  if (tx != nullptr) {
    tell(*tx, Direction::kToServer, kRcptTo);
    begin_message(*tx);
  }
  mode_ = Mode::kData;
  data_begun_ = false;
  at_ = At::kLineStart;
  crlf_before_ = !lf_lines_;
  last_was_cr_ = data_confirmed_ = false;
  wait_for_reply(Command::kData, tx);
}

/// BDAT size [LAST]
void SmtpParser::bdat(std::string_view argument) noexcept {
  Tx* tx = current_;
  if (tx != nullptr && tx->message_done) {
    raise(Event::kUnparsable, Direction::kToServer, tx);  // BDAT behind a message that DATA began
    finish(*tx);
    tx = current();
  }
  const std::string_view digits = first_word(argument);
  const std::string_view tail = trim(argument.substr(digits.size()));
  std::uint64_t size = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  const bool clean = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (read.ec == std::errc::result_out_of_range) raise(Event::kBdatExceeded, Direction::kToServer, tx);
  last_chunk_ = equals_nocase(tail, "LAST");
  if (!clean || (!tail.empty() && !last_chunk_)) {
    raise(Event::kInvalidBdat, Direction::kToServer, tx);
    return wait_for_reply(Command::kBdat, tx);
  }
  wait_for_reply(last_chunk_ ? Command::kBdatLast : Command::kBdat, tx);
  if (tx != nullptr) {
    tell(*tx, Direction::kToServer, kRcptTo);
    tx->chunked = true;
    begin_message(*tx);
  }
  chunk_left_ = size;
  if (size != 0) {
    mode_ = Mode::kBdat;
  } else if (last_chunk_) {
    end_chunks(true);
  }
}

void SmtpParser::auth(std::string_view argument) noexcept {
  Tx* tx = current_;
  const std::string_view mechanism = first_word(argument);
  const std::string_view initial = trim(argument.substr(mechanism.size()));
  auth_lines_ = 0;
  if (tx != nullptr) tx->auth_mechanism = keep(*tx, as_bytes(mechanism));
  wait_for_reply(Command::kAuth, tx);
  if (initial.empty()) return;
  auth_lines_ = 1;
  std::array<std::uint8_t, 256> user;
  if (tx != nullptr && names_user(mechanism))
    tx->auth_user = keep(*tx, Bytes(user).first(user_of(mechanism, initial, user)));
}

/// Only the first line may name a user; passwords are nobody's business here.
void SmtpParser::auth_data(std::string_view line) noexcept {
  Tx* tx = current();
  if (tx != nullptr && auth_lines_ == 0 && line != "*") {
    const std::string_view mechanism = as_text(tx->view(tx->auth_mechanism));
    std::array<std::uint8_t, 256> user;
    if (names_user(mechanism)) tx->auth_user = keep(*tx, Bytes(user).first(user_of(mechanism, line, user)));
  }
  if (auth_lines_ < 255) ++auth_lines_;
  wait_for_reply(Command::kAuthData, tx);
}

void SmtpParser::wait_for_reply(Command command, Tx* tx, std::uint32_t rcpt) noexcept {
  const std::size_t waiting = (queue_.size() - queue_head_) / sizeof(Waiting);
  if (waiting >= limits_[kMaxPending]) {
    raise(Event::kTooManyPending, Direction::kToServer, tx);
    queue_head_ += sizeof(Waiting);
    lost_ = true;
  }
  if (queue_head_ >= 16 * sizeof(Waiting)) queue_.consume(std::exchange(queue_head_, 0));
  Waiting w;
  w.tx = tx;
  w.command = command;
  w.rcpt = rcpt;
  std::array<std::uint8_t, sizeof w> bytes{};
  std::memcpy(bytes.data(), &w, sizeof w);
  if (!queue_.append(bytes)) {
    out_of_memory(Direction::kToServer, tx);
    lost_ = true;
  }
}

}  // namespace picket::smtp
