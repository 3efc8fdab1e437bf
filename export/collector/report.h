// export/collector/report.h — `picket-collector ledger` and `sensors`: what the store says of its sensors
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

#include "parsers/core/result.h"

namespace picket::collector {

struct ReportOptions {
  std::string store;
  bool json = false;  ///< an object a line
};

/// Each lane of each boot: how far it is, and what was made, held, missing by reason, expired and rejected, by type.
Status run_ledger(const ReportOptions& options, std::FILE* out);

/// Each sensor: version and rules epoch by its newest statistics, when it was last heard of, how old its newest record's
/// batch is, and the ledger's sums over all its boots.
Status run_sensors(const ReportOptions& options, std::uint64_t now_ns, std::FILE* out);

}  // namespace picket::collector
