#include "export/collector/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "export/collector/sink_line.h"

namespace picket::collector {
namespace {

/// What an Item takes beside its records, and for each type that the batch counts: its name and a place in a map.
constexpr std::size_t kItemBytes = 2048, kTypeBytes = 192;

/// Before it is opened: what is beyond the limits is refused then, and kept nowhere.
std::size_t bytes_of(const v1::Batch& batch, const BatchLimits& limits) {
  const auto types = [&](int n) { return static_cast<std::size_t>(std::min(n, limits.max_types)); };
  return std::min<std::size_t>(batch.records_size(), limits.max_records_bytes) + kItemBytes +
         kTypeBytes * (types(batch.before_size()) + types(batch.gap().missing_size()));
}

}  // namespace

Item::Item(Router& router, std::shared_ptr<Source> source, CheckedBatch batch, std::size_t bytes,
           unsigned durable_lines)
    : router_(router),
      source_(std::move(source)),
      batch_(std::move(batch)),
      bytes_(bytes),
      left_(durable_lines) {}

Item::~Item() { router_.give_back(bytes_); }

Router::Router(std::vector<std::unique_ptr<Sink>> sinks, DeadLetters& dead_letters,
               const RouterOptions& options)
    : options_(options), turns_(options.max_bytes) {
  for (auto& sink : sinks) {
    const auto same =
        std::ranges::find(sinks_, sink->name(), [](const auto& lines) { return lines.front()->name(); });
    auto& lines = same == sinks_.end() ? sinks_.emplace_back() : *same;
    lines.push_back(std::make_unique<SinkLine>(std::move(sink), dead_letters, options));
  }
}

Router::~Router() { stop(); }

void Router::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting_alerts_.clear();
    waiting_others_.clear();
  }
  for (auto& lines : sinks_)
    for (auto& line : lines) line->begin_stop();
  for (auto& lines : sinks_)
    for (auto& line : lines) line->stop();
}

bool Router::take(const std::shared_ptr<Source>& source, const v1::Batch& batch) {
  if (source->refused_) {
    decline();  // whoever waited for room before it was refused
    return true;
  }
  const auto refuse = [&](Answer::Kind kind, BatchFate fate, const std::string& why) {
    if (source->refused_.exchange(true)) return;
    tally_.batch({}, fate, 0, 0, 0, 0);
    const ChainId chain{batch.sensor(), batch.boot(), batch.lane()};
    source->answer({kind, chain, 0, describe(chain, batch.first_seq()) + ": " + why});
  };
  const auto malformed = [&](const std::string& why) {
    refuse(Answer::Kind::kMalformed, BatchFate::kMalformed, why);
  };
  if (!v1::Lane_IsValid(batch.lane())) {
    malformed(fmt::format("lane {} is not known to this version", static_cast<int>(batch.lane())));
    return true;
  }
  const std::size_t bytes = bytes_of(batch, options_.batch);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    const bool is_alert = batch.lane() == v1::LANE_ALERT;
    if (!is_alert) others_came();
    if (held_bytes_ != 0 && (!has_room(bytes, is_alert) || (is_alert && !is_alerts_turn()))) {
      wait(source, bytes, is_alert);
      return false;
    }
    held_bytes_ += bytes;
    if (!is_alert) {
      turns_.others_went(bytes);
    } else if (!waiting_others_.empty() || told_others_ != 0) {
      turns_.went_ahead(bytes);
    }
  }
  auto records = open_batch(batch, options_.batch);
  if (!records) {
    give_back(bytes);
    malformed(records.error().message);
    return true;
  }
  const auto proven = is_signed(batch);
  if (!proven) {
    give_back(bytes);
    refuse(Answer::Kind::kUnproven, BatchFate::kSignature, proven.error().message);
    return true;
  }
  const auto durable =
      std::ranges::count_if(sinks_, [](const auto& lines) { return lines[0]->is_durable(); });
  const auto item =
      std::make_shared<Item>(*this, source, checked_batch(batch, std::move(records).value(), proven.value()),
                             bytes, static_cast<unsigned>(durable));
  const std::size_t hash = std::hash<std::string>{}(batch.sensor()) + static_cast<std::size_t>(batch.lane());
  for (auto& lines : sinks_) lines[hash % lines.size()]->put(item);
  return true;
}

/// Does the sensor's key stand for it?
Result<bool> Router::is_signed(const v1::Batch& batch) const {
  if (batch.signature().empty()) {
    if (!options_.require_signatures) return false;
    return Error{
        "it is not signed, and require-signatures is set; give the sensor export.tls.certificate and "
        "export.tls.key"};
  }
  if (options_.verify == nullptr) return false;
  if (const Status good = options_.verify(batch); !good) return good.error();
  return true;
}

bool Router::has_room(std::size_t bytes, bool is_alert) const noexcept {
  return held_bytes_ + bytes <= options_.max_bytes - (is_alert ? 0 : options_.max_bytes / 8);
}

/// Those who were told of room, and are not here yet, wait as well: else alerts would have it before them.
bool Router::is_alerts_turn() const noexcept {
  const bool others_wait = !waiting_others_.empty() || (told_others_ != 0 && held_bytes_ != 0);
  return !others_wait || turns_.is_alerts_turn();
}

/// Those whose turn it is; nullptr: nobody's.
std::deque<Router::Waiting>* Router::next_waiting() {
  for (auto* all : {&waiting_alerts_, &waiting_others_})
    while (!all->empty() && all->front().source.expired()) all->pop_front();
  if (!waiting_alerts_.empty() && is_alerts_turn()) return &waiting_alerts_;
  return waiting_others_.empty() ? nullptr : &waiting_others_;
}

void Router::others_came() noexcept {
  if (told_others_ != 0) --told_others_;
}

void Router::wait(const std::shared_ptr<Source>& source, std::size_t bytes, bool is_alert) {
  // Sensors that come and go while a sink stalls would fill it.
  if (waiting_alerts_.size() + waiting_others_.size() >= prune_at_) {
    for (auto* all : {&waiting_alerts_, &waiting_others_})
      std::erase_if(*all, [](const Waiting& w) { return w.source.expired(); });
    prune_at_ = std::max(kPruneAt, 2 * (waiting_alerts_.size() + waiting_others_.size()));
  }
  (is_alert ? waiting_alerts_ : waiting_others_).push_back({source, bytes});
}

void Router::decline() {
  {
    const std::lock_guard lock(mutex_);
    others_came();
  }
  give_back(0);
}

void Router::give_back(std::size_t bytes) {
  std::size_t promised = 0;
  for (bool again = true; again;) {
    struct Told {
      std::shared_ptr<Source> source;
      std::size_t bytes;
      bool is_alert;
    };
    std::vector<Told> may;
    {
      const std::lock_guard lock(mutex_);
      held_bytes_ -= std::exchange(bytes, 0);
      while (auto* from = next_waiting()) {
        const Waiting next = from->front();
        const bool is_alert = from == &waiting_alerts_;
        if (!has_room(promised + next.bytes, is_alert) && (held_bytes_ != 0 || promised != 0)) break;
        from->pop_front();
        promised += next.bytes;
        if (!is_alert) ++told_others_;
        may.push_back({next.source.lock(), next.bytes, is_alert});
      }
    }
    again = false;
    for (const auto& [source, needed, is_alert] : may) {
      if (source != nullptr && source->room()) continue;
      promised -= needed;
      again = true;
      const std::lock_guard lock(mutex_);
      if (!is_alert) others_came();
    }
  }
}

LineState& LineState::operator+=(const LineState& o) {
  const bool waits = queued_batches != 0, other_waits = o.queued_batches != 0;
  if (waits == other_waits) {
    stored_at_ns = waits ? std::min(stored_at_ns, o.stored_at_ns) : std::max(stored_at_ns, o.stored_at_ns);
  } else if (other_waits) {
    stored_at_ns = o.stored_at_ns;
  }
  queued_batches += o.queued_batches;
  queued_bytes += o.queued_bytes;
  stored_batches += o.stored_batches;
  stored_records += o.stored_records;
  rejected_records += o.rejected_records;
  left_out_records += o.left_out_records;
  if (o.expired_records) expired_records = expired_records.value_or(0) + *o.expired_records;
  failures += o.failures;
  if (trouble.empty()) trouble = o.trouble;
  return *this;
}

std::vector<LineState> Router::sinks() const {
  std::vector<LineState> states;
  for (const auto& lines : sinks_) {
    LineState& all = states.emplace_back(lines[0]->state());
    for (std::size_t i = 1; i < lines.size(); ++i) all += lines[i]->state();
  }
  return states;
}

std::size_t Router::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return held_bytes_;
}

}  // namespace picket::collector
