#include "export/file_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <thread>

#include "export/delimited.h"

namespace picket {
namespace {

class EveSink final : public FileSink {
 public:
  EveSink(std::string name, std::string path, int fd, const FileSinkOptions& options)
      : FileSink(std::move(name), std::move(path), fd, options) {}

 private:
  bool append(Bytes record, std::string& out) override {
    if (!eve_.append(record, out)) return false;
    out.push_back('\n');
    return true;
  }
  EveWriter eve_;
};

class RecordsSink final : public FileSink {
 public:
  RecordsSink(std::string name, std::string path, int fd, const FileSinkOptions& options)
      : FileSink(std::move(name), std::move(path), fd, options) {}

 private:
  bool append(Bytes record, std::string& out) override {
    append_delimited(record, out);
    return true;
  }
};

/// A FIFO opens when somebody reads it. Opened without blocking, so that the wait has an end.
int open_for_writing(const std::string& path, const FileSinkOptions& options) {
  if (path == "-") return ::dup(STDOUT_FILENO);
  const auto until = std::chrono::steady_clock::now() + options.patience;
  for (;;) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0640);
    if (fd >= 0 || errno != ENXIO) return fd;
    if (std::chrono::steady_clock::now() >= until || (options.interrupted && options.interrupted())) {
      errno = ENXIO;
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

template <class S>
Result<std::unique_ptr<RecordSink>> open_sink(const std::string& path, const FileSinkOptions& options,
                                              const std::string& option) {
  std::signal(SIGPIPE, SIG_IGN);
  const int fd = open_for_writing(path, options);
  if (fd < 0 && errno == ENXIO) {
    return Error{option + ": cannot write '" + path + "': nobody reads this FIFO; start its reader first"};
  }
  if (fd < 0) {
    return Error{option + ": cannot write '" + path + "': " + std::strerror(errno) +
                 "; name a file in a folder that exists and may be written to"};
  }
  return std::unique_ptr<RecordSink>(std::make_unique<S>(option + " " + path, path, fd, options));
}

}  // namespace

FileSink::FileSink(std::string name, std::string path, int fd, const FileSinkOptions& options)
    : RecordSink(std::move(name)),
      path_(std::move(path)),
      fd_(fd),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wait_(options.wait),
      patience_(options.patience) {
  struct stat st {};
  regular_ = ::fstat(fd_, &st) == 0 && S_ISREG(st.st_mode);
  buffer_.reserve(kBufferBytes + kBufferBytes / 4);
}

FileSink::~FileSink() {
  if (fd_ >= 0) ::close(fd_);
  ::close(wake_);
}

void FileSink::write(const OutRecord& r) {
  if (abandoned_.load(std::memory_order_relaxed)) return settle(r.seq, 1, false);
  if (buffer_.size() - written_ >= kHeldBytes) {
    failed("its reader is too slow");
    return settle(r.seq, 1, false);
  }
  if (buffer_.empty()) oldest_ = Clock::now();
  if (!append(r.bytes, buffer_)) return settle(r.seq, 1, false);
  records_.push_back({buffer_.size(), r.seq});
  // What a slow reader left is tried again by tick(), not with every record.
  if (buffer_.size() - written_ >= kBufferBytes && !stalled_) flush(Clock::duration::zero());
}

void FileSink::tick() {
  if (stalled_ || (!buffer_.empty() && Clock::now() - oldest_ >= kMaxWait)) flush(Clock::duration::zero());
}

void FileSink::close() {
  if (fd_ < 0) return;
  flush(patience_);
  if (!buffer_.empty() && !abandoned_.load(std::memory_order_relaxed))
    failed("nothing was taken from it for " + std::to_string(patience_.count()) + " ms");
  drop_all();
  if (::close(fd_) != 0) failed(std::strerror(errno));
  fd_ = -1;
}

void FileSink::abandon() {
  abandoned_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_, &one, sizeof one);  // stays readable: every wait ends
}

/// Tells what became of the records that end at or before `up_to`.
void FileSink::settle_buffered(std::size_t up_to, bool delivered) {
  while (!records_.empty() && records_.front().end <= up_to) {
    const std::uint64_t first = records_.front().seq;
    std::uint64_t count = 0;
    while (!records_.empty() && records_.front().end <= up_to && records_.front().seq == first + count) {
      records_.pop_front();
      ++count;
    }
    settle(first, count, delivered);
  }
}

void FileSink::drop_all() {
  stalled_ = false;
  settle_buffered(buffer_.size(), false);
  buffer_.clear();
  written_ = 0;
}

/// Writes what is buffered. Waits for a slow reader without end where the sink waits, else for `patience`.
void FileSink::flush(Clock::duration patience) {
  if (abandoned_.load(std::memory_order_relaxed)) return drop_all();
  if (regular_ ? write_file() : write_stream(patience)) {
    settle_buffered(written_, true);
    if (written_ == buffer_.size()) {
      buffer_.clear();
      written_ = 0;
    } else if (written_ >= kBufferBytes) {
      buffer_.erase(0, written_);
      for (Buffered& r : records_) r.end -= written_;
      written_ = 0;
    }
    stalled_ = !buffer_.empty();
    return;
  }
  if (!regular_) settle_buffered(written_, true);  // of a file, all of the buffer was cut off again
  drop_all();
}

/// All of it, or false. A disk does not make anyone wait for long.
bool FileSink::write_file() {
  while (written_ < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + written_, buffer_.size() - written_);
    if (n > 0) {
      written_ += static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    failed(std::strerror(n < 0 ? errno : EIO));
    if (written_ > 0) {  // no half record may stay behind
      const off_t end = ::lseek(fd_, 0, SEEK_CUR) - static_cast<off_t>(written_);
      if (end >= 0 && ::ftruncate(fd_, end) == 0) ::lseek(fd_, end, SEEK_SET);
    }
    return false;
  }
  works_again();
  return true;
}

/// As much as the reader takes; false on an error. A descriptor that was not opened here may block, so no
/// more is written at once than a pipe that has room takes for certain.
bool FileSink::write_stream(Clock::duration patience) {
  const auto until = [&] { return wait_ ? Clock::time_point::max() : Clock::now() + patience; };
  auto end = until();
  while (written_ < buffer_.size()) {
    if (!room_within(end)) break;
    const ssize_t n =
        ::write(fd_, buffer_.data() + written_, std::min<std::size_t>(buffer_.size() - written_, PIPE_BUF));
    if (n > 0) {
      written_ += static_cast<std::size_t>(n);
      if (patience != Clock::duration::zero()) end = until();
      continue;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    failed(std::strerror(n < 0 ? errno : EIO));
    return false;
  }
  if (written_ == buffer_.size()) works_again();
  return true;
}

bool FileSink::room_within(Clock::time_point until) const {
  std::array<pollfd, 2> fds{{{fd_, POLLOUT, 0}, {wake_, POLLIN, 0}}};
  for (;;) {
    int ms = -1;
    if (until != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
    }
    const int n = ::poll(fds.data(), fds.size(), ms);
    if (n < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0) return false;
    return n > 0 && fds[0].revents != 0;  // an error is room, too: the write says which
  }
}

void FileSink::failed(const std::string& why) {
  if (failing_) return;
  failing_ = true;
  spdlog::error("cannot write records to '{}': {}; they are counted as lost until it can be written to",
                path_ == "-" ? "standard output" : path_, why);
}

void FileSink::works_again() {
  if (!failing_) return;
  failing_ = false;
  spdlog::warn("{}: can be written to again", path_);
}

Result<std::unique_ptr<RecordSink>> open_eve_sink(const std::string& path, const FileSinkOptions& options) {
  return open_sink<EveSink>(path, options, "--eve");
}
Result<std::unique_ptr<RecordSink>> open_records_sink(const std::string& path,
                                                      const FileSinkOptions& options) {
  return open_sink<RecordsSink>(path, options, "--records");
}

}  // namespace picket
