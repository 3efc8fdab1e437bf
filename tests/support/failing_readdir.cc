#undef _FILE_OFFSET_BITS  // it gives readdir() another name than the standard library calls
#include "tests/support/failing_readdir.h"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>

#include <cerrno>
#include <mutex>

namespace {

std::mutex mutex;
struct stat failing {};           // st_ino 0: none
const DIR* gave_entry = nullptr;  // and fails next

}  // namespace

/// Stands before that of the C library.
extern "C" dirent* readdir(DIR* dir) {
  static const auto real = reinterpret_cast<dirent* (*)(DIR*)>(::dlsym(RTLD_NEXT, "readdir"));
  const std::lock_guard lock(mutex);
  struct stat st {};
  if (failing.st_ino == 0 || ::fstat(::dirfd(dir), &st) != 0 || st.st_ino != failing.st_ino ||
      st.st_dev != failing.st_dev) {
    return real(dir);
  }
  if (gave_entry == dir) {
    gave_entry = nullptr;
    errno = EIO;
    return nullptr;
  }
  dirent* entry = real(dir);
  if (entry != nullptr && entry->d_name[0] != '.') gave_entry = dir;
  return entry;
}

namespace picket::test {

FailingReaddir::FailingReaddir(const std::string& folder) {
  const std::lock_guard lock(mutex);
  ::stat(folder.c_str(), &failing);
}

FailingReaddir::~FailingReaddir() {
  const std::lock_guard lock(mutex);
  failing = {};
  gave_entry = nullptr;
}

}  // namespace picket::test
