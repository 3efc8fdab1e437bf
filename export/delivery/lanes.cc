#include "export/delivery/lanes.h"

namespace picket::delivery {

std::size_t lane_of(RecordKind kind) noexcept {
  switch (static_cast<RecordType>(kind)) {
    case RecordType::kAlert:
    case RecordType::kIntel:  // an indicator that fits
      return 0;
    case RecordType::kFlow:
      return 2;
    case RecordType::kStats:
      return 3;
    default:
      return 1;  // also every kind behind RecordType: transactions of a protocol
  }
}

}  // namespace picket::delivery
