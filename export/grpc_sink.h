// export/grpc_sink.h — records to a collector: batched, chained, compressed, and owed until acknowledged
//
// The export thread fills batches; a thread of the sink's own seals and sends them, another reads
// acknowledgements. What was not acknowledged is sent again over the next connection; the collector keeps
// each record once.
//
// Limits  max_unacked_bytes wait in memory. A replay (wait = true) then waits for the collector, and gives up
// when
//         nothing is acknowledged for `patience`. Live, further records are lost: counted, and a gap in the
//         numbers.
// End     close() waits as long as the collector goes on to acknowledge, abandon() ends that wait
// Refuses addresses that are not loopback: there is no encryption yet
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "export/endpoint.h"
#include "export/record_sink.h"
#include "parsers/core/result.h"

namespace picket {

struct GrpcSinkOptions {
  std::string collector;  ///< HOST:PORT, as --export has it
  std::string sensor = "picket";
  std::uint64_t boot = 0;  ///< 0: drawn at random
  bool wait = true;        ///< replay; false: live
  bool compress = true;
  std::uint32_t max_batch_records = 8192;
  std::size_t max_batch_bytes = std::size_t{1} << 20;
  std::chrono::milliseconds max_batch_age{200};
  std::size_t max_unacked_bytes = std::size_t{64} << 20;
  std::chrono::milliseconds patience{
      10'000};                        ///< wait: without a connection or acknowledgement; close(): live, too
  std::function<bool()> interrupted;  ///< asked while the first connection is waited for: true gives up
  std::chrono::milliseconds max_backoff{10'000};  ///< live: longest pause between two attempts to connect
};

/// A replay's collector has to answer within `patience`; live, one that does not is tried again for ever.
Result<std::unique_ptr<RecordSink>> open_grpc_sink(const GrpcSinkOptions& options);

}  // namespace picket
