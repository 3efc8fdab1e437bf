// parsers/c37118/c37118_layout.cc — where values stand in data, and what they are
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

PhasorReader Measurement::phasors() const noexcept {
  return {pmu(), from(at_->status_at + 2).rest().first(at_->frequency_at - at_->status_at - 2)};
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
