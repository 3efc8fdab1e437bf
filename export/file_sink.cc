#include "export/file_sink.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "export/delimited.h"

namespace picket {
namespace {

class EveSink final : public FileSink {
 public:
  EveSink(std::string path, int fd) : FileSink(std::move(path), fd) {}

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
  RecordsSink(std::string path, int fd) : FileSink(std::move(path), fd) {}

 private:
  bool append(Bytes record, std::string& out) override {
    append_delimited(record, out);
    return true;
  }
};

template <class S>
Result<std::unique_ptr<RecordSink>> open_sink(const std::string& path, std::string_view option) {
  std::signal(SIGPIPE, SIG_IGN);
  const int fd = path == "-" ? ::dup(STDOUT_FILENO)
                             : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) {
    return Error{std::string(option) + ": cannot write '" + path + "': " + std::strerror(errno) +
                 "; name a file in a folder that exists and may be written to"};
  }
  return std::unique_ptr<RecordSink>(std::make_unique<S>(path, fd));
}

}  // namespace

FileSink::FileSink(std::string path, int fd)
    : path_(std::move(path)), fd_(fd), buffered_(record_kind_count()) {
  struct stat st {};
  regular_ = ::fstat(fd_, &st) == 0 && S_ISREG(st.st_mode);
  buffer_.reserve(kBufferBytes + kBufferBytes / 4);
}

FileSink::~FileSink() {
  if (fd_ >= 0) ::close(fd_);
}

void FileSink::write(const OutRecord& r) {
  if (buffer_.empty()) oldest_ = std::chrono::steady_clock::now();
  if (!append(r.bytes, buffer_)) return lost_.add(r.kind);
  ++buffered_[r.kind];
  if (buffer_.size() >= kBufferBytes) flush();
}

void FileSink::tick() {
  if (!buffer_.empty() && std::chrono::steady_clock::now() - oldest_ >= kMaxWait) flush();
}

void FileSink::close() {
  flush();
  if (fd_ >= 0 && ::close(fd_) != 0) failed(errno);
  fd_ = -1;
}

void FileSink::flush() {
  const bool written = write_all();
  for (std::size_t kind = 0; kind < buffered_.size(); ++kind) {
    (written ? delivered_ : lost_).add(static_cast<RecordKind>(kind), buffered_[kind]);
    buffered_[kind] = 0;
  }
  buffer_.clear();
}

bool FileSink::write_all() {
  if (buffer_.empty()) return true;
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    failed(n < 0 ? errno : EIO);
    if (regular_ && done > 0) {  // no half record may stay behind
      const off_t end = ::lseek(fd_, 0, SEEK_CUR) - static_cast<off_t>(done);
      if (end >= 0 && ::ftruncate(fd_, end) == 0) ::lseek(fd_, end, SEEK_SET);
    }
    return false;
  }
  if (failing_) {
    failing_ = false;
    spdlog::warn("{}: can be written to again", path_);
  }
  return true;
}

void FileSink::failed(int error) {
  if (failing_) return;
  failing_ = true;
  spdlog::error("cannot write records to '{}': {}; they are counted as lost until it can be written to",
                path_ == "-" ? "standard output" : path_, std::strerror(error));
}

Result<std::unique_ptr<RecordSink>> open_eve_sink(const std::string& path) {
  return open_sink<EveSink>(path, "--eve");
}
Result<std::unique_ptr<RecordSink>> open_records_sink(const std::string& path) {
  return open_sink<RecordsSink>(path, "--records");
}

}  // namespace picket
