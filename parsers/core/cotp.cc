#include "parsers/core/cotp.h"

namespace picket::cotp {
namespace {

constexpr std::uint8_t kEndOfMessage = 0x80;
constexpr unsigned kMinTpdu = 2;                     // LI and code
constexpr unsigned kProbedTpdus = 8;                 // before the first data: then it is something else
constexpr std::uint8_t kMinSize = 7, kMaxSize = 13;  // TPDU size is 2 to the power of it

enum Parameter : std::uint8_t { kTpduSize = 0xc0, kCalling = 0xc1, kCalled = 0xc2 };

Type type_of(std::uint8_t code) noexcept {
  // The low bits of CR and CC are a credit, zero in class 0.
  const auto high = static_cast<Type>(code & 0xf0);
  return high == Type::kConnectRequest || high == Type::kConnectConfirm ? high : static_cast<Type>(code);
}

void parameters(Cursor c, Tpdu& t) noexcept {
  while (c.left() >= 2) {
    const std::uint8_t code = c.u8();
    const Bytes value = c.bytes(c.u8());
    if (!c.ok()) return;
    if (code == kTpduSize && value.size() == 1 && value[0] >= kMinSize && value[0] <= kMaxSize) {
      t.tpdu_size = 1U << value[0];
    }
    if (code == kCalling) t.calling = value;
    if (code == kCalled) t.called = value;
  }
}

/// Header lengths (LI) that a type can have in class 0.
bool length_fits(Type type, std::uint8_t li) noexcept {
  switch (type) {
    case Type::kConnectRequest:
    case Type::kConnectConfirm:
    case Type::kDisconnectRequest:
      return li >= 6;
    case Type::kDisconnectConfirm:
      return li >= 5;
    case Type::kError:
      return li >= 4;
    case Type::kData:
      return li == 2 || li == 4;  // with a destination reference in other classes
  }
  return li >= 1;
}

}  // namespace

bool parse_tpdu(Bytes all, Tpdu& tpdu) noexcept {
  Cursor in(all);
  const std::uint8_t li = in.u8();
  Cursor c(in.bytes(li));
  if (!in.ok()) return false;
  Tpdu t;
  t.all = all;
  t.data = in.rest();
  t.type = type_of(c.u8());
  if (!c.ok() || !length_fits(t.type, li)) return false;
  switch (t.type) {
    case Type::kConnectRequest:
    case Type::kConnectConfirm:
      t.destination = c.u16be();
      t.source = c.u16be();
      t.tpdu_class = c.u8() >> 4;
      parameters(c, t);
      break;
    case Type::kDisconnectRequest:
      t.destination = c.u16be();
      t.source = c.u16be();
      t.cause = c.u8();
      break;
    case Type::kDisconnectConfirm:
      t.destination = c.u16be();
      t.source = c.u16be();
      break;
    case Type::kError:
      t.destination = c.u16be();
      t.cause = c.u8();
      break;
    case Type::kData:
      if (li == 4) t.destination = c.u16be();
      t.end = (c.u8() & kEndOfMessage) != 0;
      break;
  }
  tpdu = t;
  return true;
}

ParseResult parse(Cursor& in, Tpdu& tpdu) noexcept {
  Cursor c = in;  // read from a copy: the caller sees all of a TPKT or nothing
  const Bytes seen = c.rest();
  // What cannot be is told before all of it is there.
  if (!seen.empty() && seen[0] != 3) return ParseResult::malformed(0);
  c.skip(2);
  const std::uint16_t length = c.u16be();
  if (!c.ok()) return ParseResult::need_more(kTpktHeader);
  if (length < kTpktHeader + kMinTpdu || length > kMaxTpkt) return ParseResult::malformed(0);
  const Bytes all = c.bytes(length - kTpktHeader);
  if (!c.ok()) return ParseResult::need_more(length);
  if (!parse_tpdu(all, tpdu)) return ParseResult::malformed(0);
  in = c;
  return ParseResult::done();
}

Probe header_starts(Bytes s) noexcept {
  Cursor c(s);
  const std::uint8_t version = c.u8();
  if (c.ok() && version != 3) return Probe::kNo;
  if (c.u8() != 0) return Probe::kNo;
  const std::uint16_t length = c.u16be();
  if (c.ok() && (length < kTpktHeader + kMinTpdu || length > kMaxTpkt)) return Probe::kNo;
  const std::uint8_t li = c.u8();
  if (c.ok() && (li == 0xff || kTpktHeader + 1U + li > length)) return Probe::kNo;
  const Type type = type_of(c.u8());
  if (!c.ok()) return Probe::kUnsure;
  return !type_name(type).empty() && length_fits(type, li) ? Probe::kYes : Probe::kNo;
}

Probe first_data(Bytes first, Bytes& data) noexcept {
  std::size_t at = 0;
  for (unsigned n = 0; n < kProbedTpdus; ++n) {
    const Bytes rest = first.subspan(at);
    if (const Probe p = header_starts(rest); p != Probe::kYes) return p;
    const std::size_t length = std::size_t{rest[2]} << 8 | rest[3];
    const std::size_t header = kTpktHeader + 1U + rest[4];
    const Type type = type_of(rest[5]);
    if (type == Type::kData) {
      // What is there of a long piece is enough to tell who it is.
      if (rest.size() > header && length > header) {
        data = rest.subspan(header, std::min(rest.size(), length) - header);
        return Probe::kYes;
      }
      if (length > header) return Probe::kUnsure;
    } else if (type != Type::kConnectRequest && type != Type::kConnectConfirm) {
      return Probe::kNo;  // a connection that was refused says nothing of its user
    }
    if (rest.size() < length) return Probe::kUnsure;
    at += length;
  }
  return Probe::kNo;
}

std::string_view type_name(Type t) noexcept {
  switch (t) {
    case Type::kError:
      return "ER";
    case Type::kDisconnectRequest:
      return "DR";
    case Type::kDisconnectConfirm:
      return "DC";
    case Type::kConnectConfirm:
      return "CC";
    case Type::kConnectRequest:
      return "CR";
    case Type::kData:
      return "DT";
  }
  return {};
}

// X.224, 13.5.3: 128 and more are of other classes, but servers send them in class 0, too.
std::string_view disconnect_reason(std::uint8_t cause) noexcept {
  switch (cause) {
    case 0:
      return "not specified";
    case 1:
      return "congestion at TSAP";
    case 2:
      return "nobody is attached to TSAP";
    case 3:
      return "address unknown";
    case 128:
      return "normal";
    case 129:
      return "remote transport entity is congested";
    case 130:
      return "negotiation failed";
    case 131:
      return "duplicate source reference";
    case 132:
      return "references do not match";
    case 133:
      return "protocol error";
    case 135:
      return "reference overflow";
    case 136:
      return "connection refused";
    case 138:
      return "header or parameter length is invalid";
    default:
      return {};
  }
}

std::string_view reject_cause(std::uint8_t cause) noexcept {
  switch (cause) {
    case 0:
      return "not specified";
    case 1:
      return "invalid parameter code";
    case 2:
      return "invalid TPDU type";
    case 3:
      return "invalid parameter value";
    default:
      return {};
  }
}

Reassembler::Outcome Reassembler::add(const Tpdu& piece, std::size_t limit, Bytes& message) noexcept {
  if (!open_) held_.clear();
  if (dropping_) {
    if (piece.end) reset();
    return Outcome::kPiece;
  }
  if (!open_ && piece.end) {
    if (piece.data.empty()) return Outcome::kPiece;
    if (piece.data.size() > limit) return Outcome::kTooLarge;
    message = piece.data;
    return Outcome::kWhole;
  }
  if (held_.size() + piece.data.size() > limit || !held_.append(piece.data)) {
    held_.reset();
    dropping_ = open_ = !piece.end;
    return Outcome::kTooLarge;
  }
  open_ = !piece.end;
  message = held_.view();
  return open_ || message.empty() ? Outcome::kPiece : Outcome::kWhole;
}

void Reassembler::reset() noexcept {
  held_.reset();
  open_ = dropping_ = false;
}

}  // namespace picket::cotp
