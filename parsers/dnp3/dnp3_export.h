// parsers/dnp3/dnp3_export.h — a point as message Dnp3Point
#pragma once
#include "export/wire_writer.h"
#include "parsers/dnp3/dnp3.h"

namespace picket::dnp3 {

/// Milliseconds since 1970 UTC, as common times of occurrence in a message say it; what follows relates to it.
struct CommonTime {
  bool known = false;
  std::uint64_t ms = 0;
};

/// The fields of one point. A common time of occurrence is put into `common`.
void encode_point(WireWriter&, const ObjectHeader&, const Point&, CommonTime& common) noexcept;

}  // namespace picket::dnp3
