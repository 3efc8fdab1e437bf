#include <algorithm>
#include <memory>

#include "parsers/dns/dns.h"

namespace picket::dns {
namespace {

constexpr std::uint8_t kWhole = 1;  // the only progress: a message is there or it is not

enum Limit : std::size_t { kMaxQuestions, kMaxRecords, kMaxNameBytes, kMaxPending };
constexpr LimitDef kLimits[] = {
    {"max-questions", 32, 1, 1024, "questions kept of a message"},
    {"max-records", 128, 1, 1024, "records kept of each section of a message"},
    {"max-name-bytes", 64 << 10, 4096, 256 << 10, "bytes of all names of a message, written out"},
    {"max-pending", 64, 1, 1024, "requests of a flow that wait for their response; the oldest is forgotten"},
};

/// The question in one number, so that a response can be held against its request; case does not count.
std::uint64_t fingerprint(const Message& m) noexcept {
  if (m.questions.empty()) return 0;
  std::uint64_t h = 0xcbf29ce484222325;
  const auto mix = [&h](std::uint8_t c) { h = (h ^ c) * 0x100000001b3; };
  const Question& q = m.questions[0];
  for (const std::uint8_t c : m.text(q.name)) mix(to_lower(c));
  for (const std::uint16_t n : {q.type, q.klass}) {
    mix(static_cast<std::uint8_t>(n >> 8));
    mix(static_cast<std::uint8_t>(n));
  }
  return h == 0 ? 1 : h;
}

struct Pending {
  std::uint64_t tx_id = 0, time_ns = 0;
  std::uint64_t question = 0;  ///< fingerprint(); 0: none
  std::uint16_t id = 0;
  bool many_responses = false;  ///< a zone transfer: more than one response may come
};

/// Requests that wait for their response, oldest first. Grows in the pool up to its limit.
class PendingList {
 public:
  explicit PendingList(Pool& pool) noexcept : pool_(pool) {}
  ~PendingList() {
    if (list_ != nullptr) pool_.release(list_, room_ * sizeof(Pending));
  }
  PendingList(const PendingList&) = delete;
  PendingList& operator=(const PendingList&) = delete;

  /// false: the oldest had to go.
  bool add(const Pending& p, std::size_t limit) noexcept {
    bool kept_all = true;
    if (size_ == room_ && (room_ >= limit || !grow(limit))) {
      if (size_ == 0) return false;
      erase(0);
      kept_all = false;
    }
    list_[size_++] = p;
    return kept_all;
  }

  /// The oldest with that id, of those the one with that question if there is one; size() when there is none.
  [[nodiscard]] std::size_t find(std::uint16_t id, std::uint64_t question) const noexcept {
    std::size_t by_id = size_;
    for (std::size_t i = 0; i < size_; ++i) {
      if (list_[i].id != id) continue;
      if (list_[i].question == question) return i;
      if (by_id == size_) by_id = i;
    }
    return by_id;
  }
  [[nodiscard]] const Pending& operator[](std::size_t i) const noexcept { return list_[i]; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void erase(std::size_t i) noexcept {
    std::move(list_ + i + 1, list_ + size_, list_ + i);
    --size_;
  }

 private:
  bool grow(std::size_t limit) noexcept {
    const std::size_t room = std::min<std::size_t>(room_ == 0 ? 2 : room_ * 2, limit);
    auto* at = static_cast<Pending*>(pool_.allocate(room * sizeof(Pending)));
    if (at == nullptr) return false;
    std::uninitialized_copy_n(list_, size_, at);
    if (list_ != nullptr) pool_.release(list_, room_ * sizeof(Pending));
    list_ = at;
    room_ = room;
    return true;
  }

  Pool& pool_;
  Pending* list_ = nullptr;
  std::size_t size_ = 0, room_ = 0;
};

constexpr unsigned kPduFrame = 0;
constexpr FrameDef kFrames[] = {{"pdu", "a message, without its length over TCP"}};

class DnsParser final : public Parser {
 public:
  explicit DnsParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        limits_{static_cast<std::uint32_t>(c.limits[kMaxQuestions]),
                static_cast<std::uint32_t>(c.limits[kMaxRecords]),
                static_cast<std::uint32_t>(c.limits[kMaxNameBytes])},
        max_pending_(c.limits[kMaxPending]),
        pending_(c.pool) {}

  void on_datagram(Direction dir, Bytes data, Sink& sink) noexcept override { on_message(dir, data, sink); }

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    std::size_t at = 0;
    while (data.size() - at >= 2) {
      const Bytes rest = data.subspan(at);
      if (lost_[index(dir)]) {
        // Behind a gap any byte may be the first: look for a message that is beyond doubt.
        const Probe p = probe_behind_gap(dir, rest);
        if (p == Probe::kUnsure) return Consumed::partly(at, 0);
        if (p == Probe::kNo) {
          ++at;
          continue;
        }
        lost_[index(dir)] = false;
      }
      const std::size_t size = std::size_t{rest[0]} << 8 | rest[1];
      if (rest.size() - 2 < size) return Consumed::partly(at, 2 + size);
      if (size != 0) on_message(dir, rest.subspan(2, size), sink);
      at += 2 + size;
    }
    return Consumed::partly(at, at == data.size() ? 0 : 2);
  }

  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    sink.event(dir, static_cast<std::uint8_t>(Event::kGap), nullptr);
    lost_[index(dir)] = true;
  }

 private:
  void on_message(Direction dir, Bytes wire, Sink& sink) noexcept {
    Message m(pool_);
    m.direction = dir;
    if (!parse(wire, limits_, m)) {
      sink.frame(dir, kPduFrame, wire.data(), wire.size());
      sink.event(dir, static_cast<std::uint8_t>(Event::kMalformedData), nullptr);
      return;
    }
    m.id = next_id_++;
    m.has_request = !m.header.is_response();
    m.has_reply = !m.has_request;
    if (dir == Direction::kToServer && m.has_reply) m.set(Event::kNotRequest);
    if (dir == Direction::kToClient && m.has_request) m.set(Event::kNotResponse);
    if (m.has_request) {
      expect(m, sink.time_ns());
    } else {
      pair(m, sink.time_ns());
    }
    for (std::uint64_t left = m.events; left != 0; left &= left - 1) {
      sink.event(dir, static_cast<std::uint8_t>(std::countr_zero(left)), &m);
    }
    sink.frame(dir, kPduFrame, wire.data(), wire.size(), &m);
    sink.advance(m, dir, kWhole);
    sink.done(m);
  }

  void expect(Message& m, std::uint64_t now) noexcept {
    const std::uint16_t type = m.questions.empty() ? std::uint16_t{0} : m.questions[0].type;
    const Pending p{m.id, now, fingerprint(m), m.header.id, type == kAxfr || type == kIxfr};
    if (!pending_.add(p, max_pending_)) m.set(Event::kFlooded);
    requests_seen_ = true;
  }

  void pair(Message& m, std::uint64_t now) noexcept {
    const std::uint64_t question = fingerprint(m);
    const std::size_t i = pending_.find(m.header.id, question);
    if (i == pending_.size()) {
      // Where only the server's side is seen there is nothing odd about it.
      if (requests_seen_) m.set(Event::kUnsolicitedResponse);
      return;
    }
    const Pending& p = pending_[i];
    if (question != 0 && p.question != 0 && p.question != question) {
      // A guess at the id by somebody else, most likely; the true response may still come.
      m.set(Event::kQueryMismatch);
      return;
    }
    m.paired = true;
    m.request_tx_id = p.tx_id;
    m.rtt_ns = now >= p.time_ns ? now - p.time_ns : 0;
    if (!p.many_responses) pending_.erase(i);
  }

  Pool& pool_;
  const Limits limits_;
  const std::size_t max_pending_;
  PendingList pending_;
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> lost_{};
  bool requests_seen_ = false;
};

const Message& message(const Transaction& tx) noexcept { return static_cast<const Message&>(tx); }

/// The n-th of a list of names.
bool nth(const Message& m, std::span<const Name> names, unsigned n, Bytes& out) noexcept {
  if (n >= names.size()) return false;
  out = m.text(names[n]);
  return true;
}

template <unsigned kList>
bool names_of(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message& m = message(tx);
  return m.direction == dir && nth(m, m.names(kList), n, out);
}

bool response_names(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message& m = message(tx);
  return m.direction == dir && nth(m, m.all_names(), n, out);
}

bool opcode(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  out = message(tx).header.opcode();
  return n == 0 && message(tx).direction == dir;
}

bool rcode(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  out = message(tx).header.rcode();
  return n == 0 && message(tx).direction == dir;
}

/// Of the questions, in a response of the answers as well.
bool rrtype(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message& m = message(tx);
  if (m.direction != dir) return false;
  if (n < m.questions.size()) {
    out = m.questions[n].type;
    return true;
  }
  n -= static_cast<unsigned>(m.questions.size());
  if (dir != Direction::kToClient || n >= m.records[kAnswers].size()) return false;
  out = m.records[kAnswers][n].type;
  return true;
}

constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};
constexpr std::array<std::uint8_t, 2> kRequestOnly = {kWhole, kNever};
constexpr std::array<std::uint8_t, 2> kResponseOnly = {kNever, kWhole};

constexpr BufferDef kBuffers[] = {
    {"dns.query", "dns_query", kRequestOnly, names_of<0>, "names asked for, in requests"},
    {"dns.queries.rrname", "", kBoth, names_of<0>, "names asked for, in requests and responses"},
    {"dns.answers.rrname", "", kBoth, names_of<1>, "names of answers"},
    {"dns.authorities.rrname", "", kBoth, names_of<2>, "names of authority records"},
    {"dns.additionals.rrname", "", kBoth, names_of<3>, "names of additional records"},
    {"dns.response.rrname", "", kResponseOnly, response_names,
     "every name in a response, those in rdata as well"},
};

constexpr IntegerDef kIntegers[] = {
    {"dns.opcode", "", kBoth, opcode, opcode_by_name, "operation code of the header"},
    {"dns.rcode", "", kBoth, rcode, rcode_by_name, "response code of the header"},
    {"dns.rrtype", "", kBoth, rrtype, type_by_name,
     "types of the questions, and of the answers in responses"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"malformed_data", "a length or count leads out of the message, or rdata has not the shape of its type"},
    {"not_request", "a response was sent to the server"},
    {"not_response", "a request was sent to the client"},
    {"z_flag_set", "the reserved flag Z is not zero"},
    {"invalid_opcode", "the operation code is 7 or higher"},
    {"name_too_long", "a name of more than 1025 bytes was cut"},
    {"infinite_loop", "a name follows more than 64 pointers"},
    {"too_many_labels", "a name has more than 255 labels"},
    {"invalid_additionals", "the additional section is malformed"},
    {"invalid_authorities", "the authority section is malformed"},
    {"name_over_255", "a name is longer than the 255 bytes that RFC 1035 allows"},
    {"forward_pointer", "a compressed name points ahead, which RFC 1035 does not allow"},
    {"too_many_questions", "questions beyond max-questions were not kept"},
    {"too_many_records", "records of a section beyond max-records were not kept"},
    {"names_too_large", "names beyond max-name-bytes were not written out"},
    {"trailing_data", "bytes stand behind the message"},
    {"unsolicited_response", "no request waits for that id"},
    {"query_mismatch", "the id is that of a request, the question is not"},
    {"flooded", "more requests than max-pending wait for a response"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next whole message"},
    {"out_of_memory", "no memory was left for the message's records"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {53};
constexpr std::uint16_t kNotUdpPorts[] = {137, 5353, 5355};  // NetBIOS names, multicast DNS, LLMNR

}  // namespace

const ProtocolSpec kSpec = {
    .name = "dns",
    .record = "dns",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .not_udp_ports = kNotUdpPorts,
    .probe = probe,
    .parser_size = sizeof(DnsParser),
    .create = create_parser<DnsParser>,
    .max_pending_bytes = 2 + kMaxMessage,
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .frames = kFrames,
};

}  // namespace picket::dns
