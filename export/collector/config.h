// export/collector/config.h — the collector's configuration: a few keys in a YAML file, or given on the
// command line
#pragma once
#include <string>

#include "export/collector/intake.h"
#include "export/collector/server.h"
#include "export/collector/sinks/clickhouse_sink.h"
#include "export/collector/sinks/eve_files_sink.h"
#include "export/collector/sinks/kafka_sink.h"
#include "export/collector/sinks/syslog_sink.h"
#include "export/collector/store.h"
#include "export/collector/tls_port.h"
#include "export/metrics/server.h"
#include "parsers/core/result.h"

namespace picket::collector {

inline constexpr const char* kDefaultStore = "/var/lib/picket/collector.db";

inline constexpr const char* kBesideStore = "";  ///< the store's name with .dead-letters behind it
inline constexpr const char* kNone = "none";

struct Config {
  ServerOptions server{.listen = ""};  ///< without TLS: only where somebody has said so
  TlsPortOptions tls;
  RouterOptions router;
  IntakeOptions intake;
  StoreOptions store{kDefaultStore};  ///< path "none": there is no embedded store
  // The other sinks; each is made when its first field is given.
  EveFilesOptions eve;
  ClickHouseOptions clickhouse{.url = ""};
  unsigned clickhouse_lines = 1;  ///< sinks with a connection each, see router.h
  KafkaOptions kafka{.brokers = "", .transactional_id = ""};
  SyslogOptions syslog;
  std::string dead_letter = kBesideStore;  ///< "none": they are counted alone
  std::uint64_t dead_letter_bytes = std::uint64_t{256} << 20;
  std::string orders;  ///< folder of orders for sensors; "": there are none
  std::string log_level = "info";
  metrics::ServerConfig metrics;

  [[nodiscard]] bool has_store() const { return store.path != kNone; }
  /// False: what comes, comes in files.
  [[nodiscard]] bool listens() const { return !server.listen.empty() || !tls.listen.empty(); }
  /// Files and sockets that it may have open with all its sensors, and some for sinks and folders.
  [[nodiscard]] std::uint64_t most_files() const;
  /// Where dead letters go; "" when they are counted alone.
  [[nodiscard]] std::string dead_letter_path() const;
  /// Kafka's: where none is given, no two collectors that run have the same, and each keeps its own over a restart.
  [[nodiscard]] std::string transactional_id() const;
};

/// Keys, with their defaults and meaning, one a line: for --help.
std::string config_help();

/// Reads `path` over the defaults. The error names file, line and key.
Result<Config> load_config(const std::string& path);

}  // namespace picket::collector
