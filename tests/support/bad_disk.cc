#include "tests/support/bad_disk.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <set>

namespace picket::test {
namespace {

struct Range {
  ino_t file = 0;
  std::uint64_t from = 0, to = 0;
  unsigned tries = 0;
} bad;
std::mutex mutex;
std::set<ino_t> synced;

ino_t number_of(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}

ino_t number_of(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

bool is_bad(int fd, std::uint64_t at, std::size_t n) {
  const std::lock_guard lock(mutex);
  const bool is = bad.file != 0 && at < bad.to && at + n > bad.from && number_of(fd) == bad.file;
  bad.tries += is ? 1 : 0;
  return is;
}

template <class Call>
Call* system_call(const char* name) {
  return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

BadSectors::BadSectors(const std::string& path, std::uint64_t from, std::uint64_t bytes) {
  const std::lock_guard lock(mutex);
  bad = {number_of(path), from, from + bytes};
}

BadSectors::~BadSectors() {
  const std::lock_guard lock(mutex);
  bad = {};
}

unsigned BadSectors::tries() {
  const std::lock_guard lock(mutex);
  return bad.tries;
}

bool was_synced(const std::string& path) {
  const std::lock_guard lock(mutex);
  return synced.contains(number_of(path));
}

}  // namespace picket::test

extern "C" {

/// With 64 bits for offsets, as everywhere here, it is the system's pread64.
ssize_t pread(int fd, void* to, size_t n, off_t at) {
  if (picket::test::is_bad(fd, static_cast<std::uint64_t>(at), n)) return errno = EIO, -1;
  return picket::test::system_call<ssize_t(int, void*, size_t, off_t)>("pread64")(fd, to, n, at);
}

int fdatasync(int fd) {
  {
    const std::lock_guard lock(picket::test::mutex);
    picket::test::synced.insert(picket::test::number_of(fd));
  }
  return picket::test::system_call<int(int)>("fdatasync")(fd);
}
}
