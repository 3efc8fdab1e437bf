// export/collector/sinks/kafka_heads.h — reading the topic of heads up to its end, whoever feeds it
//
// The end is where the partitions' messages end, committed or not. A consumer that reads `read_committed` stops before
// the first message of a transaction that is open, and heads that others committed behind it are hidden until that
// transaction ends: so what it calls the end of a partition is not enough.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parsers/core/result.h"

namespace picket::collector {

/// Where the consumer stands after it took one thing from a partition: a message, or the word that there are no more
/// for now. Marks of transactions are no messages; behind them that word alone says where it stands.
struct Read {
  std::size_t partition = 0;
  std::int64_t next = 0;
};

/// Takes one thing; no value: none came in that time.
using ReadOne = std::function<Result<std::optional<Read>>(std::chrono::milliseconds at_most)>;

/// Reads until `next`, by partition, is at `end`. The error says which partition did not get there in `timeout`.
Status read_up_to(std::span<const std::int64_t> end, std::span<std::int64_t> next,
                  std::chrono::milliseconds timeout, const ReadOne& read_one);

}  // namespace picket::collector
