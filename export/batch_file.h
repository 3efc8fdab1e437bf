// export/batch_file.h — batches in a file, for ways that nothing comes back on
//
//   "picket batches 1\n" | batch | batch | ... | 0 | SHA-256 of all before it, 32 bytes |
//                          each its length as a varint, then a Batch (export/delimited.h)
//
// No batch has length 0, so a file says by itself where it ends: one that is still being written, or was cut, never
// passes for a whole one. The 1 is the version: readers refuse others. Chain, counts and signature are in each batch.
#pragma once
#include <string>
#include <string_view>

#include "export/delimited.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket {

namespace v1 {
class Batch;
}

inline constexpr const char* kBatchFileExtension = ".batches";

class BatchFileWriter {
 public:
  BatchFileWriter();
  void add(const v1::Batch& batch);
  [[nodiscard]] std::size_t size() const noexcept { return content_.size(); }
  /// The whole file. Nothing is added after it.
  [[nodiscard]] std::string finish() &&;

 private:
  std::string content_;
};

class BatchFileReader {
 public:
  /// Looks at all of it before it gives anything. The error says where the file is cut,
  /// that it was damaged, or is none.
  static Result<BatchFileReader> open(Bytes file);
  /// The next batch, which points into the file; false at the end.
  bool next(Bytes& batch) noexcept;

 private:
  explicit BatchFileReader(Bytes batches) noexcept : in_(batches) {}
  WireReader in_;
};

/// <ns of the writer's start, 20 digits>-<number, 10 digits>.batches: a writer numbers its files from 1.
struct BatchFileName {
  std::string run;  ///< the 20 digits
  std::uint64_t number = 0;
  [[nodiscard]] std::string text() const;
};
/// False: it is no such name.
bool parse_batch_file_name(std::string_view name, BatchFileName& out);

}  // namespace picket
