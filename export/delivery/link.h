// export/delivery/link.h — from the spool to a collector: one call for each lane, over one connection
//
// A lane's call carries its batches in order, `window_bytes` of them unacknowledged at most. Lanes never wait for
// each other: what is refused, or slow, holds up its own lane, and an alert's batch is written before any other
// that waits. Lanes but that of alerts have no more on their way than is acknowledged soon (flight_limit.h):
// alerts overtake them on a slow link.
//
// Broken    what was not acknowledged goes again over the next connection, which is tried after 100 ms,
//           200 ms ... up to max_backoff. With several collectors (failover) the next one is tried, and
//           an earlier one again and again. A connection may take as long as the channel's attempt; with several,
//           3 s each at first
// Refused   INVALID_ARGUMENT and DATA_LOSS: the lane's batches go one at a time until it is certain which it is; that
//           one becomes a gap (Spool::refuse). When even the gap is refused, the lane stands still, is tried every
//           max_backoff, and keeps what it has
// Stalled   a collector that is there and acknowledges nothing of what a lane sent for stalled_after is left for the next
//           one. Twice as long after each time in a row, up to kMostPatience times, for the link may be slow and the batch
//           large. It is not tried again for as long, then twice as long, up to kLongestAway, unless no other one
//           answers. A single collector is waited for
//
// Threads   one of its own, and gRPC's
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "export/delivery/options.h"
#include "export/delivery/outlet.h"
#include "export/delivery/spool.h"

namespace picket::delivery {

struct LinkOptions {
  std::size_t place = 0;
  std::vector<HostPort> collectors;  ///< the first is preferred
  Dial dial;
  Trouble trouble;
  SignHash sign;
  std::chrono::milliseconds max_backoff{10'000}, return_after{30'000}, stalled_after{60'000};
  std::uint64_t window_bytes = std::uint64_t{8} << 20;  ///< of a lane
  std::size_t window_batches = 64;
};

/// Starts at once. `progressed` is called, with no lock held, after acknowledgements. Borrows spool and counters.
std::unique_ptr<Outlet> start_link(LinkOptions options, Spool& spool, DeliveryCounters& counters,
                                   std::function<void()> progressed);

}  // namespace picket::delivery
