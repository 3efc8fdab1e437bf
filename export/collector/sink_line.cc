#include "export/collector/sink_line.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "export/clock.h"

namespace picket::collector {

using Clock = std::chrono::steady_clock;

std::shared_ptr<const Delivery> Item::delivery(std::shared_ptr<Delivery> made) {
  const std::lock_guard lock(mutex_);
  if (delivery_ == nullptr) {
    made->records = std::move(batch_.records);
    return delivery_ = std::move(made);
  }
  if (made->after == delivery_->after && made->missing == delivery_->missing &&
      made->fills == delivery_->fills)
    return delivery_;
  made->records = delivery_->records;
  return made;
}

void Item::stored(bool is_new) {
  if (is_new) is_new_ = true;
  if (--left_ != 0 || source_->refused_) return;
  count();
  source_->answer({Answer::Kind::kDurable, batch_.chain, batch_.last_seq(), {}});
}

void Item::refuse(const std::string& why) {
  if (source_->refused_.exchange(true)) return;
  router_.tally().batch(batch_.chain, BatchFate::kChain, 0, 0, 0, now_ns());
  source_->answer({Answer::Kind::kRefused, batch_.chain, batch_.last_seq(), why});
}

/// What was stored, where all durable sinks have it.
void Item::count() {
  Tally& tally = router_.tally();
  if (!is_new_) return tally.batch(batch_.chain, BatchFate::kKnown, 0, 0, 0, now_ns());
  const std::lock_guard lock(mutex_);
  const Delivery& d = *delivery_;
  tally.batch(batch_.chain, BatchFate::kStored, d.count, d.records.size(), batch_.sealed_at, now_ns());
  for (const Missing& m : d.missing) tally.missing(d.chain, m.reason, m.last - m.first + 1);
  if (d.fills) tally.found(d.chain, d.fills->last - d.fills->first + 1);
}

SinkLine::SinkLine(std::unique_ptr<Sink> sink, DeadLetters& dead_letters, const RouterOptions& options)
    : sink_(std::move(sink)),
      dead_letters_(dead_letters),
      options_(options),
      turns_(options.max_group_bytes) {
  state_.name = sink_->name();
  state_.is_durable = sink_->is_durable();
  thread_ = std::thread([this] { run(); });
}

SinkLine::~SinkLine() { stop(); }

void SinkLine::begin_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void SinkLine::stop() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
}

void SinkLine::put(std::shared_ptr<Item> item) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (!state_.is_durable && state_.queued_bytes + item->bytes() > options_.max_bytes / 8) {
    state_.left_out_records += item->batch().gap ? 0 : item->batch().count;
    return;
  }
  state_.queued_bytes += item->bytes();
  ++state_.queued_batches;
  const std::uint64_t origin = item->source()->origin_;
  bool ahead = false;
  if (item->is_alert()) {
    Places& chain = alert_chains_[item->batch().chain];
    ahead = chain.in_queue == 0 && !in_queue_.contains(origin);
    ++(ahead ? chain.in_alerts : chain.in_queue);
  }
  if (ahead) {
    alerts_.push_back(std::move(item));
  } else {
    ++in_queue_[origin];
    queue_.push_back(std::move(item));
  }
  changed_.notify_all();
}

LineState SinkLine::state() const {
  const std::lock_guard lock(mutex_);
  LineState s = state_;
  s.left_out_records += sink_->left_out();
  s.expired_records = sink_->expired();
  return s;
}

// ---- the line's thread ----

void SinkLine::run() {
  std::vector<std::shared_ptr<Item>> group;
  Clock::time_point ticked = Clock::now();
  while (next_group(group)) {
    if (Clock::now() - ticked >= options_.tick) {
      sink_->tick();
      ticked = Clock::now();
    }
    if (group.empty()) continue;
    if (const Status s = store(group); !s) {
      fails(s.error().message);
      for (const auto& item : group)
        heads_.erase(item->batch().chain);  // who knows what of it was stored: ask again
      if (!pause()) return;
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      for (const auto& item : group) {
        state_.queued_bytes -= item->bytes();
        --state_.queued_batches;
      }
    }
    group.clear();
  }
}

/// Adds to what failed, or begins anew; an empty group: it is time for a tick. A chain has one origin in a group: before the
/// next one's batches are judged, all of the former's are in the sink. False: stop.
bool SinkLine::next_group(std::vector<std::shared_ptr<Item>>& group) {
  std::unique_lock lock(mutex_);
  const auto next = [&]() -> const Item* {
    const auto& from = next_queue();
    return from.empty() ? nullptr : from.front().get();
  };
  if (group.empty()) changed_.wait_for(lock, options_.tick, [&] { return stopping_ || next() != nullptr; });
  if (stopping_) return false;
  std::size_t bytes = 0;
  std::map<std::reference_wrapper<const ChainId>, std::uint64_t, std::less<ChainId>> origins;
  const auto same_origin = [&](const Item& item) {
    const std::uint64_t origin = item.source()->origin_;
    return origins.try_emplace(item.batch().chain, origin).first->second == origin;
  };
  for (const auto& item : group) {
    bytes += item->bytes();
    (void)same_origin(*item);
  }
  for (const Item* item = next(); item != nullptr; item = next()) {
    if (!group.empty() && bytes + item->bytes() > options_.max_group_bytes) break;
    if (!same_origin(*item)) break;
    bytes += item->bytes();
    group.push_back(pop());
  }
  return true;
}

std::deque<std::shared_ptr<Item>>& SinkLine::next_queue() {
  if (alerts_.empty() || queue_.empty()) return alerts_.empty() ? queue_ : alerts_;
  const auto chain = alert_chains_.find(queue_.front()->batch().chain);
  const bool is_behind = chain != alert_chains_.end() && chain->second.in_alerts != 0;
  return is_behind || turns_.is_alerts_turn() ? alerts_ : queue_;
}

std::shared_ptr<Item> SinkLine::pop() {
  auto& from = next_queue();
  std::shared_ptr<Item> item = std::move(from.front());
  from.pop_front();
  if (item->is_alert()) {
    const auto chain = alert_chains_.find(item->batch().chain);
    Places& places = chain->second;
    --(&from == &alerts_ ? places.in_alerts : places.in_queue);
    if (places.in_alerts + places.in_queue == 0) alert_chains_.erase(chain);
  }
  if (&from == &alerts_) {
    if (!queue_.empty()) turns_.went_ahead(item->bytes());
  } else {
    turns_.others_went(item->bytes());
    if (const auto at = in_queue_.find(item->source()->origin_); --at->second == 0) in_queue_.erase(at);
  }
  return item;
}

/// Where the item's chain stands behind what was judged so far.
Result<std::optional<ChainHead>*> SinkLine::head(const Item& item, Heads& touched) {
  const ChainId& chain = item.batch().chain;
  const auto [at, is_new] = touched.try_emplace(chain);
  Known& now = at->second;
  if (!is_new) return &now.head;
  now.origin = item.source()->origin_;
  if (const auto known = heads_.find(chain); known != heads_.end() && known->second.origin == now.origin) {
    now.head = known->second.head;
    return &now.head;
  }
  auto asked = sink_->head(chain);
  if (!asked) return asked.error();
  now.head = std::move(asked).value();
  return &now.head;
}

Status SinkLine::store(const std::vector<std::shared_ptr<Item>>& group) {
  struct Outcome {
    Verdict::Kind kind;
    std::string why;
  };
  std::vector<std::pair<Item*, Outcome>> outcomes;
  std::vector<std::shared_ptr<const Delivery>> deliveries;
  std::vector<std::string> remarks;
  std::set<const Source*> refused;
  Heads touched;
  for (const auto& item : group) {
    const CheckedBatch& batch = item->batch();
    if (item->source()->refused_ || refused.contains(item->source().get())) continue;
    auto at = head(*item, touched);
    if (!at) return at.error();
    std::optional<ChainHead>& now = *at.value();
    // What is judged but not stored yet, the sink cannot know.
    const auto held = [&](std::uint64_t seq) -> Result<std::optional<Held>> {
      std::optional<Held> found;
      for (const auto& d : deliveries) {
        if (d->chain == batch.chain && d->count != 0 && d->first_seq <= seq && seq < d->first_seq + d->count)
          found = Held{d->first_seq, d->count, d->hash, {}};
      }
      if (!found) {
        auto stored = sink_->held(batch.chain, seq);
        if (!stored || !stored.value()) return stored;
        found = stored.value();
      }
      for (const auto& d : deliveries) {
        if (d->chain == batch.chain && d->is_turn() && d->after.through == found->last_seq())
          found->turn = d->after.hash;
      }
      return found;
    };
    auto verdict = judge(now, batch, held);
    if (!verdict) return verdict.error();
    Verdict& v = verdict.value();
    if (v.kind == Verdict::Kind::kRefused) refused.insert(item->source().get());
    if (v.kind == Verdict::Kind::kStore) {
      now = v.deliver->after;
      deliveries.push_back(item->delivery(std::move(v.deliver)));
    }
    if (!v.remark.empty()) remarks.push_back(std::move(v.remark));
    outcomes.push_back({item.get(), {v.kind, std::move(v.why)}});
  }

  std::size_t rejected = 0;
  if (!deliveries.empty()) {
    Status stored = sink_->store(deliveries, [&](std::span<const Rejected> all) {
      rejected += all.size();
      return bury(all);
    });
    if (!stored) return stored;
  }
  buried_.clear();
  if (heads_.size() + touched.size() > kMaxHeads) heads_.clear();
  for (auto& [chain, now] : touched) heads_[chain] = std::move(now);
  for (const std::string& r : remarks) {
    if (const auto left_out = remarks_.allow())
      spdlog::warn("{}: {}{}", sink_->name(), r, left_out_words(*left_out));
  }
  {
    const std::lock_guard lock(mutex_);
    state_.stored_batches += deliveries.size();
    if (!deliveries.empty()) state_.stored_at_ns = now_ns();
    for (const auto& d : deliveries) state_.stored_records += d->count;
    state_.stored_records -= rejected;
    state_.rejected_records += rejected;
  }
  works();  // before the answers: who has one may look
  for (const auto& [item, outcome] : outcomes) {
    if (outcome.kind == Verdict::Kind::kRefused) {
      if (state_.is_durable) item->refuse(outcome.why);
    } else if (state_.is_durable) {
      item->stored(outcome.kind == Verdict::Kind::kStore);
    }
  }
  return Done{};
}

/// Dead letters are owed as records are: until the file takes them, nothing of the group is stored.
Status SinkLine::bury(std::span<const Rejected> rejected) {
  const auto is_fresh = [&](const Rejected& r) {
    const auto of = buried_.find(r.chain);
    return of == buried_.end() || !std::ranges::binary_search(of->second, r.seq);
  };
  std::vector<Rejected> fresh;
  if (!std::ranges::all_of(rejected, is_fresh)) {
    std::ranges::copy_if(rejected, std::back_inserter(fresh), is_fresh);
    rejected = fresh;
  }
  if (auto s = dead_letters_.put(sink_->name(), rejected); !s) return s;
  std::set<std::vector<std::uint64_t>*> unsorted;
  for (const Rejected& r : rejected) {
    auto& numbers = buried_[r.chain];
    if (!numbers.empty() && numbers.back() > r.seq) unsorted.insert(&numbers);
    numbers.push_back(r.seq);
  }
  for (auto* numbers : unsorted) std::ranges::sort(*numbers);
  return Done{};
}

void SinkLine::fails(const std::string& why) {
  if (retry_.count() == 0) {
    spdlog::error("{}: cannot store: {}; trying again, nothing is acknowledged until it works", sink_->name(),
                  why);
  }
  retry_ = retry_.count() == 0 ? options_.first_retry : std::min(2 * retry_, options_.last_retry);
  const std::lock_guard lock(mutex_);
  state_.trouble = why;
  ++state_.failures;
}

void SinkLine::works() {
  if (retry_.count() == 0) return;
  spdlog::info("{}: stores again", sink_->name());
  retry_ = std::chrono::milliseconds(0);
  const std::lock_guard lock(mutex_);
  state_.trouble.clear();
}

/// False: stop.
bool SinkLine::pause() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, retry_, [&] { return stopping_; });
}

}  // namespace picket::collector
