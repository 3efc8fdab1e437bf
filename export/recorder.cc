#include "export/recorder.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "export/assets/inventory.h"
#include "export/intel/intel.h"

namespace picket {
namespace {

constexpr std::chrono::microseconds kNap{
    200};  // adds to the way from packet to record; costs 5,000 wake-ups a second
constexpr std::chrono::milliseconds kTellLosses{
    100};  // killed before, a sensor takes what its workers lost since then with it
constexpr unsigned kRecordsPerTick = 4096;  // outputs look at the clock this often even when all is busy

}  // namespace

Recorder::Recorder(const std::vector<EventStream*>& streams, std::vector<std::unique_ptr<RecordSink>> sinks,
                   Correlate correlate, std::size_t held_limit)
    : merge_(streams, held_limit),
      window_(static_cast<unsigned>(sinks.size())),
      sinks_(std::move(sinks)),
      correlate_(std::move(correlate)),
      quiet_(record_kind_count()),
      told_lost_(record_kind_count()),
      lost_before_(new std::atomic<std::uint64_t>[record_kind_count()]()) {
  for (const auto& sink : sinks_) sink->report_to(window_);
}

void Recorder::write(RecordKind kind, Bytes record) {
  const OutRecord r{window_.made(kind), kind, record};
  for (const auto& sink : sinks_) sink->write(r);
}

bool Recorder::poll() {
  bool any = merge_.refill();
  EventHeader header;
  Bytes record;
  unsigned handled = 0;
  while (merge_.next(header, record)) {
    any = true;
    time_is(header.place.clock_ns);
    const Bytes notes = record.last(header.notes);
    record = record.first(record.size() - notes.size());
    if (correlate_ && !correlate_(header, notes)) {
      suppressed_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (intel_ != nullptr) intel_->see(header, record, *this);
    if (inventory_ != nullptr) inventory_->see(header, record, notes);
    const RecordKind kind = record_kind(header.type, header.protocol);
    if (quiet_[kind]) continue;
    if (header.type == RecordType::kTransaction && !notes.empty() && summaries_ &&
        summaries_->take(header, record, notes))
      continue;
    write(kind, record);
    if (++handled % kRecordsPerTick == 0) {
      for (const auto& sink : sinks_) sink->tick();
    }
  }
  time_is(merge_.certain_clock_ns());
  if (inventory_tick_) inventory_tick_();
  if (const auto now = std::chrono::steady_clock::now(); now - losses_told_ >= kTellLosses) {
    losses_told_ = now;
    tell_losses();
  }
  for (const auto& sink : sinks_) sink->tick();
  return any;
}

void Recorder::set_interval(std::uint64_t every_ns, std::function<void(std::uint64_t)> at) {
  every_ns_ = every_ns;
  at_ = std::move(at);
}

/// No record before that moment will come any more.
void Recorder::time_is(std::uint64_t clock_ns) {
  if (every_ns_ != 0 && clock_ns != 0) {
    if (due_ns_ == 0) due_ns_ = clock_ns + every_ns_;
    if (clock_ns > due_ns_) {
      const std::uint64_t last =
          clock_ns - 1 - (clock_ns - 1 - due_ns_) % every_ns_;  // the last one before now
      due_ns_ = last + every_ns_;
      // What ends later stands behind it, however long nobody asked.
      flush(last);
      at_(last);
    }
  }
  flush(clock_ns);
}

/// What two hold back leaves in the order in which it is due, so that it does not matter how often somebody asks.
void Recorder::flush(std::uint64_t clock_ns) {
  const auto flush_to = [this](std::uint64_t to) {
    if (summaries_) summaries_->flush(to, *this);
    if (inventory_ != nullptr) inventory_->flush(to, *this);
  };
  while (true) {
    const std::uint64_t due = std::min(summaries_ ? summaries_->next_due() : ~std::uint64_t{0},
                                       inventory_ != nullptr ? inventory_->next_due() : ~std::uint64_t{0});
    if (due >= clock_ns) break;
    flush_to(due);
  }
  flush_to(clock_ns);
}

void Recorder::run(const std::stop_token& stop) {
  while (!merge_.finished() && !stop.stop_requested()) {
    if (!poll()) std::this_thread::sleep_for(kNap);
  }
  poll();
  if (summaries_) summaries_->flush_all(*this);
  if (inventory_ != nullptr) inventory_->flush_all(*this);
}

void Recorder::set_inventory(Inventory& inventory, std::function<void()> tick) {
  inventory_tick_ = std::move(tick);
  inventory_ = &inventory;
}

void Recorder::set_quiet(std::vector<bool> quiet) {
  quiet_ = std::move(quiet);
  quiet_.resize(record_kind_count());
}

void Recorder::put(RecordType type, Bytes record) { write(record_kind(type, kNoProtocol), record); }

void Recorder::tell_losses() {
  if (count_losses_) count_losses_();
  for (std::size_t kind = 0; kind < told_lost_.size(); ++kind) {
    const std::uint64_t lost = lost_before_[kind].load(std::memory_order_relaxed);
    if (lost == told_lost_[kind]) continue;
    for (const auto& sink : sinks_) sink->missed(static_cast<RecordKind>(kind), lost - told_lost_[kind]);
    told_lost_[kind] = lost;
  }
}

void Recorder::close() {
  tell_losses();
  for (const auto& sink : sinks_) sink->close();
  window_.close();
}

void Recorder::abandon() {
  for (const auto& sink : sinks_) sink->abandon();
}

std::vector<std::pair<std::string, std::uint64_t>> Recorder::failed_outputs() const {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (const auto& sink : sinks_) {
    if (const std::uint64_t n = sink->lost(); n != 0) all.emplace_back(sink->name(), n);
  }
  return all;
}

void Recorder::set_lost_before(RecordKind kind, std::uint64_t total) noexcept {
  std::atomic<std::uint64_t>& so_far = lost_before_[kind];
  std::uint64_t before = so_far.load(std::memory_order_relaxed);
  while (before < total && !so_far.compare_exchange_weak(before, total, std::memory_order_relaxed)) {
  }
}

RecordCount Recorder::count(RecordKind kind) const {
  RecordCount c = window_.count(kind);
  const std::uint64_t before = lost_before_[kind].load(std::memory_order_relaxed);
  c.made += before;
  c.lost += before;
  return c;
}

}  // namespace picket
