#include "dataplane/io/eal.h"

#include <fcntl.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <fstream>
#include <mutex>

namespace picket {
namespace {

/// Of a word that it does not take, DPDK prints a page of usage and a line of its own: to standard output and
/// error, past its log. What it logs says enough. Set-up has one thread yet.
class Silence {
 public:
  Silence() : null_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {
    for (int fd : {STDOUT_FILENO, STDERR_FILENO}) {
      (void)std::fflush(fd == STDOUT_FILENO ? stdout : stderr);
      kept_[fd - 1] = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
      if (null_ >= 0 && kept_[fd - 1] >= 0) ::dup2(null_, fd);
    }
  }
  ~Silence() {
    for (int fd : {STDOUT_FILENO, STDERR_FILENO}) {
      (void)std::fflush(fd == STDOUT_FILENO ? stdout : stderr);
      if (kept_[fd - 1] < 0) continue;
      ::dup2(kept_[fd - 1], fd);
      ::close(kept_[fd - 1]);
    }
    if (null_ >= 0) ::close(null_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int null_, kept_[2]{-1, -1};
};

/// Keeps DPDK's log lines until someone asks; the oldest go first.
class LogLines {
 public:
  std::FILE* stream() { return ::fopencookie(this, "w", {nullptr, write, nullptr, nullptr}); }

  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out(lines_.begin(), lines_.end());
    lines_.clear();
    return out;
  }

 private:
  static constexpr std::size_t kMaxLines = 64;

  static ssize_t write(void* self, const char* text, size_t size) {
    static_cast<LogLines*>(self)->add({text, size});
    return static_cast<ssize_t>(size);
  }
  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    for (const char c : text) {
      if (c != '\n') {
        partial_ += c;
      } else if (!partial_.empty()) {
        if (lines_.size() == kMaxLines) lines_.pop_front();
        lines_.push_back(std::exchange(partial_, {}));
      }
    }
  }

  std::mutex mutex_;
  std::deque<std::string> lines_;
  std::string partial_;
};

LogLines& log_lines() {
  static auto* lines = new LogLines;  // DPDK may log to the very end of the process
  return *lines;
}

/// Free huge pages of any size, in bytes.
std::uint64_t free_huge_bytes() {
  std::ifstream in("/proc/meminfo");
  std::uint64_t pages = 0, size_kb = 0;
  for (std::string key, rest; in >> key && std::getline(in, rest);) {
    if (key == "HugePages_Free:") pages = std::stoull(rest);
    if (key == "Hugepagesize:") size_kb = std::stoull(rest);
  }
  return pages * size_kb * 1024;
}

int first_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) return i;
  }
  return 0;
}

Status start(const EalConfig& config, std::vector<std::string>& notes) {
  std::vector<std::string> args = {"picket", "-l", std::to_string(first_cpu()), "--no-telemetry",
                                   "--log-level=4"};
  auto words = split_eal_args(config.args);
  if (!words) return words.error();
  const std::vector<std::string> extra = std::move(words).value();
  const bool memory_chosen = std::any_of(extra.begin(), extra.end(), [](const std::string& a) {
    return a == "--no-huge" || a == "--in-memory" || a.starts_with("--huge-dir");
  });
  if (config.pci.empty()) args.emplace_back("--no-pci");
  for (const auto& address : config.pci) args.insert(args.end(), {"-a", address});
  constexpr std::uint64_t kEnough = 256ULL << 20;
  if (memory_chosen) {
    // The operator knows better.
  } else if (free_huge_bytes() >= kEnough) {
    args.emplace_back("--in-memory");
  } else {
    // Not --in-memory: without huge pages DPDK has but one way to lay out memory, which excludes it.
    args.insert(args.end(), {"--no-huge", "--no-shconf", "-m", "1024"});
    notes.emplace_back(
        "no huge pages are free: running on ordinary ones, which costs speed (more TLB misses on every "
        "packet) and "
        "keeps some NICs from working; `sysctl vm.nr_hugepages=512` reserves 1 GiB");
  }
  args.insert(args.end(), extra.begin(), extra.end());

  std::vector<char*> argv;
  argv.reserve(args.size());
  for (auto& a : args) argv.push_back(a.data());
  if (std::FILE* log = log_lines().stream(); log != nullptr) {
    std::setvbuf(log, nullptr, _IOLBF, 0);
    rte_openlog_stream(log);
  }
  // rte_eal_init() pins the calling thread to its first core.
  cpu_set_t affinity;
  const bool had = pthread_getaffinity_np(pthread_self(), sizeof affinity, &affinity) == 0;
  int rc = 0;
  {
    const Silence silence;
    rc = rte_eal_init(static_cast<int>(argv.size()), argv.data());
  }
  if (had) pthread_setaffinity_np(pthread_self(), sizeof affinity, &affinity);
  if (rc >= 0) return Done{};

  std::string why = rte_strerror(rte_errno);
  for (const auto& line : take_eal_log()) why += "; " + line;
  return Error{(extra.empty() ? "" : "--eal '" + config.args + "': ") + "DPDK does not start: " + why};
}

}  // namespace

Result<std::vector<std::string>> split_eal_args(std::string_view args) {
  std::vector<std::string> words;
  char quote = '\0';
  bool in_word = false;
  for (const char c : args) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (quote == '\0' && blank) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == quote)
      quote = '\0';
    else if (quote == '\0' && (c == '"' || c == '\''))
      quote = c;
    else
      words.back() += c;
  }
  if (quote != '\0')
    return Error{"--eal '" + std::string(args) + "': " + (quote == '"' ? "a double" : "a single") +
                 " quote is not closed"};
  return words;
}

Status start_eal(const EalConfig& config, std::vector<std::string>& notes) {
  static std::mutex mutex;
  static bool tried = false;
  static Status outcome = Done{};
  const std::lock_guard lock(mutex);
  if (!tried) outcome = start(config, notes);  // DPDK cannot be started twice, not even after a failure
  tried = true;
  return outcome;
}

std::vector<std::string> take_eal_log() { return log_lines().take(); }

void enter_eal_thread() noexcept {
  static thread_local bool entered = false;
  if (entered) return;
  entered = true;
  if (rte_lcore_id() == LCORE_ID_ANY)
    rte_thread_register();  // when it fails, pools work without a cache: slower
}

}  // namespace picket
