#include "export/collector/tally.h"

#include <algorithm>

namespace picket::collector {
std::string_view fate_name(BatchFate fate) noexcept {
  constexpr std::string_view kNames[] = {"stored", "known",        "malformed",
                                         "chain",  "wrong_sensor", "signature"};
  return kNames[static_cast<std::size_t>(fate)];
}

Tally::Sensor& Tally::sensor(const std::string& name) {
  if (const auto at = state_.sensors.find(name); at != state_.sensors.end()) return at->second;
  if (state_.sensors.size() < kMaxSensors) return state_.sensors[name];
  ++state_.other_batches;
  return state_.sensors[std::string(kOthers)];
}

void Tally::batch(const ChainId& chain, BatchFate fate, std::uint64_t records, std::uint64_t bytes,
                  std::uint64_t sealed_at_ns, std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  ++state_.batches[static_cast<std::size_t>(fate)];
  // Who sends what is no batch of his may be anybody: no sensor is named by it.
  if (fate == BatchFate::kMalformed || fate == BatchFate::kWrongSensor || fate == BatchFate::kSignature)
    return;
  Sensor& s = sensor(chain.sensor);
  s.seen_at_ns = std::max(s.seen_at_ns, now_ns);
  if (fate != BatchFate::kStored) return;
  Lane& lane = s.lanes[chain.lane];
  lane.records += records;
  lane.bytes += bytes;
  lane.has_lag = sealed_at_ns != 0;
  if (lane.has_lag) lane.lag_ns = static_cast<std::int64_t>(now_ns - sealed_at_ns);
}

void Tally::missing(const ChainId& chain, v1::GapReason reason, std::uint64_t records) {
  const std::lock_guard lock(mutex_);
  // A reason of a later version is one that this one does not know.
  const bool known = reason >= 0 && static_cast<std::size_t>(reason) < kGapReasons;
  sensor(chain.sensor).lanes[chain.lane].missing[known ? static_cast<std::size_t>(reason) : 0] += records;
}

void Tally::found(const ChainId& chain, std::uint64_t records) {
  const std::lock_guard lock(mutex_);
  sensor(chain.sensor).lanes[chain.lane].found += records;
}

void Tally::refused_call() {
  const std::lock_guard lock(mutex_);
  ++state_.refused_calls;
}

void Tally::connected() {
  const std::lock_guard lock(mutex_);
  ++state_.connections;
}

void Tally::joined(const std::string& sensor) {
  const std::lock_guard lock(mutex_);
  ++calls_[sensor];
  state_.connected = calls_.size();
}

void Tally::left(const std::string& sensor) {
  const std::lock_guard lock(mutex_);
  const auto at = calls_.find(sensor);
  if (at == calls_.end()) return;
  if (--at->second == 0) calls_.erase(at);
  state_.connected = calls_.size();
}

Tally::State Tally::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace picket::collector
