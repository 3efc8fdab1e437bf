// export/batch.h — records on the wire between sensor and collector: packed, compressed, chained by hashes
//
//   hash = SHA-256(previous_hash ‖ len(sensor) ‖ sensor ‖ boot ‖ first_seq ‖ count ‖ head ‖ records)
//   records = as they are before compression
//   head = nothing in LANE_ALL, else lane ‖ sealed_at ‖ before ‖ gap
//   gap = 0, or 1 ‖ reason ‖ missing ‖ len(last_hash) ‖ last_hash
//   before, missing = number of types ‖ each: len(type) ‖ type ‖ count
//
// Integers are eight bytes, little-endian. previous_hash of a lane's first batch in a boot is 32 zeros.
// So no batch can be left out, put elsewhere or changed without every later hash being wrong. Where records are
// missing a batch with `gap` stands for them: it follows the batch before them, and what comes next follows its
// last_hash, or its own hash when it has none.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::v1 {
class Batch;
enum GapReason : int;
enum Lane : int;
}  // namespace picket::v1

namespace picket {

/// A row of numbers, and a chain: the records of one lane of one boot of one sensor.
struct ChainId {
  std::string sensor;
  std::uint64_t boot = 0;
  v1::Lane lane{};
  auto operator<=>(const ChainId&) const = default;
};

using BatchHash = std::array<std::uint8_t, 32>;

/// What a sensor's key says of a batch's hash, and the certificate of that key (DER). Both empty: it could not.
struct Signature {
  std::string signature, certificate;
};
using SignHash = std::function<Signature(const BatchHash&)>;

/// Of an event_type, wherever it comes from.
inline constexpr std::size_t kMaxTypeName = 64;

/// Limits of a batch that a collector takes; senders stay below them.
struct BatchLimits {
  std::size_t max_records_bytes = std::size_t{16} << 20;  ///< before compression
  std::uint32_t max_records = 1'000'000;
  std::size_t max_sensor_name = 128;
  int max_types = 512;  ///< in `before` and in `missing`, with names of at most kMaxTypeName bytes
  /// Of all its messages: two in each count, one for the count, and as many again for versions to come.
  std::size_t max_fields = 6144;
};

/// Of sensor, boot, first_seq, count, lane, sealed_at, before and gap as they stand in `batch`.
BatchHash hash_batch(const BatchHash& previous, const v1::Batch& batch, Bytes records);

/// Fills in hash and records of `batch`, whose other fields are set; gives its hash.
BatchHash seal_batch(const BatchHash& previous, Bytes records, bool compress, v1::Batch& batch);

/// Signs a sealed batch. When it leaves, not when it is sealed: in a spool it may outlive key and certificate, and
/// the chain does not depend on them.
void sign_batch(const SignHash& sign, v1::Batch& batch);

/// Reads a batch of a stranger. False: it is none, or of more than max_fields fields, of which no objects were made.
[[nodiscard]] bool parse_batch(Bytes message, const BatchLimits& limits, v1::Batch& batch);

/// Checks everything that can be checked of a batch by itself: limits, compression, the number of records,
/// its hash. Gives the records before compression, none for a gap. The error says what is wrong.
Result<std::string> open_batch(const v1::Batch& batch, const BatchLimits& limits);

/// The hash that the lane's next batch has as its previous_hash.
BatchHash chain_after(const v1::Batch& batch) noexcept;

/// 32 bytes of a hash field; false when it has another size.
bool read_hash(std::string_view field, BatchHash& out) noexcept;

/// "flow" of LANE_FLOW, "spool_full" of GAP_SPOOL_FULL; the number where this version has no name.
std::string lane_label(v1::Lane lane);
std::string gap_label(v1::GapReason reason);

}  // namespace picket
