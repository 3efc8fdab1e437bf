#include "parsers/iec104/iec104.h"

#include <algorithm>

namespace picket::iec104 {
namespace {

constexpr unsigned kProbedFrames = 16;  // without proof: then it is something else

/// By Group: the causes that ASDUs of it may have (5-101 §7.4, widened where stations differ); bit n is cause n.
constexpr std::uint64_t causes(unsigned first, unsigned last) noexcept {
  return ((std::uint64_t{2} << (last - first)) - 1) << first;
}
constexpr std::uint64_t kRefused = causes(44, 47);
constexpr std::uint64_t kAllowedCauses[] = {
    causes(1, 3) | causes(5, 5) | causes(11, 12) | causes(20, 41) | kRefused,  // kMonitor
    causes(6, 10) | kRefused,                                                  // kCommand
    causes(4, 4),                                                              // kInitialized
    causes(3, 3) | causes(5, 10) | kRefused,                                   // kSystem
    causes(5, 9) | causes(20, 36) | kRefused,                                  // kParameter
    causes(3, 3) | causes(5, 5) | causes(13, 13) | kRefused,                   // kFile
    ~std::uint64_t{0},                                                         // kSecurity
};

bool known_cause(std::uint8_t cause) noexcept { return !cause_name(cause).empty(); }

/// Commands and what answers them have one object each, whatever the number could say.
bool one_object(const TypeInfo& info) noexcept {
  constexpr std::uint8_t kDirectory = 126;
  if (info.id == kDirectory) return false;
  return info.group != Group::kMonitor && info.group != Group::kSecurity;
}

/// What is wrong with the elements of an object.
std::uint16_t problems_of(const Object& o) noexcept {
  std::uint16_t found = 0;
  for (const Time* t : {&o.time, &o.until}) {
    if (t->size != 0 && !t->invalid && !t->possible()) found |= kTime;
  }
  switch (o.value_part) {
    case Part::kDco:
    case Part::kRco:  // 0 and 3 are not permitted
      if (o.state != State::kOff && o.state != State::kOn) found |= kValue;
      break;
    case Part::kR32:  // neither infinite nor no number
      if (!(o.value >= -3.5e38 && o.value <= 3.5e38)) found |= kValue;
      break;
    default:
      break;
  }
  if (o.qualifier_part == Part::kQoi && (o.qualifier < 20 || (o.qualifier > 36 && o.qualifier < 64)))
    found |= kValue;
  if (o.qualifier_part == Part::kFbp && o.qualifier != 0x55aa) found |= kValue;
  return found;
}

/// Counts the objects that are there, and looks at each.
void look_at_objects(Asdu& a) noexcept {
  const TypeInfo& info = *a.info;
  if (a.number == 0 || (one_object(info) && (a.number != 1 || a.sequence))) a.problems |= kCount;
  Cursor c(a.bytes.subspan(kAsduHeader));
  if (info.parts[0] == Part::kNone && info.group == Group::kSecurity) return;
  // A segment says its own length, so that only the first one has a known place.
  const unsigned most = info.parts[2] == Part::kSegment ? std::min<unsigned>(a.number, 1) : a.number;
  for (unsigned i = 0; i < most; ++i) {
    if (i == 0 || !a.sequence) c.skip(3);
    if (!c.ok()) break;
    c.skip(element_size(info, c.rest()));
    if (!c.ok()) break;
    ++a.objects;
  }
  if (!c.ok() || !c.empty()) a.problems |= kLength;
  Object o;
  for (unsigned i = 0; i < a.objects && object_at(a, i, o); ++i) a.problems |= problems_of(o);
}

/// Type or number of an ASDU that no station sends, or a cause where nothing else is known; its objects need not be
/// there.
bool no_header(Bytes asdu) noexcept {
  const Asdu a = interpret(asdu);
  return (a.problems & (kType | kCount | (a.info == nullptr ? kCause : 0))) != 0;
}

/// What a type says of the length of its objects, and fits, is no chance. Who scans stations sends what else is wrong.
bool fits_its_type(const Asdu& a) noexcept {
  return a.objects != 0 && (a.problems & (kCount | kLength | kAddress)) == 0;
}

/// kYes: an APDU; `proof` that it is no other protocol's bytes, `right` that nothing is wrong with it.
Probe starts(Bytes stream, bool& proof, bool& right) noexcept {
  proof = right = false;
  // Say no as soon as can be: other protocols wait for the answer.
  if (!stream.empty() && stream[0] != kStart) return Probe::kNo;
  if (stream.size() > 1 && (stream[1] < kControlSize || stream[1] > kMaxLength)) return Probe::kNo;
  if (stream.size() < kPrefixSize + kControlSize) return Probe::kUnsure;
  Cursor in(stream);
  Frame f;
  const ParseResult r = parse(in, f);
  if (r.kind == ParseResult::Kind::kMalformed) return Probe::kNo;
  constexpr std::size_t kObjects = kPrefixSize + kControlSize + kAsduHeader;
  if (r.kind == ParseResult::Kind::kNeedMore) {
    return stream.size() >= kObjects && no_header(stream.subspan(kObjects - kAsduHeader)) ? Probe::kNo
                                                                                          : Probe::kUnsure;
  }
  if (f.format != Format::kI) {
    proof = right = f.format == Format::kU;
    return Probe::kYes;
  }
  const Asdu a = interpret(f.asdu);
  if ((a.problems & (kShort | kLength)) != 0 || no_header(f.asdu)) return Probe::kNo;
  proof = fits_its_type(a);
  right = proof && a.problems == 0;
  return Probe::kYes;
}

}  // namespace

ParseResult parse(Cursor& in, Frame& frame) noexcept {
  Cursor c = in;  // read from a copy: the caller sees all of a frame or nothing
  if (c.u8() != kStart && c.ok()) return ParseResult::malformed(Event::kInvalidStart);
  const std::uint8_t length = c.u8();
  if (!c.ok()) return ParseResult::need_more(kPrefixSize);  // no more: a bad length is told at once
  if (length < kControlSize || length > kMaxLength) return ParseResult::malformed(Event::kInvalidLength);
  const std::uint16_t first = c.u16le(), second = c.u16le();
  if (!c.ok()) return ParseResult::need_more(kPrefixSize + kControlSize);
  Frame f;
  f.send = first >> 1;
  f.receive = second >> 1;
  const bool bare = length == kControlSize;
  if ((first & 1) == 0) {
    if ((second & 1) != 0) return ParseResult::malformed(Event::kInvalidControl);
    if (bare) return ParseResult::malformed(Event::kShortAsdu);
  } else if (first == 1) {
    if (!bare || (second & 1) != 0) return ParseResult::malformed(Event::kInvalidControl);
    f.format = Format::kS;
  } else {
    const unsigned function = first & 0xfc;
    const bool one = function != 0 && (function & (function - 1)) == 0;
    if (!bare || second != 0 || (first & 0xff03) != 3 || !one)
      return ParseResult::malformed(Event::kInvalidControl);
    f.format = Format::kU;
    f.function = static_cast<LinkFunction>(function);
  }
  f.asdu = c.bytes(length - kControlSize);
  if (!c.ok()) return ParseResult::need_more(kPrefixSize + length);
  frame = f;
  in = c;
  return ParseResult::done();
}

Asdu interpret(Bytes bytes) noexcept {
  Asdu a;
  a.bytes = bytes;
  Cursor c(bytes);
  a.type = c.u8();
  const std::uint8_t number = c.u8(), cause = c.u8();
  a.originator = c.u8();
  a.common_address = c.u16le();
  a.info = type_info(a.type);
  a.number = number & 0x7f;
  a.sequence = (number & 0x80) != 0;
  a.cause = cause & 0x3f;
  a.negative = (cause & 0x40) != 0;
  a.test = (cause & 0x80) != 0;
  if (!c.ok()) {
    a.problems = kShort;
    a.info = nullptr;
    return a;
  }
  if (!known_cause(a.cause)) a.problems |= kCause;
  if (a.common_address == 0) a.problems |= kAddress;
  if (a.info == nullptr) {
    // From 128 on types are their users' own.
    if (a.type < 128) a.problems |= kType;
    return a;
  }
  const auto group = static_cast<std::size_t>(a.info->group);
  if ((kAllowedCauses[group] >> a.cause & 1) == 0) a.problems |= kCauseOfType;
  look_at_objects(a);
  return a;
}

std::uint32_t Asdu::first_address() const noexcept {
  Cursor c(bytes);
  c.skip(kAsduHeader);
  return c.u24le();
}

const Message* message_of(const Exchange& x, Direction dir, unsigned n) noexcept {
  if (x.format != Format::kI) return nullptr;
  if (dir == x.from) return x.opened && n == 0 ? &x.command : nullptr;
  if (x.confirmed && n == 0) return &x.confirmation;
  return x.terminated && n == (x.confirmed ? 1U : 0U) ? &x.termination : nullptr;
}

Probe frame_starts(Bytes stream) noexcept {
  bool proof = false, right = false;
  const Probe p = starts(stream, proof, right);
  if (p != Probe::kYes || right) return p;
  // An S frame is short, and a private type may hold anything: it is one where another APDU starts behind it.
  return starts(stream.subspan(kPrefixSize + stream[1]), proof, right);
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport != Transport::kTcp) return Probe::kNo;
  for (unsigned frames = 0; frames < kProbedFrames; ++frames) {
    bool proof = false, right = false;
    const Probe p = starts(first, proof, right);
    if (p != Probe::kYes || proof) return p;
    // An acknowledgement, a private type: no proof, and nothing against it.
    first = first.subspan(kPrefixSize + first[1]);
  }
  return Probe::kNo;
}

}  // namespace picket::iec104
