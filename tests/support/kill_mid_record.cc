// tests/support/kill_mid_record.cc — kill -9 of a sensor while its export thread writes a record down
//
//   kill_mid_record PID SPOOL/BOOT.boot        status 0: it is killed; 1: it ended before that
//
// The moment is between two stores into the boot's file: a record counts as made, and its bytes are not committed (export/delivery/journal.h).
// The sensor is stopped and looked at, over and over, until it stands there; its file is mapped here as it is there.
#include <signal.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "export/delivery/boot_file.h"

namespace {

using namespace picket::delivery;

/// Every thread of it; false: it has ended.
bool wait_until_stopped(pid_t pid) {
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  for (;;) {
    std::error_code ended;
    bool is_alive = false, is_stopped = true;
    for (const auto& task : std::filesystem::directory_iterator(tasks, ended)) {
      std::string stat;
      std::getline(std::ifstream(task.path() / "stat"), stat);
      const auto name_ends = stat.rfind(')');
      const char state = name_ends == stat.npos ? 'X' : stat[name_ends + 2];
      if (state == 'X' || state == 'Z') continue;  // this thread has ended
      is_alive = true;
      is_stopped = is_stopped && state == 'T';
    }
    if (ended || !is_alive) return false;
    if (is_stopped) return true;
  }
}

bool writes_a_record(BootFile& boot) {
  std::array<std::uint64_t, kLaneCount> next{};  // the first number of each lane that is not committed
  for (std::uint32_t i = 0; i < boot.segments(); ++i) {
    const Segment& s = boot.segment(i);
    if (s.owner != 0) next[s.owner - 1] = std::max(next[s.owner - 1], s.first_seq + s.count());
  }
  for (std::size_t lane = 0; lane < kLaneCount; ++lane)
    if (next[lane] != 0 && next[lane] == boot.total(lane)) return true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto pid = static_cast<pid_t>(std::atoi(argv[1]));
  const auto boot = BootFile::load(argv[2]);
  if (!boot) return std::fprintf(stderr, "%s\n", boot.error().message.c_str()), 2;
  while (::kill(pid, SIGSTOP) == 0 && wait_until_stopped(pid)) {
    if (writes_a_record(*boot.value())) return ::kill(pid, SIGKILL) == 0 ? 0 : 1;
    ::kill(pid, SIGCONT);
    std::this_thread::sleep_for(std::chrono::microseconds(100));  // it goes on: another moment
  }
  return 1;
}
