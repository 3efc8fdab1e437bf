// export/delivery/spool_file.h — batches of one chain, one behind another, on disk or in memory
//
//   frame | frame | ...      frame = head (magic, sizes, checksums) | point after it | Batch
//
// The first frame has no batch: its point is where the file begins. A point is written as the head of the batch that
// would stand there. Each frame is believed only as far as its checksums go, and found again behind damage by its
// magic and the checksum of its head, so that what is damaged never takes its neighbours with it. Records are bytes
// from the wire, and may look like frames: a frame counts only if its batch is of the file's chain, and its point is
// where that batch ends.
//
// A file has a descriptor while it is written to or read, until rest(): a spool holds thousands of files, and a
// process has about as many descriptors.
//
// Cost    append() one write, read() one read of at most a batch; the first of them after rest() an open
// Threads one at a time
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "export/delivery/chain_point.h"
#include "export/fd.h"
#include "parsers/core/result.h"

namespace picket::delivery {

/// A batch as the spool holds it.
struct Frame {
  v1::Batch batch;
  ChainPoint after;
  [[nodiscard]] std::uint64_t first() const noexcept { return batch.first_seq(); }
  [[nodiscard]] std::uint64_t last() const noexcept { return batch.first_seq() + batch.count() - 1; }
};

class SpoolFile {
 public:
  /// `path` "": in memory. Refuses a file that exists, and a full disk. A kill leaves all of it, or `path`.new.
  static Result<std::unique_ptr<SpoolFile>> create(const std::string& path, const ChainId& chain,
                                                   const ChainPoint& base);
  /// One that is there; where its first frame is damaged, base() is where the first whole batch stands. `damaged`:
  /// nothing in it is whole, or its sectors cannot be read. Any other error is the system's, and says nothing of the
  /// file.
  /// `chain.sensor` "": not known, so that of the first whole batch.
  static Result<std::unique_ptr<SpoolFile>> open(const std::string& path, ChainId chain, bool& damaged);
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool in_memory() const noexcept { return path_.empty(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const ChainPoint& base() const noexcept { return base_; }
  /// ns since 1970: when something was last written to it, by steady_now_ns().
  [[nodiscard]] std::uint64_t written_at() const noexcept { return written_at_; }

  /// All of it or, with an error, nothing.
  Status append(const v1::Batch& batch, const ChainPoint& after);

  enum class Read : std::uint8_t { kFrame, kEnd, kDamaged, kClosed };
  /// The frame at `offset` (0: the first batch), which then stands behind it. kDamaged: no whole frame is there, or
  /// the file is gone. kClosed: it cannot be opened or read now, which says nothing of what stands in it.
  Read read(std::uint64_t& offset, Frame& frame) const;
  /// Moves `offset` on to the next whole frame; false when there is none, and it stands at the end.
  bool find_next(std::uint64_t& offset) const;

  /// The same in memory as a file on disk, instead of one that may be there. On success `this` is that file.
  Status move_to(const std::string& path);
  /// All of it is on disk; also while other threads read or remove it.
  Status sync() const noexcept;
  /// Gives its descriptor back until it is needed again.
  void rest() const noexcept { fd_.reset(); }
  /// Takes the place of the file at `path`, at once.
  Status rename(const std::string& path);
  void remove() noexcept;

 private:
  struct Head;
  SpoolFile(std::string path, ChainId chain, Fd fd)
      : path_(std::move(path)), chain_(std::move(chain)), fd_(std::move(fd)) {}
  /// Of opening it, where it rests; as errno, 0: it is open, or in memory.
  int wake() const noexcept;
  Status put(std::string_view bytes);
  bool read_at(std::uint64_t offset, void* to, std::size_t n) const;
  bool read_head(std::uint64_t offset, Head& head) const;
  bool read_frame(std::uint64_t& offset, const Head& head, Frame& frame) const;
  [[nodiscard]] bool is_ours(const Frame& frame) const;

  std::string path_;
  ChainId chain_;
  mutable Fd fd_;
  mutable int read_error_ = 0;  ///< the last one that the system told of
  std::string memory_;          ///< all of it, without a path
  std::uint64_t bytes_ = 0, written_at_ = 0;
  ChainPoint base_;
};

}  // namespace picket::delivery
