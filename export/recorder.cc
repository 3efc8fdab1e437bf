#include "export/recorder.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace picket {
namespace {

constexpr std::chrono::microseconds kNap{
    200};  // adds to the way from packet to record; costs 5,000 wake-ups a second
constexpr unsigned kRecordsPerTick = 4096;  // outputs look at the clock this often even when all is busy

}  // namespace

Recorder::Recorder(const std::vector<EventStream*>& streams, std::vector<std::unique_ptr<RecordSink>> sinks,
                   Correlate correlate, std::size_t held_limit)
    : merge_(streams, held_limit),
      sinks_(std::move(sinks)),
      correlate_(std::move(correlate)),
      lost_before_(new std::atomic<std::uint64_t>[record_kind_count()]()) {}

void Recorder::out(RecordKind kind, Bytes record) {
  made_.add(kind);
  const OutRecord r{++seq_, kind, record};
  for (const auto& sink : sinks_) sink->write(r);
}

bool Recorder::poll() {
  bool any = merge_.refill();
  EventHeader header;
  Bytes record;
  unsigned handled = 0;
  while (merge_.next(header, record)) {
    any = true;
    if (correlate_ && !correlate_(header)) {
      suppressed_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    out(record_kind(header.type, header.protocol), record);
    if (++handled % kRecordsPerTick == 0) {
      for (const auto& sink : sinks_) sink->tick();
    }
  }
  for (const auto& sink : sinks_) sink->tick();
  return any;
}

void Recorder::run(const std::stop_token& stop) {
  while (!merge_.finished() && !stop.stop_requested()) {
    if (!poll()) std::this_thread::sleep_for(kNap);
  }
  poll();
}

void Recorder::put(RecordType type, Bytes record) { out(record_kind(type, kNoProtocol), record); }

void Recorder::close() {
  for (const auto& sink : sinks_) sink->close();
}

void Recorder::set_lost_before(RecordKind kind, std::uint64_t total) noexcept {
  lost_before_[kind].store(total, std::memory_order_relaxed);
}

RecordCount Recorder::count(RecordKind kind) const noexcept {
  const std::uint64_t before = lost_before_[kind].load(std::memory_order_relaxed);
  RecordCount c;
  // What is counted last along the way is read first, so that made is never less than the sum of the others.
  std::uint64_t delivered = ~std::uint64_t{0};
  for (const auto& sink : sinks_) {
    delivered = std::min(delivered, sink->delivered().get(kind));
    c.lost = std::max(c.lost, sink->lost().get(kind));
  }
  c.made = made_.get(kind);
  c.delivered = sinks_.empty() ? c.made : std::min(delivered, c.made - c.lost);
  c.made += before;
  c.lost += before;
  return c;
}

}  // namespace picket
