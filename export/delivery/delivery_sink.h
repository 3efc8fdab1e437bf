// export/delivery/delivery_sink.h — records to collectors: once each, or in an exact gap, whatever dies in between
//
//   write() ──> journal, by lane ──> sealer's thread: batch, chain ──> spool ──> a link for each collector: signature
//                                                                        └────> files for a data diode: signature
//
// What delivered means, so that made = delivered + lost is exact at the end:
//   with a spool on disk  the record is there: owed from now on, to whoever starts next if need be. What becomes
//                         of it later, acknowledged or given up, is in DeliveryCounters and in gaps, not in this ledger
//   in memory             every collector that has to has acknowledged it
//   lost                  there was no room for it, the spool in memory gave it up, or the process ended before. The
//                         collector is told by a gap, unless it is never reached again
//
// A replay (wait = true) waits for room, and at the end for acknowledgements, as long as the collector goes on to
// acknowledge something within `patience`; with a spool on disk the end of `patience` loses nothing. Live nobody ever
// waits in write(). abandon() ends every wait.
//
// Limits  journal: `segments` of max_batch_bytes in memory; spool: spool_max_bytes on disk
//         or max_unacked_bytes in memory
#pragma once
#include <memory>

#include "export/delivery/counters.h"
#include "export/delivery/options.h"
#include "export/record_sink.h"

namespace picket::delivery {

/// Refuses addresses that `dial` refuses, a folder that cannot be used and, for a replay without a spool on disk, a
/// collector that does not answer within `patience`. `counters` nullptr: nobody looks at them.
Result<std::unique_ptr<RecordSink>> open_delivery_sink(Options options,
                                                       std::shared_ptr<DeliveryCounters> counters = nullptr);

}  // namespace picket::delivery
