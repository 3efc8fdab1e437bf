#include <utility>

#include "parsers/pnio/pnio.h"

namespace picket::pnio {
namespace {

constexpr std::uint8_t kWhole = kOtWhole;
constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};
constexpr std::uint64_t kSecond = 1'000'000'000;

enum Limit : std::size_t { kRequestFlood, kReplyTimeout };
constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024, "requests of a flow that wait for their answer; the oldest is given up"},
    {"reply-timeout", 10, 1, 3600, "seconds after which a request is given up"},
};

class PnioParser final : public Parser {
 public:
  explicit PnioParser(const ParserContext& c) noexcept
      : pool_(c.pool), most_(c.limits[kRequestFlood]), timeout_ns_(c.limits[kReplyTimeout] * kSecond) {}
  ~PnioParser() override {
    while (oldest_ != nullptr) pool_.destroy(std::exchange(oldest_, oldest_->next));
  }

  void on_datagram(Direction dir, Bytes frame, Sink& sink) noexcept override {
    Cursor c(frame);
    if (!is_dcp(c.u16be()) && c.ok()) return;
    Message m;
    bool wrong_length = false;
    if (!parse(frame, m.pdu, wrong_length)) return report(dir, Event::kInvalidHeader, nullptr, sink);
    while (oldest_ != nullptr && sink.time_ns() > oldest_->request_ns + timeout_ns_)
      give_up(Event::kNoResponse, sink);
    if (m.pdu.is_request())
      on_request(dir, m, wrong_length, sink);
    else
      on_response(dir, m, wrong_length, sink);
  }
  void on_close(Sink& sink) noexcept override {
    while (oldest_ != nullptr) {
      sink.done(*oldest_);
      forget(oldest_);
    }
  }

 private:
  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }

  /// What is wrong with a message by itself.
  static void check(Direction dir, Message& m, bool wrong_length, Exchange& x, Sink& sink) noexcept {
    const Pdu& p = m.pdu;
    if (wrong_length) report(dir, Event::kInvalidLength, &x, sink);
    Blocks blocks(p);
    Block b;
    bool sound = true;
    for (; blocks.next(b); ++m.block_count) {
      // A request asks for a value, or filters by one; an error has none.
      const bool has_value = b.prefix != Prefix::kNone || !b.data.empty();
      sound = sound && (!has_value || well_formed(b));
      std::uint8_t error = 0;
      x.failed = x.failed || (error_of(b, error) && error != 0);
    }
    if (blocks.broken() && !wrong_length) report(dir, Event::kInvalidBlock, &x, sink);
    if (!sound) report(dir, Event::kInvalidValue, &x, sink);
    const std::uint16_t expected = p.is(Service::kHello)       ? kHelloFrame
                                   : !p.is(Service::kIdentify) ? kGetSetFrame
                                   : p.is_request()            ? kIdentifyRequestFrame
                                                               : kIdentifyResponseFrame;
    if (p.frame_id != expected || service_name(p.service).empty() || type_name(p.type).empty())
      report(dir, Event::kInvalidService, &x, sink);
    x.failed = x.failed || p.refuses();
  }

  void on_request(Direction dir, Message& m, bool wrong_length, Sink& sink) noexcept {
    // A flow's client is who asked first: what the other end asks stands as what it said.
    const bool waits = dir == Direction::kToServer && m.pdu.frame_id == kGetSetFrame;
    if (!waits) {
      Exchange x(pool_);
      return alone(dir, m, wrong_length, x, sink);
    }
    Exchange** at = find(m.pdu);
    const bool again = at != nullptr;
    if (waiting_ >= most_) give_up(Event::kFlooded, sink);
    Exchange* const x = pool_.make<Exchange>(pool_);
    if (x == nullptr || !x->kept.append(m.pdu.blocks)) {
      pool_.destroy(x);
      return report(dir, Event::kOutOfMemory, nullptr, sink);
    }
    // The frame's bytes go when this call ends; the request stays until its answer.
    m.pdu.blocks = x->kept.view();
    x->id = next_id_++;
    x->has_request = true;
    x->request = m;
    x->request_ns = sink.time_ns();
    set_operation(*x);
    check(dir, x->request, wrong_length, *x, sink);
    if (again) report(dir, Event::kDuplicateXid, x, sink);
    Exchange** end = &oldest_;
    while (*end != nullptr) end = &(*end)->next;
    *end = x;
    ++waiting_;
    asked_ = true;
    sink.advance(*x, dir, kWhole);
  }

  void on_response(Direction dir, Message& m, bool wrong_length, Sink& sink) noexcept {
    Exchange** const at = dir == Direction::kToClient ? find(m.pdu) : nullptr;
    if (at == nullptr) {
      Exchange x(pool_);
      if (asked_ && m.pdu.frame_id == kGetSetFrame) report(dir, Event::kUnsolicitedResponse, &x, sink);
      return alone(dir, m, wrong_length, x, sink);
    }
    Exchange& x = **at;
    x.has_reply = true;
    x.response = m;
    x.response_ns = sink.time_ns();
    check(dir, x.response, wrong_length, x, sink);
    sink.advance(x, dir, kWhole);
    sink.done(x);
    forget(*at);
  }

  void alone(Direction dir, const Message& m, bool wrong_length, Exchange& x, Sink& sink) noexcept {
    x.id = next_id_++;
    Message& mine = dir == Direction::kToServer ? x.request : x.response;
    mine = m;
    (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
    set_operation(x);
    check(dir, mine, wrong_length, x, sink);
    sink.advance(x, dir, kWhole);
    sink.done(x);
  }

  /// What points to the request with that Xid and service; nullptr when none waits.
  [[nodiscard]] Exchange** find(const Pdu& p) noexcept {
    for (Exchange** at = &oldest_; *at != nullptr; at = &(*at)->next) {
      if ((*at)->request.pdu.xid == p.xid && (*at)->request.pdu.service == p.service) return at;
    }
    return nullptr;
  }
  void forget(Exchange*& at) noexcept {
    Exchange* const x = at;
    at = x->next;
    --waiting_;
    pool_.destroy(x);
  }
  void give_up(Event why, Sink& sink) noexcept {
    report(Direction::kToServer, why, oldest_, sink);
    sink.done(*oldest_);
    forget(oldest_);
  }

  Pool& pool_;
  const std::size_t most_;
  const std::uint64_t timeout_ns_;
  Exchange* oldest_ = nullptr;
  std::size_t waiting_ = 0;
  std::uint64_t next_id_ = 0;
  bool asked_ = false;
};

/// The n-th block that `kTake` takes something of.
template <class Out, bool (*kTake)(const Block&, Out&) noexcept>
bool nth(const Transaction& tx, Direction dir, unsigned n, Out& out) noexcept {
  const Message* const m = side_of(tx, dir);
  if (m == nullptr || n >= kMaxRecordBlocks) return false;
  Blocks blocks(m->pdu);
  for (Block b; blocks.next(b);) {
    if (kTake(b, out) && n-- == 0) return true;
  }
  return false;
}

template <std::uint8_t kSuboption>
bool device_text(const Block& b, Bytes& out) noexcept {
  out = b.data;
  return b.is(Option::kDevice, kSuboption) && !b.data.empty();
}
bool all_data(const Block& b, Bytes& out) noexcept {
  out = b.data;
  return !b.data.empty();
}
bool option(const Block& b, std::uint64_t& out) noexcept { return out = b.option, true; }
bool suboption(const Block& b, std::uint64_t& out) noexcept { return out = b.suboption, true; }
bool qualifier(const Block& b, std::uint64_t& out) noexcept {
  return out = b.number, b.prefix == Prefix::kQualifier;
}
bool error(const Block& b, std::uint64_t& out) noexcept {
  std::uint8_t e = 0;
  const bool has = error_of(b, e);
  return out = e, has;
}
template <std::size_t kAt>
bool device_id(const Block& b, std::uint64_t& out) noexcept {
  if (!b.is(Option::kDevice, 3)) return false;
  Cursor c(b.data);
  c.skip(kAt);
  out = c.u16be();
  return c.ok();
}

template <std::uint64_t (*kRead)(const Pdu&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* const m = side_of(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = kRead(m->pdu);
  return true;
}
std::uint64_t xid(const Pdu& p) noexcept { return p.xid; }
std::uint64_t frame_id(const Pdu& p) noexcept { return p.frame_id; }
std::uint64_t service(const Pdu& p) noexcept { return p.service; }
std::uint64_t service_type(const Pdu& p) noexcept { return p.type; }

constexpr BufferDef kBuffers[] = {
    {"pnio.station_name", "", kBoth, nth<Bytes, device_text<2>>, "name of station, told, set or looked for"},
    {"pnio.vendor", "", kBoth, nth<Bytes, device_text<1>>, "type of station, as its maker calls it"},
    {"pnio.data", "", kBoth, nth<Bytes, all_data>, "data of each block, behind its info or qualifier"},
};

constexpr IntegerDef kIntegers[] = {
    {"pnio.xid", "", kBoth, integer<xid>, nullptr, "number of the request"},
    {"pnio.frame_id", "", kBoth, integer<frame_id>, nullptr, "FrameID: 0xFEFC to 0xFEFF"},
    {"pnio.service", "", kBoth, integer<service>, service_by_name, "get, set, identify, hello"},
    {"pnio.service_type", "", kBoth, integer<service_type>, nullptr,
     "0: request; 1: success; 5: not supported"},
    {"pnio.option", "", kBoth, nth<std::uint64_t, option>, nullptr, "option of each block"},
    {"pnio.suboption", "", kBoth, nth<std::uint64_t, suboption>, nullptr, "suboption of each block"},
    {"pnio.qualifier", "", kBoth, nth<std::uint64_t, qualifier>, nullptr,
     "qualifier of each block that is set"},
    {"pnio.error", "", kBoth, nth<std::uint64_t, error>, error_by_name, "each error of an answer; 0: ok"},
    {"pnio.vendor_id", "", kBoth, nth<std::uint64_t, device_id<0>>, nullptr, "vendor of the device"},
    {"pnio.device_id", "", kBoth, nth<std::uint64_t, device_id<2>>, nullptr,
     "device, as its vendor numbers it"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_header", "a frame that is too short for the header of DCP"},
    {"invalid_length", "the length is more than there is"},
    {"invalid_block", "a block leads beyond the end"},
    {"invalid_value", "the data of a block cannot have that length"},
    {"invalid_service", "service, type and FrameID do not fit each other"},
    {"unsolicited_response", "no request with that Xid waits for an answer"},
    {"no_response", "no answer came within reply-timeout"},
    {"flooded", "more requests than request-flood wait for an answer"},
    {"duplicate_xid", "a request has the Xid of one that still waits"},
    {"out_of_memory", "no memory was left for a request"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kEthertypes[] = {kEthertype};

}  // namespace

const Message* side_of(const Transaction& tx, Direction dir) noexcept {
  const auto* const x = static_cast<const Exchange*>(ot_side(tx, dir));
  return x == nullptr ? nullptr : dir == Direction::kToServer ? &x->request : &x->response;
}

const ProtocolSpec kSpec = {
    .name = "pnio",
    .record = "pnio",
    .transports = static_cast<std::uint8_t>(Transport::kEthernet),
    .ethertypes = kEthertypes,
    .probe = probe,
    .parser_size = sizeof(PnioParser),
    .create = create_parser<PnioParser>,
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::pnio
