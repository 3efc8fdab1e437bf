#include "export/collector/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

namespace picket::collector {
namespace {

constexpr int kWrongUsage = 2;
constexpr std::uint64_t kTableLimit = 100;

/// From here on ClickHouse has what the schema's better form needs (clickhouse_schema.h).
constexpr const char* kModernClickHouse = "21.3";

constexpr const char* kServeExample =
    "Example:\n  picket-collector serve --config /etc/picket/collector.yaml\n"
    "  picket-collector serve --listen 127.0.0.1:5514 --store records.db\n"
    "  picket-collector serve --intake /var/spool/diode --store records.db\n";
constexpr const char* kQueryExample =
    "EXPR compares fields by their EVE names: = != < <= > >= and ~ (contains), with and, or, not, ( ).\n"
    "Example:\n"
    "  picket-collector query --store records.db --type alert --since 24h\n"
    "  picket-collector query --address 10.1.0.0/16 --since 2026-11-01 --until 2026-11-02 --csv\n"
    "  picket-collector query --where \"src_ip = 10.0.0.0/8 and dns.queries.rrname ~ example\" --json\n";

constexpr const char* kBackupExample =
    "To go back to it: end `serve`, move the store and what lies beside it (-wal, -shm) away, put the copy "
    "in its place.\n"
    "Example:\n"
    "  picket-collector backup --store records.db /backup/records-2026-11-23.db\n";

constexpr const char* kSchemaExample =
    "`serve` makes these tables by itself; by hand they may have engines of one's own.\n"
    "Example:\n"
    "  picket-collector schema clickhouse --server-version 24.8 | clickhouse-client --multiquery\n";

}  // namespace

std::optional<CommandLine> read_command_line(int argc, char** argv, int& exit_status) {
  CommandLine line;
  std::string config_path, listen, intake, store, orders, log_level, schema_of,
      server_version = kModernClickHouse;
  std::optional<std::int64_t> limit;
  line.query.store = kDefaultStore;

  CLI::App app{"Takes the records of picket sensors, keeps each once, and answers questions about them."};
  app.name("picket-collector");
  app.require_subcommand(1);

  CLI::App* serve = app.add_subcommand("serve", "take records from sensors until SIGTERM");
  serve->add_option("--config", config_path, "configuration file (YAML)");
  serve->add_option("--listen", listen, "HOST:PORT where sensors connect, over the file's `listen`");
  serve->add_option("--intake", intake,
                    "folder of files from one-way sensors, over the file's `intake.folder`");
  serve->add_option("--store", store,
                    "file that keeps the records, over the file's `store`; none: other sinks alone");
  serve->add_option("--orders", orders, "folder of orders for sensors, over the file's `orders`");
  serve->add_option("--log-level", log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  serve->footer(config_help() + kServeExample);

  CLI::App* query = app.add_subcommand("query", "show records of a store");
  query->add_option("--store", line.query.store, "file that `serve` writes")->capture_default_str();
  query->add_option("--type", line.query.type, "only records of this type: alert, flow, dns ...");
  query->add_option("--where", line.query.where, "only records that fit an expression");
  query->add_option("--since", line.query.since,
                    "only records from this time on: 2023-11-14T22:13:20, or 90s, 15m, 24h, 7d ago");
  query->add_option("--until", line.query.until, "only records before this time, written as for --since");
  query->add_option("--address", line.query.address,
                    "only records from or to this address or network: 10.0.0.0/8");
  query->add_option("--community-id", line.query.community_id, "only records of this flow");
  query->add_option("--limit", limit, "the newest N; 0: all [100; with --json, --csv: all]")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  CLI::Option* json = query->add_flag("--json", line.query.json, "EVE JSON, a record a line");
  query
      ->add_flag("--identity", line.query.identity,
                 "with --json: each line begins with the record's sensor, boot, lane and number")
      ->needs(json);
  query->add_flag("--csv", line.query.csv, "CSV: the plain fields, and the rest as JSON in the last")
      ->excludes(json);
  query->add_flag("--count-by-type", line.query.count_by_type, "only how many of each type there are");
  query->footer(kQueryExample);

  add_order_commands(app, line.order);

  line.report.store = kDefaultStore;
  CLI::App* ledger = app.add_subcommand(
      "ledger", "show for each sensor, boot and lane what was made, and what became of it");
  CLI::App* sensors = app.add_subcommand("sensors", "show each sensor: last seen, lag, sums of its ledger");
  for (CLI::App* report : {ledger, sensors}) {
    report->add_option("--store", line.report.store, "file that `serve` writes")->capture_default_str();
    report->add_flag("--json", line.report.json, "JSON, an object a line");
    report->footer(fmt::format("Example:\n  picket-collector {} --store records.db\n", report->get_name()));
  }

  line.backup.store = kDefaultStore;
  CLI::App* backup = app.add_subcommand("backup", "copy a store into a file, while `serve` goes on");
  backup->add_option("file", line.backup.to, "the copy; it must not exist")->required();
  backup->add_option("--store", line.backup.store, "file that `serve` writes")->capture_default_str();
  backup->footer(kBackupExample);

  CLI::App* schema = app.add_subcommand("schema", "show the tables of a sink, as statements that make them");
  schema->add_option("sink", schema_of, "clickhouse")->required()->check(CLI::IsMember({"clickhouse"}));
  schema->add_option("--server-version", server_version, "of ClickHouse: what SELECT version() says")
      ->capture_default_str();
  schema->add_option("--database", line.schema.database, "the one of `clickhouse.database`")
      ->capture_default_str();
  schema->add_option("--keep-days", line.schema.keep_days, "TTL of the tables, from 21.3 on; 0: for ever")
      ->capture_default_str();
  schema->footer(kSchemaExample);

  CLI::App* version = app.add_subcommand("version", "show the version");
  version->footer("Example:\n  picket-collector version\n");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help
      exit_status = app.exit(e);
      return std::nullopt;
    }
    std::string where, what = e.what();
    for (const CLI::App* sub : app.get_subcommands()) where = sub->get_name() + " ";
    if (where.empty()) {
      what = argc < 2 ? "a command is missing" : fmt::format("there is no command '{}'", argv[1]);
      what += "; commands are serve, query, ledger, sensors, backup, schema, order, orders and version";
    }
    fmt::print(stderr, "picket-collector: {}; see: picket-collector {}--help\n", what, where);
    exit_status = kWrongUsage;
    return std::nullopt;
  }

  for (const CLI::App* sub : app.get_subcommands()) {
    for (const CLI::Option* option : sub->get_options()) {
      const auto& words = option->results();
      if (std::none_of(words.begin(), words.end(), [](const std::string& w) { return w.empty(); })) continue;
      fmt::print(stderr, "picket-collector: {}: is empty; give it a value or leave it away\n",
                 option->get_name());
      exit_status = kWrongUsage;
      return std::nullopt;
    }
  }
  if (version->parsed()) line.command = CommandLine::Command::kVersion;
  if (ledger->parsed()) line.command = CommandLine::Command::kLedger;
  if (sensors->parsed()) line.command = CommandLine::Command::kSensors;
  if (backup->parsed()) line.command = CommandLine::Command::kBackup;
  if (query->parsed()) {
    line.command = CommandLine::Command::kQuery;
    line.query.limit = limit                               ? static_cast<std::uint64_t>(*limit)
                       : line.query.json || line.query.csv ? 0
                                                           : kTableLimit;
  }
  if (schema->parsed()) {
    const auto known = parse_clickhouse_version(server_version);
    if (!known) {
      fmt::print(stderr, "picket-collector: --server-version: {}\n", known.error().message);
      exit_status = kWrongUsage;
      return std::nullopt;
    }
    line.command = CommandLine::Command::kSchema;
    line.schema.version = known.value();
  }
  if (line.order.command != OrderLine::Command::kNone) line.command = CommandLine::Command::kOrder;
  if (serve->parsed() && !config_path.empty()) {
    auto config = load_config(config_path);
    if (!config) {
      fmt::print(stderr, "picket-collector: {}\n", config.error().message);
      exit_status = kWrongUsage;
      return std::nullopt;
    }
    line.serve = std::move(config).value();
  }
  if (!listen.empty()) line.serve.server.listen = listen;
  if (!intake.empty()) line.serve.intake.folder = intake;
  if (serve->parsed() && !line.serve.listens() && line.serve.intake.folder.empty()) {
    fmt::print(stderr,
               "picket-collector: serve: nowhere to listen; give tls.listen with certificates in a file for "
               "--config, or "
               "--listen 127.0.0.1:5514 for this machine alone, or --intake FOLDER behind a data diode\n");
    exit_status = kWrongUsage;
    return std::nullopt;
  }
  if (line.serve.router.require_signatures && line.serve.tls.credentials.trust.ca.empty()) {
    fmt::print(stderr,
               "picket-collector: require-signatures: needs tls.ca, the CA of the sensors' certificates\n");
    exit_status = kWrongUsage;
    return std::nullopt;
  }
  if (!store.empty()) line.serve.store.path = store;
  if (!orders.empty()) line.serve.orders = orders;
  if (!log_level.empty()) line.serve.log_level = log_level;
  return line;
}

}  // namespace picket::collector
