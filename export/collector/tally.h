// export/collector/tally.h — what this collector took, from whom, and what became of it: counts since it was started
//
// Whoever decides something says it here, once; the metrics are made of it, and so is what people are shown.
//
// Limits   kMaxSensors are told apart, those heard first; the others are one, called kOthers
// Cost     a lock and two look-ups a batch
// Threads  any
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "export/collector/sink.h"
#include "export/proto/picket/v1/collector.pb.h"

namespace picket::collector {

/// What became of a batch that came in.
enum class BatchFate : std::uint8_t {
  kStored,       ///< every durable sink has it; acknowledged
  kKnown,        ///< was here before: acknowledged again
  kMalformed,    ///< by itself it cannot be taken
  kChain,        ///< it does not belong to what is here
  kWrongSensor,  ///< its connection is another sensor's
  kSignature,    ///< its signature is missing, or not the sensor's
  kCount,
};
[[nodiscard]] std::string_view fate_name(BatchFate) noexcept;

class Tally {
 public:
  static constexpr std::size_t kMaxSensors = 1000;
  static constexpr std::string_view kOthers = "other";
  static constexpr std::size_t kGapReasons = v1::GapReason_ARRAYSIZE;

  struct Lane {
    std::uint64_t records = 0;                         ///< stored
    std::uint64_t bytes = 0;                           ///< of these, before compression
    std::array<std::uint64_t, kGapReasons> missing{};  ///< records that were told as missing
    std::uint64_t found = 0;  ///< of these, that came after all, or were told again with another reason
    /// This machine's clock when the last batch came, minus its sealed_at: how late it was, and what the clocks are
    /// apart. Below 0 the sensor's is ahead.
    std::int64_t lag_ns = 0;
    bool has_lag = false;  ///< false: the sensor does not say when it seals
  };
  struct Sensor {
    std::map<v1::Lane, Lane> lanes;
    std::uint64_t seen_at_ns = 0;  ///< when its last batch came, by this machine's clock
  };
  struct State {
    std::array<std::uint64_t, static_cast<std::size_t>(BatchFate::kCount)> batches{};
    std::uint64_t connected = 0;  ///< sensors that have a call now, each once however many it has
    std::uint64_t connections = 0, refused_calls = 0;  ///< calls
    std::map<std::string, Sensor> sensors;
    std::uint64_t other_batches = 0;  ///< of sensors that are not told apart
  };

  /// A batch's end. `records` and `bytes` count for kStored alone; `now_ns`: since 1970.
  void batch(const ChainId& chain, BatchFate fate, std::uint64_t records, std::uint64_t bytes,
             std::uint64_t sealed_at_ns, std::uint64_t now_ns);
  /// What a batch that was stored says of others.
  void missing(const ChainId& chain, v1::GapReason reason, std::uint64_t records);
  void found(const ChainId& chain, std::uint64_t records);
  /// A call was opened; nobody knows of whom yet.
  void connected();
  /// A call carries that sensor's batches from now on; it does no more.
  void joined(const std::string& sensor);
  void left(const std::string& sensor);
  void refused_call();

  [[nodiscard]] State state() const;

 private:
  Sensor& sensor(const std::string& name);

  mutable std::mutex mutex_;
  State state_;
  std::map<std::string, unsigned> calls_;  ///< by sensor: as many as there are calls at most
};

}  // namespace picket::collector
