#include "parsers/c37118/c37118_parser.h"

namespace picket::c37118 {
namespace {

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
    {"invalid_size",
     "a frame's size is less than its header and CRC, more than its datagram, or one that is not believed"},
    {"invalid_checksum", "the CRC of a frame is wrong"},
    {"lost_sync", "parsing goes on at the next frame whose CRC is right"},
    {"interrupted_frame", "whole frames stand within a long frame; its size is not believed"},
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
