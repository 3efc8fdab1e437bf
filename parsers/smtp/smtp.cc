// The way of the bytes, and the transactions.
#include "parsers/smtp/smtp.h"

#include <algorithm>
#include <cstring>

#include "parsers/core/text.h"
#include "parsers/smtp/smtp_parser.h"

namespace picket::smtp {

SmtpParser::SmtpParser(const ParserContext& context) noexcept
    : pool_(context.pool),
      limits_(context.limits),
      command_(pool_),
      reply_(pool_),
      server_(pool_),
      helo_(pool_),
      next_helo_(pool_),
      reply_text_(pool_),
      queue_(pool_) {}

SmtpParser::~SmtpParser() {
  while (first_ != nullptr) {
    Tx* next = first_->next;
    pool_.destroy(first_);
    first_ = next;
  }
}

Consumed SmtpParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  sink_ = &sink;
  std::size_t at = 0;
  bool whole = false;
  if (dir == Direction::kToClient) {
    while (at < data.size() && !handed_over_) {
      if (reply_.text.empty()) sink_->frame(dir, kResponseLineFrame, data.data() + at, kOpenFrame);
      at += take_line(reply_, data.subspan(at), limits_[kReplyLine], whole);
      if (whole) reply_line(data.data() + at);
    }
    return Consumed::partly(at, 0);
  }
  while (at < data.size() && !handed_over_) {
    const std::size_t n = client(data.subspan(at));
    if (n == 0 && mode_ == Mode::kHold) break;
    at += n;
  }
  if (mode_ == Mode::kHold && !handed_over_ && data.size() - at >= kMostHeld) {
    handed_over_ = true;  // so much TLS, and no reply to be seen: it stands
    sink_->hand_over("tls");
  }
  return Consumed::partly(at, 0);
}

/// Takes at least one byte, or changes to kHold.
std::size_t SmtpParser::client(Bytes in) noexcept {
  constexpr std::uint8_t kHandshake = 0x16;
  switch (mode_) {
    case Mode::kData:
      return data_bytes(in);
    case Mode::kBdat:
      return bdat_bytes(in);
    case Mode::kHold:
      return 0;
    case Mode::kCommand:
      break;
  }
  if (in[0] == kHandshake && command_.text.empty() && queue_head_ < queue_.size()) {
    Waiting last;
    std::memcpy(&last, queue_.view().data() + queue_.size() - sizeof last, sizeof last);
    if (last.command == Command::kStartTls) return mode_ = Mode::kHold, std::size_t{0};
  }
  bool whole = false;
  if (command_.text.empty()) sink_->frame(Direction::kToServer, kCommandLineFrame, in.data(), kOpenFrame);
  const std::size_t n = take_line(command_, in, limits_[kCommandLine], whole);
  if (!whole) return n;
  command_line();
  sink_->frame_end(Direction::kToServer, kCommandLineFrame, in.data() + n, current_);
  return n;
}

/// Up to the end of a line; `whole` once it is there.
std::size_t SmtpParser::take_line(Line& line, Bytes in, std::size_t limit, bool& whole) noexcept {
  const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
  const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data()) + 1;
  whole = lf != nullptr;
  const std::size_t room = limit - std::min(limit, line.text.size());
  if (n > room) line.cut = true;
  if (!line.text.append(in.first(std::min(n, room)))) line.cut = true;
  return n;
}

void SmtpParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  sink_ = &sink;
  raise(Event::kGap, dir, current_);
  lost_ = true;
  if (dir == Direction::kToClient) {
    // Nobody knows which replies are gone: those to come are not paired with what waits.
    reply_.text.clear();
    reply_.cut = false;
    reply_.unsure = true;
    reply_code_ = 0;
    queue_.clear();
    queue_head_ = 0;
    auth_waits_ = false;
    return;
  }
  switch (mode_) {
    case Mode::kCommand:
      command_.text.clear();
      command_.cut = false;
      command_.unsure = true;
      break;
    case Mode::kData:
      if (mail_ != nullptr) mail_->message->gap(missing, *this);
      at_ = At::kText;
      last_was_cr_ = false;
      break;
    case Mode::kBdat:
      if (mail_ != nullptr) mail_->message->gap(std::min(missing, chunk_left_), *this);
      if (missing != 0 && missing < chunk_left_) {
        chunk_left_ -= missing;
        break;
      }
      mode_ = Mode::kCommand;
      command_.unsure = missing != chunk_left_;
      chunk_left_ = 0;
      if (last_chunk_) end_chunks(false);
      break;
    case Mode::kHold:
      break;
  }
}

void SmtpParser::on_end(Direction dir, Sink& sink) noexcept {
  sink_ = &sink;
  if (dir == Direction::kToServer && mail_ != nullptr && mail_->has_message) end_message(false);
}

void SmtpParser::on_close(Sink& sink) noexcept {
  sink_ = &sink;
  if (mail_ != nullptr) end_message(false);
  while (first_ != nullptr) finish(*first_);
}

/// What the command at hand belongs to.
Tx* SmtpParser::current() noexcept {
  if (current_ == nullptr) current_ = new_tx();
  return current_;
}

Tx* SmtpParser::new_tx() noexcept {
  if (open_ >= limits_[kMaxTx]) {
    Tx* oldest = first_;
    while (oldest != nullptr && (oldest == mail_ || oldest == current_)) oldest = oldest->next;
    if (oldest != nullptr) {
      raise(Event::kTooManyTransactions, Direction::kToServer, oldest);
      finish(*oldest);
    }
  }
  Tx* tx = pool_.make<Tx>(pool_, next_id_);
  if (tx == nullptr) return out_of_memory(Direction::kToServer, nullptr), nullptr;
  ++next_id_;
  ++open_;
  tx->has_request = true;
  tx->prev = last_;
  (last_ == nullptr ? first_ : last_->next) = tx;
  last_ = tx;
  tx->server = keep(*tx, server_.view());
  tx->helo = keep(*tx, helo_.view());
  if (!helo_.empty()) tell(*tx, Direction::kToServer, kHelo);
  return tx;
}

void SmtpParser::finish(Tx& tx) noexcept {
  if (mail_ == &tx) {
    end_message(false);
    leave_data();
  }
  tell(tx, Direction::kToServer, kComplete);
  if (tx.has_reply) tell(tx, Direction::kToClient, kComplete);
  sink_->done(tx);
  for (std::size_t at = queue_head_; at < queue_.size(); at += sizeof(Waiting)) {
    Waiting w;
    std::memcpy(&w, queue_.data() + at, sizeof w);
    if (w.tx != &tx) continue;
    w.tx = nullptr;
    std::memcpy(queue_.data() + at, &w, sizeof w);
  }
  if (current_ == &tx) current_ = nullptr;
  (tx.prev == nullptr ? first_ : tx.prev->next) = tx.next;
  (tx.next == nullptr ? last_ : tx.next->prev) = tx.prev;
  --open_;
  pool_.destroy(&tx);
}

void SmtpParser::tell(Tx& tx, Direction dir, std::uint8_t progress) noexcept {
  std::uint8_t& told = tx.told[index(dir)];
  if (progress <= told) return;
  told = progress;
  sink_->advance(tx, dir, progress);
}

/// Once a transaction and event; outside of transactions each time. Rules see it at once.
void SmtpParser::raise(Event e, Direction dir, Tx* tx) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
  if (tx != nullptr) {
    if (tx->events & bit) return;
    tx->events |= bit;
  }
  sink_->event(dir, static_cast<std::uint8_t>(e), tx);
  if (tx != nullptr) sink_->advance(*tx, dir, tx->told[index(dir)]);
}

Ref SmtpParser::keep(Tx& tx, Bytes b) noexcept {
  const Ref r{static_cast<std::uint32_t>(tx.text.size()), static_cast<std::uint32_t>(b.size())};
  if (b.empty()) return {};
  if (!tx.text.append(b)) return out_of_memory(Direction::kToServer, &tx), Ref{};
  return r;
}

// ---- what a message tells ----

void SmtpParser::mime_event(Event e) noexcept { raise(e, Direction::kToServer, mail_); }
void SmtpParser::headers_complete() noexcept { tell(*mail_, Direction::kToServer, kHeaders); }
File* SmtpParser::file_begins(Bytes name) noexcept {
  return sink_->file_begin(*mail_, Direction::kToServer, name, limits_[kFileLimit]);
}
void SmtpParser::file_bytes(File& f, Bytes b) noexcept { sink_->file_data(f, b); }
void SmtpParser::file_lost(File& f, std::uint64_t missing) noexcept { sink_->file_gap(f, missing); }
void SmtpParser::file_ends(File& f, bool complete) noexcept {
  sink_->file_end(f, complete ? FileEnd::kComplete : FileEnd::kTruncated);
}

Probe probe(Transport, Direction dir, Bytes first) noexcept {
  constexpr std::size_t kEnough = 512;
  const std::string_view all = as_text(first);
  const std::size_t lf = all.find('\n');
  const std::string_view line = all.substr(0, lf);
  const bool open = lf == std::string_view::npos;
  const auto begins = [&](std::string_view with) noexcept -> Probe {
    const std::size_t n = std::min(line.size(), with.size());
    if (!equals_nocase(line.substr(0, n), with.substr(0, n))) return Probe::kNo;
    return n == with.size() ? Probe::kYes : open ? Probe::kUnsure : Probe::kNo;
  };
  if (dir == Direction::kToServer) {
    Probe best = Probe::kNo;
    for (const std::string_view command : {"EHLO ", "HELO ", "EHLO\r", "HELO\r", "MAIL FROM:"}) {
      const Probe p = begins(command);
      if (p == Probe::kYes) return p;
      if (p == Probe::kUnsure) best = p;
    }
    return best;
  }
  // A greeting, or in the midst of a connection what only SMTP says. "220" alone FTP says too.
  for (const std::string_view code : {"220", "554", "421"}) {
    const Probe p = begins(code);
    if (p == Probe::kNo) continue;
    if (p == Probe::kUnsure) return p;
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return Probe::kNo;
    constexpr std::string_view kWord = "SMTP";
    for (std::size_t i = 4; i + kWord.size() <= line.size(); ++i) {
      if (equals_nocase(line.substr(i, kWord.size()), kWord)) return Probe::kYes;
    }
    return open && line.size() < kEnough ? Probe::kUnsure : Probe::kNo;
  }
  return begins("354 ");
}

}  // namespace picket::smtp
