#include "export/new_file.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "export/durable.h"

namespace picket {

NewFile::NewFile(std::string aside, std::string path)
    : aside_(std::move(aside)),
      path_(std::move(path)),
      fd_(::open(aside_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)),
      error_(fd_ ? 0 : errno) {}

NewFile::~NewFile() {
  if (fd_ && !there_) ::unlink(aside_.c_str());
}

Status NewFile::failed(const char* what, int error) const {
  return Error{fmt::format("cannot {} '{}': {}", what, path_, std::strerror(error))};
}

Status NewFile::write(std::string_view bytes) {
  if (!fd_) return failed("write", error_);
  if (const int error = write_all(fd_.get(), bytes)) return failed("write", error);
  return Done{};
}

Status NewFile::sync() {
  if (!fd_) return failed("write", error_);
  if (::fsync(fd_.get()) != 0) return failed("sync", errno);
  return Done{};
}

Status NewFile::reserve(std::uint64_t bytes) {
  const int error = fd_ ? ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(bytes)) : error_;
  if (error == 0) return Done{};
  return Error{fmt::format("cannot make '{}' of {} bytes: {}", path_, bytes, std::strerror(error))};
}

Status NewFile::place() {
  if (!fd_) return failed("write", error_);
  if (::rename(aside_.c_str(), path_.c_str()) != 0) return failed("rename", errno);
  there_ = true;
  return Done{};
}

Status NewFile::commit() {
  if (Status s = sync(); !s) return s;
  if (Status s = place(); !s) return s;
  if (const int error = sync_folder(std::filesystem::path(path_).parent_path()))
    return Error{fmt::format(
        "'{}' is in its place, but a loss of power may take it from there: its folder cannot be synced: {}",
        path_, std::strerror(error))};
  return Done{};
}

}  // namespace picket
