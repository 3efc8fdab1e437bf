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

/// Counts by RecordKind. One thread adds, any thread reads.
class RecordTally {
 public:
  RecordTally() : counts_(new std::atomic<std::uint64_t>[record_kind_count()]()) {}
  void add(RecordKind kind, std::uint64_t n = 1) noexcept {
    counts_[kind].fetch_add(n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get(RecordKind kind) const noexcept {
    return counts_[kind].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t total() const noexcept;

 private:
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
};

/// A numbered record on its way out; `bytes` are good during the call.
struct OutRecord {
  std::uint64_t seq = 0;  ///< 1, 2, 3 ... since the start
  RecordKind kind = 0;
  Bytes bytes;
};

/// Where records go. Used by the export thread alone; each record written is, in the end, delivered or lost,
/// once.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void write(const OutRecord&) = 0;
  /// Called a few times a second, and when nothing is to do: what has waited long enough goes out.
  virtual void tick() {}
  /// Everything goes out now, as far as it can; afterwards delivered + lost is what was written.
  virtual void close() = 0;

  [[nodiscard]] const RecordTally& delivered() const noexcept { return delivered_; }
  [[nodiscard]] const RecordTally& lost() const noexcept { return lost_; }

 protected:
  RecordTally delivered_, lost_;
};

}  // namespace picket
