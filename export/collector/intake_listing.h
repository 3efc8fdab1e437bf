// export/collector/intake_listing.h — what stands in an intake's folder and in its subfolders
//
// Limits  kMaxFolders subfolders; kMaxListed files that are named at a time, the first of each folder: half of them
//         are the folder's own, the others its subfolders' in equal shares. All are counted
// Threads one at a time
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "export/batch_file.h"
#include "export/collector/intake_order.h"

namespace picket::collector {

inline constexpr const char* kDoneFolder = "done";
inline constexpr const char* kRefusedFolder = "refused";
inline constexpr const char* kIntakeStateName = ".picket-intake";

/// A file whose name is one of batches.
struct IntakeFile {
  BatchFileName name;
  std::string folder;  ///< the subfolder; "": none
  [[nodiscard]] IntakeRun of() const { return {name.run, folder}; }
  /// Below the intake's folder.
  [[nodiscard]] std::string path() const { return folder.empty() ? name.text() : folder + "/" + name.text(); }
};

class IntakeListing {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxListed = 1 << 16, kMaxFolders = 1024, kMaxOthers = 1000;

  struct Seen {
    std::vector<IntakeFile> files;  ///< older writers first, then by number
    std::uint64_t count = 0;        ///< of all, those too that are not listed
    std::uint64_t others = 0;       ///< what is no file of batches
  };

  explicit IntakeListing(std::string folder) : folder_(std::move(folder)) {}

  /// What is there now. What is no file of batches and was there `patience` ago is told in the log, once.
  Result<Seen> look(Clock::time_point now, std::chrono::seconds patience);

 private:
  struct Other {
    Clock::time_point since;
    bool told = false;
  };
  void tell(const std::string& path, const char* what, Clock::time_point now, std::chrono::seconds patience,
            std::map<std::string, Other>& still);

  std::string folder_;
  std::map<std::string, Other> others_;
};

}  // namespace picket::collector
