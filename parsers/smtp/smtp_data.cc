// Messages: dots undone (RFC 5321, §4.5.2), chunks counted (RFC 3030).
#include <algorithm>
#include <cstring>
#include <utility>

#include "parsers/smtp/smtp_parser.h"

namespace picket::smtp {

/// False for want of memory: its bytes are passed over.
bool SmtpParser::begin_message(Tx& tx) noexcept {
  if (tx.message == nullptr) tx.message = pool_.make<Message>(pool_, limits_);
  if (tx.message == nullptr) return out_of_memory(Direction::kToServer, &tx), false;
  mail_ = &tx;
  return true;
}

void SmtpParser::message_bytes(Bytes in) noexcept {
  if (mail_ == nullptr || in.empty()) return;
  mail_->has_message = true;
  mail_->message->feed(in, *this);
}

void SmtpParser::end_message(bool complete) noexcept {
  if (mail_ == nullptr) return;
  Tx& tx = *mail_;
  if (tx.has_message) tx.message->finish(complete, *this);
  tx.message_done = true;
  tell(tx, Direction::kToServer, kMessage);
  mail_ = nullptr;
}

/// The server does not want it.
void SmtpParser::leave_data() noexcept {
  sink_->frame_end(Direction::kToServer, kDataFrame, nullptr, mail_);
  if (mail_ != nullptr && mail_->has_message) end_message(false);
  mail_ = nullptr;
  mode_ = Mode::kCommand;
}

/// Runs of lines go on as they lie there, up to a line that begins with a dot.
std::size_t SmtpParser::data_bytes(Bytes in) noexcept {
  if (!data_confirmed_ && greeted_ && !lost_ && mail_ != nullptr)
    raise(Event::kInvalidPipelining, Direction::kToServer, mail_);
  const auto text = [this](std::string_view s) noexcept { message_bytes(as_bytes(s)); };
  const auto line_ends = [this](bool crlf) noexcept {
    crlf_before_ = crlf;
    last_was_cr_ = false;
    at_ = At::kLineStart;
  };
  if (!std::exchange(data_begun_, true)) {
    sink_->frame(Direction::kToServer, kDataFrame, in.data(), kOpenFrame, mail_);
  }
  std::size_t i = 0;
  const auto ends = [&]() noexcept {
    Tx* tx = mail_;
    sink_->frame_end(Direction::kToServer, kDataFrame, in.data() + i, tx);
    end_message(true);
    wait_for_reply(Command::kDataEnd, tx);
    if (tx == current_) current_ = nullptr;
    mode_ = Mode::kCommand;
  };
  // A dot behind a lone LF is at no line's start for a reader that keeps to the RFC.
  const auto dot_counts = [this]() noexcept { return crlf_before_ || lf_lines_; };
  while (i < in.size()) {
    const std::uint8_t c = in[i];
    switch (at_) {
      case At::kLineStart:
        at_ = c == '.' ? At::kDot : At::kText;
        if (c == '.') ++i;
        break;
      case At::kDot:
        if (c == '\r') {
          at_ = At::kDotCr;
          ++i;
        } else if (c == '\n') {
          ++i;
          if (lf_lines_) return ends(), i;
          raise(Event::kOddEndOfData, Direction::kToServer, mail_);
          text(".\n");
          line_ends(false);
        } else {
          if (!dot_counts()) text(".");
          at_ = At::kText;
        }
        break;
      case At::kDotCr:
        if (c == '\n') {
          ++i;
          if (dot_counts()) return ends(), i;
          raise(Event::kOddEndOfData, Direction::kToServer, mail_);
          text(".\r\n");
          line_ends(true);
        } else {
          text(dot_counts() ? "\r" : ".\r");
          last_was_cr_ = true;
          at_ = At::kText;
        }
        break;
      case At::kText: {
        std::size_t end = i;
        const std::uint8_t* lf = nullptr;
        do {
          lf = static_cast<const std::uint8_t*>(std::memchr(in.data() + end, '\n', in.size() - end));
          if (lf == nullptr) break;
          const auto at = static_cast<std::size_t>(lf - in.data());
          crlf_before_ = at > i ? in[at - 1] == '\r' : last_was_cr_;
          end = at + 1;
        } while (end < in.size() && in[end] != '.');
        if (lf == nullptr) end = in.size();
        message_bytes(in.subspan(i, end - i));
        i = end;
        if (lf == nullptr)
          last_was_cr_ = in[end - 1] == '\r';
        else
          line_ends(crlf_before_);
        break;
      }
    }
  }
  return i;
}

std::size_t SmtpParser::bdat_bytes(Bytes in) noexcept {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), chunk_left_));
  message_bytes(in.first(n));
  chunk_left_ -= n;
  if (chunk_left_ != 0) return n;
  mode_ = Mode::kCommand;
  after_chunk_ = true;
  if (last_chunk_) end_chunks(true);
  return n;
}

/// What follows the last chunk is the next transaction's.
void SmtpParser::end_chunks(bool complete) noexcept {
  if (mail_ == current_) current_ = nullptr;
  end_message(complete);
}

}  // namespace picket::smtp
