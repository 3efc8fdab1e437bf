#include <algorithm>

#include "parsers/core/frames.h"
#include "parsers/core/waiting.h"
#include "parsers/hartip/hartip_commands.h"

namespace picket::hartip {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

enum Limit : std::size_t { kRequestFlood, kReplyTimeout };
constexpr LimitDef kLimits[] = {
    {"request-flood", 32, 1, 64, "requests of a flow that wait for their response; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
};

constexpr unsigned kMessageFrame = 0;
constexpr FrameDef kFrames[] = {{"message", "a message with its header"}};

/// One flow. A request waits for the response or NAK that has its sequence number and message ID; what a device
/// publishes stands alone.
class HartipParser final : public Parser {
 public:
  explicit HartipParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        waiting_(c.pool, c.limits[kRequestFlood]),
        timeout_ns_(c.limits[kReplyTimeout] * kSecond) {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    return read_frames(
        data, lost_[index(dir)], [](Bytes rest) noexcept { return message_starts(rest); },
        [&](Cursor& in) noexcept {
          const Bytes rest = in.rest();
          Frame f;
          const ParseResult r = parse(in, f);
          if (r.kind == ParseResult::Kind::kMalformed) {
            sink.event(dir, r.event, nullptr);
            report(dir, Event::kLostSync, nullptr, sink);
          } else if (r.kind == ParseResult::Kind::kDone) {
            sink.frame(dir, kMessageFrame, rest.data(), in.offset());
            on_message(dir, f, sink);
          }
          return r;
        });
  }
  void on_datagram(Direction dir, Bytes data, Sink& sink) noexcept override {
    Cursor in(data);
    while (!in.empty()) {
      const Bytes rest = in.rest();
      Frame f;
      const std::size_t before = in.offset();
      const ParseResult r = parse(in, f);
      if (r.kind != ParseResult::Kind::kDone) {
        const auto cut = static_cast<std::uint8_t>(Event::kInvalidLength);
        return sink.event(dir, r.kind == ParseResult::Kind::kNeedMore ? cut : r.event, nullptr);
      }
      sink.frame(dir, kMessageFrame, rest.data(), in.offset() - before);
      on_message(dir, f, sink);
    }
  }
  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    report(dir, Event::kGap, nullptr, sink);
    lost_[index(dir)] = true;
  }
  void on_end(Direction dir, Sink& sink) noexcept override {
    if (dir == Direction::kToClient) on_close(sink);
  }
  void on_close(Sink& sink) noexcept override {
    while (!waiting_.empty()) finish(*waiting_.oldest(), sink);
  }

 private:
  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  static void report_problems(Direction dir, const Message& m, Exchange& x, Sink& sink) noexcept {
    constexpr struct {
      Problem problem;
      Event event;
    } kPairs[] = {
        {kBadBody, Event::kInvalidBody},          {kBadPdu, Event::kInvalidPdu},
        {kBadCheck, Event::kInvalidCheckByte},    {kBadCommand, Event::kInvalidCommand},
        {kManyCommands, Event::kTooManyCommands}, {kUnknownId, Event::kUnknownMessage},
    };
    for (const auto& p : kPairs) {
      if ((m.problems & p.problem) != 0) report(dir, p.event, &x, sink);
    }
  }

  void on_message(Direction dir, const Frame& f, Sink& sink) noexcept {
    const std::uint64_t now = sink.time_ns();
    while (!waiting_.empty() && now > waiting_.oldest()->request_ns + timeout_ns_) {
      report(Direction::kToServer, Event::kNoReply, waiting_.oldest(), sink);
      finish(*waiting_.oldest(), sink);
    }
    const bool answers = f.type == MessageType::kResponse || f.type == MessageType::kNak;
    if (f.type == MessageType::kRequest && dir == Direction::kToServer) {
      on_request(f, now, sink);
    } else if (answers && dir == Direction::kToClient) {
      on_response(f, now, sink);
    } else {
      Exchange x(pool_);
      x.id = next_id_++;
      show_alone(x, dir, f, now, sink);
    }
  }

  /// A message that nothing is to be paired with: published, or sent the wrong way.
  static void show_alone(Exchange& x, Direction dir, const Frame& f, std::uint64_t now, Sink& sink) noexcept {
    const bool to_client = dir == Direction::kToClient;
    Message& m = to_client ? x.reply : x.request;
    (to_client ? x.has_reply : x.has_request) = true;
    (to_client ? x.reply_ns : x.request_ns) = now;
    m = interpret(f);
    read_texts(m, to_client ? x.reply_texts : x.request_texts);
    set_operation(x);
    x.failed = refused(m);
    report_problems(dir, m, x, sink);
    if (f.type != MessageType::kPublish || !to_client) report(dir, Event::kWrongDirection, &x, sink);
    sink.advance(x, dir, kOtWhole);
    sink.done(x);
  }

  void on_request(const Frame& f, std::uint64_t now, Sink& sink) noexcept {
    requests_seen_ = true;
    if (waiting_.full()) {
      report(Direction::kToServer, Event::kFlooded, waiting_.oldest(), sink);
      finish(*waiting_.oldest(), sink);
    }
    Exchange* x = pool_.make<Exchange>(pool_);
    // The message's bytes go when this call ends; the request stays until its response.
    const Bytes kept = f.body.first(std::min(f.body.size(), kMaxKept));
    if (x == nullptr || !x->kept.append(kept)) {
      pool_.destroy(x);
      return report(Direction::kToServer, Event::kOutOfMemory, nullptr, sink);
    }
    x->id = next_id_++;
    x->has_request = true;
    x->request_ns = now;
    x->cut = kept.size() != f.body.size();
    Frame own = f;
    own.body = x->kept.view();
    x->request = interpret(own);
    // What was cut off is not wrong for that.
    if (x->cut) x->request.problems = kManyCommands;
    read_texts(x->request, x->request_texts);
    set_operation(*x);
    waiting_.add(*x);
    report_problems(Direction::kToServer, x->request, *x, sink);
    sink.advance(*x, Direction::kToServer, kOtWhole);
  }

  void on_response(const Frame& f, std::uint64_t now, Sink& sink) noexcept {
    const Message m = interpret(f);
    Exchange* x = waiting_.oldest();
    while (x != nullptr && !belongs(x->request.frame, f)) x = x->newer;
    if (x == nullptr) {
      Exchange alone(pool_);
      alone.id = next_id_++;
      answer(alone, m, now, sink);
      // Where only the responses are seen there is nothing odd about it.
      if (requests_seen_) report(Direction::kToClient, Event::kUnsolicitedResponse, &alone, sink);
      sink.advance(alone, Direction::kToClient, kOtWhole);
      sink.done(alone);
      return;
    }
    answer(*x, m, now, sink);
    if (!fits(x->request, m)) report(Direction::kToClient, Event::kReplyMismatch, x, sink);
    sink.advance(*x, Direction::kToClient, kOtWhole);
    finish(*x, sink);
  }

  static void answer(Exchange& x, const Message& m, std::uint64_t now, Sink& sink) noexcept {
    x.reply = m;
    x.reply_ns = now;
    x.has_reply = true;
    x.failed = refused(m);
    read_texts(m, x.reply_texts);
    if (!x.has_request) set_operation(x);
    Command c;
    constexpr std::uint8_t kColdStart = 0x20;
    if (first_command(m, c) && c.has_device_status && (c.device_status & kColdStart) != 0) x.apart = true;
    report_problems(Direction::kToClient, m, x, sink);
  }

  static bool belongs(const Frame& request, const Frame& response) noexcept {
    return request.sequence == response.sequence &&
           (request.id == response.id || response.type == MessageType::kNak);
  }

  /// Is it of the device and the command that were asked for? A reply of a tag's owner is from whoever has it.
  static bool fits(const Message& request, const Message& reply) noexcept {
    if (!request.has_pdu || !reply.has_pdu) return true;
    if (request.pdu.command != reply.pdu.command) return false;
    const bool by_tag = request.pdu.command == 11 || request.pdu.command == 21 || request.pdu.command == 73;
    return by_tag || request.pdu.is_long() != reply.pdu.is_long() ||
           request.pdu.device() == reply.pdu.device();
  }

  /// Was it not done, by what the server or one of the devices says?
  static bool refused(const Message& m) noexcept {
    if (m.frame.type == MessageType::kNak) return true;
    if (!m.of_device()) return false;
    if (status_refuses(m.frame.status)) return true;
    CommandReader commands(m);
    for (Command c; commands.next(c);) {
      if (c.has_code && code_refuses(c.code)) return true;
    }
    return false;
  }

  void finish(Exchange& x, Sink& sink) noexcept {
    sink.done(x);
    waiting_.remove(x);
  }

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< requests that wait for their response
  const std::uint64_t timeout_ns_;
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> lost_{};
  bool requests_seen_ = false;
};

// What rules may ask for.

const Message* side(const Transaction& tx, Direction dir) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (dir == Direction::kToServer) return x.has_request ? &x.request : nullptr;
  return x.has_reply ? &x.reply : nullptr;
}

/// An IntegerDef's getter for what `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool of_message(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && kRead(*m, out);
}
bool version(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.version, true; }
bool type(const Message& m, std::uint64_t& out) noexcept {
  return out = static_cast<std::uint64_t>(m.frame.type), true;
}
bool id(const Message& m, std::uint64_t& out) noexcept {
  return out = static_cast<std::uint64_t>(m.frame.id), true;
}
bool status(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.status, true; }
bool sequence(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.sequence, true; }
bool master_type(const Message& m, std::uint64_t& out) noexcept { return out = m.master_type, m.has_session; }
bool inactivity(const Message& m, std::uint64_t& out) noexcept {
  return out = m.inactivity_ms, m.has_session;
}

/// Of the n-th command that has such a thing.
template <bool (*kRead)(const Command&, std::uint64_t&) noexcept>
bool of_command(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  CommandReader commands(*m);
  for (Command c; commands.next(c);) {
    if (kRead(c, out) && n-- == 0) return true;
  }
  return false;
}
bool number(const Command& c, std::uint64_t& out) noexcept { return out = c.number, true; }
bool response_code(const Command& c, std::uint64_t& out) noexcept { return out = c.code, c.has_code; }
bool device_status(const Command& c, std::uint64_t& out) noexcept {
  return out = c.device_status, c.has_device_status;
}
bool delimiter(const Command& c, std::uint64_t& out) noexcept { return out = c.pdu.delimiter, c.has_pdu; }
bool polling_address(const Command& c, std::uint64_t& out) noexcept {
  return out = c.pdu.device(), c.has_pdu && !c.pdu.is_long();
}

/// The n-th field of that name in any of the commands.
bool nth_item(const Transaction& tx, Direction dir, Field field, unsigned n, Item& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  CommandReader commands(*m);
  for (Command c; commands.next(c);) {
    ItemReader items(layout_of(c), c.data);
    while (items.next(out)) {
      if (out.field == field && n-- == 0) return true;
    }
  }
  return false;
}
template <Field kField>
bool of_field(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  Item i;
  return nth_item(tx, dir, kField, n, i) && (out = i.number, true);
}

/// That of a device of HART 5 or 6 is the first octet of its type.
bool manufacturer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  CommandReader commands(*m);
  for (Command c; commands.next(c);) {
    ItemReader items(layout_of(c), c.data);
    bool found = false;
    for (Item i; items.next(i);) {
      const bool old = i.field == Field::kDeviceType && !found;
      if (old || i.field == Field::kManufacturer) {
        out = old ? i.number >> 8 : i.number;
        found = true;
      }
    }
    if (found && n-- == 0) return true;
  }
  return false;
}

bool data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  CommandReader commands(*m);
  for (Command c; commands.next(c);) {
    if (!c.data.empty() && n-- == 0) return out = c.data, true;
  }
  return false;
}
bool unique_address(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  CommandReader commands(*m);
  for (Command c; commands.next(c);) {
    if (c.has_pdu && c.pdu.is_long() && n-- == 0) return out = c.pdu.address, true;
  }
  return false;
}
bool body(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && !m->frame.body.empty() && (out = m->frame.body, true);
}
bool long_tag(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Item i;
  if (!nth_item(tx, dir, Field::kLongTag, n, i)) return false;
  out = i.raw;
  while (!out.empty() && (out.back() == ' ' || out.back() == 0)) out = out.first(out.size() - 1);
  return true;
}

const Texts* texts(const Transaction& tx, Direction dir, unsigned n) noexcept {
  if (n != 0 || side(tx, dir) == nullptr) return nullptr;
  const auto& x = static_cast<const Exchange&>(tx);
  return dir == Direction::kToServer ? &x.request_texts : &x.reply_texts;
}
bool tag(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Texts* t = texts(tx, dir, n);
  return t != nullptr && t->has_tag && (out = as_bytes({t->tag.data(), t->tag_size}), true);
}
bool descriptor(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Texts* t = texts(tx, dir, n);
  return t != nullptr && t->has_descriptor &&
         (out = as_bytes({t->descriptor.data(), t->descriptor_size}), true);
}
bool message(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Texts* t = texts(tx, dir, n);
  return t != nullptr && t->has_message && (out = as_bytes({t->message.data(), t->message_size}), true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};
constexpr std::array<std::uint8_t, 2> kReplyOnly = {kNever, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"hartip.tag", "", kBoth, tag, "tag, up to 8 characters, without the blanks behind it"},
    {"hartip.descriptor", "", kBoth, descriptor, "descriptor, up to 16 characters, likewise"},
    {"hartip.message", "", kBoth, message, "the device's message, up to 32 characters, likewise"},
    {"hartip.long_tag", "", kBoth, long_tag, "long tag, up to 32 characters, likewise"},
    {"hartip.unique_address", "", kBoth, unique_address,
     "the five bytes of each unique address, as they came"},
    {"hartip.data", "", kBoth, data, "each command's data behind the status"},
    {"hartip.body", "", kBoth, body, "bytes of the message behind its header"},
};

constexpr IntegerDef kIntegers[] = {
    {"hartip.version", "", kBoth, of_message<version>, nullptr, "version of HART-IP, 1 or 2"},
    {"hartip.message_type", "", kBoth, of_message<type>, type_by_name,
     "0 or request, 1 response, 2 publish, 15 NAK"},
    {"hartip.message_id", "", kBoth, of_message<id>, id_by_name,
     "0 or \"session initiate\", 3 or \"token-passing PDU\", ..."},
    {"hartip.status", "", kBoth, of_message<status>, nullptr, "status of the header, 0 where all is well"},
    {"hartip.sequence", "", kBoth, of_message<sequence>, nullptr, "sequence number"},
    {"hartip.master_type", "", kBoth, of_message<master_type>, master_type_by_name,
     "of a session: 0 or secondary, 1 or primary"},
    {"hartip.inactivity_timer", "", kBoth, of_message<inactivity>, nullptr,
     "of a session: milliseconds after which it ends"},
    {"hartip.command", "", kBoth, of_command<number>, command_by_name,
     "number of each command, those inside of others, too"},
    {"hartip.response_code", "", kReplyOnly, of_command<response_code>, nullptr,
     "response code of each command"},
    {"hartip.device_status", "", kReplyOnly, of_command<device_status>, nullptr,
     "device status of each command"},
    {"hartip.delimiter", "", kBoth, of_command<delimiter>, nullptr, "delimiter of each frame"},
    {"hartip.polling_address", "", kBoth, of_command<polling_address>, nullptr, "polling address, 0 to 63"},
    {"hartip.manufacturer", "", kReplyOnly, manufacturer, manufacturer_by_name,
     "of each device that is identified, 38 or Rosemount"},
    {"hartip.device_type", "", kReplyOnly, of_field<Field::kDeviceType>, nullptr,
     "expanded device type of each"},
    {"hartip.device_id", "", kReplyOnly, of_field<Field::kDeviceId>, nullptr, "device id of each"},
    {"hartip.variable", "", kBoth, of_field<Field::kCode>, nullptr, "code of each device variable"},
    {"hartip.units", "", kBoth, of_field<Field::kUnits>, unit_by_name, "units of each variable, 32 or degC"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_header", "version or message type is none that there is"},
    {"invalid_length", "the length is less than a header, or more than such a message can be"},
    {"lost_sync", "bytes that are no message; parsing goes on at the next one"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next message"},
    {"unknown_message", "a message ID that the standard does not have"},
    {"invalid_body", "the body is not as long as its message ID asks for"},
    {"invalid_pdu", "a token-passing PDU does not fit its message, or is not of the side that sent it"},
    {"invalid_check_byte", "the check byte of a frame is wrong"},
    {"invalid_command", "a command's data ends in the middle of a field, or what it carries is no frame"},
    {"too_many_commands", "more commands in a message than 32, or inside of one another than two"},
    {"unsolicited_response", "no request with that sequence number waits for a response"},
    {"reply_mismatch", "the response is of another command or device than the request"},
    {"wrong_direction", "a request to the client, or a response or published message to the server"},
    {"no_reply", "no response came within reply-timeout"},
    {"flooded", "more requests than request-flood wait for a response"},
    {"out_of_memory", "no memory was left for a request"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {5094};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "hartip",
    .record = "hartip",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(HartipParser),
    .create = create_parser<HartipParser>,
    .max_pending_bytes = kMaxLength,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .frames = kFrames,
    .ot = &kOt,
};

}  // namespace picket::hartip
