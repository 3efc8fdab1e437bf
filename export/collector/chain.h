// export/collector/chain.h — does a batch belong to what a sink holds of its chain, and where?
//
//   numbers     1 ........ here ........ hole ..... here ...... through │ next
//
//   known       every number is here, or told as missing: acknowledged again, nothing is stored
//   next        previous_hash is the head's hash: stored
//   further on  the numbers between are told as missing (GAP_UNKNOWN), exactly by type where the batch says `before`;
//               the hole is remembered, unless the chain goes over it, which says that its numbers never come
//   in a hole   stored, and the hole is corrected; where the batch touches the hole's ends, the hashes have to fit
//   refused     anything else: numbers that overlap, other content than was stored, a hash that does not follow
//
//   had         GAP_ACKNOWLEDGED: the sensor keeps no more of what was acknowledged. What of it is not here is
//               such a hole, too
//
// A gap of what is here all the same (its acknowledgement was lost, then the sensor's spool was damaged) is known, too.
// Where it ends where the head is, the chain turns: what comes next follows the gap, and not the batch that is here.
// The sink keeps that with the batch, for the next such gap begins there.
//
// A boot of which nothing is here begins with a hole when its first batch is not numbered 1. A gap of the sensor is
// Missing with its reason; of numbers that are here it says nothing.
//
// Pure: no clock, no state. Cost: that of copying a head.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "export/collector/sink.h"

namespace picket::collector {

/// A batch by itself: what open_batch() has found to be whole.
struct CheckedBatch {
  ChainId chain;
  std::uint64_t first_seq = 0;
  std::uint32_t count = 0;
  BatchHash previous{}, hash{}, next{};  ///< next: chain_after()
  std::uint64_t sealed_at = 0;
  std::optional<TypeCounts> before;  ///< no value: the lane has none
  std::optional<v1::GapReason>
      gap;  ///< with a value, there are no records, and `types` are those that are missing
  bool is_signed = false;
  TypeCounts types;
  std::string records;  ///< delimited

  [[nodiscard]] std::uint64_t last_seq() const noexcept { return first_seq + count - 1; }
};

/// Of a batch and what open_batch() gave for it; `is_signed`: its signature was found to be the sensor's. Records
/// whose type is not is_type_name() count as kNoType.
CheckedBatch checked_batch(const v1::Batch& batch, std::string records, bool is_signed);
inline constexpr std::string_view kNoType = "unreadable";
/// Can a record's event_type be counted and found by: 1 to kMaxTypeName bytes of UTF-8?
[[nodiscard]] bool is_type_name(Bytes name) noexcept;
/// Of records; sums of counts by type stay below what SQL adds up.
inline constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 62;
inline constexpr std::size_t kMaxTypes = 512;  ///< that one chain may count

struct Verdict {
  enum class Kind : std::uint8_t { kKnown, kStore, kRefused } kind = Kind::kKnown;
  std::string why;     ///< kRefused: what was expected, and what came
  std::string remark;  ///< worth a line in the log: what is missing, what came late
  std::shared_ptr<Delivery>
      deliver;  ///< kStore; without its records, which are large and the caller's to put in
};

/// Sink::held() of the batch's chain.
using HeldAt = std::function<Result<std::optional<Held>>(std::uint64_t seq)>;

/// The error is that of `held`.
Result<Verdict> judge(const std::optional<ChainHead>& head, const CheckedBatch& batch, const HeldAt& held);

/// "sensor 'plant-7' boot 8877665544332211 lane flow", for log lines and errors; fit for a terminal.
std::string describe(const ChainId& chain);
/// And of which batch: "..., from record 11 on".
std::string describe(const ChainId& chain, std::uint64_t first_seq);
/// Text from the network, fit for a log line.
std::string printable(std::string_view text);

}  // namespace picket::collector
