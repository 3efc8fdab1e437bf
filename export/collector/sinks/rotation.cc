#include "export/collector/sinks/rotation.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <tuple>

#include "parsers/core/folder.h"

namespace picket::collector {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPattern = "00000000T000000.000000Z";
constexpr std::uint64_t kSecond = 1'000'000;

std::string time_text(std::uint64_t us) {
  return fmt::format("{:%Y%m%dT%H%M%S}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(us / kSecond)),
                     us % kSecond);
}

bool is_time_text(std::string_view text) {
  return std::equal(text.begin(), text.end(), kPattern.begin(), kPattern.end(), [](char c, char p) {
    return p == '0' ? std::isdigit(static_cast<unsigned char>(c)) != 0 : c == p;
  });
}

}  // namespace

Rotation::Rotation(const fs::path& path)
    : folder_(path.has_parent_path() ? path.parent_path() : fs::path(".")),
      stem_(path.stem().string() + "."),
      extension_(path.extension().string()) {}

std::vector<fs::path> Rotation::put_away() const {
  std::vector<fs::path> found;
  // What is not seen is not removed.
  std::ignore = for_each_entry(folder_, [&](const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    if (name.size() != stem_.size() + kPattern.size() + extension_.size()) return;
    if (name.starts_with(stem_) && name.ends_with(extension_) &&
        is_time_text(std::string_view(name).substr(stem_.size(), kPattern.size()))) {
      found.push_back(entry.path());
    }
  });
  std::sort(found.begin(), found.end());
  return found;
}

fs::path Rotation::next_name(std::uint64_t now_us) const {
  const auto name = [&](std::uint64_t us) { return stem_ + time_text(us) + extension_; };
  const auto before = put_away();
  const std::string newest = before.empty() ? "" : before.back().filename().string();
  if (name(now_us) > newest) return folder_ / name(now_us);
  // The clock stands before the newest: one number more than its, which has a place for each microsecond of a second.
  std::string next = newest;
  for (std::size_t i = stem_.size() + kPattern.size() - 1; i-- > stem_.size();) {
    if (next[i] < '0' || next[i] > '9') continue;
    if (next[i]++ != '9') break;
    next[i] = '0';
  }
  return folder_ / next;
}

std::size_t Rotation::remove_beyond(std::uint64_t files, std::uint64_t bytes) const {
  const auto all = put_away();
  std::error_code ignored;
  std::uint64_t kept = 0, kept_bytes = 0;
  std::size_t removed = 0;
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    const auto size = fs::file_size(*at, ignored);
    if (!ignored) kept_bytes += size;
    ++kept;
    if ((files != 0 && kept > files) || (bytes != 0 && kept_bytes > bytes && kept > 1))
      removed += fs::remove(*at, ignored) ? 1 : 0;
  }
  return removed;
}

}  // namespace picket::collector
