#include "parsers/ftp/ftp.h"

#include <algorithm>
#include <cstring>

namespace picket::ftp {
namespace {

constexpr std::uint8_t kTelnetIac = 0xff;

bool is_digit(std::uint8_t c) noexcept { return c >= '0' && c <= '9'; }

/// "220 text", "220-text", "220": with a code at its front.
bool has_code(Bytes line) noexcept {
  return line.size() >= 3 && is_digit(line[0]) && is_digit(line[1]) && is_digit(line[2]) &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

}  // namespace

Bytes Tx::reply(std::size_t i) const noexcept {
  Slice s;
  std::memcpy(&s, reply_lines.view().data() + i * sizeof(Slice), sizeof(Slice));
  return text.view().subspan(s.at, s.size);
}

FtpParser::FtpParser(const ParserContext& context) noexcept : context_(context) {
  client_size_ = static_cast<std::uint8_t>(std::min(context.client.size(), client_.size()));
  std::copy_n(context.client.begin(), client_size_, client_.begin());
}

FtpParser::~FtpParser() {
  while (first_ != nullptr) {
    Tx* next = first_->next;
    context_.pool.destroy(first_);
    first_ = next;
  }
}

Consumed FtpParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Reader& r = readers_[index(dir)];
  const std::size_t longest = limit(kLineLimit);
  std::size_t at = 0;
  while (at < data.size() && !handed_over_) {
    const Bytes rest = data.subspan(at);
    const auto end = static_cast<std::size_t>(std::ranges::find(rest, std::uint8_t{'\n'}) - rest.begin());
    const bool complete = end < rest.size();
    if (r.skip_line) {
      at += complete ? end + 1 : rest.size();
      r.skip_line = !complete;
      continue;
    }
    const std::size_t size = complete ? end + 1 : rest.size();
    if (size > longest) {
      on_line(dir, rest.first(longest), true, sink);
      r.skip_line = true;
      at += longest;
      continue;
    }
    if (!complete) return Consumed::partly(at, rest.size() + 1);
    sink.frame(dir, dir == Direction::kToServer ? kCommandLineFrame : kResponseLineFrame, rest.data(), size);
    Bytes line = rest.first(end);
    if (!line.empty() && line.back() == '\r') line = line.first(line.size() - 1);
    at += size;
    on_line(dir, line, false, sink);
  }
  return Consumed::all(at);
}

void FtpParser::on_line(Direction dir, Bytes line, bool truncated, Sink& sink) noexcept {
  if (dir == Direction::kToServer) return on_command(line, truncated, sink);
  on_reply_line(line, truncated, sink);
}

// ---------------------------------------------------------------------------------------------- commands

void FtpParser::on_command(Bytes line, bool truncated, Sink& sink) noexcept {
  // ABOR comes behind telnet's interrupt and data mark: IAC and a byte each (RFC 959, 4.1.3).
  while (line.size() >= 2 && line[0] == kTelnetIac) line = line.subspan(2);
  if (line.empty()) return;
  if (readers_[0].lost) {
    readers_[0].lost = false;
    return;  // what is behind a gap begins in the midst of a line
  }
  if (open_ >= limit(kMaxTx)) {
    report(Direction::kToServer, Event::kTooManyTransactions, first_, sink);
    finish_first(sink);
  }
  Tx* t = add(sink, Direction::kToServer);
  if (t == nullptr) return;
  if (!t->line.append(line)) report(Direction::kToServer, Event::kMemoryFull, t, sink);
  const Bytes kept = t->line.view();
  const auto blank = static_cast<std::size_t>(std::ranges::find(kept, std::uint8_t{' '}) - kept.begin());
  std::uint8_t* word = t->line.data();
  for (std::size_t i = 0; i < blank; ++i) word[i] = word[i] >= 'a' && word[i] <= 'z' ? word[i] - 32 : word[i];
  t->command = kept.first(blank);
  t->argument = kept.subspan(std::min(blank + 1, kept.size()));
  t->has_request = true;
  t->command_truncated = truncated;
  if (truncated) report(Direction::kToServer, Event::kCommandTooLong, t, sink);
  if (as_text(t->command) == "PORT" || as_text(t->command) == "EPRT") {
    read_endpoint(*t, sink);
  } else if (const auto c = ftpdata::find_command(as_text(t->command)); c != ftpdata::Command::kNone) {
    expect_data(*t, c, sink);
  }
  sink.advance(*t, Direction::kToServer, progress::kCommand);
}

void FtpParser::read_endpoint(Tx& t, Sink& sink) noexcept {
  Endpoint e;
  t.mode = Mode::kActive;
  if (!(as_text(t.command) == "PORT" ? parse_port(t.argument, e) : parse_eprt(t.argument, e))) {
    return report(Direction::kToServer, Event::kInvalidPort, &t, sink);
  }
  t.dynamic_port = data_port_ = e.port;
  data_to_ = Direction::kToClient;
  t.bounce = client_size_ != 0 && !std::ranges::equal(e.bytes(), Bytes(client_).first(client_size_));
}

/// The address in PORT or 227 is not looked at: behind a translation of addresses it is not what this tap
/// sees.
void FtpParser::expect_data(Tx& t, ftpdata::Command command, Sink& sink) noexcept {
  if (data_port_ == 0) return;
  PoolBuffer hint(context_.pool);
  if (!ftpdata::write_hint(command, t.argument, hint))
    return report(Direction::kToServer, Event::kMemoryFull, &t, sink);
  if (!sink.expect({data_to_, data_port_, "ftp-data", hint.view()})) {
    report(Direction::kToServer, Event::kTooManyExpected, &t, sink);
  }
  data_port_ = 0;
}

// ---------------------------------------------------------------------------------------------- replies

void FtpParser::on_reply_line(Bytes line, bool truncated, Sink& sink) noexcept {
  const bool coded = has_code(line);
  Reader& r = readers_[1];
  if (r.lost) {  // the next line that can begin a reply does
    if (!coded) return;
    r.lost = false;
  }
  if (line.empty() && !in_reply_) return;
  Tx* t = first_;
  // A greeting of several lines that is none (pyftpdlib's): what follows its end belongs to nothing.
  if (t == nullptr && !coded) return report(Direction::kToClient, Event::kInvalidReply, nullptr, sink);
  if (t == nullptr) {
    t = add(sink, Direction::kToClient);
    if (t == nullptr) return;
  }
  t->has_reply = true;
  if (truncated) {
    t->reply_truncated = true;
    report(Direction::kToClient, Event::kReplyTooLong, t, sink);
  }
  const bool same_code = coded && std::ranges::equal(line.first(3), as_bytes({code_.data(), code_.size()}));
  if (in_reply_ && !same_code) return add_reply_line(*t, line, sink);  // such lines may be anything
  if (!coded) {
    report(Direction::kToClient, Event::kInvalidReply, t, sink);
    return add_reply_line(*t, line, sink);
  }
  std::copy_n(line.begin(), 3, code_.begin());
  add_reply_line(*t, line.subspan(std::min<std::size_t>(4, line.size())), sink);
  in_reply_ = line.size() > 3 && line[3] == '-';
  if (in_reply_) return;
  on_reply(*t, sink);
}

void FtpParser::add_reply_line(Tx& t, Bytes text, Sink& sink) noexcept {
  if (t.reply_count() >= limit(kReplyLines) || t.text.size() + text.size() > limit(kReplyBytes)) {
    t.reply_truncated = true;
    return report(Direction::kToClient, Event::kTooManyReplyLines, &t, sink);
  }
  const Slice s{static_cast<std::uint32_t>(t.text.size()), static_cast<std::uint32_t>(text.size())};
  if (!t.text.append(text) || !t.reply_lines.append({reinterpret_cast<const std::uint8_t*>(&s), sizeof s})) {
    t.reply_truncated = true;
    report(Direction::kToClient, Event::kMemoryFull, &t, sink);
  }
}

/// The last one stays the last: of more than there is room for, the one before it goes.
void FtpParser::add_code(Tx& t) noexcept {
  if (t.code_count == t.codes.size()) --t.code_count;
  t.codes[t.code_count++] = code_;
}

void FtpParser::on_reply(Tx& t, Sink& sink) noexcept {
  t.reply_received = true;
  add_code(t);
  const Bytes text = t.reply_count() == 0 ? Bytes{} : t.reply(t.reply_count() - 1);
  const std::string_view code(code_.data(), code_.size()), command = as_text(t.command);
  if (code == "227" || code == "229") {
    Endpoint e;
    if (code == "227" ? find_pasv(text, e) : find_epsv(text, e)) {
      t.mode = Mode::kPassive;
      t.dynamic_port = data_port_ = e.port;
      data_to_ = Direction::kToServer;
    } else {
      report(Direction::kToClient, Event::kInvalidPort, &t, sink);
    }
  }
  if (code[0] == '1') return;  // more follows
  const bool tls = code == "234" && command == "AUTH";
  finish_first(sink);
  if (tls) {
    handed_over_ = true;
    sink.hand_over("tls");
  }
}

// ---------------------------------------------------------------------------------------------- transactions

Tx* FtpParser::add(Sink& sink, Direction dir) noexcept {
  Tx* t = context_.pool.make<Tx>(context_.pool, next_id_);
  if (t == nullptr) {
    report(dir, Event::kMemoryFull, nullptr, sink);
    return nullptr;
  }
  ++next_id_;
  (first_ == nullptr ? first_ : last_->next) = t;
  last_ = t;
  ++open_;
  return t;
}

void FtpParser::finish_first(Sink& sink) noexcept {
  Tx* t = first_;
  first_ = t->next;
  if (first_ == nullptr) last_ = nullptr;
  --open_;
  in_reply_ = false;
  if (t->has_reply) sink.advance(*t, Direction::kToClient, progress::kReply);
  if (t->has_request) sink.advance(*t, Direction::kToServer, progress::kReply);
  sink.done(*t);
  context_.pool.destroy(t);
}

void FtpParser::finish_all(Sink& sink) noexcept {
  while (first_ != nullptr) finish_first(sink);
}

void FtpParser::report(Direction dir, Event e, Tx* t, Sink& sink) noexcept {
  if (t != nullptr) {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
    if ((t->events & bit) != 0) return;
    t->events |= bit;
  }
  sink.event(dir, static_cast<std::uint8_t>(e), t);
}

// Which command a reply behind a gap is to, nobody knows: what is open ends here.
void FtpParser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, Event::kGap, first_, sink);
  finish_all(sink);
  in_reply_ = false;
  readers_[index(dir)] = {false, true};
}

}  // namespace picket::ftp
