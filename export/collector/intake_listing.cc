#include "export/collector/intake_listing.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "export/collector/chain.h"
#include "parsers/core/folder.h"

namespace picket::collector {
namespace {

namespace fs = std::filesystem;

bool comes_before(const IntakeFile& a, const IntakeFile& b) {
  return std::tie(a.name.run, a.folder, a.name.number) < std::tie(b.name.run, b.folder, b.name.number);
}

const char* kind_of(fs::file_type type) {
  switch (type) {
    case fs::file_type::symlink:
      return "a link";
    case fs::file_type::directory:
      return "a folder too deep";
    case fs::file_type::regular:
      return "a file with another name than batches have";
    default:
      return "no regular file";
  }
}

bool is_plain(const std::string& name) {
  return std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

Result<IntakeListing::Seen> IntakeListing::look(Clock::time_point now, std::chrono::seconds patience) {
  Seen seen;
  std::map<std::string, Other> still;
  std::vector<std::string> folders{""};
  // The folder itself is the first, and names the others.
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const bool is_top = i == 0;
    const std::string folder = folders[i], path = is_top ? folder_ : folder_ + "/" + folder;
    const std::size_t share = is_top ? kMaxListed / 2 : kMaxListed / 2 / (folders.size() - 1);
    std::vector<IntakeFile> files;  // a heap with the last in front
    const auto see = [&](const fs::directory_entry& entry) {
      std::error_code gone;
      const fs::file_type type = entry.symlink_status(gone).type();
      if (gone) return;
      const std::string name = entry.path().filename();
      IntakeFile file{{}, folder};
      if (type == fs::file_type::regular && parse_batch_file_name(name, file.name)) {
        ++seen.count;
        files.push_back(std::move(file));
        std::push_heap(files.begin(), files.end(), comes_before);
        if (files.size() <= share) return;
        std::pop_heap(files.begin(), files.end(), comes_before);
        files.pop_back();
      } else if (is_top && type == fs::file_type::directory && is_plain(name) &&
                 folders.size() <= kMaxFolders) {
        if (name != kDoneFolder && name != kRefusedFolder) folders.push_back(name);
      } else if (!is_top || !name.starts_with(kIntakeStateName)) {
        ++seen.others;
        tell(entry.path(), kind_of(type), now, patience, still);
      }
    };
    const std::error_code error = for_each_entry(path, see);
    if (error && is_top)
      return Error{fmt::format("intake.folder: '{}' cannot be listed: {}", printable(path), error.message())};
    if (error) {
      ++seen.others;
      tell(path, "a folder that cannot be listed", now, patience, still);
    }
    seen.files.insert(seen.files.end(), std::make_move_iterator(files.begin()),
                      std::make_move_iterator(files.end()));
  }
  std::sort(seen.files.begin(), seen.files.end(), comes_before);
  others_ = std::move(still);
  return seen;
}

/// After `patience`: what copies files may give them names of its own while it does.
void IntakeListing::tell(const std::string& path, const char* what, Clock::time_point now,
                         std::chrono::seconds patience, std::map<std::string, Other>& still) {
  if (still.size() >= kMaxOthers) return;
  const auto known = others_.find(path);
  Other other = known == others_.end() ? Other{now} : known->second;
  if (!other.told && now - other.since >= patience) {
    spdlog::warn("intake: '{}' is {}: it is left alone", printable(path), what);
    other.told = true;
  }
  still.emplace(path, other);
}

}  // namespace picket::collector
