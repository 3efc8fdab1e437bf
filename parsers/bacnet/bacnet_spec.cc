#include "parsers/bacnet/bacnet.h"

namespace picket::bacnet {
namespace {

constexpr std::uint8_t kWhole = 1;  // the only progress: a frame is there or it is not

class BacnetParser final : public Parser {
 public:
  explicit BacnetParser(const ParserContext&) noexcept {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    if (lost_[index(dir)]) return Consumed::stop();
    Cursor in(data);
    while (!in.empty()) {
      Frame frame;
      const ParseResult r = parse(in, frame);
      if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(in.offset(), r.need);
      if (r.kind == ParseResult::Kind::kMalformed) {
        // Better: look for the next frame that makes sense, so that one bad one ends nothing.
        sink.event(dir, r.event, nullptr);
        return Consumed::stop();
      }
      Message m;
      m.id = next_id_++;
      m.direction = dir;
      m.frame = frame;
      m.has_request = dir == Direction::kToServer;
      m.has_reply = !m.has_request;
      set_operation(m);
      sink.advance(m, dir, kWhole);
      sink.done(m);
    }
    return Consumed::all(in.offset());
  }
  // What follows a gap may start anywhere. Better: look for the next frame there, too.
  void on_gap(Direction dir, std::uint64_t, Sink&) noexcept override { lost_[index(dir)] = true; }

 private:
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> lost_{};
};

bool data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  out = m.frame.data;
  return n == 0 && m.direction == dir;
}

constexpr BufferDef kBuffers[] = {
    {"bacnet.data", "", {kWhole, kWhole}, data, "bytes of the frame"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_length", "the length is more than 1024"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kInvalidLength) + 1);

}  // namespace

const ProtocolSpec kSpec = {
    .name = "bacnet",
    .record = "bacnet",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .probe = probe,
    .parser_size = sizeof(BacnetParser),
    .create = create_parser<BacnetParser>,
    .max_pending_bytes = kHeaderSize + kMaxLength,
    .complete = {kWhole, kWhole},
    .events = kEvents,
    .buffers = kBuffers,
    .ot = &kOt,
};

}  // namespace picket::bacnet
