// export/collector/rejects.h — records that a sink will never take, on their way to its Bury
//
// Memory   some at a time: a batch of a few hundred bytes may hold a million of them, each of which is a line of text
// Threads  one at a time
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "export/collector/sink.h"

namespace picket::collector {

class Rejects {
 public:
  /// `bury` outlives it.
  explicit Rejects(const Bury& bury) : bury_(bury) {}

  void add(const ChainId& chain, std::uint64_t seq, std::string reason, Bytes record) {
    if (!status_) return;
    bytes_ += kEntryBytes + record.size();
    some_.push_back({chain, seq, std::move(reason), std::string(as_text(record))});
    if (bytes_ >= kMaxBytes) (void)bury();
  }
  /// The rest; nothing is left. The error is that of the first that could not be buried: nothing behind it is.
  Status bury() {
    if (status_ && !some_.empty()) status_ = bury_(some_);
    some_.clear();
    bytes_ = 0;
    return status_;
  }

 private:
  static constexpr std::size_t kMaxBytes = std::size_t{2} << 20;
  static constexpr std::size_t kEntryBytes = 512;  ///< with the names, and its line in the file

  const Bury& bury_;
  std::vector<Rejected> some_;
  std::size_t bytes_ = 0;
  Status status_ = Done{};
};

}  // namespace picket::collector
