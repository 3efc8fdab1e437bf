#include "export/metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <tuple>

#include "parsers/core/folder.h"

namespace picket::metrics {
namespace {

/// Seconds since 1970 at which the machine started.
double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word; in.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
    if (double seconds = 0; word == "btime" && in >> seconds) return seconds;
  }
  return 0;
}

}  // namespace

Process Process::now() {
  Process p;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream in("/proc/self/stat");
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  // proc(5): the second field is a name that may hold anything, in parentheses.
  if (const std::size_t name = all.rfind(')'); name != std::string::npos) {
    std::istringstream rest(all.substr(name + 1));
    std::string skipped;
    double user = 0, system = 0, start = 0;
    std::uint64_t size = 0, resident_pages = 0;
    for (int field = 3; field < 14; ++field) rest >> skipped;
    rest >> user >> system;
    for (int field = 16; field < 22; ++field) rest >> skipped;
    if (rest >> start >> size >> resident_pages) {
      p.cpu_seconds = (user + system) / ticks;
      p.started = boot_time() + start / ticks;
      p.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
  }
  std::ignore = for_each_entry("/proc/self/fd", [&](const auto&) { ++p.open_files; });
  if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0) p.max_files = limit.rlim_cur;
  return p;
}

}  // namespace picket::metrics
