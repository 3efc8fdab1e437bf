// export/record_window.h — what became of each record: delivered when every output has taken it, else lost,
// once
//
//   made() ──> waits for the word of every output ──> delivered: all of them took it
//                                                 └─> lost: at least one of them did not
//
// A record is counted as one or the other when its last output has spoken, so made = delivered + lost +
// waiting at any time, and close() leaves none waiting.
//
// Cost    a lock and a few ns a record; four bytes for each that waits
// Threads made() and close() from one, settle() from each output's own, counts from any
#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "export/record_sink.h"

namespace picket {

struct RecordCount {
  std::uint64_t made = 0, delivered = 0, lost = 0;  ///< what is neither is still on its way
};

class RecordWindow {
 public:
  /// Without outputs a record is where it was asked for as soon as it is made.
  explicit RecordWindow(unsigned outputs);

  /// The next record; gives its number: 1, 2, 3 ...
  std::uint64_t made(RecordKind kind);
  /// One output's word on the records `first` to `first + count - 1`: for each record once.
  void settle(std::uint64_t first, std::uint64_t count, bool delivered);
  /// Nobody will say anything any more: what waits is lost.
  void close();

  [[nodiscard]] RecordCount count(RecordKind kind) const;

 private:
  struct Waiting {
    RecordKind kind;
    std::uint8_t outputs;  ///< that have not spoken yet
    bool lost;
  };
  void finish(const Waiting& r);

  const unsigned outputs_;
  mutable std::mutex mutex_;
  std::deque<Waiting> waiting_;  ///< from number first_ on; the front one is not finished
  std::uint64_t first_ = 1;
  std::vector<RecordCount> counts_;
  bool closed_ = false;
};

}  // namespace picket
