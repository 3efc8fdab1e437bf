// dataplane/io/eal.h — DPDK's environment, started once a process
//
// Debian's DPDK finds its drivers by itself (/usr/lib/<arch>/dpdk/pmds-23.0). PCI devices are left alone but
// for those that are named; everything else is added later, port by port (dpdk_port.h).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "parsers/core/result.h"

namespace picket {

struct EalConfig {
  std::vector<std::string> pci;  ///< addresses of the NICs to take
  std::string args;              ///< more arguments, as one line: `--eal "..."`
};

/// The words of `--eal "..."`: cut at white space, but for what stands in single or double quotes.
/// Fails when a quote is not closed.
Result<std::vector<std::string>> split_eal_args(std::string_view args);

/// Starts the EAL; a second call does nothing. What an operator should know (no huge pages, and what that
/// costs) is appended to `notes`. Threads of the caller keep their CPU affinity.
Status start_eal(const EalConfig& config, std::vector<std::string>& notes);

/// What DPDK and its drivers logged since the last call, one line each: the reason when something did not
/// work.
std::vector<std::string> take_eal_log();

/// The calling thread may use packet pools with a cache of its own. Once a thread; cheap when done already.
void enter_eal_thread() noexcept;

}  // namespace picket
