// parsers/core/folder.h — what is in a folder, when the disk below it may fail at any entry
//
// In       a folder, and a function of a const std::filesystem::directory_entry&
// Out      what went wrong; the function was then called for what was read before. No error: it was called once for
//          each entry but "." and ".."
// Refuses  to throw for what the disk does, as a range over std::filesystem::directory_iterator would; what the function
//          throws goes through
#pragma once
#include <filesystem>
#include <system_error>

namespace picket {

template <class Visit>
[[nodiscard]] std::error_code for_each_entry(const std::filesystem::path& folder, Visit&& visit) {
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    visit(*at);
  }
  return failed;
}

}  // namespace picket
