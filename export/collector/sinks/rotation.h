// export/collector/sinks/rotation.h — where a file goes when it is put away, and which of those put away go for good
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace picket::collector {

class Rotation {
 public:
  /// Of the file `path`, which need not be there.
  explicit Rotation(const std::filesystem::path& path);

  /// Files put away, oldest first. Others in the folder are not looked at.
  [[nodiscard]] std::vector<std::filesystem::path> put_away() const;
  /// A name for a file put away at this time, behind those of all files that are.
  [[nodiscard]] std::filesystem::path next_name(std::uint64_t now_us) const;
  /// Removes the oldest until at most `files` of at most `bytes` are left; 0 is no limit. The newest stays whatever its
  /// size. How many went.
  std::size_t remove_beyond(std::uint64_t files, std::uint64_t bytes) const;

 private:
  std::filesystem::path folder_;
  std::string stem_, extension_;
};

}  // namespace picket::collector
