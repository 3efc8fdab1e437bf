// picket-collector — stands in the security operations centre and keeps the records of many sensors
#include <fmt/core.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string_view>

#include "export/collector/cli.h"
#include "export/collector/metrics.h"
#include "export/collector/server.h"
#include "export/collector/store.h"
#include "export/endpoint.h"

namespace {

using namespace picket;
using namespace picket::collector;

int fail(const std::string& message) {
  fmt::print(stderr, "picket-collector: {}\n", message);
  return 1;
}

void end_at_once(int) {
  constexpr std::string_view kLine =
      "picket-collector: ended by a second signal; sensors send again what was not acknowledged\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, kLine.data(), kLine.size());
  ::_exit(1);
}

/// Of the file and what SQLite keeps beside it.
std::uint64_t store_bytes(const std::string& path) {
  std::uint64_t sum = 0;
  for (const char* beside : {"", "-wal", "-shm"}) {
    std::error_code missing;
    const auto n = std::filesystem::file_size(path + beside, missing);
    if (!missing) sum += n;
  }
  return sum;
}

/// nullptr: nobody asked for that.
Result<std::unique_ptr<metrics::Server>> serve_metrics(const Config& config, const Tally& tally) {
  if (config.metrics.listen.empty()) return std::unique_ptr<metrics::Server>();
  return metrics::Server::start(config.metrics, [&tally, path = config.store](metrics::Format format) {
    Figures f;
    f.process = metrics::Process::now();
    f.version = PICKET_VERSION;
    f.tally = tally.state();
    f.store_bytes = store_bytes(path);
    return metrics_text(f, format);
  });
}

/// Signals are blocked before any thread starts, so that all of them leave the signal to this one.
int serve(const Config& config) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  spdlog::set_default_logger(spdlog::stderr_color_mt("collector"));
  spdlog::set_level(spdlog::level::from_str(config.log_level));

  auto store = Store::open(config.store);
  if (!store) return fail(store.error().message);
  Tally tally;
  ServerOptions options = config.server;
  options.tally = &tally;
  auto server = Server::start(options, *store.value());
  if (!server) return fail(server.error().message);
  HostPort at =
      parse_host_port(config.server.listen, "--listen").value();  // Server::start has refused any other
  at.port = server.value()->port();                               // port 0 has become one that was free
  const auto metrics = serve_metrics(config, tally);
  if (!metrics) return fail(metrics.error().message);
  if (metrics.value() != nullptr) spdlog::info("metrics: http://{}/metrics", metrics.value()->address());
  spdlog::info("listening on {}, keeping records in {}", at.text(), config.store);
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("stopping: {}", signal == SIGINT ? "SIGINT" : "SIGTERM");
  // Nothing is owed but what is committed: a second signal may end it at any moment.
  std::signal(SIGINT, end_at_once);
  std::signal(SIGTERM, end_at_once);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  server.value()->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_status = 0;
  const auto line = read_command_line(argc, argv, exit_status);
  if (!line) return exit_status;
  switch (line->command) {
    case CommandLine::Command::kServe:
      return serve(line->serve);
    case CommandLine::Command::kQuery: {
      const Status done = run_query(line->query, stdout);
      return done ? 0 : fail(done.error().message);
    }
    case CommandLine::Command::kVersion:
      fmt::print("picket-collector {}\n", PICKET_VERSION);
      return 0;
  }
  return 0;
}
