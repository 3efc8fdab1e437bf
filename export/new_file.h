// export/new_file.h — a file that is there whole or not at all
//
// Written aside, renamed; gone again unless place() or commit() was called. A crash
// leaves `aside` behind at the worst.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "export/fd.h"
#include "parsers/core/result.h"

namespace picket {

class NewFile {
 public:
  /// Both in one folder. That `aside` cannot be made is told by the first call.
  NewFile(std::string aside, std::string path);
  ~NewFile();
  NewFile(NewFile&&) noexcept = default;
  NewFile& operator=(NewFile&&) = delete;

  /// Errors name the file, and what the system says.
  Status write(std::string_view bytes);
  /// So many bytes of zeros, for which the disk has room from then on.
  Status reserve(std::uint64_t bytes);
  /// To map it; lives as long as this. -1: it could not be made.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// All of it is on disk, still aside.
  Status sync();
  /// In its place: a kill does not take it from there, a loss of power may.
  Status place();
  /// Synced, in its place, and so after a loss of power. After an error is_in_place() says how far it came.
  Status commit();
  [[nodiscard]] bool is_in_place() const noexcept { return there_; }

 private:
  Status failed(const char* what, int error) const;
  std::string aside_, path_;
  Fd fd_;
  int error_;  // of making it
  bool there_ = false;
};

}  // namespace picket
