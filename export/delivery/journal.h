// export/delivery/journal.h — records in hand: numbered by lane, kept where kill -9 does not reach, until sealed
//
//   append() ──> the lane's open segment ──hand_over()──> take() ──> sealed into a batch ──> release()
//
// The order of stores is the promise: a record is counted as made, its bytes are written, then it is committed.
// Killed anywhere in between, what is missing is exactly made minus committed, by type.
//
// Cost    append() a copy and a checksum of the record, and a few stores into mapped memory; a lock
//         for each segment, not each record
// Threads append(), ready(), tick() and flush() from the export thread; take() and release() from the sealer
#pragma once
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "export/delivery/boot_file.h"

namespace picket::delivery {

/// Numbers of the recorder: first ... first + count - 1.
struct Run {
  std::uint64_t first = 0, count = 0;
};

/// What is on its way to the sealer: a segment, or the word that records before `first_seq` found no room. Several
/// runs: records of other lanes lie between.
struct Filled {
  std::size_t lane = 0;
  Segment* segment = nullptr;
  std::uint64_t first_seq = 0;
  TypeCounts before;  ///< records of the lane with lower numbers, by type
  std::vector<Run> runs;
};

struct JournalLimits {
  std::size_t max_batch_bytes = std::size_t{1} << 20;
  std::uint32_t max_batch_records = 8192;
  std::chrono::milliseconds max_batch_age{200};
  std::uint32_t segments = 16;

  /// The largest record fits into an empty segment, however small batches are.
  [[nodiscard]] std::uint32_t segment_bytes() const noexcept;
  /// Of these, for the checksums of records.
  [[nodiscard]] std::size_t check_bytes() const noexcept;
};

class Journal {
 public:
  /// Borrows the file, whose segments are free and fit `limits`.
  Journal(BootFile& file, const JournalLimits& limits);

  /// The record is in hand; its number in the lane is one more than that of the one before. False: no segment is
  /// free, the last one being for alerts, or it is larger than EventRing::kMaxRecord; it has its number, and is
  /// missing.
  [[nodiscard]] bool append(std::size_t lane, RecordKind kind, std::uint64_t run_seq, Bytes record);
  /// Records that were made before they could come here: they have their numbers, and are missing.
  void skip(std::size_t lane, RecordKind kind, std::uint64_t count);
  /// Would append() of so many bytes find room now?
  [[nodiscard]] bool ready(std::size_t lane, std::size_t record_bytes);
  /// Hands over what is old enough; alerts at once, unless some already wait for the sealer. At most as many wait for
  /// it as there are segments and lanes.
  void tick(std::chrono::steady_clock::time_point now);
  /// Hands over everything.
  void flush();
  /// Waits until a segment is free for that lane, for at most that long.
  void wait_for_room(std::size_t lane, std::chrono::milliseconds time);

  /// The next filled segment, of the most urgent lane; waits for at most `time`.
  std::optional<Filled> take(std::chrono::milliseconds time);
  void release(const Filled& filled);
  /// Waits until everything handed over is released, for at most that long; true when it is.
  bool wait_until_sealed(std::chrono::milliseconds time);

 private:
  struct Lane {
    Segment* open = nullptr;
    std::vector<Run> runs;
    std::uint64_t next_seq = 1;
    std::chrono::steady_clock::time_point opened;
    bool hole = false;  ///< the last record found no room
  };
  bool open(std::size_t lane);
  void hand_over(std::size_t lane);
  void count(std::size_t lane, RecordKind kind, std::uint64_t records);
  void begin_hole(std::size_t lane);

  BootFile& file_;
  const JournalLimits limits_;
  std::array<Lane, kLaneCount> lanes_;

  std::mutex mutex_;
  std::condition_variable filled_, freed_;
  std::array<std::deque<Filled>, kLaneCount> waiting_;
  std::vector<Segment*> free_;
  std::uint32_t in_hands_ = 0;  ///< handed over, and not released
};

}  // namespace picket::delivery
