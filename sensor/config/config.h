// sensor/config/config.h — everything that can be configured, as plain structs, and how they are filled
//
//   defaults ──> configuration file (YAML) ──> --set KEY=VALUE, in order      the later one wins
//
// Keys carry Suricata's names where they mean the same. The table of keys, each with its range and a line of
// help, is config_keys.cc; a default is what the struct that uses it says. Limits of protocols come from
// their specs: app-layer.protocols.<name>.<limit>.
//
// Refuses unknown keys, with the nearest known one; values out of range; broken YAML: each one line with
// file, line and
//         column. Keys that Suricata has and picket does not honour are warnings, and so are values beyond
//         what a protocol's limit allows, which are cut to it (Suricata takes 0 as "no limit" there).
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/decode/shard.h"
#include "dataplane/worker.h"
#include "export/delivery/options.h"
#include "export/metrics/server.h"
#include "export/ot_summaries.h"
#include "export/tls/credentials.h"
#include "parsers/core/result.h"

namespace picket {

/// Which records are written, and where.
struct EveConfig {
  bool enabled = false;               ///< outputs.eve-log.enabled
  std::string filename = "eve.json";  ///< used when `enabled` and --eve is not given
  bool community_id = true;
  std::uint16_t community_id_seed = 0;
  bool alerts = true, stats = true;
  std::vector<bool> transactions;  ///< by ProtocolId
  RecordDetail detail;
  /// app-layer.protocols.<name>.detail and detail-interval, by ProtocolId; kChanges where it has an OtProtocol.
  std::vector<OtTelling> ot;
  std::size_t ot_memcap_bytes = OtSummaries::Config{}.memcap_bytes;  ///< app-layer.detail-memcap
};

/// The inventory of assets.
struct AssetsConfig {
  enum class Keep : std::uint8_t { kAuto, kNo, kYes };
  Keep keep = Keep::kAuto;  ///< kAuto: live, and in a replay with --assets
  bool records = true;      ///< outputs.eve-log.types.asset.enabled: of what is kept
  std::size_t max = 16384;
  std::uint32_t settle_s = 60;  ///< between what is new or changed and its record
  std::uint32_t interval_s = 86400;
  /// Whose: as in a rule's header.
  std::string networks = "[$HOME_NET,127.0.0.0/8,169.254.0.0/16,fc00::/7,fe80::/10]";
  std::string state;  ///< file in which it outlives a run; "": it does not
  std::uint32_t state_interval_s = 300;
  std::string vendors = "/usr/share/ieee-data";  ///< folder of the IEEE's lists of MAC prefixes; "": none
};

/// Indicators of compromise.
struct IntelConfig {
  std::vector<std::string> files;  ///< or glob patterns; none: nothing is looked up
  std::size_t memcap_bytes = std::size_t{256} << 20;
  std::uint32_t per_minute = 60;  ///< records of one indicator
  std::uint32_t watch_s = 5;      ///< live: the files are looked at this often; 0: never
};

/// Sets of rules and indicators that collectors send.
struct OrdersConfig {
  std::string folder;                                  ///< where they are kept; "": none are taken
  std::string key;                                     ///< file of the public keys that may sign them
  std::uint64_t max_bytes = std::uint64_t{256} << 20;  ///< of one set
};

/// Collectors by TLS, and the key that signs what is sent.
struct ExportTlsConfig {
  tls::CredentialsOptions credentials{.side = tls::Side::kSensor, .trust = {.section = "export.tls"}};
  std::string server_name;  ///< what each collector's certificate has to bear; "": the host that is dialled
  /// Is any of it configured? What is missing then, loading the credentials says.
  [[nodiscard]] bool wanted() const {
    const tls::CredentialsOptions& c = credentials;
    return !(c.trust.ca + c.trust.crl + c.certificate + c.key + server_name).empty();
  }
};

struct RulesConfig {
  std::string default_path;        ///< where relative rule files are; "": where the configuration file is
  std::vector<std::string> files;  ///< with default_path in front; glob patterns stand as they are
  std::string threshold_file, classification_file, reference_file;  ///< "": none, or what is built in
  std::string data_dir;                                             ///< "": data sets are not kept
  std::string reputation_path, reputation_categories_file, geoip_database;
  std::vector<std::string> reputation_files;  ///< with reputation_path in front
  std::uint32_t watch_s = 5;                  ///< live: rule files are looked at this often; 0: never
  /// What stands for $NAME, as written: only those that were configured.
  using Groups = std::map<std::string, std::string, std::less<>>;
  Groups address_groups, port_groups;
};

struct Config {
  std::string
      sensor_name;  ///< EVE's `host`; "": none, or what export.tls.certificate says (sensor/export_tls.h)
  std::string log_level = "info";  ///< debug, info, warning, error
  unsigned workers = 1;
  std::vector<int> cores;  ///< where workers are pinned; empty: the kernel decides
  ShardMode rss = ShardMode::kIpPair;
  WorkerConfig worker;  ///< decode, defrag, flow, stream, app, records, memory; id and count are not set
  EveConfig eve;
  AssetsConfig assets;
  IntelConfig intel;
  OrdersConfig orders;
  RulesConfig rules;
  std::uint32_t stats_interval_s = 8;  ///< live: a record of statistics this often; 0: at the end only
  std::uint32_t stop_timeout_s = 10;   ///< what a clean end after a signal may take
  delivery::Options exporter;          ///< no collectors unless configured
  ExportTlsConfig export_tls;
  metrics::ServerConfig metrics;      ///< `listen` is "" unless configured
  std::vector<std::string> warnings;  ///< one line each
};

/// Everything at its default.
[[nodiscard]] Config default_config();

/// The error has one line for each problem, at most kMaxConfigErrors of them.
inline constexpr std::size_t kMaxConfigErrors = 20;
[[nodiscard]] Result<Config> load_config(const std::optional<std::filesystem::path>& file,
                                         std::span<const std::string> sets);

/// Another sensor's configuration as picket's own: the keys that picket honours, where they differ from its
/// defaults, with paths that no longer depend on where the file is. What is lost is a warning; fails only
/// when the file cannot be read.
struct ConvertedConfig {
  std::string yaml;
  std::vector<std::string> warnings;
};
[[nodiscard]] Result<ConvertedConfig> convert_config(const std::filesystem::path&);

/// A key as help and documentation show it.
struct ConfigKeyText {
  std::string name, initial, range, help;
};
[[nodiscard]] std::vector<ConfigKeyText> config_key_texts();

}  // namespace picket
