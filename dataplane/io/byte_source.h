// dataplane/io/byte_source.h — a file, a pipe or standard input as bytes, with gzip or zstd undone on the way
//
// What a file is wrapped in is told by its first bytes, never by its name. Members and frames that follow one
// another
// (`cat a.gz b.gz`) read as one.
//
// Cost    control plane: allocates, blocks
// Limits  zstd windows up to 128 MiB (`--long=27`), which is zstd's own default; more is an error that says
// so
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "parsers/core/result.h"

namespace picket {

class ByteSource {
 public:
  virtual ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// `path`, or "-" for standard input.
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);

  /// Up to `size` bytes; 0 at the end, -1 when the file cannot be read or what wraps it is damaged: error()
  /// says why.
  [[nodiscard]] virtual std::int64_t read(char* out, std::size_t size) noexcept = 0;

  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// Bytes of the file read so far (of the wrapped form), and its size; 0 when it has none, as a pipe.
  [[nodiscard]] std::uint64_t consumed_bytes() const noexcept { return consumed_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_size_; }

 protected:
  ByteSource() = default;
  /// From the file itself: first what was read to look at it, then more.
  [[nodiscard]] std::int64_t read_file(char* out, std::size_t size) noexcept;
  /// Always -1, so that a caller can return it.
  std::int64_t fail(std::string why) noexcept;

 private:
  static constexpr std::size_t kPeek = 4;

  int fd_ = -1;
  char peeked_[kPeek] = {};
  std::size_t peeked_size_ = 0, peeked_at_ = 0;
  std::uint64_t consumed_ = 0, file_size_ = 0;
  std::string error_;
};

}  // namespace picket
