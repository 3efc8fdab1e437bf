// export/merge.h — the records of all workers in one order: that of their Place
//
// Each worker writes a stream of records and, beside it, a watermark: a promise that whatever it writes later
// comes after that place. A record leaves the merge when no stream can still hold or produce an earlier one.
// Within its watermark a stream need not be in order (a flow's timeout is found late, and stands at the
// moment of the timeout): the merge holds records back and sorts them, so the result does not depend on how
// many workers there are.
//
// Cost    one copy and O(log held) a record; buffers are used again
// Limits  above held_limit bytes only the streams that everybody waits for are read, the others wait in their
// rings
//         and lose records there. For live capture. A replay needs no limit: what is held back is bounded by
//         how far the reader runs ahead of the slowest worker; and has none, since there one worker may wait
//         for another.
#pragma once
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
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  struct Held {
    EventHeader header;
    std::vector<std::uint8_t> bytes;
  };
  struct Entry {
    Place place;
    Held* held;
  };
  struct Source {
    EventStream* stream;
    Place mark;
    bool closed = false;
  };

  /// Records at one place (workers should give each its own) are ordered by their bytes, not by who was read
  /// first.
  static bool later(const Entry& a, const Entry& b) noexcept;
  void take(const EventHeader& header, Bytes record);
  bool drain(Source& source);
  Held* spare();

  std::vector<Source> sources_;
  std::size_t held_limit_;
  std::vector<Entry> heap_;
  std::vector<std::unique_ptr<Held>> owned_;
  std::vector<Held*> spare_;
  Held* given_ = nullptr;  ///< given out by next(), free again at the next call
  Place bound_{};          ///< records up to here are certain
  Place last_{};
  bool all_closed_ = false;
  std::uint64_t late_ = 0;
  std::size_t held_bytes_ = 0;
};

}  // namespace picket
