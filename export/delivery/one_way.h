// export/delivery/one_way.h — batches as files, for a data diode or any way that nothing comes back on
//
//   <ns of the writer's start, 20 digits>-<number, 10 digits>.batches     in this order, each by export/batch_file.h
//
// A file appears whole or not at all: it is written under a name that ends in ".part", synced, and renamed. Chain,
// counts and signature are in each batch, with the certificate of the key, so whoever takes files in can check them
// alone; files may be taken in twice (export/collector/intake.h does). A batch counts as delivered when its file is
// there. Whoever carries files on removes them.
//
// Limits  max_bytes of files in the folder: above it nothing is written until some are removed, and what waits is the
//         spool's, which gives up what its policy says
// Threads one of its own
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "export/delivery/options.h"
#include "export/delivery/outlet.h"
#include "export/delivery/spool.h"

namespace picket::delivery {

struct OneWayOptions {
  std::size_t place = 0;
  std::string folder;
  std::uint64_t max_bytes = std::uint64_t{1} << 30;
  std::uint64_t max_file_bytes = std::uint64_t{4} << 20;
  Ready ready;    ///< false: nothing is written, and what waits is the spool's, too. nullptr: always
  SignHash sign;  ///< nullptr: without a key
};

/// Refuses a folder that cannot be written to. `progressed` is called after each file.
Result<std::unique_ptr<Outlet>> start_one_way(OneWayOptions options, Spool& spool, DeliveryCounters& counters,
                                              std::function<void()> progressed);

}  // namespace picket::delivery
