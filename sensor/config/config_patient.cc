#include "sensor/config/config_patient.h"

#include <array>

#include "parsers/core/text.h"

namespace picket::config {
namespace {

constexpr std::size_t kHalf = 16;  // digits

/// Of both halves; false: they are no 32 digits, or all of them are 0.
bool read_key(std::string_view text, std::array<std::uint64_t, 2>& out) noexcept {
  if (text.size() != 2 * kHalf) return false;
  out = {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = hex_digit(static_cast<std::uint8_t>(text[i]));
    if (digit < 0) return false;
    out[i / kHalf] = out[i / kHalf] << 4 | static_cast<std::uint64_t>(digit);
  }
  return out[0] != 0 || out[1] != 0;
}

}  // namespace

bool has_patients(const ProtocolSpec& spec) noexcept {
  const auto& limits = spec.limits;
  return limits.size() >= kPatientLimits && limits[limits.size() - kPatientLimits].name == kPatientName;
}

std::span<const LimitDef> plain_limits(const ProtocolSpec& spec) noexcept {
  return spec.limits.first(spec.limits.size() - (has_patients(spec) ? kPatientLimits : 0));
}

std::span<const LimitDef> settable_limits(const ProtocolSpec& spec) noexcept {
  return spec.limits.first(spec.limits.size() - (has_patients(spec) ? 1 : 0));  // a key has two halves
}

std::string_view set_patient(std::string_view key, std::string_view value,
                             std::span<std::uint64_t> limits) noexcept {
  const auto own = limits.last(kPatientLimits);
  if (key == kPatientName) {
    if (value != "omit" && value != "hash") return kPatientWords;
    own[0] = value == "hash" ? 1 : 0;
    return {};
  }
  std::array<std::uint64_t, 2> halves;
  if (!read_key(value, halves)) return kPatientKeyWords;
  own[1] = halves[0];
  own[2] = halves[1];
  return {};
}

std::string_view patient_word(std::span<const std::uint64_t> limits) noexcept {
  return limits.last(kPatientLimits)[0] == 0 ? "omit" : "hash";
}

std::string patient_key(std::span<const std::uint64_t> limits) {
  const auto own = limits.last(kPatientLimits);
  if (own[1] == 0 && own[2] == 0) return {};
  std::string text;
  for (std::size_t half = 1; half <= 2; ++half) {
    for (unsigned shift = 64; shift != 0; shift -= 4)
      text += "0123456789abcdef"[own[half] >> (shift - 4) & 15];
  }
  return text;
}

bool lacks_patient_key(std::span<const std::uint64_t> limits) noexcept {
  const auto own = limits.last(kPatientLimits);
  return own[0] != 0 && own[1] == 0 && own[2] == 0;
}

}  // namespace picket::config
