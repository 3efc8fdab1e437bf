#include "parsers/dcerpc/datagram.h"
#include "parsers/dcerpc/dcerpc.h"

namespace picket::dcerpc {
namespace {

constexpr std::uint8_t kStarted = 1;  // a fragment of the side is there
constexpr std::uint8_t kWhole = 2;    // all of them are

enum Limit : std::size_t { kMaxCalls, kMaxStub };
constexpr LimitDef kLimits[] = {
    {"max-tx", 64, 1, 4096, "calls of a connection that wait for their answer; the oldest is given up"},
    {"max-stub-size", 128 << 10, 1024, 256 << 10, "bytes of stub data kept of each side of a call"},
};

enum Frame : unsigned { kPduFrame, kHdrFrame, kDataFrame };
constexpr FrameDef kFrames[] = {
    {"pdu", "a fragment, with its header"},
    {"hdr", "the first 16 bytes of a fragment, which all kinds have in common"},
    {"data", "what follows them"},
};

class DceParser final : public Parser, private Listener {
 public:
  explicit DceParser(const ParserContext& c) noexcept
      : pool_(c.pool), connection_(c.pool, limits_of(c)), datagrams_(limits_of(c)) {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    sink_ = &sink;
    std::size_t at = 0;
    while (data.size() - at >= kHeaderSize) {
      const Bytes rest = data.subspan(at);
      if (probe_header(rest) != Probe::kYes) {
        // Look for the next header that is beyond doubt, so that one bad fragment ends nothing.
        if (!connection_.lost(dir)) connection_.feed(dir, rest, *this);  // says that it is malformed
        ++at;
        continue;
      }
      const std::size_t size = fragment_size(rest);
      if (rest.size() < size) return Consumed::partly(at, size);
      sink.frame(dir, kPduFrame, rest.data(), size);
      sink.frame(dir, kHdrFrame, rest.data(), kHeaderSize);
      sink.frame(dir, kDataFrame, rest.data() + kHeaderSize, size - kHeaderSize);
      connection_.restart(dir);
      connection_.feed(dir, rest.first(size), *this);
      at += size;
    }
    return Consumed::partly(at, at == data.size() ? 0 : kHeaderSize);
  }
  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override {
    sink_ = &sink;
    connection_.gap(dir, *this);
  }
  void on_datagram(Direction dir, Bytes datagram, Sink& sink) noexcept override {
    sink_ = &sink;
    datagrams_.feed(dir, datagram, *this);
  }
  void on_close(Sink& sink) noexcept override {
    sink_ = &sink;
    connection_.close(*this);
    datagrams_.close(*this);
  }

 private:
  static Limits limits_of(const ParserContext& c) noexcept {
    return {static_cast<std::uint32_t>(c.limits[kMaxCalls]), static_cast<std::uint32_t>(c.limits[kMaxStub])};
  }
  Call* begin(Direction dir) noexcept override {
    auto* m = pool_.make<Message>(pool_);
    if (m == nullptr) return nullptr;
    m->id = next_id_++;
    m->call.tx = m;
    (dir == Direction::kToServer ? m->has_request : m->has_reply) = true;
    sink_->advance(*m, dir, kStarted);
    return &m->call;
  }
  void half_done(Call& call, Direction dir) noexcept override {
    (dir == Direction::kToServer ? call.tx->has_request : call.tx->has_reply) = true;
    sink_->advance(*call.tx, dir, kWhole);
  }
  void finished(Call& call) noexcept override {
    auto* m = static_cast<Message*>(call.tx);
    sink_->done(*m);
    pool_.destroy(m);
  }
  void event(Direction dir, Event event, Call* call) noexcept override {
    sink_->event(dir, static_cast<std::uint8_t>(event), call == nullptr ? nullptr : call->tx);
  }

  Pool& pool_;
  Connection connection_;  // of the two, only what the flow's transport needs is used
  Datagrams datagrams_;
  Sink* sink_ = nullptr;  // during a call
  std::uint64_t next_id_ = 0;
};

const Call* call_of(const Transaction& tx) noexcept { return &static_cast<const Message&>(tx).call; }

bool stub(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Call& call = *call_of(tx);
  out = (dir == Direction::kToServer ? call.request : call.reply).stub.view();
  return n == 0 && !out.empty();
}

constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};

constexpr BufferDef kBuffers[] = {
    {"dcerpc.stub_data", "dce_stub_data", kBoth, stub, "stub data of all fragments of a side"},
};
Result<std::unique_ptr<TxMatcher>> iface(std::string_view argument) { return parse_iface(argument, call_of); }
Result<std::unique_ptr<TxMatcher>> opnum(std::string_view argument) { return parse_opnum(argument, call_of); }

constexpr KeywordDef kKeywords[] = {
    {"dcerpc.iface", kBoth, iface,
     "UUID of a request's interface, with its version if wanted: UUID[,<N|>N|=N|!N][,any_frag]"},
    {"dce_iface", kBoth, iface, "older name of dcerpc.iface"},
    {"dcerpc.opnum", kBoth, opnum, "operation numbers of a request: N or N-M, separated by commas"},
    {"dce_opnum", kBoth, opnum, "older name of dcerpc.opnum"},
};

constexpr std::uint16_t kPorts[] = {135, 593, 34964};

}  // namespace

/// The first fragment of either side: a bind, or its answer. Flows that are joined later are known by any
/// other fragment.
Probe probe(Transport transport, Direction dir, Bytes first) noexcept {
  if (transport == Transport::kUdp) return probe_datagram(dir, first);
  const Probe p = probe_header(first);
  if (p == Probe::kNo || first.size() < 3) return p == Probe::kNo ? p : Probe::kUnsure;
  const bool response = first[2] == static_cast<std::uint8_t>(Pdu::kResponse) ||
                        first[2] == static_cast<std::uint8_t>(Pdu::kFault) ||
                        first[2] == static_cast<std::uint8_t>(Pdu::kBindAck) ||
                        first[2] == static_cast<std::uint8_t>(Pdu::kBindNak) ||
                        first[2] == static_cast<std::uint8_t>(Pdu::kAlterContextResponse);
  return response == (dir == Direction::kToClient) ? p : Probe::kNo;
}

const ProtocolSpec kSpec = {
    .name = "dcerpc",
    .record = "dcerpc",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(DceParser),
    .create = create_parser<DceParser>,
    .max_pending_bytes = kMaxFragment,
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = event_defs(),
    .buffers = kBuffers,
    .keywords = kKeywords,
    .frames = kFrames,
};

}  // namespace picket::dcerpc
