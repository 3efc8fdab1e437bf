// export/new_file.h — a file that is there whole or not at all
//
// Written aside, synced, renamed; gone again unless commit() was called. A crash leaves `aside` behind at the worst.
#pragma once
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
  /// All of it is on disk, still aside.
  Status sync();
  /// And in its place.
  Status commit();

 private:
  Status failed(const char* what, int error) const;
  std::string aside_, path_;
  Fd fd_;
  int error_;  // of making it
  bool there_ = false;
};

}  // namespace picket
