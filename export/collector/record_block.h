// export/collector/record_block.h — records of one type and chain as the store keeps them: together, compressed
//
//   block   = zstd( record ‖ record ... )
//   record  = number minus the number before ‖ size ‖ bytes       varints; the first number is the block's `first`
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "export/collector/record_keys.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::collector {

class RecordBlock {
 public:
  /// Numbers come in any order but never twice.
  void add(std::uint64_t seq, Bytes record, const RecordKeys& keys);

  std::uint64_t first = 0, last = 0;  ///< numbers: the first one added, and the highest
  std::uint64_t count = 0;
  std::uint64_t since_ns = 0, until_ns = 0;  ///< the earliest and the latest timestamp
  std::string records;                       ///< not compressed
  KeySet keys;

 private:
  std::uint64_t before_ = 0;
};

/// Both keep their tables between calls; of one thread.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  /// Borrowed until the next call.
  Bytes compress(std::string_view records);

 private:
  struct Zstd;
  std::unique_ptr<Zstd> zstd_;
  std::string out_;
};

/// What `size` says is believed up to this.
inline constexpr std::size_t kMaxBlockBytes = std::size_t{512} << 20;

/// Calls `visit` with each record of a block; an error when the bytes are no block.
Status each_record_of(Bytes block, std::size_t size, std::uint64_t first,
                      const std::function<void(std::uint64_t seq, Bytes record)>& visit);

}  // namespace picket::collector
