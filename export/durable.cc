#include "export/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "export/fd.h"

namespace picket {

int sync_folder(const std::filesystem::path& folder) noexcept {
  const Fd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace picket
