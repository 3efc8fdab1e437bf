#include "export/collector/dead_letters.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "export/collector/chain.h"
#include "export/collector/json.h"
#include "export/durable.h"
#include "export/eve_format.h"
#include "export/fd.h"

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

std::uint64_t DeadLetters::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}
std::uint64_t DeadLetters::without_room() const {
  const std::lock_guard lock(mutex_);
  return without_room_;
}

/// As many as there is room for. The file is opened for each: it is rare, and the one of before may have been put away.
Result<std::size_t> DeadLetters::append(std::string_view sink, std::span<const Rejected> rejected) const {
  const auto error = [&](int why, const char* hint) {
    return Error{fmt::format("dead-letter '{}': {}; {}", path_, std::strerror(why), hint)};
  };
  const Fd file(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  struct stat s {};
  if (!file || ::fstat(file.get(), &s) != 0)
    return error(errno, "name a file in a folder that exists and may be written to");
  const auto size = static_cast<std::uint64_t>(s.st_size);
  char last = '\n';
  if (size > 0 && ::pread(file.get(), &last, 1, s.st_size - 1) < 0)
    return error(errno, "it has to be readable");
  // A kill in the middle of a write leaves half a line.
  std::string lines = last == '\n' ? "" : "\n";
  std::size_t fit = 0;
  for (const Rejected& r : rejected) {
    const std::string line = line_of(sink, r);
    if (size + lines.size() + line.size() > max_bytes_) break;
    lines += line;
    ++fit;
  }
  if (fit == 0) return fit;
  if (size == 0) {  // its name first: a file with letters in it has one after a loss of power, too
    const int why = sync_folder(std::filesystem::path(path_).parent_path());
    if (why != 0) return error(why, "its folder has to be readable");
  }
  int why = write_all(file.get(), lines);
  if (why == 0 && ::fdatasync(file.get()) != 0) why = errno;
  if (why == 0) return fit;
  // Half a line would spoil the next; what was written whole is written once more.
  (void)!::ftruncate(file.get(), s.st_size);
  return error(why, "make room there");
}

Status DeadLetters::put(std::string_view sink, std::span<const Rejected> rejected) {
  if (rejected.empty()) return Done{};
  const std::lock_guard lock(mutex_);
  std::size_t fit = 0;
  if (!path_.empty()) {
    const auto appended = append(sink, rejected);
    if (!appended) return appended.error();
    fit = appended.value();
  }
  written_ += fit;
  const std::uint64_t left = rejected.size() - fit;
  without_room_ += left;
  const auto left_out = log_limit_.allow();
  if (!left_out) return Done{};
  const Rejected& first = rejected.front();
  spdlog::error("{}: {} records will never be taken, the first is record {} of {}: {}; {} went into '{}'{}",
                sink, rejected.size(), first.seq, describe(first.chain), printable(first.reason), fit, path_,
                left_out_words(*left_out));
  if (left != 0) {
    spdlog::error("dead-letter '{}' is full: {} records are counted alone, {} since the start; put it away",
                  path_, left, without_room_);
  }
  return Done{};
}

}  // namespace picket::collector
