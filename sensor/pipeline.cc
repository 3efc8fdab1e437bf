#include "sensor/pipeline.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <numeric>

#include "sensor/telemetry/stats_record.h"

namespace picket {

Pipeline::Pipeline(const PipelineConfig& config, std::vector<PacketSource*> sources, const RuleBase* rules,
                   std::vector<std::unique_ptr<RecordSink>> sinks)
    : encoder_(config.encoder),
      sensor_(config.encoder.sensor),
      statistics_(config.statistics),
      complete_(config.complete),
      at_end_(config.at_end),
      utc_offset_ns_(config.utc_offset_ns),
      rules_(rules),
      cores_(config.cores) {
  std::vector<EventStream*> streams;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    WorkerConfig w = config.worker;
    w.id = static_cast<unsigned>(i);
    w.count = static_cast<unsigned>(sources.size());
    w.pool_bytes /= sources.size();
    workers_.push_back(std::make_unique<Worker>(w, *sources[i], encoder_));
    if (rules_ != nullptr) workers_.back()->offer_rules(rules_->plan.rules.get());
    streams.push_back(streams_.emplace_back(std::make_unique<RingStream>(workers_.back()->events())).get());
  }
  Recorder::Correlate correlate;
  if (rules_ != nullptr) {
    thresholds_.emplace();
    sets_.emplace(rules_->plan.sets);
    correlate = [this](const EventHeader& h, Bytes notes) { return admit(h, notes); };
  }
  recorder_ = std::make_unique<Recorder>(streams, std::move(sinks), std::move(correlate), config.held_limit);
  if (statistics_ && config.statistics_every_ns != 0) {
    recorder_->set_interval(config.statistics_every_ns, [this](std::uint64_t clock_ns) {
      count_lost_before();
      put_statistics(clock_ns);
    });
  }
}

/// What crosses flows, decided in the order of the capture.
bool Pipeline::admit(const EventHeader& h, Bytes notes) {
  if (h.type != RecordType::kAlert) return true;
  if (!notes.empty() && !sets_->admit(notes)) return false;
  const rules::Judgement& judgement = rules_->plan.judgements[h.rule];
  if (judgement.plain()) return true;
  return thresholds_->admit(judgement, {h.place.clock_ns, Address::v6(h.src), Address::v6(h.dst), h.flow_id,
                                        h.src_port, h.dst_port});
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
  if (!export_thread_.joinable()) return;
  export_thread_.join();
  count_lost_before();
}

void Pipeline::export_loop(const std::stop_token& stop) {
  recorder_->run(stop);
  if (at_end_) at_end_();
  count_lost_before();
  if (statistics_) put_statistics(0);
  recorder_->close();
  if (sets_) {
    for (const std::string& problem : sets_->save()) spdlog::error("{}", problem);
  }
  finished_.store(true, std::memory_order_release);
}

/// `clock_ns`: the moment it is of; 0: how far the workers have come.
void Pipeline::put_statistics(std::uint64_t clock_ns) {
  Totals t = totals();
  if (clock_ns != 0) {
    t.clock_ns = clock_ns;
    // Workers are at work: packets whose verdict is still to come are not in this ledger.
    t.received = std::accumulate(t.verdicts.begin(), t.verdicts.end(), std::uint64_t{0});
  }
  if (utc_offset_ns_) t.clock_ns += static_cast<std::uint64_t>(utc_offset_ns_());
  recorder_->put(RecordType::kStats, as_bytes(stats_record(t, sensor_)));
}

/// Records that workers could not even write into their ring belong into the ledger too.
void Pipeline::count_lost_before() noexcept {
  for (std::size_t t = 0; t < static_cast<std::size_t>(RecordType::kCount); ++t) {
    const auto type = static_cast<RecordType>(t);
    if (type == RecordType::kTransaction) {
      for (std::size_t p = 0; p < protocols().size(); ++p) {
        std::uint64_t lost = 0;
        for (const auto& w : workers_) lost += w->counters().protocols[p].records_lost.get();
        recorder_->set_lost_before(record_kind(type, static_cast<ProtocolId>(p)), lost);
      }
      continue;
    }
    std::uint64_t lost = 0;
    for (const auto& w : workers_) lost += w->counters().records_lost[t].get();
    recorder_->set_lost_before(record_kind(type, kNoProtocol), lost);
  }
}

Totals Pipeline::totals() const {
  Totals t;
  for (const auto& w : workers_) add_worker(t, w->counters());
  add_recorder(t, *recorder_);
  t.peak_rss_bytes = peak_rss_bytes();
  if (rules_ != nullptr) {
    t.rules_loaded = rules_->loaded();
    t.rules_rejected = rules_->rejected();
  }
  if (complete_) complete_(t);
  return t;
}

Totals Pipeline::give_up() {
  count_lost_before();
  recorder_->give_up();
  Totals t = totals();
  t.given_up = true;
  return t;
}

}  // namespace picket
