// dataplane/io/lookahead.h — a source of bytes, looked at before it is taken
//
// Cost    a read of the source for some hundred KiB, and what a record that lies across two of them needs to be moved
// Lives   what peek() gives until the next call of anything here
#pragma once
#include <cstddef>
#include <cstdio>
#include <vector>

#include "parsers/core/bytes.h"

namespace picket {

class ByteSource;

class Lookahead {
 public:
  /// Borrowed.
  explicit Lookahead(ByteSource& source) noexcept : source_(source) {}

  /// `n` bytes, or fewer where the source ends or fails: its error() tells which. Room for them is taken.
  [[nodiscard]] Bytes peek(std::size_t n);
  /// Goes on by `n` bytes, seen or not; false when there are fewer.
  bool skip(std::size_t n);

  /// What follows as a stream, for libraries that want one; nullptr: no memory. It has to be closed before this goes.
  [[nodiscard]] std::FILE* stdio() noexcept;

 private:
  static constexpr std::size_t kRead = std::size_t{256} << 10;

  void fill(std::size_t n);
  [[nodiscard]] std::size_t left() const noexcept { return end_ - begin_; }

  ByteSource& source_;
  std::vector<std::uint8_t> room_;
  std::size_t begin_ = 0, end_ = 0;  // of room_: read, and not taken yet
  bool ended_ = false;
};

}  // namespace picket
