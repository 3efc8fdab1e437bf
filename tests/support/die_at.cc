// tests/support/die_at.cc — a library to preload: kill -9 of the program it is in, at the Nth thing that it does to its files
//
//   LD_PRELOAD=die_at.so  DIE_IN=/folder  DIE_AT=17  [DIE_HALF=1]
//
// What counts is a change of a file below the folder, or its sync: write, fsync, rename, unlink, truncate and their like. The
// program is killed right before the Nth; with DIE_HALF a write has then written the first half of its bytes. So a kill falls
// into a commit of SQLite, a frame of the spool or a block of a file as often as is wanted, however short these are.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

const char* const kFolder = std::getenv("DIE_IN");
const char* const kAt = std::getenv("DIE_AT");
const long kNumber = kAt == nullptr ? 0 : std::atol(kAt);
const bool kHalf = std::getenv("DIE_HALF") != nullptr;
std::atomic<long> done{0};

bool is_below(std::string_view path) { return kFolder != nullptr && path.starts_with(kFolder); }

/// Is this call the one?
bool is_now(const char* path) { return kNumber != 0 && is_below(path) && ++done == kNumber; }

bool is_now(int fd) {
  if (kNumber == 0) return false;
  char link[32] = "/proc/self/fd/", path[4096];
  char digits[12];
  int n = 0;
  for (unsigned rest = static_cast<unsigned>(fd); n == 0 || rest != 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  for (int at = static_cast<int>(std::strlen(link)); n > 0;) link[at++] = digits[--n];
  const ssize_t size = ::readlink(link, path, sizeof(path) - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  return is_now(path);
}

[[noreturn]] void die() {
  ::syscall(SYS_kill, ::syscall(SYS_getpid), SIGKILL);
  for (;;) ::syscall(SYS_pause);
}

void die_if(bool now) {
  if (now) die();
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t n) {
  if (is_now(fd)) {
    if (kHalf) ::syscall(SYS_write, fd, bytes, n / 2);
    die();
  }
  return ::syscall(SYS_write, fd, bytes, n);
}

ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) {
  if (is_now(fd)) {
    if (kHalf) ::syscall(SYS_pwrite64, fd, bytes, n / 2, at);
    die();
  }
  return ::syscall(SYS_pwrite64, fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t n, off_t at) { return pwrite(fd, bytes, n, at); }

int fsync(int fd) {
  die_if(is_now(fd));
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
int fdatasync(int fd) {
  die_if(is_now(fd));
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
int ftruncate(int fd, off_t size) noexcept {
  die_if(is_now(fd));
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off_t size) noexcept { return ftruncate(fd, size); }
int truncate(const char* path, off_t size) noexcept {
  die_if(is_now(path));
  return static_cast<int>(::syscall(SYS_truncate, path, size));
}
int rename(const char* from, const char* to) noexcept {
  die_if(is_now(to));
  return static_cast<int>(::syscall(SYS_rename, from, to));
}
int unlink(const char* path) noexcept {
  die_if(is_now(path));
  return static_cast<int>(::syscall(SYS_unlink, path));
}
int posix_fallocate(int fd, off_t at, off_t size) {
  die_if(is_now(fd));
  return ::syscall(SYS_fallocate, fd, 0, at, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off_t at, off_t size) { return posix_fallocate(fd, at, size); }

}  // extern "C"
