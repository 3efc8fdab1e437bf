// picket-collector — stands in the security operations centre and keeps the records of many sensors
#include <fmt/core.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "export/collector/cli.h"
#include "export/collector/orders/order_desk.h"
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
  std::unique_ptr<OrderBook> book;
  std::unique_ptr<OrderDesk> orders;
  ServerOptions options = config.server;
  if (!config.orders.empty()) {
    auto opened = OrderBook::open(config.orders);
    if (!opened) return fail(opened.error().message);
    book = std::move(opened).value();
    orders = OrderDesk::start(*book, options.max_sensors);
    options.orders = orders.get();
  }
  auto server = Server::start(options, *store.value());
  if (!server) return fail(server.error().message);
  HostPort at =
      parse_host_port(config.server.listen, "--listen").value();  // Server::start has refused any other
  at.port = server.value()->port();                               // port 0 has become one that was free
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
    case CommandLine::Command::kOrder:
      return run_order_command(line->order);
    case CommandLine::Command::kVersion:
      fmt::print("picket-collector {}\n", PICKET_VERSION);
      return 0;
  }
  return 0;
}
