// export/ot_summaries.h — operations that only look are told once in an interval, not each time
//
//   worker: record, and a note behind it ──> take() ──> held: the first of its kind; counted: the others
//                                                  └──> refused: the table is full, and it goes out as it is
//   time passes ──> flush() ──> the first one's record, with Event.ot.summary
//
// So is a message that came by several ways at once (OtProtocol::twin), whatever it does and whatever OtDetail says:
// its first record goes on as above, the others are counted.
//
// A kind is what OtDetail says: `changes` by client, server, server's port, VLANs, protocol, station, operation and
// addresses; `summary` by client, server, VLANs, protocol and operation alone. What has an effect, an event or a
// failed reply has no note and is never held. An interval begins with the first of its kind, and ends `interval_ns`
// later on the source clock: it depends on capture time and the order of records alone, not on workers or polls.
//
// Cost    O(log held) a record that is held, a look-up for each that is counted
// Limits  memcap_bytes for all that is held; what finds no room is told in full, and counted
// Threads all from the export thread; counts from any
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/event.h"
#include "export/ot_twins.h"
#include "export/record_sink.h"

namespace picket {

/// How much is told of operations that only look (ot_only_looks()).
enum class OtDetail : std::uint8_t {
  kFull,     ///< each has its record
  kChanges,  ///< one record for each that is of its own kind, and interval
  kSummary,  ///< one for each pair of hosts and operation, and interval
};

struct OtTelling {
  OtDetail detail = OtDetail::kFull;
  std::uint64_t interval_ns = 60'000'000'000;
};

/// From the least to the greatest of some numbers.
struct OtRange {
  double min = std::numeric_limits<double>::infinity(), max = -min;

  [[nodiscard]] bool any() const noexcept { return min <= max; }
  void add(double v) noexcept { add(OtRange{v, v}); }
  void add(const OtRange& r) noexcept {
    min = std::min(min, r.min);
    max = std::max(max, r.max);
  }
};

/// What a worker says of a record that need not go out by itself: stands behind it as EventHeader::notes.
struct OtNote {
  static constexpr std::size_t kHead = 40;
  std::uint64_t time_ns = 0;  ///< of the record
  OtRange numbers;
  std::uint64_t twin = 0;  ///< OtProtocol::twin
  std::uint64_t way = 0;   ///< by which it came: its flow
  Bytes kind;              ///< equal for all that one record may stand for; empty: it goes out by itself

  /// Writes the head; the kind goes behind it. `out` has kHead bytes.
  void write_head(std::uint8_t* out) const noexcept;
  [[nodiscard]] static bool read(Bytes note, OtNote& out) noexcept;
};

class OtSummaries {
 public:
  struct Config {
    std::vector<OtTelling> telling;  ///< by ProtocolId; missing ones are told in full
    std::size_t memcap_bytes = std::size_t{64} << 20;
  };
  using Out = RecordOut;  ///< where what was held goes out

  explicit OtSummaries(Config config);
  ~OtSummaries();

  /// False: it is to go out as it is.
  [[nodiscard]] bool take(const EventHeader&, Bytes record, Bytes note);
  /// The source clock at which the next interval ends; the greatest number when there is none.
  [[nodiscard]] std::uint64_t next_due() const noexcept {
    return by_end_.empty() ? ~std::uint64_t{0} : by_end_.begin()->first.first;
  }
  /// All whose interval has ended at `clock_ns`, in the order in which they ended.
  void flush(std::uint64_t clock_ns, Out&);
  void flush_all(Out& out) { flush(~std::uint64_t{0}, out); }

  /// Transactions that another one's record stands for, so that none was made of them. Any thread.
  [[nodiscard]] std::uint64_t summarised(RecordKind kind) const noexcept {
    return summarised_[kind].load(std::memory_order_relaxed);
  }
  /// Records that went out in full because there was no room. Any thread.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

 private:
  struct Held;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };

  Config config_;
  OtTwins twins_;
  std::unordered_map<std::string, std::unique_ptr<Held>, Hash, std::equal_to<>> held_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Held*> by_end_;  ///< (end of the interval, number)
  std::uint64_t next_ = 0;
  std::size_t held_bytes_ = 0;
  std::unique_ptr<std::atomic<std::uint64_t>[]> summarised_;
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace picket
