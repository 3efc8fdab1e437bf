// dataplane/byte_ring.h — frames of bytes from one thread to one other, in memory taken at start
//
// Cost    reserve() and next() are a few ns; publish() and release() one atomic store each; no lock, no
//         allocation
// Refuses reserve() gives nullptr when there is no room: the producer decides whether to wait or to count a
//         loss
// Lives   a frame from next() is good until release()
#pragma once
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#include "parsers/core/assert.h"
#include "parsers/core/bytes.h"
#include "parsers/core/mapping.h"

namespace picket {

class ByteRing {
 public:
  /// Room for `bytes`, rounded up to a power of two. A frame may take at most half of it.
  explicit ByteRing(std::size_t bytes)
      : size_(std::bit_ceil(std::max<std::size_t>(bytes, 4096))),
        memory_(size_, Mapping::Pages::kLarge),
        data_(memory_.as<std::uint8_t>()) {}

  // ---- producer ----

  /// Room for a frame of up to `bytes`; a second call without commit() takes the first one back.
  [[nodiscard]] std::uint8_t* reserve(std::size_t bytes) noexcept {
    const std::size_t want = frame(bytes);
    PICKET_ASSERT(want <= size_ / 2);
    const std::size_t at = head_ & (size_ - 1), to_end = size_ - at;
    const std::size_t skip = to_end < want ? to_end : 0;  // frames do not wrap
    if (size_ - (head_ - tail_seen_) < skip + want) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (size_ - (head_ - tail_seen_) < skip + want) return nullptr;
    }
    if (skip != 0) {
      put_length(at, kSkip);
      head_ += skip;
    }
    return data_ + (head_ & (size_ - 1)) + kHeader;
  }
  /// The frame that reserve() made room for is `bytes` long; it is seen from the next publish() on.
  void commit(std::size_t bytes) noexcept {
    put_length(head_ & (size_ - 1), static_cast<std::uint32_t>(bytes));
    head_ += frame(bytes);
  }
  void publish() noexcept { published_.store(head_, std::memory_order_release); }

  // ---- consumer ----

  /// The next frame; empty when there is none now. Frames of no bytes do not exist.
  [[nodiscard]] Bytes next() noexcept {
    for (;;) {
      if (read_ == published_seen_) {
        published_seen_ = published_.load(std::memory_order_acquire);
        if (read_ == published_seen_) return {};
      }
      const std::size_t at = read_ & (size_ - 1);
      std::uint32_t length;
      std::memcpy(&length, data_ + at, sizeof length);
      if (length == kSkip) {
        read_ += size_ - at;
        continue;
      }
      read_ += frame(length);
      return {data_ + at + kHeader, length};
    }
  }
  /// Gives back every frame that next() has given.
  void release() noexcept { tail_.store(read_, std::memory_order_release); }

 private:
  static constexpr std::size_t kHeader = 16;  // frames start on 16 bytes
  static constexpr std::uint32_t kSkip = 0xffffffff;
  static constexpr std::size_t frame(std::size_t bytes) noexcept {
    return (kHeader + bytes + 15) & ~std::size_t{15};
  }
  void put_length(std::size_t at, std::uint32_t n) noexcept { std::memcpy(data_ + at, &n, sizeof n); }

  const std::size_t size_;
  const Mapping memory_;
  std::uint8_t* const data_;
  alignas(64) std::uint64_t head_ = 0;  // producer's own
  std::uint64_t tail_seen_ = 0;
  alignas(64) std::atomic<std::uint64_t> published_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::uint64_t read_ = 0;  // consumer's own
  std::uint64_t published_seen_ = 0;
};

/// A (clock, number) pair that one thread moves forward and another reads: both words belong together.
class PositionMark {
 public:
  void set(std::uint64_t clock_ns, std::uint64_t number) noexcept {
    const std::uint32_t s =
        sequence_.load(std::memory_order_relaxed);  // a seqlock: odd while the words change
    sequence_.store(s + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    clock_.store(clock_ns, std::memory_order_relaxed);
    number_.store(number, std::memory_order_relaxed);
    sequence_.store(s + 2, std::memory_order_release);
  }
  void get(std::uint64_t& clock_ns, std::uint64_t& number) const noexcept {
    for (;;) {
      const std::uint32_t s = sequence_.load(std::memory_order_acquire);
      clock_ns = clock_.load(std::memory_order_relaxed);
      number = number_.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if ((s & 1) == 0 && sequence_.load(std::memory_order_relaxed) == s) return;
    }
  }

 private:
  alignas(64) std::atomic<std::uint32_t> sequence_{0};
  std::atomic<std::uint64_t> clock_{0}, number_{0};
};

}  // namespace picket
