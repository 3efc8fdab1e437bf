#include "export/capped_folder.h"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace picket {
namespace {

namespace fs = std::filesystem;

struct Kept {
  fs::file_time_type changed;
  std::string path;
  std::uint64_t bytes = 0;
  auto operator<=>(const Kept&) const = default;
};

}  // namespace

CappedFolder::Removed CappedFolder::put(std::uint64_t bytes) {
  bytes_ += bytes;
  if (is_known_ && bytes_ <= max_bytes_) return {};
  return trim();
}

CappedFolder::Removed CappedFolder::trim() {
  Removed removed;
  const auto oldest =
      max_age_.count() == 0 ? fs::file_time_type::min() : fs::file_time_type::clock::now() - max_age_;
  for (bool all = false; !all;) {
    std::vector<Kept> kept;  // a heap with the newest in front
    std::uint64_t bytes = 0;
    std::error_code error;
    all = true;
    for (const auto& entry : fs::directory_iterator(path_, error)) {
      std::error_code gone;
      if (entry.symlink_status(gone).type() != fs::file_type::regular) continue;
      Kept file{entry.last_write_time(gone), entry.path(), entry.file_size(gone)};
      if (gone) continue;
      bytes += file.bytes;
      kept.push_back(std::move(file));
      std::push_heap(kept.begin(), kept.end());
      if (kept.size() <= kAtOnce) continue;
      std::pop_heap(kept.begin(), kept.end());
      kept.pop_back();
      all = false;
    }
    std::sort_heap(kept.begin(), kept.end());
    const std::uint64_t least = bytes <= max_bytes_ ? max_bytes_ : max_bytes_ - max_bytes_ / 10;
    const std::uint64_t before = removed.files;
    bool done = false;
    for (const Kept& file : kept) {
      done = bytes <= least && file.changed >= oldest;
      if (done) break;
      if (!fs::remove(file.path, error)) continue;
      bytes -= file.bytes;
      ++removed.files;
      removed.bytes += file.bytes;
    }
    bytes_ = bytes;
    is_known_ = true;
    all |= done || removed.files == before;
  }
  return removed;
}

}  // namespace picket
