// export/record_sink.h — an output of records, and how records are counted by type
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/event.h"
#include "parsers/core/bytes.h"
#include "parsers/core/protocol.h"

namespace picket {

/// A record's type as it is counted and shown: "flow", "alert", "anomaly", "stats", then the protocols'
/// records.
using RecordKind = std::uint16_t;
std::size_t record_kind_count() noexcept;
std::string_view record_kind_name(RecordKind kind) noexcept;
RecordKind record_kind(RecordType type, ProtocolId protocol) noexcept;

/// A numbered record on its way out; `bytes` are good during the call.
struct OutRecord {
  std::uint64_t seq = 0;  ///< 1, 2, 3 ... since the start
  RecordKind kind = 0;
  Bytes bytes;
};

/// Takes records that the export thread makes, or held back.
class RecordOut {
 public:
  virtual void write(RecordKind, Bytes record) = 0;

 protected:
  ~RecordOut() = default;
};

class RecordWindow;

/// Where records go. Used by the export thread alone, but for abandon() and the counts; each record written
/// is, in the end, delivered or lost, once, and the window that the sink reports to is told so.
class RecordSink {
 public:
  /// `name`: what an operator calls it, such as "--eve eve.json".
  explicit RecordSink(std::string name) : name_(std::move(name)) {}
  virtual ~RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;

  virtual void write(const OutRecord&) = 0;
  /// So many records were made that no write() will follow for: their loss is counted. For whoever numbers records.
  virtual void missed(RecordKind, std::uint64_t count) { (void)count; }
  /// Called a few times a second, and when nothing is to do: what has waited long enough goes out.
  virtual void tick() {}
  /// Everything goes out now, as far as it can; afterwards delivered + lost is what was written.
  virtual void close() = 0;
  /// Any thread: what was not delivered yet, and all that comes, is lost; nothing waits any more.
  virtual void abandon() {}

  /// Before the first write(); the window outlives the sink.
  void report_to(RecordWindow& window) noexcept { window_ = &window; }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t delivered() const noexcept {
    return delivered_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 protected:
  /// The word on records `first` to `first + count - 1`. Any thread.
  void settle(std::uint64_t first, std::uint64_t count, bool delivered);

 private:
  std::string name_;
  RecordWindow* window_ = nullptr;
  std::atomic<std::uint64_t> delivered_{0}, lost_{0};
};

}  // namespace picket
