// picket run: live, from DPDK ports, until SIGINT or SIGTERM
#include <spdlog/spdlog.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "dataplane/io/live.h"
#include "sensor/commands.h"
#include "sensor/pipeline.h"
#include "sensor/setup.h"
#include "sensor/stop_signal.h"

namespace picket {
namespace {

using Clock = std::chrono::steady_clock;
/// After the signal: time for what is in the queues. A port that never falls silent is left then.
/// Records of busy workers may wait in the merge for a silent one up to here; then they wait in their rings.
constexpr std::size_t kMergeBytes = std::size_t{64} << 20;
constexpr auto kDrainTime = std::chrono::seconds(2);

void add_ports(Totals& totals, LivePorts& ports) {
  for (const PortStats& s : ports.stats()) {
    totals.port_missed += s.missed;
    totals.port_errors += s.errors;
    totals.port_no_buffer += s.no_buffer;
  }
  // What the dispatcher took from a port and no worker had room for: received, and dropped by name.
  totals.received += ports.ring_full();
  totals.verdicts[static_cast<std::size_t>(Verdict::kRingFull)] += ports.ring_full();
}

}  // namespace

int run_command(const Options& o) {
  const StopSignal stop;
  if (o.interfaces.empty() && o.vdevs.empty())
    return complain("run: no port; give --interface IFACE or --vdev SPEC"), 2;
  auto setup = make_setup(o);
  if (!setup) return 2;

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
  auto sinks = open_sinks(o, setup->config, true);
  if (!sinks) return complain(sinks.error().message), 1;

  std::vector<PacketSource*> sources;
  for (unsigned i = 0; i < live.workers; ++i) sources.push_back(&ports.source(i));
  setup->pipeline.worker.wait_for_room = false;
  setup->pipeline.held_limit = kMergeBytes;
  setup->pipeline.encoder.taps = live.interfaces;  // in the order of Packet::tap
  setup->pipeline.encoder.taps.insert(setup->pipeline.encoder.taps.end(), live.devices.begin(),
                                      live.devices.end());
  setup->pipeline.encoder.packet_numbers = false;
  Pipeline pipeline(setup->pipeline, sources, setup->rules.get(), std::move(sinks).value());
  const auto begin = Clock::now();
  pipeline.start();
  std::thread dispatcher;
  if (ports.needs_dispatcher()) dispatcher = std::thread([&] { ports.dispatch(); });
  spdlog::info("run: started, {} workers", live.workers);
  while (!stop.wait_for(std::chrono::milliseconds(1000))) ports.housekeep();

  spdlog::info("run: stopping");
  ports.stop();
  if (dispatcher.joinable()) dispatcher.join();
  std::jthread limit([&](const std::stop_token& done) {
    const auto end = Clock::now() + kDrainTime;
    while (!done.stop_requested() && Clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (!done.stop_requested()) pipeline.stop();
  });
  pipeline.join();
  limit.request_stop();
  Totals totals = pipeline.totals();
  add_ports(totals, ports);
  totals.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const bool stdout_taken = o.eve == "-" || o.records == "-" || o.stats == "-";
  (stdout_taken ? std::cerr : std::cout) << summary_text(totals) << std::flush;
  return write_stats(o, totals) && totals.ledger_exact() ? 0 : 1;
}

}  // namespace picket
