// export/delivery/chain_point.h — a place in a chain of batches, and the gap between two of them
//
//   batch 1..100 │ batch 101..150 │ (damaged)    │ batch 201..240
//              point            point          point = what the head of 201..240 says of all before it
//
// Each batch tells of all records before it: how many, by type, and the hash that it follows. So whatever is missing
// between two batches is known exactly from their heads alone, and a gap is a function of the points around it: made
// again after a restart, it is the same.
#pragma once
#include <cstdint>

#include "export/batch.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/type_counts.h"

namespace picket::delivery {

struct ChainPoint {
  std::uint64_t through = 0;  ///< number of the last record before it
  BatchHash hash{};           ///< that the next batch has as its previous_hash
  TypeCounts made;            ///< records up to `through`, by type

  bool operator==(const ChainPoint&) const = default;
};

/// Fills in what says where a batch stands: sensor, boot, lane, first_seq, previous_hash, before.
void set_head(const ChainId& chain, const ChainPoint& at, v1::Batch& batch);

/// The place at which `batch` stands, as its head says.
ChainPoint point_before(const v1::Batch& batch);

/// The point between these two at which at most `most` of what lies between them has come: no batch ends there, and
/// its counts are such that all parts together are right. `to`, where that is near enough.
ChainPoint part_of_way(const ChainPoint& from, const ChainPoint& to, std::uint64_t most);

/// The word that what lies between two points of a chain is not coming. `to.hash` of nothing but zeros: no batch was
/// ever sealed there, and the chain goes on from the gap itself. from.through < to.through.
v1::Batch make_gap(const ChainId& chain, const ChainPoint& from, const ChainPoint& to, v1::GapReason reason,
                   std::uint64_t sealed_at);

}  // namespace picket::delivery
