// dataplane/event_ring.h — records on their way from one worker to the export thread
//
// Beside the records stands the worker's watermark: everything it will write from now on has a later Place,
// so the merge need not wait for it.
//
// Cost    a record is encoded in place; a few atomic stores a burst; no lock
// Refuses begin() gives an empty span when there is no room: replay waits, live counts the record as lost
#pragma once
#include "dataplane/byte_ring.h"
#include "dataplane/event.h"

namespace picket {

class EventRing {
 public:
  /// The largest record that can be written; begin() always offers this much or nothing.
  static constexpr std::size_t kMaxRecord = 256 * 1024;

  explicit EventRing(std::size_t bytes) : ring_(std::max(bytes, 8 * kMaxRecord)) {}

  // ---- producer: the worker ----

  /// Room for one record; empty when the consumer is too far behind.
  [[nodiscard]] std::span<std::uint8_t> begin() noexcept {
    std::uint8_t* at = ring_.reserve(sizeof(EventHeader) + kMaxRecord);
    if (at == nullptr) return {};
    header_at_ = at;
    return {at + sizeof(EventHeader), kMaxRecord};
  }
  /// Finishes the record that begin() made room for; it is seen by the consumer from the next publish() on.
  void commit(const EventHeader& header) noexcept {
    PICKET_ASSERT(header.size <= kMaxRecord);
    std::memcpy(header_at_, &header, sizeof header);
    ring_.commit(sizeof header + header.size);
  }
  /// Shows all committed records, and promises that later ones come after packet `number` at `clock_ns`.
  void publish(std::uint64_t clock_ns, std::uint64_t number) noexcept {
    ring_.publish();
    mark_.set(clock_ns, number);
  }
  /// Shows what is committed without a promise: while waiting for room.
  void publish() noexcept { ring_.publish(); }
  /// Nothing more will come.
  void close() noexcept {
    ring_.publish();
    closed_.store(true, std::memory_order_release);
  }

  // ---- consumer: the export thread ----

  struct Record {
    EventHeader header;
    Bytes bytes;  ///< good until pop()
  };
  /// The oldest record not yet popped; false when there is none now.
  [[nodiscard]] bool peek(Record& out) noexcept {
    if (front_.empty()) {
      front_ = ring_.next();
      if (front_.empty()) return false;
    }
    std::memcpy(&out.header, front_.data(), sizeof(EventHeader));
    out.bytes = front_.subspan(sizeof(EventHeader));
    return true;
  }
  void pop() noexcept {
    front_ = {};
    ring_.release();
  }
  /// Read this before peek(): what peek() then does not show comes after this place.
  [[nodiscard]] Place watermark() const noexcept {
    Place p{0, EventKind::kPacket, 0, 0xffffffffU};
    mark_.get(p.clock_ns, p.number);
    return p;
  }
  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

 private:
  ByteRing ring_;
  std::uint8_t* header_at_ = nullptr;  // producer's own
  Bytes front_;                        // consumer's own
  PositionMark mark_;
  std::atomic<bool> closed_{false};
};

}  // namespace picket
