#include "parsers/goose/goose_parser.h"

#include <algorithm>

#include "parsers/core/ber.h"

namespace picket::goose {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000, kSecond = 1'000'000'000;
constexpr std::uint8_t kWhole = kOtWhole;

void report(Event e, Message& m, Sink& sink) noexcept {
  sink.event(m.direction, static_cast<std::uint8_t>(e), &m);
}

bool same(Bytes a, Bytes b) noexcept { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

/// From one number to a later one, of those that begin anew at 1 and never are 0 again.
std::uint32_t steps(std::uint32_t from, std::uint32_t to) noexcept {
  return to >= from ? to - from : to - from - 1;
}
bool wraps(std::uint32_t from, std::uint32_t to) noexcept { return from > 0xffff'0000 && to < 0x10000; }

}  // namespace

GooseParser::GooseParser(const ParserContext& c) noexcept
    : pool_(c.pool),
      max_streams_(c.limits[kStreams]),
      max_state_jump_(static_cast<std::uint32_t>(c.limits[kMaxStateJump])),
      tolerance_ns_(c.limits[kClockTolerance] * kSecond) {}

GooseParser::~GooseParser() {
  while (newest_ != nullptr) {
    Stream* const s = newest_;
    newest_ = s->next;
    pool_.destroy(s);
  }
}

void GooseParser::on_datagram(Direction dir, Bytes frame, Sink& sink) noexcept {
  Message m;
  Event wrong{};
  if (!parse(frame, m.pdu, wrong)) return sink.event(dir, static_cast<std::uint8_t>(wrong), nullptr);
  m.id = next_id_++;
  m.direction = dir;
  (dir == Direction::kToServer ? m.has_request : m.has_reply) = true;
  bool fresh = false;
  Stream* const s = find(m.pdu, fresh, m, sink);
  if (s != nullptr && !fresh) {
    m.since_previous_ns = sink.time_ns() - std::min(sink.time_ns(), s->seen_ns);
    compare(m, *s, sink);
  }
  // Repeated is what is said most: the walk over it was made before.
  const bool as_before = s != nullptr && !fresh && m.status != Status::kReplayed && m.changed_count == 0;
  m.shape = as_before ? s->shape : shape_of(m.pdu.all_data);
  set_operation(m);
  if (!m.shape.sound || m.shape.broken) report(Event::kInvalidValue, m, sink);
  if (m.shape.entries != m.pdu.entries && !m.shape.broken) report(Event::kEntriesMismatch, m, sink);
  constexpr std::uint16_t kKnownBits =
      Iec61850Frame::kSimulated | 0x0fff;  // the rest: length of 62351-6's extension
  if ((m.pdu.frame.reserved1 & ~kKnownBits) != 0) report(Event::kReservedBits, m, sink);
  if ((m.pdu.frame.reserved1 & Iec61850Frame::kSimulated) != 0 && !m.pdu.simulation)
    report(Event::kSimulationMismatch, m, sink);
  if (s != nullptr && m.status != Status::kReplayed) remember(m, *s, sink);
  sink.advance(m, dir, kWhole);
  sink.done(m);
}

/// Found or made, and newest from now on.
GooseParser::Stream* GooseParser::find(const Pdu& pdu, bool& fresh, Message& m, Sink& sink) noexcept {
  Stream** last = nullptr;  // what points to the one that was silent for longest
  for (Stream** at = &newest_; *at != nullptr; at = &(*at)->next) {
    Stream* const s = *at;
    last = at;
    if (!same(s->name(), pdu.gocb_ref)) continue;
    *at = s->next;
    s->next = newest_;
    return newest_ = s;
  }
  fresh = true;
  if (streams_ >= max_streams_ && last != nullptr) {
    report(Event::kTooManyStreams, m, sink);
    pool_.destroy(*last);
    *last = nullptr;
    --streams_;
  }
  Stream* const s = pool_.make<Stream>(pool_);
  if (s == nullptr) return report(Event::kOutOfMemory, m, sink), nullptr;
  s->reference_size = static_cast<std::uint8_t>(pdu.gocb_ref.size());
  std::copy(pdu.gocb_ref.begin(), pdu.gocb_ref.end(), s->reference.begin());
  s->next = newest_;
  newest_ = s;
  ++streams_;
  return s;
}

void GooseParser::compare(Message& m, const Stream& s, Sink& sink) const noexcept {
  const Pdu& p = m.pdu;
  const bool expired =
      s.time_allowed_to_live_ms != 0 && m.since_previous_ns > s.time_allowed_to_live_ms * kMillisecond;
  if (expired) report(Event::kExpired, m, sink);
  if (p.conf_rev != s.conf_rev) report(Event::kConfRevChanged, m, sink);
  if (!same(p.dat_set, s.dat_set.view())) report(Event::kDataSetChanged, m, sink);
  if (p.frame.appid != s.appid) report(Event::kAppidChanged, m, sink);
  compare_state(m, s, expired, sink);
  if (m.status != Status::kReplayed) compare_data(m, s);
  if (m.status != Status::kRepeated) return;
  if (m.changed_count != 0) report(Event::kDataMismatch, m, sink);
  if (p.t.ns != s.t_ns) report(Event::kTimeMismatch, m, sink);
}

void GooseParser::compare_state(Message& m, const Stream& s, bool expired, Sink& sink) const noexcept {
  const Pdu& p = m.pdu;
  if (p.st_num == s.st_num) {
    m.status = Status::kRepeated;
    if (p.sq_num == s.sq_num) return report(Event::kDuplicate, m, sink);
    if (p.sq_num < s.sq_num && !wraps(s.sq_num, p.sq_num)) {
      m.status = Status::kReplayed;
      return report(Event::kSequenceWentBack, m, sink);
    }
    m.lost = steps(s.sq_num, p.sq_num) - 1;
    if (m.lost != 0) report(Event::kLostMessages, m, sink);
    return;
  }
  if (p.st_num < s.st_num && !wraps(s.st_num, p.st_num)) {
    // A publisher that starts again begins with 1 (8-1, 18.1.2.5); one that was silent for too long may go on anyhow.
    constexpr std::uint32_t kFirstState = 1;
    const bool begins = p.st_num <= kFirstState && p.sq_num <= 1;
    m.status = begins || expired ? Status::kRestarted : Status::kReplayed;
    return report(m.status == Status::kRestarted ? Event::kRestarted : Event::kReplayedState, m, sink);
  }
  m.status = Status::kChanged;
  const std::uint32_t states = steps(s.st_num, p.st_num);
  m.lost_states = states - 1;
  m.lost = p.sq_num;  // a state begins with 0
  if (m.lost_states != 0) report(Event::kLostStates, m, sink);
  if (m.lost != 0) report(Event::kLostMessages, m, sink);
  if (states > max_state_jump_) report(Event::kStateJump, m, sink);
  if (p.t.ns < s.t_ns) return report(Event::kTimeWentBack, m, sink);
  // Whatever the publisher's clock shows, between two states as much time went by there as here; only the first state
  // that was seen may have begun long before.
  const std::uint64_t there = p.t.ns - s.t_ns, here = sink.time_ns() - std::min(sink.time_ns(), s.changed_ns);
  if (there + tolerance_ns_ < here || (s.change_seen && there > here + tolerance_ns_))
    report(Event::kTimeJump, m, sink);
}

/// Which entries are not what they were. Entries stand one after the other: those before an end are compared.
void GooseParser::compare_data(Message& m, const Stream& s) noexcept {
  if (same(m.pdu.all_data, s.data.view())) return;
  Cursor now(m.pdu.all_data), before(s.data.view());
  ber::Element a, b;
  for (std::uint16_t entry = 1; !now.empty(); ++entry) {
    if (!ber::read(now, a)) break;
    const bool there = !before.empty() && ber::read(before, b);
    if (there && a.identifier == b.identifier && same(a.content, b.content)) continue;
    if (m.changed_count == m.changed.size()) break;
    m.changed[m.changed_count++] = entry;
  }
  if (m.changed_count == 0)
    m.changed[m.changed_count++] = 0;  // fewer entries than before, or bytes that are none
}

void GooseParser::remember(Message& m, Stream& s, Sink& sink) noexcept {
  const Pdu& p = m.pdu;
  if (m.status != Status::kRepeated) {
    s.changed_ns = sink.time_ns();
    s.t_ns = p.t.ns;
    s.change_seen = m.status == Status::kChanged;
  }
  s.st_num = p.st_num;
  s.sq_num = p.sq_num;
  s.conf_rev = p.conf_rev;
  s.appid = p.frame.appid;
  s.time_allowed_to_live_ms = p.time_allowed_to_live_ms;
  s.seen_ns = sink.time_ns();
  if (m.status == Status::kRepeated && m.changed_count == 0 && same(s.dat_set.view(), p.dat_set)) {
    m.encoded = &s.encoded;
    return;
  }
  s.encoded.clear();
  s.data.clear();
  s.dat_set.clear();
  const bool kept = s.data.append(p.all_data);
  s.shape = kept ? m.shape : Shape{};  // of nothing
  if (!kept || !s.dat_set.append(p.dat_set)) report(Event::kOutOfMemory, m, sink);
}

}  // namespace picket::goose
