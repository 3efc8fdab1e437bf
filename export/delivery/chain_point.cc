#include "export/delivery/chain_point.h"

#include <algorithm>
#include <limits>

namespace picket::delivery {

void set_head(const ChainId& chain, const ChainPoint& at, v1::Batch& batch) {
  batch.set_sensor(chain.sensor);
  batch.set_boot(chain.boot);
  batch.set_lane(chain.lane);
  batch.set_first_seq(at.through + 1);
  batch.set_previous_hash(at.hash.data(), at.hash.size());
  batch.clear_before();
  add_counts(at.made, *batch.mutable_before());
}

ChainPoint point_before(const v1::Batch& batch) {
  ChainPoint at;
  at.through = batch.first_seq() - 1;
  read_hash(batch.previous_hash(), at.hash);
  at.made = counts_of(batch.before());
  return at;
}

ChainPoint part_of_way(const ChainPoint& from, const ChainPoint& to, std::uint64_t most) {
  if (to.through - from.through <= most) return to;
  ChainPoint part{from.through + most, {}, from.made};
  for (const auto& [type, n] : minus(to.made, from.made)) {
    const std::uint64_t taken = std::min(n, most);
    if (taken != 0) part.made[type] += taken;
    most -= taken;
  }
  return part;
}

v1::Batch make_gap(const ChainId& chain, const ChainPoint& from, const ChainPoint& to, v1::GapReason reason,
                   std::uint64_t sealed_at) {
  v1::Batch batch;
  set_head(chain, from, batch);
  batch.set_count(static_cast<std::uint32_t>(
      std::min<std::uint64_t>(to.through - from.through, std::numeric_limits<std::uint32_t>::max())));
  batch.set_sealed_at(sealed_at);
  v1::Gap& gap = *batch.mutable_gap();
  gap.set_reason(reason);
  add_counts(minus(to.made, from.made), *gap.mutable_missing());
  if (to.hash != BatchHash{}) gap.set_last_hash(to.hash.data(), to.hash.size());
  seal_batch(from.hash, {}, false, batch);
  return batch;
}

}  // namespace picket::delivery
