// What header blocks say (RFC 9113, §8): fields become a message as HTTP/1's are, and are held against the rules.
#include <algorithm>

#include "parsers/http/http_message.h"
#include "parsers/http/http_text.h"
#include "parsers/http2/http2_parser.h"

namespace picket::http2 {
namespace {

using http::Name;
using http::Ref;
using http::Side;
using http::u32;

constexpr std::string_view kVersion = "HTTP/2";

bool is_connection_header(std::string_view name, std::string_view value) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"connection", "keep-alive", "proxy-connection",
                                                      "transfer-encoding", "upgrade"};
  const auto is = [&](std::string_view k) { return equals_nocase(name, k); };
  return std::any_of(kNames.begin(), kNames.end(), is) || (is("te") && !equals_nocase(value, "trailers"));
}

/// RFC 9113, §8.5: only a reply of 2xx makes a tunnel of the stream.
bool refuses_tunnel(const Tx& tx) noexcept { return tx.status_code < 200 || tx.status_code >= 300; }

/// The part of `s` that is at `ref`, which holds `whole`.
Ref part(const Ref& ref, std::string_view whole, std::string_view s) noexcept {
  return http::part_of(ref.where, whole, s, ref.at);
}

}  // namespace

struct Http2Parser::Fields final : FieldSink {
  Fields(Http2Parser& p, Reader& at) noexcept : parser(p), r(at) {}
  void field(Bytes name, Bytes value) noexcept override { parser.add_field(r, name, value); }
  void table_size(std::uint32_t size) noexcept override {
    if (r.block.tx != nullptr) parser.note(*r.block.tx, r.dir, {Note::kTableSize, 0, size});
  }
  void odd(Event e) noexcept override { parser.raise(r, e, r.block.tx); }
  Http2Parser& parser;
  Reader& r;
};

void Http2Parser::begin_block(Reader& r, const Frame& f, Tx* tx, Message message, Direction side) noexcept {
  Block& b = r.block;
  b.open = true;
  b.message = message;
  b.side = side;
  b.stream = f.stream;
  b.tx = tx;
  b.bytes = b.continuations = b.fields = b.list_bytes = 0;
  // A side may have any number of blocks behind its body: their limit is that of all.
  if (message == Message::kTrailer) b.list_bytes = tx->side[index(side)].trailer.size();
  b.tail.clear();
  b.regular = false;
  b.stored = true;
  b.method = b.scheme = b.authority = b.path = b.protocol = b.status = {};
}

/// What is whole of a fragment is decoded at once, so that a block of any number of fragments takes no more room.
void Http2Parser::fragment(Reader& r, Bytes in, bool last) noexcept {
  Block& b = r.block;
  Fields fields(*this, r);
  b.bytes += in.size();
  if (b.bytes > limits_[kMaxReassembly] && b.stored) {
    raise(r, Event::kReassemblyLimit, b.tx);
    b.stored = false;
  }
  if (!r.hpack.lost() && !in.empty()) {
    if (b.tail.empty()) {
      const std::size_t used = r.hpack.decode(in, fields);
      in = in.subspan(used);
    }
    if (!in.empty() && !r.hpack.lost()) {
      const bool waited = !b.tail.empty();
      if (!b.tail.append(in)) {
        raise(r, Event::kOutOfMemory, b.tx);
        r.hpack.lose();
      } else if (waited) {
        b.tail.consume(r.hpack.decode(b.tail.view(), fields));
      }
    }
  }
  if (!last) return;
  if (!b.tail.empty() && !r.hpack.lost()) {
    raise(r, Event::kExtraHeaderData, b.tx);
    r.hpack.lose();
  }
  end_block(r);
}

void Http2Parser::end_block(Reader& r) noexcept {
  Block& b = r.block;
  b.open = false;
  b.tail.reset();
  r.hpack.end_block();
  Tx* tx = std::exchange(b.tx, nullptr);
  if (tx == nullptr) return;
  if (r.hpack.lost()) tx->side[index(b.side)].truncated = true;
  Side& s = tx->side[index(b.side)];
  const bool promised = b.side != r.dir;
  switch (b.message) {
    case Message::kIgnored:
      return;
    case Message::kRequest:
      end_request(r, *tx);
      break;
    case Message::kReply:
      if (!end_reply(r, *tx)) return;
      break;
    case Message::kTrailer:
      s.reached = std::max<std::uint8_t>(s.reached, http::kTrailer);
      break;
  }
  if (b.end_stream || promised) {
    end_side(*tx, b.side);
    return close_if_over(*tx);
  }
  if (b.message != Message::kTrailer) begin_content(*tx, b.side);
  tell(*tx, b.side);
}

void Http2Parser::add_field(Reader& r, Bytes name, Bytes value) noexcept {
  Block& b = r.block;
  if (b.tx == nullptr || b.message == Message::kIgnored) return;
  ++b.fields;
  b.list_bytes += name.size() + value.size() + DynamicTable::kOverhead;
  const Charge charge(*this, *b.tx);
  if (b.fields > limits_[kHeadersLimit] || b.list_bytes > limits_[kHeadLimit] || memory_is_full()) {
    raise(r, Event::kHeaderListTooLarge, b.tx);
    b.stored = false;
  }
  if (!b.stored) return;
  check_field(r, as_text(name), as_text(value));
  Side& s = b.tx->side[index(b.side)];
  PoolBuffer& to = b.message == Message::kTrailer ? s.trailer : s.head;
  const std::uint32_t at = u32(to.size());
  if (!to.reserve(at + name.size() + value.size() + 4) || !to.append(name) || !to.append(as_bytes(": ")) ||
      !to.append(value) || !to.append(as_bytes("\r\n"))) {
    to.resize(at);
    b.stored = false;
    return raise(r, Event::kOutOfMemory, b.tx);
  }
  const bool pseudo = !name.empty() && name[0] == ':';
  if (b.message == Message::kTrailer) {
    if (pseudo) raise(r, Event::kInvalidPseudoHeader, b.tx);
    return;
  }
  http::Header h;
  h.name = {at, u32(name.size()), Ref::kHead};
  h.value = {at + u32(name.size()) + 2, u32(value.size()), Ref::kHead};
  h.id = http::header_name(as_text(name));
  if (!http::append_header(s, pool_, h)) raise(r, Event::kOutOfMemory, b.tx);
  if (pseudo)
    pseudo_header(r, as_text(name), h.value);
  else
    b.regular = true;
}

/// §8.3: a few names, before all others, each once.
void Http2Parser::pseudo_header(Reader& r, std::string_view name, const Ref& value) noexcept {
  Block& b = r.block;
  const bool request = b.message == Message::kRequest;
  Ref* place = nullptr;
  if (request && name == ":method") place = &b.method;
  if (request && name == ":scheme") place = &b.scheme;
  if (request && name == ":authority") place = &b.authority;
  if (request && name == ":path") place = &b.path;
  if (request && name == ":protocol") place = &b.protocol;
  if (!request && name == ":status") place = &b.status;
  if (place == nullptr || place->where != Ref::kNone || b.regular)
    raise(r, Event::kInvalidPseudoHeader, b.tx);
  if (place != nullptr && place->where == Ref::kNone) *place = value;
}

/// §8.2.
void Http2Parser::check_field(Reader& r, std::string_view name, std::string_view value) noexcept {
  Tx* tx = r.block.tx;
  bool valid = !name.empty() && name != ":";
  for (std::size_t i = name.starts_with(':') ? 1 : 0; i < name.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(name[i]);
    if (c >= 'A' && c <= 'Z') raise(r, Event::kUppercaseName, tx);
    valid = valid && http::is_token(c);
  }
  for (const char c : value) valid = valid && c != 0 && c != '\r' && c != '\n';
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!value.empty() && (blank(value.front()) || blank(value.back()))) valid = false;
  if (!valid) raise(r, Event::kInvalidHeader, tx);
  if (is_connection_header(name, value)) raise(r, Event::kConnectionHeader, tx);
}

/// The line is made as HTTP/1 would have it, and the message read from there.
void Http2Parser::end_request(Reader& r, Tx& tx) noexcept {
  const Block& b = r.block;
  Side& s = tx.side[0];
  const Charge charge(*this, tx);
  tx.lane[0].headers = true;
  tx.has_request = true;
  s.reached = http::kHeaders;
  s.headers_end = u32(s.head.size());
  const bool connect = as_text(s.view(b.method)) == "CONNECT", extended = b.protocol.where != Ref::kNone;
  tx.tunnel = connect && !(tx.has_reply && refuses_tunnel(tx));
  tx.scheme = b.scheme;
  tx.connect_protocol = b.protocol;
  if (!r.hpack.lost() && b.stored) {
    const bool has_target = b.scheme.where != Ref::kNone && b.path.size != 0;
    if (b.method.size == 0 || (connect && !extended ? b.authority.size == 0 : !has_target))
      raise(r, Event::kMissingPseudoHeader, &tx);
    const bool too_much =
        connect ? !extended && (b.scheme.where != Ref::kNone || b.path.where != Ref::kNone) : extended;
    if (too_much) raise(r, Event::kInvalidPseudoHeader, &tx);
  }
  const Ref& target = connect && !extended ? b.authority : b.path;
  const auto add = [&](Bytes bytes) { return s.line.append(bytes); };
  const bool fits = add(s.view(b.method)) && add(as_bytes(" ")) && add(s.view(target)) &&
                    add(as_bytes(" ")) && add(as_bytes(kVersion)) && add(as_bytes("\r\n"));
  if (fits) {
    tx.method = {0, b.method.size, Ref::kLine};
    tx.raw_uri = {b.method.size + 1, target.size, Ref::kLine};
    tx.protocol = {tx.raw_uri.at + target.size + 1, u32(kVersion.size()), Ref::kLine};
    tx.request_line = {0, u32(s.line.size()) - 2, Ref::kLine};
    bool doubled = false;
    if (!http::set_uri(tx, doubled)) raise(r, Event::kOutOfMemory, &tx);
    if (doubled) raise(r, Event::kDoubleEncodedUri, &tx);
  } else {
    raise(r, Event::kOutOfMemory, &tx);
  }
  // Before repeated ones are put together: where two hosts are named, each is looked at.
  host(r, tx);
  content_length(r, tx, Direction::kToServer);
  if (s.maybe_repeated) {
    http::merge_repeated(
        s,
        [&](http::Repeated what, const http::Header&) noexcept {
          if (what == http::Repeated::kOtherHost) raise(r, Event::kHostMismatch, &tx);
          if (what == http::Repeated::kTooMany) raise(r, Event::kHeaderListTooLarge, &tx);
          if (what == http::Repeated::kNoMemory) raise(r, Event::kOutOfMemory, &tx);
        },
        "; ");
  }
}

/// §8.3.1: ":authority" counts, and Host must not say something else.
void Http2Parser::host(Reader& r, Tx& tx) noexcept {
  const Block& b = r.block;
  Side& s = tx.side[0];
  const http::Header* header = s.find(Name::kHost);
  const bool has_authority = b.authority.size != 0;
  if (!has_authority && header == nullptr) return;
  const Ref from = has_authority ? b.authority : header->value;
  const std::string_view whole = as_text(s.view(from));
  const std::size_t at = whole.rfind('@');
  const std::string_view without_user = at == std::string_view::npos ? whole : whole.substr(at + 1);
  if (at != std::string_view::npos) raise(r, Event::kUserInfo, &tx);
  const http::HostPort chosen = http::read_host(without_user);
  if (chosen.host_invalid || chosen.port_invalid) raise(r, Event::kInvalidHeader, &tx);
  if (has_authority && header != nullptr &&
      !equals_nocase(http::read_host(as_text(s.view(header->value))).host, chosen.host))
    raise(r, Event::kHostMismatch, &tx);
  tx.raw_host = from;
  tx.port = chosen.port;
  if (!http::set_host(tx, part(from, whole, without_user), chosen.host)) raise(r, Event::kOutOfMemory, &tx);
}

/// §8.1.1. More than one value, or one that is no number, says nothing.
void Http2Parser::content_length(Reader& r, Tx& tx, Direction dir) noexcept {
  const Side& s = tx.side[index(dir)];
  Lane& lane = tx.lane[index(dir)];
  for (std::size_t i = 0; i < s.header_count; ++i) {
    const http::Header& h = s.headers[i];
    if (h.id != Name::kContentLength) continue;
    const http::Length length = http::read_length(as_text(s.view(h.value)));
    const bool other = lane.has_length && lane.length != length.value;
    if (!length.found || !length.clean || other) {
      raise(r, Event::kInvalidContentLength, &tx);
    } else {
      lane.has_length = true;
      lane.length = length.value;
    }
  }
}

/// False: it was an interim one, and the final one takes its place.
bool Http2Parser::end_reply(Reader& r, Tx& tx) noexcept {
  const Block& b = r.block;
  Side& s = tx.side[1];
  const std::string_view status = as_text(s.view(b.status));
  const http::Length code = http::read_length(status);
  const bool valid = code.clean && status.size() == 3 && code.value >= 100;
  tx.status_code = valid ? static_cast<std::uint16_t>(code.value) : 0;
  if (!r.hpack.lost() && b.stored) {
    if (b.status.where == Ref::kNone)
      raise(r, Event::kMissingPseudoHeader, &tx);
    else if (!valid || code.value == 101)
      raise(r, Event::kInvalidPseudoHeader, &tx);
  }
  if (tx.status_code >= 100 && tx.status_code < 200 && !b.end_stream) {
    ++tx.interim;
    s.clear_message();
    tx.status_code = 0;
    return false;
  }
  const Charge charge(*this, tx);
  tx.lane[1].headers = true;
  tx.has_reply = tx.reply_started = true;
  s.reached = http::kHeaders;
  s.headers_end = u32(s.head.size());
  const auto add = [&](Bytes bytes) { return s.line.append(bytes); };
  if (add(as_bytes(kVersion)) && add(as_bytes(" ")) && add(as_bytes(status)) && add(as_bytes("\r\n"))) {
    tx.reply_protocol = {0, u32(kVersion.size()), Ref::kLine};
    tx.status = {u32(kVersion.size()) + 1, b.status.size, Ref::kLine};
    tx.reply_line = {0, u32(s.line.size()) - 2, Ref::kLine};
  } else {
    raise(r, Event::kOutOfMemory, &tx);
  }
  content_length(r, tx, Direction::kToClient);
  if (s.maybe_repeated) {
    http::merge_repeated(s, [&](http::Repeated what, const http::Header&) noexcept {
      if (what == http::Repeated::kTooMany) raise(r, Event::kHeaderListTooLarge, &tx);
      if (what == http::Repeated::kNoMemory) raise(r, Event::kOutOfMemory, &tx);
    });
  }
  if (s.find(Name::kContentRange) != nullptr && !http::read_range(s.value(Name::kContentRange)).valid)
    raise(r, Event::kInvalidRange, &tx);
  if (tx.tunnel && refuses_tunnel(tx)) {  // what follows is a message about it, and the request one too
    tx.tunnel = false;
    if (!tx.side[0].complete) begin_content(tx, Direction::kToServer);
  }
  return true;
}

void Http2Parser::begin_content(Tx& tx, Direction dir) noexcept {
  const Charge charge(*this, tx);
  if (!tx.tunnel) tx.content[index(dir)].begin(tx);
}

}  // namespace picket::http2
