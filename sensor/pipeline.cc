#include "sensor/pipeline.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <new>
#include <numeric>
#include <utility>

#include "sensor/asset_keeper.h"
#include "sensor/telemetry/stats_record.h"

namespace picket {

Pipeline::Pipeline(const PipelineConfig& config, std::vector<PacketSource*> sources,
                   std::unique_ptr<RuleBase> rules, std::vector<std::unique_ptr<RecordSink>> sinks)
    : encoder_(config.encoder),
      sensor_(config.encoder.sensor),
      statistics_(config.statistics),
      save_datasets_(config.save_datasets),
      complete_(config.complete),
      at_end_(config.at_end),
      utc_offset_ns_(config.utc_offset_ns),
      cores_(config.cores),
      magic_file_(config.worker.app.files.magic_file),
      assets_(config.assets),
      intel_(config.intel) {
  std::vector<EventStream*> streams;
  if (rules != nullptr) correlator_.emplace();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    WorkerConfig w = config.worker;
    // Who wants to know what was decided about each match has to see each.
    if (correlator_ && !config.judged) w.limits = &correlator_->limits();
    w.id = static_cast<unsigned>(i);
    w.count = static_cast<unsigned>(sources.size());
    w.pool_bytes /= sources.size();
    const RecordEncoder& encoder =
        config.encoder_for_workers ? config.encoder_for_workers(encoder_) : encoder_;
    workers_.push_back(std::make_unique<Worker>(w, *sources[i], encoder));
    streams.push_back(streams_.emplace_back(std::make_unique<RingStream>(workers_.back()->events())).get());
  }
  Recorder::Correlate correlate;
  if (rules != nullptr) {
    if (config.judged) {
      correlate = [this, judged = config.judged](const EventHeader& h, Bytes notes) {
        const rules::Admission word = correlator_->admit(h, notes);
        if (h.type == RecordType::kAlert) judged(h, word);
        return static_cast<bool>(word);
      };
    } else {
      correlate = [this](const EventHeader& h, Bytes notes) {
        return static_cast<bool>(correlator_->admit(h, notes));
      };
    }
    snapshots_.push_back(make_snapshot(std::move(rules)));
    if (snapshots_.back() == nullptr) throw std::bad_alloc();
    offer(*snapshots_.back());
  }
  recorder_ = std::make_unique<Recorder>(streams, std::move(sinks), std::move(correlate), config.held_limit);
  recorder_->set_summaries({config.encoder.ot, config.ot_memcap_bytes});
  if (assets_ != nullptr) recorder_->set_inventory(assets_->inventory(), [this] { assets_->tick(); });
  if (intel_ != nullptr) recorder_->set_intel(*intel_);
  recorder_->set_quiet(config.quiet);
  recorder_->set_loss_count([this] { count_lost_before(); });
  if (statistics_ && config.statistics_every_ns != 0) {
    recorder_->set_interval(config.statistics_every_ns,
                            [this](std::uint64_t clock_ns) { put_statistics(clock_ns); });
  }
}

/// nullptr: memory is short.
std::unique_ptr<Pipeline::Snapshot> Pipeline::make_snapshot(std::unique_ptr<RuleBase> rules) {
  auto s = std::make_unique<Snapshot>();
  s->rules = std::move(rules);
  const detect::RuleSet& set = *s->rules->plan.rules;
  s->handovers.resize(workers_.size());
  for (RuleHandover& h : s->handovers) {
    h.rules = &set;
    h.memory = detect::make_core_memory(set);
    if (h.memory == nullptr) return nullptr;
    const bool had = !snapshots_.empty() && snapshots_.back()->rules->plan.rules->file_wants.magic;
    if (set.file_wants.magic && !had) h.magic = std::make_unique<Magic>(magic_file_);
  }
  return s;
}

void Pipeline::offer(Snapshot& s) {
  rules::Plan& plan = s.rules->plan;
  plan.rules->epoch = rules_epoch() + 1;
  correlator_->add(plan.rules->epoch, std::exchange(plan.judgements, {}), std::exchange(plan.sets, {}));
  rules_loaded_.store(s.rules->loaded(), std::memory_order_relaxed);
  rules_rejected_.store(s.rules->rejected(), std::memory_order_relaxed);
  rules_epoch_.store(plan.rules->epoch, std::memory_order_relaxed);
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->offer_rules(s.handovers[i]);
}

Status Pipeline::swap_rules(std::unique_ptr<RuleBase> rules) {
  constexpr std::chrono::microseconds kLook{200};
  auto fresh = make_snapshot(std::move(rules));
  if (fresh == nullptr) return Error{"there is not enough memory"};
  Snapshot& next = *snapshots_.emplace_back(std::move(fresh));
  offer(next);
  for (const auto& w : workers_) {
    while (w->handover_under_way()) {
      if (w->ended()) return Error{"the workers have ended"};  // both sets stay to the end
      std::this_thread::sleep_for(kLook);
    }
  }
  Snapshot& old = *snapshots_.front();
  std::uint64_t alerts = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i)
    alerts += next.handovers[i].alerts_before - old.handovers[i].alerts_before;
  correlator_->retire(old.rules->plan.rules->epoch, alerts);
  for (RuleHandover& h : next.handovers) h.memory.reset(), h.magic.reset();
  snapshots_.erase(snapshots_.begin());
  reloads_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Pipeline::~Pipeline() {
  stop();
  join();
}

void Pipeline::start() {
  export_thread_ = std::jthread([this](const std::stop_token& stop) { export_loop(stop); });
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    threads_.emplace_back([w = workers_[i].get()] { w->run(); });
    if (i < cores_.size()) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<std::size_t>(cores_[i]), &set);
      pthread_setaffinity_np(threads_.back().native_handle(), sizeof set, &set);
    }
  }
}

void Pipeline::stop() noexcept {
  for (const auto& w : workers_) w->stop();
}

void Pipeline::cut() {
  recorder_->abandon();
  stop();
}

void Pipeline::join() {
  for (std::thread& t : threads_) {
    if (t.joinable()) t.join();
  }
  if (export_thread_.joinable()) export_thread_.join();
}

void Pipeline::export_loop(const std::stop_token& stop) {
  recorder_->run(stop);
  if (at_end_) at_end_();
  if (statistics_) put_statistics(0);
  recorder_->close();
  if (correlator_ && save_datasets_) {
    for (const std::string& problem : correlator_->save()) spdlog::error("{}", problem);
  }
  finished_.store(true, std::memory_order_release);
}

/// `clock_ns`: the moment it is of; 0: how far the workers have come.
void Pipeline::put_statistics(std::uint64_t clock_ns) {
  Totals t = totals();
  if (clock_ns != 0) {
    t.clock_ns = in_utc(clock_ns);
    // Workers are at work: packets whose verdict is still to come are not in this ledger.
    t.received = std::accumulate(t.verdicts.begin(), t.verdicts.end(), std::uint64_t{0});
  }
  recorder_->put(RecordType::kStats, as_bytes(stats_record(t, sensor_)));
}

/// Records that workers could not even write into their ring belong into the ledger too.
void Pipeline::count_lost_before() const noexcept {
  for (std::size_t t = 0; t < static_cast<std::size_t>(RecordType::kCount); ++t) {
    const auto type = static_cast<RecordType>(t);
    if (type == RecordType::kTransaction) {
      std::vector<std::uint64_t> lost(record_kind_count());  // protocols may share a kind
      for (std::size_t p = 0; p < protocols().size(); ++p) {
        const RecordKind kind = record_kind(type, static_cast<ProtocolId>(p));
        for (const auto& w : workers_) lost[kind] += w->counters().protocols[p].records_lost.get();
        recorder_->set_lost_before(kind, lost[kind]);
      }
      continue;
    }
    std::uint64_t lost = 0;
    for (const auto& w : workers_) lost += w->counters().records_lost[t].get();
    recorder_->set_lost_before(record_kind(type, kNoProtocol), lost);
  }
}

std::uint64_t Pipeline::in_utc(std::uint64_t clock_ns) const {
  return utc_offset_ns_ ? clock_ns + static_cast<std::uint64_t>(utc_offset_ns_()) : clock_ns;
}

Totals Pipeline::totals() const {
  count_lost_before();
  Totals t;
  for (const auto& w : workers_) add_worker(t, w->counters());
  t.clock_ns = in_utc(t.clock_ns);
  add_recorder(t, *recorder_);
  if (assets_ != nullptr) add_assets(t, assets_->inventory());
  if (intel_ != nullptr) add_intel(t, *intel_);
  t.peak_rss_bytes = peak_rss_bytes();
  t.rules_loaded = rules_loaded_.load(std::memory_order_relaxed);
  t.rules_rejected = rules_rejected_.load(std::memory_order_relaxed);
  t.rules_epoch = rules_epoch_.load(std::memory_order_relaxed);
  t.reloads = reloads_.load(std::memory_order_relaxed);
  t.reloads_failed = reloads_failed_.load(std::memory_order_relaxed);
  if (complete_) complete_(t);
  return t;
}

Totals Pipeline::give_up() {
  recorder_->give_up();
  Totals t = totals();
  t.given_up = true;
  return t;
}

}  // namespace picket
