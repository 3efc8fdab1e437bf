// tests/support/bad_disk.h — a disk that fails, for tests: sectors that cannot be read, and what was synced
//
// In place of the system's pread() and fdatasync() in the program that it is linked into.
#pragma once
#include <cstdint>
#include <string>

namespace picket::test {

/// As long as it lives these bytes of a file cannot be read: EIO.
class BadSectors {
 public:
  BadSectors(const std::string& path, std::uint64_t from, std::uint64_t bytes);
  ~BadSectors();
  BadSectors(const BadSectors&) = delete;
  BadSectors& operator=(const BadSectors&) = delete;
  /// How often it was tried to read them; each may take seconds.
  [[nodiscard]] static unsigned tries();
};

/// Was it synced by this process, as long as it is there?
bool was_synced(const std::string& path);

}  // namespace picket::test
