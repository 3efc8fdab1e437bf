// export/delivery/lanes.h — which records travel together: an alert waits for no flow,
// and goes last when room is short
#pragma once
#include <array>
#include <cstddef>

#include "export/proto/picket/v1/collector.pb.h"
#include "export/record_sink.h"

namespace picket::delivery {

/// What leaves first stands first; what is given up first stands last.
inline constexpr std::array kLanes{v1::LANE_ALERT, v1::LANE_TRANSACTION, v1::LANE_FLOW, v1::LANE_STATISTICS};
inline constexpr std::size_t kLaneCount = kLanes.size();

/// The lane of a kind of record, as its place in kLanes.
std::size_t lane_of(RecordKind kind) noexcept;

}  // namespace picket::delivery
