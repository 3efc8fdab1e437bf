#include "parsers/dnp3/dnp3_parser.h"

#include <algorithm>

namespace picket::dnp3 {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::uint64_t hash_of(Bytes b) noexcept {  // FNV-1a
  std::uint64_t h = 0xcbf29ce484222325;
  for (const std::uint8_t c : b) h = (h ^ c) * 0x100000001b3;
  return h;
}

bool authenticates(const Pending& p) noexcept {
  return p.asked.function == static_cast<std::uint8_t>(Function::kAuthenticationRequest);
}

}  // namespace

Consumed Dnp3Parser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  bool& lost = lost_[index(dir)];
  std::size_t at = 0;
  while (at < data.size()) {
    if (lost) {
      at = next_header(data, at);
      if (data.size() - at < kHeaderSize) return Consumed::partly(at, at == data.size() ? 0 : kHeaderSize);
      lost = false;
    }
    Cursor in(data.subspan(at));
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(at, r.need);
    if (r.kind == ParseResult::Kind::kMalformed) {
      // Nothing of a broken frame is believed, not its length either: the next header may stand inside of it.
      sink.event(dir, r.event, nullptr);
      lost = true;
      ++at;
      continue;
    }
    on_frame(dir, f, sink);
    at += in.offset();
  }
  return Consumed::all(at);
}

void Dnp3Parser::on_datagram(Direction dir, Bytes data, Sink& sink) noexcept {
  std::size_t at = 0;
  while (at < data.size()) {
    Cursor in(data.subspan(at));
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind != ParseResult::Kind::kDone) {
      // A header may lie about its length, and another frame stand behind it.
      const bool cut = r.kind == ParseResult::Kind::kNeedMore;
      sink.event(dir, cut ? static_cast<std::uint8_t>(Event::kTruncatedFrame) : r.event, nullptr);
      at = next_header(data, at + 1);
      continue;
    }
    on_frame(dir, f, sink);
    at += in.offset();
  }
}

void Dnp3Parser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, Event::kGap, nullptr, sink);
  lost_[index(dir)] = true;
}

void Dnp3Parser::report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
  sink.event(dir, static_cast<std::uint8_t>(e), tx);
}

void Dnp3Parser::on_frame(Direction dir, const Frame& f, Sink& sink) noexcept {
  if (f.link.carries_data()) return on_segment(dir, f, sink);
  Message m;
  start(m, f.link, dir, sink);
  // An acknowledgement comes with every confirmed frame and tells nothing by itself.
  m.silent = !f.link.primary() && f.link.function() == 0;
  if (!f.blocks.empty()) report(dir, Event::kUnexpectedLinkData, &m, sink);
  check_addresses(m, dir, sink);
  finish(m, dir, sink);
}

Association* Dnp3Parser::find(Direction dir, const Link& link, Sink& sink) noexcept {
  const std::uint16_t master = link.master(), outstation = link.outstation();
  Association** at = &newest_;
  std::size_t count = 0;
  for (; *at != nullptr; at = &(*at)->next) {
    if ((*at)->master == master && (*at)->outstation == outstation) {
      Association* found = std::exchange(*at, (*at)->next);
      found->next = std::exchange(newest_, found);
      return found;
    }
    // The last one that may stay: those used longer ago make room.
    if (++count == limits_[kMaxAssociations]) break;
  }
  if (count == limits_[kMaxAssociations]) {
    report(dir, Event::kTooManyAssociations, nullptr, sink);
    pool_.destroy(std::exchange(*at, nullptr));
  }
  auto* made = pool_.make<Association>(pool_, master, outstation);
  if (made == nullptr) {
    report(dir, Event::kOutOfMemory, nullptr, sink);
    return nullptr;
  }
  made->next = std::exchange(newest_, made);
  return made;
}

void Dnp3Parser::on_segment(Direction dir, const Frame& f, Sink& sink) noexcept {
  std::array<std::uint8_t, kMaxUserData> room;
  const Bytes user = user_data(f.blocks, room);
  if (user.size() < 2) return report(dir, Event::kLenTooSmall, nullptr, sink);
  const bool fin = (user[0] & 0x80) != 0, fir = (user[0] & 0x40) != 0;
  const std::uint8_t sequence = user[0] % kTransportSequences;
  const Bytes part = user.subspan(1);
  Association* a = find(dir, f.link, sink);
  if (a == nullptr) {
    if (fir && fin) on_fragment(dir, f.link, part, 1, nullptr, sink);
    return;
  }
  Assembly& s = a->assemblies[f.link.from_master() ? 1 : 0];
  if (fir) {
    if (s.active) report(dir, Event::kReassemblyAbandoned, nullptr, sink);
    s.drop();
    if (fin) return on_fragment(dir, f.link, part, 1, a, sink);
    s.active = true;
    s.frames = 0;
  } else if (!s.active) {
    return report(dir, Event::kSegmentWithoutFirst, nullptr, sink);
  } else if (sequence != s.next) {
    if (repeats(s, sequence, part)) return report(dir, Event::kSegmentRepeated, nullptr, sink);
    s.drop();
    return report(dir, Event::kSegmentOutOfOrder, nullptr, sink);
  }
  if (s.data.size() + part.size() > limits_[kMaxFragment]) {
    s.drop();
    return report(dir, Event::kTooLongReassembly, nullptr, sink);
  }
  if (!s.data.append(part)) {
    s.drop();
    return report(dir, Event::kOutOfMemory, nullptr, sink);
  }
  s.next = static_cast<std::uint8_t>((sequence + 1) % kTransportSequences);
  s.last_size = static_cast<std::uint16_t>(part.size());
  ++s.frames;
  if (!fin) return;
  on_fragment(dir, f.link, s.data.view(), s.frames, a, sink);
  s.drop();
}

bool Dnp3Parser::repeats(const Assembly& s, std::uint8_t sequence, Bytes part) noexcept {
  return (sequence + 1) % kTransportSequences == s.next && part.size() == s.last_size &&
         std::ranges::equal(part, s.data.view().last(s.last_size));
}

void Dnp3Parser::on_fragment(Direction dir, const Link& link, Bytes fragment, std::uint16_t frames,
                             Association* a, Sink& sink) noexcept {
  Message m;
  if (!read_fragment(fragment, m)) return report(dir, Event::kLenTooSmall, nullptr, sink);
  start(m, link, dir, sink);
  m.frames = frames;
  check_addresses(m, dir, sink);
  if (function_info(m.function) == nullptr) report(dir, Event::kUnknownFunction, &m, sink);
  if (link.from_master() == m.is_response()) report(dir, Event::kWrongDirection, &m, sink);
  survey(m, dir, sink);
  if (a != nullptr) {
    expire(*a, dir, sink);
    if (m.type == MessageType::kResponse) on_response(*a, m, dir, sink);
    if (m.type == MessageType::kUnsolicited) on_unsolicited(*a, m);
    if (m.type == MessageType::kRequest) on_request(*a, m, dir, sink);
  }
  finish(m, dir, sink);
}

void Dnp3Parser::start(Message& m, const Link& link, Direction dir, Sink& sink) noexcept {
  m.id = next_id_++;
  m.link = link;
  m.time_ns = sink.time_ns();
  m.has_request = dir == Direction::kToServer;
  m.has_reply = !m.has_request;
}

void Dnp3Parser::finish(Message& m, Direction dir, Sink& sink) noexcept {
  m.ot = &kOt;
  m.operation = &operation_of(m);
  m.station = m.link.outstation();
  m.failed |= m.is_response() && (m.indications & kRefusals) != 0;
  m.apart = m.is_response() && (m.indications & kTroubles) != 0;
  sink.advance(m, dir, kOtWhole);
  sink.done(m);
}

void Dnp3Parser::check_addresses(Message& m, Direction dir, Sink& sink) noexcept {
  const auto reserved = [](std::uint16_t a) { return a >= kFirstReserved && a < kSelfAddress; };
  // Nobody sends from an address that stands for others.
  if (reserved(m.link.destination) || m.link.source >= kFirstReserved) {
    report(dir, Event::kReservedAddress, &m, sink);
  }
}

void Dnp3Parser::survey(Message& m, Direction dir, Sink& sink) noexcept {
  ObjectReader reader = m.read_objects();
  ObjectHeader h;
  bool unknown = false, malformed = false, ended = true;
  std::uint64_t said = 0;  // points that are said to be there, with octets or without
  while (reader.next(h)) {
    if (m.object_count == limits_[kMaxObjects]) {
      report(dir, Event::kTooManyObjects, &m, sink);
      ended = false;
      break;
    }
    ++m.object_count;
    if (h.has_points) m.point_count += h.count;
    if (h.has_values) said += h.count;
    m.failed |= h.group == 120 && h.variation == 7;  // authentication error
    unknown |= h.problem == Problem::kUnknown;
    malformed |= h.problem == Problem::kShort || h.problem == Problem::kInvalid;
    ended = h.known_size && h.problem != Problem::kShort;
  }
  if (unknown) report(dir, Event::kUnknownObject, &m, sink);
  if (malformed) report(dir, Event::kMalformed, &m, sink);
  if (said > limits_[kMaxPoints]) report(dir, Event::kTooManyPoints, &m, sink);
  m.complete = ended;
}

void Dnp3Parser::expire(Association& a, Direction dir, std::uint64_t now, std::uint64_t timeout,
                        Sink& sink) noexcept {
  for (Pending& p : a.pending) {
    if (!p.waiting || now <= p.asked.time_ns + timeout) continue;
    p.waiting = false;
    report(dir, Event::kNoReply, nullptr, sink);
  }
}

void Dnp3Parser::expire(Association& a, Direction dir, Sink& sink) noexcept {
  // Where the other side is not seen, no reply is nothing odd.
  if (a.responses_seen) expire(a, dir, sink.time_ns(), limits_[kReplyTimeout] * kSecond, sink);
}

void Dnp3Parser::on_request(Association& a, Message& m, Direction dir, Sink& sink) noexcept {
  if (m.is(Function::kConfirm)) return on_confirm(a, m, dir, sink);
  const std::uint64_t hash = hash_of(m.fragment);
  m.again = a.request.repeats(m, hash);
  if (!m.again) on_controls(a, m, dir, sink);
  a.requests_seen = true;
  if (++unanswered_ > limits_[kRequestFlood] && !flooded_) {
    flooded_ = true;
    report(dir, Event::kFlooded, &m, sink);
  }
  const FunctionInfo* info = function_info(m.function);
  if ((info != nullptr && info->silent) || m.link.destination >= kFirstBroadcast) return;
  Pending& pending = a.pending[m.sequence()];
  if (m.is(Function::kAuthenticationRequest) && pending.waiting && !authenticates(pending)) return;
  pending = {{m.id, m.time_ns, m.function, &operation_of(m)}, true};
}

void Dnp3Parser::on_controls(Association& a, Message& m, Direction dir, Sink& sink) noexcept {
  if (m.is(Function::kOperate)) {
    if (a.operate_due == m.sequence()) {
      if (a.selected != hash_of(m.objects)) report(dir, Event::kOperateMismatch, &m, sink);
    } else if (a.requests_seen) {
      report(dir, Event::kOperateWithoutSelect, &m, sink);
    }
  }
  a.operate_due = 0xff;
  if (!m.is(Function::kSelect)) return;
  a.operate_due = static_cast<std::uint8_t>((m.sequence() + 1) % kSequences);
  a.selected = hash_of(m.objects);
}

void Dnp3Parser::on_confirm(Association& a, Message& m, Direction dir, Sink& sink) noexcept {
  std::uint8_t& due = m.uns() ? a.unsolicited_confirm_due : a.confirm_due;
  // What it confirms has a record: it needs none itself.
  m.silent = due == m.sequence() || !a.responses_seen;
  if (!m.silent) report(dir, Event::kUnexpectedConfirm, &m, sink);
  due = 0xff;
}

void Dnp3Parser::on_response(Association& a, Message& m, Direction dir, Sink& sink) noexcept {
  unanswered_ = 0;
  flooded_ = false;
  a.responses_seen = true;
  a.confirm_due = m.con() ? m.sequence() : 0xff;
  if (m.fir()) {
    m.part = a.part = 1;
    a.answering = a.pending[m.sequence()];
    // A challenge comes between a request and its response, under the same sequence.
    const bool challenge = m.is(Function::kAuthenticationResponse) && !authenticates(a.answering);
    if (!challenge) a.pending[m.sequence()].waiting = false;
    if (!a.answering.waiting) take_from_other(a, m);
    if (!a.answering.waiting && a.requests_seen) report(dir, Event::kUnexpectedResponse, &m, sink);
  } else if (a.part_due == m.sequence()) {
    m.part = ++a.part;
  } else {
    report(dir, Event::kFragmentOutOfOrder, &m, sink);
    a.answering = {};
    a.part = 0;
  }
  a.part_due = m.fin() ? 0xff : static_cast<std::uint8_t>((m.sequence() + 1) % kSequences);
  m.answers = a.answering.waiting;
  m.asked = a.answering.asked;
}

void Dnp3Parser::take_from_other(Association& a, const Message& m) noexcept {
  for (Association* other = newest_; other != nullptr; other = other->next) {
    Pending& p = other->pending[m.sequence()];
    if (other->master != a.master || other->outstation != kSelfAddress || !p.waiting) continue;
    a.answering = p;
    p.waiting = false;
    return;
  }
}

void Dnp3Parser::on_unsolicited(Association& a, Message& m) noexcept {
  a.responses_seen = true;
  m.again = a.unsolicited.repeats(m, hash_of(m.fragment));
  a.unsolicited_confirm_due = m.con() ? m.sequence() : 0xff;
}

}  // namespace picket::dnp3
