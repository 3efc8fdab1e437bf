// export/durable.h — what files that outlive a kill and a loss of power are made with
//
// Errors  as errno, for the caller knows which file it is and what would do; 0: all is well
// Threads any
#pragma once
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace picket {

/// All of `bytes`, where the file stands, or from `offset` on. After an error some of them may be in the file.
[[nodiscard]] int write_all(int fd, std::string_view bytes) noexcept;
[[nodiscard]] int write_all_at(int fd, std::string_view bytes, std::uint64_t offset) noexcept;

/// Does this error say that what was on the disk is gone? It says so again at the next try. Others may pass.
[[nodiscard]] constexpr bool is_damage(int error) noexcept {
  return error == EIO || error == EBADMSG || error == EUCLEAN || error == ENODATA || error == EREMOTEIO ||
         error == EILSEQ;
}

/// Names in this folder, made, changed or gone, are so after a loss of power, too. "": the current folder.
[[nodiscard]] int sync_folder(const std::filesystem::path& folder) noexcept;

}  // namespace picket
