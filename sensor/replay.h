// sensor/replay.h — captures through a pipeline, from the first packet to the last record: what `picket
// replay` and `picket explain` have in common
#pragma once
#include <memory>
#include <vector>

#include "dataplane/io/pcap_file.h"
#include "sensor/setup.h"
#include "sensor/stop_signal.h"

namespace picket {

struct ReplayOutcome {
  Totals totals;
  bool whole =
      false;  ///< every packet was seen, no file named on the command line was damaged, and no signal came
};

/// Returns when all has ended; what was wrong with captures is said on standard error. Takes `setup.rules`.
/// `pace` 0: as fast as possible. Fails before the first packet, when metrics.listen cannot be listened at.
[[nodiscard]] Result<ReplayOutcome> replay_captures(const Options&, CaptureList captures, double pace,
                                                    Setup& setup,
                                                    std::vector<std::unique_ptr<RecordSink>> sinks,
                                                    const StopSignal& stop);

}  // namespace picket
