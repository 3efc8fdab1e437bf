// export/durable.h — what files that outlive a kill and a loss of power are made with
//
// Errors  as errno, for the caller knows which file it is and what would do; 0: all is well
// Threads any
#pragma once
#include <filesystem>

namespace picket {

/// Names in this folder, made, changed or gone, are so after a loss of power, too. "": the current folder.
[[nodiscard]] int sync_folder(const std::filesystem::path& folder) noexcept;

}  // namespace picket
