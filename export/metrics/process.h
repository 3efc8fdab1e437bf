// export/metrics/process.h — what any program's metrics say of its process, by the names that all of them use
#pragma once
#include <array>
#include <cstdint>

#include "export/metrics/exposition.h"

namespace picket::metrics {

/// From /proc and the kernel's limits; what cannot be read is 0.
struct Process {
  double started = 0;      ///< seconds since 1970
  double cpu_seconds = 0;  ///< of all threads, in user and kernel
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0, max_files = 0;

  [[nodiscard]] static Process now();
};

/// Rows of a table of families, for a Source with a member `process`.
template <class Source>
inline constexpr std::array<FamilyOf<Source>, 5> kProcessFamilies{{
    {{"process_start_time_seconds", Type::kGauge, "seconds", "",
      "when the process began, in seconds since 1970"},
     [](const Source& s, Samples& out) { out.add(s.process.started); }},
    {{"process_cpu_seconds", Type::kCounter, "seconds", "", "CPU time of all threads"},
     [](const Source& s, Samples& out) { out.add(s.process.cpu_seconds); }},
    {{"process_resident_memory_bytes", Type::kGauge, "bytes", "", "memory that is resident now"},
     [](const Source& s, Samples& out) { out.add(s.process.resident_bytes); }},
    {{"process_open_fds", Type::kGauge, "", "", "open files and sockets"},
     [](const Source& s, Samples& out) { out.add(s.process.open_files); }},
    {{"process_max_fds", Type::kGauge, "", "", "how many may be open at most"},
     [](const Source& s, Samples& out) { out.add(s.process.max_files); }},
}};

}  // namespace picket::metrics
