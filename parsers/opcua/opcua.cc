// Chunks and messages, and how they are told from what else TCP carries.
#include "parsers/opcua/opcua.h"

#include <algorithm>

namespace picket::opcua {
namespace {

struct Kind {
  std::string_view name;
  MessageType type;
  std::uint32_t least, most;  // bytes of a chunk
};
constexpr std::uint32_t kChannelAndToken = 8, kSequenceHeader = 8;
constexpr std::uint32_t kUacpMost = kChunkHeader + 4 + 4 + kMaxUrl + 4 + kMaxUrl;
constexpr Kind kKinds[] = {
    {"HEL", MessageType::kHello, kChunkHeader + 24, kUacpMost},
    {"ACK", MessageType::kAcknowledge, kChunkHeader + 20, kChunkHeader + 20},
    {"ERR", MessageType::kError, kChunkHeader + 8, kUacpMost},
    {"RHE", MessageType::kReverseHello, kChunkHeader + 8, kUacpMost},
    {"OPN", MessageType::kOpen, kChunkHeader + 16, kMaxChunk},
    {"CLO", MessageType::kClose, kChunkHeader + kChannelAndToken + kSequenceHeader, kMaxChunk},
    {"MSG", MessageType::kMessage, kChunkHeader + kChannelAndToken + kSequenceHeader, kMaxChunk},
};
constexpr std::string_view kPolicyPrefix = "http://opcfoundation.org/UA/";
constexpr std::uint32_t kLeastBuffer = 1024;  // 8192 by the standard; small devices have less
constexpr std::uint32_t kMaxVersion = 255;    // 0 until now
constexpr std::size_t kMaxPolicyUri = 255;
// What a response sends to its client is one of these or worse.
constexpr std::size_t kShown = 4;  // bytes of a type id that a known service has: 01 00, and its number

const Kind* kind_of(Bytes first) noexcept {
  for (const Kind& k : kKinds) {
    if (as_text(first.first(3)) == k.name) return &k;
  }
  return nullptr;
}

bool final_fits(MessageType t, std::uint8_t final) noexcept {
  return final == 'F' || (t == MessageType::kMessage && (final == 'C' || final == 'A'));
}

/// Beyond its header: does what stands there look like what the type says? `rest` may be cut short.
Probe rest_fits(const Kind& k, Bytes rest) noexcept {
  Cursor c(rest);
  switch (k.type) {
    case MessageType::kHello:
    case MessageType::kAcknowledge: {
      const std::uint32_t version = c.u32le(), receive = c.u32le(), send = c.u32le();
      if (!c.ok()) return Probe::kUnsure;
      return version <= kMaxVersion && receive >= kLeastBuffer && send >= kLeastBuffer ? Probe::kYes
                                                                                       : Probe::kNo;
    }
    case MessageType::kError: {
      const std::uint32_t error = c.u32le(), length = c.u32le();
      if (!c.ok()) return Probe::kUnsure;
      return is_bad(error) && (length <= kMaxUrl || length == 0xffffffff) ? Probe::kYes : Probe::kNo;
    }
    case MessageType::kReverseHello: {
      const std::uint32_t length = c.u32le();
      if (!c.ok()) return Probe::kUnsure;
      return length <= kMaxUrl ? Probe::kYes : Probe::kNo;
    }
    case MessageType::kOpen: {
      c.skip(4);
      const std::uint32_t length = c.u32le();
      if (!c.ok()) return Probe::kUnsure;
      if (length > kMaxPolicyUri || length < kPolicyPrefix.size()) return Probe::kNo;
      const Bytes uri = c.bytes(kPolicyPrefix.size());
      if (!c.ok()) return Probe::kUnsure;
      return as_text(uri) == kPolicyPrefix ? Probe::kYes : Probe::kNo;
    }
    case MessageType::kClose:
    case MessageType::kMessage: {
      const std::uint32_t channel = c.u32le();
      if (!c.ok()) return Probe::kUnsure;
      return channel != 0 ? Probe::kYes : Probe::kNo;
    }
  }
  return Probe::kNo;
}

bool policy_is_readable(Bytes uri, Bytes body) noexcept {
  const Policy* p = policy_of(uri);
  return (p != nullptr && p->name == "None") || body_starts(body);
}

/// The numbers of headers and results, and what else an exchange goes by.
void look_through(Message& m, std::size_t& left) noexcept {
  Walker w = m.walk();
  Token t;
  unsigned items = 0, bad = 0, history = 0;
  bool password = false, algorithm = false;
  while (w.next(t)) {
    switch (t.tag) {
      case Tag::kRequestHandle:
        m.handle = static_cast<std::uint32_t>(t.number);
        break;
      case Tag::kServiceResult:
        m.result = static_cast<std::uint32_t>(t.number);
        break;
      case Tag::kSubscriptionId:
        m.subscription = static_cast<std::uint32_t>(t.number);
        break;
      case Tag::kItems:
        items += t.kind == Token::Kind::kBegin ? 1 : 0;
        break;
      case Tag::kStatus:
        bad += history == 0 && is_bad(static_cast<std::uint32_t>(t.number)) ? 1 : 0;
        break;
      case Tag::kHistory:
        if (t.kind == Token::Kind::kBegin) ++history;
        if (t.kind == Token::Kind::kEnd) --history;
        break;
      case Tag::kEventFields:
        m.has_events = true;
        break;
      case Tag::kUser:
        if (t.kind == Token::Kind::kBegin || t.kind == Token::Kind::kValue) {
          constexpr std::uint16_t kTokens[] = {321, 324, 327, 940};
          const auto* at = std::ranges::find(kTokens, t.id.is_standard() ? t.id.number : 0);
          // No token at all is that of nobody.
          m.user_token = at == std::end(kTokens) ? 0 : static_cast<std::uint8_t>(at - kTokens);
        }
        break;
      case Tag::kUserAlgorithm:
        algorithm = !t.bytes.empty();
        break;
      case Tag::kHidden:
        if (t.kind == Token::Kind::kValue && t.name == "password") password = !t.bytes.empty();
        break;
      default:
        if (t.name == "status_change") m.has_events = true;
        break;
    }
  }
  m.bad = static_cast<std::uint16_t>(std::min(bad, 0xffffU));
  m.good = static_cast<std::uint16_t>(std::min(items > bad ? items - bad : 0, 0xffffU));
  if (password && !algorithm) m.problems |= kClearPassword;
  if (w.failed()) m.problems |= w.too_deep() ? kDeep : kBroken;
  left = w.failed() ? 0 : w.left();
}

}  // namespace

ParseResult parse(Cursor& in, Chunk& chunk) noexcept {
  Cursor c = in;
  const Bytes name = c.bytes(3);
  const std::uint8_t final = c.u8();
  const std::uint32_t size = c.u32le();
  if (!c.ok()) return ParseResult::need_more(kChunkHeader);
  const Kind* kind = kind_of(name);
  if (kind == nullptr || !final_fits(kind->type, final)) return ParseResult::malformed(Event::kInvalidHeader);
  if (size < kind->least || size > kind->most) return ParseResult::malformed(Event::kInvalidSize);
  Chunk out;
  out.type = kind->type;
  out.final = static_cast<char>(final);
  out.size = size;
  out.rest = c.bytes(size - kChunkHeader);
  if (!c.ok()) return ParseResult::need_more(size);
  chunk = out;
  in = c;
  return ParseResult::done();
}

bool interpret_hello(Bytes content, Message& m) noexcept {
  Cursor c(content);
  switch (m.type) {
    case MessageType::kHello:
    case MessageType::kAcknowledge:
      m.version = c.u32le();
      m.receive_size = c.u32le();
      m.send_size = c.u32le();
      m.max_message = c.u32le();
      m.max_chunks = c.u32le();
      if (m.type == MessageType::kHello) m.text = read_string(c);
      break;
    case MessageType::kError:
      m.error = c.u32le();
      m.text = read_string(c);
      break;
    case MessageType::kReverseHello:
      m.server_uri = read_string(c);
      m.text = read_string(c);
      break;
    default:
      return false;
  }
  return c.ok() && c.empty() && m.text.size() <= kMaxUrl && m.server_uri.size() <= kMaxUrl;
}

bool interpret_abort(Bytes content, Message& m) noexcept {
  Cursor c(content);
  m.aborted = true;
  m.error = c.u32le();
  m.text = read_string(c);
  return c.ok();
}

bool body_starts(Bytes body) noexcept {
  Cursor c(body);
  const bool four = c.u8() == 1, standard = c.u8() == 0;
  const std::uint16_t number = c.u16le();
  return c.ok() && four && standard && service_of(number) != nullptr;
}

bool interpret_open(Bytes content, Message& m) noexcept {
  Cursor c(content);
  m.policy = read_string(c);
  m.certificate = read_string(c);
  m.thumbprint = read_string(c);
  if (!c.ok() || m.policy.size() > kMaxPolicyUri) return false;
  const Bytes hidden = c.rest();
  Cursor body = c;
  const std::uint32_t sequence = body.u32le(), request = body.u32le();
  if (!policy_is_readable(m.policy, body.rest())) {
    m.encrypted = true;
    return !hidden.empty();
  }
  if (!body.ok()) return false;
  m.has_sequence = true;
  m.sequence = sequence;
  m.request = request;
  // Behind it a signature of which only the sender's certificate tells the length.
  const Policy* p = policy_of(m.policy);
  const bool plain = p != nullptr && p->name == "None";
  interpret_body(body.rest(), plain ? 0 : SIZE_MAX, m);
  return true;
}

void interpret_body(Bytes body, std::size_t signature, Message& m) noexcept {
  Cursor c(body);
  const NodeId id = read_node_id(c);
  if (!c.ok() || !id.is_standard()) {
    m.problems |= kBroken;
    return;
  }
  m.service_id = id.number;
  m.service = service_of(id.number);
  m.body = c.rest();
  if (m.service == nullptr) {
    m.problems |= kService;
    return;
  }
  std::size_t left = 0;
  look_through(m, left);
  // SessionlessInvoke has another request behind it.
  if (signature != SIZE_MAX && left != signature && (m.problems & (kBroken | kDeep)) == 0 &&
      !m.is("SessionlessInvoke")) {
    m.problems |= kTrailing;
  }
}

Probe frame_starts(Bytes stream) noexcept {
  if (stream.empty()) return Probe::kUnsure;
  Cursor c(stream);
  // The first byte decides nearly always.
  if (const std::uint8_t b = c.peek();
      std::string_view("HAEROCM").find(static_cast<char>(b)) == std::string_view::npos)
    return Probe::kNo;
  if (stream.size() < 3) {
    for (const Kind& k : kKinds) {
      if (k.name.starts_with(as_text(stream))) return Probe::kUnsure;
    }
    return Probe::kNo;
  }
  const Kind* kind = kind_of(c.bytes(3));
  if (kind == nullptr) return Probe::kNo;
  if (c.empty()) return Probe::kUnsure;
  if (!final_fits(kind->type, c.u8())) return Probe::kNo;
  const std::uint32_t size = c.u32le();
  if (!c.ok()) return Probe::kUnsure;
  if (size < kind->least || size > kind->most) return Probe::kNo;
  return rest_fits(*kind, c.rest());
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport != Transport::kTcp) return Probe::kNo;
  const Probe p = frame_starts(first);
  if (p != Probe::kYes) return p;
  const Kind* kind = kind_of(first);
  if (kind->type != MessageType::kMessage && kind->type != MessageType::kClose) return Probe::kYes;
  // A connection whose beginning was not seen: a service that can be read, or another chunk right behind.
  constexpr std::size_t kBody = kChunkHeader + kChannelAndToken + kSequenceHeader;
  if (first.size() >= kBody + kShown && body_starts(first.subspan(kBody))) return Probe::kYes;
  Cursor c(first.subspan(4));
  const std::uint32_t size = c.u32le();
  return first.size() <= size ? Probe::kUnsure : frame_starts(first.subspan(size));
}

}  // namespace picket::opcua
