#include "export/collector/dead_letters.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "export/collector/chain.h"
#include "export/collector/json.h"
#include "export/durable.h"
#include "export/eve_format.h"

namespace picket::collector {
namespace {

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3), '\0');
  eve::put_base64(out.data(), as_bytes(bytes));
  return out;
}

std::string line_of(std::string_view sink, const Rejected& r) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format(
      "{{\"time\":\"{:%FT%TZ}\",\"sink\":{},\"reason\":{},\"sensor\":{},\"boot\":\"{:016x}\",\"lane\":\"{}\","
      "\"seq\":{},"
      "\"record\":\"{}\"}}\n",
      now, quote_json(sink), quote_json(r.reason), quote_json(r.chain.sensor), r.chain.boot,
      lane_label(r.chain.lane), r.seq, base64(r.record));
}

}  // namespace

DeadLetters::DeadLetters(std::string path, std::uint64_t max_bytes)
    : path_(std::move(path)), max_bytes_(max_bytes) {}
DeadLetters::~DeadLetters() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint64_t DeadLetters::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}
std::uint64_t DeadLetters::without_room() const {
  const std::lock_guard lock(mutex_);
  return without_room_;
}

Status DeadLetters::open() {
  if (fd_ >= 0) return Done{};
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  struct stat s {};
  if (fd_ < 0 || ::fstat(fd_, &s) != 0) {
    return Error{
        fmt::format("dead-letter '{}': {}; name a file in a folder that exists and may be written to", path_,
                    std::strerror(errno))};
  }
  size_ = static_cast<std::uint64_t>(s.st_size);
  return Done{};
}

Status DeadLetters::put(std::string_view sink, std::span<const Rejected> rejected) {
  if (rejected.empty()) return Done{};
  const std::lock_guard lock(mutex_);
  std::uint64_t fit = 0;
  if (!path_.empty()) {
    if (auto s = open(); !s) return s;
    std::string lines;
    for (const Rejected& r : rejected) {
      std::string line = line_of(sink, r);
      if (size_ + lines.size() + line.size() > max_bytes_) break;
      lines += line;
      ++fit;
    }
    int why = write_all(fd_, lines);
    if (why == 0 && ::fdatasync(fd_) != 0) why = errno;
    if (why != 0) {
      // Half a line would spoil the next; what was written whole is written once more.
      (void)!::ftruncate(fd_, static_cast<off_t>(size_));
      return Error{fmt::format("dead-letter '{}': {}; make room there", path_, std::strerror(why))};
    }
    size_ += lines.size();
  }
  written_ += fit;
  const std::uint64_t left = rejected.size() - fit;
  without_room_ += left;
  const Rejected& first = rejected.front();
  spdlog::error("{}: {} records will never be taken, the first is record {} of {}: {}; {} went into '{}'",
                sink, rejected.size(), first.seq, describe(first.chain), printable(first.reason), fit, path_);
  if (left != 0) {
    spdlog::error("dead-letter '{}' is full: {} records are counted alone, {} since the start; put it away",
                  path_, left, without_room_);
  }
  return Done{};
}

}  // namespace picket::collector
