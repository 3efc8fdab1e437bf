#include "export/delivery/delivery_sink.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "export/clock.h"
#include "export/delivery/chain_writer.h"
#include "export/delivery/dialer.h"
#include "export/delivery/link.h"
#include "export/delivery/one_way.h"
#include "export/random.h"

namespace picket::delivery {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kSealerIdle{100};
constexpr milliseconds kLookForRoom{100};
/// Live, with a spool on disk: what is still under way when the process ends may get there; nothing depends on it.
constexpr milliseconds kLastWait{1000};

std::uint64_t draw_boot() {
  std::uint64_t boot = 0;
  while (boot == 0) boot = random_bits();
  return boot;
}

std::string in_brackets(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

class DeliverySink final : public RecordSink {
 public:
  DeliverySink(std::string name, Options options, std::shared_ptr<DeliveryCounters> counters)
      : RecordSink(std::move(name)),
        options_(std::move(options)),
        counters_(std::move(counters)),
        waiting_(options_.wait) {}
  ~DeliverySink() override { close(); }

  Status open();
  void write(const OutRecord& r) override;
  void missed(RecordKind kind, std::uint64_t count) override {
    if (closed_) return;
    const std::size_t lane = lane_of(kind);
    counters_->lanes[lane].made.fetch_add(count, std::memory_order_relaxed);
    journal_->skip(lane, kind, count);
  }
  void tick() override {
    if (closed_) return;
    if (!placed_) placed_ = spool_->place(*boot_);
    journal_->tick(Clock::now());
  }
  void close() override;
  void abandon() override;

 private:
  /// Numbers of the recorder that a batch holds, until it is known what became of them.
  struct Waiting {
    std::uint64_t first = 0, last = 0;  ///< numbers of the lane
    std::vector<Run> runs;
  };

  [[nodiscard]] bool on_disk() const { return !options_.spool_folder.empty(); }
  Status start_outlets(const std::vector<HostPort>& collectors);
  Status wait_for_answer();
  void recover_ended();
  void seal_all();
  void settle_lane(std::size_t lane, std::uint64_t first, std::uint64_t last, bool delivered);
  template <class Done>
  void wait_for(milliseconds patience, Done done);
  void give_up(const std::string& cut);
  /// What stands in the way of the first outlet that is in trouble.
  [[nodiscard]] std::string trouble() const {
    for (const auto& o : outlets_) {
      if (std::string what = o->trouble(); !what.empty()) return what;
    }
    return {};
  }
  [[nodiscard]] std::string where() const {
    return options_.collectors.empty()
               ? "the folder " + options_.one_way_folder
               : fmt::format("the collector at {}", fmt::join(options_.collectors, ", "));
  }

  Options options_;
  const std::shared_ptr<DeliveryCounters> counters_;
  std::unique_ptr<Spool> spool_;
  BootFile* boot_ = nullptr;
  bool placed_ = false;  ///< its file is on disk, if it belongs there
  std::unique_ptr<Journal> journal_;
  std::vector<std::unique_ptr<ChainWriter>> writers_;
  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::thread sealer_;
  bool closed_ = true;

  std::mutex mutex_;
  std::condition_variable progress_;
  Clock::time_point progressed_ =
      Clock::now();  ///< the last acknowledgement, or when there was none to wait for
  std::atomic<bool> waiting_, gave_up_{false}, abandoned_{false}, ending_{false};

  std::mutex settle_mutex_;
  std::array<std::deque<Waiting>, kLaneCount> unsettled_;
};

// ---- start ----

Status DeliverySink::open() {
  std::vector<HostPort> collectors;
  for (const std::string& text : options_.collectors) {
    auto at = parse_host_port(text, "--export");
    if (!at) return at.error();
    if (options_.dial == nullptr) {
      if (const Status safe = require_loopback(at.value(), "--export", kEncrypt); !safe) return safe.error();
    }
    collectors.push_back(std::move(at).value());
  }
  if (!options_.wait && !on_disk())
    spdlog::warn(
        "export.spool.path is not set: what waits in memory when picket is killed is lost, and nobody tells "
        "of it");
  SpoolOptions spool;
  spool.folder = options_.spool_folder;
  spool.max_bytes = options_.spool_max_bytes;
  spool.max_memory_bytes = options_.max_unacked_bytes;
  spool.max_age = std::chrono::hours(options_.spool_max_age_h);
  spool.max_refused_bytes = options_.spool_max_refused_bytes;
  spool.fsync = options_.spool_fsync;
  spool.places.clear();
  if (options_.mode == Mode::kAll) {
    for (const HostPort& at : collectors) spool.places.push_back(at.text());
  } else if (!collectors.empty()) {
    spool.places.emplace_back("collector");
  }
  if (!options_.one_way_folder.empty()) spool.places.push_back("one-way:" + options_.one_way_folder);
  if (options_.dial == nullptr) {
    options_.dial = dial_loopback;
    options_.trouble = loopback_trouble;
  }
  auto opened = Spool::open(std::move(spool), *counters_);
  if (!opened) return opened.error();
  spool_ = std::move(opened).value();
  recover_ended();
  if (options_.sign) {
    if (const Status own = spool_->keep_only(options_.sensor); !own) return own.error();
  }
  if (const std::uint64_t owed = spool_->owed(); owed != 0)
    spdlog::info("spool: {} records of earlier runs are still to be delivered", owed);

  JournalLimits limits;
  limits.max_batch_bytes = options_.max_batch_bytes;
  limits.max_batch_records = options_.max_batch_records;
  limits.max_batch_age = options_.max_batch_age;
  limits.segments = options_.segments;
  BootFile::Options boot;
  boot.sensor = options_.sensor;
  boot.boot = options_.boot != 0 ? options_.boot : draw_boot();
  boot.started_at = now_ns();
  boot.segment_bytes = limits.segment_bytes();
  boot.segments = limits.segments;
  auto begun = spool_->begin(boot, [this](std::size_t lane, std::uint64_t first, std::uint64_t last,
                                          bool good) { settle_lane(lane, first, last, good); });
  if (!begun) return begun.error();
  boot_ = begun.value();
  journal_ = std::make_unique<Journal>(*boot_, limits);
  for (std::size_t lane = 0; lane < kLaneCount; ++lane)
    writers_.push_back(std::make_unique<ChainWriter>(*spool_, *boot_, lane, options_.compress));
  closed_ = false;
  if (const Status started = start_outlets(collectors); !started) return started.error();
  sealer_ = std::thread([this] { seal_all(); });
  return wait_for_answer();
}

void DeliverySink::recover_ended() {
  for (BootFile* ended : spool_->ended()) {
    const std::uint64_t saved = recover(*spool_, *ended, options_.compress);
    if (saved != 0)
      spdlog::info("spool: {} records that a picket before this one had in hand are saved", saved);
  }
}

Status DeliverySink::start_outlets(const std::vector<HostPort>& collectors) {
  const auto progressed = [this] {
    const std::lock_guard lock(mutex_);
    progressed_ = Clock::now();
    progress_.notify_all();
  };
  LinkOptions link;
  link.dial = options_.dial;
  link.trouble = options_.trouble;
  link.sign = options_.sign;
  link.max_backoff = options_.max_backoff;
  link.return_after = options_.return_after;
  link.stalled_after = options_.stalled_after;
  std::size_t place = 0;
  if (options_.mode == Mode::kFailover && !collectors.empty()) {
    link.place = place++;
    link.collectors = collectors;
    outlets_.push_back(start_link(link, *spool_, *counters_, progressed));
  } else {
    for (const HostPort& at : collectors) {
      link.place = place++;
      link.collectors = {at};
      outlets_.push_back(start_link(link, *spool_, *counters_, progressed));
    }
  }
  if (options_.one_way_folder.empty()) return Done{};
  OneWayOptions files;
  files.place = place;
  files.folder = options_.one_way_folder;
  files.max_bytes = options_.one_way_max_bytes;
  files.ready = options_.ready;
  files.sign = options_.sign;
  auto one_way = start_one_way(std::move(files), *spool_, *counters_, progressed);
  if (!one_way) return one_way.error();
  outlets_.push_back(std::move(one_way).value());
  return Done{};
}

/// A replay that can only deliver to a collector says at once when there is none.
Status DeliverySink::wait_for_answer() {
  if (!options_.wait || on_disk() || options_.collectors.empty()) return Done{};
  const auto until = Clock::now() + options_.patience;
  const auto answered = [&] {
    return std::all_of(outlets_.begin(), outlets_.end(), [](const auto& o) { return o->connected(); });
  };
  while (!answered()) {
    if (Clock::now() >= until || (options_.interrupted && options_.interrupted())) {
      return Error{fmt::format(
          "--export: no collector answers at {}; start one there with `picket-collector serve`, or "
          "write to a file with --records{}",
          fmt::join(options_.collectors, ", "), in_brackets(trouble()))};
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  return Done{};
}

// ---- export thread ----

void DeliverySink::write(const OutRecord& r) {
  if (closed_ || ((gave_up_.load(std::memory_order_relaxed) || abandoned_.load(std::memory_order_relaxed)) &&
                  !on_disk()))
    return settle(r.seq, 1, false);
  const std::size_t lane = lane_of(r.kind);
  while (waiting_.load(std::memory_order_relaxed) && !journal_->ready(lane, r.bytes.size()))
    journal_->wait_for_room(lane, kLookForRoom);
  counters_->lanes[lane].made.fetch_add(1, std::memory_order_relaxed);
  if (!journal_->append(lane, r.kind, r.seq, r.bytes)) settle(r.seq, 1, false);
}

/// Until `done`, as long as something is acknowledged within `patience` now and then. What ends it early is given up.
template <class Done>
void DeliverySink::wait_for(milliseconds patience, Done done) {
  for (;;) {
    if (done() || abandoned_ || gave_up_) return;
    std::unique_lock lock(mutex_);
    if (Clock::now() - progressed_ >= patience) {
      lock.unlock();
      if (!on_disk()) give_up("");
      waiting_ = false;
      return;
    }
    progress_.wait_for(lock, milliseconds(20));
  }
}

void DeliverySink::give_up(const std::string& cut) {
  if (gave_up_.exchange(true)) return;
  waiting_ = false;
  const std::string why = !cut.empty() ? cut
                                       : fmt::format("{} has acknowledged nothing for {} ms{}", where(),
                                                     options_.patience.count(), in_brackets(trouble()));
  spdlog::error("{}; {} records that wait and all further ones are counted as lost there", why,
                spool_->owed());
}

void DeliverySink::abandon() {
  abandoned_ = true;
  waiting_ = false;
  if (!on_disk())
    give_up(
        fmt::format("delivery to the collector at {} was cut short", fmt::join(options_.collectors, ", ")));
  const std::lock_guard lock(mutex_);
  progress_.notify_all();
}

void DeliverySink::close() {
  if (closed_) return;
  closed_ = true;
  if (sealer_.joinable()) {
    journal_->flush();
    ending_ = true;
    sealer_.join();
    const bool patient = !on_disk() || options_.wait;
    if (!outlets_.empty()) {
      {
        const std::lock_guard lock(mutex_);
        if (!patient) progressed_ = Clock::now();
      }
      wait_for(patient ? options_.patience : std::min(kLastWait, options_.patience),
               [this] { return spool_->empty(); });
    }
  }
  for (const auto& o : outlets_) o->stop();
  outlets_.clear();
  if (const std::uint64_t owed = spool_->owed(); owed != 0 && on_disk())
    spdlog::info("spool: {} records, those in gaps among them, stay in '{}', to be delivered by the next run",
                 owed, options_.spool_folder);
  spool_->close(*boot_);
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) settle_lane(lane, 1, ~std::uint64_t{0}, false);
}

// ---- the sealer's thread ----

void DeliverySink::seal_all() {
  auto ticked = Clock::now();
  const auto tick = [&] {
    if (Clock::now() - ticked < kSealerIdle) return;
    spool_->tick();
    recover_ended();
    ticked = Clock::now();
  };
  for (;;) {
    const bool last = ending_;
    tick();
    const auto filled = journal_->take(last ? milliseconds(0) : kSealerIdle);
    if (!filled) {
      if (last) return;
      continue;
    }
    const std::uint64_t bytes = filled->segment == nullptr ? 0 : filled->segment->bytes();
    const auto room = [&] {
      tick();  // a disk that was full is tried again
      return !waiting_ || spool_->has_room(bytes);
    };
    if (waiting_) wait_for(options_.patience, room);
    if (spool_->empty()) {
      const std::lock_guard lock(mutex_);
      progressed_ = Clock::now();
    }
    // Known before it is in the spool: a link may have its acknowledgement before this thread goes on.
    const std::uint64_t first = filled->first_seq;
    const std::uint64_t end = first + (filled->segment == nullptr ? 0 : filled->segment->count());
    if (end > first) {
      const std::lock_guard lock(settle_mutex_);
      unsettled_[filled->lane].push_back({first, end - 1, filled->runs});
    }
    if (writers_[filled->lane]->seal(*filled)) settle_lane(filled->lane, first, end - 1, true);
    counters_->lanes[filled->lane].spooled.fetch_add(end - first, std::memory_order_relaxed);
    journal_->release(*filled);
    for (const auto& o : outlets_) o->wake();
  }
}

/// Any thread. Batches are whole: those that begin within the numbers.
void DeliverySink::settle_lane(std::size_t lane, std::uint64_t first, std::uint64_t last, bool delivered) {
  const std::lock_guard lock(settle_mutex_);
  auto& all = unsettled_[lane];
  const auto begin = std::lower_bound(all.begin(), all.end(), first,
                                      [](const Waiting& w, std::uint64_t n) { return w.first < n; });
  auto end = begin;
  for (; end != all.end() && end->first <= last; ++end) {
    for (const Run& run : end->runs) settle(run.first, run.count, delivered);
  }
  all.erase(begin, end);
}

}  // namespace

Result<std::unique_ptr<RecordSink>> open_delivery_sink(Options options,
                                                       std::shared_ptr<DeliveryCounters> counters) {
  if (counters == nullptr) counters = std::make_shared<DeliveryCounters>();
  const std::string name = options.collectors.empty()
                               ? "export.one-way.folder " + options.one_way_folder
                               : fmt::format("--export {}", fmt::join(options.collectors, ", "));
  auto sink = std::make_unique<DeliverySink>(name, std::move(options), std::move(counters));
  if (const Status opened = sink->open(); !opened) return opened.error();
  return std::unique_ptr<RecordSink>(std::move(sink));
}

}  // namespace picket::delivery
