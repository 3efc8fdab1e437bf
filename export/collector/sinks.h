// export/collector/sinks.h — which sinks a configuration asks for
#pragma once
#include <memory>
#include <vector>

#include "export/collector/config.h"
#include "export/collector/sink.h"

namespace picket::collector {

/// All of them, open, each line of one for itself; at least one is durable. The error names the sink, what stands in
/// its way, and what would do.
Result<std::vector<std::unique_ptr<Sink>>> open_sinks(const Config& config);

}  // namespace picket::collector
