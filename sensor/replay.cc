#include "sensor/replay.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "dataplane/io/pcap_file.h"
#include "dataplane/io/replay_source.h"
#include "sensor/ending.h"

namespace picket {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kProgress{50};

/// A line that is written over, on a terminal only.
class Progress {
 public:
  Progress(const Replay& replay, std::uint64_t total_bytes)
      : replay_(replay), total_(total_bytes), on_(isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (shown_) std::cerr << "\r\033[K";
  }
  void show() {
    if (!on_ || total_ == 0) return;
    shown_ = true;
    std::cerr << fmt::format("\rreplay: {:.0f} %, {} packets",
                             std::min(100.0, 100.0 * static_cast<double>(replay_.bytes_done()) /
                                                 static_cast<double>(total_)),
                             replay_.packets_done())
              << std::flush;
  }

 private:
  const Replay& replay_;
  std::uint64_t total_;
  bool on_, shown_ = false;
};

}  // namespace

Result<ReplayOutcome> replay_captures(const Options& o, CaptureList captures, double pace, Setup& setup,
                                      std::vector<std::unique_ptr<RecordSink>> sinks,
                                      const StopSignal& stop) {
  ReplayConfig config;
  config.files = std::move(captures.files);
  config.workers = setup.config.workers;
  config.shard_mode = setup.config.rss;
  config.decode = setup.pipeline.worker.decode;
  config.loops = o.loops;
  config.pace = pace;
  Replay replay(config);
  std::vector<PacketSource*> sources;
  for (unsigned i = 0; i < config.workers; ++i) sources.push_back(&replay.source(i));
  Pipeline pipeline(setup.pipeline, sources, std::move(setup.rules), std::move(sinks));
  const auto metrics = serve_metrics(setup, pipeline);
  if (!metrics) return metrics.error();

  spdlog::info("replay: started, {} files, {} workers", config.files.size(), config.workers);
  const auto begin = Clock::now();
  pipeline.start();
  std::thread reader([&] { replay.run(); });
  EndingConfig end;
  end.stop_timeout = std::chrono::seconds(setup.config.stop_timeout_s);
  end.stop_source = [&] { replay.stop(); };
  end.source_finished = [&] { return replay.finished(); };
  Ending ending(stop, pipeline, end);
  {
    Progress progress(replay, captures.bytes * o.loops);
    while (!ending.wait(kProgress)) progress.show();
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (ending.hung()) {
    Totals totals = pipeline.give_up();
    totals.seconds = seconds;
    end_hung(o, totals);
  }
  reader.join();
  pipeline.join();
  stop.release();
  ReplayOutcome out;
  Totals& totals = out.totals;
  totals = pipeline.totals();
  totals.seconds = seconds;
  const bool all_seen = replay.report().packets == totals.received;
  if (ending.cut()) {  // the workers left the rest where it was
    totals.verdicts[static_cast<std::size_t>(Verdict::kUnread)] += replay.report().packets - totals.received;
    totals.received = replay.report().packets;
  }
  totals.capture_errors = replay.report().errors;
  totals.captures_damaged = replay.report().damaged.size();

  for (const std::string& e : replay.report().errors) complain(e);
  if (ending.asked()) complain("interrupted after " + std::to_string(replay.report().packets) + " packets");
  // A file named on the command line must be sound; a folder may hold damaged ones.
  const auto& folders = captures.from_folder;
  const auto& bad = replay.report().damaged;
  const bool named_file_failed =
      std::any_of(bad.begin(), bad.end(), [&](std::size_t i) { return !folders[i]; });
  out.whole = all_seen && !named_file_failed && !ending.asked();
  return out;
}

}  // namespace picket
