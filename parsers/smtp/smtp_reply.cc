// What the server says (RFC 5321, §4.2), and what it means for the command it belongs to.
#include <algorithm>
#include <cstring>
#include <utility>

#include "parsers/smtp/smtp_parser.h"

namespace picket::smtp {
namespace {

constexpr std::size_t kMaxReplyText = 512;  // kept of a reply

// RFC 5321, 1985, 2645, 3207, 4954, 7504.
constexpr std::uint16_t kKnown[] = {211, 214, 220, 221, 235, 250, 251, 252, 253, 334, 354, 421, 432,
                                    450, 451, 452, 453, 454, 455, 458, 459, 500, 501, 502, 503, 504,
                                    521, 530, 534, 535, 538, 541, 550, 551, 552, 553, 554, 555, 556};

}  // namespace

bool is_known_reply(unsigned code) noexcept {
  return std::binary_search(std::begin(kKnown), std::end(kKnown), code);
}

ReplyLine read_reply(std::string_view line) noexcept {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  ReplyLine r;
  if (line.size() < 3 || !digit(line[0]) || !digit(line[1]) || !digit(line[2])) return r;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return r;
  r.code = static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  r.more = line.size() > 3 && line[3] == '-';
  if (line.size() > 4) r.text = line.substr(4);
  return r;
}

void SmtpParser::reply_line(const std::uint8_t* end) noexcept {
  const ReplyLine r = read_reply(reply_.text.text());
  Tx* tx = current_;
  if (queue_head_ < queue_.size()) {
    Waiting head;
    std::memcpy(&head, queue_.data() + queue_head_, sizeof head);
    tx = head.tx;
  }
  sink_->frame_end(Direction::kToClient, kResponseLineFrame, end, tx);
  if (std::exchange(reply_.unsure, false) && !is_known_reply(r.code)) return reply_.text.clear();
  if (std::exchange(reply_.cut, false)) raise(Event::kLongReply, Direction::kToClient, tx);
  if (!is_known_reply(r.code) || (reply_code_ != 0 && r.code != reply_code_))
    raise(Event::kInvalidReply, Direction::kToClient, tx);
  if (r.code == 0) return reply_.text.clear();
  if (reply_code_ == 0) {
    reply_text_.clear();
    const std::string_view text = r.text.substr(0, kMaxReplyText);
    if (!reply_text_.append(as_bytes(text))) out_of_memory(Direction::kToClient, tx);
  }
  reply_code_ = r.more ? r.code : 0;
  const unsigned code = r.code;
  reply_.text.clear();
  if (reply_code_ == 0) reply(code, reply_text_.text());
}

/// A whole reply.
void SmtpParser::reply(unsigned code, std::string_view text) noexcept {
  const bool waits = queue_head_ < queue_.size();
  Waiting w;
  if (waits) std::memcpy(&w, queue_.data() + queue_head_, sizeof w);
  if (!std::exchange(greeted_, true)) {
    const bool welcome = code == 220 || code == 554 || code == 421;
    if (welcome && (!waits || w.command != Command::kStartTls)) {
      if (!server_.append(as_bytes(text))) out_of_memory(Direction::kToClient, nullptr);
      return;
    }
    if (!waits) {  // what it answers was not seen
      lost_ = true;
      return;
    }
  }
  if (!waits) {
    if (mode_ == Mode::kData && data_confirmed_ && mail_ != nullptr) {
      // For the server the message has ended.
      Tx& tx = *mail_;
      const bool odd = (tx.events >> static_cast<unsigned>(Event::kOddEndOfData) & 1) != 0;
      sink_->frame_end(Direction::kToServer, kDataFrame, nullptr, &tx);
      end_message(odd && code < 400);
      mode_ = Mode::kCommand;
      w.tx = &tx;
      w.command = Command::kDataEnd;
    } else {
      // 421 may come at any time: the server closes.
      if (code != 421 && !lost_) raise(Event::kUnmatchedReply, Direction::kToClient, current_);
      return;
    }
  } else {
    queue_head_ += sizeof w;
    // Only DATA is answered so: where something else waits, a reply before this one was not seen.
    while (code == 354 && w.command != Command::kData && queue_head_ < queue_.size()) {
      lost_ = true;
      std::memcpy(&w, queue_.data() + queue_head_, sizeof w);
      queue_head_ += sizeof w;
    }
    if (queue_head_ == queue_.size()) {
      queue_.clear();
      queue_head_ = 0;
    }
  }
  if (w.tx != nullptr) {
    Tx& tx = *w.tx;
    tx.has_reply = true;
    tx.reply_code = static_cast<std::uint16_t>(code);
    tx.reply.clear();
    if (!tx.reply.append(as_bytes(text))) out_of_memory(Direction::kToClient, &tx);
    if (code >= 400) refused(w, code, text);
  }
  answered(w, code, text);
}

void SmtpParser::refused(const Waiting& w, unsigned code, std::string_view text) noexcept {
  Tx& tx = *w.tx;
  if (tx.refusal_count++ >= kMaxRefusals) return;
  Refusal& r = tx.refusals[tx.refusal_count - 1];
  r.command = w.command;
  r.code = static_cast<std::uint16_t>(code);
  if (w.command == Command::kRcptTo && w.rcpt < tx.rcpt_count()) r.what = tx.rcpt(w.rcpt);
  if (w.command == Command::kMailFrom) r.what = tx.mail_from;
  r.reply = keep(tx, as_bytes(text));
}

void SmtpParser::answered(const Waiting& w, unsigned code, std::string_view) noexcept {
  constexpr auto kDown = Direction::kToClient;
  const bool yes = code >= 200 && code < 300;
  switch (w.command) {
    case Command::kHelo:
      if (!yes || next_helo_.empty()) break;
      helo_ = std::move(next_helo_);
      if (w.tx != nullptr && w.tx->has_mail) finish(*w.tx);
      break;
    case Command::kMailFrom:
      if (w.tx != nullptr && code >= 400) w.tx->mail_refused = true;
      break;
    case Command::kReset:
      if (yes && w.tx != nullptr && w.tx != current_) finish(*w.tx);
      break;
    case Command::kData:
      if (code == 354) {
        data_confirmed_ = true;
        break;
      }
      raise(Event::kDataRejected, kDown, w.tx);
      if (mode_ == Mode::kData && (mail_ == w.tx || mail_ == nullptr)) leave_data();
      break;
    case Command::kDataEnd:
    case Command::kBdatLast:
      if (w.tx != nullptr && w.tx != mail_) finish(*w.tx);
      break;
    case Command::kStartTls:
      if (code != 220) {
        raise(Event::kTlsRejected, kDown, w.tx);
        if (mode_ == Mode::kHold) mode_ = Mode::kCommand;
        break;
      }
      if (w.tx != nullptr) w.tx->tls = true;
      handed_over_ = true;
      sink_->hand_over("tls");
      break;
    case Command::kAuth:
    case Command::kAuthData:
      auth_waits_ = code == 334;
      if (w.tx != nullptr && code != 334) w.tx->auth = yes ? AuthResult::kAccepted : AuthResult::kRefused;
      break;
    case Command::kOther:
    case Command::kRcptTo:
    case Command::kBdat:
    case Command::kQuit:
      break;
  }
}

}  // namespace picket::smtp
