// parsers/rasta/rasta_parser.cc — one transaction a PDU; responses know their requests, reports of elements their commands
//
// What is no PDU is an event by itself, and the next one is read as if nothing had been. A PDU whose codes are wrong is told,
// but nothing follows from it: its receiver throws it away.
#include "parsers/rasta/rasta_parser.h"

#include <algorithm>

#include "parsers/core/frames.h"

namespace picket::rasta {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

void report(Direction dir, std::uint64_t events, Transaction* tx, Sink& sink) noexcept {
  for (std::uint8_t i = 0; events != 0; ++i, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, i, tx);
  }
}

Md4Initial initial_of(std::span<const std::uint64_t> limits) noexcept {
  Md4Initial out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint32_t>(limits[kMd4A + i]);
  return out;
}

}  // namespace

RastaParser::RastaParser(const ParserContext& c) noexcept
    : response_ns_(c.limits[kResponseTimeout] * kSecond),
      supervision_({static_cast<std::uint32_t>(c.limits[kTMax]),
                    static_cast<std::uint32_t>(c.limits[kSendMax]), response_ns_}) {
  codes_.md4 = initial_of(c.limits);
}

Consumed RastaParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  const auto starts = [dir](Bytes rest) noexcept { return probe(Transport::kTcp, dir, rest); };
  return read_frames(data, lost_[index(dir)], starts, [&](Cursor& in) noexcept {
    const Bytes rest = in.rest();
    const Probe fits = lengths_fit(rest);
    if (fits == Probe::kUnsure) return ParseResult::need_more(kLengthsEnd);
    const std::size_t length = Cursor(rest).u16le();
    if (fits == Probe::kNo) {
      report(dir, bit(Event::kMalformedPdu) | bit(Event::kLostSync), nullptr, sink);
      return ParseResult::malformed(Event::kMalformedPdu);
    }
    if (rest.size() < length) return ParseResult::need_more(length);
    on_pdu(dir, in.bytes(length), sink);
    return ParseResult::done();
  });
}

void RastaParser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, bit(Event::kGap), nullptr, sink);
  lost_[index(dir)] = true;
}

void RastaParser::on_datagram(Direction dir, Bytes whole, Sink& sink) noexcept { on_pdu(dir, whole, sink); }

void RastaParser::on_pdu(Direction dir, Bytes whole, Sink& sink) noexcept {
  Message m;
  std::uint64_t odd = interpret(whole, codes_, m.pdu);
  if ((odd & bit(Event::kMalformedPdu)) != 0) return report(dir, odd, nullptr, sink);
  const std::uint64_t now = sink.time_ns();
  m.id = next_id_++;
  m.from = dir;
  (dir == Direction::kToServer ? m.has_request : m.has_reply) = true;
  learn_codes(m.pdu, odd);
  m.md4 = codes_.md4_fits;
  odd |= read_messages(m);
  bool counts = false;
  if ((odd & (bit(Event::kWrongCheckCode) | bit(Event::kWrongSafetyCode))) == 0) {
    const Supervision::Word word = supervision_.see(dir, m.pdu, now);
    odd |= word.odd;
    counts = word.counts;
    m.answers = word.answers;
    if (word.answers != Type{}) m.response_us = (now - word.since_ns) / 1000;
  }
  m.state = supervision_.state();
  for (unsigned i = 0; counts && i < m.messages_told(); ++i) pair(m, m.messages[i], now);
  set_operation(m);
  report(dir, odd, &m, sink);
  sink.advance(m, dir, kOtWhole);
  sink.done(m);
}

/// Where a PDU says beyond doubt how long its safety code is, and whose it is.
void RastaParser::learn_codes(const Pdu& p, std::uint64_t odd) noexcept {
  if (!p.check_ok ||
      (odd & (bit(Event::kInvalidPayload) | bit(Event::kUnknownType) | bit(Event::kWrongSafetyCode))) != 0)
    return;
  if (p.carries_data() && !p.safety_ok) return;
  codes_.safety_known = true;
  codes_.safety_bytes = static_cast<std::uint8_t>(p.safety_code.size());
  codes_.md4_fits = p.safety_ok;
}

std::uint64_t RastaParser::read_messages(Message& m) noexcept {
  if (m.pdu.message_count == 0) return 0;
  std::uint64_t odd = m.pdu.message_count > kMaxMessages ? bit(Event::kTooManyMessages) : 0;
  Cursor in(m.pdu.payload);
  Bytes bytes;
  for (unsigned i = 0; i < m.messages_told() && next_message(in, bytes); ++i) {
    sci::Telegram& t = m.messages[i];
    t = sci::read(bytes);
    if (t.there && t.def == nullptr) odd |= bit(Event::kUnknownTelegram);
    if (t.cut || (!t.there && sci_)) odd |= bit(Event::kMalformedTelegram);
    if (t.swapped) odd |= bit(Event::kTelegramByteOrder);
    sci_ = sci_ || t.there;
  }
  return odd;
}

/// Notes a command, or finds the one that a telegram says is done, or is not.
void RastaParser::pair(Message& m, sci::Telegram& t, std::uint64_t now) noexcept {
  if (t.def == nullptr) return;
  const Bytes element = sci::element(t);
  const auto same = [&](const Command& c) noexcept {
    return c.def != nullptr && c.protocol == t.protocol && std::ranges::equal(c.name(), element);
  };
  if (t.def->from == sci::Side::kCommander) {
    Command* room = &waiting_[0];
    for (Command& c : waiting_) {
      if (c.def == nullptr || (same(c) && c.def == t.def)) {
        room = &c;
        break;
      }
      if (c.since_ns < room->since_ns) room = &c;
    }
    room->def = t.def;
    room->element_size = static_cast<std::uint8_t>(element.size());
    std::ranges::copy(element, room->element.begin());
    room->protocol = t.protocol;
    room->from = m.from;
    room->since_ns = now;
    return;
  }
  if (t.def->answers == 0 || (t.def->not_yet != 0 && !t.payload.empty() && t.payload[0] == t.def->not_yet))
    return;
  for (Command& c : waiting_) {
    if (!same(c) || c.def->type != t.def->answers || c.from == m.from) continue;
    if (now <= c.since_ns + response_ns_) {
      t.answers = c.def->name;
      t.response_us = (now - c.since_ns) / 1000;
    }
    c.def = nullptr;
    return;
  }
}

}  // namespace picket::rasta
