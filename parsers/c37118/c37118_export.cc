#include <algorithm>
#include <bit>

#include "export/wire_writer.h"
#include "parsers/c37118/c37118.h"
#include "parsers/c37118/c37118.pb.h"

namespace picket::c37118 {
namespace {

using v1::C37118;
using v1::C37118Channel;
using v1::C37118Configuration;
using v1::C37118Frame;
using v1::C37118Measurement;
using v1::C37118Phasor;
using v1::C37118Pmu;

constexpr std::size_t kShownBody = 64;
constexpr unsigned kShownPmus = 16;  // of a frame, with all their channels

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
/// Of what is rare only that it is so.
void mark(WireWriter& w, int field, bool v) noexcept {
  if (v) w.boolean(field, true);
}

std::string_view phasor_format(Format f) noexcept {
  if (f.polar()) return f.float_phasors() ? "polar float" : "polar integer";
  return f.float_phasors() ? "rectangular float" : "rectangular integer";
}
std::string_view number_format(bool is_float) noexcept { return is_float ? "float" : "integer"; }
std::string_view phasor_kind(bool is_current) noexcept { return is_current ? "current" : "voltage"; }

/// What stands in PHUNIT, ANUNIT, PHSCALE and ANSCALE.
void unit(WireWriter& w, const Pmu& p, unsigned n, bool phasor) noexcept {
  constexpr std::string_view kAnalogs[] = {"instantaneous", "rms", "peak"};
  Cursor c(phasor ? p.phasor_units : p.analog_units);
  if (p.third) {
    c.skip(n * (phasor ? kPhasorScale : kAnalogScale));
    if (phasor) {
      const std::uint32_t flags = c.u32be();
      w.text(C37118Channel::kKindFieldNumber, phasor_kind((flags & 0x800) != 0));
    }
    return w.f64(C37118Channel::kScaleFieldNumber, std::bit_cast<float>(c.u32be()));
  }
  c.skip(n * kUnit);
  const std::uint32_t word = c.u32be();
  const std::uint32_t kind = word >> 24;
  if (phasor) {
    w.text(C37118Channel::kKindFieldNumber, phasor_kind(kind == 1));
    if (!p.format.float_phasors()) w.f64(C37118Channel::kScaleFieldNumber, (word & 0xffffff) * 1e-5);
    return;
  }
  if (kind < std::size(kAnalogs)) w.text(C37118Channel::kKindFieldNumber, kAnalogs[kind]);
  if (!p.format.float_analogs()) {
    w.f64(C37118Channel::kScaleFieldNumber, static_cast<std::int32_t>(word << 8) >> 8);
  }
}

void channels(WireWriter& w, const Pmu& p) noexcept {
  NameReader names(p);
  Bytes text;
  const auto each = [&](unsigned count, auto&& show) noexcept {
    for (unsigned i = 0; i < count && names.next(text); ++i) {
      if (i < kMaxChannels) show(i);
    }
  };
  each(p.phasors, [&](unsigned i) noexcept {
    const auto s = w.message(C37118Pmu::kPhasorsFieldNumber);
    w.bytes(C37118Channel::kNameFieldNumber, text);
    unit(w, p, i, true);
  });
  each(p.analogs, [&](unsigned i) noexcept {
    const auto s = w.message(C37118Pmu::kAnalogsFieldNumber);
    w.bytes(C37118Channel::kNameFieldNumber, text);
    unit(w, p, i, false);
  });
  each(p.digitals * 16U, [&](unsigned) noexcept { w.bytes(C37118Pmu::kDigitalsFieldNumber, text); });
  mark(w, C37118Pmu::kTruncatedFieldNumber,
       p.phasors > kMaxChannels || p.analogs > kMaxChannels || p.digitals * 16U > kMaxChannels);
}

void pmu(WireWriter& w, const Pmu& p) noexcept {
  const auto s = w.message(C37118Configuration::kPmusFieldNumber);
  w.u64(C37118Pmu::kIdCodeFieldNumber, p.id);
  w.bytes(C37118Pmu::kStationFieldNumber, p.name);
  if (p.third) w.bytes(C37118Pmu::kGlobalIdFieldNumber, p.global_id);
  w.text(C37118Pmu::kPhasorFormatFieldNumber, phasor_format(p.format));
  w.text(C37118Pmu::kAnalogFormatFieldNumber, number_format(p.format.float_analogs()));
  w.text(C37118Pmu::kFrequencyFormatFieldNumber, number_format(p.format.float_frequency()));
  w.u64(C37118Pmu::kNominalFrequencyFieldNumber, p.nominal);
  w.u64(C37118Pmu::kConfigurationCountFieldNumber, p.changes);
  channels(w, p);
  if (!p.third) return;
  w.f64(C37118Pmu::kLatitudeFieldNumber, p.latitude);
  w.f64(C37118Pmu::kLongitudeFieldNumber, p.longitude);
  w.f64(C37118Pmu::kElevationFieldNumber, p.elevation);
  if (p.service_class == 'M' || p.service_class == 'P') {
    w.text(C37118Pmu::kServiceClassFieldNumber, p.service_class == 'M' ? "M" : "P");
  }
  w.i64(C37118Pmu::kWindowUsFieldNumber, p.window_us);
  w.i64(C37118Pmu::kGroupDelayUsFieldNumber, p.group_delay_us);
}

void configuration(WireWriter& w, const Frame& f) noexcept {
  ConfigReader config;
  (void)config_in(f, config);
  const auto s = w.message(C37118Frame::kConfigurationFieldNumber);
  w.u64(C37118Configuration::kTimeBaseFieldNumber, config.time_base);
  w.i64(C37118Configuration::kRateFieldNumber, config.rate);
  w.u64(C37118Configuration::kPmuCountFieldNumber, config.pmus);
  if (config.continued != 0) w.u64(C37118Configuration::kContinuationFieldNumber, config.continued);
  Pmu p;
  unsigned shown = 0;
  for (; shown < kShownPmus && config.next(p); ++shown) pmu(w, p);
  mark(w, C37118Configuration::kTruncatedFieldNumber, shown < config.pmus);
}

void measurement(WireWriter& w, const Measurement& m) noexcept {
  const auto s = w.message(C37118Frame::kMeasurementsFieldNumber);
  const Pmu& p = m.pmu();
  const std::uint16_t status = m.status();
  w.u64(C37118Measurement::kPmuFieldNumber, p.id);
  w.bytes(C37118Measurement::kStationFieldNumber, p.name);
  w.u64(C37118Measurement::kStatusFieldNumber, status);
  if (status != 0) {
    name(w, C37118Measurement::kErrorFieldNumber, data_error_name(status));
    mark(w, C37118Measurement::kUnsynchronisedFieldNumber, (status & status::kUnsynchronised) != 0);
    mark(w, C37118Measurement::kSortedByArrivalFieldNumber, (status & status::kByArrival) != 0);
    if ((status & status::kTrigger) != 0)
      name(w, C37118Measurement::kTriggerFieldNumber, trigger_name(status));
    mark(w, C37118Measurement::kConfigurationChangeFieldNumber, (status & status::kConfigurationChange) != 0);
    mark(w, C37118Measurement::kModifiedFieldNumber, (status & status::kModified) != 0);
    name(w, C37118Measurement::kTimeErrorFieldNumber, time_error_name(status));
    name(w, C37118Measurement::kUnlockedFieldNumber, unlocked_name(status));
  }
  w.f64(C37118Measurement::kFrequencyFieldNumber, m.frequency());
  w.f64(C37118Measurement::kFrequencyRateFieldNumber, m.frequency_rate());
  PhasorReader phasors = m.phasors();
  for (unsigned i = 0; i < std::min<unsigned>(p.phasors, kMaxChannels); ++i) {
    const Phasor v = phasors.next();
    const auto phasor = w.message(C37118Measurement::kPhasorsFieldNumber);
    w.f64(C37118Phasor::kMagnitudeFieldNumber, v.magnitude);
    w.f64(C37118Phasor::kAngleFieldNumber, v.angle);
    w.text(C37118Phasor::kKindFieldNumber, phasor_kind(v.is_current));
  }
  for (unsigned i = 0; i < std::min<unsigned>(p.analogs, kMaxChannels); ++i) {
    w.f64(C37118Measurement::kAnalogsFieldNumber, m.analog(i));
  }
  for (unsigned i = 0; i < std::min<unsigned>(p.digitals, kMaxChannels); ++i) {
    w.u64(C37118Measurement::kDigitalsFieldNumber, m.digitals(i));
  }
  mark(w, C37118Measurement::kTruncatedFieldNumber,
       p.phasors > kMaxChannels || p.analogs > kMaxChannels || p.digitals > kMaxChannels);
}

void content(WireWriter& w, const Exchange& x, const Frame& f) noexcept {
  switch (f.type) {
    case FrameType::kHeader:
      return w.bytes(C37118Frame::kHeaderFieldNumber, f.body);
    case FrameType::kConfig1:
    case FrameType::kConfig2:
    case FrameType::kConfig3:
      return configuration(w, f);
    case FrameType::kData:
    case FrameType::kCommand:
      break;
  }
  Bytes rest = f.body;
  if (f.type == FrameType::kCommand) rest = rest.subspan(std::min<std::size_t>(2, rest.size()));
  if (const auto pmus = layouts_of(x); f.type == FrameType::kData && !pmus.empty()) {
    for (const PmuLayout& p : pmus.first(std::min<std::size_t>(pmus.size(), kShownPmus)))
      measurement(w, Measurement(f.body, p));
    return;
  }
  if (rest.empty()) return;
  w.u64(C37118Frame::kBodyLengthFieldNumber, rest.size());
  w.bytes(C37118Frame::kBodyFieldNumber, rest.first(std::min(rest.size(), kShownBody)));
}

/// In which FRACSEC counts; 0 where that is not known.
std::uint32_t time_base_of(const Exchange& x, const Frame& f) noexcept {
  if (f.type == FrameType::kData) return x.layout == nullptr ? 0 : x.layout->time_base();
  ConfigReader config;
  return config_in(f, config) ? config.time_base : 0;
}

void frame(WireWriter& w, int field, const Exchange& x, const Frame& f) noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const auto s = w.message(field);
  const std::uint32_t time_base = time_base_of(x, f);
  w.u64(C37118Frame::kTypeFieldNumber, static_cast<std::uint64_t>(f.type));
  name(w, C37118Frame::kTypeNameFieldNumber, type_name(f.type));
  w.u64(C37118Frame::kVersionFieldNumber, f.version);
  w.u64(C37118Frame::kIdCodeFieldNumber, f.id);
  w.fixed64(C37118Frame::kTimeFieldNumber,
            f.soc * kSecond + (f.fraction < time_base ? std::uint64_t{f.fraction} * kSecond / time_base : 0));
  const auto quality = static_cast<std::uint8_t>(f.time_quality & 15U);
  w.u64(C37118Frame::kTimeQualityFieldNumber, quality);
  name(w, C37118Frame::kTimeQualityNameFieldNumber, time_quality_name(quality));
  if ((f.time_quality & 0x70) != 0) {
    mark(w, C37118Frame::kLeapSecondPendingFieldNumber, (f.time_quality & 0x10) != 0);
    mark(w, C37118Frame::kLeapSecondOccurredFieldNumber, (f.time_quality & 0x20) != 0);
    mark(w, C37118Frame::kLeapSecondDeletedFieldNumber, (f.time_quality & 0x40) != 0);
  }
  if (f.type == FrameType::kCommand) {
    w.u64(C37118Frame::kCommandFieldNumber, x.command);
    name(w, C37118Frame::kCommandNameFieldNumber, command_name(x.command));
  }
  content(w, x, f);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(C37118::kIdFieldNumber, x.id + 1);
  frame(w, x.first.type == FrameType::kCommand ? C37118::kCommandFieldNumber : C37118::kFrameFieldNumber, x,
        x.first);
  if (!x.has_answer) return;
  frame(w, C37118::kResponseFieldNumber, x, x.answer);
  if (x.answer_ns >= x.first_ns) w.u64(C37118::kResponseUsFieldNumber, (x.answer_ns - x.first_ns) / 1000);
}

}  // namespace picket::c37118
