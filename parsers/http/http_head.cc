// Headers (RFC 9112, §5), and what they say of the message.
#include <algorithm>
#include <cstring>

#include "parsers/http/http_message.h"
#include "parsers/http/http_parser.h"
#include "parsers/http/http_text.h"

namespace picket::http {
namespace {

bool all_space(std::string_view s) noexcept {
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return is_space(static_cast<std::uint8_t>(c)) || c == 0; });
}

std::string_view skip_folds(std::string_view s) noexcept {
  while (!s.empty() && is_fold(static_cast<std::uint8_t>(s.front()))) s.remove_prefix(1);
  return s;
}

}  // namespace

std::size_t HttpParser::on_headers(Reader& r, Bytes in) noexcept {
  Side& s = side(r);
  std::size_t at = 0;
  while (at < in.size() && r.state == State::kHeaders) {
    const Bytes rest = in.subspan(at);
    const auto* lf = static_cast<const std::uint8_t*>(std::memchr(rest.data(), '\n', rest.size()));
    const std::size_t n = lf == nullptr ? rest.size() : static_cast<std::size_t>(lf - rest.data()) + 1;
    if (s.head.size() + n > limits_[kHeadLimit]) {
      raise(r, either(r, Event::kRequestTooLong, Event::kReplyTooLong));
      const std::string_view partial = s.head.text().substr(r.line_at);
      r.text_in_line = partial.find_first_not_of('\r') != std::string_view::npos;
      s.head.resize(r.line_at);
      r.state = State::kSkipHeaders;
      return at;
    }
    if (!s.head.append(rest.first(n))) return die(r), in.size();
    at += n;
    message_end_ = rest.data() + n;
    if (lf != nullptr) header_line(r);
    if (r.tx == nullptr) break;
  }
  return at;
}

/// Looks only for the empty line.
std::size_t HttpParser::on_skip_headers(Reader& r, Bytes in) noexcept {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] != '\n') {
      r.text_in_line |= in[i] != '\r';
    } else if (std::exchange(r.text_in_line, false) == false) {
      message_end_ = in.data() + i + 1;
      end_headers(r);
      return i + 1;
    }
  }
  return in.size();
}

/// A line of the headers is there, with its end.
void HttpParser::header_line(Reader& r) noexcept {
  Side& s = side(r);
  const std::string_view text = s.head.text();
  const std::uint32_t start = r.line_at, end = u32(text.size());
  std::string_view line = text.substr(start, end - 1 - start);
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  else
    s.as_sent = false;
  if (line.empty()) return end_headers(r);
  if (line.size() > limits_[kFieldLimit]) raise(r, either(r, Event::kRequestTooLong, Event::kReplyTooLong));
  const std::uint8_t c = static_cast<std::uint8_t>(line[0]);
  bool folded = false;
  if (is_space(c) || c == 0) {
    s.as_sent = false;
    if (all_space(line)) {
      r.doubt_at = end;
      r.state = State::kDoubt;
      return;
    }
    if (is_fold(c)) {
      const std::string_view before =
          r.header_at == kNoHeader ? "" : text.substr(r.header_at, start - r.header_at);
      // Browsers take a folded line that looks like a header of its own for one.
      const bool own = is_reply(r) && before.find(':') != std::string_view::npos &&
                       looks_like_header(skip_folds(line)) == Look::kYes;
      folded = r.header_at != kNoHeader && !own;
      if (!folded) raise(r, either(r, Event::kRequestFolding, Event::kReplyFolding));
    }
  }
  if (!folded) {
    finish_header(r);
    r.header_at = start;
  }
  r.line_at = end;
}

/// Behind a line of whitespace. More headers may come, or the empty line; else that was the end, and the body
/// begins.
std::size_t HttpParser::on_doubt(Reader& r, Bytes in) noexcept {
  Side& s = side(r);
  const std::uint8_t c = in[0];
  const bool first = s.head.size() == r.doubt_at;
  const bool after_cr = s.head.size() == r.doubt_at + 1 && s.head.view()[r.doubt_at] == '\r';
  if (!s.head.push_back(c)) return die(r), in.size();
  if ((first || after_cr) && c == '\n') {
    r.line_at = r.doubt_at;
    message_end_ = in.data() + 1;
    end_headers(r);
    return 1;
  }
  if (first && c == '\r') return 1;
  const bool fold = first && is_fold(c);
  const Look look = looks_like_header(s.head.text().substr(r.doubt_at));
  if (fold || look == Look::kYes) {
    r.line_at = r.doubt_at;
    r.state = State::kHeaders;
  } else if (look == Look::kNo) {
    settle_doubt(r);
  }
  return 1;
}

/// The headers were over: what was read since is body.
void HttpParser::settle_doubt(Reader& r) noexcept {
  Side& s = side(r);
  std::array<std::uint8_t, 96> ahead{};
  const std::size_t n = std::min(s.head.size() - r.doubt_at, ahead.size());
  if (n > 0) std::memcpy(ahead.data(), s.head.data() + r.doubt_at, n);
  s.head.resize(r.doubt_at);
  r.line_at = r.doubt_at;
  raise(r, either(r, Event::kRequestHeaderInvalid, Event::kReplyHeaderInvalid));
  end_headers(r);
  replay(r, {ahead.data(), n});
}

/// The header at hand, with all its lines, is over.
void HttpParser::finish_header(Reader& r) noexcept {
  if (r.header_at == kNoHeader) return;
  const std::uint32_t at = std::exchange(r.header_at, kNoHeader);
  const std::string_view text = without_line_end(side(r).head.text().substr(at, r.line_at - at));
  // One memchr each: find_first_of() would call it for every byte.
  if (text.find('\r') != std::string_view::npos || text.find('\n') != std::string_view::npos)
    return bent_header(r, at, at + u32(text.size()));
  if (text.size() + 2 != r.line_at - at) side(r).as_sent = false;
  read_header(r, {at, u32(text.size()), Ref::kHead});
}

/// Folds become a space. A lone CR is one too, unless a header follows it: then it is the end of a line.
void HttpParser::bent_header(Reader& r, std::uint32_t at, std::uint32_t end) noexcept {
  Side& s = side(r);
  s.as_sent = false;
  const std::string_view text = s.head.text().substr(at, end - at);
  std::uint32_t start = u32(s.extra.size());
  if (!s.extra.reserve(s.extra.size() + text.size() + 1)) return raise(r, Event::kOutOfMemory);
  const auto flush_piece = [&] {
    const std::uint32_t size = u32(s.extra.size()) - start;
    if (size > 0 && !all_space(s.extra.text().substr(start))) read_header(r, {start, size, Ref::kExtra});
    start = u32(s.extra.size());
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\r' && text[i] != '\n') {
      if (!s.extra.push_back(static_cast<std::uint8_t>(text[i++]))) return raise(r, Event::kOutOfMemory);
      continue;
    }
    const bool lone = text[i] == '\r' && i + 1 < text.size() && text[i + 1] != '\n';
    if (lone) raise(r, either(r, Event::kRequestHeaderInvalid, Event::kReplyHeaderInvalid));
    while (i < text.size() && (text[i] == '\r' || text[i] == '\n')) ++i;
    if (lone && looks_like_header(text.substr(i)) == Look::kYes) {
      flush_piece();
      continue;
    }
    while (i < text.size() && is_fold(static_cast<std::uint8_t>(text[i]))) ++i;
    if (!s.extra.push_back(' ')) return raise(r, Event::kOutOfMemory);
  }
  flush_piece();
}

void HttpParser::read_header(Reader& r, Ref ref) noexcept {
  Side& s = side(r);
  const std::string_view text = as_text(s.view(ref));
  const Event invalid = either(r, Event::kRequestHeaderInvalid, Event::kReplyHeaderInvalid);
  Header h;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    raise(r, either(r, Event::kRequestFieldMissingColon, Event::kReplyFieldMissingColon));
    s.as_sent = false;
    h.value = part_of(ref.where, text, trim(text), ref.at);
    h.name = {ref.at, 0, ref.where};
    add_header(r, h);
    return;
  }
  const std::string_view name = trim(text.substr(0, colon)), value = trim(text.substr(colon + 1));
  h.name = part_of(ref.where, text, name, ref.at);
  h.value = part_of(ref.where, text, value, ref.at);
  bool token = !name.empty() && name.size() == colon;
  for (const char c : name) token = token && is_token(static_cast<std::uint8_t>(c));
  const bool normal =
      colon + 1 < text.size() && text[colon + 1] == ' ' && text.size() - (colon + 2) == value.size();
  if (!token || !normal || ref.where != Ref::kHead) s.as_sent = false;
  if (!token) {
    raise(r, invalid);
    if (name.find('\0') != std::string_view::npos) {  // some readers drop NUL, so the name is what is left
      const std::uint32_t at = u32(s.extra.size());
      // `name` may stand in `extra` itself: room first, views after.
      if (!s.extra.reserve(s.extra.size() + name.size())) return raise(r, Event::kOutOfMemory);
      const Bytes from = s.view(h.name);
      for (const std::uint8_t c : from) {
        if (c != 0 && !s.extra.push_back(c)) return raise(r, Event::kOutOfMemory);
      }
      h.name = {at, u32(s.extra.size()) - at, Ref::kExtra};
    }
  }
  h.id = header_name(as_text(s.view(h.name)));
  add_header(r, h);
}

bool HttpParser::add_header(Reader& r, Header h) noexcept {
  Side& s = side(r);
  constexpr std::size_t kReserve = 32;  // places behind the limit for headers that say where the body ends
  const std::uint64_t limit = limits_[kHeadersLimit];
  if (s.header_count >= limit) {
    raise(r, either(r, Event::kRequestTooManyHeaders, Event::kReplyTooManyHeaders));
    s.as_sent = false;
    if (h.id == Name::kOther || s.header_count >= limit + kReserve) return false;
  }
  if (!append_header(s, pool_, h)) {
    raise(r, Event::kOutOfMemory);
    return false;
  }
  return true;
}

/// Of Content-Length the first counts.
void HttpParser::merge_repeated(Reader& r) noexcept {
  http::merge_repeated(side(r), [&](Repeated what, const Header&) noexcept {
    switch (what) {
      case Repeated::kLength:
        return raise(r, either(r, Event::kRequestDuplicateLength, Event::kReplyDuplicateLength));
      case Repeated::kOther:
        return raise(r, either(r, Event::kRequestRepetition, Event::kReplyRepetition));
      case Repeated::kOtherHost:
        return raise(r, Event::kHostAmbiguous);
      case Repeated::kTooMany:
        return raise(r, either(r, Event::kRequestTooManyHeaders, Event::kReplyTooManyHeaders));
      case Repeated::kNoMemory:
        return raise(r, Event::kOutOfMemory);
    }
  });
}

void HttpParser::end_headers(Reader& r) noexcept {
  finish_header(r);
  Side& s = side(r);
  s.headers_end = std::min(r.line_at, u32(s.head.size()));
  if (s.maybe_repeated) merge_repeated(r);
  if (is_reply(r)) {
    reply_head(r);
  } else {
    s.reached = kHeaders;
    request_head(r);
  }
}

void HttpParser::request_head(Reader& r) noexcept {
  Tx& tx = *r.tx;
  Side& s = side(r);
  host(r);
  if (const Header* auth = s.find(Name::kAuthorization)) {
    const std::string_view value = as_text(s.view(auth->value));
    const std::string_view scheme = value.substr(0, value.find(' '));
    constexpr std::array<std::string_view, 3> kSchemes = {"basic", "digest", "bearer"};
    const auto same = [&](std::string_view k) { return equals_nocase(scheme, k); };
    if (std::none_of(kSchemes.begin(), kSchemes.end(), same)) raise(r, Event::kAuthUnrecognized);
  }
  if (closing_) return complete(r);
  const Framing f = framing(r);
  if (tx.text(r.dir, tx.method) == "CONNECT") {
    const bool answered = tx.reply_started;
    complete(r);
    if (!answered) r.state = State::kTunnel;
    return;
  }
  begin_body(r, f);
}

void HttpParser::host(Reader& r) noexcept {
  Tx& tx = *r.tx;
  Side& s = side(r);
  const Header* header = s.find(Name::kHost);
  const std::string_view in_uri = as_text(s.view(tx.uri_host));
  const HostPort from_uri = read_host(in_uri);
  const HostPort from_header = header == nullptr ? HostPort{} : read_host(as_text(s.view(header->value)));
  if (!in_uri.empty()) {
    if (from_uri.host_invalid) raise(r, Event::kUriHostInvalid);
    if (from_uri.port_invalid) raise(r, Event::kAuthorityPort);
  }
  if (header != nullptr) {
    if (from_header.host_invalid) raise(r, Event::kHeaderHostInvalid);
    if (from_header.port_invalid) raise(r, Event::kHostPort);
    if (!in_uri.empty() && !equals_nocase(from_uri.host, from_header.host)) raise(r, Event::kHostAmbiguous);
  } else if (equals_nocase(tx.text(r.dir, tx.protocol), "HTTP/1.1")) {
    raise(r, Event::kHostMissing);
  }
  const HostPort& chosen = in_uri.empty() ? from_header : from_uri;
  if (in_uri.empty() && header == nullptr) return;
  tx.raw_host = in_uri.empty() ? header->value : tx.uri_host;
  tx.port = chosen.port;
  if (!set_host(tx, tx.raw_host, chosen.host)) raise(r, Event::kOutOfMemory);
}

void HttpParser::reply_head(Reader& r) noexcept {
  Tx& tx = *r.tx;
  Side& s = side(r);
  const Framing f = framing(r);
  const std::uint16_t code = tx.status_code;
  const bool says_body = f == Framing::kChunks || (f == Framing::kLength && r.left > 0);
  const bool interim = code >= 100 && code < 200 && code != 101;
  if (interim && !says_body && !closing_) {
    if (tx.interim > 0 && code == 100) raise(r, Event::kContinueAgain);
    ++tx.interim;
    s.clear_message();
    tx.has_reply = false;
    tx.reply_protocol = tx.status = tx.message = tx.reply_line = {};
    tx.status_code = 0;
    r.state = State::kStart;
    return;
  }
  s.reached = kHeaders;
  sink_->frame_of(r.dir, kResponseFrame, tx);  // of an interim reply nothing is told, nor is that one done
  if (s.find(Name::kContentRange) != nullptr && !read_range(s.value(Name::kContentRange)).valid) {
    raise(r, Event::kRangeInvalid);
  }
  if (contains_loose(s.value(Name::kContentType), "multipart/byteranges")) raise(r, Event::kByteRanges);
  if (closing_) return complete(r);
  const std::string_view method = tx.text(Direction::kToServer, tx.method);
  if (code == 101) {
    const std::string_view upgrade = s.value(Name::kUpgrade);
    if (upgrade.empty()) raise(r, Event::kProtocolChangeFailed);
    const bool websocket = equals_nocase(upgrade, "websocket"), h2c = equals_nocase(upgrade, "h2c");
    if (h2c) {
      Bytes request;  // HTTP/2 answers it: while it is here
      static_cast<void>(build(tx, Direction::kToServer, Built::kStart, request));
      hand_over("http2", request);
      return complete(r);
    }
    complete(r);
    return hand_over(websocket ? "websocket" : "");
  }
  if (method == "CONNECT") {
    Reader& requests = reader(Direction::kToServer);
    if (code >= 200 && code < 300) {
      complete(r);
      return hand_over("");
    }
    if (requests.state == State::kTunnel) requests.state = State::kStart;
  }
  if (method == "HEAD") return complete(r);
  if (code == 204 || code == 304 || interim) {
    if (r.has_length || f == Framing::kChunks) raise(r, Event::kReplyBodyUnexpected);
    if (!says_body) return complete(r);
    r.framing = f;
    r.peeked = 0;
    r.state = State::kMaybeBody;
    return;
  }
  begin_body(r, f);
}

}  // namespace picket::http
