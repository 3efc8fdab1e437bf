#include <algorithm>
#include <bit>
#include <memory>

#include "parsers/core/frames.h"
#include "parsers/core/waiting.h"
#include "parsers/modbus/modbus_umas.h"

namespace picket::modbus {
namespace {

constexpr std::uint8_t kWhole = 1;  // the only progress of a side: its frame is there

enum Limit : std::size_t { kRequestFlood, kReplyTimeout };
constexpr LimitDef kLimits[] = {
    {"request-flood", 500, 1, 65535, "requests of a flow that wait for their reply; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kBuckets = 64;
/// Requests of one bucket that a reply is held against: who floods a flow with them must not slow the others.
constexpr unsigned kMaxCompared = 32;

constexpr unsigned kPduFrame = 0;
constexpr FrameDef kFrames[] = {{"pdu", "a request or a reply, with its MBAP header"}};

class ModbusParser final : public Parser {
 public:
  explicit ModbusParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        waiting_(c.pool, c.limits[kRequestFlood]),
        timeout_ns_(c.limits[kReplyTimeout] * kSecond) {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    return read_frames(
        data, lost_[index(dir)], [dir](Bytes rest) noexcept { return frame_starts(dir, rest); },
        [&](Cursor& in) noexcept {
          const Bytes rest = in.rest();
          Frame f;
          const ParseResult r = parse(in, f);
          if (r.kind == ParseResult::Kind::kMalformed) {
            report(dir, static_cast<Event>(r.event), nullptr, sink);
            report(dir, Event::kLostSync, nullptr, sink);
          } else if (r.kind == ParseResult::Kind::kDone) {
            sink.frame(dir, kPduFrame, rest.data(), in.offset());
            on_frame(dir, f, sink);
          }
          return r;
        });
  }

  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    report(dir, Event::kGap, nullptr, sink);
    lost_[index(dir)] = true;
  }
  void on_end(Direction dir, Sink& sink) noexcept override {
    if (dir == Direction::kToClient) on_close(sink);
  }
  void on_close(Sink& sink) noexcept override {
    while (!waiting_.empty()) give_up_oldest(sink);
  }

 private:
  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }

  /// What is wrong with a frame by itself.
  static void report_problems(Direction dir, const Message& m, Exchange& x, Sink& sink) noexcept {
    struct Pair {
      Problem problem;
      Event event;
    };
    static constexpr Pair kPairs[] = {
        {kProtocolId, Event::kInvalidProtocolId},       {kDataLength, Event::kInvalidLength},
        {kFunctionCode, Event::kInvalidFunctionCode},   {kDataValue, Event::kInvalidValue},
        {kExceptionCode, Event::kInvalidExceptionCode},
    };
    for (const Pair& p : kPairs) {
      if ((m.problems & p.problem) != 0) report(dir, p.event, &x, sink);
    }
    // Messaging V1.0b, §4.4.2.3: 248 to 254 are reserved; 0 and 255 both stand for "not behind a gateway".
    if (m.frame.unit >= 248 && m.frame.unit != 255) report(dir, Event::kInvalidUnitIdentifier, &x, sink);
  }

  void on_frame(Direction dir, const Frame& f, Sink& sink) noexcept {
    const std::uint64_t now = sink.time_ns();
    while (!waiting_.empty() && now > waiting_.oldest()->request_ns + timeout_ns_) {
      report(Direction::kToServer, Event::kNoReply, waiting_.oldest(), sink);
      give_up_oldest(sink);
    }
    if (dir == Direction::kToServer) {
      on_request(f, now, sink);
    } else {
      on_reply(f, now, sink);
    }
  }

  void on_request(const Frame& f, std::uint64_t now, Sink& sink) noexcept {
    requests_seen_ = true;
    if (waiting_.full()) {
      report(Direction::kToServer, Event::kFlooded, waiting_.oldest(), sink);
      give_up_oldest(sink);
    }
    Exchange* x = pool_.make<Exchange>();
    if (x == nullptr) return report(Direction::kToServer, Event::kOutOfMemory, nullptr, sink);
    // The frame's bytes go when this call ends; the request stays until its reply.
    Frame own = f;
    if (f.data.size() <= kMaxData) {
      std::copy(f.data.begin(), f.data.end(), x->request_data.begin());
      own.data = {x->request_data.data(), f.data.size()};
    } else if (x->long_data.emplace(pool_).append(f.data)) {
      own.data = x->long_data->view();
    } else {
      pool_.destroy(x);
      return report(Direction::kToServer, Event::kOutOfMemory, nullptr, sink);
    }
    x->id = next_id_++;
    x->has_request = true;
    x->request_ns = now;
    x->request = interpret(own, Direction::kToServer);
    set_operation(*x);
    wait(*x);
    report_problems(Direction::kToServer, x->request, *x, sink);
    sink.advance(*x, Direction::kToServer, kWhole);
  }

  void on_reply(const Frame& f, std::uint64_t now, Sink& sink) noexcept {
    const Message m = interpret(f, Direction::kToClient);
    Exchange* x = nullptr;
    Exchange* one = bucket_of(f);
    for (unsigned i = 0; i < kMaxCompared && one != nullptr; ++i, one = one->chained) {
      if (belongs(one->request, m)) x = one;  // the oldest that fits
    }
    if (x == nullptr) {
      Exchange alone;
      alone.id = next_id_++;
      // Where only the replies are seen there is nothing odd about it.
      finish(alone, m, now, requests_seen_, sink);
      return;
    }
    finish(*x, m, now, false, sink);
    forget(*x);
  }

  [[nodiscard]] Exchange*& bucket_of(const Frame& f) noexcept {
    return buckets_[(f.transaction ^ f.transaction >> 6 ^ f.unit) % kBuckets];
  }
  void wait(Exchange& x) noexcept {
    waiting_.add(x);
    Exchange*& bucket = bucket_of(x.request.frame);
    x.chained = bucket;
    x.chained_at = &bucket;
    if (bucket != nullptr) bucket->chained_at = &x.chained;
    bucket = &x;
  }
  void forget(Exchange& x) noexcept {
    *x.chained_at = x.chained;
    if (x.chained != nullptr) x.chained->chained_at = x.chained_at;
    waiting_.remove(x);
  }

  static bool belongs(const Message& request, const Message& reply) noexcept {
    return request.frame.transaction == reply.frame.transaction && request.frame.unit == reply.frame.unit &&
           request.base_function() == reply.base_function();
  }

  static void finish(Exchange& x, const Message& reply, std::uint64_t now, bool unsolicited,
                     Sink& sink) noexcept {
    x.reply = reply;
    x.reply_ns = now;
    x.has_reply = true;
    x.failed = refuses(x);
    if (!x.has_request) set_operation(x);
    report_problems(Direction::kToClient, x.reply, x, sink);
    if (unsolicited) report(Direction::kToClient, Event::kUnsolicitedResponse, &x, sink);
    if (x.has_request && !answers(x.request, x.reply)) {
      x.reply.problems |= kDataValue;
      report(Direction::kToClient, Event::kValueMismatch, &x, sink);
    }
    sink.advance(x, Direction::kToClient, kWhole);
    sink.done(x);
  }

  void give_up_oldest(Sink& sink) noexcept {
    sink.done(*waiting_.oldest());
    forget(*waiting_.oldest());
  }

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< requests that wait for their reply
  const std::uint64_t timeout_ns_;
  std::array<Exchange*, kBuckets> buckets_{};  ///< the same, by transaction and unit, newest first
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> lost_{};
  bool requests_seen_ = false;
};

/// The side of the exchange that goes that way; nullptr when it has not.
const Message* side(const Transaction& tx, Direction dir) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (dir == Direction::kToServer) return x.has_request ? &x.request : nullptr;
  return x.has_reply ? &x.reply : nullptr;
}

bool data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = m->frame.data;
  return true;
}

/// An IntegerDef's getter for what `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && kRead(*m, out);
}

bool unit(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.unit, true; }
bool transaction_id(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.transaction, true; }
bool protocol_id(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.protocol, true; }
bool function(const Message& m, std::uint64_t& out) noexcept { return out = m.frame.function, true; }
bool subfunction(const Message& m, std::uint64_t& out) noexcept {
  return out = m.subfunction, m.form == Form::kDiagnostic || m.form == Form::kMei;
}
bool exception_code(const Message& m, std::uint64_t& out) noexcept {
  return out = m.exception, m.form == Form::kException;
}
bool reads(const Message& m) noexcept { return m.form == Form::kReadRequest || m.form == Form::kReadWrite; }
bool writes(const Message& m) noexcept {
  return m.form == Form::kWriteOne || m.form == Form::kWriteMany || m.form == Form::kWriteEcho ||
         m.form == Form::kMask || m.form == Form::kReadWrite;
}
bool read_address(const Message& m, std::uint64_t& out) noexcept { return out = m.read_address, reads(m); }
bool read_quantity(const Message& m, std::uint64_t& out) noexcept { return out = m.read_quantity, reads(m); }
bool write_address(const Message& m, std::uint64_t& out) noexcept { return out = m.write_address, writes(m); }
bool write_quantity(const Message& m, std::uint64_t& out) noexcept {
  return out = m.write_quantity, writes(m);
}

/// The n-th value that a request writes.
bool write_value(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  if (m->form == Form::kWriteOne) return out = m->values_are_bits() ? m->value != 0 : m->value, n == 0;
  std::uint16_t v = 0;
  if ((m->form != Form::kWriteMany && m->form != Form::kReadWrite) || n >= m->write_quantity ||
      !m->value_at(n, v)) {
    return false;
  }
  out = v;
  return true;
}

/// The n-th value that a reply reads.
bool read_value(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  std::uint16_t v = 0;
  if (m == nullptr || m->form != Form::kReadReply || !m->value_at(n, v)) return false;
  out = v;
  return true;
}

Umas umas_of(const Transaction& tx, Direction dir) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return {};
  const auto& x = static_cast<const Exchange&>(tx);
  return dir == Direction::kToServer ? umas_request(*m)
                                     : umas_reply(*m, x.has_request ? &x.request : nullptr);
}
bool umas_function(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Umas u = umas_of(tx, dir);
  return out = u.function, n == 0 && u.there && u.function != 0;
}
bool umas_session(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Umas u = umas_of(tx, dir);
  return out = u.session, n == 0 && u.there;
}
bool umas_status(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Umas u = umas_of(tx, dir);
  return out = u.status, n == 0 && u.there && u.reply;
}
bool umas_block(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Umas u = umas_of(tx, dir);
  UmasMemory m;
  UmasTransfer t;
  Bytes rest;
  if (n != 0) return false;
  if (read_memory(u, m, rest)) return out = m.block, true;
  return read_transfer(u, t) && (out = t.block, t.has_block);
}
bool umas_data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Umas u = umas_of(tx, dir);
  return out = u.data, n == 0 && u.there;
}
bool umas_error(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Umas u = umas_of(tx, dir);
  return out = u.data, n == 0 && u.there && u.reply && u.status == umas::kRefused;
}
bool umas_named(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return n == 0 && read_name(umas_of(tx, dir), out);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};
constexpr std::array<std::uint8_t, 2> kReplyOnly = {kNever, kWhole};

constexpr BufferDef kBuffers[] = {
    {"modbus.data", "", kBoth, data, "bytes behind the function code"},
    {"modbus.umas_data", "", kBoth, umas_data,
     "of UMAS: bytes behind its function or status, inside of a signature"},
    {"modbus.umas_name", "", kBoth, umas_named, "of UMAS: who reserves; PLC, project or memory card"},
    {"modbus.umas_error", "", kReplyOnly, umas_error, "of UMAS: what stands behind the status of an error"},
};

constexpr IntegerDef kIntegers[] = {
    {"modbus.unit", "modbus.unit_id", kBoth, integer<unit>, nullptr, "unit identifier"},
    {"modbus.transaction_id", "", kBoth, integer<transaction_id>, nullptr, "transaction identifier"},
    {"modbus.protocol_id", "", kBoth, integer<protocol_id>, nullptr, "protocol identifier, 0"},
    {"modbus.function", "", kBoth, integer<function>, function_by_name,
     "function code, with the exception bit"},
    {"modbus.subfunction", "", kBoth, integer<subfunction>, nullptr, "diagnostics subfunction, or MEI type"},
    {"modbus.exception_code", "", kReplyOnly, integer<exception_code>, nullptr, "exception code"},
    {"modbus.read.address", "", kBoth, integer<read_address>, nullptr, "first address read, from 0"},
    {"modbus.read.quantity", "", kBoth, integer<read_quantity>, nullptr, "how many are read"},
    {"modbus.read.value", "", kReplyOnly, read_value, nullptr, "values read: registers, or bits as 0 and 1"},
    {"modbus.write.address", "", kBoth, integer<write_address>, nullptr, "first address written, from 0"},
    {"modbus.write.quantity", "", kBoth, integer<write_quantity>, nullptr, "how many are written"},
    {"modbus.umas_function", "", kBoth, umas_function, umas_by_name,
     "of UMAS: 65 or \"PLC stop\"; of a reply that of its request"},
    {"modbus.umas_session", "", kBoth, umas_session, nullptr, "of UMAS: the reservation's key, or 0"},
    {"modbus.umas_status", "", kReplyOnly, umas_status, nullptr, "of UMAS: 254 done, 253 refused"},
    {"modbus.umas_block", "", kBoth, umas_block, nullptr,
     "of UMAS: number of a block of memory, or of a program"},
    {"modbus.write.value", "", kBoth, write_value, nullptr, "values written: registers, or bits as 0 and 1"},
};

constexpr KeywordDef kKeywords[] = {
    {"modbus", kBoth, parse_keyword, "unit, function, subfunction, access, address and value of the request"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_protocol_id", "the protocol identifier is not 0"},
    {"unsolicited_response", "no request with that transaction, unit and function waits for a reply"},
    {"invalid_length", "the length is not 2 to 254, or the data are not as long as the function asks for"},
    {"invalid_unit_identifier", "the unit is one of the reserved 248 to 254"},
    {"invalid_function_code", "the function is 0, or has the exception bit in a request"},
    {"invalid_value", "a quantity, count or value is out of its range"},
    {"invalid_exception_code", "the exception code is not one of the specification's"},
    {"value_mismatch", "the reply does not say what the request asked for"},
    {"flooded", "more requests than request-flood wait for a reply"},
    {"lost_sync", "bytes that are no frame; parsing goes on at the next header that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next header that makes sense"},
    {"no_reply", "no reply came within reply-timeout"},
    {"out_of_memory", "no memory was left for a request"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {502};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "modbus",
    .record = "modbus",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(ModbusParser),
    .create = create_parser<ModbusParser>,
    .max_pending_bytes = 2048,
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .frames = kFrames,
    .ot = &kOt,
};

}  // namespace picket::modbus
