#include "parsers/c37118/c37118.h"

#include <algorithm>

#include "parsers/core/crc.h"

namespace picket::c37118 {
namespace {

constexpr std::size_t kNameSize = 16, kGlobalId = 16;
constexpr unsigned kNamesOfWord = 16;  // digitals have a name each

bool valid_type(std::uint8_t octet) noexcept { return (octet & 0x80) == 0 && (octet >> 4) <= kLastType; }

float f32(Cursor& in) noexcept { return std::bit_cast<float>(in.u32be()); }

Bytes trimmed(Bytes name) noexcept {
  while (!name.empty() && (name.back() == ' ' || name.back() == 0)) name = name.first(name.size() - 1);
  return name;
}

}  // namespace

std::uint16_t crc(Bytes bytes) noexcept { return Crc16<0x1021, false>::add(0xffff, bytes); }

ParseResult read_size(Bytes start, std::uint16_t& size) noexcept {
  // Say what is wrong as soon as it can be seen: what never comes is not waited for.
  if (!start.empty() && start[0] != kSync) return ParseResult::malformed(Event::kInvalidHeader);
  if (start.size() > 1 && !valid_type(start[1])) return ParseResult::malformed(Event::kInvalidHeader);
  Cursor c(start);
  c.skip(2);
  size = c.u16be();
  if (!c.ok()) return ParseResult::need_more(4);
  return size < kMinSize ? ParseResult::malformed(Event::kInvalidSize) : ParseResult::done();
}

ParseResult parse(Cursor& in, Frame& f) noexcept {
  std::uint16_t size = 0;
  const ParseResult r = read_size(in.rest(), size);
  return r.kind == ParseResult::Kind::kDone ? parse(in, size, f) : r;
}

ParseResult parse(Cursor& in, std::uint16_t size, Frame& f) noexcept {
  const Bytes start = in.rest();
  if (start.size() < size) return ParseResult::need_more(size);
  Cursor tail(start.subspan(size - kCrcSize, kCrcSize));
  if (tail.u16be() != crc(start.first(size - kCrcSize)))
    return ParseResult::malformed(Event::kInvalidChecksum);
  Cursor c(start);
  c.skip(1);
  const std::uint8_t type = c.u8();
  c.skip(2);
  f.type = static_cast<FrameType>(type >> 4);
  f.version = type & 15;
  f.id = c.u16be();
  f.soc = c.u32be();
  const std::uint32_t fraction = c.u32be();
  f.time_quality = static_cast<std::uint8_t>(fraction >> 24);
  f.fraction = fraction & 0xffffff;
  f.body = start.subspan(kHeaderSize, size - kMinSize);
  in.skip(size);
  return ParseResult::done();
}

std::uint16_t command_of(const Frame& f) noexcept {
  Cursor c(f.body);
  return c.u16be();
}

std::size_t Pmu::data_size() const noexcept {
  const std::size_t rates = format.float_frequency() ? 8 : 4;
  return 2 + rates + phasors * (format.float_phasors() ? 8U : 4U) +
         analogs * (format.float_analogs() ? 4U : 2U) + digitals * 2U;
}

bool NameReader::next(Bytes& name) noexcept {
  if (in_.empty()) return false;
  name = third_ ? in_.bytes(in_.u8()) : trimmed(in_.bytes(kNameSize));
  return in_.ok();
}

ConfigReader::ConfigReader(Bytes body, bool third) noexcept : in_(body), third_(third) {
  if (third) continued = in_.u16be();
  time_base = in_.u32be() & 0xffffff;
  pmus = in_.u16be();
  if (in_.left() < 2) {
    in_.fail();
    return;
  }
  Cursor last(in_.rest().last(2));
  rate = static_cast<std::int16_t>(last.u16be());
  in_ = Cursor(in_.rest().first(in_.left() - 2));
}

bool ConfigReader::next(Pmu& out) noexcept {
  if (read_ >= std::min<unsigned>(pmus, kMaxPmus) || in_.empty()) return false;
  Pmu p;
  p.third = third_;
  p.name = third_ ? in_.bytes(in_.u8()) : trimmed(in_.bytes(kNameSize));
  p.id = in_.u16be();
  if (third_) p.global_id = in_.bytes(kGlobalId);
  p.format.bits = in_.u16be();
  p.phasors = in_.u16be();
  p.analogs = in_.u16be();
  p.digitals = in_.u16be();
  const std::size_t names = std::size_t{p.phasors} + p.analogs + kNamesOfWord * p.digitals;
  if (third_) {
    // Their lengths stand before them.
    Cursor walk = in_;
    for (std::size_t i = 0; i < names && walk.ok(); ++i) walk.skip(walk.u8());
    p.names = in_.bytes(walk.ok() ? walk.offset() - in_.offset() : in_.left() + 1);
  } else {
    p.names = in_.bytes(names * kNameSize);
  }
  p.phasor_units = in_.bytes(p.phasors * (third_ ? kPhasorScale : kUnit));
  p.analog_units = in_.bytes(p.analogs * (third_ ? kAnalogScale : kUnit));
  p.digital_units = in_.bytes(p.digitals * kUnit);
  if (third_) {
    p.latitude = f32(in_);
    p.longitude = f32(in_);
    p.elevation = f32(in_);
    p.service_class = in_.u8();
    p.window_us = static_cast<std::int32_t>(in_.u32be());
    p.group_delay_us = static_cast<std::int32_t>(in_.u32be());
  }
  p.nominal = (in_.u16be() & 1) != 0 ? 50 : 60;
  p.changes = in_.u16be();
  if (!in_.ok()) return false;
  ++read_;
  out = p;
  return true;
}

const Frame* frame_of(const Exchange& x, Direction dir) noexcept {
  if (dir == x.from) return &x.first;
  return x.has_answer ? &x.answer : nullptr;
}

bool config_in(const Frame& f, ConfigReader& out) noexcept {
  if (f.type != FrameType::kConfig1 && f.type != FrameType::kConfig2 && f.type != FrameType::kConfig3)
    return false;
  out = ConfigReader(f.body, f.type == FrameType::kConfig3);
  return true;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport == Transport::kEthernet) return Probe::kNo;
  if (first.size() > 1 && ((first[1] & 15) == 0 || (first[1] & 15) > kLastVersion)) return Probe::kNo;
  Cursor in(first);
  Frame f;
  const ParseResult r = parse(in, f);
  if (r.kind == ParseResult::Kind::kDone) return Probe::kYes;
  if (r.kind == ParseResult::Kind::kMalformed || transport == Transport::kUdp) return Probe::kNo;
  // The CRC is the proof. Nothing but a configuration is too long to be waited for: it is known by its inside.
  constexpr std::size_t kLong = 1024, kInside = kHeaderSize + 8;
  if (r.need <= kLong || first.size() < kInside) return Probe::kUnsure;
  ConfigReader config;
  f.type = static_cast<FrameType>(first[1] >> 4);
  f.body = first.subspan(kHeaderSize);
  return config_in(f, config) && config.time_base != 0 && config.pmus != 0 && config.pmus <= 1024
             ? Probe::kYes
             : Probe::kNo;
}

}  // namespace picket::c37118
