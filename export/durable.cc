#include "export/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "export/fd.h"

namespace picket {
namespace {

template <class Write>
int all_of(std::string_view bytes, Write write) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = write(bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0 ? ENOSPC : errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

int write_all(int fd, std::string_view bytes) noexcept {
  return all_of(bytes, [&](std::string_view left) { return ::write(fd, left.data(), left.size()); });
}

int write_all_at(int fd, std::string_view bytes, std::uint64_t offset) noexcept {
  const char* begin = bytes.data();
  return all_of(bytes, [&](std::string_view left) {
    return ::pwrite(fd, left.data(), left.size(), static_cast<off_t>(offset) + (left.data() - begin));
  });
}

int sync_folder(const std::filesystem::path& folder) noexcept {
  const Fd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace picket
