// parsers/core/patient.h — what identifies a patient: left out of records, or told as a keyed hash
//
// A protocol of hospitals ends its limits with kPatientLimits. The configuration reads them as words
// (sensor/config/config_patient.h): app-layer.protocols.<name>.patient: omit | hash, and .patient-key: 32 hexadecimal
// digits. Rules see everything; only records go by this.
//
//   hash = SipHash-2-4 (Aumasson, Bernstein 2012) of the value under the key, 64 bits
//
// The same value under the same key gives the same hash in all protocols, so that a patient's traces can be followed
// from one to the other. Whoever has the key can try names and numbers: it is to be kept as a password is.
//
// Cost    O(bytes); no allocation
#pragma once
#include "parsers/core/protocol.h"

namespace picket {

inline constexpr std::string_view kPatientName = "patient", kPatientKeyName = "patient-key";
/// At the end of a protocol's limits, in this order.
inline constexpr LimitDef kPatientMode = {kPatientName, 0, 0, 1,
                                          "what is told of fields that identify a patient"};
inline constexpr LimitDef kPatientKeyHigh = {kPatientKeyName, 0, 0, ~std::uint64_t{0}, "key of their hashes"};
inline constexpr LimitDef kPatientKeyLow = {"patient-key.low", 0, 0, ~std::uint64_t{0},
                                            "the other half of the key"};
inline constexpr std::size_t kPatientLimits = 3;

/// What the configuration says.
struct PatientPolicy {
  bool hash = false;
  std::uint64_t key_high = 0, key_low = 0;  ///< digits 1 to 16 and 17 to 32, as written

  PatientPolicy() = default;
  /// From all limits of a protocol.
  explicit PatientPolicy(std::span<const std::uint64_t> limits) noexcept {
    const auto own = limits.last(kPatientLimits);
    hash = own[0] != 0;
    key_high = own[1];
    key_low = own[2];
  }
};

/// SipHash-2-4; k0 and k1 as in the paper: the key's bytes, each half little-endian.
[[nodiscard]] std::uint64_t siphash(std::uint64_t k0, std::uint64_t k1, Bytes) noexcept;

using PatientHash = std::array<char, 16>;
/// Of the value as both protocols would write it: without blanks, zeros and empty components (^) at its end, in capitals.
/// Only the first kMaxPatientValue bytes count. False: nothing is left of it.
[[nodiscard]] bool patient_hash(const PatientPolicy&, Bytes value, PatientHash& out) noexcept;
inline constexpr std::size_t kMaxPatientValue = 256;

}  // namespace picket
