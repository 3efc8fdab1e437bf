// export/merge.h — the records of all workers in one order: that of their Place
//
// Each worker writes a stream of records and, beside it, a watermark: a promise that whatever it writes later
// comes after that place. A record leaves the merge when no stream can still hold or produce an earlier one.
// Within its watermark a stream need not be in order (a flow's timeout is found late, and stands at the
// moment of the timeout): the merge holds records back and sorts them, so the result does not depend on how
// many workers there are.
//
// End     records of EventKind::kEnd, the flows that the end of the capture ended, come in order of their
// place:
//         each is a watermark. So they need not all be in memory before the first one can leave, and above
//         kEndLimit bytes an ended stream waits in its ring for the others
// Cost    one copy and O(log held) a record; up to kSpares buffers are used again
// Limits  above held_limit bytes only the streams that everybody waits for are read, the others wait in their
//         rings and lose records there. For live capture. A replay has no such limit: one worker may wait for
//         another there, until the capture has ended, and what is held back is bounded by how far the reader
//         runs ahead of the slowest worker
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/event.h"
#include "dataplane/event_ring.h"
#include "parsers/core/bytes.h"

namespace picket {

/// One worker's records, seen by the export thread.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// What this stream will still show after what is in it now has a Place after this one. Read before peek().
  [[nodiscard]] virtual Place watermark() noexcept = 0;
  /// The oldest record not yet popped; false when there is none now. `record` is good until pop().
  [[nodiscard]] virtual bool peek(EventHeader& header, Bytes& record) noexcept = 0;
  virtual void pop() noexcept = 0;
  /// Nothing more will come. Read before peek().
  [[nodiscard]] virtual bool closed() noexcept = 0;
};

/// An EventStream over a worker's ring, which it borrows.
class RingStream final : public EventStream {
 public:
  explicit RingStream(EventRing& ring) noexcept : ring_(ring) {}
  Place watermark() noexcept override { return ring_.watermark(); }
  bool peek(EventHeader& header, Bytes& record) noexcept override {
    EventRing::Record r;
    if (!ring_.peek(r)) return false;
    header = r.header;
    record = r.bytes;
    return true;
  }
  void pop() noexcept override { ring_.pop(); }
  bool closed() noexcept override { return ring_.closed(); }

 private:
  EventRing& ring_;
};

class Merge {
 public:
  static constexpr std::size_t kNoLimit = ~std::size_t{0};
  static constexpr std::size_t kEndLimit = std::size_t{8} << 20;
  static constexpr std::size_t kSpares = 4096;

  /// Borrows the streams.
  explicit Merge(const std::vector<EventStream*>& streams, std::size_t held_limit = kNoLimit);
  ~Merge();
  Merge(const Merge&) = delete;
  Merge& operator=(const Merge&) = delete;

  /// Reads what the streams hold now. True when something came or a watermark moved.
  bool refill();
  /// The next record in order, if it is certain: good until the next call of anything here.
  [[nodiscard]] bool next(EventHeader& header, Bytes& record);
  /// All streams are closed and every record was given out.
  [[nodiscard]] bool finished() const noexcept;

  /// Records that came before one already given out: a worker broke its promise. A bug, counted.
  [[nodiscard]] std::uint64_t late() const noexcept { return late_.load(std::memory_order_relaxed); }
  /// Of records that wait, with what each of them costs.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }
  /// Buffers that are kept for records to come.
  [[nodiscard]] std::size_t spares() const noexcept { return spare_.size(); }
  /// No record up to here will come any more; the highest clock given out or promised, when all have ended.
  [[nodiscard]] std::uint64_t certain_clock_ns() const noexcept {
    return all_closed_ ? last_.clock_ns : bound_.clock_ns;
  }

 private:
  struct Held {
    EventHeader header;
    std::vector<std::uint8_t> bytes;
  };
  struct Entry {
    Place place;
    std::unique_ptr<Held> held;
  };
  struct Source {
    EventStream* stream;
    Place mark;
    bool closed = false;
    bool in_end = false;  ///< it gives its last records, in order
  };

  /// Records at one place (workers should give each its own) are ordered by their bytes, not by who was read
  /// first.
  static bool later(const Entry& a, const Entry& b) noexcept;
  void take(const EventHeader& header, Bytes record);
  bool drain(Source& source, bool awaited);
  std::unique_ptr<Held> spare();

  std::vector<Source> sources_;
  std::size_t held_limit_;
  std::vector<Entry> heap_;
  std::vector<std::unique_ptr<Held>> spare_;
  std::unique_ptr<Held> given_;  ///< given out by next(), free again at the next call
  Place bound_{};                ///< records up to here are certain
  Place last_{};
  bool all_closed_ = false;
  std::atomic<std::uint64_t> late_{0};
  std::size_t held_bytes_ = 0;
};

}  // namespace picket
