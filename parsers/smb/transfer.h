// parsers/smb/transfer.h — reads or writes of one open file, put in order of their offsets
//
//   chunk 0..100   in order: goes on to the Sink as it comes
//   chunk 300..400 ahead: waits
//   chunk 100..300 in order; then what waited follows
//   chunk 50..80   behind: FileOverlap; what is known stays known, only what lies beyond the end goes on
//
// What waits is bounded by bytes and by chunks. Where a limit is met, the hole before the lowest chunk that
// waits becomes a gap of the file, as do all holes when the file is closed.
//
// Cost    chunks in order are not copied
#pragma once
#include "parsers/core/file.h"
#include "parsers/smb/smb.h"

namespace picket::smb {

class Transfer {
 public:
  struct Limits {
    std::uint64_t bytes, chunks;  ///< that wait
  };
  /// What happened at begin_chunk().
  struct Outcome {
    bool overlap = false, too_many_bytes = false, too_many_chunks = false;
  };

  Transfer(Pool& pool, Tx& tx) noexcept : tx(&tx), pool_(pool) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Tx* tx;                ///< not owned
  File* file = nullptr;  ///< nullptr: nobody wants it

  /// Where a chunk is in order.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  /// The next `length` bytes are those at `offset`.
  Outcome begin_chunk(std::uint64_t offset, std::uint64_t length, Limits, Sink&) noexcept;
  /// Bytes of the chunk; false: no memory was left to keep them.
  bool chunk_data(Bytes, Sink&) noexcept;
  /// `missing` bytes of the chunk were never seen.
  void chunk_gap(std::uint64_t missing, Sink&) noexcept;
  void end_chunk(Sink&) noexcept;
  /// `size`: of the file, if known. Holes become gaps; the file is complete if there are none up to there.
  void close(const std::uint64_t* size, bool closed, Sink&) noexcept;

 private:
  struct Segment {
    explicit Segment(Pool& p) noexcept : bytes(p) {}
    Segment* next = nullptr;
    std::uint64_t offset = 0;
    bool first = false;  // of its chunk
    PoolBuffer bytes;
  };
  static constexpr std::size_t kSegment = 64 * 1024;

  void emit(std::uint64_t offset, Bytes, Sink&) noexcept;
  void drain(Sink&) noexcept;
  void skip_hole(Sink&) noexcept;
  void drop_first() noexcept;
  void insert(Segment*) noexcept;

  Pool& pool_;
  Segment* waiting_ = nullptr;  // by offset
  std::uint64_t next_ = 0;      // all before has gone on, or is a gap
  std::uint64_t waiting_bytes_ = 0, waiting_chunks_ = 0;
  std::uint64_t at_ = 0;        // of the chunk at hand
  bool ahead_ = false;          // the chunk at hand waits
  Segment* filling_ = nullptr;  // its last segment
};

}  // namespace picket::smb
