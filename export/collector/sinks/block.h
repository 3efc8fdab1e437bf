// export/collector/sinks/block.h — what sinks have in common: which deliveries are new, their records
// one by one, and a head as bytes
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "export/collector/rejects.h"
#include "export/collector/sink.h"

namespace picket::collector {

using Deliveries = std::span<const std::shared_ptr<const Delivery>>;

/// What one store() adds: the deliveries that the sink does not have, in order, and where their chains stand behind
/// them. Points into the deliveries.
struct Block {
  std::vector<const Delivery*> deliveries;
  std::map<ChainId, const ChainHead*> heads;
};

/// Where a chain stands in the sink; asked once for each chain of a block.
using HeadOf = std::function<Result<std::optional<ChainHead>>(const ChainId&)>;

/// Leaves out what was stored before: what lies behind the head, and what fills a hole that is none any more. A gap
/// over numbers that are all here stays, where the sensor's chain goes on with another hash behind it. An error when a
/// chain cannot be asked for, and when a delivery was made for another head than the chain has: some of its numbers are
/// here and some are not. Whoever asks for the head again can judge it anew.
Result<Block> new_block(Deliveries deliveries, const HeadOf& head_of);

/// "sensor 'plant-7' boot 8877665544332211 lane 1", for messages.
std::string text_of(const ChainId& chain);

/// Takes one record; a reason when the sink will never take it.
using TakeRecord = std::function<std::optional<std::string>(std::uint64_t seq, Bytes record)>;

/// Gives each record of a delivery to `take`, and what it refuses to `rejected`. Bytes that are no run of records are
/// rejected as one.
void each_record(const Delivery& delivery, Rejects& rejected, const TakeRecord& take);

/// A picket.v1.ChainState.
std::string write_head(const ChainId& chain, const ChainHead& head);
/// False when the bytes are not one.
[[nodiscard]] bool read_head(std::string_view bytes, ChainId& chain, ChainHead& head);

}  // namespace picket::collector
