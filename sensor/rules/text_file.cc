#include "sensor/rules/text_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace picket::rules {

Result<std::string> read_text_file(const std::string& path) {
  const auto close = [](std::FILE* f) { std::fclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> f(std::fopen(path.c_str(), "rb"), close);
  struct stat info {};
  if (f == nullptr || fstat(fileno(f.get()), &info) != 0)
    return Error{"cannot be opened: " + std::string(std::strerror(errno))};
  if (S_ISDIR(info.st_mode)) return Error{"is a folder"};
  // One more than a file's size, so that its end is seen without growing; a pipe has none.
  std::string out(static_cast<std::size_t>(std::max<off_t>(info.st_size, 0)) + 1, '\0');
  std::size_t have = 0;
  while (true) {
    if (have == out.size()) out.resize(out.size() + 65536);
    const std::size_t n = std::fread(out.data() + have, 1, out.size() - have, f.get());
    if (n == 0) break;
    have += n;
  }
  if (std::ferror(f.get()) != 0) return Error{"cannot be read: " + std::string(std::strerror(errno))};
  out.resize(have);
  return out;
}

}  // namespace picket::rules
