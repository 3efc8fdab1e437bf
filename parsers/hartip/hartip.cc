#include "parsers/hartip/hartip.h"

#include <algorithm>

#include "parsers/hartip/hartip_commands.h"

namespace picket::hartip {
namespace {

constexpr std::uint8_t kLastVersion = 2;
constexpr std::uint8_t kMaxPreambles = 20;
constexpr std::uint8_t kExtendedCommand = 31, kSendToSubDevice = 77, kReadAggregated = 78;
constexpr std::size_t kSessionBody = 5, kDirectHead = 2, kAuditRequest = 2, kAuditHead = 22;
constexpr unsigned kProbedMessages = 16;  // without proof: then it is something else

bool known_type(std::uint8_t type) noexcept { return type <= 2 || type == 15; }
bool known_id(MessageId id) noexcept { return !id_name(id).empty(); }

/// A length that lies would have the stream wait for it, so each message is allowed what it can need.
std::size_t max_length(MessageId id) noexcept {
  switch (id) {
    case MessageId::kSessionInitiate:
    case MessageId::kSessionClose:
    case MessageId::kKeepAlive:
      return 64;
    case MessageId::kTokenPassing:
      return 320;  // preambles, address, expansion, 255 bytes of data
    case MessageId::kDirect:
    case MessageId::kAuditLog:
      return kMaxLength;
    default:
      return 1024;
  }
}

/// What stands behind the preambles, up to the data's end. Of a frame for a sub-device that is all.
bool read_frame(Cursor& c, Pdu& p) noexcept {
  p.delimiter = c.u8();
  p.address = c.bytes(p.is_long() ? 5 : 1);
  p.expansion = c.bytes(p.delimiter >> 5 & 3);
  p.command = c.u8();
  p.count = c.u8();
  p.data = c.bytes(p.count);
  const std::uint8_t type = p.type();
  return c.ok() && (type == Pdu::kBack || type == Pdu::kStx || type == Pdu::kAck);
}

/// How much there is to say that a message is one.
enum class Proof : std::uint8_t { kNone, kSome, kSure };

Proof proof_of(const Frame& f) noexcept {
  if (!known_id(f.id)) return Proof::kNone;
  if (f.type == MessageType::kNak) return f.body.size() <= 1 ? Proof::kSome : Proof::kNone;
  const Message m = interpret(f);
  if (m.problems != 0) return Proof::kNone;
  const bool request = f.type == MessageType::kRequest;
  if (request && f.status != 0) return Proof::kNone;
  if (f.body.empty() && f.status != 0) return Proof::kSome;
  switch (f.id) {
    case MessageId::kSessionInitiate:
      return m.has_session && m.master_type <= 1 && m.inactivity_ms < 1U << 28 ? Proof::kSure : Proof::kNone;
    case MessageId::kTokenPassing:
      return m.has_pdu ? Proof::kSure : Proof::kNone;
    case MessageId::kDirect:
      return f.version == 2 && m.has_direct && !m.list.empty() ? Proof::kSure : Proof::kNone;
    case MessageId::kAuditLog:
      return f.version == 2 ? (request ? Proof::kSome : Proof::kSure) : Proof::kNone;
    case MessageId::kSessionClose:
    case MessageId::kKeepAlive:
      return f.body.empty() ? Proof::kSome : Proof::kNone;
    default:
      return Proof::kNone;
  }
}

}  // namespace

ParseResult parse(Cursor& in, Frame& frame) noexcept {
  const Bytes start = in.rest();
  // Say what is wrong as soon as it can be seen: what never comes is not waited for.
  if (!start.empty() && (start[0] == 0 || start[0] > kLastVersion))
    return ParseResult::malformed(Event::kInvalidHeader);
  if (start.size() > 1 && !known_type(start[1])) return ParseResult::malformed(Event::kInvalidHeader);
  Cursor c = in;
  Frame f;
  f.version = c.u8();
  f.type = static_cast<MessageType>(c.u8());
  f.id = static_cast<MessageId>(c.u8());
  f.status = c.u8();
  f.sequence = c.u16be();
  f.length = c.u16be();
  if (!c.ok()) return ParseResult::need_more(kHeaderSize);
  if (f.length < kHeaderSize || f.length > max_length(f.id))
    return ParseResult::malformed(Event::kInvalidLength);
  f.body = c.bytes(f.length - kHeaderSize);
  if (!c.ok()) return ParseResult::need_more(f.length);
  frame = f;
  in = c;
  return ParseResult::done();
}

std::uint64_t Pdu::device() const noexcept {
  if (address.size() == 1) return address[0] & 0x3f;
  std::uint64_t v = 0;
  for (const std::uint8_t b : address) v = v << 8 | b;
  return v & 0x3f'ffff'ffff;
}

bool read_pdu(Bytes body, Pdu& out, Bytes& rest) noexcept {
  Cursor c(body);
  Pdu p;
  while (c.peek() == 0xff && p.preambles < kMaxPreambles) {
    c.skip(1);
    ++p.preambles;
  }
  const Bytes from = c.rest();
  if (!read_frame(c, p)) return false;
  const Bytes checked = from.first(from.size() - c.left());
  p.check = c.u8();
  if (!c.ok()) return false;
  std::uint8_t sum = 0;
  for (const std::uint8_t b : checked) sum ^= b;
  p.has_check = true;
  p.check_right = sum == p.check;
  out = p;
  rest = c.rest();
  return true;
}

Message interpret(const Frame& f) noexcept {
  Message m;
  m.frame = f;
  Cursor c(f.body);
  const auto wrong = [&](Problem p, bool when = true) noexcept {
    if (when) m.problems |= p;
  };
  if (f.type == MessageType::kNak) return m;
  switch (f.id) {
    case MessageId::kSessionInitiate:
      m.master_type = c.u8();
      m.inactivity_ms = c.u32be();
      m.has_session = c.ok();
      // Who refuses may leave it out.
      wrong(kBadBody, f.body.size() != kSessionBody && !(f.body.empty() && f.status != 0));
      break;
    case MessageId::kSessionClose:
    case MessageId::kKeepAlive:
      wrong(kBadBody, !f.body.empty());
      break;
    case MessageId::kTokenPassing: {
      Bytes rest;
      m.has_pdu = read_pdu(f.body, m.pdu, rest);
      const bool of_device = m.pdu.of_device();
      wrong(kBadPdu, !(f.body.empty() && f.status != 0) &&
                         (!m.has_pdu || !rest.empty() || of_device != m.of_device() ||
                          (of_device && m.pdu.count < 2)));
      wrong(kBadCheck, m.has_pdu && !m.pdu.check_right);
      break;
    }
    case MessageId::kDirect:
      m.device_status = c.u8();
      m.extended_status = c.u8();
      m.has_direct = c.ok();
      m.list = c.rest();
      wrong(kBadBody, f.body.size() < kDirectHead && !(f.body.empty() && f.status != 0));
      break;
    case MessageId::kAuditLog:
      if (f.type == MessageType::kRequest) {
        wrong(kBadBody, f.body.size() != kAuditRequest);
      } else if (!f.body.empty() || f.status == 0) {
        c.skip(1);
        const std::uint8_t records = c.u8();
        c.skip(18);
        const std::uint16_t size = c.u16be();
        wrong(kBadBody, !c.ok() || c.left() != std::size_t{records} * size);
      }
      break;
    case MessageId::kDiscovery:
      break;
    default:
      wrong(kUnknownId);
  }
  CommandReader commands(m);
  for (Command one; commands.next(one);) {
    ItemReader items(layout_of(one), one.data);
    for (Item i; items.next(i);) {
    }
    // What was refused, and what only warns that it is not all there, need not hold anything.
    wrong(kBadCommand, items.cut() && (!one.has_code || one.code == 0));
  }
  wrong(m.has_direct ? kBadBody : kBadCommand, commands.malformed());
  wrong(kManyCommands, commands.truncated());
  return m;
}

CommandReader::CommandReader(const Message& m) noexcept : reply_(m.of_device()) {
  if (m.has_pdu) {
    pdu_ = m.pdu;
    reply_ = m.pdu.of_device();
    levels_[0] = {Cursor(m.pdu.data), Form::kToken};
  } else if (m.has_direct) {
    levels_[0] = {Cursor(m.list), Form::kList};
  }
}

void CommandReader::take_status(Command& c) noexcept {
  Cursor in(c.data);
  if (c.has_pdu && in.left() >= 2) {
    c.code = in.u8();
    c.device_status = in.u8();
    c.has_code = c.has_device_status = true;
  } else if (!c.has_pdu && !in.empty()) {
    c.code = in.u8();
    c.has_code = true;
  }
  c.data = in.rest();
}

/// One command of that level; false: nothing is left there.
bool CommandReader::read(Level& l, Command& c) noexcept {
  switch (l.form) {
    case Form::kToken:
      l.form = Form::kNone;
      c.pdu = pdu_;
      c.has_pdu = true;
      break;
    case Form::kSubDevice:
      l.form = Form::kNone;
      if (!read_frame(l.in, c.pdu)) {
        malformed_ = true;
        return false;
      }
      c.has_pdu = true;
      break;
    case Form::kList: {
      if (l.in.empty()) return false;
      c.number = l.in.u16be();
      c.data = l.in.bytes(l.in.u8());
      if (!l.in.ok()) {
        malformed_ = true;
        return false;
      }
      break;
    }
    case Form::kNone:
      return false;
  }
  c.reply = reply_;
  if (c.has_pdu) {
    c.number = c.pdu.command;
    c.data = c.pdu.data;
    c.reply = c.pdu.of_device();
  }
  if (c.reply) take_status(c);
  if (c.has_pdu && c.number == kExtendedCommand && c.data.size() >= 2) {
    Cursor in(c.data);
    c.number = in.u16be();
    c.data = in.rest();
  }
  return true;
}

void CommandReader::look_inside(const Command& c) noexcept {
  if (c.number != kSendToSubDevice && c.number != kReadAggregated) return;
  if (c.has_code && code_refuses(c.code)) return;
  Cursor in(c.data);
  // Card and channel, and in a request the preambles; or the extended status in a reply, and the count.
  in.skip(c.number == kSendToSubDevice ? (c.reply ? 2 : 3) : (c.reply ? 2 : 1));
  if (!in.ok() || in.empty()) return;
  if (depth_ + 1U >= levels_.size()) {
    truncated_ = true;
    return;
  }
  levels_[++depth_] = {in, c.number == kSendToSubDevice ? Form::kSubDevice : Form::kList};
}

bool CommandReader::next(Command& out) noexcept {
  for (;;) {
    Command c;
    c.depth = depth_;
    if (read(levels_[depth_], c)) {
      if (given_ == kMaxCommands) {
        truncated_ = true;
        return false;
      }
      ++given_;
      look_inside(c);
      out = c;
      return true;
    }
    if (depth_ == 0) return false;
    levels_[depth_--] = {};
  }
}

bool first_command(const Message& m, Command& out) noexcept { return CommandReader(m).next(out); }

bool status_refuses(std::uint8_t status) noexcept {
  // Warnings: a nearest value was taken, a version is not supported, an insecure session exists.
  return status != 0 && status != 8 && status != 14 && status != 30;
}

bool code_refuses(std::uint8_t code) noexcept {
  if ((code & 0x80) != 0) return true;
  // Warnings (TS20099, 7.3.4); 33 and 34 say that the answer comes later.
  const bool warns =
      code == 8 || code == 14 || (code >= 24 && code <= 27) || code == 30 || code == 31 || code >= 96;
  return code != 0 && !warns && code != 33 && code != 34;
}

std::size_t unpack_ascii(Bytes packed, std::span<char> out) noexcept {
  std::size_t n = 0;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const std::uint8_t b : packed) {
    bits = bits << 8 | b;
    have += 8;
    while (have >= 6 && n < out.size()) {
      have -= 6;
      const auto six = static_cast<std::uint8_t>(bits >> have & 0x3f);
      // The seventh bit is the sixth turned round.
      out[n++] = static_cast<char>(six | ((six & 0x20) != 0 ? 0 : 0x40));
    }
    bits &= 0xff;
  }
  while (n > 0 && out[n - 1] == ' ') --n;
  return n;
}

void read_texts(const Message& m, Texts& out) noexcept {
  CommandReader commands(m);
  for (Command c; commands.next(c);) {
    ItemReader items(layout_of(c), c.data);
    for (Item i; items.next(i);) {
      if (i.field == Field::kTag && !out.has_tag) {
        out.tag_size = static_cast<std::uint8_t>(unpack_ascii(i.raw, out.tag));
        out.has_tag = true;
      } else if (i.field == Field::kDescriptor && !out.has_descriptor) {
        out.descriptor_size = static_cast<std::uint8_t>(unpack_ascii(i.raw, out.descriptor));
        out.has_descriptor = true;
      } else if (i.field == Field::kMessage && !out.has_message) {
        out.message_size = static_cast<std::uint8_t>(unpack_ascii(i.raw, out.message));
        out.has_message = true;
      }
    }
  }
}

Probe message_starts(Bytes stream) noexcept {
  if (stream.size() > 2 && !known_id(static_cast<MessageId>(stream[2]))) return Probe::kNo;
  Cursor in(stream);
  Frame f;
  const ParseResult r = parse(in, f);
  if (r.kind == ParseResult::Kind::kNeedMore) return Probe::kUnsure;
  if (r.kind == ParseResult::Kind::kMalformed) return Probe::kNo;
  return proof_of(f) == Proof::kNone ? Probe::kNo : Probe::kYes;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  Cursor in(first);
  for (unsigned n = 0; n < kProbedMessages; ++n) {
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind == ParseResult::Kind::kMalformed) return Probe::kNo;
    if (r.kind == ParseResult::Kind::kNeedMore) {
      // Say no as soon as can be: other protocols wait for the answer.
      const Bytes rest = in.rest();
      if (rest.size() > 2 && !known_id(static_cast<MessageId>(rest[2]))) return Probe::kNo;
      const bool cut = transport == Transport::kUdp && !rest.empty();
      return cut ? Probe::kNo : Probe::kUnsure;
    }
    const Proof p = proof_of(f);
    if (p == Proof::kSure) return Probe::kYes;
    if (p == Proof::kNone) return Probe::kNo;
  }
  return Probe::kNo;
}

}  // namespace picket::hartip
