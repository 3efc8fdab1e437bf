// export/batch.h — records on the wire between sensor and collector: packed, compressed, chained by hashes
//
// hash = SHA-256(previous_hash ‖ len(sensor) ‖ sensor ‖ boot ‖ first_seq ‖ count ‖ records before
// compression); integers are eight bytes, little-endian. previous_hash of a boot's first batch is 32 zeros.
// So no batch can be left out, put elsewhere or changed without every later hash being wrong.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::v1 {
class Batch;
}

namespace picket {

using BatchHash = std::array<std::uint8_t, 32>;

/// Limits of a batch that a collector takes; senders stay below them.
struct BatchLimits {
  std::size_t max_records_bytes = std::size_t{16} << 20;  ///< before compression
  std::uint32_t max_records = 1'000'000;
  std::size_t max_sensor_name = 128;
};

BatchHash hash_batch(const BatchHash& previous, std::string_view sensor, std::uint64_t boot,
                     std::uint64_t first_seq, std::uint64_t count, Bytes records);

/// Fills in hash and records of `batch`, whose sensor, boot, first_seq and count are set; gives its hash.
BatchHash seal_batch(const BatchHash& previous, Bytes records, bool compress, v1::Batch& batch);

/// Checks everything that can be checked of a batch by itself: limits, compression, the number of records,
/// its hash. Gives the records before compression. The error says what is wrong.
Result<std::string> open_batch(const v1::Batch& batch, const BatchLimits& limits);

/// 32 bytes of a hash field; false when it has another size.
bool read_hash(std::string_view field, BatchHash& out) noexcept;

}  // namespace picket
