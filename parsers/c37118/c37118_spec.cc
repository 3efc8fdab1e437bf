#include <algorithm>

#include "parsers/c37118/c37118.h"
#include "parsers/core/frames.h"

namespace picket::c37118 {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

enum Limit : std::size_t { kReplyTimeout };
constexpr LimitDef kLimits[] = {
    {"reply-timeout", 30, 1, 3600,
     "seconds after which a command that asks for a header or configuration is given up"},
};

/// One flow. A command that asks waits for what it asked for, at most kMaxWaiting of them; everything else stands
/// alone. Of each stream the last configuration is kept.
class C37118Parser final : public Parser {
 public:
  explicit C37118Parser(const ParserContext& c) noexcept
      : timeout_ns_(c.limits[kReplyTimeout] * kSecond),
        streams_{Stream(c.pool), Stream(c.pool), Stream(c.pool), Stream(c.pool)} {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    return read_frames(
        data, lost_[index(dir)], [&](Bytes rest) noexcept { return starts(dir, rest); },
        [&](Cursor& in) noexcept {
          Frame f;
          ParseResult r = believe(dir, in.rest());
          if (r.kind == ParseResult::Kind::kDone) r = parse(in, f);
          if (r.kind == ParseResult::Kind::kMalformed) {
            sink.event(dir, r.event, nullptr);
            report(dir, Event::kLostSync, nullptr, sink);
            credit_[index(dir)] = kFirstCredit;
          } else if (r.kind == ParseResult::Kind::kDone) {
            on_frame(dir, f, sink);
          }
          return r;
        });
  }
  void on_datagram(Direction dir, Bytes data, Sink& sink) noexcept override {
    Cursor in(data);
    while (!in.empty()) {
      Frame f;
      const ParseResult r = parse(in, f);
      if (r.kind != ParseResult::Kind::kDone) {
        const auto cut = static_cast<std::uint8_t>(Event::kInvalidSize);
        return sink.event(dir, r.kind == ParseResult::Kind::kNeedMore ? cut : r.event, nullptr);
      }
      on_frame(dir, f, sink);
    }
  }
  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    report(dir, Event::kGap, nullptr, sink);
    lost_[index(dir)] = true;
    credit_[index(dir)] = kFirstCredit;
    for (Stream& s : streams_) s.last_ns = 0;  // what is missing is known by now
  }
  void on_close(Sink& sink) noexcept override {
    for (Exchange& x : waiting_) {
      if (x.has_request || x.has_reply) finish(x, sink);
    }
  }

 private:
  static constexpr std::size_t kMaxWaiting = 4, kMaxStreams = 4;
  static constexpr std::size_t kShort = 256;  // bytes of a frame that are waited for without a doubt
  static constexpr std::uint32_t kCreditOfByte = 16, kFirstCredit = 4096, kMostCredit = 65536;

  struct Stream {
    explicit Stream(Pool& pool) noexcept : layout(pool) {}
    Layout layout;  ///< by the last configuration 2 or 3
    std::uint64_t last_ns = 0;
    std::uint64_t state = 0;  ///< of all its PMUs, as a hash
    std::uint64_t used = 0;   ///< number of the frame that last did; 0: free
    std::uint16_t id = 0;
    bool has_state = false;
  };

  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }

  /// Behind damage a frame is one whose CRC is right. Each byte that goes by pays for some bytes of CRC, so that what
  /// only looks like long frames costs no more than a fixed multiple of its size.
  Probe starts(Direction dir, Bytes rest) noexcept {
    std::uint32_t& credit = credit_[index(dir)];
    const auto no = [&]() noexcept {
      credit = std::min(credit + kCreditOfByte, kMostCredit);
      return Probe::kNo;
    };
    if (rest.size() >= 4 && rest[0] == kSync && (rest[2] << 8 | rest[3]) > static_cast<int>(credit))
      return no();
    Cursor in(rest);
    Frame f;
    const ParseResult r = parse(in, f);
    if (r.kind == ParseResult::Kind::kNeedMore) return Probe::kUnsure;
    if (r.kind == ParseResult::Kind::kDone) return Probe::kYes;
    if (r.event == static_cast<std::uint8_t>(Event::kInvalidChecksum))
      credit -= static_cast<std::uint32_t>(rest[2] << 8 | rest[3]);
    return no();
  }

  /// A size that lies would have the stream wait for 64 KiB. So what is long has to be as long as the stream's
  /// configuration says, and of about the time of what came before.
  ParseResult believe(Direction dir, Bytes rest) const noexcept {
    constexpr std::uint32_t kDay = 86400;
    Cursor c(rest);
    const std::uint8_t sync = c.u8(), type = c.u8();
    const std::uint16_t size = c.u16be();
    if (!c.ok() || sync != kSync || size <= kShort) return ParseResult::done();
    const std::uint16_t id = c.u16be();
    const std::uint32_t soc = c.u32be();
    if (!c.ok()) return ParseResult::need_more(kHeaderSize);
    const std::uint32_t last = soc_[index(dir)];
    if (last != 0 && (soc > last ? soc - last : last - soc) > kDay)
      return ParseResult::malformed(Event::kInvalidHeader);
    if (type >> 4 != static_cast<std::uint8_t>(FrameType::kData)) return ParseResult::done();
    for (const Stream& s : streams_) {
      const std::size_t body = s.layout.size();
      if (s.used != 0 && s.id == id && body != 0 && body + kMinSize != size)
        return ParseResult::malformed(Event::kInvalidSize);
    }
    return ParseResult::done();
  }

  void on_frame(Direction dir, const Frame& f, Sink& sink) noexcept {
    ++frames_;
    soc_[index(dir)] = f.soc;
    const std::uint64_t now = sink.time_ns();
    for (Exchange& x : waiting_) {
      if ((x.has_request || x.has_reply) && now > x.first_ns + timeout_ns_) {
        report(x.from, Event::kNoReply, &x, sink);
        finish(x, sink);
      }
    }
    switch (f.type) {
      case FrameType::kCommand:
        return on_command(dir, f, sink);
      case FrameType::kData:
        return on_data(dir, f, sink);
      case FrameType::kHeader:
      case FrameType::kConfig1:
      case FrameType::kConfig2:
      case FrameType::kConfig3:
        return on_answer(dir, f, sink);
    }
  }

  /// Of one that is new.
  static void begin(Exchange& x, Direction dir, const Frame& f, std::uint64_t id,
                    std::uint64_t now) noexcept {
    x.id = id;
    x.from = dir;
    x.first = f;
    x.first_ns = now;
    (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
  }
  static void finish(Exchange& x, Sink& sink) noexcept {
    sink.done(x);
    x = {};
  }

  void on_command(Direction dir, const Frame& f, Sink& sink) noexcept {
    const std::uint16_t code = command_of(f);
    const auto command = static_cast<Command>(code);
    const bool asks = command >= Command::kSendHeader && command <= Command::kSendConfig3;
    Exchange alone;
    Exchange& x = asks ? free_place(sink) : alone;
    begin(x, dir, f, next_id_++, sink.time_ns());
    x.command = code;
    if (asks) x.first.body = {};  // it goes when this call ends, and the code is all that is in it
    set_operation(x);
    if (command_name(code).empty()) report(dir, Event::kUnknownCommand, &x, sink);
    sink.advance(x, dir, kOtWhole);
    if (!asks) sink.done(x);
  }

  Exchange& free_place(Sink& sink) noexcept {
    Exchange* oldest = &waiting_[0];
    for (Exchange& x : waiting_) {
      if (!x.has_request && !x.has_reply) return x;
      if (x.first_ns < oldest->first_ns || (x.first_ns == oldest->first_ns && x.id < oldest->id)) oldest = &x;
    }
    report(oldest->from, Event::kFlooded, oldest, sink);
    finish(*oldest, sink);
    return *oldest;
  }

  static constexpr FrameType asked_for(std::uint16_t command) noexcept {
    switch (static_cast<Command>(command)) {
      case Command::kSendHeader:
        return FrameType::kHeader;
      case Command::kSendConfig1:
        return FrameType::kConfig1;
      case Command::kSendConfig2:
        return FrameType::kConfig2;
      default:
        return FrameType::kConfig3;
    }
  }

  void on_answer(Direction dir, const Frame& f, Sink& sink) noexcept {
    const auto asked = std::find_if(waiting_.begin(), waiting_.end(), [&](const Exchange& x) noexcept {
      return (x.has_request || x.has_reply) && x.from != dir && x.first.id == f.id &&
             asked_for(x.command) == f.type;
    });
    Exchange alone;
    Exchange& x = asked == waiting_.end() ? alone : *asked;
    if (&x == &alone) {
      begin(x, dir, f, next_id_++, sink.time_ns());
    } else {
      x.answer = f;
      x.has_answer = x.has_request = x.has_reply = true;
      x.answer_ns = sink.time_ns();
    }
    set_operation(x);
    ConfigReader config;
    if (config_in(f, config)) {
      Pmu p;
      while (config.next(p)) {
      }
      if (!config.right() && config.continued == 0) report(dir, Event::kInvalidConfiguration, &x, sink);
      if ((config.right() || config.continued != 0) && f.type != FrameType::kConfig1)
        learn(dir, f, config.continued != 0, x, sink);
      check_time(dir, f, config.time_base, x, sink);
    }
    sink.advance(x, dir, kOtWhole);
    finish(x, sink);
  }

  Stream* find(std::uint16_t id) noexcept {
    const auto s = std::find_if(streams_.begin(), streams_.end(),
                                [&](const Stream& o) { return o.used != 0 && o.id == id; });
    if (s == streams_.end()) return nullptr;
    s->used = frames_;
    return &*s;
  }

  /// A configuration 1 says what there could be; 2 and 3 what data looks like.
  void learn(Direction dir, const Frame& f, bool continued, Exchange& x, Sink& sink) noexcept {
    Stream* s = find(f.id);
    if (s == nullptr) {
      s = &*std::min_element(streams_.begin(), streams_.end(),
                             [](const Stream& a, const Stream& b) { return a.used < b.used; });
      if (s->used != 0) report(dir, Event::kTooManyStreams, &x, sink);
      s->layout.clear();
      s->last_ns = 0;
      s->has_state = false;
      s->id = f.id;
      s->used = frames_;
    }
    const bool third = f.type == FrameType::kConfig3;
    // Two kinds of the same configuration differ in their bytes, and that is no change.
    if (!s->layout.empty() && s->layout.third() == third) {
      if (as_text(s->layout.config()) == as_text(f.body)) return;
      report(dir, Event::kConfigurationChanged, &x, sink);
      x.apart = true;
      s->has_state = false;
    }
    s->layout.clear();
    if (continued) return;  // the rest is in other frames
    if (!s->layout.make(f.body, third)) report(dir, Event::kOutOfMemory, &x, sink);
  }

  static bool check_time(Direction dir, const Frame& f, std::uint32_t time_base, Exchange& x,
                         Sink& sink) noexcept {
    if (time_base != 0 && f.fraction < time_base) return true;
    report(dir, Event::kInvalidTime, &x, sink);
    return false;
  }

  void on_data(Direction dir, const Frame& f, Sink& sink) noexcept {
    Exchange x;
    begin(x, dir, f, next_id_++, sink.time_ns());
    Stream* s = find(f.id);
    if (s == nullptr || s->layout.empty()) {
      if (!unknown_told_) report(dir, Event::kUnknownConfiguration, &x, sink);
      unknown_told_ = true;
    } else if (!s->layout.fits(f.body)) {
      report(dir, Event::kInvalidData, &x, sink);  // values at wrong places are worse than none
    } else {
      x.layout = &s->layout;
      read_data(dir, *s, x, sink);
    }
    set_operation(x);
    sink.advance(x, dir, kOtWhole);
    sink.done(x);
  }

  /// What a data frame says beside its values: is it in order, and is a PMU in another state?
  static void read_data(Direction dir, Stream& s, Exchange& x, Sink& sink) noexcept {
    constexpr std::uint64_t kPrime = 1099511628211U;  // FNV-1a's
    std::uint64_t state = 0;
    for (const PmuLayout& p : s.layout.pmus())
      state = (state ^ (Measurement(x.first.body, p).status() & status::kStateMask)) * kPrime + 1;
    x.changed = s.has_state && s.state != state;
    s.state = state;
    s.has_state = true;
    const std::uint32_t time_base = s.layout.time_base();
    if (!check_time(dir, x.first, time_base, x, sink)) return;
    const std::uint64_t now = x.first.soc * kSecond + std::uint64_t{x.first.fraction} * kSecond / time_base;
    const std::int16_t rate = s.layout.rate();
    if (s.last_ns != 0 && rate != 0) {
      const std::uint64_t step =
          rate > 0 ? kSecond / static_cast<unsigned>(rate) : kSecond * static_cast<unsigned>(-rate);
      if (now <= s.last_ns) {
        report(dir, Event::kTimeBackwards, &x, sink);
      } else if (now - s.last_ns > step + step / 2) {
        report(dir, Event::kLostFrames, &x, sink);
      }
    }
    s.last_ns = now;
  }

  const std::uint64_t timeout_ns_;
  std::array<Stream, kMaxStreams> streams_;
  std::array<Exchange, kMaxWaiting> waiting_{};  // free where neither side was seen
  std::uint64_t frames_ = 0, next_id_ = 0;
  std::array<std::uint32_t, 2> credit_{}, soc_{};
  std::array<bool, 2> lost_{};
  bool unknown_told_ = false;
};

// What rules may ask for.

const Exchange& exchange(const Transaction& tx) noexcept { return static_cast<const Exchange&>(tx); }
const Frame* frame(const Transaction& tx, Direction dir) noexcept {
  const bool seen = dir == Direction::kToServer ? tx.has_request : tx.has_reply;
  return seen ? frame_of(exchange(tx), dir) : nullptr;
}

template <std::uint64_t (*kRead)(const Frame&) noexcept>
bool of_frame(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Frame* f = frame(tx, dir);
  return n == 0 && f != nullptr && (out = kRead(*f), true);
}
std::uint64_t type(const Frame& f) noexcept { return static_cast<std::uint64_t>(f.type); }
std::uint64_t version(const Frame& f) noexcept { return f.version; }
std::uint64_t id(const Frame& f) noexcept { return f.id; }
std::uint64_t time_quality(const Frame& f) noexcept { return f.time_quality & 15U; }

bool command(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange& x = exchange(tx);
  return n == 0 && frame(tx, dir) == &x.first && x.first.type == FrameType::kCommand &&
         (out = x.command, true);
}

bool nth_pmu(const Transaction& tx, Direction dir, unsigned n, Pmu& out) noexcept {
  const Frame* f = frame(tx, dir);
  if (f == nullptr) return false;
  if (f->type == FrameType::kData) {
    const auto pmus = layouts_of(exchange(tx));
    return n < pmus.size() && (out = pmus[n].pmu, true);
  }
  ConfigReader config;
  if (!config_in(*f, config)) return false;
  for (unsigned i = 0; config.next(out); ++i) {
    if (i == n) return true;
  }
  return false;
}
bool pmu(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  Pmu p;
  return nth_pmu(tx, dir, n, p) && (out = p.id, true);
}
bool station(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Pmu p;
  return nth_pmu(tx, dir, n, p) && (out = p.name, true);
}
bool stat(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Frame* f = frame(tx, dir);
  const auto pmus = layouts_of(exchange(tx));
  return f != nullptr && n < pmus.size() && (out = Measurement(f->body, pmus[n]).status(), true);
}
bool header(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Frame* f = frame(tx, dir);
  return n == 0 && f != nullptr && f->type == FrameType::kHeader && (out = f->body, true);
}
bool body(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Frame* f = frame(tx, dir);
  return n == 0 && f != nullptr && !f->body.empty() && (out = f->body, true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"c37118.station", "", kBoth, station, "name of each PMU's station"},
    {"c37118.header", "", kBoth, header, "text of a header frame"},
    {"c37118.body", "", kBoth, body, "bytes of a frame between its header and its CRC"},
};

constexpr IntegerDef kIntegers[] = {
    {"c37118.type", "", kBoth, of_frame<type>, type_by_name,
     "type of the frame, 0 or data, 4 or command, ..."},
    {"c37118.version", "", kBoth, of_frame<version>, nullptr,
     "version of the frame: 1 is of 2005, 2 of 2011"},
    {"c37118.id", "", kBoth, of_frame<id>, nullptr, "IDCODE of the stream"},
    {"c37118.time_quality", "", kBoth, of_frame<time_quality>, nullptr,
     "0 where the clock is locked, up to 11 (within 10 s), 15 where it fails"},
    {"c37118.command", "", kBoth, command, command_by_name, "CMD, 1 or \"data off\", 2 or \"data on\", ..."},
    {"c37118.pmu", "", kBoth, pmu, nullptr, "IDCODE of each PMU"},
    {"c37118.stat", "", kBoth, stat, nullptr, "STAT of each PMU"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_header", "bytes that are no frame's header"},
    {"invalid_size", "a frame's size is less than its header and CRC, or more than its datagram"},
    {"invalid_checksum", "the CRC of a frame is wrong"},
    {"lost_sync", "parsing goes on at the next frame whose CRC is right"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next frame"},
    {"unknown_command", "a command that the standard does not have"},
    {"invalid_configuration", "a configuration is not as long as its PMUs ask for"},
    {"configuration_changed", "a stream has another configuration than before"},
    {"unknown_configuration", "data came before its configuration, and is not read"},
    {"invalid_data", "data is not as long as its configuration asks for"},
    {"invalid_time", "the fraction of a second is not below the time base, or the time base is 0"},
    {"time_backwards", "data is not newer than the data before"},
    {"lost_frames", "data is missing: its time is more than a frame's interval behind that before"},
    {"no_reply", "no header or configuration came within reply-timeout"},
    {"flooded", "more than four commands of a flow wait for what they ask for"},
    {"too_many_streams", "more than four streams in a flow; the configuration of the oldest is let go"},
    {"out_of_memory", "no memory was left for a configuration"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {4712, 4713};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "c37118",
    .record = "c37118",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(C37118Parser),
    .create = create_parser<C37118Parser>,
    .whole_streams = true,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::c37118
