// parsers/snmp/snmp_parser.cc — one transaction a message; a response knows its request
//
// Requests and responses meet by request-id; of encrypted messages nothing but msgID is there to meet by. What is no message
// is an event by itself, and the next one is read as if nothing had been.
#include "parsers/snmp/snmp_parser.h"

#include "parsers/core/frames.h"

namespace picket::snmp {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

void report(Direction dir, std::uint64_t events, Transaction* tx, Sink& sink) noexcept {
  for (std::uint8_t i = 0; events != 0; ++i, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, i, tx);
  }
}

}  // namespace

SnmpParser::SnmpParser(const ParserContext& c) noexcept
    : max_waiting_(c.limits[kMaxRequests]),
      timeout_ns_(c.limits[kResponseTimeout] * kSecond),
      log_community_(c.limits[kCommunities] != 0) {}

Consumed SnmpParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  const auto starts = [dir](Bytes rest) noexcept { return probe(Transport::kTcp, dir, rest); };
  return read_frames(data, lost_[index(dir)], starts, [&](Cursor& in) noexcept {
    const Bytes rest = in.rest();
    ber::Element e;
    std::size_t length = 0;
    Cursor header = in;
    const bool begun = rest[0] == 0x30;
    if (begun && !ber::read_header(header, e, length) && rest.size() < 6)
      return ParseResult::need_more(rest.size() + 1);
    if (!begun || !header.ok() || length > kMaxMessage) {
      report(dir, bit(Event::kMalformedData) | bit(Event::kLostSync), nullptr, sink);
      return ParseResult::malformed(Event::kMalformedData);
    }
    const std::size_t whole = header.offset() - in.offset() + length;
    if (rest.size() < whole) return ParseResult::need_more(whole);
    Message m;
    if ((interpret(rest.first(whole), m) & bit(Event::kMalformedData)) != 0) {
      report(dir, bit(Event::kMalformedData) | bit(Event::kLostSync), nullptr, sink);
      return ParseResult::malformed(Event::kMalformedData);
    }
    on_message(dir, in.bytes(whole), sink);
    return ParseResult::done();
  });
}

void SnmpParser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, bit(Event::kGap), nullptr, sink);
  lost_[index(dir)] = true;
}

void SnmpParser::on_datagram(Direction dir, Bytes whole, Sink& sink) noexcept {
  on_message(dir, whole, sink);
}

void SnmpParser::on_message(Direction dir, Bytes whole, Sink& sink) noexcept {
  Exchange x;
  std::uint64_t odd = interpret(whole, x.message);
  if (x.message.version == 0) return report(dir, odd, nullptr, sink);
  x.from = dir;
  x.id = next_id_++;
  x.log_community = log_community_;
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
  if ((odd & bit(Event::kMalformedData)) == 0) odd |= pair(x, sink.time_ns());
  set_operation(x);
  report(dir, odd, &x, sink);
  sink.advance(x, dir, kOtWhole);
  sink.done(x);
}

/// Notes a request, or finds the one that a response is to.
std::uint64_t SnmpParser::pair(Exchange& x, std::uint64_t now) noexcept {
  const Message& m = x.message;
  const bool encrypted = m.pdu == Pdu::kEncrypted;
  const bool answers = m.pdu == Pdu::kResponse || m.pdu == Pdu::kReport;
  // Who asks says by the flags of version 3 whether an answer is wanted, also where the rest is encrypted.
  const bool asks = m.is_request() || (encrypted && (m.flags & kReportable) != 0);
  const bool by_message = m.version == 3;
  const std::int64_t id = by_message ? m.message_id : m.request_id;
  if (asks) {
    Request* room = &waiting_[0];
    for (std::size_t i = 0; i < max_waiting_; ++i) {
      Request& r = waiting_[i];
      if (r.since_ns == 0 || (r.id == id && r.by_message == by_message && r.from == x.from)) {
        room = &r;
        break;
      }
      if (r.since_ns < room->since_ns) room = &r;
    }
    const bool full = room->since_ns != 0 && room->id != id && now <= room->since_ns + timeout_ns_;
    *room = {now, id, m.variable_count, m.pdu, m.version, by_message, x.from};
    asked_[index(x.from)] = true;
    return full ? bit(Event::kTooManyRequests) : 0;
  }
  if (!answers && !encrypted) return 0;
  for (Request& r : waiting_) {
    if (r.since_ns == 0 || r.id != id || r.by_message != by_message || r.from == x.from) continue;
    const std::uint64_t since = r.since_ns;
    r.since_ns = 0;
    if (now > since + timeout_ns_) break;
    x.paired = true;
    x.answers = r.pdu;
    x.response_us = (now - since) / 1000;
    if (r.version != m.version) return bit(Event::kVersionMismatch);
    // A response has the variables of its request, but for GetBulk's, and where it could not say them.
    const bool same = r.pdu == Pdu::kGetBulk || m.pdu != Pdu::kResponse || m.error_status != 0 ||
                      r.pdu == Pdu::kEncrypted || r.variables == m.variable_count;
    return same ? 0 : bit(Event::kVariableMismatch);
  }
  // Where the requests are not seen there is nothing odd about it.
  return m.pdu == Pdu::kResponse && asked_[index(reverse(x.from))] ? bit(Event::kUnsolicitedResponse) : 0;
}

}  // namespace picket::snmp
