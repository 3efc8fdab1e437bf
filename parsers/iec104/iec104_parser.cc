// parsers/iec104/iec104_parser.cc — pairs commands with their confirmation and termination, U frames with theirs
//
//   act ──> con (negative: the end) ──> term     commands that are executed, interrogations
//   act ──> con                                  selects, deactivations, clocks, tests, resets, parameters
//   request ──> data                             the read command
//   file ready ──> ... ──> acknowledge file      with the bytes of the segments between; see iec104_file.cc
//
// What waits stands in a list by age, at most command-flood of them; what answers nothing is a record by itself.
#include "parsers/iec104/iec104_parser.h"
#include "parsers/core/frames.h"

#include <algorithm>

namespace picket::iec104 {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kNoDeadline = ~std::uint64_t{0};
constexpr std::uint64_t kSelectedNs = 60 * kSecond;  ///< stations forget a selection sooner

constexpr std::uint8_t kInterrogation = 100, kCounterInterrogation = 101, kReadCommand = 102, kClock = 103,
                       kDelay = 106;

bool is_command(const Asdu& a) noexcept {
  return a.group() == Group::kCommand || a.group() == Group::kSystem || a.group() == Group::kParameter;
}
bool opens(const Asdu& a) noexcept {
  if (!is_command(a) || a.info == nullptr || (a.problems & kShort) != 0) return false;
  return a.is(Cause::kActivation) || a.is(Cause::kDeactivation) ||
         (a.type == kReadCommand && a.is(Cause::kRequest));
}
bool confirms(const Asdu& a) noexcept {
  return is_command(a) && (a.is(Cause::kActivationCon) || a.is(Cause::kDeactivationCon) || a.is_refusal());
}
bool terminates(const Asdu& a) noexcept { return is_command(a) && a.is(Cause::kTermination); }

/// Whoever asked for it hears of its end, too.
bool has_termination(const Asdu& command) noexcept {
  if (!command.is(Cause::kActivation)) return false;
  if (command.type == kInterrogation || command.type == kCounterInterrogation) return true;
  Object o;
  return command.group() == Group::kCommand && object_at(command, 0, o) && !o.select;
}

/// What a confirmation has to repeat: the elements, but for clocks.
Bytes repeated(const Asdu& a) noexcept {
  if (a.type == kClock || a.type == kDelay || a.bytes.size() < kAsduHeader) return {};
  const Bytes objects = a.bytes.subspan(kAsduHeader);
  const bool timed =
      std::find(a.info->parts.begin(), a.info->parts.end(), Part::kCp56) != a.info->parts.end();
  return objects.first(objects.size() - std::min<std::size_t>(timed ? 7 : 0, objects.size()));
}

/// What is wrong with an ASDU by itself, as bits of Event.
std::uint64_t events_of(const Asdu& a) noexcept {
  static constexpr Event kEvents[] = {
      Event::kShortAsdu,
      Event::kUnknownType,
      Event::kInvalidObjectCount,
      Event::kInvalidObjectLength,
      Event::kInvalidCause,
      Event::kUnexpectedCause,
      Event::kInvalidCommonAddress,
      Event::kInvalidTime,
      Event::kInvalidValue,
  };
  std::uint64_t events = 0;
  for (std::size_t i = 0; i < std::size(kEvents); ++i) {
    if ((a.problems >> i & 1) != 0) events |= bit(kEvents[i]);
  }
  return events;
}

bool same(Bytes a, Bytes b) noexcept { return as_text(a) == as_text(b); }

static_assert(sizeof(Exchange) <= 1024, "a block of the pool");

}  // namespace

Iec104Parser::Iec104Parser(const ParserContext& c) noexcept
    : pool_(c.pool),
      waiting_(c.pool, c.limits[kCommandFlood]),
      confirmation_ns_(c.limits[kConfirmationTimeout] * kSecond),
      termination_ns_(c.limits[kTerminationTimeout] * kSecond),
      file_inspect_limit_(c.limits[kFileInspect]),
      sequence_(c.limits[kK], c.limits[kW]),
      next_deadline_(kNoDeadline) {}
Consumed Iec104Parser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  return read_frames(data, lost_[index(dir)], frame_starts, [&](Cursor& in) noexcept {
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind == ParseResult::Kind::kMalformed) {
      report(dir, static_cast<Event>(r.event), nullptr, sink);
      report(dir, Event::kLostSync, nullptr, sink);
      lose(dir);
    } else if (r.kind == ParseResult::Kind::kDone) {
      on_frame(dir, f, sink);
    }
    return r;
  });
}

void Iec104Parser::on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept {
  report(dir, Event::kGap, nullptr, sink);
  lose(dir);
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    if (x->file != nullptr && x->from == dir) sink.file_gap(*x->file, 0);
  }
}
void Iec104Parser::on_end(Direction dir, Sink& sink) noexcept {
  if (dir == Direction::kToClient) on_close(sink);
}
void Iec104Parser::on_close(Sink& sink) noexcept {
  while (!waiting_.empty()) finish(*waiting_.oldest(), sink);
}

void Iec104Parser::lose(Direction dir) noexcept {
  lost_[index(dir)] = true;
  sequence_.on_gap(dir);
}

void Iec104Parser::on_frame(Direction dir, const Frame& f, Sink& sink) noexcept {
  const std::uint64_t now = sink.time_ns();
  if (now > next_deadline_) give_up_late_ones(now, sink);
  Arrival here{dir, now, sequence_.on_frame(dir, f, now)};
  if (f.format == Format::kU) return on_link(here, f, sink);
  if (f.format == Format::kS) {
    Exchange x;
    x.format = Format::kS;
    x.from = dir;
    x.receive = f.receive;
    x.silent = true;  // it says no more than the N(R) of the next I frame
    return alone(x, here, operation_of_acknowledgement(), sink);
  }
  Message m;
  m.send = f.send;
  m.receive = f.receive;
  m.asdu = interpret(f.asdu);
  here.events |= events_of(m.asdu);
  on_asdu(here, m, sink);
}

void Iec104Parser::on_asdu(Arrival here, const Message& m, Sink& sink) noexcept {
  const Asdu& a = m.asdu;
  if (opens(a)) return on_command(here, m, sink);
  Exchange* x = nullptr;
  if (confirms(a) || terminates(a)) {
    x = waiting_for(here.dir, a);
  } else if (a.is(Cause::kRequest)) {
    x = reader_of(here.dir, a);
  } else {
    count_report(here.dir, a);
  }
  if (x != nullptr) return on_answer(*x, here, m, sink);
  if (a.group() == Group::kFile && on_file(here, m, sink)) return;

  Exchange one;
  one.opened_ns = one.confirmed_ns = one.terminated_ns = here.now_ns;
  one.confirmed = confirms(a);
  one.terminated = terminates(a);
  one.opened = one.alone = !one.confirmed && !one.terminated;
  one.from = one.opened ? here.dir : reverse(here.dir);
  (one.opened ? one.command : one.confirmed ? one.confirmation : one.termination) = m;
  // Where only the answers are seen, and where many stations answer one command, there is nothing odd about it; nor
  // where what was refused was no command.
  if (!one.opened && commanded_[index(one.from)] && !broadcast_ && !a.is_refusal())
    here.events |= bit(Event::kUnsolicitedConfirmation);
  alone(one, here, operation_of(a, one.from, false), sink);
}

void Iec104Parser::alone(Exchange& x, const Arrival& here, const OtOperation& operation,
                         Sink& sink) noexcept {
  x.id = next_id_++;
  x.ot = &kOt;
  x.operation = &operation;
  settle(x);
  seen(x, here.dir);
  report(here.dir, here.events, x, sink);
  sink.advance(x, here.dir, kOtWhole);
  sink.done(x);
}

void Iec104Parser::on_command(Arrival here, const Message& m, Sink& sink) noexcept {
  commanded_[index(here.dir)] = true;
  if (m.asdu.common_address == kBroadcast) broadcast_ = true;
  // Not every station reports the end of a command: the next one for the same point tells, too.
  if (m.asdu.is(Cause::kActivation)) {
    Exchange* before = find(here.dir, m.asdu, [](const Exchange& x) { return x.confirmed; });
    if (before != nullptr) finish(*before, sink);
  }
  Exchange* x = open(here, sink);
  if (x == nullptr) return;
  x->command = m;
  x->command.asdu.bytes = keep(m.asdu.bytes, x->command_bytes);
  x->operation = &operation_of(x->command.asdu, here.dir, take_selection(here.dir, m.asdu, here.now_ns));
  settle(*x);
  report(here.dir, here.events, *x, sink);
  sink.advance(*x, here.dir, kOtWhole);
}

namespace {

/// Single and double points, step positions, events of protection: IEC 60870-5-101, 7.2.1.1.
constexpr bool tells_states(std::uint8_t type) noexcept {
  return (type >= 1 && type <= 6) || (type >= 17 && type <= 19) || (type >= 30 && type <= 32) ||
         (type >= 38 && type <= 40);
}

}  // namespace

/// Which station it is about, and whether that refused, as far as is known.
void Iec104Parser::settle(Exchange& x) noexcept {
  const Asdu* about = subject(x);
  if (about == nullptr) return;
  const Asdu& a = *about;
  x.station = a.common_address;
  const auto refuses = [](const Asdu& b) noexcept { return b.negative || b.is_refusal(); };
  x.failed = (x.confirmed && refuses(x.confirmation.asdu)) || (x.terminated && refuses(x.termination.asdu)) ||
             (x.alone && refuses(a));
  // Each change of a switch counts, and so does each event of protection equipment.
  const bool changed = a.is(Cause::kSpontaneous) || a.is(Cause::kReturnRemote) || a.is(Cause::kReturnLocal);
  x.apart = x.alone && changed && tells_states(a.type);
}

void Iec104Parser::on_answer(Exchange& x, Arrival here, const Message& m, Sink& sink) noexcept {
  seen(x, here.dir);
  if (terminates(m.asdu)) {
    x.terminated = true;
    x.terminated_ns = here.now_ns;
    x.termination = m;
    terminations_seen_ = true;
    report(here.dir, here.events, x, sink);
    return finish(x, sink);
  }
  x.confirmed = true;
  x.confirmed_ns = here.now_ns;
  x.confirmation = m;
  const bool positive = !m.asdu.negative && !m.asdu.is_refusal();
  if (positive && m.asdu.type == x.command.asdu.type && !same(repeated(x.command.asdu), repeated(m.asdu))) {
    here.events |= bit(Event::kConfirmationMismatch);
  }
  report(here.dir, here.events, x, sink);
  if (positive) select(x, here.now_ns);
  if (positive && has_termination(x.command.asdu)) {
    x.confirmation.asdu.bytes = keep(m.asdu.bytes, x.confirmation_bytes);
    return expect_before(here.now_ns + termination_ns_);
  }
  // What is called off gets no termination any more.
  Exchange* running = nullptr;
  if (positive && x.command.asdu.is(Cause::kDeactivation)) {
    running = find(x.from, x.command.asdu, [&](const Exchange& o) { return &o != &x && o.confirmed; });
  }
  finish(x, sink);
  if (running != nullptr) finish(*running, sink);
}

void Iec104Parser::on_link(Arrival here, const Frame& f, Sink& sink) noexcept {
  constexpr unsigned kConfirmations = 0xa8;  // each is the bit above its act
  const auto function = static_cast<unsigned>(f.function);
  const bool confirmation = (function & kConfirmations) != 0;
  const auto act = static_cast<LinkFunction>(confirmation ? function >> 1 : function);
  const Direction from = confirmation ? reverse(here.dir) : here.dir;
  Exchange* x = waiting_.oldest();
  while (x != nullptr && !(x->format == Format::kU && x->function == act && x->from == from)) x = x->newer;
  if (!confirmation) {
    if (x != nullptr) {
      report(here.dir, Event::kNoConfirmation, x, sink);
      finish(*x, sink);
    }
    commanded_[index(here.dir)] = true;
    x = open(here, sink);
    if (x == nullptr) return;
    x->format = Format::kU;
    x->function = act;
    x->operation = &operation_of(act);
    report(here.dir, here.events, *x, sink);
    return sink.advance(*x, here.dir, kOtWhole);
  }
  if (x == nullptr) {
    Exchange one;
    one.format = Format::kU;
    one.function = act;
    one.from = from;
    one.confirmed = true;
    one.confirmed_ns = here.now_ns;
    if (commanded_[index(from)]) here.events |= bit(Event::kUnsolicitedConfirmation);
    return alone(one, here, operation_of(act), sink);
  }
  x->confirmed = true;
  x->confirmed_ns = here.now_ns;
  seen(*x, here.dir);
  report(here.dir, here.events, *x, sink);
  finish(*x, sink);
}

// What waits.

template <class Fits>
Exchange* Iec104Parser::find(Direction from, const Asdu& a, Fits fits) noexcept {
  // Interrogations of several groups run side by side: only the qualifier tells them apart.
  const bool by_qualifier = a.type == kInterrogation || a.type == kCounterInterrogation;
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    const Asdu& c = x->command.asdu;
    if (x->format == Format::kI && x->from == from && c.type == a.type &&
        (c.common_address == a.common_address || c.common_address == kBroadcast) &&
        c.first_address() == a.first_address() && (!by_qualifier || same(repeated(c), repeated(a))) &&
        fits(*x)) {
      return x;
    }
  }
  return nullptr;
}

/// The command that a confirmation or termination belongs to: the oldest that has none. Where the confirmation
/// was not seen, the termination ends what waits for it.
Exchange* Iec104Parser::waiting_for(Direction dir, const Asdu& a) noexcept {
  const Direction from = reverse(dir);
  if (terminates(a)) {
    if (Exchange* x = find(from, a, [](const Exchange& o) { return o.confirmed; })) return x;
    return find(from, a, [](const Exchange& o) { return has_termination(o.command.asdu); });
  }
  return find(from, a, [&](const Exchange& o) {
    return !o.confirmed &&
           (a.is_refusal() || o.command.asdu.is(Cause::kDeactivation) == a.is(Cause::kDeactivationCon));
  });
}

/// The read command that asked for one of these objects.
Exchange* Iec104Parser::reader_of(Direction dir, const Asdu& a) noexcept {
  Object o;
  if (a.objects == 0 || !object_at(a, 0, o)) return nullptr;
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    const Asdu& c = x->command.asdu;
    if (x->format == Format::kI && x->from == reverse(dir) && c.type == kReadCommand &&
        c.common_address == a.common_address && c.first_address() == o.address) {
      return x;
    }
  }
  return nullptr;
}

/// What an interrogation brings stands by itself; the interrogation counts it.
void Iec104Parser::count_report(Direction dir, const Asdu& a) noexcept {
  const bool counters = a.cause >= static_cast<unsigned>(Cause::kCounter);
  if (a.cause < static_cast<unsigned>(Cause::kInterrogated) ||
      a.cause > static_cast<unsigned>(Cause::kCounterLast))
    return;
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    const Asdu& c = x->command.asdu;
    if (x->format != Format::kI || x->from != reverse(dir) || !x->confirmed ||
        c.type != (counters ? kCounterInterrogation : kInterrogation) ||
        (c.common_address != a.common_address && c.common_address != kBroadcast)) {
      continue;
    }
    ++x->reported_asdus;
    x->reported_objects += a.objects;
    return;
  }
}

Exchange* Iec104Parser::open(const Arrival& here, Sink& sink) noexcept {
  if (waiting_.full()) {
    report(waiting_.oldest()->from, Event::kFlooded, waiting_.oldest(), sink);
    finish(*waiting_.oldest(), sink);
  }
  Exchange* x = pool_.make<Exchange>();
  if (x == nullptr) return report(here.dir, Event::kOutOfMemory, nullptr, sink), nullptr;
  x->id = next_id_++;
  x->ot = &kOt;
  x->from = here.dir;
  x->opened = true;
  x->opened_ns = x->touched_ns = here.now_ns;
  seen(*x, here.dir);
  waiting_.add(*x);
  expect_before(here.now_ns + confirmation_ns_);
  return x;
}

/// Rules look at the side that answered, the record is made, the memory goes.
void Iec104Parser::finish(Exchange& x, Sink& sink) noexcept {
  end_file(x, false, sink);
  settle(x);
  if (x.confirmed || x.terminated) sink.advance(x, reverse(x.from), kOtWhole);
  sink.done(x);
  waiting_.remove(x);
}

void Iec104Parser::expect_before(std::uint64_t deadline_ns) noexcept {
  next_deadline_ = std::min(next_deadline_, deadline_ns);
}

void Iec104Parser::give_up_late_ones(std::uint64_t now, Sink& sink) noexcept {
  next_deadline_ = kNoDeadline;
  for (Exchange* x = waiting_.oldest(); x != nullptr;) {
    Exchange* newer = x->newer;
    const std::uint64_t deadline =
        x->confirmed ? x->confirmed_ns + termination_ns_ : x->touched_ns + confirmation_ns_;
    if (now <= deadline) {
      expect_before(deadline);
    } else {
      if (!x->confirmed) {
        report(x->from, Event::kNoConfirmation, x, sink);
      } else if (terminations_seen_ || x->command.asdu.group() != Group::kCommand) {
        // Whether a command's end is reported is left to the station; an interrogation's always is.
        report(x->from, Event::kNoTermination, x, sink);
      }
      finish(*x, sink);
    }
    x = newer;
  }
}

// Points that were selected, until they are executed or called off.

void Iec104Parser::select(const Exchange& x, std::uint64_t now) noexcept {
  const Asdu& c = x.command.asdu;
  Object o;
  if (c.group() != Group::kCommand || !c.is(Cause::kActivation) || !object_at(c, 0, o) || !o.select) return;
  Selected* place = &selected_[0];
  for (Selected& s : selected_) {
    if (s.since_ns < place->since_ns) place = &s;
    if (s.type == c.type && s.common_address == c.common_address && s.address == o.address &&
        s.from == x.from) {
      place = &s;  // again: its execution was not seen
      break;
    }
  }
  *place = {now, o.address, c.common_address, c.type, x.from};
}
/// Was that point selected? It is no more.
bool Iec104Parser::take_selection(Direction dir, const Asdu& a, std::uint64_t now) noexcept {
  Object o;
  if (a.group() != Group::kCommand || !object_at(a, 0, o) || o.select) return false;
  for (Selected& s : selected_) {
    if (s.since_ns == 0 || s.type != a.type || s.common_address != a.common_address ||
        s.address != o.address || s.from != dir) {
      continue;
    }
    const bool fresh = now <= s.since_ns + kSelectedNs;
    s.since_ns = 0;
    return fresh;
  }
  return false;
}

}  // namespace picket::iec104
