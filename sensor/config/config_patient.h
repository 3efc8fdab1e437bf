// sensor/config/config_patient.h — app-layer.protocols.<name>.patient and .patient-key, as words and as a parser's limits
//
// What parsers/core/patient.h asks for: a protocol whose limits end with kPatientLimits has both keys.
#pragma once
#include <span>
#include <string>

#include "parsers/core/patient.h"

namespace picket::config {

inline constexpr std::string_view kPatientWords = "omit or hash", kPatientKeyWords = "32 hexadecimal digits";

[[nodiscard]] bool has_patients(const ProtocolSpec&) noexcept;
/// Those of a protocol's limits that are set as other limits are.
[[nodiscard]] std::span<const LimitDef> plain_limits(const ProtocolSpec&) noexcept;
/// Those that the configuration has a key for.
[[nodiscard]] std::span<const LimitDef> settable_limits(const ProtocolSpec&) noexcept;

/// Sets "patient" or "patient-key" among all of a protocol's limits. What the value has to be where it is not; "" where
/// all is well.
[[nodiscard]] std::string_view set_patient(std::string_view key, std::string_view value,
                                           std::span<std::uint64_t> limits) noexcept;
[[nodiscard]] std::string_view patient_word(std::span<const std::uint64_t> limits) noexcept;
/// 32 digits; "" when there is no key.
[[nodiscard]] std::string patient_key(std::span<const std::uint64_t> limits);
/// Hashes are asked for, and there is no key.
[[nodiscard]] bool lacks_patient_key(std::span<const std::uint64_t> limits) noexcept;

}  // namespace picket::config
