// sensor/options.h — what stands on picket's command line, as typed
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace picket {

enum class Command { kReplay, kExplain, kRun, kCheck, kConvert, kProtocols, kVersion };

struct Options {
  Command command = Command::kVersion;
  // common
  std::optional<std::string> config;
  std::vector<std::string> sets;       ///< KEY=VALUE
  std::vector<std::string> rules;      ///< files or globs
  std::string home_net, external_net;  ///< "": as configured
  unsigned workers = 0;                ///< 0: as configured
  std::string log_level;               ///< "": as configured
  bool rules_strict = false;
  std::string checksums;  ///< "ignore", "verify", "": as configured
  // where output goes; "": nowhere
  std::string eve, records, export_to, stats, assets;
  // replay
  std::vector<std::string> captures;
  unsigned loops = 1;
  std::string pace = "max";
  bool measure_stages = false;
  // explain
  std::vector<std::string> about;  ///< SID or GID:SID
  std::string flow;                ///< Community ID; "": all
  // run
  std::vector<std::string> interfaces, vdevs;
  std::string eal;
  // check, explain, protocols
  bool json = false;
};

/// Reads the command line. Without a value the process is to end with `exit_status`: help was printed, or an
/// error.
std::optional<Options> parse_options(int argc, char** argv, int& exit_status);

}  // namespace picket
