#include "export/capped_folder.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "parsers/core/folder.h"

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
    all = true;
    const auto see = [&](const fs::directory_entry& entry) {
      std::error_code gone;
      if (entry.symlink_status(gone).type() != fs::file_type::regular) return;
      Kept file{entry.last_write_time(gone), entry.path(), entry.file_size(gone)};
      if (gone) return;
      bytes += file.bytes;
      kept.push_back(std::move(file));
      std::push_heap(kept.begin(), kept.end());
      if (kept.size() <= kAtOnce) return;
      std::pop_heap(kept.begin(), kept.end());
      kept.pop_back();
      all = false;
    };
    if (for_each_entry(path_, see)) {  // which of its files are the oldest is not known
      is_known_ = false;
      return removed;
    }
    std::sort_heap(kept.begin(), kept.end());
    const std::uint64_t least = bytes <= max_bytes_ ? max_bytes_ : max_bytes_ - max_bytes_ / 10;
    const std::uint64_t before = removed.files;
    bool done = false;
    for (const Kept& file : kept) {
      done = bytes <= least && file.changed >= oldest;
      if (done) break;
      std::error_code error;
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
