// export/capped_folder.h — files that are kept for people to look at: so many bytes, so long, then the oldest go
//
// Order   by the time of last change; folders and what is no regular file are left alone
// Cost    put() nothing, until the limit is reached: then the folder is listed, and goes down to nine tenths of it,
//         so that a full one is not listed for each file. At most kAtOnce names are in memory
// Errors  of a folder that cannot be listed to its end nothing goes; it is listed again at the next put()
// Threads one at a time
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace picket {

class CappedFolder {
 public:
  static constexpr std::size_t kAtOnce = 4096;

  struct Removed {
    std::uint64_t files = 0, bytes = 0;
  };

  /// `max_age` 0: however old.
  CappedFolder(std::string path, std::uint64_t max_bytes, std::chrono::seconds max_age = {})
      : path_(std::move(path)), max_bytes_(max_bytes), max_age_(max_age) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// So many bytes were put into it: what is too much goes.
  Removed put(std::uint64_t bytes);
  /// Looks at the folder as it is: what is too old or too much goes.
  Removed trim();

 private:
  std::string path_;
  std::uint64_t max_bytes_;
  std::chrono::seconds max_age_;
  std::uint64_t bytes_ = 0;  ///< at most, of what is there
  bool is_known_ = false;    ///< it was looked at
};

}  // namespace picket
