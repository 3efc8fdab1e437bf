// Request and status lines (RFC 9112, §3 and §4).
#include <algorithm>
#include <utility>

#include "parsers/http/http_message.h"
#include "parsers/http/http_parser.h"
#include "parsers/http/http_text.h"

namespace picket::http {
namespace {

bool is_http_version(std::string_view s) noexcept {
  return equals_nocase(s, "HTTP/1.1") || equals_nocase(s, "HTTP/1.0") || equals_nocase(s, "HTTP/0.9");
}

}  // namespace

void HttpParser::start_line(Reader& r) noexcept {
  const std::string_view text = without_line_end(r.line.text());
  if (is_reply(r))
    status_line(r, text);
  else
    request_line(r, text);
}

void HttpParser::request_line(Reader& r, std::string_view text) noexcept {
  if (!looks_like_request(text)) {
    if (!r.resync)
      raise(r.messages > 0 ? Event::kRequestBodyUnexpected : Event::kRequestLineInvalid, nullptr, r.dir);
    r.line.clear();
    r.resync = true;
    r.too_long = false;
    r.state = State::kStart;
    return;
  }
  Tx* tx = new_tx();
  if (tx == nullptr) return die(r);
  r.tx = tx;
  sink_->frame_of(r.dir, kRequestFrame, *tx);
  r.resync = false;
  tx->has_request = true;
  Side& s = side(r);
  s.line = std::move(r.line);
  s.reached = kLine;
  text = without_line_end(s.line.text());
  if (std::exchange(r.leading_space, false)) raise(r, Event::kLeadingWhitespace);
  const bool cut = std::exchange(r.too_long, false);
  if (cut) raise(r, Event::kRequestTooLong);
  tx->request_line = part_of(Ref::kLine, text, text);

  std::size_t i = 0;
  while (i < text.size() && !is_space(static_cast<std::uint8_t>(text[i]))) ++i;
  tx->method = {0, u32(i), Ref::kLine};
  const std::string_view rest = trim(text.substr(i));
  if (rest.empty() || text[i] != ' ' || rest.data() != text.data() + i + 1) raise(r, Event::kMethodDelimiter);
  // The version is the last word, so that a target with spaces is whole.
  std::size_t last = rest.size();
  while (last > 0 && !is_space(static_cast<std::uint8_t>(rest[last - 1]))) --last;
  const std::string_view word = rest.substr(last);
  std::string_view target = rest;
  const bool has_version = word.size() > 5 && equals_nocase(word.substr(0, 5), "HTTP/");
  if (has_version) {
    target = trim(rest.substr(0, rest.size() - word.size()));
    tx->protocol = part_of(Ref::kLine, text, word);
    if (target.size() + 1 + word.size() != rest.size()) raise(r, Event::kUriDelimiter);
  } else if (!cut) {
    raise(r, Event::kRequestLineMissingProtocol);
  }
  const auto odd_space = [](char c) { return c != ' ' && is_space(static_cast<std::uint8_t>(c)); };
  if (std::any_of(target.begin(), target.end(), odd_space)) raise(r, Event::kUriDelimiter);
  if (target.empty()) raise(r, Event::kRequestLineInvalid);
  tx->raw_uri = part_of(Ref::kLine, text, target);
  request_uri(r, *tx);

  r.line_at = 0;
  r.header_at = kNoHeader;
  r.state = State::kHeaders;
  if (!has_version && !cut) {  // HTTP/0.9 has no headers
    s.reached = kHeaders;
    complete(r);
  }
}

void HttpParser::request_uri(Reader& r, Tx& tx) noexcept {
  bool doubled = false;
  if (!set_uri(tx, doubled)) raise(r, Event::kOutOfMemory);
  if (doubled) raise(r, Event::kDoubleEncodedUri);
}

void HttpParser::status_line(Reader& r, std::string_view text) noexcept {
  if (r.resync) {
    const std::size_t at = find_status_line(text);
    if (at == std::string_view::npos) {
      r.line.clear();
      r.state = State::kStart;
      return;
    }
    r.line.consume(at);
  }
  if (r.tx == nullptr) r.tx = next_reply();
  if (r.tx == nullptr) return die(r);
  Tx& tx = *r.tx;
  r.resync = r.leading_space = false;
  tx.has_reply = true;
  Side& s = side(r);
  s.line = std::move(r.line);
  if (std::exchange(r.too_long, false)) raise(r, Event::kReplyTooLong);
  text = without_line_end(s.line.text());
  // A lone CR ends the line where what follows looks like a header.
  std::string_view header;
  for (std::size_t cr = text.find('\r'); cr != std::string_view::npos; cr = text.find('\r', cr + 1)) {
    if (looks_like_header(text.substr(cr + 1)) != Look::kYes) continue;
    header = text.substr(cr + 1);
    text = text.substr(0, cr);
    break;
  }
  tx.reply_line = part_of(Ref::kLine, s.line.text(), text);
  const auto word_end = [](std::string_view w) {
    std::size_t i = 0;
    while (i < w.size() && !is_space(static_cast<std::uint8_t>(w[i]))) ++i;
    return i;
  };
  const std::string_view protocol = text.substr(0, word_end(text));
  std::string_view rest = trim(text.substr(protocol.size()));
  const std::string_view status = trim(rest.substr(0, word_end(rest)));
  const std::string_view message = trim(rest.substr(std::min(rest.size(), word_end(rest))));
  tx.reply_protocol = part_of(Ref::kLine, s.line.text(), protocol);
  if (!status.empty()) tx.status = part_of(Ref::kLine, s.line.text(), status);
  if (!message.empty()) tx.message = part_of(Ref::kLine, s.line.text(), message);
  const Length code = read_length(status);
  tx.status_code =
      code.clean && status.size() == 3 && code.value >= 100 ? static_cast<std::uint16_t>(code.value) : 0;
  if (!is_http_version(protocol)) raise(r, Event::kReplyProtocol);
  if (tx.status_code == 0) raise(r, Event::kReplyStatus);
  // Of an interim reply nothing is told: the final one takes its place.
  const bool interim = tx.status_code >= 100 && tx.status_code < 200 && tx.status_code != 101;
  if (!interim) s.reached = kLine;
  r.line_at = 0;
  r.header_at = kNoHeader;
  r.state = State::kHeaders;
  if (!header.empty()) {
    raise(r, Event::kReplyHeaderInvalid);
    s.as_sent = false;
    replay(r, as_bytes(header));
    if (r.state == State::kHeaders) replay(r, as_bytes("\r\n"));
  }
}

}  // namespace picket::http
