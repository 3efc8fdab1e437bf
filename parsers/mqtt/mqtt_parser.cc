// parsers/mqtt/mqtt_parser.cc — pairs packets with their acknowledgements
//
//   CONNECT ──> CONNACK          PUBLISH QoS 1 ──> PUBACK
//   SUBSCRIBE ──> SUBACK         PUBLISH QoS 2 ──> PUBREC ──> PUBREL ──> PUBCOMP      either side may publish
//   UNSUBSCRIBE ──> UNSUBACK     PINGREQ ──> PINGRESP         PUBLISH QoS 0, DISCONNECT, AUTH stand alone
//
// What waits stands in a list by age, at most max-tx packets and kMaxKept bytes of them; what answers nothing is a record by
// itself. A packet that is none, and a gap, end nothing: packets are searched for that are right in each respect. The same goes
// for the rest of a packet that is too long to look into, so that a wrong length hides nothing either.
#include "parsers/mqtt/mqtt_parser.h"

#include <algorithm>
#include <cstring>

namespace picket::mqtt {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

void seen(Exchange& x, Direction dir) noexcept {
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
}

void report(Direction dir, std::uint64_t events, Transaction* tx, Sink& sink) noexcept {
  for (std::uint8_t i = 0; events != 0; ++i, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, i, tx);
  }
}

/// The packet that an acknowledgement belongs to.
Type opener_of(Type t) noexcept {
  switch (t) {
    case Type::kConnack:
      return Type::kConnect;
    case Type::kPuback:
    case Type::kPubrec:
    case Type::kPubrel:
    case Type::kPubcomp:
      return Type::kPublish;
    case Type::kSuback:
      return Type::kSubscribe;
    case Type::kUnsuback:
      return Type::kUnsubscribe;
    case Type::kPingresp:
      return Type::kPingreq;
    default:
      return Type::kUnassigned;
  }
}
Event missing_of(Type opener) noexcept {
  switch (opener) {
    case Type::kConnect:
      return Event::kMissingConnect;
    case Type::kSubscribe:
      return Event::kMissingSubscribe;
    case Type::kUnsubscribe:
      return Event::kMissingUnsubscribe;
    case Type::kPingreq:
      return Event::kMissingPing;
    default:
      return Event::kMissingPublish;
  }
}
bool waits(const Message& m) noexcept {
  return m.is(Type::kConnect) || m.is(Type::kSubscribe) || m.is(Type::kUnsubscribe) || m.is(Type::kPingreq) ||
         (m.is(Type::kPublish) && m.qos() != 0);
}
/// Nothing more will come.
bool ends(const Message& m) noexcept {
  return !(m.is(Type::kPubrec) && m.reason < 0x80) && !m.is(Type::kPubrel);
}

bool refuses(const Message& m, std::uint8_t version) noexcept {
  if (m.is(Type::kConnack) && version != kVersion5) return m.reason != 0;
  if (m.is(Type::kSuback) || m.is(Type::kUnsuback)) {
    return std::any_of(m.list.begin(), m.list.end(), [](std::uint8_t c) { return c >= 0x80; });
  }
  return m.has_reason && m.reason >= 0x80;
}

std::size_t filters_of(const Message& m) noexcept {
  std::size_t n = 0;
  Cursor in(m.list);
  for (Filter f; next_filter(in, m.type, f);) ++n;
  return n;
}

static_assert(sizeof(Exchange) <= 1024, "a block of the pool");

}  // namespace

MqttParser::MqttParser(const ParserContext& c) noexcept
    : pool_(c.pool), waiting_(c.pool, c.limits[kMaxTx]), timeout_ns_(c.limits[kAckTimeout] * kSecond) {
  const auto or_all = [](std::uint64_t n) noexcept {
    return n == 0 ? ~std::size_t{0} : static_cast<std::size_t>(n);
  };
  settings_.max_message = std::min<std::size_t>(c.limits[kMaxMessageLength], kWindow);
  settings_.subscribe_topics = or_all(c.limits[kSubscribeTopics]);
  settings_.unsubscribe_topics = or_all(c.limits[kUnsubscribeTopics]);
  settings_.logged_message = c.limits[kMessageLog];
  settings_.passwords = c.limits[kPasswords] != 0;
}
MqttParser::~MqttParser() {
  // on_close() has emptied it, unless the flow went without.
  while (!waiting_.empty()) forget(*waiting_.oldest());
  forget_aliases();
}

Consumed MqttParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  std::size_t at = 0;
  while (at < data.size()) {
    const Bytes rest = data.subspan(at);
    if (side.lost || side.tail != 0) {
      if (!pass_over(dir, rest, at, sink)) return Consumed::partly(at, 0);
      continue;
    }
    Cursor in(rest);
    const ParseResult r = read(dir, in, sink);
    if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(at, r.need);
    side.look = 0;
    if (r.kind == ParseResult::Kind::kMalformed) {
      lose(dir, static_cast<Event>(r.event), sink);
      ++at;
      continue;
    }
    at += in.offset();
  }
  return Consumed::all(at);
}

/// Goes on to the next place where packets stand, or to the end of the long packet. False: that depends on what comes.
bool MqttParser::pass_over(Direction dir, Bytes rest, std::size_t& at, Sink& sink) noexcept {
  Side& side = sides_[index(dir)];
  const bool in_tail = side.tail != 0;
  // Only what is all of it in the tail interrupts it: its end is believed otherwise.
  const bool whole_tail = in_tail && rest.size() >= side.tail;
  if (in_tail) rest = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), side.tail)));
  std::size_t n = 0;
  Probe p = Probe::kNo;
  for (; n < rest.size(); ++n) {
    if (!may_begin(rest[n])) continue;
    p = frame_starts(rest.subspan(n), version_);
    if (p == Probe::kUnsure && whole_tail) p = Probe::kNo;
    if (p != Probe::kNo) break;
  }
  at += n;
  if (in_tail) side.tail -= n;
  if (p == Probe::kYes) {
    if (in_tail) report(dir, bit(Event::kInterruptedMessage), nullptr, sink);
    side.lost = false;
    side.tail = 0;
  }
  return p != Probe::kUnsure;
}

void MqttParser::lose(Direction dir, Event why, Sink& sink) noexcept {
  report(dir, bit(why) | bit(Event::kLostSync), nullptr, sink);
  sides_[index(dir)].lost = true;
  // What made no sense may have made none by a guess.
  if (version_guessed_) version_ = 0;
  version_guessed_ = false;
}

void MqttParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  report(dir, bit(Event::kGap), nullptr, sink);
  Side& side = sides_[index(dir)];
  // A hole in a long packet is no loss of sync: where it ends is known.
  const bool within = missing != 0 && missing <= side.tail && !side.lost;
  side.tail = within ? side.tail - missing : 0;
  side.look = 0;
  side.lost = !within;
}

void MqttParser::on_close(Sink& sink) noexcept {
  while (!waiting_.empty()) finish(*waiting_.oldest(), sink);
}

/// Reads one packet and tells of it.
ParseResult MqttParser::read(Direction dir, Cursor& in, Sink& sink) noexcept {
  Header h;
  const Bytes packet = in.rest();
  const ParseResult r = read_header(in, version_, h);
  if (r.kind != ParseResult::Kind::kDone) {
    if (r.kind == ParseResult::Kind::kMalformed && static_cast<Event>(r.event) == Event::kUnassignedMsgType) {
      Exchange x;
      x.from = dir;
      x.count = 1;
      x.messages[0].flags = in.peek() & 15;
      alone(x, bit(Event::kUnassignedMsgType), sink);
    }
    return r;
  }
  const std::size_t header = in.offset();
  const std::size_t looked = std::min<std::size_t>(h.length, settings_.max_message);
  const ParseResult believed = look_into(sides_[index(dir)], h, packet, header, header + looked);
  if (believed.kind != ParseResult::Kind::kDone) return believed;
  const Bytes body = in.bytes(looked);
  if (!in.ok()) return ParseResult::need_more(header + looked);
  Exchange x;
  x.from = dir;
  x.count = 1;
  const std::uint64_t odd = interpret(h, body, version_, x.messages[0], x.connect, x.publish);
  if ((odd & bit(Event::kMalformedTraffic)) != 0) return ParseResult::malformed(Event::kMalformedTraffic);
  sides_[index(dir)].tail = h.length - looked;
  on_message(dir, x, body, odd, sink);
  return r;
}

/// A wrong length must not hide up to 64 KiB of packets until they are all there. The looks are at fixed lengths, so that
/// it does not matter how segments fall, and cost twice what one at the end would.
ParseResult MqttParser::look_into(Side& side, const Header& h, Bytes packet, std::size_t header,
                                  std::size_t size) noexcept {
  if (side.look == 0) side.look = h.type == Type::kPublish ? kBelievedMessage : kBelieved;
  for (; side.look < size; side.look *= 2) {
    if (packet.size() < side.look) return ParseResult::need_more(side.look);
    if (holds_packets(packet.first(side.look).subspan(header), h.type, version_))
      return ParseResult::malformed(Event::kInterruptedMessage);
  }
  return ParseResult::done();
}

void MqttParser::on_message(Direction dir, Exchange& x, Bytes body, std::uint64_t odd, Sink& sink) noexcept {
  const std::uint64_t now = sink.time_ns();
  give_up_late_ones(now, sink);
  const Message& m = x.first();
  odd |= note_state(dir, m, x.connect, odd == 0);
  x.opened_ns = x.ended_ns = now;
  x.version = version_;
  // Of what is too long to look into nobody knows what it belongs to.
  if (m.cut && !m.is(Type::kPublish)) return alone(x, odd, sink);
  const Type opener = opener_of(m.type);
  if (opener != Type::kUnassigned) {
    if (answer(dir, m, odd, sink)) return;
    return alone(x, odd | bit(missing_of(opener)), sink);
  }
  if (m.is(Type::kPublish) && !(m.cut && x.publish.topic.empty() && x.publish.alias == 0)) {
    odd |= resolve(dir, x.publish);
    const Sparkplug s = sparkplug_topic(x.publish.topic).type;
    if (s != Sparkplug::kNone && s != Sparkplug::kState && !m.cut &&
        sparkplug_payload(x.publish.message).broken)
      odd |= bit(Event::kInvalidSparkplug);
  }
  if (waits(m) && !(m.has_id && m.id == 0)) return open(x, body, odd, sink);
  alone(x, odd, sink);
}

/// What the connection has come to, and what a packet may not be there.
std::uint64_t MqttParser::note_state(Direction dir, const Message& m, const Connect& c, bool right) noexcept {
  if (m.is(Type::kConnect)) {
    const bool again = state_ == State::kConnecting || state_ == State::kConnected;
    state_ = State::kConnecting;
    version_ = c.level;
    version_guessed_ = false;
    forget_aliases();
    return (again ? bit(Event::kDoubleConnect) : 0) |
           (dir == Direction::kToClient ? bit(Event::kMalformedTraffic) : 0);
  }
  // What only version 5 has tells it where the CONNECT was not seen, unless something is wrong with it.
  if (version_ == 0 && right &&
      (m.is(Type::kAuth) || (m.is(Type::kDisconnect) && m.length != 0) ||
       ((m.is(Type::kConnack) || m.is(Type::kPuback) || m.is(Type::kPubrec) || m.is(Type::kPubrel) ||
         m.is(Type::kPubcomp)) &&
        m.length > 2))) {
    version_ = kVersion5;
    version_guessed_ = true;
  }
  if (m.is(Type::kConnack)) {
    if (!refuses(m, version_)) state_ = State::kConnected;
    return 0;
  }
  const State before = state_;
  if (m.is(Type::kDisconnect)) state_ = State::kOver;
  switch (before) {
    case State::kConnected:
      return 0;
    case State::kConnecting:
      return m.is(Type::kAuth) || m.is(Type::kDisconnect) ? 0 : bit(Event::kUnintroducedMessage);
    case State::kOver:
      return bit(Event::kAfterDisconnect);
    case State::kUnknown:
      break;
  }
  // Where the beginning was not seen, once will do.
  return std::exchange(told_unknown_, true) ? 0 : bit(Event::kUnintroducedMessage);
}

/// A transaction that is over as it begins.
void MqttParser::alone(Exchange& x, std::uint64_t odd, Sink& sink) noexcept {
  x.id = next_id_++;
  x.settings = &settings_;
  x.failed = refuses(x.first(), x.version);
  seen(x, x.from);
  set_operation(x);
  report(x.from, odd, &x, sink);
  sink.advance(x, x.from, kOtWhole);
  sink.done(x);
}

/// A transaction that waits: it keeps its bytes, and reads them again there.
void MqttParser::open(Exchange& here, Bytes body, std::uint64_t odd, Sink& sink) noexcept {
  const Message& m = here.first();
  const Bytes alias_topic = here.publish.resolved ? here.publish.topic : Bytes{};
  const std::size_t size = body.size() + alias_topic.size();
  if (Exchange* before = find(here.from, m.type, m.id); before != nullptr) {
    // A client that gets no answer says it again with DUP.
    if (m.has_id && (m.flags & kDup) == 0) odd |= bit(Event::kDuplicateMsgId);
    report(here.from, bit(Event::kNoAcknowledgement), before, sink);
    finish(*before, sink);
  }
  while (!waiting_.empty() && (waiting_.full() || kept_ + size > kMaxKept)) {
    report(waiting_.oldest()->from, bit(Event::kTooManyTransactions), waiting_.oldest(), sink);
    finish(*waiting_.oldest(), sink);
  }
  auto* room = static_cast<std::uint8_t*>(size == 0 ? nullptr : pool_.allocate(size));
  Exchange* x = size != 0 && room == nullptr ? nullptr : pool_.make<Exchange>();
  if (x == nullptr) {
    pool_.release(room, size);
    return alone(here, odd | bit(Event::kOutOfMemory), sink);
  }
  if (!body.empty()) std::memcpy(room, body.data(), body.size());
  if (!alias_topic.empty()) std::memcpy(room + body.size(), alias_topic.data(), alias_topic.size());
  x->kept = room;
  x->kept_bytes = size;
  kept_ += size;
  x->from = here.from;
  x->count = 1;
  x->version = here.version;
  x->opened_ns = x->ended_ns = here.opened_ns;
  x->settings = &settings_;
  (void)interpret({m.type, m.flags, m.length}, {room, body.size()}, here.version, x->messages[0], x->connect,
                  x->publish);
  if (here.publish.resolved) {
    x->publish.topic = {room + body.size(), alias_topic.size()};
    x->publish.resolved = true;
  }
  x->id = next_id_++;
  seen(*x, x->from);
  set_operation(*x);
  waiting_.add(*x);
  report(x->from, odd, x, sink);
  sink.advance(*x, x->from, kOtWhole);
}

Exchange* MqttParser::find(Direction from, Type opener, std::uint16_t id) noexcept {
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = x->newer) {
    const Message& m = x->first();
    if (x->from == from && m.is(opener) && (!m.has_id || m.id == id)) return x;
  }
  return nullptr;
}

/// False: nothing waits for it.
bool MqttParser::answer(Direction dir, const Message& m, std::uint64_t odd, Sink& sink) noexcept {
  const Direction from = m.is(Type::kPubrel) ? dir : reverse(dir);
  Exchange* x = find(from, opener_of(m.type), m.id);
  if (x == nullptr || x->count == Exchange::kMaxMessages) return false;
  if ((m.is(Type::kSuback) || (m.is(Type::kUnsuback) && version_ == kVersion5)) &&
      m.list.size() != filters_of(x->first())) {
    odd |= bit(Event::kSubscriptionMismatch);
  }
  Message& kept = x->messages[x->count];
  kept = m;
  x->ended_ns = sink.time_ns();
  if (m.is(Type::kConnack)) x->version = version_;
  if (!ends(m)) {
    // Its bytes go before the transaction does.
    auto& room = x->reply_rooms[m.is(Type::kPubrel) ? 1 : 0];
    kept.cut = m.properties.size() > room.size();
    if (kept.cut) kept.properties = {};
    std::copy(kept.properties.begin(), kept.properties.end(), room.begin());
    kept.properties = {room.data(), kept.properties.size()};
  }
  ++x->count;
  seen(*x, dir);
  report(dir, odd, x, sink);
  if (ends(m)) finish(*x, sink);
  return true;
}

/// Rules look at the other side, the record is made, the memory goes.
void MqttParser::finish(Exchange& x, Sink& sink) noexcept {
  for (const Message& m : x.all()) x.failed = x.failed || refuses(m, x.version);
  const Direction other = reverse(x.from);
  if (other == Direction::kToServer ? x.has_request : x.has_reply) sink.advance(x, other, kOtWhole);
  sink.done(x);
  forget(x);
}

void MqttParser::forget(Exchange& x) noexcept {
  kept_ -= x.kept_bytes;
  if (x.kept != nullptr) pool_.release(x.kept, x.kept_bytes);
  waiting_.remove(x);
}

void MqttParser::give_up_late_ones(std::uint64_t now, Sink& sink) noexcept {
  while (!waiting_.empty() && now > waiting_.oldest()->opened_ns + timeout_ns_) {
    report(waiting_.oldest()->from, bit(Event::kNoAcknowledgement), waiting_.oldest(), sink);
    finish(*waiting_.oldest(), sink);
  }
}

/// Topic aliases (5.0 §3.3.2.3.4): a topic with a number gives it its meaning, a number alone stands for the topic.
std::uint64_t MqttParser::resolve(Direction dir, Publish& p) noexcept {
  if (p.alias == 0) return 0;
  Side& side = sides_[index(dir)];
  Alias* a = side.alias;
  while (a != nullptr && a->number != p.alias) a = a->next;
  if (p.topic.empty()) {
    if (a == nullptr) return bit(Event::kUnknownTopicAlias);
    p.topic = a->topic.view();
    p.resolved = true;
    return 0;
  }
  if (a == nullptr && side.aliases < kMaxAliases) {
    a = pool_.make<Alias>(pool_);
    if (a == nullptr) return bit(Event::kOutOfMemory);
    a->number = p.alias;
    a->next = std::exchange(side.alias, a);
    ++side.aliases;
  }
  if (a == nullptr) return 0;
  a->topic.clear();
  // What was not kept is not known later: the number loses its meaning.
  if (p.topic.size() > kMaxAliasTopic || !a->topic.append(p.topic)) a->number = 0;
  return 0;
}

void MqttParser::forget_aliases() noexcept {
  for (Side& side : sides_) {
    while (side.alias != nullptr) pool_.destroy(std::exchange(side.alias, side.alias->next));
    side.aliases = 0;
  }
}

}  // namespace picket::mqtt
