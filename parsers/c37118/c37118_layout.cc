// parsers/c37118/c37118_layout.cc — where values stand in data, and what they are
#include <cmath>
#include <numbers>
#include <type_traits>

#include "parsers/c37118/c37118.h"
#include "parsers/core/text_writer.h"

namespace picket::c37118 {
namespace {

float f32(Cursor& in) noexcept { return std::bit_cast<float>(in.u32be()); }
std::int16_t i16(Cursor& in) noexcept { return static_cast<std::int16_t>(in.u16be()); }
std::int32_t i24(std::uint32_t v) noexcept { return static_cast<std::int32_t>(v << 8) >> 8; }

Cursor at(Bytes units, std::size_t offset) noexcept {
  Cursor c(units);
  c.skip(offset);
  return c;
}

/// Fills in all but where it begins; gives where it ends.
std::uint32_t lay_out(PmuLayout& l) noexcept {
  const Pmu& p = l.pmu;
  l.frequency_at = l.status_at + 2 + p.phasors * (p.format.float_phasors() ? 8U : 4U);
  l.analogs_at = l.frequency_at + (p.format.float_frequency() ? 8 : 4);
  l.digitals_at = l.analogs_at + p.analogs * (p.format.float_analogs() ? 4U : 2U);
  TextWriter text(l.label_room);
  text << "PMU " << p.id;
  if (!p.name.empty()) text << " " << p.name;
  l.label_size = static_cast<std::uint8_t>(text.size());
  return l.digitals_at + p.digitals * 2U;
}

}  // namespace

static_assert(std::is_trivially_destructible_v<PmuLayout>);
static_assert(kMaxPmus * sizeof(PmuLayout) <= Pool::kMaxBlock);

bool Layout::make(Bytes config, bool third) noexcept {
  clear();
  std::size_t count = 0;
  ConfigReader reader(config, third);
  for (Pmu p; reader.next(p);) ++count;
  void* room = count == 0 ? nullptr : pool_.allocate(count * sizeof(PmuLayout));
  if ((count != 0 && room == nullptr) || !config_.append(config)) {
    pool_.release(room, count * sizeof(PmuLayout));
    config_.reset();
    return false;
  }
  pmus_ = static_cast<PmuLayout*>(room);
  reader = ConfigReader(config_.view(), third);
  third_ = third;
  time_base_ = reader.time_base;
  rate_ = reader.rate;
  more_ = reader.pmus > kMaxPmus;
  std::uint32_t end = 0;
  for (Pmu p; count_ < count && reader.next(p); ++count_) {
    PmuLayout& l = *::new (pmus_ + count_) PmuLayout;
    l.pmu = p;
    l.status_at = end;
    end = lay_out(l);
  }
  size_ = end;
  return true;
}

void Layout::clear() noexcept {
  if (pmus_ != nullptr) pool_.release(pmus_, count_ * sizeof(PmuLayout));
  pmus_ = nullptr;
  count_ = size_ = 0;
  config_.reset();
}

double Measurement::frequency() const noexcept {
  Cursor c = from(at_->frequency_at);
  if (pmu().format.float_frequency()) return f32(c);
  return pmu().nominal + i16(c) / 1000.0;  // deviation in mHz
}

double Measurement::frequency_rate() const noexcept {
  const bool real = pmu().format.float_frequency();
  Cursor c = from(at_->frequency_at + (real ? 4 : 2));
  return real ? f32(c) : i16(c) / 100.0;
}

PhasorReader Measurement::phasors() const noexcept {
  return {pmu(), from(at_->status_at + 2).rest().first(at_->frequency_at - at_->status_at - 2)};
}

Phasor PhasorReader::next() noexcept {
  constexpr double kDegrees = 180 / std::numbers::pi;
  Phasor out;
  // Scales are read where they stand in the configuration: a load and a multiplication, as a table of them would be.
  double scale = 1, turn = 0;
  if (third_) {
    out.is_current = (units_.u32be() & 0x0800) != 0;
    scale = f32(units_);
    turn = f32(units_);
  } else {
    const std::uint32_t word = units_.u32be();
    out.is_current = (word >> 24) == 1;
    if (!format_.float_phasors()) scale = (word & 0xffffff) * 1e-5;
  }
  const bool polar = format_.polar();
  double a = 0, b = 0;
  if (format_.float_phasors()) {
    const std::uint64_t both = values_.u64be();
    a = std::bit_cast<float>(static_cast<std::uint32_t>(both >> 32));
    b = std::bit_cast<float>(static_cast<std::uint32_t>(both));
  } else {
    const std::uint32_t both = values_.u32be();
    const auto first = static_cast<std::uint16_t>(both >> 16);
    a = polar ? first : static_cast<std::int16_t>(first);
    b = static_cast<std::int16_t>(both);
    if (polar) b *= 1e-4;
  }
  out.magnitude = (polar ? a : std::hypot(a, b)) * scale;
  out.angle = ((polar ? b : std::atan2(b, a)) + turn) * kDegrees;
  return out;
}

double Measurement::analog(unsigned n) const noexcept {
  const Pmu& p = pmu();
  const bool real = p.format.float_analogs();
  Cursor v = from(at_->analogs_at + n * (real ? 4U : 2U));
  const double raw = real ? static_cast<double>(f32(v)) : i16(v);
  if (p.third) {
    Cursor unit = at(p.analog_units, n * kAnalogScale);
    const double scale = f32(unit), offset = f32(unit);
    return raw * scale + offset;
  }
  return real ? raw : raw * i24(at(p.analog_units, n * kUnit).u32be() & 0xffffff);
}

}  // namespace picket::c37118
