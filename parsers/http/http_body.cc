// Where a body begins and ends (RFC 9112, §6 and §7).
#include <algorithm>
#include <cstring>

#include "parsers/http/http_parser.h"
#include "parsers/http/http_text.h"

namespace picket::http {

/// What the headers say; `left` and `length` follow.
HttpParser::Framing HttpParser::framing(Reader& r) noexcept {
  const Side& s = side(r);
  r.left = r.length = 0;
  r.has_length = false;
  if (const Header* h = s.find(Name::kContentLength)) {
    const Length l = read_length(as_text(s.view(h->value)));
    if (!l.found) raise(r, either(r, Event::kRequestContentLength, Event::kReplyContentLength));
    r.has_length = l.found;
    r.length = r.left = l.value;
  }
  if (const Header* h = s.find(Name::kTransferEncoding)) {
    const std::string_view coding = as_text(s.view(h->value));
    if (contains_loose(coding, "chunked")) {
      if (r.has_length) raise(r, Event::kLengthAndChunked);
      if (is_reply(r)) {
        if (!equals_nocase(coding, "chunked")) raise(r, Event::kAbnormalTransferEncoding);
        const std::string_view version = r.tx->text(r.dir, r.tx->reply_protocol);
        if (equals_nocase(version, "HTTP/1.0") || equals_nocase(version, "HTTP/0.9"))
          raise(r, Event::kChunkedOldProtocol);
      } else if (!equals_nocase(coding, "chunked")) {
        raise(r, Event::kRequestTransferEncoding);
      }
      return Framing::kChunks;
    }
    raise(r, either(r, Event::kRequestTransferEncoding, Event::kReplyTransferEncoding));
  }
  if (r.has_length) return Framing::kLength;
  return is_reply(r) ? Framing::kToEnd : Framing::kNone;
}

void HttpParser::begin_body(Reader& r, Framing f) noexcept {
  r.framing = f;
  r.chunk = Chunk::kSize;
  r.first_chunk = true;
  r.digits = r.extension = false;
  r.peeked = 0;
  if (f == Framing::kNone || (f == Framing::kLength && r.left == 0)) return complete(r);
  if (f == Framing::kChunks) r.left = 0;
  r.state = f == Framing::kChunks ? State::kChunks : State::kBody;
  r.content.begin(*r.tx);
}

/// A reply that must have no body (RFC 9112, §6.3) but announces one: what comes next tells.
std::size_t HttpParser::on_maybe_body(Reader& r, Bytes in) noexcept {
  constexpr std::string_view kHttp = "http/";
  r.peek[r.peeked++] = in[0];
  const Bytes seen{r.peek.data(), r.peeked};
  const bool status_line = equals_nocase(as_text(seen), kHttp.substr(0, r.peeked));
  if (status_line && r.peeked < kHttp.size()) return 1;
  std::array<std::uint8_t, 8> bytes = r.peek;
  const std::size_t n = r.peeked;
  if (status_line) {
    complete(r);
  } else {
    begin_body(r, r.framing);
  }
  replay(r, {bytes.data(), n});
  return 1;
}

std::size_t HttpParser::on_body(Reader& r, Bytes in) noexcept {
  if (r.framing == Framing::kToEnd) {
    r.content.add(in);
    return in.size();
  }
  const std::size_t n = std::min<std::uint64_t>(r.left, in.size());
  r.content.add(in.first(n));
  r.left -= n;
  message_end_ = in.data() + n;
  if (r.left == 0) complete(r);
  return n;
}

std::size_t HttpParser::on_chunks(Reader& r, Bytes in) noexcept {
  switch (r.chunk) {
    case Chunk::kSize:
      return chunk_size(r, in);
    case Chunk::kData: {
      const std::size_t n = std::min<std::uint64_t>(r.left, in.size());
      r.content.add(in.first(n));
      r.left -= n;
      if (r.left == 0) r.chunk = Chunk::kDataEnd;
      return n;
    }
    case Chunk::kDataEnd: {
      const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
      const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data());
      for (const std::uint8_t c : in.first(n)) {
        if (c == '\r') continue;
        raise(r, either(r, Event::kRequestChunkLength, Event::kReplyChunkLength));
        break;
      }
      if (lf == nullptr) return n;
      r.chunk = Chunk::kSize;
      return n + 1;
    }
    case Chunk::kTrailer:
      break;
  }
  return on_trailer(r, in);
}

/// Hex digits, perhaps with whitespace before and anything behind them on the line.
std::size_t HttpParser::chunk_size(Reader& r, Bytes in) noexcept {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 56;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::uint8_t c = in[i];
    const int digit = r.extension ? -1 : hex_digit(c);
    if (digit >= 0) {
      r.left = r.left << 4 | static_cast<unsigned>(digit);
      r.digits = true;
      if (r.left < kLargest) continue;
      bad_chunk(r);
      return i;
    }
    if (!r.digits) {
      if (is_space(c) || c == 0) {
        if (r.first_chunk && r.peeked < r.peek.size()) r.peek[r.peeked++] = c;
        continue;
      }
      bad_chunk(r);
      return i;
    }
    if (c != '\n') {
      if (to_lower(c) == 'x' && r.left == 0 && !r.extension) continue;  // "0x1f"
      r.extension = true;
      if (c == ';') raise(r, either(r, Event::kRequestChunkExtension, Event::kReplyChunkExtension));
      continue;
    }
    r.digits = r.extension = r.first_chunk = false;
    r.chunk = r.left == 0 ? Chunk::kTrailer : Chunk::kData;
    r.line_at = 0;
    r.text_in_line = false;
    return i + 1;
  }
  return in.size();
}

/// No size where one should stand. From the start: then there are no chunks, whatever the header says.
void HttpParser::bad_chunk(Reader& r) noexcept {
  raise(r, either(r, Event::kRequestChunkLength, Event::kReplyChunkLength));
  r.digits = r.extension = false;
  if (r.first_chunk) {
    const std::array<std::uint8_t, 8> bytes = r.peek;
    const std::size_t n = r.peeked;
    r.left = r.length;
    r.framing = r.has_length ? Framing::kLength : is_reply(r) ? Framing::kToEnd : Framing::kNone;
    if (r.framing == Framing::kNone || (r.has_length && r.length == 0)) {
      complete(r);
      r.resync = true;
      return;
    }
    r.state = State::kBody;
    replay(r, {bytes.data(), n});
    return;
  }
  side(r).truncated = true;
  if (is_reply(r)) {
    r.framing = Framing::kToEnd;
    r.state = State::kBody;
    return;
  }
  complete(r);
  r.resync = true;
}

/// Lines behind the last chunk, to an empty one. A start line there means that the empty one was left out.
std::size_t HttpParser::on_trailer(Reader& r, Bytes in) noexcept {
  Side& s = side(r);
  const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
  const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data()) + 1;
  for (std::size_t i = 0; i < n && !r.text_in_line; ++i) r.text_in_line = in[i] != '\r' && in[i] != '\n';
  const std::size_t room =
      limits_[kFieldLimit] - std::min<std::uint64_t>(limits_[kFieldLimit], s.trailer.size());
  if (!s.trailer.append(in.first(std::min(n, room)))) return die(r), in.size();
  if (n > room) raise(r, either(r, Event::kRequestTooLong, Event::kReplyTooLong));
  if (lf == nullptr) return n;
  message_end_ = in.data() + n;
  if (!std::exchange(r.text_in_line, false)) {
    complete(r);
    return n;
  }
  const std::string_view line = s.trailer.text().substr(std::min<std::size_t>(r.line_at, s.trailer.size()));
  const bool start =
      is_reply(r) ? find_status_line(line) == 0 : looks_like_request(line) && contains_loose(line, " http/");
  if (start) {
    if (!r.line.append(as_bytes(line))) return die(r), in.size();
    s.trailer.resize(r.line_at);
    complete(r);
    start_line(r);
    return n;
  }
  r.line_at = static_cast<std::uint32_t>(s.trailer.size());
  return n;
}

/// A gap that lies within the body is stepped over.
bool HttpParser::skip_in_body(Reader& r, std::uint64_t missing) noexcept {
  if (missing == 0) return r.content.gap(0), false;
  const bool in_chunk = r.state == State::kChunks && r.chunk == Chunk::kData;
  const bool counted = in_chunk || (r.state == State::kBody && r.framing == Framing::kLength);
  if (counted ? missing > r.left : r.state != State::kBody) {
    if (counted) r.content.gap(r.left);
    return false;
  }
  r.content.skip(missing);
  if (!counted) return true;
  r.left -= missing;
  if (r.left == 0 && in_chunk)
    r.chunk = Chunk::kDataEnd;
  else if (r.left == 0)
    complete(r);
  return true;
}

/// The message at hand is over.
void HttpParser::complete(Reader& r) noexcept {
  Tx& tx = *r.tx;
  Side& s = side(r);
  r.content.end();
  sink_->frame_end(r.dir, frame_of(r), message_end_, &tx);
  s.complete = true;
  s.reached = kComplete;
  flush(r);
  r.tx = nullptr;
  r.state = State::kStart;
  ++r.messages;
  if (tx.side[0].complete && tx.side[1].complete) finish(tx);
}

}  // namespace picket::http
