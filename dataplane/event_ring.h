// dataplane/event_ring.h — records on their way from one worker to the export thread, in memory taken at start
//
// One producer, one consumer. Records lie in a byte ring with an EventHeader before each. Beside the ring stands the
// worker's watermark: everything it will ever write from now on has a later Place, so the merge need not wait for it.
//
// Cost    a record is encoded in place; two atomic stores a burst; no lock
// Refuses begin() gives an empty span when there is no room: replay waits, live counts the record as lost
#pragma once
#include <atomic>
#include <bit>
#include <cstring>
#include <memory>
#include <span>

#include "dataplane/event.h"
#include "parsers/core/assert.h"
#include "parsers/core/bytes.h"

namespace picket {

class EventRing {
 public:
  /// The largest record that can be written; begin() always offers this much or nothing.
  static constexpr std::size_t kMaxRecord = 256 * 1024;

  explicit EventRing(std::size_t bytes)
      : size_(std::bit_ceil(bytes < 4 * kMaxRecord ? 4 * kMaxRecord : bytes)), data_(new std::uint8_t[size_]) {}

  // ---- producer: the worker ----

  /// Room for one record of up to kMaxRecord bytes; empty when the consumer is too far behind.
  [[nodiscard]] std::span<std::uint8_t> begin() noexcept {
    std::size_t at = head_local_ & (size_ - 1);
    std::size_t need = sizeof(EventHeader) + kMaxRecord;
    const std::size_t to_end = size_ - at;
    if (to_end < need) need += to_end;  // the tail end stays unused: records never wrap
    if (size_ - (head_local_ - tail_seen_) < need) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (size_ - (head_local_ - tail_seen_) < need) return {};
    }
    if (to_end < sizeof(EventHeader) + kMaxRecord) {
      if (to_end >= sizeof(EventHeader)) {
        EventHeader skip;
        skip.wrap = true;
        std::memcpy(data_.get() + at, &skip, sizeof skip);
      }
      head_local_ += to_end;
      at = 0;
    }
    return {data_.get() + at + sizeof(EventHeader), kMaxRecord};
  }
  /// Finishes the record that begin() made room for; it is seen by the consumer from the next publish() on.
  void commit(const EventHeader& header) noexcept {
    PICKET_ASSERT(header.size <= kMaxRecord);
    std::memcpy(data_.get() + (head_local_ & (size_ - 1)), &header, sizeof header);
    head_local_ += round(sizeof header + header.size);
  }
  /// All committed records, and the promise that later ones come after (clock_ns, number).
  void publish(std::uint64_t clock_ns, std::uint64_t number) noexcept {
    head_.store(head_local_, std::memory_order_release);
    // Two words, one writer: odd while they change (a seqlock), so that the reader never mixes two marks.
    const std::uint32_t s = mark_seq_.load(std::memory_order_relaxed);
    mark_seq_.store(s + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    mark_clock_.store(clock_ns, std::memory_order_relaxed);
    mark_number_.store(number, std::memory_order_relaxed);
    mark_seq_.store(s + 2, std::memory_order_release);
  }
  /// Nothing more will come.
  void close() noexcept {
    head_.store(head_local_, std::memory_order_release);
    closed_.store(true, std::memory_order_release);
  }

  // ---- consumer: the export thread ----

  struct Record {
    EventHeader header;
    Bytes bytes;  ///< good until pop()
  };
  /// The oldest record not yet popped; false when there is none (now).
  [[nodiscard]] bool peek(Record& out) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    while (tail_local_ != head) {
      const std::size_t at = tail_local_ & (size_ - 1);
      const std::size_t to_end = size_ - at;
      if (to_end < sizeof(EventHeader)) {
        tail_local_ += to_end;
        continue;
      }
      std::memcpy(&out.header, data_.get() + at, sizeof(EventHeader));
      if (out.header.wrap) {
        tail_local_ += to_end;
        continue;
      }
      out.bytes = {data_.get() + at + sizeof(EventHeader), out.header.size};
      return true;
    }
    tail_.store(tail_local_, std::memory_order_release);
    return false;
  }
  void pop(const Record& r) noexcept {
    tail_local_ += round(sizeof(EventHeader) + r.header.size);
    tail_.store(tail_local_, std::memory_order_release);
  }
  /// Read before peek(): what peek() then does not show comes after this place.
  [[nodiscard]] Place watermark() const noexcept {
    for (;;) {
      const std::uint32_t s = mark_seq_.load(std::memory_order_acquire);
      const std::uint64_t clock = mark_clock_.load(std::memory_order_relaxed);
      const std::uint64_t number = mark_number_.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if ((s & 1) == 0 && mark_seq_.load(std::memory_order_relaxed) == s) {
        return {clock, EventKind::kPacket, number, 0xffffffffU};
      }
    }
  }
  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t round(std::size_t n) noexcept { return (n + 15) & ~std::size_t{15}; }

  const std::size_t size_;
  const std::unique_ptr<std::uint8_t[]> data_;
  alignas(64) std::uint64_t head_local_ = 0;  // producer
  std::uint64_t tail_seen_ = 0;
  alignas(64) std::atomic<std::uint64_t> head_{0};
  std::atomic<std::uint32_t> mark_seq_{0};
  std::atomic<std::uint64_t> mark_clock_{0}, mark_number_{0};
  std::atomic<bool> closed_{false};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::uint64_t tail_local_ = 0;  // consumer
};

}  // namespace picket
