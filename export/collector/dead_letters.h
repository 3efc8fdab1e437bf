// export/collector/dead_letters.h — records that a sink will never take: kept in a file, each with its reason
//
// JSON lines: {"time":..., "sink":..., "reason":..., "sensor":..., "boot":"16 hex digits", "lane":...,
// "seq":..., "record": base64}. The bytes are the record's own; `base64 -d` and `picket-collector` of
// a later version can read them.
//
// Twice    a record may stand here when its collector died before what came with it was stored
// Limits   max_bytes; beyond, a record is counted, and the count is logged
// Durable  on return of put(): the file is synced
// Others   may move the file away or remove it at any time: the next record makes a new one
// Threads  any
#pragma once
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "export/collector/sink.h"
#include "export/log_limit.h"

namespace picket::collector {

class DeadLetters {
 public:
  /// Appends to `path`, which is made with the first record. "": counts alone.
  DeadLetters(std::string path, std::uint64_t max_bytes);

  /// The error says why the file cannot be written: disk full, no such folder. Call again with the same.
  Status put(std::string_view sink, std::span<const Rejected> rejected);

  [[nodiscard]] std::uint64_t written() const;
  [[nodiscard]] std::uint64_t without_room() const;  ///< counted alone

 private:
  Result<std::size_t> append(std::string_view sink, std::span<const Rejected> rejected) const;

  std::string path_;
  std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  LogLimit log_limit_;
  std::uint64_t written_ = 0, without_room_ = 0;
};

}  // namespace picket::collector
