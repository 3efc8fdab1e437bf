// picket-collector — stands in the security operations centre and keeps the records of many sensors
#include <fmt/core.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string_view>

#include "export/clock.h"
#include "export/collector/cli.h"
#include "export/collector/filter.h"
#include "export/collector/metrics.h"
#include "export/collector/orders/order_desk.h"
#include "export/collector/server.h"
#include "export/collector/sinks.h"
#include "export/endpoint.h"
#include "export/file_limit.h"
#include "export/tls/signing.h"

namespace {

using namespace picket;
using namespace picket::collector;

int fail(const std::string& message) {
  fmt::print(stderr, "picket-collector: {}\n", message);
  return 1;
}

int ended(const Status& done) { return done ? 0 : fail(done.error().message); }

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

std::function<Status(const v1::Batch&)> verify_by(const std::shared_ptr<tls::Keyring>& keyring) {
  return [verifier = std::make_shared<tls::Verifier>(keyring)](const v1::Batch& batch) -> Status {
    if (const auto who = verifier->verify(batch); !who) return who.error();
    return Done{};
  };
}

/// nullptr: nobody asked for that.
Result<std::unique_ptr<metrics::Server>> serve_metrics(const Config& config, Router& router,
                                                       const DeadLetters& dead_letters,
                                                       const tls::Keyring* keyring, const Intake* intake) {
  if (config.metrics.listen.empty()) return std::unique_ptr<metrics::Server>();
  return metrics::Server::start(config.metrics, [&, keyring, intake](metrics::Format format) {
    Figures f;
    f.process = metrics::Process::now();
    f.version = PICKET_VERSION;
    f.tally = router.tally().state();
    f.sinks = router.sinks();
    f.held_bytes = router.held_bytes();
    f.dead_letters = dead_letters.written();
    f.dead_letters_lost = dead_letters.without_room();
    f.store_bytes = store_bytes(config.store.path);
    if (intake != nullptr) f.intake = intake->state();
    if (keyring != nullptr) f.tls = &keyring->counters();
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

  if (const std::uint64_t may = raise_file_limit(), needs = config.most_files(); may < needs) {
    spdlog::warn(
        "max-sensors: {} sensors take up to {} open files, and {} is what this process may have: those "
        "beyond will "
        "not get in; raise the hard limit (LimitNOFILE= of its service, ulimit -Hn), or lower max-sensors",
        config.server.max_sensors, needs, may);
  }
  auto sinks = open_sinks(config);
  if (!sinks) return fail(sinks.error().message);
  std::string keepers, last;
  for (const auto& s : sinks.value()) {
    if (s->name() != last) keepers += (keepers.empty() ? "" : ", ") + s->name();
    last = s->name();
  }
  DeadLetters dead_letters(config.dead_letter_path(), config.dead_letter_bytes);
  auto keyring = open_keyring(config.tls);
  if (!keyring) return fail(keyring.error().message);
  RouterOptions routing = config.router;
  if (keyring.value() != nullptr) routing.verify = verify_by(keyring.value());
  Router router(std::move(sinks).value(), dead_letters, routing);
  ServerOptions options = config.server;
  std::unique_ptr<OrderBook> book;
  std::unique_ptr<OrderDesk> orders;
  if (!config.orders.empty()) {
    auto opened = OrderBook::open(config.orders);
    if (!opened) return fail(opened.error().message);
    book = std::move(opened).value();
    orders = OrderDesk::start(*book, options.max_sensors);
    options.orders = orders.get();
  }
  std::unique_ptr<Server> server;
  std::unique_ptr<TlsPort>
      tls;  // after the server in this list: its threads hand connections to it until they end
  if (!config.tls.listen.empty()) {
    auto port = TlsPort::open(config.tls, keyring.value());
    if (!port) return fail(port.error().message);
    tls = std::move(port).value();
    options.identity_of = tls->identity_of();
  }
  if (config.listens()) {
    auto started = Server::start(options, router);
    if (!started) return fail(started.error().message);
    server = std::move(started).value();
  }
  if (!options.listen.empty()) {
    HostPort at = parse_host_port(options.listen, "--listen").value();  // Server::start has refused any other
    at.port = server->port();                                           // port 0 has become one that was free
    spdlog::info("listening on {}, records go to: {}", at.text(), keepers);
  }
  if (tls != nullptr) {
    if (const Status s = tls->listen(*server, config.server.max_sensors); !s) return fail(s.error().message);
    spdlog::info("listening with TLS on {}, records go to: {}", tls->address(), keepers);
  }
  std::unique_ptr<Intake> intake;
  if (!config.intake.folder.empty()) {
    auto opened = Intake::open(config.intake, router);
    if (!opened) return fail(opened.error().message);
    intake = std::move(opened).value();
    intake->start();
    spdlog::info("taking in files of '{}', records go to: {}", config.intake.folder, keepers);
  }
  auto metrics = serve_metrics(config, router, dead_letters, keyring.value().get(), intake.get());
  if (!metrics) return fail(metrics.error().message);
  if (metrics.value() != nullptr) spdlog::info("metrics: http://{}/metrics", metrics.value()->address());
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("stopping: {}", signal == SIGINT ? "SIGINT" : "SIGTERM");
  // Nothing is owed but what is committed: a second signal may end it at any moment.
  std::signal(SIGINT, end_at_once);
  std::signal(SIGTERM, end_at_once);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  if (server != nullptr) server->stop();
  metrics.value().reset();
  intake.reset();
  tls.reset();  // after the server: its last words go through it
  router.stop();
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
    case CommandLine::Command::kQuery:
      return ended(run_query(line->query, stdout));
    case CommandLine::Command::kLedger:
      return ended(run_ledger(line->report, stdout));
    case CommandLine::Command::kSensors:
      return ended(run_sensors(line->report, now_ns(), stdout));
    case CommandLine::Command::kBackup:
      return ended(run_backup(line->backup));
    case CommandLine::Command::kSchema:
      fmt::print("{}", clickhouse_schema_script(line->schema));
      return 0;
    case CommandLine::Command::kOrder:
      return run_order_command(line->order);
    case CommandLine::Command::kVersion:
      fmt::print("picket-collector {}\n", PICKET_VERSION);
      return 0;
  }
  return 0;
}
