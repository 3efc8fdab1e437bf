#include <algorithm>

#include "parsers/core/ber.h"
#include "parsers/sv/sv.h"

namespace picket::sv {
namespace {

constexpr std::uint8_t kWhole = kOtWhole;
constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};
constexpr std::uint64_t kSecond = 1'000'000'000;

enum Limit : std::size_t { kStreams, kInterval };
constexpr LimitDef kLimits[] = {
    {"streams", 64, 1, 1024, "svIDs of a flow that are followed"},
    {"interval", 60, 0, 86400,
     "seconds after which a stream that goes on has a record; 0: each ASDU has one"},
};

class SvParser final : public Parser {
 public:
  explicit SvParser(const ParserContext& c) noexcept
      : pool_(c.pool), most_(c.limits[kStreams]), interval_ns_(c.limits[kInterval] * kSecond) {}
  ~SvParser() override {
    while (newest_ != nullptr) forget(newest_);
  }

  void on_datagram(Direction dir, Bytes frame, Sink& sink) noexcept override {
    Pdu pdu;
    Event wrong{};
    if (!parse(frame, pdu, wrong)) return report(dir, wrong, nullptr, sink);
    Cursor c(pdu.asdus);
    ber::Element e;
    std::uint32_t n = 0;
    for (; !c.empty() && ber::read(c, e); ++n) {
      Message m;
      m.pdu = pdu;
      m.direction = dir;
      if (e.identifier == 0x30 && read_asdu(e.content, m.asdu))
        on_asdu(m, sink);
      else
        report(dir, Event::kInvalidAsdu, nullptr, sink);
    }
    if (!c.ok())
      report(dir, Event::kInvalidAsdu, nullptr, sink);
    else if (n != pdu.no_asdu)
      report(dir, Event::kAsdusMismatch, nullptr, sink);
  }

  void on_close(Sink& sink) noexcept override {
    for (Stream* s = newest_; s != nullptr; s = s->next) tell_end(*s, sink);
  }

 private:
  struct Stream {
    Stream* next = nullptr;
    std::array<std::uint8_t, kMaxId> id{};
    std::uint8_t id_size = 0;
    Direction direction{};
    Pdu pdu;  // without its bytes
    std::uint16_t smp_cnt = 0, counter_end = 0;
    std::uint32_t conf_rev = 0;
    std::uint8_t smp_synch = 0;
    std::uint16_t said = 0;  // bits of Event, in this interval
    std::uint64_t seen_ns = 0;
    Counts counts;
    [[nodiscard]] Bytes name() const noexcept { return Bytes(id).first(id_size); }
  };

  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  /// Once an interval; the counts say how often.
  static void once(Event e, Stream& s, Message& m, Sink& sink) noexcept {
    const auto bit = static_cast<std::uint16_t>(1U << static_cast<unsigned>(e));
    if ((s.said & bit) != 0) return;
    s.said |= bit;
    report(m.direction, e, &m, sink);
  }

  void on_asdu(Message& m, Sink& sink) noexcept {
    m.id = next_id_++;
    (m.direction == Direction::kToServer ? m.has_request : m.has_reply) = true;
    set_operation(m);
    bool fresh = false;
    Stream* const s = find(m, fresh, sink);
    const std::uint64_t now = sink.time_ns();
    if (s != nullptr) {
      if (s->counts.asdus == 0) s->counts.since_ns = now;
      if (!fresh) {
        m.status = Status::kRunning;
        compare(m, *s, now, sink);
      }
      count(m, *s, now, sink);
      m.counts = &s->counts;
      m.counter_end = s->counter_end;
    }
    const bool due = s == nullptr || fresh || m.events != 0 || interval_ns_ == 0 ||
                     now - std::min(now, s->counts.since_ns) >= interval_ns_;
    m.silent = !due;
    sink.advance(m, m.direction, kWhole);
    sink.done(m);
    if (!due || s == nullptr) return;
    s->counts = {};
    if (now - std::min(now, said_since_ns_) >= interval_ns_) {
      said_since_ns_ = now;
      for (Stream* each = newest_; each != nullptr; each = each->next) each->said = 0;
    }
  }

  static void compare(Message& m, Stream& s, std::uint64_t now, Sink& sink) noexcept {
    const Asdu& a = m.asdu;
    s.counts.longest_gap_ns = std::max(s.counts.longest_gap_ns, now - std::min(now, s.seen_ns));
    if (a.conf_rev != s.conf_rev) once(Event::kConfRevChanged, s, m, sink);
    if (a.smp_synch != s.smp_synch) once(Event::kSynchChanged, s, m, sink);
    if (m.pdu.simulated() != s.pdu.simulated()) once(Event::kSimulationChanged, s, m, sink);
    const std::uint16_t cnt = a.smp_cnt, last = s.smp_cnt;
    if (cnt == last) {
      ++s.counts.duplicated;
      return once(Event::kDuplicate, s, m, sink);
    }
    if (cnt > last) {
      m.lost = static_cast<std::uint32_t>(cnt - last - 1);
    } else if (last - cnt <= (s.counter_end != 0 ? s.counter_end : last) / 2) {
      ++s.counts.out_of_order;
      return once(Event::kOutOfOrder, s, m, sink);
    } else {
      // The counter begins anew, mostly each second. Where it ends is known once it did so without a loss.
      if (cnt == 0 && last > s.counter_end) s.counter_end = last;
      m.lost = static_cast<std::uint32_t>(cnt + (s.counter_end > last ? s.counter_end - last : 0));
    }
    if (m.lost == 0) return;
    s.counts.lost += m.lost;
    once(Event::kLostSamples, s, m, sink);
  }

  static void count(Message& m, Stream& s, std::uint64_t now, Sink& sink) noexcept {
    const Asdu& a = m.asdu;
    Counts& c = s.counts;
    ++c.asdus;
    if (m.pdu.simulated()) ++c.simulated;
    bool good = true;
    for (unsigned n = 0; a.is_light() && n < kChannels; ++n) {
      const Channel ch = channel(a, n);
      good = good && ch.good();
      c.min[n] = c.has_ranges ? std::min(c.min[n], ch.value) : ch.value;
      c.max[n] = c.has_ranges ? std::max(c.max[n], ch.value) : ch.value;
    }
    c.has_ranges = a.is_light();
    if (!good) {
      ++c.invalid;
      once(Event::kBadQuality, s, m, sink);
    }
    s.smp_cnt = a.smp_cnt;
    s.conf_rev = a.conf_rev;
    s.smp_synch = a.smp_synch;
    s.direction = m.direction;
    s.pdu = m.pdu;
    s.pdu.frame.apdu = s.pdu.asdus = s.pdu.security = Bytes{};
    s.pdu.has_security = false;
    s.seen_ns = now;
  }

  /// What came since the last record of a stream that is over.
  void tell_end(Stream& s, Sink& sink) noexcept {
    if (s.counts.asdus == 0) return;
    Message m;
    m.id = next_id_++;
    m.direction = s.direction;
    (m.direction == Direction::kToServer ? m.has_request : m.has_reply) = true;
    m.status = Status::kEnded;
    m.pdu = s.pdu;
    m.asdu.sv_id = s.name();
    m.asdu.smp_cnt = s.smp_cnt;
    m.asdu.conf_rev = s.conf_rev;
    m.asdu.smp_synch = s.smp_synch;
    m.counts = &s.counts;
    m.counter_end = s.counter_end;
    set_operation(m);
    sink.advance(m, m.direction, kWhole);
    sink.done(m);
  }

  /// Found or made, and newest from now on.
  Stream* find(Message& m, bool& fresh, Sink& sink) noexcept {
    const Bytes id = m.asdu.sv_id;
    Stream** last = nullptr;
    for (Stream** at = &newest_; *at != nullptr; at = &(*at)->next) {
      Stream* const s = *at;
      last = at;
      const Bytes name = s->name();
      if (!std::equal(name.begin(), name.end(), id.begin(), id.end())) continue;
      *at = s->next;
      s->next = newest_;
      return newest_ = s;
    }
    fresh = true;
    if (streams_ >= most_ && last != nullptr) {
      report(m.direction, Event::kTooManyStreams, &m, sink);
      tell_end(**last, sink);
      forget(*last);
    }
    Stream* const s = pool_.make<Stream>();
    if (s == nullptr) return report(m.direction, Event::kOutOfMemory, &m, sink), nullptr;
    s->id_size = static_cast<std::uint8_t>(id.size());
    std::copy(id.begin(), id.end(), s->id.begin());
    s->next = newest_;
    newest_ = s;
    ++streams_;
    return s;
  }
  void forget(Stream*& at) noexcept {
    Stream* const s = at;
    at = s->next;
    --streams_;
    pool_.destroy(s);
  }

  Pool& pool_;
  const std::size_t most_;
  const std::uint64_t interval_ns_;
  Stream* newest_ = nullptr;
  std::size_t streams_ = 0;
  std::uint64_t next_id_ = 0, said_since_ns_ = 0;
};

const Message* sent(const Transaction& tx, Direction dir) noexcept {
  return static_cast<const Message*>(ot_side(tx, dir));
}

template <Bytes Asdu::*kField>
bool bytes(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* const m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = m->asdu.*kField;
  return true;
}
template <std::uint64_t (*kRead)(const Message&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* const m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = kRead(*m);
  return true;
}
std::uint64_t appid(const Message& m) noexcept { return m.pdu.frame.appid; }
std::uint64_t simulation(const Message& m) noexcept { return m.pdu.simulated() ? 1 : 0; }
std::uint64_t no_asdu(const Message& m) noexcept { return m.pdu.no_asdu; }
std::uint64_t smp_cnt(const Message& m) noexcept { return m.asdu.smp_cnt; }
std::uint64_t conf_rev(const Message& m) noexcept { return m.asdu.conf_rev; }
std::uint64_t smp_synch(const Message& m) noexcept { return m.asdu.smp_synch; }
std::uint64_t smp_rate(const Message& m) noexcept { return m.asdu.smp_rate; }
std::uint64_t status(const Message& m) noexcept { return static_cast<std::uint64_t>(m.status); }
std::uint64_t lost(const Message& m) noexcept { return m.lost; }

bool quality(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* const m = sent(tx, dir);
  if (m == nullptr || n >= kChannels || !m->asdu.is_light()) return false;
  out = channel(m->asdu, n).quality;
  return true;
}
bool truth_by_name(std::string_view name, std::uint64_t& out) noexcept {
  out = name == "true" ? 1 : 0;
  return name == "true" || name == "false";
}

constexpr BufferDef kBuffers[] = {
    {"sv.sv_id", "", kBoth, bytes<&Asdu::sv_id>, "identifier of the stream"},
    {"sv.dat_set", "", kBoth, bytes<&Asdu::dat_set>, "reference of the data set"},
    {"sv.data", "", kBoth, bytes<&Asdu::sample>, "the samples as they were sent"},
};

constexpr IntegerDef kIntegers[] = {
    {"sv.appid", "", kBoth, integer<appid>, nullptr, "APPID"},
    {"sv.simulation", "", kBoth, integer<simulation>, truth_by_name, "1: simulated"},
    {"sv.no_asdu", "", kBoth, integer<no_asdu>, nullptr, "ASDUs in the frame, as it says"},
    {"sv.smp_cnt", "", kBoth, integer<smp_cnt>, nullptr, "number of the sample"},
    {"sv.conf_rev", "", kBoth, integer<conf_rev>, nullptr, "revision of the configuration"},
    {"sv.smp_synch", "", kBoth, integer<smp_synch>, synch_by_name,
     "which clock it follows: none, local, global"},
    {"sv.smp_rate", "", kBoth, integer<smp_rate>, nullptr, "samples per period or second"},
    {"sv.quality", "", kBoth, quality, nullptr, "quality of each of the eight values of 9-2 LE; 0: good"},
    {"sv.status", "", kBoth, integer<status>, status_by_name, "first, running, ended"},
    {"sv.lost", "", kBoth, integer<lost>, nullptr, "samples that are missing right before this one"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_length", "the length of the frame is less than its header, or more than there is"},
    {"invalid_pdu", "no savPdu, or a mandatory field is missing or of a wrong form"},
    {"invalid_asdu", "an ASDU is none, or a mandatory field is missing or of a wrong size"},
    {"asdus_mismatch", "there are not as many ASDUs as the frame says"},
    {"too_many_streams", "a stream had to be forgotten for another one"},
    {"out_of_memory", "no memory was left for a stream"},
    {"lost_samples", "samples are missing, as their numbers tell"},
    {"duplicate", "a sample has the number of the one before"},
    {"out_of_order", "the number of a sample goes back"},
    {"conf_rev_changed", "the revision of the configuration changed"},
    {"synch_changed", "the stream follows another clock, or none any more"},
    {"simulation_changed", "samples are simulated from now on, or not any more"},
    {"bad_quality", "a value says that it is not good"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kBadQuality) + 1);

constexpr std::uint16_t kEthertypes[] = {kEthertype};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "sv",
    .record = "sv",
    .transports = static_cast<std::uint8_t>(Transport::kEthernet),
    .ethertypes = kEthertypes,
    .probe = probe,
    .parser_size = sizeof(SvParser),
    .create = create_parser<SvParser>,
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::sv
