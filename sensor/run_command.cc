// picket run: live, from DPDK ports, until SIGINT or SIGTERM
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "dataplane/io/eal.h"
#include "dataplane/io/live.h"
#include "sensor/commands.h"
#include "sensor/ending.h"
#include "sensor/orders.h"
#include "sensor/pipeline.h"
#include "sensor/reloader.h"
#include "sensor/setup.h"
#include "sensor/stop_signal.h"

namespace picket {
namespace {

using Clock = std::chrono::steady_clock;
/// Records of busy workers may wait in the merge for a silent one up to here; then they wait in their rings.
constexpr std::size_t kMergeBytes = std::size_t{64} << 20;
/// After the signal: time for what is in the queues. A port that never falls silent is left then.
constexpr std::chrono::seconds kDrainTime{2};
constexpr std::chrono::seconds kHousekeeping{1};

/// What no worker saw. `unread`: nobody polls any more, and this many packets were found in the queues.
void add_ports(Totals& totals, LivePorts& ports, std::uint64_t unread) {
  for (const PortStats& s : ports.stats()) {
    totals.port_missed += s.missed;
    totals.port_errors += s.errors;
    totals.port_no_buffer += s.no_buffer;
  }
  const auto drop = [&](Verdict why, std::uint64_t n) {
    totals.received += n;
    totals.verdicts[static_cast<std::size_t>(why)] += n;
  };
  // What the dispatcher took from a port and no worker had room for, and what nobody came to take.
  drop(Verdict::kRingFull, ports.ring_full());
  drop(Verdict::kUnread, unread);
}

}  // namespace

int run_command(const Options& o) {
  if (o.interfaces.empty() && o.vdevs.empty())
    return complain("run: no port; give --interface IFACE or --vdev SPEC"), 2;
  if (auto words = split_eal_args(o.eal); !words) return complain(words.error().message), 2;
  auto setup = make_setup(o);
  if (!setup) return 2;
  const StopSignal stop(StopSignal::Hangup::kTaken);  // before DPDK's threads and gRPC's

  LiveConfig live;
  for (const std::string& i : o.interfaces)
    (i.find(':') != std::string::npos ? live.devices : live.interfaces).push_back(i);
  live.devices.insert(live.devices.end(), o.vdevs.begin(), o.vdevs.end());
  live.eal_args = o.eal;
  live.workers = setup->config.workers;
  live.shard_mode = setup->config.rss;
  live.decode = setup->pipeline.worker.decode;
  std::vector<std::string> notes;
  auto opened = LivePorts::open(live, notes);
  for (const std::string& n : notes) spdlog::info("{}", n);
  if (!opened) return complain(opened.error().message), 1;
  LivePorts& ports = *opened.value();
  auto sinks = open_sinks(o, *setup, true, stop);
  if (!sinks) return complain(sinks.error().message), 1;

  std::vector<PacketSource*> sources;
  for (unsigned i = 0; i < live.workers; ++i) sources.push_back(&ports.source(i));
  setup->pipeline.worker.wait_for_room = false;
  setup->pipeline.held_limit = kMergeBytes;
  setup->pipeline.encoder.taps = live.interfaces;  // in the order of Packet::tap
  setup->pipeline.encoder.taps.insert(setup->pipeline.encoder.taps.end(), live.devices.begin(),
                                      live.devices.end());
  setup->pipeline.encoder.packet_numbers = false;
  // Counted by the export thread when every worker has ended, for the last record of statistics.
  std::atomic<std::uint64_t> unread{0};
  setup->pipeline.complete = [&](Totals& t) { add_ports(t, ports, unread.load(std::memory_order_relaxed)); };
  setup->pipeline.at_end = [&] { unread.store(ports.count_unread(), std::memory_order_relaxed); };
  setup->pipeline.utc_offset_ns = [&] { return ports.utc_offset_ns(); };
  setup->pipeline.statistics_every_ns = std::uint64_t{setup->config.stats_interval_s} * 1'000'000'000;
  if (const Status s = add_assets(o, *setup, true); !s) return complain(s.error().message), 2;
  RuleBase::Rejections rejections;
  std::optional<OrderedRules> ordered;
  std::optional<OrderedIndicators> ordered_indicators;
  if (setup->orders != nullptr) {
    ordered.emplace(*setup->orders, setup->rules.get());
    ordered_indicators.emplace(*setup->orders, *setup->indicators);
  }
  setup->indicators.reset();
  if (setup->rules != nullptr) {
    rejections = setup->rules->rejections;
    setup->rules->forget_source();
  }
  Pipeline pipeline(setup->pipeline, sources, std::move(setup->rules), std::move(sinks).value());
  const auto metrics = serve_metrics(*setup, pipeline);
  if (!metrics) return complain(metrics.error().message), 1;
  const auto begin = Clock::now();
  pipeline.start();
  std::thread dispatcher;
  if (ports.needs_dispatcher()) dispatcher = std::thread([&] { ports.dispatch(); });
  std::optional<Reloader> reloader;
  if (setup->loader != nullptr) {
    ReloadConfig reload;
    reload.watch = std::chrono::seconds(setup->config.rules.watch_s);
    reload.strict = o.rules_strict;
    if (ordered) ordered->join(reload);
    reloader.emplace(*setup->loader, pipeline, std::move(rejections), reload);
  }
  std::optional<IndicatorReloader> indicators;
  if (setup->intel != nullptr)
    indicators.emplace(setup->config.intel, *setup->intel, [&ordered_indicators](const LoadedIndicators& l) {
      return ordered_indicators ? ordered_indicators->judge(l) : Status(Done{});
    });
  std::unique_ptr<OrderClient> orders;
  if (ordered) {
    auto started = start_orders(setup->config, setup->order_counters, *setup->orders, *ordered, *reloader,
                                *ordered_indicators, *indicators);
    if (!started) spdlog::warn("{}", started.error().message);
    if (started) orders = std::move(started).value();
  }
  spdlog::info("run: started, {} workers", live.workers);

  EndingConfig config;
  config.stop_timeout = std::chrono::seconds(setup->config.stop_timeout_s);
  config.drain_time = kDrainTime;
  config.hangup = [&] {
    if (reloader) reloader->order("SIGHUP");
    if (indicators) indicators->order("SIGHUP");
    if (!reloader && !indicators)
      spdlog::warn(
          "SIGHUP: there are neither rules nor indicators to read again; name files of them and start once "
          "more");
  };
  config.stop_source = [&] { ports.stop(); };
  config.leave_queues = [&] {
    ports.abandon();
    if (dispatcher.joinable()) dispatcher.join();
  };
  Ending ending(stop, pipeline, config);
  while (!ending.wait(kHousekeeping)) ports.housekeep();

  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (ending.hung()) {
    Totals totals = pipeline.give_up();
    totals.seconds = seconds;
    end_hung(o, totals);
  }
  orders.reset();
  reloader.reset();
  indicators.reset();
  if (dispatcher.joinable()) dispatcher.join();
  pipeline.join();
  stop.release();
  Totals totals = pipeline.totals();
  totals.seconds = seconds;
  const int status = report(o, totals);
  const bool kept = setup->assets == nullptr || setup->assets->save();
  return ending.cut() || !kept ? 1 : status;
}

}  // namespace picket
