// export/collector/config.h — the collector's configuration: a few keys in a YAML file, or given on the
// command line
#pragma once
#include <string>

#include "export/collector/server.h"
#include "parsers/core/result.h"

namespace picket::collector {

inline constexpr const char* kDefaultStore = "/var/lib/picket/collector.db";

struct Config {
  ServerOptions server;
  std::string store = kDefaultStore;
  std::string orders;  ///< folder of orders for sensors; "": there are none
  std::string log_level = "info";
};

/// Keys, with their defaults and meaning, one a line: for --help.
std::string config_help();

/// Reads `path` over the defaults. The error names file, line and key.
Result<Config> load_config(const std::string& path);

}  // namespace picket::collector
