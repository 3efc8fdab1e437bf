// export/delivery/options.h — what can be set of delivery
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "export/batch.h"
#include "export/endpoint.h"
#include "parsers/core/result.h"

namespace grpc {
class Channel;
}

namespace picket::delivery {

/// When what was written is sure to survive a loss of power. (kill -9 takes nothing with any of them.)
enum class Fsync : std::uint8_t {
  kAlways,    ///< before a batch is sent
  kInterval,  ///< once a second
  kOff,       ///< when the kernel sees fit
};

enum class Mode : std::uint8_t {
  kFailover,  ///< the first of the collectors that answers; an earlier one again when it is back
  kAll,       ///< each of them gets everything
};

/// A channel to a collector, connected or not; asked for again after each failure, on the link's
/// own thread. The error says why there can be none, and what would do.
using Dial = std::function<Result<std::shared_ptr<grpc::Channel>>(const HostPort& collector)>;
/// May anything leave now? The error says why not, and what would do.
using Ready = std::function<Status()>;
/// Why the last channel to a collector did not connect, for people; "": nobody knows.
using Trouble = std::function<std::string(const HostPort& collector)>;

struct Options {
  std::vector<std::string> collectors;  ///< HOST:PORT each, as --export has it
  Mode mode = Mode::kFailover;
  std::string sensor = "picket";
  std::uint64_t boot = 0;  ///< 0: drawn at random
  bool wait = true;        ///< replay; false: live
  bool compress = true;
  std::uint32_t max_batch_records = 8192;
  std::size_t max_batch_bytes = std::size_t{1} << 20;
  std::chrono::milliseconds max_batch_age{200};
  std::uint32_t segments = 16;  ///< of the journal: each takes max_batch_bytes

  std::string spool_folder;  ///< "": in memory
  std::uint64_t spool_max_bytes = std::uint64_t{4} << 30;
  std::uint32_t spool_max_age_h = 30 * 24;  ///< 0: however old
  std::uint64_t spool_max_refused_bytes = std::uint64_t{256} << 20;
  Fsync spool_fsync = Fsync::kInterval;
  std::size_t max_unacked_bytes = std::size_t{64} << 20;  ///< in memory

  std::string one_way_folder;  ///< "": none
  std::uint64_t one_way_max_bytes = std::uint64_t{1} << 30;

  /// wait: without a connection or acknowledgement; close(): live, too
  std::chrono::milliseconds patience{10'000};
  std::function<bool()> interrupted;  ///< asked while the first connection is waited for: true gives up
  std::chrono::milliseconds max_backoff{10'000};   ///< longest pause between two attempts
  std::chrono::milliseconds return_after{30'000};  ///< failover: an earlier collector is tried this often
  std::chrono::milliseconds stalled_after{
      60'000};      ///< failover: one that acknowledges nothing for so long is left
  Dial dial;        ///< nullptr: dial_loopback()
  Trouble trouble;  ///< of `dial`'s channels; nullptr: loopback_trouble()
  Ready ready;      ///< of files; channels say it by `dial`. nullptr: always
  SignHash sign;    ///< nullptr: without a key. Called by any outlet's thread

  [[nodiscard]] bool wanted() const noexcept { return !collectors.empty() || !one_way_folder.empty(); }
};

}  // namespace picket::delivery
