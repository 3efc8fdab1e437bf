#include "parsers/rasta/rasta.h"

#include <algorithm>

namespace picket::rasta {
namespace {

constexpr std::size_t kMaxCheckCode = 4;
constexpr std::array<std::size_t, 3> kSafetySizes = {0, 8, 16};

/// Of a PDU whose payload is always as long; -1: of none.
constexpr std::int32_t payload_size(Type t) noexcept {
  switch (t) {
    case Type::kConnectionRequest:
    case Type::kConnectionResponse:
      return 14;
    case Type::kRetransmissionRequest:
    case Type::kRetransmissionResponse:
    case Type::kHeartbeat:
      return 0;
    case Type::kDisconnectionRequest:
      return 4;
    case Type::kData:
    case Type::kRetransmittedData:
      break;
  }
  return -1;
}

/// How many messages there are; 0: they do not fill it.
std::uint32_t count_messages(Bytes payload) noexcept {
  Cursor in(payload);
  std::uint32_t n = 0;
  for (Bytes message; next_message(in, message);) ++n;
  return in.ok() ? n : 0;
}

/// Lengths say where it ends, and which options it may be of.
bool read_check_code(Bytes whole, std::size_t safety_length, Pdu& p) noexcept {
  p.check_code = whole.subspan(kRedundancyHeader + safety_length);
  const Bytes covered = whole.first(kRedundancyHeader + safety_length);
  std::uint32_t said = 0;
  for (std::size_t i = p.check_code.size(); i-- > 0;) said = said << 8 | p.check_code[i];
  const auto fits = [&](CheckOption o) noexcept {
    return check_code(o, covered) == said && (p.option = o, true);
  };
  switch (p.check_code.size()) {
    case 0:
      p.option = CheckOption::kNone;
      return p.check_ok = true;
    case 2:
      p.option = CheckOption::kDOrE;
      p.check_ok = fits(CheckOption::kD) || fits(CheckOption::kE);
      return true;
    case kMaxCheckCode:
      p.option = CheckOption::kBOrC;
      p.check_ok = fits(CheckOption::kB) || fits(CheckOption::kC);
      return true;
    default:
      return false;
  }
}

/// How much of `body`, which is payload and safety code, is safety code. False: nothing fits, and it is a guess.
bool safety_size(const Pdu& p, Bytes body, const Codes& codes, std::size_t& out) noexcept {
  const std::int32_t fixed = payload_size(p.type);
  const auto fits = [&](std::size_t n) noexcept {
    if (n > body.size()) return false;
    if (fixed >= 0) return body.size() == static_cast<std::size_t>(fixed) + n;
    return p.carries_data() && count_messages(body.first(body.size() - n)) != 0;
  };
  out = codes.safety_known && codes.safety_bytes <= body.size() ? codes.safety_bytes : 0;
  if (codes.safety_known && fits(codes.safety_bytes)) return true;
  // That messages fill more bytes than they should is the least likely.
  const auto* const found = std::find_if(kSafetySizes.begin(), kSafetySizes.end(), fits);
  if (found != kSafetySizes.end()) out = *found;
  return found != kSafetySizes.end();
}

std::uint64_t read_payload(Pdu& p) noexcept {
  Cursor in(p.payload);
  if (p.opens()) {
    p.version = in.bytes(4);
    p.send_max = in.u16le();
    p.has_send_max = in.ok();
    const bool digits =
        std::all_of(p.version.begin(), p.version.end(), [](std::uint8_t c) { return c >= '0' && c <= '9'; });
    return digits && p.version.size() == 4 ? 0 : bit(Event::kInvalidVersion);
  }
  if (p.type == Type::kDisconnectionRequest) {
    p.detail = in.u16le();
    p.reason = in.u16le();
    p.has_reason = in.ok();
  } else if (p.carries_data()) {
    p.message_count = count_messages(p.payload);
  }
  return 0;
}

}  // namespace

bool next_message(Cursor& in, Bytes& message) noexcept {
  if (in.empty()) return false;
  const std::uint16_t length = in.u16le();
  message = in.bytes(length);
  return in.ok();
}

std::uint64_t interpret(Bytes whole, const Codes& codes, Pdu& p) noexcept {
  constexpr std::uint64_t kMalformed = bit(Event::kMalformedPdu);
  if (whole.size() < kMinPdu) return kMalformed;
  Cursor in(whole);
  p.length = in.u16le();
  p.reserve = in.u16le();
  p.channel_sequence = in.u32le();
  const std::uint16_t length = in.u16le();
  if (p.length != whole.size() || length < kSafetyHeader || kRedundancyHeader + length > whole.size())
    return kMalformed;
  if (!read_check_code(whole, length, p)) return kMalformed;
  p.whole = whole.subspan(kRedundancyHeader, length);
  p.type = static_cast<Type>(in.u16le());
  p.receiver = in.u32le();
  p.sender = in.u32le();
  p.sequence = in.u32le();
  p.confirmed = in.u32le();
  p.timestamp_ms = in.u32le();
  p.confirmed_timestamp_ms = in.u32le();

  std::uint64_t odd = 0;
  if (p.reserve != 0) odd |= bit(Event::kReserveNotZero);
  if (!p.check_ok) odd |= bit(Event::kWrongCheckCode);
  const Bytes body = p.whole.subspan(kSafetyHeader);
  std::size_t code = 0;
  const bool fits = safety_size(p, body, codes, code);
  p.payload = body.first(body.size() - code);
  p.safety_code = body.last(code);
  if (code != 0) {
    const auto digest = md4(codes.md4, p.whole.first(p.whole.size() - code));
    p.safety_ok = std::equal(p.safety_code.begin(), p.safety_code.end(), digest.begin());
    if (codes.md4_fits && !p.safety_ok) odd |= bit(Event::kWrongSafetyCode);
  }
  if (type_name(p.type).empty()) return odd | bit(Event::kUnknownType);
  odd |= read_payload(p);
  return fits ? odd : odd | bit(Event::kInvalidPayload);
}

Probe lengths_fit(Bytes first) noexcept {
  Cursor in(first);
  const std::size_t length = in.u16le();
  in.skip(kRedundancyHeader - 2);
  const std::size_t inner = in.u16le();
  if (!in.ok()) return Probe::kUnsure;
  if (inner < kSafetyHeader || length < kRedundancyHeader + inner) return Probe::kNo;
  const std::size_t code = length - kRedundancyHeader - inner;
  return code <= kMaxCheckCode && code % 2 == 0 ? Probe::kYes : Probe::kNo;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport == Transport::kUdp) {
    Pdu p;
    return interpret(first, {}, p) == 0 && p.sender != p.receiver ? Probe::kYes : Probe::kNo;
  }
  Cursor in(first);
  const std::uint16_t length = in.u16le();
  if (in.ok() && length < kMinPdu) return Probe::kNo;
  const std::uint16_t reserve = in.u16le();
  if (in.ok() && reserve != 0) return Probe::kNo;
  if (lengths_fit(first) == Probe::kNo) return Probe::kNo;
  in.skip(6);
  const auto type = static_cast<Type>(in.u16le());
  if (in.ok() && type_name(type).empty()) return Probe::kNo;
  const std::uint32_t receiver = in.u32le(), sender = in.u32le();
  if (!in.ok()) return Probe::kUnsure;
  return sender != receiver ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::rasta
